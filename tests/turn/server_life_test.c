/* A server and the program that runs it: keys that are asked for, sockets that are late, the
 * end of everything. */
#include "tests/turn/station.h"

/* --- servers side by side ----------------------------------------------------------------- */

static struct station *station_beside(const uint8_t *secret)
{
    struct station *s = station_prepare();

    s->config.nonce_secret = secret;
    s->config.reservations = false;
    station_start(s);
    return s;
}

static void a_nonce_of_one_is_good_at_another_of_the_same_secret(void **state)
{
    static const uint8_t ours[AUGER_TURN_SERVER_NONCE_SECRET_LEN] = {1},
                         theirs[AUGER_TURN_SERVER_NONCE_SECRET_LEN] = {2};
    struct station *one = station_beside(ours), *same = station_beside(ours),
                   *foreign = station_beside(theirs);
    struct asker who = {.name = "alice", .password = "wonderland", .from = CLIENT};
    struct request q;

    (void)state;
    challenge(one, &who);
    begin_allocate(&q);
    sign(&q, &who);
    send_bare(foreign, &q, &who);
    assert_int_equal(foreign->answer.error_code, AUGER_STUN_STALE_NONCE);
    send_bare(same, &q, &who);
    expect(same, &who, 0);
    station_free(one);
    station_free(same);
    station_free(foreign);
}

static void no_port_is_reserved_where_another_may_be_asked_for_it(void **state)
{
    static const uint8_t reserve = 0x80, even = 0;
    struct station *s = station_beside(NULL);
    struct asker who = {.name = "alice", .password = "wonderland", .from = CLIENT};
    struct request q;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &reserve, 1);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_INSUFFICIENT_CAPACITY);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &even, 1);
    send_signed(s, &q, &who);
    expect(s, &who, 0);
    station_free(s);
}

/* --- keys of the program (NEEDS_KEY) ---------------------------------------------------- */

#define CAROL ((struct asker){.name = "carol", .password = "christmas", .from = CLIENT})

static struct station *station_asking(uint16_t pending_max)
{
    struct station *s = station_prepare();

    s->config.asks_for_keys = true;
    s->config.keys_pending_max = pending_max;
    station_start(s);
    return s;
}

static void say_key(struct station *s, uint32_t ticket, const char *password)
{
    auger_turn_server_answer_key(s->server, s->now, ticket, password, s->reply, sizeof(s->reply),
                                 &s->out);
    while (s->out.what == AUGER_TURN_SERVER_OPEN_RELAY)
        open_one(s);
    read_answer(s);
}

static uint32_t allocate_asking(struct station *s, struct asker *who)
{
    struct request q;

    begin_allocate(&q);
    send_signed(s, &q, who);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
    assert_int_equal(s->out.user.len, strlen(who->name));
    assert_memory_equal(s->out.user.data, who->name, s->out.user.len);
    return s->out.ticket;
}

static void the_program_is_asked_for_the_key_of_a_name(void **state)
{
    struct station *s = station_asking(64);
    struct asker who = CAROL;

    (void)state;
    uint32_t ticket = allocate_asking(s, &who);
    say_key(s, ticket, "christmas");
    expect(s, &who, 0);
    assert_int_equal(stats_of(s).allocations, 1);
    say_key(s, ticket, "christmas"); /* once more */
    expect_nothing(s);
    station_free(s);
}

static void the_key_that_the_program_said_is_kept_with_the_allocation(void **state)
{
    struct station *s = station_asking(64);
    struct asker who = CAROL, other = CAROL;

    (void)state;
    say_key(s, allocate_asking(s, &who), "christmas");
    expect(s, &who, 0);
    permit(s, &who, PEER);
    expect(s, &who, 0);
    bind_channel(s, &who, 0x4001, PEER);
    expect(s, &who, 0);
    struct request q;
    begin(&q, AUGER_STUN_REFRESH); /* who prolongs it has to be somebody still */
    send_signed(s, &q, &who);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
    say_key(s, s->out.ticket, "christmas");
    expect(s, &who, 0);
    other.from = CLIENT2; /* the key is that allocation's alone */
    allocate_asking(s, &other);
    who.password = "easter";
    begin(&q, AUGER_STUN_CREATE_PERMISSION);
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER2);
    send_signed(s, &q, &who);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_NEEDS_KEY);
    who.password = "christmas";
    refresh(s, &who, 0);
    expect(s, &who, 0);
    assert_int_equal(stats_of(s).allocations, 0);
    station_free(s);
}

