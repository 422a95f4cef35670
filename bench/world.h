/* bench/world.h - pairs of peers on a wire in memory, in virtual time: what a connection takes
 * without kernel and network.  loopback.h is the same over real sockets. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <auger/peer.h>

#define WORLD_ENDS_MAX 512

/* When an end got so far; AUGER_NEVER: not yet. */
struct world_times {
    auger_time usable, nominated, secure, associated, open;
};

struct world_end {
    struct auger_env env;
    struct auger_peer *peer;
    struct auger_addr addr;
    auger_channel channel; /* where open */
    struct world_times times;
    uint64_t messages, bytes; /* received */
    size_t heap;              /* in use by way of env */
};

/* There is one world at a time: usrsctp knows one clock. */
struct world {
    auger_time now, delay; /* the delay is one way */
    auger_time t0;         /* of the last world_introduce() */
    uint64_t datagrams, wire_bytes;
    size_t ends_len;
    struct world_end ends[WORLD_ENDS_MAX];
};

struct world *world_new(auger_time delay);
void world_free(struct world *world);

/* The environment of the world's ends takes traces, to know when a pair is nominated, or not, to
 * take no time for that.  `certificate` may be NULL: each peer makes its own.  The first of the
 * pair's ends, which offers. */
struct world_end *world_add_pair(struct world *world, bool traced,
                                 struct auger_certificate *certificate);
/* The first end opens a channel and offers, the second answers; no time passes. */
void world_introduce(struct world *world, struct world_end *pair);
void world_run_for(struct world *world, auger_time duration);
/* Until both ends have an open channel; ends the program if that takes over a minute. */
void world_run_until_open(struct world *world, const struct world_end *pair);

#endif /* BENCH_WORLD_H */
