/* turn/user_keys.c - whom a server knows: RFC 8489 sections 9.2.2, 14.4 and 18.5.1, and the TURN
 * REST API.  Of a password the keys alone are kept, in memory that is wiped.  A request is
 * judged in challenge.c. */
#include "turn/user_keys.h"
#include "base/env.h"
#include "turn/opaque.h"
#include "turn/rest.h"

#include <string.h>

#define REALM_MAX 127
#define BUCKETS_START 16 /* a power of two, as all that follow */
#define USERHASH_LEN 32
#define ALGORITHMS 2

struct auger_user_entry {
    struct auger_user_entry *next_by_name, *next_by_hash;
    uint64_t hash; /* of the name, by a key of ours: nobody chooses names that fall together */
    uint8_t userhash[USERHASH_LEN];
    uint8_t keys[ALGORITHMS][AUGER_SHA256_LEN];
    bool has_key[ALGORITHMS];
    uint16_t name_len;
    uint8_t name[];
};

/* The secret itself is inside the HMAC; its digest tells it from others. */
struct secret {
    struct auger_hmac *hmac;
    enum auger_hash hash;
    uint8_t digest[AUGER_SHA256_LEN];
};

struct auger_user_keys {
    const struct auger_env *env;
    struct auger_siphash *hash;
    struct auger_user_entry **by_name, **by_hash; /* of as many buckets each */
    size_t buckets, len, max;
    size_t without_md5; /* of the users */
    struct secret secrets[AUGER_USER_SECRETS_MAX];
    size_t secrets_len;
    uint8_t nobody[AUGER_SHA256_LEN]; /* the key of who is not known */
    struct auger_stun_key *nobody_ready;
    struct auger_prepared_keys prepared;
    char realm[REALM_MAX + 1];
};

static struct auger_bytes bytes_of(const char *text)
{
    return (struct auger_bytes){(const uint8_t *)text, strlen(text)};
}

static size_t index_of(enum auger_stun_password_algorithm algorithm)
{
    return algorithm == AUGER_STUN_MD5 ? 0 : 1;
}

static size_t key_len(enum auger_stun_password_algorithm algorithm)
{
    return algorithm == AUGER_STUN_MD5 ? AUGER_MD5_LEN : AUGER_SHA256_LEN;
}

/* --- hashes ----------------------------------------------------------------------------- */

static const uint8_t colon[] = {':'};

int auger_user_key_derive(struct auger_user_key *key, enum auger_stun_password_algorithm algorithm,
                          struct auger_bytes username, struct auger_bytes realm,
                          struct auger_bytes password)
{
    const struct auger_bytes pieces[] = {username, {colon, 1}, realm, {colon, 1}, password};

    key->len = key_len(algorithm);
    return auger_digest_compute(algorithm == AUGER_STUN_MD5 ? AUGER_DIGEST_MD5
                                                            : AUGER_DIGEST_SHA256,
                                pieces, 5, key->bytes);
}

/* 14.4 */
static int hash_name(const struct auger_user_keys *keys, struct auger_bytes name,
                     uint8_t userhash[USERHASH_LEN])
{
    const struct auger_bytes pieces[] = {name, {colon, 1}, bytes_of(keys->realm)};

    return auger_digest_compute(AUGER_DIGEST_SHA256, pieces, 3, userhash);
}

static int digest_secret(enum auger_turn_rest_hash hash, const uint8_t *secret, size_t len,
                         uint8_t digest[AUGER_SHA256_LEN])
{
    const uint8_t which = (uint8_t)hash;
    const struct auger_bytes pieces[] = {{&which, 1}, {secret, len}};

    return auger_digest_compute(AUGER_DIGEST_SHA256, pieces, 2, digest);
}

/* --- beginning and end ------------------------------------------------------------------ */

static int check_realm(const char *realm)
{
    size_t len = strlen(realm);

    if (len > REALM_MAX || strchr(realm, '"'))
        return AUGER_ERR_INVALID;
    return auger_opaque_check((const uint8_t *)realm, len);
}

static int draw_keys(struct auger_user_keys *keys)
{
    uint8_t key[AUGER_SIPHASH_KEY_LEN];

    int err = auger_env_random(keys->env, keys->nobody, sizeof(keys->nobody));
    if (err == 0)
        err = auger_env_random(keys->env, key, sizeof(key));
    if (err == 0)
        err = auger_siphash_new(&keys->hash, key);
    if (err == 0)
        err = auger_stun_key_new(&keys->nobody_ready, keys->nobody, sizeof(keys->nobody));
    auger_bytes_wipe(key, sizeof(key));
    return err;
}

