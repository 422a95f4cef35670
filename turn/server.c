/* turn/server.c - the server: in which order its procedures are asked.  The client is
 * client.c. */
#include "base/addr.h"
#include "base/env.h"

#include <auger/turn_server.h>

#include <string.h>

#define REALM_MAX 127

struct auger_turn_server {
    const struct auger_env *env;
    char realm[REALM_MAX + 1];
    struct auger_turn_server_stats stats;
};

static const struct auger_turn_server_config defaults = {
    .port_min = 49152,
    .port_max = 65535,
    .lifetime_s = 600,
    .lifetime_max_s = 3600,
    .nonce_lifetime_s = 600,
    .user_allocations_max = 10,
    .ip_allocations_max = 40,
    .permissions_max = 64,
    .channels_max = 64,
    .dont_fragment = true,
    .keys_pending_max = 64,
};

void auger_turn_server_config_init_sized(struct auger_turn_server_config *config, size_t size)
{
    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

int auger_turn_server_new_sized(struct auger_turn_server **out, const struct auger_env *env,
                                auger_time now, const struct auger_turn_server_config *config,
                                size_t size)
{
    struct auger_turn_server_config known = defaults;

    (void)now;
    memcpy(&known, config, size < sizeof(known) ? size : sizeof(known));
    if (!known.realm || !*known.realm || strlen(known.realm) > REALM_MAX)
        return AUGER_ERR_INVALID;
    struct auger_turn_server *server = auger_env_alloc(env, 1, sizeof(*server));
    if (!server)
        return AUGER_ERR_NO_MEMORY;
    server->env = env;
    memcpy(server->realm, known.realm, strlen(known.realm));
    *out = server;
    return 0;
}

void auger_turn_server_free(struct auger_turn_server *server)
{
    if (server)
        auger_env_release(server->env, server);
}

/* 8489, 9.2.4 */
static size_t challenge(struct auger_turn_server *server, const struct auger_stun_msg *request,
                        uint8_t *reply, size_t cap)
{
    struct auger_stun_builder b;

    server->stats.challenges++;
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_ERROR, request->method, &request->tid);
    auger_stun_build_error(&b, AUGER_STUN_UNAUTHENTICATED);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_REALM, server->realm, strlen(server->realm));
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_NONCE, "obMatJos2AAAA", 13);
    int len = auger_stun_build_end(&b);
    return len < 0 ? 0 : (size_t)len;
}

void auger_turn_server_handle_client(struct auger_turn_server *server, auger_time now,
                                     const struct auger_path *path, const uint8_t *buf, size_t len,
                                     uint8_t *reply, size_t cap, struct auger_turn_server_out *out)
{
    struct auger_stun_msg msg;
    size_t reply_len = 0;

    (void)now;
    *out = (struct auger_turn_server_out){.path = *path};
    if (auger_stun_msg_parse(&msg, buf, len) < 0 || msg.class_ != AUGER_STUN_REQUEST)
        server->stats.drops[AUGER_TURN_SERVER_DROP_MALFORMED]++;
    else if (msg.method == AUGER_STUN_BINDING)
        reply_len = auger_stun_server_answer(&path->remote, buf, len, reply, cap);
    else
        reply_len = challenge(server, &msg, reply, cap);
    if (reply_len == 0)
        return;
    out->what = AUGER_TURN_SERVER_TO_CLIENT;
    out->bytes = (struct auger_bytes){reply, reply_len};
}

void auger_turn_server_handle_timeout(struct auger_turn_server *server, auger_time now)
{
    (void)server;
    (void)now;
}

auger_time auger_turn_server_next_timeout(const struct auger_turn_server *server)
{
    (void)server;
    return AUGER_NEVER;
}

/* --- declared, and not there yet ------------------------------------------------------- */

int auger_turn_server_add_user(struct auger_turn_server *server, const char *name,
                               const char *password)
{
    (void)server, (void)name, (void)password;
    return AUGER_ERR_UNSUPPORTED;
}

