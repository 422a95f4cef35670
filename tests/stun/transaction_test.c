/* When a request leaves and when it is given up: RFC 8489 section 6.2, in virtual time. */
#include "tests/stun/message.h"

#include "stun/transaction.h"

#include <auger/crypto.h>

#include <stdlib.h>

static struct auger_stun_transaction start(auger_time now, auger_time rto)
{
    struct auger_stun_transaction t;

    assert_int_equal(auger_stun_transaction_start(&t, auger_env_system(), now, rto), 0);
    return t;
}

/* The requests leave when they are due, no sooner; the times of all, and of the end. */
static size_t run(struct auger_stun_transaction *t, auger_time now, auger_time *times, size_t max)
{
    size_t count = 0;

    while (!auger_stun_transaction_is_expired(t, now)) {
        auger_time next = auger_stun_transaction_next_timeout(t);
        assert_true(next >= now);
        if (next > now) {
            assert_false(auger_stun_transaction_is_due(t, next - 1));
            assert_false(auger_stun_transaction_is_expired(t, next - 1));
        }
        now = next;
        assert_true(count < max);
        times[count++] = now;
        if (auger_stun_transaction_is_due(t, now)) {
            assert_false(auger_stun_transaction_is_expired(t, now));
            auger_stun_transaction_sent(t, now);
            assert_false(auger_stun_transaction_is_due(t, now));
        }
    }
    return count;
}

/* The example of 6.2.1. */
static void seven_requests_leave_in_doubling_steps(void **state)
{
    (void)state;
    static const int64_t wanted_ms[] = {0, 500, 1500, 3500, 7500, 15500, 31500, 39500};
    struct auger_stun_transaction t = start(10 * AUGER_SEC, 500 * AUGER_MS);
    auger_time times[16];

    assert_int_equal(run(&t, 10 * AUGER_SEC, times, COUNT(times)), COUNT(wanted_ms));
    for (size_t i = 0; i < COUNT(wanted_ms); i++)
        assert_int_equal(times[i], 10 * AUGER_SEC + wanted_ms[i] * AUGER_MS);
    assert_int_equal(t.sent, 7);
}

static void the_defaults_are_those_of_the_rfc(void **state)
{
    (void)state;
    struct auger_stun_transaction t = start(0, AUGER_STUN_RTO);

    assert_int_equal(AUGER_STUN_RTO, 500 * AUGER_MS);
    assert_int_equal(t.rc, 7);
    assert_int_equal(t.rm, 16);
    assert_int_equal(auger_stun_transaction_next_timeout(&t), 0);
    assert_true(auger_stun_transaction_is_due(&t, 0));
}

static void the_steps_follow_the_first_timeout(void **state)
{
    (void)state;
    static const auger_time rtos[] = {1, 5 * AUGER_MS, 501 * AUGER_MS, 3 * AUGER_SEC};

    for (size_t i = 0; i < COUNT(rtos); i++) {
        struct auger_stun_transaction t = start(0, rtos[i]);
        auger_time times[16];
        assert_int_equal(run(&t, 0, times, COUNT(times)), 8);
        for (size_t j = 0; j < 7; j++)
            assert_int_equal(times[j], ((1 << j) - 1) * rtos[i]);
        assert_int_equal(times[7], 79 * rtos[i]);
    }
}

static void rc_and_rm_can_be_chosen(void **state)
{
    (void)state;
    struct auger_stun_transaction t = start(0, AUGER_SEC);
    auger_time times[16];

    t.rc = 3;
    t.rm = 2;
    assert_int_equal(run(&t, 0, times, COUNT(times)), 4);
    assert_int_equal(times[2], 3 * AUGER_SEC);
    assert_int_equal(times[3], 5 * AUGER_SEC);
}

/* 6.2.2: one request, and Ti of 39.5 s. */
static void over_a_stream_one_request_waits_as_long(void **state)
{
    (void)state;
    struct auger_stun_transaction t = start(0, AUGER_STUN_RTO);
    auger_time times[4];

    t.rc = 1;
    t.rm = 79;
    assert_int_equal(run(&t, 0, times, COUNT(times)), 2);
    assert_int_equal(times[1], 39500 * AUGER_MS);
}

