/* ice/relay.c - TURN servers and our allocations on them: the table, and the border at which
 * what goes through a relay is wrapped and unwrapped (RFC 8656 sections 11 and 12). */
#include "ice/relay.h"

#include "ice/policy.h"
#include "ice/reflexive.h"

#include "turn/allocation.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"

#include <assert.h>
#include <string.h>

#define DOUBTED_EVERY (10 * AUGER_SEC)

/* --- servers ------------------------------------------------------------------------------ */

static bool has_table(struct auger_ice *ice)
{
    size_t relays = ice->config.relays_max * sizeof(struct auger_relay);
    size_t servers = ice->config.servers_max * sizeof(struct auger_relay_server);

    if (ice->relays)
        return true;
    ice->relays = auger_env_alloc(ice->env, 1, sizeof(*ice->relays) + relays + servers);
    if (!ice->relays)
        return false;
    ice->relays->servers =
        (struct auger_relay_server *)(void *)((uint8_t *)(ice->relays + 1) + relays);
    return true;
}

static void drop_empty_table(struct auger_ice *ice)
{
    if (ice->relays->servers_len > 0)
        return;
    auger_env_release(ice->env, ice->relays);
    ice->relays = NULL;
}

static char *put(char *at, const char *text)
{
    size_t size = strlen(text) + 1;

    memcpy(at, text, size);
    return at + size;
}

/* Both, or neither: of those that a client was made with. */
static int keep_credentials(const struct auger_ice *ice, struct auger_relay_server *to,
                            const struct auger_ice_turn_server *from)
{
    if (!from->username)
        return 0;
    to->username =
        auger_env_alloc(ice->env, 1, strlen(from->username) + strlen(from->password) + 2);
    if (!to->username)
        return AUGER_ERR_NO_MEMORY;
    to->password = put(to->username, from->username);
    put(to->password, from->password);
    return 0;
}

bool auger_relay_uses_sockets(const struct auger_ice *ice)
{
    for (uint16_t i = 0; ice->relays && i < ice->relays->servers_len; i++)
        if (ice->relays->servers[i].via == AUGER_VIA_UDP)
            return true;
    return false;
}

size_t auger_relay_count_servers(const struct auger_ice *ice)
{
    return ice->relays ? ice->relays->servers_len : 0;
}

int auger_relay_add_server(struct auger_ice *ice, const struct auger_ice_turn_server *server)
{
    size_t known = auger_relay_count_servers(ice) + ice->gather.servers_len;
    struct auger_relay_server kept = {
        .addr = server->addr, .families = (uint8_t)server->families, .via = AUGER_VIA_UDP};

    if (ice->config.relays_max == 0 || known >= ice->config.servers_max)
        return AUGER_ERR_LIMIT;
    if (server->addr.transport == AUGER_TCP)
        kept.via = server->over_tls ? AUGER_VIA_TLS : AUGER_VIA_TCP;
    else
        kept.is_sealed = server->over_tls && !server->seals_alternates;
    if (!has_table(ice))
        return AUGER_ERR_NO_MEMORY;
    int err = keep_credentials(ice, &kept, server);
    if (err == 0)
        ice->relays->servers[ice->relays->servers_len++] = kept;
    else
        drop_empty_table(ice);
    return err;
}

void auger_relay_fini(struct auger_ice *ice)
{
    struct auger_relays *relays = ice->relays;

    for (uint16_t i = 0; relays && i < relays->len; i++)
        auger_turn_free(relays->items[i].turn);
    for (uint16_t i = 0; relays && i < relays->servers_len; i++)
        auger_env_release(ice->env, relays->servers[i].username);
    auger_env_release(ice->env, relays);
    ice->relays = NULL;
}

/* --- the table ---------------------------------------------------------------------------- */

struct auger_relay *auger_relay_next(const struct auger_ice *ice, const struct auger_relay *after)
{
    struct auger_relays *relays = ice->relays;
    size_t i = after ? (size_t)(after - relays->items) + 1 : 0;

    for (; relays && i < relays->len; i++)
        if (relays->items[i].server)
            return &relays->items[i];
    return NULL;
}

struct auger_relay *auger_relay_of(const struct auger_ice *ice, const struct auger_ice_cand *local)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        if (r->cands[0] == local || r->cands[1] == local)
            return r;
    return NULL;
}

