/* Which port a NAT gives next: every step, with and without others between, where the range ends,
 * from ports that are old, and by chance. */
#include "ice/port_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A NAT that gives ports in steps out of a range. */
struct dealer {
    int32_t low, high, step, last;
};

static uint16_t deal(struct dealer *nat, unsigned foreign)
{
    int32_t size = nat->high - nat->low + 1;

    for (unsigned i = 0; i <= foreign; i++)
        nat->last = nat->low + ((nat->last - nat->low + nat->step) % size + size) % size;
    return (uint16_t)nat->last;
}

static const int32_t steps[] = {1, 2, 3, 7, 100, 256, -1, -2, -100};

/* What a burst sees: foreign mappings before the second, each of ours, and each of the last two. */
struct burst {
    unsigned before, within, at, after; /* `at`: before which of ours those within come */
};

static struct auger_port_bracket ask(struct dealer *nat, const struct burst *burst, uint16_t n,
                                     uint16_t *truth)
{
    struct auger_port_bracket bracket = {.between = n};

    bracket.before[0] = deal(nat, 0);
    bracket.before[1] = deal(nat, burst->before);
    for (uint16_t i = 0; i < n; i++)
        truth[i] = deal(nat, i == burst->at ? burst->within : 0);
    bracket.after[0] = deal(nat, burst->at >= n ? burst->within : 0);
    bracket.after[1] = deal(nat, burst->after);
    return bracket;
}

static bool has(const struct auger_port_guess *guess, uint16_t port)
{
    for (size_t i = 0; i < guess->len; i++)
        if (guess->ports[i] == port)
            return true;
    return false;
}

static void in_quiet_every_port_is_known(void **state)
{
    (void)state;
    for (size_t s = 0; s < LEN(steps); s++) {
        for (uint16_t n = 1; n <= AUGER_PORT_GUESSES_MAX; n++) {
            struct dealer nat = {1024, 65535, steps[s], 30000};
            uint16_t truth[AUGER_PORT_GUESSES_MAX];
            struct auger_port_guess guess;
            struct auger_port_bracket bracket = ask(&nat, &(struct burst){.at = 99}, n, truth);
            auger_port_bracket_solve(&bracket, &guess);
            assert_int_equal(guess.verdict, AUGER_PORTS_EXACT);
            assert_int_equal(guess.step, steps[s]);
            assert_int_equal(guess.len, n);
            assert_memory_equal(guess.ports, truth, n * sizeof(truth[0]));
        }
    }
}

/* One gap of the outer two without others is enough to know the step. */
static void the_port_is_among_those_told_whoever_comes_between(void **state)
{
    (void)state;
    for (size_t s = 0; s < LEN(steps); s++) {
        for (unsigned code = 0; code < 4 * 15 * 2; code++) {
            struct burst burst = {code % 4, code / 4 % 15, code / 60, 0};
            struct dealer nat = {1024, 65535, steps[s], 30000};
            struct auger_port_guess guess;
            uint16_t truth;
            struct auger_port_bracket bracket = ask(&nat, &burst, 1, &truth);
            auger_port_bracket_solve(&bracket, &guess);
            assert_int_equal(guess.verdict, burst.within ? AUGER_PORTS_SOME : AUGER_PORTS_EXACT);
            assert_int_equal(guess.step, steps[s]);
            assert_int_equal(guess.len, burst.within + 1);
            assert_true(has(&guess, truth));
        }
    }
}

static void with_others_in_both_outer_gaps_what_divides_all_is_the_step(void **state)
{
    struct dealer nat = {1024, 65535, 100, 30000};
    struct auger_port_guess guess;
    uint16_t truth;

    (void)state;
    struct auger_port_bracket bracket =
        ask(&nat, &(struct burst){.before = 1, .after = 2}, 1, &truth);
    auger_port_bracket_solve(&bracket, &guess);
    assert_int_equal(guess.verdict, AUGER_PORTS_EXACT);
    assert_int_equal(guess.step, 100);
    assert_int_equal(guess.ports[0], truth);
}

/* Wherever in the burst the range ends. */
static void where_the_range_ends_few_ports_are_left(void **state)
{
    (void)state;
    for (size_t s = 0; s < LEN(steps); s++) {
        for (uint16_t n = 1; n <= 3; n++) {
            for (int32_t left = 0; left <= 6 * abs(steps[s]); left++) {
                struct dealer nat = {40000, 64999, steps[s], 0};
                nat.last = steps[s] > 0 ? nat.high - left : nat.low + left;
                struct auger_port_guess guess;
                uint16_t truth[3];
                struct auger_port_bracket bracket = ask(&nat, &(struct burst){.at = 99}, n, truth);
                auger_port_bracket_solve(&bracket, &guess);
                assert_true(guess.verdict <= AUGER_PORTS_SOME);
                assert_in_range(guess.len, 1, 2 * n);
                for (uint16_t i = 0; i < n; i++)
                    assert_true(has(&guess, truth[i]));
            }
        }
    }
}

