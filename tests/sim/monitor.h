/*
 * tests/sim/monitor.h - stands beside an agent, sees its datagrams and events, and
 * says when one of the simulator's invariants does not hold.
 *
 * It knows the credentials and believes the wire alone, never the agent's own word
 * about it.  The numbers are the invariants of the simulator's plan:
 *
 *     1  no application data on a path without a success of our own check
 *     2  none on a path 30 s after its last success, and no failure
 *        before
 *     3  at most 7 requests for each base to an address that does not answer, those
 *        that its own checks or a change of role caused apart; 7 for each pair there may be
 *        in all; Ta between new transactions, but for those of helper sockets, of which 60 in a
 *        generation may leave in bursts
 *     5  data through a relay goes along a channel that is bound, or from a relayed address, and
 *        none once the server has said that there is no allocation; nor does a server refuse a
 *        password that is right, unless somebody forges
 *     6  bounded pairs, bounded work, the next timer lies ahead
 *     7  a role conflict both have seen is over; one selected pair
 *    11  events in the order of their grammar; a restart is wanted only where the address in
 *        use is gone and no other path has consent, or for the sake of one that has
 *        (monitor_expect_standby_restarts())
 *    12  adrift, it is not disconnected while a pair has yet to be tried
 *
 * and 0: what the agent sends is well-formed, of a length that any path takes, in its role, and
 * for its peer; both halves of each USERNAME, in what it sends and in what it answers, are of one
 * generation, and that is the one in force or has consent from before it was replaced.
 */
#ifndef SIM_MONITOR_H
#define SIM_MONITOR_H

#include <auger/ice.h>
#include <auger/stun.h>

struct monitor; /* opaque */

struct monitor_config {
    const char *ufrag, *password; /* of the agent; copied */
    size_t pairs_max;
    auger_time pacing;
};

struct monitor *monitor_new(const struct monitor_config *config);
void monitor_free(struct monitor *monitor);
/* The credentials of the peer, in the newest generation. */
void monitor_set_remote(struct monitor *monitor, const char *ufrag, const char *password);
/* The agent has new credentials of its own: another generation begins, and is the one in
 * force once the peer's are set. */
void monitor_restarted(struct monitor *monitor, const char *ufrag, const char *password);
/* It is a lite agent, and asks nobody: the peer's checks stand for answers to its own. */
void monitor_make_lite(struct monitor *monitor);
/* And its peer is one too, so that none checks: data goes where the peer has told. */
void monitor_make_both_lite(struct monitor *monitor);
void monitor_told(struct monitor *monitor, const struct auger_addr *candidate);
/* What the peer wants of its pace, from the next new transaction on; the larger counts
 * (RFC 8839 section 5.5). */
void monitor_pace(struct monitor *monitor, auger_time pacing);
/* Somebody sends old datagrams again: stale answers come to checks that the agent has
 * rightly forgotten. */
void monitor_expect_replays(struct monitor *monitor);
/* What arrives may be altered, or caused by what was: a TURN server may seem to refuse the right
 * password. */
void monitor_expect_forgeries(struct monitor *monitor);
/* The agent may forget a check whose place another has taken: its answer, which comes late, may say
 * nothing to it (ice/inflight.h bounds those that are remembered). */
void monitor_expect_forgotten_checks(struct monitor *monitor);
/* The agent may want a restart for the sake of another pair (standby_restarts): of the controlling
 * side, once in a generation. */
void monitor_expect_standby_restarts(struct monitor *monitor);
/* Later ones may make candidates after the last. */
void monitor_add_base(struct monitor *monitor, const struct auger_addr *base);
/* Of a helper socket: what leaves from it at once with a request to a server is a burst, of which
 * prediction has its own budget; and its candidates come after the last. */
void monitor_add_helper(struct monitor *monitor, const struct auger_addr *helper);
/* Its socket has no room: what is left of a burst follows when there is. */
void monitor_held_up(struct monitor *monitor, auger_time now);
/* With an address that is gone, and the helpers of that IP address; nothing may leave from there
 * any more.  A stream to a TURN server goes with the last that has its IP address. */
void monitor_remove_base(struct monitor *monitor, const struct auger_addr *base);
/* Along which nothing is proved any more. */
void monitor_stream_lost(struct monitor *monitor, auger_time now, const struct auger_path *path);
void monitor_add_server(struct monitor *monitor, const struct auger_addr *server);
/* What goes to a TURN server and comes from it is judged by what is inside.  All of them have the
 * name, the realm and the password of the first. */
struct monitor_turn {
    struct auger_addr addr;
    const char *username, *realm, *password;
};
void monitor_add_turn_server(struct monitor *monitor, const struct monitor_turn *turn);
/* Along which path of the agent's a datagram has come: its own, or that between relayed address
 * and peer. */
struct auger_path monitor_path_of_peer(const struct monitor *monitor, const struct auger_path *path,
                                       const uint8_t *buf, size_t len);

void monitor_sent(struct monitor *monitor, auger_time now, const struct auger_path *path,
                  const uint8_t *buf, size_t len);
void monitor_received(struct monitor *monitor, auger_time now, const struct auger_path *path,
                      const uint8_t *buf, size_t len);
void monitor_event(struct monitor *monitor, auger_time now, const struct auger_ice_event *event);
/* Its timers that are due have been heard. */
void monitor_woken(struct monitor *monitor, auger_time now);
/* Memory that the agent asked for is not there: what has succeeded at that moment has, perhaps,
 * failed for it. */
void monitor_lacks_memory(struct monitor *monitor, auger_time now);
/* Once nothing more is to be had from the agent at `now`: how much it sent since the
 * last time, and when it wants to be called; AUGER_NEVER where its timers that are due
 * have not been heard yet. */
void monitor_drained(struct monitor *monitor, auger_time now, size_t sent, auger_time next);
void monitor_pairs(struct monitor *monitor, const struct auger_ice_pair_info *pairs, size_t len);
/* Of the two ends of one session. */
void monitor_roles(struct monitor *a, const struct monitor *b);

/* What is broken, or NULL. */
const char *monitor_broken(const struct monitor *monitor);
/* Answers to our checks on a path whose consent had ended by then. */
uint64_t monitor_late_answers(const struct monitor *monitor);
uint64_t monitor_requests(const struct monitor *monitor);
/* Allocate requests that were sent as often as may be (RFC 8489 section 6.2.1), and had no answer
 * of any kind. */
uint64_t monitor_allocates_in_vain(const struct monitor *monitor);
/* Binding requests to servers that were sent as often as 10 s allow, and had no answer of any kind;
 * and those that had one. */
uint64_t monitor_bindings_in_vain(const struct monitor *monitor);
uint64_t monitor_bindings_heard(const struct monitor *monitor);
/* Bindings of channels that were to be renewed, and had no answer to the first request. */
uint64_t monitor_refreshes_lost(const struct monitor *monitor);

#endif /* SIM_MONITOR_H */
