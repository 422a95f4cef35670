/* What an agent may do whose addresses come and go: shown a forged one that does more, and an
 * honest one. */
#include "tests/sim/monitor_stage.h"

static const struct auger_path other = {
    .local = {.family = AUGER_IPV4, .port = 5001, .ip = {192, 168, 2, 2}},
    .remote = {.family = AUGER_IPV4, .port = 6000, .ip = {23, 4, 5, 6}},
};

static void succeeds_on(struct stage *stage, auger_time now, const struct auger_path *on,
                        uint8_t tid)
{
    succeeds_as(stage, now, on, (struct forged){.tid = tid});
}

static void tells(struct stage *stage, auger_time now, enum auger_ice_event_type type)
{
    monitor_event(stage->monitor, now, &(struct auger_ice_event){.type = type, .path = path});
}

/* Connected along `path`. */
static struct stage *connected_as(bool controlled)
{
    struct stage *stage;

    set_up((void **)&stage);
    enters(stage, 0, AUGER_ICE_CHECKING);
    succeeds_as(stage, 0, &path, (struct forged){.tid = 1, .controlled = controlled});
    tells(stage, 0, AUGER_ICE_EVENT_PATH);
    enters(stage, 0, AUGER_ICE_CONNECTED);
    holds(stage);
    return stage;
}

static struct stage *connected(void)
{
    return connected_as(false);
}

static void ends(struct stage *stage, const char *broken)
{
    if (!broken)
        holds(stage);
    else if (!monitor_broken(stage->monitor))
        fail_msg("not seen: %s", broken);
    else
        assert_memory_equal(monitor_broken(stage->monitor), broken, strlen(broken));
    tear_down((void **)&stage);
}

static void a_restart_is_wanted_where_the_path_went_and_no_other_has_consent(void **state)
{
    enum { NO_LOSS, LOSS, STANDBY, LATE_SHORTAGE, OLD_STANDBY, SHORTAGE, GONE_STANDBY };
    static const char *const broken[] = {[NO_LOSS] = "11: adrift, though no",
                                         [STANDBY] = "11: a restart is wanted, and another",
                                         [LATE_SHORTAGE] = "11: a restart is wanted, and another",
                                         [GONE_STANDBY] = NULL};

    (void)state;
    for (int what = NO_LOSS; what <= GONE_STANDBY; what++) {
        struct stage *stage = connected();
        auger_time now = what == OLD_STANDBY ? 31 * AUGER_SEC : AUGER_SEC;
        if (what >= STANDBY)
            succeeds_on(stage, AUGER_SEC, &other, 2);
        if (what == SHORTAGE || what == LATE_SHORTAGE)
            monitor_lacks_memory(stage->monitor, what == SHORTAGE ? AUGER_SEC : AUGER_SEC + 1);
        if (what != NO_LOSS)
            monitor_remove_base(stage->monitor, &path.local);
        if (what == GONE_STANDBY)
            monitor_remove_base(stage->monitor, &other.local);
        enters(stage, now, AUGER_ICE_DISCONNECTED);
        tells(stage, now, AUGER_ICE_EVENT_RESTART_WANTED);
        ends(stage, what < OLD_STANDBY ? broken[what] : NULL);
    }
}

/* One that prediction has made a base: it is of the address that went, unless another network gives
 * the same one. */
static void a_path_is_gone_with_its_helper(void **state)
{
    (void)state;
    for (int gone = 0; gone < 3; gone++) {
        struct stage *stage = connected();
        struct auger_path used = path, twin = path;
        twin.local.port = 5002;
        if (gone == 2)
            monitor_add_base(stage->monitor, &twin.local);
        used.local.port = 5001;
        monitor_add_helper(stage->monitor, &used.local);
        succeeds_on(stage, AUGER_SEC, &used, 2);
        monitor_event(stage->monitor, AUGER_SEC,
                      &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = used});
        if (gone)
            monitor_remove_base(stage->monitor, &path.local);
        enters(stage, AUGER_SEC, AUGER_ICE_DISCONNECTED);
        tells(stage, AUGER_SEC, AUGER_ICE_EVENT_RESTART_WANTED);
        ends(stage, gone == 1 ? NULL : "11: adrift, though no");
    }
}

