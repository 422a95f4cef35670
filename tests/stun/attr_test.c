/* The table of attributes against the registries of the RFCs: 8489 section 18.3, 8445
 * section 20.1, 8656 section 18, 5780 section 9.1, 6062 section 6.2. */
#include "tests/stun/message.h"

#include "stun/attr.h"

#define ANY 4000 /* as long as a message allows */

/* What each may be, written down from the section that defines it. */
static const struct registered {
    uint16_t type;
    const char *name;
    enum auger_stun_attr constant;
    size_t len_min, len_max;
    bool repeats;
} registry[] = {
    /* 8489, comprehension-required */
    {0x0001, "MAPPED-ADDRESS", AUGER_STUN_ATTR_MAPPED_ADDRESS, 8, 20, false},
    {0x0006, "USERNAME", AUGER_STUN_ATTR_USERNAME, 0, 763, false},
    {0x0008, "MESSAGE-INTEGRITY", AUGER_STUN_ATTR_MESSAGE_INTEGRITY, 20, 20, false},
    {0x0009, "ERROR-CODE", AUGER_STUN_ATTR_ERROR_CODE, 4, 767, false},
    {0x000A, "UNKNOWN-ATTRIBUTES", AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, 0, ANY, false},
    {0x0014, "REALM", AUGER_STUN_ATTR_REALM, 0, 763, false},
    {0x0015, "NONCE", AUGER_STUN_ATTR_NONCE, 0, 763, false},
    {0x001C, "MESSAGE-INTEGRITY-SHA256", AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 16, 32, false},
    {0x001D, "PASSWORD-ALGORITHM", AUGER_STUN_ATTR_PASSWORD_ALGORITHM, 4, ANY, false},
    {0x001E, "USERHASH", AUGER_STUN_ATTR_USERHASH, 32, 32, false},
    {0x0020, "XOR-MAPPED-ADDRESS", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 8, 20, false},
    /* 8489, comprehension-optional */
    {0x8002, "PASSWORD-ALGORITHMS", AUGER_STUN_ATTR_PASSWORD_ALGORITHMS, 4, ANY, false},
    {0x8003, "ALTERNATE-DOMAIN", AUGER_STUN_ATTR_ALTERNATE_DOMAIN, 0, 255, false},
    {0x8022, "SOFTWARE", AUGER_STUN_ATTR_SOFTWARE, 0, 763, false},
    {0x8023, "ALTERNATE-SERVER", AUGER_STUN_ATTR_ALTERNATE_SERVER, 8, 20, true}, /* 10 */
    {0x8028, "FINGERPRINT", AUGER_STUN_ATTR_FINGERPRINT, 4, 4, false},
    /* 8445 */
    {0x0024, "PRIORITY", AUGER_STUN_ATTR_PRIORITY, 4, 4, false},
    {0x0025, "USE-CANDIDATE", AUGER_STUN_ATTR_USE_CANDIDATE, 0, 0, false},
    {0x8029, "ICE-CONTROLLED", AUGER_STUN_ATTR_ICE_CONTROLLED, 8, 8, false},
    {0x802A, "ICE-CONTROLLING", AUGER_STUN_ATTR_ICE_CONTROLLING, 8, 8, false},
    /* 8656 */
    {0x000C, "CHANNEL-NUMBER", AUGER_STUN_ATTR_CHANNEL_NUMBER, 4, 4, false},
    {0x000D, "LIFETIME", AUGER_STUN_ATTR_LIFETIME, 4, 4, false},
    {0x0012, "XOR-PEER-ADDRESS", AUGER_STUN_ATTR_XOR_PEER_ADDRESS, 8, 20, true}, /* 10.1 */
    {0x0013, "DATA", AUGER_STUN_ATTR_DATA, 0, ANY, false},
    {0x0016, "XOR-RELAYED-ADDRESS", AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, 8, 20, true}, /* 7.3 */
    {0x0017, "REQUESTED-ADDRESS-FAMILY", AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, 4, 4, false},
    {0x0018, "EVEN-PORT", AUGER_STUN_ATTR_EVEN_PORT, 1, 1, false},
    {0x0019, "REQUESTED-TRANSPORT", AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 4, 4, false},
    {0x001A, "DONT-FRAGMENT", AUGER_STUN_ATTR_DONT_FRAGMENT, 0, 0, false},
    {0x0022, "RESERVATION-TOKEN", AUGER_STUN_ATTR_RESERVATION_TOKEN, 8, 8, false},
    {0x8000, "ADDITIONAL-ADDRESS-FAMILY", AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, 4, 4, false},
    {0x8001, "ADDRESS-ERROR-CODE", AUGER_STUN_ATTR_ADDRESS_ERROR_CODE, 4, 767, true},
    {0x8004, "ICMP", AUGER_STUN_ATTR_ICMP, 8, 8, false},
    /* 5780 */
    {0x0003, "CHANGE-REQUEST", AUGER_STUN_ATTR_CHANGE_REQUEST, 4, 4, false},
    {0x0026, "PADDING", AUGER_STUN_ATTR_PADDING, 0, ANY, false},
    {0x0027, "RESPONSE-PORT", AUGER_STUN_ATTR_RESPONSE_PORT, 2, 4, false},   /* 7.5 pads it */
    {0x8027, "CACHE-TIMEOUT", AUGER_STUN_ATTR_CACHE_TIMEOUT, 0, ANY, false}, /* no format given */
    {0x802B, "RESPONSE-ORIGIN", AUGER_STUN_ATTR_RESPONSE_ORIGIN, 8, 20, false},
    {0x802C, "OTHER-ADDRESS", AUGER_STUN_ATTR_OTHER_ADDRESS, 8, 20, false},
    /* 6062 */
    {0x002A, "CONNECTION-ID", AUGER_STUN_ATTR_CONNECTION_ID, 4, 4, false},
    /* 8016 */
    {0x8030, "MOBILITY-TICKET", AUGER_STUN_ATTR_MOBILITY_TICKET, 0, ANY, false},
    /* Of no RFC, for what servers and peers send: draft-martinsen-tram-ssoda, renomination */
    {0x8032, "ADDITIONAL-ADDRESS-FAMILY of the draft",
     AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY, 4, 4, false},
    {0x8033, "ADDRESS-ERROR-CODE of the draft", AUGER_STUN_ATTR_DRAFT_ADDRESS_ERROR_CODE, 4, 767,
     false},
    {0xC001, "NOMINATION", AUGER_STUN_ATTR_NOMINATION, 4, 4, false},
};

