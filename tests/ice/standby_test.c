/* Which valid pairs are kept beside the selected one, and when one takes its place:
 * docs/decisions/072. */
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

/* --- what a stranger cannot move ---------------------------------------------------------- */

#define ASKED_MAX 200
#define DEAF 9 /* candidates of the peer's that answer nothing, of one foundation */

struct diary {
    size_t len;
    auger_time at[ASKED_MAX];
    struct auger_addr asked[ASKED_MAX];
};

/* The peer answers at the first address alone. */
static void take_down(struct puppet *p, struct diary *diary)
{
    struct auger_addr home = addr_of("192.0.2.2:2002");
    struct sent sent;

    while (puppet_take_request(p, &sent)) {
        assert_true(diary->len < ASKED_MAX);
        diary->at[diary->len] = p->world->now;
        diary->asked[diary->len++] = sent.path.remote;
        if (auger_addr_equal(&sent.path.remote, &home))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
}

/* Half a minute of an agent that seeks a pair to keep, from one of its times to the next; as
 * soon as it has said all, a stranger says something too. */
static void seek(struct diary *diary, bool has_stranger)
{
    struct puppet *p;
    struct auger_ice_config config;
    char text[64];

    auger_ice_config_init(&config);
    config.controlling = true;
    config.standby_max = 1;
    p = puppet_with(&config);
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    take_down(p, diary);
    for (uint16_t i = 0; i < DEAF; i++) {
        snprintf(text, sizeof(text), "192.0.2.3:%u", 3000u + i);
        struct auger_cand deaf = cand_of(text, AUGER_CAND_HOST, 2130706000u - i);
        deaf.foundation[0] = '2';
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &deaf), 0);
    }
    for (auger_time end = p->world->now + 30 * AUGER_SEC; p->world->now < end;) {
        take_down(p, diary);
        if (has_stranger)
            puppet_check(p, &(struct puppet_check){.wrong_password = true});
        take_down(p, diary);
        auger_time next = auger_ice_next_timeout(p->ice);
        assert_true(next > p->world->now);
        puppet_wait(p, next - p->world->now);
    }
    puppet_free(p);
}

static void a_strangers_datagram_does_not_hurry_the_search(void **state)
{
    struct diary alone = {0}, with_stranger = {0};

    (void)state;
    seek(&alone, false);
    seek(&with_stranger, true);
    assert_true(alone.len > DEAF);
    assert_int_equal(alone.len, with_stranger.len);
    for (size_t i = 0; i < alone.len; i++) {
        assert_int_equal(alone.at[i], with_stranger.at[i]);
        assert_true(auger_addr_equal(&alone.asked[i], &with_stranger.asked[i]));
    }
}

/* The peer answers at its second address, and at the first one until then. */
static void answer_until(struct puppet *p, auger_time until)
{
    struct auger_addr first = addr_of("192.0.2.2:2002"), second = addr_of("192.0.2.4:2004");
    struct sent sent;

    while (puppet_take_request(p, &sent))
        if (auger_addr_equal(&sent.path.remote, &second) ||
            (auger_addr_equal(&sent.path.remote, &first) && p->world->now < until))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
}

/* From one of its times to the next. */
static void run_until(struct puppet *p, auger_time end, auger_time first_until)
{
    for (;;) {
        answer_until(p, first_until);
        auger_time next = auger_ice_next_timeout(p->ice);
        assert_true(next > p->world->now);
        if (next >= end)
            break;
        puppet_wait(p, next - p->world->now);
    }
    puppet_wait(p, end - p->world->now);
}

/* Guesses at ports have few requests: all have left when the nomination cancels them, and their
 * time is over when the pair in use is replaced and there is room for another in reserve. */
