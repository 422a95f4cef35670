/* An agent's memory runs out: every call of <auger/ice.h>, <auger/ice_stats.h> and
 * <auger/ice_explain.h>, and a whole session, with the n-th block missing for every n. The call
 * fails and has changed nothing; the session comes about all the same. */
#include "tests/memory/swept_ice.h"

/* --- calls ------------------------------------------------------------------------------ */

struct call {
    const char *name;
    struct world *(*begin)(void);
    int (*run)(struct world *world, struct auger_ice *ice);
    bool takes_none; /* it never needs a block */
};

static struct auger_ice *first_of(struct world *world)
{
    return world->sides[0].ice;
}

static struct world *fresh(void)
{
    struct world *world = world_of_two(DELAY);

    world->server = addr_of("198.51.100.1:3478");
    assert_int_equal(auger_ice_add_stun_server(first_of(world), world->now, &world->server), 0);
    return world;
}

static struct world *checking(void)
{
    struct world *world = fresh();

    introduce(world);
    return world;
}

static struct world *connected(void)
{
    struct world *world = checking();

    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(first_of(world)), AUGER_ICE_CONNECTED);
    return world;
}

/* The address in use is about to go: then pairs of the others are formed, of which the peer was not
 * told, and with a peer that is known by its checks alone. */
static struct world *moving(void)
{
    struct world *world = fresh();

    world_settle(world);
    tell_credentials(world, 0);
    tell_credentials(world, 1);
    tell_candidates(world, 1);
    for (uint16_t port = 1003; port < 1012; port++) {
        struct auger_addr base = addr_of("192.0.2.1:1");
        base.port = port;
        assert_int_equal(auger_ice_add_local_addr(first_of(world), world->now, &base), 0);
    }
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(first_of(world)), AUGER_ICE_CONNECTED);
    return world;
}

static struct world *restarting(void)
{
    struct world *world = connected();

    assert_int_equal(auger_ice_restart(first_of(world), world->now), 0);
    world_settle(world);
    return world;
}

static struct world *restarted_by_the_other(void)
{
    struct world *world = connected();

    assert_int_equal(auger_ice_restart(world->sides[1].ice, world->now), 0);
    world_settle(world);
    return world;
}

/* The other has taken our restart, and answers. */
static struct world *restart_answered(void)
{
    struct world *world = restarting();

    tell_credentials(world, 1);
    return world;
}

static int set_controlling(struct world *world, struct auger_ice *ice)
{
    (void)world;
    return (int)SWEPT(auger_ice_set_controlling(ice, true));
}

static int add_local_addr(struct world *world, struct auger_ice *ice)
{
    struct auger_addr base = addr_of(ice == first_of(world) ? "192.0.2.1:1003" : "192.0.2.2:2004");
    return (int)SWEPT(auger_ice_add_local_addr(ice, world->now, &base));
}

static int remove_local_addr(struct world *world, struct auger_ice *ice)
{
    struct auger_addr base = addr_of("192.0.2.1:1001");
    return (int)SWEPT(auger_ice_remove_local_addr(ice, world->now, &base));
}

static int add_mapped_addr(struct world *world, struct auger_ice *ice)
{
    bool first = ice == first_of(world);
    struct auger_addr base = addr_of(first ? "192.0.2.1:1001" : "192.0.2.2:2001");
    struct auger_addr external = addr_of(first ? "198.51.100.7:1001" : "198.51.100.8:2001");
    int err = (int)SWEPT(auger_ice_add_mapped_addr(ice, world->now, &base, &external));

    if (err == 0)
        SWEPT_VOID((void)auger_ice_remove_mapped_addr(ice, world->now, &base, &external));
    return err;
}

static int set_nat64(struct world *world, struct auger_ice *ice)
{
    const struct auger_nat64 nat64 = {.prefix = {0x00, 0x64, 0xFF, 0x9B}, .prefix_len = 96};

    return (int)SWEPT(auger_ice_set_nat64(ice, world->now, &nat64));
}