/* The system reused the port of a socket, and the NAT remembers it. */
static void an_old_mapping_among_the_samples_does_not_mislead(void **state)
{
    (void)state;
    for (size_t old = 0; old < 4; old++) {
        struct dealer nat = {1024, 65535, 100, 30000};
        struct auger_port_guess guess;
        uint16_t truth;
        struct auger_port_bracket bracket = ask(&nat, &(struct burst){.at = 99}, 1, &truth);
        uint16_t *seen[] = {&bracket.before[0], &bracket.before[1], &bracket.after[0],
                            &bracket.after[1]};
        *seen[old] = 23457;
        auger_port_bracket_solve(&bracket, &guess);
        if (old == 0 || old == 3) {
            assert_int_equal(guess.verdict, AUGER_PORTS_EXACT);
            assert_int_equal(guess.ports[0], truth);
        } else {
            assert_true(guess.verdict >= AUGER_PORTS_UNCLEAR);
            assert_int_equal(guess.len, 0);
        }
    }
}

static void a_mapping_that_took_no_port_is_unclear(void **state)
{
    const struct auger_port_bracket bracket = {{5000, 5001}, {5002, 5003}, 1};
    struct auger_port_guess guess;

    (void)state;
    auger_port_bracket_solve(&bracket, &guess);
    assert_int_equal(guess.verdict, AUGER_PORTS_UNCLEAR);
    assert_int_equal(guess.len, 0);
}

static void too_many_between_are_unclear(void **state)
{
    const struct auger_port_bracket bracket = {{5000, 5001}, {5019, 5020}, 1};
    struct auger_port_guess guess;

    (void)state;
    auger_port_bracket_solve(&bracket, &guess);
    assert_int_equal(guess.verdict, AUGER_PORTS_UNCLEAR);
    assert_int_equal(guess.len, 0);
}

static uint32_t draw(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 12;
}

static void ports_by_chance_are_said_to_be(void **state)
{
    uint32_t random = 7;
    int mistaken = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct auger_port_bracket bracket = {.between = 1};
        struct auger_port_guess guess;
        for (int j = 0; j < 2; j++) {
            bracket.before[j] = (uint16_t)(1024 + draw(&random) % 64000);
            bracket.after[j] = (uint16_t)(1024 + draw(&random) % 64000);
        }
        auger_port_bracket_solve(&bracket, &guess);
        mistaken += guess.verdict != AUGER_PORTS_RANDOM;
    }
    assert_in_range(mistaken, 0, 50);
}

static void no_port_is_told_that_is_none(void **state)
{
    const struct auger_port_bracket bracket = {{65333, 65433}, {65533, 65433}, 1};
    struct auger_port_guess guess;
    uint16_t ports[AUGER_PORT_WINDOW_MAX];
    struct auger_port_run run;

    (void)state;
    auger_port_bracket_solve(&bracket, &guess);
    for (size_t i = 0; i < guess.len; i++)
        assert_true(guess.ports[i] != 0);
    assert_true(auger_port_run_read((const uint16_t[]){65333, 65433, 65533}, 3, &run));
    assert_int_equal(auger_port_run_window(&run, 1, ports), 0);
    assert_int_equal(auger_port_run_next(&run, 100, 1), 0);
}

/* --- what comes next ----------------------------------------------------------------- */

static void what_comes_next_goes_on_from_the_last(void **state)
{
    struct auger_port_guess guess;

    (void)state;
    for (size_t s = 0; s < LEN(steps); s++) {
        uint16_t seen[4];
        for (int32_t i = 0; i < 4; i++) /* somebody had one between the last two */
            seen[i] = (uint16_t)(30000 + steps[s] * (i + (i == 3)));
        auger_port_next_solve(seen, 4, &guess);
        assert_int_equal(guess.verdict, AUGER_PORTS_SOME);
        assert_int_equal(guess.len, AUGER_PORT_GUESSES_MAX);
        for (int32_t i = 0; i < AUGER_PORT_GUESSES_MAX; i++)
            assert_int_equal(guess.ports[i], seen[3] + steps[s] * (1 + i));
    }
}

