/* tools/nat_words.c - what was found of a NAT, in words and as a table.  As JSON it is nat_json.c.
 */
#include "tools/nat_words.h"
#include "tools/discovery_names.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_SHOWN 8

static double seconds(auger_time time)
{
    return (double)time / (double)AUGER_SEC;
}

/* --- the verdict --------------------------------------------------------------------------- */

static const char *cone_in_words(enum auger_discovery_dependence filtering)
{
    switch (filtering) {
    case AUGER_DISCOVERY_ENDPOINT_INDEPENDENT:
        return "a full cone: what it mapped once, anybody reaches";
    case AUGER_DISCOVERY_ADDRESS_DEPENDENT:
        return "an address-restricted cone: lets in whom this host has sent to, from any port";
    case AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT:
        return "a port-restricted cone, as most homes have: lets in whom this host has sent to, from "
               "that port";
    case AUGER_DISCOVERY_DEPENDENCE_UNKNOWN:
    case AUGER_DISCOVERY_DEPENDENT:
        break;
    }
    return "a cone: one public port serves all destinations.  Whom it lets in, a server of RFC 5780 "
           "would tell";
}

static const char *open_in_words(enum auger_discovery_dependence filtering)
{
    switch (filtering) {
    case AUGER_DISCOVERY_ENDPOINT_INDEPENDENT:
        return "no NAT and no firewall: anybody reaches this host";
    case AUGER_DISCOVERY_ADDRESS_DEPENDENT:
    case AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT:
        return "no NAT, but a firewall: lets in whom this host has sent to";
    case AUGER_DISCOVERY_DEPENDENCE_UNKNOWN:
    case AUGER_DISCOVERY_DEPENDENT:
        break;
    }
    return "no NAT.  Whether there is a firewall, a server of RFC 5780 would tell";
}

const char *nat_verdict_in_words(const struct auger_discovery_report *report)
{
    if (report->udp != AUGER_DISCOVERY_YES)
        return "no server answers by UDP: it is blocked, or the servers are not there.  Try a second "
               "--server; where UDP is blocked, only a relay by TCP or TLS gets through";
    if (report->is_translated == AUGER_DISCOVERY_UNKNOWN)
        return "the servers answer, and refuse to tell: they are no STUN servers, or want a password";
    if (report->is_translated == AUGER_DISCOVERY_NO)
        return open_in_words(report->filtering);
    if (report->mapping == AUGER_DISCOVERY_ENDPOINT_INDEPENDENT)
        return cone_in_words(report->filtering);
    if (report->mapping == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN)
        return "a NAT.  Of which kind, a second --server would tell, or one of RFC 5780";
    return report->ports == AUGER_DISCOVERY_PORTS_SEQUENTIAL
               ? "a symmetric NAT, with ports one can count: each destination gets another, and the "
                 "next is known"
               : "a symmetric NAT: each destination gets another port, and nobody knows which";
}

/* --- line by line ----------------------------------------------------------------------------- */

static void print_servers(FILE *out, const struct auger_discovery_report *report)
{
    char addr[AUGER_ADDR_TEXT_MAX], mapped[AUGER_ADDR_TEXT_MAX];

    for (size_t i = 0; i < report->servers_len; i++) {
        const struct auger_discovery_server *server = &report->servers[i];
        auger_addr_format(&server->addr, addr, sizeof(addr));
        if (server->rtt != AUGER_NEVER)
            fprintf(out, "  server      %s sees %s, %.1f ms away%s\n", addr,
                    auger_addr_format(&server->mapped, mapped, sizeof(mapped)),
                    seconds(server->rtt) * 1000,
                    report->has_5780 && i == report->primary ? ", and knows RFC 5780" : "");
        else if (server->error_code)
            fprintf(out, "  server      %s refuses with %u\n", addr, server->error_code);
        else
            fprintf(out, "  server      %s does not answer\n", addr);
    }
}

static void print_ports(FILE *out, const struct auger_discovery_report *report)
{
    fprintf(out, "  ports       %s", discovery_ports_name(report->ports));
    if (report->ports == AUGER_DISCOVERY_PORTS_SEQUENTIAL)
        fprintf(out, ", %+d each", (int)report->step);
    if (report->several_addrs == AUGER_DISCOVERY_YES)
        fputs(", of several public addresses", out);
    fputc('\n', out);
}

static void print_lifetime(FILE *out, const struct auger_discovery_report *report)
{
    if (report->lifetime_dead != AUGER_NEVER)
        fprintf(out,
                "  lifetime    an idle mapping lives for more than %.1f s, and not for %.1f s\n",
                seconds(report->lifetime_alive), seconds(report->lifetime_dead));
    else if (report->lifetime_alive > 0)
        fprintf(out, "  lifetime    an idle mapping lives for %.1f s at least\n",
                seconds(report->lifetime_alive));
    else if (report->response_port == AUGER_DISCOVERY_NO)
        fputs("  lifetime    not to be found: the server knows no RESPONSE-PORT (RFC 5780)\n", out);
}

static void print_refresh(FILE *out, const struct auger_discovery_report *report)
{
    const char *words = discovery_refresh_in_words(report);

    if (words)
        fprintf(out, "  refreshed   %s\n", words);
}

static void print_sizes(FILE *out, const struct auger_discovery_report *report)
{
    if (report->mtu > 0)
        fprintf(out, "  size        packets of %u bytes arrive whole; fragments %s\n", report->mtu,
                report->fragments == AUGER_DISCOVERY_YES ? "do too" : "do not");
    else if (report->padding == AUGER_DISCOVERY_NO)
        fputs("  size        not to be found: the server knows no PADDING (RFC 5780)\n", out);
}

