/* portmap/answer.c - what the gateway says: in PCP (RFC 6887), and in NAT-PMP (RFC 6886). */
#include "portmap/answer.h"

#include "portmap/mapping.h"
#include "portmap/natpmp.h"

#include "base/addr.h"
#include "base/time.h"

#include <string.h>

#define HOLD_MOST (30 * 60 * AUGER_SEC) /* RFC 6887 sections 9 and 15 */
#define HOLD_LEAST (4 * AUGER_SEC)      /* 11.2.1 */
#define ANNOUNCE_SPREAD (5 * AUGER_SEC) /* 14.1.3 */

/* --- PCP ------------------------------------------------------------------------------------ */

static enum auger_portmap_error error_of_pcp(uint8_t result)
{
    switch (result) {
    case AUGER_PCP_NOT_AUTHORIZED:
        return AUGER_PORTMAP_ERROR_REFUSED;
    case AUGER_PCP_NETWORK_FAILURE:
        return AUGER_PORTMAP_ERROR_NETWORK;
    case AUGER_PCP_NO_RESOURCES:
    case AUGER_PCP_USER_EX_QUOTA:
    case AUGER_PCP_CANNOT_PROVIDE_EXTERNAL:
        return AUGER_PORTMAP_ERROR_FULL;
    case AUGER_PCP_ADDRESS_MISMATCH:
        return AUGER_PORTMAP_ERROR_OTHER_NAT;
    default: /* those of the message, and any that is new */
        return AUGER_PORTMAP_ERROR_UNSUPPORTED;
    }
}

static auger_time hold_of(uint32_t lifetime_s)
{
    if (lifetime_s == 0)
        return AUGER_PORTMAP_HOLD_SHORT;
    return auger_time_max(HOLD_LEAST, auger_time_min(HOLD_MOST, lifetime_s * AUGER_SEC));
}

static bool awaits_answer(const struct auger_portmap *portmap)
{
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
        if (portmap->leases[i].state != AUGER_LEASE_FREE && portmap->leases[i].is_asked)
            return true;
    return portmap->address.state == AUGER_LEASE_ASKING && portmap->address.is_asked;
}

/* RFC 6887, 9: of version 0 it is a gateway of NAT-PMP, of 2 one that was asked in NAT-PMP. */
static void negotiate(struct auger_portmap *portmap, auger_time now,
                      const struct auger_pcp_response *response)
{
    auger_time hold = response->lifetime_s == 0 ? HOLD_MOST : hold_of(response->lifetime_s);

    if (!awaits_answer(portmap)) {
        portmap->counters.unmatched++;
    } else if (response->version == AUGER_PCP_VERSION) {
        auger_portmap_speak(portmap, now, AUGER_PORTMAP_PCP);
    } else if (response->version == 0 && auger_portmap_has_natpmp(portmap)) {
        auger_portmap_speak(portmap, now, AUGER_PORTMAP_NATPMP);
    } else {
        for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
            if (portmap->leases[i].state != AUGER_LEASE_FREE && portmap->leases[i].is_asked)
                auger_portmap_refuse(portmap, now, &portmap->leases[i], AUGER_PORTMAP_ERROR_VERSION,
                                     hold);
    }
}

static struct auger_lease *find_asked(struct auger_portmap *portmap,
                                      const struct auger_pcp_map *map)
{
    struct auger_lease *lease = auger_portmap_find(portmap, map->transport, map->internal_port);

    return lease && memcmp(lease->nonce, map->nonce, sizeof(map->nonce)) == 0 ? lease : NULL;
}

/* 11.4 */
static void take_map(struct auger_portmap *portmap, auger_time now,
                     const struct auger_pcp_response *response)
{
    struct auger_lease *lease = find_asked(portmap, &response->map);

    if (!lease) {
        portmap->counters.unmatched++;
        return;
    }
    auger_portmap_settle(portmap, AUGER_PORTMAP_PCP);
    if (!auger_epoch_accepts_pcp(&portmap->epoch, now, response->epoch_s))
        auger_portmap_remake_all(portmap, now, now);
    if (response->result != AUGER_PCP_SUCCESS)
        auger_portmap_refuse(portmap, now, lease, error_of_pcp(response->result),
                             hold_of(response->lifetime_s));
    else if (response->lifetime_s == 0)
        auger_portmap_end(portmap, now, lease);
    else if (lease->state != AUGER_LEASE_LEAVING)
        auger_portmap_grant(portmap, now, lease, &response->map.external, response->lifetime_s);
}

/* 14.1.3: all its clients hear it at once. */
static void take_announcement(struct auger_portmap *portmap, auger_time now,
                              const struct auger_pcp_response *response)
{
    auger_time wait = ANNOUNCE_SPREAD / 65536 * (auger_portmap_chance(portmap) / 65536);

    if (response->result != AUGER_PCP_SUCCESS)
        return;
    if (portmap->protocol == AUGER_PORTMAP_UNKNOWN)
        auger_portmap_speak(portmap, now, AUGER_PORTMAP_PCP);
    if (!auger_epoch_accepts_pcp(&portmap->epoch, now, response->epoch_s))
        auger_portmap_remake_all(portmap, now, auger_time_add(now, wait));
}

