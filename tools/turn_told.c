/* tools/turn_told.c - what is said of a TURN server. */
#include "tools/turn_told.h"
#include "tools/output.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const ends[] = {
    [AUGER_TURN_SERVER_END_NONE] = "",
    [AUGER_TURN_SERVER_END_RELEASED] = "released",
    [AUGER_TURN_SERVER_END_EXPIRED] = "expired",
    [AUGER_TURN_SERVER_END_STREAM] = "stream closed",
    [AUGER_TURN_SERVER_END_CLOSED] = "server closed",
};

static const char *transport_text(const struct auger_addr *addr)
{
    return addr->transport == AUGER_TCP ? "tcp" : "udp";
}

static void print_allocation(const struct auger_turn_server_event *event)
{
    char user[4 * AUGER_TURN_USERNAME_MAX + 1];
    char client[AUGER_ADDR_TEXT_MAX], relayed[AUGER_ADDR_TEXT_MAX];

    log_escape(event->allocation.user.data, event->allocation.user.len, user, sizeof(user));
    auger_addr_format(&event->allocation.client.remote, client, sizeof(client));
    auger_addr_format(&event->allocation.relayed[0], relayed, sizeof(relayed));
    const char *transport = transport_text(&event->allocation.client.remote);
    const char *relay = transport_text(&event->allocation.relayed[0]);
    if (event->type == AUGER_TURN_SERVER_EVENT_ALLOCATED)
        printf("allocated user=\"%s\" client=%s/%s relayed=%s/%s\n", user, client, transport,
               relayed, relay);
    else
        printf("ended user=\"%s\" client=%s/%s relayed=%s/%s why=\"%s\" seconds=%" PRId64
               " to_peers=%" PRIu64 " to_client=%" PRIu64 "\n",
               user, client, transport, relayed, relay, ends[event->allocation.end],
               event->allocation.lifetime / AUGER_SEC, event->allocation.bytes_to_peers,
               event->allocation.bytes_to_client);
}

static json_t *allocation_json(const struct auger_turn_server_event *event)
{
    char client[AUGER_ADDR_TEXT_MAX], relayed[AUGER_ADDR_TEXT_MAX];
    bool begins = event->type == AUGER_TURN_SERVER_EVENT_ALLOCATED;

    auger_addr_format(&event->allocation.client.remote, client, sizeof(client));
    auger_addr_format(&event->allocation.relayed[0], relayed, sizeof(relayed));
    json_t *json = json_pack(
        "{ss so ss ss ss ss}", "ev", begins ? "allocated" : "ended", "user",
        json_text((const char *)event->allocation.user.data, event->allocation.user.len), "client",
        client, "transport", transport_text(&event->allocation.client.remote), "relayed", relayed,
        "relayed_transport", transport_text(&event->allocation.relayed[0]));
    if (json && !begins)
        (void)json_object_update_new(
            json, json_pack("{ss sI sI sI}", "why", ends[event->allocation.end], "seconds",
                            (json_int_t)(event->allocation.lifetime / AUGER_SEC), "to_peers",
                            (json_int_t)event->allocation.bytes_to_peers, "to_client",
                            (json_int_t)event->allocation.bytes_to_client));
    return json;
}

void turn_told_allocation(struct turn_told *told, auger_time now,
                          const struct auger_turn_service_event *event)
{
    int kind =
        event->type == AUGER_TURN_SERVICE_EVENT_ALLOCATED ? TURN_TOLD_BEGUN : TURN_TOLD_ENDED;

    if (!log_lines_may(&told->lines[kind], now))
        return;
    if (told->json)
        output_line(allocation_json(event->allocation));
    else
        print_allocation(event->allocation);
    fflush(stdout);
}

void turn_told_leave_out(struct turn_told *told,
                         const unsigned left_out[AUGER_TURN_SERVICE_EVENT_NEEDS_KEY])
{
    log_lines_leave_out(&told->lines[TURN_TOLD_BEGUN],
                        left_out[AUGER_TURN_SERVICE_EVENT_ALLOCATED]);
    log_lines_leave_out(&told->lines[TURN_TOLD_ENDED], left_out[AUGER_TURN_SERVICE_EVENT_ENDED]);
}

void turn_told_handle_timeout(struct turn_told *told, auger_time now)
{
    static const char *const names[] = {
        [TURN_TOLD_BEGUN] = "allocated", [TURN_TOLD_ENDED] = "ended"};

    for (size_t i = 0; i < TURN_TOLD_KINDS; i++) {
        unsigned left_out = log_lines_left_out(&told->lines[i], now);
        if (left_out == 0)
            continue;
        if (told->json)
            output_line(json_pack("{ss ss sI}", "ev", "left out", "of", names[i], "lines",
                                  (json_int_t)left_out));
        else
            printf("%s: %u more lines were left out\n", names[i], left_out);
        fflush(stdout);
    }
}

auger_time turn_told_next_timeout(const struct turn_told *told)
{
    auger_time at = AUGER_NEVER;

    for (size_t i = 0; i < TURN_TOLD_KINDS; i++) {
        auger_time lines = log_lines_next_timeout(&told->lines[i]);
        at = lines < at ? lines : at;
    }
    return at;
}

void turn_told_status(const struct turn_told *told, const struct auger_turn_server_stats *server,
                      const struct auger_turn_service_stats *service)
{
    if (told->json)
        output_line(json_pack("{ss sI sI sI sI sI sI sI sI sb sb}", "ev", "status", "allocations",
                              (json_int_t)server->allocations, "allocations_made",
                              (json_int_t)server->allocations_made, "streams",
                              (json_int_t)service->streams, "connections",
                              (json_int_t)server->connections, "packets_to_peers",
                              (json_int_t)server->packets_to_peers, "bytes_to_peers",
                              (json_int_t)server->bytes_to_peers, "packets_to_clients",
                              (json_int_t)server->packets_to_clients, "bytes_to_clients",
                              (json_int_t)server->bytes_to_clients, "gro", service->gro > 0, "gso",
                              service->gso > 0));
    else
        printf("status allocations=%" PRIu64 " made=%" PRIu64 " streams=%" PRIu64
               " connections=%" PRIu64 " packets_to_peers=%" PRIu64 " bytes_to_peers=%" PRIu64
               " packets_to_clients=%" PRIu64 " bytes_to_clients=%" PRIu64 " gro=%" PRIu64
               " gso=%" PRIu64 "\n",
               server->allocations, server->allocations_made, service->streams, server->connections,
               server->packets_to_peers, server->bytes_to_peers, server->packets_to_clients,
               server->bytes_to_clients, service->gro, service->gso);
    fflush(stdout);
}

void turn_told_loaded(const struct turn_told *told, size_t users)
{
    if (told->json)
        output_line(json_pack("{ss sI}", "ev", "reloaded", "users", (json_int_t)users));
    else
        printf("read again: %zu users\n", users);
    fflush(stdout);
}
