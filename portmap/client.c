/* portmap/client.c - the verbs of an engine: what is asked, and in which order.  When each mapping
 * is asked for is lease.c, what an answer means answer.c. */
#include "portmap/answer.h"
#include "portmap/mapping.h"
#include "portmap/natpmp.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"

#include <string.h>

#define NATPMP_TIMES 9               /* RFC 6886 section 3.1 */
#define NATPMP_TURN (500 * AUGER_MS) /* that a slow gateway has for one request */
#define PCP_TIMES_ALONE 2            /* then NAT-PMP is asked beside it */

/* --- life ------------------------------------------------------------------------------- */

void auger_portmap_config_init_sized(struct auger_portmap_config *config, size_t size)
{
    const struct auger_portmap_config defaults = {.lifetime_s = 600, .mappings_max = 16};

    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

static bool is_valid(const struct auger_portmap_config *config)
{
    return auger_addr_ip_len(&config->local) > 0 &&
           config->local.family == config->gateway.family &&
           !auger_addr_is_unspecified(&config->local) &&
           !auger_addr_is_unspecified(&config->gateway) && config->lifetime_s > 0 &&
           config->mappings_max > 0 &&
           !(config->natpmp_only && (config->pcp_only || config->local.family != AUGER_IPV4));
}

int auger_portmap_new_sized(struct auger_portmap **out, const struct auger_env *env,
                            const struct auger_portmap_config *config, size_t size)
{
    struct auger_portmap_config full;

    auger_portmap_config_init(&full);
    memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (!is_valid(&full))
        return AUGER_ERR_INVALID;
    struct auger_portmap *portmap =
        auger_env_alloc(env, 1, sizeof(*portmap) + full.mappings_max * sizeof(struct auger_lease));
    if (!portmap)
        return AUGER_ERR_NO_MEMORY;
    portmap->env = env;
    portmap->config = full;
    if (full.gateway.port == 0)
        portmap->config.gateway.port = AUGER_PORTMAP_PORT;
    portmap->config.local.port = 0;
    *out = portmap;
    return 0;
}

void auger_portmap_free(struct auger_portmap *portmap)
{
    if (portmap)
        auger_env_release(portmap->env, portmap);
}

/* --- mappings --------------------------------------------------------------------------- */

static struct auger_lease *find_token(struct auger_portmap *portmap, uint64_t token)
{
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++) {
        struct auger_lease *lease = &portmap->leases[i];
        if (lease->state != AUGER_LEASE_FREE && lease->state != AUGER_LEASE_LEAVING &&
            lease->token == token)
            return lease;
    }
    return NULL;
}

static struct auger_lease *find_free(struct auger_portmap *portmap)
{
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
        if (portmap->leases[i].state == AUGER_LEASE_FREE)
            return &portmap->leases[i];
    return NULL;
}

/* One that is on its way out is taken back, with its nonce: the gateway would refuse another
 * (RFC 6887 section 11.3). */
static int place(struct auger_portmap *portmap, const struct auger_addr *internal,
                 struct auger_lease **out)
{
    struct auger_lease *lease = auger_portmap_find(portmap, internal->transport, internal->port);
    uint8_t nonce[AUGER_PCP_NONCE_LEN];

    if (lease && lease->state != AUGER_LEASE_LEAVING)
        return AUGER_ERR_INVALID;
    *out = lease ? lease : find_free(portmap);
    if (lease)
        return 0;
    if (!*out)
        return AUGER_ERR_LIMIT;
    int err = auger_env_random(portmap->env, nonce, sizeof(nonce));
    if (err < 0)
        return err;
    **out = (struct auger_lease){.internal = *internal};
    memcpy((*out)->nonce, nonce, sizeof(nonce));
    return 0;
}

int auger_portmap_add(struct auger_portmap *portmap, auger_time now,
                      const struct auger_addr *internal, uint64_t token)
{
    struct auger_lease *lease;

    if (portmap->is_released)
        return AUGER_ERR_STATE;
    if (internal->port == 0 || !auger_addr_ip_equal(internal, &portmap->config.local) ||
        find_token(portmap, token))
        return AUGER_ERR_INVALID;
    int err = place(portmap, internal, &lease);
    if (err < 0)
        return err;
    lease->token = token;
    lease->told = (struct auger_addr){0};
    auger_lease_begin(lease, now);
    if (portmap->config.natpmp_only)
        auger_portmap_speak(portmap, now, AUGER_PORTMAP_NATPMP);
    return 0;
}

static void give_back(const struct auger_portmap *portmap, struct auger_lease *lease,
                      auger_time now)
{
    if (lease->state != AUGER_LEASE_FREE && lease->state != AUGER_LEASE_LEAVING)
        auger_lease_give_back(lease, now, portmap->protocol == AUGER_PORTMAP_UNKNOWN);
}

int auger_portmap_remove(struct auger_portmap *portmap, auger_time now, uint64_t token)
{
    struct auger_lease *lease = find_token(portmap, token);

    if (!lease)
        return AUGER_ERR_NOT_FOUND;
    give_back(portmap, lease, now);
    return 0;
}

