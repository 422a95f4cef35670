/* ice/agent.c - the verbs of an agent: what the application tells it, and in which
 * order the parts may act.  What they do is in the files below. */
#include "ice/allocate.h"
#include "ice/check.h"
#include "ice/config.h"
#include "ice/consent.h"
#include "ice/failover.h"
#include "ice/gather.h"
#include "ice/inbound.h"
#include "ice/keepalive.h"
#include "ice/lite.h"
#include "ice/locals.h"
#include "ice/mapping.h"
#include "ice/nat64.h"
#include "ice/nominate.h"
#include "ice/policy.h"
#include "ice/predict.h"
#include "ice/receive.h"
#include "ice/relay.h"
#include "ice/remotes.h"
#include "ice/restart.h"
#include "ice/role.h"
#include "ice/route.h"
#include "ice/share.h"
#include "ice/standby.h"
#include "ice/stream.h"
#include "ice/transmit.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/nat64.h"
#include "base/time.h"
#include "base/trace.h"

#include <string.h>

/* --- making --------------------------------------------------------------------------- */

static int init(struct auger_ice *ice)
{
    const struct auger_ice_config *config = &ice->config;

    uint64_t tie_breaker;

    auger_cands_init(&ice->locals, ice->env, config->local_cands_max, config->prflx_cands_max);
    int err = auger_env_random(ice->env, &tie_breaker, sizeof(tie_breaker));
    if (!err)
        err = auger_generation_new(&ice->current, ice->env, config);
    if (!err)
        err = auger_mapping_init(ice);
    if (!err)
        err = auger_predict_init(ice);
    if (err)
        return err;
    ice->current->tie_breaker = tie_breaker;
    ice->current->role = auger_role_due(ice);
    return 0;
}

int auger_ice_new_sized(struct auger_ice **out, const struct auger_env *env,
                        const struct auger_ice_config *config, size_t size)
{
    struct auger_ice_config copy;

    auger_ice_config_init(&copy);
    if (config)
        memcpy(&copy, config, size < sizeof(copy) ? size : sizeof(copy));
    if (!auger_ice_config_is_valid(&copy) || !auger_mapping_is_valid(&copy))
        return AUGER_ERR_INVALID;

    struct auger_ice *ice = auger_env_alloc(env, 1, sizeof(*ice));
    if (!ice)
        return AUGER_ERR_NO_MEMORY;
    ice->env = env;
    ice->config = copy;
    ice->pacing = copy.pacing;
    ice->policy = (struct auger_cand_policy){
        .loopback = copy.allow_loopback, .link_local = copy.allow_link_local, .tcp = copy.tcp != 0};
    ice->consent.asked_at = AUGER_NEVER;
    auger_keepalive_init(ice);
    ice->left_at = AUGER_NEVER;
    ice->bar_until = AUGER_NEVER;

    int err = init(ice);
    if (err) {
        auger_ice_free(ice);
        return err;
    }
    *out = ice;
    return 0;
}

void auger_ice_free(struct auger_ice *ice)
{
    if (!ice)
        return;
    auger_gather_fini(ice);
    auger_relay_fini(ice);
    auger_standby_fini(ice);
    auger_mapping_fini(ice);
    auger_predict_fini(ice);
    auger_generation_free(ice->previous, ice->env);
    auger_generation_free(ice->current, ice->env);
    auger_generation_free(ice->next, ice->env);
    auger_cands_fini(&ice->locals);
    auger_env_release(ice->env, ice);
}

/* --- the order ------------------------------------------------------------------------- */

/* 8863 section 4: with the last pair that could be used, once nothing more may come.  A lite agent
 * has no checks that it could wait for. */
static auger_time runs_out_at(const struct auger_generation *generation, bool lite)
{
    if (!generation->patience_ended || generation->end_reason ||
        (!lite && auger_checklist_may_beat(&generation->checklist, generation->role, 0)))
        return AUGER_NEVER;
    return auger_checklist_usable_until(&generation->checklist);
}

/* A restart that came to nothing leaves what there was before. */
static void tell_restart_failed(struct auger_ice *ice, auger_time now)
{
    if (!ice->route)
        return;
    ice->news.restart_failed = true;
    auger_trace(ice->env, now, "ice:restart_failed",
                AUGER_F_TEXT("reason", ice->current->end_reason));
}

