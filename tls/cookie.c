/* tls/cookie.c - the cookies of DTLS: RFC 6347 section 4.2.1. */
#include "tls/cookie.h"

#include "base/bytes.h"
#include "crypto/crypto.h"

enum { HANDSHAKE = 22, CLIENT_HELLO = 1, HELLO_VERIFY_REQUEST = 3 };

#define DTLS_1_0 0xFEFF
#define DTLS_1_2 0xFEFD
#define RANDOM_LEN 32
#define SESSION_ID_MAX 32
#define SLOT (30 * AUGER_SEC) /* a cookie of this one and of the one before is good */
#define HELLO_LEN (2 + RANDOM_LEN + 1 + 1 + 4 + 2)

/* --- reading ------------------------------------------------------------------------------- */

static bool read_record(struct auger_reader *r, struct auger_tls_hello *hello)
{
    bool is_handshake = auger_read_u8(r) == HANDSHAKE;
    uint16_t version = auger_read_u16(r), epoch = auger_read_u16(r);

    hello->record_seq = auger_read_uint(r, 6);
    size_t len = auger_read_u16(r);
    if (len > r->left)
        return false;
    r->left = len;
    return is_handshake && epoch == 0 && (version == DTLS_1_0 || version == DTLS_1_2);
}

static bool read_message(struct auger_reader *r, struct auger_tls_hello *hello)
{
    bool is_hello = auger_read_u8(r) == CLIENT_HELLO;

    (void)auger_read_u24(r);
    hello->message_seq = auger_read_u16(r);
    bool is_first = auger_read_u24(r) == 0;
    size_t fragment = auger_read_u24(r);
    if (fragment > r->left)
        return false;
    r->left = fragment;
    return is_hello && is_first;
}

bool auger_tls_hello_read(struct auger_tls_hello *hello, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);

    if (!read_record(&r, hello) || !read_message(&r, hello))
        return false;
    (void)auger_read_u16(&r);
    hello->random = auger_read_bytes(&r, RANDOM_LEN);
    size_t session = auger_read_u8(&r);
    (void)auger_read_bytes(&r, session);
    hello->cookie.len = auger_read_u8(&r);
    hello->cookie.data = auger_read_bytes(&r, hello->cookie.len);
    return !r.failed && session <= SESSION_ID_MAX;
}

/* --- proving ------------------------------------------------------------------------------- */

/* The client repeats its random bytes with the cookie, so that they are bound too. */
static int compute(struct auger_hmac *key, uint64_t slot, const struct auger_addr *from,
                   const struct auger_tls_hello *hello, uint8_t cookie[AUGER_TLS_COOKIE_LEN])
{
    uint8_t where[8 + 1 + 2 + 4 + 16], mac[AUGER_SHA256_LEN];
    struct auger_writer w = auger_writer(where, sizeof(where));

    auger_write_u64(&w, slot);
    auger_write_u8(&w, from->family);
    auger_write_u16(&w, from->port);
    auger_write_u32(&w, from->scope);
    auger_write_bytes(&w, from->ip, sizeof(from->ip));
    const struct auger_bytes pieces[] = {{where, w.len}, {hello->random, RANDOM_LEN}};
    int err = auger_hmac_compute(key, pieces, 2, mac);
    if (err == 0)
        memcpy(cookie, mac, AUGER_TLS_COOKIE_LEN);
    return err;
}

int auger_tls_cookie_make(struct auger_hmac *key, auger_time now, const struct auger_addr *from,
                          const struct auger_tls_hello *hello, uint8_t cookie[AUGER_TLS_COOKIE_LEN])
{
    return compute(key, (uint64_t)(now / SLOT), from, hello, cookie);
}

bool auger_tls_cookie_is_proved(struct auger_hmac *key, auger_time now,
                                const struct auger_addr *from, const struct auger_tls_hello *hello)
{
    uint8_t cookie[AUGER_TLS_COOKIE_LEN];
    uint64_t slot = (uint64_t)(now / SLOT);
    bool proved = false;

    if (hello->cookie.len != sizeof(cookie) || hello->message_seq != 1)
        return false;
    for (uint64_t back = 0; back < 2; back++)
        if (compute(key, slot - back, from, hello, cookie) == 0 &&
            auger_bytes_equal_secret(cookie, hello->cookie.data, sizeof(cookie)))
            proved = true;
    return proved;
}

/* --- answering ----------------------------------------------------------------------------- */

static void write_headers(struct auger_writer *w, uint16_t version, uint64_t seq, uint8_t type,
                          uint32_t len)
{
    auger_write_u8(w, HANDSHAKE);
    auger_write_u16(w, version);
    auger_write_u16(w, 0);
    auger_write_uint(w, seq, 6);
    auger_write_u16(w, (uint16_t)(12 + len));
    auger_write_u8(w, type);
    auger_write_u24(w, len);
    auger_write_u16(w, 0);
    auger_write_u24(w, 0);
    auger_write_u24(w, len);
}

size_t auger_tls_cookie_answer(const struct auger_tls_hello *hello,
                               const uint8_t cookie[AUGER_TLS_COOKIE_LEN], size_t asked,
                               uint8_t *reply, size_t cap)
{
    struct auger_writer w = auger_writer(reply, cap < asked ? cap : asked);

    /* The version of the whole is 1.0, whatever will be agreed on. */
    write_headers(&w, DTLS_1_0, hello->record_seq, HELLO_VERIFY_REQUEST,
                  2 + 1 + AUGER_TLS_COOKIE_LEN);
    auger_write_u16(&w, DTLS_1_0);
    auger_write_u8(&w, AUGER_TLS_COOKIE_LEN);
    auger_write_bytes(&w, cookie, AUGER_TLS_COOKIE_LEN);
    return w.failed ? 0 : w.len;
}

size_t auger_tls_cookie_primer(uint8_t *buf, size_t cap)
{
    static const uint8_t random[RANDOM_LEN];
    struct auger_writer w = auger_writer(buf, cap);

    write_headers(&w, DTLS_1_2, 0, CLIENT_HELLO, HELLO_LEN);
    auger_write_u16(&w, DTLS_1_2);
    auger_write_bytes(&w, random, sizeof(random));
    auger_write_u8(&w, 0); /* no session */
    auger_write_u8(&w, 0); /* no cookie */
    auger_write_u16(&w, 2);
    auger_write_u16(&w, 0xC02F); /* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
    auger_write_u16(&w, 0x0100); /* no compression */
    return w.failed ? 0 : w.len;
}
