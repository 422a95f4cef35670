/* stun/discovery_report.c - what follows from the answers: RFC 5780, 4. */
#include "stun/discovery_report.h"

#include "stun/discovery_ports.h"
#include "stun/discovery_probe.h"
#include "stun/discovery_refresh.h"

#include <string.h>

static bool is_answered(const struct auger_probe *probe, enum auger_probe_kind kind)
{
    return probe->kind == kind && probe->state == AUGER_PROBE_ANSWERED;
}

static size_t count(const struct auger_discovery *discovery, enum auger_probe_kind kind,
                    enum auger_probe_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < discovery->probes_len; i++)
        n += discovery->probes[i].kind == kind && discovery->probes[i].state == state;
    return n;
}

static enum auger_discovery_answer yes(bool is_so)
{
    return is_so ? AUGER_DISCOVERY_YES : AUGER_DISCOVERY_NO;
}

/* --- mapping ------------------------------------------------------------------------------- */

/* What the main socket is seen as by two destinations. */
struct comparison {
    bool same_by_ip, other_by_ip, same_by_port, other_by_port;
};

static bool shows_mapping(const struct auger_probe *probe)
{
    return is_answered(probe, AUGER_PROBE_REACH) || is_answered(probe, AUGER_PROBE_MAPPING);
}

static void compare(struct comparison *found, const struct auger_probe *a,
                    const struct auger_probe *b)
{
    bool is_same = auger_addr_equal(&a->mapped, &b->mapped);

    if (!auger_addr_ip_equal(&a->to, &b->to))
        *(is_same ? &found->same_by_ip : &found->other_by_ip) = true;
    else if (a->to.port != b->to.port)
        *(is_same ? &found->same_by_port : &found->other_by_port) = true;
}

/* 4.3, of any number of destinations, two ordinary servers' too. */
static enum auger_discovery_dependence judge_mapping(const struct auger_discovery *discovery)
{
    struct comparison found = {0};

    for (size_t i = 0; i < discovery->probes_len; i++)
        for (size_t j = 0; j < i; j++)
            if (shows_mapping(&discovery->probes[i]) && shows_mapping(&discovery->probes[j]))
                compare(&found, &discovery->probes[i], &discovery->probes[j]);
    if (found.other_by_port)
        return AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT;
    if (found.other_by_ip)
        return found.same_by_port ? AUGER_DISCOVERY_ADDRESS_DEPENDENT : AUGER_DISCOVERY_DEPENDENT;
    return found.same_by_ip ? AUGER_DISCOVERY_ENDPOINT_INDEPENDENT
                            : AUGER_DISCOVERY_DEPENDENCE_UNKNOWN;
}

/* --- filtering ------------------------------------------------------------------------------- */

static const struct auger_probe *filter_probe(const struct auger_discovery *discovery,
                                              size_t socket)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        if (discovery->probes[i].kind == AUGER_PROBE_FILTER &&
            discovery->probes[i].socket == socket)
            return &discovery->probes[i];
    return NULL;
}

/* 4.4.  Silence tells of the NAT only if the server's other address is known to answer. */
static enum auger_discovery_dependence judge_filtering(const struct auger_discovery *discovery)
{
    const struct auger_probe *both = filter_probe(discovery, AUGER_DISCOVERY_FILTER_BOTH);
    const struct auger_probe *port = filter_probe(discovery, AUGER_DISCOVERY_FILTER_PORT);
    bool other_answers = count(discovery, AUGER_PROBE_MAPPING, AUGER_PROBE_ANSWERED) > 0;

    if (!both || !port)
        return AUGER_DISCOVERY_DEPENDENCE_UNKNOWN;
    if (both->state == AUGER_PROBE_ANSWERED)
        return AUGER_DISCOVERY_ENDPOINT_INDEPENDENT;
    if (both->state != AUGER_PROBE_SILENT || !other_answers)
        return AUGER_DISCOVERY_DEPENDENCE_UNKNOWN;
    if (port->state == AUGER_PROBE_ANSWERED)
        return AUGER_DISCOVERY_ADDRESS_DEPENDENT;
    return port->state == AUGER_PROBE_SILENT ? AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT
                                             : AUGER_DISCOVERY_DEPENDENCE_UNKNOWN;
}

