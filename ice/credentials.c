/* ice/credentials.c - username fragment and password of one side: RFC 8445
 * section 5.3 and 7.2.2. */
#include "ice/credentials.h"

#include "base/env.h"

#include <assert.h>
#include <string.h>

#define UFRAG_LEN 8     /* 48 bits, 24 are demanded */
#define PASSWORD_LEN 24 /* 144 bits, 128 are demanded */

/* The ice-chars; 64 of them, so that six random bits choose without bias. */
static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_ice_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!memchr(ice_chars, text[i], sizeof(ice_chars) - 1))
            return false;
    }
    return true;
}

int auger_credentials_set(struct auger_credentials *credentials, const struct auger_env *env,
                          const char *ufrag, const char *password)
{
    size_t ufrag_len = strlen(ufrag), password_len = strlen(password);

    if (ufrag_len < 4 || ufrag_len >= AUGER_UFRAG_MAX || !is_ice_text(ufrag, ufrag_len))
        return AUGER_ERR_INVALID;
    if (password_len < 22 || password_len >= AUGER_PASSWORD_MAX ||
        !is_ice_text(password, password_len))
        return AUGER_ERR_INVALID;

    struct auger_credentials made = {.ufrag =
                                         auger_env_alloc(env, ufrag_len + password_len + 2, 1)};
    if (!made.ufrag)
        return AUGER_ERR_NO_MEMORY;
    made.password = made.ufrag + ufrag_len + 1;
    memcpy(made.ufrag, ufrag, ufrag_len + 1);
    memcpy(made.password, password, password_len + 1);

    int err = auger_stun_key_new(&made.key, (const uint8_t *)password, password_len);
    if (err) {
        auger_env_release(env, made.ufrag);
        return err;
    }
    *credentials = made;
    return 0;
}

static int random_text(const struct auger_env *env, char *out, size_t len)
{
    uint8_t bytes[PASSWORD_LEN];

    assert(len <= sizeof(bytes));
    int err = auger_env_random(env, bytes, len);
    if (err)
        return err;
    for (size_t i = 0; i < len; i++)
        out[i] = ice_chars[bytes[i] & 63];
    out[len] = '\0';
    return 0;
}

int auger_credentials_generate(struct auger_credentials *credentials, const struct auger_env *env)
{
    char ufrag[UFRAG_LEN + 1], password[PASSWORD_LEN + 1];

    int err = random_text(env, ufrag, UFRAG_LEN);
    if (!err)
        err = random_text(env, password, PASSWORD_LEN);
    return err ? err : auger_credentials_set(credentials, env, ufrag, password);
}

void auger_credentials_fini(struct auger_credentials *credentials, const struct auger_env *env)
{
    auger_stun_key_free(credentials->key);
    auger_env_release(env, credentials->ufrag);
    *credentials = (struct auger_credentials){0};
}

bool auger_credentials_are_known(const struct auger_credentials *credentials)
{
    return credentials->key != NULL;
}

bool auger_credentials_equal(const struct auger_credentials *credentials, const char *ufrag,
                             const char *password)
{
    return strcmp(credentials->ufrag, ufrag) == 0 && strcmp(credentials->password, password) == 0;
}

static bool starts_with(const struct auger_bytes *bytes, const char *text, size_t len)
{
    return bytes->len >= len && memcmp(bytes->data, text, len) == 0;
}

/* The half before the colon, and the colon; what is left of it then. */
static bool is_for(const struct auger_credentials *ours, struct auger_bytes *username)
{
    size_t len = strlen(ours->ufrag);

    if (!starts_with(username, ours->ufrag, len) || username->len == len ||
        username->data[len] != ':')
        return false;
    *username = (struct auger_bytes){username->data + len + 1, username->len - len - 1};
    return true;
}

bool auger_credentials_accept(const struct auger_credentials *ours,
                              const struct auger_credentials *theirs,
                              const struct auger_bytes *username)
{
    struct auger_bytes left = *username;

    if (!is_for(ours, &left))
        return false;
    if (!auger_credentials_are_known(theirs))
        return true;
    return left.len == strlen(theirs->ufrag) && starts_with(&left, theirs->ufrag, left.len);
}

bool auger_credentials_sent(const struct auger_credentials *theirs,
                            const struct auger_bytes *username)
{
    size_t len = strlen(theirs->ufrag);

    return username->len > len && username->data[username->len - len - 1] == ':' &&
           memcmp(username->data + username->len - len, theirs->ufrag, len) == 0;
}

size_t auger_credentials_username(const struct auger_credentials *ours,
                                  const struct auger_credentials *theirs,
                                  char buf[AUGER_USERNAME_MAX])
{
    size_t theirs_len = strlen(theirs->ufrag), ours_len = strlen(ours->ufrag);

    assert(theirs_len + 1 + ours_len <= AUGER_USERNAME_MAX);
    memcpy(buf, theirs->ufrag, theirs_len);
    buf[theirs_len] = ':';
    memcpy(buf + theirs_len + 1, ours->ufrag, ours_len);
    return theirs_len + 1 + ours_len;
}
