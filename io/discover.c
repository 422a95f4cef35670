/* io/discover.c - where a name leads: RFC 5928 section 3, RFC 8489 section 8.1. */
#define _GNU_SOURCE
#include "io/discover.h"

#include "io/clock.h"
#include "io/dns.h"
#include "io/sockaddr.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define QUESTIONS_MAX 12
#define QUESTIONS_TIME (4 * AUGER_SEC) /* after it none begins */
#define NAPTR_DEPTH_MAX 3
#define HOSTS_MAX 8 /* whose addresses are asked for */

struct walk {
    const struct auger_lookup *lookup;
    struct auger_addr *addrs;
    size_t len, room; /* `room`: how many there may be for now */
    unsigned questions, hosts;
    auger_time end;
    struct __res_state dns;
    bool has_dns;
};

struct auger_lookup auger_lookup_host(const struct auger_stun_uri *at)
{
    struct auger_lookup lookup = {.port = at->port, .transport = AUGER_TCP};

    memcpy(lookup.host, at->host, sizeof(lookup.host));
    return lookup;
}

struct auger_lookup auger_lookup_stun(const struct auger_stun_uri *uri)
{
    struct auger_lookup lookup = auger_lookup_host(uri);

    lookup.transport = AUGER_UDP; /* RFC 7350 section 3: of "stuns" too */
    lookup.service = uri->has_port ? NULL : uri->is_secure ? "stuns" : "stun";
    return lookup;
}

struct auger_lookup auger_lookup_turn(const struct auger_turn_uri *uri)
{
    struct auger_lookup lookup = auger_lookup_host(&uri->at);

    lookup.transport = uri->transport;
    lookup.any_transport = !uri->has_transport;
    lookup.service = uri->at.has_port ? NULL : uri->at.is_secure ? "turns" : "turn";
    return lookup;
}

/* --- addresses ----------------------------------------------------------------------------- */

static bool is_known(const struct walk *walk, const struct auger_addr *addr)
{
    for (size_t i = 0; i < walk->len; i++)
        if (auger_addr_equal(&walk->addrs[i], addr))
            return true;
    return false;
}

static void add_addrs(struct walk *walk, const struct addrinfo *list, uint16_t port,
                      enum auger_transport transport)
{
    size_t of_family[AUGER_IPV6 + 1] = {0};
    struct auger_addr addr;

    for (; list && walk->len < walk->room; list = list->ai_next) {
        if (!auger_sockaddr_to(list->ai_addr, &addr))
            continue;
        addr.port = port;
        addr.transport = (uint8_t)transport;
        if (!is_known(walk, &addr) && of_family[addr.family]++ < AUGER_DISCOVER_PER_FAMILY)
            walk->addrs[walk->len++] = addr;
    }
}

static void add_host(struct walk *walk, const char *host, uint16_t port,
                     enum auger_transport transport)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list = NULL;

    if (walk->len >= walk->room || walk->hosts++ >= HOSTS_MAX)
        return;
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return;
    add_addrs(walk, list, port, transport);
    freeaddrinfo(list);
}

/* --- records ------------------------------------------------------------------------------- */

/* How long the answer is; 0: there is none. */
static size_t ask(struct walk *walk, const char *name, ns_type type, uint8_t *buf)
{
    if (walk->questions++ >= QUESTIONS_MAX || auger_clock_now() >= walk->end)
        return 0;
    int len = res_nquery(&walk->dns, name, ns_c_in, (int)type, buf, AUGER_DNS_ANSWER_MAX);
    return len <= 0 || len > AUGER_DNS_ANSWER_MAX ? 0 : (size_t)len;
}

/* Whether there were records, even if they lead nowhere. */
static bool add_srv(struct walk *walk, const char *name, enum auger_transport transport)
{
    struct auger_srv records[AUGER_DNS_RECORDS_MAX];
    uint32_t chances[AUGER_DNS_RECORDS_MAX] = {0};
    uint8_t buf[AUGER_DNS_ANSWER_MAX];
    size_t len = auger_dns_read_srv(buf, ask(walk, name, ns_t_srv, buf), records);

    /* Without chance the order is one that the records allow, too. */
    if (getrandom(chances, sizeof(chances), GRND_NONBLOCK) < 0)
        memset(chances, 0, sizeof(chances));
    auger_dns_order_srv(records, len, chances);
    for (size_t i = 0; i < len; i++)
        if (records[i].target[0] != '\0' && records[i].port != 0)
            add_host(walk, records[i].target, records[i].port, transport);
    return len > 0;
}

