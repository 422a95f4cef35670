/* Reading messages that a stranger sends: RFC 8489 sections 5, 6.3 and 14. */
#include "tests/stun/message.h"

#include <dirent.h>
#include <stdlib.h>

static struct raw raw;

static const char *const vectors[] = {
    "stun/rfc5769-2.1.bin",
    "stun/rfc5769-2.2.bin",
    "stun/rfc5769-2.3.bin",
    "stun/rfc5769-2.4.bin",
};

/* Everything that can be asked of a message, so that a wrong bound touches the edge. */
static void read_everything(const struct auger_stun_msg *msg)
{
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    struct auger_addr addr;
    uint64_t u64;
    uint32_t u32;

    for (size_t i = 0; i < msg->attrs_len; i++) {
        (void)auger_stun_msg_addr(msg, msg->attrs[i].type, &addr);
        (void)auger_stun_msg_u32(msg, msg->attrs[i].type, &u32);
        (void)auger_stun_msg_u64(msg, msg->attrs[i].type, &u64);
        (void)auger_stun_msg_password_algorithm(msg, msg->attrs[i].type);
    }
    (void)!auger_stun_msg_verify(msg, key);
    (void)auger_stun_msg_fingerprint_ok(msg);
    auger_stun_key_free(key);
}

/* --- the shape of the whole ------------------------------------------------------------- */

static void no_prefix_of_a_message_is_a_message(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct auger_stun_msg msg;

    for (size_t i = 0; i < COUNT(vectors); i++) {
        size_t len = load(vectors[i], buf, sizeof(buf));
        for (size_t cut = 0; cut < len; cut++) {
            const uint8_t *at = at_the_edge(buf, cut);
            assert_false(auger_stun_is_message(at, cut));
            assert_int_equal(auger_stun_msg_parse(&msg, at, cut), AUGER_ERR_MALFORMED);
        }
        assert_int_equal(auger_stun_msg_parse(&msg, at_the_edge(buf, len), len), 0);
    }
}

/* A prefix whose header claims to be all there is: the attributes are cut instead. */
static void a_prefix_with_its_length_mended_ends_between_attributes_or_is_refused(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct auger_stun_msg msg;

    size_t len = load(vectors[0], buf, sizeof(buf));
    for (size_t cut = 20; cut < len; cut++) {
        raw_put16(buf + 2, cut - 20);
        int err = auger_stun_msg_parse(&msg, at_the_edge(buf, cut), cut);
        bool between = cut == 20 || cut == 40 || cut == 48 || cut == 60 || cut == 76 || cut == 100;
        assert_int_equal(err, between ? 0 : AUGER_ERR_MALFORMED);
    }
}

static void no_flipped_bit_goes_unnoticed(void **state)
{
    (void)state;
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    uint8_t buf[256];
    struct auger_stun_msg msg;

    for (size_t i = 0; i < 3; i++) { /* the last one has no FINGERPRINT */
        size_t len = load(vectors[i], buf, sizeof(buf));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int err = auger_stun_msg_parse(&msg, at_the_edge(buf, len), len);
            buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (err < 0) {
                assert_int_equal(err, AUGER_ERR_MALFORMED);
                continue;
            }
            assert_false(auger_stun_msg_fingerprint_ok(&msg));
            if (bit / 8 < len - 8)
                assert_int_equal(auger_stun_msg_verify(&msg, key), AUGER_ERR_INTEGRITY);
            read_everything(&msg);
        }
    }
    auger_stun_key_free(key);
}

static const struct {
    const char *what;
    uint8_t at, value; /* one byte of a bare request with 4 bytes of attributes */
} headers[] = {
    {"DTLS", 0, 0xC0},        {"RTP", 0, 0x80},
    {"ChannelData", 0, 0x40}, {"the cookie's first byte", 4, 0},
    {"the last", 7, 0x43},    {"a length of 1 too many", 3, 5},
    {"4 too many", 3, 8},     {"4 too few", 3, 0},
    {"1 too few", 3, 3},      {"256 too many", 2, 1},
    {"65280 more", 2, 0xFF},
};

