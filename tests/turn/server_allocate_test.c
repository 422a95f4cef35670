/* What a server allocates, to whom, and how much: RFC 8656 section 7.2. */
#include "tests/turn/reserved.h"

static void a_stranger_is_challenged_and_leaves_nothing(void **state)
{
    struct station *s = station_new();
    long blocks = s->blocks, bytes = s->bytes;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct asker who = ALICE;
        struct request q;
        char from[32];
        snprintf(from, sizeof(from), "9.%d.%d.%d:%d", i % 200, i / 200 % 200, i % 7, 1024 + i);
        who.from = from;
        begin_allocate(&q);
        send_bare(s, &q, &who);
        assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    }
    assert_int_equal(s->blocks, blocks);
    assert_int_equal(s->bytes, bytes);
    assert_int_equal(stats_of(s).allocations, 0);
    station_free(s);
}

static void a_wrong_password_leaves_nothing(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;
    long blocks = s->blocks;

    (void)state;
    challenge(s, &who);
    who.password = "looking-glass";
    begin_allocate(&q);
    send_signed(s, &q, &who);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    assert_int_equal(s->blocks, blocks);
    assert_int_equal(stats_of(s).integrity_failures, 1);
    station_free(s);
}

static void an_allocation_says_relay_lifetime_and_who_asked(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct auger_addr mapped, client = addr_of(CLIENT), ip = addr_of(RELAY_IP);

    (void)state;
    allocate(s, &who);
    assert_true(auger_addr_ip_equal(&s->relayed, &ip));
    assert_in_range(s->relayed.port, 49152, 65535);
    assert_int_equal(s->relayed.port, s->bound.port);
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), 600);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped));
    assert_true(auger_addr_equal(&mapped, &client));
    assert_false(auger_stun_msg_has(&s->answer, AUGER_STUN_ATTR_RESERVATION_TOKEN));
    expect_event(s, AUGER_TURN_SERVER_EVENT_ALLOCATED);
    assert_true(auger_addr_equal(&s->event.allocation.relayed[0], &s->relayed));
    assert_int_equal(s->event.allocation.relayed[1].family, AUGER_FAMILY_NONE);
    assert_int_equal(s->event.allocation.user.len, 5);
    assert_memory_equal(s->event.allocation.user.data, "alice", 5);
    assert_int_equal(s->event.allocation.lifetime, 600 * AUGER_SEC);
    expect_no_event(s);
    station_free(s);
}

static void an_external_address_is_told_and_the_inner_one_is_bound(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE;
    struct auger_addr external = addr_of(EXTERNAL), ip = addr_of(RELAY_IP);

    (void)state;
    s->relay_ips[0].external = external;
    station_start(s);
    allocate(s, &who);
    assert_true(auger_addr_ip_equal(&s->relayed, &external));
    assert_true(auger_addr_ip_equal(&s->bound, &ip));
    station_free(s);
}

static void a_retransmission_is_answered_alike_and_another_request_is_437(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q, again;
    struct auger_addr relayed;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    sign(&q, &who);
    send_bare(s, &q, &who);
    expect(s, &who, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed));
    s->now += 2 * AUGER_SEC;
    send_bare(s, &q, &who);
    expect(s, &who, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &s->relayed));
    assert_true(auger_addr_equal(&relayed, &s->relayed));
    assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), 598);
    assert_int_equal(stats_of(s).allocations_made, 1);
    begin_allocate(&again);
    send_signed(s, &again, &who);
    expect(s, &who, AUGER_STUN_ALLOCATION_MISMATCH);
    station_free(s);
}

/* --- what is refused -------------------------------------------------------------------- */

