/* tests/matrix/table.h - reads expected.tsv: what should come of each meeting of NATs. */
#ifndef MATRIX_TABLE_H
#define MATRIX_TABLE_H

#include "sim/memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TABLE_CELLS_MAX 32768
#define TABLE_OUTCOMES_MAX 64
#define TABLE_COLUMNS_MAX 128
#define TABLE_NAME_MAX 64

enum table_relays { TABLE_NO_RELAY, TABLE_OF_BOTH, TABLE_OF_A, TABLE_OF_B, TABLE_RELAYS };

struct table_outcome {
    char code;
    /* "srflx-prflx,...", a's candidate first, the best path first; "-": none.  With relays
     * "direct": the same as without. */
    char paths[TABLE_RELAYS][64];
    char why[160];
};

struct table_cell {
    char group[TABLE_NAME_MAX], row[TABLE_NAME_MAX], column[TABLE_NAME_MAX];
    const struct table_outcome *outcome;
};

struct table {
    struct table_outcome outcomes[TABLE_OUTCOMES_MAX];
    size_t outcomes_len;
    struct table_cell cells[TABLE_CELLS_MAX];
    size_t cells_len;
    char columns[TABLE_COLUMNS_MAX][TABLE_NAME_MAX]; /* of the group that is being read */
    size_t columns_len;
};

static inline const struct table_outcome *table_find_outcome(const struct table *table, char code)
{
    for (size_t i = 0; i < table->outcomes_len; i++) {
        if (table->outcomes[i].code == code)
            return &table->outcomes[i];
    }
    return NULL;
}

static inline void table_read_outcome(struct table *table, char *const fields[])
{
    assert(table->outcomes_len < TABLE_OUTCOMES_MAX);
    struct table_outcome *outcome = &table->outcomes[table->outcomes_len++];

    outcome->code = fields[1][0];
    for (size_t i = 0; i < TABLE_RELAYS; i++)
        snprintf(outcome->paths[i], sizeof(outcome->paths[i]), "%s", fields[2 + i]);
    snprintf(outcome->why, sizeof(outcome->why), "%s", fields[6]);
}

/* With those relays; "-": none. */
static inline const char *table_paths(const struct table_outcome *outcome, enum table_relays relays)
{
    bool is_direct = strcmp(outcome->paths[relays], "direct") == 0;
    return outcome->paths[is_direct ? TABLE_NO_RELAY : relays];
}

static inline void table_read_columns(struct table *table, char *names)
{
    table->columns_len = 0;
    for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
        assert(table->columns_len < TABLE_COLUMNS_MAX);
        snprintf(table->columns[table->columns_len++], TABLE_NAME_MAX, "%s", name);
    }
}

static inline void table_read_row(struct table *table, char *const fields[])
{
    const char *codes = fields[3];

    assert(strlen(codes) == table->columns_len);
    for (size_t i = 0; i < table->columns_len; i++) {
        assert(table->cells_len < TABLE_CELLS_MAX);
        struct table_cell *cell = &table->cells[table->cells_len++];
        snprintf(cell->group, sizeof(cell->group), "%s", fields[1]);
        snprintf(cell->row, sizeof(cell->row), "%s", fields[2]);
        snprintf(cell->column, sizeof(cell->column), "%s", table->columns[i]);
        cell->outcome = table_find_outcome(table, codes[i]);
        assert(cell->outcome);
    }
}

static inline void table_read_line(struct table *table, char *line)
{
    char *fields[7] = {0};
    size_t len = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *field = line; field && len < 7; len++) {
        char *tab = strchr(field, '\t');
        fields[len] = field;
        if (tab)
            *tab++ = '\0';
        field = tab;
    }
    if (strcmp(fields[0], "outcome") == 0 && len == 7)
        table_read_outcome(table, fields);
    else if (strcmp(fields[0], "columns") == 0 && len == 3)
        table_read_columns(table, fields[2]);
    else if (strcmp(fields[0], "row") == 0 && len == 4)
        table_read_row(table, fields);
    else
        assert(fields[0][0] == '#');
}

/* To be given to free(). */
static inline struct table *table_read(const char *path)
{
    struct table *table = sim_alloc(sizeof(*table));
    static char line[8192];
    FILE *file = fopen(path, "r");

    if (!file)
        abort();
    while (fgets(line, sizeof(line), file))
        table_read_line(table, line);
    fclose(file);
    return table;
}

#endif /* MATRIX_TABLE_H */
