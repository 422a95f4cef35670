/* tests/peers/internet.h - the simulated internet between two whole peers: a gateway before each,
 * a STUN and a TURN server, and somebody who sends what they did not.  It knows nothing of peers:
 * it carries their datagrams. */
#ifndef TESTS_PEERS_INTERNET_H
#define TESTS_PEERS_INTERNET_H

#include "sim/sim.h"

enum { INTERNET_SIDES = 2 };

struct internet_plan {
    uint64_t seed;
    enum sim_nat gateways[INTERNET_SIDES];
    bool is_nested[INTERNET_SIDES]; /* behind a carrier's gateway as well, of the same kind */
    bool has_attacker;              /* who sees all and can stop nothing */
    struct link_quality quality;
};

/* What arrives at a side. */
typedef void internet_arrival(void *user, int side, const struct auger_path *path,
                              const uint8_t *buf, size_t len);

struct internet;
struct internet *internet_new(const struct internet_plan *plan, auger_time now,
                              internet_arrival *arrive, void *user);
void internet_free(struct internet *internet);

struct auger_addr internet_addr(const struct internet *internet, int side);
struct auger_addr internet_stun(const struct internet *internet);
struct auger_addr internet_turn(const struct internet *internet);

/* Whether one end of it is an address of the relay. */
bool internet_relays(const struct internet *internet, const struct auger_path *path);

void internet_send(struct internet *internet, int side, const struct auger_path *path,
                   const uint8_t *buf, size_t len);
/* Lets time come to `now`, which is not behind what internet_next() said.  Whether anything
 * arrived. */
bool internet_pass(struct internet *internet, auger_time now);
auger_time internet_next(const struct internet *internet);

/* All that a gateway maps is mapped anew, by another address too; nothing where it maps nothing. */
void internet_rebind(struct internet *internet, int side, bool renumber);
/* From now on nothing is lost, late or forged. */
void internet_heal(struct internet *internet);

unsigned internet_attacks(const struct internet *internet);
/* What is broken in the simulator itself, or NULL. */
const char *internet_broken(const struct internet *internet);
/* Of everything that was on its wires. */
uint64_t internet_digest(const struct internet *internet);

#endif /* TESTS_PEERS_INTERNET_H */
