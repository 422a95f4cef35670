/* What the library keeps for the whole process, docs/decisions/030: associations do not
 * disturb each other, also when threads take turns. */
#include "tests/sctp/pair.h"

#include <pthread.h>

#define DELAY (10 * AUGER_MS)

/* Many pairs on one clock: the clock of the first. */
static void run_together(struct pair **pairs, size_t len, auger_time time)
{
    auger_time limit = pairs[0]->now + time;

    for (;;) {
        auger_time at = AUGER_NEVER;
        for (size_t i = 0; i < len; i++) {
            current = pairs[i];
            settle(pairs[i]);
            if (next_of(pairs[i]) < at)
                at = next_of(pairs[i]);
        }
        if (at > limit)
            break;
        for (size_t i = 0; i < len; i++) {
            current = pairs[i];
            if (next_of(pairs[i]) <= at)
                (void)!pair_step(pairs[i], at);
            else
                pairs[i]->now = at;
        }
    }
    for (size_t i = 0; i < len; i++)
        pairs[i]->now = limit;
}

static void test_twenty_pairs_of_one_process_do_not_hear_each_other(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct pair *pairs[COUNT];
    char text[32];

    for (size_t i = 0; i < COUNT; i++) { /* all on the same ports */
        pairs[i] = pair_new(100 + i);
        pairs[i]->wire = (struct wire){.delay = DELAY, .loss_percent = i % 2 ? 10 : 0};
        pair_add_engine(pairs[i], ALICE, NULL);
        pair_add_engine(pairs[i], BOB, NULL);
        auger_channel channel = open_channel(pairs[i], ALICE, "", false);
        snprintf(text, sizeof(text), "from %zu", i);
        assert_int_equal(send_text(pairs[i], ALICE, channel, text), 0);
        pair_connect(pairs[i]);
    }
    run_together(pairs, COUNT, 60 * AUGER_SEC);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(text, sizeof(text), "from %zu", i);
        assert_int_equal(count_events(pairs[i], BOB, AUGER_SCTP_EVENT_MESSAGE), 1);
        assert_true(has_message(nth_event(pairs[i], BOB, AUGER_SCTP_EVENT_MESSAGE, 0),
                                AUGER_MESSAGE_TEXT, text));
    }
    for (size_t i = 0; i < COUNT; i += 2) /* the end of some is not the end of others */
        pair_free(pairs[i]);
    for (size_t i = 1; i < COUNT; i += 2) {
        current = pairs[i];
        pair_forget_records(pairs[i]);
        open_channel(pairs[i], BOB, "", false);
        assert_true(run_until(pairs[i], BOB, AUGER_SCTP_EVENT_OPEN, 1, 60 * AUGER_SEC));
        pair_free(pairs[i]);
    }
}

/* --- threads -------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static size_t turn;       /* whose it is */
static auger_time common; /* one process, one clock */

struct worker {
    struct pair *pair;
    size_t number;
};

/* One thread's pair; each of its steps is a turn. */
static void *work(void *user)
{
    struct worker *worker = user;
    struct pair *pair = worker->pair;

    for (int i = 0; i < 400; i++) {
        pthread_mutex_lock(&lock);
        while (turn != worker->number)
            pthread_cond_wait(&turned, &lock);
        current = pair;
        pair->now = pair->now > common ? pair->now : common;
        (void)!pair_step(pair, pair->now + AUGER_SEC);
        common = pair->now;
        turn = 1 - turn;
        pthread_cond_broadcast(&turned);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* All associations belong to one thread at a time, says <auger/sctp.h>: at another time
 * it may be another. */
static void test_engines_of_two_threads_that_take_turns_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct worker workers[2];
    pthread_t threads[2];

    for (size_t i = 0; i < 2; i++) {
        workers[i] = (struct worker){pair_new(200 + i), i};
        workers[i].pair->wire.delay = DELAY;
        pair_add_engine(workers[i].pair, ALICE, NULL);
        pair_add_engine(workers[i].pair, BOB, NULL);
        auger_channel channel = open_channel(workers[i].pair, ALICE, "", false);
        for (int k = 0; k < 10; k++)
            assert_int_equal(send_text(workers[i].pair, ALICE, channel, i ? "one" : "nought"), 0);
        pair_connect(workers[i].pair);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        struct pair *pair = workers[i].pair;
        current = pair;
        assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 10);
        for (size_t k = 0; k < 10; k++)
            assert_true(has_message(nth_event(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, k),
                                    AUGER_MESSAGE_TEXT, i ? "one" : "nought"));
        pair_free(pair);
    }
}

