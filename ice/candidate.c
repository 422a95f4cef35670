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

struct auger_ice_cand *auger_cands_find(const struct auger_cands *cands,
                                        const struct auger_addr *addr, enum auger_tcp_type tcptype)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (auger_cand_is_used(auger_cands_at(cands, i)) &&
            auger_cands_at(cands, i)->tcptype == tcptype &&
            auger_addr_equal(&auger_cands_at(cands, i)->addr, addr))
            return auger_cands_at(cands, i);
    }
    return NULL;
}

struct auger_ice_cand *auger_cands_find_base(const struct auger_cands *cands,
                                             const struct auger_addr *base)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (auger_cand_is_used(auger_cands_at(cands, i)) &&
            auger_cand_is_base(auger_cands_at(cands, i)) &&
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
    struct auger_ice_cand *prflx = NULL;

    for (uint16_t i = 0; i < cands->len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(cands, i);
        bool is_forgotten = cand->type == AUGER_CAND_PRFLX && cand->telling == AUGER_CAND_OUTDATED;
        if (is_forgotten || cand->telling == AUGER_CAND_KEPT || cand->tcptype != host->tcptype ||
            !auger_addr_equal(&cand->addr, addr) || !auger_addr_equal(cand->base, host->base))
            continue;
        if (cand->type != AUGER_CAND_PRFLX)
            return cand;
        prflx = cand;
    }
    return prflx;
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
        if (auger_cand_is_used(cand) && cand->telling != AUGER_CAND_KEPT)
            cand->telling = is_reflexive ? AUGER_CAND_OUTDATED : AUGER_CAND_TO_TELL;
    }
}

static struct auger_ice_cand *free_slot(struct auger_cands *cands)
{
    for (uint16_t i = 0; i < cands->len; i++) {
        if (!auger_cand_is_used(auger_cands_at(cands, i)))
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

bool auger_cands_turn(struct auger_cands *cands, struct auger_ice_cand *cand,
                      const struct auger_ice_cand *as, const char *foundation)
{
    char *own = has_no_room_for(cands, as) ? NULL : copy_of(cands, foundation);

    if (!own)
        return false;
    --*count_with(cands, cand);
    auger_env_release(cands->env, cand->foundation);
    *cand = *as;
    cand->foundation = own;
    ++*count_with(cands, cand);
    return true;
}

void auger_cands_remove(struct auger_cands *cands, struct auger_ice_cand *cand)
{
    assert(auger_cand_is_used(cand));
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

static size_t count_ip(const struct auger_cands *cands, const struct auger_addr *addr)
{
    size_t count = 0;
    for (uint16_t i = 0; i < cands->len; i++)
        count += auger_cand_is_used(auger_cands_at(cands, i)) &&
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
    if (cand->type != AUGER_CAND_SRFLX)
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
