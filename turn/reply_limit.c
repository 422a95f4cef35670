/* turn/reply_limit.c - answers to who has proved nothing: docs/decisions/126.  A cell is one
 * time, until when its source has used up what it may have: a bucket of tokens in 8 bytes. */
#include "turn/reply_limit.h"
#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "crypto/crypto.h"

#include <string.h>

#define RATE_MAX 1000000u
#define CELLS_MAX (1u << 24)
#define ROWS 2

/* One answer takes `step` of time; `ahead` is how far a source may be. */
struct level {
    auger_time step, ahead;
    auger_time *rows[ROWS];
};

struct auger_reply_limit {
    const struct auger_env *env;
    struct auger_siphash *hash;
    auger_time *cells;
    struct level port, prefix;
    uint32_t mask;
    bool exempt_loopback;
    struct auger_reply_limit_stats stats;
};

void auger_reply_limit_config_init(struct auger_reply_limit_config *config)
{
    *config = (struct auger_reply_limit_config){
        .port_rate = 10, .port_burst = 10, .prefix_rate = 200, .prefix_burst = 200, .cells = 8192};
}

static bool is_rate(uint32_t rate)
{
    return rate > 0 && rate <= RATE_MAX;
}

static bool is_valid(const struct auger_reply_limit_config *config)
{
    return is_rate(config->port_rate) && is_rate(config->port_burst) &&
           is_rate(config->prefix_rate) && is_rate(config->prefix_burst) && config->cells > 0 &&
           config->cells <= CELLS_MAX && (config->cells & (config->cells - 1)) == 0;
}

static struct level make_level(uint32_t rate, uint32_t burst, auger_time *cells, uint32_t len)
{
    auger_time step = AUGER_SEC / rate;

    return (struct level){step, step * (burst - 1), {cells, cells + len}};
}

static int draw_key(struct auger_reply_limit *limit)
{
    uint8_t key[AUGER_SIPHASH_KEY_LEN];

    int err = auger_env_random(limit->env, key, sizeof(key));
    if (err == 0)
        err = auger_siphash_new(&limit->hash, key);
    auger_bytes_wipe(key, sizeof(key));
    return err;
}

int auger_reply_limit_new(struct auger_reply_limit **out, const struct auger_env *env,
                          const struct auger_reply_limit_config *config)
{
    if (!is_valid(config))
        return AUGER_ERR_INVALID;
    struct auger_reply_limit *limit = auger_env_alloc(env, 1, sizeof(*limit));
    if (!limit)
        return AUGER_ERR_NO_MEMORY;
    limit->env = env;
    limit->mask = config->cells - 1;
    limit->exempt_loopback = config->exempt_loopback;
    limit->cells = auger_env_alloc(env, (size_t)2 * ROWS * config->cells, sizeof(*limit->cells));
    int err = limit->cells ? draw_key(limit) : AUGER_ERR_NO_MEMORY;
    if (err < 0) {
        auger_reply_limit_free(limit);
        return err;
    }
    limit->port = make_level(config->port_rate, config->port_burst, limit->cells, config->cells);
    limit->prefix = make_level(config->prefix_rate, config->prefix_burst,
                               limit->cells + (size_t)ROWS * config->cells, config->cells);
    *out = limit;
    return 0;
}

void auger_reply_limit_free(struct auger_reply_limit *limit)
{
    if (!limit)
        return;
    auger_siphash_free(limit->hash);
    auger_env_release(limit->env, limit->cells);
    auger_env_release(limit->env, limit);
}

/* --- the cells of a source -------------------------------------------------------------- */

struct source {
    auger_time *port[ROWS], *prefix[ROWS];
};

/* The halves of one hash choose a cell in each row. */
static bool choose(const struct auger_reply_limit *limit, const struct level *level,
                   const uint8_t *name, size_t len, auger_time *cells[ROWS])
{
    uint64_t hash;

    if (auger_siphash_compute(limit->hash, name, len, &hash) < 0)
        return false;
    cells[0] = &level->rows[0][(uint32_t)hash & limit->mask];
    cells[1] = &level->rows[1][(uint32_t)(hash >> 32) & limit->mask];
    return true;
}

/* Of IPv6 the first 64 bits are one source: who has one address there has them all. */
static bool find(const struct auger_reply_limit *limit, const struct auger_addr *client,
                 struct source *source)
{
    size_t ip_len = auger_addr_ip_len(client);
    uint8_t name[1 + 16 + 2] = {client->family};

    memcpy(name + 1, client->ip, ip_len);
    name[1 + ip_len] = (uint8_t)(client->port >> 8);
    name[2 + ip_len] = (uint8_t)client->port;
    return choose(limit, &limit->port, name, 1 + ip_len + 2, source->port) &&
           choose(limit, &limit->prefix, name, 1 + (ip_len == 16 ? 8 : ip_len), source->prefix);
}

static auger_time until(auger_time *const cells[ROWS])
{
    return auger_time_min(*cells[0], *cells[1]);
}

/* What a source is ahead by decides. */
static bool has_room(const struct level *level, auger_time *const cells[ROWS], auger_time now)
{
    return until(cells) - now <= level->ahead;
}

/* The emptier cell tells the truth, or the less untrue: none is moved beyond it. */
static void count(const struct level *level, auger_time *const cells[ROWS], auger_time now)
{
    auger_time next = auger_time_max(until(cells), now) + level->step;

    for (size_t i = 0; i < ROWS; i++)
        *cells[i] = auger_time_max(*cells[i], next);
}

static bool is_exempt(const struct auger_reply_limit *limit, const struct auger_addr *client)
{
    return client->transport == AUGER_TCP ||
           (limit->exempt_loopback && auger_addr_is_loopback(client));
}

bool auger_reply_limit_take(struct auger_reply_limit *limit, auger_time now,
                            const struct auger_addr *client)
{
    struct source source;

    if (is_exempt(limit, client)) {
        limit->stats.granted++;
        return true;
    }
    if (!find(limit, client, &source) || !has_room(&limit->port, source.port, now)) {
        limit->stats.refused_port++;
        return false;
    }
    if (!has_room(&limit->prefix, source.prefix, now)) {
        limit->stats.refused_prefix++;
        return false;
    }
    count(&limit->port, source.port, now);
    count(&limit->prefix, source.prefix, now);
    limit->stats.granted++;
    return true;
}

bool auger_reply_limit_has_room(struct auger_reply_limit *limit, auger_time now,
                                const struct auger_addr *client)
{
    struct source source;

    return is_exempt(limit, client) ||
           (find(limit, client, &source) && has_room(&limit->port, source.port, now) &&
            has_room(&limit->prefix, source.prefix, now));
}

const struct auger_reply_limit_stats *auger_reply_limit_stats(const struct auger_reply_limit *limit)
{
    return &limit->stats;
}

size_t auger_reply_limit_room(const struct auger_addr *client, size_t len)
{
    size_t headers = client->family == AUGER_IPV4 ? 28 : 48;

    return (headers + len) * 17 / 10 - headers;
}
