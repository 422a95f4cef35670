/* turn/server_relay.c - relayed transport addresses, and reservations of them. */
#include "turn/server_relay.h"

#include "base/env.h"
#include "base/time.h"
#include "turn/held_ports.h"
#include "turn/server_account.h"

#include <assert.h>
#include <string.h>

#define INDEX AUGER_TURN_SERVER_RELAY_INDEX

/* --- slots ------------------------------------------------------------------------- */

static bool grow(struct auger_turn_server *server)
{
    uint32_t cap = server->relays_cap ? 2 * server->relays_cap : 8;
    struct auger_server_relay **relays =
        auger_env_alloc(server->env, cap, sizeof(struct auger_server_relay *));

    if (!relays)
        return false;
    if (server->relays)
        memcpy(relays, server->relays, server->relays_len * sizeof(struct auger_server_relay *));
    auger_env_release(server->env, server->relays);
    server->relays = relays;
    server->relays_cap = cap;
    return true;
}

/* As many as there are ports at most, which is below AUGER_TURN_SERVER_RELAY_INDEX. */
static struct auger_server_relay *add_slot(struct auger_turn_server *server)
{
    if (server->relays_len == server->relays_cap && !grow(server))
        return NULL;
    struct auger_server_relay *relay = auger_env_alloc(server->env, 1, sizeof(*relay));
    if (!relay)
        return NULL;
    if (!auger_server_heap_add(&server->timers, server->env)) {
        auger_env_release(server->env, relay);
        return NULL;
    }
    relay->timer.kind = AUGER_SERVER_TIMER_RELAY;
    relay->number = server->relays_len;
    server->relays[server->relays_len++] = relay;
    return relay;
}

/* What is behind the index counts how often the slot was taken, so that a number from before
 * is not taken for this one. */
static struct auger_server_relay *take_slot(struct auger_turn_server *server)
{
    struct auger_server_relay *relay = server->free_relays;

    if (!relay)
        relay = add_slot(server);
    else
        server->free_relays = relay->next;
    if (!relay)
        return NULL;
    relay->number += INDEX + 1;
    relay->state = AUGER_SERVER_RELAY_OPENING;
    relay->next = NULL;
    relay->is_asked = relay->is_tcp = relay->is_heard = false;
    server->stats.relays++;
    return relay;
}

static void free_slot(struct auger_turn_server *server, struct auger_server_relay *relay)
{
    auger_server_ports_give(&server->relay_ips[relay->family].ports, relay->port);
    relay->state = AUGER_SERVER_RELAY_FREE;
    relay->allocation = NULL;
    relay->next = server->free_relays;
    server->free_relays = relay;
    server->stats.relays--;
}

struct auger_server_relay *auger_server_relay_find(const struct auger_turn_server *server,
                                                   uint32_t number)
{
    if ((number & INDEX) >= server->relays_len)
        return NULL;
    struct auger_server_relay *relay = server->relays[number & INDEX];
    return relay->number == number && relay->state != AUGER_SERVER_RELAY_FREE ? relay : NULL;
}

/* --- opening and closing ------------------------------------------------------------ */

int auger_server_relay_new(struct auger_turn_server *server, size_t family,
                           enum auger_server_port_kind kind, struct auger_server_relay **out)
{
    struct auger_server_ports *ports = &server->relay_ips[family].ports;
    uint16_t port;

    int err = auger_server_ports_draw(ports, server->env, kind, &port);
    if (err < 0)
        return err;
    struct auger_server_relay *relay = take_slot(server);
    if (!relay) {
        auger_server_ports_give(ports, port);
        return AUGER_ERR_NO_MEMORY;
    }
    relay->family = (uint8_t)family;
    relay->port = port;
    *out = relay;
    return 0;
}

int auger_server_relay_new_sibling(struct auger_turn_server *server,
                                   const struct auger_server_relay *first,
                                   struct auger_server_relay **out)
{
    struct auger_server_relay *relay = take_slot(server);

    if (!relay)
        return AUGER_ERR_NO_MEMORY;
    relay->family = first->family;
    relay->port = (uint16_t)(first->port + 1);
    auger_server_ports_take(&server->relay_ips[relay->family].ports, relay->port);
    *out = relay;
    return 0;
}

int auger_server_relay_move(struct auger_turn_server *server, struct auger_server_relay *relay,
                            enum auger_server_port_kind kind)
{
    struct auger_server_ports *ports = &server->relay_ips[relay->family].ports;
    uint16_t port;

