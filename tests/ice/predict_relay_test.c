/* Ports are predicted by what a relay of ours has seen of the peer, too. */
#include "tests/ice/relayed.h"

#define SEEN_LATER "203.0.113.7:7009"

static void tell_port(struct puppet *p, const char *addr, uint32_t priority)
{
    struct auger_cand cand = cand_of(addr, AUGER_CAND_SRFLX, priority);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
}

/* Two ports of the peer are told, and the relay is asked from a later one. */
static struct puppet *asked_at_the_relay(void)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.prediction = true;
    struct puppet *p = agent_with(&config);
    add_server(p, SERVER, RELAYED)->mapped = MAPPED;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    puppet_introduce(p);
    tell_port(p, PEER, 1694498815);
    tell_port(p, PEER_AGAIN, 1694498559);
    run(p, 150 * AUGER_MS);
    puppet_check(p, &(struct puppet_check){.from = SEEN_LATER, .to = RELAYED, .role = CONTROLLING});
    settle(p);
    assert_int_equal(pair_of(p, RELAYED, SEEN_LATER).remote.type, AUGER_CAND_PRFLX);
    return p;
}

/* docs/decisions/260 */
static void what_is_to_be_checked_behind_and_ahead_begins_at_one_time(void **state)
{
    struct puppet *p = asked_at_the_relay();
    size_t before = puppet_pairs(p);

    (void)state;
    while (puppet_pairs(p) == before) {
        puppet_wait(p, auger_ice_next_timeout(p->ice) - p->world->now);
        settle(p);
    }
    size_t there = puppet_pairs(p);
    assert_true(there > before + 8);
    auger_ice_handle_timeout(p->ice, p->world->now);
    assert_int_equal(puppet_pairs(p), there);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_to_be_checked_behind_and_ahead_begins_at_one_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
