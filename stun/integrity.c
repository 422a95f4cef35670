/* stun/integrity.c - MESSAGE-INTEGRITY, its SHA-256 sister and FINGERPRINT, as
 * checked: RFC 8489 sections 9.1.3, 14.5 to 14.7.  build.c writes them. */
#include "stun/integrity.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "stun/wire.h"

#include <stdlib.h>
#include <string.h>

struct auger_stun_key {
    struct auger_hmac *sha1, *sha256;
};

int auger_stun_key_new(struct auger_stun_key **out, const uint8_t *secret, size_t len)
{
    struct auger_stun_key *key = calloc(1, sizeof(*key));

    if (!key)
        return AUGER_ERR_NO_MEMORY;
    int err = auger_hmac_new(&key->sha1, AUGER_SHA1, secret, len);
    if (err == 0)
        err = auger_hmac_new(&key->sha256, AUGER_SHA256, secret, len);
    if (err < 0) {
        auger_stun_key_free(key);
        return err;
    }
    *out = key;
    return 0;
}

void auger_stun_key_free(struct auger_stun_key *key)
{
    if (!key)
        return;
    auger_hmac_free(key->sha1);
    auger_hmac_free(key->sha256);
    free(key);
}

int auger_stun_key_compute(struct auger_stun_key *key, enum auger_hash hash, const uint8_t *buf,
                           size_t len, size_t attr_len, uint8_t *mac)
{
    size_t body = len - AUGER_STUN_HEADER_LEN + 4 + attr_len;
    const uint8_t head[4] = {buf[0], buf[1], (uint8_t)(body >> 8), (uint8_t)body};
    const struct auger_bytes pieces[] = {{head, 4}, {buf + 4, len - 4}};

    return auger_hmac_compute(hash == AUGER_SHA1 ? key->sha1 : key->sha256, pieces, 2, mac);
}

/* The parser has seen to it that it is one that the attribute may have. */
static size_t value_len(const struct auger_stun_msg *msg, size_t offset)
{
    return (size_t)msg->buf[offset + 2] << 8 | msg->buf[offset + 3];
}

static int verify(const struct auger_stun_msg *msg, struct auger_stun_key *key,
                  enum auger_hash hash, size_t offset)
{
    size_t len = value_len(msg, offset);
    uint8_t mac[AUGER_SHA256_LEN];

    int err = auger_stun_key_compute(key, hash, msg->buf, offset, len, mac);
    if (err < 0)
        return err;
    return auger_bytes_equal_secret(msg->buf + offset + 4, mac, len) ? 0 : AUGER_ERR_INTEGRITY;
}

int auger_stun_msg_verify(const struct auger_stun_msg *msg, struct auger_stun_key *key)
{
    return auger_stun_msg_verify_truncated(msg, key, AUGER_SHA256_LEN);
}

int auger_stun_msg_verify_truncated(const struct auger_stun_msg *msg, struct auger_stun_key *key,
                                    size_t sha256_len_min)
{
    if (msg->integrity256_offset)
        return value_len(msg, msg->integrity256_offset) < sha256_len_min
                   ? AUGER_ERR_INTEGRITY
                   : verify(msg, key, AUGER_SHA256, msg->integrity256_offset);
    if (msg->integrity_offset)
        return verify(msg, key, AUGER_SHA1, msg->integrity_offset);
    return AUGER_ERR_INTEGRITY;
}

bool auger_stun_msg_fingerprint_ok(const struct auger_stun_msg *msg)
{
    size_t offset = msg->fingerprint_offset;

    if (!offset || offset + 8 != msg->len)
        return false;
    struct auger_reader r = auger_reader(msg->buf + offset + 4, 4);
    return auger_read_u32(&r) == (auger_crc32(msg->buf, offset) ^ AUGER_STUN_FINGERPRINT_XOR);
}
