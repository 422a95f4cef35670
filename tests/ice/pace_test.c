/* Ta and what shares it: RFC 8445 section 14, RFC 8839 section 5.5. */
#include "tests/ice/puppet.h"

#include "ice/pace.h"

#define AGENTS 30

static void test_8839_5_5_the_larger_pacing_counts_and_none_is_endless(void **state)
{
    (void)state;
    static const struct {
        auger_time ours, theirs, used;
    } cases[] = {
        {50 * AUGER_MS, 20 * AUGER_MS, 50 * AUGER_MS},
        {20 * AUGER_MS, 50 * AUGER_MS, 50 * AUGER_MS},
        {50 * AUGER_MS, 0, 50 * AUGER_MS},
        {50 * AUGER_MS, UINT32_MAX * AUGER_MS, 500 * AUGER_MS},
        {900 * AUGER_MS, UINT32_MAX * AUGER_MS, 900 * AUGER_MS},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct auger_ice_config config;
        struct sent sent;

        auger_ice_config_init(&config);
        config.pacing = cases[i].ours;
        config.controlling = true;
        struct puppet *p = puppet_with(&config);
        auger_ice_set_remote_pacing(p->ice, p->world->now, cases[i].theirs);
        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
        assert_int_equal(puppet_tell(p, "198.51.100.2:2003", 2130706175), 0);
        struct auger_cand other = cand_of("203.0.113.2:2004", AUGER_CAND_HOST, 2130705919);
        strcpy(other.foundation, "2");
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
        assert_true(puppet_take(p, &sent));
        assert_false(puppet_take(p, &sent));
        p->world->now += cases[i].used - 1;
        assert_false(puppet_take(p, &sent) && sent.msg.class_ == AUGER_STUN_REQUEST &&
                     auger_addr_equal(&sent.path.remote, &other.addr));
        p->world->now += 1;
        bool asked = false;
        while (puppet_take(p, &sent))
            asked |= auger_addr_equal(&sent.path.remote, &other.addr);
        assert_true(asked);
        puppet_free(p);
    }
}

/* 14.3 */
static void test_14_3_no_rto_is_below_500_ms_and_it_grows_with_ta(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    assert_int_equal(auger_pace_rto(p->ice, 1), 500 * AUGER_MS);
    assert_int_equal(auger_pace_rto(p->ice, 20), 1000 * AUGER_MS);
    auger_ice_set_remote_pacing(p->ice, p->world->now, 100 * AUGER_MS);
    assert_int_equal(auger_pace_rto(p->ice, 20), 2000 * AUGER_MS);
    puppet_free(p);
}

/* Each has ten pairs to ask about; the others are polled before it, always. */
static void test_14_2_agents_that_share_a_pacer_take_turns(void **state)
{
    (void)state;
    struct auger_pacer pacer = {0};
    struct puppet *puppets[AGENTS];
    auger_time first[AGENTS], last = -1, begun = 0;
    struct auger_ice_config config;
    unsigned sent_by_all = 0;
    struct sent sent;

    auger_ice_config_init(&config);
    config.controlling = true;
    config.pacer = &pacer;
    for (int i = 0; i < AGENTS; i++) {
        first[i] = AUGER_NEVER;
        puppets[i] = puppet_with(&config);
        puppet_introduce(puppets[i]);
        for (int j = 0; j < 10; j++) {
            struct auger_cand cand = cand_of("192.0.2.2:2002", AUGER_CAND_HOST, 2130706431);
            cand.addr.port = (uint16_t)(2002 + j);
            cand.priority -= (uint32_t)j;
            snprintf(cand.foundation, sizeof(cand.foundation), "%d", j);
            assert_int_equal(
                auger_ice_add_remote_cand(puppets[i]->ice, puppets[i]->world->now, &cand), 0);
        }
    }
    begun = puppets[0]->world->now;
    for (auger_time now = begun; now < begun + 400 * AUGER_MS; now += AUGER_MS) {
        for (int i = 0; i < AGENTS; i++) {
            puppets[i]->world->now = now;
            while (puppet_take(puppets[i], &sent)) {
                assert_true(last < 0 || now - last >= 5 * AUGER_MS);
                last = now;
                first[i] = first[i] == AUGER_NEVER ? now : first[i];
                sent_by_all++;
            }
        }
    }
    assert_int_equal(sent_by_all, 80); /* no turn is lost */
    for (int i = 0; i < AGENTS; i++) {
        assert_true(first[i] - begun <= AGENTS * 5 * AUGER_MS);
        puppet_free(puppets[i]);
    }
}

static void test_an_agent_that_waits_for_its_turn_is_to_be_woken_then(void **state)
{
    (void)state;
    struct auger_pacer pacer = {0};
    struct auger_ice_config config;
    struct puppet *puppets[2];
    struct sent sent;

    auger_ice_config_init(&config);
    config.controlling = true;
    config.pacer = &pacer;
    for (int i = 0; i < 2; i++) {
        puppets[i] = puppet_with(&config);
        puppet_introduce(puppets[i]);
        assert_int_equal(puppet_tell(puppets[i], "192.0.2.2:2002", 2130706431), 0);
    }
    assert_true(puppet_take(puppets[0], &sent));
    assert_false(puppet_take(puppets[1], &sent));
    auger_time turn = puppets[1]->world->now + 5 * AUGER_MS;
    assert_int_equal(auger_ice_next_timeout(puppets[1]->ice), turn);
    puppets[1]->world->now = turn;
    assert_true(puppet_take(puppets[1], &sent));
    for (int i = 0; i < 2; i++)
        puppet_free(puppets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_8839_5_5_the_larger_pacing_counts_and_none_is_endless),
        cmocka_unit_test(test_14_3_no_rto_is_below_500_ms_and_it_grows_with_ta),
        cmocka_unit_test(test_14_2_agents_that_share_a_pacer_take_turns),
        cmocka_unit_test(test_an_agent_that_waits_for_its_turn_is_to_be_woken_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
