/* ice/gather.c - server-reflexive candidates from STUN servers: RFC 8445 section
 * 5.1.1.2.  Host candidates come from the application (agent.c). */
#include "ice/gather.h"

#include "ice/nominate.h"
#include "ice/pace.h"
#include "ice/policy.h"
#include "ice/reflexive.h"
#include "ice/relay.h"
#include "ice/sighting.h"

#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* A mapping is kept alive this often until a pair is selected (5.1.1.4). */
#define REFRESH_INTERVAL (15 * AUGER_SEC)

void auger_gather_release(struct auger_ice *ice, struct auger_query *queries)
{
    while (queries) {
        struct auger_query *next = queries->next;
        auger_env_release(ice->env, queries);
        queries = next;
    }
}

void auger_gather_fini(struct auger_ice *ice)
{
    auger_gather_release(ice, ice->gather.queries);
    auger_env_release(ice->env, ice->gather.servers);
    ice->gather = (struct auger_gather){0};
}

/* --- what to ask -------------------------------------------------------------------- */

/* A base reaches servers of its family, and from a loopback or link-local
 * address only those that are such too.  What a helper socket asks is burst.c's. */
static bool can_ask(const struct auger_ice *ice, const struct auger_ice_cand *host,
                    const struct auger_addr *server)
{
    const struct auger_ice_cand as_remote = {.addr = *server};
    return host->type == AUGER_CAND_HOST && !host->is_helper &&
           auger_policy_asks_servers(ice->config.policy) && auger_cand_can_pair(host, &as_remote);
}

static int push_query(struct auger_ice *ice, struct auger_query **list,
                      const struct auger_ice_cand *host, const struct auger_addr *server)
{
    struct auger_query *query = auger_env_alloc(ice->env, 1, sizeof(*query));
    if (!query)
        return AUGER_ERR_NO_MEMORY;
    query->next = *list;
    query->host = host;
    query->server = server;
    query->state = AUGER_QUERY_WAITING;
    *list = query;
    return 0;
}

/* An end that has not been told yet is none any more. */
void auger_gather_open(struct auger_ice *ice)
{
    ice->gather.state = AUGER_GATHER_OPEN;
    ice->news.gathered = false;
}

/* In the order in which they came. */
static void put_last(struct auger_ice *ice, struct auger_query *queries)
{
    struct auger_query **end = &ice->gather.queries;
    while (*end)
        end = &(*end)->next;
    *end = queries;
}

static void append(struct auger_ice *ice, struct auger_query *queries)
{
    put_last(ice, queries);
    auger_gather_open(ice);
}

int auger_gather_add_host(struct auger_ice *ice, const struct auger_ice_cand *host)
{
    struct auger_query *queries = NULL;

    for (uint16_t i = ice->gather.servers_len; i-- > 0;) {
        if (can_ask(ice, host, &ice->gather.servers[i]) &&
            push_query(ice, &queries, host, &ice->gather.servers[i]) != 0) {
            auger_gather_release(ice, queries);
            return AUGER_ERR_NO_MEMORY;
        }
    }
    append(ice, queries);
    return 0;
}

static bool has_table(struct auger_ice *ice)
{
    struct auger_gather *gather = &ice->gather;

    if (!gather->servers)
        gather->servers =
            auger_env_alloc(ice->env, ice->config.servers_max, sizeof(struct auger_addr));
    return gather->servers != NULL;
}

static void drop_empty_table(struct auger_ice *ice)
{
    if (ice->gather.servers_len > 0)
        return;
    auger_env_release(ice->env, ice->gather.servers);
    ice->gather.servers = NULL;
}

int auger_gather_add_server(struct auger_ice *ice, const struct auger_addr *server)
{
    struct auger_gather *gather = &ice->gather;
    struct auger_query *queries = NULL;

    if (gather->servers_len + auger_relay_count_servers(ice) >= ice->config.servers_max)
        return AUGER_ERR_LIMIT;
    if (!has_table(ice))
        return AUGER_ERR_NO_MEMORY;
    struct auger_addr *kept = &gather->servers[gather->servers_len];
    *kept = *server;
    for (uint16_t i = ice->locals.len; i-- > 0;) {
        if (can_ask(ice, auger_cands_at(&ice->locals, i), kept) &&
            push_query(ice, &queries, auger_cands_at(&ice->locals, i), kept) != 0) {
            auger_gather_release(ice, queries);
            drop_empty_table(ice);
            return AUGER_ERR_NO_MEMORY;
        }
    }
    gather->servers_len++;
    append(ice, queries);
    return 0;
}

static bool is_asked(const struct auger_ice *ice, const struct auger_ice_cand *host,
                     const struct auger_addr *server)
{
    for (const struct auger_query *query = ice->gather.queries; query; query = query->next)
        if (query->host == host && auger_addr_equal(query->server, server))
            return true;
    return false;
}

void auger_gather_ask_instead(struct auger_ice *ice, const struct auger_ice_cand *host,
                              const struct auger_addr *server)
{
    struct auger_query *query = NULL;

    if (ice->gather.state == AUGER_GATHER_DONE || is_asked(ice, host, server) ||
        !can_ask(ice, host, server))
        return;
    if (push_query(ice, &query, host, server) == 0)
        put_last(ice, query);
}