int auger_user_keys_new(struct auger_user_keys **out, const struct auger_env *env,
                        const char *realm, size_t users_max)
{
    int err = check_realm(realm);
    if (err < 0)
        return err;
    struct auger_user_keys *keys = auger_env_alloc(env, 1, sizeof(*keys));
    if (!keys)
        return AUGER_ERR_NO_MEMORY;
    keys->env = env;
    keys->max = users_max;
    memcpy(keys->realm, realm, strlen(realm));
    err = auger_prepared_keys_init(&keys->prepared, env);
    if (err == 0)
        err = draw_keys(keys);
    if (err < 0) {
        auger_user_keys_free(keys);
        return err;
    }
    *out = keys;
    return 0;
}

static void free_entry(const struct auger_user_keys *keys, struct auger_user_entry *entry)
{
    auger_bytes_wipe(entry, sizeof(*entry) + entry->name_len);
    auger_env_release(keys->env, entry);
}

void auger_user_keys_free(struct auger_user_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->buckets; i++) {
        while (keys->by_name[i]) {
            struct auger_user_entry *entry = keys->by_name[i];
            keys->by_name[i] = entry->next_by_name;
            free_entry(keys, entry);
        }
    }
    auger_user_keys_remove_secrets(keys);
    auger_prepared_keys_fini(&keys->prepared);
    auger_stun_key_free(keys->nobody_ready);
    auger_siphash_free(keys->hash);
    auger_env_release(keys->env, keys->by_name);
    auger_env_release(keys->env, keys->by_hash);
    auger_bytes_wipe(keys->nobody, sizeof(keys->nobody));
    auger_env_release(keys->env, keys);
}

struct auger_bytes auger_user_keys_realm(const struct auger_user_keys *keys)
{
    return bytes_of(keys->realm);
}

size_t auger_user_keys_len(const struct auger_user_keys *keys)
{
    return keys->len;
}

/* --- the tables --------------------------------------------------------------------------- */

static int hash_for_table(const struct auger_user_keys *keys, struct auger_bytes name,
                          uint64_t *hash)
{
    return auger_siphash_compute(keys->hash, name.data, name.len, hash);
}

static size_t bucket_of_name(const struct auger_user_keys *keys, uint64_t hash)
{
    return (size_t)hash & (keys->buckets - 1);
}

/* A userhash is spread as it is. */
static size_t bucket_of_hash(const struct auger_user_keys *keys,
                             const uint8_t userhash[USERHASH_LEN])
{
    size_t value = 0;

    memcpy(&value, userhash, sizeof(value));
    return value & (keys->buckets - 1);
}

static struct auger_user_entry *find_hashed(const struct auger_user_keys *keys, uint64_t hash,
                                            struct auger_bytes name)
{
    if (keys->buckets == 0)
        return NULL;
    struct auger_user_entry *entry = keys->by_name[bucket_of_name(keys, hash)];
    while (entry && (entry->name_len != name.len || memcmp(entry->name, name.data, name.len) != 0))
        entry = entry->next_by_name;
    return entry;
}

static struct auger_user_entry *find_by_name(const struct auger_user_keys *keys,
                                             struct auger_bytes name)
{
    uint64_t hash;

    return hash_for_table(keys, name, &hash) < 0 ? NULL : find_hashed(keys, hash, name);
}

static struct auger_user_entry *find_by_hash(const struct auger_user_keys *keys,
                                             const uint8_t userhash[USERHASH_LEN])
{
    if (keys->buckets == 0)
        return NULL;
    struct auger_user_entry *entry = keys->by_hash[bucket_of_hash(keys, userhash)];
    while (entry && !auger_bytes_equal_secret(entry->userhash, userhash, USERHASH_LEN))
        entry = entry->next_by_hash;
    return entry;
}

static void link_entry(struct auger_user_keys *keys, struct auger_user_entry *entry)
{
    size_t by_name = bucket_of_name(keys, entry->hash);
    size_t by_hash = bucket_of_hash(keys, entry->userhash);

    entry->next_by_name = keys->by_name[by_name];
    keys->by_name[by_name] = entry;
    entry->next_by_hash = keys->by_hash[by_hash];
    keys->by_hash[by_hash] = entry;
}

