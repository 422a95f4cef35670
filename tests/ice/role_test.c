/* Role conflicts: RFC 8445 sections 7.2.5.1 and 7.3.1.1. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

static struct world *conflict(bool controlling, uint64_t first, uint64_t second, auger_time delay)
{
    struct world *world = world_of_two(delay);

    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_set_controlling(world->sides[i].ice, controlling), 0);
    world->sides[0].ice->current->tie_breaker = first;
    world->sides[1].ice->current->tie_breaker = second;
    introduce(world);
    return world;
}

static void test_a_conflict_ends_with_one_of_each_and_one_selected_pair(void **state)
{
    (void)state;
    static const struct {
        bool controlling;
        uint64_t first, second;
    } cases[] = {{true, 5, 9},  {true, 9, 5}, {false, 5, 9},
                 {false, 9, 5}, {true, 7, 7}, {false, 7, 7}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *world =
            conflict(cases[i].controlling, cases[i].first, cases[i].second, 100 * AUGER_MS);
        auger_time t0 = world->now;
        world_run(world, 5 * AUGER_SEC);

        assert_int_not_equal(world->sides[0].ice->current->role,
                             world->sides[1].ice->current->role);
        if (cases[i].first != cases[i].second) { /* the larger one controls */
            int larger = cases[i].first > cases[i].second ? 0 : 1;
            assert_int_equal(world->sides[larger].ice->current->role, AUGER_CONTROLLING);
        }
        for (int side = 0; side < 2; side++) {
            assert_int_not_equal(world->sides[side].selected_at, AUGER_NEVER);
            assert_true(world->sides[side].path_at - t0 <= 3 * 200 * AUGER_MS);
        }
        world_free(world);
    }
}

static void test_a_check_in_our_role_is_answered_by_the_tie_breaker(void **state)
{
    (void)state;
    static const struct {
        bool controlling;
        uint64_t theirs;
        uint16_t code;
        enum auger_role role;
    } cases[] = {/* ours is 100 */
                 {true, 99, 487, AUGER_CONTROLLING}, {true, 100, 487, AUGER_CONTROLLING},
                 {true, 101, 0, AUGER_CONTROLLED},   {false, 99, 0, AUGER_CONTROLLING},
                 {false, 100, 0, AUGER_CONTROLLING}, {false, 101, 487, AUGER_CONTROLLED}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct puppet *p = puppet_new(cases[i].controlling);
        struct sent sent;

        p->ice->current->tie_breaker = 100;
        puppet_introduce(p);
        puppet_check(p,
                     &(struct puppet_check){.role = cases[i].controlling ? CONTROLLING : CONTROLLED,
                                            .tie_breaker = cases[i].theirs});
        assert_true(puppet_take_response(p, &sent));
        assert_int_equal(sent.msg.error_code, cases[i].code);
        assert_int_equal(p->ice->current->role, cases[i].role);
        assert_int_equal(puppet_pairs(p), cases[i].code ? 0 : 1);
        puppet_free(p);
    }
}

static void test_a_487_makes_us_ask_again_in_the_other_role_with_a_new_tie_breaker(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent first, second;
    uint64_t before, after;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &first));
    assert_true(auger_stun_msg_u64(&first.msg, AUGER_STUN_ATTR_ICE_CONTROLLING, &before));
    puppet_answer(p, &first, &(struct puppet_answer){.code = 487});
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_WAITING);

    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &second));
    assert_true(auger_stun_msg_u64(&second.msg, AUGER_STUN_ATTR_ICE_CONTROLLED, &after));
    assert_int_not_equal(before, after);
    puppet_free(p);
}

/* Takes the next check; whose pair that is. */
static void assert_next_check(struct puppet *p, const char *local, const char *remote)
{
    struct auger_addr from = addr_of(local), to = addr_of(remote);
    struct sent sent;

    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent));
    assert_true(auger_addr_equal(&sent.path.local, &from));
    assert_true(auger_addr_equal(&sent.path.remote, &to));
}

