/* ice/ours.c */
#include "ice/ours.h"

#include "ice/priority.h"

#include "base/addr.h"

#include <inttypes.h>
#include <stdio.h>

/* For what a server gave. */
static bool has_room_for_more(const struct auger_cands *cands)
{
    return cands->known + cands->known_max / 4 < cands->known_max;
}

static bool is_of_same_server(const struct auger_ice_cand *a, const struct auger_ice_cand *b)
{
    const struct auger_addr *one = auger_cand_server(a), *other = auger_cand_server(b);

    return one && other ? auger_addr_ip_equal(one, other) && one->transport == other->transport
                        : one == other;
}

static bool has_same_origin(const struct auger_ice_cand *a, const struct auger_ice_cand *b)
{
    return a->type == b->type && a->addr.transport == b->addr.transport &&
           a->tcptype == b->tcptype && auger_addr_ip_equal(a->base, b->base) &&
           is_of_same_server(a, b);
}

/* The foundation that 5.1.1.3 demands: that of the first one of the same type, base, server,
 * transport and, as in RFC 6544 appendix C, direction, or a new one, in `fresh`. */
static const char *foundation_of(const struct auger_cands *cands, const struct auger_ice_cand *cand,
                                 char fresh[AUGER_FOUNDATION_MAX])
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (auger_cand_is_used(auger_cands_at(cands, i)) &&
            has_same_origin(auger_cands_at(cands, i), cand))
            return auger_cands_at(cands, i)->foundation;
    }
    snprintf(fresh, AUGER_FOUNDATION_MAX, "%" PRIu32, cands->foundations_made + 1);
    return fresh;
}

static struct auger_ice_cand *add_local(struct auger_cands *cands,
                                        const struct auger_ice_cand *cand)
{
    char fresh[AUGER_FOUNDATION_MAX];
    const char *foundation = foundation_of(cands, cand, fresh);
    struct auger_ice_cand *slot = auger_cands_add(cands, cand, foundation);

    cands->foundations_made += slot && foundation == fresh;
    return slot;
}

struct auger_ice_cand *auger_ours_add_host(struct auger_cands *cands, const struct auger_addr *addr,
                                           enum auger_tcp_type tcptype)
{
    struct auger_ice_cand host = {.type = AUGER_CAND_HOST,
                                  .addr = *addr,
                                  .base = &host.addr,
                                  .tcptype = (uint8_t)tcptype,
                                  .priority = auger_priority_host(cands, addr, tcptype)};
    struct auger_ice_cand *slot = add_local(cands, &host);

    if (slot)
        slot->base = &slot->addr;
    return slot;
}

/* Reflexive, behind the base of `host`. */
static struct auger_ice_cand seen_at(const struct auger_cands *cands,
                                     const struct auger_ice_cand *host,
                                     const struct auger_addr *addr)
{
    return (struct auger_ice_cand){.type = AUGER_CAND_SRFLX,
                                   .addr = *addr,
                                   .base = host->base,
                                   .tcptype = host->tcptype,
                                   .priority = auger_priority_reflexive(cands, host)};
}

struct auger_ice_cand *auger_ours_add_srflx(struct auger_cands *cands,
                                            const struct auger_ice_cand *host,
                                            const struct auger_addr *mapped,
                                            const struct auger_addr *server)
{
    struct auger_ice_cand cand = seen_at(cands, host, mapped);

    cand.server = server;
    return has_room_for_more(cands) ? add_local(cands, &cand) : NULL;
}

bool auger_ours_turn_srflx(struct auger_cands *cands, struct auger_ice_cand *cand,
                           const struct auger_ice_cand *host, const struct auger_addr *server)
{
    struct auger_ice_cand as = seen_at(cands, host, &cand->addr);
    char fresh[AUGER_FOUNDATION_MAX];

    as.server = server;
    if (!has_room_for_more(cands))
        return false;
    const char *foundation = foundation_of(cands, &as, fresh);
    bool has_turned = auger_cands_turn(cands, cand, &as, foundation);
    cands->foundations_made += has_turned && foundation == fresh;
    return has_turned;
}

/* In the place of its host candidate it has that one's priority, or if several stand there
 * the next below. */
struct auger_ice_cand *auger_ours_add_mapped(struct auger_cands *cands,
                                             const struct auger_ice_cand *host,
                                             const struct auger_addr *external, bool as_host)
{
    struct auger_ice_cand cand = seen_at(cands, host, external);

    cand.is_mapped = true;
    cand.looks_host = as_host;
    if (!as_host)
        return add_local(cands, &cand);
    cand.priority = auger_priority_in_place_of(cands, host);
    return auger_cands_add(cands, &cand, host->foundation);
}

struct auger_ice_cand *auger_ours_add_relayed(struct auger_cands *cands,
                                              const struct auger_addr *relayed,
                                              const struct auger_cand_origin *origin,
                                              enum auger_cand_via via)
{
    struct auger_ice_cand cand = {.type = AUGER_CAND_RELAY,
                                  .addr = *relayed,
                                  .base = &cand.addr,
                                  .origin = origin,
                                  .priority = auger_priority_relayed(cands, relayed, via)};
    struct auger_ice_cand *slot = has_room_for_more(cands) ? add_local(cands, &cand) : NULL;

    if (slot)
        slot->base = &slot->addr;
    return slot;
}

struct auger_ice_cand *auger_ours_add_local_prflx(struct auger_cands *cands,
                                                  const struct auger_ice_cand *host,
                                                  const struct auger_addr *mapped,
                                                  uint32_t priority)
{
    return add_local(cands, &(struct auger_ice_cand){.type = AUGER_CAND_PRFLX,
                                                     .addr = *mapped,
                                                     .base = host->base,
                                                     .tcptype = host->tcptype,
                                                     .priority = priority});
}
