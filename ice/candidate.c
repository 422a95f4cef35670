/* ice/candidate.c - candidates and the table that holds them: RFC 8445 section
 * 5.1.  Gathering them is gather.c, the line of SDP candidate_line.c. */
#include "ice/candidate.h"

#include "base/addr.h"
#include "base/buggify.h"
#include "base/env.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void auger_cands_init(struct auger_cands *cands, const struct auger_env *env, uint16_t known_max,
                      uint16_t prflx_max)
{
    *cands = (struct auger_cands){
        .env = env,
        .slots = auger_pool(sizeof(struct auger_ice_cand), (size_t)known_max + prflx_max),
        .known_max = known_max,
        .per_ip_max = AUGER_CANDS_PER_IP_MAX,
        .prflx_max = prflx_max};
}

static void release(const struct auger_cands *cands, struct auger_ice_cand *cand)
{
    auger_env_release(cands->env, cand->foundation);
    if (cand->owns_base)
        auger_env_release(cands->env, cand->base);
    *cand = (struct auger_ice_cand){0};
}

void auger_cands_fini(struct auger_cands *cands)
{
    for (uint16_t i = 0; i < cands->len; i++)
        release(cands, auger_cands_at(cands, i));
    auger_pool_fini(&cands->slots, cands->env);
    *cands = (struct auger_cands){0};
}

bool auger_cand_addr_is_usable(const struct auger_addr *addr,
                               const struct auger_cand_policy *policy)
{
    if (auger_addr_ip_len(addr) == 0 || addr->port == 0)
        return false;
    if (addr->transport != AUGER_UDP && !policy->tcp)
        return false;
    if (auger_addr_is_unspecified(addr) || auger_addr_is_multicast(addr) ||
        auger_addr_is_embedded_ipv4(addr))
        return false;
    if (auger_addr_is_loopback(addr) && !policy->loopback)
        return false;
    return !auger_addr_is_link_local(addr) || policy->link_local;
}

/* Neither a link-local nor a loopback address reaches another kind. */
bool auger_cand_can_pair(const struct auger_ice_cand *local, const struct auger_ice_cand *remote)
{
    const struct auger_addr *a = &local->addr, *b = &remote->addr;

    return a->family == b->family && a->transport == b->transport &&
           remote->tcptype == auger_tcp_opposite((enum auger_tcp_type)local->tcptype) &&
           auger_addr_is_link_local(a) == auger_addr_is_link_local(b) &&
           auger_addr_is_loopback(a) == auger_addr_is_loopback(b);
}

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

uint32_t auger_cand_prflx_priority(const struct auger_ice_cand *local)
{
    if (local->tcptype != AUGER_TCP_TYPE_NONE)
        return combine(auger_tcp_type_preference(AUGER_CAND_PRFLX), local_preference_of(local));
    return priority_of(AUGER_CAND_PRFLX, local_preference_of(local));
}

static bool is_used(const struct auger_ice_cand *cand)
{
    return cand->addr.family != AUGER_FAMILY_NONE;
}

static bool preference_is_taken(const struct auger_cands *cands, enum auger_cand_type type,
                                uint32_t preference)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(cands, i);
        unsigned told_as = cand->looks_host ? AUGER_CAND_HOST : cand->type;
        if (is_used(cand) && told_as == type && local_preference_of(cand) == preference)
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

static uint32_t host_priority(const struct auger_cands *cands, const struct auger_addr *base,
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
static uint32_t free_host_priority(const struct auger_cands *cands,
                                   const struct auger_ice_cand *host)
{
    uint32_t preference = local_preference_of(host);

    for (uint16_t i = 0; i < cands->len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(cands, i);
        if (is_used(cand) && cand->looks_host && cand->priority == host->priority)
            preference = free_preference(cands, AUGER_CAND_HOST, preference);
    }
    return (host->priority & ~UINT32_C(0xFFFF00)) | preference << 8;
}

struct auger_ice_cand *auger_cands_find(const struct auger_cands *cands,
                                        const struct auger_addr *addr, enum auger_tcp_type tcptype)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (is_used(auger_cands_at(cands, i)) && auger_cands_at(cands, i)->tcptype == tcptype &&
            auger_addr_equal(&auger_cands_at(cands, i)->addr, addr))
            return auger_cands_at(cands, i);
    }
    return NULL;
}

struct auger_ice_cand *auger_cands_find_base(const struct auger_cands *cands,
                                             const struct auger_addr *base)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (is_used(auger_cands_at(cands, i)) && auger_cand_is_base(auger_cands_at(cands, i)) &&
            auger_addr_equal(&auger_cands_at(cands, i)->addr, base))
            return auger_cands_at(cands, i);
    }
    return NULL;
}

