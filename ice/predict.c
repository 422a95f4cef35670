/* ice/predict.c - when a port is guessed, and what is done to know it: brackets, windows, birthdays
 * (docs/prediction.md).  What a burst does is burst.c, the arithmetic port_pattern.c. */
#include "ice/predict.h"

#include "ice/burst.h"
#include "ice/locals.h"
#include "ice/nominate.h"
#include "ice/peer_ports.h"
#include "ice/predicted.h"
#include "ice/sighting.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

/* For a path that needs no guess, and for the peer's other candidates. */
#define PATIENCE (250 * AUGER_MS)
/* Of the controlled side where both NATs map by destination: the other's burst would move what it
 * counts on. */
#define YIELD (2 * AUGER_SEC)
#define AGAIN_AFTER (3 * AUGER_SEC) /* what was told, and came to nothing */
#define HELPERS_BY (1 * AUGER_SEC)
#define ANSWERS_BY (2 * AUGER_SEC)
#define RANDOMS_MIN 2 /* bursts that say so before it is believed */
#define BEHIND 8
#define PREDICTED_MAX 64 /* candidates and helpers, without those of a birthday */
#define PORT_MIN 1024    /* of a NAT whose range is not known */

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
    auger_predicted_allow(&ice->locals, (uint16_t)(PREDICTED_MAX + 2 * config->predict_sockets));
    return 0;
}

void auger_predict_fini(struct auger_ice *ice)
{
    auger_env_release(ice->env, ice->prediction);
    ice->prediction = NULL;
}

/* --- helpers ---------------------------------------------------------------------------- */

bool auger_ice_helper_is_wanted(const struct auger_ice *ice, const struct auger_addr *addr)
{
    if (!ice->prediction)
        return false;
    for (size_t i = 0; i < AUGER_SAMPLERS; i++)
        if (auger_addr_equal(&ice->prediction->samplers[i].addr, addr))
            return true;
    const struct auger_ice_cand *cand = auger_cands_find_base(&ice->locals, addr);
    return cand && cand->is_helper;
}

static bool is_of_use(const struct auger_ice *ice, const struct auger_ice_cand *helper)
{
    const struct auger_generation *all[] = {ice->current, ice->previous};

    for (size_t i = 0; i < 2; i++)
        for (uint16_t j = 0; all[i] && j < all[i]->checklist.len; j++)
            if (all[i]->checklist.order[j]->local == helper &&
                auger_pair_is_valid(all[i]->checklist.order[j]))
                return true;
    return false;
}

/* What a check from there has proved makes it a base as any other. */
static void adopt_helpers(struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len && ice->locals.predicted > 0; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->addr.family != AUGER_FAMILY_NONE && cand->is_helper && !cand->is_adopted)
            cand->is_adopted = is_of_use(ice, cand);
    }
}

static void drop_helpers(struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len && ice->locals.predicted > 0; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->addr.family == AUGER_FAMILY_NONE || !cand->is_helper || cand->is_adopted)
            continue;
        auger_locals_lose_helper(ice, cand);
        ice->prediction->has_done = true;
    }
}

static void drop_prober(struct auger_ice *ice)
{
    struct auger_ice_cand *prober = auger_cands_find_base(&ice->locals, &ice->prediction->prober);

    if (prober && prober->is_helper && !prober->is_adopted)
        auger_locals_lose_helper(ice, prober);
}

static void end_burst(struct auger_ice *ice)
{
    struct auger_prediction *p = ice->prediction;

    if (p->phase >= AUGER_PREDICT_BURST) {
        auger_burst_end(p);
        p->has_done = true;
    }
    p->phase = AUGER_PREDICT_IDLE;
    p->wants_helpers = false;
    p->wake_at = AUGER_NEVER;
}

/* --- what is to be done ------------------------------------------------------------------- */

