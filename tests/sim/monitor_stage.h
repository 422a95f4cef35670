/* tests/sim/monitor_stage.h - a monitor beside an agent that is forged, datagram by
 * datagram. */
#ifndef SIM_MONITOR_STAGE_H
#define SIM_MONITOR_STAGE_H

#include "tests/sim/monitor.h"
#include "tests/sim/scenario.h"

#define PACING (50 * AUGER_MS)

static const struct auger_path path = {
    .local = {.family = AUGER_IPV4, .port = 5000, .ip = {192, 168, 1, 2}},
    .remote = {.family = AUGER_IPV4, .port = 6000, .ip = {23, 4, 5, 6}},
};
static const char data[] = "data";

/* A monitor beside "ours", whose peer is "theirs", and both sides' keys. */
struct stage {
    struct monitor *monitor;
    struct auger_stun_key *our_key, *their_key;
    uint8_t buf[512];
    size_t len;
};

static inline int set_up(void **state)
{
    struct stage *stage = sim_alloc(sizeof(*stage));
    static const char ours[] = "our-password-of-24-chars", theirs[] = "their-password-of-24-ch.";

    stage->monitor = monitor_new(&(struct monitor_config){
        .ufrag = "ours", .password = ours, .pairs_max = 100, .pacing = PACING});
    monitor_set_remote(stage->monitor, "theirs", theirs);
    monitor_add_base(stage->monitor, &path.local);
    assert_int_equal(auger_stun_key_new(&stage->our_key, (const uint8_t *)ours, strlen(ours)), 0);
    assert_int_equal(auger_stun_key_new(&stage->their_key, (const uint8_t *)theirs, strlen(theirs)),
                     0);
    *state = stage;
    return 0;
}

static inline int tear_down(void **state)
{
    struct stage *stage = *state;

    monitor_free(stage->monitor);
    auger_stun_key_free(stage->our_key);
    auger_stun_key_free(stage->their_key);
    free(stage);
    return 0;
}

static inline void holds(const struct stage *stage)
{
    if (monitor_broken(stage->monitor))
        print_error("%s\n", monitor_broken(stage->monitor));
    assert_null(monitor_broken(stage->monitor));
}

/* Broken, and by this invariant. */
static inline void breaks(const struct stage *stage, char invariant)
{
    assert_non_null(monitor_broken(stage->monitor));
    assert_int_equal(monitor_broken(stage->monitor)[0], invariant);
}

/* --- forging ---------------------------------------------------------------- */

struct forged {
    uint8_t tid;
    const char *username; /* NULL: the right one */
    bool from_peer, wrong_key, controlled, nominates, no_role, no_fingerprint, no_priority;
    uint32_t nomination; /* 0: none */
    uint64_t tie_breaker;
};

static inline void forge_request(struct stage *stage, struct forged f)
{
    struct auger_stun_builder b;
    struct auger_stun_tid tid = {.bytes = {f.tid}};
    const char *username = f.username ? f.username : f.from_peer ? "ours:theirs" : "theirs:ours";

    auger_stun_build_begin(&b, stage->buf, sizeof(stage->buf), AUGER_STUN_REQUEST,
                           AUGER_STUN_BINDING, &tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, username, strlen(username));
    if (!f.no_priority)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 1);
    if (!f.no_role)
        auger_stun_build_u64(
            &b, f.controlled ? AUGER_STUN_ATTR_ICE_CONTROLLED : AUGER_STUN_ATTR_ICE_CONTROLLING,
            f.tie_breaker);
    if (f.nominates)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, "", 0);
    if (f.nomination)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_NOMINATION, f.nomination);
    auger_stun_build_integrity(&b, f.from_peer != f.wrong_key ? stage->our_key : stage->their_key);
    if (!f.no_fingerprint)
        auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    stage->len = (size_t)len;
}

static inline void forge_success(struct stage *stage, uint8_t tid, struct auger_stun_key *key,
                                 const struct auger_addr *mapped)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, stage->buf, sizeof(stage->buf), AUGER_STUN_SUCCESS,
                           AUGER_STUN_BINDING, &(struct auger_stun_tid){.bytes = {tid}});
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, mapped);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    stage->len = (size_t)len;
}

static inline void asks(struct stage *stage, auger_time now, struct forged f)
{
    forge_request(stage, f);
    monitor_sent(stage->monitor, now, &path, stage->buf, stage->len);
}

static inline void is_asked(struct stage *stage, auger_time now, struct forged f)
{
    f.from_peer = true;
    forge_request(stage, f);
    monitor_received(stage->monitor, now, &path, stage->buf, stage->len);
}

static inline void is_answered(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_success(stage, tid, stage->their_key, &path.local);
    monitor_received(stage->monitor, now, &path, stage->buf, stage->len);
}

static inline void succeeds_as(struct stage *stage, auger_time now, const struct auger_path *on,
                               struct forged check)
{
    uint8_t tid = check.tid;

    forge_request(stage, check);
    monitor_sent(stage->monitor, now, on, stage->buf, stage->len);
    forge_success(stage, tid, stage->their_key, &on->local);
    monitor_received(stage->monitor, now, on, stage->buf, stage->len);
}

static inline void sends_data(struct stage *stage, auger_time now)
{
    monitor_sent(stage->monitor, now, &path, (const uint8_t *)data, sizeof(data));
}

static inline void enters(struct stage *stage, auger_time now, enum auger_ice_state state)
{
    monitor_event(stage->monitor, now,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_STATE, .state = state});
}

#define staged(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif /* SIM_MONITOR_STAGE_H */