/* A peer-reflexive one of before a restart does not count: it was never told, and
 * the peer has yet to find it anew. */
struct auger_ice_cand *auger_cands_find_seen(const struct auger_cands *cands,
                                             const struct auger_addr *addr,
                                             const struct auger_ice_cand *host)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(cands, i);
        bool is_forgotten = cand->type == AUGER_CAND_PRFLX && cand->telling == AUGER_CAND_OUTDATED;
        if (!is_forgotten && cand->telling != AUGER_CAND_KEPT && cand->tcptype == host->tcptype &&
            auger_addr_equal(&cand->addr, addr) && auger_addr_equal(cand->base, host->base))
            return cand;
    }
    return NULL;
}

struct auger_ice_cand *auger_cands_find_mapped(const struct auger_cands *cands,
                                               const struct auger_ice_cand *host,
                                               const struct auger_addr *mapped)
{
    if (host->tcptype != AUGER_TCP_TYPE_ACTIVE)
        return auger_cands_find(cands, mapped, (enum auger_tcp_type)host->tcptype);
    for (uint16_t i = 0; i < cands->len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(cands, i);
        if (cand->type == AUGER_CAND_PRFLX && cand->base == host->base &&
            auger_addr_ip_equal(&cand->addr, mapped))
            return cand;
    }
    return NULL;
}

void auger_cands_tell_again(struct auger_cands *cands)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(cands, i);
        bool is_reflexive =
            cand->type == AUGER_CAND_PRFLX || (cand->type == AUGER_CAND_SRFLX && !cand->is_mapped);
        if (is_used(cand) && cand->telling != AUGER_CAND_KEPT)
            cand->telling = is_reflexive ? AUGER_CAND_OUTDATED : AUGER_CAND_TO_TELL;
    }
}

static struct auger_ice_cand *free_slot(struct auger_cands *cands)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (!is_used(auger_cands_at(cands, i)))
            return auger_cands_at(cands, i);
    }
    if (cands->len == cands->slots.len && !auger_pool_grow(&cands->slots, cands->env))
        return NULL;
    return auger_cands_at(cands, cands->len++);
}

static bool is_guess(const struct auger_ice_cand *cand)
{
    return cand->is_predicted || cand->is_helper;
}

static bool is_full(const struct auger_cands *cands, unsigned type)
{
    return type == AUGER_CAND_PRFLX ? cands->prflx == cands->prflx_max
                                    : cands->known == cands->known_max;
}

static bool has_no_room_for(const struct auger_cands *cands, const struct auger_ice_cand *cand)
{
    return is_guess(cand) ? cands->predicted >= cands->predicted_max : is_full(cands, cand->type);
}

/* Those that it is counted among. */
static uint16_t *count_with(struct auger_cands *cands, const struct auger_ice_cand *cand)
{
    if (is_guess(cand))
        return &cands->predicted;
    return cand->type == AUGER_CAND_PRFLX ? &cands->prflx : &cands->known;
}

/* For what a server gave. */
static bool has_room_for_more(const struct auger_cands *cands)
{
    return cands->known + cands->known_max / 4 < cands->known_max;
}

int auger_cands_refusal(const struct auger_cands *cands)
{
    return is_full(cands, AUGER_CAND_HOST) ? AUGER_ERR_LIMIT : AUGER_ERR_NO_MEMORY;
}

static char *copy_of(const struct auger_cands *cands, const char *foundation)
{
    size_t size = strlen(foundation) + 1;
    char *copy = auger_env_alloc(cands->env, 1, size);

    return copy ? memcpy(copy, foundation, size) : NULL;
}

struct auger_ice_cand *auger_cands_add(struct auger_cands *cands, const struct auger_ice_cand *cand,
                                       const char *foundation)
{
    char *own = has_no_room_for(cands, cand) ? NULL : copy_of(cands, foundation);
    struct auger_ice_cand *slot = own ? free_slot(cands) : NULL;

    if (!slot) {
        auger_env_release(cands->env, own);
        return NULL;
    }
    *slot = *cand;
    slot->foundation = own;
    ++*count_with(cands, slot);
    return slot;
}

void auger_cands_remove(struct auger_cands *cands, struct auger_ice_cand *cand)
{
    assert(is_used(cand));
    --*count_with(cands, cand);
    release(cands, cand);
}

/* A relayed one of ours is its own base. */
static bool is_relayed(const struct auger_ice_cand *local)
{
    return local->type == AUGER_CAND_RELAY && local->origin;
}

