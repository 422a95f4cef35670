/* turn/channel.c - binding channels and keeping them bound: RFC 8656 section 12. */
#include "turn/channel.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/allocation.h"
#include "turn/chandata.h"
#include "turn/error.h"
#include "turn/permission.h"

#define LIFETIME (600 * AUGER_SEC) /* 12 */
#define MARGIN (60 * AUGER_SEC)
#define REST (300 * AUGER_SEC) /* 12: behind its end, before anything else is bound */

static struct auger_channel *at(const struct auger_turn *turn, size_t index)
{
    return auger_pool_at(&turn->channels, index);
}

static struct auger_channel *find(const struct auger_turn *turn, const struct auger_addr *peer)
{
    for (size_t i = 0; i < turn->channels.len; i++)
        if (at(turn, i)->state != AUGER_CHANNEL_FREE && auger_addr_equal(&at(turn, i)->peer, peer))
            return at(turn, i);
    return NULL;
}

uint16_t auger_channel_number(const struct auger_turn *turn, auger_time now,
                              const struct auger_addr *peer)
{
    const struct auger_channel *channel = find(turn, peer);

    return channel && channel->state == AUGER_CHANNEL_BOUND && now < channel->expires_at
               ? channel->number
               : 0;
}

/* The server may have bound it, whatever has become of its answer: then all that the peer sends
 * comes by it.  A number is never of two peers, so it can be nobody else's. */
static bool may_hear(const struct auger_channel *channel, auger_time now)
{
    switch ((enum auger_channel_state)channel->state) {
    case AUGER_CHANNEL_FREE:
        break;
    case AUGER_CHANNEL_BINDING:
        return channel->was_asked;
    case AUGER_CHANNEL_BOUND:
        return now < channel->expires_at;
    case AUGER_CHANNEL_RESTING:
        return channel->was_asked && now < channel->expires_at - REST;
    }
    return false;
}

const struct auger_addr *auger_channel_peer(const struct auger_turn *turn, auger_time now,
                                            uint16_t number)
{
    for (size_t i = 0; i < turn->channels.len; i++)
        if (at(turn, i)->number == number && may_hear(at(turn, i), now))
            return &at(turn, i)->peer;
    return NULL;
}

/* --- asking for one ---------------------------------------------------------------- */

static struct auger_channel *find_free(const struct auger_turn *turn)
{
    for (size_t i = 0; i < turn->channels.len; i++)
        if (at(turn, i)->state == AUGER_CHANNEL_FREE)
            return at(turn, i);
    return NULL;
}

/* Numbers go up alone: none is ever of two peers, whatever the server believes. */
static int take_slot(struct auger_turn *turn, struct auger_channel **out)
{
    *out = find_free(turn);
    if (turn->next_channel > AUGER_CHANNEL_LAST ||
        (!*out && turn->channels.len == turn->channels.max))
        return AUGER_ERR_LIMIT;
    if (!*out && !auger_pool_grow(&turn->channels, turn->env))
        return AUGER_ERR_NO_MEMORY;
    *out = find_free(turn);
    return 0;
}

static int ask(struct auger_turn *turn, auger_time now, struct auger_channel *channel)
{
    return auger_exchange_start(&channel->exchange, turn->env, now, AUGER_STUN_CHANNEL_BIND,
                                auger_turn_is_stream(turn));
}

static bool is_to_be_renewed(const struct auger_channel *channel)
{
    return channel->state == AUGER_CHANNEL_BOUND && channel->is_kept &&
           !channel->exchange.is_running;
}

/* If it is time. */
static void renew(struct auger_turn *turn, auger_time now, struct auger_channel *channel)
{
    if (is_to_be_renewed(channel) && now >= channel->refresh_at && ask(turn, now, channel) < 0)
        channel->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
}

static int bind_anew(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    struct auger_channel *channel;

    int err = take_slot(turn, &channel);
    if (err == 0)
        err = ask(turn, now, channel);
    if (err < 0)
        return err;
    channel->peer = *peer;
    channel->number = turn->next_channel++;
    channel->state = AUGER_CHANNEL_BINDING;
    channel->is_kept = true;
    channel->was_asked = channel->bound_news = channel->refused_news = false;
    return 0;
}

int auger_channel_add(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    struct auger_channel *channel = find(turn, peer);

    if (!channel)
        return bind_anew(turn, now, peer);
    if (channel->state == AUGER_CHANNEL_RESTING) { /* the same pair may be bound at any time */
        int err = ask(turn, now, channel);
        if (err < 0)
            return err;
        channel->state = AUGER_CHANNEL_BINDING;
        channel->refused_news = false;
    }
    channel->is_kept = true;
    renew(turn, now, channel); /* one that was let go has not been meanwhile */
    return 0;
}

void auger_channel_forget(struct auger_turn *turn, const struct auger_addr *peer)
{
    for (size_t i = 0; i < turn->channels.len; i++)
        if (auger_addr_ip_equal(&at(turn, i)->peer, peer))
            at(turn, i)->is_kept = false;
}

void auger_channel_clear(struct auger_turn *turn)
{
    for (size_t i = 0; i < turn->channels.len; i++)
        *at(turn, i) = (struct auger_channel){0};
}

/* 12.1 */
size_t auger_channel_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;
    size_t len = 0;

    for (size_t i = 0; len == 0 && i < turn->channels.len; i++) {
        struct auger_channel *channel = at(turn, i);
        if (!auger_exchange_is_due(&channel->exchange, now))
            continue;
        auger_exchange_begin(&channel->exchange, &b, buf, cap);
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CHANNEL_NUMBER, (uint32_t)channel->number << 16);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &channel->peer);
        len = auger_exchange_end(&channel->exchange, &turn->credentials, now, &b);
        channel->was_asked |= len > 0;
    }
    return len;
}

