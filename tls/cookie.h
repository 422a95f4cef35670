/* tls/cookie.h - the cookies of DTLS (RFC 6347 section 4.2.1): a client proves that it is where
 * its datagrams say before anything is kept of it.  conn.c goes on from a proved one. */
#ifndef AUGER_TLS_COOKIE_H
#define AUGER_TLS_COOKIE_H

#include <auger/tls.h>

struct auger_hmac;

#define AUGER_TLS_COOKIE_LEN 16
#define AUGER_TLS_PRIMER_MAX 80

/* What a ClientHello says in its first fragment. */
struct auger_tls_hello {
    uint64_t record_seq; /* of epoch 0 */
    uint16_t message_seq;
    const uint8_t *random; /* 32 bytes */
    struct auger_bytes cookie;
};
/* false: it is none, or what is needed lies in another datagram. */
bool auger_tls_hello_read(struct auger_tls_hello *hello, const uint8_t *buf, size_t len);

/* Of a client there, valid for 30 s to a minute.  AUGER_ERR_CRYPTO. */
int auger_tls_cookie_make(struct auger_hmac *key, auger_time now, const struct auger_addr *from,
                          const struct auger_tls_hello *hello,
                          uint8_t cookie[AUGER_TLS_COOKIE_LEN]) AUGER_CHECK_RESULT;
bool auger_tls_cookie_is_proved(struct auger_hmac *key, auger_time now,
                                const struct auger_addr *from, const struct auger_tls_hello *hello);
/* A HelloVerifyRequest.  Its length; 0 if it would be longer than `asked`, or `cap`. */
size_t auger_tls_cookie_answer(const struct auger_tls_hello *hello,
                               const uint8_t cookie[AUGER_TLS_COOKIE_LEN], size_t asked,
                               uint8_t *reply, size_t cap);
/* The ClientHello without a cookie that OpenSSL, which has seen nothing yet, is to believe was
 * the first: of it only that it has no cookie counts. */
size_t auger_tls_cookie_primer(uint8_t *buf, size_t cap);

/* The cookie that a connection of a server of datagrams was made for. */
struct auger_tls;
const uint8_t *auger_tls_cookie_of(const struct auger_tls *tls);

#endif /* AUGER_TLS_COOKIE_H */
