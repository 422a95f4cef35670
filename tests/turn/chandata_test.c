/* ChannelData, and where the frames of a stream end: RFC 8656 sections 12.4 to 12.6. */
#include "tests/turn/puppet.h"

#include "turn/chandata.h"

static void a_message_is_written_with_padding_on_streams_alone(void **state)
{
    (void)state;
    static const uint8_t data[] = {1, 2, 3, 4, 5};
    static const uint8_t wanted[] = {0x40, 0x01, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0};
    uint8_t buf[16];

    memset(buf, 0xEE, sizeof(buf));
    assert_int_equal(auger_chandata_write(0x4001, false, data, 5, buf, 9), 9);
    assert_memory_equal(buf, wanted, 9);
    assert_int_equal(auger_chandata_write(0x4001, true, data, 5, buf, 12), 12);
    assert_memory_equal(buf, wanted, 12);
    assert_int_equal(auger_chandata_write(0x4001, false, data, 5, buf, 8), AUGER_ERR_BUFFER);
    assert_int_equal(auger_chandata_write(0x4001, true, data, 5, buf, 11), AUGER_ERR_BUFFER);
    assert_int_equal(auger_chandata_write(0x4001, true, data, 65536, buf, 16), AUGER_ERR_TOO_LARGE);
    assert_int_equal(auger_chandata_write(0x4FFF, true, NULL, 0, buf, 4), 4);
}

static void a_message_shorter_than_it_says_is_none(void **state)
{
    (void)state;
    static const uint8_t message[] = {0x40, 0x01, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0};
    struct auger_bytes data;
    uint16_t number;

    for (size_t len = 0; len <= sizeof(message); len++) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, message, len);
        assert_int_equal(auger_chandata_read(exact, len, &number, &data), len >= 9);
        if (len >= 9) {
            assert_int_equal(number, 0x4001);
            assert_int_equal(data.len, 5);
            assert_ptr_equal(data.data, exact + 4);
        }
        free(exact);
    }
}

static void the_first_byte_tells_it_from_everything_else(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t byte = (uint8_t)i;
        assert_int_equal(auger_chandata_is(&byte, 1), i >= 64 && i <= 79);
        assert_int_equal(auger_turn_frame_len(&byte, 1),
                         i <= 3 || (i >= 64 && i <= 79) ? AUGER_ERR_AGAIN : AUGER_ERR_MALFORMED);
    }
    assert_false(auger_chandata_is(NULL, 0));
    assert_int_equal(auger_turn_frame_len(NULL, 0), AUGER_ERR_AGAIN);
}

/* A STUN message, ChannelData of 5 bytes, ChannelData of none, and a STUN message. */
/* clang-format off */
static const uint8_t stream[] = {
    0x01, 0x03, 0,    4,    0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x1A, 0, 0,
    0x40, 0,    0,    5,    1,    2,    3,    4,    5, 0, 0, 0,
    0x4F, 0xFF, 0,    0,
    0,    0x17, 0,    0,    0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
};
/* clang-format on */

static void a_stream_falls_into_frames_however_it_comes(void **state)
{
    (void)state;
    static const int wanted[] = {24, 12, 4, 20};
    size_t at = 0, have = 0;

    for (size_t i = 0; i < COUNT(wanted); i++) {
        int len = AUGER_ERR_AGAIN;
        for (have = 0; len == AUGER_ERR_AGAIN || (size_t)len > have; have++) {
            uint8_t *exact = malloc(have ? have : 1);
            memcpy(exact, stream + at, have);
            len = auger_turn_frame_len(exact, have);
            free(exact);
            assert_true(len == AUGER_ERR_AGAIN || len == wanted[i]);
            if (len >= 0 && (size_t)len == have)
                break;
        }
        assert_int_equal(len, wanted[i]);
        at += (size_t)len;
    }
    assert_int_equal(at, sizeof(stream));
}

static void a_stream_that_has_lost_its_frames_is_to_be_closed(void **state)
{
    (void)state;
    static const uint8_t odd[] = {0, 1, 0, 3}, no_cookie[] = {0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x43},
                         http[] = "GET / HTTP/1.1", tls[] = {22, 3, 1};

    assert_int_equal(auger_turn_frame_len(odd, 4), AUGER_ERR_MALFORMED);
    assert_int_equal(auger_turn_frame_len(no_cookie, 7), AUGER_ERR_AGAIN);
    assert_int_equal(auger_turn_frame_len(no_cookie, 8), AUGER_ERR_MALFORMED);
    assert_int_equal(auger_turn_frame_len(tls, 3), AUGER_ERR_MALFORMED);
    /* "GE" might be a channel, "T " its length. */
    assert_int_equal(auger_turn_frame_len(http, sizeof(http)), 4 + 0x5420);
}

static void the_longest_frame_is_as_long_as_promised(void **state)
{
    (void)state;
    static const uint8_t channel[] = {0x40, 0, 0xFF, 0xFF},
                         stun[] = {0, 0x17, 0xFF, 0xFC, 0x21, 0x12, 0xA4, 0x42};

    assert_int_equal(auger_turn_frame_len(channel, 4), 65540);
    assert_int_equal(auger_turn_frame_len(stun, 8), AUGER_TURN_FRAME_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_written_with_padding_on_streams_alone),
        cmocka_unit_test(a_message_shorter_than_it_says_is_none),
        cmocka_unit_test(the_first_byte_tells_it_from_everything_else),
        cmocka_unit_test(a_stream_falls_into_frames_however_it_comes),
        cmocka_unit_test(a_stream_that_has_lost_its_frames_is_to_be_closed),
        cmocka_unit_test(the_longest_frame_is_as_long_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
