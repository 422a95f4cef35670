/* What a 487 makes of a role that no check shows. */
#include "tests/sim/monitor_stage.h"

static void is_told_of_conflict(struct stage *stage, auger_time now, const struct auger_path *along,
                                uint8_t tid)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, stage->buf, sizeof(stage->buf), AUGER_STUN_ERROR, AUGER_STUN_BINDING,
                           &(struct auger_stun_tid){.bytes = {tid}});
    auger_stun_build_error(&b, AUGER_STUN_ROLE_CONFLICT);
    auger_stun_build_integrity(&b, stage->their_key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    monitor_received(stage->monitor, now, along, stage->buf, (size_t)len);
}

/* To an address that answers, in the role of the controlled one. */
static struct auger_path asks_elsewhere(struct stage *stage, auger_time now, uint8_t tid)
{
    struct auger_path elsewhere = path;

    elsewhere.remote.port++;
    forge_request(stage, (struct forged){.tid = tid, .controlled = true});
    monitor_sent(stage->monitor, now, &elsewhere, stage->buf, stage->len);
    return elsewhere;
}

static void asks_for(struct stage *stage, uint8_t from, uint8_t to)
{
    for (uint8_t i = from; i < to; i++)
        asks(stage, i * AUGER_SEC, (struct forged){.tid = i, .controlled = true});
}

/* One change, and another one back to what it was: 7 requests for each role that it had. */
static void a_role_that_a_487_takes_for_a_moment_allows_7_more(void **state)
{
    struct stage *stage = *state;

    asks_for(stage, 1, 8);
    struct auger_path elsewhere = asks_elsewhere(stage, 8 * AUGER_SEC, 99);
    is_told_of_conflict(stage, 8 * AUGER_SEC, &elsewhere, 99);
    asks_for(stage, 9, 23);
    holds(stage);
    asks_for(stage, 23, 24);
    breaks(stage, '3');
}

/* It is about a check from before. */
static void a_487_that_was_overtaken_allows_no_more(void **state)
{
    struct stage *stage = *state;

    asks_for(stage, 1, 8);
    asks_elsewhere(stage, 8 * AUGER_SEC, 98);
    struct auger_path elsewhere = asks_elsewhere(stage, 8 * AUGER_SEC + PACING, 99);
    is_told_of_conflict(stage, 8 * AUGER_SEC + PACING, &elsewhere, 98);
    asks_for(stage, 9, 10);
    is_told_of_conflict(stage, 9 * AUGER_SEC, &elsewhere, 99);
    asks_for(stage, 10, 23);
    holds(stage);
    asks_for(stage, 23, 24);
    breaks(stage, '3');
}

SCENARIOS(staged(a_role_that_a_487_takes_for_a_moment_allows_7_more),
          staged(a_487_that_was_overtaken_allows_no_more))
