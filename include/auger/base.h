/*
 * auger/base.h - the values that every other header speaks of: time, addresses,
 * bytes, errors, and the environment that an engine runs in.
 *
 * Threads  values are plain data; the functions here touch nothing but their
 *          arguments and may be called from any thread.
 */
#ifndef AUGER_BASE_H
#define AUGER_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __GNUC__
#define AUGER_API __attribute__((visibility("default")))
#define AUGER_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define AUGER_API
#define AUGER_CHECK_RESULT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Nanoseconds on any monotonic clock of the caller's choice. */
typedef int64_t auger_time;

#define AUGER_US ((auger_time)1000)
#define AUGER_MS ((auger_time)1000000)
#define AUGER_SEC ((auger_time)1000000000)
#define AUGER_NEVER INT64_MAX /* no deadline */

/* Every function that can fail returns 0 (or a length) or one of these. */
enum auger_err {
    AUGER_OK = 0,
    AUGER_ERR_INVALID = -1, /* an argument that no state would make right */
    AUGER_ERR_STATE = -2,   /* right in another state: too early, too late, closed */
    AUGER_ERR_NO_MEMORY = -3,
    AUGER_ERR_LIMIT = -4,       /* a table of the configured size is full */
    AUGER_ERR_BUFFER = -5,      /* the caller's buffer is too small */
    AUGER_ERR_MALFORMED = -6,   /* bytes or text that break their grammar */
    AUGER_ERR_UNSUPPORTED = -7, /* well-formed, and of no use to us */
    AUGER_ERR_TOO_LARGE = -8,   /* a message above what either side accepts */
    AUGER_ERR_AGAIN = -9,       /* would go beyond the send buffer: wait for low water */
    AUGER_ERR_NO_PATH = -10,    /* no validated pair to send on */
    AUGER_ERR_NOT_FOUND = -11,  /* no such channel, candidate, attribute */
    AUGER_ERR_ENTROPY = -12,    /* the environment gave no random bytes */
    AUGER_ERR_CRYPTO = -13,     /* the crypto library refused */
    AUGER_ERR_INTEGRITY = -14,  /* a message's integrity is missing or wrong */
    AUGER_ERR_SYSTEM = -15,     /* the operating system refused; io/ only, see errno */
    AUGER_ERR_PATH_TAKEN = -16, /* another session on the same socket has that path */
    AUGER_ERR_NAME_TAKEN = -17, /* another session on the same socket has that ufrag */
};

/* One English phrase for an error; never NULL, static. */
AUGER_API const char *auger_strerror(int err);

/* Bytes that somebody else owns. */
struct auger_bytes {
    const uint8_t *data;
    size_t len;
};

enum auger_family { AUGER_FAMILY_NONE = 0, AUGER_IPV4 = 4, AUGER_IPV6 = 6 };
enum auger_transport { AUGER_UDP = 0, AUGER_TCP = 1 };

/* A transport address.  `ip` is in network order, IPv4 in its first four bytes
 * and the rest zero; `port` is in host order; `scope` is the interface index
 * of a link-local IPv6 address, else 0.  All zero is "no address". */
struct auger_addr {
    uint8_t family;    /* enum auger_family */
    uint8_t transport; /* enum auger_transport */
    uint16_t port;
    uint32_t scope;
    uint8_t ip[16];
};

/* The two ends of a 5-tuple as we see them: our base, and where it leads. */
struct auger_path {
    struct auger_addr local, remote;
};

#define AUGER_ADDR_TEXT_MAX 64  /* "[ipv6%scope]:port" and a NUL */
#define AUGER_DATAGRAM_MAX 1500 /* the least buffer to give to a poll_transmit */

AUGER_API bool auger_addr_equal(const struct auger_addr *a, const struct auger_addr *b);
AUGER_API bool auger_addr_ip_equal(const struct auger_addr *a, const struct auger_addr *b);
AUGER_API bool auger_path_equal(const struct auger_path *a, const struct auger_path *b);

/* Reads a numeric IPv4 or IPv6 address, without brackets, port or zone, into a
 * UDP address.  AUGER_ERR_MALFORMED for anything else, "010.0.0.1" included. */
