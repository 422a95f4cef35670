/* Streams between hosts: what is on its way at a time, and what becomes of it. */
#include "tests/sim/scenario.h"

#include "sim/tcp.h"
#include "sim/world.h"

#define DELAY (25 * AUGER_MS)
#define PORT 4000
#define MESSAGES 100
#define ENOUGH 1000 /* data that no stream has room for */

/* The first bytes that a host has heard; both hosts have one. */
struct ear {
    uint8_t heard[2 * ENOUGH];
    size_t len;
    bool wants; /* its streams */
    unsigned lost;
};

static void hear(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                 const uint8_t *buf, size_t len)
{
    struct ear *ear = host->owner;

    (void)sim;
    (void)path;
    assert_true(len == 1 && ear->len < sizeof(ear->heard));
    ear->heard[ear->len++] = buf[0];
}

static void lose(struct sim *sim, struct sim_host *host, const struct auger_path *path)
{
    struct ear *ear = host->owner;

    (void)sim;
    (void)path;
    ear->lost++;
}

static bool listen(const struct sim_host *host, const struct auger_addr *at)
{
    (void)host;
    return at->port == PORT;
}

static bool never_sleep(const struct sim_host *host)
{
    (void)host;
    return false;
}

static bool want(const struct sim_host *host, const struct auger_path *path)
{
    const struct ear *ear = host->owner;

    (void)path;
    return ear->wants;
}

static const struct sim_tcp_user user = {hear, lose, listen, never_sleep, want};

static struct sim_host *add_host(struct sim *sim, const char *name, struct ear *ear)
{
    struct sim_host *host = sim_host_new(sim, name);

    *ear = (struct ear){.wants = true};
    host->tcp = &user;
    host->owner = ear;
    sim_host_attach(host, sim_internet(sim), AUGER_IPV4, PORT);
    return host;
}

static struct auger_path way(const struct sim_host *from, const struct sim_host *to)
{
    struct auger_path path = {from->at[0].addr, to->at[0].addr};

    path.local.port = 0;
    path.local.transport = path.remote.transport = AUGER_TCP;
    return path;
}

static void say(struct sim *sim, struct sim_host *from, const struct sim_host *to, uint8_t byte)
{
    struct auger_path path = way(from, to);

    sim_tcp_send(sim, from, &path, true, &byte, 1);
}

SCENARIO(several_messages_are_on_their_way_at_a_time)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct ear ears[2];
    struct sim_host *a = add_host(sim, "a", &ears[0]), *b = add_host(sim, "b", &ears[1]);

    for (uint8_t i = 1; i <= 8; i++)
        say(sim, a, b, i);
    sim_run(sim, 3 * DELAY); /* that of the SYN, of its answer, and theirs */
    assert_int_equal(ears[1].len, 8);
    world_end(sim);
}

SCENARIO(messages_arrive_once_and_in_their_order)
{
    const struct link_quality wire = {.delay = DELAY,
                                      .jitter = DELAY,
                                      .loss_permille = 150,
                                      .duplicate_permille = 100,
                                      .reorder_permille = 300,
                                      .reorder_by = 100 * AUGER_MS};
    struct sim *sim = world(seed, .internet = &wire);
    struct ear ears[2];
    struct sim_host *a = add_host(sim, "a", &ears[0]), *b = add_host(sim, "b", &ears[1]);

    for (uint8_t i = 0; i < MESSAGES; i++) {
        say(sim, a, b, i);
        sim_run(sim, 100 * AUGER_MS);
    }
    sim_run(sim, 30 * AUGER_SEC);
    assert_int_equal(ears[1].len, MESSAGES);
    for (uint8_t i = 0; i < MESSAGES; i++)
        assert_int_equal(ears[1].heard[i], i);
    world_end(sim);
}

SCENARIO(a_stream_full_of_data_has_room_for_a_check)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct ear ears[2];
    struct sim_host *a = add_host(sim, "a", &ears[0]), *b = add_host(sim, "b", &ears[1]);

    for (size_t i = 0; i < ENOUGH; i++)
        say(sim, a, b, 'd');
    say(sim, a, b, 0);
    sim_run(sim, 10 * AUGER_SEC);
    assert_in_range(ears[1].len, 2, ENOUGH - 1);
    assert_int_equal(ears[1].heard[ears[1].len - 1], 0);
    world_end(sim);
}

SCENARIO(a_stream_that_one_end_wants_no_more_is_closed_for_both_soon)
{
    for (int end = 0; end < 2; end++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct ear ears[2];
        struct sim_host *a = add_host(sim, "a", &ears[0]), *b = add_host(sim, "b", &ears[1]);

        say(sim, a, b, 1);
        sim_run(sim, 20 * AUGER_SEC);
        assert_int_equal(ears[0].lost + ears[1].lost, 0);
        ears[end].wants = false;
        sim_run(sim, 1100 * AUGER_MS);
        assert_int_equal(ears[0].lost, 1);
        assert_int_equal(ears[1].lost, 1);
        world_end(sim);
    }
}

SCENARIO(who_connects_has_ten_seconds_to_be_wanted)
{
    for (int proves = 0; proves < 2; proves++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct ear ears[2];
        struct sim_host *a = add_host(sim, "a", &ears[0]), *b = add_host(sim, "b", &ears[1]);

        ears[1].wants = false;
        say(sim, a, b, 1);
        sim_run(sim, 9 * AUGER_SEC);
        assert_int_equal(ears[0].lost, 0);
        ears[1].wants = proves;
        sim_run(sim, 3 * AUGER_SEC);
        assert_int_equal(ears[0].lost, !proves);
        world_end(sim);
    }
}

SCENARIOS(scenario_test(several_messages_are_on_their_way_at_a_time),
          scenario_test(messages_arrive_once_and_in_their_order),
          scenario_test(a_stream_full_of_data_has_room_for_a_check),
          scenario_test(a_stream_that_one_end_wants_no_more_is_closed_for_both_soon),
          scenario_test(who_connects_has_ten_seconds_to_be_wanted))
