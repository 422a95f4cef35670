/* io/advertised.c - prefixes of NAT64 that routers advertise: RFC 8781. */
#define _GNU_SOURCE
#include "io/advertised.h"

#include "base/addr.h"
#include "base/time.h"

#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES_MAX 64 /* at a time */
#define OPTIONS_MAX 16  /* of one message */

int auger_advertised_listen(void)
{
    const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                       .nl_groups = 1u << (RTNLGRP_ND_USEROPT - 1)};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void remove_at(struct auger_advertised *advertised, size_t at)
{
    advertised->len--;
    memmove(&advertised->items[at], &advertised->items[at + 1],
            (advertised->len - at) * sizeof(advertised->items[0]));
}

static void forget_old(struct auger_advertised *advertised, auger_time now)
{
    for (size_t i = advertised->len; i-- > 0;)
        if (now >= advertised->items[i].until)
            remove_at(advertised, i);
}

/* 4.1: a lifetime of 0 ends it. */
static void take(struct auger_advertised *advertised, const struct auger_prefix64 *told,
                 auger_time now)
{
    size_t at = 0;

    while (at < advertised->len &&
           (advertised->items[at].index != told->index ||
            memcmp(&advertised->items[at].nat64, &told->nat64, sizeof(told->nat64)) != 0))
        at++;
    if (at < AUGER_ADVERTISED_MAX) {
        advertised->items[at] = *told;
        advertised->len += at == advertised->len;
    }
    forget_old(advertised, now);
}

static void take_options(struct auger_advertised *advertised, uint32_t index, const uint8_t *option,
                         size_t len, auger_time now)
{
    struct auger_prefix64 told = {.index = index};
    uint32_t lifetime_s;

    for (size_t i = 0; i < OPTIONS_MAX && len >= 8; i++) {
        size_t option_len = (size_t)option[1] * 8;
        if (option_len == 0 || option_len > len)
            return;
        if (auger_nat64_read_option(&told.nat64, &lifetime_s, option, option_len)) {
            told.until = auger_time_add(now, lifetime_s * AUGER_SEC);
            take(advertised, &told, now);
        }
        option += option_len;
        len -= option_len;
    }
}

static void take_message(struct auger_advertised *advertised, struct nlmsghdr *header,
                         auger_time now)
{
    const struct nduseroptmsg *msg = NLMSG_DATA(header);

    if (header->nlmsg_type != RTM_NEWNDUSEROPT || NLMSG_PAYLOAD(header, 0) < sizeof(*msg))
        return;
    size_t len = NLMSG_PAYLOAD(header, 0) - sizeof(*msg);
    if (len > msg->nduseropt_opts_len)
        len = msg->nduseropt_opts_len;
    if (msg->nduseropt_family == AF_INET6 && msg->nduseropt_icmp_type == ND_ROUTER_ADVERT)
        take_options(advertised, (uint32_t)msg->nduseropt_ifindex, (const uint8_t *)(msg + 1), len,
                     now);
}

/* The kernel's alone are of port 0. */
void auger_advertised_receive(struct auger_advertised *advertised, int fd, auger_time now)
{
    union {
        struct nlmsghdr header;
        char bytes[8192];
    } buf;

    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        struct sockaddr_nl from = {.nl_pid = 1};
        socklen_t from_len = sizeof(from);
        ssize_t len = recvfrom(fd, &buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len);
        if (len < 0)
            return;
        int left = from.nl_pid == 0 ? (int)len : 0;
        for (struct nlmsghdr *header = &buf.header; NLMSG_OK(header, (unsigned)left);
             header = NLMSG_NEXT(header, left))
            take_message(advertised, header, now);
    }
}

static bool has_ipv6(const struct auger_machine *machine, uint32_t index)
{
    for (size_t i = 0; i < machine->len; i++) {
        const struct auger_machine_row *row = &machine->rows[i];
        if (row->index == index && row->is_up && row->net.addr.family == AUGER_IPV6 &&
            !auger_addr_is_link_local(&row->net.addr))
            return true;
    }
    return false;
}

void auger_advertised_follow(struct auger_advertised *advertised,
                             const struct auger_machine *machine)
{
    for (size_t i = advertised->len; i-- > 0;)
        if (!has_ipv6(machine, advertised->items[i].index))
            remove_at(advertised, i);
}

const struct auger_nat64 *auger_advertised_find(const struct auger_advertised *advertised,
                                                auger_time now)
{
    for (size_t i = 0; i < advertised->len; i++)
        if (now < advertised->items[i].until)
            return &advertised->items[i].nat64;
    return NULL;
}
