/* tests/peers/main.c - random worlds of whole peers: ICE, DTLS, SCTP and channels over a wire that
 * loses, repeats, reorders, breaks and is cut, or through the gateways, the relay and the attackers
 * of the simulated internet, with restarts and closing.  What one application says, the other
 * hears: every message once and whole, in order on ordered channels.
 *
 * OpenSSL and usrsctp belong to a process, so each world has one of its own; their clocks and
 * random bytes are the world's, so that a seed is the same run twice.
 *
 *     peers [--seeds N] [--from S]
 *     peers --seed S                 in this process, for a debugger
 *     peers --seeds 1 --sabotage N   must fail: each N harms one message on its way */
#include "tests/peers/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- many ------------------------------------------------------------------------------ */

/* In a process of its own. */
static void live_apart(uint64_t seed, struct outcome *outcome)
{
    int ends[2];

    memset(outcome, 0, sizeof(*outcome));
    snprintf(outcome->why, sizeof(outcome->why), "its process ended badly");
    fflush(NULL);
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        struct outcome seen;
        life_live(seed, &seen);
        _exit(write(ends[1], &seen, sizeof(seen)) == sizeof(seen) ? 0 : 1);
    }
    close(ends[1]);
    struct outcome seen;
    if (child > 0 && read(ends[0], &seen, sizeof(seen)) == sizeof(seen))
        *outcome = seen;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void add(struct outcome *sum, const struct outcome *part)
{
    sum->messages += part->messages;
    sum->large += part->large;
    sum->lossy += part->lossy;
    sum->cut += part->cut;
    sum->restarts += part->restarts;
    sum->unordered += part->unordered;
    sum->far += part->far;
    sum->relayed += part->relayed;
    sum->rebound += part->rebound;
    sum->revived += part->revived;
    sum->attacks += part->attacks;
    sum->early_hellos += part->early_hellos;
    sum->flights_lost += part->flights_lost;
    sum->ids_again += part->ids_again;
    sum->collisions += part->collisions;
    sum->virtual_time += part->virtual_time;
}

/* A failed world says how to have it again. */
static bool is_well(uint64_t seed, bool twice, struct outcome *sum)
{
    struct outcome outcome, again;

    live_apart(seed, &outcome);
    if (twice && !outcome.why[0]) {
        live_apart(seed, &again);
        if (again.app != outcome.app || again.wire != outcome.wire)
            snprintf(outcome.why, sizeof(outcome.why), "the same seed, and another run");
    }
    add(sum, &outcome);
    if (outcome.why[0])
        printf("FAILED: seed %llu: %s\n  replay: TRACE=1 build/dev/peers --seed %llu\n",
               (unsigned long long)seed, outcome.why, (unsigned long long)seed);
    return !outcome.why[0];
}

static int run_many(uint64_t from, unsigned seeds)
{
    struct outcome sum = {0};
    unsigned bad = 0;

    for (unsigned i = 0; i < seeds; i++)
        bad += !is_well(from + i, i % 10 == 0, &sum);
    printf("%u messages, %u of more than 5,000 bytes; %u worlds with loss, %u with a cut, %u "
           "restarts, %u unordered channels, %u collisions of SCTP; %.0f virtual s\n",
           sum.messages, sum.large, sum.lossy, sum.cut, sum.restarts, sum.unordered, sum.collisions,
           (double)sum.virtual_time / 1e9);
    printf(
        "%u through the simulated internet: %u by a relay, %u with a mapping lost, %u revived by a "
        "restart, %u forged datagrams, %u ClientHellos before the other had a path, %u last "
        "flights of DTLS lost, %u streams used again\n",
        sum.far, sum.relayed, sum.rebound, sum.revived, sum.attacks, sum.early_hellos,
        sum.flights_lost, sum.ids_again);
    printf("peers: %u passed, %u failed\n", seeds - bad, bad);
    bool some = sum.large && sum.lossy && sum.cut && sum.restarts && sum.unordered && sum.far;
    bool rare = sum.relayed && sum.rebound && sum.revived && sum.attacks && sum.early_hellos &&
                sum.flights_lost && sum.ids_again && sum.collisions;
    if ((seeds >= 20 && !some) || (seeds >= 200 && !rare)) {
        printf("FAILED: one of these never happened\n");
        return 1;
    }
    return bad > 0;
}

/* AUGER_FRESH makes the seeds of a run those of another. */
static uint64_t first_seed(void)
{
    const char *given = getenv("AUGER_FRESH");

    return given && *given ? strtoull(given, NULL, 0) : 1;
}

int main(int argc, char **argv)
{
    uint64_t from = first_seed();
    unsigned seeds = 20;

    if (!life_prepare())
        return 2;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0) {
            struct outcome outcome;
            life_live(strtoull(argv[i + 1], NULL, 10), &outcome);
            puts(outcome.why[0] ? outcome.why : "ok");
            return outcome.why[0] != 0;
        }
        if (strcmp(argv[i], "--sabotage") == 0)
            life_sabotage((enum sabotage)strtoul(argv[i + 1], NULL, 10));
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[i + 1], NULL, 10);
    }
    return run_many(from, seeds);
}
