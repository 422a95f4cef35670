/* turn/prepared_keys.c - keys that have proved themselves, as many as there is room for. */
#include "turn/prepared_keys.h"

#include "base/env.h"

#include <string.h>

/* --- one ------------------------------------------------------------------------------------ */

struct auger_prepared_key *auger_prepared_key_new(const struct auger_env *env,
                                                  struct auger_bytes name,
                                                  enum auger_stun_password_algorithm algorithm,
                                                  struct auger_stun_key *key)
{
    struct auger_prepared_key *made = auger_env_alloc(env, 1, sizeof(*made) + name.len);

    if (!made) {
        auger_stun_key_free(key);
        return NULL;
    }
    made->env = env;
    made->key = key;
    made->holds = 1;
    made->algorithm = (uint8_t)algorithm;
    made->name_len = (uint16_t)name.len;
    memcpy(made->name, name.data, name.len);
    return made;
}

struct auger_prepared_key *auger_prepared_key_hold(struct auger_prepared_key *key)
{
    key->holds++;
    return key;
}

void auger_prepared_key_let_go(struct auger_prepared_key *key)
{
    if (!key || --key->holds > 0)
        return;
    auger_stun_key_free(key->key);
    auger_env_release(key->env, key);
}

bool auger_prepared_key_is(const struct auger_prepared_key *key, struct auger_bytes name,
                           enum auger_stun_password_algorithm algorithm)
{
    return key->algorithm == algorithm && key->name_len == name.len &&
           memcmp(key->name, name.data, name.len) == 0;
}

/* --- those that are remembered ---------------------------------------------------------------- */

int auger_prepared_keys_init(struct auger_prepared_keys *keys, const struct auger_env *env)
{
    *keys = (struct auger_prepared_keys){0};
    return auger_table_init(&keys->table, env);
}

void auger_prepared_keys_fini(struct auger_prepared_keys *keys)
{
    auger_prepared_keys_forget_all(keys);
    auger_table_fini(&keys->table);
}

static void put_last(struct auger_prepared_keys *keys, struct auger_prepared_key *key)
{
    key->older = keys->newest;
    key->newer = NULL;
    *(keys->newest ? &keys->newest->newer : &keys->oldest) = key;
    keys->newest = key;
}

static void take_out(struct auger_prepared_keys *keys, struct auger_prepared_key *key)
{
    *(key->older ? &key->older->newer : &keys->oldest) = key->newer;
    *(key->newer ? &key->newer->older : &keys->newest) = key->older;
}

static void forget(struct auger_prepared_keys *keys, struct auger_prepared_key *key)
{
    auger_table_remove(&keys->table, &key->node);
    take_out(keys, key);
    auger_prepared_key_let_go(key);
}

static struct auger_prepared_key *find(struct auger_prepared_keys *keys, uint64_t hash,
                                       struct auger_bytes name,
                                       enum auger_stun_password_algorithm algorithm)
{
    struct auger_table_node *node = auger_table_first(&keys->table, hash);

    for (; node; node = auger_table_next(&keys->table, node)) {
        struct auger_prepared_key *key = (struct auger_prepared_key *)(void *)node;
        if (auger_prepared_key_is(key, name, algorithm))
            return key;
    }
    return NULL;
}

struct auger_prepared_key *auger_prepared_keys_find(struct auger_prepared_keys *keys, uint64_t hash,
                                                    struct auger_bytes name,
                                                    enum auger_stun_password_algorithm algorithm)
{
    struct auger_prepared_key *key = find(keys, hash, name, algorithm);

    if (key && key->newer) {
        take_out(keys, key);
        put_last(keys, key);
    }
    return key;
}

void auger_prepared_keys_remember(struct auger_prepared_keys *keys, uint64_t hash,
                                  struct auger_prepared_key *key)
{
    const struct auger_bytes name = {key->name, key->name_len};
    struct auger_prepared_key *before =
        find(keys, hash, name, (enum auger_stun_password_algorithm)key->algorithm);

    if (before)
        forget(keys, before);
    if (keys->table.len >= AUGER_PREPARED_KEYS_MAX)
        forget(keys, keys->oldest);
    key->node.hash = hash;
    auger_table_add(&keys->table, &auger_prepared_key_hold(key)->node);
    put_last(keys, key);
}

void auger_prepared_keys_forget(struct auger_prepared_keys *keys, uint64_t hash,
                                struct auger_bytes name)
{
    static const enum auger_stun_password_algorithm algorithms[] = {AUGER_STUN_MD5,
                                                                    AUGER_STUN_SHA256};

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        struct auger_prepared_key *key = find(keys, hash, name, algorithms[i]);
        if (key)
            forget(keys, key);
    }
}

void auger_prepared_keys_forget_all(struct auger_prepared_keys *keys)
{
    while (keys->oldest)
        forget(keys, keys->oldest);
}
