/* Two peers meet: how fast, and what gets through. */
#include "tests/peer/pair.h"

static void must_connect(struct pair *pair, auger_time within)
{
    auger_time until = pair->now + within;

    while (pair->now < until && (!find_state(pair, ALICE, AUGER_PEER_CONNECTED) ||
                                 !find_state(pair, BOB, AUGER_PEER_CONNECTED)))
        run_for(pair, 10 * AUGER_MS);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CONNECTED));
}

/* The `index`-th message of a side must be this one. */
static void must_have_message(struct pair *pair, int side, size_t index,
                              enum auger_message_kind kind, const void *data, size_t len)
{
    for (size_t i = 0; i < pair->records_len; i++) {
        const struct record *record = &pair->records[i];
        if (record->side != side || record->event.type != AUGER_PEER_EVENT_MESSAGE || index-- > 0)
            continue;
        assert_int_equal(record->event.kind, kind);
        assert_int_equal(record->event.data.len, len);
        assert_memory_equal(record->bytes, data, len);
        return;
    }
    fail_msg("a message is missing");
}

/* --- time (d is the delay one way) ---------------------------------------------------- */

static void a_path_is_usable_after_one_round_trip_and_a_channel_open_after_four_and_a_half(
    void **state)
{
    (void)state;
    static const auger_time delays[] = {0, 10 * AUGER_MS, 45 * AUGER_MS};
    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        auger_time d = delays[i];
        struct pair *pair = pair_new(d, NULL, NULL);
        open_channel(pair, ALICE, "chat");
        introduce(pair);
        auger_time t0 = pair->now;

        run_for(pair, 12 * d);

        assert_non_null(find_event(pair, ALICE, AUGER_PEER_EVENT_PATH));
        assert_non_null(find_event(pair, BOB, AUGER_PEER_EVENT_PATH));
        assert_int_equal(find_event(pair, ALICE, AUGER_PEER_EVENT_PATH)->at - t0, 2 * d);
        assert_int_equal(find_event(pair, BOB, AUGER_PEER_EVENT_PATH)->at - t0, 2 * d);
        assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
        assert_non_null(find_state(pair, BOB, AUGER_PEER_CONNECTED));
        assert_int_equal(find_state(pair, ALICE, AUGER_PEER_CONNECTED)->at - t0, 5 * d);
        assert_int_equal(find_state(pair, BOB, AUGER_PEER_CONNECTED)->at - t0, 6 * d);
        assert_non_null(find_event(pair, BOB, AUGER_PEER_EVENT_CHANNEL));
        assert_non_null(find_event(pair, ALICE, AUGER_PEER_EVENT_CHANNEL_OPEN));
        assert_int_equal(find_event(pair, BOB, AUGER_PEER_EVENT_CHANNEL)->at - t0, 8 * d);
        assert_int_equal(find_event(pair, ALICE, AUGER_PEER_EVENT_CHANNEL_OPEN)->at - t0, 9 * d);
        pair_free(pair);
    }
    assert_int_equal(allocated, 0);
}

static void a_first_message_arrives_with_the_channel(void **state)
{
    (void)state;
    struct pair *pair = pair_new(20 * AUGER_MS, NULL, NULL);
    auger_channel channel = open_channel(pair, ALICE, "chat");
    assert_int_equal(
        auger_peer_send(pair->peers[ALICE], pair->now, channel, AUGER_MESSAGE_TEXT, "early", 5), 0);
    introduce(pair);
    auger_time t0 = pair->now;
    run_for(pair, AUGER_SEC);

    const struct record *opened = find_event(pair, BOB, AUGER_PEER_EVENT_CHANNEL);
    const struct record *message = find_event(pair, BOB, AUGER_PEER_EVENT_MESSAGE);
    assert_non_null(opened);
    assert_non_null(message);
    assert_true(opened < message); /* in the order of events */
    assert_int_equal(message->at - t0, 160 * AUGER_MS);
    must_have_message(pair, BOB, 0, AUGER_MESSAGE_TEXT, "early", 5);
    pair_free(pair);
}

/* --- data -------------------------------------------------------------------------------- */

