/* io/machine.c - the addresses that this machine has, as the kernel tells them: two dumps
 * by rtnetlink(7), first the interfaces, then their addresses. */
#define _GNU_SOURCE
#include "io/machine.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX 32768 /* the kernel's largest piece of a dump */
#define LINKS_MAX 256
#define DUMPS_MAX 10

struct links {
    struct {
        uint32_t index;
        unsigned flags;
        char name[AUGER_NET_NAME_MAX];
    } items[LINKS_MAX];
    size_t len;
};

struct reading {
    struct links links;
    struct auger_machine *machine;
    bool was_interrupted;
};

/* --- attributes -------------------------------------------------------------------------- */

static struct rtattr *find_attr(struct rtattr *attr, size_t len, unsigned type)
{
    for (int left = (int)len; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
        if (attr->rta_type == type)
            return attr;
    return NULL;
}

static void take_link(struct reading *reading, struct nlmsghdr *header)
{
    struct ifinfomsg *link = NLMSG_DATA(header);
    struct rtattr *name = find_attr(IFLA_RTA(link), IFLA_PAYLOAD(header), IFLA_IFNAME);
    struct links *links = &reading->links;

    if (links->len == LINKS_MAX || !name)
        return;
    links->items[links->len].index = (uint32_t)link->ifi_index;
    links->items[links->len].flags = link->ifi_flags;
    strncpy(links->items[links->len].name, RTA_DATA(name), AUGER_NET_NAME_MAX - 1);
    links->len++;
}

/* Of a point-to-point link IFA_ADDRESS is the far end, and IFA_LOCAL ours. */
static bool read_addr(struct nlmsghdr *header, struct auger_addr *addr)
{
    struct ifaddrmsg *msg = NLMSG_DATA(header);
    size_t len = IFA_PAYLOAD(header);
    struct rtattr *ip = find_attr(IFA_RTA(msg), len, IFA_LOCAL);
    size_t ip_len = msg->ifa_family == AF_INET ? 4 : 16;

    if (!ip)
        ip = find_attr(IFA_RTA(msg), len, IFA_ADDRESS);
    if ((msg->ifa_family != AF_INET && msg->ifa_family != AF_INET6) || !ip ||
        RTA_PAYLOAD(ip) < ip_len)
        return false;
    *addr = (struct auger_addr){.family = msg->ifa_family == AF_INET ? AUGER_IPV4 : AUGER_IPV6,
                                .transport = AUGER_UDP};
    memcpy(addr->ip, RTA_DATA(ip), ip_len);
    if (addr->ip[0] == 0xFE && (addr->ip[1] & 0xC0) == 0x80 && ip_len == 16)
        addr->scope = msg->ifa_index;
    return true;
}

static uint32_t flags_of(struct nlmsghdr *header)
{
    struct ifaddrmsg *msg = NLMSG_DATA(header);
    struct rtattr *flags = find_attr(IFA_RTA(msg), IFA_PAYLOAD(header), IFA_FLAGS);
    uint32_t all = msg->ifa_flags;

    if (flags && RTA_PAYLOAD(flags) >= sizeof(all))
        memcpy(&all, RTA_DATA(flags), sizeof(all));
    return all;
}

/* The same bit says "secondary" of IPv4. */
static void take_flags(struct auger_machine_row *row, uint32_t flags)
{
    row->net.deprecated = flags & IFA_F_DEPRECATED;
    row->net.temporary = row->net.addr.family == AUGER_IPV6 && (flags & IFA_F_TEMPORARY);
    row->is_tentative =
        (flags & IFA_F_DADFAILED) || ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC));
}

static void take_addr(struct reading *reading, struct nlmsghdr *header)
{
    struct ifaddrmsg *msg = NLMSG_DATA(header);
    struct auger_machine *machine = reading->machine;
    struct auger_machine_row row = {.index = msg->ifa_index};

    if (machine->len == AUGER_MACHINE_MAX || !read_addr(header, &row.net.addr))
        return;
    take_flags(&row, flags_of(header));
    for (size_t i = 0; i < reading->links.len; i++) {
        if (reading->links.items[i].index != row.index)
            continue;
        memcpy(row.net.interface, reading->links.items[i].name, sizeof(row.net.interface));
        row.is_up = reading->links.items[i].flags & IFF_UP;
        row.is_loopback = reading->links.items[i].flags & IFF_LOOPBACK;
    }
    machine->rows[machine->len++] = row;
}

