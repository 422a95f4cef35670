/* Which pair is selected, and when: RFC 8445 section 8.1.1, design decision 13. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

#define HIGH "192.0.2.2:2002"
#define LOW "198.51.100.1:1"

/* The agent has a pair with HIGH and one with LOW, of different foundations, and
 * both have been asked. */
static struct puppet *with_two_pairs(bool controlling, enum auger_cand_type low_type,
                                     struct sent *high, struct sent *low)
{
    struct puppet *p = puppet_new(controlling);
    struct auger_cand cand = cand_of(LOW, low_type, 1694498815);

    strcpy(cand.foundation, "2");
    assert_int_equal(puppet_tell(p, HIGH, 2130706431), 0);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    puppet_introduce(p);
    assert_true(puppet_take(p, high));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, low));
    return p;
}

static bool nominates(const struct sent *sent, const char *remote)
{
    struct auger_addr addr = addr_of(remote);
    return sent->msg.class_ == AUGER_STUN_REQUEST &&
           auger_stun_msg_has(&sent->msg, AUGER_STUN_ATTR_USE_CANDIDATE) &&
           auger_addr_equal(&sent->path.remote, &addr);
}

static void test_the_best_pair_is_nominated_at_once(void **state)
{
    (void)state;
    struct sent high, low, sent;
    struct puppet *p = with_two_pairs(true, AUGER_CAND_SRFLX, &high, &low);

    puppet_answer(p, &high, &(struct puppet_answer){0});
    assert_true(puppet_take(p, &sent));
    assert_true(nominates(&sent, HIGH));
    assert_false(puppet_pair(p, HIGH).selected); /* until it is answered */
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, HIGH).selected);
    /* Once, and nothing of the others any more (8.1.2). */
    puppet_wait(p, 2 * AUGER_SEC);
    assert_false(puppet_take(p, &sent));
    puppet_free(p);
}

/* How many nominations of HIGH leave within the time. */
static int count_nominations(struct puppet *p, auger_time within)
{
    auger_time end = p->world->now + within;
    struct sent sent;
    int count = 0;

    while (p->world->now < end) {
        while (puppet_take(p, &sent))
            count += nominates(&sent, HIGH);
        puppet_wait(p, 100 * AUGER_MS);
    }
    return count;
}

/* docs/decisions/018: it may have answered before it had our description. */
static void test_a_nomination_is_repeated_when_the_peer_first_checks_after_it(void **state)
{
    (void)state;

    static const struct {
        bool early;
        auger_time after; /* our consent checks, which say it as well, do not count */
    } cases[] = {{false, 1 * AUGER_SEC}, {true, 1 * AUGER_SEC}, {true, 7 * AUGER_SEC}};

    for (size_t i = 0; i < 3; i++) {
        struct puppet *p = puppet_new(true);
        struct sent sent;

        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, HIGH, 2130706431), 0);
        if (!cases[i].early)
            puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
        assert_true(puppet_take_request(p, &sent));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(puppet_take(p, &sent));
        assert_true(nominates(&sent, HIGH));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(puppet_pair(p, HIGH).selected);
        assert_int_equal(count_nominations(p, cases[i].after), cases[i].after > AUGER_SEC);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
        assert_int_equal(count_nominations(p, 500 * AUGER_MS), cases[i].early);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
        assert_int_equal(count_nominations(p, 500 * AUGER_MS), 0);
        puppet_free(p);
    }
}

/* 8.1.2: what is still waiting is not checked any more. */
static void test_once_a_pair_is_selected_no_other_is_checked(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(puppet_pair(p, HIGH).selected);
    assert_true(puppet_take(p, &sent)); /* the answer */
    assert_int_equal(puppet_tell(p, LOW, 1694498815), 0);
    puppet_wait(p, 2 * AUGER_SEC);
    assert_false(puppet_take(p, &sent));
    puppet_free(p);
}

static void test_a_lower_pair_waits_until_the_higher_has_failed(void **state)
{
    (void)state;
    struct sent high, low, sent;
    struct puppet *p = with_two_pairs(true, AUGER_CAND_SRFLX, &high, &low);

    puppet_answer(p, &low, &(struct puppet_answer){0});
    assert_false(puppet_take(p, &sent));
    puppet_answer(p, &high, &(struct puppet_answer){.code = 400});
    assert_true(puppet_take(p, &sent));
    assert_true(nominates(&sent, LOW));
    puppet_free(p);
}