static int add_stun_server(struct world *world, struct auger_ice *ice)
{
    struct auger_addr server = addr_of("198.51.100.2:3478");
    return (int)SWEPT(auger_ice_add_stun_server(ice, world->now, &server));
}

static int end_of_local_addrs(struct world *world, struct auger_ice *ice)
{
    SWEPT_VOID(auger_ice_end_of_local_addrs(ice, world->now));
    return 0;
}

static int restart(struct world *world, struct auger_ice *ice)
{
    return (int)SWEPT(auger_ice_restart(ice, world->now));
}

static int withdraw_restart(struct world *world, struct auger_ice *ice)
{
    return (int)SWEPT(auger_ice_withdraw_restart(ice, world->now));
}

static int set_remote_credentials(struct world *world, struct auger_ice *ice)
{
    const struct auger_ice *peer = world->sides[1].ice;
    return (int)SWEPT(auger_ice_set_remote_credentials(ice, world->now, auger_ice_ufrag(peer),
                                                       auger_ice_password(peer)));
}

static int add_remote_cand(struct world *world, struct auger_ice *ice)
{
    struct auger_cand cand = cand_of("192.0.2.2:2003", AUGER_CAND_HOST, 2130706431);
    return (int)SWEPT(auger_ice_add_remote_cand(ice, world->now, &cand));
}

static int end_of_remote_cands(struct world *world, struct auger_ice *ice)
{
    SWEPT_VOID(auger_ice_end_of_remote_cands(ice, world->now));
    return 0;
}

static int handle_timeout(struct world *world, struct auger_ice *ice)
{
    world->now += 6 * AUGER_SEC;
    SWEPT_VOID(auger_ice_handle_timeout(ice, world->now));
    return 0;
}

static int poll_transmit(struct world *world, struct auger_ice *ice)
{
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];

    world->now += 6 * AUGER_SEC; /* by then there are checks to repeat, or consent is due */
    while (SWEPT((long)auger_ice_poll_transmit(ice, world->now, &path, buf, sizeof(buf))) > 0)
        ;
    return 0;
}

static int poll_event(struct world *world, struct auger_ice *ice)
{
    struct auger_ice_event event;

    (void)world;
    while (SWEPT(auger_ice_poll_event(ice, &event)))
        ;
    return 0;
}

static int write_data(struct world *world, struct auger_ice *ice)
{
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    return (int)SWEPT(auger_ice_write_data(ice, world->now, (const uint8_t *)"hello", 5, &path, buf,
                                           sizeof(buf)));
}

static int look(struct world *world, struct auger_ice *ice)
{
    struct auger_ice_pair_info pairs[4];
    struct auger_cand cands[4];
    struct auger_ice_counters counters;

    (void)world;
    SWEPT_VOID((void)auger_ice_ufrag(ice));
    SWEPT_VOID((void)auger_ice_password(ice));
    SWEPT_VOID((void)auger_ice_get_state(ice));
    SWEPT_VOID((void)auger_ice_next_timeout(ice));
    SWEPT_VOID((void)auger_ice_pairs(ice, pairs, 4));
    SWEPT_VOID((void)auger_ice_local_cands(ice, cands, 4));
    SWEPT_VOID((void)auger_ice_remote_cands(ice, cands, 4));
    SWEPT_VOID(auger_ice_get_counters(ice, &counters));
    return 0;
}

static int explain(struct world *world, struct auger_ice *ice)
{
    struct auger_ice_explanation explanation;

    (void)world;
    SWEPT_VOID(auger_ice_note_unusable_cand(ice));
    SWEPT_VOID(auger_ice_explain(ice, &explanation));
    SWEPT_VOID((void)auger_ice_why_name(explanation.why));
    SWEPT_VOID((void)auger_ice_why_text(explanation.why));
    return 0;
}