const struct auger_addr *auger_cand_server(const struct auger_ice_cand *local)
{
    return is_relayed(local) ? &local->origin->server : local->server;
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

/* Adds a candidate of ours with the foundation that 5.1.1.3 demands: that of the first one of
 * the same type, base, server, transport and, as in RFC 6544 appendix C, direction, or a new
 * one. */
static struct auger_ice_cand *add_local(struct auger_cands *cands,
                                        const struct auger_ice_cand *cand)
{
    const struct auger_ice_cand *kin = NULL;
    char fresh[AUGER_FOUNDATION_MAX];

    for (uint16_t i = 0; i < cands->len && !kin; i++) {
        if (is_used(auger_cands_at(cands, i)) && has_same_origin(auger_cands_at(cands, i), cand))
            kin = auger_cands_at(cands, i);
    }
    if (kin)
        return auger_cands_add(cands, cand, kin->foundation);
    snprintf(fresh, sizeof(fresh), "%" PRIu32, cands->foundations_made + 1);
    struct auger_ice_cand *slot = auger_cands_add(cands, cand, fresh);
    cands->foundations_made += slot != NULL;
    return slot;
}

struct auger_ice_cand *auger_cands_add_host(struct auger_cands *cands,
                                            const struct auger_addr *addr,
                                            enum auger_tcp_type tcptype)
{
    struct auger_ice_cand host = {.type = AUGER_CAND_HOST,
                                  .addr = *addr,
                                  .base = &host.addr,
                                  .tcptype = (uint8_t)tcptype,
                                  .priority = host_priority(cands, addr, tcptype)};
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
    uint32_t preference = free_preference(cands, AUGER_CAND_SRFLX, local_preference_of(host));
    struct auger_ice_cand cand = {.type = AUGER_CAND_SRFLX,
                                  .addr = *addr,
                                  .base = host->base,
                                  .tcptype = host->tcptype,
                                  .priority = priority_of(AUGER_CAND_SRFLX, preference)};

    if (host->tcptype != AUGER_TCP_TYPE_NONE)
        cand.priority = tcp_priority(cands, AUGER_CAND_SRFLX, (enum auger_tcp_type)host->tcptype,
                                     auger_tcp_below(local_preference_of(host)));
    return cand;
}

struct auger_ice_cand *auger_cands_add_srflx(struct auger_cands *cands,
                                             const struct auger_ice_cand *host,
                                             const struct auger_addr *mapped,
                                             const struct auger_addr *server)
{
    struct auger_ice_cand cand = seen_at(cands, host, mapped);

    cand.server = server;
    return has_room_for_more(cands) ? add_local(cands, &cand) : NULL;
}

/* In the place of its host candidate it has that one's priority, or if several stand there
 * the next below. */
struct auger_ice_cand *auger_cands_add_mapped(struct auger_cands *cands,
                                              const struct auger_ice_cand *host,
                                              const struct auger_addr *external, bool as_host)
{
    struct auger_ice_cand cand = seen_at(cands, host, external);

    cand.is_mapped = true;
    cand.looks_host = as_host;
    if (!as_host)
        return add_local(cands, &cand);
    cand.priority = free_host_priority(cands, host);
    return auger_cands_add(cands, &cand, host->foundation);
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

struct auger_ice_cand *auger_cands_add_relayed(struct auger_cands *cands,
                                               const struct auger_addr *relayed,
                                               const struct auger_cand_origin *origin,
                                               enum auger_cand_via via)
{
    uint32_t preference =
        free_preference(cands, AUGER_CAND_RELAY, relayed_preference(cands, relayed, via));
    struct auger_ice_cand cand = {.type = AUGER_CAND_RELAY,
                                  .addr = *relayed,
                                  .base = &cand.addr,
                                  .origin = origin,
                                  .priority = priority_of(AUGER_CAND_RELAY, preference)};
    struct auger_ice_cand *slot = has_room_for_more(cands) ? add_local(cands, &cand) : NULL;

    if (slot)
        slot->base = &slot->addr;
    return slot;
}

struct auger_ice_cand *auger_cands_add_local_prflx(struct auger_cands *cands,
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

static size_t count_ip(const struct auger_cands *cands, const struct auger_addr *addr)
{
    size_t count = 0;
    for (uint16_t i = 0; i < cands->len; i++)
        count += is_used(auger_cands_at(cands, i)) &&
                 auger_addr_ip_equal(&auger_cands_at(cands, i)->addr, addr);
    return count;
}

static struct auger_ice_cand *add_remote(struct auger_cands *cands,
                                         const struct auger_ice_cand *cand, const char *foundation)
{
    struct auger_ice_cand *slot = auger_cands_add(cands, cand, foundation);

    if (slot)
        slot->number = ++cands->made;
    return slot;
}

/* A candidate that was told belongs to its own table, whatever it calls itself. */
static uint8_t type_of(const struct auger_cand *told)
{
    return told->type == AUGER_CAND_PRFLX ? AUGER_CAND_SRFLX : (uint8_t)told->type;
}

/* Where it says that it sends from; false: no memory. */
static bool keep_related(const struct auger_cands *cands, struct auger_ice_cand *cand,
                         const struct auger_addr *related)
{
    if (related->family == AUGER_FAMILY_NONE)
        return true;
    cand->base = auger_env_alloc(cands->env, 1, sizeof(*cand->base));
    if (!cand->base)
        return false;
    *cand->base = *related;
    cand->owns_base = true;
    return true;
}

int auger_cands_add_remote(struct auger_cands *cands, const struct auger_cand *told)
{
    if (count_ip(cands, &told->addr) >= cands->per_ip_max)
        return AUGER_ERR_LIMIT;
    struct auger_ice_cand cand = {.type = type_of(told),
                                  .addr = told->addr,
                                  .priority = told->priority,
                                  .tcptype = (uint8_t)told->tcptype,
                                  .generation = auger_cand_generation(told->ufrag),
                                  .hidden = told->hidden};
    if (keep_related(cands, &cand, &told->related) && add_remote(cands, &cand, told->foundation))
        return 0;
    release(cands, &cand);
    return auger_cands_refusal(cands);
}

/* Its foundation begins with a sign that is no ice-char, so that it differs
 * from every foundation of a candidate that was told (7.3.1.3). */
struct auger_ice_cand *auger_cands_add_remote_prflx(struct auger_cands *cands,
                                                    const struct auger_addr *addr,
                                                    enum auger_tcp_type tcptype, uint32_t priority)
{
    char foundation[AUGER_FOUNDATION_MAX];

    if (AUGER_BUGGIFY(PRFLX_FULL))
        return NULL;
    snprintf(foundation, sizeof(foundation), "~%" PRIu32, cands->prflx_made + 1);
    struct auger_ice_cand *cand = add_remote(cands,
                                             &(struct auger_ice_cand){.type = AUGER_CAND_PRFLX,
                                                                      .addr = *addr,
                                                                      .tcptype = (uint8_t)tcptype,
                                                                      .priority = priority,
                                                                      .hidden = true},
                                             foundation);
    cands->prflx_made += cand != NULL;
    return cand;
}

int auger_cands_merge(struct auger_cands *cands, struct auger_ice_cand *cand,
                      const struct auger_cand *told)
{
    assert(cand->type == AUGER_CAND_PRFLX);
    if (cands->known == cands->known_max)
        return AUGER_ERR_LIMIT;
    char *foundation = copy_of(cands, told->foundation);
    if (!foundation || !keep_related(cands, cand, &told->related)) {
        auger_env_release(cands->env, foundation);
        return AUGER_ERR_NO_MEMORY;
    }
    --*count_with(cands, cand);
    cand->is_predicted = false;
    cands->known++;
    cand->type = type_of(told);
    cand->hidden = told->hidden;
    if (cand->type == AUGER_CAND_RELAY)
        cand->priority = told->priority;
    auger_env_release(cands->env, cand->foundation);
    cand->foundation = foundation;
    return 0;
}

/* FNV-1a; two ufrags that meet by chance only let a stale candidate pass, whose
 * checks nobody answers. */
uint32_t auger_cand_generation(const char *ufrag)
{
    uint32_t hash = 0x811C9DC5;

    if (!ufrag[0])
        return 0;
    for (; *ufrag; ufrag++)
        hash = (hash ^ (uint8_t)*ufrag) * 0x01000193;
    return hash ? hash : 1;
}

void auger_cand_export(const struct auger_ice_cand *cand, struct auger_cand *out)
{
    *out = (struct auger_cand){
        .type = (enum auger_cand_type)cand->type, .addr = cand->addr, .priority = cand->priority};
    out->hidden = cand->hidden;
    out->mapped = cand->is_mapped;
    out->tcptype = (enum auger_tcp_type)cand->tcptype;
    if (cand->tcptype == AUGER_TCP_TYPE_ACTIVE && cand->addr.port == 0)
        out->addr.port = AUGER_TCP_DISCARD_PORT;
    if (cand->looks_host)
        out->type = AUGER_CAND_HOST;
    if (auger_cand_is_base(cand) && is_relayed(cand))
        out->related = cand->origin->mapped;
    else if (out->type != AUGER_CAND_HOST && cand->base)
        out->related = *cand->base;
    snprintf(out->foundation, sizeof(out->foundation), "%s", cand->foundation);
}
