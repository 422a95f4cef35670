/* turn/unicode.h - what of OpaqueString (RFC 8265 section 4.2) needs the tables of Unicode: the one
 * place that knows libunistring, or that it was built without. */
#ifndef AUGER_TURN_UNICODE_H
#define AUGER_TURN_UNICODE_H

#include <auger/base.h>

/* The text as the profile has it, in `out`; its length.  AUGER_ERR_INVALID: no UTF-8, a code point
 * that the profile does not allow, or no room; AUGER_ERR_UNSUPPORTED: built without;
 * AUGER_ERR_NO_MEMORY, of the library's heap. */
int auger_unicode_prepare(const uint8_t *text, size_t len, uint8_t *out,
                          size_t cap) AUGER_CHECK_RESULT;

#endif /* AUGER_TURN_UNICODE_H */
