/* ice/allocate.c - relayed candidates from TURN servers: RFC 8445 section 5.1.1.2, and what
 * becomes of them. */
#include "ice/allocate.h"

#include "ice/gather.h"
#include "ice/keepalive.h"
#include "ice/locals.h"
#include "ice/ours.h"
#include "ice/pace.h"
#include "ice/permit.h"
#include "ice/policy.h"

#include "turn/error.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* Of one client: each selected pair and each in reserve has one, and may rest. */
#define CHANNELS_MAX 16
/* The mapping towards a server over UDP is kept alive this often (8445 section 11: Tr). */
#define KEEPALIVE (15 * AUGER_SEC)
/* An allocation that has stood so long may be lost again, and is made again. */
#define STOOD_FOR (60 * AUGER_SEC)
/* After what may have been forged, and after what we lacked ourselves. */
#define ASKED_ANEW (5 * AUGER_SEC)
#define RESOURCES_RETRY (1 * AUGER_SEC)
/* Where nobody answers in the place of a server that we were on, one may be starting anew. */
#define STARTS_WITHIN (20 * AUGER_SEC)
#define STARTING_RETRY (2 * AUGER_SEC)

/* --- asking ------------------------------------------------------------------------------- */

static int make_client(const struct auger_ice *ice, auger_time now, struct auger_turn **out,
                       const struct auger_ice_turn_server *server)
{
    struct auger_turn_config config;

    auger_turn_config_init(&config);
    config.server = server->addr;
    config.username = server->username;
    config.password = server->password;
    config.families = server->families;
    config.channels_max = CHANNELS_MAX;
    return auger_turn_new(out, ice->env, now, &config);
}

/* A client knows best what it can be made of, and shares no socket (share.c). */
int auger_allocate_add_server(struct auger_ice *ice, auger_time now,
                              const struct auger_ice_turn_server *server)
{
    struct auger_turn *trial;

    if (ice->shares_sockets && server->addr.transport == AUGER_UDP)
        return AUGER_ERR_UNSUPPORTED;
    int err = make_client(ice, now, &trial, server);
    if (err < 0)
        return err;
    auger_turn_free(trial);
    err = auger_relay_add_server(ice, server);
    if (err == 0)
        auger_gather_open(ice);
    return err;
}

/* False: no memory or chance, which may be there when Ta fires again. */
static bool begin(struct auger_ice *ice, auger_time now, struct auger_relay *relay)
{
    const struct auger_relay_server *server = relay->server;
    const struct auger_ice_turn_server wanted = {.addr = server->addr,
                                                 .username = server->username,
                                                 .password = server->password,
                                                 .families =
                                                     (enum auger_turn_families)server->families};

    if (make_client(ice, now, &relay->turn, &wanted) != 0)
        return false;
    struct auger_path path = auger_relay_path(relay);
    relay->state = AUGER_RELAY_ASKING;
    auger_trace(ice->env, now, "ice:relay_asked", AUGER_F_ADDR("base", &path.local),
                AUGER_F_ADDR("server", &path.remote),
                AUGER_F_INT("stream", path.remote.transport == AUGER_TCP));
    return true;
}

/* A client of before may still be giving back what it had. */
static bool is_due_again(const struct auger_ice *ice, const struct auger_relay *relay,
                         auger_time now)
{
    return auger_relay_is_waiting(ice, relay) && !relay->turn && now >= relay->at;
}

static struct auger_relay *next_again(const struct auger_ice *ice, auger_time now)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        if (is_due_again(ice, r, now))
            return r;
    return NULL;
}

static void begin_first(struct auger_ice *ice, auger_time now,
                        const struct auger_relay_server *server, const struct auger_ice_cand *host)
{
    struct auger_relay *relay = auger_relay_add(ice, server, host);

    relay->is_awaited = true;
    if (!begin(ice, now, relay))
        *relay = (struct auger_relay){0};
}

/* The next new transaction, if Ta allows it. */
static void begin_next(struct auger_ice *ice, auger_time now)
{
    struct auger_relay *again = next_again(ice, now);
    const struct auger_relay_server *server;
    const struct auger_ice_cand *host;
    bool wants_channel = auger_permit_wants_channel(ice);
    bool is_new = auger_relay_find_unasked(ice, &server, &host);

    if (ice->is_closed || (!again && !wants_channel && !is_new) || !auger_pace_allows(ice, now))
        return;
    auger_pace_begin(ice, now);
    ice->has_checked = false;
    if (wants_channel)
        auger_permit_ask_channel(ice, now);
    else if (is_new)
        begin_first(ice, now, server, host);
    else
        begin(ice, now, again);
}

static auger_time keepalive_at(const struct auger_relay *relay)
{
    if (relay->state != AUGER_RELAY_ALLOCATED || relay->server->via != AUGER_VIA_UDP)
        return AUGER_NEVER;
    return auger_time_add(relay->sent_at, KEEPALIVE);
}