/* --- ports and addresses ------------------------------------------------------------------------
 */

static enum auger_discovery_ports judge_ports(const struct auger_discovery *discovery,
                                              int32_t *step)
{
    struct auger_port_sample samples[AUGER_DISCOVERY_PAIRED];
    size_t len = 0;

    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        if (is_answered(probe, AUGER_PROBE_PORTS))
            samples[len++] =
                (struct auger_port_sample){.inside = discovery->locals[probe->socket].port,
                                           .outside = probe->mapped.port,
                                           .is_in_order = probe->tx.sent == 1};
    }
    return auger_ports_classify(samples, len, step);
}

/* All of these were asked of servers themselves, from sockets of their own. */
static bool shows_us(const struct auger_probe *probe)
{
    return shows_mapping(probe) || is_answered(probe, AUGER_PROBE_PORTS) ||
           is_answered(probe, AUGER_PROBE_HAIRPIN_OPEN);
}

bool auger_report_agrees(const struct auger_discovery *discovery, const struct auger_addr *mapped)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        if (shows_us(&discovery->probes[i]) &&
            !auger_addr_ip_equal(&discovery->probes[i].mapped, mapped))
            return false;
    return true;
}

bool auger_report_has_fresh_ports(const struct auger_discovery *discovery)
{
    int32_t step;
    enum auger_discovery_ports ports = judge_ports(discovery, &step);

    return ports != AUGER_DISCOVERY_PORTS_UNKNOWN && ports != AUGER_DISCOVERY_PORTS_PRESERVED;
}

static enum auger_discovery_answer judge_addrs(const struct auger_discovery *discovery)
{
    size_t shown = 0;

    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        if (!shows_us(probe))
            continue;
        if (!auger_report_agrees(discovery, &probe->mapped))
            return AUGER_DISCOVERY_YES;
        shown++;
    }
    return shown >= 2 ? AUGER_DISCOVERY_NO : AUGER_DISCOVERY_UNKNOWN;
}

/* 4.3: not if the server sees the address that the socket has. */
static enum auger_discovery_answer judge_translation(const struct auger_discovery *discovery)
{
    const struct auger_probe *probe = &discovery->probes[discovery->primary];

    if (!discovery->has_primary)
        return AUGER_DISCOVERY_UNKNOWN;
    return yes(!auger_addr_equal(&probe->mapped, &discovery->locals[AUGER_DISCOVERY_MAIN]));
}

/* 3.6 */
static enum auger_discovery_answer judge_rewriting(const struct auger_discovery *discovery)
{
    size_t compared = 0;

    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        if (probe->state != AUGER_PROBE_ANSWERED || probe->plain_mapped.family == 0 ||
            probe->kind == AUGER_PROBE_HAIRPIN)
            continue;
        if (!auger_addr_equal(&probe->plain_mapped, &probe->mapped))
            return AUGER_DISCOVERY_YES;
        compared++;
    }
    return compared > 0 ? AUGER_DISCOVERY_NO : AUGER_DISCOVERY_UNKNOWN;
}

/* --- the rest -----------------------------------------------------------------------------------
 */

static enum auger_discovery_hairpin judge_hairpin(const struct auger_discovery *discovery)
{
    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        if (is_answered(probe, AUGER_PROBE_HAIRPIN))
            return auger_addr_equal(&probe->seen_from, &discovery->locals[probe->socket])
                       ? AUGER_DISCOVERY_HAIRPIN_INTERNAL_SOURCE
                       : AUGER_DISCOVERY_HAIRPIN_EXTERNAL_SOURCE;
    }
    return count(discovery, AUGER_PROBE_HAIRPIN, AUGER_PROBE_SILENT) > 0
               ? AUGER_DISCOVERY_HAIRPIN_NONE
               : AUGER_DISCOVERY_HAIRPIN_UNKNOWN;
}

