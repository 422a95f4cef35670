/* The statistics of an agent: what one side counts as sent the other counts as received. */
#include "tests/ice/world.h"

#include <auger/ice_stats.h>

#define DELAY (25 * AUGER_MS)

static struct auger_ice_pair_stats pair_of(const struct world *world, int side, size_t index)
{
    struct auger_ice_pair_stats stats;

    assert_int_equal(auger_ice_get_pair_stats(world->sides[side].ice, index, &stats), 0);
    return stats;
}

static struct auger_ice_transport_stats transport_of(const struct world *world, int side)
{
    struct auger_ice_transport_stats stats;

    auger_ice_get_transport_stats(world->sides[side].ice, &stats);
    return stats;
}

/* As side 0 names the one pair there is. */
static const char *id_of_pair(const struct world *world)
{
    static char id[AUGER_STATS_ID_MAX];

    snprintf(id, sizeof(id), "P %s 192.0.2.1:1001 1", auger_ice_ufrag(world->sides[0].ice));
    return id;
}

/* Two agents that have talked for a minute, all that was sent having arrived. */
static struct world *after_a_minute(void)
{
    struct world *world = world_of_two(DELAY);

    introduce(world);
    for (int i = 0; i < 60; i++) {
        world_run(world, AUGER_SEC);
        send_text(world, 0, "hello");
        if (i % 3 == 0)
            send_text(world, 1, "yes");
    }
    world_run(world, 100 * AUGER_MS);
    while (world->packets_len > 0)
        world_run(world, 10 * AUGER_MS);
    return world;
}

static void test_what_one_side_sent_the_other_received(void **state)
{
    (void)state;
    struct world *world = after_a_minute();

    for (int side = 0; side < 2; side++) {
        struct auger_ice_pair_stats ours = pair_of(world, side, 0);
        struct auger_ice_pair_stats theirs = pair_of(world, 1 - side, 0);
        assert_int_equal(ours.packets_sent, theirs.packets_received);
        assert_int_equal(ours.bytes_sent, theirs.bytes_received);
        assert_int_equal(ours.responses_sent, theirs.responses_received);
        assert_int_equal(ours.requests_sent + ours.retransmissions_sent, theirs.requests_received);
        assert_int_equal(ours.requests_received, ours.responses_sent);
    }
    assert_int_equal(pair_of(world, 0, 0).packets_sent, 60);
    assert_int_equal(pair_of(world, 0, 0).bytes_sent, 300);
    assert_int_equal(pair_of(world, 1, 0).bytes_sent, 60);
    world_free(world);
}

static void test_requests_for_consent_are_counted_among_all_and_apart(void **state)
{
    (void)state;
    struct world *world = after_a_minute();
    struct auger_ice_pair_stats stats = pair_of(world, 0, 0);

    uint64_t checks = stats.requests_sent - stats.consent_requests_sent;
    assert_in_range(checks, 2, 3); /* a check, perhaps a triggered one, the nomination */
    assert_in_range(stats.consent_requests_sent, 9, 16);
    assert_int_equal(stats.responses_received, stats.requests_sent);
    world_free(world);
}

static void test_round_trips_are_seconds_and_their_sum_follows_the_answers(void **state)
{
    (void)state;
    struct world *world = after_a_minute();
    struct auger_ice_pair_stats stats = pair_of(world, 0, 0);

    assert_float_equal(stats.current_round_trip_time, 0.05, 1e-9);
    assert_float_equal(stats.total_round_trip_time, 0.05 * (double)stats.responses_received, 1e-6);
    world_free(world);
}

static void test_timestamps_are_of_data_alone(void **state)
{
    (void)state;
    struct world *world = world_of_two(DELAY);

    introduce(world);
    world_run(world, 10 * AUGER_SEC);
    assert_int_equal(pair_of(world, 0, 0).last_packet_sent_timestamp, AUGER_NEVER);
    assert_int_equal(pair_of(world, 1, 0).last_packet_received_timestamp, AUGER_NEVER);
    auger_time sent_at = world->now;
    send_text(world, 0, "now");
    world_run(world, 10 * AUGER_SEC);
    assert_int_equal(pair_of(world, 0, 0).last_packet_sent_timestamp, sent_at);
    assert_int_equal(pair_of(world, 1, 0).last_packet_received_timestamp, sent_at + DELAY);
    world_free(world);
}