static void the_header_must_fit_the_datagram(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
        assert_true(auger_stun_is_message(raw.buf, raw.len));
        raw.buf[headers[i].at] = headers[i].value;
        if (auger_stun_is_message(at_the_edge(raw.buf, raw.len), raw.len))
            fail_msg("%s", headers[i].what);
        must_refuse(&raw);
    }
}

static void bytes_behind_a_message_are_not_clamped_away(void **state)
{
    (void)state;
    for (size_t more = 1; more <= 8; more++) {
        raw_begin(&raw, REQUEST);
        memset(raw.buf + raw.len, 0, more);
        raw.len += more;
        assert_false(auger_stun_is_message(raw.buf, raw.len));
        must_refuse(&raw);
    }
}

static void a_length_is_a_multiple_of_four(void **state)
{
    (void)state;
    for (size_t body = 0; body <= 8; body++) {
        raw_begin(&raw, REQUEST);
        memset(raw.buf + raw.len, 0, body);
        raw.len += body;
        raw_set_length(&raw);
        assert_int_equal(auger_stun_is_message(raw.buf, raw.len), body % 4 == 0);
    }
}

static void class_and_method_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        uint16_t type, method;
        enum auger_stun_class class_;
    } rows[] = {
        {0x0001, AUGER_STUN_BINDING, AUGER_STUN_REQUEST},
        {0x0011, AUGER_STUN_BINDING, AUGER_STUN_INDICATION},
        {0x0101, AUGER_STUN_BINDING, AUGER_STUN_SUCCESS},
        {0x0111, AUGER_STUN_BINDING, AUGER_STUN_ERROR},
        {0x0113, AUGER_STUN_ALLOCATE, AUGER_STUN_ERROR},
        {0x0017, AUGER_STUN_DATA, AUGER_STUN_INDICATION},
        {0x0200, 0x080, AUGER_STUN_REQUEST}, /* GOOG-PING */
        {0x0300, 0x080, AUGER_STUN_SUCCESS},
        {0x3EEF, 0xFFF, AUGER_STUN_REQUEST},
        {0x3FFF, 0xFFF, AUGER_STUN_ERROR},
    };
    struct auger_stun_msg msg;

    for (size_t i = 0; i < COUNT(rows); i++) {
        must_parse(&msg, raw_begin(&raw, rows[i].type));
        assert_int_equal(msg.method, rows[i].method);
        assert_int_equal(msg.class_, rows[i].class_);
        assert_memory_equal(msg.tid.bytes, raw.buf + 8, 12);
    }
}

/* --- attributes ---------------------------------------------------------------------------- */

static void padding_past_the_end_is_refused(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 11; len++) {
        raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_USERNAME, "abcdefghijk", len);
        raw.len -= 4; /* the last word, which padding is part of */
        raw_set_length(&raw);
        must_refuse(&raw);
    }
}

static void padding_may_have_any_value(void **state)
{
    (void)state;
    struct auger_stun_msg msg;
    struct auger_bytes value;

    raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_USERNAME, "abcde", 5);
    assert_int_equal(raw.buf[raw.len - 1], 0xEE);
    must_parse(&msg, &raw);
    assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERNAME, &value));
    assert_int_equal(value.len, 5);
}

/* Every multiple of four below the true length of one attribute, and above. */
static void an_attribute_longer_than_the_rest_is_refused(void **state)
{
    (void)state;
    static const size_t lens[] = {9, 12, 13, 255, 256, 32767, 65532, 65533, 65534, 65535};

    for (size_t i = 0; i < COUNT(lens); i++) {
        raw_attr(raw_begin(&raw, REQUEST), 0xC057, "abcdefgh", 8);
        raw_put16(raw.buf + 22, lens[i]);
        must_refuse(&raw);
    }
}

static const struct {
    uint8_t value[8];
    size_t len;
    int code; /* -1: malformed */
} error_codes[] = {
    {{0}, 0, -1},
    {{0}, 1, -1},
    {{0, 0}, 2, -1},
    {{0, 0, 4}, 3, -1},
    {{0, 0, 0, 0}, 4, 0},
    {{0, 0, 1, 0}, 4, 0},
    {{0, 0, 2, 99}, 4, 0},
    {{0, 0, 7, 0}, 4, 0},
    {{0, 0, 3, 0}, 4, 300},
    {{0, 0, 6, 99}, 4, 699},
    {{0, 0, 4, 100}, 4, 0},
    {{0, 0, 9, 55}, 4, 0}, /* class 1 with a reserved bit, not 955 */
    {{0, 0, 4, 255}, 4, 0},
    {{0xFF, 0xFF, 0xF8 | 4, 87}, 4, 487}, /* reserved bits are ignored */
    {{0, 0, 4, 1, 'N', 'o', 0, '!'}, 8, 401},
};

