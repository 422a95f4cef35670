/* ice/allocate.h - relayed candidates from TURN servers: RFC 8445 section 5.1.1.2, and what
 * becomes of them.  The table is relay.h; the client that speaks to a server, <auger/turn.h>. */
#ifndef AUGER_ICE_ALLOCATE_H
#define AUGER_ICE_ALLOCATE_H

#include "ice/relay.h"

/* AUGER_ERR_INVALID and AUGER_ERR_UNSUPPORTED, as a client would say. */
int auger_allocate_add_server(struct auger_ice *ice, auger_time now,
                              const struct auger_ice_turn_server *server) AUGER_CHECK_RESULT;
/* What came of what a client was given. */
void auger_allocate_follow(struct auger_ice *ice, auger_time now);
void auger_allocate_handle_timeout(struct auger_ice *ice, auger_time now);
/* The server of the relay in use, when the peer is silent. */
void auger_allocate_doubt(struct auger_ice *ice, auger_time now);
auger_time auger_allocate_next_timeout(const struct auger_ice *ice);

/* What is due to a server; whatever begins anew is at the pace of Ta. */
size_t auger_allocate_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                            uint8_t *buf, size_t cap);

/* The stream along `path` is closed. */
void auger_allocate_stream_lost(struct auger_ice *ice, auger_time now,
                                const struct auger_path *path);
/* What goes along `path`, to a server over UDP, leaves from another port from now on. */
void auger_allocate_path_moved(struct auger_ice *ice, auger_time now,
                               const struct auger_path *path);
/* Gives all back. */
void auger_allocate_release(struct auger_ice *ice, auger_time now);

#endif /* AUGER_ICE_ALLOCATE_H */