static void judge_sizes(const struct auger_discovery *discovery,
                        struct auger_discovery_report *report)
{
    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        if (probe->kind != AUGER_PROBE_SIZE || auger_probe_is_open(probe))
            continue;
        bool is_there = probe->state == AUGER_PROBE_ANSWERED;
        if (probe->size == AUGER_PROBE_SIZE_MIN && probe->state != AUGER_PROBE_SILENT)
            report->padding = yes(is_there && probe->has_padding);
        else if (!probe->dont_fragment && probe->size > AUGER_PROBE_SIZE_MIN &&
                 probe->state != AUGER_PROBE_REFUSED)
            report->fragments = yes(is_there);
        else if (probe->dont_fragment && is_there && probe->size > report->mtu)
            report->mtu = probe->size;
    }
}

static void judge_age(const struct auger_discovery *discovery,
                      struct auger_discovery_report *report)
{
    const struct auger_age *age = &discovery->age;

    report->lifetime_alive = age->alive;
    report->lifetime_dead = age->dead > age->alive ? age->dead : AUGER_NEVER;
    report->outbound_refresh = auger_refresh_by(discovery, AUGER_REFRESH_OUTBOUND);
    report->inbound_refresh = auger_refresh_by(discovery, AUGER_REFRESH_INBOUND);
    if (age->was_tried)
        report->response_port = yes(!age->by_own_port);
}

static void list_servers(const struct auger_discovery *discovery,
                         struct auger_discovery_report *report)
{
    report->servers_len = discovery->servers_len;
    for (size_t i = 0; i < discovery->servers_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        struct auger_discovery_server *server = &report->servers[i];
        *server = (struct auger_discovery_server){
            .addr = discovery->servers[i], .rtt = AUGER_NEVER, .error_code = probe->error_code};
        if (probe->state != AUGER_PROBE_ANSWERED)
            continue;
        server->mapped = probe->mapped;
        server->rtt = probe->rtt;
        if (discovery->has_primary && i == discovery->primary)
            server->other = discovery->other;
    }
}

static bool has_row(const struct auger_discovery_report *report, const struct auger_probe *probe,
                    const struct auger_addr *inside)
{
    for (size_t i = 0; i < report->rows_len; i++)
        if (auger_addr_equal(&report->rows[i].inside, inside) &&
            auger_addr_equal(&report->rows[i].outside, &probe->to))
            return true;
    return false;
}

static void list_rows(const struct auger_discovery *discovery,
                      struct auger_discovery_report *report)
{
    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        const struct auger_addr *inside = &discovery->locals[probe->socket];
        if (!shows_us(probe) || report->rows_len == AUGER_DISCOVERY_ROWS_MAX ||
            has_row(report, probe, inside))
            continue;
        report->rows[report->rows_len++] = (struct auger_discovery_row){
            .external = probe->mapped, .inside = *inside, .outside = probe->to};
    }
}

/* A server that refuses has answered. */
static enum auger_discovery_answer judge_udp(const struct auger_discovery *discovery)
{
    if (count(discovery, AUGER_PROBE_REACH, AUGER_PROBE_ANSWERED) +
            count(discovery, AUGER_PROBE_REACH, AUGER_PROBE_REFUSED) >
        0)
        return AUGER_DISCOVERY_YES;
    return discovery->stage == AUGER_DISCOVERY_DONE ? AUGER_DISCOVERY_NO : AUGER_DISCOVERY_UNKNOWN;
}

void auger_report_make(const struct auger_discovery *discovery,
                       struct auger_discovery_report *report)
{
    memset(report, 0, sizeof(*report));
    report->stage = (enum auger_discovery_stage)discovery->stage;
    report->primary = discovery->primary;
    report->has_5780 = discovery->other.family != AUGER_FAMILY_NONE;
    report->udp = judge_udp(discovery);
    report->is_translated = judge_translation(discovery);
    report->mapping = judge_mapping(discovery);
    if (report->mapping == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN &&
        report->is_translated == AUGER_DISCOVERY_NO)
        report->mapping = AUGER_DISCOVERY_ENDPOINT_INDEPENDENT; /* 4.3, test I */
    report->filtering = judge_filtering(discovery);
    report->ports = judge_ports(discovery, &report->step);
    report->several_addrs = judge_addrs(discovery);
    report->rewrites = judge_rewriting(discovery);
    report->hairpin = judge_hairpin(discovery);
    judge_sizes(discovery, report);
    judge_age(discovery, report);
    list_servers(discovery, report);
    list_rows(discovery, report);
    report->sent = discovery->sent;
    report->ignored = discovery->ignored;
}
