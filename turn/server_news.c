/* turn/server_news.c - the queue of what is told of allocations.  One that has ended stays
 * until that is told, so that its name and figures are there. */
#include "turn/server_news.h"

#include "base/env.h"
#include "turn/server_account.h"
#include "turn/server_relay.h"

static void append(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    a->is_queued = true;
    a->older = server->newest;
    a->newer = NULL;
    if (server->newest)
        server->newest->newer = a;
    else
        server->oldest = a;
    server->newest = a;
}

static void take_out(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    if (a->older)
        a->older->newer = a->newer;
    else
        server->oldest = a->newer;
    if (a->newer)
        a->newer->older = a->older;
    else
        server->newest = a->older;
    a->is_queued = false;
}

static void release(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    auger_server_account_let_go(server, a->user);
    auger_env_release(server->env, a);
}

void auger_server_news_made(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    a->made_news = true;
    append(server, a);
}

void auger_server_news_ended(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    if (server->untold >= AUGER_SERVER_UNTOLD_MAX) {
        if (a->is_queued)
            take_out(server, a);
        release(server, a);
        return;
    }
    server->untold++;
    if (!a->is_queued)
        append(server, a);
}

void auger_server_news_forget(struct auger_turn_server *server)
{
    if (server->told)
        release(server, server->told);
    server->told = NULL;
}

static void describe(const struct auger_turn_server *server,
                     const struct auger_server_allocation *a, struct auger_turn_server_event *event)
{
    event->allocation.client = a->door.path;
    event->allocation.user = (struct auger_bytes){a->user->name, a->user->len};
    event->allocation.bytes_to_peers = a->bytes_to_peers;
    event->allocation.bytes_to_client = a->bytes_to_client;
    for (size_t family = 0, i = 0; family < 2; family++) {
        if (!a->ports[family])
            continue;
        event->allocation.relayed[i] = auger_server_relay_told(server, family, a->ports[family]);
        event->allocation.relayed[i++].transport = a->is_tcp ? AUGER_TCP : AUGER_UDP;
    }
}

bool auger_server_news_poll(struct auger_turn_server *server, struct auger_turn_server_event *event)
{
    struct auger_server_allocation *a = server->oldest;

    auger_server_news_forget(server);
    if (!a)
        return false;
    describe(server, a, event);
    if (a->made_news) {
        a->made_news = false;
        event->type = AUGER_TURN_SERVER_EVENT_ALLOCATED;
        event->allocation.lifetime = a->granted_s * AUGER_SEC;
        if (!a->end)
            take_out(server, a);
        return true;
    }
    event->type = AUGER_TURN_SERVER_EVENT_ENDED;
    event->allocation.lifetime = a->made_at; /* how long it lived, once it has ended */
    event->allocation.end = (enum auger_turn_server_end)a->end;
    take_out(server, a);
    server->untold--;
    server->told = a;
    return true;
}
