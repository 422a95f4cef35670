/* What befalls relayed candidates, and how they end. */
#include "tests/ice/relayed.h"

/* --- what comes of a mishap ------------------------------------------------------------------- */

static void hosts_have_room_beside_what_servers_give(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct auger_addr addr;
    char base[AUGER_ADDR_TEXT_MAX];

    add_server(p, SERVER, RELAYED)->relayed6 = "[2001:db8::99]:50001";
    add_server(p, OTHER_SERVER, OTHER_RELAYED)->relayed6 = "[2001:db8::98]:51001";
    for (int i = 1; i < 6; i++) {
        snprintf(base, sizeof(base), "192.0.2.1:%d", 1001 + i);
        addr = addr_of(base);
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &addr), 0);
    }
    run(p, 2 * AUGER_SEC);
    assert_true(count_told(AUGER_CAND_RELAY) >= 4);
    addr = addr_of("192.0.2.77:1001");
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &addr), 0);
    end(p);
}

/* As the 401 comes, which is to be answered. */
static void one_failure_of_entropy_ends_no_allocation(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    struct auger_path path;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX], answer[256];
    struct auger_stun_msg msg;
    struct auger_stun_builder b;

    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    server->is_silent = true;
    size_t len = turn_intercept(p->ice, p->world->now, &path, buf, sizeof(buf));
    assert_int_equal(auger_stun_msg_parse(&msg, buf, len), 0);
    auger_stun_build_begin(&b, answer, sizeof(answer), AUGER_STUN_ERROR, msg.method, &msg.tid);
    auger_stun_build_error(&b, AUGER_STUN_UNAUTHENTICATED);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, TURN_REALM, strlen(TURN_REALM));
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, "nonce", 5);
    p->world->no_entropy = true;
    auger_ice_handle_datagram(p->ice, p->world->now, &path, answer,
                              (size_t)auger_stun_build_end(&b), &data);
    p->world->no_entropy = false;
    server->is_silent = false;
    run(p, 2 * AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_true(is_gathered);
    end(p);
}

/* As the 438 comes to a CreatePermission. */
static void one_failure_of_entropy_refuses_no_peer(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    server->stales_without_entropy = 1;
    server->no_entropy = &p->world->no_entropy;
    run(p, AUGER_SEC);
    assert_int_equal(server->stales_without_entropy, 0);
    assert_int_equal(server->permits, 1);
    assert_int_not_equal(pair_of(p, RELAYED, PEER).state, AUGER_PAIR_FAILED);
    assert_non_null(find_check(RELAYED, PEER));
    end(p);
}

/* RFC 8838 section 13: nothing comes after it. */
static void the_end_of_candidates_is_told_again_behind_a_late_relay(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->is_silent = true;
    server->mapped = MAPPED;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, 12 * AUGER_SEC);
    assert_true(is_gathered);
    forget();
    server->is_silent = false;
    run(p, 10 * AUGER_SEC);
    assert_int_equal(told_len, 2); /* what the server has seen of us is one */
    assert_true(is_gathered);
    assert_int_equal(told_before_end, 2);
    end(p);
}

/* It is of another realm, which nobody signed. */
static void a_forged_first_challenge_costs_seconds_alone(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    struct auger_path path;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX], answer[256];
    struct auger_stun_msg msg;
    struct auger_stun_builder b;

    size_t len = turn_intercept(p->ice, p->world->now, &path, buf, sizeof(buf));
    assert_int_equal(auger_stun_msg_parse(&msg, buf, len), 0);
    auger_stun_build_begin(&b, answer, sizeof(answer), AUGER_STUN_ERROR, msg.method, &msg.tid);
    auger_stun_build_error(&b, AUGER_STUN_UNAUTHENTICATED);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, "nonce", 5);
    auger_ice_handle_datagram(p->ice, p->world->now, &path, answer,
                              (size_t)auger_stun_build_end(&b), &data);
    run(p, 6 * AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    end(p);
}

/* What is written for another address nobody would seal (8489 section 10). */
static void a_sealed_server_sends_nobody_on(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *sealed = turn_add(SERVER, RELAYED);
    struct turn_server *other = turn_add(OTHER_SERVER, OTHER_RELAYED);

    sealed->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    sealed->alternate = OTHER_SERVER;
    assert_int_equal(add_server_of(p, SERVER, "secret", false, true), 0);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_true(is_gathered);
    assert_int_equal(sealed->allocates, 1);
    assert_int_equal(other->challenged + other->allocates, 0);
    end(p);
}

/* Unless its caller says that it seals what is written there too: it asks for whom. */
static void a_sealed_server_sends_on_whose_caller_seals_that_too(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *sealed = turn_add(SERVER, RELAYED);
    struct turn_server *other = turn_add(OTHER_SERVER, OTHER_RELAYED);
    struct auger_ice_turn_server server;
    struct auger_ice_relay_info info;

    sealed->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    sealed->alternate = OTHER_SERVER;
    sealed->domain = "other.example";
    auger_ice_turn_server_init(&server);
    server.addr = addr_of(SERVER);
    server.username = "user";
    server.password = "secret";
    server.over_tls = server.seals_alternates = true;
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(other->allocates, 1);
    assert_int_equal(auger_ice_relays(p->ice, &info, 1), 1);
    struct auger_path path = {info.base, addr_of(OTHER_SERVER)};
    assert_true(auger_ice_relay_on(p->ice, &path, &info));
    assert_string_equal(info.domain, "other.example");
    assert_true(auger_addr_equal(&info.added, &server.addr));
    path.remote = server.addr;
    assert_false(auger_ice_relay_on(p->ice, &path, &info));
    end(p);
}

