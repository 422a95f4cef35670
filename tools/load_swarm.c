/* tools/load_swarm.c - many TURN clients, a socket each. */
#define _GNU_SOURCE
#include "tools/load_swarm.h"
#include "tools/load_socket.h"

#include <auger/crypto.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PORTS_TRIED 64

static void move_ports(struct load_swarm *swarm)
{
    uint16_t random = 0;

    (void)swarm->env->random(swarm->env->user, (uint8_t *)&random, sizeof(random));
    swarm->next_port =
        (uint16_t)(LOAD_PORT_FIRST + random % (LOAD_PORT_LAST - LOAD_PORT_FIRST + 1));
}

bool load_swarm_init(struct load_swarm *swarm, const struct load_plan *plan, struct load_wire *wire,
                     int epoll_fd)
{
    *swarm = (struct load_swarm){.plan = plan,
                                 .env = auger_env_system(),
                                 .wire = wire,
                                 .epoll_fd = epoll_fd,

                                 .clients_len = (size_t)plan->clients};
    swarm->clients = calloc(swarm->clients_len, sizeof(swarm->clients[0]));
    for (size_t i = 0; swarm->clients && i < swarm->clients_len; i++)
        swarm->clients[i] = (struct load_client){.fd = -1, .deadline = AUGER_NEVER};
    move_ports(swarm);
    return swarm->clients != NULL;
}

static void close_client(struct load_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    auger_turn_free(client->turn);
    client->fd = -1;
    client->turn = NULL;
    client->deadline = AUGER_NEVER;
}

void load_swarm_fini(struct load_swarm *swarm)
{
    for (size_t i = 0; swarm->clients && i < swarm->clients_len; i++)
        close_client(&swarm->clients[i]);
    free(swarm->clients);
}

/* --- states ----------------------------------------------------------------------------------- */

static size_t *count_of(struct load_swarm *swarm, uint8_t state)
{
    switch ((enum load_client_state)state) {
    case LOAD_ASKING:
        return &swarm->asking;
    case LOAD_READY:
        return &swarm->ready;
    case LOAD_RELEASING:
        return &swarm->releasing;
    case LOAD_UNUSED:
    case LOAD_OVER:
        break;
    }
    return NULL;
}

static void set_state(struct load_swarm *swarm, struct load_client *client,
                      enum load_client_state state)
{
    size_t *before = count_of(swarm, client->state), *after = count_of(swarm, (uint8_t)state);

    if (before)
        (*before)--;
    if (after)
        (*after)++;
    client->state = (uint8_t)state;
    if (state == LOAD_OVER)
        close_client(client);
}

/* Where there is an allocation without a way to the peer, it is given back. */
static void fail(struct load_swarm *swarm, struct load_client *client, auger_time now,
                 const struct load_failure *why)
{
    if (client->state != LOAD_RELEASING)
        swarm->failed++;
    if (client->state != LOAD_RELEASING && !swarm->failure.is_set) {
        swarm->failure = *why;
        swarm->failure.is_set = true;
    }
    if (why->is_peer && client->state != LOAD_RELEASING) {
        set_state(swarm, client, LOAD_RELEASING);
        auger_turn_release(client->turn, now);
    } else {
        set_state(swarm, client, LOAD_OVER);
    }
}

/* --- beginning -------------------------------------------------------------------------------- */

/* Some ports are other programs'. */
static int open_next_port(struct load_swarm *swarm)
{
    struct auger_addr local = swarm->plan->local;
    int fd = -1;

    if (local.family == AUGER_FAMILY_NONE)
        return load_socket_open(&local, &swarm->plan->server);
    for (int tried = 0; fd < 0 && tried < PORTS_TRIED; tried++) {
        local.port = swarm->next_port;
        swarm->next_port = local.port == LOAD_PORT_LAST ? LOAD_PORT_FIRST : local.port + 1;
        fd = load_socket_open(&local, &swarm->plan->server);
        if (fd < 0 && errno != EADDRINUSE)
            break;
    }
    return fd;
}

static bool open_socket(struct load_swarm *swarm, struct load_client *client)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)(client - swarm->clients)};

    client->fd = open_next_port(swarm);
    if (client->fd < 0)
        return false;
    load_wire_prepare(swarm->wire, client->fd);
    return epoll_ctl(swarm->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) == 0;
}