static void a_name_or_password_that_the_program_denies_is_401(void **state)
{
    static const char *const said[] = {NULL, "easter"};
    struct station *s = station_asking(64);
    long blocks = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(said); i++) {
        struct asker who = CAROL;
        uint32_t ticket = allocate_asking(s, &who);
        say_key(s, ticket, said[i]);
        assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
        if (i == 0)
            blocks = s->blocks;
        assert_int_equal(s->blocks, blocks);
    }
    assert_int_equal(stats_of(s).allocations, 0);
    station_free(s);
}

static void so_many_wait_for_a_key_and_no_longer_than_5_seconds(void **state)
{
    struct station *s = station_asking(2);
    long blocks = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct asker who = CAROL;
        struct request q;
        char from[32];
        snprintf(from, sizeof(from), "9.9.9.9:%d", 1000 + i);
        who.from = from;
        challenge(s, &who);
        begin_allocate(&q);
        send_signed(s, &q, &who);
        assert_int_equal(s->out.what,
                         i < 2 ? AUGER_TURN_SERVER_NEEDS_KEY : AUGER_TURN_SERVER_NOTHING);
        send_bare(s, &q, &who); /* its retransmission */
        expect_nothing(s);
        if (i == 1)
            blocks = s->blocks;
    }
    assert_int_equal(s->blocks, blocks);
    assert_int_equal(auger_turn_server_next_timeout(s->server), s->now + 5 * AUGER_SEC);
    at(s, s->now + 5 * AUGER_SEC);
    assert_int_equal(s->blocks, blocks - 2);
    say_key(s, 1, "christmas");
    expect_nothing(s);
    station_free(s);
}

static void nobody_is_asked_about_who_has_no_fresh_nonce(void **state)
{
    struct station *s = station_asking(64);
    struct asker who = CAROL;
    struct request q;

    (void)state;
    challenge(s, &who);
    who.from = CLIENT2; /* it was another's */
    begin_allocate(&q);
    send_signed(s, &q, &who);
    assert_int_equal(s->answer.error_code, AUGER_STUN_STALE_NONCE);
    station_free(s);
}

/* --- time-limited names (D7) --------------------------------------------------------------- */

static void a_name_with_a_time_is_good_until_then(void **state)
{
    const uint8_t secret[] = "north";
    struct auger_turn_rest rest;
    struct station *s = station_new();
    struct request q;

    (void)state;
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, secret, 5, 5000, "dan"), 0);
    assert_int_equal(auger_turn_server_add_secret(s->server, AUGER_TURN_REST_SHA1, secret, 5), 0);
    struct asker who = {.name = rest.username, .password = rest.password, .from = CLIENT};
    challenge(s, &who);
    begin_allocate(&q);
    send_signed(s, &q, &who); /* the time of day is not known yet */
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    auger_turn_server_set_time_of_day(s->server, s->now, 4900);
    begin_allocate(&q);
    send_signed(s, &q, &who);
    expect(s, &who, 0);
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), 100); /* not beyond its time */
    at(s, s->now + 99 * AUGER_SEC);
    refresh(s, &who, 600);
    expect(s, &who, 0);
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), 1);
    at(s, s->now + 2 * AUGER_SEC);
    assert_int_equal(stats_of(s).allocations, 0);
    begin_allocate(&q);
    send_signed(s, &q, &who);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    auger_turn_server_remove_secrets(s->server);
    auger_turn_server_set_time_of_day(s->server, s->now, 4900);
    begin_allocate(&q);
    send_signed(s, &q, &who);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    station_free(s);
}

