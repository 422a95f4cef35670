/* io/path_table.h - what is found by its 5-tuple: a hash table of fixed size, in which the
 * elements lie that belong to somebody else. */
#ifndef AUGER_IO_PATH_TABLE_H
#define AUGER_IO_PATH_TABLE_H

#include <auger/base.h>

struct auger_path_node {
    struct auger_path path;
    struct auger_path_node *next; /* in its bucket */
};

struct auger_path_table {
    struct auger_path_node **buckets;
    size_t buckets_len, len;
    uint64_t keys[6];
};

/* For about `max` elements.  AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
int auger_path_table_init(struct auger_path_table *table, const struct auger_env *env,
                          size_t max) AUGER_CHECK_RESULT;
void auger_path_table_fini(struct auger_path_table *table);

/* NULL: there is none. */
struct auger_path_node *auger_path_table_find(const struct auger_path_table *table,
                                              const struct auger_path *path);
/* Any one; NULL: it is empty. */
struct auger_path_node *auger_path_table_any(const struct auger_path_table *table);
/* One whose path is not there yet. */
void auger_path_table_add(struct auger_path_table *table, struct auger_path_node *node);
/* One that is there. */
void auger_path_table_remove(struct auger_path_table *table, struct auger_path_node *node);

#endif /* AUGER_IO_PATH_TABLE_H */