static int count(struct world *world, struct auger_ice *ice)
{
    struct auger_ice_pair_stats pair;
    struct auger_ice_cand_stats cand;
    struct auger_ice_transport_stats transport;

    SWEPT_VOID(auger_ice_note_discarded(ice, &world->sides[0].path, 5));
    SWEPT_VOID(auger_ice_get_transport_stats(ice, &transport));
    int err = (int)SWEPT(auger_ice_get_pair_stats(ice, 0, &pair));
    return err < 0 ? err : (int)SWEPT(auger_ice_get_cand_stats(ice, 0, &cand));
}

static int share_sockets(struct world *world, struct auger_ice *ice)
{
    (void)world;
    return (int)SWEPT(auger_ice_share_sockets(ice, 0x12345678));
}

static int set_local_credentials(struct world *world, struct auger_ice *ice)
{
    (void)world;
    return (int)SWEPT(auger_ice_set_local_credentials(ice, "chosen01", "chosenchosenchosenchosen"));
}

static int refuse_path(struct world *world, struct auger_ice *ice)
{
    const char *ufrags[AUGER_ICE_UFRAGS_MAX];
    struct auger_ice_want wants[AUGER_ICE_WANTS_MAX];
    struct auger_path path;

    SWEPT_VOID((void)auger_ice_local_ufrags(ice, ufrags));
    SWEPT_VOID((void)auger_ice_heard_on(ice, &path));
    SWEPT_VOID((void)auger_ice_wants(ice, wants));
    return (int)SWEPT(auger_ice_refuse_path(ice, world->now, &world->sides[0].path));
}

static const struct call calls[] = {
    {"set_controlling", fresh, set_controlling, true},
    {"add_local_addr", fresh, add_local_addr, false},
    {"add_local_addr while checking", checking, add_local_addr, false},
    {"remove_local_addr, the one in use", moving, remove_local_addr, false},
    {"add_mapped_addr", connected, add_mapped_addr, false},
    {"set_nat64", fresh, set_nat64, true},
    {"add_stun_server", fresh, add_stun_server, false},
    {"end_of_local_addrs", fresh, end_of_local_addrs, true},
    {"restart", connected, restart, false},
    {"restart before the first answer", fresh, restart, false},
    {"restart in place of one that waits", restarting, restart, false},
    {"withdraw_restart", restarting, withdraw_restart, true},
    {"set_remote_credentials", fresh, set_remote_credentials, false},
    {"set_remote_credentials, a restart", restarted_by_the_other, set_remote_credentials, false},
    {"set_remote_credentials, an answer", restart_answered, set_remote_credentials, false},
    {"add_remote_cand", checking, add_remote_cand, false},
    {"add_remote_cand once connected", connected, add_remote_cand, false},
    {"end_of_remote_cands", checking, end_of_remote_cands, true},
    {"handle_timeout while checking", checking, handle_timeout, true},
    {"handle_timeout once connected", connected, handle_timeout, true},
    {"poll_transmit while checking", checking, poll_transmit, false},
    {"poll_transmit once connected", connected, poll_transmit, false},
    {"poll_transmit in a restart", restart_answered, poll_transmit, false},
    {"poll_event", fresh, poll_event, true},
    {"poll_event once connected", connected, poll_event, true},
    {"write_data", connected, write_data, true},
    {"share_sockets", fresh, share_sockets, true},
    {"set_local_credentials", fresh, set_local_credentials, false},
    {"refuse_path", connected, refuse_path, true},
    {"look", connected, look, true},
    {"explain", connected, explain, true},
    {"count", connected, count, true},
};

/* Whatever befell the first agent: the two find each other, and talk. */
static void finish(struct world *world)
{
    for (int round = 0; round < 2; round++) {
        world_settle(world);
        for (int to = 0; to < 2; to++) {
            tell_credentials(world, to);
            tell_candidates(world, to);
        }
    }
    world_run(world, 5 * AUGER_SEC);
    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
    send_text(world, 0, "hello");
    world_run(world, AUGER_SEC);
    assert_int_equal(world->sides[1].data_len, 5);
}

