/* turn/connection.c - connections to peers by TCP: Connect, ConnectionAttempt and ConnectionBind
 * of RFC 6062. */
#include "turn/connection.h"

#include "base/addr.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/allocation.h"
#include "turn/error.h"
#include "turn/permission.h"

/* 5.2, 5.3: as long as the server keeps what nobody fetches. */
#define FETCH_TIME (30 * AUGER_SEC)
#define CONNECT_PAUSE (10 * AUGER_SEC) /* 4.3, after a 447 */

static struct auger_connection *at(const struct auger_turn *turn, size_t index)
{
    return auger_pool_at(&turn->connections, index);
}

/* --- the table -------------------------------------------------------------------------- */

static bool has_number(const struct auger_connection *c)
{
    return c->state == AUGER_CONNECTION_OFFERED || c->state == AUGER_CONNECTION_BINDING ||
           c->state == AUGER_CONNECTION_BOUND;
}

struct auger_connection *auger_connection_find(const struct auger_turn *turn, uint32_t number)
{
    for (size_t i = 0; i < turn->connections.len; i++)
        if (has_number(at(turn, i)) && at(turn, i)->number == number)
            return at(turn, i);
    return NULL;
}

static struct auger_connection *find_peer(const struct auger_turn *turn,
                                          const struct auger_addr *peer)
{
    for (size_t i = 0; i < turn->connections.len; i++)
        if (at(turn, i)->state != AUGER_CONNECTION_FREE &&
            auger_addr_equal(&at(turn, i)->peer, peer))
            return at(turn, i);
    return NULL;
}

/* What rests after a 447 gives way where there is no other room. */
static struct auger_connection *find_free(const struct auger_turn *turn)
{
    struct auger_connection *resting = NULL;

    for (size_t i = 0; i < turn->connections.len; i++) {
        struct auger_connection *c = at(turn, i);
        if (c->state == AUGER_CONNECTION_FREE)
            return c;
        if (c->state == AUGER_CONNECTION_RESTING)
            resting = c;
    }
    return turn->connections.len == turn->connections.max ? resting : NULL;
}

static int take_slot(struct auger_turn *turn, struct auger_connection **out)
{
    *out = find_free(turn);
    if (*out)
        return 0;
    if (turn->connections.len == turn->connections.max)
        return AUGER_ERR_LIMIT;
    if (!auger_pool_grow(&turn->connections, turn->env))
        return AUGER_ERR_NO_MEMORY;
    *out = find_free(turn);
    return 0;
}

static void set_state(struct auger_turn *turn, auger_time now, struct auger_connection *c,
                      enum auger_connection_state to, const char *reason)
{
    static const char *const names[] = {
        [AUGER_CONNECTION_FREE] = "forgotten",  [AUGER_CONNECTION_CONNECTING] = "connecting",
        [AUGER_CONNECTION_OFFERED] = "offered", [AUGER_CONNECTION_BINDING] = "binding",
        [AUGER_CONNECTION_BOUND] = "bound",     [AUGER_CONNECTION_FAILED] = "failed",
        [AUGER_CONNECTION_RESTING] = "resting",
    };

    c->state = (uint8_t)to;
    auger_trace(turn->env, now, "turn:connection", AUGER_F_ADDR("peer", &c->peer),
                AUGER_F_TEXT("state", names[to]), AUGER_F_INT("code", c->code),
                AUGER_F_TEXT("reason", reason));
}

/* Until that is told. */
static void fail(struct auger_turn *turn, auger_time now, struct auger_connection *c,
                 enum auger_turn_error error)
{
    auger_exchange_stop(&c->exchange);
    c->error = (uint8_t)error;
    c->news = false;
    c->until = auger_time_add(now, CONNECT_PAUSE);
    set_state(turn, now, c, AUGER_CONNECTION_FAILED, auger_turn_error_text(error));
}

/* The server has one, and keeps it for a while. */
static void offer(struct auger_turn *turn, auger_time now, auger_time since,
                  struct auger_connection *c, uint32_t number)
{
    c->number = number;
    c->until = auger_time_add(since, FETCH_TIME);
    c->news = true;
    set_state(turn, now, c, AUGER_CONNECTION_OFFERED, c->is_attempt ? "the peer came" : "reached");
}

void auger_connection_forget(struct auger_connection *c)
{
    *c = (struct auger_connection){0};
}

void auger_connection_clear(struct auger_turn *turn)
{
    for (size_t i = 0; i < turn->connections.len; i++)
        auger_connection_forget(at(turn, i));
}

/* --- Connect (4.3) ------------------------------------------------------------------------ */

