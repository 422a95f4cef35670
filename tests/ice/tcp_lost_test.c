/* A stream of a pair is lost: RFC 6544 section 11.1, docs/decisions/161. */
#include "tests/ice/tcp_puppet.h"

static bool takes_event(struct puppet *p, enum auger_ice_event_type type)
{
    struct auger_ice_event event;
    bool found = false;
    while (auger_ice_poll_event(p->ice, &event))
        found |= event.type == type;
    return found;
}

static struct puppet *connected_passively(void)
{
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_PASSIVE, false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .from = CALLER, .to = BASE, .use_candidate = true});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, CALLER).selected);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

/* --- streams that are lost -------------------------------------------------------------------- */

/* 11.1 */
static void a_stream_in_use_is_opened_again_and_carries_data_once_it_is_proved(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct puppet *p = connected_actively(controls);
        struct sent sent;

        lose_stream(p, ACTIVE_BASE, PEER);
        assert_false(has_data_path(p));
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        assert_true(is_along(&sent, ACTIVE_BASE, PEER));
        assert_false(has_data_path(p));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:44444"});
        assert_true(has_data_path(p));
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        if (controls) { /* and is nominated again: at the peer it is another pair */
            assert_true(puppet_take_request(p, &sent));
            assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        }
        puppet_free(p);
    }
}

/* While all is tried again along it (docs/decisions/231). */
static void so_is_one_along_which_a_check_had_failed(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    next_request(p, &sent); /* that nominates */
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    next_request(p, &sent);
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    next_request(p, &sent);
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    puppet_free(p);
}

static void what_cannot_be_opened_again_wants_a_restart(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(true);
    struct sent sent;

    lose_stream(p, ACTIVE_BASE, PEER);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    assert_true(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_wait(p, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void open_again(struct puppet *p)
{
    struct sent sent;

    lose_stream(p, ACTIVE_BASE, PEER);
    next_request(p, &sent);
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:44444"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
}

/* Whoever answers the check and then cuts is not connected to for ever. */
static void a_stream_that_is_lost_twice_is_not_opened_again(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(true);
    struct sent sent;

    open_again(p);
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_true(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    for (int i = 0; i < 60; i++) {
        puppet_wait(p, 1 * AUGER_SEC);
        assert_false(puppet_take_request(p, &sent));
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void keep_consent(struct puppet *p, auger_time time)
{
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, 250 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:44444"});
    }
}

static void a_stream_that_stood_for_half_a_minute_is_opened_again_each_time(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(false);
    struct sent sent;

    for (int i = 0; i < 3; i++) {
        keep_consent(p, 40 * AUGER_SEC);
        open_again(p);
    }
    keep_consent(p, 25 * AUGER_SEC);
    lose_stream(p, ACTIVE_BASE, PEER);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_false(puppet_take_request(p, &sent));
    puppet_free(p);
}

static void another_pair_takes_over_from_a_lost_stream(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(false);
    struct sent sent;

    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_true(has_data_path(p));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent)); /* and is wanted all the same */
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    puppet_free(p);
}

/* 11.1: the peer is waited for, and comes from another port. */
static void a_passive_end_waits_for_the_peer_to_connect_again(void **state)
{
    (void)state;
    struct puppet *p = connected_passively();
    struct sent sent;

    lose_stream(p, BASE, CALLER);
    assert_int_equal(puppet_pair(p, CALLER).state, AUGER_PAIR_FAILED);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_false(puppet_take(p, &sent)); /* it opens nothing */
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .from = "tcp:192.0.2.2:40001", .to = BASE});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(has_data_path(p));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    puppet_free(p);
}

static void who_waits_in_vain_wants_a_restart_after_five_seconds(void **state)
{
    (void)state;
    struct puppet *p = connected_passively();

    lose_stream(p, BASE, CALLER);
    assert_int_equal(auger_ice_next_timeout(p->ice), p->world->now + 5 * AUGER_SEC);
    puppet_wait(p, 5 * AUGER_SEC - 1);
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    puppet_wait(p, 1);
    assert_true(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_free(p);
}

static void who_waits_in_vain_goes_on_with_what_is_left(void **state)
{
    (void)state;
    struct puppet *p = connected_passively();
    struct sent sent;

    lose_stream(p, BASE, CALLER);
    puppet_wait(p, 3 * AUGER_SEC);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_wait(p, 2 * AUGER_SEC);
    while (puppet_take(p, &sent))
        ;
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_true(auger_ice_next_timeout(p->ice) > p->world->now);
    puppet_free(p);
}

static void an_answer_does_not_open_a_lost_stream_again(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_PASSIVE, false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = CALLER, .to = BASE});
    lose_stream(p, BASE, CALLER);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_false(puppet_take(p, &sent));
    puppet_free(p);
}

/* The peer may connect as often as it likes. */
static void connections_that_end_leave_room_for_others(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_PASSIVE, false);
    struct sent sent;
    char from[32];

    for (unsigned i = 0; i < 100; i++) {
        snprintf(from, sizeof(from), "tcp:192.0.2.2:%u", 40000 + i);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = from, .to = BASE});
        next_request(p, &sent);
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(puppet_pair(p, from).valid);
        lose_stream(p, BASE, from);
    }
    puppet_free(p);
}

/* The peer came from a candidate that turns out to be of another session (8838 section 9), and its
 * stream ended before that was known. */
static void a_pair_goes_with_a_candidate_that_was_of_another_session(void **state)
{
    (void)state;
    struct auger_cand cand = cand_of(PEER, AUGER_CAND_HOST, 1500000000);
    const struct auger_addr base = addr_of(BASE);
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.tcp = ALL;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    cand.tcptype = AUGER_TCP_TYPE_SO;
    strcpy(cand.ufrag, "another1");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = PEER, .to = BASE});
    assert_int_equal(puppet_pair(p, PEER).remote.tcptype, AUGER_TCP_TYPE_SO);
    lose_stream(p, BASE, PEER);
    puppet_introduce(p);
    assert_int_equal(puppet_pairs(p), 0);
    assert_int_equal(tell(p, "tcp:192.0.2.2:6001", AUGER_TCP_TYPE_SO, 1500000000), 0);
    assert_int_equal(puppet_pair(p, "tcp:192.0.2.2:6001").state, AUGER_PAIR_WAITING);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_in_use_is_opened_again_and_carries_data_once_it_is_proved),
        cmocka_unit_test(so_is_one_along_which_a_check_had_failed),
        cmocka_unit_test(what_cannot_be_opened_again_wants_a_restart),
        cmocka_unit_test(a_stream_that_is_lost_twice_is_not_opened_again),
        cmocka_unit_test(a_stream_that_stood_for_half_a_minute_is_opened_again_each_time),
        cmocka_unit_test(another_pair_takes_over_from_a_lost_stream),
        cmocka_unit_test(a_passive_end_waits_for_the_peer_to_connect_again),
        cmocka_unit_test(who_waits_in_vain_wants_a_restart_after_five_seconds),
        cmocka_unit_test(who_waits_in_vain_goes_on_with_what_is_left),
        cmocka_unit_test(an_answer_does_not_open_a_lost_stream_again),
        cmocka_unit_test(connections_that_end_leave_room_for_others),
        cmocka_unit_test(a_pair_goes_with_a_candidate_that_was_of_another_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