static bool make_turn(struct load_swarm *swarm, struct load_client *client, auger_time now)
{
    struct auger_turn_config config;

    auger_turn_config_init(&config);
    config.server = swarm->plan->server;
    config.username = swarm->plan->username;
    config.password = swarm->plan->password;
    config.families = swarm->peer.family == AUGER_IPV6 ? AUGER_TURN_IPV6 : AUGER_TURN_IPV4;
    config.permissions_max = config.channels_max = 1;
    return auger_turn_new(&client->turn, swarm->env, now, &config) == 0;
}

/* What it says to the server leaves with the next settle(). */
static void start(struct load_swarm *swarm, struct load_client *client, auger_time now)
{
    client->began_at = now;
    if (!open_socket(swarm, client)) {
        fail(swarm, client, now, &(struct load_failure){.system_err = errno});
    } else if (swarm->plan->is_bare) {
        (void)send(client->fd, "", 1, 0); /* so that a forwarder knows where back is */
        client->relayed = swarm->plan->bare_relay;
        set_state(swarm, client, LOAD_READY);
    } else if (!make_turn(swarm, client, now)) {
        fail(swarm, client, now, &(struct load_failure){.error = AUGER_TURN_ERROR_RESOURCES});
    }
}

/* --- what becomes of a client ------------------------------------------------------------------
 */

/* A channel if that is how data shall go; a permission else. */
static void open_way(struct load_swarm *swarm, struct load_client *client, auger_time now)
{
    int err = swarm->plan->by_send ? auger_turn_permit(client->turn, now, &swarm->peer)
                                   : auger_turn_bind_channel(client->turn, now, &swarm->peer);

    if (err < 0)
        fail(swarm, client, now,
             &(struct load_failure){.is_peer = true, .error = AUGER_TURN_ERROR_PEER_FAMILY});
}

static void take_allocation(struct load_swarm *swarm, struct load_client *client, auger_time now,
                            const struct auger_turn_event *event)
{
    swarm->allocated++;
    swarm->mapped = event->allocated.mapped;
    client->relayed = event->allocated.relayed[0];
    load_histogram_add(&swarm->allocation_time, now - client->began_at);
    if (swarm->plan->is_churn)
        set_state(swarm, client, LOAD_READY);
    else
        open_way(swarm, client, now);
}

/* A port that somebody had before us may still mean an allocation to the server: another may not
 * (7.4). */
static void take_failure(struct load_swarm *swarm, struct load_client *client, auger_time now,
                         const struct auger_turn_event *event)
{
    const struct load_failure why = {.error = event->failed.error, .code = event->failed.code};

    if (why.error == AUGER_TURN_ERROR_ALLOCATION_MISMATCH && client->state == LOAD_ASKING &&
        client->mismatches < LOAD_MISMATCHES_MAX) {
        client->mismatches++;
        move_ports(swarm);
        close_client(client);
        start(swarm, client, now);
    } else {
        fail(swarm, client, now, &why);
    }
}

static void take_event(struct load_swarm *swarm, struct load_client *client, auger_time now,
                       const struct auger_turn_event *event)
{
    struct load_failure why = {
        .is_peer = true, .error = event->peer.error, .code = event->peer.code};

    switch (event->type) {
    case AUGER_TURN_EVENT_ALLOCATED:
        take_allocation(swarm, client, now, event);
        break;
    case AUGER_TURN_EVENT_PERMITTED:
        if (swarm->plan->by_send && client->state == LOAD_ASKING)
            set_state(swarm, client, LOAD_READY);
        break;
    case AUGER_TURN_EVENT_CHANNEL_BOUND:
        if (client->state == LOAD_ASKING)
            set_state(swarm, client, LOAD_READY);
        break;
    case AUGER_TURN_EVENT_REFUSED:
    case AUGER_TURN_EVENT_CHANNEL_REFUSED:
        fail(swarm, client, now, &why);
        break;
    case AUGER_TURN_EVENT_ALTERNATE_SERVER: /* nobody asked us to load that one */
        fail(swarm, client, now, &(struct load_failure){.error = AUGER_TURN_ERROR_TRY_ALTERNATE});
        break;
    case AUGER_TURN_EVENT_RELEASED:
        set_state(swarm, client, LOAD_OVER);
        break;
    case AUGER_TURN_EVENT_FAILED:
        take_failure(swarm, client, now, event);
        break;
    case AUGER_TURN_EVENT_ICMP:
    case AUGER_TURN_EVENT_MOVED:
    case AUGER_TURN_EVENT_MOVE_FAILED:
    case AUGER_TURN_EVENT_CONNECTED:
    case AUGER_TURN_EVENT_ATTEMPT:
    case AUGER_TURN_EVENT_BOUND:
    case AUGER_TURN_EVENT_NOT_CONNECTED:
        break;
    }
}

