/* What keeps a relayed candidate, and what is let go of it: RFC 8656 sections 8 to 12. */
#include "tests/ice/relayed.h"

static void the_mapping_to_the_server_is_kept_alive(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    run(p, 31 * AUGER_SEC);
    assert_int_equal(server->keepalives, 2);
    assert_int_equal(server->allocates, 1);
    end(p);
}

static void a_permission_that_no_pair_needs_is_forgotten(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    struct auger_cand other = cand_of(OTHER_PEER, AUGER_CAND_HOST, 2130706430);
    strcpy(other.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->permits, 2);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    keep(p, 300 * AUGER_SEC); /* in which all that is kept is renewed */
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    struct auger_addr kept = addr_of(PEER);
    assert_in_range(server->permits, 2, 3);
    assert_true(server->permits == 2 || auger_addr_ip_equal(&server->last_permit, &kept));
    end(p);
}

/* Answers what is asked without the relay, for that long. */
static void keep_direct(struct puppet *p, auger_time time)
{
    for (auger_time end = p->world->now + time; p->world->now < end;) {
        left_len = 0;
        puppet_wait(p, 500 * AUGER_MS);
        settle(p);
        for (size_t i = 0; i < left_len; i++)
            if (is_along(&left[i], "192.0.2.1:1001", "192.0.2.2:2002") &&
                left[i].msg.class_ == AUGER_STUN_REQUEST)
                puppet_answer(p, &left[i], &(struct puppet_answer){0});
    }
}

/* Of a pair that was given up, and that the peer chooses again. */
static void a_channel_that_was_let_go_is_asked_for_again(void **state)
{
    const struct puppet_check relayed = {.from = PEER, .to = RELAYED, .use_candidate = true};
    const struct puppet_check revived = {.from = PEER, .to = RELAYED};
    const struct puppet_check direct = {.use_candidate = true};
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct turn_server *server;

    (void)state;
    struct puppet *p = relayed_session(false, &server);
    puppet_check(p, &relayed);
    keep(p, 5 * AUGER_SEC);
    assert_int_equal(server->binds, 1);
    puppet_check(p, &direct);
    keep_direct(p, 5 * AUGER_SEC);
    assert_true(pair_of(p, "192.0.2.1:1001", "192.0.2.2:2002").selected);
    keep_direct(p, 35 * AUGER_SEC);
    puppet_check(p, &revived); /* and does not answer */
    keep_direct(p, 225 * AUGER_SEC);
    assert_int_equal(pair_of(p, RELAYED, PEER).state, AUGER_PAIR_FAILED);
    assert_int_equal(server->permits, 1);
    puppet_check(p, &relayed);
    keep(p, 430 * AUGER_SEC); /* the first channel would have ended */
    assert_true(pair_of(p, RELAYED, PEER).selected);
    unsigned by_channel = server->channel_sends;
    assert_int_equal(write_text(p, "text", &path, buf, sizeof(buf)), 4);
    assert_int_equal(server->channel_sends, by_channel + 1);
    end(p);
}

static void a_restart_keeps_the_allocation_and_tells_it_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 1);
    assert_true(is_gathered);
    end(p);
}

static void a_restart_asks_again_where_there_was_nothing(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->allocate_code = AUGER_STUN_FORBIDDEN;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    server->allocate_code = 0;
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_true(is_gathered);
    end(p);
}

static void a_failed_session_is_silent_and_a_restart_finds_what_still_stands(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    unsigned keepalives = server->keepalives;
    run(p, 60 * AUGER_SEC);
    assert_int_equal(server->keepalives, keepalives);
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(server->allocates, 1);
    end(p);

    p = agent_with_relay(true, &server);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, 60 * AUGER_SEC);
    p->world->now += 3600 * AUGER_SEC; /* by then the server has let it go */
    memset(server->allocations, 0, sizeof(server->allocations));
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    end(p);
}

static void closing_gives_back_and_says_nothing_else(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    forget();
    auger_ice_close(p->ice, p->world->now);
    assert_int_equal(auger_ice_next_timeout(p->ice) == AUGER_NEVER, false);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(server->releases, 1);
    assert_int_equal(left_len, 0);
    assert_int_equal(told_len, 0);
    assert_true(auger_ice_next_timeout(p->ice) == AUGER_NEVER);
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), AUGER_ERR_NO_PATH);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), AUGER_ERR_STATE);
    auger_ice_close(p->ice, p->world->now);
    end(p);
}

static void closing_ends_though_no_server_answers(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->is_silent = true;
    auger_ice_close(p->ice, p->world->now);
    run(p, 1100 * AUGER_MS);
    assert_true(auger_ice_next_timeout(p->ice) == AUGER_NEVER);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mapping_to_the_server_is_kept_alive),
        cmocka_unit_test(a_permission_that_no_pair_needs_is_forgotten),
        cmocka_unit_test(a_channel_that_was_let_go_is_asked_for_again),
        cmocka_unit_test(a_restart_keeps_the_allocation_and_tells_it_again),
        cmocka_unit_test(a_restart_asks_again_where_there_was_nothing),
        cmocka_unit_test(a_failed_session_is_silent_and_a_restart_finds_what_still_stands),
        cmocka_unit_test(closing_gives_back_and_says_nothing_else),
        cmocka_unit_test(closing_ends_though_no_server_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
