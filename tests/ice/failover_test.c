/* The pair in use is silent: when it is given up, and for which other one
 * (docs/decisions/070). */
#include "tests/ice/puppet.h"

#include "ice/nominate.h"
#include "ice/standby.h"
#include "ice/state.h"

#define STEP (50 * AUGER_MS)
#define WAYS 3
#define WAYS_MAX 8

/* By their priority; the first is the selected one. */
static const char *const remotes[WAYS_MAX] = {"192.0.2.2:2002", "192.0.2.2:3003", "192.0.2.2:4004",
                                              "192.0.2.2:5005", "192.0.2.2:6006", "192.0.2.2:7007",
                                              "192.0.2.2:8008", "192.0.2.2:9009"};
static unsigned ways = WAYS; /* that the peer is told with */

/* The peer answers along those ways that `answered` has bits of. */
static void answer(struct puppet *p, unsigned answered)
{
    struct sent sent;

    while (puppet_take_request(p, &sent))
        for (unsigned i = 0; i < ways; i++) {
            struct auger_addr remote = addr_of(remotes[i]);
            if (auger_addr_equal(&sent.path.remote, &remote) && (answered & 1u << i))
                puppet_answer(p, &sent, &(struct puppet_answer){0});
        }
}

static void run(struct puppet *p, auger_time time, unsigned answered)
{
    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, STEP);
        answer(p, answered);
        assert_true(auger_ice_next_timeout(p->ice) > p->world->now);
    }
}

/* All ways have been answered for that long, and renomination is agreed. */
static struct puppet *settled(bool agent_controls, auger_time time)
{
    struct puppet *p = puppet_new(agent_controls);

    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    for (unsigned i = 0; i < ways; i++)
        assert_int_equal(puppet_tell(p, remotes[i], 2130706431 - i), 0);
    run(p, 1 * AUGER_SEC, ~0u);
    if (!agent_controls)
        puppet_check(
            p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true, .nomination = 1});
    run(p, time, ~0u);
    return p;
}

/* Of the way that data takes; WAYS: none. */
static unsigned way_in_use(const struct puppet *p)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    if (auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"x", 1, &path, buf,
                             sizeof(buf)) != 1)
        return WAYS;
    for (unsigned i = 0; i < ways; i++) {
        struct auger_addr remote = addr_of(remotes[i]);
        if (auger_addr_equal(&path.remote, &remote))
            return i;
    }
    return WAYS;
}

static struct auger_pair *pair_of(const struct puppet *p, unsigned way)
{
    const struct auger_path path = {p->base, addr_of(remotes[way])};

    return auger_ice_find_pair(p->ice, &path);
}

/* In the time in which it is told to, and never along the second way. */
static void must_move_to_the_third(struct puppet *p)
{
    for (auger_time end = p->world->now + 14 * AUGER_SEC; p->world->now < end;) {
        run(p, STEP, 1u << 2);
        assert_int_not_equal(way_in_use(p), 1);
    }
    assert_int_equal(way_in_use(p), 2);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
}

static void a_pair_that_is_silent_too_does_not_take_over(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) { /* either may have been answered last */
        bool controls = i % 2;
        struct puppet *p = settled(controls, 20 * AUGER_SEC + i * 300 * AUGER_MS);

        assert_int_equal(way_in_use(p), 0);
        must_move_to_the_third(p);
        if (controls)
            assert_ptr_equal(p->ice->current->nomination.selected, pair_of(p, 2));
        puppet_free(p);
    }
}

static void a_nomination_of_a_silent_pair_is_dropped(void **state)
{
    struct puppet *p = settled(true, 20 * AUGER_SEC);

    (void)state;
    auger_nominate_begin(p->ice, p->world->now, pair_of(p, 1));
    must_move_to_the_third(p);
    assert_ptr_equal(p->ice->current->nomination.selected, pair_of(p, 2));
    puppet_free(p);
}

/* It leaves one check unanswered, as the slot is made to say, and then another. */
static void nor_does_one_that_falls_silent_a_little_later(void **state)
{
    struct puppet *p = settled(true, 20 * AUGER_SEC);
    struct auger_pair *second = pair_of(p, 1);
    struct auger_standby_slot *slot = &p->ice->standby->slots[second->proof->standby - 1];

    (void)state;
    run(p, 8 * AUGER_SEC, 6);
    assert_int_equal(way_in_use(p), 0);
    slot->sent_at = p->world->now;
    slot->next_at = p->world->now + STEP;
    run(p, 7 * AUGER_SEC, 4);
    assert_int_equal(way_in_use(p), 2);
    puppet_free(p);
}

