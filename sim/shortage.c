/* sim/shortage.c - memory that runs out: some of the blocks that our code asks for are not
 * there, by the seed and when they are asked for. */
#include "sim/digest.h"
#include "sim/world.h"

void sim_run_out_of_memory(struct sim *sim, unsigned permille)
{
    sim->shortage.permille = permille;
}

uint64_t sim_blocks_missing(const struct sim *sim, enum sim_memory whose)
{
    return sim->shortage.missing[whose];
}

bool sim_is_block_missing(struct sim *sim, enum sim_memory whose, size_t size)
{
    struct sim_shortage *shortage = &sim->shortage;
    uint64_t luck = digest_u64(DIGEST_START, sim->options.seed);

    if (shortage->permille == 0)
        return false;
    if (shortage->at != sim->now)
        shortage->asked = 0;
    shortage->at = sim->now;
    luck = digest_u64(digest_u64(luck, (uint64_t)sim->now), (uint64_t)whose);
    luck = digest_u64(digest_u64(luck, size), ++shortage->asked);
    if (digest_mix(luck) % 1000 >= shortage->permille)
        return false;
    shortage->missing[whose]++;
    return true;
}
