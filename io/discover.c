/* io/discover.c - where a name leads: RFC 5928 section 3, RFC 8489 section 8.1. */
#define _GNU_SOURCE
#include "io/discover.h"

#include "base/time.h"
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
#define QUESTIONS_TIME (3 * AUGER_SEC) /* after it none begins */
#define NAPTR_DEPTH_MAX 3
#define HOSTS_MAX 8                /* whose addresses are asked for */
#define HOSTS_TIME (6 * AUGER_SEC) /* likewise, behind the first */

struct walk {
    const struct auger_lookup *lookup;
    struct auger_discover *found;
    size_t room, targets_max; /* how many addresses and targets there may be for now */
    unsigned questions;
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

static void add_target(struct walk *walk, const char *host, uint16_t port,
                       enum auger_transport transport)
{
    struct auger_discover *found = walk->found;

    if (found->targets_len >= walk->targets_max)
        return;
    struct auger_target *target = &found->targets[found->targets_len++];
    snprintf(target->host, sizeof(target->host), "%s", host);
    target->port = port;
    target->transport = transport;
    target->room = walk->room;
    target->is_whole = host != walk->lookup->host;
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
            add_target(walk, records[i].target, records[i].port, transport);
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
        add_target(walk, record->replacement, walk->lookup->port, transport);
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

/* How long they are waited for: each of the system's servers for a second or so, the only one
 * twice. */
static void be_brief(struct __res_state *dns)
{
    dns->retrans = 1;
    dns->retry = dns->nscount > 1 ? 1 : 2;
}

static bool begin_dns(struct walk *walk, auger_time now)
{
    if (!walk->lookup->service || !is_of_dns(walk->lookup->host) || res_ninit(&walk->dns) != 0)
        return false;
    be_brief(&walk->dns);
    walk->end = auger_time_add(now, QUESTIONS_TIME);
    return true;
}

/* Of that transport: where its records say, or the host itself. */
static void add_by(struct walk *walk, enum auger_transport transport)
{
    if (!walk->has_dns || !add_srv_of(walk, transport))
        add_target(walk, walk->lookup->host, walk->lookup->port, transport);
}

/* 5928, 3, steps 2 to 5. */
static void add_all(struct walk *walk)
{
    enum auger_transport first = walk->lookup->transport;
    bool any = walk->lookup->any_transport;

    if (walk->has_dns && any && add_naptr(walk, walk->lookup->host, 1))
        return;
    if (any) {
        walk->room /= 2;
        walk->targets_max /= 2;
    }
    add_by(walk, first);
    walk->room = AUGER_DISCOVER_ADDRS_MAX;
    walk->targets_max = AUGER_DISCOVER_TARGETS_MAX;
    if (any)
        add_by(walk, other(first));
}

void auger_discover_begin(struct auger_discover *found, const struct auger_lookup *lookup,
                          auger_time now)
{
    struct walk walk = {.lookup = lookup,
                        .found = found,
                        .room = AUGER_DISCOVER_ADDRS_MAX,
                        .targets_max = AUGER_DISCOVER_TARGETS_MAX};

    *found = (struct auger_discover){.hosts_by = auger_time_add(now, HOSTS_TIME)};
    walk.has_dns = begin_dns(&walk, now);
    add_all(&walk);
    if (walk.has_dns)
        res_nclose(&walk.dns);
}

/* --- addresses ----------------------------------------------------------------------------- */

const struct auger_target *auger_discover_next(struct auger_discover *found, auger_time now)
{
    bool is_over = found->hosts == HOSTS_MAX || (found->hosts > 0 && now >= found->hosts_by);

    while (!is_over && found->at < found->targets_len) {
        const struct auger_target *target = &found->targets[found->at++];
        if (found->addrs_len < target->room)
            return target;
    }
    return NULL;
}

static bool is_known(const struct auger_discover *found, const struct auger_addr *addr)
{
    for (size_t i = 0; i < found->addrs_len; i++)
        if (auger_addr_equal(&found->addrs[i], addr))
            return true;
    return false;
}

static void add_addrs(struct auger_discover *found, const struct addrinfo *list,
                      const struct auger_target *target)
{
    size_t of_family[AUGER_IPV6 + 1] = {0};
    struct auger_addr addr;

    for (; list && found->addrs_len < target->room; list = list->ai_next) {
        if (!auger_sockaddr_to(list->ai_addr, &addr))
            continue;
        addr.port = target->port;
        addr.transport = (uint8_t)target->transport;
        if (!is_known(found, &addr) && of_family[addr.family]++ < AUGER_DISCOVER_PER_FAMILY)
            found->addrs[found->addrs_len++] = addr;
    }
}

/* The other transport of the name itself, which is not looked up twice. */
static const struct auger_target *next_of_same(struct auger_discover *found,
                                               const struct auger_target *target)
{
    if (target->is_whole || found->at == found->targets_len || found->targets[found->at].is_whole)
        return NULL;
    return &found->targets[found->at++];
}

void auger_discover_look_up(struct auger_discover *found, const struct auger_target *target)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list = NULL;

    found->hosts++;
    /* This thread's own; read anew, since what was changed is not reloaded. */
    if (res_init() == 0) {
        be_brief(&_res);
        if (target->is_whole)
            _res.options &= ~(RES_DEFNAMES | RES_DNSRCH);
    }
    if (getaddrinfo(target->host, NULL, &hints, &list) != 0)
        list = NULL;
    for (; target; target = next_of_same(found, target))
        add_addrs(found, list, target);
    if (list)
        freeaddrinfo(list);
}