/* --- what became of it ------------------------------------------------------------- */

/* 12.3 */
static void bound(struct auger_turn *turn, auger_time now, struct auger_channel *channel)
{
    auger_time since = channel->exchange.tx.first_sent_at;

    channel->expires_at = auger_time_add(since, LIFETIME);
    channel->refresh_at = channel->expires_at - MARGIN;
    auger_permission_extend(turn, now, since, &channel->peer);
    if (channel->state == AUGER_CHANNEL_BOUND)
        return;
    channel->state = AUGER_CHANNEL_BOUND;
    channel->bound_news = true;
    auger_trace(turn->env, now, "turn:channel_bound", AUGER_F_ADDR("peer", &channel->peer),
                AUGER_F_INT("number", channel->number));
}

/* The server may believe that it is bound until `until`, and then wants its rest. */
static void rest(struct auger_turn *turn, auger_time now, struct auger_channel *channel,
                 auger_time until, enum auger_turn_error error)
{
    auger_exchange_stop(&channel->exchange);
    channel->state = AUGER_CHANNEL_RESTING;
    channel->expires_at = auger_time_add(until, REST);
    channel->error = (uint8_t)error;
    channel->bound_news = false;
    channel->refused_news = true;
    auger_trace(turn->env, now, "turn:channel_refused", AUGER_F_ADDR("peer", &channel->peer),
                AUGER_F_INT("number", channel->number), AUGER_F_INT("code", channel->code),
                AUGER_F_TEXT("reason", auger_turn_error_text(error)));
}

/* 12.3: after 400 the server and we differ about what is bound, and nothing mends that but to
 * start afresh. */
static void refused(struct auger_turn *turn, auger_time now, struct auger_channel *channel)
{
    enum auger_turn_error error = (enum auger_turn_error)channel->exchange.error;

    channel->code = channel->exchange.code;
    if (auger_turn_error_is_loss(error) || error == AUGER_TURN_ERROR_BAD_REQUEST)
        auger_allocation_fail(turn, now, error, channel->code);
    else if (channel->state == AUGER_CHANNEL_BOUND &&
             auger_exchange_may_ask_again(&channel->exchange))
        channel->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
    else
        rest(turn, now, channel, auger_time_add(now, LIFETIME), error);
}

static void handle(struct auger_turn *turn, auger_time now, struct auger_channel *channel,
                   enum auger_exchange_outcome outcome)
{
    switch (outcome) {
    case AUGER_EXCHANGE_PENDING:
        break;
    case AUGER_EXCHANGE_SUCCEEDED:
        bound(turn, now, channel);
        break;
    case AUGER_EXCHANGE_FAILED:
        refused(turn, now, channel);
        break;
    }
}

bool auger_channel_handle_response(struct auger_turn *turn, auger_time now,
                                   const struct auger_stun_msg *msg)
{
    for (size_t i = 0; i < turn->channels.len; i++) {
        struct auger_channel *channel = at(turn, i);
        if (!auger_exchange_matches(&channel->exchange, msg))
            continue;
        handle(turn, now, channel,
               auger_exchange_handle_response(&channel->exchange, &turn->credentials, now, msg));
        return true;
    }
    return false;
}

/* --- time -------------------------------------------------------------------------- */

static bool has_an_end(const struct auger_channel *channel)
{
    return channel->state == AUGER_CHANNEL_BOUND || channel->state == AUGER_CHANNEL_RESTING;
}

static void tick(struct auger_turn *turn, auger_time now, struct auger_channel *channel)
{
    if (channel->state == AUGER_CHANNEL_BOUND && now >= channel->expires_at)
        rest(turn, now, channel, channel->expires_at, AUGER_TURN_ERROR_EXPIRED);
    else if (channel->state == AUGER_CHANNEL_RESTING && now >= channel->expires_at &&
             !channel->refused_news)
        channel->state = AUGER_CHANNEL_FREE;
    handle(turn, now, channel, auger_exchange_handle_timeout(&channel->exchange, now));
    renew(turn, now, channel);
}

void auger_channel_handle_timeout(struct auger_turn *turn, auger_time now)
{
    for (size_t i = 0; i < turn->channels.len && turn->state == AUGER_TURN_ALLOCATED; i++)
        tick(turn, now, at(turn, i));
}

auger_time auger_channel_next_timeout(const struct auger_turn *turn)
{
    auger_time next = AUGER_NEVER;

    for (size_t i = 0; i < turn->channels.len; i++) {
        const struct auger_channel *channel = at(turn, i);
        next = auger_time_min(next, auger_exchange_next_timeout(&channel->exchange));
        if (has_an_end(channel) && !channel->refused_news)
            next = auger_time_min(next, channel->expires_at);
        if (is_to_be_renewed(channel))
            next = auger_time_min(next, channel->refresh_at);
    }
    return next;
}

bool auger_channel_poll_event(struct auger_turn *turn, struct auger_turn_event *event)
{
    for (size_t i = 0; i < turn->channels.len; i++) {
        struct auger_channel *channel = at(turn, i);
        if (!channel->bound_news && !channel->refused_news)
            continue;
        event->type =
            channel->bound_news ? AUGER_TURN_EVENT_CHANNEL_BOUND : AUGER_TURN_EVENT_CHANNEL_REFUSED;
        event->peer.addr = channel->peer;
        event->peer.error =
            channel->bound_news ? AUGER_TURN_ERROR_NONE : (enum auger_turn_error)channel->error;
        event->peer.code = channel->bound_news ? 0 : channel->code;
        channel->bound_news = channel->refused_news = false;
        return true;
    }
    return false;
}
