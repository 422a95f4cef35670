/* turn/permission.c - permissions by CreatePermission: RFC 8656 sections 9 and 10.  One
 * address a request, so that a refused peer takes no other with it.  ChannelBind, which
 * grants them as well, is channel.c. */
#include "turn/permission.h"
#include "base/addr.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/allocation.h"
#include "turn/error.h"

#define LIFETIME (300 * AUGER_SEC) /* 9 */
#define MARGIN (60 * AUGER_SEC)

static struct auger_permission *at(const struct auger_turn *turn, size_t index)
{
    return auger_pool_at(&turn->permissions, index);
}

static bool is_of(const struct auger_permission *p, const struct auger_addr *peer)
{
    return (p->state == AUGER_PERMISSION_ASKING || p->state == AUGER_PERMISSION_ACTIVE) &&
           auger_addr_ip_equal(&p->peer, peer);
}

struct auger_permission *auger_permission_find(const struct auger_turn *turn,
                                               const struct auger_addr *peer)
{
    for (size_t i = 0; i < turn->permissions.len; i++)
        if (is_of(at(turn, i), peer))
            return at(turn, i);
    return NULL;
}

bool auger_permission_is_active(const struct auger_permission *p, auger_time now)
{
    return p && p->state == AUGER_PERMISSION_ACTIVE && now < p->expires_at;
}

/* --- asking for one ---------------------------------------------------------------- */

int auger_permission_check_peer(const struct auger_turn *turn, auger_time now,
                                const struct auger_addr *peer)
{
    if (auger_addr_ip_len(peer) == 0 || auger_addr_is_unspecified(peer) ||
        auger_addr_is_multicast(peer) || peer->transport != (turn->is_tcp ? AUGER_TCP : AUGER_UDP))
        return AUGER_ERR_INVALID;
    if (!auger_allocation_is_usable(turn, now))
        return AUGER_ERR_STATE;
    return auger_allocation_has_family(turn, peer->family) ? 0 : AUGER_ERR_UNSUPPORTED;
}

static struct auger_permission *find_free(const struct auger_turn *turn)
{
    for (size_t i = 0; i < turn->permissions.len; i++)
        if (at(turn, i)->state == AUGER_PERMISSION_FREE)
            return at(turn, i);
    return NULL;
}

static int take_slot(struct auger_turn *turn, struct auger_permission **out)
{
    *out = find_free(turn);
    if (*out)
        return 0;
    if (turn->permissions.len == turn->permissions.max)
        return AUGER_ERR_LIMIT;
    if (!auger_pool_grow(&turn->permissions, turn->env))
        return AUGER_ERR_NO_MEMORY;
    *out = find_free(turn);
    return 0;
}

static int ask(struct auger_turn *turn, auger_time now, struct auger_permission *p)
{
    return auger_exchange_start(&p->exchange, turn->env, now, AUGER_STUN_CREATE_PERMISSION,
                                auger_turn_is_stream(turn));
}

static bool is_to_be_renewed(const struct auger_permission *p)
{
    return p->state == AUGER_PERMISSION_ACTIVE && p->is_kept && !p->exchange.is_running;
}

/* If it is time. */
static void renew(struct auger_turn *turn, auger_time now, struct auger_permission *p)
{
    if (is_to_be_renewed(p) && now >= p->refresh_at && ask(turn, now, p) < 0)
        p->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
}

static void lose(struct auger_turn *turn, auger_time now, struct auger_permission *p,
                 enum auger_turn_error error)
{
    auger_exchange_stop(&p->exchange);
    p->state = AUGER_PERMISSION_GONE;
    p->error = (uint8_t)error;
    p->granted_news = false;
    auger_trace(turn->env, now, "turn:permission_refused", AUGER_F_ADDR("peer", &p->peer),
                AUGER_F_INT("code", p->code), AUGER_F_TEXT("reason", auger_turn_error_text(error)));
}

int auger_permission_add(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    struct auger_permission *p = auger_permission_find(turn, peer);

    if (p && (p->state == AUGER_PERMISSION_ASKING || auger_permission_is_active(p, now))) {
        p->is_kept = true;
        renew(turn, now, p); /* one that was let go has not been meanwhile */
        return 0;
    }
    if (p)
        lose(turn, now, p, AUGER_TURN_ERROR_EXPIRED);
    int err = take_slot(turn, &p);
    if (err == 0)
        err = ask(turn, now, p);
    if (err < 0)
        return err;
    p->peer = *peer;
    p->state = AUGER_PERMISSION_ASKING;
    p->error = AUGER_TURN_ERROR_NONE;
    p->code = 0;
    p->is_kept = true;
    p->granted_news = false;
    return 0;
}

void auger_permission_forget(struct auger_turn *turn, const struct auger_addr *peer)
{
    struct auger_permission *p = auger_permission_find(turn, peer);

    if (p)
        p->is_kept = false;
}

void auger_permission_clear(struct auger_turn *turn)
{
    for (size_t i = 0; i < turn->permissions.len; i++)
        *at(turn, i) = (struct auger_permission){0};
}