static int check(const struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    if (!turn->is_tcp)
        return AUGER_ERR_STATE;
    if (peer->port == 0)
        return AUGER_ERR_INVALID;
    return auger_permission_check_peer(turn, now, peer);
}

int auger_connection_add(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    struct auger_connection *c;

    int err = check(turn, now, peer);
    if (err < 0)
        return err;
    c = find_peer(turn, peer);
    if (c)
        return c->state == AUGER_CONNECTION_RESTING ? AUGER_ERR_AGAIN : AUGER_ERR_STATE;
    err = take_slot(turn, &c);
    if (err < 0)
        return err;
    struct auger_exchange ex = {0};
    err = auger_exchange_start(&ex, turn->env, now, AUGER_STUN_CONNECT, true);
    if (err < 0)
        return err;
    *c = (struct auger_connection){.exchange = ex, .peer = *peer};
    set_state(turn, now, c, AUGER_CONNECTION_CONNECTING, "asked to");
    return 0;
}

size_t auger_connection_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    for (size_t i = 0; i < turn->connections.len; i++) {
        struct auger_connection *c = at(turn, i);
        if (c->state != AUGER_CONNECTION_CONNECTING || !auger_exchange_is_due(&c->exchange, now))
            continue;
        auger_exchange_begin(&c->exchange, &b, buf, cap);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &c->peer);
        return auger_exchange_end(&c->exchange, &turn->credentials, now, &b);
    }
    return 0;
}

static void connected(struct auger_turn *turn, auger_time now, struct auger_connection *c,
                      const struct auger_stun_msg *msg)
{
    uint32_t number;

    if (!auger_stun_msg_u32(msg, AUGER_STUN_ATTR_CONNECTION_ID, &number) ||
        auger_connection_find(turn, number))
        fail(turn, now, c, AUGER_TURN_ERROR_MALFORMED);
    else
        offer(turn, now, now, c, number);
}

static void refused(struct auger_turn *turn, auger_time now, struct auger_connection *c)
{
    enum auger_turn_error error = (enum auger_turn_error)c->exchange.error;

    c->code = c->exchange.code;
    if (c->state == AUGER_CONNECTION_CONNECTING && auger_turn_error_is_loss(error))
        auger_allocation_fail(turn, now, error, c->code);
    else
        fail(turn, now, c, error);
}

bool auger_connection_handle_response(struct auger_turn *turn, auger_time now,
                                      const struct auger_stun_msg *msg)
{
    for (size_t i = 0; i < turn->connections.len; i++) {
        struct auger_connection *c = at(turn, i);
        if (c->state != AUGER_CONNECTION_CONNECTING || !auger_exchange_matches(&c->exchange, msg))
            continue;
        enum auger_exchange_outcome outcome =
            auger_exchange_handle_response(&c->exchange, &turn->credentials, now, msg);
        if (outcome == AUGER_EXCHANGE_SUCCEEDED)
            connected(turn, now, c, msg);
        else if (outcome == AUGER_EXCHANGE_FAILED)
            refused(turn, now, c);
        return true;
    }
    return false;
}

/* --- ConnectionAttempt (4.4) --------------------------------------------------------------- */

static void drop(struct auger_turn *turn, auger_time now, const char *reason)
{
    auger_trace(turn->env, now, "turn:data_dropped", AUGER_F_TEXT("reason", reason));
}

/* One for which there is no room is let go by the server after its time. */
void auger_connection_take_attempt(struct auger_turn *turn, auger_time now,
                                   const struct auger_stun_msg *msg)
{
    struct auger_connection *c;
    struct auger_addr peer;
    uint32_t number;

    if (!turn->is_tcp || !auger_allocation_is_usable(turn, now))
        drop(turn, now, "no allocation");
    else if (msg->unknown_len > 0 ||
             !auger_stun_msg_u32(msg, AUGER_STUN_ATTR_CONNECTION_ID, &number) ||
             !auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer) ||
             auger_connection_find(turn, number))
        drop(turn, now, "malformed");
    else if (!auger_permission_is_active(auger_permission_find(turn, &peer), now))
        drop(turn, now, "no permission");
    else if (take_slot(turn, &c) < 0)
        drop(turn, now, "no room");
    else {
        peer.transport = AUGER_TCP;
        *c = (struct auger_connection){.peer = peer, .is_attempt = true};
        offer(turn, now, now, c, number);
    }
}

/* --- ConnectionBind (4.3, 4.4) -------------------------------------------------------------- */

