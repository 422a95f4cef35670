/* io/turn_hear.h - messages of clients are given to the engine of a TURN service, or to another
 * service of its team if they are for that.  How they come is turn_traffic.h; what the engine
 * decides, turn_carry.h. */
#ifndef AUGER_IO_TURN_HEAR_H
#define AUGER_IO_TURN_HEAR_H

#include "io/turn_state.h"

#include "io/turn_team.h"

/* A datagram that came to the member `via`. */
void auger_turn_hear_client(struct auger_turn_service *service, uint16_t via,
                            const struct auger_path *path, const uint8_t *buf, size_t len,
                            auger_time now);
/* One of DTLS. */
void auger_turn_hear_sealed(struct auger_turn_service *service, const struct auger_watch *watch,
                            const struct auger_path *path, uint8_t *buf, size_t len,
                            auger_time now);
/* It is the member `to` who hears it. */
void auger_turn_hear_give_on(struct auger_turn_service *service, uint16_t via, uint16_t to,
                             const struct auger_path *path, const uint8_t *buf, size_t len);
/* A letter of an association, which is one of ours now. */
void auger_turn_hear_association(struct auger_turn_service *service, uint16_t from,
                                 struct auger_turn_mail *mail, auger_time now);

/* What was read of a stream, which begins with a frame: all that are whole, and the rest is kept.
 * It may be shut, or have left, after that. */
void auger_turn_hear_frames(struct auger_turn_service *service, struct auger_turn_stream *stream,
                            const uint8_t *bytes, size_t len, auger_time now);

#endif /* AUGER_IO_TURN_HEAR_H */
