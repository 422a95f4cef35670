/*
 * tests/sim/turn_watch.h - stands beside a TURN server, sees what comes to it and what it
 * says, and says when one of these does not hold:
 *
 *     4  to a source that has no allocation goes at most 1.7 times what came from it, or ten
 *        answers at once and ten a second beside
 *     5  what is relayed has an allocation and a live permission; each relay is of one
 *        allocation, and ports that are free and those of relays are all there are; who has an
 *        allocation is not told that there is none (437)
 */
#ifndef SIM_TURN_WATCH_H
#define SIM_TURN_WATCH_H

#include <auger/turn_server.h>

struct turn_watch; /* opaque */

/* Of a server with so many ports for the relays of each family. */
struct turn_watch *turn_watch_new(uint64_t ports);
void turn_watch_free(struct turn_watch *watch);

/* The server was given that by a client, and `out` came of it, beside the events. */
void turn_watch_client(struct turn_watch *watch, auger_time now, const struct auger_path *client,
                       const uint8_t *buf, size_t len, const struct auger_turn_server_out *out);
/* And this by a peer, at the relay with that address. */
void turn_watch_peer(struct turn_watch *watch, auger_time now, const struct auger_addr *relayed,
                     const struct auger_addr *peer, const struct auger_turn_server_out *out);
void turn_watch_event(struct turn_watch *watch, const struct auger_turn_server_event *event);
/* Once all events are taken, and so many sockets of relays are open. */
void turn_watch_count(struct turn_watch *watch, const struct auger_turn_server_stats *stats,
                      uint64_t open);
/* It has forgotten all. */
void turn_watch_forget(struct turn_watch *watch);

/* What is broken, or NULL. */
const char *turn_watch_broken(const struct turn_watch *watch);

#endif /* SIM_TURN_WATCH_H */
