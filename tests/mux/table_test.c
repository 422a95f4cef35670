/* The table: all that was added is found while its buckets move, and no single insertion
 * moves many. */
#include "tests/mux/stage.h"

#include "base/table.h"

#define MANY 20000

static struct auger_table_node nodes[MANY];

static uint64_t spread(uint64_t i)
{
    return i * 0x9E3779B97F4A7C15u >> 7;
}

static void everything_is_found_at_every_size(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_table table;

    (void)state;
    assert_int_equal(auger_table_init(&table, &stage->env), 0);
    for (size_t i = 0; i < MANY; i++) {
        nodes[i].hash = spread(i);
        auger_table_add(&table, &nodes[i]);
        for (size_t back = 1; back <= i + 1; back *= 2)
            assert_ptr_equal(auger_table_first(&table, spread(i + 1 - back)), &nodes[i + 1 - back]);
    }
    for (size_t i = 0; i < MANY; i++) {
        auger_table_remove(&table, &nodes[i]);
        assert_null(auger_table_first(&table, spread(i)));
        if (i + 1 < MANY)
            assert_ptr_equal(auger_table_first(&table, spread(MANY - 1)), &nodes[MANY - 1]);
    }
    assert_int_equal(table.len, 0);
    assert_true(table.mask < 64); /* the memory is given back */
    auger_table_fini(&table);
    stage_free(stage);
}

static void no_insertion_and_no_removal_moves_many(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_table table;
    uint64_t most = 0;

    (void)state;
    assert_int_equal(auger_table_init(&table, &stage->env), 0);
    for (size_t i = 0; i < 2 * MANY; i++) {
        uint64_t before = table.moves;
        nodes[i % MANY].hash = spread(i % MANY);
        if (i < MANY)
            auger_table_add(&table, &nodes[i]);
        else
            auger_table_remove(&table, &nodes[i - MANY]);
        most = table.moves - before > most ? table.moves - before : most;
    }
    assert_in_range(most, 8, 64); /* 16 buckets of one entry or so */
    assert_true(table.moves > MANY && table.moves < 4 * MANY);
    auger_table_fini(&table);
    stage_free(stage);
}

static void those_of_one_hash_are_found_one_after_the_other(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_table table;
    size_t found = 0;

    (void)state;
    assert_int_equal(auger_table_init(&table, &stage->env), 0);
    for (size_t i = 0; i < 100; i++) {
        nodes[i].hash = i % 2;
        auger_table_add(&table, &nodes[i]);
    }
    for (const struct auger_table_node *node = auger_table_first(&table, 1); node;
         node = auger_table_next(&table, node))
        found++;
    assert_int_equal(found, 50);
    auger_table_fini(&table);
    stage_free(stage);
}

static void without_room_for_more_buckets_it_goes_on(void **state)
{
    struct stage *stage = stage_new(NULL);
    struct auger_table table;

    (void)state;
    assert_int_equal(auger_table_init(&table, &stage->env), 0);
    for (size_t i = 0; i < 100; i++) {
        stage->fail_at = stage->allocations + 1;
        nodes[i].hash = spread(i);
        auger_table_add(&table, &nodes[i]);
    }
    for (size_t i = 0; i < 100; i++)
        assert_ptr_equal(auger_table_first(&table, spread(i)), &nodes[i]);
    auger_table_fini(&table);
    stage_free(stage);
}

/* Names that fall together under one key do not under another: a flood cannot be made to
 * measure. */
static void what_falls_together_is_another_for_every_mux(void **state)
{
    char name[32];
    const char *ufrag = name;
    uint64_t steps[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage *stage = stage_new(NULL);
        struct auger_mux *again;
        struct auger_mux_session *session;
        if (i == 1) { /* the second mux of the same process */
            assert_int_equal(auger_mux_new(&again, &stage->env, NULL), 0);
            auger_mux_free(stage->mux);
            stage->mux = again;
        }
        for (int j = 0; j < 500; j++) {
            snprintf(name, sizeof(name), "user%d", j);
            assert_int_equal(auger_mux_add(stage->mux, NULL, &session), 0);
            assert_int_equal(auger_mux_set_names(stage->mux, session, &ufrag, 1), 0);
        }
        uint64_t before = counters(stage).steps;
        for (int j = 0; j < 500; j++) {
            snprintf(name, sizeof(name), "user%d:them", j);
            assert_non_null(find_check(stage, name, "192.0.2.9:1"));
        }
        steps[i] = counters(stage).steps - before;
        stage_free(stage);
    }
    assert_int_not_equal(steps[0], steps[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found_at_every_size),
        cmocka_unit_test(no_insertion_and_no_removal_moves_many),
        cmocka_unit_test(those_of_one_hash_are_found_one_after_the_other),
        cmocka_unit_test(without_room_for_more_buckets_it_goes_on),
        cmocka_unit_test(what_falls_together_is_another_for_every_mux),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
