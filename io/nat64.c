/* io/nat64.c - where a loop has the prefix of a NAT64 from (RFC 7050, 8781), and who is told. */
#define _GNU_SOURCE
#include "io/nat64.h"

#include "base/addr.h"
#include "base/time.h"
#include "base/trace.h"
#include "io/loop_state.h"
#include "io/slot_servers.h"

#include <string.h>
#include <sys/epoll.h>

/* So long the end of candidates waits for a DNS that is there. */
#define HOLD (500 * AUGER_MS)
/* RFC 7050 section 7.1: records of the name live for an hour at least, and getaddrinfo() does not
 * say how long. */
#define FRESH (3600 * AUGER_SEC)
/* Where there is no prefix: after 1, 4, 16 and 64 s, since a network's DNS may be known later than
 * its addresses, and then so often. */
#define SELDOM (600 * AUGER_SEC)
#define FAILURES_MAX 4
#define NO_THREAD (1 * AUGER_SEC) /* after there was none to ask */

void auger_nat64_init(struct auger_nat64_search *search)
{
    *search = (struct auger_nat64_search){
        .router.udp.fd = -1, .again_at = AUGER_NEVER, .hold_until = AUGER_NEVER};
}

void auger_nat64_fini(struct auger_nat64_search *search)
{
    auger_udp_close(&search->router.udp);
}

/* --- who needs it -------------------------------------------------------------------------- */

static void see(const struct auger_udp *udp, bool *has_ipv4, bool *has_ipv6)
{
    const struct auger_addr *addr = &udp->addr;

    if (udp->fd < 0)
        return;
    *has_ipv4 |= addr->family == AUGER_IPV4;
    *has_ipv6 |= addr->family == AUGER_IPV6 && !auger_addr_is_loopback(addr) &&
                 !auger_addr_is_link_local(addr);
}

static bool has_ipv6_alone(const struct auger_slot *slot)
{
    bool has_ipv4 = false, has_ipv6 = false;

    for (size_t i = 0; !slot->mux && i < slot->sockets_len; i++)
        see(&slot->sockets[i].udp, &has_ipv4, &has_ipv6);
    for (size_t i = 0; slot->mux && i < slot->mux->sockets_len; i++)
        see(&slot->mux->sockets[i].watch.udp, &has_ipv4, &has_ipv6);
    return has_ipv6 && !has_ipv4;
}

static bool searches(const struct auger_slot *slot)
{
    return slot->nat64_use == AUGER_NAT64_FIND && has_ipv6_alone(slot);
}

/* --- who is told ---------------------------------------------------------------------------- */

/* RFC 8781 section 5.1: a router's word before the DNS's. */
static const struct auger_nat64 *known(const struct auger_nat64_search *search, auger_time now)
{
    const struct auger_nat64 *advertised = auger_advertised_find(&search->advertised, now);

    return advertised ? advertised : search->by_dns.prefix_len != 0 ? &search->by_dns : NULL;
}

static const struct auger_nat64 *prefix_for(const struct auger_loop *loop,
                                            const struct auger_slot *slot, auger_time now)
{
    if (slot->nat64_use == AUGER_NAT64_OFF || !has_ipv6_alone(slot))
        return NULL;
    return slot->nat64_use == AUGER_NAT64_GIVEN ? &slot->nat64_given : known(&loop->nat64, now);
}

static void let_end(struct auger_slot *slot, auger_time now)
{
    slot->holds_end = false;
    if (slot->names_pending == 0)
        auger_slot_end_of_addrs(slot, now);
    auger_ready_mark(&slot->ready);
}

/* Again does no harm.  false: there is nothing to tell it. */
static bool tell(const struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    const struct auger_nat64 *nat64 = prefix_for(loop, slot, now);

    if (!nat64 || auger_peer_set_nat64(slot->peer, now, nat64) < 0)
        return false;
    auger_slot_translate(slot, nat64, now);
    return true;
}

/* Servers that are asked through it are more of what an end comes behind. */
static void tell_all(struct auger_loop *loop, auger_time now)
{
    for (size_t i = 0; i < loop->slots_len; i++)
        if (tell(loop, loop->slots[i], now))
            let_end(loop->slots[i], now);
}

static void trace_found(const struct auger_loop *loop, auger_time now, const char *source,
                        const struct auger_nat64 *nat64)
{
    struct auger_addr prefix = {.family = AUGER_IPV6};

    memcpy(prefix.ip, nat64->prefix, sizeof(prefix.ip));
    auger_trace(loop->config.env, now, "io:prefix_found", AUGER_F_TEXT("source", source),
                AUGER_F_ADDR("prefix", &prefix), AUGER_F_INT("prefix_len", nat64->prefix_len));
}

/* --- the DNS -------------------------------------------------------------------------------- */