/* --- the end of an allocation ----------------------------------------------------------------- */

static void a_lost_allocation_goes_like_an_address_and_is_made_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    forget();
    server->refresh_code = AUGER_STUN_ALLOCATION_MISMATCH;
    server->relayed = OTHER_RELAYED;
    keep(p, 550 * AUGER_SEC);
    assert_int_equal(server->refreshes, 1);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(find_told(AUGER_CAND_RELAY)->addr.port, 51001);
    assert_int_equal(server->releases, 0);
    end(p);
}

static void a_stream_is_named_by_its_two_ends(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);
    const struct auger_path *client = &server->allocations[0].client;
    struct auger_addr another = addr_of("192.0.2.1:1002");

    assert_int_equal(client->local.transport, AUGER_TCP);
    assert_int_equal(client->local.port, 0);
    assert_true(auger_addr_ip_equal(&client->local, &p->base));
    assert_int_equal(client->remote.transport, AUGER_TCP);
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 0);
    /* One for each IP address, whatever the ports. */
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &another), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    run(p, AUGER_SEC);
    struct auger_cand cands[8];
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 2);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &another), 0);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 0);
    end(p);
}

static void a_stream_that_breaks_is_opened_again_once(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    lose(p, server);
    struct auger_cand cands[8];
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 1); /* the host */
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 2);
    lose(p, server);
    run(p, 30 * AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    end(p);
}

/* Nothing listens there meanwhile, and each connection is refused at once. */
static unsigned ask_nobody(struct puppet *p, struct turn_server *server, auger_time duration)
{
    const struct auger_path path = server->allocations[0].client;
    unsigned before = server->unheard;

    server->is_silent = true;
    lose(p, server);
    for (auger_time end = p->world->now + duration; p->world->now < end;) {
        unsigned unheard = server->unheard;
        run(p, AUGER_SEC / 2);
        if (server->unheard > unheard)
            auger_ice_stream_lost(p->ice, p->world->now, &path);
    }
    server->is_silent = false;
    return server->unheard - before;
}

static void a_server_that_starts_anew_is_found_once_it_is_there(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    unsigned asked = ask_nobody(p, server, 15 * AUGER_SEC);
    assert_in_range(asked, 5, 10);
    assert_int_equal(server->allocates, 1);
    run(p, 3 * AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 2);
    end(p);
}

static void one_that_does_not_come_back_is_left_alone_after_20_s(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    assert_in_range(ask_nobody(p, server, 60 * AUGER_SEC), 5, 11);
    run(p, 60 * AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    end(p);
}

/* It is nobody who was there before. */
static void one_that_never_answered_is_not_asked_again(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_stream(p, SERVER, RELAYED, false);
    struct auger_path path = {p->base, server->addr};

    path.local.port = 0;
    path.local.transport = AUGER_TCP;
    server->is_silent = true;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    auger_ice_stream_lost(p->ice, p->world->now, &path);
    run(p, 60 * AUGER_SEC);
    assert_int_equal(server->unheard, 1);
    end(p);
}

/* Else the relay would come behind the end of candidates. */
static void a_restart_does_not_wait_for_the_next_time(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    const struct auger_path path = server->allocations[0].client;
    server->is_silent = true;
    lose(p, server);
    run(p, AUGER_SEC / 2);
    auger_ice_stream_lost(p->ice, p->world->now, &path);
    server->is_silent = false;
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC / 2);
    assert_int_equal(server->allocates, 2);
    end(p);
}

static void what_has_stood_for_a_while_may_break_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    for (unsigned i = 2; i < 5; i++) {
        lose(p, server);
        run(p, 61 * AUGER_SEC);
        assert_int_equal(server->allocates, i);
    }
    end(p);
}

static void a_stream_that_never_opened_ends_gathering(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_stream(p, SERVER, RELAYED, false);
    struct auger_path path = {p->base, server->addr};

    path.local.port = 0;
    path.local.transport = AUGER_TCP;
    server->is_silent = true;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_false(is_gathered);
    auger_ice_stream_lost(p->ice, p->world->now, &path);
    take_news(p);
    assert_true(is_gathered);
    end(p);
}

