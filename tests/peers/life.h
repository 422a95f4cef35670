/* tests/peers/life.h - one random world of two whole peers, in this process. */
#ifndef TESTS_PEERS_LIFE_H
#define TESTS_PEERS_LIFE_H

#include <auger/base.h>

/* What there was, in words and numbers. */
struct outcome {
    char why[200]; /* empty: all is well */
    uint64_t app, wire;
    unsigned messages, lossy, cut, restarts, unordered, large;
    unsigned far, relayed, rebound, revived, attacks, early_hellos, flights_lost, ids_again;
    unsigned collisions; /* ends of SCTP whose INITs crossed */
    auger_time virtual_time;
};

/* What is done to the first message on purpose, so that it is seen; the last: with it its receiver
 * seems to fail, and to have lost its mapping before. */
enum sabotage { NO_SABOTAGE, ALTERED, LOST, TWICE, OVERTAKEN, FAILED_AFTER_ALL };
void life_sabotage(enum sabotage what);

/* Before the first life: whether the randomness of OpenSSL is ours. */
bool life_prepare(void);
void life_live(uint64_t seed, struct outcome *outcome);

#endif /* TESTS_PEERS_LIFE_H */
