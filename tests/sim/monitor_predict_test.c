/* The monitor holds prediction to its budget: bursts of helper sockets need not wait for Ta, but
 * they are counted, and nothing else leaves so. */
#include "tests/sim/monitor_stage.h"

static const struct auger_addr server = {.family = AUGER_IPV4, .port = 3478, .ip = {23, 4, 5, 1}};

static struct auger_path helper_path(const struct auger_addr *to)
{
    struct auger_path from = {path.local, *to};

    from.local.port = 5001;
    return from;
}

static void begins_with_helper(struct stage *stage)
{
    struct auger_path from = helper_path(&server);

    monitor_add_server(stage->monitor, &server);
    monitor_add_helper(stage->monitor, &from.local);
}

static void helper_asks_server(struct stage *stage, auger_time now, uint8_t tid)
{
    struct auger_path from = helper_path(&server);
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, stage->buf, sizeof(stage->buf), AUGER_STUN_REQUEST,
                           AUGER_STUN_BINDING, &(struct auger_stun_tid){.bytes = {tid, 1}});
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    monitor_sent(stage->monitor, now, &from, stage->buf, (size_t)len);
}

static void helper_checks(struct stage *stage, auger_time now, uint8_t tid)
{
    struct auger_path from = helper_path(&path.remote);

    forge_request(stage, (struct forged){.tid = tid});
    monitor_sent(stage->monitor, now, &from, stage->buf, stage->len);
}

static void a_burst_does_not_wait_and_delays_nobody(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    asks(stage, 0, (struct forged){.tid = 200});
    for (uint8_t i = 0; i < 4; i++)
        helper_asks_server(stage, 45 * AUGER_MS, i);
    helper_checks(stage, 45 * AUGER_MS, 100);
    asks(stage, PACING, (struct forged){.tid = 201});
    holds(stage);
}

static void the_rest_of_a_burst_waits_for_room_alone(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    asks(stage, 0, (struct forged){.tid = 200});
    helper_asks_server(stage, 45 * AUGER_MS, 0);
    monitor_held_up(stage->monitor, 45 * AUGER_MS);
    helper_checks(stage, 47 * AUGER_MS, 100);
    helper_checks(stage, 47 * AUGER_MS, 101);
    asks(stage, PACING, (struct forged){.tid = 201});
    holds(stage);
    helper_checks(stage, PACING + 1, 102);
    breaks(stage, '3');
}

static void a_full_socket_excuses_nothing_but_a_burst(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    helper_asks_server(stage, 0, 0);
    asks(stage, AUGER_MS, (struct forged){.tid = 200});
    monitor_held_up(stage->monitor, AUGER_MS);
    helper_checks(stage, 2 * AUGER_MS, 100);
    breaks(stage, '3');
}

static void what_went_before_the_rest_of_a_burst_ends_it(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    helper_asks_server(stage, 0, 0);
    monitor_held_up(stage->monitor, 0);
    asks(stage, AUGER_MS, (struct forged){.tid = 200});
    holds(stage);
    helper_checks(stage, 2 * AUGER_MS, 100);
    breaks(stage, '3');
}

static void sixty_transactions_are_all_that_bursts_may_have(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    for (uint8_t i = 0; i < 60; i++)
        helper_asks_server(stage, i * AUGER_SEC, i);
    holds(stage);
    helper_asks_server(stage, 60 * AUGER_SEC, 60);
    breaks(stage, '3');
}

static void begins_with_turn_server(struct stage *stage)
{
    struct auger_path from = helper_path(&server);

    monitor_add_turn_server(stage->monitor,
                            &(struct monitor_turn){server, "user", "realm", "secret"});
    monitor_add_helper(stage->monitor, &from.local);
}

static void a_burst_may_ask_a_turn_server(void **state)
{
    struct stage *stage = *state;

    begins_with_turn_server(stage);
    asks(stage, 0, (struct forged){.tid = 200});
    for (uint8_t i = 0; i < 4; i++)
        helper_asks_server(stage, 45 * AUGER_MS, i);
    helper_checks(stage, 45 * AUGER_MS, 100);
    asks(stage, PACING, (struct forged){.tid = 201});
    holds(stage);
}