static size_t write_for(struct auger_ice *ice, auger_time now, struct auger_relay *relay,
                        struct auger_path *path, uint8_t *buf, size_t cap)
{
    size_t len = relay->turn ? auger_turn_poll_transmit(relay->turn, now, buf, cap) : 0;

    if (len == 0 && now >= keepalive_at(relay)) {
        len = auger_keepalive_build(ice, buf, cap);
        relay->sent_at = now;
    }
    if (len == 0)
        return 0;
    *path = auger_relay_path(relay);
    relay->sent_at = now;
    return len;
}

size_t auger_allocate_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                            uint8_t *buf, size_t cap)
{
    size_t len = 0;

    begin_next(ice, now);
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r && len == 0;
         r = auger_relay_next(ice, r))
        len = write_for(ice, now, r, path, buf, cap);
    return len;
}

/* --- what comes of it ---------------------------------------------------------------------- */

/* A relayed address is believed if it could be the server's to give: not one that is ours or the
 * peer's, nor one that is never sent to. */
static bool is_believable(const struct auger_ice *ice, const struct auger_addr *relayed)
{
    const struct auger_cand_policy policy = {.loopback = ice->config.allow_loopback};

    return auger_cand_addr_is_usable(relayed, &policy) &&
           !auger_cands_find(&ice->locals, relayed, AUGER_TCP_TYPE_NONE) &&
           !auger_cands_find(&ice->current->remotes, relayed, AUGER_TCP_TYPE_NONE);
}

static struct auger_ice_cand *add_candidate(struct auger_ice *ice, auger_time now,
                                            struct auger_relay *relay,
                                            const struct auger_addr *relayed)
{
    if (relayed->family == AUGER_FAMILY_NONE)
        return NULL;
    if (!is_believable(ice, relayed)) {
        auger_trace(ice->env, now, "ice:candidate_refused", AUGER_F_ADDR("addr", relayed),
                    AUGER_F_ADDR("server", &relay->origin.server));
        return NULL;
    }
    struct auger_ice_cand *cand = auger_ours_add_relayed(&ice->locals, relayed, &relay->origin,
                                                         (enum auger_cand_via)relay->server->via);
    if (!cand) {
        ice->counters.limited++;
        return NULL;
    }
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("type", "relay"), AUGER_F_ADDR("base", cand->base),
                AUGER_F_INT("priority", cand->priority));
    auger_policy_apply(ice->config.policy, ice->env, now, cand);
    return cand;
}

/* One that comes after the end of candidates is told all the same, and the end after it again:
 * it has to be the last (8838 section 13, docs/decisions/111). */
static void end_again(struct auger_ice *ice, auger_time now)
{
    if (ice->gather.state != AUGER_GATHER_DONE)
        return;
    ice->news.gathered = true;
    auger_trace(ice->env, now, "ice:gathered", AUGER_F_TEXT("reason", "a relay came late"));
}

/* One that is of no use goes back to the server. */
static void allocated(struct auger_ice *ice, auger_time now, struct auger_relay *relay,
                      const struct auger_turn_event *event)
{
    relay->state = AUGER_RELAY_ALLOCATED;
    relay->at = now;
    relay->is_awaited = false;
    relay->error = AUGER_TURN_ERROR_NONE;
    relay->code = 0;
    relay->origin =
        (struct auger_cand_origin){*auger_turn_server(relay->turn), event->allocated.mapped};
    auger_relay_tell_mapped(ice, now, relay);
    for (size_t i = 0; i < 2; i++)
        relay->cands[i] = add_candidate(ice, now, relay, &event->allocated.relayed[i]);
    if (!relay->cands[0] && !relay->cands[1]) {
        relay->state = AUGER_RELAY_OVER;
        relay->error = AUGER_TURN_ERROR_MALFORMED;
        auger_turn_release(relay->turn, now);
        return;
    }
    for (size_t i = 0; i < 2; i++)
        if (relay->cands[i])
            auger_generation_form_pairs_of(ice->current, now, &ice->locals, relay->cands[i]);
    end_again(ice, now);
}

/* A first challenge is signed by nobody, and what it says of the realm holds for the client. */
static bool may_be_forged(enum auger_turn_error error)
{
    return error == AUGER_TURN_ERROR_REALM || error == AUGER_TURN_ERROR_BID_DOWN ||
           error == AUGER_TURN_ERROR_NO_ALGORITHM || error == AUGER_TURN_ERROR_MALFORMED;
}

static bool may_be_starting(const struct auger_relay *relay, auger_time now, bool has_stood,
                            enum auger_turn_error error)
{
    return !has_stood && error == AUGER_TURN_ERROR_TIMEOUT && relay->stood_until != AUGER_NEVER &&
           now < auger_time_add(relay->stood_until, STARTS_WITHIN);
}

