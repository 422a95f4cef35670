/* Checks over streams, and what follows from them: RFC 6544 sections 5.2 and 7. */
#include "tests/ice/tcp_puppet.h"

static bool is_same_transaction(const struct sent *a, const struct sent *b)
{
    return memcmp(&a->msg.tid, &b->msg.tid, sizeof(a->msg.tid)) == 0;
}

/* 7.1, 8489 section 6.2.2; docs/decisions/189 */
static void a_check_over_a_stream_is_asked_anew_after_5_and_15_s_and_waits_for_ti(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent[3], more; /* all requests, and none besides */

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent[0]));
    for (int i = 1; i < 395; i++) {
        puppet_wait(p, 100 * AUGER_MS);
        if (i == 50 || i == 150) {
            struct sent *anew = &sent[i == 50 ? 1 : 2];
            assert_true(puppet_take(p, anew));
            assert_true(is_along(anew, ACTIVE_BASE, PEER));
        }
        assert_false(puppet_take(p, &more));
        assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_IN_PROGRESS);
    }
    puppet_wait(p, 100 * AUGER_MS);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    for (int i = 0; i < 3; i++)
        assert_false(is_same_transaction(&sent[i], &sent[(i + 1) % 3]));
    puppet_free(p);
}

/* docs/decisions/260: nor does a call between the two decide of what there is no turn for. */
static void a_check_over_a_stream_that_may_not_be_asked_anew_fails_in_its_turn(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    p->ice->current->unanswered = UINT32_MAX / 2; /* all that may be asked in vain */
    p->ice->pace_at = p->world->now + 5040 * AUGER_MS;
    puppet_wait(p, 5005 * AUGER_MS); /* it is due */
    assert_false(puppet_take(p, &sent));
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_IN_PROGRESS);
    assert_int_equal(auger_ice_next_timeout(p->ice), p->ice->pace_at);
    puppet_wait(p, 35 * AUGER_MS);
    assert_false(puppet_take(p, &sent));
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

static void an_answer_to_any_check_over_a_stream_counts(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
        struct sent sent[2];

        assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
        assert_true(puppet_take(p, &sent[0]));
        puppet_wait(p, 5 * AUGER_SEC);
        assert_true(puppet_take(p, &sent[1]));
        puppet_answer(p, &sent[answered], &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_SUCCEEDED);
        puppet_free(p);
    }
}

/* Its answer is lost where the peer's stream is full; consent is asked for meanwhile. */
static void a_nomination_over_a_stream_is_said_anew(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;
    unsigned nominations = 0;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    for (int i = 0; i < 500; i++, puppet_wait(p, 100 * AUGER_MS)) {
        while (puppet_take_request(p, &sent)) {
            nominations += auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE);
            if (nominations != 1)
                puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        }
        if (nominations == 1 && i > 60)
            fail_msg("it is not said again");
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(puppet_pair(p, PEER).selected);
    puppet_free(p);
}

static void what_cannot_be_opened_has_failed_at_once(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    lose_stream(p, ACTIVE_BASE, PEER); /* once more changes nothing */
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    puppet_wait(p, 10 * AUGER_SEC);
    assert_false(puppet_take(p, &sent)); /* nor is it asked for again */
    puppet_free(p);
}

/* 7.1: each stream leaves from a port of its own, and all of them are one candidate. */
static void an_active_candidate_is_seen_as_one_whatever_its_ports(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, false);
    struct auger_ice_config config;
    struct sent sent;
    char peer[32], mapped[32];

    auger_ice_config_init(&config);
    for (unsigned i = 0; i < config.prflx_cands_max + 2u; i++) {
        snprintf(peer, sizeof(peer), "tcp:192.0.2.%u:6000", 10 + i);
        snprintf(mapped, sizeof(mapped), "tcp:203.0.113.7:%u", 30000 + i);
        assert_int_equal(tell(p, peer, AUGER_TCP_TYPE_PASSIVE, 1500000000 - i), 0);
        next_request(p, &sent);
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = mapped});
        assert_true(puppet_pair(p, peer).valid);
        assert_int_equal(puppet_pair(p, peer).local.type, AUGER_CAND_PRFLX);
        assert_int_equal(puppet_pair(p, peer).local.tcptype, AUGER_TCP_TYPE_ACTIVE);
    }
    puppet_free(p);
}