static void test_a_lower_pair_is_nominated_when_patience_ends(void **state)
{
    (void)state;
    static const struct {
        enum auger_cand_type type;
        auger_time rtt, hold;
    } cases[] = {
        {AUGER_CAND_SRFLX, 10 * AUGER_MS, 300 * AUGER_MS},
        {AUGER_CAND_SRFLX, 200 * AUGER_MS, 600 * AUGER_MS},
        {AUGER_CAND_RELAY, 10 * AUGER_MS, 1000 * AUGER_MS},
    };

    for (size_t i = 0; i < 3; i++) {
        struct sent high, low, sent;
        struct puppet *p = with_two_pairs(true, cases[i].type, &high, &low);

        puppet_wait(p, cases[i].rtt);
        puppet_answer(p, &low, &(struct puppet_answer){0});
        puppet_wait(p, cases[i].hold - 1);
        while (puppet_take(p, &sent))
            assert_false(nominates(&sent, LOW));
        assert_int_equal(auger_ice_next_timeout(p->ice) - p->world->now, 1);
        puppet_wait(p, 1);
        assert_true(puppet_take(p, &sent));
        assert_true(nominates(&sent, LOW));
        puppet_free(p);
    }
}

/* A relay alone is no reason to hurry while better candidates may be told. */
static void test_a_relayed_pair_alone_waits_for_candidates_that_may_come(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_cand cand = cand_of(LOW, AUGER_CAND_RELAY, 16777215);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_false(puppet_take(p, &sent));
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    assert_true(puppet_take(p, &sent));
    assert_true(nominates(&sent, LOW));
    puppet_free(p);
}

static void test_when_a_nomination_fails_another_pair_is_nominated(void **state)
{
    (void)state;
    struct sent high, low, sent;
    struct puppet *p = with_two_pairs(true, AUGER_CAND_SRFLX, &high, &low);

    puppet_answer(p, &high, &(struct puppet_answer){0});
    puppet_answer(p, &low, &(struct puppet_answer){0});
    assert_true(puppet_take(p, &sent));
    assert_true(nominates(&sent, HIGH));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_int_equal(puppet_pair(p, HIGH).state, AUGER_PAIR_FAILED);
    assert_false(puppet_pair(p, HIGH).valid);
    assert_true(puppet_take(p, &sent));
    assert_true(nominates(&sent, LOW));
    puppet_free(p);
}

static void test_controlled_selects_what_was_nominated_before_its_own_check_succeeded(void **state)
{
    (void)state;
    struct sent high, low, sent;
    struct puppet *p = with_two_pairs(false, AUGER_CAND_SRFLX, &high, &low);

    puppet_check(p, &(struct puppet_check){.from = LOW, .use_candidate = true});
    assert_false(puppet_pair(p, LOW).selected);
    puppet_answer(p, &low, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, LOW).selected);
    while (puppet_take(p, &sent))
        assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
    puppet_free(p);
}

/* Somebody who knows the password nominates an address that never answers. */
static void test_a_nomination_moves_nothing_until_our_own_check_succeeds(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.use_candidate = true});
    assert_true(puppet_pair(p, HIGH).selected);
    puppet_wait(p, 4 * AUGER_SEC);
    puppet_check(p, &(struct puppet_check){.from = LOW, .use_candidate = true});
    while (puppet_take(p, &sent)) {
    }
    assert_true(puppet_pair(p, HIGH).selected);
    assert_false(puppet_pair(p, LOW).selected);
    take_events(p->world, &p->world->sides[0]);
    assert_int_equal(p->world->sides[0].paths, 1);
    puppet_free(p);
}

static void nominate_now(struct puppet *p, const char *remote)
{
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.from = remote, .use_candidate = true});
    puppet_wait(p, 50 * AUGER_MS);
    while (puppet_take(p, &sent)) {
        if (sent.msg.class_ == AUGER_STUN_REQUEST)
            puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
}

static void test_of_a_volley_of_nominations_the_highest_is_selected(void **state)
{
    (void)state;
    for (int first_low = 0; first_low <= 1; first_low++) {
        struct sent high, low;
        struct puppet *p = with_two_pairs(false, AUGER_CAND_SRFLX, &high, &low);

        puppet_answer(p, &high, &(struct puppet_answer){0});
        puppet_answer(p, &low, &(struct puppet_answer){0});
        nominate_now(p, first_low ? LOW : HIGH);
        nominate_now(p, first_low ? HIGH : LOW);
        assert_true(puppet_pair(p, HIGH).selected);
        assert_false(puppet_pair(p, LOW).selected);
        puppet_free(p);
    }
}

static void test_a_nomination_after_the_volley_is_followed_wherever_it_leads(void **state)
{
    (void)state;
    struct sent high, low;
    struct puppet *p = with_two_pairs(false, AUGER_CAND_SRFLX, &high, &low);

    puppet_answer(p, &high, &(struct puppet_answer){0});
    puppet_answer(p, &low, &(struct puppet_answer){0});
    nominate_now(p, HIGH);
    puppet_wait(p, 3 * AUGER_SEC);
    nominate_now(p, LOW);
    assert_true(puppet_pair(p, LOW).selected);
    assert_false(puppet_pair(p, HIGH).selected);
    take_events(p->world, &p->world->sides[0]);
    struct auger_addr addr = addr_of(LOW);
    assert_true(auger_addr_equal(&p->world->sides[0].path.remote, &addr));
    puppet_free(p);
}

