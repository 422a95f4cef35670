/*
 * auger/dtls.h - one DTLS association over a path: RFC 6347, as WebRTC uses it
 * (8827 section 6.5, 8122, 8842): mutual, self-signed, checked by fingerprint.
 *
 * An engine with the five verbs.  It keeps state inside OpenSSL and is therefore
 * not pure: ARCHITECTURE.md says what that costs.
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0, a length or a negative enum auger_err; a failed call changes nothing.
 * Memory   OpenSSL's heap; what a peer can make it take is bounded.
 * Threads  calls on one association must not overlap; a certificate may be shared.
 */
#ifndef AUGER_DTLS_H
#define AUGER_DTLS_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_dtls;
struct auger_certificate;

#define AUGER_FINGERPRINT_TEXT_MAX 224 /* "sha-512 " and 64 bytes as XX:XX, NUL */

struct auger_fingerprint {
    char hash[8]; /* "sha-256", "sha-384", "sha-512" */
    uint8_t value[64];
    size_t len;
};
/* Reads "sha-256 AB:CD:..." (RFC 8122 section 5), letters of either case.
 * AUGER_ERR_MALFORMED, AUGER_ERR_UNSUPPORTED for a hash weaker than SHA-256. */
AUGER_API int auger_fingerprint_parse(struct auger_fingerprint *out, const char *text,
                                      size_t len) AUGER_CHECK_RESULT;

/* A fresh ECDSA P-256 key and a self-signed certificate, counted by reference:
 * auger_certificate_free() drops one, an association holds one of its own. */
AUGER_API int auger_certificate_new(struct auger_certificate **out,
                                    const struct auger_env *env) AUGER_CHECK_RESULT;
AUGER_API void auger_certificate_free(struct auger_certificate *certificate); /* NULL is fine */
/* "sha-256 AB:CD:...", for SDP; valid as long as the certificate. */
AUGER_API const char *auger_certificate_fingerprint(const struct auger_certificate *certificate);

enum auger_dtls_role { AUGER_DTLS_CLIENT, AUGER_DTLS_SERVER };

enum auger_dtls_state {
    AUGER_DTLS_NEW,
    AUGER_DTLS_CONNECTING,
    AUGER_DTLS_CONNECTED,
    AUGER_DTLS_CLOSED, /* close_notify sent or received */
    AUGER_DTLS_FAILED,
};

enum auger_dtls_failure {
    AUGER_DTLS_OK,
    AUGER_DTLS_TIMEOUT,              /* the deadline passed; see the hint */
    AUGER_DTLS_FINGERPRINT_MISMATCH, /* the certificate is not the one in the SDP */
    AUGER_DTLS_BAD_CERTIFICATE,      /* missing, too weak a key, unusable */
    AUGER_DTLS_PROTOCOL,             /* no common version, cipher or a broken message */
    AUGER_DTLS_NO_EXTENDED_MASTER_SECRET,
};
AUGER_API const char *auger_dtls_failure_text(enum auger_dtls_failure failure);

enum auger_srtp_profile { /* RFC 5764 section 4.1.2, 7714 section 14.2 */
                          AUGER_SRTP_NONE = 0,
                          AUGER_SRTP_AES128_CM_SHA1_80 = 0x0001,
                          AUGER_SRTP_AEAD_AES_128_GCM = 0x0007,
                          AUGER_SRTP_AEAD_AES_256_GCM = 0x0008,
};

struct auger_dtls_config {
    struct auger_certificate *certificate; /* required */
    /* Bytes of a datagram of ours, DTLS headers included.  Default 1200. */
    uint16_t mtu;
    /* For the whole handshake, while there is a path.  Default 30 s. */
    auger_time deadline;
    /* First retransmission, doubled each time up to 4 s; at most 12.  Default 100 ms. */
    auger_time retransmit;
    /* Offer and accept use_srtp.  Default true. */
    bool srtp;
};

enum auger_dtls_event_type {
    AUGER_DTLS_EVENT_CONNECTED,
    AUGER_DTLS_EVENT_CLOSED, /* the peer's authenticated close_notify or fatal alert */
    AUGER_DTLS_EVENT_FAILED, /* .failure; final */
};
struct auger_dtls_event {
    enum auger_dtls_event_type type;
    enum auger_dtls_failure failure;
    /* With a failure by time-out: the last alert the peer sent in clear, which
     * anybody could have sent; 0 if none. */
    uint8_t alert_hint;
};
/* That alert, at any time. */
AUGER_API uint8_t auger_dtls_alert_hint(const struct auger_dtls *dtls);

AUGER_API void auger_dtls_config_init_sized(struct auger_dtls_config *config, size_t size);
#define auger_dtls_config_init(config) auger_dtls_config_init_sized((config), sizeof(*(config)))

/* Datagrams may be handed in at once: up to 8 (16 KiB) are kept until
 * auger_dtls_start() and the remote fingerprint. */