/* A peer that answers checks, and none that nominates, would be asked for ever else. */
static bool has_patience(struct auger_ice *ice, auger_time now)
{
    struct auger_generation *current = ice->current;
    auger_time selected_at = current->nomination.selected_at;

    if (current->outlived_at == AUGER_NEVER ||
        (selected_at != AUGER_NEVER && selected_at > current->outlived_at)) {
        current->outlived_at = now;
        return true;
    }
    return now < auger_time_add(current->outlived_at, ice->config.pac_timeout);
}

/* Of the pair in use a check has failed, while nobody has taken consent back: what else there is
 * may be tried (docs/decisions/230).  Consent that ended while a machine slept was over before the
 * check was. */
static void outlive_failed_check(struct auger_ice *ice, auger_time now)
{
    struct auger_pair *pair = ice->consent.pair;

    if (ice->config.lite || !pair || pair->generation != ice->current ||
        auger_pair_is_valid(pair) || auger_pair_is_over(pair) ||
        now >= auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME) ||
        !has_patience(ice, now))
        return;
    const struct auger_path path = auger_pair_path(pair); /* which may make room for another */
    pair->proof->was_selected = pair == ice->current->nomination.selected;
    auger_route_forget_pair(ice, pair);
    auger_locals_go_on(ice, now, 0);
    ice->drift.by_check = true; /* until another is in use, which on a shared socket may last */
    ice->drift.path = path;
}

/* What follows from whatever has just happened, be it a word of the caller's: what waited for the
 * next datagram would be at the mercy of whoever sends one. */
static void draw_conclusions(struct auger_ice *ice, auger_time now)
{
    if (ice->state == AUGER_ICE_FAILED)
        return;
    outlive_failed_check(ice, now);
    auger_consent_expire(ice, now);
    if (ice->state == AUGER_ICE_FAILED)
        return;
    auger_lite_conclude(ice, now);
    auger_failover_consider(ice, now);
    auger_nominate_honour_asked(ice, now);
    auger_standby_consider(ice, now);
    auger_nominate_consider(ice, now);
    auger_route_update(ice, now);
    bool was_connected = ice->state == AUGER_ICE_CONNECTED;
    auger_consent_follow(ice, now);
    auger_allocate_doubt(ice, now);
    if (was_connected && ice->state == AUGER_ICE_DISCONNECTED && !ice->config.lite)
        auger_checklist_retry_proved(&ice->current->checklist, now); /* docs/decisions/230 */
    auger_restart_retire(ice, now);
    auger_predict_consider(ice, now);
    auger_locals_follow_drift(ice, now);
    if (now >= runs_out_at(ice->current, ice->config.lite)) {
        auger_ice_give_up(ice, now, ice->current, "no pair succeeded");
        tell_restart_failed(ice, now);
    }
}

/* Of a failed session too: allocations that are given back are the last of it. */
static bool is_deaf(const struct auger_ice *ice)
{
    return ice->state == AUGER_ICE_FAILED && !ice->is_closed;
}

void auger_ice_handle_datagram(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                               const uint8_t *buf, size_t len, struct auger_bytes *data)
{
    struct auger_path from = *path;
    struct auger_bytes bytes = {buf, len};

    *data = (struct auger_bytes){0};
    if (is_deaf(ice))
        return;
    if (auger_addr_is_link_local(&from.remote))
        from.remote.scope = from.local.scope;
    switch (auger_relay_unwrap(ice, now, &from, &bytes)) {
    case AUGER_RELAY_CONSUMED:
        auger_allocate_follow(ice, now);
        draw_conclusions(ice, now);
        return;
    case AUGER_RELAY_NOT_OURS:
    case AUGER_RELAY_UNWRAPPED:
        break;
    }
    if (ice->state != AUGER_ICE_FAILED && auger_receive(ice, now, &from, bytes, data))
        draw_conclusions(ice, now);
}

void auger_ice_handle_timeout(struct auger_ice *ice, auger_time now)
{
    if (ice->is_closed)
        auger_allocate_handle_timeout(ice, now);
    if (ice->state == AUGER_ICE_FAILED)
        return;
    if (now >= ice->current->pac_at) {
        ice->current->pac_at = AUGER_NEVER;
        ice->current->patience_ended = true;
    }
    auger_share_handle_timeout(ice, now);
    auger_allocate_handle_timeout(ice, now);
    auger_gather_handle_timeout(ice, now);
    auger_check_handle_timeout(ice, now);
    draw_conclusions(ice, now);
}

