/* Two ends that both share their sockets: several sessions between the same few ports. */
#include "tests/scenarios/office.h"

#define DELAY (40 * AUGER_MS)

static bool all_work(const struct office *office)
{
    for (size_t i = 0; i < office->len; i++)
        if (!line_works(&office->lines[i]))
            return false;
    return true;
}

static bool run_until_all_work(struct office *office, auger_time limit)
{
    for (auger_time left = limit; left > 0 && !all_work(office); left -= AUGER_SEC)
        sim_run(office->sim, AUGER_SEC);
    return all_work(office);
}

static void nobody_heard_what_was_not_for_him(const struct office *office)
{
    for (size_t i = 0; i < office->len; i++)
        assert_int_equal(office->lines[i].strange, 0);
}

static void each_has_a_path_of_its_own(const struct office *office)
{
    for (size_t i = 0; i < office->len; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(auger_path_equal(&office->lines[i].path, &office->lines[j].path));
}

/* Five times a second, and little of it is lost. */
static void each_goes_on_talking(const struct office *office)
{
    for (size_t i = 0; i < office->len; i++)
        CHECK(office->lines[i].heard > 75, "line %zu after twenty seconds: heard %u", i,
              office->lines[i].heard);
}

/* One is behind a NAT, so that its answers of the one STUN server have to be told apart. */
SCENARIO(sessions_between_two_muxes_take_paths_of_their_own)
{
    struct sim *sim = world(seed, .delay = DELAY, .jitter = 10 * AUGER_MS, .loss_permille = 20);
    sim_add_stun_server(sim);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct office *a = office_new(sim, "a", home, 3);
    struct office *b = office_new(sim, "b", sim_internet(sim), 3);

    for (int i = 0; i < 6; i++)
        call(a, b, 60 * AUGER_SEC);
    CHECK(run_until_all_work(a, 60 * AUGER_SEC), "six lines over nine paths");
    sim_run(sim, 20 * AUGER_SEC);
    each_goes_on_talking(a);
    each_goes_on_talking(b);
    nobody_heard_what_was_not_for_him(a);
    nobody_heard_what_was_not_for_him(b);
    each_has_a_path_of_its_own(a);
    each_has_a_path_of_its_own(b);
    office_close(a);
    office_close(b);
    world_end(sim);
}

SCENARIO(the_second_session_on_the_only_path_fails_and_says_why)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct office *a = office_new(sim, "a", sim_internet(sim), 1);
    struct office *b = office_new(sim, "b", sim_internet(sim), 1);
    struct line *first = call(a, b, 30 * AUGER_SEC);

    CHECK(run_until_all_work(a, 5 * AUGER_SEC), "the first");
    struct line *second = call(a, b, 30 * AUGER_SEC);
    sim_run(sim, 60 * AUGER_SEC);
    assert_int_equal(second->state, AUGER_ICE_FAILED);
    assert_int_equal(line_why(second), AUGER_ICE_WHY_PATH_TAKEN);
    assert_int_equal(second->partner->state, AUGER_ICE_FAILED);
    assert_int_equal(first->lost + first->partner->lost, 0);
    assert_true(first->heard > 250 && first->partner->heard > 250); /* five a second */
    nobody_heard_what_was_not_for_him(a);
    nobody_heard_what_was_not_for_him(b);
    office_close(a);
    office_close(b);
    world_end(sim);
}

/* The first hangs up while the second still has patience. */
SCENARIO(a_path_that_is_free_again_is_taken_by_who_waits_for_it)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct office *a = office_new(sim, "a", sim_internet(sim), 1);
    struct office *b = office_new(sim, "b", sim_internet(sim), 1);
    struct line *first = call(a, b, 60 * AUGER_SEC);

    CHECK(run_until_all_work(a, 5 * AUGER_SEC), "the first");
    struct line *second = call(a, b, 60 * AUGER_SEC);
    sim_run(sim, 3 * AUGER_SEC);
    assert_false(line_works(second));
    line_hang_up(first->partner);
    line_hang_up(first);
    for (int i = 0; i < 20 && !line_works(second); i++)
        sim_run(sim, AUGER_SEC);
    assert_true(line_works(second));
    nobody_heard_what_was_not_for_him(a);
    nobody_heard_what_was_not_for_him(b);
    office_close(a);
    office_close(b);
    world_end(sim);
}

/* Of both ends some call: each refuses the other's choice now and then. */
SCENARIO(with_callers_at_both_ends_every_session_finds_a_path)
{
    struct sim *sim = world(seed, .delay = DELAY, .jitter = 5 * AUGER_MS);
    struct office *a = office_new(sim, "a", sim_internet(sim), 3);
    struct office *b = office_new(sim, "b", sim_internet(sim), 3);

    for (int i = 0; i < 4; i++) {
        call(i % 2 ? a : b, i % 2 ? b : a, 60 * AUGER_SEC);
        sim_run(sim, (auger_time)(seed >> 8 * i & 0xFF) * AUGER_MS);
    }
    CHECK(run_until_all_work(a, 60 * AUGER_SEC), "four lines");
    each_has_a_path_of_its_own(a);
    office_close(a);
    office_close(b);
    world_end(sim);
}

SCENARIOS(scenario_test(sessions_between_two_muxes_take_paths_of_their_own),
          scenario_test(the_second_session_on_the_only_path_fails_and_says_why),
          scenario_test(a_path_that_is_free_again_is_taken_by_who_waits_for_it),
          scenario_test(with_callers_at_both_ends_every_session_finds_a_path))
