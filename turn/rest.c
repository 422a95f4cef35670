/* turn/rest.c - time-limited credentials: the TURN REST API (draft-uberti-behave-turn-rest
 * section 2.2).  What a client does with them is credentials.c, a server user_keys.c. */
#include "turn/rest.h"
#include "turn/base64.h"
#include "turn/opaque.h"

#include <auger/turn.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int write_username(char *out, size_t cap, int64_t expires_at_s, const char *user)
{
    int len =
        snprintf(out, cap, "%" PRId64 "%s%s", expires_at_s, user ? ":" : "", user ? user : "");

    return len < 0 || (size_t)len >= cap ? AUGER_ERR_INVALID : len;
}

int auger_rest_password(struct auger_hmac *secret, enum auger_hash hash, struct auger_bytes name,
                        char password[AUGER_REST_PASSWORD_MAX + 1])
{
    uint8_t mac[AUGER_SHA256_LEN];

    int err = auger_hmac_compute(secret, &name, 1, mac);
    if (err < 0)
        return err;
    auger_base64_write(mac, hash == AUGER_SHA1 ? AUGER_SHA1_LEN : AUGER_SHA256_LEN, password);
    return (int)strlen(password);
}

static int sign(struct auger_turn_rest *rest, enum auger_hash hash, const uint8_t *secret,
                size_t secret_len, size_t username_len)
{
    const struct auger_bytes name = {(const uint8_t *)rest->username, username_len};
    struct auger_hmac *hmac;

    int err = auger_hmac_new(&hmac, hash, secret, secret_len);
    if (err < 0)
        return err;
    err = auger_rest_password(hmac, hash, name, rest->password);
    auger_hmac_free(hmac);
    return err < 0 ? err : 0;
}

int auger_turn_rest_make(struct auger_turn_rest *out, enum auger_turn_rest_hash hash,
                         const uint8_t *secret, size_t secret_len, int64_t expires_at_s,
                         const char *user)
{
    struct auger_turn_rest fresh = {0};

    if (secret_len == 0 || expires_at_s < 0)
        return AUGER_ERR_INVALID;
    char prepared[AUGER_TURN_USERNAME_MAX + 1] = "";
    int err = user ? auger_opaque_prepare((const uint8_t *)user, strlen(user), (uint8_t *)prepared,
                                          AUGER_TURN_USERNAME_MAX)
                   : 0;
    if (err < 0)
        return err;
    int len = write_username(fresh.username, sizeof(fresh.username), expires_at_s,
                             user ? prepared : NULL);
    if (len < 0)
        return len;
    err = sign(&fresh, hash == AUGER_TURN_REST_SHA1 ? AUGER_SHA1 : AUGER_SHA256, secret, secret_len,
               (size_t)len);
    if (err == 0)
        *out = fresh;
    return err;
}

/* Digits that are no int64_t say no time, so that none overflows into a valid one. */
bool auger_rest_is_name(struct auger_bytes name, int64_t *expires_at_s)
{
    int64_t value = 0;
    size_t at = 0;

    for (; at < name.len && name.data[at] >= '0' && name.data[at] <= '9'; at++) {
        int digit = name.data[at] - '0';
        bool fits = value >= 0 && value <= (INT64_MAX - digit) / 10;
        value = fits ? value * 10 + digit : INT64_MIN;
    }
    *expires_at_s = value;
    return at > 0 && (at == name.len || name.data[at] == ':');
}

struct auger_bytes auger_rest_user(struct auger_bytes name)
{
    int64_t expires_at_s;
    size_t at = 0;

    if (!auger_rest_is_name(name, &expires_at_s))
        return (struct auger_bytes){0};
    while (at < name.len && name.data[at] != ':')
        at++;
    return at < name.len ? (struct auger_bytes){name.data + at + 1, name.len - at - 1}
                         : (struct auger_bytes){0};
}
