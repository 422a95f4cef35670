/* The ClientHello: those that browsers send in two datagrams, and large ones of OpenSSL.
 * The bytes in tests/data/dtls are as they were on the wire. */
#include "tests/dtls/pair.h"

struct hello {
    struct {
        uint8_t bytes[RAW_DATAGRAM_MAX];
        size_t len;
    } parts[2];
};

static void load(struct hello *hello, const char *who, int part, int parts)
{
    char path[256];

    if (parts == 1)
        snprintf(path, sizeof(path), TEST_DATA "/dtls/%s-client-hello.bin", who);
    else
        snprintf(path, sizeof(path), TEST_DATA "/dtls/%s-client-hello-%d-of-2.bin", who, part + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    hello->parts[part].len = fread(hello->parts[part].bytes, 1, RAW_DATAGRAM_MAX, file);
    fclose(file);
    assert_in_range(hello->parts[part].len, 100, 1450);
}

static struct pair *server_alone(void)
{
    struct pair *pair = pair_with_raw(SERVER, NULL);

    introduce(pair, SERVER);
    start(pair, SERVER);
    return pair;
}

/* How many flights of a ServerHello and what follows it are there to be sent. */
static unsigned take_flights(struct pair *pair)
{
    uint8_t buf[RAW_DATAGRAM_MAX];
    unsigned hellos = 0;
    size_t len;

    while ((len = poll_transmit(pair, SERVER, buf)) > 0) {
        assert_true(len > 25);
        hellos += buf[0] == 22 && buf[13] == 2;
    }
    return hellos;
}

/* As from a retransmission: the same bytes in a later record. */
static void renumber(uint8_t *record, uint8_t seq)
{
    record[10] = seq;
}

/* '1' and '2' are the parts, 'a' and 'b' the same as they come again. */
static unsigned answers(const struct hello *hello, const char *order)
{
    struct pair *pair = server_alone();
    unsigned flights = 0;
    uint8_t seq = 2;

    for (const char *c = order; *c; c++) {
        int part = *c == '2' || *c == 'b';
        uint8_t bytes[RAW_DATAGRAM_MAX];
        memcpy(bytes, hello->parts[part].bytes, hello->parts[part].len);
        if (*c == 'a' || *c == 'b')
            renumber(bytes, seq++);
        deliver(pair, SERVER, bytes, hello->parts[part].len);
        if (c[1]) /* not before the last one that was missing */
            assert_int_equal(flights, 0);
        flights += take_flights(pair);
    }
    assert_int_equal(auger_dtls_get_state(pair->ends[SERVER].dtls), AUGER_DTLS_CONNECTING);
    pair_free(pair);
    return flights;
}

static void test_two_datagrams_in_any_order_get_one_answer_at_once(void **state)
{
    (void)state;
    static const char *const browsers[] = {"chromium156", "firefox153"};
    static const char *const complete[] = {"12",   "21",  "112", "221", "1b",    "2a",
                                           "11a2", "2b1", "1ab", "2ba", "1a1ab", "2bb2ba"};
    static const char *const partial[] = {"1", "2", "11", "22", "1a1a", "2b2b"};

    for (size_t i = 0; i < ARRAY_LEN(browsers); i++) {
        struct hello hello;
        for (int part = 0; part < 2; part++)
            load(&hello, browsers[i], part, 2);
        for (size_t j = 0; j < ARRAY_LEN(complete); j++)
            if (answers(&hello, complete[j]) != 1)
                fail_msg("%s, in the order %s: no answer", browsers[i], complete[j]);
        for (size_t j = 0; j < ARRAY_LEN(partial); j++)
            if (answers(&hello, partial[j]) != 0)
                fail_msg("%s, in the order %s: an answer", browsers[i], partial[j]);
    }
}

static void test_a_hello_that_comes_again_whole_is_answered_by_our_timer_alone(void **state)
{
    (void)state;
    struct hello hello;
    struct pair *pair = server_alone();

    for (int round = 0; round < 3; round++)
        for (int part = 0; part < 2; part++) {
            load(&hello, "chromium156", part, 2);
            renumber(hello.parts[part].bytes, (uint8_t)(2 * round + part));
            deliver(pair, SERVER, hello.parts[part].bytes, hello.parts[part].len);
        }
    assert_int_equal(take_flights(pair), 1);
    pair->now += 100 * AUGER_MS;
    auger_dtls_handle_timeout(pair->ends[SERVER].dtls, pair->now);
    assert_int_equal(take_flights(pair), 1);
    pair_free(pair);
}

static void test_hellos_of_other_stacks_are_answered(void **state)
{
    (void)state;
    static const char *const stacks[] = {"aiortc", "node-datachannel", "libwebrtc", "werift"};

    for (size_t i = 0; i < ARRAY_LEN(stacks); i++) {
        struct hello hello;
        load(&hello, stacks[i], 0, 1);
        assert_int_equal(answers(&hello, "1"), 1);
    }
}

/* --- whole handshakes -------------------------------------------------------------------- */

static size_t lost;
static bool swap;

/* The first two datagrams of the client are its hello. */
static void carry_hello(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    size_t n = pair->ends[from].sent;

    if (from == CLIENT && n == lost)
        return;
    put_on_wire(pair, !from, from == CLIENT && n == 1 && swap ? DELAY + AUGER_MS : DELAY, buf, len);
}

static void test_a_large_hello_of_openssl_leads_to_a_handshake(void **state)
{
    (void)state;
    static const struct raw_options options = {.hello_padding = 1400};

    for (lost = 0; lost <= 2; lost++)
        for (swap = false;; swap = true) {
            struct pair *pair = pair_with_raw(SERVER, &options);
            pair->carry = carry_hello;
            start_both(pair);
            settle(pair);
            assert_int_equal(pair->ends[CLIENT].sent, 2);
            run_for(pair, 10 * AUGER_SEC);
            assert_talk(pair);
            pair_free(pair);
            if (swap)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_datagrams_in_any_order_get_one_answer_at_once),
        cmocka_unit_test(test_a_hello_that_comes_again_whole_is_answered_by_our_timer_alone),
        cmocka_unit_test(test_hellos_of_other_stacks_are_answered),
        cmocka_unit_test(test_a_large_hello_of_openssl_leads_to_a_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
