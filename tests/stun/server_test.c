/* The Binding server: RFC 8489 sections 6.3.1 and 12, and how little it gives to strangers. */
#include "tests/stun/message.h"

static struct raw raw;

struct answer {
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;
    struct auger_stun_msg msg;
};

/* What the server says to the raw message; it must be a message if it is anything. */
static const struct answer *ask_from(const struct auger_addr *from)
{
    static struct answer answer;

    answer.len = auger_stun_server_answer(from, at_the_edge(raw.buf, raw.len), raw.len, answer.buf,
                                          sizeof(answer.buf));
    if (answer.len > 0) {
        assert_int_equal(auger_stun_msg_parse(&answer.msg, answer.buf, answer.len), 0);
        assert_int_equal(answer.msg.method, AUGER_STUN_BINDING);
        assert_memory_equal(answer.msg.tid.bytes, raw.buf + 8, 12);
    }
    return &answer;
}

static const struct answer *ask(void)
{
    struct auger_addr from = addr_of("192.0.2.1:32853");

    return ask_from(&from);
}

static void who_asks_hears_its_own_address(void **state)
{
    (void)state;
    static const char *const froms[] = {"192.0.2.1:32853", "[2001:db8::1]:1", "10.0.0.1:65535"};

    for (size_t i = 0; i < COUNT(froms); i++) {
        struct auger_addr from = addr_of(froms[i]), mapped;
        raw_begin(&raw, REQUEST);
        const struct answer *answer = ask_from(&from);
        assert_int_equal(answer->msg.class_, AUGER_STUN_SUCCESS);
        assert_true(auger_stun_msg_addr(&answer->msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped));
        assert_true(auger_addr_equal(&mapped, &from));
        assert_int_equal(answer->msg.attrs_len, 1);
    }
}

/* 6.3.1: the answer to a repetition may be computed anew, and is the same. */
static void a_repeated_question_gets_the_same_answer(void **state)
{
    (void)state;
    raw_begin(&raw, REQUEST);
    struct answer first = *ask();
    const struct answer *second = ask();

    assert_int_equal(first.len, second->len);
    assert_memory_equal(first.buf, second->buf, first.len);
}

static void who_sends_a_fingerprint_gets_one(void **state)
{
    (void)state;
    static const struct auger_stun_tid tid = {{7}};
    for (int unknown = 0; unknown < 2; unknown++) {
        struct auger_stun_builder b;
        auger_stun_build_begin(&b, raw.buf, sizeof(raw.buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                               &tid);
        if (unknown)
            auger_stun_build_bytes(&b, 0x7FFF, NULL, 0);
        auger_stun_build_fingerprint(&b);
        raw.len = (size_t)auger_stun_build_end(&b);
        assert_true(auger_stun_msg_fingerprint_ok(&ask()->msg));
    }
}

static void credentials_are_neither_asked_for_nor_minded(void **state)
{
    (void)state;
    raw_begin(&raw, REQUEST);
    raw_attr(&raw, AUGER_STUN_ATTR_USERNAME, "someone", 7);
    raw_attr(&raw, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, NULL, 20);
    assert_int_equal(ask()->msg.class_, AUGER_STUN_SUCCESS);
    assert_false(auger_stun_msg_has(&ask()->msg, AUGER_STUN_ATTR_USERNAME));
}

/* 6.3: known but unexpected attributes and unknown optional ones are ignored. */
static void what_need_not_be_understood_is_ignored(void **state)
{
    (void)state;
    raw_begin(&raw, REQUEST);
    raw_attr(&raw, AUGER_STUN_ATTR_LIFETIME, NULL, 4);
    raw_attr(&raw, AUGER_STUN_ATTR_PRIORITY, NULL, 4);
    raw_attr(&raw, 0xC057, NULL, 4);
    assert_int_equal(ask()->msg.class_, AUGER_STUN_SUCCESS);
}

static void assert_refused_for(const uint16_t *types, size_t len)
{
    const struct answer *answer = ask();
    struct auger_bytes list;

    assert_int_equal(answer->msg.class_, AUGER_STUN_ERROR);
    assert_int_equal(answer->msg.error_code, 420);
    assert_true(auger_stun_msg_bytes(&answer->msg, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, &list));
    assert_int_equal(list.len, 2 * len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(list.data[2 * i] << 8 | list.data[2 * i + 1], types[i]);
}

static void what_must_be_understood_is_refused_by_name(void **state)
{
    (void)state;
    static const uint16_t wanted[] = {0x7FFF, 0x0002};

    raw_begin(&raw, REQUEST);
    raw_attr(&raw, 0x7FFF, "abc", 3);
    raw_attr(&raw, 0x0002, NULL, 8);
    raw_attr(&raw, 0x7FFF, NULL, 0);
    assert_refused_for(wanted, 2);
}

/* Whoever asks to be answered from, or at, another address would otherwise draw a false
 * conclusion about its NAT: RFC 5780 sections 6 and 6.1. */
static void behaviour_discovery_is_refused(void **state)
{
    (void)state;
    static const uint16_t wanted[] = {AUGER_STUN_ATTR_CHANGE_REQUEST, AUGER_STUN_ATTR_PADDING,
                                      AUGER_STUN_ATTR_RESPONSE_PORT};

    for (size_t i = 0; i < COUNT(wanted); i++) {
        raw_attr(raw_begin(&raw, REQUEST), wanted[i], NULL, 4);
        assert_refused_for(&wanted[i], 1);
    }
    raw_begin(&raw, REQUEST);
    for (size_t i = 0; i < COUNT(wanted); i++)
        raw_attr(&raw, wanted[i], NULL, 4);
    assert_refused_for(wanted, 3);
}

static void beside_a_full_list_it_is_still_refused(void **state)
{
    (void)state;
    raw_begin(&raw, REQUEST);
    for (uint16_t i = 0; i < 40; i++)
        raw_attr(&raw, (uint16_t)(0x4000 + i), NULL, 0);
    raw_attr(&raw, AUGER_STUN_ATTR_CHANGE_REQUEST, NULL, 4);
    assert_int_equal(ask()->msg.error_code, 420);
}

/* --- silence --------------------------------------------------------------------------------- */

static void only_binding_requests_are_answered(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 0x4000; type++) {
        raw_begin(&raw, (uint16_t)type);
        if ((ask()->len > 0) != (type == REQUEST))
            fail_msg("0x%04X", type);
    }
}

/* Else two servers could be set upon each other. */
static void our_own_answers_are_not_answered(void **state)
{
    (void)state;
    for (int unknown = 0; unknown < 2; unknown++) {
        raw_begin(&raw, REQUEST);
        if (unknown)
            raw_attr(&raw, 0x7FFF, NULL, 0);
        const struct answer *answer = ask();
        assert_true(answer->len > 0);
        memcpy(raw.buf, answer->buf, answer->len);
        raw.len = answer->len;
        assert_int_equal(ask()->len, 0);
    }
}

static void what_is_malformed_gets_no_answer(void **state)
{
    (void)state;
    raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_PRIORITY, NULL, 3);
    assert_int_equal(ask()->len, 0);
    raw_attr(raw_begin(&raw, REQUEST), AUGER_STUN_ATTR_USERNAME, NULL, 764);
    assert_int_equal(ask()->len, 0);
    raw_begin(&raw, REQUEST);
    raw.buf[4] ^= 1; /* a client of RFC 3489 */
    assert_int_equal(ask()->len, 0);
    raw.len = 0;
    assert_int_equal(ask()->len, 0);
}