static bool has_direct(const struct auger_ice *ice, auger_time now)
{
    const struct auger_checklist *list = &ice->current->checklist;

    for (uint16_t i = 0; i < list->len; i++)
        if (auger_pair_is_usable(list->order[i], now) && !auger_pair_is_relayed(list->order[i]))
            return true;
    return false;
}

/* A host candidate that is no helper's: that by which our NAT is known, or the first. */
static struct auger_ice_cand *own_base(const struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->type == AUGER_CAND_HOST && cand->addr.family == AUGER_IPV4 &&
            cand->addr.transport == AUGER_UDP && auger_cand_is_base(cand) && !cand->is_helper &&
            !cand->is_barred)
            return cand;
    }
    return NULL;
}

static bool knows_small_range(const struct auger_ice_config *config)
{
    return config->predict_port_min > 0 &&
           config->predict_port_max - config->predict_port_min < AUGER_PREDICT_RANGE_MAX;
}

static bool may_draw(const struct auger_ice *ice, const struct auger_peer_ports *peer)
{
    const struct auger_ice_config *config = &ice->config;

    return !ice->prediction->has_tried_birthday && peer->targets_len > 0 &&
           config->predict_sockets > 0 && (config->predict_random || knows_small_range(config));
}

static enum auger_predict_plan plan_for_dependent(const struct auger_ice *ice,
                                                  const struct auger_peer_ports *peer)
{
    const struct auger_prediction *p = ice->prediction;

    if (p->randoms >= RANDOMS_MIN)
        return may_draw(ice, peer) ? AUGER_PREDICT_BIRTHDAY : AUGER_PREDICT_NOTHING;
    if (p->bursts >= AUGER_PREDICT_BURSTS_MAX)
        return AUGER_PREDICT_NOTHING;
    if (peer->has_run)
        return AUGER_PREDICT_ALIGNED;
    return peer->targets_len > 0 ? AUGER_PREDICT_BRACKET : AUGER_PREDICT_NOTHING;
}

static bool may_look_behind(const struct auger_prediction *p, const struct auger_peer_ports *peer)
{
    return peer->relay_seen_at && !p->has_looked_behind;
}

static enum auger_predict_plan plan_for(const struct auger_ice *ice,
                                        const struct auger_peer_ports *peer)
{
    const struct auger_prediction *p = ice->prediction;
    const struct auger_sighting *by;

    if (auger_sighting_mapping(ice, &by) == AUGER_MAPPING_DEPENDENT)
        return plan_for_dependent(ice, peer);
    if (peer->has_run && own_base(ice) &&
        (p->windows < AUGER_PREDICT_WINDOWS_MAX || may_look_behind(p, peer)))
        return AUGER_PREDICT_AHEAD;
    return AUGER_PREDICT_NOTHING;
}

static auger_time earliest(const struct auger_ice *ice, enum auger_predict_plan plan,
                           const struct auger_peer_ports *peer)
{
    const struct auger_prediction *p = ice->prediction;
    bool yields = plan == AUGER_PREDICT_ALIGNED && ice->current->role == AUGER_CONTROLLED;
    auger_time at = auger_time_add(p->known_at, yields ? YIELD : PATIENCE);

    return plan == AUGER_PREDICT_AHEAD && may_look_behind(p, peer) ? at
                                                                   : auger_time_max(at, p->due_at);
}

/* --- checks ahead --------------------------------------------------------------------------- */

static bool add_check(struct auger_ice *ice, auger_time now, struct auger_ice_cand *base,
                      const struct auger_addr *remote_addr)
{
    struct auger_generation *current = ice->current;

    if (auger_cands_find(&current->remotes, remote_addr, AUGER_TCP_TYPE_NONE))
        return false;
    struct auger_ice_cand *remote = auger_predicted_add_remote(&current->remotes, remote_addr);
    struct auger_pair *pair =
        remote ? auger_checklist_add(&current->checklist, now, base, remote, current->role) : NULL;
    if (!pair)
        return false;
    auger_pair_set_state(pair, ice->env, now, AUGER_PAIR_WAITING);
    return true;
}

