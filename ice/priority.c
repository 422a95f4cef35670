/* ice/priority.c */
#include "ice/priority.h"

#define COMPONENT 1
#define LOCAL_PREFERENCE_MAX 65535
/* Between two bases of one family; the other family comes half-way (8421 section 4). */
#define LOCAL_PREFERENCE_STEP 512
/* Between two relayed ones, likewise; a third of the range is for each way to a server. */
#define RELAYED_STEP 256
#define VIA_STEP (LOCAL_PREFERENCE_MAX / 3)
/* So many addresses of IPv6 make pairs with each other before any of IPv4 that a STUN server
 * shows; those behind them stand below it (8421 section 5, docs/decisions/066). */
#define IPV6_BEFORE_REFLEXIVE 2
#define LATE_HOST_TYPE_PREFERENCE 99

static uint32_t type_preference(enum auger_cand_type type)
{
    switch (type) { /* 5.1.2.2 */
    case AUGER_CAND_HOST:
        return 126;
    case AUGER_CAND_PRFLX:
        return 110;
    case AUGER_CAND_SRFLX:
        return 100;
    case AUGER_CAND_RELAY:
        return 0;
    }
    return 0;
}

/* 5.1.2.1 */
static uint32_t combine(uint32_t type_preference, uint32_t local_preference)
{
    return type_preference << 24 | local_preference << 8 | (256 - COMPONENT);
}

static uint32_t priority_of(enum auger_cand_type type, uint32_t local_preference)
{
    return combine(type_preference(type), local_preference);
}

static uint32_t local_preference_of(const struct auger_ice_cand *cand)
{
    return cand->priority >> 8 & 0xFFFF;
}

uint32_t auger_priority_prflx(const struct auger_ice_cand *local)
{
    if (local->tcptype != AUGER_TCP_TYPE_NONE)
        return combine(auger_tcp_type_preference(AUGER_CAND_PRFLX), local_preference_of(local));
    return priority_of(AUGER_CAND_PRFLX, local_preference_of(local));
}

static bool preference_is_taken(const struct auger_cands *cands, enum auger_cand_type type,
                                uint32_t preference)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(cands, i);
        unsigned told_as = cand->looks_host ? AUGER_CAND_HOST : cand->type;
        if (auger_cand_is_used(cand) && told_as == type && local_preference_of(cand) == preference)
            return true;
    }
    return false;
}

/* Unique among the candidates of its type (5.1.2.1): the next below `wanted`, or
 * failing that the next above. */
static uint32_t free_preference(const struct auger_cands *cands, enum auger_cand_type type,
                                uint32_t wanted)
{
    uint32_t preference = wanted;

    while (preference > 0 && preference_is_taken(cands, type, preference))
        preference--;
    if (preference > 0)
        return preference;
    while (wanted < LOCAL_PREFERENCE_MAX && preference_is_taken(cands, type, wanted))
        wanted++;
    return wanted;
}

static uint16_t count_of(const struct auger_cands *cands, enum auger_cand_type type,
                         enum auger_tcp_type tcptype, uint8_t family)
{
    uint16_t count = 0;

    for (uint16_t i = 0; i < cands->len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(cands, i);
        count += cand->type == type && cand->tcptype == tcptype && cand->addr.family == family &&
                 !cand->is_helper;
    }
    return count;
}

/* The bases of the two families take turns, IPv6 first, each in the order in
 * which the application named them (8421 section 4). */
static uint32_t below_others(const struct auger_cands *cands, const struct auger_addr *base,
                             enum auger_tcp_type tcptype)
{
    uint32_t below = base->family == AUGER_IPV4 ? LOCAL_PREFERENCE_STEP / 2 : 0;

    return below + (uint32_t)LOCAL_PREFERENCE_STEP *
                       count_of(cands, AUGER_CAND_HOST, tcptype, base->family);
}

static uint32_t base_preference(const struct auger_cands *cands, const struct auger_addr *base)
{
    uint32_t below = below_others(cands, base, AUGER_TCP_TYPE_NONE);

    return below < LOCAL_PREFERENCE_MAX ? LOCAL_PREFERENCE_MAX - below : 0;
}

static uint32_t tcp_priority(const struct auger_cands *cands, enum auger_cand_type type,
                             enum auger_tcp_type tcptype, uint32_t below)
{
    uint32_t preference = auger_tcp_local_preference(type, tcptype, below);

    return combine(auger_tcp_type_preference(type), free_preference(cands, type, preference));
}

uint32_t auger_priority_host(const struct auger_cands *cands, const struct auger_addr *base,
                             enum auger_tcp_type tcptype)
{
    if (tcptype != AUGER_TCP_TYPE_NONE)
        return tcp_priority(cands, AUGER_CAND_HOST, tcptype, below_others(cands, base, tcptype));
    bool is_late = base->family == AUGER_IPV6 &&
                   count_of(cands, AUGER_CAND_HOST, tcptype, AUGER_IPV6) >= IPV6_BEFORE_REFLEXIVE;
    uint32_t preference = free_preference(cands, AUGER_CAND_HOST, base_preference(cands, base));
    uint32_t priority = priority_of(AUGER_CAND_HOST, preference);

    return is_late ? (priority & 0xFFFFFF) | LATE_HOST_TYPE_PREFERENCE << 24 : priority;
}

/* That of the host candidate itself, which is not told, or the next below that no other
 * has. */
uint32_t auger_priority_in_place_of(const struct auger_cands *cands,
                                    const struct auger_ice_cand *host)
{
    uint32_t preference = local_preference_of(host);

    for (uint16_t i = 0; i < cands->len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(cands, i);
        if (auger_cand_is_used(cand) && cand->looks_host && cand->priority == host->priority)
            preference = free_preference(cands, AUGER_CAND_HOST, preference);
    }
    return (host->priority & ~UINT32_C(0xFFFF00)) | preference << 8;
}

/* The families take turns, as those of bases do. */
static uint32_t relayed_preference(const struct auger_cands *cands,
                                   const struct auger_addr *relayed, enum auger_cand_via via)
{
    uint32_t below = relayed->family == AUGER_IPV4 ? RELAYED_STEP / 2 : 0;

    below += (uint32_t)via * VIA_STEP;
    below += (uint32_t)RELAYED_STEP *
             count_of(cands, AUGER_CAND_RELAY, AUGER_TCP_TYPE_NONE, relayed->family);
    return below < LOCAL_PREFERENCE_MAX ? LOCAL_PREFERENCE_MAX - below : 0;
}

uint32_t auger_priority_relayed(const struct auger_cands *cands, const struct auger_addr *relayed,
                                enum auger_cand_via via)
{
    uint32_t preference = relayed_preference(cands, relayed, via);

    return priority_of(AUGER_CAND_RELAY, free_preference(cands, AUGER_CAND_RELAY, preference));
}

uint32_t auger_priority_reflexive(const struct auger_cands *cands,
                                  const struct auger_ice_cand *host)
{
    uint32_t preference = local_preference_of(host);

    if (host->tcptype != AUGER_TCP_TYPE_NONE)
        return tcp_priority(cands, AUGER_CAND_SRFLX, (enum auger_tcp_type)host->tcptype,
                            auger_tcp_below(preference));
    return priority_of(AUGER_CAND_SRFLX, free_preference(cands, AUGER_CAND_SRFLX, preference));
}
