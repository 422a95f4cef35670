/* Relayed candidates: what explanation and statistics say of them. */
#include "tests/ice/relayed.h"

#include <auger/ice_explain.h>
#include <auger/ice_stats.h>

/* --- what is said about it ------------------------------------------------------------------ */

static struct auger_ice_explanation explain(const struct puppet *p)
{
    struct auger_ice_explanation explanation;

    auger_ice_explain(p->ice, &explanation);
    return explanation;
}

static struct puppet *relay_only(struct turn_server **server, const char *password)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    struct puppet *p = agent_with(&config);
    *server = turn_add(SERVER, RELAYED);
    assert_int_equal(add_server_of(p, SERVER, password, false, false), 0);
    puppet_introduce(p);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    return p;
}

static void a_refused_password_is_the_reason(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relay_only(&server, "wrong");

    run(p, 2 * AUGER_SEC); /* a 401 that nobody signed is believed after 1.5 s */
    struct auger_ice_explanation why = explain(p);
    assert_string_equal(auger_ice_why_name(why.why), "turn-password");
    assert_int_equal(why.turn_code, 401);
    assert_int_equal(why.turn_servers, 1);
    assert_int_equal(why.relays, 0);
    assert_non_null(
        strstr(why.evidence, "TURN: 1 servers, 0 relays, name or password is wrong (401)"));
    end(p);
}

static void a_silent_server_is_the_reason(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relay_only(&server, "secret");

    server->is_silent = true;
    run(p, 11 * AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-no-answer");
    run(p, 40 * AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-no-answer");
    end(p);
}

static void an_error_of_the_server_is_the_reason(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relay_only(&server, "secret");

    server->allocate_code = AUGER_STUN_ALLOCATION_QUOTA_REACHED;
    run(p, AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-refused");
    assert_int_equal(explain(p).turn_code, 486);
    assert_int_equal(explain(p).turn_error, AUGER_TURN_ERROR_QUOTA);
    end(p);
}

/* Nothing arrived, and a relay would have helped. */
static void it_is_the_reason_with_other_candidates_too(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_server(p, SERVER, RELAYED)->allocate_code = AUGER_STUN_FORBIDDEN;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-refused");
    end(p);

    struct turn_server *server;
    p = agent_with_relay(true, &server);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, 60 * AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "nothing-arrived");
    end(p);
}

static void statistics_name_the_server_and_the_way_to_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);
    struct auger_ice_cand_stats stats;
    struct auger_addr addr = addr_of(SERVER);
    bool is_found = false;

    for (size_t i = 0; auger_ice_get_cand_stats(p->ice, i, &stats) == 0; i++) {
        assert_int_equal(stats.relay_protocol[0] != 0, stats.cand.type == AUGER_CAND_RELAY);
        if (stats.cand.type != AUGER_CAND_RELAY)
            continue;
        is_found = true;
        assert_string_equal(stats.relay_protocol, "udp");
        assert_string_equal(stats.id, "L relay " RELAYED);
        assert_true(auger_addr_equal(&stats.server, &addr));
    }
    assert_true(is_found);
    end(p);
}

static void what_the_socket_refuses_is_counted_without_the_wrapping(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_ice_pair_stats stats;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    assert_int_equal(write_text(p, "four", &path, buf, sizeof(buf)), 4);
    auger_ice_note_discarded(p->ice, &server->allocations[0].client, 4 + 36);
    run(p, AUGER_SEC);
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    auger_ice_note_discarded(p->ice, &server->allocations[0].client, 5 + 4);
    for (size_t i = 0; auger_ice_get_pair_stats(p->ice, i, &stats) == 0; i++)
        if (stats.packets_discarded_on_send > 0)
            break;
    assert_int_equal(stats.packets_discarded_on_send, 2);
    assert_int_equal(stats.bytes_discarded_on_send, 4 + 5);
    end(p);
}

/* Nobody signs it: who knows the 5-tuple can send it (docs/decisions/154). */
static void an_icmp_error_is_evidence_and_fails_no_pair(void **state)
{
    (void)state;
    static const uint8_t unreachable[] = {0, 0, 3 << 1, 3, 0, 0, 0, 0};
    struct auger_stun_tid tid = {{'i'}};
    struct auger_ice_explanation why;
    struct auger_stun_builder b;
    struct auger_bytes data;
    struct turn_server *server;
    uint8_t buf[128];
    struct puppet *p = agent_with_relay(true, &server);
    struct auger_addr peer = addr_of(PEER);
    struct auger_path path = server->allocations[0].client;

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    struct sent *check = find_check(RELAYED, PEER);
    assert_non_null(check);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_INDICATION, AUGER_STUN_DATA, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_ICMP, unreachable, sizeof(unreachable));
    auger_ice_handle_datagram(p->ice, p->world->now, &path, buf, (size_t)auger_stun_build_end(&b),
                              &data);
    auger_ice_explain(p->ice, &why);
    assert_int_equal(why.icmp_errors, 1);
    assert_non_null(strstr(why.evidence, "1 relays, 1 ICMP errors"));
    assert_int_equal(pair_of(p, RELAYED, PEER).state, AUGER_PAIR_IN_PROGRESS);
    puppet_answer(p, check, &(struct puppet_answer){.to = RELAYED});
    assert_int_equal(pair_of(p, RELAYED, PEER).state, AUGER_PAIR_SUCCEEDED);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_password_is_the_reason),
        cmocka_unit_test(a_silent_server_is_the_reason),
        cmocka_unit_test(an_error_of_the_server_is_the_reason),
        cmocka_unit_test(it_is_the_reason_with_other_candidates_too),
        cmocka_unit_test(statistics_name_the_server_and_the_way_to_it),
        cmocka_unit_test(what_the_socket_refuses_is_counted_without_the_wrapping),
        cmocka_unit_test(an_icmp_error_is_evidence_and_fails_no_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