static void test_on_demand_the_first_checks_nominate(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;
    auger_time t0 = world->now;

    world->delay = 100 * AUGER_MS;
    for (int i = 0; i < 2; i++) {
        auger_ice_config_init(&config);
        config.controlling = config.nominate_at_once = i == 0;
        struct auger_addr base = addr_of(i ? "192.0.2.2:2002" : "192.0.2.1:1001");
        assert_int_equal(auger_ice_add_local_addr(world_add(world, i, &config), world->now, &base),
                         0);
    }
    introduce(world);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(world->sides[0].selected_at - t0, 200 * AUGER_MS);
    assert_int_equal(world->sides[1].selected_at - t0, 200 * AUGER_MS);
    world_free(world);
}

static void test_data_uses_the_best_valid_pair_until_one_is_selected(void **state)
{
    (void)state;
    struct sent high, low;
    struct puppet *p = with_two_pairs(false, AUGER_CAND_SRFLX, &high, &low);
    struct side *side = &p->world->sides[0];
    struct auger_addr high_addr = addr_of(HIGH), low_addr = addr_of(LOW);

    puppet_answer(p, &low, &(struct puppet_answer){0});
    take_events(p->world, side);
    assert_true(auger_addr_equal(&side->path.remote, &low_addr));
    puppet_answer(p, &high, &(struct puppet_answer){0});
    take_events(p->world, side);
    assert_true(auger_addr_equal(&side->path.remote, &high_addr));
    nominate_now(p, LOW);
    take_events(p->world, side);
    assert_true(auger_addr_equal(&side->path.remote, &low_addr));
    assert_int_equal(side->paths, 3);
    puppet_free(p);
}

static void check_and_be_checked(struct puppet *p, const char *from)
{
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.from = from});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    puppet_wait(p, 50 * AUGER_MS);
}

/* Not when something else happens next. */
static void test_data_leaves_a_pair_as_soon_as_the_peer_says_that_it_is_a_relays(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct side *side = &p->world->sides[0];
    struct auger_cand relay = cand_of(HIGH, AUGER_CAND_RELAY, 16777215);
    struct auger_addr high_addr = addr_of(HIGH), low_addr = addr_of(LOW);

    puppet_introduce(p);
    check_and_be_checked(p, HIGH);
    check_and_be_checked(p, LOW);
    take_events(p->world, side);
    assert_true(auger_addr_equal(&side->path.remote, &high_addr));
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &relay), 0);
    take_events(p->world, side);
    assert_true(auger_addr_equal(&side->path.remote, &low_addr));
    puppet_free(p);
}

/* docs/decisions/260.  A 487 to the check that nominates triggers one in its place, and the role
 * comes back before that has left. */
static void test_without_entropy_a_nomination_keeps_its_time_beside_a_triggered_check(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct sent sent;

    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, HIGH).selected);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = UINT64_MAX});
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = 0});
    assert_true(puppet_take_request(p, &sent));
    assert_true(nominates(&sent, HIGH));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);

    p->world->no_entropy = true;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = 1});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    assert_false(puppet_take_request(p, &sent));
    p->world->no_entropy = false;
    auger_time left = auger_ice_next_timeout(p->ice) - p->world->now;
    assert_int_equal(left, 50 * AUGER_MS);
    puppet_wait(p, left / 2);
    assert_false(puppet_take(p, &sent));
    assert_int_equal(auger_ice_next_timeout(p->ice) - p->world->now, left / 2);
    puppet_wait(p, left / 2);
    assert_true(puppet_take(p, &sent));
    assert_true(nominates(&sent, HIGH));
    assert_false(puppet_take(p, &sent));
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_pair_is_nominated_at_once),
        cmocka_unit_test(test_a_nomination_is_repeated_when_the_peer_first_checks_after_it),
        cmocka_unit_test(test_once_a_pair_is_selected_no_other_is_checked),
        cmocka_unit_test(test_a_lower_pair_waits_until_the_higher_has_failed),
        cmocka_unit_test(test_a_lower_pair_is_nominated_when_patience_ends),
        cmocka_unit_test(test_a_relayed_pair_alone_waits_for_candidates_that_may_come),
        cmocka_unit_test(test_when_a_nomination_fails_another_pair_is_nominated),
        cmocka_unit_test(test_controlled_selects_what_was_nominated_before_its_own_check_succeeded),
        cmocka_unit_test(test_a_nomination_moves_nothing_until_our_own_check_succeeds),
        cmocka_unit_test(test_of_a_volley_of_nominations_the_highest_is_selected),
        cmocka_unit_test(test_a_nomination_after_the_volley_is_followed_wherever_it_leads),
        cmocka_unit_test(test_on_demand_the_first_checks_nominate),
        cmocka_unit_test(test_data_uses_the_best_valid_pair_until_one_is_selected),
        cmocka_unit_test(test_data_leaves_a_pair_as_soon_as_the_peer_says_that_it_is_a_relays),
        cmocka_unit_test(test_without_entropy_a_nomination_keeps_its_time_beside_a_triggered_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
