/* turn/server_allocation.c - an allocation's life and end. */
#include "turn/server_allocation.h"

#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/server_account.h"
#include "turn/server_answer.h"
#include "turn/server_connection.h"
#include "turn/server_door.h"
#include "turn/server_mobility.h"
#include "turn/server_news.h"
#include "turn/server_relay.h"

#include <string.h>

/* --- the beginning ------------------------------------------------------------------- */

/* Gives back what was taken if the rest cannot be had. */
static int take_places(struct auger_server_request *r, struct auger_server_allocation *a)
{
    struct auger_turn_server *server = r->server;
    int err = 0;

    if (a->user)
        auger_server_account_add(a->user);
    else
        err = auger_server_account_take_user(server, &r->proof, &a->user);
    if (err < 0)
        return err;
    err = auger_server_account_take_ip(server, &r->path->remote, &a->ip);
    if (err < 0)
        auger_server_account_give(server, a->user);
    return err;
}

int auger_server_allocation_new(struct auger_server_request *r, struct auger_server_account *user,
                                struct auger_server_allocation **out)
{
    struct auger_turn_server *server = r->server;
    struct auger_server_allocation *a = auger_env_alloc(server->env, 1, sizeof(*a));

    if (!a)
        return AUGER_ERR_NO_MEMORY;
    a->user = user;
    int err = take_places(r, a);
    if (err < 0) {
        auger_env_release(server->env, a);
        return err;
    }
    a->tid = r->msg->tid;
    a->door.allocation = a;
    auger_server_door_add(server, &a->door, r->path);
    server->allocations++;
    *out = a;
    return 0;
}

/* --- what it is granted -------------------------------------------------------------- */

static uint32_t until_credentials_end(const struct auger_server_request *r)
{
    const struct auger_turn_server *server = r->server;

    if (r->proof.expires_at_s == AUGER_USER_NEVER)
        return UINT32_MAX;
    int64_t wall_s = server->wall_s + (r->now - server->wall_at) / AUGER_SEC;
    int64_t left_s = r->proof.expires_at_s - wall_s;
    return left_s < 1 ? 1 : left_s < UINT32_MAX ? (uint32_t)left_s : UINT32_MAX;
}

uint32_t auger_server_allocation_lifetime(const struct auger_server_request *r)
{
    const struct auger_turn_server_config *config = &r->server->config;
    uint32_t lifetime_s = 0, left_s = until_credentials_end(r);

    auger_stun_msg_u32(r->msg, AUGER_STUN_ATTR_LIFETIME, &lifetime_s);
    if (lifetime_s > config->lifetime_max_s)
        lifetime_s = config->lifetime_max_s;
    if (lifetime_s < config->lifetime_s)
        lifetime_s = config->lifetime_s;
    return lifetime_s < left_s ? lifetime_s : left_s;
}

void auger_server_allocation_grant(struct auger_server_request *r,
                                   struct auger_server_allocation *a, uint32_t lifetime_s)
{
    struct auger_turn_server *server = r->server;

    a->made_at = r->now;
    a->granted_s = lifetime_s;
    if (r->proof.is_programs)
        a->kept = auger_prepared_key_hold(r->proof.prepared);
    for (size_t family = 0; family < 2; family++) {
        struct auger_server_relay *relay = a->relays[family];
        if (!relay)
            continue;
        relay->state = AUGER_SERVER_RELAY_LIVE;
        relay->allocation = a;
        a->ports[family] = relay->port;
        auger_server_timer_set(&server->timers, &relay->timer,
                               auger_time_add(r->now, lifetime_s * AUGER_SEC));
    }
    server->stats.allocations++;
    server->stats.allocations_made++;
    auger_server_news_made(server, a);
    auger_trace(
        server->env, r->now, "turn:server_allocated", AUGER_F_ADDR("client", &r->path->remote),
        AUGER_F_INT("port", a->ports[0] ? a->ports[0] : a->ports[1]),
        AUGER_F_INT("lifetime_s", lifetime_s), AUGER_F_INT("missing_code", a->missing_code));
    auger_server_allocation_answer(r, a);
}

/* 18.12: family, and the code as in ERROR-CODE; the phrase may be empty. */
static void add_missing(struct auger_stun_builder *b, const struct auger_server_allocation *a)
{
    const uint8_t value[4] = {a->relays[0] ? 2 : 1, 0, (uint8_t)(a->missing_code / 100),
                              (uint8_t)(a->missing_code % 100)};

    if (a->missing_code)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_ADDRESS_ERROR_CODE, value, sizeof(value));
}

