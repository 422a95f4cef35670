/* base/table.c - a hash table that grows and shrinks a few buckets at a time. */
#include "base/table.h"

#include "base/env.h"

#include <assert.h>

#define BUCKETS_MIN 16u
#define MOVED_AT_ONCE 16 /* buckets, with each insertion and removal */

int auger_table_init(struct auger_table *table, const struct auger_env *env)
{
    struct auger_table made = {.env = env, .mask = BUCKETS_MIN - 1};

    made.buckets = auger_env_alloc(env, BUCKETS_MIN, sizeof(struct auger_table_node *));
    if (!made.buckets)
        return AUGER_ERR_NO_MEMORY;
    *table = made;
    return 0;
}

void auger_table_fini(struct auger_table *table)
{
    if (!table->env)
        return;
    auger_env_release(table->env, table->buckets);
    auger_env_release(table->env, table->old);
    *table = (struct auger_table){0};
}

/* While the buckets move each hash has one bucket all the same: the old one until that
 * has moved. */
static struct auger_table_node **bucket_of(const struct auger_table *table, uint64_t hash)
{
    if (table->old && (hash & table->old_mask) >= table->moved)
        return &table->old[hash & table->old_mask];
    return &table->buckets[hash & table->mask];
}

static struct auger_table_node *same_hash(struct auger_table *table, struct auger_table_node *node,
                                          uint64_t hash)
{
    for (; node; node = node->next) {
        table->steps++;
        if (node->hash == hash)
            return node;
    }
    return NULL;
}

struct auger_table_node *auger_table_first(struct auger_table *table, uint64_t hash)
{
    table->lookups++;
    return same_hash(table, *bucket_of(table, hash), hash);
}

struct auger_table_node *auger_table_next(struct auger_table *table,
                                          const struct auger_table_node *node)
{
    return same_hash(table, node->next, node->hash);
}

/* --- growing and shrinking ------------------------------------------------------------ */

static void move_bucket(struct auger_table *table)
{
    struct auger_table_node *node = table->old[table->moved++];

    while (node) {
        struct auger_table_node *next = node->next;
        struct auger_table_node **bucket = &table->buckets[node->hash & table->mask];
        node->next = *bucket;
        *bucket = node;
        node = next;
        table->moves++;
    }
}

static void move_some(struct auger_table *table)
{
    for (int i = 0; table->old && i < MOVED_AT_ONCE; i++) {
        move_bucket(table);
        if (table->moved > table->old_mask) {
            auger_env_release(table->env, table->old);
            table->old = NULL;
        }
    }
}

static void resize(struct auger_table *table, size_t count)
{
    struct auger_table_node **fresh =
        auger_env_alloc(table->env, count, sizeof(struct auger_table_node *));

    if (!fresh)
        return; /* the next insertion or removal tries again */
    table->old = table->buckets;
    table->old_mask = table->mask;
    table->moved = 0;
    table->buckets = fresh;
    table->mask = count - 1;
}

/* One entry a bucket at most, and one in four at least; between them is room enough for
 * a move to end before the next begins. */
static void adapt(struct auger_table *table)
{
    size_t count = table->mask + 1;

    move_some(table);
    if (table->old)
        return;
    if (table->len > count)
        resize(table, 2 * count);
    else if (count > BUCKETS_MIN && table->len < count / 4)
        resize(table, count / 2);
}

void auger_table_add(struct auger_table *table, struct auger_table_node *node)
{
    struct auger_table_node **bucket = bucket_of(table, node->hash);

    node->next = *bucket;
    *bucket = node;
    table->len++;
    adapt(table);
}

void auger_table_remove(struct auger_table *table, struct auger_table_node *node)
{
    struct auger_table_node **at = bucket_of(table, node->hash);

    while (*at != node) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = node->next;
    assert(table->len > 0);
    table->len--;
    adapt(table);
}