/* standby_restarts: docs/decisions/072. */
static void a_restart_may_be_wanted_for_another_pair_where_that_is_expected(void **state)
{
    enum { RIGHT, TAKEN_OVER, CONTROLLED, TWICE, NO_OTHER, OLD, UNEXPECTED };
    static const char *const broken[] = {[CONTROLLED] = "11: the controlled side wants",
                                         [TWICE] = "11: another pair is wanted for",
                                         [NO_OTHER] = "11: another pair is wanted, and",
                                         [OLD] = "11: another pair is wanted, and",
                                         [UNEXPECTED] = "11: adrift, though no address"};

    (void)state;
    for (int what = RIGHT; what <= UNEXPECTED; what++) {
        struct stage *stage = connected_as(what == CONTROLLED);
        auger_time now = what == OLD ? 32 * AUGER_SEC : AUGER_SEC;
        if (what != UNEXPECTED)
            monitor_expect_standby_restarts(stage->monitor);
        if (what != NO_OTHER)
            succeeds_as(stage, AUGER_SEC, &other,
                        (struct forged){.tid = 2, .controlled = what == CONTROLLED});
        if (what == TAKEN_OVER)
            monitor_event(stage->monitor, now,
                          &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = other});
        tells(stage, now, AUGER_ICE_EVENT_RESTART_WANTED);
        if (what == TWICE)
            tells(stage, now, AUGER_ICE_EVENT_RESTART_WANTED);
        ends(stage, broken[what]);
    }
}

static void nothing_leaves_from_an_address_that_is_gone(void **state)
{
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        struct stage *stage = connected();
        monitor_remove_base(stage->monitor, gone ? &path.local : &other.local);
        sends_data(stage, AUGER_SEC);
        ends(stage, gone ? "0: from an address" : NULL);
    }
}

static void adrift_it_may_check_again_and_only_then(void **state)
{
    (void)state;
    for (int adrift = 0; adrift < 2; adrift++) {
        struct stage *stage = connected();
        if (adrift)
            monitor_remove_base(stage->monitor, &path.local);
        enters(stage, AUGER_SEC, AUGER_ICE_CHECKING);
        enters(stage, AUGER_SEC, AUGER_ICE_DISCONNECTED);
        ends(stage, adrift ? NULL : "11: checking after connected");
    }
}

static void it_is_not_disconnected_while_a_pair_has_yet_to_be_tried(void **state)
{
    static const enum auger_ice_pair_state states[] = {AUGER_PAIR_FROZEN, AUGER_PAIR_WAITING,
                                                       AUGER_PAIR_IN_PROGRESS, AUGER_PAIR_SUCCEEDED,
                                                       AUGER_PAIR_FAILED};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        for (int adrift = 0; adrift < 2; adrift++) {
            struct stage *stage = connected();
            const struct auger_ice_pair_info pair = {.state = states[i]};
            if (adrift)
                monitor_remove_base(stage->monitor, &path.local);
            enters(stage, AUGER_SEC, AUGER_ICE_DISCONNECTED);
            monitor_pairs(stage->monitor, &pair, 1);
            ends(stage, adrift && i < 3 ? "12: disconnected, and" : NULL);
        }
    }
}

static void an_address_that_comes_has_candidates_after_the_last(void **state)
{
    struct stage *stage = connected();

    (void)state;
    tells(stage, 0, AUGER_ICE_EVENT_GATHERED);
    monitor_add_base(stage->monitor, &other.local);
    tells(stage, 0, AUGER_ICE_EVENT_CANDIDATE);
    tells(stage, 0, AUGER_ICE_EVENT_GATHERED);
    holds(stage);
    tells(stage, 0, AUGER_ICE_EVENT_CANDIDATE);
    ends(stage, "11: a candidate after");
}

static void what_a_burst_guesses_comes_when_it_is_known(void **state)
{
    const struct auger_addr prober = {.family = AUGER_IPV4, .port = 5001, .ip = {192, 168, 1, 1}};
    struct auger_ice_event guess = {.type = AUGER_ICE_EVENT_CANDIDATE,
                                    .cand.type = AUGER_CAND_SRFLX};

    (void)state;
    for (int helps = 0; helps < 2; helps++) {
        struct stage *stage = connected();
        monitor_add_helper(stage->monitor, &prober);
        tells(stage, 0, AUGER_ICE_EVENT_GATHERED);
        guess.cand.related = prober;
        guess.cand.related.port += !helps;
        monitor_event(stage->monitor, 0, &guess);
        ends(stage, helps ? NULL : "11: a candidate after");
    }
}

