/* io/turn_streams.h - the TCP connections of clients: taken, cut into frames, written to, closed.
 * Until it has an allocation a client is a stranger, and has little time and little room. */
#ifndef AUGER_IO_TURN_STREAMS_H
#define AUGER_IO_TURN_STREAMS_H

#include "io/turn_state.h"

int auger_turn_streams_init(struct auger_turn_service *service,
                            const struct auger_env *env) AUGER_CHECK_RESULT;
void auger_turn_streams_fini(struct auger_turn_service *service);

/* Takes some of those that wait, with `context` to speak TLS; NULL: in the clear.  false: there is
 * no descriptor for one more now. */
bool auger_turn_streams_accept(struct auger_turn_service *service, struct auger_watch *acceptor,
                               struct auger_tls_context *context, auger_time now);

/* Reads once.  How many bytes there are at service->room->stream, which frames begin with; 0: none,
 * and the stream is shut if it has ended, or with a peer says so. */
size_t auger_turn_stream_read(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now);
/* Keeps what of them is no whole frame; a stream that has no room for it is shut, and one that
 * TLS has ended. */
void auger_turn_stream_keep(struct auger_turn_service *service, struct auger_turn_stream *stream,
                            const uint8_t *rest, size_t len);
/* A whole message came: `is_known` says whether the client has an allocation now. */
void auger_turn_stream_heard(struct auger_turn_service *service, struct auger_turn_stream *stream,
                             auger_time now, bool is_known);

/* It leaves for another service, or is freed; the engine knows nothing of it. */
void auger_turn_stream_leave(struct auger_turn_service *service, struct auger_turn_stream *stream);
/* One that has left another comes here, and is freed if there is no room for it: false. */
bool auger_turn_stream_enter(struct auger_turn_service *service, struct auger_turn_stream *stream,
                             auger_time now) AUGER_CHECK_RESULT;
/* One that is in no service. */
void auger_turn_stream_free(struct auger_turn_stream *stream);

/* NULL: there is none. */
struct auger_turn_stream *auger_turn_streams_find(const struct auger_turn_service *service,
                                                  const struct auger_path *path);
/* The allocation of its client has ended. */
void auger_turn_stream_forget(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now);
/* Writes one frame, or keeps what of it the client does not read yet, or drops it whole. */
void auger_turn_stream_write(struct auger_turn_service *service, struct auger_turn_stream *stream,
                             auger_time now, const uint8_t *bytes, size_t len);
/* No more comes of it; what was written has left. */
void auger_turn_stream_finish(struct auger_turn_service *service, struct auger_turn_stream *stream,
                              auger_time now);
/* Waits for what it may read and has to write.  false: that cannot be. */
bool auger_turn_stream_watch(struct auger_turn_service *service,
                             struct auger_turn_stream *stream) AUGER_CHECK_RESULT;
void auger_turn_stream_writable(struct auger_turn_service *service,
                                struct auger_turn_stream *stream);

/* Closes it; nothing of it is found any more.  It is among the dead until the next turn, and the
 * engine is to be told by then: auger_turn_streams_bury(). */
void auger_turn_stream_shut(struct auger_turn_service *service, struct auger_turn_stream *stream);
void auger_turn_streams_handle_timeout(struct auger_turn_service *service, auger_time now);
auger_time auger_turn_streams_next_timeout(const struct auger_turn_service *service);
/* Frees one that was shut, after its path was written to *path; false: none is left. */
bool auger_turn_streams_bury(struct auger_turn_service *service, struct auger_path *path);

#endif /* AUGER_IO_TURN_STREAMS_H */
