/* turn/server_config.h - what a server may be made of. */
#ifndef AUGER_TURN_SERVER_CONFIG_H
#define AUGER_TURN_SERVER_CONFIG_H

#include "turn/server_state.h"

/* With the defaults for what is beyond `size`.  AUGER_ERR_INVALID: none that can be. */
int auger_server_config_read(struct auger_turn_server_config *known,
                             const struct auger_turn_server_config *config,
                             size_t size) AUGER_CHECK_RESULT;
/* Makes all that the server has of it.  What was made is the caller's to give back. */
int auger_server_config_apply(struct auger_turn_server *server,
                              const struct auger_turn_server_config *config) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_SERVER_CONFIG_H */
