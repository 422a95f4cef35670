/* turn/server_connection.c - the life of a connection to a peer. */
#include "turn/server_connection.h"

#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/server_account.h"
#include "turn/server_door.h"
#include "turn/server_member.h"

#include <assert.h>

#define NUMBER_TRIES 4

static struct auger_server_connection *of_node(struct auger_table_node *node)
{
    return (
        struct auger_server_connection *)(void *)((uint8_t *)node -
                                                  offsetof(struct auger_server_connection, node));
}

/* The number is drawn at random, so that it is its own hash. */
static struct auger_server_connection *look_up(struct auger_turn_server *server, uint32_t number)
{
    struct auger_table_node *node = auger_table_first(&server->connections, number);

    return node ? of_node(node) : NULL;
}

struct auger_server_connection *auger_server_connection_find(struct auger_turn_server *server,
                                                             uint32_t number)
{
    struct auger_server_connection *c = look_up(server, number);

    return c && c->allocation ? c : NULL;
}

static const char *state_text(const struct auger_server_connection *c)
{
    switch ((enum auger_server_connection_state)c->state) {
    case AUGER_SERVER_CONNECTION_CONNECTING:
        return "connecting";
    case AUGER_SERVER_CONNECTION_WAITING:
        return "waiting";
    case AUGER_SERVER_CONNECTION_BOUND:
        return "bound";
    case AUGER_SERVER_CONNECTION_CLOSING:
        break;
    }
    return "closed";
}

static void set_state(struct auger_turn_server *server, auger_time now,
                      struct auger_server_connection *c, enum auger_server_connection_state state,
                      const char *reason)
{
    assert(c->state != AUGER_SERVER_CONNECTION_CLOSING);
    server->stats.connections -= c->state == AUGER_SERVER_CONNECTION_BOUND;
    server->stats.connections += state == AUGER_SERVER_CONNECTION_BOUND;
    c->state = (uint8_t)state;
    auger_trace(server->env, now, "turn:server_connection",
                AUGER_F_ADDR("client", &c->allocation->door.path.remote),
                AUGER_F_ADDR("peer", &c->peer), AUGER_F_TEXT("state", state_text(c)),
                AUGER_F_TEXT("reason", reason));
}

/* --- the beginning --------------------------------------------------------------------- */

/* Nobody who has not been told it can come with it in its 30 seconds. */
static int draw_number(struct auger_turn_server *server, uint32_t *number)
{
    for (int i = 0; i < NUMBER_TRIES; i++) {
        int err = auger_env_random(server->env, number, sizeof(*number));
        if (err < 0)
            return err;
        *number = auger_server_member_sign(server, *number);
        if (*number != 0 && !look_up(server, *number))
            return 0;
    }
    return AUGER_ERR_ENTROPY;
}

static bool has_one_to(const struct auger_server_allocation *a, const struct auger_addr *peer)
{
    for (const struct auger_server_connection *c = a->connections; c; c = c->next)
        if (auger_addr_ip_equal(&c->peer, peer) && c->peer.port == peer->port)
            return true;
    return false;
}

static size_t count_attempts(const struct auger_server_allocation *a)
{
    size_t count = 0;

    for (const struct auger_server_connection *c = a->connections; c; c = c->next)
        count += c->is_attempt && c->state == AUGER_SERVER_CONNECTION_WAITING;
    return count;
}

static uint16_t judge_room(const struct auger_turn_server *server,
                           const struct auger_server_allocation *a, bool is_attempt)
{
    const struct auger_turn_server_config *config = &server->config;

    if (a->connections_len >= config->allocation_connections_max ||
        server->stats.connections_open >= config->connections_max ||
        (is_attempt && count_attempts(a) >= AUGER_SERVER_ATTEMPTS_MAX))
        return AUGER_STUN_INSUFFICIENT_CAPACITY;
    return a->user->connections < config->user_connections_max
               ? 0
               : AUGER_STUN_ALLOCATION_QUOTA_REACHED;
}

static struct auger_server_connection *add(struct auger_turn_server *server,
                                           struct auger_server_allocation *a, uint32_t number)
{
    struct auger_server_connection *c = auger_env_alloc(server->env, 1, sizeof(*c));

    if (!c || !auger_server_heap_add(&server->timers, server->env)) {
        auger_env_release(server->env, c);
        return NULL;
    }
    c->timer.kind = AUGER_SERVER_TIMER_CONNECTION;
    c->number = number;
    c->node.hash = number;
    auger_table_add(&server->connections, &c->node);
    c->allocation = a;
    c->next = a->connections;
    a->connections = c;
    a->connections_len++;
    a->user->connections++;
    server->stats.connections_open++;
    return c;
}

uint16_t auger_server_connection_new(struct auger_turn_server *server, auger_time now,
                                     struct auger_server_allocation *a,
                                     const struct auger_addr *peer, bool is_attempt,
                                     struct auger_server_connection **out)
{
    uint32_t number;

