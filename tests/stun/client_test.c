/* The Binding client: RFC 8489 sections 6.1 to 6.3.4, in virtual time. */
#include "tests/stun/message.h"

#include "stun/client.h"

#include <auger/crypto.h>

#include <stdlib.h>

#define SERVER "198.51.100.53:3478"
#define US "192.0.2.1:32853"

static struct raw raw;

struct asking {
    struct auger_stun_client *client;
    struct auger_addr server;
    struct auger_stun_msg request;
    uint8_t buf[64];
};

/* A client whose first request has left at 0. */
static struct asking *ask(void)
{
    static struct asking a;

    a = (struct asking){.server = addr_of(SERVER)};
    assert_int_equal(auger_stun_client_new(&a.client, auger_env_system(), 0, &a.server), 0);
    size_t len = auger_stun_client_poll_transmit(a.client, 0, a.buf, sizeof(a.buf));
    assert_int_equal(auger_stun_msg_parse(&a.request, a.buf, len), 0);
    return &a;
}

/* An answer of that class to the question; attributes may follow. */
static struct raw *begin_answer(const struct asking *a, uint16_t type)
{
    raw_begin(&raw, type);
    memcpy(raw.buf + 8, a->request.tid.bytes, 12);
    return &raw;
}

static void add_mapped(uint16_t type)
{
    static const uint8_t plain[] = {0, 1, 0x80, 0x55, 192, 0, 2, 1};
    static const uint8_t xored[] = {0, 1, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43}; /* RFC 5769 */

    raw_attr(&raw, type, type == AUGER_STUN_ATTR_MAPPED_ADDRESS ? plain : xored, 8);
}

static bool hear_from(const struct asking *a, const struct auger_addr *from)
{
    return auger_stun_client_handle_datagram(a->client, from, at_the_edge(raw.buf, raw.len),
                                             raw.len);
}

static bool hear(const struct asking *a)
{
    return hear_from(a, &a->server);
}

static void assert_answered(struct asking *a)
{
    struct auger_addr us = addr_of(US);

    assert_int_equal(auger_stun_client_state(a->client), AUGER_STUN_CLIENT_ANSWERED);
    assert_true(auger_addr_equal(auger_stun_client_mapped(a->client), &us));
    assert_int_equal(auger_stun_client_next_timeout(a->client), AUGER_NEVER);
    assert_int_equal(auger_stun_client_poll_transmit(a->client, AUGER_SEC, a->buf, 64), 0);
    auger_stun_client_free(a->client);
}

static void assert_refused(struct asking *a, uint16_t code)
{
    assert_int_equal(auger_stun_client_state(a->client), AUGER_STUN_CLIENT_REFUSED);
    assert_int_equal(auger_stun_client_error_code(a->client), code);
    assert_null(auger_stun_client_mapped(a->client));
    assert_int_equal(auger_stun_client_next_timeout(a->client), AUGER_NEVER);
    assert_int_equal(auger_stun_client_poll_transmit(a->client, AUGER_SEC, a->buf, 64), 0);
    auger_stun_client_free(a->client);
}

static void assert_still_asking(struct asking *a)
{
    assert_int_equal(auger_stun_client_state(a->client), AUGER_STUN_CLIENT_ASKING);
    assert_null(auger_stun_client_mapped(a->client));
    assert_int_equal(auger_stun_client_next_timeout(a->client), 500 * AUGER_MS);
    auger_stun_client_free(a->client);
}

/* --- asking ---------------------------------------------------------------------------------- */

static void the_question_is_a_bare_binding_request(void **state)
{
    (void)state;
    struct asking *a = ask();

    assert_int_equal(a->request.class_, AUGER_STUN_REQUEST);
    assert_int_equal(a->request.method, AUGER_STUN_BINDING);
    assert_int_equal(a->request.len, AUGER_STUN_HEADER_LEN);
    assert_still_asking(a);
}

