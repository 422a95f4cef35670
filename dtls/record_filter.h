/* dtls/record_filter.h - what may reach OpenSSL before the handshake has proved
 * anything: a spoofed record in clear must not end a session (RFC 6347 section
 * 4.1.2.7).  Pure; knows records, not keys. */
#ifndef AUGER_DTLS_RECORD_FILTER_H
#define AUGER_DTLS_RECORD_FILTER_H

#include <auger/dtls.h>

struct auger_record_filter {
    enum auger_dtls_role role;
    bool finished;     /* nothing in clear is expected any more */
    uint64_t next_seq; /* of epoch 0, as OpenSSL is to see it */
    uint8_t alert_hint;
    uint32_t dropped; /* records */
};

/* Copies the records of `in` that may pass into `out`, which is as large as `in`.
 * Returns the length of what is left, 0: nothing. */
size_t auger_record_filter_pass(struct auger_record_filter *filter, const uint8_t *in, size_t len,
                                uint8_t *out);

/* Whether a datagram of ours begins with an alert in clear, which is held back as
 * long as the handshake may still succeed. */
bool auger_record_is_plain_alert(const uint8_t *buf, size_t len);

#endif /* AUGER_DTLS_RECORD_FILTER_H */
