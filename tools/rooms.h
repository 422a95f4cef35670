/* tools/rooms.h - who is in which room, and who may say what to whom: the rendezvous of
 * docs/signalling.md, without a socket.  A member is whatever takes text: a WebSocket, or the
 * native peer of a room. */
#ifndef AUGER_TOOLS_ROOMS_H
#define AUGER_TOOLS_ROOMS_H

#include "tools/signalling.h"

#include <auger/base.h>

#define ROOMS_MAX 1024
#define ROOM_MEMBERS_MAX 33
#define MEMBER_RATE 100 /* messages a second */
#define MEMBER_BURST 300

struct rooms;
struct member;

/* Hands `text` to the member; it is copied by whoever keeps it. */
typedef void member_deliver(void *user, const char *text, size_t len);

struct rooms *rooms_new(void);
void rooms_free(struct rooms *rooms);

/* NULL: `*why` says why not, in a static phrase.  The member hears "welcome", the others "joined".
 */
struct member *rooms_join(struct rooms *rooms, const char *name, bool native,
                          member_deliver *deliver, void *user, const char **why);
/* The others hear "left".  NULL is fine. */
void rooms_leave(struct member *member);

/* What a member said.  Relayed to whom it names, in its own room alone, with its true `from`. */
void rooms_say(struct member *member, auger_time now, const char *text, size_t len);

const char *member_id(const struct member *member);
size_t rooms_len(const struct rooms *rooms);

#endif /* AUGER_TOOLS_ROOMS_H */