void auger_server_allocation_answer(struct auger_server_request *r,
                                    const struct auger_server_allocation *a)
{
    struct auger_stun_builder b;
    auger_time left = 0;

    auger_server_begin(r, AUGER_STUN_SUCCESS, &b);
    for (size_t family = 0; family < 2; family++) {
        if (!a->relays[family])
            continue;
        struct auger_addr told =
            auger_server_relay_told(r->server, family, a->relays[family]->port);
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &told);
        left = auger_time_max(left, a->relays[family]->timer.at - r->now);
    }
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, (uint32_t)(left / AUGER_SEC));
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &r->path->remote);
    if (a->token)
        auger_stun_build_u64(&b, AUGER_STUN_ATTR_RESERVATION_TOKEN, a->token);
    add_missing(&b, a);
    auger_server_mobility_add_ticket(a, &b);
    auger_server_end(r, &b);
}

bool auger_server_allocation_is_there(struct auger_server_request *r)
{
    if (!r->allocation || r->allocation->opening)
        auger_server_refuse(r, AUGER_STUN_ALLOCATION_MISMATCH);
    else if (!auger_server_account_is(r->allocation->user, r->proof.username))
        auger_server_refuse(r, AUGER_STUN_WRONG_CREDENTIALS);
    else
        return true;
    return false;
}

/* --- the end ------------------------------------------------------------------------- */

static const char *end_text(enum auger_turn_server_end why)
{
    switch (why) {
    case AUGER_TURN_SERVER_END_NONE:
        break;
    case AUGER_TURN_SERVER_END_RELEASED:
        return "released";
    case AUGER_TURN_SERVER_END_EXPIRED:
        return "expired";
    case AUGER_TURN_SERVER_END_STREAM:
        return "stream closed";
    case AUGER_TURN_SERVER_END_CLOSED:
        return "server closed";
    }
    return "";
}

static void end_opening(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    struct auger_server_opening *opening = a->opening;

    if (!opening)
        return;
    if (opening->sibling)
        auger_server_relay_close(server, opening->sibling);
    if (opening->place)
        auger_server_account_give(server, opening->place);
    auger_proof_fini(&opening->proof);
    auger_server_timer_stop(&server->timers, &opening->timer);
    auger_server_heap_remove(&server->timers);
    auger_env_release(server->env, opening);
    a->opening = NULL;
}

/* 8.1: what it had with peers of that family ends with a relay. */
static void forget_peers(struct auger_server_allocation *a, size_t family)
{
    uint8_t gone = family == 0 ? AUGER_IPV4 : AUGER_IPV6;

    for (size_t i = 0; i < a->permissions_len; i++)
        if (a->permissions[i].family == gone)
            a->permissions[i].expires_at = 0;
    for (size_t i = 0; i < a->channels_len; i++)
        if (a->channels[i].peer.family == gone)
            a->channels[i].expires_at = 0;
}

void auger_server_allocation_end_relay(struct auger_turn_server *server, auger_time now,
                                       struct auger_server_allocation *a, size_t family,
                                       enum auger_turn_server_end why)
{
    if (!a->relays[!family]) {
        auger_server_allocation_end(server, now, a, why);
        return;
    }
    auger_server_relay_close(server, a->relays[family]);
    a->relays[family] = NULL;
    auger_server_connection_close_family(server, now, a, family);
    forget_peers(a, family);
}

static void tell_end(struct auger_turn_server *server, auger_time now,
                     struct auger_server_allocation *a, enum auger_turn_server_end why)
{
    server->stats.allocations--;
    a->made_at = now - a->made_at;
    a->end = (uint8_t)why;
    auger_trace(server->env, now, "turn:server_ended", AUGER_F_ADDR("client", &a->door.path.remote),
                AUGER_F_TEXT("reason", end_text(why)),
                AUGER_F_INT("bytes_to_peers", a->bytes_to_peers),
                AUGER_F_INT("bytes_to_client", a->bytes_to_client));
    auger_server_news_ended(server, a);
}

void auger_server_allocation_end(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_allocation *a, enum auger_turn_server_end why)
{
    auger_server_mobility_end(server, a);
    auger_server_connection_close_all(server, now, a);
    auger_server_door_remove(server, &a->door);
    end_opening(server, a);
    for (size_t family = 0; family < 2; family++)
        if (a->relays[family])
            auger_server_relay_close(server, a->relays[family]);
    a->relays[0] = a->relays[1] = NULL;
    auger_prepared_key_let_go(a->kept);
    a->kept = NULL;
    auger_env_release(server->env, a->permissions);
    auger_env_release(server->env, a->channels);
    a->permissions = NULL;
    a->channels = NULL;
    a->permissions_len = a->channels_len = 0;
    server->allocations--;
    auger_server_account_give(server, a->ip);
    auger_server_account_hold(a->user);
    auger_server_account_give(server, a->user);
    if (a->granted_s > 0) {
        tell_end(server, now, a, why);
        return;
    }
    auger_server_account_let_go(server, a->user);
    auger_env_release(server->env, a);
}
