/* bench/loopback.h - a peer on real sockets of the loopback interface, in real time.  world.h is
 * the same in memory. */
#ifndef BENCH_LOOPBACK_H
#define BENCH_LOOPBACK_H

#include <auger/io.h>

#define LOOPBACK_SDP_MAX 8192

/* Ends the program with a word of what is missing. */
void loopback_must(int err, const char *what);
/* Its peers' environment is the system's, but that their allocations are counted. */
struct auger_loop *loopback_loop(void);
/* Calls of that environment's alloc() so far, of all loops: what is ours of bench_heap_calls(). */
uint64_t loopback_allocations(void);
/* A peer at 127.0.0.1 whose candidates are gathered; `certificate` may be NULL. */
struct auger_peer *loopback_peer(struct auger_loop *loop, struct auger_certificate *certificate);
auger_channel loopback_channel(struct auger_loop *loop, struct auger_peer *peer);

void loopback_offer(struct auger_loop *loop, struct auger_peer *peer, char sdp[LOOPBACK_SDP_MAX]);
/* Takes the offer and writes the answer. */
void loopback_answer(struct auger_loop *loop, struct auger_peer *peer, const char *offer,
                     char sdp[LOOPBACK_SDP_MAX]);
void loopback_finish(struct auger_loop *loop, struct auger_peer *peer, const char *answer);

#endif /* BENCH_LOOPBACK_H */
