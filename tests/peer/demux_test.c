/* RFC 7983 section 7: the first byte says what a datagram is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer/demux.h"

static enum auger_demux expected(int first)
{
    if (first <= 3)
        return AUGER_DEMUX_STUN;
    if (first >= 16 && first <= 19)
        return AUGER_DEMUX_ZRTP;
    if (first >= 20 && first <= 63)
        return AUGER_DEMUX_DTLS;
    if (first >= 64 && first <= 79)
        return AUGER_DEMUX_TURN_CHANNEL;
    if (first >= 128 && first <= 191)
        return AUGER_DEMUX_RTP;
    return AUGER_DEMUX_UNKNOWN;
}

static void the_first_byte_decides(void **state)
{
    (void)state;
    for (int first = 0; first < 256; first++) {
        uint8_t byte = (uint8_t)first; /* nothing behind it may be read */
        assert_int_equal(auger_demux_classify((struct auger_bytes){&byte, 1}), expected(first));
    }
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(auger_demux_classify((struct auger_bytes){NULL, 0}), AUGER_DEMUX_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_byte_decides),
        cmocka_unit_test(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