static int copy(const uint8_t *data, size_t len, uint8_t *buf, size_t cap)
{
    if (len > cap)
        return AUGER_ERR_BUFFER;
    memcpy(buf, data, len);
    return (int)len;
}

size_t auger_ice_poll_transmit(struct auger_ice *ice, auger_time now, struct auger_path *path,
                               uint8_t *buf, size_t cap)
{
    if (cap < AUGER_DATAGRAM_MAX)
        return 0;
    if (ice->is_closed)
        return auger_allocate_write(ice, now, path, buf, cap);
    if (ice->state == AUGER_ICE_FAILED)
        return 0;
    size_t len = auger_transmit_next(ice, now, path, buf, cap);
    /* Each time round at least one pair less is left to ask. */
    while (len == 0 && ice->has_given_up) {
        ice->has_given_up = false;
        draw_conclusions(ice, now);
        if (ice->state != AUGER_ICE_FAILED)
            len = auger_transmit_next(ice, now, path, buf, cap);
    }
    auger_locals_follow_drift(ice, now); /* a relay that is asked for now may come */
    return len;
}

/* An empty one asks, and changes nothing. */
int auger_ice_write_data(struct auger_ice *ice, auger_time now, const uint8_t *data, size_t len,
                         struct auger_path *path, uint8_t *buf, size_t cap)
{
    if (!auger_route_find(ice, now, path))
        return AUGER_ERR_NO_PATH;
    if (len > INT32_MAX)
        return AUGER_ERR_BUFFER;
    if (len == 0)
        return 0;
    int written = auger_relay_is_at(ice, &path->local)
                      ? auger_relay_wrap(ice, now, path, data, len, buf, cap)
                      : copy(data, len, buf, cap);
    if (written > 0) {
        auger_route_count(ice, now, len);
        ice->keepalive.sent_at = now;
    }
    return written == AUGER_ERR_AGAIN || written == AUGER_ERR_STATE ? AUGER_ERR_NO_PATH : written;
}

auger_time auger_ice_next_timeout(const struct auger_ice *ice)
{
    if (ice->is_closed)
        return auger_allocate_next_timeout(ice);
    if (ice->state == AUGER_ICE_FAILED)
        return AUGER_NEVER;
    if (auger_inbound_has_response(ice) || ice->has_given_up)
        return 0;
    auger_time at = auger_time_min(ice->current->pac_at, auger_check_next_timeout(ice));
    at = auger_time_min(at, runs_out_at(ice->current, ice->config.lite));
    at = auger_time_min(at, auger_restart_next_timeout(ice));
    at = auger_time_min(at, auger_failover_next_timeout(ice));
    at = auger_time_min(at, ice->bar_until);
    at = auger_time_min(at, auger_predict_next_timeout(ice));
    at = auger_time_min(at, auger_locals_next_timeout(ice));
    at = auger_time_min(at, auger_gather_next_timeout(ice));
    at = auger_time_min(at, auger_allocate_next_timeout(ice));
    at = auger_time_min(at, auger_consent_next_timeout(ice));
    at = auger_time_min(at, auger_keepalive_next_timeout(ice));
    at = auger_time_min(at, auger_standby_next_timeout(ice));
    return auger_time_min(at, auger_nominate_next_timeout(ice));
}

/* --- events ------------------------------------------------------------------------------ */

static bool poll_candidate(struct auger_ice *ice, struct auger_ice_event *event)
{
    const char *ufrag = auger_ice_newest(ice)->local.ufrag;

    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->addr.family == AUGER_FAMILY_NONE || cand->telling != AUGER_CAND_TO_TELL ||
            cand->type == AUGER_CAND_PRFLX) /* the peer told us, not we it */
            continue;
        cand->telling = AUGER_CAND_TOLD;
        event->type = AUGER_ICE_EVENT_CANDIDATE;
        auger_policy_export(ice->config.policy, cand, &event->cand);
        memcpy(event->cand.ufrag, ufrag, strlen(ufrag) + 1);
        return true;
    }
    return false;
}

static bool poll_state(struct auger_ice_news *news, struct auger_ice_event *event)
{
    if (news->states_len == 0)
        return false;
    event->type = AUGER_ICE_EVENT_STATE;
    event->state = news->states[0];
    memmove(news->states, news->states + 1, --news->states_len * sizeof(news->states[0]));
    return true;
}