static bool is_stream(const struct auger_relay_server *server)
{
    return server->addr.transport == AUGER_TCP;
}

static struct auger_addr local_end(const struct auger_relay_server *server,
                                   const struct auger_ice_cand *host)
{
    struct auger_addr local = host->addr;

    if (is_stream(server)) {
        local.transport = AUGER_TCP;
        local.port = 0;
    }
    return local;
}

/* A client may have been sent on to another server. */
struct auger_path auger_relay_path(const struct auger_relay *relay)
{
    return (struct auger_path){local_end(relay->server, relay->host),
                               relay->turn ? *auger_turn_server(relay->turn) : relay->server->addr};
}

bool auger_relay_has_twin(const struct auger_ice *ice, const struct auger_relay *relay)
{
    struct auger_path path = auger_relay_path(relay);

    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r;
         r = auger_relay_next(ice, r)) {
        struct auger_path used = auger_relay_path(r);
        if (r != relay && r->turn && auger_path_equal(&used, &path))
            return true;
    }
    return false;
}

bool auger_relay_is_apart(const struct auger_ice *ice, const struct auger_path *path)
{
    for (size_t i = 0; ice->relays && i < ice->relays->apart_len; i++)
        if (auger_path_equal(&ice->relays->apart[i], path))
            return true;
    return false;
}

void auger_relay_set_apart(struct auger_ice *ice, const struct auger_path *path)
{
    struct auger_relays *relays = ice->relays;

    if (!relays || auger_relay_is_apart(ice, path))
        return;
    relays->apart_at %= AUGER_RELAY_APART_MAX;
    relays->apart_len += relays->apart_at == relays->apart_len;
    relays->apart[relays->apart_at++] = *path;
}

/* That base is gone, and another may have its address. */
static void forget_apart(struct auger_relays *relays, const struct auger_addr *local)
{
    size_t kept = 0;

    for (size_t i = 0; relays && i < relays->apart_len; i++)
        if (!auger_addr_equal(&relays->apart[i].local, local))
            relays->apart[kept++] = relays->apart[i];
    if (relays && kept < relays->apart_len)
        relays->apart_len = relays->apart_at = kept;
}

bool auger_relay_is_waiting(const struct auger_ice *ice, const struct auger_relay *relay)
{
    return relay->state == AUGER_RELAY_WAITING && !auger_relay_has_twin(ice, relay);
}

static bool is_asked_from(const struct auger_relay *relay, const struct auger_relay_server *server,
                          const struct auger_ice_cand *host)
{
    struct auger_addr one = local_end(server, relay->host), other = local_end(server, host);

    return relay->server == server && auger_addr_equal(&one, &other);
}

/* As for a STUN server: of its family, and from a loopback or link-local address those alone
 * that are such too, and never from a helper socket, whose ports are to be predicted.  The policy
 * is no matter: what it keeps to itself may yet be relayed. */
static bool can_ask(const struct auger_ice_cand *host, const struct auger_relay_server *server)
{
    struct auger_ice_cand as_remote = {.addr = server->addr}, from = {.addr = host->addr};

    as_remote.addr.transport = AUGER_UDP;
    if (is_stream(server)) /* of a base of TCP too: it leaves from the IP address alone */
        from.addr.transport = AUGER_UDP;
    return host->addr.family != AUGER_FAMILY_NONE && host->type == AUGER_CAND_HOST &&
           !host->is_helper && auger_cand_can_pair(&from, &as_remote);
}

static bool was_sent_on_to(const struct auger_relay *relay, const struct auger_relay_server *server,
                           const struct auger_ice_cand *host)
{
    const struct auger_path path = {local_end(server, host), server->addr};
    struct auger_path used = auger_relay_path(relay);

    return relay->turn && auger_path_equal(&used, &path);
}

static bool is_asked(const struct auger_ice *ice, const struct auger_relay_server *server,
                     const struct auger_ice_cand *host)
{
    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        if (is_asked_from(r, server, host) || was_sent_on_to(r, server, host))
            return true;
    return false;
}

static const struct auger_ice_cand *unasked_host(const struct auger_ice *ice,
                                                 const struct auger_relay_server *server)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        const struct auger_ice_cand *host = auger_cands_at(&ice->locals, i);
        if (can_ask(host, server) && !is_asked(ice, server, host))
            return host;
    }
    return NULL;
}

