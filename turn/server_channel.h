/* turn/server_channel.h - the channels of an allocation on the server: RFC 8656 section 12.2.
 * A client's are channel.h. */
#ifndef AUGER_TURN_SERVER_CHANNEL_H
#define AUGER_TURN_SERVER_CHANNEL_H

#include "turn/server_state.h"

void auger_server_channel_bind(struct auger_server_request *r);

/* NULL: it is bound to nobody. */
const struct auger_addr *auger_server_channel_peer(const struct auger_server_allocation *a,
                                                   auger_time now, uint16_t number);
/* 0: there is none. */
uint16_t auger_server_channel_number(const struct auger_server_allocation *a, auger_time now,
                                     const struct auger_addr *peer);

#endif /* AUGER_TURN_SERVER_CHANNEL_H */