/* --- the clock ------------------------------------------------------------------------ */

static void test_a_world_whose_clock_begins_anew_works(void **state)
{
    (void)state;
    static const auger_time starts[] = {1, 5000 * AUGER_SEC, 4294966 * AUGER_SEC, AUGER_SEC,
                                        36500 * (86400 * AUGER_SEC)};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct pair *pair = pair_new(300);
        pair->now = starts[i];
        pair->wire = (struct wire){.delay = DELAY, .loss_percent = 30};
        pair_add_engine(pair, ALICE, NULL);
        pair_add_engine(pair, BOB, NULL);
        open_channel(pair, ALICE, "", false);
        pair_connect(pair);
        assert_true(run_until(pair, ALICE, AUGER_SCTP_EVENT_OPEN, 1, 120 * AUGER_SEC));
        pair_free(pair);
    }
}

/* A process that was suspended is not taken for a peer that was silent. */
static void test_two_minutes_without_a_call_are_no_silence_of_the_peers(void **state)
{
    (void)state;
    struct talk talk = talk_new(301, DELAY, false);
    struct pair *pair = talk.pair;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(send_text(pair, ALICE, talk.at[ALICE], "before the lid was shut"), 0);
        pair->now += 120 * AUGER_SEC;
        handle_timeouts(pair);
        pair_run(pair, 10 * AUGER_SEC);
    }
    assert_int_equal(count_events(pair, ALICE, AUGER_SCTP_EVENT_DOWN), 0);
    assert_int_equal(count_events(pair, BOB, AUGER_SCTP_EVENT_MESSAGE), 5);
    pair_free(pair);
}

static void test_the_same_seed_is_the_same_run(void **state)
{
    (void)state;
    auger_time at[2];
    size_t sent[2];

    for (int i = 0; i < 2; i++) {
        struct pair *pair = pair_new(302);
        static uint8_t buf[200000];
        pair->wire = (struct wire){.delay = DELAY, .loss_percent = 10, .reorder_percent = 10};
        pair_add_engine(pair, ALICE, NULL);
        pair_add_engine(pair, BOB, NULL);
        auger_channel channel = open_channel(pair, ALICE, "", false);
        pair_connect(pair);
        assert_int_equal(send_bytes(pair, ALICE, channel, buf, sizeof(buf)), 0);
        assert_true(run_until(pair, BOB, AUGER_SCTP_EVENT_MESSAGE, 1, 600 * AUGER_SEC));
        at[i] = pair->now;
        sent[i] = pair->sides[ALICE].sent;
        pair_free(pair);
    }
    assert_int_equal(at[0], at[1]);
    assert_int_equal(sent[0], sent[1]);
}

/* --- creation --------------------------------------------------------------------------- */

static void test_a_config_that_cannot_work_is_invalid(void **state)
{
    (void)state;
    struct pair *pair = pair_new(303);
    struct auger_sctp_config good, bad[5];
    struct auger_sctp *sctp = NULL;

    auger_sctp_config_init(&good);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        bad[i] = good;
    bad[0].local_port = 0;
    bad[1].packet_max = 255;
    bad[2].packet_max = AUGER_DATAGRAM_MAX + 1;
    bad[3].max_message_size = 0;
    bad[4].channels_max = AUGER_STREAMS_MAX + 1;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(auger_sctp_new(&sctp, &pair->env, &bad[i]), AUGER_ERR_INVALID);
    assert_null(sctp);
    assert_int_equal(auger_sctp_new(&sctp, &pair->env, NULL), 0);
    const struct auger_sctp_remote nowhere = {.port = 0}, somewhere = {.port = 5000};
    assert_int_equal(auger_sctp_connect(sctp, pair->now, &nowhere), AUGER_ERR_INVALID);
    assert_int_equal(auger_sctp_connect(sctp, pair->now, &somewhere), 0);
    assert_int_equal(auger_sctp_connect(sctp, pair->now, &somewhere), AUGER_ERR_STATE);
    auger_sctp_free(sctp);
    pair_free(pair);
}

