/*
 * auger/mdns.h - host candidates behind names: multicast DNS (RFC 6762) as far as
 * ICE uses it (draft-ietf-mmusic-mdns-ice-candidates).  A name is a random UUID
 * under ".local"; nothing else is resolved, and nothing else is answered for.
 *
 * A state machine without I/O, as every engine here.  The driver has a socket a
 * family on port 5353, shared with others, which has joined the group on every
 * interface that it uses; <auger/io.h> has such a driver.
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0 or a negative enum auger_err; a failed call changes nothing.
 * Memory   taken by auger_mdns_new() alone.
 * Threads  calls on one engine must not overlap; engines share nothing.
 * Trust    anybody on the link can answer: a resolved address is as good as one
 *          that a candidate names, and is treated like it.
 */
#ifndef AUGER_MDNS_H
#define AUGER_MDNS_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_mdns; /* opaque */

#define AUGER_MDNS_PORT 5353
#define AUGER_MDNS_NAME_MAX 43     /* a UUID, ".local" and a NUL */
#define AUGER_MDNS_MESSAGE_MAX 512 /* the least buffer to give to a poll_transmit */

struct auger_mdns_config {
    uint16_t questions_max; /* names being resolved at once; default 8 */
    uint16_t names_max;     /* names of our own; default 64 */
};
AUGER_API void auger_mdns_config_init_sized(struct auger_mdns_config *config, size_t size);
#define auger_mdns_config_init(config) auger_mdns_config_init_sized((config), sizeof(*(config)))

AUGER_API int auger_mdns_new_sized(struct auger_mdns **out, const struct auger_env *env,
                                   const struct auger_mdns_config *config,
                                   size_t size) AUGER_CHECK_RESULT;
#define auger_mdns_new(out, env, config)                                                           \
    auger_mdns_new_sized((out), (env), (config), sizeof(struct auger_mdns_config))
AUGER_API void auger_mdns_free(struct auger_mdns *mdns); /* NULL is fine */

/* Whether it is such a name, in whatever case: 8-4-4-4-12 hexadecimal digits under
 * ".local".  `name` need not be terminated. */
AUGER_API bool auger_mdns_is_name(const char *name, size_t len);

/* Asks for the address of `name`: at most three times, a second apart, and listens for
 * 8 s in all.  Then comes an event with `token`.  AUGER_ERR_INVALID: not such a name;
 * AUGER_ERR_LIMIT. */
AUGER_API int auger_mdns_resolve(struct auger_mdns *mdns, auger_time now, const char *name,
                                 size_t len, uint64_t token) AUGER_CHECK_RESULT;
/* Nobody waits for what was asked with `token` any more. */
AUGER_API void auger_mdns_forget(struct auger_mdns *mdns, uint64_t token);

/* Makes a name for the IP of `addr`, writes it to `name` and answers for it from now
 * on.  AUGER_ERR_INVALID (no address of a family), AUGER_ERR_LIMIT, AUGER_ERR_ENTROPY. */
AUGER_API int auger_mdns_publish(struct auger_mdns *mdns, auger_time now,
                                 const struct auger_addr *addr,
                                 char name[AUGER_MDNS_NAME_MAX]) AUGER_CHECK_RESULT;
/* Answers no more, and says so once (RFC 6762 section 10.1).  AUGER_ERR_NOT_FOUND. */
AUGER_API int auger_mdns_withdraw(struct auger_mdns *mdns, auger_time now, const char *name);

enum auger_mdns_event_type {
    AUGER_MDNS_EVENT_RESOLVED, /* .addr: its IP, port 0 */
    AUGER_MDNS_EVENT_FAILED,   /* nobody answered, or with more than one address */
};
struct auger_mdns_event {
    enum auger_mdns_event_type type;
    uint64_t token;
    struct auger_addr addr;
};

/* A datagram came to our socket from `from`.  What is not to the point is dropped. */
AUGER_API void auger_mdns_handle_datagram(struct auger_mdns *mdns, auger_time now,
                                          const struct auger_addr *from, const uint8_t *buf,
                                          size_t len);
AUGER_API void auger_mdns_handle_timeout(struct auger_mdns *mdns, auger_time now);
/* Writes the next message and where it goes: a group, on every interface of its
 * family, or one host.  Its length, 0 when there is none. */
AUGER_API size_t auger_mdns_poll_transmit(struct auger_mdns *mdns, auger_time now,
                                          struct auger_addr *to, uint8_t *buf, size_t cap);
AUGER_API bool auger_mdns_poll_event(struct auger_mdns *mdns, struct auger_mdns_event *event);
AUGER_API auger_time auger_mdns_next_timeout(const struct auger_mdns *mdns);

struct auger_mdns_counters {
    uint64_t malformed; /* not DNS, or broken */
    uint64_t foreign;   /* answers from another port than 5353 (RFC 6762 section 11) */
    uint64_t limited;   /* dropped because a table was full, or too soon after the last */
    uint64_t questions_sent, answers_sent;
};
AUGER_API void auger_mdns_counters_sized(const struct auger_mdns *mdns,
                                         struct auger_mdns_counters *counters, size_t size);
#define auger_mdns_get_counters(mdns, counters)                                                    \
    auger_mdns_counters_sized((mdns), (counters), sizeof(*(counters)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_MDNS_H */