/* Whoever has them made can have another time at will: it is one user all the same. */
static void names_of_other_times_are_one_user(void **state)
{
    const uint8_t secret[] = "north";
    struct auger_turn_server_event event;
    struct auger_turn_rest rest[20], of_erin;
    struct station *s = station_new();
    struct request q;
    char from[32];

    (void)state;
    assert_int_equal(auger_turn_server_add_secret(s->server, AUGER_TURN_REST_SHA1, secret, 5), 0);
    auger_turn_server_set_time_of_day(s->server, s->now, 4900);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(
            auger_turn_rest_make(&rest[i], AUGER_TURN_REST_SHA1, secret, 5, 50000 + i, "dan"), 0);
        snprintf(from, sizeof(from), "192.0.2.%d:40000", 100 + i);
        struct asker who = {.name = rest[i].username, .password = rest[i].password, .from = from};
        begin_allocate(&q);
        send_signed(s, &q, &who);
        expect(s, &who, i < 10 ? 0 : AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    }
    assert_true(auger_turn_server_poll_event(s->server, &event));
    assert_int_equal(event.allocation.user.len, 3);
    assert_memory_equal(event.allocation.user.data, "dan", 3);
    struct asker renewed = {
        .name = rest[15].username, .password = rest[15].password, .from = "192.0.2.100:40000"};
    refresh(s, &renewed, 600);
    expect(s, &renewed, 0);
    assert_int_equal(auger_turn_rest_make(&of_erin, AUGER_TURN_REST_SHA1, secret, 5, 50000, "erin"),
                     0);
    struct asker erin = {
        .name = of_erin.username, .password = of_erin.password, .from = "192.0.2.100:40000"};
    refresh(s, &erin, 600);
    expect(s, &erin, AUGER_STUN_WRONG_CREDENTIALS);
    station_free(s);
}

/* A user of the same name without a time is somebody else. */
static void a_name_with_a_time_is_no_user_of_that_name(void **state)
{
    const uint8_t secret[] = "north";
    struct auger_turn_rest rest;
    struct station *s = station_new();
    struct asker alice = ALICE;

    (void)state;
    assert_int_equal(auger_turn_server_add_secret(s->server, AUGER_TURN_REST_SHA1, secret, 5), 0);
    auger_turn_server_set_time_of_day(s->server, s->now, 4900);
    assert_int_equal(auger_turn_rest_make(&rest, AUGER_TURN_REST_SHA1, secret, 5, 50000, "alice"),
                     0);
    struct asker other = {.name = rest.username, .password = rest.password, .from = CLIENT};
    allocate(s, &alice);
    refresh(s, &other, 600);
    expect(s, &other, AUGER_STUN_WRONG_CREDENTIALS);
    station_free(s);
}

static void a_user_that_is_removed_is_unknown(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate(s, &who);
    assert_int_equal(auger_turn_server_remove_user(s->server, "alice"), 0);
    assert_int_equal(auger_turn_server_remove_user(s->server, "alice"), AUGER_ERR_NOT_FOUND);
    refresh(s, &who, 600);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    assert_int_equal(stats_of(s).allocations, 1); /* until it expires */
    station_free(s);
}

/* --- nonces (D4) ------------------------------------------------------------------------------ */

static void a_nonce_that_is_old_or_altered_is_438(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    allocate(s, &who);
    struct asker altered = who;
    altered.nonce[who.nonce_len - 1] ^= 1;
    refresh(s, &altered, 600);
    assert_int_equal(s->answer.error_code, AUGER_STUN_STALE_NONCE);
    at(s, s->now + 524 * AUGER_SEC);
    refresh(s, &who, 3600);
    expect(s, &who, 0);
    at(s, s->now + 700 * AUGER_SEC);
    refresh(s, &who, 3600);
    assert_int_equal(s->answer.error_code, AUGER_STUN_STALE_NONCE);
    keep_nonce(s, &who);
    refresh(s, &who, 3600);
    expect(s, &who, 0);
    station_free(s);
}

/* --- sockets -------------------------------------------------------------------------------- */

static void a_socket_that_is_late_is_told_to_be_closed(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;

    (void)state;
    challenge(s, &who);
    long blocks = s->blocks;
    s->is_slow = true;
    begin_allocate(&q);
    sign(&q, &who);
    send_bare(s, &q, &who);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_OPEN_RELAY);
    uint32_t relay = s->out.relay;
    send_bare(s, &q, &who); /* a retransmission waits with it */
    expect_nothing(s);
    refresh(s, &who, 600);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    const struct auger_path path = path_of(s, &who);
    assert_false(auger_turn_server_is_known(s->server, &path));
    at(s, s->now + 5 * AUGER_SEC);
    expect_event(s, AUGER_TURN_SERVER_EVENT_RELAY_CLOSED);
    assert_int_equal(s->event.relay, relay);
    expect_no_event(s);
    auger_turn_server_relay_opened(s->server, s->now, relay, 0, s->reply, sizeof(s->reply),
                                   &s->out);
    expect_nothing(s);
    /* Slot, its table, the heap, the key of who asked. */
    assert_in_range(s->blocks, blocks, blocks + 4);
    assert_int_equal(stats_of(s).ports_free[0], 16384);
    station_free(s);
}

