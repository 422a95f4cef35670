/* Memory runs out under <auger/portmap.h>: it is asked for when an engine is made, and at no other
 * time whatever is asked, heard or given back. */
#include "tests/memory/sweep.h"

#include "tests/portmap/gateway.h"

static int make(struct auger_portmap **out)
{
    struct auger_portmap_config config;

    SWEPT_VOID(auger_portmap_config_init(&config));
    config.local = addr_of("192.168.1.10", 0);
    config.gateway = addr_of("192.168.1.1", 0);
    *out = NULL;
    return (int)SWEPT(auger_portmap_new(out, &test_env, &config));
}

static void test_an_engine_is_one_block(void **state)
{
    struct auger_portmap *portmap;

    (void)state;
    sweep_begin(1);
    int err = make(&portmap);
    assert_true(sweep_end());
    assert_int_equal(err, AUGER_ERR_NO_MEMORY);
    assert_null(portmap);
    sweep_begin(2);
    assert_int_equal(make(&portmap), 0);
    assert_false(sweep_end());
    auger_portmap_free(portmap);
}

static void answer(struct auger_portmap *portmap, auger_time now, const struct asked *asked)
{
    const struct auger_addr from = addr_of("192.168.1.1", 5351);
    uint8_t buf[60];
    size_t len = pcp_answer(
        asked, &(struct pcp_answer){.lifetime_s = 600, .ip = "198.51.100.7", .port = 41000}, buf);

    SWEPT_VOID(auger_portmap_handle_datagram(portmap, now, &from, buf, len));
    SWEPT_VOID(auger_portmap_handle_datagram(portmap, now, &from, buf, 5));
}

static void use(struct auger_portmap *portmap)
{
    const struct auger_addr internal = addr_of("192.168.1.10", 40000);
    struct auger_portmap_counters counters;
    struct auger_portmap_event event;
    struct asked asked;

    assert_int_equal(SWEPT(auger_portmap_add(portmap, 0, &internal, 7)), 0);
    SWEPT_VOID(auger_portmap_handle_timeout(portmap, 0));
    asked.len = (size_t)SWEPT(
        (long)auger_portmap_poll_transmit(portmap, 0, &asked.to, asked.buf, sizeof(asked.buf)));
    answer(portmap, 0, &asked);
    assert_true(SWEPT(auger_portmap_poll_event(portmap, &event)));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    SWEPT_VOID((void)auger_portmap_next_timeout(portmap));
    SWEPT_VOID((void)auger_portmap_protocol(portmap));
    SWEPT_VOID(auger_portmap_get_counters(portmap, &counters));
    assert_int_equal(SWEPT(auger_portmap_remove(portmap, 1, 7)), 0);
    SWEPT_VOID(auger_portmap_release(portmap, 1));
}

static void test_nothing_else_takes_memory(void **state)
{
    struct auger_portmap *portmap;

    (void)state;
    assert_int_equal(make(&portmap), 0);
    sweep_begin(1);
    use(portmap);
    assert_false(sweep_end());
    auger_portmap_free(portmap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_engine_is_one_block),
        cmocka_unit_test(test_nothing_else_takes_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
