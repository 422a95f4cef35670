/* tests/sim/observer.c - an attacker who sees what crosses the internet and sends it again:
 * later, from elsewhere, altered.  It cannot keep a datagram from arriving. */
#include "tests/sim/attack.h"

#include <string.h>

#define SEEN_MAX 128

struct seen {
    struct auger_addr src, dst;
    size_t len;
    uint8_t bytes[ATTACK_DATAGRAM_MAX];
};

struct observer {
    struct seen seen[SEEN_MAX]; /* a ring: the latest */
    size_t total;
};

static void see(struct sim_attacker *attacker, const struct sim_packet *packet)
{
    struct observer *own = attacker->own;
    struct seen *seen = &own->seen[own->total++ % SEEN_MAX];

    seen->src = packet->src;
    seen->dst = packet->dst;
    seen->len = packet->len < ATTACK_DATAGRAM_MAX ? packet->len : ATTACK_DATAGRAM_MAX;
    memcpy(seen->bytes, packet->bytes, seen->len);
}

void sim_observers_see(struct sim *sim, const struct sim_packet *packet)
{
    if (packet->cause)
        return;
    for (struct sim_attacker *attacker = sim->attacks->attackers; attacker;
         attacker = attacker->next) {
        if (attacker->see && sim->now < attacker->ends_at)
            attacker->see(attacker, packet);
    }
}

/* Half of the time the very last one, which may still be on its way. */
static const struct seen *choose(struct sim_attacker *attacker)
{
    struct observer *own = attacker->own;
    size_t kept = own->total < SEEN_MAX ? own->total : SEEN_MAX;

    if (kept == 0)
        return NULL;
    size_t back =
        prng_permille(&attacker->random, 500) ? 1 : 1 + prng_below(&attacker->random, kept);
    return &own->seen[(own->total - back) % SEEN_MAX];
}

static struct auger_addr own_addr(struct sim_attacker *attacker, enum auger_family family)
{
    struct auger_addr addr = attacker->host->at[family == AUGER_IPV6].addr;
    addr.port = (uint16_t)prng_between(&attacker->random, 1024, 65535);
    return addr;
}

static void act(struct sim_attacker *attacker)
{
    const struct seen *chosen = choose(attacker);
    enum sim_attack attack = (enum sim_attack)prng_between(&attacker->random, SIM_ATTACK_REPLAY,
                                                           SIM_ATTACK_REPLAY_TURNED);
    if (!chosen)
        return;
    struct seen seen = *chosen;
    struct auger_path path = {seen.src, seen.dst};

    if (attack == SIM_ATTACK_REPLAY_ELSEWHERE)
        path.local = own_addr(attacker, (enum auger_family)seen.dst.family);
    else if (attack == SIM_ATTACK_REPLAY_FLIPPED && seen.len > 0)
        seen.bytes[prng_below(&attacker->random, seen.len)] ^=
            (uint8_t)(1u << prng_below(&attacker->random, 8));
    else if (attack == SIM_ATTACK_REPLAY_CUT && seen.len > 0)
        seen.len = prng_below(&attacker->random, seen.len);
    else if (attack == SIM_ATTACK_REPLAY_TURNED)
        path = (struct auger_path){seen.dst, seen.src};
    sim_attack_count(attacker->sim, attack);
    sim_host_inject(attacker->sim, attacker->host, attacker->sim->internet, &path, seen.bytes,
                    seen.len);
}

void sim_add_observer(struct sim *sim, const struct sim_attack_options *options)
{
    struct sim_attacker *attacker =
        sim_attacker_new(sim, "observer", options, sizeof(struct observer));

    attacker->act = act;
    attacker->see = see;
    sim_host_attach_attacker(attacker->host, sim->internet, AUGER_IPV4);
    sim_host_attach_attacker(attacker->host, sim->internet, AUGER_IPV6);
    for (struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
        monitor_expect_replays(peer->monitor);
        monitor_expect_forgeries(peer->monitor);
    }
    sim_attacker_begin(attacker);
}