static void send_request(struct load_swarm *swarm, struct load_client *client, auger_time now,
                         const uint8_t *buf, size_t len)
{
    if (send(client->fd, buf, len, 0) < 0 && errno == ECONNREFUSED)
        fail(swarm, client, now, &(struct load_failure){.is_unreachable = true});
}

/* After every call that may have changed it. */
static void settle(struct load_swarm *swarm, struct load_client *client, auger_time now)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_turn_event event;
    size_t len;

    while (client->turn && auger_turn_poll_event(client->turn, &event))
        take_event(swarm, client, now, &event);
    while (client->turn &&
           (len = auger_turn_poll_transmit(client->turn, now, buf, sizeof(buf))) > 0)
        send_request(swarm, client, now, buf, len);
    if (client->turn)
        client->deadline = auger_turn_next_timeout(client->turn);
}

/* --- from outside --------------------------------------------------------------------------------
 */

void load_swarm_begin(struct load_swarm *swarm, size_t i, auger_time now)
{
    struct load_client *client = &swarm->clients[i];

    if (i >= swarm->begun)
        swarm->begun = i + 1;
    *client = (struct load_client){.fd = -1, .deadline = AUGER_NEVER};
    set_state(swarm, client, LOAD_ASKING);
    start(swarm, client, now);
    settle(swarm, client, now);
}

void load_swarm_release(struct load_swarm *swarm, size_t i, auger_time now)
{
    struct load_client *client = &swarm->clients[i];

    if (client->state != LOAD_ASKING && client->state != LOAD_READY)
        return;
    if (!client->turn) {
        set_state(swarm, client, LOAD_OVER);
        return;
    }
    set_state(swarm, client, LOAD_RELEASING);
    auger_turn_release(client->turn, now);
    settle(swarm, client, now);
}

void load_swarm_handle_timeout(struct load_swarm *swarm, auger_time now)
{
    for (size_t i = 0; i < swarm->begun; i++) {
        struct load_client *client = &swarm->clients[i];
        if (client->deadline > now)
            continue;
        auger_turn_handle_timeout(client->turn, now);
        settle(swarm, client, now);
    }
}

bool load_swarm_receive(struct load_swarm *swarm, size_t i, auger_time now)
{
    struct load_client *client = &swarm->clients[i];

    if (client->fd < 0)
        return false;
    if (load_wire_receive(swarm->wire, client->fd)) {
        swarm->heard_at = now;
        return true;
    }
    if (errno == ECONNREFUSED)
        fail(swarm, client, now, &(struct load_failure){.is_unreachable = true});
    return false;
}

bool load_swarm_next(struct load_swarm *swarm, size_t i, auger_time now, struct auger_bytes *packet)
{
    struct load_client *client = &swarm->clients[i];
    struct auger_turn_data data;
    struct auger_bytes datagram;

    while (load_wire_next(swarm->wire, &datagram)) {
        if (swarm->plan->is_bare) {
            *packet = datagram;
            return true;
        }
        if (!client->turn)
            continue;
        enum auger_turn_taken taken = auger_turn_handle_datagram(
            client->turn, now, &swarm->plan->server, datagram.data, datagram.len, &data);
        if (taken == AUGER_TURN_DATA) {
            *packet = data.bytes;
            return true;
        }
        settle(swarm, client, now);
    }
    return false;
}

const char *load_failure_text(const struct load_failure *failure)
{
    static char text[160];

    if (failure->is_unreachable)
        return "nobody is there: the port is closed";
    if (failure->system_err)
        snprintf(text, sizeof(text), "no socket: %s", strerror(failure->system_err));
    else if (failure->code)
        snprintf(text, sizeof(text), "%s%s (%u)", failure->is_peer ? "to the peer: " : "",
                 auger_turn_error_text(failure->error), failure->code);
    else
        snprintf(text, sizeof(text), "%s%s", failure->is_peer ? "to the peer: " : "",
                 auger_turn_error_text(failure->error));
    return text;
}
