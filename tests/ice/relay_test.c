/* Relayed candidates: how they come about, and what is sent through them and when. */
#include "tests/ice/relayed.h"

#include <auger/ice_share.h>

/* --- gathering ------------------------------------------------------------------------------ */

static void one_allocation_makes_both_candidates(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);
    const struct auger_cand *relay = find_told(AUGER_CAND_RELAY), *srflx;

    assert_int_equal(server->allocates, 1);
    assert_non_null(relay);
    assert_true(auger_addr_equal(&relay->addr, &(struct auger_addr){0}) == false);
    struct auger_addr relayed = addr_of(RELAYED), mapped = addr_of(MAPPED);
    assert_true(auger_addr_equal(&relay->addr, &relayed));
    assert_true(auger_addr_equal(&relay->related, &mapped)); /* 8839 section 5.1 */
    assert_int_equal(relay->priority >> 24, 0);              /* 8445 section 5.1.2.2 */
    srflx = find_told(AUGER_CAND_SRFLX);
    assert_non_null(srflx);
    assert_true(auger_addr_equal(&srflx->addr, &mapped));
    assert_true(auger_addr_equal(&srflx->related, &p->base));
    assert_string_not_equal(srflx->foundation, relay->foundation);
    end(p);
}

static void a_relay_of_both_families_makes_two_candidates(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->relayed6 = "[2001:db8::99]:50001";
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 2);
    assert_string_not_equal(told[1].foundation, told[2].foundation); /* of two base addresses */
    end(p);
}

static void a_server_that_is_dead_delays_no_other(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_server(p, SERVER, RELAYED)->is_silent = true;
    add_server(p, OTHER_SERVER, OTHER_RELAYED);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_false(is_gathered);
    run(p, 15 * AUGER_SEC);
    assert_true(is_gathered);
    assert_in_range(gathered_after, 8 * AUGER_SEC, 10 * AUGER_SEC);
    end(p);
}

static void gathering_ends_with_the_last_refusal(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_server(p, SERVER, RELAYED)->allocate_code = 403;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_true(is_gathered);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 0);
    end(p);
}

/* RFC 8445 section 5.1.1.2. */
static void a_server_without_a_relay_to_give_says_how_it_sees_us(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->allocate_code = 486;
    server->mapped = MAPPED;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_true(is_gathered);
    assert_int_equal(server->bindings, 1);
    struct auger_addr mapped = addr_of(MAPPED);
    assert_non_null(find_told(AUGER_CAND_SRFLX));
    assert_true(auger_addr_equal(&find_told(AUGER_CAND_SRFLX)->addr, &mapped));
    assert_int_equal(told_before_end, told_len);
    end(p);
}

/* One 5-tuple has one allocation (RFC 8656 section 5). */
static void two_servers_that_send_on_to_one_make_one_relay(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, RELAYED);
    struct turn_server *third = turn_add("198.51.100.60:3478", OTHER_RELAYED);

    one->allocate_code = other->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    one->alternate = other->alternate = "198.51.100.60:3478";
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(third->challenged, 1);
    assert_int_equal(third->allocates, 1);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_true(is_gathered);
    end(p);
}

static void a_server_that_another_has_sent_us_on_to_is_not_asked_twice(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);

    one->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    one->alternate = OTHER_SERVER;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(other->challenged, 1);
    assert_int_equal(other->allocates, 1);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_true(is_gathered);
    end(p);
}

/* It would be told of an allocation mismatch. */
static void a_server_that_has_refused_us_is_not_asked_beside_who_was_sent_on_to_it(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);

    one->allocate_code = AUGER_STUN_INSUFFICIENT_CAPACITY;
    other->is_silent = true;
    run(p, 200 * AUGER_MS);
    assert_int_equal(one->allocates, 1);
    one->allocate_code = 0;
    other->is_silent = false;
    other->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    other->alternate = SERVER;
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(one->allocates, 2);
    run(p, 65 * AUGER_SEC);
    assert_int_equal(one->allocates, 2);
    end(p);
}