static void a_datagram_of_more_than_2048_bytes_gets_no_answer(void **state)
{
    (void)state;
    raw_attr(raw_begin(&raw, REQUEST), 0xC057, NULL, 2024);
    assert_int_equal(raw.len, 2048);
    assert_true(ask()->len > 0);
    raw_attr(raw_begin(&raw, REQUEST), 0xC057, NULL, 2028);
    assert_int_equal(ask()->len, 0);
}

static void a_reply_that_does_not_fit_is_none(void **state)
{
    (void)state;
    struct auger_addr from = addr_of("192.0.2.1:1");

    raw_begin(&raw, REQUEST);
    for (size_t cap = 0; cap < 40; cap++) {
        uint8_t reply[40];
        size_t len = auger_stun_server_answer(&from, raw.buf, raw.len, reply, cap);
        assert_int_equal(len, cap < 32 ? 0 : 32);
    }
}

/* --- amplification ------------------------------------------------------------------------------
 */

/* What a question and its answer weigh on the wire, with the headers of IP and UDP. */
static void assert_within_budget(size_t headers_len, const struct auger_addr *from)
{
    size_t len = ask_from(from)->len;

    if (len > 0 && 10 * (headers_len + len) > 17 * (headers_len + raw.len))
        fail_msg("%zu bytes for %zu", len, raw.len);
}

static void no_answer_is_above_1_7_times_the_question_on_the_wire(void **state)
{
    (void)state;
    struct auger_addr ipv4 = addr_of("192.0.2.1:1"), ipv6 = addr_of("[2001:db8::1]:1");

    for (uint16_t unknown = 0; unknown <= 100; unknown++) {
        for (size_t known = 0; known <= 3; known++) {
            for (int fingerprint = 0; fingerprint < 2; fingerprint++) {
                raw_begin(&raw, REQUEST);
                for (uint16_t i = 0; i < unknown; i++)
                    raw_attr(&raw, (uint16_t)(0x4000 + i), NULL, 0);
                for (size_t i = 0; i < known; i++)
                    raw_attr(&raw, AUGER_STUN_ATTR_PADDING + (uint16_t)(i % 2), NULL, 2 * i);
                if (fingerprint)
                    raw_attr(&raw, AUGER_STUN_ATTR_FINGERPRINT, NULL, 4);
                assert_within_budget(28, &ipv4);
                assert_within_budget(48, &ipv6);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_hears_its_own_address),
        cmocka_unit_test(a_repeated_question_gets_the_same_answer),
        cmocka_unit_test(who_sends_a_fingerprint_gets_one),
        cmocka_unit_test(credentials_are_neither_asked_for_nor_minded),
        cmocka_unit_test(what_need_not_be_understood_is_ignored),
        cmocka_unit_test(what_must_be_understood_is_refused_by_name),
        cmocka_unit_test(behaviour_discovery_is_refused),
        cmocka_unit_test(beside_a_full_list_it_is_still_refused),
        cmocka_unit_test(only_binding_requests_are_answered),
        cmocka_unit_test(our_own_answers_are_not_answered),
        cmocka_unit_test(what_is_malformed_gets_no_answer),
        cmocka_unit_test(a_datagram_of_more_than_2048_bytes_gets_no_answer),
        cmocka_unit_test(a_reply_that_does_not_fit_is_none),
        cmocka_unit_test(no_answer_is_above_1_7_times_the_question_on_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
