/* ICE-lite on either side: RFC 8445 sections 2.5, 6.1.1, 7.3.2, 8.2 and 11. */
#include "tests/ice/puppet.h"

#include <auger/ice_explain.h>

#include "ice/state.h"

#define PEER "192.0.2.2:2002"
#define NEW_UFRAG "puppet02"
#define NEW_PASSWORD "puppetpuppetpuppetpuppe2"

/* The agent under test is lite; the puppet is a full agent that has introduced itself. */
static struct puppet *lite_agent(void)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.lite = config.controlling = true;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    return p;
}

/* The agent under test is full, the puppet lite. */
static struct puppet *full_agent(bool controlling)
{
    struct puppet *p = puppet_new(controlling);

    auger_ice_set_remote_lite(p->ice, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    return p;
}

static void nominate(struct puppet *p)
{
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
}

/* --- we are lite ------------------------------------------------------------------ */

static void test_2_5_a_lite_agent_sends_no_checks(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();
    struct sent sent;

    for (int i = 0; i < 200; i++) {
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = i > 10});
        while (puppet_take(p, &sent))
            assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
        puppet_wait(p, 500 * AUGER_MS);
    }
    assert_int_equal(counters_of(p->world, 0).checks_sent, 0);
    puppet_free(p);
}

static void test_2_5_a_lite_agent_asks_no_server(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();
    struct auger_addr server = addr_of("198.51.100.1:3478");

    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server),
                     AUGER_ERR_UNSUPPORTED);
    puppet_free(p);
}

static void test_7_3_2_a_check_with_use_candidate_makes_a_selected_pair(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_false(puppet_pair(p, PEER).valid);
    nominate(p);
    assert_true(puppet_pair(p, PEER).selected);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static void test_7_3_2_from_an_unknown_address_too(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();

    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .use_candidate = true, .from = "203.0.113.9:999"});
    assert_true(puppet_pair(p, "203.0.113.9:999").selected);
    puppet_free(p);
}

/* As Firefox does, whose checks overtake its answer. */
static void test_7_3_a_nomination_before_the_answer_counts_once_it_is_there(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.lite = true;
    struct puppet *p = puppet_with(&config);
    nominate(p);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_NEW);
    puppet_introduce(p);
    assert_true(puppet_pair(p, PEER).selected);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static void test_without_our_password_nothing_is_valid(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();

    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .use_candidate = true, .wrong_password = true});
    assert_false(puppet_pair(p, PEER).valid);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_free(p);
}

static void test_6_1_1_a_full_peer_that_does_not_control_is_told_so(void **state)
{
    (void)state;
    static const uint64_t tie_breakers[] = {0, UINT64_MAX};

    for (size_t i = 0; i < 2; i++) {
        struct puppet *p = lite_agent();
        struct sent sent;

        assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = tie_breakers[i]});
        assert_true(puppet_take_response(p, &sent));
        assert_int_equal(sent.msg.error_code, 487);
        assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
        puppet_free(p);
    }
}

/* 7675 section 2: a lite agent obtains no consent; the peer's checks are its sign of life. */
static void test_a_full_peer_that_falls_silent_is_lost_after_30_s(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();

    nominate(p);
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 6 * AUGER_SEC);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    }
    puppet_wait(p, 15 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_wait(p, 14 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void test_8863_a_peer_that_never_nominates_ends_the_session(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();

    for (int i = 0; i < 39; i++) {
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
        puppet_wait(p, 1 * AUGER_SEC);
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    }
    puppet_wait(p, 1 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    struct auger_ice_explanation why;
    auger_ice_explain(p->ice, &why);
    assert_int_equal(why.why, AUGER_ICE_WHY_NOT_NOMINATED);
    puppet_free(p);
}

static void test_a_later_nomination_is_followed(void **state)
{
    (void)state;
    struct puppet *p = lite_agent();

    nominate(p);
    puppet_wait(p, 4 * AUGER_SEC);
    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .use_candidate = true, .from = "203.0.113.9:999"});
    assert_true(puppet_pair(p, "203.0.113.9:999").selected);
    puppet_free(p);
}

/* --- the peer is ------------------------------------------------------------------- */

static void test_6_1_1_a_full_agent_controls_a_lite_peer_whoever_offered(void **state)
{
    (void)state;
    struct puppet *p = full_agent(false);
    struct sent sent;

    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_ICE_CONTROLLING));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, PEER).selected);
    puppet_free(p);
}