/* An address that comes then is for a restart, which tells it. */
static bool has_said_its_last(const struct auger_ice *ice)
{
    return ice->state == AUGER_ICE_FAILED && !ice->next && ice->news.states_len == 0;
}

bool auger_ice_poll_event(struct auger_ice *ice, struct auger_ice_event *event)
{
    struct auger_ice_news *news = &ice->news;

    if (ice->is_closed || has_said_its_last(ice))
        return false;
    if (poll_candidate(ice, event))
        return true;
    if (news->gathered) {
        news->gathered = false;
        event->type = AUGER_ICE_EVENT_GATHERED;
        return true;
    }
    if (poll_state(news, event))
        return true;
    if (news->path) {
        news->path = false;
        event->type = AUGER_ICE_EVENT_PATH;
        event->path = auger_pair_path(ice->route);
        return true;
    }
    if (news->restart_failed) {
        news->restart_failed = false;
        event->type = AUGER_ICE_EVENT_RESTART_FAILED;
        return true;
    }
    if (news->restart_wanted) {
        news->restart_wanted = false;
        event->type = AUGER_ICE_EVENT_RESTART_WANTED;
        return true;
    }
    return auger_predict_poll_event(ice, event);
}

/* --- what the application tells ------------------------------------------------------------ */

int auger_ice_add_local_addr(struct auger_ice *ice, auger_time now, const struct auger_addr *base)
{
    int err = auger_locals_add(ice, now, base);
    if (err == 0)
        draw_conclusions(ice, now);
    return err;
}

int auger_ice_remove_local_addr(struct auger_ice *ice, auger_time now,
                                const struct auger_addr *base)
{
    const struct auger_addr gone = *base; /* it may be the agent's own */
    int err = auger_locals_remove(ice, now, base);
    if (err)
        return err;
    auger_predict_forget_base(ice, &gone);
    draw_conclusions(ice, now);
    return 0;
}

int auger_ice_add_mapped_addr(struct auger_ice *ice, auger_time now, const struct auger_addr *base,
                              const struct auger_addr *external)
{
    return ice->config.lite ? AUGER_ERR_UNSUPPORTED : auger_mapping_add(ice, now, base, external);
}

int auger_ice_remove_mapped_addr(struct auger_ice *ice, auger_time now,
                                 const struct auger_addr *base, const struct auger_addr *external)
{
    const struct auger_addr from = *base, gone = *external; /* they may be the agent's own */

    return auger_locals_remove_mapped(ice, now, &from, &gone);
}

int auger_ice_add_stun_server(struct auger_ice *ice, auger_time now,
                              const struct auger_addr *server)
{
    (void)now;
    if (ice->config.lite)
        return AUGER_ERR_UNSUPPORTED;
    if (auger_addr_ip_len(server) == 0 || server->port == 0 || server->transport != AUGER_UDP)
        return AUGER_ERR_INVALID;
    int err = auger_gather_add_server(ice, server);
    if (err == 0) /* beside it: an address of IPv4 may yet come */
        auger_nat64_ask_server(ice, server);
    return err;
}

int auger_ice_add_turn_server_sized(struct auger_ice *ice, auger_time now,
                                    const struct auger_ice_turn_server *server, size_t size)
{
    struct auger_ice_turn_server full;

    auger_ice_turn_server_init(&full);
    memcpy(&full, server, size < sizeof(full) ? size : sizeof(full));
    if (ice->is_closed)
        return AUGER_ERR_STATE;
    if (ice->config.lite)
        return AUGER_ERR_UNSUPPORTED;
    return auger_allocate_add_server(ice, now, &full);
}

void auger_ice_stream_lost(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    if (auger_ice_stream_is_framed(ice, path))
        auger_stream_lost(ice, now, path);
    else
        auger_allocate_stream_lost(ice, now, path);
    draw_conclusions(ice, now);
}

void auger_ice_path_moved(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    if (path->remote.transport == AUGER_TCP)
        return;
    auger_allocate_path_moved(ice, now, path);
    draw_conclusions(ice, now);
}

void auger_ice_close(struct auger_ice *ice, auger_time now)
{
    if (ice->is_closed)
        return;
    ice->is_closed = true;
    auger_ice_fail(ice, now, "closed");
    auger_allocate_release(ice, now);
}