static void each_server_is_asked_once_before_any_twice(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.relays_max = 3;
    struct puppet *p = agent_with(&config);
    for (int i = 0; i < 3; i++) {
        char base[AUGER_ADDR_TEXT_MAX];
        snprintf(base, sizeof(base), "192.0.2.1:%d", 1002 + i);
        struct auger_addr addr = addr_of(base);
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &addr), 0);
    }
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(one->allocates, 2);
    assert_int_equal(other->allocates, 1);
    end(p);
}

static void new_clients_are_paced(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);

    settle(p);
    assert_int_equal(one->challenged + other->challenged, 1);
    run(p, 50 * AUGER_MS);
    assert_int_equal(one->challenged + other->challenged, 2);
    end(p);
}

/* Each of them has its turn at Ta, every other one (docs/decisions/153). */
static void servers_do_not_wait_for_all_checks(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct auger_addr stun = addr_of(OTHER_SERVER);

    puppet_introduce(p);
    for (int i = 0; i < 16; i++) {
        char peer[AUGER_ADDR_TEXT_MAX];
        snprintf(peer, sizeof(peer), "203.0.113.7:%d", 7000 + i);
        struct auger_cand cand = cand_of(peer, AUGER_CAND_HOST, 2130706431 - (uint32_t)i);
        snprintf(cand.foundation, sizeof(cand.foundation), "%d", i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    }
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &stun), 0);
    run(p, 200 * AUGER_MS);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(left_len, 4); /* three checks, and the question to the STUN server */
    end(p);
}

static void a_way_by_udp_comes_before_tcp_and_that_before_tls(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_stream(p, "198.51.100.56:443", "198.51.100.96:53000", true);
    add_stream(p, "198.51.100.55:3478", "198.51.100.97:52000", false);
    add_server(p, SERVER, RELAYED);
    run(p, AUGER_SEC);
    uint32_t tls = 0, tcp = 0, udp = 0;
    for (size_t i = 0; i < told_len; i++) {
        if (told[i].addr.port == 53000)
            tls = told[i].priority;
        if (told[i].addr.port == 52000)
            tcp = told[i].priority;
        if (told[i].addr.port == 50000)
            udp = told[i].priority;
    }
    assert_true(tls > 0 && tcp > tls && udp > tcp);
    assert_int_equal(udp >> 24, 0);
    end(p);
}

static void an_address_that_cannot_be_the_servers_is_not_believed(void **state)
{
    (void)state;
    static const char *const lies[] = {"127.0.0.1:50000", "169.254.1.1:50000", PEER,
                                       "192.0.2.1:1001"};

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct puppet *p = agent(true);
        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
        struct turn_server *server = add_server(p, SERVER, lies[i]);
        auger_ice_end_of_local_addrs(p->ice, p->world->now);
        run(p, AUGER_SEC);
        assert_int_equal(count_told(AUGER_CAND_RELAY), 0);
        assert_true(is_gathered);
        assert_in_range(server->releases + server->challenged, 1, 3);
        end(p);
    }
}

static void what_a_client_cannot_be_made_of_is_refused(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_ice_turn_server server;

    auger_ice_config_init(&config);
    config.servers_max = 1;
    struct puppet *p = agent_with(&config);
    assert_int_equal(add_server_of(p, "198.51.100.53:0", "secret", false, false),
                     AUGER_ERR_INVALID);
    assert_int_equal(add_server_of(p, SERVER, NULL, false, false), AUGER_ERR_INVALID);
    assert_true(add_server_of(p, SERVER, "\xCD\xB8", false, false) < 0); /* unassigned */
    assert_int_equal(add_server_of(p, SERVER, "secret", false, false), 0);
    assert_int_equal(add_server_of(p, OTHER_SERVER, "secret", false, false), AUGER_ERR_LIMIT);
    assert_int_equal(auger_ice_share_sockets(p->ice, 1), AUGER_ERR_STATE);
    end(p);

    auger_ice_config_init(&config);
    config.lite = true;
    p = agent_with(&config);
    assert_int_equal(add_server_of(p, SERVER, "secret", false, false), AUGER_ERR_UNSUPPORTED);
    end(p);

    auger_ice_config_init(&config);
    p = agent_with(&config);
    assert_int_equal(auger_ice_share_sockets(p->ice, 1), 0);
    assert_int_equal(add_server_of(p, SERVER, "secret", false, false), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(add_server_of(p, SERVER, "secret", true, false), 0);
    end(p);

    config.relays_max = 0;
    p = agent_with(&config);
    auger_ice_turn_server_init(&server);
    server.addr = addr_of(SERVER);
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), AUGER_ERR_LIMIT);
    end(p);
}