static void unlink_entry(struct auger_user_keys *keys, struct auger_user_entry *entry)
{
    struct auger_user_entry **at = &keys->by_name[bucket_of_name(keys, entry->hash)];

    while (*at != entry)
        at = &(*at)->next_by_name;
    *at = entry->next_by_name;
    at = &keys->by_hash[bucket_of_hash(keys, entry->userhash)];
    while (*at != entry)
        at = &(*at)->next_by_hash;
    *at = entry->next_by_hash;
}

static int grow(struct auger_user_keys *keys)
{
    size_t buckets = keys->buckets ? 2 * keys->buckets : BUCKETS_START;
    struct auger_user_keys wider = *keys;

    wider.buckets = buckets;
    wider.by_name = auger_env_alloc(keys->env, buckets, sizeof(*wider.by_name));
    wider.by_hash = auger_env_alloc(keys->env, buckets, sizeof(*wider.by_hash));
    if (!wider.by_name || !wider.by_hash) {
        auger_env_release(keys->env, wider.by_name);
        auger_env_release(keys->env, wider.by_hash);
        return AUGER_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < keys->buckets; i++) {
        for (struct auger_user_entry *entry = keys->by_name[i], *next; entry; entry = next) {
            next = entry->next_by_name;
            link_entry(&wider, entry);
        }
    }
    auger_env_release(keys->env, keys->by_name);
    auger_env_release(keys->env, keys->by_hash);
    *keys = wider;
    return 0;
}

/* As the profile has it, terminated. */
static int prepare(const char *text, char *out, size_t max)
{
    int len = auger_opaque_prepare((const uint8_t *)text, strlen(text), (uint8_t *)out, max);

    if (len < 0)
        return len;
    out[len] = '\0';
    return 0;
}

/* A user of that name, who may have no key yet. */
static int add_entry(struct auger_user_keys *keys, struct auger_bytes name,
                     struct auger_user_entry **out)
{
    int err = 0;

    if (keys->len >= keys->max)
        return AUGER_ERR_LIMIT;
    if (keys->len >= keys->buckets)
        err = grow(keys);
    if (err < 0)
        return err;
    struct auger_user_entry *entry = auger_env_alloc(keys->env, 1, sizeof(*entry) + name.len);
    if (!entry)
        return AUGER_ERR_NO_MEMORY;
    entry->name_len = (uint16_t)name.len;
    memcpy(entry->name, name.data, name.len);
    if (hash_name(keys, name, entry->userhash) < 0 ||
        hash_for_table(keys, name, &entry->hash) < 0) {
        free_entry(keys, entry);
        return AUGER_ERR_CRYPTO;
    }
    link_entry(keys, entry);
    keys->len++;
    keys->without_md5++;
    *out = entry;
    return 0;
}

static int find_or_add(struct auger_user_keys *keys, const char *username,
                       struct auger_user_entry **out)
{
    *out = find_by_name(keys, bytes_of(username));
    return *out ? 0 : add_entry(keys, bytes_of(username), out);
}

static void set_key(struct auger_user_keys *keys, struct auger_user_entry *entry,
                    enum auger_stun_password_algorithm algorithm, const uint8_t *key)
{
    const struct auger_bytes name = {entry->name, entry->name_len};

    if (algorithm == AUGER_STUN_MD5 && !entry->has_key[index_of(AUGER_STUN_MD5)])
        keys->without_md5--;
    if (memcmp(entry->keys[index_of(algorithm)], key, key_len(algorithm)) != 0)
        auger_prepared_keys_forget(&keys->prepared, entry->hash, name);
    memcpy(entry->keys[index_of(algorithm)], key, key_len(algorithm));
    entry->has_key[index_of(algorithm)] = true;
}

int auger_user_keys_add(struct auger_user_keys *keys, const char *username, const char *password)
{
    static const enum auger_stun_password_algorithm algorithms[] = {AUGER_STUN_MD5,
                                                                    AUGER_STUN_SHA256};
    struct auger_user_key derived[ALGORITHMS];
    struct auger_user_entry *entry;
    char name[AUGER_TURN_USERNAME_MAX + 1], secret[AUGER_TURN_PASSWORD_MAX + 1];

    int err = prepare(username, name, AUGER_TURN_USERNAME_MAX);
    if (err == 0)
        err = prepare(password, secret, AUGER_TURN_PASSWORD_MAX);
    for (size_t i = 0; err == 0 && i < ALGORITHMS; i++)
        err = auger_user_key_derive(&derived[i], algorithms[i], bytes_of(name),
                                    bytes_of(keys->realm), bytes_of(secret));
    if (err == 0)
        err = find_or_add(keys, name, &entry);
    for (size_t i = 0; err == 0 && i < ALGORITHMS; i++)
        set_key(keys, entry, algorithms[i], derived[i].bytes);
    auger_bytes_wipe(derived, sizeof(derived));
    auger_bytes_wipe(secret, sizeof(secret));
    return err;
}

