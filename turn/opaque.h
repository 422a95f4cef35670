/* turn/opaque.h - the OpaqueString profile of names, realms and passwords: RFC 8265 section
 * 4.2, as far as ASCII goes. */
#ifndef AUGER_TURN_OPAQUE_H
#define AUGER_TURN_OPAQUE_H

#include <auger/base.h>

/* Whether the profile leaves the text as it is.  AUGER_ERR_INVALID: it allows no such text,
 * as an empty one or one with control characters; AUGER_ERR_UNSUPPORTED: beyond ASCII. */
int auger_opaque_check(const uint8_t *text, size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_OPAQUE_H */
