/* turn/server_data.h - data through the server, both ways, without a copy: RFC 8656 sections
 * 11.2, 11.3, 11.5, 12.6 and 12.7.  A client's is data.h. */
#ifndef AUGER_TURN_SERVER_DATA_H
#define AUGER_TURN_SERVER_DATA_H

#include "turn/server_state.h"

/* Nobody answers an indication, so that its id needs to be no secret. */
struct auger_stun_tid auger_server_data_next_indication(struct auger_turn_server *server);

void auger_server_data_take_channel(struct auger_turn_server *server, auger_time now,
                                    const struct auger_path *path, const uint8_t *buf, size_t len,
                                    struct auger_turn_server_out *out);
void auger_server_data_take_send(struct auger_turn_server *server, auger_time now,
                                 const struct auger_path *path, const struct auger_stun_msg *msg,
                                 struct auger_turn_server_out *out);
void auger_server_data_take_peer(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_relay *relay, const struct auger_addr *from,
                                 uint8_t *buf, size_t len, struct auger_turn_server_out *out);

struct auger_server_icmp {
    struct auger_addr peer;
    uint32_t data;
    uint8_t type, code;
};
void auger_server_data_take_icmp(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_relay *relay,
                                 const struct auger_server_icmp *icmp, uint8_t *reply, size_t cap,
                                 struct auger_turn_server_out *out);

#endif /* AUGER_TURN_SERVER_DATA_H */
