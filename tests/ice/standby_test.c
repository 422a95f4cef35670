/* Pairs in reserve: docs/decisions/072. */
#include "tests/ice/puppet.h"

#include "ice/renominate.h"
#include "ice/standby.h"

#define ALICE 0
#define BOB 1
#define HOMES 3 /* bob's addresses, and with each a way of its own */

/* What happens on the way to each of bob's addresses. */
struct ways {
    auger_time extra[HOMES]; /* there and back */
    bool cut[HOMES];
    size_t nominations; /* checks of alice's with USE-CANDIDATE that are no repetition */
    uint32_t value;     /* the highest */
    struct auger_addr nominated[16];
    auger_time nominated_at[16];
    auger_time asked_at[HOMES]; /* of the last check of alice's on that way */
    auger_time least_apart;     /* of two such, once they have begun */
    size_t asked[HOMES];
};

static const char *const homes[HOMES] = {"192.0.2.2:2002", "198.51.100.2:3", "203.0.113.2:4"};

static size_t way_of(const struct packet *packet)
{
    for (size_t i = 0; i < HOMES; i++) {
        struct auger_addr home = addr_of(homes[i]);
        if (auger_addr_equal(&packet->path.local, &home) ||
            auger_addr_equal(&packet->path.remote, &home))
            return i;
    }
    fail_msg("not between the two");
    return 0;
}

static void note_nomination(struct ways *ways, const struct world *world,
                            const struct packet *packet, const struct auger_stun_msg *msg)
{
    uint32_t value;

    if (!auger_stun_msg_u32(msg, AUGER_STUN_ATTR_NOMINATION, &value) || value <= ways->value)
        return;
    assert_true(ways->nominations < 16);
    ways->value = value;
    ways->nominated[ways->nominations] = packet->path.remote;
    ways->nominated_at[ways->nominations++] = world->now;
}

static bool pass(struct world *world, struct packet *packet)
{
    struct ways *ways = world->user;
    size_t way = way_of(packet);
    struct auger_stun_msg msg;

    if (packet->path.remote.port != 1001 && auger_stun_is_message(packet->buf, packet->len) &&
        auger_stun_msg_parse(&msg, packet->buf, packet->len) == 0 &&
        msg.class_ == AUGER_STUN_REQUEST) {
        note_nomination(ways, world, packet, &msg);
        ways->asked[way]++;
        ways->asked_at[way] = world->now;
    }
    packet->at += ways->extra[way] / 2;
    return !ways->cut[way];
}

struct setup {
    bool not_offered;            /* by either */
    uint8_t standby_max;         /* of both */
    bool restarts, bob_controls; /* alice and her config */
};

static struct world *world_with(const struct setup *setup, struct ways *ways)
{
    struct world *world = world_new();
    struct auger_ice_config config;
    struct auger_addr base = addr_of("192.0.2.1:1001");

    *ways = (struct ways){0};
    world->delay = 10 * AUGER_MS;
    world->wire = pass;
    world->user = ways;
    auger_ice_config_init(&config);
    config.standby_max = setup->standby_max;
    config.standby_restarts = setup->restarts;
    for (int i = 0; i < 2; i++) {
        config.controlling = (i == BOB) == setup->bob_controls;
        world_add(world, i, &config);
        auger_ice_set_remote_renomination(world->sides[i].ice, world->now, !setup->not_offered);
    }
    assert_int_equal(auger_ice_add_local_addr(world->sides[ALICE].ice, world->now, &base), 0);
    for (size_t i = 0; i < HOMES; i++) {
        base = addr_of(homes[i]);
        assert_int_equal(auger_ice_add_local_addr(world->sides[BOB].ice, world->now, &base), 0);
    }
    introduce(world);
    world_run(world, 3 * AUGER_SEC);
    return world;
}

static size_t way_in_use(const struct world *world, int side)
{
    const struct auger_path *path = &world->sides[side].path;

    for (size_t i = 0; i < HOMES; i++) {
        struct auger_addr home = addr_of(homes[i]);
        if (auger_addr_equal(side == ALICE ? &path->remote : &path->local, &home))
            return i;
    }
    return HOMES;
}