static const struct refusal {
    uint8_t transport, requested, additional, even; /* 0: not there */
    bool token;
    uint16_t code;
} refusals[] = {
    {0, 0, 0, 0, false, AUGER_STUN_BAD_REQUEST},
    {6, 0, 0, 0, false, AUGER_STUN_UNSUPPORTED_TRANSPORT},
    {17, IPV4, 0, 0, true, AUGER_STUN_BAD_REQUEST},
    {17, 0, IPV6, 0, true, AUGER_STUN_BAD_REQUEST},
    {17, 0, 0, 1, true, AUGER_STUN_BAD_REQUEST},
    {17, IPV6, IPV6, 0, false, AUGER_STUN_BAD_REQUEST},
    {17, 0, IPV4, 0, false, AUGER_STUN_BAD_REQUEST},
    {17, 0, IPV6, RESERVE, false, AUGER_STUN_BAD_REQUEST},
    {17, 3, 0, 0, false, AUGER_STUN_ADDRESS_FAMILY_NOT_SUPPORTED},
    {17, 0, 0, 0, true, AUGER_STUN_INSUFFICIENT_CAPACITY},
};

/* As it is registered, and as it was before. */
static const uint16_t additional_types[] = {AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY,
                                            AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY};

static void what_cannot_be_is_refused_by_its_code(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    challenge(s, &who);
    for (size_t i = 0; i < 2 * COUNT(refusals); i++) {
        const struct refusal *row = &refusals[i / 2];
        struct request q;
        begin(&q, AUGER_STUN_ALLOCATE);
        if (row->transport)
            add_byte(&q, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, row->transport);
        if (row->requested)
            add_byte(&q, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, row->requested);
        if (row->additional)
            add_byte(&q, additional_types[i % 2], row->additional);
        if (row->even)
            auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &row->even, 1);
        if (row->token)
            auger_stun_build_u64(&q.b, AUGER_STUN_ATTR_RESERVATION_TOKEN, 12345);
        send_signed(s, &q, &who);
        expect(s, &who, row->code);
    }
    assert_int_equal(stats_of(s).allocations_made, 0);
    assert_int_equal(stats_of(s).relays, 0);
    station_free(s);
}

static void an_unknown_attribute_is_420_and_named(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;
    struct auger_bytes unknown;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    auger_stun_build_u32(&q.b, 0x7ABC, 1);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_UNKNOWN_ATTRIBUTE);
    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, &unknown));
    assert_int_equal(unknown.len, 2);
    assert_memory_equal(unknown.data, "\x7A\xBC", 2);
    station_free(s);
}

static void dont_fragment_is_unknown_where_it_cannot_be_done(void **state)
{
    (void)state;
    for (int can = 0; can < 2; can++) {
        struct station *s = station_prepare();
        struct asker who = ALICE;
        struct request q;
        struct auger_bytes unknown;
        s->config.dont_fragment = can;
        station_start(s);
        challenge(s, &who);
        begin_allocate(&q);
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_DONT_FRAGMENT, NULL, 0);
        send_signed(s, &q, &who);
        expect(s, &who, can ? 0 : AUGER_STUN_UNKNOWN_ATTRIBUTE);
        if (!can) {
            assert_true(
                auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, &unknown));
            assert_int_equal(unknown.len, 2);
            assert_memory_equal(unknown.data, "\x00\x1A", 2);
        }
        station_free(s);
    }
}

static void a_client_behind_a_tunnel_is_refused(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE;
    struct request q;

    (void)state;
    s->listeners[0] = addr_of("[2001:db9::53]:3478");
    station_start(s);
    who.from = "[2002:808:808::1]:5000";
    challenge(s, &who);
    begin_allocate(&q);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_FORBIDDEN);
    station_free(s);
}

/* --- families ----------------------------------------------------------------------------- */

static void families_are_as_asked_for(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;
    struct auger_addr v6;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, IPV6);
    send_signed(s, &q, &who);
    expect(s, &who, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &v6));
    assert_int_equal(v6.family, AUGER_IPV6);
    assert_int_equal(s->asked, 1);
    station_free(s);
}