static void messages_of_every_size_arrive_as_they_were(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, 1163, 1200, 16384, 65536, 262144};
    static uint8_t bytes[262144];
    struct pair *pair = pair_new(5 * AUGER_MS, NULL, NULL);
    auger_channel ours = open_channel(pair, ALICE, "chat");
    introduce(pair);
    must_connect(pair, 2 * AUGER_SEC);
    run_for(pair, 200 * AUGER_MS);
    auger_channel theirs = find_event(pair, BOB, AUGER_PEER_EVENT_CHANNEL)->event.channel;

    read_random(bytes, sizeof(bytes));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(auger_peer_send(pair->peers[ALICE], pair->now, ours, AUGER_MESSAGE_BINARY,
                                         bytes, sizes[i]),
                         0);
        assert_int_equal(auger_peer_send(pair->peers[BOB], pair->now, theirs, AUGER_MESSAGE_TEXT,
                                         bytes, sizes[i]),
                         0);
        run_for(pair, 20 * AUGER_SEC);
        must_have_message(pair, BOB, i, AUGER_MESSAGE_BINARY, bytes, sizes[i]);
        must_have_message(pair, ALICE, i, AUGER_MESSAGE_TEXT, bytes, sizes[i]);
    }
    pair_free(pair);
}

static void a_channel_says_what_it_is_for(void **state)
{
    (void)state;
    struct auger_channel_options options = {
        .label = "grüße", .protocol = "auger-file", .unordered = true, .id = AUGER_STREAM_NONE};
    struct auger_channel_options seen;
    auger_channel channel;
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    introduce(pair);
    must_connect(pair, 2 * AUGER_SEC);
    assert_int_equal(auger_peer_channel_open(pair->peers[BOB], pair->now, &options, &channel), 0);
    run_for(pair, AUGER_SEC);

    channel = find_event(pair, ALICE, AUGER_PEER_EVENT_CHANNEL)->event.channel;
    assert_int_equal(auger_peer_channel_options(pair->peers[ALICE], channel, &seen), 0);
    assert_string_equal(seen.label, "grüße");
    assert_string_equal(seen.protocol, "auger-file");
    assert_true(seen.unordered);
    pair_free(pair);
}

static void what_is_lost_on_the_way_is_sent_again(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct pair *pair = pair_new(25 * AUGER_MS, NULL, NULL);
        random_state = seed;
        pair->loss_percent = 5;
        auger_channel channel = open_channel(pair, ALICE, "lossy");
        introduce(pair);
        must_connect(pair, 20 * AUGER_SEC);
        uint8_t message[20000];
        for (uint8_t i = 0; i < 20; i++) {
            memset(message, i, sizeof(message));
            assert_int_equal(auger_peer_send(pair->peers[ALICE], pair->now, channel,
                                             AUGER_MESSAGE_BINARY, message, sizeof(message)),
                             0);
        }
        run_for(pair, 120 * AUGER_SEC);
        if (count_events(pair, BOB, AUGER_PEER_EVENT_MESSAGE) != 20)
            fail_msg("seed %llu: %zu of 20", (unsigned long long)seed,
                     count_events(pair, BOB, AUGER_PEER_EVENT_MESSAGE));
        for (uint8_t i = 0; i < 20; i++) {
            memset(message, i, sizeof(message));
            must_have_message(pair, BOB, i, AUGER_MESSAGE_BINARY, message, sizeof(message));
        }
        pair_free(pair);
    }
}

/* --- ways of meeting --------------------------------------------------------------------- */

static void the_answerer_may_be_the_dtls_server(void **state)
{
    (void)state;
    struct auger_peer_config config;
    struct auger_peer_info info;
    auger_peer_config_init(&config);
    config.answer_passive = true;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, &config);
    open_channel(pair, ALICE, "chat");
    introduce(pair);
    must_connect(pair, AUGER_SEC);
    run_for(pair, AUGER_SEC);

    auger_peer_get_info(pair->peers[BOB], &info);
    assert_int_equal(info.dtls_role, AUGER_DTLS_SERVER);
    auger_peer_get_info(pair->peers[ALICE], &info);
    assert_int_equal(info.dtls_role, AUGER_DTLS_CLIENT);
    assert_non_null(find_event(pair, ALICE, AUGER_PEER_EVENT_CHANNEL_OPEN));
    pair_free(pair);
}

/* Bob's checks and his ClientHello run ahead of his answer. */
static void an_answer_may_be_late(void **state)
{
    (void)state;
    static const auger_time lateness[] = {1, 10, 25, 45, 100, 400, 3000};
    for (size_t i = 0; i < ARRAY_LEN(lateness); i++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        auger_time d = 10 * AUGER_MS;
        struct pair *pair = pair_new(d, NULL, NULL);
        open_channel(pair, ALICE, "chat");
        offer_of(pair, ALICE, offer);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        run_for(pair, lateness[i] * AUGER_MS);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        auger_time t0 = pair->now;
        run_for(pair, 10 * AUGER_SEC);

        const struct record *opened = find_event(pair, ALICE, AUGER_PEER_EVENT_CHANNEL_OPEN);
        assert_non_null(opened);
        if (opened->at - t0 > 9 * d)
            fail_msg("%lld ms late: open after %lld ms", (long long)lateness[i],
                     (long long)((opened->at - t0) / AUGER_MS));
        pair_free(pair);
    }
}

