/* That a world is judged at all: what is broken on purpose is seen. */
#include "tests/worlds/build.h"
#include "tests/worlds/run.h"
#include "tests/worlds/ways.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct verdict judged(const char *text, enum sabotage sabotage)
{
    struct tally tally = {0};
    struct plan plan;

    assert_true(plan_parse(&plan, text));
    return world_run_sabotaged(&plan, NULL, &tally, sabotage);
}

static void test_a_quiet_world_is_fine(void **state)
{
    (void)state;
    assert_false(judged("seed=1", NO_SABOTAGE).is_bad);
    assert_false(judged("seed=1 off_path=20 leaves=1", NO_SABOTAGE).is_bad);
    assert_false(judged("seed=1 timers_early_again=3", NO_SABOTAGE).is_bad);
}

/* A timer that would have rung early, but for a clock that leaps past its time, is late as all of
 * that time are. */
static void test_what_a_leap_has_made_due_rings_no_sooner(void **state)
{
    static const char leap[] =
        "seed=9631000009319 delay_ms=95 jitter_ms=6 corrupt_permille=14 alice.gates=3 "
        "alice.mapping=1 alice.filtering=1 bob.ipv6=1 alice.no_stun=1 alice.turn=1 alice.mapped=3 "
        "bob.drift_ppm=-127 alice.renomination=1 bob.renomination=1 bob.prediction=1 "
        "alice.standby=2 bob.standby=2 signal_ms=661 leap=2 leap_at_ms=20785 leap_by_ms=37540 "
        "bob.timers_late_ms=17 timers_early_again=2";

    (void)state;
    assert_false(judged(leap, NO_SABOTAGE).is_bad);
}

#define IN_ONE_NETWORK_BY_NAMES "alice.gates=3 together=2 alice.names=1 bob.names=1 "
#define HIDDEN_BEHIND_A_NAT "seed=1 alice.turn=1 alice.relay_only=1 bob.gates=3 bob.privacy=1 "

static void test_each_sabotage_is_seen_by_its_judge(void **state)
{
    static const struct {
        const char *world;
        enum sabotage sabotage;
        const char *invariant;
    } cases[] = {
        {"seed=1", CUT_FROM_THE_START, "12"},
        {"seed=1 alice.gates=3 bob.gates=3", CUT_FROM_THE_START, "12"},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2", CUT_FROM_THE_START, "12"},
        {"seed=1", CUT_IN_BETWEEN, "12"},
        {"seed=1 moves=1", CUT_IN_BETWEEN, "12"},
        {"seed=1 delay_ms=40 alice.turn=1 alice.renomination=1 bob.renomination=1 alice.standby=4 "
         "bob.standby=4",
         BY_A_RELAY_FOR_GOOD, "15"},
        {"seed=1 mux=1", CUT_BESIDE_FROM_THE_START, "12"},
        {"seed=1 mux=2 cut=1 cut_for_ms=100 cut_at_ms=15000", CUT_BESIDE_IN_BETWEEN, "12"},
        {HIDDEN_BEHIND_A_NAT "heavy_loss_permille=89", SILENT_FROM_THE_START, "13"},
        {HIDDEN_BEHIND_A_NAT "turn_nonce_s=1 turn_slow_ms=300", SILENT_FROM_THE_START, "13"},
        {"seed=1 oom_permille=200", CUT_JUST_BEFORE_THE_END, "6:"},
        {"seed=1 off_path=20", ONE_WORD_MORE, "10"},
        {"seed=1 timers_early_again=1", EARLY_IS_DUE, "18"},
        {"seed=1 leaves=1", A_GHOST_ANSWERS, "16"},
        {"seed=1", BOTH_IN_ONE_ROLE, "7:"},
        {"seed=1", ANOTHER_ROUTE, "14"},
        {"seed=1 alice.gates=3 bob.gates=3", A_SHORTCUT, "15"},
        {"seed=1 alice.gates=3 alice.mapping=2 alice.filtering=2 alice.ports=3 bob.gates=3 "
         "bob.mapping=2 bob.filtering=2 bob.ports=3 alice.turn=1",
         A_WAY_THROUGH, "15"},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2", TURNED_AWAY_ELSEWHERE, "12"},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2", TURNED_AWAY_AT_FIRST, "12"},
        {"seed=1 delay_ms=40 alice.turn=1 bob.turn=1 bob.gives=2 alice.renomination=1 bob.renomination=1 alice.standby=4",
         BY_A_RELAY_BESIDE_AN_UNTOLD_ONE, "15"},
        {"seed=1", NO_ANSWER_TO_RESTART, "12"},
        {"seed=1 alice.prediction=1 bob.prediction=1", NO_ANSWER_TO_RESTART, "12"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verdict verdict = judged(cases[i].world, cases[i].sabotage);
        if (!verdict.is_bad)
            fail_msg("case %zu: not seen", i);
        assert_memory_equal(verdict.why, cases[i].invariant, 2);
    }
}