static void what_was_cancelled_and_is_too_old_is_not_gone_on_with(void **state)
{
    struct auger_ice_config config;
    char text[64];

    (void)state;
    auger_ice_config_init(&config);
    config.controlling = false;
    config.standby_max = 1;
    struct puppet *p = puppet_with(&config);
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.4:2004", 2130706430), 0);
    for (uint16_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "192.0.2.3:%u", 3000u + i);
        struct auger_cand deaf = cand_of(text, AUGER_CAND_HOST, 2130706000u - i);
        deaf.foundation[0] = (char)('2' + i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &deaf), 0);
        struct auger_addr addr = addr_of(text);
        auger_cands_find(&p->ice->current->remotes, &addr, AUGER_TCP_TYPE_NONE)->is_predicted =
            true;
    }
    const auger_time begin = p->world->now, silent_at = begin + 5 * AUGER_SEC;
    run_until(p, begin + 4 * AUGER_SEC, silent_at);
    puppet_check(p, &(struct puppet_check){.use_candidate = true, .nomination = 1});
    run_until(p, begin + 25 * AUGER_SEC, silent_at);
    puppet_check(p, &(struct puppet_check){
                        .from = "192.0.2.4:2004", .use_candidate = true, .nomination = 2});
    run_until(p, begin + 30 * AUGER_SEC, silent_at);
    assert_true(puppet_pair(p, "192.0.2.4:2004").selected);
    assert_int_equal(puppet_pair(p, "192.0.2.3:3000").state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

/* One that goes to the peer's first address, in 10 s at most, and is not that of `other`. */
static void take_another(struct puppet *p, const struct sent *other, struct sent *sent)
{
    struct auger_addr first = addr_of("192.0.2.2:2002");

    for (int i = 0; i < 200; i++) {
        while (puppet_take_request(p, sent))
            if (auger_addr_equal(&sent->path.remote, &first) &&
                (!other || memcmp(&sent->msg.tid, &other->msg.tid, sizeof(sent->msg.tid)) != 0))
                return;
        puppet_wait(p, 50 * AUGER_MS);
    }
    fail_msg("it asks nothing");
}

/* Consent on the nominated pair is about to end, and an answer that renews it comes before that of
 * the check which the nomination has triggered: nothing else happens then. */
static void what_is_selected_late_has_others_beside_it_at_once(void **state)
{
    struct sent check, consent;
    struct auger_ice_config config;

    (void)state;
    auger_ice_config_init(&config);
    struct puppet *p = puppet_with(&config);
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.4:2004", 2130706430), 0);
    const auger_time begin = p->world->now;
    run_until(p, begin + 18 * AUGER_SEC, begin + 1 * AUGER_SEC);
    puppet_check(p, &(struct puppet_check){.use_candidate = true, .nomination = 1});
    assert_false(puppet_pair(p, "192.0.2.2:2002").selected);
    take_another(p, NULL, &check);
    take_another(p, &check, &consent);
    puppet_answer(p, &consent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, "192.0.2.2:2002").selected);
    const struct auger_path other = {p->base, addr_of("192.0.2.4:2004")};
    assert_true(auger_checklist_find(&p->ice->current->checklist, &other)->proof->standby);
    puppet_free(p);
}

static void more_than_there_can_be_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;
    struct auger_ice *ice;

    auger_ice_config_init(&config);
    assert_int_equal(config.standby_max, 2);
    config.standby_max = AUGER_ICE_STANDBY_MAX + 1;
    assert_int_equal(auger_ice_new(&ice, &world->env, &config), AUGER_ERR_INVALID);
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
        cmocka_unit_test(a_restart_leaves_nothing_behind),
        cmocka_unit_test(without_memory_nothing_is_kept_and_nothing_else_changes),
        cmocka_unit_test(a_strangers_datagram_does_not_hurry_the_search),
        cmocka_unit_test(what_was_cancelled_and_is_too_old_is_not_gone_on_with),
        cmocka_unit_test(what_is_selected_late_has_others_beside_it_at_once),
        cmocka_unit_test(more_than_there_can_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
