/*
 * auger/portmap.h - asking the gateway for a port: PCP (RFC 6887), and NAT-PMP (RFC
 * 6886) where the gateway speaks nothing newer.  What is mapped there is reached from
 * outside under an address that makes a candidate (auger_ice_add_mapped_addr()); of
 * IPv6 it is a pinhole in the firewall, and the address stays what it was.
 *
 * A state machine without I/O, as every engine here.  One engine is one address of
 * ours towards one gateway: the driver has a socket bound to that address, and hands it
 * what comes there and, of announcements, to port 5350 of the groups of all hosts.
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0 or a negative enum auger_err; a failed call changes nothing.
 * Memory   taken by auger_portmap_new() alone.
 * Threads  calls on one engine must not overlap; engines share nothing.
 * Trust    whoever can send with the gateway's address can say what is mapped, but for
 *          the nonce that PCP has.  NAT-PMP has none.
 */
#ifndef AUGER_PORTMAP_H
#define AUGER_PORTMAP_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_portmap; /* opaque */

#define AUGER_PORTMAP_PORT 5351          /* of the gateway */
#define AUGER_PORTMAP_ANNOUNCE_PORT 5350 /* of 224.0.0.1 and ff02::1: it has restarted */
#define AUGER_PORTMAP_MESSAGE_MAX 60     /* the least buffer to give to a poll_transmit */

struct auger_portmap_config {
    struct auger_addr local;   /* ours, whose ports are mapped; its port means nothing */
    struct auger_addr gateway; /* of the same family; port 0: AUGER_PORTMAP_PORT */
    /* What is asked for; it is renewed from half of what was given.  Default 600. */
    uint32_t lifetime_s;
    uint16_t mappings_max; /* those that are given back and still there count; default 16 */
    /* No NAT-PMP, whatever the gateway says.  Default false; of IPv6 there is none anyway. */
    bool pcp_only;
    /* NAT-PMP and no PCP, for who wants to know whether there is that.  Default false. */
    bool natpmp_only;
};
AUGER_API void auger_portmap_config_init_sized(struct auger_portmap_config *config, size_t size);
#define auger_portmap_config_init(config)                                                          \
    auger_portmap_config_init_sized((config), sizeof(*(config)))

/* AUGER_ERR_INVALID: no addresses of one family, nothing to be held, or no protocol is left (none
 * of IPv4 with `natpmp_only`); AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_portmap_new_sized(struct auger_portmap **out, const struct auger_env *env,
                                      const struct auger_portmap_config *config,
                                      size_t size) AUGER_CHECK_RESULT;
#define auger_portmap_new(out, env, config)                                                        \
    auger_portmap_new_sized((out), (env), (config), sizeof(struct auger_portmap_config))
/* Says nothing to the gateway: auger_portmap_release() does.  NULL is fine. */
AUGER_API void auger_portmap_free(struct auger_portmap *portmap);

/* Asks for a mapping of `internal`, whose IP is `local` and whose transport counts, and keeps
 * it until it is removed.  `token` is the caller's name for it.  AUGER_ERR_INVALID: another IP,
 * no port, or a token or an address that is there; AUGER_ERR_LIMIT; AUGER_ERR_ENTROPY;
 * AUGER_ERR_STATE: released. */
AUGER_API int auger_portmap_add(struct auger_portmap *portmap, auger_time now,
                                const struct auger_addr *internal,
                                uint64_t token) AUGER_CHECK_RESULT;
/* Gives it back, and tells nothing more of it.  AUGER_ERR_NOT_FOUND. */
AUGER_API int auger_portmap_remove(struct auger_portmap *portmap, auger_time now, uint64_t token);
/* Gives all of them back; poll_transmit then writes that, until next_timeout is AUGER_NEVER. */
AUGER_API void auger_portmap_release(struct auger_portmap *portmap, auger_time now);

/* Why there is no mapping. */
enum auger_portmap_error {
    AUGER_PORTMAP_ERROR_NONE,
    AUGER_PORTMAP_ERROR_NO_ANSWER,   /* the gateway is asked on and on, ever more seldom */
    AUGER_PORTMAP_ERROR_VERSION,     /* it speaks neither protocol */
    AUGER_PORTMAP_ERROR_REFUSED,     /* it may not, or is switched off */
    AUGER_PORTMAP_ERROR_UNSUPPORTED, /* it does not know what it was asked for */
    AUGER_PORTMAP_ERROR_NETWORK,     /* it has no address outside itself */
    AUGER_PORTMAP_ERROR_FULL,        /* no room, or our share of it is used up */
    AUGER_PORTMAP_ERROR_OTHER_NAT,   /* there is a NAT between us and it */
    AUGER_PORTMAP_ERROR_EXPIRED,     /* it did not answer in time to what should prolong it */
};
/* One English phrase, static. */
AUGER_API const char *auger_portmap_error_text(enum auger_portmap_error error);

enum auger_portmap_event_type {
    AUGER_PORTMAP_EVENT_MAPPED, /* .external, .lifetime_s: new, or another than before */
    AUGER_PORTMAP_EVENT_LOST,   /* .external, .error: what was mapped is not, and is asked for */
    AUGER_PORTMAP_EVENT_FAILED, /* .error: none was given; it will be asked for again */
};
struct auger_portmap_event {
    enum auger_portmap_event_type type;
    uint64_t token;
    struct auger_addr internal, external;
    enum auger_portmap_error error;
    uint32_t lifetime_s;
};

/* A datagram came from `from`.  What is not the gateway's answer is counted and dropped. */
AUGER_API void auger_portmap_handle_datagram(struct auger_portmap *portmap, auger_time now,
                                             const struct auger_addr *from, const uint8_t *buf,
                                             size_t len);
AUGER_API void auger_portmap_handle_timeout(struct auger_portmap *portmap, auger_time now);
/* Writes the next request, and the gateway's address into `to`.  Its length, 0 when there is none.
 */
AUGER_API size_t auger_portmap_poll_transmit(struct auger_portmap *portmap, auger_time now,
                                             struct auger_addr *to, uint8_t *buf, size_t cap);
AUGER_API bool auger_portmap_poll_event(struct auger_portmap *portmap,
                                        struct auger_portmap_event *event);
AUGER_API auger_time auger_portmap_next_timeout(const struct auger_portmap *portmap);

/* "pcp", "nat-pmp"; "" while nothing has been heard from the gateway.  Static. */
AUGER_API const char *auger_portmap_protocol(const struct auger_portmap *portmap);

struct auger_portmap_counters {
    uint64_t malformed; /* from the gateway, and no answer of either protocol */
    uint64_t foreign;   /* from elsewhere */
    uint64_t unmatched; /* another nonce, another port, nothing that was asked */
    uint64_t requests_sent, answers_received;
    uint64_t restarts; /* of the gateway, as its clock shows them */
};
AUGER_API void auger_portmap_counters_sized(const struct auger_portmap *portmap,
                                            struct auger_portmap_counters *counters, size_t size);
#define auger_portmap_get_counters(portmap, counters)                                              \
    auger_portmap_counters_sized((portmap), (counters), sizeof(*(counters)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_PORTMAP_H */
