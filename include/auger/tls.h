/*
 * auger/tls.h - TLS over a stream of bytes, and DTLS over datagrams, with a server that
 * has a name and a chain of certificates: "turns:" and "stuns:" (RFC 7065, 7064, 7350).
 * The handshake between peers, by fingerprint, is <auger/dtls.h>.
 *
 *     auger_tls_new(&tls, context, now, "turn.example");
 *     auger_tls_feed(tls, now, bytes, n);                      what came
 *     while ((n = auger_tls_read(tls, now, buf, sizeof(buf)))) use(buf, n);
 *     auger_tls_write(tls, now, data, len);
 *     while ((n = auger_tls_take(tls, now, buf, sizeof(buf)))) send(buf, n);
 *
 * TLS 1.2 and 1.3, DTLS 1.2; ECDHE and AEAD alone, no resumption, no renegotiation, no
 * compression (RFC 9325).  A client believes a server whose chain ends at a trusted
 * certificate and whose leaf is for the name it was asked by (RFC 9525).
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.  Certificates are
 *          valid by the system's clock.
 * Errors   0, a length or a negative enum auger_err; a failed call changes nothing.
 * Memory   bounded: what a connection takes of `env` is taken when it is made, the rest
 *          lies on OpenSSL's heap.
 * Threads  calls on one connection, and auger_tls_accept() on one context, must not
 *          overlap.
 */
#ifndef AUGER_TLS_H
#define AUGER_TLS_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_tls_context; /* what many connections share: trust, or a certificate */
struct auger_tls;

#define AUGER_TLS_WHY_MAX 256
#define AUGER_TLS_ALPN_MAX 4
#define AUGER_TLS_NAME_MAX 256 /* with a NUL */
/* Bytes of data in one datagram: sealed and with its headers it fits a path of 1,500. */
#define AUGER_TLS_DATAGRAM_MAX 1400

enum auger_tls_role { AUGER_TLS_CLIENT, AUGER_TLS_SERVER };

struct auger_tls_config {
    enum auger_tls_role role; /* default AUGER_TLS_CLIENT */
    bool datagrams;           /* DTLS; default false */
    /* Of a client: certificates to trust, as PEM, in a file that is read at once, or in
     * memory.  Neither: those of the system, where OpenSSL finds them. */
    const char *ca_file;
    struct auger_bytes ca_pem;
    /* Of a client: whoever answers is believed.  Default false. */
    bool trust_anybody;
    /* Of a server: its certificate and the chain behind it, and the key, as PEM. */
    struct auger_bytes certificate_pem, key_pem;
    /* ALPN (RFC 7443), at most AUGER_TLS_ALPN_MAX: a client offers all, a server takes the
     * first of them that it is offered, and no client that offers others alone.  Default
     * "stun.turn" alone. */
    const char *const *alpn;
    size_t alpn_len;
    auger_time deadline;   /* of the whole handshake; default 15 s */
    uint16_t mtu;          /* bytes of a datagram of ours; default 1200 */
    auger_time retransmit; /* of datagrams, doubled each time up to 4 s; default 200 ms */
};
AUGER_API void auger_tls_config_init_sized(struct auger_tls_config *config, size_t size);
#define auger_tls_config_init(config) auger_tls_config_init_sized((config), sizeof(*(config)))

/* Everything is copied.  Counted by reference: each connection holds one, so that a server
 * takes a new certificate by making a new context.  AUGER_ERR_MALFORMED: PEM that is none;
 * AUGER_ERR_NOT_FOUND: the file; AUGER_ERR_INVALID: a key that does not fit, a server
 * without one, a bad ALPN name; AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO, AUGER_ERR_ENTROPY.
 * `why` gets a sentence that names the cause, in AUGER_TLS_WHY_MAX bytes; may be NULL. */
AUGER_API int auger_tls_context_new_sized(struct auger_tls_context **out,
                                          const struct auger_env *env,
                                          const struct auger_tls_config *config, size_t size,
                                          char *why) AUGER_CHECK_RESULT;
#define auger_tls_context_new(out, env, config, why)                                               \
    auger_tls_context_new_sized((out), (env), (config), sizeof(struct auger_tls_config), (why))
AUGER_API void auger_tls_context_free(struct auger_tls_context *context); /* NULL is fine */

/* A client speaks at once to the server of that name, or of that numeric address; a server
 * has NULL, and listens.  AUGER_ERR_INVALID: no name, or a server of datagrams, which
 * auger_tls_accept() makes; AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO.
 * Of datagrams a handshake that is spoilt, as whoever sends with the server's address may do, is
 * begun anew, twice at most (docs/decisions/223); it fails by what spoilt the last. */