static void one_old_port_among_four_is_left_out(void **state)
{
    static const uint16_t seen[][4] = {{37616, 37728, 37730, 37732},
                                       {37728, 37616, 37730, 37732},
                                       {37728, 37730, 51000, 37732},
                                       {37728, 37730, 37732, 37616}};
    struct auger_port_guess guess;

    (void)state;
    for (size_t i = 1; i < LEN(seen); i++) {
        auger_port_next_solve(seen[i], 4, &guess);
        assert_int_equal(guess.step, 2);
        assert_int_equal(guess.ports[0], 37734);
    }
    /* As if somebody had had those between: what comes is the same. */
    auger_port_next_solve(seen[0], 4, &guess);
    assert_int_equal(guess.ports[0], 37734);
}

static void ports_by_chance_have_none_that_comes_next(void **state)
{
    static const uint16_t seen[][4] = {
        {30000, 51217, 2233, 17}, {30000, 30000, 30000, 30000}, {40100, 1025, 40700, 60000}};
    struct auger_port_guess guess;

    (void)state;
    for (size_t i = 0; i < LEN(seen); i++) {
        auger_port_next_solve(seen[i], 4, &guess);
        assert_int_equal(guess.verdict, AUGER_PORTS_RANDOM);
        assert_int_equal(guess.len, 0);
    }
}

/* --- a run -------------------------------------------------------------------------- */

static bool is_in(const uint16_t *ports, size_t len, int32_t port)
{
    for (size_t i = 0; i < len; i++)
        if (ports[i] == port)
            return true;
    return false;
}

static void three_ports_in_any_order_show_the_step(void **state)
{
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}};

    (void)state;
    for (size_t s = 0; s < 6; s++) { /* those that go up */
        for (size_t o = 0; o < LEN(orders); o++) {
            uint16_t ports[3], ahead[AUGER_PORT_WINDOW_MAX];
            struct auger_port_run run;
            for (size_t i = 0; i < 3; i++)
                ports[i] = (uint16_t)(30000 + steps[s] * (int32_t)orders[o][i]);
            assert_true(auger_port_run_read(ports, 3, &run));
            assert_int_equal(run.step, steps[s]);
            size_t len = auger_port_run_window(&run, 0, ahead);
            for (int32_t i = 0; i < 8; i++)
                assert_true(is_in(ahead, len, 30000 + steps[s] * (3 + i)));
            assert_true(is_in(ahead, len, 30000 - auger_port_run_least_step(&run)));
            len = auger_port_run_window(&run, 1, ahead);
            for (int32_t i = 8; i < 16; i++)
                assert_true(steps[s] % 2 || is_in(ahead, len, 30000 + steps[s] * (3 + i)));
        }
    }
}

static void many_ports_told_downwards_go_on_downwards(void **state)
{
    uint16_t ahead[AUGER_PORT_WINDOW_MAX];
    struct auger_port_run run;

    (void)state;
    assert_true(
        auger_port_run_read((const uint16_t[]){30403, 30302, 30201, 30100, 29999}, 5, &run));
    assert_int_equal(run.step, -101);
    assert_int_equal(auger_port_run_next(&run, run.step, 1), 29898);
    size_t len = auger_port_run_window(&run, 0, ahead);
    assert_int_equal(ahead[0], 29898);
    assert_true(is_in(ahead, len, 30504));
    /* Two may have changed places. */
    assert_true(auger_port_run_read((const uint16_t[]){30100, 30000}, 2, &run));
    assert_int_equal(run.step, 100);
}

/* Servers were asked at once, and their answers came the other way round: or the NAT counts down.
 */
static void three_ports_told_downwards_may_go_on_either_way(void **state)
{
    static const uint16_t told[] = {30202, 30201, 30200};
    uint16_t ahead[AUGER_PORT_WINDOW_MAX];
    struct auger_port_run run;

    (void)state;
    assert_true(auger_port_run_read(told, LEN(told), &run));
    assert_int_equal(auger_port_run_next(&run, run.step, 1), 30203);
    size_t len = auger_port_run_window(&run, 0, ahead);
    assert_int_equal(ahead[0], 30203);
    assert_int_equal(ahead[1], 30199);
    for (int32_t i = 1; i <= AUGER_PORT_AHEAD / 2; i++)
        assert_true(is_in(ahead, len, 30202 + i) && is_in(ahead, len, 30200 - i));
}

static void the_step_may_be_a_part_of_what_lies_between(void **state)
{
    uint16_t ahead[AUGER_PORT_WINDOW_MAX];
    struct auger_port_run run;

    (void)state;
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30200}, 2, &run));
    assert_int_equal(auger_port_run_least_step(&run), 100);
    auger_port_run_window(&run, 0, ahead);
    assert_int_equal(ahead[0], 30300);
    assert_int_equal(ahead[1], 30400);
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30003}, 2, &run));
    assert_int_equal(auger_port_run_least_step(&run), 1);
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30003, 30006}, 3, &run));
    assert_int_equal(auger_port_run_least_step(&run), 3);
}