void auger_portmap_release(struct auger_portmap *portmap, auger_time now)
{
    portmap->is_released = true;
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
        give_back(portmap, &portmap->leases[i], now);
}

/* --- the five verbs -------------------------------------------------------------------------- */

void auger_portmap_handle_datagram(struct auger_portmap *portmap, auger_time now,
                                   const struct auger_addr *from, const uint8_t *buf, size_t len)
{
    const struct auger_addr *gateway = &portmap->config.gateway;

    if (!auger_addr_ip_equal(from, gateway) || from->port != gateway->port)
        portmap->counters.foreign++; /* RFC 6887, 8.3; RFC 6886, 3.2 */
    else
        auger_portmap_hear(portmap, now, buf, len);
}

/* Nine times in vain, and the wait for the ninth is over. */
static bool is_tired(const struct auger_lease *lease, auger_time now)
{
    return (lease->state == AUGER_LEASE_ASKING || lease->state == AUGER_LEASE_REMAKING) &&
           lease->times >= NATPMP_TIMES && now >= lease->next_at;
}

static void give_natpmp_up(struct auger_portmap *portmap, auger_time now)
{
    bool tired = is_tired(&portmap->address, now);

    if (portmap->protocol == AUGER_PORTMAP_UNKNOWN && tired)
        portmap->address.state = AUGER_LEASE_FREE;
    if (portmap->protocol != AUGER_PORTMAP_NATPMP || portmap->config.natpmp_only)
        return;
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++)
        tired |= is_tired(&portmap->leases[i], now);
    if (tired)
        auger_portmap_speak(portmap, now, AUGER_PORTMAP_UNKNOWN);
}

void auger_portmap_handle_timeout(struct auger_portmap *portmap, auger_time now)
{
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++) {
        struct auger_lease *lease = &portmap->leases[i];
        bool stood = auger_lease_stands(lease);
        auger_lease_handle_timeout(lease, now);
        if (stood && !auger_lease_stands(lease))
            auger_portmap_trace_end(portmap, now, lease);
    }
    give_natpmp_up(portmap, now);
}

static size_t write_pcp(const struct auger_portmap *portmap, const struct auger_lease *lease,
                        uint8_t *buf, size_t cap)
{
    bool leaves = lease->state == AUGER_LEASE_LEAVING;
    struct auger_pcp_map map = {.transport = lease->internal.transport,
                                .internal_port = lease->internal.port};

    memcpy(map.nonce, lease->nonce, sizeof(map.nonce));
    if (!leaves) /* 15: none when it is deleted */
        map.external = lease->external;
    return auger_pcp_write_map(&portmap->config.local, leaves ? 0 : portmap->config.lifetime_s,
                               &map, buf, cap);
}

static size_t write_natpmp(const struct auger_portmap *portmap, const struct auger_lease *lease,
                           uint8_t *buf, size_t cap)
{
    bool leaves = lease->state == AUGER_LEASE_LEAVING;

    return auger_natpmp_write_map(
        &(struct auger_natpmp_map){.transport = lease->internal.transport,
                                   .internal_port = lease->internal.port,
                                   .external_port = leaves ? 0 : lease->external.port,
                                   .lifetime_s = leaves ? 0 : portmap->config.lifetime_s},
        buf, cap);
}

static const struct auger_lease_pace *pace_of(const struct auger_portmap *portmap)
{
    return portmap->protocol == AUGER_PORTMAP_NATPMP ? &auger_lease_natpmp : &auger_lease_pcp;
}

static size_t write_address(struct auger_portmap *portmap, auger_time now, uint8_t *buf, size_t cap)
{
    if (!auger_lease_is_due(&portmap->address, now))
        return 0;
    auger_lease_sent(&portmap->address, now, &auger_lease_natpmp, auger_portmap_chance(portmap));
    portmap->turn_until = auger_time_add(now, NATPMP_TURN);
    return auger_natpmp_write_address(buf, cap);
}

/* RFC 6886, 3.1: one after the other, as fast as they are answered. */
static bool must_wait(const struct auger_portmap *portmap, auger_time now)
{
    return portmap->protocol == AUGER_PORTMAP_NATPMP &&
           (portmap->outside.family == AUGER_FAMILY_NONE || now < portmap->turn_until);
}

static size_t write_lease(struct auger_portmap *portmap, auger_time now, struct auger_lease *lease,
                          uint8_t *buf, size_t cap)
{
    if (!auger_lease_is_due(lease, now) || must_wait(portmap, now))
        return 0;
    size_t len = portmap->protocol == AUGER_PORTMAP_NATPMP ? write_natpmp(portmap, lease, buf, cap)
                                                           : write_pcp(portmap, lease, buf, cap);
    auger_lease_sent(lease, now, pace_of(portmap), auger_portmap_chance(portmap));
    if (portmap->protocol == AUGER_PORTMAP_NATPMP)
        portmap->turn_until = auger_time_add(now, NATPMP_TURN);
    if (portmap->protocol == AUGER_PORTMAP_UNKNOWN && lease->times == PCP_TIMES_ALONE &&
        auger_portmap_has_natpmp(portmap) && portmap->address.state == AUGER_LEASE_FREE &&
        lease->state != AUGER_LEASE_LEAVING)
        auger_portmap_ask_address(portmap, now);
    return len;
}