static const struct registered *registered(uint16_t type)
{
    for (size_t i = 0; i < COUNT(registry); i++)
        if (registry[i].type == type)
            return &registry[i];
    return NULL;
}

static void each_registered_type_has_a_row_and_no_other_has(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= 0xFFFF; type++) {
        const struct auger_stun_attr_row *row = auger_stun_attr_find((uint16_t)type);
        if (!row != !registered((uint16_t)type))
            fail_msg("0x%04X", type);
        assert_true(!row || row->type == type);
    }
}

static void constants_have_the_registered_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(registry); i++)
        assert_int_equal(registry[i].constant, registry[i].type);
}

/* RFC 3489 used these; they are reserved, and so not understood. */
static void reserved_types_are_unknown_and_required(void **state)
{
    (void)state;
    static const uint16_t reserved[] = {0x0000, 0x0002, 0x0004, 0x0005,
                                        0x0007, 0x000B, 0x0010, 0x0021};

    for (size_t i = 0; i < COUNT(reserved); i++) {
        assert_null(auger_stun_attr_find(reserved[i]));
        assert_true(auger_stun_attr_is_required(reserved[i]));
    }
}

static void the_range_says_whether_it_must_be_understood(void **state)
{
    (void)state;
    assert_true(auger_stun_attr_is_required(0x0000));
    assert_true(auger_stun_attr_is_required(0x7FFF));
    assert_false(auger_stun_attr_is_required(0x8000));
    assert_false(auger_stun_attr_is_required(0xFFFF));
}

static bool is_addr(const struct registered *attr)
{
    return attr->len_min == 8 && attr->len_max == 20;
}

/* A value of that length that is well-formed if the length is. */
static int parse_with(const struct registered *attr, size_t len)
{
    static struct raw raw;
    static uint8_t value[ANY];
    struct auger_stun_msg msg;

    memset(value, 0, sizeof(value));
    if (is_addr(attr))
        value[1] = len == 8 ? 1 : 2;
    if (attr->constant == AUGER_STUN_ATTR_PASSWORD_ALGORITHM && len >= 4)
        raw_put16(value + 2, len - 4); /* the length of the parameters */
    raw_attr(raw_begin(&raw, REQUEST), attr->type, value, len);
    int err = parse(&msg, &raw);
    assert_true(err || auger_stun_msg_has(&msg, attr->type));
    return err;
}

static void each_length_within_the_limits_is_read_and_none_beyond(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(registry); i++) {
        const struct registered *attr = &registry[i];
        if (parse_with(attr, attr->len_min) || parse_with(attr, attr->len_max))
            fail_msg("%s is refused", attr->name);
        if (attr->len_min > 0 && parse_with(attr, attr->len_min - 1) == 0)
            fail_msg("%s is read when too short", attr->name);
        if (attr->len_max < ANY && parse_with(attr, attr->len_max + 1) == 0)
            fail_msg("%s is read when too long", attr->name);
    }
}

static void only_what_may_repeat_is_kept_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(registry); i++) {
        const struct auger_stun_attr_row *row = auger_stun_attr_find(registry[i].type);
        assert_int_equal(row->repeats, registry[i].repeats);
    }
}

static void xor_addresses_are_decoded_and_plain_ones_are_not(void **state)
{
    (void)state;
    static const uint8_t value[] = {0, 1, 0x21, 0x12, 0x21, 0x12, 0xA4, 0x42};
    static struct raw raw;
    struct auger_stun_msg msg;
    struct auger_addr addr;

    for (size_t i = 0; i < COUNT(registry); i++) {
        if (!is_addr(&registry[i]))
            continue;
        raw_attr(raw_begin(&raw, SUCCESS), registry[i].type, value, sizeof(value));
        must_parse(&msg, &raw);
        assert_true(auger_stun_msg_addr(&msg, registry[i].type, &addr));
        bool is_xor = strncmp(registry[i].name, "XOR-", 4) == 0;
        assert_int_equal(addr.port, is_xor ? 0 : 0x2112);
        assert_int_equal(addr.ip[2], is_xor ? 0 : 0xA4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_registered_type_has_a_row_and_no_other_has),
        cmocka_unit_test(constants_have_the_registered_values),
        cmocka_unit_test(reserved_types_are_unknown_and_required),
        cmocka_unit_test(the_range_says_whether_it_must_be_understood),
        cmocka_unit_test(each_length_within_the_limits_is_read_and_none_beyond),
        cmocka_unit_test(only_what_may_repeat_is_kept_twice),
        cmocka_unit_test(xor_addresses_are_decoded_and_plain_ones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