/* A caller of an older header knows fewer fields; the others are as by default. */
static void test_a_shorter_config_is_filled_up_with_defaults(void **state)
{
    (void)state;
    struct pair *pair = pair_new(304);
    struct auger_sctp_config config;
    struct auger_sctp *sctp;

    memset(&config, 0xEE, sizeof(config));
    auger_sctp_config_init_sized(&config, offsetof(struct auger_sctp_config, max_message_size));
    assert_int_equal(config.local_port, 5000);
    assert_int_equal(config.max_message_size, 0xEEEEEEEE);
    assert_int_equal(auger_sctp_new_sized(&sctp, &pair->env, &config,
                                          offsetof(struct auger_sctp_config, max_message_size)),
                     0);
    assert_int_equal(sctp->config.max_message_size, 262144);
    auger_sctp_free(sctp);
    clock_reads++; /* nothing was sent in this world */
    pair_free(pair);
}

/* Each allocation fails once: an error, nothing lost, and the next attempt works. */
static size_t fail_at, allocations;

static void *alloc_or_fail(void *user, size_t size)
{
    return ++allocations == fail_at ? NULL : pair_alloc(user, size);
}

static bool live_a_little(struct pair *pair)
{
    struct auger_sctp *sctp;
    const struct auger_channel_options options = {.label = "label", .protocol = "protocol"};
    const struct auger_sctp_remote remote = {.port = 5000};
    auger_channel channel;
    uint8_t packet[HEADER_LEN + 4] = {0};

    if (auger_sctp_new(&sctp, &pair->env, NULL) < 0)
        return false;
    auger_sctp_packet_seal(packet, sizeof(packet));
    auger_sctp_handle_datagram(sctp, pair->now, packet, sizeof(packet));
    bool ok = auger_sctp_channel_open(sctp, pair->now, &options, &channel) == 0 &&
              auger_sctp_send(sctp, pair->now, channel, AUGER_MESSAGE_TEXT, packet, 3) == 0 &&
              auger_sctp_connect(sctp, pair->now, &remote) == 0;
    auger_sctp_free(sctp);
    return ok;
}

static void test_memory_that_runs_out_anywhere_is_an_error_and_no_leak(void **state)
{
    (void)state;
    struct pair *pair = pair_new(305);
    size_t failures = 0;

    pair->env.alloc = alloc_or_fail;
    fail_at = 0;
    allocations = 0;
    assert_true(live_a_little(pair));
    size_t total = allocations;
    for (size_t i = 1; i <= total; i++) {
        fail_at = i;
        allocations = 0;
        failures += !live_a_little(pair);
        assert_int_equal(pair->blocks, 0);
    }
    assert_true(failures >= total - 3); /* a packet too early or one to send may be dropped */
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twenty_pairs_of_one_process_do_not_hear_each_other),
        cmocka_unit_test(test_engines_of_two_threads_that_take_turns_do_not_disturb_each_other),
        cmocka_unit_test(test_a_world_whose_clock_begins_anew_works),
        cmocka_unit_test(test_two_minutes_without_a_call_are_no_silence_of_the_peers),
        cmocka_unit_test(test_the_same_seed_is_the_same_run),
        cmocka_unit_test(test_a_config_that_cannot_work_is_invalid),
        cmocka_unit_test(test_a_shorter_config_is_filled_up_with_defaults),
        cmocka_unit_test(test_memory_that_runs_out_anywhere_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
