/* turn/opaque.c - OpaqueString: RFC 8265 section 4.2.  Printable ASCII and the space map to
 * themselves (4.2.2). */
#include "turn/opaque.h"

#include "turn/unicode.h"

#include <string.h>

#define CHECKED_MAX 1024 /* bytes of a text that is compared with what becomes of it */

/* false: a control character is among it. */
static bool is_printable(const uint8_t *text, size_t len, bool *is_ascii)
{
    *is_ascii = true;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] == 0x7F)
            return false;
        *is_ascii = *is_ascii && text[i] < 0x80;
    }
    return true;
}

int auger_opaque_prepare(const uint8_t *text, size_t len, uint8_t *out, size_t cap)
{
    bool is_ascii;

    if (len == 0 || len > cap || !is_printable(text, len, &is_ascii))
        return AUGER_ERR_INVALID;
    if (!is_ascii)
        return auger_unicode_prepare(text, len, out, cap);
    memcpy(out, text, len);
    return (int)len;
}

int auger_opaque_check(const uint8_t *text, size_t len)
{
    uint8_t prepared[CHECKED_MAX];
    bool is_ascii;

    if (len == 0 || !is_printable(text, len, &is_ascii))
        return AUGER_ERR_INVALID;
    if (is_ascii)
        return 0;
    int n = auger_opaque_prepare(text, len, prepared, sizeof(prepared));
    if (n < 0)
        return n;
    return (size_t)n == len && memcmp(prepared, text, len) == 0 ? 0 : AUGER_ERR_INVALID;
}
