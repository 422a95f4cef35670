/* turn/server.c - the server: in which order its procedures are asked, and nothing else.  The
 * client is client.c. */
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "crypto/crypto.h"
#include "turn/chandata.h"
#include "turn/server_allocation.h"
#include "turn/server_binding.h"
#include "turn/server_config.h"
#include "turn/server_connect.h"
#include "turn/server_connection.h"
#include "turn/server_data.h"
#include "turn/server_door.h"
#include "turn/server_mobility.h"
#include "turn/server_news.h"
#include "turn/server_opening.h"
#include "turn/server_pending.h"
#include "turn/server_relay.h"
#include "turn/server_request.h"

#include <string.h>

/* --- its life -------------------------------------------------------------------------- */

int auger_turn_server_new_sized(struct auger_turn_server **out, const struct auger_env *env,
                                auger_time now, const struct auger_turn_server_config *config,
                                size_t size)
{
    struct auger_turn_server_config known;

    (void)now;
    int err = auger_server_config_read(&known, config, size);
    if (err < 0)
        return err;
    struct auger_turn_server *server = auger_env_alloc(env, 1, sizeof(*server));
    if (!server)
        return AUGER_ERR_NO_MEMORY;
    server->env = env;
    err = auger_server_config_apply(server, &known);
    if (err < 0) {
        auger_turn_server_free(server);
        return err;
    }
    *out = server;
    return 0;
}

static void end_all(struct auger_turn_server *server)
{
    for (uint32_t i = 0; i < server->relays_len; i++) {
        struct auger_server_relay *relay = server->relays[i];
        if (relay->allocation)
            auger_server_allocation_end(server, 0, relay->allocation, AUGER_TURN_SERVER_END_CLOSED);
        else if (relay->state == AUGER_SERVER_RELAY_RESERVED)
            auger_server_relay_close(server, relay);
    }
}

static void free_relays(struct auger_turn_server *server)
{
    uint32_t number;

    while (auger_server_connection_take_closed(server, &number))
        continue;
    for (uint32_t i = 0; i < server->relays_len; i++)
        auger_env_release(server->env, server->relays[i]);
    auger_env_release(server->env, server->relays);
    for (size_t family = 0; family < 2; family++)
        auger_server_ports_fini(&server->relay_ips[family].ports, server->env);
}

void auger_turn_server_free(struct auger_turn_server *server)
{
    struct auger_turn_server_event event;

    if (!server)
        return;
    auger_server_pending_clear(server);
    end_all(server);
    while (auger_server_news_poll(server, &event))
        continue;
    free_relays(server);
    auger_server_heap_fini(&server->timers, server->env);
    auger_table_fini(&server->doors);
    auger_table_fini(&server->accounts);
    auger_table_fini(&server->reservations);
    auger_table_fini(&server->tickets);
    auger_table_fini(&server->connections);
    auger_siphash_free(server->siphash);
    auger_peer_policy_free(server->policy);
    auger_turn_held_ports_free(server->own_held);
    auger_reply_limit_free(server->limit);
    auger_reply_limit_free(server->handshakes);
    auger_reply_limit_free(server->failures[0]);
    auger_reply_limit_free(server->failures[1]);
    auger_user_keys_free(server->keys);
    auger_nonces_free(server->nonces);
    auger_env_release(server->env, server);
}

/* --- before the first message ------------------------------------------------------------- */

bool auger_turn_server_may_answer(struct auger_turn_server *server, auger_time now,
                                  const struct auger_addr *client)
{
    return auger_reply_limit_take(server->limit, now, client);
}

bool auger_turn_server_may_shake_hands(struct auger_turn_server *server, auger_time now,
                                       const struct auger_addr *client)
{
    return auger_reply_limit_take(server->handshakes, now, client);
}

/* --- users and peers ---------------------------------------------------------------------- */

int auger_turn_server_add_user(struct auger_turn_server *server, const char *name,
                               const char *password)
{
    return auger_user_keys_add(server->keys, name, password);
}

int auger_turn_server_add_user_key(struct auger_turn_server *server, const char *name,
                                   enum auger_stun_password_algorithm algorithm, const uint8_t *key,
                                   size_t len)
{
    return auger_user_keys_add_key(server->keys, name, algorithm, key, len);
}

int auger_turn_server_remove_user(struct auger_turn_server *server, const char *name)
{
    return auger_user_keys_remove(server->keys, name);
}

