/* turn/error.h - what the error codes of a server are to us: RFC 8656 sections 7.4 and 19. */
#ifndef AUGER_TURN_ERROR_H
#define AUGER_TURN_ERROR_H

#include <auger/turn.h>

enum auger_turn_error auger_turn_error_of(uint16_t code);
/* Whether the same request may succeed a little later, so that what stands is kept while it
 * is asked for again. */
bool auger_turn_error_is_transient(enum auger_turn_error error);
/* Whether it says that there is no allocation of ours on the server. */
bool auger_turn_error_is_loss(enum auger_turn_error error);

#endif /* AUGER_TURN_ERROR_H */
