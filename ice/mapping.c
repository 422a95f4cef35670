/* ice/mapping.c - candidates that the configuration knows: where a NAT whose rule is
 * fixed shows a base of ours; and those that a gateway was asked for. */
#include "ice/mapping.h"

#include "ice/ours.h"
#include "ice/policy.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/trace.h"

#include <string.h>

/* --- the list ------------------------------------------------------------------------- */

static bool is_mapping(const struct auger_ice_mapping *mapping,
                       const struct auger_cand_policy *policy)
{
    struct auger_addr external = mapping->external;

    if (external.port == 0)
        external.port = 1; /* that of the base, which is none either */
    return mapping->local.family == external.family &&
           mapping->local.transport == external.transport &&
           auger_cand_addr_is_usable(&external, policy);
}

bool auger_mapping_is_valid(const struct auger_ice_config *config)
{
    const struct auger_cand_policy policy = {config->allow_loopback, config->allow_link_local,
                                             true};

    if (config->mappings_len > AUGER_ICE_MAPPINGS_MAX)
        return false;
    for (size_t i = 0; i < config->mappings_len; i++)
        if (!is_mapping(&config->mappings[i], &policy))
            return false;
    return true;
}

int auger_mapping_init(struct auger_ice *ice)
{
    struct auger_ice_config *config = &ice->config;
    struct auger_ice_mapping *copy = NULL;

    if (config->mappings_len > 0) {
        copy = auger_env_alloc(ice->env, config->mappings_len, sizeof(*copy));
        if (!copy)
            return AUGER_ERR_NO_MEMORY;
        memcpy(copy, config->mappings, config->mappings_len * sizeof(*copy));
    }
    ice->mappings = copy;
    config->mappings = copy;
    return 0;
}

void auger_mapping_fini(struct auger_ice *ice)
{
    auger_env_release(ice->env, ice->mappings);
    ice->mappings = NULL;
}

/* --- its candidates ------------------------------------------------------------------- */

/* Then it is about one transport; a NAT that is one to one is about both. */
static bool names_port(const struct auger_ice_mapping *mapping)
{
    return mapping->local.port != 0 || mapping->external.port != 0;
}

static bool fits(const struct auger_ice_mapping *mapping, const struct auger_addr *base)
{
    const struct auger_addr *local = &mapping->local;

    if (local->family != base->family || (local->port != 0 && local->port != base->port))
        return false;
    if (names_port(mapping) && local->transport != base->transport)
        return false;
    return auger_addr_is_unspecified(local) || auger_addr_ip_equal(local, base);
}

static bool begin(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *host,
                  const struct auger_addr *external, bool as_host)
{
    struct auger_ice_cand *cand = auger_ours_add_mapped(&ice->locals, host, external, as_host);

    if (!cand)
        return false;
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("type", as_host ? "host" : "srflx"), AUGER_F_ADDR("base", cand->base),
                AUGER_F_INT("priority", cand->priority));
    auger_policy_apply(ice->config.policy, ice->env, now, cand);
    return true;
}

static bool add(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *host,
                struct auger_addr external)
{
    external.transport = host->addr.transport;
    if (external.port == 0)
        external.port = host->addr.port;
    if (auger_cands_find_seen(&ice->locals, &external, host))
        return false; /* 5.1.3 */
    if (begin(ice, now, host, &external, ice->config.mappings_replace_host))
        return true;
    ice->counters.limited++;
    return false;
}

void auger_mapping_apply(struct auger_ice *ice, auger_time now, struct auger_ice_cand *host)
{
    bool is_mapped = false;

    if (host->tcptype == AUGER_TCP_TYPE_ACTIVE) /* to which nobody comes */
        return;
    for (size_t i = 0; i < ice->config.mappings_len; i++)
        if (fits(&ice->mappings[i], &host->addr) && add(ice, now, host, ice->mappings[i].external))
            is_mapped = true;
    if (is_mapped && ice->config.mappings_replace_host)
        host->telling = AUGER_CAND_KEPT;
}

/* --- what a gateway was asked for ------------------------------------------------------ */

/* Of UDP there is one, of TCP a passive one and one for simultaneous open (RFC 6544 section 5.1):
 * the next from `*at` on, or NULL. */
static struct auger_ice_cand *next_host(struct auger_ice *ice, const struct auger_addr *base,
                                        uint16_t *at)
{
    while (*at < ice->locals.len) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, (*at)++);
        if (cand->type == AUGER_CAND_HOST && auger_cand_is_base(cand) &&
            auger_addr_equal(&cand->addr, base))
            return cand;
    }
    return NULL;
}

static bool add_granted(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *host,
                        const struct auger_addr *external)
{
    struct auger_ice_cand *seen = auger_cands_find_seen(&ice->locals, external, host);

    if (!seen || seen->type == AUGER_CAND_PRFLX) /* which is not told (242) */
        return begin(ice, now, host, external, false);
    if (seen->telling == AUGER_CAND_OUTDATED) /* 5.1.3: else it was told already */
        seen->telling = AUGER_CAND_TO_TELL;
    return true;
}

int auger_mapping_add(struct auger_ice *ice, auger_time now, const struct auger_addr *base,
                      const struct auger_addr *external)
{
    struct auger_ice_cand *host;
    bool has_any = false;
    uint16_t at = 0;

    if (!next_host(ice, base, &at))
        return AUGER_ERR_NOT_FOUND;
    if (external->family != base->family || external->transport != base->transport ||
        !auger_cand_addr_is_usable(external, &ice->policy))
        return AUGER_ERR_INVALID;
    for (at = 0; (host = next_host(ice, base, &at));)
        has_any |= add_granted(ice, now, host, external);
    return has_any ? 0 : auger_cands_refusal(&ice->locals);
}

struct auger_ice_cand *auger_mapping_find(struct auger_ice *ice, const struct auger_addr *base,
                                          const struct auger_addr *external)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->type == AUGER_CAND_SRFLX && cand->is_mapped &&
            auger_addr_equal(&cand->addr, external) && auger_addr_equal(cand->base, base))
            return cand;
    }
    return NULL;
}