static void test_a_transport_names_the_pair_in_use_and_sums_all(void **state)
{
    (void)state;
    struct world *world = after_a_minute();
    struct auger_ice_transport_stats stats = transport_of(world, 0);

    assert_string_equal(stats.selected_candidate_pair_id, pair_of(world, 0, 0).id);
    assert_string_equal(stats.selected_candidate_pair_id, id_of_pair(world));
    assert_int_equal(stats.selected_candidate_pair_changes, 1);
    assert_true(stats.is_controlling);
    assert_false(transport_of(world, 1).is_controlling);
    assert_int_equal(stats.ice_state, AUGER_ICE_CONNECTED);
    assert_string_equal(stats.ice_local_username_fragment, auger_ice_ufrag(world->sides[0].ice));
    assert_int_equal(stats.packets_sent, 60);
    assert_int_equal(stats.bytes_received, 60);
    world_free(world);
}

static void test_candidates_are_found_by_the_ids_of_pairs(void **state)
{
    (void)state;
    struct world *world = after_a_minute();
    struct auger_ice_pair_stats pair = pair_of(world, 0, 0);
    struct auger_ice_cand_stats cand;
    bool ours = false, theirs = false;
    size_t i = 0;

    for (; auger_ice_get_cand_stats(world->sides[0].ice, i, &cand) == 0; i++) {
        if (strcmp(cand.id, pair.local_candidate_id) == 0)
            ours = !cand.is_remote;
        if (strcmp(cand.id, pair.remote_candidate_id) == 0)
            theirs = cand.is_remote;
        assert_string_equal(cand.cand.ufrag, auger_ice_ufrag(world->sides[cand.is_remote].ice));
    }
    assert_int_equal(i, 2);
    assert_true(ours && theirs);
    assert_int_equal(auger_ice_get_cand_stats(world->sides[0].ice, i, &cand), AUGER_ERR_NOT_FOUND);
    world_free(world);
}

static struct auger_ice_cand_stats remote_of(const struct world *world, const char *id)
{
    struct auger_ice_cand_stats cand;

    for (size_t i = 0; auger_ice_get_cand_stats(world->sides[0].ice, i, &cand) == 0; i++)
        if (cand.is_remote && strcmp(cand.id, id) == 0)
            return cand;
    fail_msg("no candidate %s", id);
    return cand;
}

/* W3C: null, until the application has told us the address. */
static void test_an_address_that_was_not_told_is_not_shown(void **state)
{
    (void)state;
    struct world *world = world_of_two(DELAY);

    world_settle(world);
    tell_credentials(world, 0);
    tell_credentials(world, 1);
    tell_candidates(world, 1); /* to side 0 comes what the checks show */
    world_run(world, AUGER_SEC);
    struct auger_ice_pair_stats pair = pair_of(world, 0, 0);
    struct auger_ice_cand_stats cand = remote_of(world, pair.remote_candidate_id);
    assert_int_equal(cand.cand.type, AUGER_CAND_PRFLX);
    assert_int_equal(cand.cand.addr.family, AUGER_FAMILY_NONE);
    assert_int_equal(cand.cand.addr.port, 2002);

    struct auger_cand told = {.type = AUGER_CAND_HOST, .priority = 5, .foundation = "1"};
    assert_int_equal(auger_addr_parse(&told.addr, "192.0.2.2:2002"), 0);
    told.hidden = true; /* by its name, which was resolved */
    assert_int_equal(auger_ice_add_remote_cand(world->sides[0].ice, world->now, &told), 0);
    cand = remote_of(world, pair.remote_candidate_id);
    assert_int_equal(cand.cand.type, AUGER_CAND_HOST);
    assert_int_equal(cand.cand.addr.family, AUGER_FAMILY_NONE);

    told.hidden = false;
    assert_int_equal(auger_ice_add_remote_cand(world->sides[0].ice, world->now, &told), 0);
    cand = remote_of(world, pair.remote_candidate_id);
    assert_true(auger_addr_equal(&cand.cand.addr, &told.addr));
    assert_string_equal(pair_of(world, 0, 0).id, pair.id);
    world_free(world);
}