/* Each number of its attribute alone, and both as our client says them (docs/decisions/199). */
static void one_request_asks_for_both_families(void **state)
{
    (void)state;
    for (int numbers = 1; numbers <= 3; numbers++) {
        struct station *s = station_new();
        struct asker who = BOB;
        struct request q;
        struct auger_addr v4, v6;
        challenge(s, &who);
        begin_allocate(&q);
        for (int i = 0; i < 2; i++)
            if (numbers & 1 << i)
                add_byte(&q, additional_types[i], IPV6);
        send_signed(s, &q, &who);
        expect(s, &who, 0);
        assert_true(
            auger_stun_msg_addr_at(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, 0, &v4));
        assert_true(
            auger_stun_msg_addr_at(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, 1, &v6));
        assert_int_equal(v4.family, AUGER_IPV4);
        assert_int_equal(v6.family, AUGER_IPV6);
        assert_int_equal(s->asked, 2);
        station_free(s);
    }
}

static void of_two_families_one_is_enough(void **state)
{
    (void)state;
    for (int only6 = 0; only6 < 2; only6++) {
        struct station *s = station_prepare();
        struct asker who = ALICE;
        struct request q;
        struct auger_bytes why;
        s->relay_ips[0].ip = addr_of(only6 ? RELAY_IP6 : RELAY_IP);
        s->config.relay_ips_len = 1;
        station_start(s);
        challenge(s, &who);
        begin_allocate(&q);
        add_byte(&q, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, IPV6);
        send_signed(s, &q, &who);
        expect(s, &who, 0);
        assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_ADDRESS_ERROR_CODE, &why));
        assert_int_equal(why.data[0], only6 ? IPV4 : IPV6);
        assert_int_equal(why.data[2], 4);
        assert_int_equal(why.data[3], 40);
        station_free(s);
    }
}

static void without_ipv4_who_asks_for_nothing_gets_440(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE;
    struct request q;

    (void)state;
    s->relay_ips[0].ip = addr_of(RELAY_IP6);
    s->config.relay_ips_len = 1;
    station_start(s);
    challenge(s, &who);
    begin_allocate(&q);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_ADDRESS_FAMILY_NOT_SUPPORTED);
    station_free(s);
}

/* --- quotas ---------------------------------------------------------------------------------- */

static uint16_t allocate_from(struct station *s, const char *name, const char *password,
                              const char *from)
{
    struct asker who = {.name = name, .password = password, .from = from};
    struct request q;

    challenge(s, &who);
    begin_allocate(&q);
    send_signed(s, &q, &who);
    return s->answer.error_code;
}

static void a_user_has_so_many_and_no_more(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE;

    (void)state;
    s->config.user_allocations_max = 2;
    station_start(s);
    allocate(s, &who);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.2:1"), 0);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.3:1"),
                     AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    assert_int_equal(allocate_from(s, "bob", "builder", "9.9.9.3:1"), 0);
    refresh(s, &who, 0);
    expect(s, &who, 0);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.4:1"), 0);
    station_free(s);
}

static void an_ip_address_has_so_many_and_ipv6_by_its_prefix(void **state)
{
    struct station *s = station_prepare();

    (void)state;
    s->config.ip_allocations_max = 1;
    s->listeners[0] = addr_of("[2001:db9::53]:3478");
    station_start(s);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "[2a00:1:2:3::1]:1"), 0);
    assert_int_equal(allocate_from(s, "bob", "builder", "[2a00:1:2:3:4::1]:1"),
                     AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    assert_int_equal(allocate_from(s, "bob", "builder", "[2a00:1:2:4::1]:1"), 0);
    station_free(s);
}

static void the_server_has_so_many_and_no_more(void **state)
{
    struct station *s = station_prepare();

    (void)state;
    s->config.allocations_max = 1;
    station_start(s);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.2:1"), 0);
    assert_int_equal(allocate_from(s, "bob", "builder", "9.9.9.3:1"),
                     AUGER_STUN_INSUFFICIENT_CAPACITY);
    station_free(s);
}

