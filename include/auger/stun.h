/*
 * auger/stun.h - STUN messages: RFC 8489, with the attributes of 8445, 8656 and
 * 5780; the Binding server of section 12, and the client that asks it.
 *
 * A message is read through a view over the caller's bytes and written by a
 * builder into the caller's buffer; neither allocates.
 *
 * Time     the client's alone: nanoseconds, as in <auger/base.h>.
 * Errors   0, a length, or a negative enum auger_err.
 * Memory   a view is valid as long as the bytes beneath it.
 * Threads  views, builders, keys and clients must not be shared by overlapping calls.
 */
#ifndef AUGER_STUN_H
#define AUGER_STUN_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUGER_STUN_HEADER_LEN 20
#define AUGER_STUN_MAX 2048        /* accepted by datagram */
#define AUGER_STUN_STREAM_MAX 4096 /* accepted by stream */
#define AUGER_STUN_ATTRS_MAX 64    /* kept of one message */
#define AUGER_STUN_UNKNOWN_MAX 32  /* listed in one 420 */

enum auger_stun_class {
    AUGER_STUN_REQUEST = 0,
    AUGER_STUN_INDICATION = 1,
    AUGER_STUN_SUCCESS = 2,
    AUGER_STUN_ERROR = 3,
};

enum auger_stun_method {
    AUGER_STUN_BINDING = 0x001,
    AUGER_STUN_ALLOCATE = 0x003,
    AUGER_STUN_REFRESH = 0x004,
    AUGER_STUN_SEND = 0x006,
    AUGER_STUN_DATA = 0x007,
    AUGER_STUN_CREATE_PERMISSION = 0x008,
    AUGER_STUN_CHANNEL_BIND = 0x009,
    AUGER_STUN_CONNECT = 0x00A,
    AUGER_STUN_CONNECTION_BIND = 0x00B,
    AUGER_STUN_CONNECTION_ATTEMPT = 0x00C,
};

/* Attribute types have the names of the registry: AUGER_STUN_ATTR_... */
enum auger_stun_attr {
    AUGER_STUN_ATTR_MAPPED_ADDRESS = 0x0001,
    AUGER_STUN_ATTR_CHANGE_REQUEST = 0x0003, /* 5780 */
    AUGER_STUN_ATTR_USERNAME = 0x0006,
    AUGER_STUN_ATTR_MESSAGE_INTEGRITY = 0x0008,
    AUGER_STUN_ATTR_ERROR_CODE = 0x0009,
    AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES = 0x000A,
    AUGER_STUN_ATTR_CHANNEL_NUMBER = 0x000C, /* 8656 */
    AUGER_STUN_ATTR_LIFETIME = 0x000D,
    AUGER_STUN_ATTR_XOR_PEER_ADDRESS = 0x0012,
    AUGER_STUN_ATTR_DATA = 0x0013,
    AUGER_STUN_ATTR_REALM = 0x0014,
    AUGER_STUN_ATTR_NONCE = 0x0015,
    AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS = 0x0016,
    AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY = 0x0017,
    AUGER_STUN_ATTR_EVEN_PORT = 0x0018,
    AUGER_STUN_ATTR_REQUESTED_TRANSPORT = 0x0019,
    AUGER_STUN_ATTR_DONT_FRAGMENT = 0x001A,
    AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256 = 0x001C,
    AUGER_STUN_ATTR_PASSWORD_ALGORITHM = 0x001D,
    AUGER_STUN_ATTR_USERHASH = 0x001E,
    AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS = 0x0020,
    AUGER_STUN_ATTR_RESERVATION_TOKEN = 0x0022,
    AUGER_STUN_ATTR_PRIORITY = 0x0024, /* 8445 */
    AUGER_STUN_ATTR_USE_CANDIDATE = 0x0025,
    AUGER_STUN_ATTR_PADDING = 0x0026,       /* 5780 */
    AUGER_STUN_ATTR_RESPONSE_PORT = 0x0027, /* 5780 */
    AUGER_STUN_ATTR_CONNECTION_ID = 0x002A, /* 6062 */
    AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
    AUGER_STUN_ATTR_ADDRESS_ERROR_CODE = 0x8001,
    AUGER_STUN_ATTR_PASSWORD_ALGORITHMS = 0x8002,
    AUGER_STUN_ATTR_ALTERNATE_DOMAIN = 0x8003,
    AUGER_STUN_ATTR_ICMP = 0x8004,
    AUGER_STUN_ATTR_SOFTWARE = 0x8022,
    AUGER_STUN_ATTR_ALTERNATE_SERVER = 0x8023,
    AUGER_STUN_ATTR_CACHE_TIMEOUT = 0x8027, /* 5780 */
    AUGER_STUN_ATTR_FINGERPRINT = 0x8028,
    AUGER_STUN_ATTR_ICE_CONTROLLED = 0x8029,
    AUGER_STUN_ATTR_ICE_CONTROLLING = 0x802A,
    AUGER_STUN_ATTR_RESPONSE_ORIGIN = 0x802B, /* 5780 */
    AUGER_STUN_ATTR_OTHER_ADDRESS = 0x802C,
    AUGER_STUN_ATTR_MOBILITY_TICKET = 0x8030, /* 8016 */
    /* 0x8000 and 0x8001 as they were before they were registered (docs/decisions/199) */
    AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY = 0x8032,
    AUGER_STUN_ATTR_DRAFT_ADDRESS_ERROR_CODE = 0x8033,
    AUGER_STUN_ATTR_NOMINATION = 0xC001,        /* renomination */
    AUGER_STUN_ATTR_GOOG_NETWORK_INFO = 0xC057, /* vendors, seen and skipped */
};