static unsigned kept_by(const struct world *world, int side)
{
    const struct auger_ice *ice = world->sides[side].ice;
    unsigned kept = 0;

    for (uint16_t i = 0; i < ice->current->checklist.len; i++) {
        const struct auger_pair *pair = ice->current->checklist.order[i];
        kept += pair->proof && pair->proof->standby && pair != ice->current->nomination.selected;
    }
    return kept;
}

/* --- what is kept ----------------------------------------------------------------------- */

static void as_many_pairs_are_kept_as_are_asked_for(void **state)
{
    (void)state;
    for (uint8_t max = 0; max <= 3; max++) {
        struct ways ways;
        struct world *world = world_with(&(struct setup){.standby_max = max}, &ways);

        for (int i = 0; i < 2; i++) {
            assert_int_equal(kept_by(world, i), max < HOMES - 1 ? max : HOMES - 1);
            if (max == 0)
                assert_null(world->sides[i].ice->standby);
        }
        world_free(world);
    }
}

static void nothing_is_kept_towards_a_peer_that_cannot_follow(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = world_with(&(struct setup){.standby_max = 2, .not_offered = true}, &ways);

    size_t asked = ways.asked[1] + ways.asked[2];
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(ways.asked[1] + ways.asked[2], asked);
    assert_null(world->sides[ALICE].ice->standby);
    world_free(world);
}

static void with_one_pair_nothing_is_taken(void **state)
{
    (void)state;
    struct world *world = world_of_two(10 * AUGER_MS);

    for (int i = 0; i < 2; i++)
        auger_ice_set_remote_renomination(world->sides[i].ice, world->now, true);
    introduce(world);
    world_run(world, 60 * AUGER_SEC);
    for (int i = 0; i < 2; i++)
        assert_null(world->sides[i].ice->standby);
    world_free(world);
}

static void what_is_kept_is_asked_every_4_to_6_seconds_and_stays_valid(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = world_with(&(struct setup){.standby_max = 2}, &ways);
    auger_time last[HOMES] = {0};
    size_t count[HOMES] = {0};

    world_run(world, 10 * AUGER_SEC);
    for (size_t i = 0; i < HOMES; i++)
        last[i] = ways.asked_at[i];
    for (auger_time end = world->now + 120 * AUGER_SEC; world->now < end;) {
        world_run(world, 100 * AUGER_MS);
        for (size_t i = 0; i < HOMES; i++) {
            if (ways.asked_at[i] == last[i])
                continue;
            assert_in_range(ways.asked_at[i] - last[i], 4 * AUGER_SEC - 1, 6100 * AUGER_MS);
            last[i] = ways.asked_at[i];
            count[i]++;
        }
    }
    for (size_t i = 0; i < HOMES; i++)
        assert_in_range(count[i], 20, 30);
    assert_int_equal(kept_by(world, ALICE), 2);
    assert_int_equal(kept_by(world, BOB), 2);
    world_free(world);
}

/* A new transaction begins no sooner than Ta after another: 8445 section 14. */
static void what_is_kept_is_asked_at_the_pace_of_all_checks(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = world_with(&(struct setup){.standby_max = 2}, &ways);
    struct auger_ice *ice = world->sides[ALICE].ice;
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    world->now += 7 * AUGER_SEC; /* all are due */
    auger_ice_handle_timeout(ice, world->now);
    size_t sent = 0;
    while (auger_ice_poll_transmit(ice, world->now, &path, buf, sizeof(buf)))
        sent++;
    assert_int_equal(sent, 2); /* consent, and one of the two */
    assert_int_equal(auger_ice_next_timeout(ice) - world->now, 50 * AUGER_MS);
    world->now += 50 * AUGER_MS;
    auger_ice_handle_timeout(ice, world->now);
    while (auger_ice_poll_transmit(ice, world->now, &path, buf, sizeof(buf)))
        sent++;
    assert_int_equal(sent, 3);
    world_free(world);
}

/* --- the better one ---------------------------------------------------------------------- */