static bool add_srv_of(struct walk *walk, enum auger_transport transport)
{
    char name[AUGER_HOST_MAX + 16];

    snprintf(name, sizeof(name), "_%s._%s.%s", walk->lookup->service,
             transport == AUGER_UDP ? "udp" : "tcp", walk->lookup->host);
    return add_srv(walk, name, transport);
}

/* --- NAPTR --------------------------------------------------------------------------------- */

/* Whether "RELAY:turn.udp:turn.tcp" has that transport among what follows its first colon. */
static bool offers(const struct walk *walk, const char *service, enum auger_transport transport)
{
    static const char *const tags[2][2] = {{"turn.udp", "turn.tcp"}, {"turn.dtls", "turn.tls"}};
    bool is_secure = strcmp(walk->lookup->service, "turns") == 0;
    const char *tag = tags[is_secure][transport == AUGER_TCP];
    size_t len;

    while ((service = strchr(service, ':'))) {
        service++;
        len = strcspn(service, ":");
        if (len == strlen(tag) && strncasecmp(service, tag, len) == 0)
            return true;
    }
    return false;
}

static enum auger_transport other(enum auger_transport transport)
{
    return transport == AUGER_UDP ? AUGER_TCP : AUGER_UDP;
}

static void follow_naptr(struct walk *walk, const struct auger_naptr *record,
                         enum auger_transport transport)
{
    if (!offers(walk, record->service, transport))
        return;
    if (record->flag == 's')
        (void)add_srv(walk, record->replacement, transport);
    else if (record->flag == 'a')
        add_host(walk, record->replacement, walk->lookup->port, transport);
}

/* 5928, 3, step 4.  Whether there were records of relays. */
static bool add_naptr(struct walk *walk, const char *name, unsigned depth)
{
    struct auger_naptr records[AUGER_DNS_RECORDS_MAX];
    enum auger_transport first = walk->lookup->transport;
    uint8_t buf[AUGER_DNS_ANSWER_MAX];
    size_t len = auger_dns_read_naptr(buf, ask(walk, name, ns_t_naptr, buf), records);
    bool any = false;

    auger_dns_order_naptr(records, len);
    for (size_t i = 0; i < len; i++) {
        if (strncasecmp(records[i].service, "RELAY:", 6) != 0)
            continue;
        any = true;
        if (records[i].flag == '\0' && depth < NAPTR_DEPTH_MAX)
            (void)add_naptr(walk, records[i].replacement, depth + 1);
        follow_naptr(walk, &records[i], first);
        follow_naptr(walk, &records[i], other(first));
    }
    return any;
}

/* --- all of it ----------------------------------------------------------------------------- */

/* Names that no DNS has: of one label, and those of RFC 6761 and 6762. */
static bool is_of_dns(const char *host)
{
    size_t len = strlen(host);

    return strchr(host, '.') && !(len > 6 && strcasecmp(host + len - 6, ".local") == 0) &&
           !(len > 10 && strcasecmp(host + len - 10, ".localhost") == 0);
}

/* A second or two for an answer, of each of the system's servers. */
static bool begin_dns(struct walk *walk)
{
    if (!walk->lookup->service || !is_of_dns(walk->lookup->host) || res_ninit(&walk->dns) != 0)
        return false;
    walk->dns.retrans = 1;
    walk->dns.retry = 2;
    walk->end = auger_clock_now() + QUESTIONS_TIME;
    return true;
}

/* 5928, 3, step 5: the other transport only if there are records of it (docs/decisions/166). */
static void add_all(struct walk *walk)
{
    enum auger_transport first = walk->lookup->transport;
    bool any = walk->lookup->any_transport;

    if (walk->has_dns && any && add_naptr(walk, walk->lookup->host, 1))
        return;
    if (any)
        walk->room /= 2;
    if (!walk->has_dns || !add_srv_of(walk, first))
        add_host(walk, walk->lookup->host, walk->lookup->port, first);
    walk->room = AUGER_DISCOVER_ADDRS_MAX;
    if (walk->has_dns && any)
        (void)add_srv_of(walk, other(first));
}

size_t auger_discover(const struct auger_lookup *lookup,
                      struct auger_addr addrs[AUGER_DISCOVER_ADDRS_MAX])
{
    struct walk walk = {.lookup = lookup, .addrs = addrs, .room = AUGER_DISCOVER_ADDRS_MAX};

    walk.has_dns = begin_dns(&walk);
    add_all(&walk);
    if (walk.has_dns)
        res_nclose(&walk.dns);
    return walk.len;
}
