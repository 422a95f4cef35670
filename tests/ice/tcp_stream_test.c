/* Which streams an agent wants, and bases of TCP that go: RFC 6544 sections 8, 9.2 and 11. */
#include "tests/ice/tcp_puppet.h"

static bool is_framed(const struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    return auger_ice_stream_is_framed(p->ice, &path);
}

/* --- what the caller asks of them ---------------------------------------------------------------
 */

static void a_stream_is_of_ice_or_leads_to_a_turn_server(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of("tcp:198.51.100.1:3478");
    server.username = "u";
    server.password = "p";
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    assert_false(is_framed(p, ACTIVE_BASE, "tcp:198.51.100.1:3478"));
    assert_true(is_framed(p, ACTIVE_BASE, PEER));
    assert_true(is_framed(p, BASE, CALLER));
    assert_false(is_framed(p, "192.0.2.1:1001", "192.0.2.2:2002"));
    /* Nor does a peer have us mix the two. */
    assert_int_equal(tell(p, "tcp:198.51.100.1:3478", AUGER_TCP_TYPE_PASSIVE, 1500000000),
                     AUGER_ERR_UNSUPPORTED);
    puppet_free(p);
}

/* As where a program uses no UDP at all. */
static void a_turn_server_over_tcp_is_asked_from_bases_of_tcp(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_ice_turn_server server;
    struct auger_addr base = addr_of(BASE);
    struct sent sent;
    size_t asked = 0;

    auger_ice_config_init(&config);
    config.tcp = ALL;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    auger_ice_turn_server_init(&server);
    server.username = "u";
    server.password = "p";
    server.addr = addr_of("198.51.100.1:3478"); /* not asked: there is no socket for it */
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    server.addr.transport = AUGER_TCP;
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    for (int i = 0; i < 20; i++) {
        while (puppet_take(p, &sent)) {
            asked++;
            assert_true(is_along(&sent, ACTIVE_BASE, "tcp:198.51.100.1:3478"));
        }
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_int_equal(asked, 1);
    puppet_free(p);
}

/* 8 */
static void streams_that_were_not_selected_may_be_closed(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct sent sent;

    assert_false(is_wanted(p, BASE, CALLER)); /* nobody has asked along it */
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    assert_true(is_wanted(p, ACTIVE_BASE, PEER));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = CALLER, .to = BASE});
    assert_true(is_wanted(p, BASE, CALLER));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    for (int i = 0; i < 40 && !puppet_pair(p, PEER).selected; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    }
    assert_true(puppet_pair(p, PEER).selected);
    assert_true(is_wanted(p, BASE, CALLER)); /* for three seconds */
    puppet_wait(p, 3 * AUGER_SEC);
    assert_false(is_wanted(p, BASE, CALLER));
    assert_true(is_wanted(p, ACTIVE_BASE, PEER));
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0); /* 9.2 */
    assert_true(is_wanted(p, BASE, CALLER));
    auger_ice_close(p->ice, p->world->now);
    assert_false(is_wanted(p, ACTIVE_BASE, PEER));
    puppet_free(p);
}

static void answer_all(struct puppet *p, const char *never)
{
    struct sent sent;

    while (puppet_take_request(p, &sent)) {
        assert_false(never && is_along(&sent, ACTIVE_BASE, never));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    }
}

/* 8: who closes it says so, as of any stream. */
static void a_stream_that_nobody_wants_is_not_opened_again(void **state)
{
    (void)state;
    const char *const other = "tcp:198.51.100.9:7000";
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_int_equal(tell(p, other, AUGER_TCP_TYPE_PASSIVE, 1400000000), 0);
    for (int i = 0; i < 100 && is_wanted(p, ACTIVE_BASE, other); i++) {
        answer_all(p, NULL);
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_true(puppet_pair(p, PEER).selected);
    assert_true(puppet_pair(p, other).valid);
    lose_stream(p, ACTIVE_BASE, other);
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        answer_all(p, other);
    }
    puppet_free(p);
}

/* 9.2: the stream that is there is used, and the old session keeps it. */
static void a_restart_asks_along_the_stream_that_is_open(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(true);
    struct sent sent;

    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    assert_int_equal(auger_ice_set_remote_credentials(p->ice, p->world->now, "puppet02",
                                                      PUPPET_PASSWORD PUPPET_PASSWORD),
                     0);
    assert_true(is_wanted(p, ACTIVE_BASE, PEER));
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    assert_true(has_data_path(p));
    lose_stream(p, ACTIVE_BASE, PEER); /* of both */
    assert_false(has_data_path(p));
    puppet_free(p);
}

/* --- bases that go
 * -------------------------------------------------------------------------------- */

static void a_base_that_goes_takes_its_streams_along(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct auger_addr base = addr_of(BASE), second = addr_of("tcp:192.0.2.1:5001");
    struct auger_cand cands[EVENTS_MAX];

    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &second), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_SO, 1500000000), 0);
    assert_int_equal(puppet_pairs(p), 3);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &base), 0);
    assert_int_equal(puppet_pairs(p), 2); /* the active one is of the second base too */
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &base),
                     AUGER_ERR_NOT_FOUND);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &second), 0);
    assert_int_equal(puppet_pairs(p), 0);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 1); /* of UDP */
    puppet_free(p);
}

static void a_base_without_room_leaves_nothing_behind(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[EVENTS_MAX];

    auger_ice_config_init(&config);
    config.tcp = ALL;
    config.local_cands_max = 3;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), AUGER_ERR_LIMIT);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 1);
    puppet_free(p);
}

static void without_memory_a_base_can_be_added_later(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[EVENTS_MAX];
    size_t failures = 0;

    auger_ice_config_init(&config);
    config.tcp = ALL;
    for (size_t n = 1;; n++) {
        struct puppet *p = puppet_with(&config);
        p->world->allocations = 0;
        p->world->fail_at = n;
        int err = auger_ice_add_local_addr(p->ice, p->world->now, &base);
        p->world->fail_at = 0;
        if (err) {
            failures++;
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 1);
            assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
        }
        assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 4);
        puppet_free(p);
        if (!err)
            break;
    }
    assert_true(failures >= 3);
}

static void names_are_those_of_the_line(void **state)
{
    (void)state;
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_NONE), "");
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_ACTIVE), "active");
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_PASSIVE), "passive");
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_SO), "so");
    assert_string_equal(auger_tcp_type_name((enum auger_tcp_type)9), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_of_ice_or_leads_to_a_turn_server),
        cmocka_unit_test(a_turn_server_over_tcp_is_asked_from_bases_of_tcp),
        cmocka_unit_test(streams_that_were_not_selected_may_be_closed),
        cmocka_unit_test(a_stream_that_nobody_wants_is_not_opened_again),
        cmocka_unit_test(a_restart_asks_along_the_stream_that_is_open),
        cmocka_unit_test(a_base_that_goes_takes_its_streams_along),
        cmocka_unit_test(a_base_without_room_leaves_nothing_behind),
        cmocka_unit_test(without_memory_a_base_can_be_added_later),
        cmocka_unit_test(names_are_those_of_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