/* --- checks --------------------------------------------------------------------------------- */

static void a_check_waits_for_the_permission(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->is_silent = true;
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->sends, 0);
    assert_int_equal(pair_of(p, RELAYED, PEER).requests_sent, 0);
    server->is_silent = false;
    run(p, 3 * AUGER_SEC);
    assert_int_equal(server->permits, 1);
    assert_non_null(find_check(RELAYED, PEER));
    assert_int_equal(server->dropped, 0);
    end(p);
}

static void one_permission_serves_all_ports_of_an_address(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    struct auger_cand again = cand_of(PEER_AGAIN, AUGER_CAND_HOST, 2130706430);
    strcpy(again.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &again), 0);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(server->permits, 1);
    assert_non_null(find_check(RELAYED, PEER));
    assert_non_null(find_check(RELAYED, PEER_AGAIN));
    end(p);
}

static void a_permission_is_asked_for_in_the_turn_of_its_pair(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    settle(p);
    assert_non_null(find_check("192.0.2.1:1001", PEER)); /* which is better, and has its Ta */
    assert_int_equal(server->permits, 0);
    run(p, 50 * AUGER_MS);
    assert_int_equal(server->permits, 1);
    end(p);
}

static void a_refused_peer_takes_no_other_with_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->permit_code = AUGER_STUN_FORBIDDEN;
    server->refused = PEER;
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    struct auger_cand other = cand_of(OTHER_PEER, AUGER_CAND_HOST, 2130706430);
    strcpy(other.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(pair_of(p, RELAYED, PEER).state, AUGER_PAIR_FAILED);
    assert_null(find_check(RELAYED, PEER));
    assert_non_null(find_check(RELAYED, OTHER_PEER));
    assert_int_equal(pair_of(p, "192.0.2.1:1001", PEER).state, AUGER_PAIR_IN_PROGRESS);
    end(p);
}

static void an_answer_through_the_relay_makes_the_pair_valid(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_ice_pair_info pair = pair_of(p, RELAYED, PEER);

    assert_true(pair.valid);
    assert_int_equal(pair.local.type, AUGER_CAND_RELAY);
    end(p);
}

static void a_check_through_the_relay_is_answered_through_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(false, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    left_len = 0;
    puppet_check(p, &(struct puppet_check){.from = PEER_AGAIN, .to = RELAYED, .role = CONTROLLING});
    run(p, AUGER_SEC);
    assert_true(left_len > 0 && is_along(&left[0], RELAYED, PEER_AGAIN));
    assert_int_equal(left[0].msg.class_, AUGER_STUN_SUCCESS);
    assert_non_null(find_check(RELAYED, PEER_AGAIN)); /* triggered */
    end(p);
}

static void what_the_server_says_itself_is_no_peers(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(false, &server);
    struct auger_ice_counters counters;

    puppet_check(p, &(struct puppet_check){.from = PEER, .to = RELAYED, .role = CONTROLLING});
    auger_ice_get_counters(p->ice, &counters);
    assert_int_equal(counters.checks_received, 0); /* no permission */
    assert_int_equal(server->dropped, 1);
    end(p);
}

/* --- data ----------------------------------------------------------------------------------- */

static void data_goes_by_send_until_a_channel_is_bound(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    unsigned sends = server->sends;

    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(server->sends, sends + 1);
    assert_int_equal(server->last_len, 36 + 8); /* padded */
    assert_int_equal(server->channel_sends, 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->binds, 1);
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    assert_true(server->channel_sends > 0);
    struct auger_bytes data = puppet_deliver(p, PEER, RELAYED, (const uint8_t *)"back", 4);
    assert_int_equal(data.len, 4);
    assert_memory_equal(data.data, "back", 4);
    end(p);
}

