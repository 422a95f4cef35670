/* io/portmap.c - port mapping of a loop. */
#define _GNU_SOURCE
#include "io/portmap.h"

#include "base/addr.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/gateways.h"
#include "io/loop_state.h"
#include "io/sockaddr.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- announcements of gateways ------------------------------------------------------------ */

/* RFC 6886 section 3.2.1 and RFC 6887 section 14.1.3: bound to the group itself, of which every
 * host is a member, beside others that listen there. */
static int open_announcements(enum auger_family family)
{
    const char *group = family == AUGER_IPV4 ? "224.0.0.1" : "ff02::1";
    struct sockaddr_storage sa;
    struct auger_addr addr;
    const int one = 1;

    (void)!auger_addr_parse_ip(&addr, group, strlen(group), AUGER_PORTMAP_ANNOUNCE_PORT);
    socklen_t len = auger_sockaddr_from(&sa, &addr);
    int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (family == AUGER_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
        bind(fd, (struct sockaddr *)&sa, len) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Without it a restart of the gateway is noticed at the next renewal. */
static void listen_to(struct auger_loop *loop, struct auger_watch *watch, enum auger_family family)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    *watch =
        (struct auger_watch){.kind = AUGER_WATCH_PORTMAP, .udp.fd = open_announcements(family)};
    if (watch->udp.fd >= 0 && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->udp.fd, &event) < 0)
        auger_udp_close(&watch->udp);
}

/* --- life ------------------------------------------------------------------------------------ */

/* false: no memory. */
static bool begin(struct auger_loop *loop)
{
    if (loop->ports)
        return true;
    struct auger_ports *ports = calloc(1, sizeof(*ports));
    if (!ports)
        return false;
    for (size_t i = 0; i < AUGER_PORT_ROUTERS_MAX; i++)
        ports->routers[i].watch.udp.fd = -1;
    listen_to(loop, &ports->announcements[0], AUGER_IPV4);
    listen_to(loop, &ports->announcements[1], AUGER_IPV6);
    if (auger_upnp_new(&ports->upnp, loop->wake.udp.fd) < 0)
        ports->upnp = NULL; /* two of three are left */
    loop->ports = ports;
    return true;
}

static void close_router(struct auger_port_router *router)
{
    auger_portmap_free(router->engine);
    auger_udp_close(&router->watch.udp);
    *router = (struct auger_port_router){.watch.udp.fd = -1};
}

static void transmit(const struct auger_port_router *router, auger_time now)
{
    uint8_t buf[AUGER_PORTMAP_MESSAGE_MAX];
    struct auger_addr to;
    size_t len;

    while ((len = auger_portmap_poll_transmit(router->engine, now, &to, buf, sizeof(buf))) > 0)
        (void)auger_udp_send(&router->watch.udp, &to, buf, len); /* it is asked again */
}

void auger_ports_free(struct auger_loop *loop)
{
    auger_time now = auger_clock_now();

    if (!loop->ports)
        return;
    for (size_t i = 0; i < AUGER_PORT_ROUTERS_MAX; i++) {
        struct auger_port_router *router = &loop->ports->routers[i];
        if (!router->engine)
            continue;
        auger_portmap_release(router->engine, now);
        transmit(router, now);
        close_router(router);
    }
    auger_upnp_free(loop->ports->upnp);
    for (size_t i = 0; i < 2; i++)
        auger_udp_close(&loop->ports->announcements[i].udp);
    free(loop->ports);
    loop->ports = NULL;
}

/* --- routers --------------------------------------------------------------------------------- */

static bool is_used(const struct auger_ports *ports, const struct auger_port_router *router)
{
    for (size_t i = 0; i < AUGER_PORTS_MAX; i++)
        if (ports->items[i].slot_id != 0 && ports->items[i].router == router)
            return true;
    return auger_portmap_next_timeout(router->engine) != AUGER_NEVER;
}

static struct auger_port_router *free_router(struct auger_ports *ports)
{
    for (size_t i = 0; i < AUGER_PORT_ROUTERS_MAX; i++)
        if (!ports->routers[i].engine)
            return &ports->routers[i];
    for (size_t i = 0; i < AUGER_PORT_ROUTERS_MAX; i++) {
        if (is_used(ports, &ports->routers[i]))
            continue;
        close_router(&ports->routers[i]);
        return &ports->routers[i];
    }
    return NULL;
}

