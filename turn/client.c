/* turn/client.c - the client: in which order its procedures are asked, and nothing else.
 * Where each answer leads is allocation.c, permission.c, channel.c and data.c. */
#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "turn/allocation.h"
#include "turn/chandata.h"
#include "turn/channel.h"
#include "turn/connection.h"
#include "turn/data.h"
#include "turn/error.h"
#include "turn/mobility.h"
#include "turn/permission.h"

#include <string.h>

static const struct auger_turn_config defaults = {
    .families = AUGER_TURN_IPV4,
    .permissions_max = 64,
    .channels_max = 64,
    .connections_max = 16,
};

void auger_turn_config_init_sized(struct auger_turn_config *config, size_t size)
{
    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

/* 7.1: the next port is one of one family, and what is reserved is not chosen again. */
static bool is_valid_port(const struct auger_turn_config *config)
{
    if (config->reserved)
        return config->even_port == AUGER_TURN_ANY_PORT && config->families != AUGER_TURN_BOTH;
    return config->even_port == AUGER_TURN_ANY_PORT || config->even_port == AUGER_TURN_EVEN_PORT ||
           (config->even_port == AUGER_TURN_EVEN_PORT_AND_NEXT &&
            config->families != AUGER_TURN_BOTH);
}

/* RFC 6062 section 4.1 */
static bool is_valid_tcp(const struct auger_turn_config *config)
{
    return config->server.transport == AUGER_TCP && config->connections_max > 0 &&
           !config->dont_fragment && config->even_port == AUGER_TURN_ANY_PORT &&
           !config->reserved && !config->mobility;
}

static bool is_valid(const struct auger_turn_config *config)
{
    const struct auger_addr *server = &config->server;

    return auger_addr_ip_len(server) != 0 && server->port != 0 &&
           !auger_addr_is_unspecified(server) && !auger_addr_is_multicast(server) &&
           (config->families & ~(unsigned)AUGER_TURN_BOTH) == 0 && config->families != 0 &&
           is_valid_port(config) && config->permissions_max > 0 && config->channels_max > 0 &&
           (!config->tcp_relay || is_valid_tcp(config));
}

static int start(struct auger_turn *turn, auger_time now, const struct auger_turn_config *config)
{
    turn->server = config->server;
    turn->families = (uint8_t)config->families;
    turn->lifetime_s = config->lifetime_s;
    turn->even_port = (uint8_t)config->even_port;
    turn->is_tcp = config->tcp_relay;
    turn->is_reserved = config->reserved != NULL;
    if (config->reserved)
        memcpy(turn->reserved, config->reserved, sizeof(turn->reserved));
    turn->allocation.asks_dont_fragment = config->dont_fragment;
    turn->next_channel = AUGER_CHANNEL_FIRST;
    turn->permissions = auger_pool(sizeof(struct auger_permission), config->permissions_max);
    turn->channels = auger_pool(sizeof(struct auger_channel), config->channels_max);
    turn->connections = auger_pool(sizeof(struct auger_connection),
                                   config->tcp_relay ? config->connections_max : 0);
    int err =
        auger_longterm_init(&turn->credentials, turn->env, config->username, config->password);
    if (err == 0 && config->mobility)
        err = auger_mobility_want(turn);
    return err < 0 ? err : auger_allocation_start(turn, now);
}

int auger_turn_new_sized(struct auger_turn **out, const struct auger_env *env, auger_time now,
                         const struct auger_turn_config *config, size_t size)
{
    struct auger_turn_config known = defaults;

    memcpy(&known, config, size < sizeof(known) ? size : sizeof(known));
    if (!is_valid(&known))
        return AUGER_ERR_INVALID;
    struct auger_turn *turn = auger_env_alloc(env, 1, sizeof(*turn));
    if (!turn)
        return AUGER_ERR_NO_MEMORY;
    turn->env = env;
    turn->credentials.env = env;
    int err = start(turn, now, &known);
    if (err < 0) {
        auger_turn_free(turn);
        return err;
    }
    *out = turn;
    return 0;
}

void auger_turn_free(struct auger_turn *turn)
{
    if (!turn)
        return;
    auger_longterm_fini(&turn->credentials);
    auger_mobility_fini(turn);
    auger_env_release(turn->env, turn->domain);
    auger_pool_fini(&turn->permissions, turn->env);
    auger_pool_fini(&turn->channels, turn->env);
    auger_pool_fini(&turn->connections, turn->env);
    auger_env_release(turn->env, turn);
}

enum auger_turn_state auger_turn_state(const struct auger_turn *turn)
{
    return (enum auger_turn_state)turn->state;
}

const struct auger_addr *auger_turn_server(const struct auger_turn *turn)
{
    return &turn->server;
}

const char *auger_turn_domain(const struct auger_turn *turn)
{
    return turn->domain;
}

/* --- peers ------------------------------------------------------------------------- */

int auger_turn_permit(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    int err = auger_permission_check_peer(turn, now, peer);

    return err < 0 ? err : auger_permission_add(turn, now, peer);
}

bool auger_turn_is_permitted(const struct auger_turn *turn, auger_time now,
                             const struct auger_addr *peer)
{
    return auger_allocation_is_usable(turn, now) &&
           auger_permission_is_active(auger_permission_find(turn, peer), now);
}

int auger_turn_bind_channel(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    if (peer->port == 0)
        return AUGER_ERR_INVALID;
    if (turn->is_tcp)
        return AUGER_ERR_STATE;
    int err = auger_turn_permit(turn, now, peer);
    return err < 0 ? err : auger_channel_add(turn, now, peer);
}

void auger_turn_forget(struct auger_turn *turn, const struct auger_addr *peer)
{
    auger_permission_forget(turn, peer);
    auger_channel_forget(turn, peer);
}

int auger_turn_write(struct auger_turn *turn, auger_time now, const struct auger_addr *peer,
                     const uint8_t *data, size_t len, uint8_t *buf, size_t cap)
{
    return turn->is_tcp ? AUGER_ERR_STATE : auger_data_write(turn, now, peer, data, len, buf, cap);
}

/* --- connections to peers ------------------------------------------------------------ */

int auger_turn_connect(struct auger_turn *turn, auger_time now, const struct auger_addr *peer)
{
    return auger_connection_add(turn, now, peer);
}

int auger_turn_bind_connection(struct auger_turn *turn, auger_time now, uint32_t connection)
{
    struct auger_connection *c = auger_connection_find(turn, connection);

    return c ? auger_connection_start_bind(turn, now, c) : AUGER_ERR_NOT_FOUND;
}

size_t auger_turn_connection_transmit(struct auger_turn *turn, auger_time now, uint32_t connection,
                                      uint8_t *buf, size_t cap)
{
    struct auger_connection *c = auger_connection_find(turn, connection);

    return c ? auger_connection_write_bind(turn, now, c, buf, cap) : 0;
}

bool auger_turn_connection_handle(struct auger_turn *turn, auger_time now, uint32_t connection,
                                  const uint8_t *buf, size_t len)
{
    struct auger_connection *c = auger_connection_find(turn, connection);
    struct auger_stun_msg msg;

    return c && auger_stun_msg_parse(&msg, buf, len) == 0 &&
           auger_connection_handle_bind_response(turn, now, c, &msg);
}

void auger_turn_connection_closed(struct auger_turn *turn, uint32_t connection)
{
    struct auger_connection *c = auger_connection_find(turn, connection);

    if (c)
        auger_connection_forget(c);
}

/* --- the verbs --------------------------------------------------------------------- */

/* With the allocation goes what it held (8656, 9 and 12). */
static void settle(struct auger_turn *turn)
{
    if (turn->state == AUGER_TURN_ALLOCATING || turn->state == AUGER_TURN_ALLOCATED)
        return;
    auger_permission_clear(turn);
    auger_channel_clear(turn);
    auger_connection_clear(turn);
}

static bool is_answer(const struct auger_stun_msg *msg)
{
    return (msg->class_ == AUGER_STUN_SUCCESS || msg->class_ == AUGER_STUN_ERROR) &&
           (msg->method == AUGER_STUN_ALLOCATE || msg->method == AUGER_STUN_REFRESH ||
            msg->method == AUGER_STUN_CREATE_PERMISSION || msg->method == AUGER_STUN_CHANNEL_BIND ||
            msg->method == AUGER_STUN_CONNECT);
}

/* One that matches nothing comes late. */
static enum auger_turn_taken take_answer(struct auger_turn *turn, auger_time now,
                                         const struct auger_stun_msg *msg)
{
    if (auger_allocation_handle_response(turn, now, msg) ||
        auger_permission_handle_response(turn, now, msg) ||
        auger_channel_handle_response(turn, now, msg) ||
        auger_connection_handle_response(turn, now, msg))
        settle(turn);
    return AUGER_TURN_CONSUMED;
}

static enum auger_turn_taken taken(bool is_data)
{
    return is_data ? AUGER_TURN_DATA : AUGER_TURN_CONSUMED;
}

enum auger_turn_taken auger_turn_handle_datagram(struct auger_turn *turn, auger_time now,
                                                 const struct auger_addr *from, const uint8_t *buf,
                                                 size_t len, struct auger_turn_data *data)
{
    struct auger_stun_msg msg;

    if (!auger_addr_equal(from, &turn->server))
        return AUGER_TURN_NOT_OURS;
    if (auger_chandata_is(buf, len))
        return taken(auger_data_take_channel(turn, now, buf, len, data));
    if (auger_stun_msg_parse(&msg, buf, len) < 0)
        return AUGER_TURN_NOT_OURS;
    if (msg.class_ == AUGER_STUN_INDICATION && msg.method == AUGER_STUN_DATA)
        return taken(!turn->is_tcp && auger_data_take_indication(turn, now, &msg, data));
    if (msg.class_ == AUGER_STUN_INDICATION && msg.method == AUGER_STUN_CONNECTION_ATTEMPT) {
        auger_connection_take_attempt(turn, now, &msg);
        return AUGER_TURN_CONSUMED;
    }
    return is_answer(&msg) ? take_answer(turn, now, &msg) : AUGER_TURN_NOT_OURS;
}

void auger_turn_handle_timeout(struct auger_turn *turn, auger_time now)
{
    auger_allocation_handle_timeout(turn, now);
    if (!turn->mobility.is_moving) {
        auger_permission_handle_timeout(turn, now);
        auger_channel_handle_timeout(turn, now);
        auger_connection_handle_timeout(turn, now);
    }
    settle(turn);
}

/* The allocation first: nothing else is worth anything without it, or before it has moved. */
size_t auger_turn_poll_transmit(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap)
{
    size_t len = auger_allocation_write(turn, now, buf, cap);

    if (turn->mobility.is_moving)
        return len;
    if (len == 0)
        len = auger_permission_write(turn, now, buf, cap);
    if (len == 0)
        len = auger_connection_write(turn, now, buf, cap);
    return len > 0 ? len : auger_channel_write(turn, now, buf, cap);
}

auger_time auger_turn_next_timeout(const struct auger_turn *turn)
{
    if (turn->mobility.is_moving)
        return auger_allocation_next_timeout(turn);
    auger_time at =
        auger_time_min(auger_allocation_next_timeout(turn), auger_permission_next_timeout(turn));
    at = auger_time_min(at, auger_connection_next_timeout(turn));
    return auger_time_min(at, auger_channel_next_timeout(turn));
}

int auger_turn_move(struct auger_turn *turn, auger_time now)
{
    return auger_allocation_move(turn, now);
}

void auger_turn_release(struct auger_turn *turn, auger_time now)
{
    auger_allocation_release(turn, now);
    settle(turn);
}

/* --- events ------------------------------------------------------------------------ */

static void tell_allocated(const struct auger_turn *turn, struct auger_turn_event *event)
{
    const struct auger_allocation *a = &turn->allocation;

    event->type = AUGER_TURN_EVENT_ALLOCATED;
    memcpy(event->allocated.relayed, a->relayed, sizeof(a->relayed));
    event->allocated.mapped = a->mapped;
    event->allocated.lifetime = a->lifetime_s * AUGER_SEC;
    event->allocated.missing_code = a->missing_code;
    event->allocated.dont_fragment = a->asks_dont_fragment;
    event->allocated.has_token = a->has_token;
    memcpy(event->allocated.token, a->token, sizeof(a->token));
    event->allocated.mobility = turn->mobility.ticket_len > 0;
}

static void tell_error(struct auger_turn_event *event, uint8_t error, uint16_t code)
{
    event->failed.error = (enum auger_turn_error)error;
    event->failed.code = code;
    event->failed.retry_after = auger_turn_retry_after(event->failed.error);
}

static void tell_end(const struct auger_turn *turn, struct auger_turn_event *event)
{
    if (turn->state == AUGER_TURN_RELEASED) {
        event->type = AUGER_TURN_EVENT_RELEASED;
        return;
    }
    event->type = AUGER_TURN_EVENT_FAILED;
    tell_error(event, turn->error, turn->code);
}

static bool take(bool *news)
{
    bool was = *news;

    *news = false;
    return was;
}

bool auger_turn_poll_event(struct auger_turn *turn, struct auger_turn_event *event)
{
    *event = (struct auger_turn_event){0};
    if (take(&turn->news.alternate)) {
        event->type = AUGER_TURN_EVENT_ALTERNATE_SERVER;
        event->server = turn->server;
        return true;
    }
    if (take(&turn->news.allocated)) {
        tell_allocated(turn, event);
        return true;
    }
    if (auger_permission_poll_event(turn, event) || auger_channel_poll_event(turn, event) ||
        auger_connection_poll_event(turn, event))
        return true;
    if (take(&turn->news.icmp)) {
        event->type = AUGER_TURN_EVENT_ICMP;
        event->icmp.peer = turn->icmp.peer;
        event->icmp.type = turn->icmp.type;
        event->icmp.code = turn->icmp.code;
        event->icmp.data = turn->icmp.data;
        return true;
    }
    if (take(&turn->news.moved)) {
        event->type = AUGER_TURN_EVENT_MOVED;
        return true;
    }
    if (take(&turn->news.move_failed)) {
        event->type = AUGER_TURN_EVENT_MOVE_FAILED;
        tell_error(event, turn->mobility.error, turn->mobility.code);
        return true;
    }
    if (!take(&turn->news.ended))
        return false;
    tell_end(turn, event);
    return true;
}