static void what_it_asks_a_turn_server_counts(void **state)
{
    struct stage *stage = *state;

    begins_with_turn_server(stage);
    for (uint8_t i = 0; i < 60; i++)
        helper_asks_server(stage, i * AUGER_SEC, i);
    holds(stage);
    helper_asks_server(stage, 60 * AUGER_SEC, 60);
    breaks(stage, '3');
}

static void a_check_of_a_helper_without_a_burst_waits_for_ta(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    asks(stage, 0, (struct forged){.tid = 1});
    helper_checks(stage, PACING - 1, 2);
    breaks(stage, '3');
}

static void who_is_no_helper_waits_for_ta(void **state)
{
    struct stage *stage = *state;

    monitor_add_server(stage->monitor, &server);
    helper_asks_server(stage, 0, 1);
    helper_asks_server(stage, PACING - 1, 2);
    breaks(stage, '3');
}

static void helpers_are_gone_with_their_address(void **state)
{
    struct stage *stage = *state;

    begins_with_helper(stage);
    monitor_remove_base(stage->monitor, &path.local);
    holds(stage);
    helper_asks_server(stage, 0, 1);
    breaks(stage, '0');
}

static void candidates_of_helpers_come_after_the_last(void **state)
{
    struct stage *stage = *state;

    monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = AUGER_ICE_EVENT_GATHERED});
    begins_with_helper(stage);
    monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = AUGER_ICE_EVENT_CANDIDATE});
    monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = AUGER_ICE_EVENT_GATHERED});
    holds(stage);
    monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = AUGER_ICE_EVENT_CANDIDATE});
    breaks(stage, '1');
}

static void tells(struct stage *stage, enum auger_cand_type type, const struct auger_addr *base)
{
    struct auger_ice_event event = {.type = AUGER_ICE_EVENT_CANDIDATE, .cand = {.type = type}};

    if (base)
        event.cand.related = *base;
    monitor_event(stage->monitor, 0, &event);
}

/* All is told, those of helpers too. */
static void has_told_all(struct stage *stage)
{
    begins_with_helper(stage);
    monitor_event(stage->monitor, 0, &(struct auger_ice_event){.type = AUGER_ICE_EVENT_GATHERED});
}

static void a_guess_of_a_burst_under_way_comes_after_the_last(void **state)
{
    struct auger_path from = helper_path(&server);

    has_told_all(*state);
    tells(*state, AUGER_CAND_SRFLX, &from.local);
    monitor_event(((struct stage *)*state)->monitor, 0,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_GATHERED});
    tells(*state, AUGER_CAND_SRFLX, NULL); /* where no base is told */
    holds(*state);
}

static void nothing_of_another_base_comes_after_the_last(void **state)
{
    has_told_all(*state);
    tells(*state, AUGER_CAND_SRFLX, &path.local);
    breaks(*state, '1');
}

static void nothing_but_a_guess_comes_after_the_last(void **state)
{
    has_told_all(*state);
    tells(*state, AUGER_CAND_HOST, NULL);
    breaks(*state, '1');
}

static void without_helpers_there_is_no_guess(void **state)
{
    monitor_event(((struct stage *)*state)->monitor, 0,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_GATHERED});
    tells(*state, AUGER_CAND_SRFLX, NULL);
    breaks(*state, '1');
}

SCENARIOS(staged(a_burst_does_not_wait_and_delays_nobody),
          staged(the_rest_of_a_burst_waits_for_room_alone),
          staged(a_full_socket_excuses_nothing_but_a_burst),
          staged(what_went_before_the_rest_of_a_burst_ends_it),
          staged(sixty_transactions_are_all_that_bursts_may_have),
          staged(a_burst_may_ask_a_turn_server), staged(what_it_asks_a_turn_server_counts),
          staged(a_check_of_a_helper_without_a_burst_waits_for_ta),
          staged(who_is_no_helper_waits_for_ta), staged(helpers_are_gone_with_their_address),
          staged(candidates_of_helpers_come_after_the_last),
          staged(a_guess_of_a_burst_under_way_comes_after_the_last),
          staged(nothing_of_another_base_comes_after_the_last),
          staged(nothing_but_a_guess_comes_after_the_last),
          staged(without_helpers_there_is_no_guess))