static void candidates_may_come_one_by_one(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = calloc(1, sizeof(*pair));
    random_state = test_seed();
    current = pair;
    pair->now = AUGER_SEC;
    pair->delay = 10 * AUGER_MS;
    assert_int_equal(auger_addr_parse(&pair->addrs[ALICE], "192.0.2.1:5001"), 0);
    assert_int_equal(auger_addr_parse(&pair->addrs[BOB], "192.0.2.2:5002"), 0);
    assert_int_equal(auger_peer_new(&pair->peers[ALICE], &test_env, NULL), 0);
    assert_int_equal(auger_peer_new(&pair->peers[BOB], &test_env, NULL), 0);
    offer_of(pair, ALICE, offer);
    assert_null(strstr(offer, "a=candidate"));
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    run_for(pair, AUGER_SEC);

    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(
            auger_peer_add_local_addr(pair->peers[side], pair->now, &pair->addrs[side]), 0);
        auger_peer_end_of_local_addrs(pair->peers[side], pair->now);
    }
    settle(pair);
    for (int side = ALICE; side <= BOB; side++) {
        const struct record *found = find_event(pair, side, AUGER_PEER_EVENT_CANDIDATE);
        char line[AUGER_CAND_LINE_MAX];
        struct auger_cand cand = {.type = AUGER_CAND_HOST};
        assert_non_null(found);
        assert_non_null(find_event(pair, side, AUGER_PEER_EVENT_GATHERED));
        assert_int_equal(auger_ice_local_cands(auger_peer_ice(pair->peers[side]), &cand, 1), 1);
        assert_true(auger_cand_format(&cand, line, sizeof(line)) > 0);
        assert_int_equal(
            auger_peer_add_remote_candidate(pair->peers[!side], pair->now, line, strlen(line)), 0);
        assert_int_equal(auger_peer_add_remote_candidate(pair->peers[!side], pair->now, "", 0), 0);
    }
    must_connect(pair, AUGER_SEC);
    pair_free(pair);
}

static void info_tells_what_was_agreed(void **state)
{
    (void)state;
    struct auger_peer_info info;
    uint8_t ours[60], theirs[60];
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    auger_peer_get_info(pair->peers[ALICE], &info);
    assert_int_equal(info.state, AUGER_PEER_NEW);
    assert_false(info.has_path);
    assert_string_equal(info.dtls_version, "");
    introduce(pair);
    must_connect(pair, AUGER_SEC);
    run_for(pair, AUGER_SEC);

    auger_peer_get_info(pair->peers[ALICE], &info);
    assert_int_equal(info.state, AUGER_PEER_CONNECTED);
    assert_true(info.has_path);
    assert_true(auger_addr_equal(&info.selected.remote.addr, &pair->addrs[BOB]));
    assert_string_equal(info.dtls_version, "DTLSv1.2");
    assert_non_null(strstr(info.dtls_cipher, "ECDHE-ECDSA"));
    assert_int_equal(info.dtls_role, AUGER_DTLS_SERVER);
    assert_true(info.bytes_sent > 0 && info.bytes_received > 0);
    assert_true(info.datagrams_sent > 0 && info.datagrams_received > 0);
    assert_int_equal(auger_peer_export(pair->peers[ALICE], "EXTRACTOR-dtls_srtp", ours, 60), 0);
    assert_int_equal(auger_peer_export(pair->peers[BOB], "EXTRACTOR-dtls_srtp", theirs, 60), 0);
    assert_memory_equal(ours, theirs, 60);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_path_is_usable_after_one_round_trip_and_a_channel_open_after_four_and_a_half),
        cmocka_unit_test(a_first_message_arrives_with_the_channel),
        cmocka_unit_test(messages_of_every_size_arrive_as_they_were),
        cmocka_unit_test(a_channel_says_what_it_is_for),
        cmocka_unit_test(what_is_lost_on_the_way_is_sent_again),
        cmocka_unit_test(the_answerer_may_be_the_dtls_server),
        cmocka_unit_test(an_answer_may_be_late),
        cmocka_unit_test(candidates_may_come_one_by_one),
        cmocka_unit_test(info_tells_what_was_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