AUGER_API int auger_addr_parse_ip(struct auger_addr *out, const char *ip, size_t len,
                                  uint16_t port) AUGER_CHECK_RESULT;
/* Reads "192.0.2.1:80" or "[2001:db8::1]:80". */
AUGER_API int auger_addr_parse(struct auger_addr *out, const char *text) AUGER_CHECK_RESULT;
/* Writes the IP alone, or IP and port; always NUL-terminated within `cap`, which
 * should be AUGER_ADDR_TEXT_MAX.  Returns buf. */
AUGER_API const char *auger_addr_format_ip(const struct auger_addr *addr, char *buf, size_t cap);
AUGER_API const char *auger_addr_format(const struct auger_addr *addr, char *buf, size_t cap);

/* How a NAT64 shows addresses of IPv4 to hosts that have IPv6 alone (RFC 6052). */
struct auger_nat64 {
    uint8_t prefix[16]; /* zeros behind its length, and in byte 8 */
    uint8_t prefix_len; /* 32, 40, 48, 56, 64 or 96 bits; 0: there is none */
};
/* As "64:ff9b::/96".  AUGER_ERR_MALFORMED. */
AUGER_API int auger_nat64_parse(struct auger_nat64 *out, const char *text) AUGER_CHECK_RESULT;
/* From an address of IPv6 that the DNS gives for "ipv4only.arpa" (RFC 7050), by which a network
 * tells.  AUGER_ERR_NOT_FOUND: it says nothing of a NAT64. */
AUGER_API int auger_nat64_find(struct auger_nat64 *out,
                               const struct auger_addr *addr) AUGER_CHECK_RESULT;

/* --- readiness: which of many engines has something to do ------------------- */

/* Who drives thousands of engines gives each a mark.  An engine that was called
 * marks itself, and the driver asks those in the queue alone: what it may send,
 * what happened, when to call again.  Plain lists, for one thread at a time.  A
 * queue of zeroes is empty; a mark needs its queue and its owner. */
struct auger_ready_queue {
    struct auger_ready *first, *last;
    size_t len;
};

struct auger_ready {
    struct auger_ready_queue *queue;
    void *owner; /* the driver's */
    struct auger_ready *prev, *next;
    bool is_queued;
};

/* Puts it at the end of its queue, once; NULL is fine. */
AUGER_API void auger_ready_mark(struct auger_ready *ready);
/* Before its memory goes. */
AUGER_API void auger_ready_remove(struct auger_ready *ready);
/* Takes the one that has waited longest; NULL when there is none. */
AUGER_API struct auger_ready *auger_ready_take(struct auger_ready_queue *queue);

/* --- trace: one record a decision (docs/trace.md) --------------------------- */

enum auger_trace_type { AUGER_TRACE_INT, AUGER_TRACE_TIME, AUGER_TRACE_TEXT, AUGER_TRACE_ADDR };

struct auger_trace_field {
    const char *key;
    enum auger_trace_type type;
    union {
        int64_t i; /* AUGER_TRACE_INT, and nanoseconds for AUGER_TRACE_TIME */
        const char *text;
        const struct auger_addr *addr;
    };
};

/* Valid during the call alone; the names and keys are static. */
struct auger_trace_record {
    auger_time at;
    const char *name; /* "ice:check_succeeded" */
    const struct auger_trace_field *fields;
    size_t fields_len;
};

/* What an engine asks of the world.  Must outlive the engines it was given to.
 * A simulator replaces all of it; the ordinary one is in <auger/crypto.h>. */
struct auger_env {
    void *user;
    /* Fills buf with unpredictable bytes; 0 or AUGER_ERR_ENTROPY. */
    int (*random)(void *user, uint8_t *buf, size_t len);
    /* Zeroed memory, or NULL. */
    void *(*alloc)(void *user, size_t size);
    void (*release)(void *user, void *ptr);
    /* May be NULL. */
    void (*trace)(void *user, const struct auger_trace_record *record);
};

#ifdef __cplusplus
}
#endif

#endif /* AUGER_BASE_H */
