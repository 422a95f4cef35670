/* Writing messages: RFC 8489 sections 5, 6.1 and 14. */
#include "tests/stun/message.h"

static const struct auger_stun_tid tid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};

static struct auger_stun_builder begin(uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    return b;
}

static void a_header_has_class_and_method_in_their_bits(void **state)
{
    (void)state;
    static const struct {
        enum auger_stun_class class_;
        uint16_t method;
        uint8_t type[2];
    } rows[] = {
        {AUGER_STUN_REQUEST, AUGER_STUN_BINDING, {0x00, 0x01}},
        {AUGER_STUN_INDICATION, AUGER_STUN_BINDING, {0x00, 0x11}},
        {AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, {0x01, 0x01}},
        {AUGER_STUN_ERROR, AUGER_STUN_ALLOCATE, {0x01, 0x13}},
        {AUGER_STUN_SUCCESS, 0x080, {0x03, 0x00}},
        {AUGER_STUN_ERROR, 0xFFF, {0x3F, 0xFF}},
    };
    static const uint8_t rest[] = {0, 0, 0x21, 0x12, 0xA4, 0x42};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[20];
        struct auger_stun_builder b;
        auger_stun_build_begin(&b, buf, sizeof(buf), rows[i].class_, rows[i].method, &tid);
        assert_int_equal(auger_stun_build_end(&b), 20);
        assert_memory_equal(buf, rows[i].type, 2);
        assert_memory_equal(buf + 2, rest, sizeof(rest));
        assert_memory_equal(buf + 8, &tid, 12);
    }
}

static void padding_is_zero_and_not_counted(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 4; len++) {
        uint8_t buf[32];
        memset(buf, 0xAA, sizeof(buf));
        struct auger_stun_builder b = begin(buf, sizeof(buf));
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, "abcd", len);
        assert_int_equal(auger_stun_build_end(&b), 28);
        assert_int_equal(buf[3], 8);
        assert_int_equal(buf[23], len);
        for (size_t i = len; i < 4; i++)
            assert_int_equal(buf[24 + i], 0);
        assert_int_equal(buf[28], 0xAA);
    }
}

static void numbers_are_in_network_order(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x00, 0x24, 0, 4, 0x01, 0x02, 0x03, 0x04, 0x80, 0x29,
                                     0,    8,    1, 2, 3,    4,    5,    6,    7,    8};
    uint8_t buf[64];
    struct auger_stun_builder b = begin(buf, sizeof(buf));

    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 0x01020304);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLED, 0x0102030405060708);
    assert_int_equal(auger_stun_build_end(&b), 20 + sizeof(wanted));
    assert_memory_equal(buf + 20, wanted, sizeof(wanted));
}

static void addresses_come_back_as_they_were(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1:1", "255.255.255.255:65535", "0.0.0.0:0",
                                        "[2001:db8::1]:8530", "[::]:0"};
    static const uint16_t types[] = {AUGER_STUN_ATTR_MAPPED_ADDRESS,
                                     AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS,
                                     AUGER_STUN_ATTR_ALTERNATE_SERVER};

    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t j = 0; j < COUNT(types); j++) {
            struct auger_addr addr = addr_of(texts[i]), back;
            struct auger_stun_msg msg;
            uint8_t buf[64];
            struct auger_stun_builder b = begin(buf, sizeof(buf));

            auger_stun_build_addr(&b, types[j], &addr);
            int len = auger_stun_build_end(&b);
            assert_int_equal(auger_stun_msg_parse(&msg, buf, (size_t)len), 0);
            assert_true(auger_stun_msg_addr(&msg, types[j], &back));
            assert_true(auger_addr_equal(&addr, &back));
        }
    }
}