/* After this each way has its round trip, and the pair of the first one is selected. */
static struct world *settled(struct ways *ways, const struct setup *setup)
{
    struct world *world = world_with(setup, ways);

    assert_int_equal(way_in_use(world, ALICE), 0);
    assert_int_equal(way_in_use(world, BOB), 0);
    return world;
}

static void a_pair_that_is_better_by_enough_takes_over_and_no_other(void **state)
{
    (void)state;
    static const struct {
        auger_time used, other; /* round trips */
        bool changes;
    } cases[] = {
        {100 * AUGER_MS, 70 * AUGER_MS, true},
        {100 * AUGER_MS, 71 * AUGER_MS, false}, /* less than 30 % */
        {60 * AUGER_MS, 40 * AUGER_MS, true},   /* 20 ms and a third */
        {60 * AUGER_MS, 41 * AUGER_MS, false},  /* less than 20 ms */
        {50 * AUGER_MS, 31 * AUGER_MS, false},  /* 38 %, and less than 20 ms */
        {1000 * AUGER_MS, 701 * AUGER_MS, false},
        {1000 * AUGER_MS, 700 * AUGER_MS, true},
        {100 * AUGER_MS, 200 * AUGER_MS, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ways ways;
        struct world *world = settled(&ways, &(struct setup){.standby_max = 1});

        ways.extra[0] = cases[i].used - 20 * AUGER_MS;
        ways.extra[1] = cases[i].other - 20 * AUGER_MS;
        ways.cut[2] = true;
        world_run(world, 60 * AUGER_SEC);
        assert_int_equal(way_in_use(world, ALICE), cases[i].changes ? 1 : 0);
        assert_int_equal(way_in_use(world, BOB), cases[i].changes ? 1 : 0);
        assert_int_equal(ways.nominations, cases[i].changes ? 2 : 1);
        world_free(world);
    }
}

static void one_good_answer_or_two_make_no_better_pair(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 1});

    ways.extra[0] = ways.extra[1] = 100 * AUGER_MS;
    ways.cut[2] = true;
    world_run(world, 30 * AUGER_SEC);
    for (int turn = 0; turn < 5; turn++) {
        for (int good = 0; good < 3; good++) { /* the third is none any more */
            size_t asked = ways.asked[1];
            ways.extra[1] = good < 2 ? 0 : 100 * AUGER_MS;
            while (ways.asked[1] == asked)
                world_run(world, 100 * AUGER_MS);
            world_run(world, 500 * AUGER_MS);
        }
    }
    assert_int_equal(ways.nominations, 1);
    ways.extra[1] = 0;
    world_run(world, 20 * AUGER_SEC);
    assert_int_equal(ways.nominations, 2);
    world_free(world);
}

static void the_path_changes_at_most_once_in_ten_seconds(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2});

    /* Whichever is used is the slow one. */
    for (auger_time end = world->now + 300 * AUGER_SEC; world->now < end;) {
        for (size_t i = 0; i < HOMES; i++)
            ways.extra[i] = i == way_in_use(world, ALICE) ? 300 * AUGER_MS : 0;
        world_run(world, 100 * AUGER_MS);
        if (ways.nominations == 15)
            break;
    }
    assert_true(ways.nominations > 5);
    for (size_t i = 1; i < ways.nominations; i++) {
        assert_true(ways.nominated_at[i] - ways.nominated_at[i - 1] >= 10 * AUGER_SEC);
        assert_false(auger_addr_equal(&ways.nominated[i], &ways.nominated[i - 1]));
    }
    assert_int_equal(ways.value, ways.nominations);
    world_free(world);
}

static void measure_anew(const struct auger_ice *ice, struct auger_pair *pair, auger_time rtt)
{
    pair->proof->rtt = rtt;
    ice->standby->slots[pair->proof->standby - 1].measured_at--;
}

