/* turn/opaque.h - the OpaqueString profile of names, realms and passwords: RFC 8265 section 4.2.
 * What lies beyond ASCII is unicode.h's. */
#ifndef AUGER_TURN_OPAQUE_H
#define AUGER_TURN_OPAQUE_H

#include <auger/base.h>

/* The text as the profile has it, in `out`; its length.  AUGER_ERR_INVALID: it allows no such text,
 * as an empty one or one with control characters, or there is no room for it;
 * AUGER_ERR_UNSUPPORTED: beyond ASCII, and built without Unicode; AUGER_ERR_NO_MEMORY. */
int auger_opaque_prepare(const uint8_t *text, size_t len, uint8_t *out,
                         size_t cap) AUGER_CHECK_RESULT;
/* Whether the profile leaves the text as it is: else AUGER_ERR_INVALID, and as above. */
int auger_opaque_check(const uint8_t *text, size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_OPAQUE_H */
