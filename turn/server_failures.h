/* turn/server_failures.h - how many wrong passwords a source may try: docs/decisions/126.  How
 * many answers strangers get is reply_limit.h. */
#ifndef AUGER_TURN_SERVER_FAILURES_H
#define AUGER_TURN_SERVER_FAILURES_H

#include "turn/server_state.h"

/* Its nonce is fresh: the sender has heard us where he says that he is. */
bool auger_server_failures_is_heard(const struct auger_server_request *r);
/* Whether its password is to be looked at. */
bool auger_server_failures_may_try(const struct auger_server_request *r);
/* It was wrong. */
void auger_server_failures_charge(const struct auger_server_request *r);

#endif /* AUGER_TURN_SERVER_FAILURES_H */