static size_t count_relays(const struct auger_ice *ice, const struct auger_relay_server *server)
{
    size_t count = 0;

    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        count += !server || r->server == server;
    return count;
}

/* Each server once before any twice, so that none takes the room of another. */
bool auger_relay_find_unasked(const struct auger_ice *ice, const struct auger_relay_server **server,
                              const struct auger_ice_cand **host)
{
    size_t fewest = SIZE_MAX;

    if (!ice->relays || ice->is_closed || count_relays(ice, NULL) >= ice->config.relays_max)
        return false;
    for (uint16_t i = 0; i < ice->relays->servers_len; i++) {
        const struct auger_relay_server *candidate = &ice->relays->servers[i];
        const struct auger_ice_cand *from = unasked_host(ice, candidate);
        size_t count = count_relays(ice, candidate);
        if (!from || count >= fewest)
            continue;
        fewest = count;
        *server = candidate;
        *host = from;
    }
    return fewest != SIZE_MAX;
}

struct auger_relay *auger_relay_add(struct auger_ice *ice, const struct auger_relay_server *server,
                                    const struct auger_ice_cand *host)
{
    struct auger_relays *relays = ice->relays;
    uint16_t i = 0;

    while (i < relays->len && relays->items[i].server)
        i++;
    if (i == ice->config.relays_max)
        return NULL;
    if (i == relays->len)
        relays->len++;
    relays->items[i] =
        (struct auger_relay){.server = server, .host = host, .stood_until = AUGER_NEVER};
    return &relays->items[i];
}

/* Another host that a stream may leave from; NULL: none. */
static const struct auger_ice_cand *another_host(const struct auger_ice *ice,
                                                 const struct auger_relay *relay)
{
    for (uint16_t i = 0; is_stream(relay->server) && i < ice->locals.len; i++) {
        const struct auger_ice_cand *host = auger_cands_at(&ice->locals, i);
        if (host != relay->host && can_ask(host, relay->server) &&
            is_asked_from(relay, relay->server, host))
            return host;
    }
    return NULL;
}

void auger_relay_remove_host(struct auger_ice *ice, const struct auger_ice_cand *host)
{
    forget_apart(ice->relays, &host->addr);
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        if (r->host != host)
            continue;
        r->host = another_host(ice, r);
        if (r->host)
            continue;
        auger_turn_free(r->turn);
        *r = (struct auger_relay){0};
    }
}

struct auger_ice_cand *auger_relay_behind(const struct auger_ice *ice,
                                          const struct auger_ice_cand *host)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        if (r->host == host && !another_host(ice, r) && (r->cands[0] || r->cands[1]))
            return r->cands[0] ? r->cands[0] : r->cands[1];
    return NULL;
}

void auger_relay_forget(struct auger_ice *ice, const struct auger_ice_cand *relayed)
{
    struct auger_relay *relay = auger_relay_of(ice, relayed);

    for (size_t i = 0; relay && i < 2; i++)
        if (relay->cands[i] == relayed)
            relay->cands[i] = NULL;
}

bool auger_relay_is_awaited(const struct auger_ice *ice)
{
    const struct auger_relay_server *server;
    const struct auger_ice_cand *host;

    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        if (r->is_awaited && !auger_relay_has_twin(ice, r))
            return true;
    return auger_relay_find_unasked(ice, &server, &host);
}

bool auger_relay_may_come(const struct auger_ice *ice)
{
    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r))
        if (r->state == AUGER_RELAY_ASKING || (auger_relay_is_waiting(ice, r) && r->was_renewed))
            return true;
    return false;
}

auger_time auger_relay_doubt_at(const struct auger_relay *relay)
{
    return relay->state == AUGER_RELAY_ALLOCATED ? auger_time_add(relay->doubted_at, DOUBTED_EVERY)
                                                 : AUGER_NEVER;
}

void auger_relay_doubt(struct auger_relay *relay, auger_time now)
{
    if (now < auger_relay_doubt_at(relay))
        return;
    relay->doubted_at = now;
    auger_allocation_doubt(relay->turn, now);
}