int auger_turn_server_add_secret(struct auger_turn_server *server, enum auger_turn_rest_hash hash,
                                 const uint8_t *secret, size_t len)
{
    return auger_user_keys_add_secret(server->keys, hash, secret, len);
}

void auger_turn_server_remove_secrets(struct auger_turn_server *server)
{
    auger_user_keys_remove_secrets(server->keys);
}

void auger_turn_server_set_time_of_day(struct auger_turn_server *server, auger_time now,
                                       int64_t seconds)
{
    server->wall_at = now;
    server->wall_s = seconds;
}

int auger_turn_server_allow_peers(struct auger_turn_server *server, const char *cidr)
{
    return auger_peer_policy_allow(server->policy, cidr);
}

int auger_turn_server_deny_peers(struct auger_turn_server *server, const char *cidr)
{
    return auger_peer_policy_deny(server->policy, cidr);
}

void auger_turn_server_forget_peer_rules(struct auger_turn_server *server)
{
    auger_peer_policy_forget_rules(server->policy);
}

/* --- what arrives --------------------------------------------------------------------------- */

static bool is_turn_request(const struct auger_turn_server *server,
                            const struct auger_stun_msg *msg)
{
    if (msg->class_ != AUGER_STUN_REQUEST)
        return false;
    if (msg->method == AUGER_STUN_CONNECT || msg->method == AUGER_STUN_CONNECTION_BIND)
        return server->config.tcp_relay;
    return msg->method == AUGER_STUN_ALLOCATE || msg->method == AUGER_STUN_REFRESH ||
           msg->method == AUGER_STUN_CREATE_PERMISSION || msg->method == AUGER_STUN_CHANNEL_BIND;
}

static bool is_send(const struct auger_stun_msg *msg)
{
    return msg->class_ == AUGER_STUN_INDICATION && msg->method == AUGER_STUN_SEND;
}

static bool is_binding(const struct auger_stun_msg *msg)
{
    return msg->class_ == AUGER_STUN_REQUEST && msg->method == AUGER_STUN_BINDING;
}

/* A response is never answered, nor is anything else. */
static void handle_message(struct auger_turn_server *server, auger_time now,
                           const struct auger_path *path, const struct auger_stun_msg *msg,
                           uint8_t *reply, size_t cap, struct auger_turn_server_out *out)
{
    if (is_send(msg)) {
        auger_server_data_take_send(server, now, path, msg, out);
    } else if (is_binding(msg)) {
        auger_server_binding(server, now, path, msg->buf, msg->len, reply, cap, out);
    } else if (is_turn_request(server, msg)) {
        struct auger_server_request r = {.server = server,
                                         .now = now,
                                         .path = path,
                                         .msg = msg,
                                         .reply = reply,
                                         .cap = cap,
                                         .out = out};
        auger_server_request_handle(&r);
    } else {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_MALFORMED);
    }
}

static bool is_channel_data(const struct auger_turn_server *server, const uint8_t *buf, size_t len)
{
    return auger_chandata_is(buf, len) ||
           (server->config.old_channels && auger_chandata_is_old(buf, len));
}

int auger_turn_server_frame_len(const struct auger_turn_server *server, const uint8_t *buf,
                                size_t len)
{
    return is_channel_data(server, buf, len) ? auger_chandata_frame_len(buf, len)
                                             : auger_turn_frame_len(buf, len);
}

void auger_turn_server_handle_client(struct auger_turn_server *server, auger_time now,
                                     const struct auger_path *path, const uint8_t *buf, size_t len,
                                     uint8_t *reply, size_t cap, struct auger_turn_server_out *out)
{
    size_t max = path->local.transport == AUGER_TCP ? AUGER_STUN_STREAM_MAX : AUGER_STUN_MAX;
    struct auger_stun_msg msg;

    *out = (struct auger_turn_server_out){.what = AUGER_TURN_SERVER_NOTHING};
    if (auger_server_door_carries_data(server, path))
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_MALFORMED);
    else if (is_channel_data(server, buf, len))
        auger_server_data_take_channel(server, now, path, buf, len, out);
    else if (len <= max && auger_stun_msg_parse(&msg, buf, len) == 0)
        handle_message(server, now, path, &msg, reply, cap, out);
    else if (auger_server_binding_is_classic(path, buf, len))
        auger_server_binding(server, now, path, buf, len, reply, cap, out);
    else
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_MALFORMED);
}