static void hear_pcp(struct auger_portmap *portmap, auger_time now, const uint8_t *buf, size_t len)
{
    struct auger_pcp_response response;
    int err = auger_pcp_read(&response, buf, len);

    if (err < 0) {
        portmap->counters.malformed++;
        return;
    }
    portmap->counters.answers_received++;
    if (response.result == AUGER_PCP_UNSUPP_VERSION)
        negotiate(portmap, now, &response);
    else if (portmap->protocol == AUGER_PORTMAP_NATPMP)
        portmap->counters.unmatched++; /* late, to what was asked before */
    else if (response.opcode == AUGER_PCP_MAP)
        take_map(portmap, now, &response);
    else
        take_announcement(portmap, now, &response);
}

/* --- NAT-PMP -------------------------------------------------------------------------------- */

static enum auger_portmap_error error_of_natpmp(uint16_t result)
{
    switch (result) {
    case AUGER_NATPMP_NOT_AUTHORIZED:
        return AUGER_PORTMAP_ERROR_REFUSED;
    case AUGER_NATPMP_NETWORK_FAILURE:
        return AUGER_PORTMAP_ERROR_NETWORK;
    case AUGER_NATPMP_NO_RESOURCES:
        return AUGER_PORTMAP_ERROR_FULL;
    default:
        return AUGER_PORTMAP_ERROR_UNSUPPORTED;
    }
}

/* Without an address outside there is nothing to ask for. */
static void lack_address(struct auger_portmap *portmap, auger_time now,
                         enum auger_portmap_error error)
{
    auger_portmap_ask_address(portmap, auger_time_add(now, AUGER_PORTMAP_HOLD_SHORT));
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
        if (portmap->leases[i].state == AUGER_LEASE_ASKING)
            auger_portmap_refuse(portmap, now, &portmap->leases[i], error,
                                 AUGER_PORTMAP_HOLD_SHORT);
}

/* 3.2, and 3.2.1 of one that nobody asked for. */
static void take_address(struct auger_portmap *portmap, auger_time now,
                         const struct auger_natpmp_response *response)
{
    bool begins = portmap->protocol == AUGER_PORTMAP_UNKNOWN;

    if (begins)
        auger_portmap_speak(portmap, now, AUGER_PORTMAP_NATPMP);
    bool is_same = auger_epoch_accepts_natpmp(&portmap->epoch, now, response->epoch_s);
    if (response->result != AUGER_NATPMP_SUCCESS ||
        auger_addr_is_unspecified(&response->external)) {
        lack_address(portmap, now,
                     response->result == AUGER_NATPMP_SUCCESS ? AUGER_PORTMAP_ERROR_NETWORK
                                                              : error_of_natpmp(response->result));
        return;
    }
    bool has_moved = portmap->outside.family != AUGER_FAMILY_NONE &&
                     !auger_addr_ip_equal(&portmap->outside, &response->external);
    portmap->outside = response->external;
    portmap->address.state = AUGER_LEASE_FREE;
    if (!is_same || has_moved)
        auger_portmap_remake_all(portmap, now, now);
}

/* There is no nonce: what was not asked is not believed. */
static void take_mapping(struct auger_portmap *portmap, auger_time now,
                         const struct auger_natpmp_response *response)
{
    const struct auger_natpmp_map *map = &response->map;
    struct auger_lease *lease = auger_portmap_find(portmap, map->transport, map->internal_port);

    if (!lease || !lease->is_asked || portmap->protocol != AUGER_PORTMAP_NATPMP) {
        portmap->counters.unmatched++;
        return;
    }
    struct auger_addr external = portmap->outside;
    external.transport = map->transport;
    external.port = map->external_port;
    if (!auger_epoch_accepts_natpmp(&portmap->epoch, now, response->epoch_s)) {
        auger_lease_again(lease, now);
        auger_portmap_remake_all(portmap, now, now);
        auger_portmap_ask_address(portmap, now); /* which may be another by now */
        return;
    }
    if (response->result != AUGER_NATPMP_SUCCESS)
        auger_portmap_refuse(portmap, now, lease, error_of_natpmp(response->result),
                             AUGER_PORTMAP_HOLD_SHORT);
    else if (map->lifetime_s == 0)
        auger_portmap_end(portmap, now, lease);
    else if (lease->state != AUGER_LEASE_LEAVING)
        auger_portmap_grant(portmap, now, lease, &external, map->lifetime_s);
}

static void hear_natpmp(struct auger_portmap *portmap, auger_time now, const uint8_t *buf,
                        size_t len)
{
    struct auger_natpmp_response response;

    if (auger_natpmp_read(&response, buf, len) < 0) {
        portmap->counters.malformed++;
        return;
    }
    if (portmap->protocol == AUGER_PORTMAP_PCP || !auger_portmap_has_natpmp(portmap)) {
        portmap->counters.unmatched++; /* a gateway that announces itself in both */
        return;
    }
    portmap->counters.answers_received++;
    portmap->turn_until = 0;
    if (response.opcode == AUGER_NATPMP_ADDRESS)
        take_address(portmap, now, &response);
    else
        take_mapping(portmap, now, &response);
}

/* Of version 0 all but the refusal to speak PCP is NAT-PMP. */
static bool is_natpmp(const uint8_t *buf, size_t len)
{
    return len >= 4 && buf[0] == 0 && !(buf[2] == 0 && buf[3] == AUGER_NATPMP_UNSUPP_VERSION);
}

void auger_portmap_hear(struct auger_portmap *portmap, auger_time now, const uint8_t *buf,
                        size_t len)
{
    if (is_natpmp(buf, len))
        hear_natpmp(portmap, now, buf, len);
    else
        hear_pcp(portmap, now, buf, len);
}