/* 10.1 */
size_t auger_permission_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;
    size_t len = 0;

    for (size_t i = 0; len == 0 && i < turn->permissions.len; i++) {
        struct auger_permission *p = at(turn, i);
        if (!auger_exchange_is_due(&p->exchange, now))
            continue;
        auger_exchange_begin(&p->exchange, &b, buf, cap);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &p->peer);
        len = auger_exchange_end(&p->exchange, &turn->credentials, now, &b);
    }
    return len;
}

/* --- what became of it ------------------------------------------------------------- */

/* Counted from when the request left: the server's clock began later. */
static void grant(struct auger_turn *turn, auger_time now, auger_time since,
                  struct auger_permission *p)
{
    p->expires_at = auger_time_add(since, LIFETIME);
    p->refresh_at = p->expires_at - MARGIN;
    if (p->state == AUGER_PERMISSION_ACTIVE)
        return;
    p->state = AUGER_PERMISSION_ACTIVE;
    p->granted_news = true;
    auger_trace(turn->env, now, "turn:permitted", AUGER_F_ADDR("peer", &p->peer));
}

void auger_permission_extend(struct auger_turn *turn, auger_time now, auger_time since,
                             const struct auger_addr *peer)
{
    struct auger_permission *p = auger_permission_find(turn, peer);

    if (!p)
        return;
    auger_exchange_stop(&p->exchange);
    grant(turn, now, since, p);
}

/* One that stands outlives what may be mended until its time is over. */
static void refused(struct auger_turn *turn, auger_time now, struct auger_permission *p)
{
    enum auger_turn_error error = (enum auger_turn_error)p->exchange.error;

    p->code = p->exchange.code;
    p->error = (uint8_t)error;
    if (auger_turn_error_is_loss(error))
        auger_allocation_fail(turn, now, error, p->code);
    else if (p->state == AUGER_PERMISSION_ACTIVE && auger_exchange_may_ask_again(&p->exchange))
        p->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
    else
        lose(turn, now, p, error);
}

static void handle(struct auger_turn *turn, auger_time now, struct auger_permission *p,
                   enum auger_exchange_outcome outcome)
{
    switch (outcome) {
    case AUGER_EXCHANGE_PENDING:
        break;
    case AUGER_EXCHANGE_SUCCEEDED: /* 10.3 */
        grant(turn, now, p->exchange.tx.first_sent_at, p);
        break;
    case AUGER_EXCHANGE_FAILED:
        refused(turn, now, p);
        break;
    }
}

bool auger_permission_handle_response(struct auger_turn *turn, auger_time now,
                                      const struct auger_stun_msg *msg)
{
    for (size_t i = 0; i < turn->permissions.len; i++) {
        struct auger_permission *p = at(turn, i);
        if (!auger_exchange_matches(&p->exchange, msg))
            continue;
        handle(turn, now, p,
               auger_exchange_handle_response(&p->exchange, &turn->credentials, now, msg));
        return true;
    }
    return false;
}

/* --- time -------------------------------------------------------------------------- */

static void tick(struct auger_turn *turn, auger_time now, struct auger_permission *p)
{
    if (p->state == AUGER_PERMISSION_ACTIVE && now >= p->expires_at) {
        lose(turn, now, p, p->error ? (enum auger_turn_error)p->error : AUGER_TURN_ERROR_EXPIRED);
        return;
    }
    handle(turn, now, p, auger_exchange_handle_timeout(&p->exchange, now));
    renew(turn, now, p);
}

void auger_permission_handle_timeout(struct auger_turn *turn, auger_time now)
{
    for (size_t i = 0; i < turn->permissions.len && turn->state == AUGER_TURN_ALLOCATED; i++)
        tick(turn, now, at(turn, i));
}

auger_time auger_permission_next_timeout(const struct auger_turn *turn)
{
    auger_time next = AUGER_NEVER;

    for (size_t i = 0; i < turn->permissions.len; i++) {
        const struct auger_permission *p = at(turn, i);
        next = auger_time_min(next, auger_exchange_next_timeout(&p->exchange));
        if (p->state == AUGER_PERMISSION_ACTIVE)
            next = auger_time_min(next, p->expires_at);
        if (is_to_be_renewed(p))
            next = auger_time_min(next, p->refresh_at);
    }
    return next;
}

static bool tell(struct auger_permission *p, struct auger_turn_event *event)
{
    if (p->granted_news) {
        p->granted_news = false;
        event->type = AUGER_TURN_EVENT_PERMITTED;
        event->peer.error = AUGER_TURN_ERROR_NONE;
        event->peer.code = 0;
    } else if (p->state == AUGER_PERMISSION_GONE) {
        p->state = AUGER_PERMISSION_FREE;
        event->type = AUGER_TURN_EVENT_REFUSED;
        event->peer.error = (enum auger_turn_error)p->error;
        event->peer.code = p->code;
    } else {
        return false;
    }
    event->peer.addr = p->peer;
    return true;
}

bool auger_permission_poll_event(struct auger_turn *turn, struct auger_turn_event *event)
{
    for (size_t i = 0; i < turn->permissions.len; i++)
        if (tell(at(turn, i), event))
            return true;
    return false;
}
