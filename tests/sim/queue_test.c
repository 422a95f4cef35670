#include "sim/prng.h"
#include "sim/queue.h"
#include "tests/sim/scenario.h"

static void nothing(struct sim *sim, void *what)
{
    (void)sim;
    (void)what;
}

static void events_come_by_time_and_then_in_the_order_they_were_put(void **state)
{
    struct queue queue = {0};
    struct prng prng;
    auger_time last = 0;
    uint64_t last_order = 0;
    (void)state;

    prng_init(&prng, 1, "queue");
    for (int i = 0; i < 1000; i++) {
        queue_put(&queue, prng_between(&prng, 0, 50), nothing, NULL);
        if (i % 3 == 2 && queue_next(&queue) < 10)
            queue_take(&queue);
    }
    while (queue.len > 0) {
        assert_int_equal(queue_next(&queue), queue.events[0].at);
        struct queue_event event = queue_take(&queue);
        assert_true(event.at > last || (event.at == last && event.order >= last_order));
        last = event.at;
        last_order = event.order;
    }
    assert_true(queue_next(&queue) == AUGER_NEVER);
    queue_fini(&queue);
}

static void an_event_that_did_not_happen_is_freed(void **state)
{
    struct queue queue = {0};
    (void)state;

    queue_put(&queue, 1, nothing, sim_alloc(16)); /* the leak checker looks on */
    queue_put(&queue, 2, nothing, NULL);
    queue_fini(&queue);
    assert_int_equal(queue.len, 0);
}

SCENARIOS(cmocka_unit_test(events_come_by_time_and_then_in_the_order_they_were_put),
          cmocka_unit_test(an_event_that_did_not_happen_is_freed))
