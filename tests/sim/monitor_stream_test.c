/* What the monitor makes of streams (RFC 6544): what is proved along one ends with it, and a check
 * along one is sent once. */
#include "tests/sim/monitor_stage.h"

static const struct auger_path stream = {
    .local = {.family = AUGER_IPV4, .transport = AUGER_TCP, .ip = {192, 168, 1, 2}},
    .remote = {.family = AUGER_IPV4, .transport = AUGER_TCP, .port = 6000, .ip = {23, 4, 5, 6}},
};

static void asks_along_it(struct stage *stage, auger_time now, struct forged f)
{
    forge_request(stage, f);
    monitor_sent(stage->monitor, now, &stream, stage->buf, stage->len);
}

static void is_answered_along_it(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_success(stage, tid, stage->their_key, &stream.local);
    monitor_received(stage->monitor, now, &stream, stage->buf, stage->len);
}

static void uses_it(struct stage *stage)
{
    asks_along_it(stage, 0, (struct forged){.tid = 1});
    is_answered_along_it(stage, 0, 1);
    enters(stage, 0, AUGER_ICE_CHECKING);
    monitor_event(stage->monitor, 0,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = stream});
    enters(stage, 0, AUGER_ICE_CONNECTED);
    holds(stage);
}

/* RFC 6544 section 11.1 */
static void one_is_adrift_without_the_stream_in_use(void **state)
{
    uses_it(*state);
    monitor_stream_lost(((struct stage *)*state)->monitor, 30 * AUGER_SEC - 1, &stream);
    enters(*state, 30 * AUGER_SEC - 1, AUGER_ICE_CHECKING);
    holds(*state);
}

/* Which was in use no more. */
static void and_not_if_its_consent_had_ended(void **state)
{
    uses_it(*state);
    monitor_stream_lost(((struct stage *)*state)->monitor, 30 * AUGER_SEC, &stream);
    enters(*state, 30 * AUGER_SEC, AUGER_ICE_CHECKING);
    breaks(*state, '1');
}

/* A check along it has failed: then it counts until another path is in use (docs/decisions/231). */
static void and_yet_where_a_check_along_it_had_failed(void **state)
{
    static const struct {
        auger_time lost_at;
        bool fine;
    } cases[] = {{39500 * AUGER_MS - 1, false}, {39500 * AUGER_MS, true}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uses_it(*state);
        asks_along_it(*state, 0, (struct forged){.tid = 2, .nominates = true});
        monitor_stream_lost(((struct stage *)*state)->monitor, cases[i].lost_at, &stream);
        enters(*state, cases[i].lost_at, AUGER_ICE_CHECKING);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '1');
        tear_down(state);
        set_up(state);
    }
}

/* Which ended afterwards by itself. */
static void and_not_where_it_was_answered_on_after_that(void **state)
{
    static const struct {
        auger_time answered_at;
        bool fine;
    } cases[] = {{39500 * AUGER_MS - 1, true}, {39500 * AUGER_MS, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auger_time answered_at = cases[i].answered_at, lost_at = answered_at + 30 * AUGER_SEC;
        uses_it(*state);
        asks_along_it(*state, 0, (struct forged){.tid = 2, .nominates = true});
        asks_along_it(*state, 20 * AUGER_SEC, (struct forged){.tid = 3});
        is_answered_along_it(*state, 20 * AUGER_SEC, 3);
        asks_along_it(*state, 39 * AUGER_SEC, (struct forged){.tid = 4});
        is_answered_along_it(*state, answered_at, 4);
        monitor_stream_lost(((struct stage *)*state)->monitor, lost_at, &stream);
        enters(*state, lost_at, AUGER_ICE_CHECKING);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '1');
        tear_down(state);
        set_up(state);
    }
}

/* It left from any port of that IP address. */
static void a_stream_goes_with_its_address(void **state)
{
    struct auger_addr base = stream.local;

    base.port = 5000;
    uses_it(*state);
    monitor_remove_base(((struct stage *)*state)->monitor, &base);
    enters(*state, 1, AUGER_ICE_DISCONNECTED);
    monitor_event(((struct stage *)*state)->monitor, 1,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_RESTART_WANTED});
    holds(*state); /* no other path has consent */
}

/* RFC 8489 section 6.2.2 */
static void a_check_along_it_has_failed_unrepeated(void **state)
{
    static const struct {
        auger_time at;
        bool fine;
    } cases[] = {{39500 * AUGER_MS - 1, false}, {39500 * AUGER_MS, true}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uses_it(*state);
        asks_along_it(*state, 0, (struct forged){.tid = 2, .nominates = true});
        asks_along_it(*state, 30 * AUGER_SEC - 1, (struct forged){.tid = 3});
        is_answered_along_it(*state, 30 * AUGER_SEC - 1, 3);
        enters(*state, cases[i].at, AUGER_ICE_FAILED);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '2');
        tear_down(state);
        set_up(state);
    }
}

/* All that is left is tried anew (docs/decisions/161). */
static void each_that_is_lost_in_use_allows_as_many_checks_again(void **state)
{
    struct stage *stage = *state;
    uint8_t tid = 10;

    uses_it(stage);
    monitor_stream_lost(stage->monitor, AUGER_SEC, &stream);
    monitor_stream_lost(stage->monitor, AUGER_SEC, &stream); /* is not in use any more */
    for (int i = 2; i < 16; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = tid++});
    holds(stage);
    asks(stage, 16 * AUGER_SEC, (struct forged){.tid = tid});
    breaks(stage, '3');
}

SCENARIOS(staged(one_is_adrift_without_the_stream_in_use), staged(and_not_if_its_consent_had_ended),
          staged(and_yet_where_a_check_along_it_had_failed),
          staged(and_not_where_it_was_answered_on_after_that),
          staged(a_stream_goes_with_its_address),
          staged(each_that_is_lost_in_use_allows_as_many_checks_again),
          staged(a_check_along_it_has_failed_unrepeated))