/* 12 asks for a path only where brute force finds one. */
static void test_where_there_is_no_path_none_is_asked_for(void **state)
{
    (void)state;
    assert_false(judged("seed=1 alice.gates=3 alice.mapping=2 alice.filtering=2 alice.ports=3 "
                        "bob.gates=3 bob.mapping=2 bob.filtering=2 bob.ports=3",
                        NO_SABOTAGE)
                     .is_bad);
    assert_false(judged("seed=1 alice.gates=2", NO_SABOTAGE).is_bad);
}

/* Nor one to where all that was asked and said of names was lost; but where addresses lead around
 * the NAT and back it does, and so where names are heard. */
static void test_where_all_names_were_lost_they_are_no_path(void **state)
{
    static const char heard[] = "seed=2 " IN_ONE_NETWORK_BY_NAMES "alice.no_stun=1 bob.no_stun=1";
    static const char lost[] = "seed=2 " IN_ONE_NETWORK_BY_NAMES "alice.no_stun=1 bob.no_stun=1 "
                               "buggify_permille=250";
    static const char around[] =
        "seed=2 " IN_ONE_NETWORK_BY_NAMES "alice.hairpin=1 buggify_permille=250";

    (void)state;
    assert_false(judged(lost, NO_SABOTAGE).is_bad);
    assert_false(judged(around, NO_SABOTAGE).is_bad);
    assert_true(judged(around, CUT_FROM_THE_START).is_bad);
    assert_true(judged(around, NO_ANSWER_TO_RESTART).is_bad);
    assert_true(judged(heard, CUT_FROM_THE_START).is_bad);
    assert_true(judged(heard, NO_ANSWER_TO_RESTART).is_bad);
}

/* And it lets no lite side open the NAT before another interface of its own. */
static void test_who_is_lite_opens_no_path(void **state)
{
    static const char behind[] =
        "seed=1 alice.gates=3 bob.lite=1 bob.ipv6=1 bob.no_ipv4=1 bob.more_interfaces=1";
    static const char beside[] = "seed=1 alice.gates=3 bob.lite=1 bob.more_interfaces=1";

    (void)state;
    assert_false(judged(behind, NO_SABOTAGE).is_bad);
    assert_false(judged(beside, NO_SABOTAGE).is_bad);
    assert_true(judged(beside, CUT_FROM_THE_START).is_bad);
}

static bool has_relay_without(const char *text, struct ways_in_vain in_vain)
{
    struct plan plan;

    assert_true(plan_parse(&plan, text));
    return ways_have_relay(&plan, in_vain);
}

static bool has_relay(const char *text)
{
    return has_relay_without(text, (struct ways_in_vain){0});
}

/* 13 asks for a relay only where it may let the other in, who knows its address: what a
 * configuration says is not that behind a carrier's NAT too. */
static void test_a_relay_lets_in_whom_it_is_told_of(void **state)
{
    static const char told[] = "seed=1 alice.gates=3 alice.no_stun=1 alice.mapped=1 bob.turn=1";
    static const char untold[] =
        "seed=1 alice.gates=3 alice.no_stun=1 alice.mapped=1 bob.turn=1 bob.relay_only=1 "
        "together=1";

    (void)state;
    assert_true(has_relay(told));
    assert_false(has_relay(untold));
    assert_false(judged(untold, NO_SABOTAGE).is_bad);
}

#define TWO_SYMMETRIC                                                                              \
    "seed=1 alice.gates=3 alice.mapping=2 alice.filtering=2 alice.ports=3 bob.gates=3 "            \
    "bob.mapping=2 bob.filtering=2 bob.ports=3 alice.turn=1 "