static void test_6_1_1_a_487_of_a_lite_peer_does_not_make_us_controlled(void **state)
{
    (void)state;
    struct puppet *p = full_agent(true);
    struct sent sent;

    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

static void test_7675_a_lite_peer_is_asked_for_consent(void **state)
{
    (void)state;
    struct puppet *p = full_agent(true);
    struct sent sent;

    for (int i = 0; i < 600; i++) {
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
        puppet_wait(p, 100 * AUGER_MS);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(counters_of(p->world, 0).checks_sent >= 11);
    puppet_free(p);
}

/* 9: a restart may come with another level.  Whoever is full beside a lite agent controls. */
static void test_9_a_peer_that_comes_back_lite_is_controlled(void **state)
{
    (void)state;
    for (int ours = 0; ours < 2; ours++) {
        struct puppet *p = puppet_connected(false);
        struct sent sent;

        if (ours)
            assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
        auger_ice_set_remote_lite(p->ice, true);
        assert_int_equal(
            auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
        assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
        puppet_wait(p, AUGER_SEC);
        assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
        assert_true(puppet_take_request(p, &sent));
        assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_ICE_CONTROLLING));
        puppet_free(p);
    }
}

static void test_9_a_lite_peer_that_comes_back_full_may_control(void **state)
{
    (void)state;
    struct puppet *p = full_agent(true);
    char username[AUGER_UFRAG_MAX * 2];

    auger_ice_set_remote_lite(p->ice, false);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    puppet_renew_keys(p);
    snprintf(username, sizeof(username), "%s:%s", auger_ice_ufrag(p->ice), NEW_UFRAG);
    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .tie_breaker = UINT64_MAX, .username = username});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    puppet_free(p);
}

/* --- both together ------------------------------------------------------------------- */

static struct world *two(bool first_is_lite, bool second_is_lite)
{
    const char *bases[] = {"192.0.2.1:1001", "192.0.2.2:2002"};
    struct world *world = world_new();
    struct auger_ice_config config;

    world->delay = 20 * AUGER_MS;
    for (int i = 0; i < 2; i++) {
        auger_ice_config_init(&config);
        config.controlling = i == 0;
        config.lite = i ? second_is_lite : first_is_lite;
        struct auger_addr base = addr_of(bases[i]);
        struct auger_ice *ice = world_add(world, i, &config);
        assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
        auger_ice_set_remote_lite(ice, i ? first_is_lite : second_is_lite);
    }
    return world;
}

static void test_a_lite_and_a_full_agent_meet_and_stay(void **state)
{
    (void)state;
    for (int lite = 0; lite < 2; lite++) {
        struct world *world = two(lite == 0, lite == 1);

        introduce(world);
        world_run(world, 2 * AUGER_SEC);
        send_text(world, lite, "from the lite one");
        send_text(world, 1 - lite, "to it");
        world_run(world, 120 * AUGER_SEC);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
            assert_int_equal(world->sides[i].data_count, 1);
            assert_int_equal(world->sides[i].ice->current->role,
                             i == lite ? AUGER_CONTROLLED : AUGER_CONTROLLING);
        }
        assert_int_equal(counters_of(world, lite).checks_sent, 0);
        world_free(world);
    }
}

static void test_a_full_agent_restarts_beside_a_lite_one(void **state)
{
    (void)state;
    struct world *world = two(true, false);

    introduce(world);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_restart(world->sides[1].ice, world->now), 0);
    tell_credentials(world, 0);
    tell_credentials(world, 1);
    for (int i = 0; i < 2; i++)
        world->sides[i].cands_len = 0;
    world_settle(world);
    tell_candidates(world, 0);
    tell_candidates(world, 1);
    world_run(world, 60 * AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        struct auger_ice *ice = world->sides[i].ice;
        assert_int_equal(auger_ice_get_state(ice), AUGER_ICE_CONNECTED);
        assert_ptr_equal(ice->route->generation, ice->current);
        assert_null(ice->previous);
    }
    world_free(world);
}