static void what_nobody_asked_for_is_not_opened(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    for (uint32_t relay = 0; relay < 5; relay++) {
        auger_turn_server_relay_opened(s->server, s->now, relay, 0, s->reply, sizeof(s->reply),
                                       &s->out);
        expect_nothing(s);
    }
    allocate(s, &who);
    auger_turn_server_relay_opened(s->server, s->now, s->relay, 98, s->reply, sizeof(s->reply),
                                   &s->out);
    expect_nothing(s);
    assert_int_equal(stats_of(s).allocations, 1);
    station_free(s);
}

static void a_stream_that_closes_ends_its_allocation(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE, other = BOB;
    who.is_stream = true;
    const struct auger_path path = path_of(s, &who);

    (void)state;
    assert_false(auger_turn_server_is_known(s->server, &path));
    auger_turn_server_stream_closed(s->server, s->now, &path);
    allocate(s, &who);
    allocate(s, &other);
    assert_true(auger_turn_server_is_known(s->server, &path));
    forget_events(s);
    auger_turn_server_stream_closed(s->server, s->now, &path);
    assert_false(auger_turn_server_is_known(s->server, &path));
    expect_event(s, AUGER_TURN_SERVER_EVENT_RELAY_CLOSED);
    expect_event(s, AUGER_TURN_SERVER_EVENT_ENDED);
    assert_int_equal(s->event.allocation.end, AUGER_TURN_SERVER_END_STREAM);
    assert_int_equal(stats_of(s).allocations, 1);
    station_free(s);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void allocate_many(struct station *s, int count)
{
    for (int i = 0; i < count; i++) {
        struct asker who = ALICE;
        char from[32];
        snprintf(from, sizeof(from), "9.%d.%d.1:5000", i / 200, i % 200);
        who.from = from;
        allocate(s, &who);
    }
}

static struct station *station_wide(void)
{
    struct station *s = station_prepare();

    s->config.user_allocations_max = s->config.ip_allocations_max = 4000;
    station_start(s);
    return s;
}

/* D32 */
static void closing_ends_all_in_bounded_steps(void **state)
{
    struct station *s = station_wide();
    int closed = 0;

    (void)state;
    allocate_many(s, 200);
    forget_events(s);
    auger_turn_server_close(s->server, s->now);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(auger_turn_server_next_timeout(s->server), s->now);
        at(s, s->now);
        while (auger_turn_server_poll_event(s->server, &s->event))
            closed += s->event.type == AUGER_TURN_SERVER_EVENT_RELAY_CLOSED;
    }
    assert_int_equal(closed, 200);
    assert_int_equal(stats_of(s).allocations, 0);
    assert_int_equal(stats_of(s).relays, 0);
    assert_int_equal(auger_turn_server_next_timeout(s->server), AUGER_NEVER);
    station_free(s);
}

/* Relays to be closed are all told, of allocations the ends of 256. */
static void who_never_asks_for_events_costs_a_bounded_memory(void **state)
{
    struct station *s = station_wide();
    long bytes = 0;
    int closed = 0, ended = 0;

    (void)state;
    for (int round = 0; round < 4; round++) {
        allocate_many(s, 300);
        s->now += 600 * AUGER_SEC;
        for (int i = 0; i < 10; i++)
            at(s, s->now);
        if (round == 1)
            bytes = s->bytes;
    }
    assert_in_range(s->bytes - bytes, 0, 600 * 250); /* slots of relays, no allocations */
    while (auger_turn_server_poll_event(s->server, &s->event)) {
        closed += s->event.type == AUGER_TURN_SERVER_EVENT_RELAY_CLOSED;
        ended += s->event.type == AUGER_TURN_SERVER_EVENT_ENDED;
    }
    assert_int_equal(closed, 1200);
    assert_int_equal(ended, 256);
    station_free(s);
}

/* --- memory (issue: at most 4 KiB each, and nothing is left) ---------------------------------- */

static void an_allocation_costs_less_than_a_kilobyte(void **state)
{
    struct station *s = station_wide();

    (void)state;
    allocate_many(s, 10);
    long bytes = s->bytes;
    for (int i = 0; i < 1000; i++) {
        struct asker who = ALICE;
        char from[32];
        snprintf(from, sizeof(from), "10.%d.%d.1:5000", i / 200, i % 200);
        who.from = from;
        allocate(s, &who);
        permit(s, &who, PEER);
        bind_channel(s, &who, 0x4000, PEER);
        forget_events(s);
    }
    assert_in_range((s->bytes - bytes) / 1000, 100, 1024);
    station_free(s);
}

