/* io/gateways.c - where the default routes lead: a dump of routes by rtnetlink(7). */
#define _GNU_SOURCE
#include "io/gateways.h"

#include "base/addr.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX 32768 /* the kernel's largest piece of a dump */
#define PIECES_MAX 256

static bool is_default(const struct rtmsg *route)
{
    return route->rtm_dst_len == 0 && route->rtm_type == RTN_UNICAST &&
           (route->rtm_family == AF_INET || route->rtm_family == AF_INET6);
}

static void take_addr(struct auger_gateway *gateway, uint8_t family, struct rtattr *attr)
{
    size_t len = family == AF_INET ? 4 : 16;

    if (RTA_PAYLOAD(attr) < len)
        return;
    gateway->addr.family = family == AF_INET ? AUGER_IPV4 : AUGER_IPV6;
    memcpy(gateway->addr.ip, RTA_DATA(attr), len);
}

static uint32_t number_in(struct rtattr *attr)
{
    uint32_t number = 0;

    if (RTA_PAYLOAD(attr) >= sizeof(number))
        memcpy(&number, RTA_DATA(attr), sizeof(number));
    return number;
}

static void take_route(struct auger_gateways *gateways, struct nlmsghdr *header)
{
    struct rtmsg *route = NLMSG_DATA(header);
    struct rtattr *attr = RTM_RTA(route);
    struct auger_gateway gateway = {0};

    if (header->nlmsg_type != RTM_NEWROUTE || !is_default(route) ||
        gateways->len == AUGER_GATEWAYS_MAX)
        return;
    for (int left = (int)RTM_PAYLOAD(header); RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
        if (attr->rta_type == RTA_GATEWAY)
            take_addr(&gateway, route->rtm_family, attr);
        else if (attr->rta_type == RTA_OIF)
            gateway.index = number_in(attr);
        else if (attr->rta_type == RTA_PRIORITY)
            gateway.metric = number_in(attr);
    }
    if (gateway.addr.family == AUGER_FAMILY_NONE || gateway.index == 0)
        return;
    if (auger_addr_is_link_local(&gateway.addr) && gateway.addr.family == AUGER_IPV6)
        gateway.addr.scope = gateway.index;
    gateways->items[gateways->len++] = gateway;
}

/* true: the dump has ended. */
static bool take_piece(struct auger_gateways *gateways, struct nlmsghdr *header, size_t len)
{
    int left = (int)len;

    for (; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
            return true;
        take_route(gateways, header);
    }
    return false;
}

static int dump(int fd, struct auger_gateways *gateways)
{
    struct {
        struct nlmsghdr header;
        struct rtmsg body;
    } request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                            .nlmsg_type = RTM_GETROUTE,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .body.rtm_family = AF_UNSPEC};
    union {
        struct nlmsghdr header;
        char bytes[REPLY_MAX];
    } reply;

    if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
        return AUGER_ERR_SYSTEM;
    for (int i = 0; i < PIECES_MAX; i++) {
        ssize_t len = recv(fd, &reply, sizeof(reply), 0);
        if (len < 0)
            return AUGER_ERR_SYSTEM;
        if (take_piece(gateways, &reply.header, (size_t)len))
            break;
    }
    return 0;
}

int auger_gateways_read(struct auger_gateways *gateways)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    gateways->len = 0;
    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    int err = dump(fd, gateways);
    close(fd);
    return err;
}

const struct auger_gateway *auger_gateways_find(const struct auger_gateways *gateways,
                                                uint8_t family, uint32_t index)
{
    const struct auger_gateway *best = NULL;

    for (size_t i = 0; i < gateways->len; i++) {
        const struct auger_gateway *gateway = &gateways->items[i];
        if (gateway->addr.family == family && gateway->index == index &&
            (!best || gateway->metric < best->metric))
            best = gateway;
    }
    return best;
}