/* When a server that gave us up, or never took us, is asked again (8656 section 7.4).  What has
 * stood is made again once, as after a server's restart, and again if that stood for a while. */
static auger_time again_after(const struct auger_relay *relay, auger_time now, bool has_stood,
                              enum auger_turn_error error)
{
    auger_time after = auger_turn_retry_after(error);

    if (error == AUGER_TURN_ERROR_RESOURCES) /* our own, which may be there soon */
        return RESOURCES_RETRY;
    if (may_be_starting(relay, now, has_stood, error))
        return STARTING_RETRY;
    if (relay->was_renewed)
        return AUGER_NEVER;
    if (may_be_forged(error))
        return ASKED_ANEW;
    if (has_stood && error == AUGER_TURN_ERROR_BAD_REQUEST) /* 8656, 12.3: we differ */
        return 0;
    return has_stood || after > 0 ? after : AUGER_NEVER;
}

static void lose_candidates(struct auger_ice *ice, auger_time now, struct auger_relay *relay)
{
    struct auger_ice_cand *const lost[2] = {relay->cands[0], relay->cands[1]};

    auger_locals_lose_relayed(ice, now, lost);
}

static void lost(struct auger_ice *ice, auger_time now, struct auger_relay *relay,
                 enum auger_turn_error error, uint16_t code)
{
    struct auger_path path = auger_relay_path(relay);
    bool has_stood = relay->state == AUGER_RELAY_ALLOCATED;

    if (has_stood && now >= auger_time_add(relay->at, STOOD_FOR))
        relay->was_renewed = false;
    auger_time after = again_after(relay, now, has_stood, error);
    if (has_stood && after != AUGER_NEVER)
        relay->stood_until = now;
    auger_trace(ice->env, now, "ice:relay_lost", AUGER_F_ADDR("base", &path.local),
                AUGER_F_ADDR("server", &path.remote), AUGER_F_INT("had_stood", has_stood),
                AUGER_F_TEXT("reason", auger_turn_error_text(error)), AUGER_F_INT("code", code),
                AUGER_F_TIME("again_after", after));
    relay->error = (uint8_t)error;
    relay->code = code;
    relay->is_awaited &= error == AUGER_TURN_ERROR_RESOURCES;
    relay->state = after == AUGER_NEVER ? AUGER_RELAY_OVER : AUGER_RELAY_WAITING;
    relay->at = auger_time_add(now, after);
    relay->was_renewed |= after != AUGER_NEVER;
    if (!has_stood && code && error == auger_turn_error_of(code) &&
        relay->server->via == AUGER_VIA_UDP)
        auger_gather_ask_instead(ice, relay->host, &relay->server->addr);
    lose_candidates(ice, now, relay);
}

/* To where nobody seals what is said, as 8489 section 10 would have it for another name; or to
 * where we are a client already: one 5-tuple has one allocation (8656 section 5). */
static void sent_on(struct auger_ice *ice, auger_time now, struct auger_relay *relay)
{
    if (!relay->server->is_sealed && !auger_relay_has_twin(ice, relay))
        return; /* its path is asked for each time */
    lost(ice, now, relay, AUGER_TURN_ERROR_TRY_ALTERNATE, AUGER_STUN_TRY_ALTERNATE);
    auger_turn_free(relay->turn);
    relay->turn = NULL;
}

static void take_event(struct auger_ice *ice, auger_time now, struct auger_relay *relay,
                       const struct auger_turn_event *event)
{
    switch (event->type) {
    case AUGER_TURN_EVENT_ALLOCATED:
        allocated(ice, now, relay, event);
        break;
    case AUGER_TURN_EVENT_FAILED:
        lost(ice, now, relay, event->failed.error, event->failed.code);
        break;
    case AUGER_TURN_EVENT_PERMITTED:
        auger_permit_granted(ice, relay, &event->peer.addr);
        break;
    case AUGER_TURN_EVENT_REFUSED:
        auger_permit_refused(ice, now, relay, &event->peer.addr, event->peer.error);
        break;
    case AUGER_TURN_EVENT_ALTERNATE_SERVER:
        sent_on(ice, now, relay);
        break;
    case AUGER_TURN_EVENT_ICMP: /* evidence, and no more: docs/decisions/154 */
        ice->tally.icmp_errors++;
        break;
    case AUGER_TURN_EVENT_CHANNEL_BOUND:
    case AUGER_TURN_EVENT_CHANNEL_REFUSED:
    case AUGER_TURN_EVENT_MOVED: /* no relay of an agent asks for that, nor for TCP */
    case AUGER_TURN_EVENT_MOVE_FAILED:
    case AUGER_TURN_EVENT_CONNECTED:
    case AUGER_TURN_EVENT_ATTEMPT:
    case AUGER_TURN_EVENT_BOUND:
    case AUGER_TURN_EVENT_NOT_CONNECTED:
    case AUGER_TURN_EVENT_RELEASED:
        break;
    }
}