size_t auger_portmap_poll_transmit(struct auger_portmap *portmap, auger_time now,
                                   struct auger_addr *to, uint8_t *buf, size_t cap)
{
    if (cap < AUGER_PORTMAP_MESSAGE_MAX)
        return 0;
    size_t len = write_address(portmap, now, buf, cap);
    for (uint16_t i = 0; len == 0 && i < portmap->config.mappings_max; i++)
        len = write_lease(portmap, now, &portmap->leases[i], buf, cap);
    *to = portmap->config.gateway;
    portmap->counters.requests_sent += len > 0;
    return len;
}

static auger_time next_of(const struct auger_portmap *portmap, const struct auger_lease *lease)
{
    auger_time at = lease->next_at;

    if (lease->state == AUGER_LEASE_FREE)
        return AUGER_NEVER;
    if (portmap->protocol == AUGER_PORTMAP_NATPMP && lease->state != AUGER_LEASE_REFUSED)
        at = portmap->outside.family == AUGER_FAMILY_NONE ? AUGER_NEVER
                                                          : auger_time_max(at, portmap->turn_until);
    return auger_lease_stands(lease) ? auger_time_min(at, lease->expires_at) : at;
}

auger_time auger_portmap_next_timeout(const struct auger_portmap *portmap)
{
    const struct auger_lease *address = &portmap->address;
    bool is_idle = true;
    auger_time at = AUGER_NEVER;

    for (uint16_t i = 0; i < portmap->config.mappings_max; i++) {
        is_idle &= portmap->leases[i].state == AUGER_LEASE_FREE;
        at = auger_time_min(at, next_of(portmap, &portmap->leases[i]));
    }
    return is_idle || address->state == AUGER_LEASE_FREE ? at
                                                         : auger_time_min(at, address->next_at);
}

/* --- events ---------------------------------------------------------------------------------- */

static void tell(struct auger_lease *lease, struct auger_portmap_event *event)
{
    *event = (struct auger_portmap_event){
        .token = lease->token, .internal = lease->internal, .error = lease->error};
    switch (lease->news) {
    case AUGER_LEASE_QUIET:
        break;
    case AUGER_LEASE_MAPPED:
        event->type = AUGER_PORTMAP_EVENT_MAPPED;
        event->external = lease->told = lease->external;
        event->lifetime_s = lease->lifetime_s;
        break;
    case AUGER_LEASE_LOST:
        event->type = AUGER_PORTMAP_EVENT_LOST;
        event->external = lease->told;
        lease->told = (struct auger_addr){0};
        break;
    case AUGER_LEASE_FAILED:
        event->type = AUGER_PORTMAP_EVENT_FAILED;
        break;
    }
    lease->news = AUGER_LEASE_QUIET;
}

bool auger_portmap_poll_event(struct auger_portmap *portmap, struct auger_portmap_event *event)
{
    for (uint16_t i = 0; i < portmap->config.mappings_max; i++) {
        if (portmap->leases[i].state != AUGER_LEASE_FREE &&
            portmap->leases[i].news != AUGER_LEASE_QUIET) {
            tell(&portmap->leases[i], event);
            return true;
        }
    }
    return false;
}

/* --- looking inside --------------------------------------------------------------------------- */

const char *auger_portmap_protocol(const struct auger_portmap *portmap)
{
    switch (portmap->protocol) {
    case AUGER_PORTMAP_UNKNOWN:
        return "";
    case AUGER_PORTMAP_PCP:
        return "pcp";
    case AUGER_PORTMAP_NATPMP:
        return "nat-pmp";
    }
    return "";
}

const char *auger_portmap_error_text(enum auger_portmap_error error)
{
    switch (error) {
    case AUGER_PORTMAP_ERROR_NONE:
        return "no error";
    case AUGER_PORTMAP_ERROR_NO_ANSWER:
        return "the gateway does not answer";
    case AUGER_PORTMAP_ERROR_VERSION:
        return "the gateway speaks another version";
    case AUGER_PORTMAP_ERROR_REFUSED:
        return "the gateway refuses";
    case AUGER_PORTMAP_ERROR_UNSUPPORTED:
        return "the gateway does not know the request";
    case AUGER_PORTMAP_ERROR_NETWORK:
        return "the gateway has no address outside";
    case AUGER_PORTMAP_ERROR_FULL:
        return "the gateway has no room";
    case AUGER_PORTMAP_ERROR_OTHER_NAT:
        return "another NAT is before the gateway";
    case AUGER_PORTMAP_ERROR_EXPIRED:
        return "it was not renewed in time";
    }
    return "unknown";
}

void auger_portmap_counters_sized(const struct auger_portmap *portmap,
                                  struct auger_portmap_counters *counters, size_t size)
{
    memset(counters, 0, size);
    memcpy(counters, &portmap->counters,
           size < sizeof(portmap->counters) ? size : sizeof(portmap->counters));
}
