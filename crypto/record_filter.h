/* crypto/record_filter.h - what may reach OpenSSL before the handshake has proved
 * anything: a spoofed record in clear must not end a session (RFC 6347 section
 * 4.1.2.7).  Pure; knows records, not keys. */
#ifndef AUGER_CRYPTO_RECORD_FILTER_H
#define AUGER_CRYPTO_RECORD_FILTER_H

#include <auger/base.h>

#define AUGER_VERIFY_MAX 283 /* a record of a HelloVerifyRequest with 255 bytes of cookie */

struct auger_record_filter {
    bool is_server;
    bool has_hello;    /* as client: of the ServerHello something has come */
    bool has_verified; /* as client: a HelloVerifyRequest was obeyed */
    bool finished;     /* nothing in clear is expected any more */
    bool hello_first;  /* as client, in another try: what comes before may be left of the last */
    uint64_t next_seq; /* of epoch 0, as OpenSSL is to see it */
    uint8_t alert_hint;
    uint32_t dropped;                 /* records */
    uint8_t verify[AUGER_VERIFY_MAX]; /* a HelloVerifyRequest that waits */
    size_t verify_len;
};

/* Lengths of what is left of a datagram, in this order. */
struct auger_record_parts {
    size_t clear;     /* of the handshake, before there are keys */
    size_t handshake; /* sealed: Finished */
    size_t sealed;    /* what follows; after the handshake all of it, as it came */
};

/* Copies the records of `in` that may pass into `out`, which is as large as `in`. */
struct auger_record_parts auger_record_filter_split(struct auger_record_filter *filter,
                                                    const uint8_t *in, size_t len, uint8_t *out);

/* A HelloVerifyRequest is authenticated by nothing, and an honest server that sends
 * one sends nothing else: so it waits until a ServerHello would have come.  Writes
 * it to `out`, of AUGER_VERIFY_MAX bytes; 0 if there is none. */
size_t auger_record_filter_take_verify(struct auger_record_filter *filter, uint8_t *out);

/* Whether a datagram of ours begins with an alert in clear, which is held back as
 * long as the handshake may still succeed. */
bool auger_record_is_plain_alert(const uint8_t *buf, size_t len);

#endif /* AUGER_CRYPTO_RECORD_FILTER_H */
