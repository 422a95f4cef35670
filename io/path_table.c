/* io/path_table.c - what is found by its 5-tuple. */
#include "io/path_table.h"

#include <stdlib.h>
#include <string.h>

/* Universal hashing (NH): clients choose their ports, and do not know the keys. */
static size_t bucket_of(const struct auger_path_table *table, const struct auger_path *path)
{
    const uint64_t *keys = table->keys;
    uint64_t remote[2], local[2], hash;

    memcpy(remote, path->remote.ip, sizeof(remote));
    memcpy(local, path->local.ip, sizeof(local));
    hash = (remote[0] ^ keys[0]) * (keys[1] | 1);
    hash = ((hash >> 29) ^ hash ^ remote[1]) * (keys[2] | 1);
    hash = ((hash >> 29) ^ hash ^ local[0]) * (keys[3] | 1);
    hash = ((hash >> 29) ^ hash ^ local[1]) * (keys[4] | 1);
    hash ^= ((uint64_t)path->remote.port << 16 | path->local.port) + keys[5];
    hash = ((hash >> 29) ^ hash) * (keys[1] | 1);
    return (hash >> 32) & (table->buckets_len - 1);
}

int auger_path_table_init(struct auger_path_table *table, const struct auger_env *env, size_t max)
{
    *table = (struct auger_path_table){.buckets_len = 64};
    while (table->buckets_len < max)
        table->buckets_len *= 2;
    table->buckets = calloc(table->buckets_len, sizeof(struct auger_path_node *));
    if (!table->buckets)
        return AUGER_ERR_NO_MEMORY;
    return env->random(env->user, (uint8_t *)table->keys, sizeof(table->keys));
}

void auger_path_table_fini(struct auger_path_table *table)
{
    free(table->buckets);
    table->buckets = NULL;
}

struct auger_path_node *auger_path_table_find(const struct auger_path_table *table,
                                              const struct auger_path *path)
{
    struct auger_path_node *node = table->buckets[bucket_of(table, path)];

    while (node && !auger_path_equal(&node->path, path))
        node = node->next;
    return node;
}

struct auger_path_node *auger_path_table_any(const struct auger_path_table *table)
{
    for (size_t i = 0; table->len > 0 && i < table->buckets_len; i++)
        if (table->buckets[i])
            return table->buckets[i];
    return NULL;
}

void auger_path_table_add(struct auger_path_table *table, struct auger_path_node *node)
{
    struct auger_path_node **bucket = &table->buckets[bucket_of(table, &node->path)];

    node->next = *bucket;
    *bucket = node;
    table->len++;
}

void auger_path_table_remove(struct auger_path_table *table, struct auger_path_node *node)
{
    struct auger_path_node **at = &table->buckets[bucket_of(table, &node->path)];

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    table->len--;
}
