/* stun/discovery_plan.c - what is asked in which stage of a discovery: RFC 5780, 4. */
#include "stun/discovery_plan.h"

#include "base/time.h"
#include "stun/discovery_age.h"
#include "stun/discovery_event.h"
#include "stun/discovery_probe.h"
#include "stun/discovery_refresh.h"
#include "stun/discovery_report.h"
#include "stun/discovery_trust.h"

#define REACH_WAIT AUGER_SEC             /* for the others, once one knows RFC 5780 */
#define REACH_WAIT_PLAIN (3 * AUGER_SEC) /* once two have answered, and none does */
#define SIZE_FRAGMENTED 1800

/* Ethernet, PPPoE, tunnels of IPv4 and IPv6, VPNs, and what every IPv6 link has. */
static const uint16_t sizes[] = {1500, 1492, 1480, 1460, 1440, 1420, 1400, 1380, 1340, 1280};

static void set_stage(struct auger_discovery *discovery, enum auger_discovery_stage stage)
{
    discovery->stage = (uint8_t)stage;
    auger_discovery_tell(discovery,
                         &(struct auger_discovery_event){.type = AUGER_DISCOVERY_EVENT_STAGE});
}

static bool is_quiet(const struct auger_discovery *discovery)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        if (auger_probe_is_open(&discovery->probes[i]))
            return false;
    return true;
}

/* --- who answers ---------------------------------------------------------------------------- */

void auger_plan_begin(struct auger_discovery *discovery)
{
    discovery->reach_until = AUGER_NEVER;
    for (size_t i = 0; i < discovery->servers_len; i++)
        auger_probe_add(discovery, AUGER_PROBE_REACH, AUGER_DISCOVERY_MAIN, &discovery->servers[i]);
}

static bool knows_5780(const struct auger_discovery *discovery, size_t server)
{
    const struct auger_probe *probe = &discovery->probes[server];

    return probe->state == AUGER_PROBE_ANSWERED &&
           auger_trust_other(&discovery->servers[server], &probe->other);
}

/* The first that can be asked for everything, else the first that answers at all. */
static void choose_primary(struct auger_discovery *discovery)
{
    for (size_t i = discovery->servers_len; i-- > 0;)
        if (discovery->probes[i].state == AUGER_PROBE_ANSWERED) {
            discovery->has_primary = true;
            discovery->primary = i;
        }
    for (size_t i = discovery->servers_len; i-- > 0;)
        if (knows_5780(discovery, i)) {
            discovery->primary = i;
            discovery->other = discovery->probes[i].other;
        }
}

/* One server that is silent does not hold up the others. */
static void limit_reaching(struct auger_discovery *discovery, auger_time now)
{
    size_t answered = 0;

    for (size_t i = 0; i < discovery->servers_len; i++) {
        answered += discovery->probes[i].state == AUGER_PROBE_ANSWERED;
        if (discovery->probes[i].state == AUGER_PROBE_WAITING)
            return;
        if (knows_5780(discovery, i))
            discovery->reach_until =
                auger_time_min(discovery->reach_until, auger_time_add(now, REACH_WAIT));
    }
    if (answered >= 2)
        discovery->reach_until =
            auger_time_min(discovery->reach_until, auger_time_add(now, REACH_WAIT_PLAIN));
}

/* --- the behaviour ------------------------------------------------------------------------------
 */

static struct auger_addr joined(const struct auger_addr *ip, const struct auger_addr *port)
{
    struct auger_addr addr = *ip;

    addr.port = port->port;
    return addr;
}

/* 4.3: tests II and III; the first was to reach the server. */
static void ask_mapping(struct auger_discovery *discovery)
{
    const struct auger_addr same_port =
        joined(&discovery->other, &discovery->servers[discovery->primary]);

    auger_probe_add(discovery, AUGER_PROBE_MAPPING, AUGER_DISCOVERY_MAIN, &same_port);
    auger_probe_add(discovery, AUGER_PROBE_MAPPING, AUGER_DISCOVERY_MAIN, &discovery->other);
}

/* 4.4: tests II and III, from a socket each, so that they can run at once. */
static void ask_filtering(struct auger_discovery *discovery)
{
    const struct auger_addr *server = &discovery->servers[discovery->primary];
    struct auger_probe *both =
        auger_probe_add(discovery, AUGER_PROBE_FILTER, AUGER_DISCOVERY_FILTER_BOTH, server);
    struct auger_probe *port =
        auger_probe_add(discovery, AUGER_PROBE_FILTER, AUGER_DISCOVERY_FILTER_PORT, server);

    both->change = AUGER_CHANGE_IP | AUGER_CHANGE_PORT;
    both->from = discovery->other;
    port->change = AUGER_CHANGE_PORT;
    port->from = joined(server, &discovery->other);
}

/* Fresh sockets first and without anything between, so that what the ports of their mappings have
 * in common is not hidden by ours. */
