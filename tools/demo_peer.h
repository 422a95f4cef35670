/* tools/demo_peer.h - the native peer of a room (docs/signalling.md): answers offers, offers when
 * called, sends messages and files back.  Speaks signalling as text; sockets are the loop's. */
#ifndef AUGER_TOOLS_DEMO_PEER_H
#define AUGER_TOOLS_DEMO_PEER_H

#include <auger/io.h>

#define DEMO_SESSIONS_MAX 32

struct demo;

/* What the demo wants to say in its room; `text` is of the moment. */
typedef void demo_say(void *user, const char *text, size_t len);
/* The answer to a posted offer, or NULL when the session ended before there was one. */
typedef void demo_answered(void *user, const char *sdp, size_t len);

/* `config` and `net` must outlive the demo. */
struct demo *demo_new(struct auger_loop *loop, const struct auger_peer_config *config,
                      const struct auger_net_config *net, demo_say *say, void *user);
void demo_free(struct demo *demo); /* NULL is fine */

/* A message from the room. */
void demo_take(struct demo *demo, const char *text, size_t len);
/* An event of the loop; false when it is of somebody else's peer. */
bool demo_take_event(struct demo *demo, const struct auger_loop_event *event);

/* A posted offer.  The session's id goes into `id` (at least 65 bytes); `answered` is called once,
 * later and not from here.  AUGER_ERR_LIMIT, or what the description's reader said. */
int demo_post(struct demo *demo, const char *offer, size_t len, char *id, demo_answered *answered,
              void *user);
/* The poster is gone: `answered` is not called any more. */
void demo_forget_poster(struct demo *demo, const char *id);
/* Ends a posted session; false when there is none of that id. */
bool demo_delete(struct demo *demo, const char *id);

auger_time demo_next_timeout(const struct demo *demo);
void demo_handle_timeout(struct demo *demo, auger_time now);

/* Closes every session in order; demo_sessions() falls to 0 as they end. */
void demo_close(struct demo *demo);
size_t demo_sessions(const struct demo *demo);

#endif /* AUGER_TOOLS_DEMO_PEER_H */
