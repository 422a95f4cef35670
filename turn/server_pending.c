/* turn/server_pending.c - requests that wait for a key. */
#include "turn/server_pending.h"

#include "base/env.h"
#include "base/time.h"

#include <string.h>

#define OF_ONE_MAX 8 /* from one source, so that it leaves room for others */

/* A retransmission of what waits already is dropped. */
static bool waits(const struct auger_turn_server *server, const struct auger_server_request *r)
{
    for (const struct auger_server_pending *p = server->pending; p; p = p->next)
        if (auger_path_equal(&p->path, r->path) && p->len == r->msg->len &&
            memcmp(p->bytes, r->msg->buf, p->len) == 0)
            return true;
    return false;
}

/* An IPv4 address, or the first 64 bits of an IPv6 one. */
static bool is_same_source(const struct auger_addr *a, const struct auger_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, a->family == AUGER_IPV4 ? 4 : 8) == 0;
}

static size_t count_of(const struct auger_turn_server *server, const struct auger_addr *source)
{
    size_t count = 0;

    for (const struct auger_server_pending *p = server->pending; p; p = p->next)
        count += is_same_source(&p->path.remote, source);
    return count;
}

/* A hidden name is nothing to ask for. */
static bool is_in_message(const struct auger_server_request *r)
{
    return r->proof.username.data >= r->msg->buf &&
           r->proof.username.data < r->msg->buf + r->msg->len;
}

static struct auger_server_pending *keep(struct auger_server_request *r)
{
    struct auger_turn_server *server = r->server;

    if (server->pending_len >= server->config.keys_pending_max ||
        count_of(server, &r->path->remote) >= OF_ONE_MAX) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_PENDING);
        return NULL;
    }
    struct auger_server_pending *p = auger_env_alloc(server->env, 1, sizeof(*p) + r->msg->len);
    if (p && auger_server_heap_add(&server->timers, server->env))
        return p;
    auger_env_release(server->env, p);
    auger_server_drop(server, AUGER_TURN_SERVER_DROP_RESOURCES);
    return NULL;
}

void auger_server_pending_add(struct auger_server_request *r)
{
    struct auger_turn_server *server = r->server;

    if (waits(server, r) || !is_in_message(r))
        return;
    struct auger_server_pending *p = keep(r);
    if (!p)
        return;
    p->timer.kind = AUGER_SERVER_TIMER_PENDING;
    p->path = *r->path;
    p->ticket = ++server->next_ticket;
    p->len = (uint16_t)r->msg->len;
    memcpy(p->bytes, r->msg->buf, p->len);
    p->next = server->pending;
    server->pending = p;
    server->pending_len++;
    auger_server_timer_set(&server->timers, &p->timer,
                           auger_time_add(r->now, AUGER_SERVER_ANSWER_TIME));
    r->out->what = AUGER_TURN_SERVER_NEEDS_KEY;
    r->out->ticket = p->ticket;
    /* The name where it lies in what is kept. */
    r->out->user = (struct auger_bytes){p->bytes + (r->proof.username.data - r->msg->buf),
                                        r->proof.username.len};
}

struct auger_server_pending *auger_server_pending_take(struct auger_turn_server *server,
                                                       uint32_t ticket)
{
    struct auger_server_pending **at = &server->pending;

    while (*at && (*at)->ticket != ticket)
        at = &(*at)->next;
    struct auger_server_pending *p = *at;
    if (!p)
        return NULL;
    *at = p->next;
    server->pending_len--;
    auger_server_timer_stop(&server->timers, &p->timer);
    auger_server_heap_remove(&server->timers);
    return p;
}

void auger_server_pending_forget(struct auger_turn_server *server, const struct auger_path *path)
{
    for (struct auger_server_pending *p = server->pending, *next; p; p = next) {
        next = p->next;
        if (auger_path_equal(&p->path, path))
            auger_env_release(server->env, auger_server_pending_take(server, p->ticket));
    }
}

void auger_server_pending_handle_timeout(struct auger_turn_server *server,
                                         struct auger_server_timer *timer)
{
    struct auger_server_pending *p = (struct auger_server_pending *)(void *)timer;

    auger_env_release(server->env, auger_server_pending_take(server, p->ticket));
}

void auger_server_pending_clear(struct auger_turn_server *server)
{
    while (server->pending)
        auger_env_release(server->env, auger_server_pending_take(server, server->pending->ticket));
}