/* Of a host that checks somebody after each of its requests. */
static void ports_that_no_server_saw_are_in_the_window(void **state)
{
    uint16_t ahead[AUGER_PORT_WINDOW_MAX];
    struct auger_port_run run;

    (void)state;
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30002, 30004}, 3, &run));
    size_t len = auger_port_run_window(&run, 0, ahead);
    assert_true(is_in(ahead, len, 30001));
    assert_true(is_in(ahead, len, 30003));
    assert_true(is_in(ahead, len, 29999));
    assert_false(is_in(ahead, len, 30002));
    assert_int_equal(len, AUGER_PORT_AHEAD + 3);
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30400, 31200}, 3, &run));
    len = auger_port_run_window(&run, 0, ahead);
    for (int32_t port = 30500; port < 31200; port += 100)
        assert_true(is_in(ahead, len, port));
    assert_in_range(len, AUGER_PORT_AHEAD, AUGER_PORT_WINDOW_MAX);
}

static void others_between_three_leave_the_common_step(void **state)
{
    struct auger_port_run run;

    (void)state;
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30300, 30500}, 3, &run));
    assert_int_equal(run.step, 100);
}

static void where_the_range_has_ended_both_ends_go_on(void **state)
{
    struct auger_port_run run;
    uint16_t ahead[AUGER_PORT_WINDOW_MAX];

    (void)state;
    assert_true(auger_port_run_read((const uint16_t[]){64801, 64902, 40000, 40101}, 4, &run));
    assert_int_equal(run.step, 101);
    auger_port_run_window(&run, 0, ahead);
    assert_int_equal(ahead[0], 40202);
    assert_int_equal(ahead[1], 65003);
    assert_int_equal(ahead[2], 40303);
    assert_int_equal(ahead[3], 65104);
}

static void one_port_and_ports_by_chance_are_no_run(void **state)
{
    struct auger_port_run run;

    (void)state;
    assert_false(auger_port_run_read((const uint16_t[]){30000}, 1, &run));
    assert_false(auger_port_run_read((const uint16_t[]){30000, 30000}, 2, &run));
    assert_false(auger_port_run_read((const uint16_t[]){30000, 51217}, 2, &run));
    assert_false(auger_port_run_read((const uint16_t[]){30000, 51217, 2233}, 3, &run));
    assert_false(auger_port_run_read((const uint16_t[]){30000, 30401, 31217}, 3, &run));
}

static void what_came_before_a_later_mapping_is_a_few_steps_behind(void **state)
{
    struct auger_port_run run;
    uint16_t behind[4];

    (void)state;
    assert_true(auger_port_run_read((const uint16_t[]){30000, 30101, 30202}, 3, &run));
    assert_int_equal(auger_port_run_behind(&run, 30505, 4, behind), 4);
    assert_int_equal(behind[0], 30404);
    assert_int_equal(behind[3], 30101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_quiet_every_port_is_known),
        cmocka_unit_test(the_port_is_among_those_told_whoever_comes_between),
        cmocka_unit_test(with_others_in_both_outer_gaps_what_divides_all_is_the_step),
        cmocka_unit_test(where_the_range_ends_few_ports_are_left),
        cmocka_unit_test(an_old_mapping_among_the_samples_does_not_mislead),
        cmocka_unit_test(a_mapping_that_took_no_port_is_unclear),
        cmocka_unit_test(too_many_between_are_unclear),
        cmocka_unit_test(ports_by_chance_are_said_to_be),
        cmocka_unit_test(no_port_is_told_that_is_none),
        cmocka_unit_test(three_ports_in_any_order_show_the_step),
        cmocka_unit_test(what_comes_next_goes_on_from_the_last),
        cmocka_unit_test(one_old_port_among_four_is_left_out),
        cmocka_unit_test(ports_by_chance_have_none_that_comes_next),
        cmocka_unit_test(many_ports_told_downwards_go_on_downwards),
        cmocka_unit_test(three_ports_told_downwards_may_go_on_either_way),
        cmocka_unit_test(the_step_may_be_a_part_of_what_lies_between),
        cmocka_unit_test(ports_that_no_server_saw_are_in_the_window),
        cmocka_unit_test(others_between_three_leave_the_common_step),
        cmocka_unit_test(where_the_range_has_ended_both_ends_go_on),
        cmocka_unit_test(one_port_and_ports_by_chance_are_no_run),
        cmocka_unit_test(what_came_before_a_later_mapping_is_a_few_steps_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
