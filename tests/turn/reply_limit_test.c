/* Answers to who has proved nothing: turn/reply_limit.c.  D3 and D6 of what a server must
 * survive. */
#include "tests/turn/puppet.h"

#include "turn/reply_limit.h"

static struct auger_reply_limit *limit;
static struct auger_reply_limit_config config;
static long blocks, bytes_taken;

static void *take(void *user, size_t size)
{
    (void)user;
    blocks++;
    bytes_taken += (long)size;
    return calloc(1, size);
}

static void give_back(void *user, void *block)
{
    (void)user;
    blocks--;
    free(block);
}

static int fill(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)(i * 37 + 11);
    return 0;
}

static const struct auger_env env = {NULL, fill, take, give_back, NULL};

static void start(void)
{
    auger_reply_limit_free(limit);
    assert_int_equal(auger_reply_limit_new(&limit, &env, &config), 0);
}

static int make(void **state)
{
    (void)state;
    auger_reply_limit_config_init(&config);
    start();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    auger_reply_limit_free(limit);
    limit = NULL;
    assert_int_equal(blocks, 0);
    return 0;
}

static unsigned flood(const struct auger_addr *client, auger_time now, unsigned requests)
{
    unsigned granted = 0;

    for (unsigned i = 0; i < requests; i++)
        granted += auger_reply_limit_take(limit, now, client);
    return granted;
}

/* D3: 10^5 a second for ten seconds, from one address and port. */
static void one_port_gets_ten_answers_a_second_after_its_first_ten(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("192.0.2.1:1000");
    unsigned granted = 0;

    for (unsigned i = 0; i < 1000000; i++)
        granted += auger_reply_limit_take(limit, AUGER_SEC + i * 10 * AUGER_US, &client);
    assert_in_range(granted, 100, 110);
    assert_int_equal(auger_reply_limit_stats(limit)->granted, granted);
    assert_int_equal(auger_reply_limit_stats(limit)->refused_port, 1000000 - granted);
    assert_int_equal(auger_reply_limit_stats(limit)->refused_prefix, 0);
}

/* D3: and from all its ports, or all addresses of its /64. */
static void one_prefix_gets_two_hundred_a_second(void **state)
{
    (void)state;
    static const char *const clients[] = {"192.0.2.1:1", "[2001:db8::1]:1"};

    for (size_t i = 0; i < COUNT(clients); i++) {
        struct auger_addr client = addr_of(clients[i]);
        unsigned granted = 0;
        for (unsigned j = 0; j < 200000; j++) {
            client.port = (uint16_t)(1 + j % 60000);
            if (client.family == AUGER_IPV6)
                client.ip[8 + j % 8] = (uint8_t)j;
            granted += auger_reply_limit_take(limit, AUGER_SEC + j * 10 * AUGER_US, &client);
        }
        assert_in_range(granted, 590, 600);
    }
    assert_true(auger_reply_limit_stats(limit)->refused_prefix > 100000);
}

static void other_sources_are_not_held_up_by_a_flood(void **state)
{
    (void)state;
    struct auger_addr attacker = addr_of("192.0.2.1:1000"), client = addr_of("192.0.2.2:1000");
    struct auger_addr other_net = addr_of("[2001:db8:0:1::1]:5"), net = addr_of("[2001:db8::1]:5");

    flood(&attacker, AUGER_SEC, 100000);
    assert_true(auger_reply_limit_take(limit, AUGER_SEC, &client));
    for (uint16_t port = 1; port < 1000; port++) {
        net.port = port;
        flood(&net, AUGER_SEC, 1);
    }
    assert_false(auger_reply_limit_take(limit, AUGER_SEC, &net));
    assert_true(auger_reply_limit_take(limit, AUGER_SEC, &other_net));
}

static void a_client_behind_the_nat_of_an_attacker_has_its_own_ports(void **state)
{
    (void)state;
    struct auger_addr attacker = addr_of("192.0.2.1:1000"), client = addr_of("192.0.2.1:1001");

    flood(&attacker, AUGER_SEC, 100000);
    assert_true(auger_reply_limit_take(limit, AUGER_SEC, &client));
}

static void what_was_used_up_comes_back_with_time_and_no_faster(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("192.0.2.1:1000");

    assert_int_equal(flood(&client, AUGER_SEC, 50), 10);
    assert_int_equal(flood(&client, AUGER_SEC + 99 * AUGER_MS, 50), 0);
    assert_int_equal(flood(&client, AUGER_SEC + 100 * AUGER_MS, 50), 1);
    assert_int_equal(flood(&client, AUGER_SEC + 500 * AUGER_MS, 50), 4);
    assert_int_equal(flood(&client, 3600 * AUGER_SEC, 50), 10);
}

/* What is refused costs the source nothing: who goes on asking gets its rate. */
static void what_is_refused_is_not_counted_against_anybody(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("192.0.2.1:1000"), sister = addr_of("192.0.2.1:1001");

    flood(&client, AUGER_SEC, 100000);
    for (unsigned i = 0; i < 19; i++, sister.port++)
        assert_int_equal(flood(&sister, AUGER_SEC, 20), 10);
    assert_int_equal(flood(&sister, AUGER_SEC, 1), 0); /* 10 and 19 times 10 are 200 */
}