static void error_codes_are_300_to_699_or_none(void **state)
{
    (void)state;
    struct auger_stun_msg msg;

    for (size_t i = 0; i < COUNT(error_codes); i++) {
        raw_begin(&raw, FAILURE);
        raw_attr(&raw, AUGER_STUN_ATTR_ERROR_CODE, error_codes[i].value, error_codes[i].len);
        int err = parse(&msg, &raw);
        assert_int_equal(err, error_codes[i].code < 0 ? AUGER_ERR_MALFORMED : 0);
        if (err == 0)
            assert_int_equal(msg.error_code, error_codes[i].code);
    }
}

static const uint16_t address_types[] = {
    AUGER_STUN_ATTR_MAPPED_ADDRESS,   AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS,
    AUGER_STUN_ATTR_XOR_PEER_ADDRESS, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS,
    AUGER_STUN_ATTR_ALTERNATE_SERVER, AUGER_STUN_ATTR_RESPONSE_ORIGIN,
    AUGER_STUN_ATTR_OTHER_ADDRESS,
};

static void a_family_and_its_length_must_agree(void **state)
{
    (void)state;
    static const uint8_t families[] = {0, 1, 2, 3, 255};
    uint8_t value[24] = {0};

    for (size_t i = 0; i < COUNT(address_types); i++) {
        for (size_t family = 0; family < COUNT(families); family++) {
            for (size_t len = 0; len <= sizeof(value); len++) {
                struct auger_stun_msg msg;
                value[1] = families[family];
                raw_attr(raw_begin(&raw, SUCCESS), address_types[i], value, len);
                bool right = (value[1] == 1 && len == 8) || (value[1] == 2 && len == 20);
                assert_int_equal(parse(&msg, &raw), right ? 0 : AUGER_ERR_MALFORMED);
            }
        }
    }
}

static void the_first_byte_of_an_address_is_ignored(void **state)
{
    (void)state;
    static const uint8_t value[] = {0xFF, 1, 0x0D, 0x96, 192, 0, 2, 1};
    struct auger_addr addr, wanted = addr_of("192.0.2.1:3478");
    struct auger_stun_msg msg;

    raw_attr(raw_begin(&raw, SUCCESS), AUGER_STUN_ATTR_MAPPED_ADDRESS, value, 8);
    must_parse(&msg, &raw);
    assert_true(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_MAPPED_ADDRESS, &addr));
    assert_true(auger_addr_equal(&addr, &wanted));
}

static void texts_of_763_bytes_are_read_and_longer_ones_refused(void **state)
{
    (void)state;
    static const uint16_t types[] = {AUGER_STUN_ATTR_USERNAME, AUGER_STUN_ATTR_REALM,
                                     AUGER_STUN_ATTR_NONCE, AUGER_STUN_ATTR_SOFTWARE};
    static const size_t too_long[] = {764, 765, 4000};
    struct auger_stun_msg msg;
    struct auger_bytes value;

    for (size_t i = 0; i < COUNT(types); i++) {
        must_parse(&msg, raw_attr(raw_begin(&raw, REQUEST), types[i], NULL, 763));
        assert_true(auger_stun_msg_bytes(&msg, types[i], &value));
        assert_int_equal(value.len, 763);
        for (size_t j = 0; j < COUNT(too_long); j++)
            must_refuse(raw_attr(raw_begin(&raw, REQUEST), types[i], NULL, too_long[j]));
        must_refuse(raw_attr(raw_begin(&raw, REQUEST), types[i], NULL, 65512));
    }
}

static void texts_are_bytes_with_a_length(void **state)
{
    (void)state;
    static const uint8_t odd[] = {'a', 0, 0xFF, 0xC0, 0x80, ':', 0};
    struct auger_stun_msg msg;
    struct auger_bytes value;

    must_parse(&msg, raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_USERNAME, odd, 7));
    assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERNAME, &value));
    assert_int_equal(value.len, 7);
    assert_memory_equal(value.data, odd, 7);
}

