/* turn/server_refresh.h - a Refresh request on the server: RFC 8656 section 8.2. */
#ifndef AUGER_TURN_SERVER_REFRESH_H
#define AUGER_TURN_SERVER_REFRESH_H

#include "turn/server_state.h"

void auger_server_refresh(struct auger_server_request *r);

#endif /* AUGER_TURN_SERVER_REFRESH_H */
