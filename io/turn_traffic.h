/* io/turn_traffic.h - datagrams and frames between the sockets of a TURN service and its engine. */
#ifndef AUGER_IO_TURN_TRAFFIC_H
#define AUGER_IO_TURN_TRAFFIC_H

#include "io/turn_state.h"

/* `watch` is one of a service, and epoll told of it. */
void auger_turn_traffic_ready(struct auger_watch *watch, uint32_t events, auger_time now);
/* What nobody has answered in its time. */
void auger_turn_traffic_handle_timeout(struct auger_turn_service *service, auger_time now);
/* Whether connections are left waiting. */
void auger_turn_traffic_set_acceptors(struct auger_turn_service *service, bool rest);

#endif /* AUGER_IO_TURN_TRAFFIC_H */
