/* turn/base64.h - the alphabet of RFC 4648 section 4, as nonces and time-limited passwords
 * have it. */
#ifndef AUGER_TURN_BASE64_H
#define AUGER_TURN_BASE64_H

#include <auger/base.h>

/* Digits, padding and a NUL: 4 * ((len + 2) / 3) + 1 bytes. */
void auger_base64_write(const uint8_t *data, size_t len, char *out);
/* What a digit stands for; -1: none. */
int auger_base64_digit(uint8_t c);

#endif /* AUGER_TURN_BASE64_H */
