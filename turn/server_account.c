/* turn/server_account.c - quotas of users and of IP addresses. */
#include "turn/server_account.h"

#include "base/env.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "turn/rest.h"

#include <string.h>

#define BURST AUGER_SEC
#define HEADERS_LEN 28 /* of IP and UDP, so that empty datagrams are not free */

static bool is_named(const struct auger_server_account *account, struct auger_bytes name)
{
    return account->len == name.len && memcmp(account->name, name.data, name.len) == 0;
}

static struct auger_server_account *find(struct auger_turn_server *server,
                                         enum auger_server_account_kind kind,
                                         struct auger_bytes name, uint64_t hash)
{
    struct auger_table_node *node = auger_table_first(&server->accounts, hash);

    for (; node; node = auger_table_next(&server->accounts, node)) {
        struct auger_server_account *account = (struct auger_server_account *)(void *)node;
        if (account->kind == kind && is_named(account, name))
            return account;
    }
    return NULL;
}

static struct auger_server_account *add(struct auger_turn_server *server,
                                        enum auger_server_account_kind kind,
                                        struct auger_bytes name, uint64_t hash)
{
    struct auger_server_account *account =
        auger_env_alloc(server->env, 1, sizeof(*account) + name.len);

    if (!account)
        return NULL;
    account->kind = (uint8_t)kind;
    account->len = (uint16_t)name.len;
    memcpy(account->name, name.data, name.len);
    account->node.hash = hash;
    auger_table_add(&server->accounts, &account->node);
    return account;
}

void auger_server_account_add(struct auger_server_account *account)
{
    account->allocations++;
    account->holds++;
}

static int take(struct auger_turn_server *server, enum auger_server_account_kind kind,
                struct auger_bytes name, uint32_t max, struct auger_server_account **out)
{
    uint64_t hash;

    int err = auger_siphash_compute(server->siphash, name.data, name.len, &hash);
    if (err < 0)
        return err;
    struct auger_server_account *account = find(server, kind, name, hash);
    if (account && account->allocations >= max)
        return AUGER_ERR_LIMIT;
    if (!account)
        account = add(server, kind, name, hash);
    if (!account)
        return AUGER_ERR_NO_MEMORY;
    auger_server_account_add(account);
    *out = account;
    return 0;
}

int auger_server_account_take_user(struct auger_turn_server *server,
                                   const struct auger_proof *proof,
                                   struct auger_server_account **out)
{
    const struct auger_bytes user = auger_rest_user(proof->username);
    bool is_timely = proof->expires_at_s != AUGER_USER_NEVER && user.len > 0;

    return take(server, is_timely ? AUGER_SERVER_ACCOUNT_TIMELY : AUGER_SERVER_ACCOUNT_USER,
                is_timely ? user : proof->username, server->config.user_allocations_max, out);
}

bool auger_server_account_is(const struct auger_server_account *account, struct auger_bytes name)
{
    return is_named(account,
                    account->kind == AUGER_SERVER_ACCOUNT_TIMELY ? auger_rest_user(name) : name);
}

int auger_server_account_take_ip(struct auger_turn_server *server, const struct auger_addr *client,
                                 struct auger_server_account **out)
{
    const struct auger_bytes prefix = {client->ip, client->family == AUGER_IPV4 ? 4 : 8};

    return take(server, AUGER_SERVER_ACCOUNT_IP, prefix, server->config.ip_allocations_max, out);
}

void auger_server_account_hold(struct auger_server_account *account)
{
    account->holds++;
}

void auger_server_account_let_go(struct auger_turn_server *server,
                                 struct auger_server_account *account)
{
    if (--account->holds > 0)
        return;
    auger_table_remove(&server->accounts, &account->node);
    auger_env_release(server->env, account);
}

void auger_server_account_give(struct auger_turn_server *server,
                               struct auger_server_account *account)
{
    account->allocations--;
    auger_server_account_let_go(server, account);
}

/* --- bytes a second ------------------------------------------------------------------ */

static bool has_room(auger_time busy_until, auger_time now, uint64_t rate)
{
    return rate == 0 || busy_until <= auger_time_add(now, BURST);
}

static auger_time charge(auger_time busy_until, auger_time now, uint64_t rate, size_t len)
{
    if (rate == 0)
        return busy_until;
    return auger_time_max(busy_until, now) + (auger_time)((uint64_t)len * AUGER_SEC / rate);
}

static void charge_all(struct auger_turn_server *server, auger_time now,
                       struct auger_server_allocation *allocation, size_t weight)
{
    const struct auger_turn_server_config *config = &server->config;
    auger_time *user = &allocation->user->busy_until, *ip = &allocation->ip->busy_until;

    *user = charge(*user, now, config->user_bytes_per_s, weight);
    *ip = charge(*ip, now, config->ip_bytes_per_s, weight);
    server->busy_until = charge(server->busy_until, now, config->bytes_per_s, weight);
}

/* All three or none is charged. */
bool auger_server_account_may_relay(struct auger_turn_server *server, auger_time now,
                                    struct auger_server_allocation *allocation, size_t len)
{
    const struct auger_turn_server_config *config = &server->config;

    if (!has_room(allocation->user->busy_until, now, config->user_bytes_per_s) ||
        !has_room(allocation->ip->busy_until, now, config->ip_bytes_per_s) ||
        !has_room(server->busy_until, now, config->bytes_per_s))
        return false;
    charge_all(server, now, allocation, len + HEADERS_LEN);
    return true;
}

auger_time auger_server_account_slow_down(struct auger_turn_server *server, auger_time now,
                                          struct auger_server_allocation *allocation, size_t len)
{
    charge_all(server, now, allocation, len);
    return auger_time_max(allocation->user->busy_until,
                          auger_time_max(allocation->ip->busy_until, server->busy_until)) -
           BURST;
}