/* 6.1.2.3 with 7.2.5.1: of two pairs of the same two priorities that goes first whose larger one
 * is the controlling side's, and that is the other one now. */
static void test_a_change_of_role_changes_the_order_of_the_pairs(void **state)
{
    (void)state;
    static const char *const ours[] = {"192.0.2.1:1001", "192.0.2.11:1011"};
    static const char *const theirs[] = {"192.0.2.2:2002", "192.0.2.3:2003"};

    for (int conflict = 0; conflict <= 1; conflict++) {
        struct puppet *p = puppet_new(true);
        struct auger_addr second = addr_of(ours[1]);
        struct sent first;

        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &second), 0);
        puppet_introduce(p);
        for (int i = 0; i < 2; i++) {
            struct auger_cand cand =
                cand_of(theirs[i], AUGER_CAND_HOST, auger_cands_at(&p->ice->locals, i)->priority);
            snprintf(cand.foundation, sizeof(cand.foundation), "%d", i + 1);
            assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
        }
        assert_true(puppet_take(p, &first));
        if (conflict) {
            puppet_answer(p, &first, &(struct puppet_answer){.code = 487});
            assert_next_check(p, ours[0], theirs[0]); /* that was asked in the old role */
        }
        assert_next_check(p, ours[conflict], theirs[!conflict]);
        assert_next_check(p, ours[!conflict], theirs[conflict]);
        puppet_free(p);
    }
}

/* The role is set, not toggled. */
static void test_a_second_late_487_changes_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent first, second;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    struct auger_cand other = cand_of("192.0.2.3:2003", AUGER_CAND_HOST, 2130706175);
    strcpy(other.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    assert_true(puppet_take(p, &first));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &second));
    puppet_answer(p, &first, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    puppet_answer(p, &second, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    assert_int_equal(counters_of(p->world, 0).role_switches, 1);
    puppet_free(p);
}

/* 7.2.5.1: the tie-breaker that the 487 judged is not ours any more. */
static void test_a_487_to_a_check_of_before_the_last_switch_is_old_news(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent old;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    p->ice->current->tie_breaker = 100;
    assert_true(puppet_take(p, &old));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = 99});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = UINT64_MAX});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    puppet_answer(p, &old, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    puppet_free(p);
}

/* Each of them is what an observer can send again. */
static void test_a_check_of_before_the_switch_of_the_peer_settles_nothing_anew(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    const struct puppet_check old = {.role = CONTROLLING, .tie_breaker = UINT64_MAX - 1};
    struct sent sent;

    puppet_introduce(p);
    puppet_check(p, &old);
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    p->ice->current->tie_breaker = UINT64_MAX;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = 5});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    while (puppet_take(p, &sent))
        continue;
    p->ice->current->tie_breaker = 7;
    for (int i = 0; i < 20; i++) {
        puppet_check(p, &old);
        assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
        assert_true(puppet_take_response(p, &sent));
        assert_int_equal(sent.msg.error_code, 487);
    }
    assert_int_equal(counters_of(p->world, 0).role_switches, 2);
    puppet_free(p);
}

/* It has come by a slower way, and is the first to show the tie-breaker of then. */
static void test_a_check_of_before_the_first_that_came_settles_nothing_anew(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;

    puppet_introduce(p);
    p->ice->current->tie_breaker = 7;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = 5});
    assert_true(puppet_take_response(p, &sent));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = 7});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    assert_true(puppet_take_response(p, &sent));
    assert_int_equal(sent.msg.error_code, 487);
    puppet_free(p);
}

/* 7.2.5.1 makes no difference between checks. */
static void test_a_487_to_a_consent_check_changes_the_role_too(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    while (puppet_take(p, &sent))
        continue;
    for (int i = 0; i < 7 && !puppet_take_request(p, &sent); i++)
        puppet_wait(p, 1 * AUGER_SEC);
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_ICE_CONTROLLED));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_ICE_CONTROLLING));
    puppet_free(p);
}

