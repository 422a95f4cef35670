/* Two ends that both share their sockets: several sessions between the same few ports. */
#include "tests/scenarios/office.h"

#include <auger/stun.h>

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

/* The peer of one session, who has its password, forges the address of another's peer: its
 * checks are believed, as they must be, and take nothing. */
static void forge_check(struct sim *sim, struct office *victims, const struct line *thief,
                        const struct auger_path *path)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_stun_tid tid = {{'t', 'h', 'i', 'e', 'f'}};
    struct auger_stun_builder b;
    struct auger_stun_key *key;
    const char *password = auger_ice_password(thief->ice);
    char username[64];

    int len = snprintf(username, sizeof(username), "%s:%s", auger_ice_ufrag(thief->ice),
                       auger_ice_ufrag(thief->partner->ice));
    assert_int_equal(auger_stun_key_new(&key, (const uint8_t *)password, strlen(password)), 0);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, username, (size_t)len);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 0x7E0001FF);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, UINT64_MAX);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    len = auger_stun_build_end(&b);
    assert_true(len > 0);
    office_receive(sim, victims->host, path, buf, (size_t)len);
    auger_stun_key_free(key);
}

SCENARIO(a_forged_source_takes_no_path_and_occupies_none)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct office *server = office_new(sim, "server", sim_internet(sim), 1);
    struct office *honest = office_new(sim, "honest", sim_internet(sim), 1);
    struct office *bad = office_new(sim, "bad", sim_internet(sim), 1);
    struct line *thief = call(bad, server, 60 * AUGER_SEC)->partner;
    const struct auger_path stolen = {server->host->at[0].addr, honest->host->at[0].addr};

    /* Before the other is there, while it connects, and afterwards. */
    for (int i = 0; i < 50; i++) {
        forge_check(sim, server, thief, &stolen);
        sim_run(sim, 20 * AUGER_MS);
    }
    office_add_line(honest, true, 60 * AUGER_SEC); /* numbers are those of the server */
    line_hang_up(&honest->lines[0]);
    struct line *victim = call(honest, server, 60 * AUGER_SEC);
    for (int i = 0; i < 500; i++) {
        forge_check(sim, server, thief, &stolen);
        sim_run(sim, 20 * AUGER_MS);
    }
    assert_true(line_works(victim));
    assert_int_equal(victim->lost + victim->partner->lost, 0);
    assert_true(victim->heard > 40 && victim->partner->heard > 40);
    assert_int_equal(victim->strange + victim->partner->strange + thief->strange, 0);
    office_close(server);
    office_close(honest);
    office_close(bad);
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
          scenario_test(a_forged_source_takes_no_path_and_occupies_none),
          scenario_test(with_callers_at_both_ends_every_session_finds_a_path))
