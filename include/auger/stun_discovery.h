/*
 * auger/stun_discovery.h - what NAT this host is behind: RFC 5780's discovery of behaviour, in the
 * words of RFC 4787.
 *
 * A state machine without I/O, as every engine here.  The driver has AUGER_DISCOVERY_SOCKETS UDP
 * sockets of one family, fresh ones, that are used for nothing else; the engine numbers them as
 * the driver does.  It asks each server that it is given, and goes on with the first that knows
 * RFC 5780, or else learns what ordinary servers can tell.
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0 or a negative enum auger_err; a failed call changes nothing.
 * Memory   taken by auger_discovery_new() alone.
 * Threads  calls on one engine must not overlap; engines share nothing.
 * Trust    nothing in an answer is authenticated.  What a hostile server can make us send to
 *          whom it likes is at most 20 small datagrams: docs/decisions/200.
 */
#ifndef AUGER_STUN_DISCOVERY_H
#define AUGER_STUN_DISCOVERY_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_discovery; /* opaque */

#define AUGER_DISCOVERY_SOCKETS 18
/* From this one on they come in pairs, 6 with 7, 8 with 9 and so on.  The ports of a pair should
 * be an even one and the next, or it cannot be told whether the NAT keeps them together. */
#define AUGER_DISCOVERY_FIRST_PAIR 6
#define AUGER_DISCOVERY_SERVERS_MAX 8
#define AUGER_DISCOVERY_DATAGRAM_MAX 2048 /* the least buffer to give to a poll_transmit */
#define AUGER_DISCOVERY_LIFETIME_MAX (3600 * AUGER_SEC)

struct auger_discovery_config {
    /* Where the sockets are bound: an IP address and a port each. */
    const struct auger_addr *locals;
    size_t locals_len; /* AUGER_DISCOVERY_SOCKETS */
    const struct auger_addr *servers;
    size_t servers_len; /* 1 to AUGER_DISCOVERY_SERVERS_MAX */
    /* Look for the lifetime of a mapping up to here, and for what keeps it, which takes up to four
     * times as long; 0 (default): not at all.  At most AUGER_DISCOVERY_LIFETIME_MAX. */
    auger_time lifetime_max;
};
AUGER_API void auger_discovery_config_init_sized(struct auger_discovery_config *config,
                                                 size_t size);
#define auger_discovery_config_init(config)                                                        \
    auger_discovery_config_init_sized((config), sizeof(*(config)))

/* Its first request is due at `now`; `config` is copied.  AUGER_ERR_INVALID: not all sockets have
 * an address, or a server has none to send to, or families differ; AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_discovery_new_sized(struct auger_discovery **out, const struct auger_env *env,
                                        auger_time now, const struct auger_discovery_config *config,
                                        size_t size) AUGER_CHECK_RESULT;
#define auger_discovery_new(out, env, now, config)                                                 \
    auger_discovery_new_sized((out), (env), (now), (config), sizeof(struct auger_discovery_config))
AUGER_API void auger_discovery_free(struct auger_discovery *discovery); /* NULL is fine */

/* --- the five verbs ------------------------------------------------------------------------- */

/* Where a datagram goes, and how. */
struct auger_discovery_way {
    size_t socket;
    struct auger_addr to;
    bool dont_fragment; /* with DF; else the host may fragment it */
};

/* What is no answer to a request of ours, from where it went, is counted and dropped. */
AUGER_API void auger_discovery_handle_datagram(struct auger_discovery *discovery, auger_time now,
                                               size_t socket, const struct auger_addr *from,
                                               const uint8_t *buf, size_t len);
AUGER_API void auger_discovery_handle_timeout(struct auger_discovery *discovery, auger_time now);
/* Its length, 0 when there is none. */
AUGER_API size_t auger_discovery_poll_transmit(struct auger_discovery *discovery, auger_time now,
                                               struct auger_discovery_way *way, uint8_t *buf,
                                               size_t cap);

enum auger_discovery_stage {
    AUGER_DISCOVERY_REACHING, /* who answers, and who knows RFC 5780 */
    AUGER_DISCOVERY_PROBING,  /* all but the lifetime; some ten seconds */
    AUGER_DISCOVERY_AGEING,   /* the lifetime of a mapping, and what keeps it */
    AUGER_DISCOVERY_DONE,
};
enum auger_discovery_event_type {
    AUGER_DISCOVERY_EVENT_STAGE,  /* another has begun */
    AUGER_DISCOVERY_EVENT_ROUND,  /* of the lifetime: mappings are opened, to be left idle */
    AUGER_DISCOVERY_EVENT_TESTED, /* a mapping that was idle is there still, or not */
    /* Mappings are opened, to be kept by datagrams of one direction alone; `idle`: that long in
     * all. */
    AUGER_DISCOVERY_EVENT_KEEPING,
};
/* Progress, for who shows it: the oldest are forgotten where nobody asks. */
struct auger_discovery_event {
    enum auger_discovery_event_type type;
    enum auger_discovery_stage stage;
    auger_time idle; /* how long it was, or will be at most */
    bool is_alive;
};
AUGER_API bool auger_discovery_poll_event(struct auger_discovery *discovery,
                                          struct auger_discovery_event *event);
/* AUGER_NEVER when it is done. */
AUGER_API auger_time auger_discovery_next_timeout(const struct auger_discovery *discovery);

/* --- what it has found --------------------------------------------------------------------------
 */

enum auger_discovery_answer { AUGER_DISCOVERY_UNKNOWN, AUGER_DISCOVERY_NO, AUGER_DISCOVERY_YES };

