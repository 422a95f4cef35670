/* io/turn_tcp.h - the connections of a TURN service to peers (RFC 6062): opened from the port of
 * their relay, taken there, and spliced with the streams of clients.  Those streams themselves are
 * turn_streams.h. */
#ifndef AUGER_IO_TURN_TCP_H
#define AUGER_IO_TURN_TCP_H

#include "io/turn_state.h"

/* Room for `max` of them; 0: TCP is not relayed. */
int auger_turn_tcp_init(struct auger_turn_service *service, size_t max) AUGER_CHECK_RESULT;
void auger_turn_tcp_fini(struct auger_turn_service *service);

/* What the kernel keeps for a socket whose bytes go to a peer or come from one: else it lets that
 * grow to megabytes, which stay where one end stops reading. */
void auger_turn_tcp_bound(const struct auger_turn_service *service, int fd);
/* Begins a connection, as AUGER_TURN_SERVER_CONNECT says.  1: what became of it is told later; 0:
 * it stands; AUGER_ERR_SYSTEM, AUGER_ERR_NO_MEMORY, AUGER_ERR_LIMIT. */
int auger_turn_tcp_connect(struct auger_turn_service *service, auger_time now,
                           const struct auger_turn_server_out *out) AUGER_CHECK_RESULT;
/* What a connection that was begun has come to: 0, or AUGER_ERR_SYSTEM with errno set, and then
 * there is none any more. */
int auger_turn_tcp_finish_connect(struct auger_turn_service *service,
                                  struct auger_turn_peer *peer) AUGER_CHECK_RESULT;
/* Takes `fd`, whatever comes of it.  AUGER_ERR_SYSTEM, AUGER_ERR_NO_MEMORY, AUGER_ERR_LIMIT. */
int auger_turn_tcp_add(struct auger_turn_service *service, uint32_t connection,
                       int fd) AUGER_CHECK_RESULT;
/* Whether connections are left waiting at relays. */
void auger_turn_tcp_rest(struct auger_turn_service *service, bool rest);

/* From here on bytes go between that stream and the peer.  false: there is no such peer. */
bool auger_turn_tcp_splice(struct auger_turn_service *service, auger_time now, uint32_t connection,
                           struct auger_turn_stream *stream) AUGER_CHECK_RESULT;
/* `len` bytes of the stream of a client came, before the call. */
void auger_turn_tcp_from_client(struct auger_turn_service *service, auger_time now,
                                struct auger_turn_stream *stream, const uint8_t *bytes, size_t len);
/* What epoll says of the stream of a client that is spliced, and of a peer. */
void auger_turn_tcp_ready_stream(struct auger_turn_service *service, auger_time now,
                                 struct auger_turn_stream *stream, uint32_t events);
void auger_turn_tcp_ready_peer(struct auger_turn_service *service, auger_time now,
                               struct auger_turn_peer *peer, uint32_t events);

/* Closes a connection, and the stream that it is spliced with.  Of one that is not there: nothing.
 */
void auger_turn_tcp_close(struct auger_turn_service *service, uint32_t connection);
/* Those that were closed since are freed; nothing of epoll may speak of them any more. */
void auger_turn_tcp_bury(struct auger_turn_service *service);

/* The one whose Connect has had its time; NULL: none.  Others go on by this. */
struct auger_turn_peer *auger_turn_tcp_handle_timeout(struct auger_turn_service *service,
                                                      auger_time now);
auger_time auger_turn_tcp_next_timeout(const struct auger_turn_service *service);

#endif /* AUGER_IO_TURN_TCP_H */