int auger_user_keys_add_key(struct auger_user_keys *keys, const char *username,
                            enum auger_stun_password_algorithm algorithm, const uint8_t *key,
                            size_t len)
{
    struct auger_user_entry *entry;
    char name[AUGER_TURN_USERNAME_MAX + 1];

    if ((algorithm != AUGER_STUN_MD5 && algorithm != AUGER_STUN_SHA256) ||
        len != key_len(algorithm))
        return AUGER_ERR_INVALID;
    int err = prepare(username, name, AUGER_TURN_USERNAME_MAX);
    if (err == 0)
        err = find_or_add(keys, name, &entry);
    if (err == 0)
        set_key(keys, entry, algorithm, key);
    return err;
}

int auger_user_keys_remove(struct auger_user_keys *keys, const char *username)
{
    char name[AUGER_TURN_USERNAME_MAX + 1];
    int err = prepare(username, name, AUGER_TURN_USERNAME_MAX);
    struct auger_user_entry *entry = err == 0 ? find_by_name(keys, bytes_of(name)) : NULL;

    if (!entry)
        return AUGER_ERR_NOT_FOUND;
    unlink_entry(keys, entry);
    auger_prepared_keys_forget(&keys->prepared, entry->hash, bytes_of(name));
    keys->without_md5 -= !entry->has_key[index_of(AUGER_STUN_MD5)];
    free_entry(keys, entry);
    keys->len--;
    return 0;
}

bool auger_user_keys_need_sha256(const struct auger_user_keys *keys)
{
    return keys->without_md5 > 0;
}

/* --- secrets of time-limited credentials --------------------------------------------------- */

int auger_user_keys_add_secret(struct auger_user_keys *keys, enum auger_turn_rest_hash hash,
                               const uint8_t *secret, size_t len)
{
    struct secret fresh = {.hash = hash == AUGER_TURN_REST_SHA1 ? AUGER_SHA1 : AUGER_SHA256};

    if (len == 0)
        return AUGER_ERR_INVALID;
    if (keys->secrets_len == AUGER_USER_SECRETS_MAX)
        return AUGER_ERR_LIMIT;
    int err = digest_secret(hash, secret, len, fresh.digest);
    if (err == 0)
        err = auger_hmac_new(&fresh.hmac, fresh.hash, secret, len);
    if (err == 0)
        keys->secrets[keys->secrets_len++] = fresh;
    return err;
}

int auger_user_keys_remove_secret(struct auger_user_keys *keys, enum auger_turn_rest_hash hash,
                                  const uint8_t *secret, size_t len)
{
    uint8_t digest[AUGER_SHA256_LEN];

    int err = digest_secret(hash, secret, len, digest);
    if (err < 0)
        return err;
    for (size_t i = 0; i < keys->secrets_len; i++) {
        struct secret *old = &keys->secrets[i];
        if (!auger_bytes_equal_secret(old->digest, digest, sizeof(digest)))
            continue;
        auger_prepared_keys_forget_all(&keys->prepared);
        auger_hmac_free(old->hmac);
        memmove(old, old + 1, (keys->secrets_len - i - 1) * sizeof(*old));
        keys->secrets_len--;
        return 0;
    }
    return AUGER_ERR_NOT_FOUND;
}

void auger_user_keys_remove_secrets(struct auger_user_keys *keys)
{
    if (keys->secrets_len > 0)
        auger_prepared_keys_forget_all(&keys->prepared);
    while (keys->secrets_len > 0)
        auger_hmac_free(keys->secrets[--keys->secrets_len].hmac);
    auger_bytes_wipe(keys->secrets, sizeof(keys->secrets));
}

/* --- who a request may be from --------------------------------------------------------------- */

