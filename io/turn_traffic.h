/* io/turn_traffic.h - datagrams and frames between the sockets of a TURN service and its engine. */
#ifndef AUGER_IO_TURN_TRAFFIC_H
#define AUGER_IO_TURN_TRAFFIC_H

#include "io/turn_state.h"

/* `watch` is one of a service, and epoll told of it. */
void auger_turn_traffic_ready(struct auger_watch *watch, uint32_t events, auger_time now);
/* Room for an answer of the engine, AUGER_TURN_SERVER_REPLY_MAX bytes, which stays as it is until
 * the next flush if it is carried out. */
uint8_t *auger_turn_traffic_reply(struct auger_turn_service *service);
/* Does what the engine decided.  `reply` stays as it is until the next flush. */
void auger_turn_traffic_carry_out(struct auger_turn_service *service, auger_time now,
                                  struct auger_turn_server_out *out, uint8_t *reply);
/* What nobody has answered in its time. */
void auger_turn_traffic_handle_timeout(struct auger_turn_service *service, auger_time now);
/* Sends what was carried out. */
void auger_turn_traffic_flush(struct auger_turn_service *service);
/* Whether connections are left waiting. */
void auger_turn_traffic_set_acceptors(struct auger_turn_service *service, bool rest);

#endif /* AUGER_IO_TURN_TRAFFIC_H */
