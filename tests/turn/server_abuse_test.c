/* What strangers, and users who mean ill, do to a TURN server.  The numbers are those of the list
 * of what it must survive. */
#include "tests/turn/station.h"

static int stop(void **state)
{
    station_free(*state);
    return 0;
}

static int start(void **state)
{
    *state = station_new();
    return 0;
}

static int start_with_program(void **state)
{
    struct station *s = station_prepare();

    s->config.asks_for_keys = true;
    station_start(s);
    *state = s;
    return 0;
}

/* Refresh in somebody's name, with a password that may be wrong. */
static void try_password(struct station *s, struct asker *who)
{
    struct request q;

    begin_allocate(&q);
    sign(&q, who);
    send_bare(s, &q, who);
}

static uint64_t failures_of_flood(struct station *s, struct asker *who, unsigned tries)
{
    uint64_t before = stats_of(s).integrity_failures;

    for (unsigned i = 0; i < tries; i++) {
        try_password(s, who);
        s->now += AUGER_SEC / tries;
    }
    return stats_of(s).integrity_failures - before;
}

/* --- D3: answers to a source that may be forged ----------------------------------------- */

static void a_flood_of_bare_requests_gets_few_answers_and_no_memory(void **state)
{
    struct station *s = *state;
    struct asker flood = {.from = "9.9.9.9:1"};
    long blocks = s->blocks, bytes = s->bytes;
    unsigned answers = 0;

    for (unsigned i = 0; i < 100000; i++) {
        struct request q;
        begin_allocate(&q);
        send_bare(s, &q, &flood);
        answers += s->out.what != AUGER_TURN_SERVER_NOTHING;
        s->now += 10 * AUGER_US;
    }
    assert_in_range(answers, 10, 20);
    assert_int_equal(s->blocks, blocks);
    assert_int_equal(s->bytes, bytes);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_LIMITED), 100000 - answers);
}

/* --- D6: passwords that are tried out -------------------------------------------------------- */

static void passwords_are_tried_out_no_faster_by_a_stream(void **state)
{
    struct station *s = *state;
    struct asker guesser = {
        .name = "alice", .password = "guess", .from = "9.9.9.9:1", .is_stream = true};

    challenge(s, &guesser);
    assert_in_range(failures_of_flood(s, &guesser, 10000), 10, 300);
    for (unsigned i = 0; i < 20; i++)
        try_password(s, &guesser);
    guesser.password = "wonderland"; /* the right one, too late to be heard */
    try_password(s, &guesser);
    expect_nothing(s);
}

static void who_has_an_allocation_tries_out_no_more_passwords_of_others(void **state)
{
    struct station *s = *state;
    struct asker bob = BOB, guesser;

    allocate(s, &bob);
    guesser = bob;
    guesser.name = "alice";
    guesser.password = "guess";
    assert_in_range(failures_of_flood(s, &guesser, 10000), 10, 30);
    refresh(s, &bob, 600);
    expect(s, &bob, 0);
}

static void a_user_is_not_locked_out_elsewhere(void **state)
{
    struct station *s = *state;
    struct asker alice = ALICE,
                 guesser = {.name = "alice", .password = "guess", .from = "9.9.9.9:1"};

    challenge(s, &guesser);
    failures_of_flood(s, &guesser, 10000);
    allocate(s, &alice);
}

/* Who cannot hear us cannot use up what the client at that address may have. */
static void a_forged_source_locks_nobody_out(void **state)
{
    struct station *s = *state;
    struct asker alice = ALICE, forger = ALICE;

    challenge(s, &alice);
    forger.password = "guess";
    memcpy(forger.nonce, alice.nonce, alice.nonce_len);
    forger.nonce_len = alice.nonce_len;
    forger.nonce[15] ^= 1;
    failures_of_flood(s, &forger, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        struct request q;
        try_password(s, &forger);
        begin(&q, AUGER_STUN_BINDING);
        send_bare(s, &q, &forger);
    }
    allocate(s, &alice);
}

/* V10.  A Refresh that says nothing is smaller than any Allocate, and a 401 would be larger than
 * 1.7 times it. */
static void what_is_too_small_to_be_a_client_is_not_answered(void **state)
{
    struct station *s = *state;
    struct asker stranger = {.from = "9.9.9.9:1"};
    struct request q;

    begin(&q, AUGER_STUN_REFRESH);
    send_bare(s, &q, &stranger);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NOTHING);
    begin(&q, AUGER_STUN_ALLOCATE);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 17);
    send_bare(s, &q, &stranger);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    assert_int_equal(s->out.bytes.len, 20 + 8 + 4 + ((strlen(REALM) + 3) & ~3u) + 24);
}

static void forged_requests_do_not_stop_an_allocation_from_living_on(void **state)
{
    struct station *s = *state;
    struct asker alice = ALICE, forger;

    allocate(s, &alice);
    forger = alice;
    forger.password = "guess";
    failures_of_flood(s, &forger, 10000);
    refresh(s, &alice, 600);
    expect(s, &alice, 0);
}

/* --- requests that wait for a program ----------------------------------------------------------
 */

static void ask_as_carol(struct station *s, struct asker *who)
{
    struct request q;

    who->name = "carol";
    who->password = "hers";
    begin_allocate(&q);
    sign(&q, who);
    send_bare(s, &q, who);
}

static void the_program_is_asked_for_who_has_heard_us_alone(void **state)
{
    struct station *s = *state;
    struct asker stranger = {.from = "9.9.9.9:1", .nonce = "made up", .nonce_len = 7};
    struct asker carol = {.from = CLIENT};
    long blocks = s->blocks;

    for (unsigned i = 0; i < 1000; i++) {
        ask_as_carol(s, &stranger);
        assert_true(s->out.what != AUGER_TURN_SERVER_NEEDS_KEY);
    }
    assert_int_equal(s->blocks, blocks);
    challenge(s, &carol);
    ask_as_carol(s, &carol);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
}