static void a_channel_that_is_refused_is_not_asked_for_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    server->bind_code = AUGER_STUN_FORBIDDEN;
    run(p, 5 * AUGER_SEC);
    assert_int_equal(server->binds, 1);
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    end(p);
}

static void an_empty_write_asks_and_sends_nothing(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    uint8_t buf[AUGER_ICE_OVERHEAD];
    struct auger_path path;
    unsigned sends = server->sends;

    assert_int_equal(auger_ice_write_data(p->ice, p->world->now, NULL, 0, &path, buf, 0), 0);
    assert_int_equal(server->sends, sends);
    assert_int_equal(write_text(p, "hello", &path, buf, 8), AUGER_ERR_BUFFER);
    end(p);
}

static void data_from_a_peer_that_proved_nothing_is_dropped(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_bytes data = puppet_deliver(p, PEER_AGAIN, RELAYED, (const uint8_t *)"guess", 5);

    assert_null(data.data);
    end(p);
}

/* --- relay-only ----------------------------------------------------------------------------- */

static void with_relays_alone_nothing_leaves_but_through_them(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    struct puppet *p = agent_with(&config);
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    struct auger_addr stun = addr_of("198.51.100.60:3478");

    server->mapped = MAPPED;
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &stun), 0);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    puppet_check(p, &(struct puppet_check){.from = PEER, .role = CONTROLLING});
    run(p, 3 * AUGER_SEC);
    assert_int_equal(told_len, 1);
    assert_int_equal(told[0].type, AUGER_CAND_RELAY);
    assert_int_equal(told[0].related.family, AUGER_FAMILY_NONE);
    assert_true(left_len > 0);
    assert_int_equal(count_from(RELAYED), left_len);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_makes_both_candidates),
        cmocka_unit_test(a_relay_of_both_families_makes_two_candidates),
        cmocka_unit_test(a_server_that_is_dead_delays_no_other),
        cmocka_unit_test(gathering_ends_with_the_last_refusal),
        cmocka_unit_test(a_server_without_a_relay_to_give_says_how_it_sees_us),
        cmocka_unit_test(two_servers_that_send_on_to_one_make_one_relay),
        cmocka_unit_test(a_server_that_another_has_sent_us_on_to_is_not_asked_twice),
        cmocka_unit_test(a_server_that_has_refused_us_is_not_asked_beside_who_was_sent_on_to_it),
        cmocka_unit_test(each_server_is_asked_once_before_any_twice),
        cmocka_unit_test(new_clients_are_paced),
        cmocka_unit_test(servers_do_not_wait_for_all_checks),
        cmocka_unit_test(a_way_by_udp_comes_before_tcp_and_that_before_tls),
        cmocka_unit_test(an_address_that_cannot_be_the_servers_is_not_believed),
        cmocka_unit_test(what_a_client_cannot_be_made_of_is_refused),
        cmocka_unit_test(a_check_waits_for_the_permission),
        cmocka_unit_test(one_permission_serves_all_ports_of_an_address),
        cmocka_unit_test(a_permission_is_asked_for_in_the_turn_of_its_pair),
        cmocka_unit_test(a_refused_peer_takes_no_other_with_it),
        cmocka_unit_test(an_answer_through_the_relay_makes_the_pair_valid),
        cmocka_unit_test(a_check_through_the_relay_is_answered_through_it),
        cmocka_unit_test(what_the_server_says_itself_is_no_peers),
        cmocka_unit_test(data_goes_by_send_until_a_channel_is_bound),
        cmocka_unit_test(a_channel_that_is_refused_is_not_asked_for_again),
        cmocka_unit_test(an_empty_write_asks_and_sends_nothing),
        cmocka_unit_test(data_from_a_peer_that_proved_nothing_is_dropped),
        cmocka_unit_test(with_relays_alone_nothing_leaves_but_through_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