int auger_gather_prepare_again(struct auger_ice *ice, struct auger_query **queries)
{
    const struct auger_gather *gather = &ice->gather;

    *queries = NULL;
    for (uint16_t i = ice->locals.len; i-- > 0;) {
        for (uint16_t j = gather->servers_len; j-- > 0;) {
            if (can_ask(ice, auger_cands_at(&ice->locals, i), &gather->servers[j]) &&
                push_query(ice, queries, auger_cands_at(&ice->locals, i), &gather->servers[j]) !=
                    0) {
                auger_gather_release(ice, *queries);
                return AUGER_ERR_NO_MEMORY;
            }
        }
    }
    return 0;
}

static void remove_query(struct auger_ice *ice, struct auger_query *query)
{
    struct auger_query **at = &ice->gather.queries;
    while (*at != query)
        at = &(*at)->next;
    *at = query->next;
    auger_env_release(ice->env, query);
}

/* --- done? ----------------------------------------------------------------------------- */

static bool is_open(const struct auger_query *query)
{
    return query->state == AUGER_QUERY_WAITING ||
           (query->state == AUGER_QUERY_ASKING && !query->is_refresh);
}

static void conclude(struct auger_ice *ice, auger_time now, const char *reason)
{
    ice->gather.state = AUGER_GATHER_DONE;
    ice->news.gathered = true;
    auger_trace(ice->env, now, "ice:gathered", AUGER_F_TEXT("reason", reason));
}

static bool is_all_answered(const struct auger_ice *ice)
{
    if (ice->gather.state != AUGER_GATHER_ENDING || auger_relay_is_awaited(ice))
        return false;
    for (const struct auger_query *query = ice->gather.queries; query; query = query->next)
        if (is_open(query))
            return false;
    return true;
}

static bool is_for_window(const struct auger_ice *ice)
{
    const struct auger_prediction *p = ice->prediction;
    const struct auger_sighting *by;

    return p && (p->window == AUGER_WINDOW_WANTED || p->window == AUGER_WINDOW_ASKING) &&
           !ice->shares_sockets && auger_sighting_mapping(ice, &by) == AUGER_MAPPING_DEPENDENT;
}

bool auger_gather_awaits_window(const struct auger_ice *ice)
{
    return is_all_answered(ice) && is_for_window(ice);
}

void auger_gather_conclude(struct auger_ice *ice, auger_time now)
{
    if (is_all_answered(ice) && !is_for_window(ice))
        conclude(ice, now, "all answered");
}

void auger_gather_remove_host(struct auger_ice *ice, const struct auger_ice_cand *host)
{
    struct auger_query *next;

    for (struct auger_query *query = ice->gather.queries; query; query = next) {
        next = query->next;
        if (query->host == host)
            remove_query(ice, query);
    }
}

void auger_gather_end(struct auger_ice *ice, auger_time now)
{
    if (ice->gather.state != AUGER_GATHER_OPEN)
        return;
    ice->gather.state = AUGER_GATHER_ENDING;
    ice->gather.deadline = auger_time_add(now, ice->config.gather_timeout);
    auger_gather_conclude(ice, now);
}

void auger_gather_again(struct auger_ice *ice, auger_time now, struct auger_query *queries)
{
    bool was_open = ice->gather.state == AUGER_GATHER_OPEN;

    auger_gather_release(ice, ice->gather.queries);
    ice->gather.queries = queries;
    ice->gather.state = AUGER_GATHER_OPEN;
    ice->news.gathered = false;
    auger_cands_tell_again(&ice->locals);
    auger_relay_tell_again(ice, now);
    if (!was_open)
        auger_gather_end(ice, now);
}

/* --- asking ------------------------------------------------------------------------------ */

/* Not authenticated (5.1.1.2).  0: not due. */
static size_t write_request(struct auger_ice *ice, auger_time now, struct auger_query *query,
                            struct auger_path *path, uint8_t *buf, size_t cap)
{
    size_t len = auger_stun_question_write(&query->question, now, buf, cap);

    if (len == 0)
        return 0;
    *path = (struct auger_path){query->host->addr, *query->server};
    ice->tally.server_requests++;
    auger_trace(ice->env, now, "ice:server_asked", AUGER_F_ADDR("base", &path->local),
                AUGER_F_ADDR("server", &path->remote),
                AUGER_F_INT("attempt", query->question.tx.sent));
    return len;
}

size_t auger_gather_write_again(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                uint8_t *buf, size_t cap)
{
    for (struct auger_query *query = ice->gather.queries; query; query = query->next) {
        if (query->state == AUGER_QUERY_ASKING) {
            size_t len = write_request(ice, now, query, path, buf, cap);
            if (len)
                return len;
        }
    }
    return 0;
}

static bool is_next(const struct auger_query *query, auger_time now)
{
    return query->state == AUGER_QUERY_WAITING ||
           (query->state == AUGER_QUERY_ANSWERED && now >= query->refresh_at);
}

