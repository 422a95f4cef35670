/* turn/channel.h - which peers have a channel: RFC 8656 section 12.  The messages on one are
 * chandata.h. */
#ifndef AUGER_TURN_CHANNEL_H
#define AUGER_TURN_CHANNEL_H

#include "turn/state.h"

/* The number along which data to that very address may go; 0: none. */
uint16_t auger_channel_number(const struct auger_turn *turn, auger_time now,
                              const struct auger_addr *peer);
/* Whose data comes on it; NULL: nobody's.  From the request on, since data may overtake the
 * answer (12). */
const struct auger_addr *auger_channel_peer(const struct auger_turn *turn, auger_time now,
                                            uint16_t number);

int auger_channel_add(struct auger_turn *turn, auger_time now,
                      const struct auger_addr *peer) AUGER_CHECK_RESULT;
void auger_channel_forget(struct auger_turn *turn, const struct auger_addr *peer);
void auger_channel_clear(struct auger_turn *turn);

size_t auger_channel_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap);
bool auger_channel_handle_response(struct auger_turn *turn, auger_time now,
                                   const struct auger_stun_msg *msg);
void auger_channel_handle_timeout(struct auger_turn *turn, auger_time now);
auger_time auger_channel_next_timeout(const struct auger_turn *turn);
bool auger_channel_poll_event(struct auger_turn *turn, struct auger_turn_event *event);

#endif /* AUGER_TURN_CHANNEL_H */
