/* ice/predict.c - when a port is guessed, and which way: bracket.c, ahead.c, birthday.c. */
#include "ice/predict.h"

#include "ice/ahead.h"
#include "ice/birthday.h"
#include "ice/bracket.h"
#include "ice/burst.h"
#include "ice/gather.h"
#include "ice/helper.h"
#include "ice/nominate.h"
#include "ice/predicted.h"
#include "ice/sighting.h"
#include "ice/window.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

/* For a path that needs no guess, and for the peer's other candidates. */
#define PATIENCE (250 * AUGER_MS)
/* Of the controlled side where both NATs map by destination: the other's burst would move what it
 * counts on.  And where the peer has been told of the next ports already. */
#define YIELD (2 * AUGER_SEC)
#define HELPERS_BY (1 * AUGER_SEC)
#define ANSWERS_BY (2 * AUGER_SEC)
#define RANDOMS_MIN 2    /* bursts that say so before it is believed */
#define PREDICTED_MAX 64 /* candidates and helpers, without those of a birthday */

static const char *plan_name(enum auger_predict_plan plan)
{
    switch (plan) {
    case AUGER_PREDICT_NOTHING:
        return "nothing";
    case AUGER_PREDICT_BRACKET:
        return "bracket";
    case AUGER_PREDICT_ALIGNED:
        return "aligned";
    case AUGER_PREDICT_AHEAD:
        return "ahead";
    case AUGER_PREDICT_BIRTHDAY:
        return "birthday";
    case AUGER_PREDICT_WINDOW:
        return "window";
    }
    return "unknown";
}

/* --- making ----------------------------------------------------------------------------- */

int auger_predict_init(struct auger_ice *ice)
{
    const struct auger_ice_config *config = &ice->config;

    if (!config->prediction || config->lite || config->policy == AUGER_ICE_POLICY_RELAY)
        return 0;
    ice->prediction = auger_env_alloc(ice->env, 1, sizeof(*ice->prediction));
    if (!ice->prediction)
        return AUGER_ERR_NO_MEMORY;
    ice->prediction->known_at = ice->prediction->wake_at = AUGER_NEVER;
    if (config->predict_window)
        ice->prediction->window = AUGER_WINDOW_WANTED;
    auger_predicted_allow(&ice->locals, (uint16_t)(PREDICTED_MAX + 2 * config->predict_sockets));
    return 0;
}

void auger_predict_fini(struct auger_ice *ice)
{
    auger_env_release(ice->env, ice->prediction);
    ice->prediction = NULL;
}

static void end_burst(struct auger_ice *ice)
{
    struct auger_prediction *p = ice->prediction;

    if (p->window == AUGER_WINDOW_ASKING)
        p->window = AUGER_WINDOW_OFF;
    if (p->phase >= AUGER_PREDICT_BURST) {
        auger_burst_end(p);
        p->has_done = true;
    }
    p->phase = AUGER_PREDICT_IDLE;
    p->wants_helpers = false;
    p->wake_at = AUGER_NEVER;
}

/* --- what is to be done ------------------------------------------------------------------- */

/* How long a path needs no guess, unless more is heard; `now`: none is there. */
static auger_time direct_until(const struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;
    auger_time until = now;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        if (auger_pair_is_usable(pair, now) && !auger_pair_is_relayed(pair))
            until = auger_time_max(
                until, auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME));
    }
    return until;
}

static enum auger_predict_plan plan_for_dependent(const struct auger_ice *ice,
                                                  const struct auger_peer_ports *peer)
{
    const struct auger_prediction *p = ice->prediction;

    if (p->randoms >= RANDOMS_MIN)
        return auger_birthday_may_be(ice, peer) ? AUGER_PREDICT_BIRTHDAY : AUGER_PREDICT_NOTHING;
    if (p->bursts >= AUGER_PREDICT_BURSTS_MAX)
        return AUGER_PREDICT_NOTHING;
    if (peer->has_run)
        return AUGER_PREDICT_ALIGNED;
    return peer->targets_len > 0 ? AUGER_PREDICT_BRACKET : AUGER_PREDICT_NOTHING;
}