/* Three answers take twelve seconds at least, so the pairs are made to have had them. */
static void not_even_when_the_answers_say_so_sooner(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2});
    struct auger_ice *ice = world->sides[ALICE].ice;
    struct auger_pair *selected = ice->current->nomination.selected;
    auger_time since = ice->current->nomination.selected_at;

    for (uint16_t i = 0; i < ice->current->checklist.len; i++) {
        struct auger_pair *pair = ice->current->checklist.order[i];
        struct auger_standby_slot *slot = &ice->standby->slots[pair->proof->standby - 1];
        slot->rtts_len = AUGER_STANDBY_RTTS;
        for (size_t j = 0; j < AUGER_STANDBY_RTTS; j++)
            slot->rtts[j] = pair == selected ? 500 * AUGER_MS : 10 * AUGER_MS;
    }
    measure_anew(ice, selected, 500 * AUGER_MS);
    auger_standby_consider(ice, since + 10 * AUGER_SEC - 1);
    assert_null(ice->current->nomination.pair);
    measure_anew(ice, selected, 500 * AUGER_MS);
    auger_standby_consider(ice, since + 10 * AUGER_SEC);
    assert_non_null(ice->current->nomination.pair);
    assert_ptr_not_equal(ice->current->nomination.pair, selected);
    world_free(world);
}

static void a_fast_pair_that_no_longer_answers_is_not_better(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 1});

    ways.cut[2] = true;
    world_run(world, 22 * AUGER_SEC); /* all have their three */
    ways.cut[1] = true;
    ways.extra[0] = 300 * AUGER_MS;
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(ways.nominations, 1);
    assert_int_equal(way_in_use(world, ALICE), 0);
    world_free(world);
}

static void nothing_that_is_sent_is_lost_by_the_change(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2});
    size_t sent = 0;

    ways.extra[0] = 200 * AUGER_MS;
    for (auger_time end = world->now + 40 * AUGER_SEC; world->now < end; sent++) {
        send_text(world, ALICE, "one way");
        send_text(world, BOB, "the other way");
        world_run(world, 20 * AUGER_MS);
    }
    world_run(world, 1 * AUGER_SEC);
    assert_true(way_in_use(world, ALICE) != 0 && way_in_use(world, BOB) != 0);
    assert_int_equal(world->sides[ALICE].data_count, sent);
    assert_int_equal(world->sides[BOB].data_count, sent);
    world_free(world);
}

/* The controlled side keeps pairs and compares none. */
static void the_controlling_side_alone_changes_the_path(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world =
        world_with(&(struct setup){.standby_max = 2, .bob_controls = true}, &ways);
    size_t before = way_in_use(world, BOB);

    ways.extra[before] = 200 * AUGER_MS;
    world_run(world, 40 * AUGER_SEC);
    assert_int_equal(ways.nominations, 0); /* of alice's */
    assert_true(way_in_use(world, BOB) != before);
    assert_int_equal(way_in_use(world, ALICE), way_in_use(world, BOB));
    world_free(world);
}

/* --- loss ---------------------------------------------------------------------------------- */

static void a_path_that_is_cut_is_replaced_and_the_session_stays(void **state)
{
    (void)state;
    for (int controls = 0; controls <= 1; controls++) {
        struct ways ways;
        struct world *world =
            world_with(&(struct setup){.standby_max = 2, .bob_controls = controls}, &ways);
        size_t before = way_in_use(world, ALICE);

        world_run(world, 20 * AUGER_SEC);
        ways.cut[before] = true;
        world_run(world, 20 * AUGER_SEC);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
            assert_true(way_in_use(world, i) != before);
            assert_int_equal(world->sides[i].wanted_restarts, 0);
        }
        assert_int_equal(way_in_use(world, ALICE), way_in_use(world, BOB));
        assert_true(controls || ways.value == 2);
        send_text(world, ALICE, "there");
        send_text(world, BOB, "and back");
        world_run(world, 1 * AUGER_SEC);
        assert_int_equal(world->sides[ALICE].data_count, 1);
        assert_int_equal(world->sides[BOB].data_count, 1);
        world_free(world);
    }
}

static struct auger_pair *selected_by_alice(struct world *world)
{
    return world->sides[ALICE].ice->current->nomination.selected;
}