static void ask(struct auger_loop *loop, auger_time now)
{
    /* Whole: no domain of a search list is tried. */
    const struct auger_lookup lookup = {.host = "ipv4only.arpa.", .transport = AUGER_UDP};
    struct auger_nat64_search *search = &loop->nat64;

    if (search->is_asking || now < search->fresh_until)
        return;
    search->is_asking = auger_resolver_ask(loop->resolver, AUGER_NAT64_QUESTION, 0, &lookup) == 0;
    search->is_stale = false;
    if (search->is_asking) {
        search->again_at = AUGER_NEVER;
        search->hold_until = auger_time_add(now, HOLD);
    } else {
        search->fresh_until = search->again_at = auger_time_add(now, NO_THREAD);
    }
}

static bool is_needed(const struct auger_loop *loop)
{
    for (size_t i = 0; i < loop->slots_len; i++)
        if (searches(loop->slots[i]))
            return true;
    return false;
}

static void let_all_end(struct auger_loop *loop, auger_time now)
{
    loop->nat64.hold_until = AUGER_NEVER;
    for (size_t i = 0; i < loop->slots_len; i++)
        if (loop->slots[i]->holds_end)
            let_end(loop->slots[i], now);
}

static auger_time next_question_in(const struct auger_nat64_search *search)
{
    if (search->by_dns.prefix_len != 0)
        return FRESH;
    return search->failures > FAILURES_MAX ? SELDOM : AUGER_SEC << (2 * (search->failures - 1));
}

static bool read_prefix(const struct auger_resolved *answer, struct auger_nat64 *out)
{
    for (size_t i = 0; i < answer->addrs_len; i++)
        if (auger_nat64_find(out, &answer->addrs[i]) == 0)
            return true;
    *out = (struct auger_nat64){0};
    return false;
}

void auger_nat64_take_answer(struct auger_loop *loop, const struct auger_resolved *answer,
                             auger_time now)
{
    struct auger_nat64_search *search = &loop->nat64;

    search->is_asking = false;
    if (search->is_stale) {
        ask(loop, now);
        return;
    }
    if (read_prefix(answer, &search->by_dns)) {
        search->failures = 0;
        trace_found(loop, now, "dns", &search->by_dns);
    } else {
        search->failures += search->failures <= FAILURES_MAX;
    }
    search->fresh_until = search->again_at = auger_time_add(now, next_question_in(search));
    tell_all(loop, now);
    let_all_end(loop, now);
}

/* --- routers -------------------------------------------------------------------------------- */

/* Without it there is the DNS. */
static void listen_to_routers(struct auger_loop *loop)
{
    struct auger_watch *watch = &loop->nat64.router;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    if (watch->udp.fd >= 0)
        return;
    *watch = (struct auger_watch){.kind = AUGER_WATCH_ROUTER, .udp.fd = auger_advertised_listen()};
    if (watch->udp.fd >= 0 && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->udp.fd, &event) < 0)
        auger_udp_close(&watch->udp);
}

void auger_nat64_receive(struct auger_loop *loop, auger_time now)
{
    struct auger_nat64_search *search = &loop->nat64;
    struct auger_nat64 before = {0};
    const struct auger_nat64 *found = auger_advertised_find(&search->advertised, now);

    if (found)
        before = *found;
    auger_advertised_receive(&search->advertised, search->router.udp.fd, now);
    found = auger_advertised_find(&search->advertised, now);
    if (found && memcmp(found, &before, sizeof(before)) != 0) {
        trace_found(loop, now, "router", found);
        tell_all(loop, now);
    }
}

/* --- peers ------------------------------------------------------------------------------------ */

void auger_nat64_follow(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    struct auger_nat64_search *search = &loop->nat64;

    if (searches(slot)) {
        listen_to_routers(loop);
        ask(loop, now);
        if (!search->is_asking)
            search->again_at = search->fresh_until;
    }
    (void)tell(loop, slot, now);
}

void auger_nat64_end_of_names(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    const struct auger_nat64_search *search = &loop->nat64;

    slot->holds_end = search->hold_until != AUGER_NEVER && now < search->hold_until &&
                      searches(slot) && !known(search, now);
    if (!slot->holds_end)
        auger_slot_end_of_addrs(slot, now);
}

void auger_nat64_changed(struct auger_loop *loop, const struct auger_machine *machine,
                         auger_time now)
{
    struct auger_nat64_search *search = &loop->nat64;

    auger_advertised_follow(&search->advertised, machine);
    search->by_dns = (struct auger_nat64){0};
    search->is_stale = search->is_asking;
    search->failures = 0;
    search->fresh_until = 0;
    for (size_t i = 0; i < loop->slots_len; i++)
        auger_nat64_follow(loop, loop->slots[i], now);
    tell_all(loop, now);
}

/* --- time ------------------------------------------------------------------------------------- */

void auger_nat64_handle_timeout(struct auger_loop *loop, auger_time now)
{
    struct auger_nat64_search *search = &loop->nat64;

    if (now >= search->hold_until)
        let_all_end(loop, now);
    if (now < search->again_at)
        return;
    search->again_at = AUGER_NEVER;
    if (is_needed(loop))
        ask(loop, now);
}

auger_time auger_nat64_next_timeout(const struct auger_loop *loop)
{
    return auger_time_min(loop->nat64.again_at, loop->nat64.hold_until);
}
