/* sim/stream.h - TCP from a host to a TURN server: frames arrive in order, through every
 * gateway, and one round trip after the first was written at the earliest. */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "sim/world.h"

/* From a client; `path` as an agent names a stream, with port 0 at its own end. */
void sim_stream_send(struct sim *sim, struct sim_host *client, const struct auger_path *path,
                     const uint8_t *buf, size_t len);
/* From a server, `later` from now; `path` as it was heard along. */
void sim_stream_answer(struct sim *sim, auger_time later, const struct auger_path *path,
                       const uint8_t *buf, size_t len);
bool sim_stream_is_open(const struct sim *sim, const struct sim_host *server);
void sim_streams_free(struct sim *sim);

#endif /* SIM_STREAM_H */