static void of_two_alike_the_first_counts(void **state)
{
    (void)state;
    struct auger_stun_msg msg;
    struct auger_bytes value;
    uint32_t priority;

    raw_begin(&raw, FAILURE);
    raw_attr(&raw, AUGER_STUN_ATTR_USERNAME, "first", 5);
    raw_attr(&raw, AUGER_STUN_ATTR_USERNAME, "second", 6);
    raw_attr(&raw, AUGER_STUN_ATTR_PRIORITY, "\1\1\1\1", 4);
    raw_attr(&raw, AUGER_STUN_ATTR_PRIORITY, "\2\2\2\2", 4);
    raw_attr(&raw, AUGER_STUN_ATTR_ERROR_CODE, "\0\0\4\0", 4);
    raw_attr(&raw, AUGER_STUN_ATTR_ERROR_CODE, "\0\0\5\0", 4);
    must_parse(&msg, &raw);
    assert_int_equal(msg.attrs_len, 3);
    assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERNAME, &value));
    assert_memory_equal(value.data, "first", value.len);
    assert_true(auger_stun_msg_u32(&msg, AUGER_STUN_ATTR_PRIORITY, &priority));
    assert_int_equal(priority, 0x01010101);
    assert_int_equal(msg.error_code, 400);
}

/* A Send indication has one (8656 section 11.1), CreatePermission any number (10.1). */
static void of_several_peers_the_first_is_read_and_each_can_be(void **state)
{
    (void)state;
    struct auger_stun_msg msg;
    struct auger_addr addr;

    raw_begin(&raw, REQUEST);
    raw_attr(&raw, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, "\0\1\x21\x12\x21\x12\xA4\1", 8);
    raw_attr(&raw, AUGER_STUN_ATTR_LIFETIME, NULL, 4);
    raw_attr(&raw, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, "\0\1\x21\x12\x21\x12\xA4\2", 8);
    must_parse(&msg, &raw);
    assert_true(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &addr));
    assert_int_equal(addr.ip[3], 0x43);
    for (size_t i = 0; i < 2; i++) {
        assert_true(auger_stun_msg_addr_at(&msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, i, &addr));
        assert_int_equal(addr.ip[3], i == 0 ? 0x43 : 0x40);
    }
    assert_false(auger_stun_msg_addr_at(&msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, 2, &addr));
}

static void values_are_read_only_as_what_they_are(void **state)
{
    (void)state;
    struct auger_stun_msg msg;
    struct auger_addr addr;
    struct auger_bytes bytes;
    uint32_t u32;
    uint64_t u64;

    raw_attr(raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_PRIORITY, NULL, 4),
             AUGER_STUN_ATTR_ICE_CONTROLLED, NULL, 8);
    must_parse(&msg, &raw);
    assert_false(auger_stun_msg_u64(&msg, AUGER_STUN_ATTR_PRIORITY, &u64));
    assert_false(auger_stun_msg_u32(&msg, AUGER_STUN_ATTR_ICE_CONTROLLED, &u32));
    assert_false(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_ICE_CONTROLLED, &addr));
    assert_false(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &addr));
    assert_false(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERNAME, &bytes));
    assert_false(auger_stun_msg_has(&msg, AUGER_STUN_ATTR_USE_CANDIDATE));
}

/* --- what is unknown --------------------------------------------------------------------- */

static void required_and_unknown_is_listed_in_every_class(void **state)
{
    (void)state;
    static const uint16_t classes[] = {REQUEST, INDICATION, SUCCESS, FAILURE};
    struct auger_stun_msg msg;

    for (size_t i = 0; i < COUNT(classes); i++) {
        raw_begin(&raw, classes[i]);
        raw_attr(&raw, 0x7FFF, "abc", 3);
        raw_attr(&raw, 0x8FFF, "abc", 3); /* comprehension-optional */
        raw_attr(&raw, 0x0002, NULL, 0);  /* reserved since RFC 5389 */
        raw_attr(&raw, 0x7FFF, NULL, 0);
        must_parse(&msg, &raw);
        assert_int_equal(msg.unknown_len, 2);
        assert_int_equal(msg.unknown[0], 0x7FFF);
        assert_int_equal(msg.unknown[1], 0x0002);
        assert_true(auger_stun_msg_has(&msg, 0x8FFF));
        assert_false(auger_stun_msg_has(&msg, 0x7FFF));
    }
}