static enum auger_predict_plan plan_for(const struct auger_ice *ice,
                                        const struct auger_peer_ports *peer)
{
    const struct auger_sighting *by;

    if (auger_sighting_mapping(ice, &by) == AUGER_MAPPING_DEPENDENT)
        return plan_for_dependent(ice, peer);
    return auger_ahead_is_left(ice, peer) ? AUGER_PREDICT_AHEAD : AUGER_PREDICT_NOTHING;
}

static auger_time earliest(const struct auger_ice *ice, enum auger_predict_plan plan,
                           const struct auger_peer_ports *peer)
{
    const struct auger_prediction *p = ice->prediction;
    bool yields = p->window == AUGER_WINDOW_TOLD ||
                  (plan == AUGER_PREDICT_ALIGNED && ice->current->role == AUGER_CONTROLLED);
    auger_time at = auger_time_add(p->known_at, yields ? YIELD : PATIENCE);

    return plan == AUGER_PREDICT_AHEAD && auger_ahead_may_look_behind(p, peer)
               ? at
               : auger_time_max(at, p->due_at);
}

/* --- a burst ------------------------------------------------------------------------------ */

static void ask_for_helpers(struct auger_ice *ice, auger_time now, enum auger_predict_plan plan)
{
    struct auger_prediction *p = ice->prediction;
    const struct auger_sighting *by = NULL;

    if (auger_sighting_mapping(ice, &by) != AUGER_MAPPING_DEPENDENT || !by)
        return;
    p->plan = (uint8_t)plan;
    p->phase = AUGER_PREDICT_OPENING;
    p->base = by->base;
    p->server = by->server;
    p->wants_helpers = true;
    p->wake_at = auger_time_add(now, HELPERS_BY);
    auger_trace(ice->env, now, "ice:prediction", AUGER_F_TEXT("plan", plan_name(plan)),
                AUGER_F_ADDR("base", &p->base), AUGER_F_ADDR("server", &p->server));
}

static void give_up(struct auger_ice *ice, auger_time now, const char *reason)
{
    struct auger_prediction *p = ice->prediction;

    end_burst(ice);
    p->bursts = AUGER_PREDICT_BURSTS_MAX;
    p->has_tried_birthday = true;
    auger_trace(ice->env, now, "ice:prediction_ended", AUGER_F_TEXT("reason", reason));
}

static void begin_burst(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers)
{
    struct auger_prediction *p = ice->prediction;

    p->phase = AUGER_PREDICT_BURST;
    p->wake_at = auger_time_add(now, ANSWERS_BY);
    bool has_begun = p->plan == AUGER_PREDICT_WINDOW ? auger_window_begin(ice, now, helpers)
                                                     : auger_bracket_begin(ice, now, helpers);
    if (!has_begun) {
        auger_helper_drop_prober(ice);
        give_up(ice, now, "no room");
    }
}

/* --- the sockets of the caller ------------------------------------------------------------ */

static uint16_t helpers_wanted(const struct auger_ice *ice)
{
    return ice->prediction->plan == AUGER_PREDICT_BIRTHDAY ? ice->config.predict_sockets
                                                           : AUGER_BURST_HELPERS;
}

int auger_ice_add_helper_addrs(struct auger_ice *ice, auger_time now,
                               const struct auger_addr *addrs, size_t len)
{
    struct auger_prediction *p = ice->prediction;

    if (!p || p->phase != AUGER_PREDICT_OPENING || ice->state == AUGER_ICE_FAILED)
        return AUGER_ERR_STATE;
    if (!auger_helper_may_be_at(ice, addrs, len))
        return AUGER_ERR_INVALID;
    p->wants_helpers = false;
    if (len < helpers_wanted(ice) || !auger_cands_find_base(&ice->locals, &p->base)) {
        give_up(ice, now, "no helper sockets");
        p->has_done = true;
    } else if (p->plan == AUGER_PREDICT_BIRTHDAY) {
        auger_birthday_begin(ice, now, addrs, len);
        end_burst(ice);
    } else {
        begin_burst(ice, now, addrs);
    }
    auger_gather_conclude(ice, now); /* without its window */
    return 0;
}