static size_t add_checks(struct auger_ice *ice, auger_time now, const struct auger_addr *ip,
                         const uint16_t *ports, size_t len)
{
    struct auger_ice_cand *base = own_base(ice);
    struct auger_addr addr = *ip;
    size_t added = 0;

    for (size_t i = 0; i < len; i++) {
        addr.port = ports[i];
        added += add_check(ice, now, base, &addr);
    }
    return added;
}

/* Behind what a relay of ours has shown before any other: that was the check just after. */
static void check_ahead(struct auger_ice *ice, auger_time now, const struct auger_peer_ports *peer)
{
    struct auger_prediction *p = ice->prediction;
    uint16_t ports[AUGER_PORT_WINDOW_MAX];
    size_t len;

    if (may_look_behind(p, peer)) {
        p->has_looked_behind = true;
        len = auger_port_run_behind(&peer->run, peer->relay_seen_at, BEHIND, ports);
    } else {
        len = auger_port_run_window(&peer->run, p->windows++, ports);
        p->due_at = auger_time_add(now, AGAIN_AFTER);
    }
    len = add_checks(ice, now, &peer->run_ip, ports, len);
    p->ahead = (uint16_t)(p->ahead + len);
    auger_trace(ice->env, now, "ice:ports_ahead", AUGER_F_ADDR("peer", &peer->run_ip),
                AUGER_F_INT("step", peer->run.step), AUGER_F_INT("checks", len));
}

/* --- what the peer is told -------------------------------------------------------------------- */

static bool tell_port(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *helper,
                      const struct auger_addr *addr)
{
    static const struct auger_cand_policy strict = {0};

    if (!auger_cand_addr_is_usable(addr, &strict) ||
        auger_cands_find_seen(&ice->locals, addr, helper))
        return false;
    struct auger_ice_cand *cand = auger_predicted_add_local(&ice->locals, helper, addr);
    if (!cand)
        return false;
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("type", "srflx"), AUGER_F_ADDR("base", cand->base),
                AUGER_F_INT("priority", cand->priority));
    ice->prediction->told++;
    return true;
}