/* A peer may say as many as it likes: the latest are remembered. */
static void test_any_number_of_tie_breakers_has_room(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    puppet_introduce(p);
    for (uint64_t i = 0; i < 1000; i++)
        puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .tie_breaker = i});
    assert_int_equal(p->ice->current->heard.len, AUGER_TIE_BREAKERS_MAX);
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    puppet_free(p);
}

/* 7.3.1.5: the peer has our success, and with it the pair that it wants. */
static void test_a_nomination_that_was_answered_outlives_a_change_of_role(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;

    puppet_introduce(p);
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = 50, .use_candidate = true});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = UINT64_MAX});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, "192.0.2.2:2002").selected);
    puppet_free(p);
}

static void test_a_peer_that_says_487_to_everything_ends_the_session(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;
    size_t answered = 0;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    for (int i = 0; i < 100 && auger_ice_get_state(p->ice) != AUGER_ICE_FAILED; i++) {
        while (puppet_take(p, &sent)) {
            puppet_answer(p, &sent, &(struct puppet_answer){.code = 487});
            answered++;
        }
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    assert_int_equal(answered, 5);
    assert_int_equal(counters_of(p->world, 0).role_switches, 4);
    assert_int_equal(auger_ice_next_timeout(p->ice), AUGER_NEVER);
    puppet_free(p);
}

/* 7.2.5.1 comes before 7.2.5.2.1. */
static void test_a_487_from_another_port_is_believed_too(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 487, .from = "192.0.2.2:40000"});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_WAITING);
    puppet_free(p);
}

static void test_a_nomination_is_not_repeated_in_the_other_role(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct sent sent;

    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = UINT64_MAX});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 100 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* G is the controlling side's priority, so the bit that breaks a tie moves (6.1.2.3). */
static void test_the_priorities_of_the_pairs_follow_the_role(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", INT32_MAX), 0);
    uint64_t before = puppet_pair(p, "192.0.2.2:2002").priority;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .tie_breaker = UINT64_MAX});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLED);
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").priority, before + 1);
    puppet_free(p);
}

static void test_the_role_may_be_set_until_the_first_check(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    assert_int_equal(auger_ice_set_controlling(p->ice, false), 0);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(auger_ice_set_controlling(p->ice, true), 0);
    assert_true(puppet_take(p, &sent));
    assert_int_equal(auger_ice_set_controlling(p->ice, false), AUGER_ERR_STATE);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conflict_ends_with_one_of_each_and_one_selected_pair),
        cmocka_unit_test(test_a_check_in_our_role_is_answered_by_the_tie_breaker),
        cmocka_unit_test(test_a_487_makes_us_ask_again_in_the_other_role_with_a_new_tie_breaker),
        cmocka_unit_test(test_a_change_of_role_changes_the_order_of_the_pairs),
        cmocka_unit_test(test_a_second_late_487_changes_nothing),
        cmocka_unit_test(test_a_487_to_a_check_of_before_the_last_switch_is_old_news),
        cmocka_unit_test(test_a_check_of_before_the_switch_of_the_peer_settles_nothing_anew),
        cmocka_unit_test(test_a_check_of_before_the_first_that_came_settles_nothing_anew),
        cmocka_unit_test(test_a_487_to_a_consent_check_changes_the_role_too),
        cmocka_unit_test(test_any_number_of_tie_breakers_has_room),
        cmocka_unit_test(test_a_nomination_that_was_answered_outlives_a_change_of_role),
        cmocka_unit_test(test_a_peer_that_says_487_to_everything_ends_the_session),
        cmocka_unit_test(test_a_487_from_another_port_is_believed_too),
        cmocka_unit_test(test_a_nomination_is_not_repeated_in_the_other_role),
        cmocka_unit_test(test_the_priorities_of_the_pairs_follow_the_role),
        cmocka_unit_test(test_the_role_may_be_set_until_the_first_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