static void what_ends_gives_its_memory_back(void **state)
{
    struct station *s = station_wide();
    long bytes = 0;

    (void)state;
    for (int round = 0; round < 20; round++) {
        allocate_many(s, 100);
        s->now += 600 * AUGER_SEC;
        at(s, s->now);
        at(s, s->now);
        forget_events(s);
        if (round == 0)
            bytes = s->bytes;
    }
    assert_int_equal(s->bytes, bytes);
    station_free(s);
}

/* --- the configuration -------------------------------------------------------------------------
 */

static void a_configuration_that_cannot_be_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 14; i++) {
        struct station *s = station_prepare();
        switch (i) {
        case 0:
            s->config.realm = NULL;
            break;
        case 1:
            s->config.realm = "";
            break;
        case 2:
            s->config.realm = "a\"b";
            break;
        case 3:
            s->config.port_min = 0;
            break;
        case 4:
            s->config.port_min = 60000, s->config.port_max = 59999;
            break;
        case 5:
            s->config.lifetime_s = 0;
            break;
        case 6:
            s->config.lifetime_max_s = 599;
            break;
        case 7:
            s->config.nonce_lifetime_s = 3601;
            break;
        case 8:
            s->listeners[0].port = 0;
            break;
        case 9:
            s->relay_ips[1].ip = addr_of("198.51.100.98:0");
            break;
        case 10:
            s->relay_ips[0].external = addr_of(RELAY_IP6);
            break;
        case 11:
            s->relay_ips[0].ip = addr_of("0.0.0.0:0");
            break;
        case 12:
            s->config.permissions_max = 0;
            break;
        case 13:
            s->config.user_allocations_max = 0;
            break;
        }
        assert_int_equal(auger_turn_server_new(&s->server, &s->env, s->now, &s->config),
                         AUGER_ERR_INVALID);
        assert_null(s->server);
        assert_int_equal(s->blocks, 0);
        free(s);
    }
}

static void without_random_bytes_there_is_no_server_and_no_allocation(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE;
    struct request q;

    (void)state;
    s->no_random = true;
    assert_int_equal(auger_turn_server_new(&s->server, &s->env, s->now, &s->config),
                     AUGER_ERR_ENTROPY);
    s->no_random = false;
    station_start(s);
    challenge(s, &who);
    s->no_random = true;
    begin_allocate(&q);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_SERVER_ERROR);
    assert_int_equal(stats_of(s).relays, 0);
    station_free(s);
}

static void each_drop_has_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < AUGER_TURN_SERVER_DROPS; i++)
        assert_true(strlen(auger_turn_server_drop_text((enum auger_turn_server_drop)i)) > 3);
    assert_string_equal(auger_turn_server_drop_text(AUGER_TURN_SERVER_DROPS), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_of_one_is_good_at_another_of_the_same_secret),
        cmocka_unit_test(no_port_is_reserved_where_another_may_be_asked_for_it),
        cmocka_unit_test(the_program_is_asked_for_the_key_of_a_name),
        cmocka_unit_test(the_key_that_the_program_said_is_kept_with_the_allocation),
        cmocka_unit_test(a_name_or_password_that_the_program_denies_is_401),
        cmocka_unit_test(so_many_wait_for_a_key_and_no_longer_than_5_seconds),
        cmocka_unit_test(nobody_is_asked_about_who_has_no_fresh_nonce),
        cmocka_unit_test(a_name_with_a_time_is_good_until_then),
        cmocka_unit_test(names_of_other_times_are_one_user),
        cmocka_unit_test(a_name_with_a_time_is_no_user_of_that_name),
        cmocka_unit_test(a_user_that_is_removed_is_unknown),
        cmocka_unit_test(a_nonce_that_is_old_or_altered_is_438),
        cmocka_unit_test(a_socket_that_is_late_is_told_to_be_closed),
        cmocka_unit_test(what_nobody_asked_for_is_not_opened),
        cmocka_unit_test(a_stream_that_closes_ends_its_allocation),
        cmocka_unit_test(closing_ends_all_in_bounded_steps),
        cmocka_unit_test(who_never_asks_for_events_costs_a_bounded_memory),
        cmocka_unit_test(an_allocation_costs_less_than_a_kilobyte),
        cmocka_unit_test(what_ends_gives_its_memory_back),
        cmocka_unit_test(a_configuration_that_cannot_be_is_refused),
        cmocka_unit_test(without_random_bytes_there_is_no_server_and_no_allocation),
        cmocka_unit_test(each_drop_has_a_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