/* 14.3: the RTO grows with the number of candidates that are asked for. */
static auger_time retransmission_timeout(const struct auger_ice *ice)
{
    size_t count = 0;
    for (const struct auger_query *query = ice->gather.queries; query; query = query->next)
        count++;
    return auger_pace_rto(ice, count);
}

size_t auger_gather_write_next(struct auger_ice *ice, auger_time now, struct auger_path *path,
                               uint8_t *buf, size_t cap)
{
    if (ice->state == AUGER_ICE_FAILED)
        return 0;
    for (struct auger_query *query = ice->gather.queries; query; query = query->next) {
        if (!is_next(query, now))
            continue;
        if (!auger_pace_allows(ice, now))
            return 0;
        auger_pace_begin(ice, now);
        ice->has_checked = false;
        if (auger_stun_question_start(&query->question, ice->env, now,
                                      retransmission_timeout(ice)) != 0)
            return 0; /* no entropy: again when Ta fires */
        auger_ice_mark(ice, &query->question.tx.id);
        query->is_refresh = query->state == AUGER_QUERY_ANSWERED;
        query->state = AUGER_QUERY_ASKING;
        return write_request(ice, now, query, path, buf, cap);
    }
    return 0;
}

/* --- the answer ------------------------------------------------------------------------------ */

struct auger_query *auger_gather_find(const struct auger_ice *ice, const struct auger_stun_tid *tid)
{
    for (struct auger_query *query = ice->gather.queries; query; query = query->next) {
        if (query->state == AUGER_QUERY_ASKING &&
            auger_stun_question_matches(&query->question, tid))
            return query;
    }
    return NULL;
}

void auger_gather_handle_response(struct auger_ice *ice, auger_time now, struct auger_query *query,
                                  const struct auger_path *path, const struct auger_stun_msg *msg)
{
    assert(query->state == AUGER_QUERY_ASKING);
    struct auger_addr mapped;

    if (!auger_addr_equal(&path->local, &query->host->addr) ||
        !auger_stun_question_handle_response(&query->question, query->server, &path->remote, msg,
                                             &mapped)) {
        ice->counters.unmatched++;
        return;
    }
    if (query->question.state != AUGER_STUN_CLIENT_ANSWERED) {
        auger_trace(ice->env, now, "ice:server_refused", AUGER_F_ADDR("server", query->server),
                    AUGER_F_INT("code", query->question.error_code));
        remove_query(ice, query);
    } else {
        ice->tally.server_answers++;
        if (!query->is_refresh && !auger_relay_is_apart(ice, path))
            auger_reflexive_add(ice, now, query->host, &mapped, query->server);
        query->state = AUGER_QUERY_ANSWERED;
        query->refresh_at = auger_time_add(now, REFRESH_INTERVAL);
    }
    auger_gather_conclude(ice, now);
}

/* --- time --------------------------------------------------------------------------------------
 */

static auger_time refresh_timeout(const struct auger_ice *ice, const struct auger_query *query)
{
    return auger_time_max(query->refresh_at, ice->pace_at);
}

static bool is_over(const struct auger_ice *ice, struct auger_query *query, auger_time now)
{
    switch ((enum auger_query_state)query->state) {
    case AUGER_QUERY_WAITING:
        return ice->gather.state == AUGER_GATHER_DONE;
    case AUGER_QUERY_ASKING:
        auger_stun_question_handle_timeout(&query->question, now);
        return query->question.state == AUGER_STUN_CLIENT_TIMEOUT ||
               (ice->gather.state == AUGER_GATHER_DONE && !query->is_refresh);
    case AUGER_QUERY_ANSWERED:
        return now >= refresh_timeout(ice, query) && !ice->next &&
               auger_nominate_is_concluded(ice->current);
    }
    return true;
}

void auger_gather_handle_timeout(struct auger_ice *ice, auger_time now)
{
    if (ice->gather.state == AUGER_GATHER_ENDING && now >= ice->gather.deadline)
        conclude(ice, now, "timeout");

    struct auger_query *next;
    for (struct auger_query *query = ice->gather.queries; query; query = next) {
        next = query->next;
        if (is_over(ice, query, now))
            remove_query(ice, query);
    }
    auger_gather_conclude(ice, now);
}

static auger_time query_timeout(const struct auger_ice *ice, const struct auger_query *query)
{
    switch ((enum auger_query_state)query->state) {
    case AUGER_QUERY_WAITING:
        return ice->pace_at;
    case AUGER_QUERY_ASKING:
        return auger_stun_question_next_timeout(&query->question);
    case AUGER_QUERY_ANSWERED:
        return refresh_timeout(ice, query);
    }
    return AUGER_NEVER;
}

auger_time auger_gather_next_timeout(const struct auger_ice *ice)
{
    auger_time at = ice->gather.state == AUGER_GATHER_ENDING ? ice->gather.deadline : AUGER_NEVER;

    for (const struct auger_query *query = ice->gather.queries; query; query = query->next)
        at = auger_time_min(at, query_timeout(ice, query));
    return at;
}
