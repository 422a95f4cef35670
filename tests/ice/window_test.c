/* The next ports of our NAT among candidates that leave before the peer is known
 * (docs/decisions/214). */
#include "tests/ice/guesser.h"

#define HELPERS 5
#define WINDOW 16

static const char *const peer[] = {"23.4.5.6:7000", "23.4.5.7:7000"};

/* Both servers have been asked, and nothing is known of the peer. */
static void gather(struct guesser *g, enum guesser_nat nat, bool window)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.predict_window = window;
    guesser_begin(g, nat, &config);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_stun_server(g->ice, g->world->now, &g->servers[i]), 0);
    auger_ice_end_of_local_addrs(g->ice, g->world->now);
    guesser_run(g, 200 * AUGER_MS);
}

static void help(struct guesser *g)
{
    assert_int_equal(guesser_help(g, 6000, HELPERS), 0);
    guesser_run(g, 100 * AUGER_MS);
}

static size_t count_told(const struct guesser *g, uint16_t first, int step)
{
    size_t told = 0;

    for (int i = 0; i < WINDOW; i++)
        for (size_t j = 0; j < g->cands_len; j++)
            told += g->cands[j].addr.port == first + i * step;
    return told;
}

static void the_next_ports_are_told_before_the_end_of_candidates(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    assert_int_equal(g.wants, 1);
    assert_int_equal(g.wanted.count, HELPERS);
    assert_int_equal(g.gathered, 0);
    help(&g);
    assert_int_equal(count_told(&g, g.next, 1), WINDOW);
    assert_int_equal(g.gathered, 1);
    for (size_t i = 0; i < g.cands_len; i++)
        assert_int_equal(g.cands[i].priority >> 24 < 100,
                         g.cands[i].addr.port >= g.next && g.cands[i].type == AUGER_CAND_SRFLX);
    guesser_end(&g);
}

static void the_step_is_that_of_the_nat(void **state)
{
    static const int steps[] = {2, 100, -1};

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct guesser g;
        gather(&g, GUESSER_BY_DESTINATION, true);
        g.step = steps[i];
        help(&g);
        /* The first of the burst had what was next before the step was another. */
        assert_int_equal(count_told(&g, g.next, steps[i]), WINDOW);
        guesser_end(&g);
    }
}

/* From the socket that has sent nothing, so that it has one of them. */
static void who_becomes_known_is_checked_from_there_before_all_else(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    uint16_t next = g.next;
    size_t before = g.sent_len;
    guesser_run(&g, 5 * AUGER_SEC);
    assert_int_equal(g.sent_len, before);
    guesser_hear(&g, peer, 2);
    guesser_run(&g, 200 * AUGER_MS);
    for (size_t i = 0; i < 2; i++) {
        const struct auger_addr to = addr_of(peer[i]);
        assert_int_equal(g.sent[before + i].path.local.port, 6002);
        assert_true(auger_addr_equal(&g.sent[before + i].path.remote, &to));
        assert_int_equal(g.sent[before + i].seen_at, next + (uint16_t)i);
    }
    assert_true(guesser_wants(&g, 6002));
    guesser_end(&g);
}

static void where_candidates_may_follow_nothing_is_held_up(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, false);
    assert_int_equal(g.wants, 0);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

static void a_nat_that_maps_for_all_holds_nothing_up(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_FOR_ALL, true);
    assert_int_equal(g.wants, 0);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

static void without_helper_sockets_gathering_ends_all_the_same(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    assert_int_equal(g.gathered, 0);
    guesser_run(&g, 1500 * AUGER_MS);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
    gather(&g, GUESSER_BY_DESTINATION, true);
    assert_int_equal(guesser_help(&g, 6000, 0), 0);
    guesser_run(&g, AUGER_MS);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

static void ports_by_chance_are_not_told(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_RANDOM, true);
    size_t before = g.cands_len;
    help(&g);
    assert_int_equal(g.cands_len, before);
    assert_int_equal(g.gathered, 1);
    assert_false(guesser_wants(&g, 6002));
    guesser_end(&g);
}

/* Of the three bursts there may be it is one. */
static void two_bursts_are_left_for_when_the_peer_is_known(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    guesser_hear(&g, peer, 1);
    for (uint16_t i = 0; i < 200; i++) {
        size_t before = g.wants;
        guesser_run(&g, 100 * AUGER_MS);
        if (g.wants > before)
            assert_int_equal(guesser_help(&g, (uint16_t)(7000 + 10 * i), HELPERS), 0);
    }
    assert_int_equal(g.wants, 3);
    guesser_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_ports_are_told_before_the_end_of_candidates),
        cmocka_unit_test(the_step_is_that_of_the_nat),
        cmocka_unit_test(who_becomes_known_is_checked_from_there_before_all_else),
        cmocka_unit_test(where_candidates_may_follow_nothing_is_held_up),
        cmocka_unit_test(a_nat_that_maps_for_all_holds_nothing_up),
        cmocka_unit_test(without_helper_sockets_gathering_ends_all_the_same),
        cmocka_unit_test(ports_by_chance_are_not_told),
        cmocka_unit_test(two_bursts_are_left_for_when_the_peer_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