    if (has_one_to(a, peer))
        return AUGER_STUN_CONNECTION_EXISTS;
    uint16_t code = judge_room(server, a, is_attempt);
    if (code)
        return code;
    if (draw_number(server, &number) < 0)
        return AUGER_STUN_SERVER_ERROR;
    struct auger_server_connection *c = add(server, a, number);
    if (!c)
        return AUGER_STUN_INSUFFICIENT_CAPACITY;
    c->peer = *peer;
    c->is_attempt = is_attempt;
    *out = c;
    if (is_attempt) {
        auger_server_connection_await(server, now, c);
        return 0;
    }
    set_state(server, now, c, AUGER_SERVER_CONNECTION_CONNECTING, "");
    auger_server_timer_set(&server->timers, &c->timer,
                           auger_time_add(now, AUGER_SERVER_CONNECT_TIME));
    return 0;
}

void auger_server_connection_await(struct auger_turn_server *server, auger_time now,
                                   struct auger_server_connection *c)
{
    auger_proof_fini(&c->proof);
    set_state(server, now, c, AUGER_SERVER_CONNECTION_WAITING, "");
    auger_server_timer_set(&server->timers, &c->timer, auger_time_add(now, AUGER_SERVER_BIND_TIME));
}

void auger_server_connection_bind(struct auger_turn_server *server, auger_time now,
                                  struct auger_server_connection *c, const struct auger_path *path)
{
    auger_server_timer_stop(&server->timers, &c->timer);
    c->door.allocation = c->allocation;
    c->door.connection = c;
    auger_server_door_add(server, &c->door, path);
    set_state(server, now, c, AUGER_SERVER_CONNECTION_BOUND, "");
    server->stats.connections_made++;
}

/* --- the end --------------------------------------------------------------------------- */

/* It is its allocation's and its user's no more. */
static void leave(struct auger_turn_server *server, auger_time now,
                  struct auger_server_connection *c, const char *reason)
{
    struct auger_server_allocation *a = c->allocation;
    struct auger_server_connection **at = &a->connections;

    if (c->state == AUGER_SERVER_CONNECTION_BOUND)
        auger_server_door_remove(server, &c->door);
    set_state(server, now, c, AUGER_SERVER_CONNECTION_CLOSING, reason);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    a->connections_len--;
    a->user->connections--;
    server->stats.connections_open--;
    c->allocation = NULL;
    auger_proof_fini(&c->proof);
    auger_server_timer_stop(&server->timers, &c->timer);
    auger_server_heap_remove(&server->timers);
}

static void release(struct auger_turn_server *server, struct auger_server_connection *c)
{
    auger_table_remove(&server->connections, &c->node);
    auger_env_release(server->env, c);
}

void auger_server_connection_close(struct auger_turn_server *server, auger_time now,
                                   struct auger_server_connection *c, const char *reason)
{
    leave(server, now, c, reason);
    c->next = server->closing_connections;
    server->closing_connections = c;
}

void auger_server_connection_drop(struct auger_turn_server *server, auger_time now,
                                  struct auger_server_connection *c, const char *reason)
{
    leave(server, now, c, reason);
    release(server, c);
}

void auger_server_connection_close_all(struct auger_turn_server *server, auger_time now,
                                       struct auger_server_allocation *a)
{
    while (a->connections)
        auger_server_connection_close(server, now, a->connections, "no allocation");
}

void auger_server_connection_close_family(struct auger_turn_server *server, auger_time now,
                                          struct auger_server_allocation *a, size_t family)
{
    for (struct auger_server_connection *c = a->connections, *next; c; c = next) {
        next = c->next;
        if (auger_server_family(&c->peer) == family)
            auger_server_connection_close(server, now, c, "no allocation");
    }
}

bool auger_server_connection_take_closed(struct auger_turn_server *server, uint32_t *number)
{
    struct auger_server_connection *c = server->closing_connections;

    if (!c)
        return false;
    server->closing_connections = c->next;
    *number = c->number;
    release(server, c);
    return true;
}

void auger_server_connection_handle_timeout(struct auger_turn_server *server, auger_time now,
                                            struct auger_server_timer *timer)
{
    auger_server_connection_close(server, now, (struct auger_server_connection *)(void *)timer,
                                  "timed out");
}

/* --- what goes along it ---------------------------------------------------------------- */

/* The rules are asked for each piece, so that one that comes later is in force at once. */
auger_time auger_server_connection_carry(struct auger_turn_server *server, auger_time now,
                                         struct auger_server_connection *c, bool to_peer,
                                         size_t len)
{
    struct auger_server_allocation *a = c->allocation;

    if (auger_peer_policy_judge_heard(server->policy, &c->peer) != AUGER_PEER_PERMITTED) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_DENIED);
        auger_server_connection_close(server, now, c, "denied");
        return AUGER_NEVER;
    }
    if (to_peer) {
        a->bytes_to_peers += len;
        server->stats.bytes_to_peers += len;
    } else {
        a->bytes_to_client += len;
        server->stats.bytes_to_clients += len;
    }
    return auger_server_account_slow_down(server, now, a, len);
}
