/* turn/rest.c - time-limited credentials: the TURN REST API (draft-uberti-behave-turn-rest
 * section 2.2).  What a client does with them is credentials.c. */
#include "crypto/crypto.h"
#include "turn/opaque.h"

#include <auger/turn.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_base64(const uint8_t *data, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t bits = (uint32_t)data[at] << 16 | (left > 1 ? (uint32_t)data[at + 1] << 8 : 0) |
                        (left > 2 ? data[at + 2] : 0);
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[bits & 63] : '=';
    }
    *out = '\0';
}

static int write_username(char *out, size_t cap, int64_t expires_at_s, const char *user)
{
    int len =
        snprintf(out, cap, "%" PRId64 "%s%s", expires_at_s, user ? ":" : "", user ? user : "");

    return len < 0 || (size_t)len >= cap ? AUGER_ERR_INVALID : len;
}

static int sign(struct auger_turn_rest *rest, enum auger_hash hash, const uint8_t *secret,
                size_t secret_len, size_t username_len)
{
    const struct auger_bytes name = {(const uint8_t *)rest->username, username_len};
    uint8_t mac[AUGER_SHA256_LEN];
    struct auger_hmac *hmac;

    int err = auger_hmac_new(&hmac, hash, secret, secret_len);
    if (err < 0)
        return err;
    err = auger_hmac_compute(hmac, &name, 1, mac);
    auger_hmac_free(hmac);
    if (err < 0)
        return err;
    write_base64(mac, hash == AUGER_SHA1 ? AUGER_SHA1_LEN : AUGER_SHA256_LEN, rest->password);
    return 0;
}

int auger_turn_rest_make(struct auger_turn_rest *out, enum auger_turn_rest_hash hash,
                         const uint8_t *secret, size_t secret_len, int64_t expires_at_s,
                         const char *user)
{
    struct auger_turn_rest fresh = {0};

    if (secret_len == 0 || expires_at_s < 0)
        return AUGER_ERR_INVALID;
    int err = user ? auger_opaque_check((const uint8_t *)user, strlen(user)) : 0;
    if (err < 0)
        return err;
    int len = write_username(fresh.username, sizeof(fresh.username), expires_at_s, user);
    if (len < 0)
        return len;
    err = sign(&fresh, hash == AUGER_TURN_REST_SHA1 ? AUGER_SHA1 : AUGER_SHA256, secret, secret_len,
               (size_t)len);
    if (err == 0)
        *out = fresh;
    return err;
}