/* NULL: it is none of an allocation that is granted, or has no datagrams. */
static struct auger_server_relay *live_relay(struct auger_turn_server *server, uint32_t number)
{
    struct auger_server_relay *relay = auger_server_relay_find(server, number);

    if (relay && relay->state == AUGER_SERVER_RELAY_LIVE && !relay->is_tcp)
        return relay;
    auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_ALLOCATION);
    return NULL;
}

void auger_turn_server_handle_peer(struct auger_turn_server *server, auger_time now, uint32_t relay,
                                   const struct auger_addr *from, uint8_t *buf, size_t len,
                                   struct auger_turn_server_out *out)
{
    struct auger_server_relay *live = live_relay(server, relay);

    *out = (struct auger_turn_server_out){.what = AUGER_TURN_SERVER_NOTHING};
    if (live)
        auger_server_data_take_peer(server, now, live, from, buf, len, out);
}

void auger_turn_server_handle_icmp(struct auger_turn_server *server, auger_time now, uint32_t relay,
                                   const struct auger_addr *peer, uint8_t type, uint8_t code,
                                   uint32_t data, uint8_t *reply, size_t cap,
                                   struct auger_turn_server_out *out)
{
    const struct auger_server_icmp icmp = {.peer = *peer, .type = type, .code = code, .data = data};
    struct auger_server_relay *live = live_relay(server, relay);

    *out = (struct auger_turn_server_out){.what = AUGER_TURN_SERVER_NOTHING};
    if (live)
        auger_server_data_take_icmp(server, now, live, &icmp, reply, cap, out);
}

void auger_turn_server_relay_opened(struct auger_turn_server *server, auger_time now,
                                    uint32_t relay, int err, uint8_t *reply, size_t cap,
                                    struct auger_turn_server_out *out)
{
    struct auger_server_relay *asked = auger_server_relay_find(server, relay);

    *out = (struct auger_turn_server_out){.what = AUGER_TURN_SERVER_NOTHING};
    if (asked && asked->state == AUGER_SERVER_RELAY_OPENING && asked->is_asked)
        auger_server_opening_opened(server, now, asked, err == 0, reply, cap, out);
}

void auger_turn_server_stream_closed(struct auger_turn_server *server, auger_time now,
                                     const struct auger_path *path)
{
    struct auger_server_door *door = auger_server_door_find(server, path);

    auger_server_pending_forget(server, path);
    if (door && door->connection)
        auger_server_connection_close(server, now, door->connection, "closed by the client");
    else if (door && !auger_server_mobility_leave(server, now, door->allocation, door))
        auger_server_allocation_end(server, now, door->allocation, AUGER_TURN_SERVER_END_STREAM);
}

bool auger_turn_server_is_known(struct auger_turn_server *server, const struct auger_path *path)
{
    struct auger_server_door *door = auger_server_door_find(server, path);

    return door && !door->allocation->opening;
}

/* --- time ---------------------------------------------------------------------------------- */

static void fire(struct auger_turn_server *server, auger_time now, struct auger_server_timer *timer)
{
    struct auger_server_relay *relay = (struct auger_server_relay *)(void *)timer;
    struct auger_server_opening *opening = (struct auger_server_opening *)(void *)timer;

    switch ((enum auger_server_timer_kind)timer->kind) {
    case AUGER_SERVER_TIMER_RELAY:
        if (relay->state == AUGER_SERVER_RELAY_LIVE)
            auger_server_allocation_end_relay(server, now, relay->allocation, relay->family,
                                              AUGER_TURN_SERVER_END_EXPIRED);
        else
            auger_server_relay_close(server, relay); /* nobody came with the token */
        break;
    case AUGER_SERVER_TIMER_OPENING:
        auger_server_allocation_end(server, now, opening->allocation, AUGER_TURN_SERVER_END_NONE);
        break;
    case AUGER_SERVER_TIMER_PENDING:
        auger_server_pending_handle_timeout(server, timer);
        break;
    case AUGER_SERVER_TIMER_MOBILITY:
        auger_server_mobility_handle_timeout(server, timer);
        break;
    case AUGER_SERVER_TIMER_CONNECTION:
        auger_server_connection_handle_timeout(server, now, timer);
        break;
    }
}

static bool is_ending(const struct auger_turn_server *server)
{
    return server->is_closing && (server->allocations > 0 || server->reservations.len > 0);
}