static void begin_probing(struct auger_discovery *discovery)
{
    const struct auger_addr *server = &discovery->servers[discovery->primary];

    set_stage(discovery, AUGER_DISCOVERY_PROBING);
    for (size_t i = 0; i < AUGER_DISCOVERY_PAIRED; i++)
        auger_probe_add(discovery, AUGER_PROBE_PORTS, AUGER_DISCOVERY_FIRST_PAIR + i, server);
    if (discovery->other.family != AUGER_FAMILY_NONE) {
        ask_mapping(discovery);
        ask_filtering(discovery);
    }
    for (size_t i = 0; i < 2; i++)
        auger_probe_add(discovery, AUGER_PROBE_HAIRPIN_OPEN, AUGER_DISCOVERY_HAIRPIN_FIRST + i,
                        server);
    auger_probe_add(discovery, AUGER_PROBE_SIZE, AUGER_DISCOVERY_SIZES, server)->size =
        AUGER_PROBE_SIZE_MIN;
}

static const struct auger_probe *find_on(const struct auger_discovery *discovery,
                                         enum auger_probe_kind kind, size_t socket)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        if (discovery->probes[i].kind == kind && discovery->probes[i].socket == socket)
            return &discovery->probes[i];
    return NULL;
}

/* 3.4, from both sides at once, since a filter lets in whom one has sent to.  Every server that
 * answered has to name the same address of ours: what one alone says may be anybody's. */
static void ask_hairpin(struct auger_discovery *discovery)
{
    const size_t at = AUGER_DISCOVERY_HAIRPIN_FIRST;
    const struct auger_probe *opened[2] = {find_on(discovery, AUGER_PROBE_HAIRPIN_OPEN, at),
                                           find_on(discovery, AUGER_PROBE_HAIRPIN_OPEN, at + 1)};

    if (discovery->hairpin_asked || auger_probe_any_open(discovery, AUGER_PROBE_HAIRPIN_OPEN))
        return;
    discovery->hairpin_asked = true;
    for (size_t i = 0; i < 2; i++)
        if (opened[i]->state != AUGER_PROBE_ANSWERED ||
            !auger_trust_mapped(&discovery->servers[discovery->primary], &opened[i]->mapped) ||
            auger_addr_ip_equal(&opened[i]->mapped, &discovery->locals[at]) ||
            !auger_report_agrees(discovery, &opened[i]->mapped))
            return;
    for (size_t i = 0; i < 2; i++)
        auger_probe_add(discovery, AUGER_PROBE_HAIRPIN, at + i, &opened[1 - i]->mapped)->hears =
            (uint8_t)(at + 1 - i);
}

/* 3.5, if the server answers PADDING with PADDING. */
static void ask_sizes(struct auger_discovery *discovery)
{
    const struct auger_addr *server = &discovery->servers[discovery->primary];
    const struct auger_probe *first = find_on(discovery, AUGER_PROBE_SIZE, AUGER_DISCOVERY_SIZES);

    if (discovery->sizes_asked || auger_probe_is_open(first))
        return;
    discovery->sizes_asked = true;
    if (first->state != AUGER_PROBE_ANSWERED || !first->has_padding)
        return;
    auger_probe_add(discovery, AUGER_PROBE_SIZE, AUGER_DISCOVERY_SIZES, server)->size =
        SIZE_FRAGMENTED;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct auger_probe *probe =
            auger_probe_add(discovery, AUGER_PROBE_SIZE, AUGER_DISCOVERY_SIZES, server);
        probe->size = sizes[i];
        probe->dont_fragment = true;
    }
}

/* --- stages --------------------------------------------------------------------------------------
 */

static void advance_reaching(struct auger_discovery *discovery, auger_time now)
{
    limit_reaching(discovery, now);
    if (!is_quiet(discovery) && now < discovery->reach_until)
        return;
    choose_primary(discovery);
    if (discovery->has_primary)
        begin_probing(discovery);
    else
        set_stage(discovery, AUGER_DISCOVERY_DONE);
}

static void advance_probing(struct auger_discovery *discovery)
{
    ask_hairpin(discovery);
    ask_sizes(discovery);
    if (!is_quiet(discovery))
        return;
    if (discovery->age.max == 0) {
        set_stage(discovery, AUGER_DISCOVERY_DONE);
        return;
    }
    set_stage(discovery, AUGER_DISCOVERY_AGEING);
    auger_age_begin(discovery, auger_report_has_fresh_ports(discovery));
}

/* What keeps a mapping can be asked when it is known how long one lives.  False: all is over. */
static bool age(struct auger_discovery *discovery, auger_time now)
{
    if (!discovery->refresh.is_on)
        return auger_age_advance(discovery, now) || auger_refresh_begin(discovery);
    return auger_refresh_advance(discovery, now);
}

void auger_plan_advance(struct auger_discovery *discovery, auger_time now)
{
    switch ((enum auger_discovery_stage)discovery->stage) {
    case AUGER_DISCOVERY_REACHING:
        advance_reaching(discovery, now);
        break;
    case AUGER_DISCOVERY_PROBING:
        advance_probing(discovery);
        break;
    case AUGER_DISCOVERY_AGEING:
        if (!age(discovery, now))
            set_stage(discovery, AUGER_DISCOVERY_DONE);
        break;
    case AUGER_DISCOVERY_DONE:
        break;
    }
}

auger_time auger_plan_next_timeout(const struct auger_discovery *discovery)
{
    if (discovery->stage == AUGER_DISCOVERY_REACHING)
        return discovery->reach_until;
    if (discovery->stage != AUGER_DISCOVERY_AGEING)
        return AUGER_NEVER;
    return discovery->refresh.is_on ? auger_refresh_next_timeout(discovery)
                                    : auger_age_next_timeout(discovery);
}