static void it_is_repeated_to_the_byte_and_given_up_after_39_5_s(void **state)
{
    (void)state;
    static const int64_t wanted_ms[] = {500, 1500, 3500, 7500, 15500, 31500, 39500};
    struct asking *a = ask();

    for (size_t i = 0; i < COUNT(wanted_ms); i++) {
        auger_time at = wanted_ms[i] * AUGER_MS;
        uint8_t buf[64];
        assert_int_equal(auger_stun_client_next_timeout(a->client), at);
        auger_stun_client_handle_timeout(a->client, at - 1);
        assert_int_equal(auger_stun_client_poll_transmit(a->client, at - 1, buf, 64), 0);
        assert_int_equal(auger_stun_client_state(a->client), AUGER_STUN_CLIENT_ASKING);
        auger_stun_client_handle_timeout(a->client, at);
        size_t len = auger_stun_client_poll_transmit(a->client, at, buf, sizeof(buf));
        assert_int_equal(len, i < 6 ? 20 : 0);
        assert_memory_equal(buf, a->buf, len);
    }
    assert_int_equal(auger_stun_client_state(a->client), AUGER_STUN_CLIENT_TIMEOUT);
    assert_int_equal(auger_stun_client_next_timeout(a->client), AUGER_NEVER);
    begin_answer(a, SUCCESS);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    assert_false(hear(a)); /* too late */
    auger_stun_client_free(a->client);
}

static void a_buffer_that_is_too_small_costs_no_attempt(void **state)
{
    (void)state;
    struct asking *a = ask();

    assert_int_equal(auger_stun_client_poll_transmit(a->client, AUGER_SEC, a->buf, 19), 0);
    assert_int_equal(auger_stun_client_poll_transmit(a->client, AUGER_SEC, a->buf, 20), 20);
    auger_stun_client_free(a->client);
}

static void only_what_can_be_sent_to_is_a_server(void **state)
{
    (void)state;
    static const char *const bad[] = {"0.0.0.0:3478",    "224.0.0.1:3478", "255.255.255.255:3478",
                                      "198.51.100.53:0", "[::]:3478",      "[ff02::1]:3478"};
    struct auger_stun_client *client;

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct auger_addr server = addr_of(bad[i]);
        assert_int_equal(auger_stun_client_new(&client, auger_env_system(), 0, &server),
                         AUGER_ERR_INVALID);
    }
    assert_int_equal(
        auger_stun_client_new(&client, auger_env_system(), 0, &(struct auger_addr){.port = 1}),
        AUGER_ERR_INVALID);
    auger_stun_client_free(NULL);
}

static size_t blocks;

static int no_random(void *user, uint8_t *buf, size_t len)
{
    (void)user, (void)buf, (void)len;
    return AUGER_ERR_ENTROPY;
}

static void *no_memory(void *user, size_t size)
{
    (void)user, (void)size;
    return NULL;
}

static void *count_alloc(void *user, size_t size)
{
    (void)user;
    blocks++;
    return calloc(1, size);
}

static void count_release(void *user, void *ptr)
{
    (void)user;
    blocks--;
    free(ptr);
}

static void without_entropy_or_memory_there_is_no_client(void **state)
{
    (void)state;
    struct auger_env env = {.random = no_random, .alloc = count_alloc, .release = count_release};
    struct auger_addr server = addr_of(SERVER);
    struct auger_stun_client *client;

    assert_int_equal(auger_stun_client_new(&client, &env, 0, &server), AUGER_ERR_ENTROPY);
    assert_int_equal(blocks, 0);
    env.random = auger_env_system()->random;
    assert_int_equal(auger_stun_client_new(&client, &env, 0, &server), 0);
    assert_int_equal(blocks, 1);
    auger_stun_client_free(client);
    assert_int_equal(blocks, 0);
    env.alloc = no_memory;
    assert_int_equal(auger_stun_client_new(&client, &env, 0, &server), AUGER_ERR_NO_MEMORY);
}