static void print_path(FILE *out, const struct nat_finding *finding)
{
    const struct nat_path *path = &finding->path;
    char addr[AUGER_ADDR_TEXT_MAX];

    if (!finding->has_path || path->len == 0)
        return;
    fputs("  path       ", out);
    for (size_t i = 0; i < path->len; i++)
        fprintf(out, "%s %s%s", i ? "," : "",
                path->hops[i].addr.family
                    ? auger_addr_format_ip(&path->hops[i].addr, addr, sizeof(addr))
                    : "?",
                path->hops[i].is_carriers  ? " (a carrier's)"
                : path->hops[i].is_private ? " (private)"
                                           : "");
    fputs(path->private > 1 ? ": gateways behind gateways\n" : "\n", out);
}

/* A line for each protocol. */
static void print_portmap(FILE *out, const struct nat_finding *finding)
{
    const struct nat_portmap *portmap = &finding->portmap;
    char gateway[AUGER_ADDR_TEXT_MAX], external[AUGER_ADDR_TEXT_MAX];

    if (!finding->has_portmap || portmap->gateway.family == AUGER_FAMILY_NONE)
        return;
    fprintf(out, "  on request  the gateway %s, asked for a port:\n",
            auger_addr_format_ip(&portmap->gateway, gateway, sizeof(gateway)));
    for (int way = 0; way < NAT_PORTMAP_WAYS; way++) {
        const struct nat_portmap_answer *answer = &portmap->answers[way];
        const char *name = nat_portmap_name((enum nat_portmap_way)way);
        if (answer->external.family != AUGER_FAMILY_NONE)
            fprintf(out, "              %-8s gave %s for a moment\n", name,
                    auger_addr_format(&answer->external, external, sizeof(external)));
        else
            fprintf(out, "              %-8s nothing: %s\n", name, answer->why);
    }
}

/* --- the table -------------------------------------------------------------------------------- */

/* The first mappings of fresh sockets, and what one socket has towards several destinations. */
static void print_table(FILE *out, const struct auger_discovery_report *report)
{
    char external[AUGER_ADDR_TEXT_MAX], inside[AUGER_ADDR_TEXT_MAX], outside[AUGER_ADDR_TEXT_MAX];
    size_t shown = 0;

    fprintf(out,
            "\n  %-22s | %-22s | %s\n  -----------------------+------------------------+-------\n",
            "public port", "inside", "outside");
    for (size_t i = 0; i < report->rows_len && shown < ROWS_SHOWN; i++, shown++)
        fprintf(out, "  %-22s | %-22s | %s\n",
                auger_addr_format(&report->rows[i].external, external, sizeof(external)),
                auger_addr_format(&report->rows[i].inside, inside, sizeof(inside)),
                auger_addr_format(&report->rows[i].outside, outside, sizeof(outside)));
    if (report->rows_len > shown)
        fprintf(out, "  ... and %zu more; --json has them all\n", report->rows_len - shown);
}

static void print_outlook(FILE *out, const struct auger_discovery_report *report)
{
    fputs("\n  What gets through to another side that has\n", out);
    for (int other = 0; other < AUGER_DISCOVERY_OTHERS; other++)
        fprintf(out, "    %-44s %s\n", discovery_other_in_words((enum auger_discovery_other)other),
                discovery_outlook_in_words(
                    auger_discovery_outlook(report, (enum auger_discovery_other)other)));
}

void nat_words_print(FILE *out, const struct nat_finding *finding)
{
    const struct auger_discovery_report *report = &finding->report;
    char local[AUGER_ADDR_TEXT_MAX];

    fprintf(out, "%s, from %s: %s.\n", finding->local.family == AUGER_IPV4 ? "IPv4" : "IPv6",
            auger_addr_format_ip(&finding->local, local, sizeof(local)),
            nat_verdict_in_words(report));
    print_servers(out, report);
    print_path(out, finding);
    if (report->udp == AUGER_DISCOVERY_YES && report->is_translated != AUGER_DISCOVERY_UNKNOWN) {
        fprintf(out, "  mapping     %s\n", discovery_dependence_name(report->mapping));
        fprintf(out, "  filtering   %s\n", discovery_dependence_name(report->filtering));
        print_ports(out, report);
        fprintf(out, "  hairpin     %s\n", discovery_hairpin_in_words(report));
        print_lifetime(out, report);
        print_refresh(out, report);
        print_sizes(out, report);
        if (report->rewrites == AUGER_DISCOVERY_YES)
            fputs(
                "  rewriting   a gateway changes addresses inside of datagrams (an ALG): switch it "
                "off\n",
                out);
        if (report->is_translated == AUGER_DISCOVERY_YES)
            print_table(out, report);
    }
    print_portmap(out, finding);
    print_outlook(out, report);
}

void nat_words_progress(FILE *out, const struct auger_discovery_event *event)
{
    switch (event->type) {
    case AUGER_DISCOVERY_EVENT_STAGE:
        if (event->stage == AUGER_DISCOVERY_PROBING)
            fputs("probing: mapping, filtering, ports, hairpins, sizes; some ten seconds\n", out);
        break;
    case AUGER_DISCOVERY_EVENT_ROUND:
        fprintf(out, "ageing: 12 mappings are left idle, for up to %.1f s\n", seconds(event->idle));
        break;
    case AUGER_DISCOVERY_EVENT_TESTED:
        fprintf(out, "ageing: one that was idle for %.1f s is %s\n", seconds(event->idle),
                event->is_alive ? "there" : "gone");
        break;
    case AUGER_DISCOVERY_EVENT_KEEPING:
        fprintf(out,
                "ageing: what keeps a mapping? Some are kept from one side alone, for %.1f s\n",
                seconds(event->idle));
        break;
    }
}