enum auger_stun_error_code {
    AUGER_STUN_TRY_ALTERNATE = 300,
    AUGER_STUN_BAD_REQUEST = 400,
    AUGER_STUN_UNAUTHENTICATED = 401,
    AUGER_STUN_FORBIDDEN = 403,          /* 8656 */
    AUGER_STUN_MOBILITY_FORBIDDEN = 405, /* 8016 */
    AUGER_STUN_UNKNOWN_ATTRIBUTE = 420,
    AUGER_STUN_ALLOCATION_MISMATCH = 437, /* 8656 */
    AUGER_STUN_STALE_NONCE = 438,
    AUGER_STUN_ADDRESS_FAMILY_NOT_SUPPORTED = 440,
    AUGER_STUN_WRONG_CREDENTIALS = 441,
    AUGER_STUN_UNSUPPORTED_TRANSPORT = 442,
    AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH = 443,
    AUGER_STUN_CONNECTION_EXISTS = 446, /* 6062 */
    AUGER_STUN_CONNECTION_FAILURE = 447,
    AUGER_STUN_ALLOCATION_QUOTA_REACHED = 486,
    AUGER_STUN_ROLE_CONFLICT = 487, /* 8445 */
    AUGER_STUN_SERVER_ERROR = 500,
    AUGER_STUN_INSUFFICIENT_CAPACITY = 508,
};

/* How a long-term password becomes a key: section 18.5. */
enum auger_stun_password_algorithm {
    AUGER_STUN_MD5 = 0x0001,
    AUGER_STUN_SHA256 = 0x0002,
};

struct auger_stun_tid {
    uint8_t bytes[12];
};

struct auger_stun_attr_view {
    uint16_t type;
    uint16_t len;    /* of the value, without padding */
    uint16_t offset; /* of the value, from the start of the message */
};

/* A parsed message.  Attributes behind the integrity are left out, as section 9
 * demands (FINGERPRINT excepted), and so are repetitions where the registry
 * allows one alone, and what comes after the 64th.  Read it through the
 * functions below. */
struct auger_stun_msg {
    enum auger_stun_class class_;
    uint16_t method;
    struct auger_stun_tid tid;
    const uint8_t *buf;
    size_t len;
    uint16_t error_code; /* 300 to 699 of a well-formed ERROR-CODE, else 0 */
    uint16_t attrs_len;
    uint16_t unknown_len; /* comprehension-required and unknown to us */
    struct auger_stun_attr_view attrs[AUGER_STUN_ATTRS_MAX];
    uint16_t unknown[AUGER_STUN_UNKNOWN_MAX];
    uint16_t integrity_offset; /* of the attribute header; 0: none */
    uint16_t integrity256_offset;
    uint16_t fingerprint_offset;
};

