/* base/table.h - a hash table whose entries lie in what they are of.  Its buckets grow and
 * shrink a few at a time, so that no insertion waits for all of them.  Without room for
 * more of them it goes on with longer chains. */
#ifndef AUGER_BASE_TABLE_H
#define AUGER_BASE_TABLE_H

#include <auger/base.h>

struct auger_table_node {
    struct auger_table_node *next;
    uint64_t hash;
};

struct auger_table {
    const struct auger_env *env;
    struct auger_table_node **buckets, **old; /* powers of two; `old` while it moves */
    size_t mask, old_mask;
    size_t moved; /* of the old ones */
    size_t len;
    uint64_t lookups, steps, moves; /* for who wants to know what it costs */
};

int auger_table_init(struct auger_table *table, const struct auger_env *env) AUGER_CHECK_RESULT;
/* The entries are not its own. */
void auger_table_fini(struct auger_table *table);

/* The first entry with that hash, and the next one; NULL behind the last.  The caller
 * compares the keys. */
struct auger_table_node *auger_table_first(struct auger_table *table, uint64_t hash);
struct auger_table_node *auger_table_next(struct auger_table *table,
                                          const struct auger_table_node *node);

/* `node->hash` is set, and the key is not in the table. */
void auger_table_add(struct auger_table *table, struct auger_table_node *node);
void auger_table_remove(struct auger_table *table, struct auger_table_node *node);

#endif /* AUGER_BASE_TABLE_H */