int auger_turn_server_add_user_key(struct auger_turn_server *server, const char *name,
                                   enum auger_stun_password_algorithm algorithm, const uint8_t *key,
                                   size_t len)
{
    (void)server, (void)name, (void)algorithm, (void)key, (void)len;
    return AUGER_ERR_UNSUPPORTED;
}

int auger_turn_server_remove_user(struct auger_turn_server *server, const char *name)
{
    (void)server, (void)name;
    return AUGER_ERR_NOT_FOUND;
}

int auger_turn_server_add_secret(struct auger_turn_server *server, enum auger_turn_rest_hash hash,
                                 const uint8_t *secret, size_t len)
{
    (void)server, (void)hash, (void)secret, (void)len;
    return AUGER_ERR_UNSUPPORTED;
}

void auger_turn_server_remove_secrets(struct auger_turn_server *server)
{
    (void)server;
}

void auger_turn_server_set_time_of_day(struct auger_turn_server *server, auger_time now,
                                       int64_t seconds)
{
    (void)server, (void)now, (void)seconds;
}

int auger_turn_server_allow_peers(struct auger_turn_server *server, const char *cidr)
{
    (void)server, (void)cidr;
    return AUGER_ERR_UNSUPPORTED;
}

int auger_turn_server_deny_peers(struct auger_turn_server *server, const char *cidr)
{
    (void)server, (void)cidr;
    return AUGER_ERR_UNSUPPORTED;
}

void auger_turn_server_forget_peer_rules(struct auger_turn_server *server)
{
    (void)server;
}

void auger_turn_server_handle_peer(struct auger_turn_server *server, auger_time now, uint32_t relay,
                                   const struct auger_addr *from, uint8_t *buf, size_t len,
                                   struct auger_turn_server_out *out)
{
    (void)server, (void)now, (void)relay, (void)from, (void)buf, (void)len;
    *out = (struct auger_turn_server_out){0};
}

void auger_turn_server_handle_icmp(struct auger_turn_server *server, auger_time now, uint32_t relay,
                                   const struct auger_addr *peer, uint8_t type, uint8_t code,
                                   uint32_t data, uint8_t *reply, size_t cap,
                                   struct auger_turn_server_out *out)
{
    (void)server, (void)now, (void)relay, (void)peer, (void)type, (void)code, (void)data;
    (void)reply, (void)cap;
    *out = (struct auger_turn_server_out){0};
}

void auger_turn_server_relay_opened(struct auger_turn_server *server, auger_time now,
                                    uint32_t relay, int err, uint8_t *reply, size_t cap,
                                    struct auger_turn_server_out *out)
{
    (void)server, (void)now, (void)relay, (void)err, (void)reply, (void)cap;
    *out = (struct auger_turn_server_out){0};
}

void auger_turn_server_answer_key(struct auger_turn_server *server, auger_time now, uint32_t ticket,
                                  const char *password, uint8_t *reply, size_t cap,
                                  struct auger_turn_server_out *out)
{
    (void)server, (void)now, (void)ticket, (void)password, (void)reply, (void)cap;
    *out = (struct auger_turn_server_out){0};
}

void auger_turn_server_stream_closed(struct auger_turn_server *server, auger_time now,
                                     const struct auger_path *path)
{
    (void)server, (void)now, (void)path;
}

bool auger_turn_server_is_known(const struct auger_turn_server *server,
                                const struct auger_path *path)
{
    (void)server, (void)path;
    return false;
}

void auger_turn_server_drain(struct auger_turn_server *server, const struct auger_addr *alternate)
{
    (void)server, (void)alternate;
}

void auger_turn_server_close(struct auger_turn_server *server, auger_time now)
{
    (void)server, (void)now;
}

bool auger_turn_server_poll_event(struct auger_turn_server *server,
                                  struct auger_turn_server_event *event)
{
    (void)server, (void)event;
    return false;
}

const char *auger_turn_server_drop_text(enum auger_turn_server_drop drop)
{
    (void)drop;
    return "";
}

void auger_turn_server_get_stats_sized(const struct auger_turn_server *server,
                                       struct auger_turn_server_stats *stats, size_t size)
{
    memset(stats, 0, size);
    memcpy(stats, &server->stats, size < sizeof(server->stats) ? size : sizeof(server->stats));
}