/* Whose host has a name and nothing else to tell is let in by nobody's: the address that servers
 * see is that of the host, unless a NAT makes another of it. */
static void test_a_relay_does_not_let_in_who_has_a_name_alone(void **state)
{
    static const struct {
        const char *world;
        bool is_let_in;
    } cases[] = {
        {"seed=1 alice.gates=3 together=2 alice.turn=1 bob.names=1 bob.ipv6=1 bob.no_ipv4=1",
         false},
        {"seed=1 alice.gates=3 together=2 alice.turn=1 bob.names=1 bob.ipv6=1", true},
        {"seed=1 alice.gates=3 together=2 alice.turn=1 bob.ipv6=1 bob.no_ipv4=1", true},
        {"seed=1 bob.gates=3 alice.turn=1 bob.names=1 bob.ipv6=1 bob.no_ipv4=1 bob.nat64=1", true},
        {"seed=1 bob.gates=3 alice.turn=1 bob.names=1 bob.ipv6=1 bob.no_ipv4=1", false},
        {"seed=1 bob.gates=4 alice.gates=4 alice.outer_filtering=1 alice.turn=1 bob.names=1 "
         "bob.ipv6=1 bob.no_ipv4=1 bob.nat64=1 bob.more_interfaces=2",
         false},
        {"seed=1 alice.turn=1 bob.names=1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verdict verdict = judged(cases[i].world, NO_SABOTAGE);
        assert_int_equal(has_relay(cases[i].world), cases[i].is_let_in);
        if (verdict.is_bad)
            fail_msg("%s: %s", cases[i].world, verdict.why);
    }
}

/* What servers see has room beside the candidates of TCP of three addresses, and is let in. */
static void test_candidates_of_tcp_leave_room_for_others(void **state)
{
    static const char crowded[] = "seed=1 bob.gates=3 bob.ipv6=1 bob.more_interfaces=1 "
                                  "alice.turn=1 alice.relay_only=1 bob.names=1 bob.tcp=7";
    struct tally tally = {0};
    struct plan plan;

    (void)state;
    assert_true(plan_parse(&plan, crowded));
    assert_false(world_run(&plan, NULL, &tally).is_bad);
    assert_int_equal(tally.judged[MUST_CONNECT_BY_RELAY], 1);
}

/* 15 asks nobody to do without a relay that looks like none: the peer's, which is never told.  Who
 * nominates knows its own. */
static void test_a_relay_that_is_never_told_may_be_used(void **state)
{
    static const char *const untold[] = {
        "seed=1 delay_ms=29 bob.turn=1 bob.gives=2 signal_ms=607",
        "seed=1 delay_ms=29 bob.turn=1 bob.gives=1 bob.gates=3 signal_ms=607",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(untold) / sizeof(untold[0]); i++)
        assert_false(judged(untold[i], NO_SABOTAGE).is_bad);
    assert_true(judged(TWO_SYMMETRIC "alice.gives=2", A_WAY_THROUGH).is_bad);
}

/* Nor who has said that no more candidates come, and learns of a NAT64 then. */
static void test_a_relay_may_be_used_before_the_prefix_is_known(void **state)
{
    static const char *const late[] = {
        "seed=1 alice.gates=3 alice.mapping=1 alice.ipv6=1 alice.no_ipv4=1 alice.turn=1 "
        "alice.nat64=445",
        "seed=1 delay_ms=148 alice.gates=4 alice.mapping=2 alice.ipv6=1 alice.no_ipv4=1 "
        "alice.turn=2 alice.nat64=3565",
    };
    static const char at_once[] = TWO_SYMMETRIC "alice.ipv6=1 alice.no_ipv4=1 alice.nat64=1";

    (void)state;
    for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
        assert_false(judged(late[i], NO_SABOTAGE).is_bad);
    assert_false(judged(at_once, NO_SABOTAGE).is_bad);
    assert_true(judged(at_once, A_WAY_THROUGH).is_bad);
}

#define BEHIND_ONE_GATE                                                                            \
    "seed=8430000016305 jitter_ms=15 duplicate_permille=1 alice.gates=4 alice.mapping=1 "          \
    "alice.filtering=1 alice.turn=1 alice.relay_only=1 bob.prediction=1 together=2 "               \
    "signal_jitter_ms=468 no_trickle=1 alice.turn_streams=1 "
#define LOSSY "loss_permille=1 heavy_loss_permille=60 "
#define TOLD_LATE "answer_late_ms=13886 "

/* 12 and 13 leave it to luck where datagrams are lost, and one of a check alone comes after the
 * other side was told of who sends it. */
static void test_the_last_datagram_of_a_check_may_be_lost(void **state)
{
    static const struct {
        const char *world;
        bool is_asked;
    } cases[] = {
        {BEHIND_ONE_GATE LOSSY TOLD_LATE, false},
        {BEHIND_ONE_GATE LOSSY, true},
        {BEHIND_ONE_GATE LOSSY "candidates_late_ms=9000", true},
        {"seed=1 alice.gates=3 alice.turn=1 alice.relay_only=1 " LOSSY TOLD_LATE, true},
        {BEHIND_ONE_GATE TOLD_LATE, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tally tally = {0};
        struct plan plan;
        assert_true(plan_parse(&plan, cases[i].world));
        struct verdict verdict = world_run(&plan, NULL, &tally);
        if (verdict.is_bad)
            fail_msg("%s: %s", cases[i].world, verdict.why);
        assert_int_equal(tally.judged[MUST_CONNECT_BY_RELAY], cases[i].is_asked);
    }
}

/* 12: a relay that is made again 20 s before the end is checked for longer than that. */
static void test_what_is_checked_late_is_not_checked_for_ever(void **state)
{
    (void)state;
    assert_false(
        judged("seed=8440000028307 delay_ms=72 jitter_ms=28 heavy_loss_permille=172 "
               "reorder_permille=1 alice.gates=2 bob.ipv6=1 bob.no_stun=1 bob.turn=1 alice.tcp=5 "
               "bob.tcp=2 bob.drift_ppm=-39 signal_ms=782 signal_jitter_ms=415 offer_late_ms=1434 "
               "no_trickle=1 suspend=2 suspend_at_ms=45900 suspend_for_ms=18570 "
               "suspend_stops_clock=1 oom_permille=66 vpn=1 vpn_at_ms=15770",
               NO_SABOTAGE)
            .is_bad);
}

/* 13 asks for one where a server has room for all, or names another that has. */
static void test_a_relay_is_asked_for_where_there_is_room(void **state)
{
    static const struct {
        const char *world;
        bool has_room;
    } cases[] = {
        {TWO_SYMMETRIC, true},
        {TWO_SYMMETRIC "turn_quota=1", true},
        {TWO_SYMMETRIC "turn_quota=1 alice.ipv6=1", false},
        {TWO_SYMMETRIC "turn_quota=1 bob.turn=1", false},
        {TWO_SYMMETRIC "turn_quota=2 bob.turn=1", true},
        {TWO_SYMMETRIC "turn_drains=1", false},
        {TWO_SYMMETRIC "turn_drains=2", true},
        {TWO_SYMMETRIC "turn_drains=1 turn_alternate=1", true},
        {TWO_SYMMETRIC "turn_drains=1 turn_alternate=2", false},
        {TWO_SYMMETRIC "turn_drains=1 turn_alternate=2 alice.ipv6=1", true},
        {TWO_SYMMETRIC "turn_drains=3 turn_alternate=1", false},
        {TWO_SYMMETRIC "turn_slow_ms=1500", true},
        {TWO_SYMMETRIC "turn_nonce_s=1", true},
        {TWO_SYMMETRIC "turn_nonce_s=1 turn_slow_ms=1500", false}, /* is as good as full */
        {TWO_SYMMETRIC "turn_nonce_s=2 turn_slow_ms=600", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verdict verdict = judged(cases[i].world, NO_SABOTAGE);
        assert_int_equal(has_relay(cases[i].world), cases[i].has_room);
        if (verdict.is_bad)
            fail_msg("%s: %s", cases[i].world, verdict.why);
    }
}

/* 13 asks for none of whom loss has left without an allocation; another's may do. */
static void test_whose_requests_were_lost_has_no_relay(void **state)
{
    static const char both[] = "seed=1 alice.turn=1 bob.turn=1";
    static const char alone[] = "seed=1 alice.turn=1 alice.relay_only=1 bob.turn=1";

    (void)state;
    assert_false(has_relay_without("seed=1 alice.turn=1", (struct ways_in_vain){.allocates = 1}));
    assert_true(has_relay_without("seed=1 alice.turn=1", (struct ways_in_vain){.allocates = 2}));
    assert_true(has_relay_without(both, (struct ways_in_vain){.allocates = 1}));
    assert_true(has_relay_without(alone, (struct ways_in_vain){.allocates = 2}));
    assert_false(has_relay_without(alone, (struct ways_in_vain){.allocates = 1}));
    assert_false(has_relay_without(both, (struct ways_in_vain){.allocates = 3}));
}

/* Nor of whom it has left without a word of where servers see it, and that has nothing else to
 * tell. */
static void test_whom_no_server_has_told_of_itself_is_let_in_by_no_relay(void **state)
{
    static const struct {
        const char *world;
        struct ways_in_vain in_vain;
        bool has_relay;
    } cases[] = {
        {HIDDEN_BEHIND_A_NAT, {0}, true},
        {HIDDEN_BEHIND_A_NAT, {.bindings = 1}, true},
        {HIDDEN_BEHIND_A_NAT, {.bindings = 2}, false},
        {HIDDEN_BEHIND_A_NAT "bob.turn=1", {.bindings = 2}, true},
        {HIDDEN_BEHIND_A_NAT "bob.turn=1", {.allocates = 2, .bindings = 2}, false},
        {"seed=1 alice.turn=1 alice.relay_only=1", {.bindings = 2}, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(has_relay_without(cases[i].world, cases[i].in_vain), cases[i].has_relay);
    struct verdict verdict =
        judged("seed=8520000019397 delay_ms=101 heavy_loss_permille=89 alice.gates=3 bob.gates=3 "
               "alice.mapping=2 alice.filtering=2 bob.filtering=1 alice.ports=4 bob.ports=5 "
               "alice.turn=1 alice.relay_only=1 bob.privacy=1 signal_ms=499 "
               "candidates_late_ms=2140 same_role=1",
               NO_SABOTAGE);
    if (verdict.is_bad)
        fail_msg("%s", verdict.why);
}

static void test_tcp_is_asked_for_where_one_opens_what_the_other_hears(void **state)
{
    static const struct {
        const char *world;
        bool is_there;
    } cases[] = {
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2", true},
        {"seed=1 bob.gates=2 bob.tcp=1 alice.tcp=2 alice.lite=1", true},
        {"seed=1 alice.gates=2 alice.tcp=1", false},
        {"seed=1 alice.gates=2 alice.tcp=2 bob.tcp=2", false},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=5", false},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2 bob.gates=1", false},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2 bob.privacy=1", false},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2 bob.names=1", false},
        {"seed=1 alice.gates=2 alice.tcp=1 bob.tcp=2 bob.gives=1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verdict verdict = judged(cases[i].world, NO_SABOTAGE);
        struct plan plan;
        assert_true(plan_parse(&plan, cases[i].world));
        assert_int_equal(ways_have_tcp(&plan), cases[i].is_there);
        if (verdict.is_bad)
            fail_msg("%s: %s", cases[i].world, verdict.why);
    }
}

/* 16 waits for who lost the relay of the path in use, though it is a NAT that forgot the way. */
static void test_a_relay_that_a_nat_took_away_is_a_change_of_address(void **state)
{
    (void)state;
    struct verdict verdict = judged(
        "seed=8200000069722 alice.gates=1 bob.gates=3 bob.mapping=1 bob.refresh=1 bob.rows_max=8 "
        "bob.evicts=1 bob.turn=1 bob.busy=2 alice.chatter_ms=1 leaves=1",
        NO_SABOTAGE);

    if (verdict.is_bad)
        fail_msg("%s", verdict.why);
}

/* 12 asks who met by luck, after a restart, for nothing before; where there is a way it does. */
static void test_who_has_never_met_loses_nobody(void **state)
{
    static const char by_luck[] =
        "seed=8450000007987 alice.gates=4 bob.gates=1 alice.outer_mapping=1 alice.ipv6=1 "
        "alice.no_ipv4=1 signal_ms=101 restart=1 restart_at_ms=65567 hostile_server=1 "
        "alice.nat64=1";
    struct verdict verdict = judged(by_luck, NO_SABOTAGE);

    (void)state;
    if (verdict.is_bad)
        fail_msg("%s", verdict.why);
    verdict = judged(by_luck, A_WAY_THROUGH);
    assert_true(verdict.is_bad);
    assert_memory_equal(verdict.why, "12: bob failed", 14);
}

/* 8 asks no address to keep whose it was: what is sent to the one before, with its consent, comes
 * to who has it now. */
static void test_a_nat_may_bring_what_is_for_the_neighbour(void **state)
{
    (void)state;
    struct verdict verdict = judged(
        "seed=8450000038218 bob.gates=3 bob.no_stun=1 bob.mapped=1 mux=1 rebind=2", NO_SABOTAGE);

    if (verdict.is_bad)
        fail_msg("%s", verdict.why);
}

#define TO_A_LITE_ONE "seed=1 signal_ms=563 alice.gates=3 bob.lite=1 bob.ipv6=1 "

static uint64_t count_judged_by_path(const char *text)
{
    struct tally tally = {0};
    struct plan plan;

    assert_true(plan_parse(&plan, text));
    struct verdict verdict = world_run(&plan, NULL, &tally);
    if (verdict.is_bad)
        fail_msg("%s: %s", text, verdict.why);
    return tally.judged[MUST_BE_BEST];
}

/* 15 asks who nominates in first checks for no pair that was made after the first of them and had
 * no check before the answer.  Where one had, in long round trips, or none is made, or who
 * nominates waits, it does. */
static void test_who_nominates_at_once_waits_for_nothing_better(void **state)
{
    static const char at_once[] = TO_A_LITE_ONE "delay_ms=18 alice.ipv6=1 alice.at_once=1";
    static const char volley[] = TO_A_LITE_ONE "delay_ms=40 alice.ipv6=1 alice.at_once=1";
    static const char waiting[] = TO_A_LITE_ONE "delay_ms=18 alice.ipv6=1";

    (void)state;
    assert_int_equal(count_judged_by_path(at_once), 0);
    assert_int_equal(count_judged_by_path(volley), 1);
    assert_int_equal(count_judged_by_path(waiting), 1);
    assert_true(judged(TO_A_LITE_ONE "delay_ms=18 alice.at_once=1", A_SHORTCUT).is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quiet_world_is_fine),
        cmocka_unit_test(test_what_a_leap_has_made_due_rings_no_sooner),
        cmocka_unit_test(test_each_sabotage_is_seen_by_its_judge),
        cmocka_unit_test(test_where_there_is_no_path_none_is_asked_for),
        cmocka_unit_test(test_where_all_names_were_lost_they_are_no_path),
        cmocka_unit_test(test_who_is_lite_opens_no_path),
        cmocka_unit_test(test_a_relay_lets_in_whom_it_is_told_of),
        cmocka_unit_test(test_a_relay_does_not_let_in_who_has_a_name_alone),
        cmocka_unit_test(test_candidates_of_tcp_leave_room_for_others),
        cmocka_unit_test(test_a_relay_that_is_never_told_may_be_used),
        cmocka_unit_test(test_a_relay_may_be_used_before_the_prefix_is_known),
        cmocka_unit_test(test_the_last_datagram_of_a_check_may_be_lost),
        cmocka_unit_test(test_what_is_checked_late_is_not_checked_for_ever),
        cmocka_unit_test(test_a_relay_is_asked_for_where_there_is_room),
        cmocka_unit_test(test_whose_requests_were_lost_has_no_relay),
        cmocka_unit_test(test_whom_no_server_has_told_of_itself_is_let_in_by_no_relay),
        cmocka_unit_test(test_tcp_is_asked_for_where_one_opens_what_the_other_hears),
        cmocka_unit_test(test_a_relay_that_a_nat_took_away_is_a_change_of_address),
        cmocka_unit_test(test_who_has_never_met_loses_nobody),
        cmocka_unit_test(test_a_nat_may_bring_what_is_for_the_neighbour),
        cmocka_unit_test(test_who_nominates_at_once_waits_for_nothing_better),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
