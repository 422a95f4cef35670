/* turn/opaque.c - OpaqueString: RFC 8265 section 4.2.  Printable ASCII and the space map to
 * themselves (4.2.2); what lies beyond would need the tables of Unicode. */
#include "turn/opaque.h"

int auger_opaque_check(const uint8_t *text, size_t len)
{
    bool is_ascii = true;

    if (len == 0)
        return AUGER_ERR_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] == 0x7F)
            return AUGER_ERR_INVALID;
        is_ascii = is_ascii && text[i] < 0x80;
    }
    return is_ascii ? 0 : AUGER_ERR_UNSUPPORTED;
}