bool auger_predict_poll_event(struct auger_ice *ice, struct auger_ice_event *event)
{
    struct auger_prediction *p = ice->prediction;

    if (p && p->wants_helpers) {
        p->wants_helpers = false;
        event->type = AUGER_ICE_EVENT_HELPERS_WANTED;
        event->helpers = (struct auger_ice_helpers){p->base, helpers_wanted(ice)};
        return true;
    }
    if (p && p->has_done) {
        p->has_done = false;
        event->type = AUGER_ICE_EVENT_HELPERS_DONE;
        return true;
    }
    return false;
}

/* --- the course of it -------------------------------------------------------------------- */

/* A restart begins anew. */
static void follow_generation(struct auger_ice *ice)
{
    struct auger_prediction *p = ice->prediction;
    uint32_t generation = auger_cand_generation(ice->current->local.ufrag);

    if (p->generation == generation)
        return;
    if (p->generation) {
        end_burst(ice);
        auger_helper_drop_all(ice);
    }
    p->generation = generation;
    p->bursts = p->randoms = p->windows = 0;
    p->has_tried_birthday = p->has_looked_behind = false;
    p->known_at = AUGER_NEVER;
    p->due_at = 0;
    p->told = p->ahead = 0;
    ice->current->remotes.per_ip_max = ice->config.remote_cands_max; /* it may guess as well */
    auger_predicted_allow(&ice->current->remotes,
                          AUGER_PREDICT_BURSTS_MAX * AUGER_PREDICT_TARGETS_MAX +
                              AUGER_AHEAD_WINDOWS_MAX * AUGER_PORT_WINDOW_MAX + AUGER_AHEAD_BEHIND);
}

static void go_on(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;

    switch ((enum auger_predict_phase)p->phase) {
    case AUGER_PREDICT_IDLE:
        break;
    case AUGER_PREDICT_OPENING:
        if (now >= p->wake_at)
            give_up(ice, now, "no helper sockets");
        break;
    case AUGER_PREDICT_BURST:
    case AUGER_PREDICT_ASKED:
        if (!auger_burst_is_answered(p) && now < p->wake_at)
            break;
        if (p->plan == AUGER_PREDICT_WINDOW)
            auger_window_conclude(ice, now);
        else
            auger_bracket_conclude(ice, now);
        end_burst(ice);
        break;
    }
}

static void begin(struct auger_ice *ice, auger_time now, enum auger_predict_plan plan,
                  const struct auger_peer_ports *peer)
{
    switch (plan) {
    case AUGER_PREDICT_NOTHING:
        break;
    case AUGER_PREDICT_BRACKET:
    case AUGER_PREDICT_ALIGNED:
    case AUGER_PREDICT_BIRTHDAY:
    case AUGER_PREDICT_WINDOW:
        ask_for_helpers(ice, now, plan);
        break;
    case AUGER_PREDICT_AHEAD:
        auger_ahead_check(ice, now, peer);
        break;
    }
}

static void begin_window(struct auger_ice *ice, auger_time now)
{
    ice->prediction->window = AUGER_WINDOW_ASKING;
    ask_for_helpers(ice, now, AUGER_PREDICT_WINDOW);
}

/* Whether that was done at once, and something else may be due or have its deadline: whatever comes
 * next would decide when, else (docs/decisions/260). */