/* --- the answer --------------------------------------------------------------------------------
 */

static void our_own_server_answers(void **state)
{
    (void)state;
    struct asking *a = ask();
    struct auger_addr us = addr_of(US);

    raw.len = auger_stun_server_answer(&us, a->buf, a->request.len, raw.buf, sizeof(raw.buf));
    assert_true(hear(a));
    assert_answered(a);
}

static void either_form_of_the_address_will_do(void **state)
{
    (void)state;
    static const uint16_t types[] = {AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS,
                                     AUGER_STUN_ATTR_MAPPED_ADDRESS};

    for (size_t i = 0; i < COUNT(types); i++) {
        struct asking *a = ask();
        begin_answer(a, SUCCESS);
        add_mapped(types[i]);
        assert_true(hear(a));
        assert_answered(a);
    }
}

/* Some NATs rewrite the plain one (14.2). */
static void of_both_forms_the_xored_one_counts(void **state)
{
    (void)state;
    struct asking *a = ask();

    raw_attr(begin_answer(a, SUCCESS), AUGER_STUN_ATTR_MAPPED_ADDRESS, "\0\1\0\1\12\0\0\1", 8);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    assert_true(hear(a));
    assert_answered(a);
}

static void an_answer_of_coturn_is_understood(void **state)
{
    (void)state;
    struct asking *a = ask();
    uint8_t buf[256];

    raw.len = load("../fuzz/corpus/stun/coturn-answer-mapped-and-other-address", buf, sizeof(buf));
    memcpy(raw.buf, buf, raw.len);
    memcpy(raw.buf + 8, a->request.tid.bytes, 12);
    assert_true(hear(a));
    assert_int_equal(auger_stun_client_state(a->client), AUGER_STUN_CLIENT_ANSWERED);
    auger_stun_client_free(a->client);
}

static void an_answer_without_an_address_is_a_refusal(void **state)
{
    (void)state;
    struct asking *a = ask();

    begin_answer(a, SUCCESS);
    assert_true(hear(a));
    assert_refused(a, 0);
}

static void an_answer_that_is_not_understood_is_a_refusal(void **state)
{
    (void)state;
    struct asking *a = ask();

    begin_answer(a, SUCCESS);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    raw_attr(&raw, 0x7FFF, NULL, 0);
    assert_true(hear(a));
    assert_refused(a, 0);
}

static const struct {
    const char *value;
    size_t len;
    uint16_t code;
} errors[] = {
    {"\0\0\3\0", 4, 300}, /* never followed: it is not authenticated (14.8) */
    {"\0\0\4\0", 4, 400},   {"\0\0\4\24", 4, 420}, {"\0\0\5\0", 4, 500},
    {"\0\0\6\143", 4, 699}, {"\0\0\7\0", 4, 0},
};

static void every_error_is_a_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct asking *a = ask();
        begin_answer(a, FAILURE);
        raw_attr(&raw, AUGER_STUN_ATTR_ERROR_CODE, errors[i].value, errors[i].len);
        raw_attr(&raw, AUGER_STUN_ATTR_ALTERNATE_SERVER, "\0\1\15\226\306\63\144\1", 8);
        add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS); /* which an error does not have */
        assert_true(hear(a));
        assert_refused(a, errors[i].code);
    }
    struct asking *a = ask();
    begin_answer(a, FAILURE);
    assert_true(hear(a));
    assert_refused(a, 0);
}

/* --- what is no answer
 * ----------------------------------------------------------------------------- */

static void an_answer_from_elsewhere_is_none(void **state)
{
    (void)state;
    static const char *const others[] = {"198.51.100.53:3479", "198.51.100.54:3478",
                                         "[2001:db8::1]:3478"};

    for (size_t i = 0; i < COUNT(others); i++) {
        struct asking *a = ask();
        struct auger_addr other = addr_of(others[i]);
        begin_answer(a, SUCCESS);
        add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
        assert_false(hear_from(a, &other));
        assert_still_asking(a);
    }
}

