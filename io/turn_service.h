/* io/turn_service.h - a TURN service as the loop sees it; as programs see it, <auger/io_turn.h>. */
#ifndef AUGER_IO_TURN_SERVICE_H
#define AUGER_IO_TURN_SERVICE_H

#include "io/turn_state.h"

/* Does what is due, and lets go of what was closed; after epoll's events were dealt with. */
void auger_turn_service_turn(struct auger_turn_service *service, auger_time now);
auger_time auger_turn_service_next_timeout(const struct auger_turn_service *service);
/* false: nothing has happened. */
bool auger_turn_service_take_event(struct auger_turn_service *service, auger_time now,
                                   struct auger_loop_event *event);

#endif /* AUGER_IO_TURN_SERVICE_H */