/* PCP believes a request whose source is the address that it is about (RFC 6887 section 8.2). */
static int open_router(struct auger_loop *loop, struct auger_port_router *router,
                       const struct auger_addr *local, const struct auger_addr *gateway)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = router};
    struct auger_portmap_config config;
    struct auger_addr bound = *local;

    auger_portmap_config_init(&config);
    config.local = *local;
    config.gateway = *gateway;
    config.mappings_max = AUGER_PORTS_MAX;
    bound.port = 0;
    bound.transport = AUGER_UDP;
    int err = auger_udp_open(&router->watch.udp, &bound, 0);
    if (err == 0)
        err = auger_portmap_new(&router->engine, loop->config.env, &config);
    if (err == 0 && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, router->watch.udp.fd, &event) < 0)
        err = AUGER_ERR_SYSTEM;
    if (err < 0) {
        close_router(router);
        return err;
    }
    router->watch.kind = AUGER_WATCH_PORTMAP;
    router->local = *local;
    router->gateway = *gateway;
    return 0;
}

static bool leads_to(const struct auger_port_router *router, const struct auger_addr *local,
                     const struct auger_addr *gateway)
{
    return router->engine && auger_addr_ip_equal(&router->local, local) &&
           auger_addr_ip_equal(&router->gateway, gateway);
}

static struct auger_port_router *router_of(struct auger_loop *loop, const struct auger_addr *local,
                                           const struct auger_addr *gateway)
{
    struct auger_ports *ports = loop->ports;

    for (size_t i = 0; i < AUGER_PORT_ROUTERS_MAX; i++)
        if (leads_to(&ports->routers[i], local, gateway))
            return &ports->routers[i];
    struct auger_port_router *router = free_router(ports);
    return router && open_router(loop, router, local, gateway) == 0 ? router : NULL;
}

/* --- which sockets --------------------------------------------------------------------------- */

/* Of TCP where somebody is to connect (RFC 6544 section 5.1). */
static bool is_heard_at(const struct auger_slot *slot, const struct auger_watch *socket)
{
    const unsigned listens = AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO;

    return socket->udp.fd >= 0 &&
           (socket->kind == AUGER_WATCH_UDP ||
            (socket->kind == AUGER_WATCH_ACCEPT && (slot->tcp_types & listens)));
}

/* RFC 6887, 8.4: of IPv6 those that are reached from everywhere. */
static bool is_mappable(const struct auger_slot *slot, const struct auger_watch *socket)
{
    const struct auger_addr *addr = &socket->udp.addr;

    return is_heard_at(slot, socket) && !auger_addr_is_loopback(addr) &&
           !auger_addr_is_link_local(addr) &&
           (addr->family == AUGER_IPV4 || !auger_addr_is_private(addr));
}

/* What is looked at to know whom to ask. */
struct surroundings {
    struct auger_machine machine;
    struct auger_gateways gateways;
};

static const struct auger_gateway *gateway_of(const struct surroundings *around,
                                              const struct auger_addr *base)
{
    for (size_t i = 0; i < around->machine.len; i++) {
        struct auger_addr ip = around->machine.rows[i].net.addr;
        if (auger_addr_ip_equal(&ip, base))
            return auger_gateways_find(&around->gateways, base->family,
                                       around->machine.rows[i].index);
    }
    return NULL;
}

static struct auger_port *find_base(struct auger_ports *ports, const struct auger_slot *slot,
                                    const struct auger_addr *base)
{
    for (size_t i = 0; i < AUGER_PORTS_MAX; i++)
        if (ports->items[i].slot_id == slot->id && auger_addr_equal(&ports->items[i].base, base))
            return &ports->items[i];
    return NULL;
}

static struct auger_port *find_free(struct auger_ports *ports)
{
    for (size_t i = 0; i < AUGER_PORTS_MAX; i++)
        if (ports->items[i].slot_id == 0)
            return &ports->items[i];
    return NULL;
}