/* Data goes on along the old pair until the new generation has selected one: at every
 * moment what a transport names is found, under ids that differ. */
static void test_while_a_restart_goes_on_every_id_is_found_once(void **state)
{
    (void)state;
    static struct auger_ice_cand_stats cands[32];
    struct world *world = after_a_minute();
    const struct auger_ice *ice = world->sides[0].ice;
    char before[AUGER_STATS_ID_MAX];

    snprintf(before, sizeof(before), "%s", id_of_pair(world));
    assert_int_equal(auger_ice_restart(world->sides[0].ice, world->now), 0);
    world_settle(world);
    tell_credentials(world, 1);
    tell_candidates(world, 1);
    world_settle(world);
    tell_credentials(world, 0);
    tell_candidates(world, 0);
    for (int step = 0; step < 200; step++) {
        struct auger_ice_transport_stats transport = transport_of(world, 0);
        struct auger_ice_pair_stats pair;
        size_t found = 0, remotes = 0, cands_len = 0;
        for (size_t i = 0; auger_ice_get_pair_stats(ice, i, &pair) == 0; i++)
            found += strcmp(pair.id, transport.selected_candidate_pair_id) == 0;
        while (cands_len < 32 && auger_ice_get_cand_stats(ice, cands_len, &cands[cands_len]) == 0)
            cands_len++;
        for (size_t i = 0; i < cands_len; i++)
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(cands[i].id, cands[j].id);
        assert_int_equal(auger_ice_get_pair_stats(ice, 0, &pair), 0);
        for (size_t i = 0; i < cands_len; i++)
            remotes += strcmp(cands[i].id, pair.remote_candidate_id) == 0;
        assert_int_equal(found, 1);
        assert_int_equal(remotes, 1);
        world_run(world, 5 * AUGER_MS);
    }
    assert_string_not_equal(transport_of(world, 0).selected_candidate_pair_id, before);
    assert_int_equal(transport_of(world, 0).selected_candidate_pair_changes, 2);
    world_free(world);
}

static void test_a_refused_packet_moves_from_sent_to_discarded(void **state)
{
    (void)state;
    struct world *world = after_a_minute();
    struct auger_path path = world->sides[0].path;

    auger_ice_note_discarded(world->sides[0].ice, &path, 5);
    struct auger_ice_pair_stats stats = pair_of(world, 0, 0);
    assert_int_equal(stats.packets_discarded_on_send, 1);
    assert_int_equal(stats.bytes_discarded_on_send, 5);
    assert_int_equal(stats.packets_sent, 59);
    assert_int_equal(stats.bytes_sent, 295);
    world_free(world);
}

static void test_a_caller_of_an_earlier_version_gets_what_it_knows(void **state)
{
    (void)state;
    struct world *world = after_a_minute();
    struct auger_ice_pair_stats stats;

    memset(&stats, 0x5A, sizeof(stats));
    assert_int_equal(auger_ice_pair_stats_sized(world->sides[0].ice, 0, &stats, sizeof(stats.id)),
                     0);
    assert_string_equal(stats.id, id_of_pair(world));
    assert_int_equal(stats.local_candidate_id[0], 0x5A);
    assert_int_equal(auger_ice_get_pair_stats(world->sides[0].ice, 1, &stats), AUGER_ERR_NOT_FOUND);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_one_side_sent_the_other_received),
        cmocka_unit_test(test_requests_for_consent_are_counted_among_all_and_apart),
        cmocka_unit_test(test_round_trips_are_seconds_and_their_sum_follows_the_answers),
        cmocka_unit_test(test_timestamps_are_of_data_alone),
        cmocka_unit_test(test_a_transport_names_the_pair_in_use_and_sums_all),
        cmocka_unit_test(test_candidates_are_found_by_the_ids_of_pairs),
        cmocka_unit_test(test_an_address_that_was_not_told_is_not_shown),
        cmocka_unit_test(test_while_a_restart_goes_on_every_id_is_found_once),
        cmocka_unit_test(test_a_refused_packet_moves_from_sent_to_discarded),
        cmocka_unit_test(test_a_caller_of_an_earlier_version_gets_what_it_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
