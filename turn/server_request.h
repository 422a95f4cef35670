/* turn/server_request.h - one request, from its credentials to the procedure that answers it. */
#ifndef AUGER_TURN_SERVER_REQUEST_H
#define AUGER_TURN_SERVER_REQUEST_H

#include "turn/server_state.h"

/* `r->allocation` and `r->proof` are filled in here.  The program's answer to who asked for a key
 * goes the same way: auger_turn_server_answer_key(). */
void auger_server_request_handle(struct auger_server_request *r);

#endif /* AUGER_TURN_SERVER_REQUEST_H */