/* All three at once, where IPv6 has PCP alone: the first answer decides (docs/decisions/208). */
static void ask_upnp(struct auger_ports *ports, const struct auger_port *port)
{
    if (ports->upnp && port->base.family == AUGER_IPV4)
        (void)!auger_upnp_ask(ports->upnp, port->token, &port->base, &port->router->gateway);
}

static void forget_upnp(struct auger_ports *ports, const struct auger_port *port)
{
    if (ports->upnp)
        auger_upnp_forget(ports->upnp, port->token);
}

static void ask(struct auger_loop *loop, const struct auger_slot *slot,
                const struct auger_addr *base, const struct surroundings *around, auger_time now)
{
    const struct auger_gateway *gateway = gateway_of(around, base);
    struct auger_port *port = find_free(loop->ports);

    if (!gateway || !port || find_base(loop->ports, slot, base))
        return;
    struct auger_addr local = *base;
    local.port = 0;
    struct auger_port_router *router = router_of(loop, &local, &gateway->addr);
    if (!router)
        return;
    uint64_t token = ++loop->ports->tokens;
    if (auger_portmap_add(router->engine, now, base, token) < 0)
        return;
    *port =
        (struct auger_port){.slot_id = slot->id, .token = token, .base = *base, .router = router};
    ask_upnp(loop->ports, port);
}

static void give_back(struct auger_ports *ports, struct auger_port *port, auger_time now)
{
    forget_upnp(ports, port);
    (void)!auger_portmap_remove(port->router->engine, now, port->token);
    transmit(port->router, now);
    *port = (struct auger_port){0};
}

static bool has_socket(const struct auger_slot *slot, const struct auger_addr *base)
{
    for (size_t i = 0; i < slot->sockets_len; i++)
        if (is_mappable(slot, &slot->sockets[i]) &&
            auger_addr_equal(&slot->sockets[i].udp.addr, base))
            return true;
    return false;
}

static bool tells_mapped(const struct auger_port *port)
{
    return port->external.family != AUGER_FAMILY_NONE &&
           !auger_addr_equal(&port->external, &port->base); /* a pinhole moves nothing */
}

static void untell(struct auger_slot *slot, struct auger_port *port, auger_time now)
{
    if (tells_mapped(port))
        (void)!auger_peer_remove_mapped_addr(slot->peer, now, &port->base, &port->external);
    port->external = (struct auger_addr){0};
}

static void give_stale_back(struct auger_loop *loop, struct auger_slot *slot,
                            const struct surroundings *around, auger_time now)
{
    for (size_t i = 0; i < AUGER_PORTS_MAX; i++) {
        struct auger_port *port = &loop->ports->items[i];
        if (port->slot_id != slot->id)
            continue;
        const struct auger_gateway *gateway = gateway_of(around, &port->base);
        if (gateway && auger_addr_ip_equal(&gateway->addr, &port->router->gateway) &&
            has_socket(slot, &port->base))
            continue;
        untell(slot, port, now);
        give_back(loop->ports, port, now);
    }
}

void auger_ports_follow(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    struct surroundings *around = slot->maps_ports ? calloc(1, sizeof(*around)) : NULL;

    if (!around)
        return;
    if (begin(loop) && auger_machine_read(&around->machine) == 0 &&
        auger_gateways_read(&around->gateways) == 0) {
        give_stale_back(loop, slot, around, now);
        for (size_t i = 0; i < slot->sockets_len; i++)
            if (is_mappable(slot, &slot->sockets[i]))
                ask(loop, slot, &slot->sockets[i].udp.addr, around, now);
    }
    free(around);
}

void auger_ports_leave(struct auger_loop *loop, const struct auger_slot *slot, auger_time now)
{
    for (size_t i = 0; loop->ports && i < AUGER_PORTS_MAX; i++)
        if (loop->ports->items[i].slot_id == slot->id)
            give_back(loop->ports, &loop->ports->items[i], now);
}

/* --- the turn ----------------------------------------------------------------------------------
 */

