/* tests/sim/attack.h - what the attackers share (attacker.h is what tests see). */
#ifndef SIM_ATTACK_H
#define SIM_ATTACK_H

#include "sim/peer.h"
#include "tests/sim/attacker.h"
#include "tests/sim/monitor.h"

#define ATTACK_DATAGRAM_MAX 1500
#define ATTACK_TARGETS_MAX 64

struct sim_attacker {
    struct sim *sim;
    struct sim_host *host;
    struct prng random;
    struct sim_attack_options options;
    auger_time ends_at;
    void (*act)(struct sim_attacker *attacker); /* once in a while */
    void (*see)(struct sim_attacker *attacker, const struct sim_packet *packet); /* or NULL */
    void (*fini)(struct sim_attacker *attacker);                                 /* or NULL */
    void *own; /* released with it */
    struct sim_attacker *next;
};

/* All who mean harm in a world. */
struct sim_attacks {
    struct sim_attacker *attackers; /* newest first */
    struct sim_signaller *signaller;
    uint64_t counts[SIM_ATTACKS];
};
struct sim_attacks *sim_attacks_of(struct sim *sim);
/* observer.c: what passes over the internet. */
void sim_observers_see(struct sim *sim, const struct sim_packet *packet);
/* hostile_signal.c: something was said to a peer and arrives at that time. */
void sim_signaller_meddle(struct sim *sim, struct sim_peer *to, auger_time at, const char *said);

/* `own_size` bytes, zeroed, are its own; it acts from now on. */
struct sim_attacker *sim_attacker_new(struct sim *sim, const char *name,
                                      const struct sim_attack_options *options, size_t own_size);
void sim_attacker_begin(struct sim_attacker *attacker);
void sim_attack_count(struct sim *sim, enum sim_attack attack);

/* Addresses under which the peers can be reached from the internet, now. */
size_t sim_attack_targets(struct sim *sim, struct auger_addr targets[ATTACK_TARGETS_MAX]);
struct auger_addr sim_attack_any_addr(struct prng *random, enum auger_family family);

/* A STUN message by somebody who may lie. */
struct forgery {
    enum auger_stun_class class_;
    uint16_t method; /* 0: Binding */
    struct auger_stun_tid tid;
    const char *to, *from; /* halves of USERNAME; NULL: none */
    const char *role;      /* "controlling", "controlled", "both", or NULL */
    uint64_t tie_breaker;
    bool has_priority, use_candidate;
    uint16_t error_code; /* of an error */
    const struct auger_addr *mapped, *alternate;
    struct auger_stun_key *key; /* NULL: no integrity */
    bool no_fingerprint;
    uint16_t odd_type; /* one more attribute, before the integrity; 0: none */
    const uint8_t *odd;
    size_t odd_len, odd_times;
};
size_t forge(const struct forgery *forgery, uint8_t buf[ATTACK_DATAGRAM_MAX]);

#endif /* SIM_ATTACK_H */