static void asks_on(struct stage *stage, auger_time now, const struct auger_path *on,
                    struct forged check)
{
    forge_request(stage, check);
    monitor_sent(stage->monitor, now, on, stage->buf, stage->len);
}

/* All else is tried anew (docs/decisions/230), once for each check that fails. */
static void a_failed_check_on_the_path_in_use_allows_as_many_again(void **state)
{
    static const struct {
        unsigned failing; /* requests of it */
        bool elsewhere;   /* not on the path in use */
        int slept_s;      /* after those */
        int others;
        const char *broken;
    } cases[] = {{0, false, 0, 7, NULL},
                 {0, false, 0, 8, "3: 8 requests"},
                 {6, false, 0, 8, "3: 8 requests"},
                 {7, true, 0, 8, "3: 8 requests"},
                 {7, false, 0, 14, NULL},
                 {7, false, 0, 15, "3: 15 requests"},
                 {6, false, 26, 8, "3: 8 requests"}, /* the last of them 39 s after the first */
                 {6, false, 27, 14, NULL},
                 {6, false, 27, 15, "3: 15 requests"},
                 {6, true, 27, 8, "3: 8 requests"},
                 {1, false, 60, 8, "3: 8 requests"}}; /* it asks for consent */
    struct auger_path silent = path, third = path;

    (void)state;
    silent.remote.port++;
    third.remote.port--;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stage *stage = connected();
        auger_time now = 0;
        for (unsigned n = 0; n < cases[i].failing; n++)
            asks_on(stage, now += AUGER_SEC, cases[i].elsewhere ? &third : &path,
                    (struct forged){.tid = 2, .nominates = true});
        now += cases[i].slept_s * AUGER_SEC;
        for (int n = 0; n < cases[i].others; n++)
            asks_on(stage, now += AUGER_SEC, &silent, (struct forged){.tid = (uint8_t)(3 + n)});
        ends(stage, cases[i].broken);
    }
}

/* Somebody on the path replays it from another address, and is the first: the check has failed by
 * then (8445 section 7.2.5.2.1). */
static void an_answer_behind_one_from_elsewhere_makes_no_path_that_is_owed(void **state)
{
    enum { ALONE, BEHIND, BEHIND_AS_BEFORE, ANOTHER_SINCE, CASES };
    static const char *const another = "11: a restart is wanted, and another";
    struct auger_path elsewhere = other;

    (void)state;
    elsewhere.remote.port++;
    for (int what = ALONE; what < CASES; what++) {
        struct stage *stage = connected();
        if (what == BEHIND_AS_BEFORE)
            succeeds_on(stage, AUGER_SEC, &other, 2);
        forge_request(stage, (struct forged){.tid = 3});
        monitor_sent(stage->monitor, 2 * AUGER_SEC, &other, stage->buf, stage->len);
        forge_success(stage, 3, stage->their_key, &other.local);
        if (what != ALONE)
            monitor_received(stage->monitor, 3 * AUGER_SEC, &elsewhere, stage->buf, stage->len);
        monitor_received(stage->monitor, 3 * AUGER_SEC, &other, stage->buf, stage->len);
        if (what == ANOTHER_SINCE)
            succeeds_on(stage, 4 * AUGER_SEC, &other, 4);
        monitor_remove_base(stage->monitor, &path.local);
        enters(stage, 4 * AUGER_SEC, AUGER_ICE_DISCONNECTED);
        tells(stage, 4 * AUGER_SEC, AUGER_ICE_EVENT_RESTART_WANTED);
        ends(stage, what == ALONE || what == ANOTHER_SINCE ? another : NULL);
    }
}

SCENARIOS(cmocka_unit_test(an_answer_behind_one_from_elsewhere_makes_no_path_that_is_owed),
          cmocka_unit_test(a_failed_check_on_the_path_in_use_allows_as_many_again),
          cmocka_unit_test(what_a_burst_guesses_comes_when_it_is_known),
          cmocka_unit_test(a_restart_is_wanted_where_the_path_went_and_no_other_has_consent),
          cmocka_unit_test(a_path_is_gone_with_its_helper),
          cmocka_unit_test(a_restart_may_be_wanted_for_another_pair_where_that_is_expected),
          cmocka_unit_test(nothing_leaves_from_an_address_that_is_gone),
          cmocka_unit_test(adrift_it_may_check_again_and_only_then),
          cmocka_unit_test(it_is_not_disconnected_while_a_pair_has_yet_to_be_tried),
          cmocka_unit_test(an_address_that_comes_has_candidates_after_the_last))