static void a_reservation_counts_as_an_allocation(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE, second = ALICE;

    (void)state;
    s->config.user_allocations_max = 2;
    station_start(s);
    uint64_t token = allocate_pair(s, &who);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.3:1"),
                     AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    second.from = CLIENT2;
    redeem(s, &second, token);
    expect(s, &second, 0);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.3:1"),
                     AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    refresh(s, &second, 0);
    expect(s, &second, 0);
    assert_int_equal(allocate_from(s, "alice", "wonderland", "9.9.9.3:1"), 0);
    station_free(s);
}

static void a_pair_is_two_of_the_quota(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE;
    struct request q;
    const uint8_t reserve = RESERVE;

    (void)state;
    s->config.user_allocations_max = 1;
    station_start(s);
    challenge(s, &who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, &reserve, 1);
    send_signed(s, &q, &who);
    expect(s, &who, AUGER_STUN_ALLOCATION_QUOTA_REACHED);
    assert_int_equal(stats_of(s).relays, 0);
    allocate(s, &who);
    station_free(s);
}

static void the_lifetime_is_between_default_and_maximum(void **state)
{
    static const struct {
        uint32_t asked, granted;
    } rows[] = {{0, 600}, {10, 600}, {601, 601}, {3600, 3600}, {UINT32_MAX, 3600}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct station *s = station_new();
        struct asker who = ALICE;
        struct request q;
        challenge(s, &who);
        begin_allocate(&q);
        auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_LIFETIME, rows[i].asked);
        send_signed(s, &q, &who);
        expect(s, &who, 0);
        assert_int_equal(u32_of(s, AUGER_STUN_ATTR_LIFETIME), rows[i].granted);
        assert_int_equal(auger_turn_server_next_timeout(s->server),
                         s->now + rows[i].granted * AUGER_SEC);
        station_free(s);
    }
}

/* --- draining ----------------------------------------------------------------------------------
 */

static void a_server_that_drains_makes_none_and_keeps_what_lives(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct auger_addr alternate = addr_of("198.51.100.54:3478"), told;

    (void)state;
    allocate(s, &who);
    auger_turn_server_drain(s->server, NULL);
    assert_int_equal(allocate_from(s, "bob", "builder", "9.9.9.3:1"),
                     AUGER_STUN_INSUFFICIENT_CAPACITY);
    refresh(s, &who, 600);
    expect(s, &who, 0);
    auger_turn_server_drain(s->server, &alternate);
    assert_int_equal(allocate_from(s, "bob", "builder", "9.9.9.3:1"), AUGER_STUN_TRY_ALTERNATE);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_ALTERNATE_SERVER, &told));
    assert_true(auger_addr_equal(&told, &alternate));
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_is_challenged_and_leaves_nothing),
        cmocka_unit_test(a_wrong_password_leaves_nothing),
        cmocka_unit_test(an_allocation_says_relay_lifetime_and_who_asked),
        cmocka_unit_test(an_external_address_is_told_and_the_inner_one_is_bound),
        cmocka_unit_test(a_retransmission_is_answered_alike_and_another_request_is_437),
        cmocka_unit_test(what_cannot_be_is_refused_by_its_code),
        cmocka_unit_test(an_unknown_attribute_is_420_and_named),
        cmocka_unit_test(dont_fragment_is_unknown_where_it_cannot_be_done),
        cmocka_unit_test(a_client_behind_a_tunnel_is_refused),
        cmocka_unit_test(families_are_as_asked_for),
        cmocka_unit_test(one_request_asks_for_both_families),
        cmocka_unit_test(of_two_families_one_is_enough),
        cmocka_unit_test(without_ipv4_who_asks_for_nothing_gets_440),
        cmocka_unit_test(a_user_has_so_many_and_no_more),
        cmocka_unit_test(an_ip_address_has_so_many_and_ipv6_by_its_prefix),
        cmocka_unit_test(the_server_has_so_many_and_no_more),
        cmocka_unit_test(a_reservation_counts_as_an_allocation),
        cmocka_unit_test(a_pair_is_two_of_the_quota),
        cmocka_unit_test(the_lifetime_is_between_default_and_maximum),
        cmocka_unit_test(a_server_that_drains_makes_none_and_keeps_what_lives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
