/* turn/server_door.h - whose a datagram is: the 5-tuples that lead to allocations (RFC 8656
 * section 5). */
#ifndef AUGER_TURN_SERVER_DOOR_H
#define AUGER_TURN_SERVER_DOOR_H

#include "turn/server_state.h"

/* NULL: it leads nowhere. */
struct auger_server_door *auger_server_door_find(struct auger_turn_server *server,
                                                 const struct auger_path *path);
/* `door->allocation` is set. */
void auger_server_door_add(struct auger_turn_server *server, struct auger_server_door *door,
                           const struct auger_path *path);
void auger_server_door_remove(struct auger_turn_server *server, struct auger_server_door *door);
/* A stream of a TCP allocation's connection. */
bool auger_server_door_carries_data(struct auger_turn_server *server,
                                    const struct auger_path *path);

#endif /* AUGER_TURN_SERVER_DOOR_H */