/* Once it is over, and has said what was to be said. */
static void free_if_done(struct auger_relay *relay)
{
    bool is_over = relay->state == AUGER_RELAY_OVER || relay->state == AUGER_RELAY_WAITING;

    if (!relay->turn || !is_over || auger_turn_next_timeout(relay->turn) != AUGER_NEVER)
        return;
    auger_turn_free(relay->turn);
    relay->turn = NULL;
}

void auger_allocate_follow(struct auger_ice *ice, auger_time now)
{
    struct auger_turn_event event;

    if (!ice->relays)
        return;
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        while (r->turn && auger_turn_poll_event(r->turn, &event))
            if (!ice->is_closed)
                take_event(ice, now, r, &event);
        free_if_done(r);
    }
    auger_gather_conclude(ice, now);
}

/* --- time ----------------------------------------------------------------------------------- */

/* That in use; NULL: none, or the peer is heard. */
static struct auger_relay *in_silence(const struct auger_ice *ice)
{
    return ice->route && ice->state == AUGER_ICE_DISCONNECTED
               ? auger_relay_of(ice, ice->route->local)
               : NULL;
}

/* Silence may be the server's, which started anew. */
void auger_allocate_doubt(struct auger_ice *ice, auger_time now)
{
    struct auger_relay *relay = in_silence(ice);

    if (relay && now >= auger_relay_doubt_at(relay))
        auger_relay_doubt(relay, now);
}

void auger_allocate_handle_timeout(struct auger_ice *ice, auger_time now)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        if (!r->turn || now < auger_turn_next_timeout(r->turn))
            continue;
        auger_permit_sweep(ice, r);
        auger_turn_handle_timeout(r->turn, now);
    }
    auger_allocate_follow(ice, now);
}

static auger_time next_of(const struct auger_ice *ice, const struct auger_relay *relay)
{
    if (relay->turn)
        return auger_time_min(auger_turn_next_timeout(relay->turn), keepalive_at(relay));
    return auger_relay_is_waiting(ice, relay) ? auger_time_max(relay->at, ice->pace_at)
                                              : AUGER_NEVER;
}

auger_time auger_allocate_next_timeout(const struct auger_ice *ice)
{
    const struct auger_relay_server *server;
    const struct auger_ice_cand *host;
    auger_time at = in_silence(ice) ? auger_relay_doubt_at(in_silence(ice)) : AUGER_NEVER;

    if (auger_relay_find_unasked(ice, &server, &host) || auger_permit_wants_channel(ice))
        at = auger_time_min(at, ice->pace_at);
    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        at = auger_time_min(at, next_of(ice, r));
    return at;
}

/* --- the end -------------------------------------------------------------------------------- */

void auger_allocate_stream_lost(struct auger_ice *ice, auger_time now,
                                const struct auger_path *path)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        struct auger_path used = auger_relay_path(r);
        if (!r->turn || !auger_path_equal(&used, path))
            continue;
        if (r->state == AUGER_RELAY_ASKING || r->state == AUGER_RELAY_ALLOCATED)
            lost(ice, now, r, AUGER_TURN_ERROR_TIMEOUT, 0);
        auger_turn_free(r->turn); /* there is nothing to say it over */
        r->turn = NULL;
    }
    auger_gather_conclude(ice, now);
}

/* A request that waits for its answer is sent again as it would be anyway. */
static void move(struct auger_ice *ice, auger_time now, struct auger_relay *relay)
{
    if (!relay->turn || relay->state == AUGER_RELAY_ASKING)
        return;
    if (relay->state == AUGER_RELAY_ALLOCATED)
        lost(ice, now, relay, AUGER_TURN_ERROR_TIMEOUT, 0);
    auger_turn_free(relay->turn);
    relay->turn = NULL;
}

/* 8656, 5: an allocation is of its 5-tuple, and another one has none. */
void auger_allocate_path_moved(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    auger_trace(ice->env, now, "ice:path_moved", AUGER_F_ADDR("base", &path->local),
                AUGER_F_ADDR("server", &path->remote));
    auger_relay_set_apart(ice, path);
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        struct auger_path used = auger_relay_path(r);
        if (auger_path_equal(&used, path))
            move(ice, now, r);
    }
    auger_gather_conclude(ice, now);
}

void auger_allocate_release(struct auger_ice *ice, auger_time now)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        if (r->turn)
            auger_turn_release(r->turn, now);
        r->state = AUGER_RELAY_OVER;
    }
    auger_allocate_follow(ice, now);
}