static void each_code_has_its_reason(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        const char *reason;
    } rows[] = {
        /* 8489 section 14.8 */
        {300, "Try Alternate"},
        {400, "Bad Request"},
        {401, "Unauthenticated"},
        {420, "Unknown Attribute"},
        {438, "Stale Nonce"},
        {500, "Server Error"},
        /* 8445 section 20.2 */
        {487, "Role Conflict"},
        /* 8656 section 19 */
        {403, "Forbidden"},
        {437, "Allocation Mismatch"},
        {440, "Address Family not Supported"},
        {441, "Wrong Credentials"},
        {442, "Unsupported Transport Protocol"},
        {443, "Peer Address Family Mismatch"},
        {486, "Allocation Quota Reached"},
        {508, "Insufficient Capacity"},
        /* 6062 section 6.3 */
        {446, "Connection Already Exists"},
        {447, "Connection Timeout or Failure"},
        {699, ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct auger_stun_msg msg;
        struct auger_bytes value;
        uint8_t buf[128];
        struct auger_stun_builder b = begin(buf, sizeof(buf));

        auger_stun_build_error(&b, rows[i].code);
        int len = auger_stun_build_end(&b);
        assert_int_equal(auger_stun_msg_parse(&msg, buf, (size_t)len), 0);
        assert_int_equal(msg.error_code, rows[i].code);
        assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_ERROR_CODE, &value));
        assert_int_equal(value.len, 4 + strlen(rows[i].reason));
        assert_memory_equal(value.data + 4, rows[i].reason, strlen(rows[i].reason));
    }
}

static void codes_outside_300_to_699_are_not_written(void **state)
{
    (void)state;
    static const uint16_t codes[] = {0, 1, 99, 299, 700, 955, 65535};

    for (size_t i = 0; i < COUNT(codes); i++) {
        uint8_t buf[128];
        struct auger_stun_builder b = begin(buf, sizeof(buf));
        auger_stun_build_error(&b, codes[i]);
        assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_INVALID);
    }
}

static void the_unknown_attributes_of_a_request_are_listed(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x7F, 0xFF, 0x40, 0x01, 0x40, 0x02};
    static struct raw raw;
    struct auger_stun_msg request, msg;
    struct auger_bytes value;
    uint8_t buf[128];

    raw_begin(&raw, REQUEST);
    raw_attr(&raw, 0x7FFF, NULL, 0);
    raw_attr(&raw, 0x4001, NULL, 0);
    raw_attr(&raw, 0x4002, NULL, 0);
    must_parse(&request, &raw);
    struct auger_stun_builder b = begin(buf, sizeof(buf));
    auger_stun_build_unknown(&b, &request);
    int len = auger_stun_build_end(&b);
    assert_int_equal(auger_stun_msg_parse(&msg, buf, (size_t)len), 0);
    assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, &value));
    assert_int_equal(value.len, sizeof(wanted));
    assert_memory_equal(value.data, wanted, sizeof(wanted));
}

/* --- what does not fit ------------------------------------------------------------------------ */

/* One of everything; 0 or the error. */
static int build_all(uint8_t *buf, size_t cap, struct auger_stun_key *key)
{
    const struct auger_addr addr = addr_of("[2001:db8::1]:9");
    struct auger_stun_builder b = begin(buf, cap);

    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, "abc:d", 5);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 1);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, 1);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &addr);
    auger_stun_build_error(&b, 420);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_integrity_sha256(&b, key);
    auger_stun_build_fingerprint(&b);
    return auger_stun_build_end(&b);
}

static void a_buffer_that_is_too_small_is_an_error_and_not_overrun(void **state)
{
    (void)state;
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    uint8_t whole[512];
    int len = build_all(whole, sizeof(whole), key);

    assert_true(len > 0);
    for (size_t cap = 0; cap < (size_t)len; cap++) {
        uint8_t buf[512];
        memset(buf, 0xAA, sizeof(buf));
        assert_int_equal(build_all(buf, cap, key), AUGER_ERR_BUFFER);
        for (size_t i = cap; i < sizeof(buf); i++)
            assert_int_equal(buf[i], 0xAA);
    }
    assert_int_equal(build_all(whole, (size_t)len, key), len);
    auger_stun_key_free(key);
}