void auger_user_keys_find(const struct auger_user_keys *keys, int64_t wall_s,
                          struct auger_bytes username, struct auger_user *user)
{
    uint64_t hash = 0;
    bool is_hashed = hash_for_table(keys, username, &hash) == 0;
    const struct auger_user_entry *entry = is_hashed ? find_hashed(keys, hash, username) : NULL;
    int64_t expires_at_s;

    *user = (struct auger_user){.username = username,
                                .entry = entry,
                                .hash = hash,
                                .expires_at_s = AUGER_USER_NEVER,
                                .is_known = entry != NULL,
                                .tries = 1};
    if (keys->secrets_len == 0 || !auger_rest_is_name(username, &expires_at_s))
        return;
    user->secrets = (uint8_t)keys->secrets_len;
    user->tries = (uint8_t)(user->secrets + 1);
    user->is_timely = expires_at_s > wall_s && username.len <= AUGER_TURN_USERNAME_MAX &&
                      auger_opaque_check(username.data, username.len) == 0;
    user->is_known = user->is_known || user->is_timely;
    user->secrets_expire_at_s = expires_at_s;
}

void auger_user_keys_find_hash(const struct auger_user_keys *keys, struct auger_bytes userhash,
                               struct auger_user *user)
{
    const struct auger_user_entry *entry =
        userhash.len == USERHASH_LEN ? find_by_hash(keys, userhash.data) : NULL;

    *user = (struct auger_user){.username = userhash,
                                .entry = entry,
                                .expires_at_s = AUGER_USER_NEVER,
                                .is_known = entry != NULL,
                                .tries = 1};
    if (!entry)
        return;
    user->username = (struct auger_bytes){entry->name, entry->name_len};
    user->hash = entry->hash;
}

static void set_nobody(const struct auger_user_keys *keys,
                       enum auger_stun_password_algorithm algorithm, struct auger_user_key *key)
{
    key->len = key_len(algorithm);
    memcpy(key->bytes, keys->nobody, key->len);
}

/* The same work whether or not its time is over. */
static int try_secret(const struct auger_user_keys *keys, const struct auger_user *user,
                      const struct secret *secret, enum auger_stun_password_algorithm algorithm,
                      struct auger_user_key *key)
{
    char password[AUGER_REST_PASSWORD_MAX + 1];

    int len = auger_rest_password(secret->hmac, secret->hash, user->username, password);
    if (len < 0)
        return len;
    int err = auger_user_key_derive(key, algorithm, user->username, bytes_of(keys->realm),
                                    bytes_of(password));
    auger_bytes_wipe(password, sizeof(password));
    if (err == 0 && !user->is_timely)
        set_nobody(keys, algorithm, key);
    return err;
}

int auger_user_keys_try(const struct auger_user_keys *keys, struct auger_user *user, size_t nth,
                        enum auger_stun_password_algorithm algorithm, struct auger_user_key *key)
{
    const struct auger_user_entry *entry = user->entry;

    if (nth < user->secrets) {
        user->expires_at_s = user->secrets_expire_at_s;
        return try_secret(keys, user, &keys->secrets[nth], algorithm, key);
    }
    user->expires_at_s = AUGER_USER_NEVER;
    set_nobody(keys, algorithm, key);
    if (entry && entry->has_key[index_of(algorithm)])
        memcpy(key->bytes, entry->keys[index_of(algorithm)], key->len);
    return 0;
}

/* --- keys that have proved themselves -------------------------------------------------------- */

struct auger_prepared_key *auger_user_keys_remembered(struct auger_user_keys *keys,
                                                      const struct auger_user *user,
                                                      enum auger_stun_password_algorithm algorithm)
{
    struct auger_prepared_key *key =
        auger_prepared_keys_find(&keys->prepared, user->hash, user->username, algorithm);

    if (!key)
        return NULL;
    return (key->expires_at_s == AUGER_USER_NEVER ? user->entry != NULL : user->is_timely) ? key
                                                                                           : NULL;
}

struct auger_stun_key *auger_user_keys_nobody(const struct auger_user_keys *keys)
{
    return keys->nobody_ready;
}

void auger_user_keys_remember(struct auger_user_keys *keys, const struct auger_user *user,
                              struct auger_prepared_key *key)
{
    key->expires_at_s = user->expires_at_s;
    auger_prepared_keys_remember(&keys->prepared, user->hash, key);
}

const struct auger_env *auger_user_keys_env(const struct auger_user_keys *keys)
{
    return keys->env;
}
