/* io/turn_relays.c - the sockets of relays. */
#define _GNU_SOURCE
#include "io/turn_relays.h"

#include "io/acceptor.h"
#include "io/sockaddr.h"
#include "io/turn_tcp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#define RELAY_BUFFER (256 * 1024)
#define HELD_MAX 16 /* datagrams, in the smallest buffer */

static size_t place_of(uint32_t number)
{
    return number & AUGER_TURN_SERVER_RELAY_INDEX;
}

static bool make_room(struct auger_turn_service *service, size_t place)
{
    size_t cap = service->relays_cap ? service->relays_cap : 64;

    while (cap <= place)
        cap *= 2;
    if (cap == service->relays_cap)
        return true;
    struct auger_turn_relay **relays = realloc(service->relays, cap * sizeof(*relays));
    if (!relays)
        return false;
    memset(relays + service->relays_cap, 0, (cap - service->relays_cap) * sizeof(*relays));
    service->relays = relays;
    service->relays_cap = cap;
    return true;
}

/* --- options (RFC 8656 sections 11.5, 14 and 15) --------------------------------------------- */

static void discover_mtu(int fd, enum auger_family family, int how)
{
    if (family == AUGER_IPV4)
        (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how));
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &how, sizeof(how));
}

static void set_df(const struct auger_watch *watch, bool dont_fragment)
{
    enum auger_family family = watch->udp.addr.family;
    int on = dont_fragment;

    if (family == AUGER_IPV4) {
        discover_mtu(watch->udp.fd, family, dont_fragment ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
        return;
    }
    discover_mtu(watch->udp.fd, family, dont_fragment ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT);
    (void)setsockopt(watch->udp.fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof(on));
}

static void tell_errors(const struct auger_watch *watch)
{
    int on = 1;

    if (watch->udp.addr.family == AUGER_IPV4)
        (void)setsockopt(watch->udp.fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    else
        (void)setsockopt(watch->udp.fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

/* The least that there is: one datagram of any size. */
static void keep_small(int fd)
{
    int size = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void auger_turn_relay_set_df(struct auger_turn_relay *relay, bool dont_fragment)
{
    if (relay->dont_fragment != dont_fragment)
        set_df(&relay->watch, dont_fragment);
    relay->dont_fragment = dont_fragment;
}

/* --- life ------------------------------------------------------------------------------------ */

static bool watch_relay(const struct auger_turn_service *service, struct auger_turn_relay *relay)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &relay->watch};

    return epoll_ctl(service->epoll_fd, EPOLL_CTL_ADD, relay->watch.udp.fd, &event) == 0;
}

/* Once it listens the port is nobody else's, and connections to peers may leave from it (RFC 6062
 * section 5.2). */
static int listen_at(const struct auger_turn_service *service, struct auger_turn_relay *relay,
                     struct auger_addr *bound)
{
    int on = 1;

    relay->watch.kind = AUGER_WATCH_TURN_TCP_RELAY;
    int err = auger_acceptor_open(&relay->watch, bound, &(struct auger_acceptor_options){0});
    if (err < 0)
        return err;
    (void)setsockopt(relay->watch.udp.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    auger_turn_tcp_bound(service, relay->watch.udp.fd); /* who comes has what it has */
    relay->is_watched = watch_relay(service, relay);
    if (relay->is_watched)
        return 0;
    auger_udp_close(&relay->watch.udp);
    return AUGER_ERR_SYSTEM;
}

/* What comes before a peer is permitted is for nobody: it lies in a buffer that is as good as none,
 * and wakes nobody. */
static int hold_port(struct auger_turn_relay *relay, struct auger_addr *bound)
{
    int err = auger_udp_open(&relay->watch.udp, bound, 0);

    if (err == 0)
        keep_small(relay->watch.udp.fd);
    return err;
}

int auger_turn_relays_open(struct auger_turn_service *service, uint32_t number,
                           const struct auger_addr *at)
{
    struct auger_turn_relay *relay = calloc(1, sizeof(*relay));
    struct auger_addr bound = *at;

    if (!relay || !make_room(service, place_of(number))) {
        free(relay);
        return AUGER_ERR_NO_MEMORY;
    }
    relay->watch = (struct auger_watch){.kind = AUGER_WATCH_TURN_RELAY, .user = service};
    relay->number = number;
    int err =
        at->transport == AUGER_TCP ? listen_at(service, relay, &bound) : hold_port(relay, &bound);
    if (err < 0) {
        free(relay);
        return err;
    }
    service->relays[place_of(number)] = relay;
    return 0;
}

/* No more than is there: what comes meanwhile may be of who is permitted now. */
static void throw_away(int fd)
{
    for (int datagrams = 0; datagrams < HELD_MAX; datagrams++)
        if (recv(fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) < 0)
            return;
}

void auger_turn_relay_hear(struct auger_turn_service *service, struct auger_turn_relay *relay)
{
    if (relay->is_watched)
        return;
    throw_away(relay->watch.udp.fd);
    auger_udp_set_buffers(&relay->watch.udp, RELAY_BUFFER);
    if (!service->config.no_gso)
        auger_udp_join(&relay->watch.udp);
    set_df(&relay->watch, false);
    tell_errors(&relay->watch);
    relay->is_watched = watch_relay(service, relay);
    if (!relay->is_watched)
        service->stats.relay_failures++;
}

struct auger_turn_relay *auger_turn_relays_find(const struct auger_turn_service *service,
                                                uint32_t number)
{
    size_t place = place_of(number);
    struct auger_turn_relay *relay = place < service->relays_cap ? service->relays[place] : NULL;

    return relay && relay->number == number ? relay : NULL;
}

void auger_turn_relays_close(struct auger_turn_service *service, uint32_t number)
{
    struct auger_turn_relay *relay = auger_turn_relays_find(service, number);

    if (!relay)
        return;
    auger_udp_close(&relay->watch.udp);
    service->relays[place_of(number)] = NULL;
    relay->next_dead = service->dead_relays;
    service->dead_relays = relay;
}

void auger_turn_relays_bury(struct auger_turn_service *service)
{
    while (service->dead_relays) {
        struct auger_turn_relay *relay = service->dead_relays;
        service->dead_relays = relay->next_dead;
        free(relay);
    }
}

void auger_turn_relays_fini(struct auger_turn_service *service)
{
    for (size_t i = 0; i < service->relays_cap; i++)
        if (service->relays[i])
            auger_turn_relays_close(service, service->relays[i]->number);
    auger_turn_relays_bury(service);
    free(service->relays);
}

/* --- ICMP errors -----------------------------------------------------------------------------
 */

/* What the kernel found out by itself, that a datagram is too large for its path, stands for the
 * message that a router would have sent. */
static bool read_error(const struct sock_extended_err *error, enum auger_family family,
                       struct auger_turn_icmp *icmp)
{
    if (error->ee_origin == SO_EE_ORIGIN_LOCAL && error->ee_errno == EMSGSIZE) {
        icmp->type = family == AUGER_IPV4 ? 3 : 2;
        icmp->code = family == AUGER_IPV4 ? 4 : 0;
    } else if (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6) {
        icmp->type = error->ee_type;
        icmp->code = error->ee_code;
    } else {
        return false;
    }
    icmp->data = error->ee_errno == EMSGSIZE ? error->ee_info : 0;
    return true;
}

static bool find_error(struct msghdr *message, enum auger_family family,
                       struct auger_turn_icmp *icmp)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        struct sock_extended_err error;
        if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
            !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
            continue;
        memcpy(&error, CMSG_DATA(c), sizeof(error));
        if (read_error(&error, family, icmp))
            return true;
    }
    return false;
}

bool auger_turn_relay_take_icmp(struct auger_turn_relay *relay, struct auger_turn_icmp *icmp)
{
    union {
        struct cmsghdr aligned;
        uint8_t bytes[256];
    } control;
    struct sockaddr_storage name;

    *icmp = (struct auger_turn_icmp){0};
    for (int errors = 0; errors < 16; errors++) {
        struct msghdr message = {.msg_name = &name,
                                 .msg_namelen = sizeof(name),
                                 .msg_control = &control,
                                 .msg_controllen = sizeof(control)};
        if (relay->watch.udp.fd < 0 ||
            recvmsg(relay->watch.udp.fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        if (auger_sockaddr_to((const struct sockaddr *)&name, &icmp->peer) &&
            find_error(&message, relay->watch.udp.addr.family, icmp))
            return true;
    }
    return false;
}
