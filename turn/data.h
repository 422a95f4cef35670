/* turn/data.h - what passes through the relay: RFC 8656 sections 11 and 12.4 to 12.6. */
#ifndef AUGER_TURN_DATA_H
#define AUGER_TURN_DATA_H

#include "turn/state.h"

int auger_data_write(struct auger_turn *turn, auger_time now, const struct auger_addr *peer,
                     const uint8_t *data, size_t len, uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;
/* A ChannelData message; true: it has data for us. */
bool auger_data_take_channel(const struct auger_turn *turn, auger_time now, const uint8_t *buf,
                             size_t len, struct auger_turn_data *data);
/* A Data indication; true: it has data for us. */
bool auger_data_take_indication(struct auger_turn *turn, auger_time now,
                                const struct auger_stun_msg *msg, struct auger_turn_data *data);

#endif /* AUGER_TURN_DATA_H */