static void when_consent_is_lost_another_pair_is_nominated_at_once(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2});
    struct auger_ice *ice = world->sides[ALICE].ice;
    struct auger_pair *lost = selected_by_alice(world);

    auger_pair_fail(lost, &world->env, world->now, AUGER_PAIR_NO_CONSENT);
    auger_ice_handle_timeout(ice, world->now);
    world_settle(world);
    assert_int_equal(ways.nominations, 2);
    assert_int_equal(ways.nominated_at[1], world->now);
    world_run(world, 100 * AUGER_MS);
    assert_ptr_not_equal(selected_by_alice(world), lost);
    assert_true(way_in_use(world, ALICE) != 0);
    assert_int_equal(way_in_use(world, ALICE), way_in_use(world, BOB));
    world_free(world);
}

/* --- without renomination ------------------------------------------------------------------- */

static void a_peer_that_cannot_follow_costs_a_restart_once_asked_for(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world =
        settled(&ways, &(struct setup){.standby_max = 2, .restarts = true, .not_offered = true});
    struct auger_ice *ice = world->sides[ALICE].ice;

    ways.extra[0] = 100 * AUGER_MS; /* soon enough to be nominated after the restart */
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(world->sides[ALICE].wanted_restarts, 1);
    assert_int_equal(world->sides[BOB].wanted_restarts, 0);
    assert_int_equal(way_in_use(world, ALICE), 0);
    assert_int_equal(ways.nominations, 0);

    assert_int_equal(auger_ice_restart(ice, world->now), 0);
    world_settle(world);
    tell_credentials(world, BOB);
    tell_credentials(world, ALICE);
    tell_candidates(world, BOB);
    tell_candidates(world, ALICE);
    world_run(world, 5 * AUGER_SEC);
    assert_true(way_in_use(world, ALICE) != 0); /* although its priority is lower */
    assert_int_equal(way_in_use(world, ALICE), way_in_use(world, BOB));
    world_free(world);
}

static void a_restart_that_nobody_asked_for_is_not_wanted(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2, .not_offered = true});

    ways.extra[0] = 200 * AUGER_MS;
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(world->sides[ALICE].wanted_restarts, 0);
    world_free(world);
}

static void with_consent_lost_it_costs_a_restart_too(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world =
        settled(&ways, &(struct setup){.standby_max = 2, .restarts = true, .not_offered = true});

    auger_pair_fail(selected_by_alice(world), &world->env, world->now, AUGER_PAIR_NO_CONSENT);
    auger_ice_handle_timeout(world->sides[ALICE].ice, world->now);
    world_run(world, 5 * AUGER_SEC);
    assert_int_equal(world->sides[ALICE].wanted_restarts, 1);
    assert_int_equal(ways.nominations, 0);
    assert_true(way_in_use(world, ALICE) != 0); /* data goes on meanwhile */
    world_free(world);
}

/* Silence gives it up before its consent is lost: docs/decisions/070. */
static void a_selected_pair_that_falls_silent_costs_a_restart_too(void **state)
{
    (void)state;
    for (int controls = ALICE; controls <= BOB; controls++)
        for (int restarts = 0; restarts < 2; restarts++) {
            struct ways ways;
            struct world *world = settled(&ways, &(struct setup){.standby_max = 2,
                                                                 .restarts = restarts,
                                                                 .not_offered = true,
                                                                 .bob_controls = controls == BOB});

            ways.cut[0] = true;
            world_run(world, 60 * AUGER_SEC);
            assert_int_equal(world->sides[controls].wanted_restarts, restarts);
            assert_int_equal(world->sides[!controls].wanted_restarts, 0);
            for (int side = ALICE; side <= BOB && restarts; side++)
                assert_true(way_in_use(world, side) != 0); /* data goes on meanwhile */
            world_free(world);
        }
}

/* Where the peer can be told otherwise nothing is asked for. */
static void a_peer_that_can_follow_costs_no_restart_in_silence(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2, .restarts = true});

    ways.cut[0] = true;
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(world->sides[ALICE].wanted_restarts, 0);
    assert_int_equal(way_in_use(world, ALICE), way_in_use(world, BOB));
    world_free(world);
}

/* Nobody has asked what there is to tell yet, and what took over fails by a check, with a third to
 * take its place. */
