/* turn/server_allocate.h - an Allocate request on the server: RFC 8656 section 7.2. */
#ifndef AUGER_TURN_SERVER_ALLOCATE_H
#define AUGER_TURN_SERVER_ALLOCATE_H

#include "turn/server_state.h"

void auger_server_allocate(struct auger_server_request *r);

#endif /* AUGER_TURN_SERVER_ALLOCATE_H */