/* Its own checks in reserve go on, and are all that goes there. */
static void nor_is_it_asked_once_more_by_the_silence(void **state)
{
    struct puppet *p = settled(true, 20 * AUGER_SEC);
    struct auger_pair *second = pair_of(p, 1);
    struct auger_standby_slot *slot = &p->ice->standby->slots[second->proof->standby - 1];

    (void)state;
    run(p, 8 * AUGER_SEC, 6);
    slot->sent_at = p->world->now;
    slot->next_at = p->world->now + STEP;
    uint32_t asked = second->requests_sent;
    run(p, 2 * AUGER_SEC, 4);
    assert_int_equal(way_in_use(p), 0);
    assert_int_equal(second->requests_sent, asked + 1);
    puppet_free(p);
}

/* The peer has nominated none yet. */
static void one_that_took_over_is_given_up_in_the_same_way(void **state)
{
    struct puppet *p = settled(false, 20 * AUGER_SEC);

    (void)state;
    run(p, 14 * AUGER_SEC, 6);
    assert_int_equal(way_in_use(p), 1);
    assert_null(p->ice->current->nomination.selected);
    run(p, 19 * AUGER_SEC, 4);
    assert_int_equal(way_in_use(p), 2);
    puppet_free(p);
}

/* Nothing was asked meanwhile, so that nothing is silent. */
static void a_sleep_is_no_silence(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        bool controls = i % 2;
        struct puppet *p = settled(controls, 20 * AUGER_SEC + i * 300 * AUGER_MS);

        puppet_wait(p, (14 + i % 5 * 2) * AUGER_SEC);
        run(p, 20 * AUGER_SEC, ~0u);
        for (unsigned way = 0; way < WAYS; way++)
            assert_int_equal(puppet_pair(p, remotes[way]).state, AUGER_PAIR_SUCCEEDED);
        assert_ptr_equal(p->ice->current->nomination.selected, pair_of(p, 0));
        assert_int_equal(way_in_use(p), 0);
        puppet_free(p);
    }
}

/* One check of the pair in use was answered too late, and the next has not been yet. */
static void one_check_without_an_answer_is_not_enough(void **state)
{
    struct puppet *p = settled(true, 20 * AUGER_SEC);
    struct auger_pair *first = pair_of(p, 0);

    (void)state;
    for (uint32_t asked = first->requests_sent; first->requests_sent == asked;)
        run(p, STEP, 6);
    puppet_wait(p, 14 * AUGER_SEC);
    answer(p, 6);
    run(p, 900 * AUGER_MS, 6);
    assert_int_equal(way_in_use(p), 0);
    run(p, 200 * AUGER_MS, 6);
    assert_int_equal(way_in_use(p), 1);
    puppet_free(p);
}

/* Data has left the first way while a check was out there, and is back: the second, whose answer is
 * from before, has to be asked again whether it would answer. */
static void what_was_asked_before_data_left_is_no_silence(void **state)
{
    struct puppet *p = settled(false, 20 * AUGER_SEC);
    struct auger_pair *first = pair_of(p, 0);
    uint32_t value = 2;

    (void)state;
    for (uint32_t asked = first->requests_sent; first->requests_sent == asked;)
        run(p, STEP, 6);
    for (unsigned way = 2; way-- > 0; value++) {
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING,
                                               .from = remotes[way],
                                               .use_candidate = true,
                                               .nomination = value});
        assert_int_equal(way_in_use(p), way);
        run(p, way * 6 * AUGER_SEC, 6);
    }
    auger_ice_set_remote_renomination(p->ice, p->world->now, false); /* none is in reserve */
    uint32_t asked = pair_of(p, 1)->requests_sent;
    must_move_to_the_third(p);
    assert_true(pair_of(p, 1)->requests_sent > asked);
    puppet_free(p);
}

/* Nor do others have to be asked, which are not in reserve, before one check was in vain. */
static void after_a_sleep_no_other_is_asked(void **state)
{
    struct puppet *p = settled(true, 20 * AUGER_SEC);

    (void)state;
    auger_ice_set_remote_renomination(p->ice, p->world->now, false);
    run(p, 1 * AUGER_SEC, ~0u);
    uint32_t asked = pair_of(p, 1)->requests_sent;
    puppet_wait(p, 20 * AUGER_SEC);
    run(p, 1 * AUGER_SEC, ~0u);
    assert_int_equal(pair_of(p, 1)->requests_sent, asked);
    run(p, 8 * AUGER_SEC, 0);
    assert_true(pair_of(p, 1)->requests_sent > asked);
    puppet_free(p);
}