/* Whether a block was missing. */
static bool call_with_missing(const struct call *call, unsigned long n)
{
    struct world *world = call->begin();
    size_t blocks = world->blocks;

    sweep_begin(n);
    int err = call->run(world, first_of(world));
    bool failed = sweep_end();
    if (failed && call->takes_none)
        fail_msg("%s takes memory", call->name);
    if (failed && err < 0) {
        assert_true(err == AUGER_ERR_NO_MEMORY || err == AUGER_ERR_CRYPTO);
        assert_int_equal(world->blocks, blocks);
        err = call->run(world, first_of(world));
    }
    if (err < 0)
        fail_msg("%s, block %lu: %s", call->name, n, auger_strerror(err));
    finish(world);
    world_free(world);
    return failed;
}

static void test_each_block_of_each_call_may_be_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        call_with_missing(&calls[i], BLOCKS_MAX); /* OpenSSL makes some things once */
        long before = sweep.openssl_blocks;
        unsigned long n = 1;
        while (call_with_missing(&calls[i], n))
            assert_true(++n < BLOCKS_MAX);
        if (!calls[i].takes_none && n == 1)
            fail_msg("%s takes no memory", calls[i].name);
        if (sweep.openssl_blocks != before)
            fail_msg("%s leaks %ld blocks of OpenSSL's", calls[i].name,
                     sweep.openssl_blocks - before);
    }
}

static void test_each_block_of_an_agent_may_be_missing_when_it_is_made(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice *ice;
    unsigned long n = 0;
    bool failed;

    do {
        ice = NULL;
        sweep_begin(++n);
        int err = (int)SWEPT(auger_ice_new(&ice, &world->env, NULL));
        failed = sweep_end();
        assert_true(failed || err == 0);
        assert_true(err == 0 || err == AUGER_ERR_NO_MEMORY || err == AUGER_ERR_CRYPTO);
        assert_true(err == 0 || !ice);
        assert_true(err == 0 || world->blocks == 0);
        auger_ice_free(err == 0 ? ice : NULL);
    } while (failed);
    assert_true(n > 8);
    world_free(world);
}

/* --- a whole session ---------------------------------------------------------------------- */

/* Of all that a session takes, restarts and all, the n-th block is missing.  What an agent
 * refuses is said again, as an application would. */
static bool live_with_missing(unsigned long n)
{
    struct world *world = fresh();

    sweep_begin(n);
    for (int which = 0; which < 2; which++) {
        struct auger_ice *ice = world->sides[which].ice;
        if (add_local_addr(world, ice) < 0)
            assert_int_equal(add_local_addr(world, ice), 0);
        (void)end_of_local_addrs(world, ice);
    }
    introduce(world);
    for (int i = 0; i < 2; i++) {
        world_run(world, AUGER_SEC);
        if (restart(world, world->sides[i].ice) < 0)
            assert_int_equal(restart(world, world->sides[i].ice), 0);
        world_settle(world);
        if (i == 1 && set_remote_credentials(world, first_of(world)) < 0)
            assert_int_equal(set_remote_credentials(world, first_of(world)), 0);
    }
    bool failed = sweep_end();
    finish(world);
    world_free(world);
    return failed;
}

static void test_each_block_of_a_session_may_be_missing(void **state)
{
    (void)state;
    unsigned long n = 1;

    while (live_with_missing(n))
        n++;
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_block_of_an_agent_may_be_missing_when_it_is_made),
        cmocka_unit_test(test_each_block_of_each_call_may_be_missing),
        cmocka_unit_test(test_each_block_of_a_session_may_be_missing),
    };
    return sweep_openssl() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