/* Whether these bytes have the shape of a STUN header (section 5): two zero
 * bits, the magic cookie, a length that is a multiple of 4 and fits exactly. */
AUGER_API bool auger_stun_is_message(const uint8_t *buf, size_t len);

/* AUGER_ERR_MALFORMED for anything that breaks the format; `msg` is then unset. */
AUGER_API int auger_stun_msg_parse(struct auger_stun_msg *msg, const uint8_t *buf,
                                   size_t len) AUGER_CHECK_RESULT;

/* The first attribute of that type; false when there is none, or when its value
 * is not of the type asked for. */
AUGER_API bool auger_stun_msg_bytes(const struct auger_stun_msg *msg, uint16_t type,
                                    struct auger_bytes *value);
AUGER_API bool auger_stun_msg_has(const struct auger_stun_msg *msg, uint16_t type);
AUGER_API bool auger_stun_msg_u32(const struct auger_stun_msg *msg, uint16_t type, uint32_t *value);
AUGER_API bool auger_stun_msg_u64(const struct auger_stun_msg *msg, uint16_t type, uint64_t *value);
/* Any address attribute; those of the XOR kind are decoded. */
AUGER_API bool auger_stun_msg_addr(const struct auger_stun_msg *msg, uint16_t type,
                                   struct auger_addr *addr);
/* The nth from 0 of those that may come several times, as the peers of a
 * CreatePermission do. */
AUGER_API bool auger_stun_msg_addr_at(const struct auger_stun_msg *msg, uint16_t type, size_t nth,
                                      struct auger_addr *addr);
/* The first algorithm that we know (9.2.5) in PASSWORD-ALGORITHMS, or the one of
 * PASSWORD-ALGORITHM.  AUGER_ERR_NOT_FOUND: no such attribute;
 * AUGER_ERR_UNSUPPORTED: none that we know, and a client must not ask again. */
AUGER_API int auger_stun_msg_password_algorithm(const struct auger_stun_msg *msg, uint16_t type);

/* A key whose HMAC pads are prepared once: of a short-term credential the
 * password itself (9.1.1), of a long-term one the hash of 9.2.2. */
struct auger_stun_key;
AUGER_API int auger_stun_key_new(struct auger_stun_key **out, const uint8_t *secret,
                                 size_t len) AUGER_CHECK_RESULT;
AUGER_API void auger_stun_key_free(struct auger_stun_key *key); /* NULL is fine */

/* 0, or AUGER_ERR_INTEGRITY: there is neither attribute, or the one that counts
 * is wrong.  With both present the SHA-256 decides (9.1.3), which must be whole. */
AUGER_API int auger_stun_msg_verify(const struct auger_stun_msg *msg,
                                    struct auger_stun_key *key) AUGER_CHECK_RESULT;
/* For a usage that allows the SHA-256 to be truncated (14.6), to `sha256_len_min`
 * bytes, never below 16. */
AUGER_API int auger_stun_msg_verify_truncated(const struct auger_stun_msg *msg,
                                              struct auger_stun_key *key,
                                              size_t sha256_len_min) AUGER_CHECK_RESULT;
/* Whether FINGERPRINT is present, last and right (14.7). */
AUGER_API bool auger_stun_msg_fingerprint_ok(const struct auger_stun_msg *msg);

/* Writes one message; the first error sticks and auger_stun_build_end() tells it. */
struct auger_stun_builder {
    uint8_t *buf;
    size_t cap, len;
    int err;
};

AUGER_API void auger_stun_build_begin(struct auger_stun_builder *b, uint8_t *buf, size_t cap,
                                      enum auger_stun_class class_, uint16_t method,
                                      const struct auger_stun_tid *tid);
AUGER_API void auger_stun_build_bytes(struct auger_stun_builder *b, uint16_t type,
                                      const void *value, size_t len);