static void one_source_leaves_room_for_others_to_be_asked_about(void **state)
{
    struct station *s = *state;
    struct asker carol = {.from = "9.9.9.9:1"};
    char from[32];
    unsigned asked = 0;

    for (unsigned port = 1; port <= 100; port++) {
        struct asker one = {.from = from};
        snprintf(from, sizeof(from), "9.9.9.1:%u", port);
        challenge(s, &one);
        ask_as_carol(s, &one);
        asked += s->out.what == AUGER_TURN_SERVER_NEEDS_KEY;
    }
    assert_int_equal(asked, 8);
    challenge(s, &carol);
    ask_as_carol(s, &carol);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
}

static void an_answer_for_a_stream_that_is_closed_makes_no_allocation(void **state)
{
    struct station *s = *state;
    struct asker carol = {.from = CLIENT, .is_stream = true};

    challenge(s, &carol);
    ask_as_carol(s, &carol);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
    uint32_t ticket = s->out.ticket;
    const struct auger_path path = path_of(s, &carol);
    auger_turn_server_stream_closed(s->server, s->now, &path);
    auger_turn_server_answer_key(s->server, s->now, ticket, "hers", s->reply, sizeof(s->reply),
                                 &s->out);
    expect_nothing(s);
    assert_int_equal(stats_of(s).relays, 0);
}

/* --- D10: the server as its own peer
 * --------------------------------------------------------------- */

static void where_it_listens_is_no_peer_by_its_external_address_either(void **state)
{
    struct station *s = station_prepare();
    struct asker alice = ALICE;

    *state = s;
    s->relay_ips[0].external = addr_of(EXTERNAL);
    s->listeners[0] = addr_of("198.51.100.53:50000"); /* within the ports of relays */
    s->config.relay_to_relay = true;
    station_start(s);
    allocate(s, &alice);
    char at[AUGER_ADDR_TEXT_MAX];
    bind_channel(s, &alice, 0x4000, auger_addr_format(&s->relayed, at, sizeof(at)));
    expect(s, &alice, 0);
    bind_channel(s, &alice, 0x4001, "198.51.100.199:50000");
    expect(s, &alice, AUGER_STUN_FORBIDDEN);
}

/* --- D30: bytes a second
 * --------------------------------------------------------------------------- */

static void empty_datagrams_are_bounded_as_others_are(void **state)
{
    struct station *s = station_prepare();
    struct asker alice = ALICE;
    unsigned passed = 0;

    *state = s;
    s->config.user_bytes_per_s = 2800;
    station_start(s);
    allocate(s, &alice);
    bind_channel(s, &alice, 0x4000, PEER);
    for (unsigned i = 0; i < 10000; i++) {
        send_channel(s, &alice, 0x4000, "");
        passed += s->out.what == AUGER_TURN_SERVER_TO_PEER;
    }
    assert_in_range(passed, 90, 210);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_RATE), 10000 - passed);
}

/* --- many at once -------------------------------------------------------------------------------
 */

/* Each with two relays and a timer, all of which wait while others begin. */
static void many_allocations_wait_for_their_sockets_at_once(void **state)
{
    enum { MANY = 100 };
    struct station *s = station_prepare();
    uint32_t first[MANY];
    char from[32];

    *state = s;
    s->config.user_allocations_max = s->config.ip_allocations_max = 1000;
    station_start(s);
    s->is_slow = true;
    for (unsigned i = 0; i < MANY; i++) {
        struct asker one = {.name = "alice", .password = "wonderland", .from = from};
        struct request q;
        snprintf(from, sizeof(from), "9.9.9.1:%u", 6000 + i);
        s->now += AUGER_SEC / 50;
        challenge(s, &one);
        begin_allocate(&q);
        add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, 2);
        send_signed(s, &q, &one);
        assert_int_equal(s->out.what, AUGER_TURN_SERVER_OPEN_RELAY);
        first[i] = s->out.relay;
    }
    for (unsigned i = 0; i < MANY; i++) {
        s->out.relay = first[i];
        open_one(s);
        open_one(s);
        assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    }
    assert_int_equal(stats_of(s).allocations, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_of_bare_requests_gets_few_answers_and_no_memory,
                                        start, stop),
        cmocka_unit_test_setup_teardown(passwords_are_tried_out_no_faster_by_a_stream, start, stop),
        cmocka_unit_test_setup_teardown(who_has_an_allocation_tries_out_no_more_passwords_of_others,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_user_is_not_locked_out_elsewhere, start, stop),
        cmocka_unit_test_setup_teardown(a_forged_source_locks_nobody_out, start, stop),
        cmocka_unit_test_setup_teardown(what_is_too_small_to_be_a_client_is_not_answered, start,
                                        stop),
        cmocka_unit_test_setup_teardown(forged_requests_do_not_stop_an_allocation_from_living_on,
                                        start, stop),
        cmocka_unit_test_setup_teardown(the_program_is_asked_for_who_has_heard_us_alone,
                                        start_with_program, stop),
        cmocka_unit_test_setup_teardown(one_source_leaves_room_for_others_to_be_asked_about,
                                        start_with_program, stop),
        cmocka_unit_test_setup_teardown(an_answer_for_a_stream_that_is_closed_makes_no_allocation,
                                        start_with_program, stop),
        cmocka_unit_test_teardown(where_it_listens_is_no_peer_by_its_external_address_either, stop),
        cmocka_unit_test_teardown(empty_datagrams_are_bounded_as_others_are, stop),
        cmocka_unit_test_teardown(many_allocations_wait_for_their_sockets_at_once, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