/* The wire counts what both send. */
static void test_8_2_two_lite_agents_select_the_best_pair_without_a_check(void **state)
{
    (void)state;
    struct world *world = two(true, true);
    struct auger_addr more[] = {addr_of("198.51.100.1:1003"), addr_of("198.51.100.2:2004")};

    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_local_addr(world->sides[i].ice, world->now, &more[i]), 0);
    introduce(world);
    world_run(world, 1 * AUGER_SEC);
    assert_int_equal(world->sent, 0);
    assert_int_equal(world->sides[0].ice->current->role, AUGER_CONTROLLING);
    assert_int_equal(world->sides[1].ice->current->role, AUGER_CONTROLLED);
    struct auger_path a = world->sides[0].path, b = world->sides[1].path;
    assert_true(auger_addr_equal(&a.local, &b.remote) && auger_addr_equal(&a.remote, &b.local));
    send_text(world, 0, "x");
    world_run(world, 100 * AUGER_SEC);
    assert_int_equal(world->sides[1].data_count, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

/* The pair that an address brings is selected at once: nothing else will happen. */
static void test_an_address_that_comes_late_connects_two_lite_agents(void **state)
{
    (void)state;
    struct world *world = two(true, true);
    struct side *side = &world->sides[0];
    struct auger_addr comes = addr_of("[2001:db8::1]:1001");
    struct auger_cand told = cand_of("[2001:db8::2]:2002", AUGER_CAND_HOST, 2130706431);

    assert_int_equal(
        auger_ice_set_remote_credentials(side->ice, world->now, "peer", "anotherPasswordOf24Chars"),
        0);
    assert_int_equal(auger_ice_add_remote_cand(side->ice, world->now, &told), 0);
    assert_int_equal(auger_ice_get_state(side->ice), AUGER_ICE_CHECKING);
    assert_int_equal(auger_ice_add_local_addr(side->ice, world->now, &comes), 0);
    assert_int_equal(auger_ice_get_state(side->ice), AUGER_ICE_CONNECTED);
    world_free(world);
}

/* 9: it has failed, and the pair of before goes on; no other is selected beside it. */
static void test_a_restart_of_two_lite_agents_that_has_failed_stays_so(void **state)
{
    (void)state;
    struct world *world = two(true, true);
    struct auger_ice *ice = world->sides[0].ice;
    struct auger_cand late = cand_of("203.0.113.9:9", AUGER_CAND_HOST, 2130706431);

    introduce(world);
    world_run(world, 1 * AUGER_SEC);
    assert_int_equal(
        auger_ice_set_remote_credentials(ice, world->now, "anew", "anotherPasswordOf24Chars"), 0);
    auger_ice_end_of_remote_cands(ice, world->now);
    world_run(world, 60 * AUGER_SEC);
    assert_non_null(ice->current->end_reason);
    assert_int_equal(auger_ice_add_remote_cand(ice, world->now, &late), 0);
    assert_null(ice->current->nomination.selected);
    assert_ptr_equal(ice->route, ice->previous->nomination.selected);
    world_free(world);
}

static bool is_indication(struct world *world, struct packet *packet)
{
    struct auger_stun_msg msg;

    assert_int_equal(auger_stun_msg_parse(&msg, packet->buf, packet->len), 0);
    assert_int_equal(msg.class_, AUGER_STUN_INDICATION);
    assert_true(auger_stun_msg_fingerprint_ok(&msg));
    ++*(unsigned *)world->user;
    return true;
}

static void test_11_two_lite_agents_keep_the_path_alive(void **state)
{
    (void)state;
    struct world *world = two(true, true);
    unsigned keepalives = 0;

    introduce(world);
    world->wire = is_indication;
    world->user = &keepalives;
    world_run(world, 61 * AUGER_SEC);
    assert_int_equal(keepalives, 8);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_2_5_a_lite_agent_sends_no_checks),
        cmocka_unit_test(test_2_5_a_lite_agent_asks_no_server),
        cmocka_unit_test(test_7_3_2_a_check_with_use_candidate_makes_a_selected_pair),
        cmocka_unit_test(test_7_3_2_from_an_unknown_address_too),
        cmocka_unit_test(test_7_3_a_nomination_before_the_answer_counts_once_it_is_there),
        cmocka_unit_test(test_without_our_password_nothing_is_valid),
        cmocka_unit_test(test_6_1_1_a_full_peer_that_does_not_control_is_told_so),
        cmocka_unit_test(test_a_full_peer_that_falls_silent_is_lost_after_30_s),
        cmocka_unit_test(test_8863_a_peer_that_never_nominates_ends_the_session),
        cmocka_unit_test(test_a_later_nomination_is_followed),
        cmocka_unit_test(test_6_1_1_a_full_agent_controls_a_lite_peer_whoever_offered),
        cmocka_unit_test(test_6_1_1_a_487_of_a_lite_peer_does_not_make_us_controlled),
        cmocka_unit_test(test_7675_a_lite_peer_is_asked_for_consent),
        cmocka_unit_test(test_9_a_peer_that_comes_back_lite_is_controlled),
        cmocka_unit_test(test_9_a_lite_peer_that_comes_back_full_may_control),
        cmocka_unit_test(test_a_lite_and_a_full_agent_meet_and_stay),
        cmocka_unit_test(test_a_full_agent_restarts_beside_a_lite_one),
        cmocka_unit_test(test_8_2_two_lite_agents_select_the_best_pair_without_a_check),
        cmocka_unit_test(test_an_address_that_comes_late_connects_two_lite_agents),
        cmocka_unit_test(test_a_restart_of_two_lite_agents_that_has_failed_stays_so),
        cmocka_unit_test(test_11_two_lite_agents_keep_the_path_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