void auger_relay_tell_mapped(struct auger_ice *ice, auger_time now, const struct auger_relay *relay)
{
    const struct auger_path path = auger_relay_path(relay);

    if (relay->state == AUGER_RELAY_ALLOCATED && !is_stream(relay->server) &&
        !auger_relay_is_apart(ice, &path) && auger_policy_asks_servers(ice->config.policy))
        auger_reflexive_add(ice, now, relay->host, &relay->origin.mapped, &relay->server->addr);
}

void auger_relay_tell_again(struct auger_ice *ice, auger_time now)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        r->was_renewed = false;
        auger_relay_doubt(r, now);
        auger_relay_tell_mapped(ice, now, r);
        if (r->state == AUGER_RELAY_OVER ||
            (r->state == AUGER_RELAY_WAITING && r->error == AUGER_TURN_ERROR_TIMEOUT)) {
            r->state = AUGER_RELAY_WAITING;
            r->at = now;
        }
        r->is_awaited =
            r->state == AUGER_RELAY_ASKING || (r->state == AUGER_RELAY_WAITING && r->at <= now);
    }
}

/* --- the border --------------------------------------------------------------------------- */

static struct auger_relay *along(const struct auger_ice *ice, const struct auger_path *path)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        struct auger_path used = auger_relay_path(r);
        if (r->turn && auger_path_equal(&used, path))
            return r;
    }
    return NULL;
}

/* That of the family; NULL: it was not believed. */
static const struct auger_ice_cand *cand_of_family(const struct auger_relay *relay, uint8_t family)
{
    for (size_t i = 0; i < 2; i++)
        if (relay->cands[i] && relay->cands[i]->addr.family == family)
            return relay->cands[i];
    return NULL;
}

/* A server may have sent us on to another. */
bool auger_relay_has_stream(const struct auger_ice *ice, const struct auger_path *path)
{
    if (path->remote.transport != AUGER_TCP || path->local.port != 0)
        return false;
    for (uint16_t i = 0; ice->relays && i < ice->relays->servers_len; i++)
        if (auger_addr_equal(&ice->relays->servers[i].addr, &path->remote))
            return true;
    return along(ice, path) != NULL;
}

enum auger_relay_taken auger_relay_unwrap(struct auger_ice *ice, auger_time now,
                                          struct auger_path *path, struct auger_bytes *bytes)
{
    struct auger_relay *relay = along(ice, path);
    struct auger_turn_data data;

    if (!relay) /* of a stream that was of one: too late */
        return auger_relay_has_stream(ice, path) ? AUGER_RELAY_CONSUMED : AUGER_RELAY_NOT_OURS;
    switch (auger_turn_handle_datagram(relay->turn, now, &path->remote, bytes->data, bytes->len,
                                       &data)) {
    case AUGER_TURN_NOT_OURS:
        return is_stream(relay->server) ? AUGER_RELAY_CONSUMED : AUGER_RELAY_NOT_OURS;
    case AUGER_TURN_CONSUMED:
        return AUGER_RELAY_CONSUMED;
    case AUGER_TURN_DATA:
        break;
    }
    const struct auger_ice_cand *cand = cand_of_family(relay, data.peer.family);
    if (!cand)
        return AUGER_RELAY_CONSUMED;
    *path = (struct auger_path){cand->addr, data.peer};
    *bytes = data.bytes;
    return AUGER_RELAY_UNWRAPPED;
}

static struct auger_relay *relay_at(const struct auger_ice *ice, const struct auger_addr *local)
{
    for (struct auger_relay *r = auger_relay_next(ice, NULL); r; r = auger_relay_next(ice, r)) {
        const struct auger_ice_cand *cand = cand_of_family(r, local->family);
        if (cand && auger_addr_equal(&cand->addr, local))
            return r;
    }
    return NULL;
}

bool auger_relay_is_at(const struct auger_ice *ice, const struct auger_addr *local)
{
    return relay_at(ice, local) != NULL;
}

int auger_relay_wrap(struct auger_ice *ice, auger_time now, struct auger_path *path,
                     const uint8_t *data, size_t len, uint8_t *buf, size_t cap)
{
    struct auger_relay *relay = relay_at(ice, &path->local);

    assert(relay);
    if (!relay->turn)
        return AUGER_ERR_NO_PATH;
    int written = auger_turn_write(relay->turn, now, &path->remote, data, len, buf, cap);
    if (written >= 0) {
        *path = auger_relay_path(relay);
        relay->sent_at = now;
    }
    return written;
}