/* After the end of candidates, if that was told: which is then told again (docs/decisions/070). */
static void tell_ports(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *helper,
                       const struct auger_addr *ip, const uint16_t *ports, size_t len)
{
    struct auger_addr addr = *ip;

    for (size_t i = 0; i < len; i++) {
        addr.port = ports[i];
        tell_port(ice, now, helper, &addr);
    }
    if (ice->gather.state == AUGER_GATHER_DONE)
        ice->news.gathered = true;
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

static bool is_aimed_at(const struct auger_prediction *p, uint16_t port)
{
    for (size_t i = 0; i < p->targets_len; i++)
        if (p->targets[i].port == port)
            return true;
    return false;
}

/* How the peer's ports may go on, and how far our checks have gone ahead of it in that way. */
struct way {
    int32_t step;
    uint32_t ahead;
};

/* The peer comes to our next check by `steps` of its own; false: that port is taken, or none. */
static bool aim_next(struct auger_prediction *p, const struct auger_peer_ports *peer,
                     struct way *way)
{
    uint16_t port =
        auger_port_run_next(&peer->run, way->step, p->told + p->targets_len + 1u + way->ahead);

    if (port == 0 || is_aimed_at(p, port))
        return false;
    p->targets[p->targets_len] = peer->run_ip;
    p->targets[p->targets_len++].port = port;
    way->ahead++;
    return true;
}

/* The peer checks one after another what we tell it, each from its next port; but how many it or
 * others had since the last that a server saw is not known.  So our checks go further ahead by one
 * each time: it falls behind by one with each, and comes to the very port that ours went to
 * (docs/decisions/213).  Where its step may be half of what it seems every second check is for
 * that. What an earlier burst told it has checked by now. */
static void aim_at_run(struct auger_prediction *p, const struct auger_peer_ports *peer)
{
    struct way ways[] = {{peer->run.step, 0}, {auger_port_run_least_step(&peer->run), 0}};
    size_t len = ways[0].step == ways[1].step ? 1 : 2;

    p->targets_len = 0;
    for (size_t i = 0; i < 2 * AUGER_PREDICT_TARGETS_MAX; i++)
        if (p->targets_len < AUGER_PREDICT_TARGETS_MAX)
            (void)aim_next(p, peer, &ways[i % len]);
}

static void aim(struct auger_prediction *p, const struct auger_peer_ports *peer)
{
    if (p->plan == AUGER_PREDICT_ALIGNED) {
        aim_at_run(p, peer);
        return;
    }
    p->targets_len = (uint8_t)peer->targets_len;
    memcpy(p->targets, peer->targets, peer->targets_len * sizeof(p->targets[0]));
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
    struct auger_peer_ports peer;

    auger_peer_ports_read(ice, &peer);
    aim(p, &peer);
    p->phase = AUGER_PREDICT_BURST;
    p->bursts++;
    p->wake_at = auger_time_add(now, ANSWERS_BY);
    if (auger_burst_begin(ice, now, helpers))
        return;
    drop_prober(ice);
    give_up(ice, now, "no room");
}

static void tell_guess(struct auger_ice *ice, auger_time now, const struct auger_port_guess *guess)
{
    struct auger_prediction *p = ice->prediction;
    const struct auger_ice_cand *prober = auger_cands_find_base(&ice->locals, &p->prober);
    const struct auger_addr ip = p->samplers[0].seen_at;

    if (prober)
        tell_ports(ice, now, prober, &ip, guess->ports, guess->len);
    p->due_at = auger_time_add(now, AGAIN_AFTER);
}

static void conclude_burst(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_port_guess guess;

    auger_burst_solve(p, &guess);
    auger_trace(ice->env, now, "ice:ports_bracketed",
                AUGER_F_TEXT("verdict", auger_port_verdict_name(guess.verdict)),
                AUGER_F_INT("step", guess.step), AUGER_F_INT("ports", guess.len),
                AUGER_F_ADDR("first", &p->samplers[0].seen_at),
                AUGER_F_ADDR("last", &p->samplers[AUGER_SAMPLERS - 1].seen_at));
    if (guess.len > 0)
        tell_guess(ice, now, &guess);
    else
        drop_prober(ice);
    p->randoms += guess.verdict == AUGER_PORTS_RANDOM;
    end_burst(ice);
}

/* --- a birthday --------------------------------------------------------------------------- */

static bool draw_port(struct auger_ice *ice, uint16_t *port)
{
    const struct auger_ice_config *config = &ice->config;
    uint32_t low = config->predict_port_min ? config->predict_port_min : PORT_MIN;
    uint32_t high = config->predict_port_min ? config->predict_port_max : UINT16_MAX;
    uint32_t random;

    if (auger_env_random(ice->env, &random, sizeof(random)) != 0)
        return false;
    *port = (uint16_t)(low + random % (high - low + 1)); /* as good as even */
    return true;
}

static void tell_drawn_ports(struct auger_ice *ice, auger_time now,
                             const struct auger_ice_cand *helper)
{
    const struct auger_sighting *by;
    struct auger_addr addr;

    if (auger_sighting_mapping(ice, &by) != AUGER_MAPPING_DEPENDENT)
        return;
    addr = by->seen_at;
    for (uint16_t i = 0; i < ice->config.predict_sockets; i++)
        if (draw_port(ice, &addr.port))
            tell_port(ice, now, helper, &addr);
    if (ice->gather.state == AUGER_GATHER_DONE)
        ice->news.gathered = true;
}

/* Each helper opens one port of the NAT, by a check at the ordinary pace. */
static void begin_birthday(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers,
                           size_t len)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_generation *current = ice->current;
    const struct auger_ice_cand *host = auger_cands_find_base(&ice->locals, &p->base);
    struct auger_ice_cand *first = NULL;
    struct auger_peer_ports peer;

    p->has_tried_birthday = true;
    auger_peer_ports_read(ice, &peer);
    struct auger_ice_cand *target =
        auger_cands_find(&current->remotes, &peer.targets[0], AUGER_TCP_TYPE_NONE);
    for (size_t i = 0; host && target && i < len; i++) {
        struct auger_ice_cand *helper = auger_predicted_add_helper(&ice->locals, host, &helpers[i]);
        if (!helper || !auger_cand_can_pair(helper, target) ||
            !auger_checklist_add(&current->checklist, now, helper, target, current->role))
            break;
        first = first ? first : helper;
    }
    if (first)
        tell_drawn_ports(ice, now, first);
    p->has_done = true; /* those for which there was no room */
    end_burst(ice);
}

