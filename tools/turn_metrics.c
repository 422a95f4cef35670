/* tools/turn_metrics.c - the counters of a TURN server in the text format of Prometheus. */
#define _POSIX_C_SOURCE 200809L
#include "tools/turn_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP auger_turn_%s %s\n# TYPE auger_turn_%s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, uint64_t value, const char *help)
{
    head(out, name, "gauge", help);
    fprintf(out, "auger_turn_%s %" PRIu64 "\n", name, value);
}

static void counter(FILE *out, const char *name, uint64_t value, const char *help)
{
    head(out, name, "counter", help);
    fprintf(out, "auger_turn_%s %" PRIu64 "\n", name, value);
}

static void both_ways(FILE *out, const char *name, uint64_t to_peers, uint64_t to_clients,
                      const char *help)
{
    head(out, name, "counter", help);
    fprintf(out, "auger_turn_%s{to=\"peer\"} %" PRIu64 "\n", name, to_peers);
    fprintf(out, "auger_turn_%s{to=\"client\"} %" PRIu64 "\n", name, to_clients);
}

static void print_server(FILE *out, const struct auger_turn_server_stats *s)
{
    gauge(out, "allocations", s->allocations, "Allocations that are alive.");
    counter(out, "allocations_total", s->allocations_made, "Allocations that were made.");
    gauge(out, "relays", s->relays, "Sockets of relayed addresses.");
    head(out, "ports_free", "gauge", "Ports that are left, of each relay IP.");
    for (int i = 0; i < 2; i++)
        fprintf(out, "auger_turn_ports_free{relay_ip=\"%d\"} %" PRIu64 "\n", i, s->ports_free[i]);
    counter(out, "requests_total", s->requests, "Requests that came.");
    counter(out, "bindings_total", s->bindings, "Binding requests that were answered.");
    counter(out, "challenges_total", s->challenges, "Answers 401 and 438.");
    counter(out, "refusals_total", s->refusals, "Other errors that were answered.");
    counter(out, "integrity_failures_total", s->integrity_failures,
            "Requests with a wrong password, or of no user.");
    both_ways(out, "packets_total", s->packets_to_peers, s->packets_to_clients,
              "Application data that was carried, in packets.");
    both_ways(out, "bytes_total", s->bytes_to_peers, s->bytes_to_clients,
              "Application data that was carried, in bytes.");
    gauge(out, "connections", s->connections,
          "Connections to peers, of TCP allocations, that carry data.");
    gauge(out, "connections_open", s->connections_open,
          "The same with those that are being opened or wait for their client.");
    counter(out, "connections_total", s->connections_made,
            "Connections to peers that have come to carry data.");
    head(out, "drops_total", "counter", "What was dropped, and why.");
    for (int i = 0; i < AUGER_TURN_SERVER_DROPS; i++)
        fprintf(out, "auger_turn_drops_total{why=\"%s\"} %" PRIu64 "\n",
                auger_turn_server_drop_text((enum auger_turn_server_drop)i), s->drops[i]);
}

static void print_service(FILE *out, const struct auger_turn_service_stats *s)
{
    gauge(out, "streams", s->streams, "TCP connections that are open.");
    gauge(out, "streams_unknown", s->strangers, "Of them those of clients without an allocation.");
    counter(out, "streams_total", s->streams_taken, "TCP connections that were taken.");
    counter(out, "streams_shut_total", s->streams_shut,
            "TCP connections of strangers that were closed here.");
    gauge(out, "associations", s->associations, "Associations of DTLS that are open.");
    gauge(out, "associations_unknown", s->associations_unknown,
          "Of them those of clients without an allocation.");
    counter(out, "associations_total", s->associations_taken, "Associations of DTLS that began.");
    counter(out, "associations_shut_total", s->associations_shut,
            "Associations of strangers that were closed here.");
    counter(out, "cookies_limited_total", s->cookies_limited,
            "Answers to a ClientHello that were not sent, by the limit on one address.");
    counter(out, "handshakes_limited_total", s->handshakes_limited,
            "Handshakes of DTLS that did not begin, by the limit on one address.");
    counter(out, "accept_failures_total", s->accept_failures,
            "TCP connections and associations that could not be taken.");
    counter(out, "relay_failures_total", s->relay_failures,
            "Sockets of relays that could not be had, for another reason than the port.");
    counter(out, "unsent_total", s->unsent, "Datagrams that the system did not take.");
    counter(out, "queue_drops_total", s->queue_drops,
            "Messages for clients on TCP that do not read.");
    counter(out, "given_on_total", s->given_on,
            "Datagrams and streams of clients that another thread serves.");
    counter(out, "given_on_lost_total", s->given_on_lost, "The same that had no room.");
    gauge(out, "gro", s->gro, "Whether datagrams that come may be joined by the system.");
    gauge(out, "gso", s->gso, "Whether datagrams that leave may be joined by the system.");
}

char *turn_metrics(const struct auger_turn_server_stats *server,
                   const struct auger_turn_service_stats *service)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    print_server(out, server);
    print_service(out, service);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