/* RFC 4787, sections 4.1 and 5. */
enum auger_discovery_dependence {
    AUGER_DISCOVERY_DEPENDENCE_UNKNOWN,
    AUGER_DISCOVERY_ENDPOINT_INDEPENDENT,
    AUGER_DISCOVERY_ADDRESS_DEPENDENT,
    AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT,
    AUGER_DISCOVERY_DEPENDENT, /* one of the last two; which, needs another server */
};

/* RFC 4787, section 4.2, as one host sees it: overloading looks like preservation. */
enum auger_discovery_ports {
    AUGER_DISCOVERY_PORTS_UNKNOWN,
    AUGER_DISCOVERY_PORTS_PRESERVED,
    AUGER_DISCOVERY_PORTS_SEQUENTIAL,
    AUGER_DISCOVERY_PORTS_RANDOM,
    AUGER_DISCOVERY_PORTS_PARITY,     /* random, even for even and odd for odd */
    AUGER_DISCOVERY_PORTS_CONTIGUOUS, /* with parity, and port + 1 beside port */
};

/* RFC 4787, section 6.  Linux drops what comes from outside with its own address, and sees none
 * where the source is the internal one. */
enum auger_discovery_hairpin {
    AUGER_DISCOVERY_HAIRPIN_UNKNOWN,
    AUGER_DISCOVERY_HAIRPIN_NONE,
    AUGER_DISCOVERY_HAIRPIN_EXTERNAL_SOURCE,
    AUGER_DISCOVERY_HAIRPIN_INTERNAL_SOURCE,
};

struct auger_discovery_server {
    struct auger_addr addr, other; /* OTHER-ADDRESS, if it is one that we use */
    struct auger_addr mapped;      /* how it sees socket 0; no family: it has not answered */
    auger_time rtt;                /* AUGER_NEVER: the same */
    uint16_t error_code;           /* it refused with that; 0: it did not */
};

/* One line of the NAT's table: (public | inside | outside). */
struct auger_discovery_row {
    struct auger_addr external, inside, outside;
};
#define AUGER_DISCOVERY_ROWS_MAX 32

struct auger_discovery_report {
    enum auger_discovery_stage stage; /* what is known is final when it is DONE */
    struct auger_discovery_server servers[AUGER_DISCOVERY_SERVERS_MAX];
    size_t servers_len;
    size_t primary;                                 /* which of them was asked for all the rest */
    bool has_5780;                                  /* and whether it knows RFC 5780 */
    enum auger_discovery_answer udp, is_translated; /* a server answers; a NAT is in between */
    enum auger_discovery_dependence mapping, filtering;
    enum auger_discovery_ports ports;
    int32_t step;                              /* of sequential ports, never 0; else 0 */
    enum auger_discovery_answer several_addrs; /* this host is shown under more than one */
    enum auger_discovery_answer rewrites;      /* an ALG changes addresses inside (5780, 3.6) */
    enum auger_discovery_answer fragments;     /* pass, there and back */
    enum auger_discovery_hairpin hairpin;      /* between two ports of this host */
    uint16_t mtu;                              /* the largest IP packet that came there; 0 */
    enum auger_discovery_answer padding;       /* the server can tell those two */
    enum auger_discovery_answer response_port; /* and the lifetime of any mapping */
    auger_time lifetime_alive, lifetime_dead;  /* between these; 0, and AUGER_NEVER: unknown */
    struct auger_discovery_row rows[AUGER_DISCOVERY_ROWS_MAX]; /* as they were made */
    size_t rows_len;
    uint64_t sent, ignored; /* datagrams; ignored: what came and was not to the point */
    /* Whether a datagram of that direction alone refreshes a mapping: RFC 4787, 4.3.  Known where
     * the lifetime is; the latter if the server knows RESPONSE-PORT. */
    enum auger_discovery_answer outbound_refresh, inbound_refresh;
};
AUGER_API void auger_discovery_get_report_sized(const struct auger_discovery *discovery,
                                                struct auger_discovery_report *report, size_t size);
#define auger_discovery_get_report(discovery, report)                                              \
    auger_discovery_get_report_sized((discovery), (report), sizeof(*(report)))

/* --- what will get through it ------------------------------------------------------------------
 */

/* Whom we meet.  All but the first two map ports by destination or filter by address and port. */
enum auger_discovery_other {
    AUGER_DISCOVERY_OTHER_OPEN,               /* a public address, or a full cone */
    AUGER_DISCOVERY_OTHER_ADDRESS_RESTRICTED, /* lets in whom it has sent to, from any port */
    AUGER_DISCOVERY_OTHER_PORT_RESTRICTED,    /* from that port alone; firewalls too */
    AUGER_DISCOVERY_OTHER_SEQUENTIAL,         /* symmetric, with ports one can count */
    AUGER_DISCOVERY_OTHER_RANDOM,             /* symmetric, with any port */
    AUGER_DISCOVERY_OTHER_BLOCKED,            /* no UDP passes */
    AUGER_DISCOVERY_OTHERS
};
enum auger_discovery_outlook {
    AUGER_DISCOVERY_OUTLOOK_UNKNOWN,   /* too little is known of us */
    AUGER_DISCOVERY_OUTLOOK_DIRECT,    /* hole punching reaches it */
    AUGER_DISCOVERY_OUTLOOK_PREDICTED, /* if the next port is guessed */
    AUGER_DISCOVERY_OUTLOOK_RELAY,
};
/* By the law of docs/nat-matrix.md; of `report` it reads mapping, filtering, ports, udp. */
AUGER_API enum auger_discovery_outlook auger_discovery_outlook(
    const struct auger_discovery_report *report, enum auger_discovery_other other);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_STUN_DISCOVERY_H */