static void a_quota_that_is_reached_is_tried_again_after_a_minute(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->allocate_code = AUGER_STUN_ALLOCATION_QUOTA_REACHED;
    run(p, 50 * AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    server->allocate_code = 0;
    run(p, 15 * AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    end(p);
}

static void with_its_base_a_relay_goes(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_cand cands[8];

    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 0);
    assert_int_equal(puppet_pairs(p), 0);
    left_len = 0;
    unsigned refreshes = server->refreshes;
    run(p, 20 * AUGER_SEC);
    assert_int_equal(left_len, 0);
    assert_int_equal(server->refreshes + server->releases, refreshes);
    struct auger_addr relayed = addr_of(RELAYED);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &relayed),
                     AUGER_ERR_NOT_FOUND);
    end(p);
}

/* The end of candidates waited for what was asked from there, and for nothing else. */
static void with_its_base_the_wait_for_a_relay_is_over(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    struct auger_addr other = addr_of("192.0.2.50:5005");

    server->is_silent = true;
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &other), 0);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &other), 0);
    take_news(p);
    assert_false(is_gathered);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    take_news(p);
    assert_true(is_gathered);
    end(p);
}

/* Neither takes the place of the other one that goes with it. */
static void both_addresses_of_a_relay_go_at_once(void **state)
{
    static const char relayed6[] = "[2001:db8::99]:50001", peer6[] = "[2001:db8::5]:5005";
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_stream(p, SERVER, RELAYED, false);

    server->relayed6 = relayed6;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    assert_int_equal(puppet_tell(p, peer6, 2130706430), 0);
    run(p, AUGER_SEC);
    struct sent later = *find_check(relayed6, peer6);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    forget();
    run(p, 2 * AUGER_SEC); /* that one is nominated */
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    puppet_answer(p, &later, &(struct puppet_answer){.to = relayed6});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    lose(p, server);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    end(p);
}

static void a_session_whose_relay_is_lost_goes_on_by_another(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    run(p, AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    forget();
    server->relayed = OTHER_RELAYED;
    lose(p, server);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    struct sent *check = find_check("198.51.100.98:51001", PEER);
    assert_non_null(check);
    puppet_answer(p, check, &(struct puppet_answer){.to = "198.51.100.98:51001"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    end(p);
}

/* The next one may be there in a moment. */
static void no_restart_is_wanted_while_a_relay_is_asked_for(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    config.controlling = true;
    struct puppet *p = agent_with(&config);
    struct turn_server *server = add_stream(p, SERVER, RELAYED, false);
    run(p, AUGER_SEC);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, AUGER_SEC);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    run(p, AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    lose(p, server);
    run(p, 200 * AUGER_MS);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_false(is_restart_wanted);
    lose(p, server); /* and is not asked for any more */
    run(p, 200 * AUGER_MS);
    assert_true(is_restart_wanted);
    end(p);
}

/* Whom nobody calls but when it asks for it. */
static void wake(struct puppet *p)
{
    p->world->now = auger_ice_next_timeout(p->ice);
    auger_ice_handle_timeout(p->ice, p->world->now);
    settle(p);
}

static void a_silent_relay_is_doubted_at_once_and_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    while (auger_ice_get_state(p->ice) == AUGER_ICE_CONNECTED)
        wake(p);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    assert_int_equal(server->refreshes, 1);
    auger_time again = p->world->now + 10 * AUGER_SEC;
    while (p->world->now < again) {
        assert_int_equal(server->refreshes, 1);
        wake(p);
    }
    assert_int_equal(server->refreshes, 2);
    assert_int_equal(p->world->now, again);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_have_room_beside_what_servers_give),
        cmocka_unit_test(one_failure_of_entropy_refuses_no_peer),
        cmocka_unit_test(the_end_of_candidates_is_told_again_behind_a_late_relay),
        cmocka_unit_test(one_failure_of_entropy_ends_no_allocation),
        cmocka_unit_test(a_forged_first_challenge_costs_seconds_alone),
        cmocka_unit_test(a_sealed_server_sends_nobody_on),
        cmocka_unit_test(a_sealed_server_sends_on_whose_caller_seals_that_too),
        cmocka_unit_test(a_lost_allocation_goes_like_an_address_and_is_made_again),
        cmocka_unit_test(a_stream_is_named_by_its_two_ends),
        cmocka_unit_test(a_stream_that_breaks_is_opened_again_once),
        cmocka_unit_test(what_has_stood_for_a_while_may_break_again),
        cmocka_unit_test(a_server_that_starts_anew_is_found_once_it_is_there),
        cmocka_unit_test(one_that_does_not_come_back_is_left_alone_after_20_s),
        cmocka_unit_test(a_restart_does_not_wait_for_the_next_time),
        cmocka_unit_test(one_that_never_answered_is_not_asked_again),
        cmocka_unit_test(a_stream_that_never_opened_ends_gathering),
        cmocka_unit_test(a_quota_that_is_reached_is_tried_again_after_a_minute),
        cmocka_unit_test(with_its_base_a_relay_goes),
        cmocka_unit_test(a_session_whose_relay_is_lost_goes_on_by_another),
        cmocka_unit_test(with_its_base_the_wait_for_a_relay_is_over),
        cmocka_unit_test(both_addresses_of_a_relay_go_at_once),
        cmocka_unit_test(no_restart_is_wanted_while_a_relay_is_asked_for),
        cmocka_unit_test(a_silent_relay_is_doubted_at_once_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