static bool plan_one(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_peer_ports peer;

    p->wake_at = AUGER_NEVER;
    auger_peer_ports_read(ice, &peer);
    enum auger_predict_plan plan = plan_for(ice, &peer);
    if (plan == AUGER_PREDICT_NOTHING)
        return false;
    if (p->known_at == AUGER_NEVER)
        p->known_at = now;
    auger_time at = earliest(ice, plan, &peer);
    if (now < at) {
        p->wake_at = at;
        return false;
    }
    begin(ice, now, plan, &peer);
    return plan == AUGER_PREDICT_AHEAD;
}

/* Checks ahead, of which each time uses up one kind, or sets a deadline. */
static void plan_next(struct auger_ice *ice, auger_time now)
{
    while (plan_one(ice, now)) {
    }
}

/* Before the peer is known, and whatever becomes of it gathering goes on; it is one of the bursts
 * that there may be, and is not waited for when these are spent. */
static void consider_window(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;

    if (p->window == AUGER_WINDOW_WANTED && p->bursts >= AUGER_PREDICT_BURSTS_MAX)
        p->window = AUGER_WINDOW_OFF;
    if (p->window == AUGER_WINDOW_ASKING)
        go_on(ice, now);
    else if (p->phase == AUGER_PREDICT_IDLE && auger_gather_awaits_window(ice))
        begin_window(ice, now);
    if (p->window != AUGER_WINDOW_ASKING)
        auger_gather_conclude(ice, now);
    auger_window_open(ice, now);
}

static auger_time over_until(const struct auger_ice *ice, auger_time now)
{
    if (ice->shares_sockets || !auger_credentials_are_known(&ice->current->remote) ||
        ice->current->end_reason || auger_nominate_is_concluded(ice->current))
        return AUGER_NEVER;
    return direct_until(ice, now);
}

static void stand_down(struct auger_ice *ice, auger_time until)
{
    end_burst(ice);
    ice->prediction->wake_at = until;
    if (auger_nominate_is_concluded(ice->current))
        auger_helper_drop_all(ice);
}

/* A window may begin in the moment in which another burst ends: whatever comes next would decide
 * when, else. */
void auger_predict_consider(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;

    if (!p || ice->state == AUGER_ICE_FAILED)
        return;
    follow_generation(ice);
    auger_helper_adopt_all(ice);
    auger_time until = over_until(ice, now);
    if (p->window != AUGER_WINDOW_ASKING && until > now)
        stand_down(ice, until);
    else if (p->window != AUGER_WINDOW_ASKING)
        go_on(ice, now);
    consider_window(ice, now);
    if (p->window == AUGER_WINDOW_ASKING)
        return;
    if (until > now)
        stand_down(ice, until);
    else if (p->phase == AUGER_PREDICT_IDLE)
        plan_next(ice, now);
}

void auger_predict_forget_base(struct auger_ice *ice, const struct auger_addr *base)
{
    struct auger_prediction *p = ice->prediction;

    if (!p)
        return;
    auger_sighting_forget(ice, base);
    if (auger_addr_equal(&p->base, base))
        end_burst(ice);
}

size_t auger_predict_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap)
{
    struct auger_prediction *p = ice->prediction;

    if (!p || p->phase < AUGER_PREDICT_BURST)
        return 0;
    size_t len = auger_burst_write(ice, now, path, buf, cap);
    if (p->phase == AUGER_PREDICT_BURST && p->written == AUGER_SAMPLERS + p->targets_len)
        p->phase = AUGER_PREDICT_ASKED;
    return len;
}

bool auger_predict_handle_response(struct auger_ice *ice, auger_time now,
                                   const struct auger_path *path, const struct auger_stun_msg *msg)
{
    (void)now;
    return ice->prediction && ice->prediction->phase >= AUGER_PREDICT_BURST &&
           auger_burst_handle_response(ice, path, msg);
}

auger_time auger_predict_next_timeout(const struct auger_ice *ice)
{
    const struct auger_prediction *p = ice->prediction;

    if (!p)
        return AUGER_NEVER;
    return p->phase >= AUGER_PREDICT_BURST ? auger_time_min(p->wake_at, auger_burst_next_timeout(p))
                                           : p->wake_at;
}