static void at_most_32_unknown_ones_are_listed(void **state)
{
    (void)state;
    struct auger_stun_msg msg;

    raw_begin(&raw, REQUEST);
    for (uint16_t i = 0; i < 100; i++)
        raw_attr(&raw, (uint16_t)(0x4000 + i), NULL, 0);
    must_parse(&msg, &raw);
    assert_int_equal(msg.unknown_len, AUGER_STUN_UNKNOWN_MAX);
    assert_int_equal(msg.unknown[31], 0x401F);
}

static void sixteen_thousand_empty_attributes_are_too_many(void **state)
{
    (void)state;
    raw_begin(&raw, REQUEST);
    for (size_t i = 0; i < 16000; i++)
        raw_attr(&raw, 0xC057, NULL, 0);
    must_refuse(&raw);
}

static void as_many_as_a_message_holds_are_read_and_64_kept(void **state)
{
    (void)state;
    struct auger_stun_msg msg;

    raw_begin(&raw, FAILURE);
    for (size_t i = 0; i < 1000; i++)
        raw_attr(&raw, i % 2 ? 0xC057 : AUGER_STUN_ATTR_ALTERNATE_DOMAIN, NULL, 0);
    raw_attr(&raw, AUGER_STUN_ATTR_ERROR_CODE, "\0\0\4\0", 4);
    must_parse(&msg, &raw);
    assert_int_equal(msg.attrs_len, AUGER_STUN_ATTRS_MAX);
    assert_int_equal(msg.error_code, 0); /* what is not kept says nothing */
    read_everything(&msg);
}

