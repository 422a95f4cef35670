/* portmap/mapping.c - what all mappings of one gateway share: its protocol, and what becomes of
 * them by its answers. */
#include "portmap/mapping.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#define LIFETIME_MOST_S (24 * 3600) /* RFC 6887 section 15 */

uint32_t auger_portmap_chance(const struct auger_portmap *portmap)
{
    uint32_t bits;

    return auger_env_random(portmap->env, &bits, sizeof(bits)) == 0 ? bits : 0;
}

bool auger_portmap_has_natpmp(const struct auger_portmap *portmap)
{
    return !portmap->config.pcp_only && portmap->config.gateway.family == AUGER_IPV4;
}

struct auger_lease *auger_portmap_find(struct auger_portmap *portmap, uint8_t transport,
                                       uint16_t port)
{
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++) {
        struct auger_lease *lease = &portmap->leases[i];
        if (lease->state != AUGER_LEASE_FREE && lease->internal.transport == transport &&
            lease->internal.port == port)
            return lease;
    }
    return NULL;
}

/* --- which protocol ------------------------------------------------------------------------ */

void auger_portmap_ask_address(struct auger_portmap *portmap, auger_time at)
{
    portmap->outside = (struct auger_addr){0};
    auger_lease_begin(&portmap->address, at);
}

/* What is under way begins anew; what was to be given back was made in another tongue. */
void auger_portmap_speak(struct auger_portmap *portmap, auger_time now,
                         enum auger_portmap_protocol protocol)
{
    if (portmap->protocol == protocol)
        return;
    portmap->protocol = protocol;
    portmap->epoch.is_known = false;
    portmap->address.state = AUGER_LEASE_FREE;
    portmap->turn_until = 0;
    if (protocol == AUGER_PORTMAP_NATPMP)
        auger_portmap_ask_address(portmap, now);
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++) {
        struct auger_lease *lease = &portmap->leases[i];
        if (lease->state == AUGER_LEASE_ASKING)
            auger_lease_begin(lease, now);
        else if (lease->state == AUGER_LEASE_LEAVING)
            lease->state = AUGER_LEASE_FREE;
        else
            auger_lease_remake(lease, now);
    }
}

/* An answer of that protocol settles it; what is in flight stays so. */
void auger_portmap_settle(struct auger_portmap *portmap, enum auger_portmap_protocol protocol)
{
    portmap->protocol = protocol;
    if (protocol == AUGER_PORTMAP_PCP)
        portmap->address.state = AUGER_LEASE_FREE;
}

void auger_portmap_remake_all(struct auger_portmap *portmap, auger_time now, auger_time at)
{
    portmap->counters.restarts++;
    auger_trace(portmap->env, now, "portmap:gateway_restarted",
                AUGER_F_ADDR("gateway", &portmap->config.gateway));
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
        auger_lease_remake(&portmap->leases[i], at);
}

/* --- what an answer says ------------------------------------------------------------------ */

void auger_portmap_grant(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease,
                         const struct auger_addr *external, uint32_t lifetime_s)
{
    uint32_t most = lifetime_s < LIFETIME_MOST_S ? lifetime_s : LIFETIME_MOST_S;

    if (external->port == 0 || auger_addr_is_unspecified(external)) {
        portmap->counters.malformed++;
        return;
    }
    auger_lease_granted(lease, now, external, most, auger_portmap_chance(portmap));
    if (lease->news == AUGER_LEASE_MAPPED)
        auger_trace(portmap->env, now, "portmap:mapped", AUGER_F_ADDR("internal", &lease->internal),
                    AUGER_F_ADDR("external", external),
                    AUGER_F_TEXT("protocol", auger_portmap_protocol(portmap)),
                    AUGER_F_INT("lifetime_s", most));
}

void auger_portmap_trace_end(const struct auger_portmap *portmap, auger_time now,
                             const struct auger_lease *lease)
{
    const char *reason = auger_portmap_error_text(lease->error);

    if (lease->news == AUGER_LEASE_LOST)
        auger_trace(portmap->env, now, "portmap:lost", AUGER_F_ADDR("internal", &lease->internal),
                    AUGER_F_TEXT("reason", reason));
    else
        auger_trace(portmap->env, now, "portmap:refused",
                    AUGER_F_ADDR("internal", &lease->internal), AUGER_F_TEXT("reason", reason));
}

/* What passes leaves a mapping that stands as it is (RFC 6887 section 7.4). */
static bool passes(enum auger_portmap_error error)
{
    return error == AUGER_PORTMAP_ERROR_NETWORK || error == AUGER_PORTMAP_ERROR_FULL;
}

void auger_portmap_refuse(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease,
                          enum auger_portmap_error error, auger_time hold)
{
    if (lease->state == AUGER_LEASE_LEAVING) {
        lease->state = AUGER_LEASE_FREE;
    } else if (passes(error) && auger_lease_stands(lease)) {
        auger_lease_put_off(lease, now, hold);
    } else {
        auger_lease_refused(lease, now, error, hold);
        auger_portmap_trace_end(portmap, now, lease);
    }
}

/* A success that gives no time is the end of it, wanted or not. */
void auger_portmap_end(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease)
{
    auger_portmap_refuse(portmap, now, lease, AUGER_PORTMAP_ERROR_REFUSED,
                         AUGER_PORTMAP_HOLD_SHORT);
}