/* An announcement is for every engine: each believes its own gateway. */
void auger_ports_receive(struct auger_loop *loop, const struct auger_watch *watch, auger_time now)
{
    size_t len = auger_udp_receive(&watch->udp, &loop->batch);
    bool is_for_all =
        watch == &loop->ports->announcements[0] || watch == &loop->ports->announcements[1];

    for (size_t i = 0; i < len; i++)
        for (size_t j = 0; j < AUGER_PORT_ROUTERS_MAX; j++) {
            struct auger_port_router *router = &loop->ports->routers[j];
            if (router->engine && (is_for_all || watch == &router->watch))
                auger_portmap_handle_datagram(router->engine, now, &loop->batch.from[i],
                                              loop->batch.bufs[i], loop->batch.lens[i]);
        }
}

static struct auger_port *find_token(struct auger_ports *ports, uint64_t token)
{
    for (size_t i = 0; i < AUGER_PORTS_MAX; i++)
        if (ports->items[i].slot_id != 0 && ports->items[i].token == token)
            return &ports->items[i];
    return NULL;
}

/* One that no candidate may have, or for which there is no room, is of no use. */
static void tell(struct auger_slot *slot, struct auger_port *port, auger_time now,
                 const struct auger_addr *external)
{
    port->external = *external;
    if (tells_mapped(port) &&
        auger_peer_add_mapped_addr(slot->peer, now, &port->base, &port->external) < 0)
        port->external = (struct auger_addr){0};
}

static void take_event(struct auger_loop *loop, const struct auger_portmap_event *event,
                       auger_time now)
{
    struct auger_port *port = find_token(loop->ports, event->token);
    struct auger_slot *slot = port ? auger_loop_find_slot(loop, port->slot_id) : NULL;

    if (!slot || port->is_by_upnp || event->type == AUGER_PORTMAP_EVENT_FAILED)
        return;
    untell(slot, port, now);
    if (event->type == AUGER_PORTMAP_EVENT_MAPPED) {
        forget_upnp(loop->ports, port);
        tell(slot, port, now, &event->external);
    } else {
        ask_upnp(loop->ports, port);
    }
}

static void take_upnp(struct auger_loop *loop, const struct auger_upnp_answer *answer,
                      auger_time now)
{
    struct auger_port *port = find_token(loop->ports, answer->token);
    struct auger_slot *slot = port ? auger_loop_find_slot(loop, port->slot_id) : NULL;
    bool is_mapped = answer->external.family != AUGER_FAMILY_NONE;

    if (!slot || (is_mapped && !port->is_by_upnp && port->external.family != AUGER_FAMILY_NONE))
        return; /* too late: it was forgotten */
    untell(slot, port, now);
    if (is_mapped)
        tell(slot, port, now, &answer->external);
    if (is_mapped && !port->is_by_upnp)
        (void)!auger_portmap_remove(port->router->engine, now, port->token);
    else if (!is_mapped && port->is_by_upnp)
        (void)!auger_portmap_add(port->router->engine, now, &port->base, port->token);
    port->is_by_upnp = is_mapped;
}

static void take_answers(struct auger_loop *loop, auger_time now)
{
    struct auger_upnp_answer answer;

    while (loop->ports->upnp && auger_upnp_take(loop->ports->upnp, &answer))
        take_upnp(loop, &answer, now);
}

void auger_ports_turn(struct auger_loop *loop, auger_time now)
{
    struct auger_portmap_event event;

    if (loop->ports)
        take_answers(loop, now);
    for (size_t i = 0; loop->ports && i < AUGER_PORT_ROUTERS_MAX; i++) {
        struct auger_port_router *router = &loop->ports->routers[i];
        if (!router->engine)
            continue;
        auger_portmap_handle_timeout(router->engine, now);
        while (auger_portmap_poll_event(router->engine, &event))
            take_event(loop, &event, now);
        transmit(router, now);
    }
}

auger_time auger_ports_next_timeout(const struct auger_loop *loop)
{
    auger_time at = AUGER_NEVER;

    for (size_t i = 0; loop->ports && i < AUGER_PORT_ROUTERS_MAX; i++)
        if (loop->ports->routers[i].engine)
            at = auger_time_min(at, auger_portmap_next_timeout(loop->ports->routers[i].engine));
    return at;
}