static void a_restart_that_is_wanted_is_told_though_another_takes_over_first(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world =
        settled(&ways, &(struct setup){.standby_max = 2, .restarts = true, .not_offered = true});
    struct auger_ice *ice = world->sides[ALICE].ice;

    auger_pair_fail(selected_by_alice(world), &world->env, world->now, AUGER_PAIR_NO_CONSENT);
    auger_ice_handle_timeout(ice, world->now);
    auger_pair_fail(ice->route, &world->env, world->now, AUGER_PAIR_TIMEOUT);
    auger_ice_handle_timeout(ice, world->now);
    assert_non_null(ice->route);
    world_run(world, 5 * AUGER_SEC);
    assert_int_equal(world->sides[ALICE].wanted_restarts, 1);
    world_free(world);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void a_restart_leaves_nothing_behind(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 2});

    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(auger_ice_restart(world->sides[turn % 2].ice, world->now), 0);
        world_settle(world);
        tell_credentials(world, 1 - turn % 2);
        tell_credentials(world, turn % 2);
        tell_candidates(world, BOB);
        tell_candidates(world, ALICE);
        world_run(world, 40 * AUGER_SEC);
        assert_int_equal(kept_by(world, ALICE), 2);
        assert_int_equal(kept_by(world, BOB), 2);
    }
    world_free(world);
}

static void without_memory_nothing_is_kept_and_nothing_else_changes(void **state)
{
    (void)state;
    struct ways ways;
    struct world *world = settled(&ways, &(struct setup){.standby_max = 1});
    struct auger_ice *ice = world->sides[ALICE].ice;

    auger_standby_fini(ice); /* as if nothing had been kept yet */
    ice->standby = NULL;
    for (uint16_t i = 0; i < ice->current->checklist.len; i++)
        if (ice->current->checklist.order[i]->proof)
            ice->current->checklist.order[i]->proof->standby = 0;
    world->fail_at = world->allocations + 1;
    auger_ice_handle_timeout(ice, world->now);
    assert_null(ice->standby);
    auger_ice_handle_timeout(ice, world->now);
    assert_non_null(ice->standby);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_pairs_are_kept_as_are_asked_for),
        cmocka_unit_test(nothing_is_kept_towards_a_peer_that_cannot_follow),
        cmocka_unit_test(with_one_pair_nothing_is_taken),
        cmocka_unit_test(what_is_kept_is_asked_every_4_to_6_seconds_and_stays_valid),
        cmocka_unit_test(what_is_kept_is_asked_at_the_pace_of_all_checks),
        cmocka_unit_test(a_pair_that_is_better_by_enough_takes_over_and_no_other),
        cmocka_unit_test(one_good_answer_or_two_make_no_better_pair),
        cmocka_unit_test(the_path_changes_at_most_once_in_ten_seconds),
        cmocka_unit_test(not_even_when_the_answers_say_so_sooner),
        cmocka_unit_test(a_fast_pair_that_no_longer_answers_is_not_better),
        cmocka_unit_test(nothing_that_is_sent_is_lost_by_the_change),
        cmocka_unit_test(the_controlling_side_alone_changes_the_path),
        cmocka_unit_test(a_path_that_is_cut_is_replaced_and_the_session_stays),
        cmocka_unit_test(when_consent_is_lost_another_pair_is_nominated_at_once),
        cmocka_unit_test(a_peer_that_cannot_follow_costs_a_restart_once_asked_for),
        cmocka_unit_test(a_restart_that_nobody_asked_for_is_not_wanted),
        cmocka_unit_test(with_consent_lost_it_costs_a_restart_too),
        cmocka_unit_test(a_selected_pair_that_falls_silent_costs_a_restart_too),
        cmocka_unit_test(a_peer_that_can_follow_costs_no_restart_in_silence),
        cmocka_unit_test(a_restart_that_is_wanted_is_told_though_another_takes_over_first),
        cmocka_unit_test(a_restart_leaves_nothing_behind),
        cmocka_unit_test(without_memory_nothing_is_kept_and_nothing_else_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
