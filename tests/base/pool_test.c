/* Slots that stay where they are: base/pool.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pool.h"

#include <stdlib.h>

struct slot {
    uint64_t number;
    char rest[5];
};

struct heap {
    size_t blocks, fail_at, taken;
};

static void *allocate(void *user, size_t size)
{
    struct heap *heap = user;

    if (++heap->taken == heap->fail_at)
        return NULL;
    heap->blocks++;
    return calloc(1, size);
}

static void release(void *user, void *ptr)
{
    ((struct heap *)user)->blocks--;
    free(ptr);
}

static void test_slots_stay_where_they_are_and_keep_what_is_in_them(void **state)
{
    (void)state;
    struct heap heap = {0};
    const struct auger_env env = {.user = &heap, .alloc = allocate, .release = release};
    struct auger_pool pool = auger_pool(sizeof(struct slot), 100);
    struct slot *places[100];

    assert_int_equal(pool.len, 0);
    for (uint16_t i = 0; i < 100; i++) {
        if (i == pool.len)
            assert_true(auger_pool_grow(&pool, &env));
        places[i] = auger_pool_at(&pool, i);
        assert_int_equal(places[i]->number, 0);
        places[i]->number = i + 1;
    }
    assert_int_equal(pool.len, 100); /* 2, 4, 8, 16, 32, 64, and no more than the bound */
    assert_int_equal(heap.blocks, 7);
    assert_false(auger_pool_grow(&pool, &env));
    for (uint16_t i = 0; i < 100; i++) {
        assert_ptr_equal(auger_pool_at(&pool, i), places[i]);
        assert_int_equal(places[i]->number, i + 1);
    }
    auger_pool_fini(&pool, &env);
    assert_int_equal(heap.blocks, 0);
}

static void test_as_many_are_reserved_as_are_asked_for(void **state)
{
    (void)state;
    struct heap heap = {.fail_at = 3};
    const struct auger_env env = {.user = &heap, .alloc = allocate, .release = release};
    struct auger_pool pool = auger_pool(sizeof(struct slot), 100);

    assert_true(auger_pool_reserve(&pool, &env, 7));
    assert_int_equal(pool.len, 7);
    assert_true(auger_pool_reserve(&pool, &env, 7));
    assert_true(auger_pool_reserve(&pool, &env, 3));
    assert_int_equal(heap.taken, 1);
    assert_true(auger_pool_reserve(&pool, &env, 50));
    assert_int_equal(pool.len, 50);
    assert_false(auger_pool_reserve(&pool, &env, 60));
    assert_int_equal(pool.len, 50);
    assert_true(auger_pool_reserve(&pool, &env, 1000)); /* the bound */
    assert_int_equal(pool.len, 100);
    auger_pool_fini(&pool, &env);
    assert_int_equal(heap.blocks, 0);
}

static void test_without_memory_what_is_there_stays(void **state)
{
    (void)state;
    struct heap heap = {.fail_at = 2};
    const struct auger_env env = {.user = &heap, .alloc = allocate, .release = release};
    struct auger_pool pool = auger_pool(sizeof(struct slot), 100);

    assert_true(auger_pool_grow(&pool, &env));
    assert_false(auger_pool_grow(&pool, &env));
    assert_int_equal(pool.len, 2);
    assert_non_null(auger_pool_at(&pool, 1));
    assert_true(auger_pool_grow(&pool, &env));
    assert_int_equal(pool.len, 4);
    auger_pool_fini(&pool, &env);
    assert_int_equal(heap.blocks, 0);
}

static void test_a_small_bound_and_a_huge_one(void **state)
{
    (void)state;
    struct heap heap = {0};
    const struct auger_env env = {.user = &heap, .alloc = allocate, .release = release};
    struct auger_pool one = auger_pool(sizeof(struct slot), 1);
    struct auger_pool many = auger_pool(1, 100000);

    assert_true(auger_pool_grow(&one, &env));
    assert_int_equal(one.len, 1);
    assert_false(auger_pool_grow(&one, &env));
    while (auger_pool_grow(&many, &env))
        ;
    assert_int_equal(many.len, UINT16_MAX);
    *(uint8_t *)auger_pool_at(&many, UINT16_MAX - 1) = 1;
    auger_pool_fini(&one, &env);
    auger_pool_fini(&many, &env);
    assert_int_equal(heap.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_stay_where_they_are_and_keep_what_is_in_them),
        cmocka_unit_test(test_as_many_are_reserved_as_are_asked_for),
        cmocka_unit_test(test_without_memory_what_is_there_stays),
        cmocka_unit_test(test_a_small_bound_and_a_huge_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
