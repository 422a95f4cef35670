/* io/discover.h - where a name leads: SRV of a STUN server (RFC 8489 section 8.1), NAPTR and SRV of
 * a TURN server (RFC 5928), addresses.  Names are looked up one by one, so that what is found is of
 * use before all is.  It waits for the network: resolve.h has threads for it. */
#ifndef AUGER_IO_DISCOVER_H
#define AUGER_IO_DISCOVER_H

#include <auger/io_uri.h>

#define AUGER_DISCOVER_ADDRS_MAX 8
#define AUGER_DISCOVER_PER_FAMILY 2 /* of one name */
#define AUGER_DISCOVER_TARGETS_MAX 16

struct auger_lookup {
    char host[AUGER_HOST_MAX];
    uint16_t port;                  /* where the DNS says none */
    enum auger_transport transport; /* likewise, if `any_transport` */
    bool any_transport;
    const char *service; /* static: "stun", "turns"; NULL: the host's own addresses alone */
};

struct auger_lookup auger_lookup_stun(const struct auger_stun_uri *uri);
struct auger_lookup auger_lookup_turn(const struct auger_turn_uri *uri);
/* Of a host that is no server of these, as a proxy. */
struct auger_lookup auger_lookup_host(const struct auger_stun_uri *at);

struct auger_target {
    char host[AUGER_HOST_MAX];
    uint16_t port;
    enum auger_transport transport;
    size_t room;   /* it is passed over once there are so many addresses */
    bool is_whole; /* of a record: the system's search list is not for it */
};

struct auger_discover {
    struct auger_target targets[AUGER_DISCOVER_TARGETS_MAX];
    size_t targets_len, at;
    size_t hosts; /* looked up so far */
    auger_time hosts_by;
    /* Where it is, as far as is known, in the order in which to try; each has its transport. */
    struct auger_addr addrs[AUGER_DISCOVER_ADDRS_MAX];
    size_t addrs_len;
};

/* Asks for records: at most 12 questions, none of which begins after 3 s. */
void auger_discover_begin(struct auger_discover *found, const struct auger_lookup *lookup,
                          auger_time now);
/* What is to be looked up next; NULL: nothing, all is found.  Of more than one none begins 6 s
 * after the beginning. */
const struct auger_target *auger_discover_next(struct auger_discover *found, auger_time now);
/* Adds its addresses.  The time that it takes is the system's: with the DNS 3 s at most, and for
 * a name that is not whole as much for each domain of the search list. */
void auger_discover_look_up(struct auger_discover *found, const struct auger_target *target);

#endif /* AUGER_IO_DISCOVER_H */