AUGER_API int auger_tls_new(struct auger_tls **out, struct auger_tls_context *context,
                            auger_time now, const char *name) AUGER_CHECK_RESULT;
/* A datagram came from a client that has no connection.  The length of what to answer, in
 * `reply`, never longer than the question: a cookie (RFC 6347 section 4.2.1), which costs no
 * memory.  0: nothing is to be said; and if the datagram proved such a cookie *out is a
 * connection that has taken it in, else NULL.  AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO,
 * AUGER_ERR_BUFFER; AUGER_ERR_STATE: not a server's context for datagrams. */
AUGER_API int auger_tls_accept(struct auger_tls **out, struct auger_tls_context *context,
                               auger_time now, const struct auger_addr *from, const uint8_t *buf,
                               size_t len, uint8_t *reply, size_t cap) AUGER_CHECK_RESULT;
/* Whether `buf` is a ClientHello with a cookie of ours for `from`, so that auger_tls_accept()
 * would make a connection. */
AUGER_API bool auger_tls_is_proved(const struct auger_tls_context *context, auger_time now,
                                   const struct auger_addr *from, const uint8_t *buf, size_t len);
AUGER_API void auger_tls_free(struct auger_tls *tls); /* NULL is fine */

enum auger_tls_state {
    AUGER_TLS_CONNECTING,
    AUGER_TLS_CONNECTED,
    AUGER_TLS_CLOSED, /* in order, by either side */
    AUGER_TLS_FAILED,
};
enum auger_tls_failure {
    AUGER_TLS_OK,
    AUGER_TLS_TIMEOUT,
    AUGER_TLS_WRONG_NAME,    /* the certificate is for somebody else */
    AUGER_TLS_EXPIRED,       /* it, or one of its chain, is not valid any more, */
    AUGER_TLS_NOT_YET_VALID, /* or not yet */
    AUGER_TLS_UNTRUSTED,     /* its chain ends at nobody who is trusted */
    AUGER_TLS_BAD_CERTIFICATE,
    AUGER_TLS_REFUSED, /* the other side gave up, by an alert */
    AUGER_TLS_PROTOCOL,
};
AUGER_API enum auger_tls_state auger_tls_get_state(const struct auger_tls *tls);
AUGER_API enum auger_tls_failure auger_tls_get_failure(const struct auger_tls *tls);
/* A sentence without a full stop that names the cause of a failure: "the certificate is for
 * other.example, not turn.example".  "" where there is none; valid as long as the connection. */
AUGER_API const char *auger_tls_why(const struct auger_tls *tls);

/* Takes in what came: of a stream as many of the bytes as there is room for, the others are
 * to be offered again after auger_tls_read(); of datagrams one whole, which what was not
 * read of an earlier one gives way to.  How many bytes were taken. */
AUGER_API size_t auger_tls_feed(struct auger_tls *tls, auger_time now, const uint8_t *buf,
                                size_t len);
/* Data that came, in the clear; of datagrams one, and what `cap` has no room for is lost.
 * 0 when there is none. */
AUGER_API size_t auger_tls_read(struct auger_tls *tls, auger_time now, uint8_t *buf, size_t cap);
/* Seals data.  How many bytes were taken, of a stream perhaps not all, of datagrams all.
 * AUGER_ERR_AGAIN: not connected yet, or auger_tls_take() is to make room first;
 * AUGER_ERR_STATE: over; AUGER_ERR_TOO_LARGE: more than AUGER_TLS_DATAGRAM_MAX for a datagram. */
AUGER_API int auger_tls_write(struct auger_tls *tls, auger_time now, const uint8_t *data,
                              size_t len) AUGER_CHECK_RESULT;
/* What is to be sent next: bytes of the stream, or one datagram, for which `cap` should be
 * AUGER_DATAGRAM_MAX.  0 when there is nothing.  A failed connection may have an alert left. */
AUGER_API size_t auger_tls_take(struct auger_tls *tls, auger_time now, uint8_t *buf, size_t cap);
AUGER_API void auger_tls_handle_timeout(struct auger_tls *tls, auger_time now);
AUGER_API auger_time auger_tls_next_timeout(const struct auger_tls *tls);
/* Says close_notify; the connection is closed at once. */
AUGER_API void auger_tls_close(struct auger_tls *tls, auger_time now);

/* "TLSv1.3", "TLS_AES_256_GCM_SHA384", "stun.turn"; "" before, and where none was agreed. */
AUGER_API const char *auger_tls_version(const struct auger_tls *tls);
AUGER_API const char *auger_tls_cipher(const struct auger_tls *tls);
AUGER_API const char *auger_tls_alpn(const struct auger_tls *tls);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_TLS_H */