/* Integrity and fingerprint count wherever they stand. */
static void a_seal_behind_the_64th_attribute_is_checked_all_the_same(void **state)
{
    (void)state;
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    struct auger_stun_builder b;
    struct auger_stun_msg msg;

    auger_stun_build_begin(&b, raw.buf, sizeof(raw.buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &(struct auger_stun_tid){{1}});
    for (size_t i = 0; i < 2 * AUGER_STUN_ATTRS_MAX; i++)
        auger_stun_build_bytes(&b, 0xC057, NULL, 0);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    raw.len = (size_t)auger_stun_build_end(&b);
    must_parse(&msg, &raw);
    assert_int_equal(auger_stun_msg_verify(&msg, key), 0);
    assert_true(auger_stun_msg_fingerprint_ok(&msg));
    raw.buf[30] ^= 1;
    must_parse(&msg, &raw);
    assert_int_equal(auger_stun_msg_verify(&msg, key), AUGER_ERR_INTEGRITY);
    auger_stun_key_free(key);
}

/* --- PASSWORD-ALGORITHMS ---------------------------------------------------------------------- */

static const struct {
    const char *what;
    uint16_t type;
    uint8_t value[16];
    size_t len;
    int result; /* AUGER_ERR_MALFORMED: the message is refused */
} algorithms[] = {
#define LIST AUGER_STUN_ATTR_PASSWORD_ALGORITHMS
#define ONE AUGER_STUN_ATTR_PASSWORD_ALGORITHM
    {"MD5", LIST, {0, 1, 0, 0}, 4, AUGER_STUN_MD5},
    {"SHA-256 before MD5", LIST, {0, 2, 0, 0, 0, 1, 0, 0}, 8, AUGER_STUN_SHA256},
    {"an unknown one before MD5", LIST, {0, 9, 0, 0, 0, 1, 0, 0}, 8, AUGER_STUN_MD5},
    {"an unknown one with parameters",
     LIST,
     {0, 9, 0, 3, 1, 2, 3, 0, 0, 2, 0, 0},
     12,
     AUGER_STUN_SHA256},
    {"the last one's padding left out", LIST, {0, 2, 0, 0, 0, 9, 0, 1, 7}, 9, AUGER_STUN_SHA256},
    {"only unknown ones", LIST, {0, 9, 0, 0, 0x80, 1, 0, 0}, 8, AUGER_ERR_UNSUPPORTED},
    {"the reserved one", LIST, {0, 0, 0, 0}, 4, AUGER_ERR_UNSUPPORTED},
    {"none", LIST, {0}, 0, AUGER_ERR_MALFORMED},
    {"two bytes", LIST, {0, 1}, 2, AUGER_ERR_MALFORMED},
    {"half of the second", LIST, {0, 1, 0, 0, 0, 2}, 6, AUGER_ERR_MALFORMED},
    {"parameters past the end", LIST, {0, 1, 0, 5, 1, 2, 3, 4}, 8, AUGER_ERR_MALFORMED},
    {"parameters of 65535", LIST, {0, 1, 0xFF, 0xFF}, 4, AUGER_ERR_MALFORMED},
    {"one alone", ONE, {0, 2, 0, 0}, 4, AUGER_STUN_SHA256},
    {"one alone, unknown", ONE, {0, 3, 0, 0}, 4, AUGER_ERR_UNSUPPORTED},
    {"two where one is meant", ONE, {0, 2, 0, 0, 0, 1, 0, 0}, 8, AUGER_ERR_MALFORMED},
    {"one with parameters past the end", ONE, {0, 2, 0, 1}, 4, AUGER_ERR_MALFORMED},
#undef LIST
#undef ONE
};

static void the_first_password_algorithm_that_we_know_is_found(void **state)
{
    (void)state;
    struct auger_stun_msg msg;

    for (size_t i = 0; i < COUNT(algorithms); i++) {
        raw_begin(&raw, FAILURE);
        raw_attr(&raw, algorithms[i].type, algorithms[i].value, algorithms[i].len);
        int result = parse(&msg, &raw);
        if (result == 0)
            result = auger_stun_msg_password_algorithm(&msg, algorithms[i].type);
        if (result != algorithms[i].result)
            fail_msg("%s: %d", algorithms[i].what, result);
    }
    must_parse(&msg, raw_begin(&raw, FAILURE));
    assert_int_equal(auger_stun_msg_password_algorithm(&msg, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS),
                     AUGER_ERR_NOT_FOUND);
}

static void a_thousand_password_algorithms_are_read(void **state)
{
    (void)state;
    static uint8_t list[4000];
    struct auger_stun_msg msg;

    for (size_t i = 0; i < 1000; i++)
        raw_put16(list + 4 * i, i == 999 ? AUGER_STUN_SHA256 : 77);
    must_parse(&msg, raw_attr(raw_begin(&raw, FAILURE), AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, list,
                              sizeof(list)));
    assert_int_equal(auger_stun_msg_password_algorithm(&msg, AUGER_STUN_ATTR_PASSWORD_ALGORITHMS),
                     AUGER_STUN_SHA256);
}

/* --- where it lies, and what is out there ----------------------------------------------------- */

static void a_message_may_lie_at_any_address(void **state)
{
    (void)state;
    struct auger_stun_key *key = key_of(PASSWORD, strlen(PASSWORD));
    _Alignas(16) uint8_t arena[512];
    uint8_t buf[256];
    struct auger_stun_msg msg;

    for (size_t i = 0; i < 3; i++) {
        size_t len = load(vectors[i], buf, sizeof(buf));
        for (size_t shift = 0; shift < 8; shift++) {
            memcpy(arena + shift, buf, len);
            assert_int_equal(auger_stun_msg_parse(&msg, arena + shift, len), 0);
            assert_int_equal(auger_stun_msg_verify(&msg, key), 0);
            assert_true(auger_stun_msg_fingerprint_ok(&msg));
            read_everything(&msg);
        }
    }
    auger_stun_key_free(key);
}

/* Taken from the wire: RFC 8489 section 6.3 lets vendors' optional attributes be. */
static const struct {
    const char *file;
    uint16_t vendor; /* an attribute that is not ours to know, 0: none */
} captured[] = {
    {"chromium-check-goog-network-info-use-candidate", 0xC057},
    {"googping-check-goog-misc-info", 0xC059},
    {"piggyback-check-last-ice-check-received", 0xC058},
    {"sped-check-dtls-in-stun", 0xC070},
    {"sped-answer-ack", 0xC071},
    {"sped-answer-dtls-in-stun", 0xC070},
    {"libjuice-check-software-before-username", 0},
    {"firefox-check-controlling-use-candidate", 0},
    {"firefox-check-controlled", 0},
    {"aiortc-check", 0},
    {"werift-answer", 0},
};

static void checks_and_answers_of_the_field_are_understood(void **state)
{
    (void)state;
    uint8_t buf[2048];
    struct auger_stun_msg msg;
    char name[256];

    for (size_t i = 0; i < COUNT(captured); i++) {
        snprintf(name, sizeof(name), "../fuzz/corpus/stun/%s", captured[i].file);
        size_t len = load(name, buf, sizeof(buf));
        assert_int_equal(auger_stun_msg_parse(&msg, at_the_edge(buf, len), len), 0);
        assert_int_equal(msg.method, AUGER_STUN_BINDING);
        assert_int_equal(msg.unknown_len, 0);
        assert_true(auger_stun_msg_fingerprint_ok(&msg));
        assert_true(msg.integrity_offset > 0);
        assert_true(!captured[i].vendor || auger_stun_msg_has(&msg, captured[i].vendor));
        assert_int_equal(auger_stun_msg_has(&msg, AUGER_STUN_ATTR_USERNAME),
                         msg.class_ == AUGER_STUN_REQUEST);
    }
}

/* The fuzzer's corpus with each of its prefixes, the true length in each header. */
static void nothing_in_the_corpus_is_read_past_its_end(void **state)
{
    (void)state;
    DIR *folder = opendir(TEST_DATA "/../fuzz/corpus/stun");
    uint8_t buf[4096];
    size_t files = 0;

    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char name[512];
        struct auger_stun_msg msg;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "../fuzz/corpus/stun/%s", entry->d_name);
        size_t len = load(name, buf, sizeof(buf));
        for (size_t cut = 20; cut <= len; cut += 4) {
            raw_put16(buf + 2, cut - 20);
            if (auger_stun_msg_parse(&msg, at_the_edge(buf, cut), cut) == 0)
                read_everything(&msg);
        }
        files++;
    }
    closedir(folder);
    assert_true(files >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_prefix_of_a_message_is_a_message),
        cmocka_unit_test(a_prefix_with_its_length_mended_ends_between_attributes_or_is_refused),
        cmocka_unit_test(no_flipped_bit_goes_unnoticed),
        cmocka_unit_test(the_header_must_fit_the_datagram),
        cmocka_unit_test(bytes_behind_a_message_are_not_clamped_away),
        cmocka_unit_test(a_length_is_a_multiple_of_four),
        cmocka_unit_test(class_and_method_are_told_apart),
        cmocka_unit_test(padding_past_the_end_is_refused),
        cmocka_unit_test(padding_may_have_any_value),
        cmocka_unit_test(an_attribute_longer_than_the_rest_is_refused),
        cmocka_unit_test(error_codes_are_300_to_699_or_none),
        cmocka_unit_test(a_family_and_its_length_must_agree),
        cmocka_unit_test(the_first_byte_of_an_address_is_ignored),
        cmocka_unit_test(texts_of_763_bytes_are_read_and_longer_ones_refused),
        cmocka_unit_test(texts_are_bytes_with_a_length),
        cmocka_unit_test(of_two_alike_the_first_counts),
        cmocka_unit_test(of_several_peers_the_first_is_read_and_each_can_be),
        cmocka_unit_test(values_are_read_only_as_what_they_are),
        cmocka_unit_test(required_and_unknown_is_listed_in_every_class),
        cmocka_unit_test(at_most_32_unknown_ones_are_listed),
        cmocka_unit_test(sixteen_thousand_empty_attributes_are_too_many),
        cmocka_unit_test(as_many_as_a_message_holds_are_read_and_64_kept),
        cmocka_unit_test(a_seal_behind_the_64th_attribute_is_checked_all_the_same),
        cmocka_unit_test(the_first_password_algorithm_that_we_know_is_found),
        cmocka_unit_test(a_thousand_password_algorithms_are_read),
        cmocka_unit_test(a_message_may_lie_at_any_address),
        cmocka_unit_test(checks_and_answers_of_the_field_are_understood),
        cmocka_unit_test(nothing_in_the_corpus_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
