/* Memory runs out under <auger/mdns.h>: it is asked for when an engine is made, and at no other
 * time whatever is asked, published or heard. */
#include "tests/memory/sweep.h"

#include "tests/mdns/link.h"

#define NAME "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"
#define BLOCKS_MAX 20

static long blocks;

static void *take(void *user, size_t size)
{
    void *block = calloc(1, size);

    (void)user;
    blocks += block != NULL;
    return block;
}

static void put_back(void *user, void *block)
{
    (void)user;
    blocks--;
    free(block);
}

static const struct auger_env env = {.random = random_bytes, .alloc = take, .release = put_back};

static int make(struct auger_mdns **out)
{
    *out = NULL;
    return (int)SWEPT(auger_mdns_new(out, &env, NULL));
}

static void hear_all(struct auger_mdns *mdns, auger_time now)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_addr from = addr_of("192.0.2.7", AUGER_MDNS_PORT);
    size_t len = query(buf, sizeof(buf), 0, NAME, AUGER_DNS_A);

    SWEPT_VOID(auger_mdns_handle_datagram(mdns, now, &from, buf, len));
    len = answer(buf, sizeof(buf), NAME, "192.0.2.7");
    SWEPT_VOID(auger_mdns_handle_datagram(mdns, now, &from, buf, len));
    SWEPT_VOID(auger_mdns_handle_datagram(mdns, now, &from, buf, 5));
}

static void use(struct auger_mdns *mdns)
{
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_addr addr = addr_of("192.0.2.1", 0);
    struct auger_mdns_event event;
    struct auger_mdns_counters counters;
    struct said said;
    auger_time now = AUGER_SEC;

    assert_true(SWEPT(auger_mdns_is_name(NAME, strlen(NAME))));
    assert_int_equal(SWEPT(auger_mdns_publish(mdns, now, &addr, name)), 0);
    assert_int_equal(SWEPT(auger_mdns_resolve(mdns, now, NAME, strlen(NAME), 1)), 0);
    assert_int_equal(SWEPT(auger_mdns_resolve(mdns, now, NAME, strlen(NAME), 2)), 0);
    SWEPT_VOID(auger_mdns_forget(mdns, 2));
    for (; now < 5 * AUGER_SEC; now += 100 * AUGER_MS) {
        SWEPT_VOID((void)auger_mdns_next_timeout(mdns));
        SWEPT_VOID(auger_mdns_handle_timeout(mdns, now));
        while (SWEPT((long)auger_mdns_poll_transmit(mdns, now, &said.to, said.buf,
                                                    sizeof(said.buf))) > 0)
            ;
        hear_all(mdns, now);
    }
    assert_true(SWEPT(auger_mdns_poll_event(mdns, &event)));
    assert_int_equal(event.type, AUGER_MDNS_EVENT_RESOLVED);
    SWEPT_VOID(auger_mdns_get_counters(mdns, &counters));
    assert_int_equal(SWEPT(auger_mdns_withdraw(mdns, AUGER_SEC, name)), 0);
}

static void test_each_block_of_an_engine_may_be_missing(void **state)
{
    struct auger_mdns *mdns;
    unsigned long n = 1;

    (void)state;
    for (;; n++) {
        sweep_begin(n);
        int err = make(&mdns);
        if (!sweep_end())
            break;
        assert_int_equal(err, AUGER_ERR_NO_MEMORY);
        assert_null(mdns);
        assert_int_equal(blocks, 0);
        assert_true(n < BLOCKS_MAX);
    }
    assert_int_equal(n, 4);
    auger_mdns_free(mdns);
    assert_int_equal(blocks, 0);
}

static void test_nothing_else_takes_memory(void **state)
{
    struct auger_mdns *mdns;

    (void)state;
    assert_int_equal(make(&mdns), 0);
    sweep_begin(1);
    use(mdns);
    assert_false(sweep_end());
    auger_mdns_free(mdns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_block_of_an_engine_may_be_missing),
        cmocka_unit_test(test_nothing_else_takes_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