static void very_many_requests_do_not_overflow(void **state)
{
    (void)state;
    struct auger_stun_transaction t = start(0, AUGER_STUN_RTO);
    auger_time last = 0;

    t.rc = 255;
    t.rm = 255;
    for (int i = 0; i < 255; i++) {
        auger_stun_transaction_sent(&t, last);
        auger_time next = auger_stun_transaction_next_timeout(&t);
        assert_true(next >= last);
        last = next;
    }
    assert_int_equal(last, AUGER_NEVER);
}

/* A caller that sleeps through three of its deadlines sends one request, not three. */
static void a_late_caller_sends_no_burst(void **state)
{
    (void)state;
    struct auger_stun_transaction t = start(0, AUGER_STUN_RTO);

    auger_stun_transaction_sent(&t, 0);
    assert_true(auger_stun_transaction_is_due(&t, 8 * AUGER_SEC));
    auger_stun_transaction_sent(&t, 8 * AUGER_SEC);
    assert_false(auger_stun_transaction_is_due(&t, 8 * AUGER_SEC));
    assert_int_equal(auger_stun_transaction_next_timeout(&t), 9 * AUGER_SEC);
    assert_int_equal(t.first_sent_at, 0);
    assert_int_equal(t.last_sent_at, 8 * AUGER_SEC);
}

static void nothing_answers_what_has_not_been_asked(void **state)
{
    (void)state;
    struct auger_stun_transaction t = start(0, AUGER_STUN_RTO);
    struct auger_stun_tid id = t.id;

    assert_false(auger_stun_transaction_matches(&t, &id));
    auger_stun_transaction_sent(&t, 0);
    assert_true(auger_stun_transaction_matches(&t, &id));
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        id.bytes[i] ^= 1;
        assert_false(auger_stun_transaction_matches(&t, &id));
        id.bytes[i] ^= 1;
    }
}

static int no_random(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    memset(buf, 4, len);
    return AUGER_ERR_ENTROPY;
}

static void without_entropy_there_is_no_transaction(void **state)
{
    (void)state;
    struct auger_env env = *auger_env_system();
    struct auger_stun_transaction t, before;

    env.random = no_random;
    memset(&t, 0x55, sizeof(t));
    before = t;
    assert_int_equal(auger_stun_transaction_start(&t, &env, 0, AUGER_STUN_RTO), AUGER_ERR_ENTROPY);
    assert_memory_equal(&t, &before, sizeof(t));
}

/* Of the ordinary environment, in larger pieces, to be quicker. */
static int buffered_random(void *user, uint8_t *buf, size_t len)
{
    static uint8_t stock[48000];
    static size_t left;
    (void)user;

    if (left < len) {
        left = sizeof(stock);
        if (auger_env_system()->random(NULL, stock, sizeof(stock)) != 0)
            return AUGER_ERR_ENTROPY;
    }
    left -= len;
    memcpy(buf, stock + left, len);
    return 0;
}

/* The first eight bytes of each are enough to tell: two of them alike by chance would come
 * once in tens of millions of runs. */
static void a_million_identifiers_are_all_different(void **state)
{
    (void)state;
    enum { MANY = 1000000, SLOTS = 1 << 21 };
    const struct auger_env env = {.random = buffered_random};
    uint64_t *seen = calloc(SLOTS, sizeof(*seen)); /* 0: free */
    struct auger_stun_transaction t;

    assert_non_null(seen);
    for (size_t i = 0; i < MANY; i++) {
        uint64_t id;
        if (auger_stun_transaction_start(&t, &env, 0, AUGER_STUN_RTO) != 0)
            fail();
        memcpy(&id, t.id.bytes, sizeof(id));
        size_t at = id % SLOTS;
        for (; seen[at]; at = (at + 1) % SLOTS)
            if (seen[at] == id)
                fail();
        seen[at] = id;
    }
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seven_requests_leave_in_doubling_steps),
        cmocka_unit_test(the_defaults_are_those_of_the_rfc),
        cmocka_unit_test(the_steps_follow_the_first_timeout),
        cmocka_unit_test(rc_and_rm_can_be_chosen),
        cmocka_unit_test(over_a_stream_one_request_waits_as_long),
        cmocka_unit_test(very_many_requests_do_not_overflow),
        cmocka_unit_test(a_late_caller_sends_no_burst),
        cmocka_unit_test(nothing_answers_what_has_not_been_asked),
        cmocka_unit_test(without_entropy_there_is_no_transaction),
        cmocka_unit_test(a_million_identifiers_are_all_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