AUGER_API void auger_stun_build_u32(struct auger_stun_builder *b, uint16_t type, uint32_t value);
AUGER_API void auger_stun_build_u64(struct auger_stun_builder *b, uint16_t type, uint64_t value);
/* Encodes the XOR kinds by the type. */
AUGER_API void auger_stun_build_addr(struct auger_stun_builder *b, uint16_t type,
                                     const struct auger_addr *addr);
/* ERROR-CODE with the registry's reason phrase; 300 to 699. */
AUGER_API void auger_stun_build_error(struct auger_stun_builder *b, uint16_t code);
/* UNKNOWN-ATTRIBUTES with what `request` listed. */
AUGER_API void auger_stun_build_unknown(struct auger_stun_builder *b,
                                        const struct auger_stun_msg *request);
AUGER_API void auger_stun_build_integrity(struct auger_stun_builder *b, struct auger_stun_key *key);
AUGER_API void auger_stun_build_integrity_sha256(struct auger_stun_builder *b,
                                                 struct auger_stun_key *key);
AUGER_API void auger_stun_build_fingerprint(struct auger_stun_builder *b);
/* The length of the message, or the first error: AUGER_ERR_BUFFER,
 * AUGER_ERR_TOO_LARGE, AUGER_ERR_CRYPTO; AUGER_ERR_INVALID for a value that its
 * attribute cannot have. */
AUGER_API int auger_stun_build_end(struct auger_stun_builder *b) AUGER_CHECK_RESULT;

/* The Binding server: answers one datagram from `from`.  Returns the length of
 * the reply, 0 where none is due.  Keeps no state, and its reply is never longer
 * than 1.7 times the question on the wire.  Questions of NAT behaviour discovery
 * (5780) get 420, since there is one address alone to answer from. */
AUGER_API size_t auger_stun_server_answer(const struct auger_addr *from, const uint8_t *buf,
                                          size_t len, uint8_t *reply, size_t cap);

/* The Binding client: asks one server by UDP how it sees us, on the schedule of
 * 6.2.1.  It is over when it is not asking any more. */
enum auger_stun_client_state {
    AUGER_STUN_CLIENT_ASKING,
    AUGER_STUN_CLIENT_ANSWERED,
    AUGER_STUN_CLIENT_REFUSED, /* an error, or an answer that says nothing */
    AUGER_STUN_CLIENT_TIMEOUT,
};
struct auger_stun_client;
/* Its first request is due at `now`.  AUGER_ERR_INVALID: no address to send to;
 * AUGER_ERR_ENTROPY, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_stun_client_new(struct auger_stun_client **out, const struct auger_env *env,
                                    auger_time now,
                                    const struct auger_addr *server) AUGER_CHECK_RESULT;
AUGER_API void auger_stun_client_free(struct auger_stun_client *client); /* NULL is fine */
/* The request, for the server, when one is due; else 0. */
AUGER_API size_t auger_stun_client_poll_transmit(struct auger_stun_client *client, auger_time now,
                                                 uint8_t *buf, size_t cap);
/* False: it is not the answer, and nothing has changed.  Nothing in an answer is
 * authenticated; what is known is that its sender saw the request. */
AUGER_API bool auger_stun_client_handle_datagram(struct auger_stun_client *client,
                                                 const struct auger_addr *from, const uint8_t *buf,
                                                 size_t len);
AUGER_API void auger_stun_client_handle_timeout(struct auger_stun_client *client, auger_time now);
/* AUGER_NEVER when it is over. */
AUGER_API auger_time auger_stun_client_next_timeout(const struct auger_stun_client *client);
AUGER_API enum auger_stun_client_state auger_stun_client_state(
    const struct auger_stun_client *client);
/* Our address as the server sees it; NULL unless it has answered. */
AUGER_API const struct auger_addr *auger_stun_client_mapped(const struct auger_stun_client *client);
/* 300 to 699, or 0: not refused, or by an answer without a code. */
AUGER_API uint16_t auger_stun_client_error_code(const struct auger_stun_client *client);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_STUN_H */