/* Memory after a flood is memory before it. */
static void no_number_of_sources_takes_memory(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("10.0.0.0:1");
    long before = blocks;

    assert_true(bytes_taken > 0);
    bytes_taken = 0;
    for (unsigned i = 0; i < 300000; i++) {
        client.ip[1] = (uint8_t)(i >> 16);
        client.ip[2] = (uint8_t)(i >> 8);
        client.ip[3] = (uint8_t)i;
        auger_reply_limit_take(limit, AUGER_SEC, &client);
    }
    assert_int_equal(bytes_taken, 0);
    assert_int_equal(blocks, before);
}

/* Half of all cells of a row are used up: a new source shares both of its own with one in four. */
static void a_source_shares_both_cells_to_be_held_up(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("10.0.0.1:1");
    unsigned held_up = 0;

    config.cells = 1024;
    config.prefix_rate = config.prefix_burst = 1000000;
    start();
    for (unsigned i = 0; i < 700; i++) { /* about half of 1024 cells */
        client.ip[2] = (uint8_t)(i >> 8);
        client.ip[3] = (uint8_t)i;
        flood(&client, AUGER_SEC, 20);
    }
    client.ip[1] = 1;
    for (unsigned i = 0; i < 1000; i++) {
        client.ip[2] = (uint8_t)(i >> 8);
        client.ip[3] = (uint8_t)i;
        held_up += !auger_reply_limit_has_room(limit, AUGER_SEC, &client);
    }
    assert_in_range(held_up, 100, 400);
}

static void loopback_is_exempt_by_the_option_alone(void **state)
{
    (void)state;
    struct auger_addr clients[] = {addr_of("127.0.0.1:1000"), addr_of("[::1]:1000")};
    struct auger_addr other = addr_of("192.0.2.1:1000");

    for (size_t i = 0; i < COUNT(clients); i++)
        assert_int_equal(flood(&clients[i], AUGER_SEC, 50), 10);
    config.exempt_loopback = true;
    start();
    for (size_t i = 0; i < COUNT(clients); i++)
        assert_int_equal(flood(&clients[i], AUGER_SEC, 50), 50);
    assert_int_equal(flood(&other, AUGER_SEC, 50), 10);
}

static void a_stream_is_not_limited(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("192.0.2.1:1000");

    client.transport = AUGER_TCP;
    assert_int_equal(flood(&client, AUGER_SEC, 1000), 1000);
}

/* D6: failures are charged, and asked about before the next try. */
static void asking_for_room_counts_nothing(void **state)
{
    (void)state;
    struct auger_addr client = addr_of("192.0.2.1:1000");

    for (unsigned i = 0; i < 1000; i++)
        assert_true(auger_reply_limit_has_room(limit, AUGER_SEC, &client));
    assert_int_equal(auger_reply_limit_stats(limit)->granted, 0);
    assert_int_equal(flood(&client, AUGER_SEC, 50), 10);
    assert_false(auger_reply_limit_has_room(limit, AUGER_SEC, &client));
    assert_true(auger_reply_limit_has_room(limit, AUGER_SEC + 100 * AUGER_MS, &client));
}

static void a_configuration_that_cannot_be_is_refused(void **state)
{
    (void)state;
    const struct auger_reply_limit_config good = config;
    struct auger_reply_limit *made;

    for (unsigned i = 0; i < 9; i++) {
        config = good;
        uint32_t *fields[] = {&config.port_rate, &config.port_burst, &config.prefix_rate,
                              &config.prefix_burst};
        if (i < 8)
            *fields[i / 2] = i % 2 ? 0 : 1000001;
        else
            config.cells = 1000;
        assert_int_equal(auger_reply_limit_new(&made, &env, &config), AUGER_ERR_INVALID);
    }
    config.cells = 0;
    assert_int_equal(auger_reply_limit_new(&made, &env, &config), AUGER_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_port_gets_ten_answers_a_second_after_its_first_ten,
                                        make, drop),
        cmocka_unit_test_setup_teardown(one_prefix_gets_two_hundred_a_second, make, drop),
        cmocka_unit_test_setup_teardown(other_sources_are_not_held_up_by_a_flood, make, drop),
        cmocka_unit_test_setup_teardown(a_client_behind_the_nat_of_an_attacker_has_its_own_ports,
                                        make, drop),
        cmocka_unit_test_setup_teardown(what_was_used_up_comes_back_with_time_and_no_faster, make,
                                        drop),
        cmocka_unit_test_setup_teardown(what_is_refused_is_not_counted_against_anybody, make, drop),
        cmocka_unit_test_setup_teardown(no_number_of_sources_takes_memory, make, drop),
        cmocka_unit_test_setup_teardown(a_source_shares_both_cells_to_be_held_up, make, drop),
        cmocka_unit_test_setup_teardown(loopback_is_exempt_by_the_option_alone, make, drop),
        cmocka_unit_test_setup_teardown(a_stream_is_not_limited, make, drop),
        cmocka_unit_test_setup_teardown(asking_for_room_counts_nothing, make, drop),
        cmocka_unit_test_setup_teardown(a_configuration_that_cannot_be_is_refused, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