static void the_length_field_never_wraps(void **state)
{
    (void)state;
    static uint8_t buf[140000], data[70000];
    static const size_t lens[] = {65529, 65532,        65533,        65535,   65536,
                                  70000, SIZE_MAX - 7, SIZE_MAX - 2, SIZE_MAX};

    for (size_t i = 0; i < COUNT(lens); i++) {
        struct auger_stun_builder b = begin(buf, sizeof(buf));
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, data, lens[i]);
        assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_TOO_LARGE);
    }
    struct auger_stun_builder b = begin(buf, sizeof(buf));
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, data, 65528);
    assert_int_equal(auger_stun_build_end(&b), 20 + 65532);
    assert_int_equal(buf[2] << 8 | buf[3], 65532);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_TOO_LARGE);
}

static void sixteen_thousand_attributes_fill_a_message(void **state)
{
    (void)state;
    static uint8_t buf[140000];
    struct auger_stun_builder b = begin(buf, sizeof(buf));

    for (size_t i = 0; i < 65532 / 4; i++)
        auger_stun_build_bytes(&b, 0xC057, NULL, 0);
    assert_int_equal(auger_stun_build_end(&b), 20 + 65532);
    auger_stun_build_bytes(&b, 0xC057, NULL, 0);
    assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_TOO_LARGE);
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    uint8_t buf[24];
    struct auger_stun_builder b = begin(buf, sizeof(buf));

    auger_stun_build_error(&b, 700);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLED, 1); /* would not fit either */
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_INVALID);
    assert_int_equal(b.len, 20);

    b = begin(buf, sizeof(buf));
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLED, 1);
    auger_stun_build_error(&b, 700);
    assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_BUFFER);
}

/* What our own reader would refuse does not leave. */
static void values_that_break_the_format_are_not_written(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        size_t len;
    } rows[] = {
        {AUGER_STUN_ATTR_USERNAME, 764},         {AUGER_STUN_ATTR_SOFTWARE, 764},
        {AUGER_STUN_ATTR_PRIORITY, 3},           {AUGER_STUN_ATTR_USE_CANDIDATE, 1},
        {AUGER_STUN_ATTR_MESSAGE_INTEGRITY, 19}, {AUGER_STUN_ATTR_ERROR_CODE, 3},
        {AUGER_STUN_ATTR_ALTERNATE_DOMAIN, 256},
    };
    static const uint8_t value[1024];

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[2048];
        struct auger_stun_builder b = begin(buf, sizeof(buf));
        auger_stun_build_bytes(&b, rows[i].type, value, rows[i].len);
        assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_INVALID);
    }
    static const uint16_t types[] = {AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0xC0FF};
    for (size_t i = 0; i < COUNT(types); i++) {
        uint8_t buf[64];
        struct auger_stun_builder b = begin(buf, sizeof(buf));
        auger_stun_build_addr(&b, types[i], &(struct auger_addr){0});
        assert_int_equal(auger_stun_build_end(&b), AUGER_ERR_INVALID);
    }
}

static void a_message_may_be_built_at_any_address(void **state)
{
    (void)state;
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    _Alignas(16) uint8_t arena[512], first[512];
    int len = build_all(first, sizeof(first), key);

    for (size_t shift = 0; shift < 8; shift++) {
        assert_int_equal(build_all(arena + shift, 400, key), len);
        assert_memory_equal(arena + shift, first, (size_t)len);
    }
    auger_stun_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_has_class_and_method_in_their_bits),
        cmocka_unit_test(padding_is_zero_and_not_counted),
        cmocka_unit_test(numbers_are_in_network_order),
        cmocka_unit_test(addresses_come_back_as_they_were),
        cmocka_unit_test(each_code_has_its_reason),
        cmocka_unit_test(codes_outside_300_to_699_are_not_written),
        cmocka_unit_test(the_unknown_attributes_of_a_request_are_listed),
        cmocka_unit_test(a_buffer_that_is_too_small_is_an_error_and_not_overrun),
        cmocka_unit_test(the_length_field_never_wraps),
        cmocka_unit_test(sixteen_thousand_attributes_fill_a_message),
        cmocka_unit_test(the_first_error_sticks),
        cmocka_unit_test(values_that_break_the_format_are_not_written),
        cmocka_unit_test(a_message_may_be_built_at_any_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