/* --- dumps ------------------------------------------------------------------------------- */

static int ask(int fd, uint16_t type)
{
    struct {
        struct nlmsghdr header;
        struct rtgenmsg body;
    } request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
                            .nlmsg_type = type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .body.rtgen_family = AF_UNSPEC};

    return send(fd, &request, request.header.nlmsg_len, 0) < 0 ? AUGER_ERR_SYSTEM : 0;
}

/* true: the dump has ended.  One that a change interrupted may lack what was there all along. */
static bool take_piece(struct reading *reading, struct nlmsghdr *header, size_t len, int *err)
{
    int left = (int)len;

    for (; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) {
        reading->was_interrupted |= (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (header->nlmsg_type == NLMSG_DONE)
            return true;
        if (header->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *told = NLMSG_DATA(header);
            errno = -told->error;
            *err = AUGER_ERR_SYSTEM;
            return true;
        }
        if (header->nlmsg_type == RTM_NEWLINK)
            take_link(reading, header);
        else if (header->nlmsg_type == RTM_NEWADDR)
            take_addr(reading, header);
    }
    return false;
}

static int dump(int fd, struct reading *reading, uint16_t type)
{
    union {
        struct nlmsghdr header;
        char bytes[REPLY_MAX];
    } reply;
    int err = ask(fd, type);

    while (err == 0) {
        ssize_t len = recv(fd, &reply, sizeof(reply), 0);
        if (len < 0)
            return AUGER_ERR_SYSTEM;
        if (take_piece(reading, &reply.header, (size_t)len, &err))
            break;
    }
    return err;
}

/* Of one that is interrupted every time the caller knows nothing: EAGAIN. */
static int dump_whole(int fd, struct reading *reading, uint16_t type)
{
    for (int i = 0; i < DUMPS_MAX; i++) {
        *(type == RTM_GETLINK ? &reading->links.len : &reading->machine->len) = 0;
        reading->was_interrupted = false;
        int err = dump(fd, reading, type);
        if (err < 0 || !reading->was_interrupted)
            return err;
    }
    errno = EAGAIN;
    return AUGER_ERR_SYSTEM;
}

/* --- routes ------------------------------------------------------------------------------ */

/* A connected UDP socket has the address that its datagrams would leave from; none leaves.
 * The destinations are of RFC 5737 and RFC 3849: nobody's. */
static void read_route(struct auger_addr *source, const char *destination)
{
    struct auger_addr to;
    struct sockaddr_storage sa;

    *source = (struct auger_addr){0};
    if (auger_addr_parse(&to, destination) < 0)
        return;
    socklen_t len = auger_sockaddr_from(&sa, &to);
    int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&sa, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
        auger_sockaddr_to((struct sockaddr *)&sa, source))
        source->port = 0;
    close(fd);
}

int auger_machine_read(struct auger_machine *machine)
{
    struct reading reading = {.machine = machine};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    machine->len = 0;
    if (fd < 0)
        return AUGER_ERR_SYSTEM;
    int err = dump_whole(fd, &reading, RTM_GETLINK);
    if (err == 0)
        err = dump_whole(fd, &reading, RTM_GETADDR);
    int saved = errno;
    close(fd);
    read_route(&machine->routes[0], "192.0.2.1:9");
    read_route(&machine->routes[1], "[2001:db8::1]:9");
    errno = saved;
    return err;
}

bool auger_machine_has(const struct auger_machine *machine, const struct auger_addr *ip)
{
    for (size_t i = 0; i < machine->len; i++)
        if (machine->rows[i].is_up && auger_addr_ip_equal(&machine->rows[i].net.addr, ip))
            return true;
    return false;
}