    int err = auger_server_ports_draw(ports, server->env, kind, &port);
    if (err < 0)
        return err;
    auger_server_ports_give(ports, relay->port);
    relay->port = port;
    relay->is_asked = false;
    return 0;
}

void auger_server_relay_hold(struct auger_turn_server *server, struct auger_server_relay *relay)
{
    const struct auger_addr at = auger_server_relay_bound(server, relay);

    relay->state = AUGER_SERVER_RELAY_OPEN;
    if (server->held)
        auger_turn_held_ports_add(server->held, &at);
}

/* Before its socket is closed, after which the port may be anybody's. */
static void let_go(struct auger_turn_server *server, const struct auger_server_relay *relay)
{
    const struct auger_addr at = auger_server_relay_bound(server, relay);

    if (server->held && relay->state != AUGER_SERVER_RELAY_OPENING)
        auger_turn_held_ports_remove(server->held, &at);
}

void auger_server_relay_drop(struct auger_turn_server *server, struct auger_server_relay *relay)
{
    auger_server_timer_stop(&server->timers, &relay->timer);
    free_slot(server, relay);
}

void auger_server_relay_close(struct auger_turn_server *server, struct auger_server_relay *relay)
{
    if (relay->state == AUGER_SERVER_RELAY_RESERVED)
        auger_server_account_give(server, auger_server_relay_redeem(server, relay));
    if (relay->state == AUGER_SERVER_RELAY_OPENING && !relay->is_asked) {
        auger_server_relay_drop(server, relay);
        return;
    }
    auger_server_timer_stop(&server->timers, &relay->timer);
    let_go(server, relay);
    relay->state = AUGER_SERVER_RELAY_CLOSING;
    relay->allocation = NULL;
    relay->next = NULL;
    if (server->closing_last)
        server->closing_last->next = relay;
    else
        server->closing_first = relay;
    server->closing_last = relay;
}

bool auger_server_relay_take_closed(struct auger_turn_server *server, uint32_t *number)
{
    struct auger_server_relay *relay = server->closing_first;

    if (!relay)
        return false;
    server->closing_first = relay->next;
    if (!relay->next)
        server->closing_last = NULL;
    *number = relay->number;
    free_slot(server, relay);
    return true;
}

struct auger_addr auger_server_relay_bound(const struct auger_turn_server *server,
                                           const struct auger_server_relay *relay)
{
    struct auger_addr addr = server->relay_ips[relay->family].ip;

    addr.transport = relay->is_tcp ? AUGER_TCP : AUGER_UDP;
    addr.port = relay->port;
    return addr;
}

struct auger_addr auger_server_relay_told(const struct auger_turn_server *server, size_t family,
                                          uint16_t port)
{
    struct auger_addr addr = server->relay_ips[family].told;

    addr.port = port;
    return addr;
}

/* --- reservations (7.2) ------------------------------------------------------------- */

void auger_server_relay_reserve(struct auger_turn_server *server, auger_time now,
                                struct auger_server_relay *relay, struct auger_server_account *user,
                                uint64_t token)
{
    relay->state = AUGER_SERVER_RELAY_RESERVED;
    relay->allocation = NULL;
    relay->user = user;
    relay->node.hash = token;
    auger_table_add(&server->reservations, &relay->node);
    auger_server_timer_set(&server->timers, &relay->timer,
                           auger_time_add(now, AUGER_SERVER_RESERVATION));
}

static struct auger_server_relay *relay_of(struct auger_table_node *node)
{
    return (struct auger_server_relay *)(void *)((uint8_t *)node -
                                                 offsetof(struct auger_server_relay, node));
}

/* The token is drawn at random, so that it is its own hash. */
struct auger_server_relay *auger_server_relay_find_token(struct auger_turn_server *server,
                                                         struct auger_bytes user, uint64_t token)
{
    struct auger_table_node *node = auger_table_first(&server->reservations, token);

    if (!node || !auger_server_account_is(relay_of(node)->user, user))
        return NULL;
    return relay_of(node);
}

struct auger_server_account *auger_server_relay_redeem(struct auger_turn_server *server,
                                                       struct auger_server_relay *relay)
{
    struct auger_server_account *user = relay->user;

    auger_table_remove(&server->reservations, &relay->node);
    auger_server_timer_stop(&server->timers, &relay->timer);
    relay->user = NULL;
    relay->state = AUGER_SERVER_RELAY_OPEN;
    return user;
}