static void end_some(struct auger_turn_server *server, auger_time now)
{
    int ended = 0;

    if (server->close_next >= server->relays_len) /* one that was opening has drawn anew */
        server->close_next = 0;
    for (; server->close_next < server->relays_len && ended < AUGER_SERVER_TICK_MAX;
         server->close_next++) {
        struct auger_server_relay *relay = server->relays[server->close_next];
        if (relay->allocation)
            auger_server_allocation_end(server, now, relay->allocation,
                                        AUGER_TURN_SERVER_END_CLOSED);
        else if (relay->state == AUGER_SERVER_RELAY_RESERVED)
            auger_server_relay_close(server, relay);
        else
            continue;
        ended++;
    }
}

void auger_turn_server_handle_timeout(struct auger_turn_server *server, auger_time now)
{
    for (int i = 0; i < AUGER_SERVER_TICK_MAX; i++) {
        struct auger_server_timer *timer = auger_server_timer_first(&server->timers);
        if (!timer || timer->at > now)
            break;
        fire(server, now, timer);
    }
    if (is_ending(server))
        end_some(server, now);
}

auger_time auger_turn_server_next_timeout(const struct auger_turn_server *server)
{
    const struct auger_server_timer *timer = auger_server_timer_first(&server->timers);
    auger_time next = timer ? timer->at : AUGER_NEVER;

    return is_ending(server) ? auger_time_min(next, server->close_at) : next;
}

void auger_turn_server_drain(struct auger_turn_server *server, const struct auger_addr *alternate)
{
    server->is_draining = true;
    server->alternate = alternate ? *alternate : (struct auger_addr){0};
}

void auger_turn_server_close(struct auger_turn_server *server, auger_time now)
{
    server->is_draining = true;
    server->is_closing = true;
    server->close_at = now;
    server->close_next = 0;
}

/* --- what is told ----------------------------------------------------------------------------- */

bool auger_turn_server_poll_event(struct auger_turn_server *server,
                                  struct auger_turn_server_event *event)
{
    *event = (struct auger_turn_server_event){0};
    if (auger_server_relay_take_closed(server, &event->relay)) {
        event->type = AUGER_TURN_SERVER_EVENT_RELAY_CLOSED;
        return true;
    }
    if (auger_server_connection_take_closed(server, &event->connection)) {
        event->type = AUGER_TURN_SERVER_EVENT_CONNECTION_CLOSED;
        return true;
    }
    return auger_server_news_poll(server, event);
}

const char *auger_turn_server_drop_text(enum auger_turn_server_drop drop)
{
    static const char *const texts[AUGER_TURN_SERVER_DROPS] = {
        [AUGER_TURN_SERVER_DROP_MALFORMED] = "no message for a server",
        [AUGER_TURN_SERVER_DROP_LIMITED] = "too many answers to a stranger",
        [AUGER_TURN_SERVER_DROP_NO_ALLOCATION] = "no allocation",
        [AUGER_TURN_SERVER_DROP_NO_PERMISSION] = "no permission",
        [AUGER_TURN_SERVER_DROP_NO_CHANNEL] = "no such channel",
        [AUGER_TURN_SERVER_DROP_DENIED] = "the peer is denied",
        [AUGER_TURN_SERVER_DROP_RATE] = "too many bytes a second",
        [AUGER_TURN_SERVER_DROP_TOO_LARGE] = "too large for a message",
        [AUGER_TURN_SERVER_DROP_ICMP] = "an ICMP error of no use",
        [AUGER_TURN_SERVER_DROP_PENDING] = "too many wait for a key",
        [AUGER_TURN_SERVER_DROP_CONNECTION] = "too many connections to peers",
        [AUGER_TURN_SERVER_DROP_RESOURCES] = "no memory, random bytes or hash",
    };

    return (size_t)drop < AUGER_TURN_SERVER_DROPS ? texts[drop] : "";
}

void auger_turn_server_get_stats_sized(const struct auger_turn_server *server,
                                       struct auger_turn_server_stats *stats, size_t size)
{
    struct auger_turn_server_stats known = server->stats;

    for (size_t family = 0; family < 2; family++)
        known.ports_free[family] = server->relay_ips[family].ports.free;
    memset(stats, 0, size);
    memcpy(stats, &known, size < sizeof(known) ? size : sizeof(known));
}
