/* Two peers that can change their path do, and their messages notice nothing. */
#include "tests/peer/pair.h"

#include <auger/peer_stats.h>

static uint32_t changes(const struct pair *pair, int side)
{
    struct auger_peer_transport_stats stats;

    auger_peer_get_transport_stats(pair->peers[side], &stats);
    return stats.ice.selected_candidate_pair_changes;
}

/* Bob has two addresses; the way to the first becomes slow. */
static struct pair *travel(bool bob_offers_it, size_t *said)
{
    struct auger_peer_config config;

    auger_peer_config_init(&config);
    config.ice.renomination = bob_offers_it;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, &config);
    assert_int_equal(auger_addr_parse(&pair->bobs_other, "198.51.100.2:5003"), 0);
    assert_int_equal(auger_peer_add_local_addr(pair->peers[BOB], pair->now, &pair->bobs_other), 0);
    introduce(pair);
    run_for(pair, 2 * AUGER_SEC);
    auger_channel channel = open_channel(pair, ALICE, "talk");
    run_for(pair, 30 * AUGER_SEC);
    uint32_t before[] = {changes(pair, ALICE), changes(pair, BOB)};

    pair->slow_by = 100 * AUGER_MS;
    for (*said = 0; *said < 800; ++*said) {
        uint32_t number = (uint32_t)*said;
        assert_int_equal(auger_peer_send(pair->peers[ALICE], pair->now, channel,
                                         AUGER_MESSAGE_BINARY, &number, sizeof(number)),
                         0);
        run_for(pair, 50 * AUGER_MS);
    }
    run_for(pair, 1 * AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++)
        assert_int_equal(changes(pair, side) - before[side], bob_offers_it);
    return pair;
}

static void messages_come_in_order_while_the_path_changes(void **state)
{
    (void)state;
    size_t said, heard = 0;
    struct pair *pair = travel(true, &said);

    for (size_t i = 0; i < pair->records_len; i++) {
        const struct record *record = &pair->records[i];
        uint32_t number;
        if (record->side != BOB || record->event.type != AUGER_PEER_EVENT_MESSAGE)
            continue;
        memcpy(&number, record->bytes, sizeof(number));
        assert_int_equal(number, heard++);
    }
    assert_int_equal(heard, said);
    assert_int_equal(count_events(pair, ALICE, AUGER_PEER_EVENT_RESTART_WANTED), 0);
    pair_free(pair);
}

static void the_path_stays_where_one_of_them_does_not_offer_renomination(void **state)
{
    (void)state;
    size_t said;
    struct pair *pair = travel(false, &said);

    assert_int_equal(count_events(pair, BOB, AUGER_PEER_EVENT_MESSAGE), said);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_in_order_while_the_path_changes),
        cmocka_unit_test(the_path_stays_where_one_of_them_does_not_offer_renomination),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