void auger_ice_end_of_local_addrs(struct auger_ice *ice, auger_time now)
{
    auger_gather_end(ice, now);
    draw_conclusions(ice, now);
}

/* A failed session has let its allocations be: some may have ended since. */
static void wake_up(struct auger_ice *ice, auger_time now)
{
    if (ice->state == AUGER_ICE_FAILED)
        auger_allocate_handle_timeout(ice, now);
}

int auger_ice_restart(struct auger_ice *ice, auger_time now)
{
    if (ice->is_closed)
        return AUGER_ERR_STATE;
    wake_up(ice, now);
    return auger_restart_begin(ice, now);
}

int auger_ice_withdraw_restart(struct auger_ice *ice, auger_time now)
{
    return auger_restart_withdraw(ice, now) ? 0 : AUGER_ERR_STATE;
}

int auger_ice_set_remote_credentials(struct auger_ice *ice, auger_time now, const char *ufrag,
                                     const char *password)
{
    const struct auger_credentials *known = &ice->current->remote;

    if (ice->is_closed)
        return AUGER_ERR_STATE;
    if (auger_credentials_are_known(known)) {
        bool same_ufrag = strcmp(known->ufrag, ufrag) == 0;
        bool same_password = strcmp(known->password, password) == 0;
        if (same_ufrag != same_password) /* 8445 section 9 */
            return AUGER_ERR_INVALID;
        if (same_ufrag)
            return 0;
    }
    wake_up(ice, now);
    int err = auger_restart_meet(ice, now, ufrag, password);
    if (err)
        return err;
    draw_conclusions(ice, now);
    return 0;
}

/* The generation that a candidate of the peer's belongs to; NULL: one that is over,
 * or that nobody has told us of (8838 section 9).  Without a ufrag it is that of the
 * latest credentials (8829 section 3.5.2). */
static struct auger_generation *generation_of(const struct auger_ice *ice, const char *ufrag)
{
    struct auger_generation *current = ice->current;

    if (!auger_credentials_are_known(&current->remote))
        return auger_ice_newest(ice);
    if (ufrag[0] == '\0' || strcmp(ufrag, current->remote.ufrag) == 0)
        return current;
    return ice->next;
}

int auger_ice_set_nat64(struct auger_ice *ice, auger_time now, const struct auger_nat64 *nat64)
{
    if (!auger_nat64_is_valid(nat64))
        return AUGER_ERR_INVALID;
    /* One that is known already may be of use again, where an address of IPv4 is gone. */
    if (memcmp(&ice->nat64, nat64, sizeof(*nat64)) != 0) {
        struct auger_addr prefix = {.family = AUGER_IPV6};
        memcpy(prefix.ip, nat64->prefix, sizeof(prefix.ip));
        ice->nat64 = *nat64;
        auger_trace(ice->env, now, "ice:translation", AUGER_F_ADDR("prefix", &prefix),
                    AUGER_F_INT("prefix_len", nat64->prefix_len));
    }
    auger_remotes_follow_nat64(ice, now, ice->current);
    auger_remotes_follow_nat64(ice, now, ice->next);
    if (!ice->config.lite)
        auger_nat64_ask_servers(ice);
    draw_conclusions(ice, now);
    return 0;
}

int auger_ice_add_remote_cand(struct auger_ice *ice, auger_time now, const struct auger_cand *cand)
{
    struct auger_cand told = *cand;

    if (ice->state == AUGER_ICE_FAILED)
        return AUGER_ERR_STATE;
    if (told.priority == 0 || told.priority > INT32_MAX) /* 5.1.2 */
        return AUGER_ERR_INVALID;
    struct auger_generation *generation = generation_of(ice, told.ufrag);
    if (!generation)
        return 0;
    told.addr.scope = 0; /* means something at the peer's alone */
    if (told.tcptype == AUGER_TCP_TYPE_ACTIVE)
        told.addr.port = AUGER_TCP_DISCARD_PORT; /* whatever it says (RFC 6544 section 3) */
    int err = auger_remotes_add(ice, now, generation, &told);
    if (err)
        return err;
    draw_conclusions(ice, now);
    return 0;
}

void auger_ice_end_of_remote_cands(struct auger_ice *ice, auger_time now)
{
    generation_of(ice, "")->remote_ended = true;
    draw_conclusions(ice, now);
}