static void an_answer_to_another_question_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        struct asking *a = ask();
        begin_answer(a, SUCCESS);
        raw.buf[8 + i] ^= 0x10;
        add_mapped(AUGER_STUN_ATTR_MAPPED_ADDRESS);
        assert_false(hear(a));
        assert_still_asking(a);
    }
}

static void nothing_answers_before_the_question(void **state)
{
    (void)state;
    struct asking *a = ask();
    struct auger_stun_client fresh = *a->client;

    fresh.question.tx.sent = 0;
    begin_answer(a, SUCCESS);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    assert_false(auger_stun_client_handle_datagram(&fresh, &a->server, raw.buf, raw.len));
    assert_still_asking(a);
}

static void only_binding_responses_are_answers(void **state)
{
    (void)state;
    static const uint16_t types[] = {REQUEST, INDICATION, 0x0103, 0x0113, 0x0300};

    for (size_t i = 0; i < COUNT(types); i++) {
        struct asking *a = ask();
        begin_answer(a, types[i]);
        add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
        assert_false(hear(a));
        assert_still_asking(a);
    }
}

static void what_is_malformed_is_no_answer(void **state)
{
    (void)state;
    struct asking *a = ask();

    begin_answer(a, SUCCESS);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    raw.len -= 4;
    assert_false(hear(a));
    raw_attr(begin_answer(a, SUCCESS), 0xC057, NULL, 2028); /* above 2048 bytes */
    assert_false(hear(a));
    assert_still_asking(a);
}

static void the_first_answer_stands(void **state)
{
    (void)state;
    struct asking *a = ask();

    begin_answer(a, SUCCESS);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    assert_true(hear(a));
    raw_attr(begin_answer(a, FAILURE), AUGER_STUN_ATTR_ERROR_CODE, "\0\0\4\0", 4);
    assert_false(hear(a));
    assert_answered(a);
}

/* An owner asks again, to keep a mapping: with another identifier. */
static void asking_again_is_another_question(void **state)
{
    (void)state;
    struct asking *a = ask();

    begin_answer(a, SUCCESS);
    add_mapped(AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS);
    assert_true(hear(a));
    assert_int_equal(
        auger_stun_question_start(&a->client->question, auger_env_system(), 0, AUGER_STUN_RTO), 0);
    assert_int_equal(auger_stun_client_poll_transmit(a->client, 0, a->buf, 64), 20);
    assert_memory_not_equal(a->buf + 8, a->request.tid.bytes, 12);
    assert_false(hear(a));
    assert_still_asking(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_is_a_bare_binding_request),
        cmocka_unit_test(it_is_repeated_to_the_byte_and_given_up_after_39_5_s),
        cmocka_unit_test(a_buffer_that_is_too_small_costs_no_attempt),
        cmocka_unit_test(only_what_can_be_sent_to_is_a_server),
        cmocka_unit_test(without_entropy_or_memory_there_is_no_client),
        cmocka_unit_test(our_own_server_answers),
        cmocka_unit_test(either_form_of_the_address_will_do),
        cmocka_unit_test(of_both_forms_the_xored_one_counts),
        cmocka_unit_test(an_answer_of_coturn_is_understood),
        cmocka_unit_test(an_answer_without_an_address_is_a_refusal),
        cmocka_unit_test(an_answer_that_is_not_understood_is_a_refusal),
        cmocka_unit_test(every_error_is_a_refusal),
        cmocka_unit_test(an_answer_from_elsewhere_is_none),
        cmocka_unit_test(an_answer_to_another_question_is_none),
        cmocka_unit_test(nothing_answers_before_the_question),
        cmocka_unit_test(only_binding_responses_are_answers),
        cmocka_unit_test(what_is_malformed_is_no_answer),
        cmocka_unit_test(the_first_answer_stands),
        cmocka_unit_test(asking_again_is_another_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