/* 12 */
static void five_connections_are_opened_to_one_address_at_a_time(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;
    char peer[32];
    unsigned asked = 0;

    for (unsigned i = 0; i < 8; i++) {
        struct auger_cand cand;
        snprintf(peer, sizeof(peer), "tcp:192.0.2.2:%u", 6000 + i);
        cand = cand_of(peer, AUGER_CAND_HOST, 1500000000 - i);
        cand.tcptype = AUGER_TCP_TYPE_PASSIVE;
        snprintf(cand.foundation, sizeof(cand.foundation), "f%u", i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    }
    for (int i = 0; i < 20; i++) {
        asked += puppet_take(p, &sent);
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_int_equal(asked, 5);
    assert_int_equal(tell(p, "tcp:192.0.2.3:6000", AUGER_TCP_TYPE_PASSIVE, 7), 0);
    assert_true(puppet_take(p, &sent)); /* another address */
    lose_stream(p, ACTIVE_BASE, "tcp:192.0.2.2:6002");
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent));
    assert_true(is_along(&sent, ACTIVE_BASE, "tcp:192.0.2.2:6005"));
    puppet_free(p);
}

/* 7.1: it is somebody else's address. */
static void who_answers_with_something_else_is_not_the_peer(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    assert_null(puppet_deliver(p, PEER, ACTIVE_BASE, (const uint8_t *)"HTTP/1.1 400", 12).data);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    assert_false(is_wanted(p, ACTIVE_BASE, PEER));
    puppet_free(p);

    p = connected_actively(true); /* data of the peer's is none of that */
    assert_non_null(puppet_deliver(p, PEER, ACTIVE_BASE, (const uint8_t *)"HTTP/1.1 200", 12).data);
    assert_true(puppet_pair(p, PEER).valid);
    puppet_free(p);
}

/* Anybody can send many of them. */
static void strange_datagrams_are_counted_and_nothing_else_is_done(void **state)
{
    (void)state;
    static const char *const froms[][2] = {{"192.0.2.9:7", "192.0.2.1:1001"}, {CALLER, BASE}};

    for (size_t i = 0; i < 2; i++) {
        struct puppet *p = connected_actively(true);
        struct auger_ice_counters counters;
        p->world->now += 31 * AUGER_SEC; /* nor what is due: that is the time-out's */
        puppet_deliver(p, froms[i][0], froms[i][1], (const uint8_t *)"what", 4);
        auger_ice_get_counters(p->ice, &counters);
        assert_int_equal(counters.unvalidated_data, 1);
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        puppet_wait(p, 0);
        assert_int_not_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        puppet_free(p);
    }
}

/* 8 */
static void first_checks_do_not_nominate_where_there_is_tcp(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.controlling = config.nominate_at_once = true;
    config.tcp = AUGER_ICE_TCP_PASSIVE;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &sent));
    assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_free(p);
}

/* As a relay, while there is hope of UDP. */
static void tcp_is_nominated_a_second_later_than_udp_could_be(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent));
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    for (int i = 0; i < 19; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take(p, &sent))
            assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    }
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_over_a_stream_is_asked_anew_after_5_and_15_s_and_waits_for_ti),
        cmocka_unit_test(a_check_over_a_stream_that_may_not_be_asked_anew_fails_in_its_turn),
        cmocka_unit_test(an_answer_to_any_check_over_a_stream_counts),
        cmocka_unit_test(a_nomination_over_a_stream_is_said_anew),
        cmocka_unit_test(what_cannot_be_opened_has_failed_at_once),
        cmocka_unit_test(an_active_candidate_is_seen_as_one_whatever_its_ports),
        cmocka_unit_test(five_connections_are_opened_to_one_address_at_a_time),
        cmocka_unit_test(who_answers_with_something_else_is_not_the_peer),
        cmocka_unit_test(strange_datagrams_are_counted_and_nothing_else_is_done),
        cmocka_unit_test(first_checks_do_not_nominate_where_there_is_tcp),
        cmocka_unit_test(tcp_is_nominated_a_second_later_than_udp_could_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