int auger_connection_start_bind(struct auger_turn *turn, auger_time now, struct auger_connection *c)
{
    if (c->state != AUGER_CONNECTION_OFFERED)
        return AUGER_ERR_STATE;
    int err = auger_exchange_start(&c->exchange, turn->env, now, AUGER_STUN_CONNECTION_BIND, true);
    if (err < 0)
        return err;
    c->news = false;
    set_state(turn, now, c, AUGER_CONNECTION_BINDING, "asked to");
    return 0;
}

size_t auger_connection_write_bind(struct auger_turn *turn, auger_time now,
                                   struct auger_connection *c, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    if (c->state != AUGER_CONNECTION_BINDING || !auger_exchange_is_due(&c->exchange, now))
        return 0;
    auger_exchange_begin(&c->exchange, &b, buf, cap);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_CONNECTION_ID, c->number);
    return auger_exchange_end(&c->exchange, &turn->credentials, now, &b);
}

bool auger_connection_handle_bind_response(struct auger_turn *turn, auger_time now,
                                           struct auger_connection *c,
                                           const struct auger_stun_msg *msg)
{
    if (c->state != AUGER_CONNECTION_BINDING || !auger_exchange_matches(&c->exchange, msg))
        return false;
    enum auger_exchange_outcome outcome =
        auger_exchange_handle_response(&c->exchange, &turn->credentials, now, msg);
    if (outcome == AUGER_EXCHANGE_SUCCEEDED) {
        c->news = true;
        set_state(turn, now, c, AUGER_CONNECTION_BOUND, "confirmed");
    } else if (outcome == AUGER_EXCHANGE_FAILED) {
        refused(turn, now, c);
    }
    return true;
}

/* --- time --------------------------------------------------------------------------------- */

static bool is_pausing(const struct auger_connection *c)
{
    return c->state == AUGER_CONNECTION_OFFERED || c->state == AUGER_CONNECTION_RESTING;
}

static void tick(struct auger_turn *turn, auger_time now, struct auger_connection *c)
{
    if (c->state == AUGER_CONNECTION_OFFERED && now >= c->until)
        fail(turn, now, c, AUGER_TURN_ERROR_EXPIRED);
    else if (c->state == AUGER_CONNECTION_RESTING && now >= c->until)
        auger_connection_forget(c);
    else if (auger_exchange_handle_timeout(&c->exchange, now) == AUGER_EXCHANGE_FAILED)
        refused(turn, now, c);
}

void auger_connection_handle_timeout(struct auger_turn *turn, auger_time now)
{
    for (size_t i = 0; i < turn->connections.len && turn->state == AUGER_TURN_ALLOCATED; i++)
        tick(turn, now, at(turn, i));
}

auger_time auger_connection_next_timeout(const struct auger_turn *turn)
{
    auger_time next = AUGER_NEVER;

    for (size_t i = 0; i < turn->connections.len; i++) {
        const struct auger_connection *c = at(turn, i);
        next = auger_time_min(next, auger_exchange_next_timeout(&c->exchange));
        if (is_pausing(c))
            next = auger_time_min(next, c->until);
    }
    return next;
}

/* --- what is told -------------------------------------------------------------------------- */

static bool tell_news(struct auger_connection *c, struct auger_turn_event *event)
{
    if (!c->news)
        return false;
    c->news = false;
    event->type = c->state == AUGER_CONNECTION_BOUND ? AUGER_TURN_EVENT_BOUND
                  : c->is_attempt                    ? AUGER_TURN_EVENT_ATTEMPT
                                                     : AUGER_TURN_EVENT_CONNECTED;
    event->connection.number = c->number;
    event->connection.peer = c->peer;
    return true;
}

/* Who was not reached is not asked for again at once. */
static void tell_failure(struct auger_connection *c, struct auger_turn_event *event)
{
    event->type = AUGER_TURN_EVENT_NOT_CONNECTED;
    event->connection.number = c->number;
    event->connection.peer = c->peer;
    event->connection.error = (enum auger_turn_error)c->error;
    event->connection.code = c->code;
    if (c->error == AUGER_TURN_ERROR_CONNECTION_FAILURE)
        c->state = AUGER_CONNECTION_RESTING;
    else
        auger_connection_forget(c);
}

bool auger_connection_poll_event(struct auger_turn *turn, struct auger_turn_event *event)
{
    for (size_t i = 0; i < turn->connections.len; i++) {
        struct auger_connection *c = at(turn, i);
        if (tell_news(c, event))
            return true;
        if (c->state != AUGER_CONNECTION_FAILED)
            continue;
        tell_failure(c, event);
        return true;
    }
    return false;
}