AUGER_API int auger_dtls_new_sized(struct auger_dtls **out, const struct auger_env *env,
                                   const struct auger_dtls_config *config,
                                   size_t size) AUGER_CHECK_RESULT;
#define auger_dtls_new(out, env, config)                                                           \
    auger_dtls_new_sized((out), (env), (config), sizeof(struct auger_dtls_config))
AUGER_API void auger_dtls_free(struct auger_dtls *dtls); /* NULL is fine */

/* All fingerprints of the peer's description, 1 to 4, once.  Of those with the
 * strongest hash one must match (RFC 8122 section 5.1).  AUGER_ERR_INVALID for none,
 * AUGER_ERR_LIMIT for too many, AUGER_ERR_STATE when it has some or is over. */
AUGER_API int auger_dtls_set_remote_fingerprints(struct auger_dtls *dtls, auger_time now,
                                                 const struct auger_fingerprint *list,
                                                 size_t len) AUGER_CHECK_RESULT;
/* A path is usable and the role is agreed.  The client speaks at once, whether
 * or not the fingerprint is known yet; nothing completes without it. */
AUGER_API int auger_dtls_start(struct auger_dtls *dtls, auger_time now,
                               enum auger_dtls_role role) AUGER_CHECK_RESULT;
/* Whether what is sent can arrive; at first it can, and it is to be said as often as there is
 * a call.  When it cannot the clock of the handshake stands where it was when it last could,
 * until it can again: nothing is repeated, and the deadline comes no nearer. */
AUGER_API void auger_dtls_set_path(struct auger_dtls *dtls, auger_time now, bool is_there);

/* One datagram from the peer.  Application data in it is taken afterwards with
 * auger_dtls_read(), until that says false; before that, up to 8 more are kept. */
AUGER_API void auger_dtls_handle_datagram(struct auger_dtls *dtls, auger_time now,
                                          const uint8_t *buf, size_t len);
/* The next piece of application data; false when there is none.  The bytes are
 * valid until the next call on this association. */
AUGER_API bool auger_dtls_read(struct auger_dtls *dtls, auger_time now, struct auger_bytes *data);
AUGER_API void auger_dtls_handle_timeout(struct auger_dtls *dtls, auger_time now);
/* The next datagram of the handshake, or of closing; 0 when there is none. */
AUGER_API size_t auger_dtls_poll_transmit(struct auger_dtls *dtls, auger_time now, uint8_t *buf,
                                          size_t cap);
AUGER_API bool auger_dtls_poll_event(struct auger_dtls *dtls, struct auger_dtls_event *event);
AUGER_API auger_time auger_dtls_next_timeout(const struct auger_dtls *dtls);

/* Makes one datagram of application data, to be sent at once.  Returns its
 * length; AUGER_ERR_STATE when not connected, AUGER_ERR_TOO_LARGE above
 * auger_dtls_data_max(), AUGER_ERR_BUFFER. */
AUGER_API int auger_dtls_write_data(struct auger_dtls *dtls, auger_time now, const uint8_t *data,
                                    size_t len, uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;
/* What fits into one datagram of the configured MTU; 1163 for 1200. */
AUGER_API size_t auger_dtls_data_max(const struct auger_dtls *dtls);

/* Says close_notify; the association is closed at once. */
AUGER_API void auger_dtls_close(struct auger_dtls *dtls, auger_time now);

/* "new", "connecting", "connected", "closed", "failed". */
AUGER_API const char *auger_dtls_state_name(enum auger_dtls_state state);
AUGER_API enum auger_dtls_state auger_dtls_get_state(const struct auger_dtls *dtls);
AUGER_API enum auger_dtls_role auger_dtls_get_role(const struct auger_dtls *dtls);
/* "DTLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"; static; "" before. */
AUGER_API const char *auger_dtls_version(const struct auger_dtls *dtls);
AUGER_API const char *auger_dtls_cipher(const struct auger_dtls *dtls);
/* "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", as IANA has it; static; "" before. */
AUGER_API const char *auger_dtls_cipher_iana(const struct auger_dtls *dtls);
/* The secrets of this association as a line of a key log file ("CLIENT_RANDOM ...\n"),
 * with which a capture is decrypted: whoever has it reads everything.  As soon as they
 * exist, which is before the handshake is done.  The length, NUL not counted;
 * AUGER_ERR_STATE before, AUGER_ERR_BUFFER. */
#define AUGER_KEY_LOG_MAX 256
AUGER_API int auger_dtls_key_log(const struct auger_dtls *dtls, char *buf,
                                 size_t cap) AUGER_CHECK_RESULT;
/* RFC 5705 without context; AUGER_ERR_STATE before the handshake is done. */
AUGER_API int auger_dtls_export(struct auger_dtls *dtls, const char *label, uint8_t *out,
                                size_t len) AUGER_CHECK_RESULT;
AUGER_API enum auger_srtp_profile auger_dtls_srtp_profile(const struct auger_dtls *dtls);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_DTLS_H */