/* Its slot in the list may be another pair's by then. */
static void what_failed_is_not_the_former_pair_any_more(void **state)
{
    struct puppet *p = settled(false, 20 * AUGER_SEC);
    struct auger_pair *first = pair_of(p, 0);

    (void)state;
    puppet_check(
        p, &(struct puppet_check){
               .role = CONTROLLING, .from = remotes[1], .use_candidate = true, .nomination = 2});
    assert_ptr_equal(p->ice->current->nomination.former, first);
    auger_pair_fail(first, p->ice->env, p->world->now, AUGER_PAIR_TIMEOUT);
    run(p, STEP, ~0u);
    assert_null(p->ice->current->nomination.former);
    puppet_free(p);
}

/* All of eight ways are valid. */
static struct puppet *settled_on_many(void)
{
    ways = WAYS_MAX;
    struct puppet *p = settled(true, 5 * AUGER_SEC);

    for (unsigned i = 0; i < ways; i++) {
        puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = remotes[i]});
        run(p, 200 * AUGER_MS, ~0u);
        assert_int_equal(puppet_pair(p, remotes[i]).state, AUGER_PAIR_SUCCEEDED);
    }
    return p;
}

/* As when an interface goes and takes its relays with it. */
static void when_many_go_at_once_the_last_one_is_found(void **state)
{
    (void)state;
    struct puppet *p = settled_on_many();

    run(p, 20 * AUGER_SEC, 1u << 7);
    assert_int_equal(way_in_use(p), 7);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
    ways = WAYS;
}

/* One in reserve has answered, and then misses an answer: those that were spared for its sake are
 * asked at once.  run() sees that nothing is due when all is said. */
static void when_the_one_that_answered_falls_silent_the_others_are_asked_at_once(void **state)
{
    (void)state;
    for (auger_time answers_for = 4 * AUGER_SEC; answers_for <= 9 * AUGER_SEC;
         answers_for += AUGER_SEC / 4) {
        struct puppet *p = settled_on_many();
        run(p, answers_for, 1u << 1);
        run(p, 14 * AUGER_SEC - answers_for, 0);
        puppet_free(p);
        ways = WAYS;
    }
}

static void where_the_peer_checks_it_is_asked_first(void **state)
{
    (void)state;
    struct puppet *p = settled_on_many();

    run(p, 8 * AUGER_SEC, 0);
    uint32_t asked = pair_of(p, 7)->requests_sent, next = pair_of(p, 5)->requests_sent;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = remotes[7]});
    run(p, 1 * AUGER_SEC, 0);
    assert_true(pair_of(p, 7)->requests_sent > asked);
    assert_int_equal(pair_of(p, 5)->requests_sent, next);
    puppet_free(p);
    ways = WAYS;
}

/* Until all ways are valid. */
static void answer_what_does_not_nominate(struct puppet *p)
{
    struct sent sent;

    for (unsigned i = 0; i < ways; i++) {
        while (puppet_pair(p, remotes[i]).state != AUGER_PAIR_SUCCEEDED) {
            puppet_wait(p, STEP);
            while (puppet_take_request(p, &sent))
                if (!auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE))
                    puppet_answer(p, &sent, &(struct puppet_answer){0});
        }
    }
}

/* A path that is cut just before the nomination: its check has 39.5 s, and consent 30 s
 * (docs/decisions/303). */
static void a_pair_that_nobody_has_selected_is_given_up_as_well(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct puppet *p = puppet_new(controls);

        puppet_introduce(p);
        for (unsigned i = 0; i < ways; i++)
            assert_int_equal(puppet_tell(p, remotes[i], 2130706431 - i), 0);
        answer_what_does_not_nominate(p);
        assert_int_equal(way_in_use(p), 0);
        assert_null(p->ice->current->nomination.selected);
        must_move_to_the_third(p);
        assert_int_equal(p->ice->current->nomination.selected == pair_of(p, 2), controls);
        puppet_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_that_nobody_has_selected_is_given_up_as_well),
        cmocka_unit_test(when_many_go_at_once_the_last_one_is_found),
        cmocka_unit_test(when_the_one_that_answered_falls_silent_the_others_are_asked_at_once),
        cmocka_unit_test(where_the_peer_checks_it_is_asked_first),
        cmocka_unit_test(a_pair_that_is_silent_too_does_not_take_over),
        cmocka_unit_test(nor_does_one_that_falls_silent_a_little_later),
        cmocka_unit_test(nor_is_it_asked_once_more_by_the_silence),
        cmocka_unit_test(one_that_took_over_is_given_up_in_the_same_way),
        cmocka_unit_test(a_sleep_is_no_silence),
        cmocka_unit_test(one_check_without_an_answer_is_not_enough),
        cmocka_unit_test(what_was_asked_before_data_left_is_no_silence),
        cmocka_unit_test(after_a_sleep_no_other_is_asked),
        cmocka_unit_test(what_failed_is_not_the_former_pair_any_more),
        cmocka_unit_test(a_nomination_of_a_silent_pair_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