/* --- the sockets of the caller ------------------------------------------------------------ */

static uint16_t helpers_wanted(const struct auger_ice *ice)
{
    return ice->prediction->plan == AUGER_PREDICT_BIRTHDAY ? ice->config.predict_sockets
                                                           : AUGER_BURST_HELPERS;
}

static bool are_helpers(const struct auger_ice *ice, const struct auger_addr *addrs, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!auger_addr_ip_equal(&addrs[i], &ice->prediction->base) || addrs[i].port == 0 ||
            addrs[i].transport != AUGER_UDP || auger_cands_find_base(&ice->locals, &addrs[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (addrs[j].port == addrs[i].port)
                return false;
    }
    return true;
}

int auger_ice_add_helper_addrs(struct auger_ice *ice, auger_time now,
                               const struct auger_addr *addrs, size_t len)
{
    struct auger_prediction *p = ice->prediction;

    if (!p || p->phase != AUGER_PREDICT_OPENING || ice->state == AUGER_ICE_FAILED)
        return AUGER_ERR_STATE;
    if (!are_helpers(ice, addrs, len))
        return AUGER_ERR_INVALID;
    p->wants_helpers = false;
    if (len < helpers_wanted(ice) || !auger_cands_find_base(&ice->locals, &p->base)) {
        give_up(ice, now, "no helper sockets");
        p->has_done = true;
    } else if (p->plan == AUGER_PREDICT_BIRTHDAY) {
        begin_birthday(ice, now, addrs, len);
    } else {
        begin_burst(ice, now, addrs);
    }
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
        drop_helpers(ice);
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
                              AUGER_PREDICT_WINDOWS_MAX * AUGER_PORT_WINDOW_MAX + BEHIND);
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
        if (auger_burst_is_answered(p) || now >= p->wake_at)
            conclude_burst(ice, now);
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
        ask_for_helpers(ice, now, plan);
        break;
    case AUGER_PREDICT_AHEAD:
        check_ahead(ice, now, peer);
        break;
    }
}

static void plan_next(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_peer_ports peer;

    p->wake_at = AUGER_NEVER;
    auger_peer_ports_read(ice, &peer);
    enum auger_predict_plan plan = plan_for(ice, &peer);
    if (plan == AUGER_PREDICT_NOTHING)
        return;
    if (p->known_at == AUGER_NEVER)
        p->known_at = now;
    auger_time at = earliest(ice, plan, &peer);
    if (now < at)
        p->wake_at = at;
    else
        begin(ice, now, plan, &peer);
}

static bool is_over(const struct auger_ice *ice, auger_time now)
{
    return ice->shares_sockets || !auger_credentials_are_known(&ice->current->remote) ||
           ice->current->end_reason || has_direct(ice, now) ||
           auger_nominate_is_concluded(ice->current);
}

void auger_predict_consider(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;

    if (!p || ice->state == AUGER_ICE_FAILED)
        return;
    follow_generation(ice);
    adopt_helpers(ice);
    if (is_over(ice, now)) {
        end_burst(ice);
        if (auger_nominate_is_concluded(ice->current))
            drop_helpers(ice);
        return;
    }
    go_on(ice, now);
    if (p->phase == AUGER_PREDICT_IDLE)
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
