/* The next ports of our NAT among candidates that leave before the peer is known
 * (docs/decisions/214). */
#include "tests/ice/guesser.h"

#include "ice/check.h"

#define HELPERS 5
#define WINDOW 16

static const char *const peer[] = {"23.4.5.6:7000", "23.4.5.7:7000"};

/* Both servers have been asked, and nothing is known of the peer. */
static void gather(struct guesser *g, enum guesser_nat nat, bool window)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.predict_window = window;
    guesser_begin(g, nat, &config);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_stun_server(g->ice, g->world->now, &g->servers[i]), 0);
    auger_ice_end_of_local_addrs(g->ice, g->world->now);
    guesser_run(g, 200 * AUGER_MS);
}

static void help(struct guesser *g)
{
    assert_int_equal(guesser_help(g, 6000, HELPERS), 0);
    guesser_run(g, 100 * AUGER_MS);
}

static size_t count_told(const struct guesser *g, uint16_t first, int step)
{
    size_t told = 0;

    for (int i = 0; i < WINDOW; i++)
        for (size_t j = 0; j < g->cands_len; j++)
            told += g->cands[j].addr.port == first + i * step;
    return told;
}

static void the_next_ports_are_told_before_the_end_of_candidates(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    assert_int_equal(g.wants, 1);
    assert_int_equal(g.wanted.count, HELPERS);
    assert_int_equal(g.gathered, 0);
    help(&g);
    assert_int_equal(count_told(&g, g.next, 1), WINDOW);
    assert_int_equal(g.gathered, 1);
    for (size_t i = 0; i < g.cands_len; i++)
        assert_int_equal(g.cands[i].priority >> 24 < 100,
                         g.cands[i].addr.port >= g.next && g.cands[i].type == AUGER_CAND_SRFLX);
    guesser_end(&g);
}

static void the_step_is_that_of_the_nat(void **state)
{
    static const int steps[] = {2, 100, -1};

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct guesser g;
        gather(&g, GUESSER_BY_DESTINATION, true);
        g.step = steps[i];
        help(&g);
        /* The first of the burst had what was next before the step was another. */
        assert_int_equal(count_told(&g, g.next, steps[i]), WINDOW);
        guesser_end(&g);
    }
}

/* From the socket that has sent nothing, so that it has one of them. */
static void who_becomes_known_is_checked_from_there_before_all_else(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    uint16_t next = g.next;
    size_t before = g.sent_len;
    guesser_run(&g, 5 * AUGER_SEC);
    assert_int_equal(g.sent_len, before);
    guesser_hear(&g, peer, 2);
    guesser_run(&g, 200 * AUGER_MS);
    for (size_t i = 0; i < 2; i++) {
        const struct auger_addr to = addr_of(peer[i]);
        assert_int_equal(g.sent[before + i].path.local.port, 6002);
        assert_true(auger_addr_equal(&g.sent[before + i].path.remote, &to));
        assert_int_equal(g.sent[before + i].seen_at, next + (uint16_t)i);
    }
    assert_true(guesser_wants(&g, 6002));
    guesser_end(&g);
}

/* Each of the two fails at once, in a table that has room for one, and makes room for the other. */
static void who_has_no_requests_left_opens_no_window(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    size_t before = g.sent_len;
    g.ice->config.pairs_max = 1;
    g.ice->current->checklist.pairs.max = 1;
    g.ice->current->unanswered = AUGER_CHECK_UNANSWERED_MAX;
    guesser_hear(&g, peer, 2);
    guesser_run(&g, 200 * AUGER_MS);
    assert_int_equal(g.sent_len, before);
    guesser_end(&g);
}

static void hear_an_indication(struct guesser *g)
{
    static const uint8_t indication[20] = {0x00, 0x11, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1};
    const struct auger_path path = {g->base, addr_of("198.51.100.1:9")};
    struct auger_bytes data;

    auger_ice_handle_datagram(g->ice, g->world->now, &path, indication, sizeof(indication), &data);
}

static void a_window_without_room_is_not_opened_at_a_strangers_word(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    g.ice->config.pairs_max = 1;
    g.ice->current->checklist.pairs.max = 1;
    guesser_hear(&g, peer, 2);
    guesser_run(&g, 10 * AUGER_MS);
    assert_int_equal(g.ice->current->checklist.len, 1);
    g.ice->current->checklist.pairs.max = 4;
    hear_an_indication(&g);
    assert_int_equal(g.ice->current->checklist.len, 1);
    guesser_end(&g);
}

static void where_candidates_may_follow_nothing_is_held_up(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, false);
    assert_int_equal(g.wants, 0);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

static void a_nat_that_maps_for_all_holds_nothing_up(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_FOR_ALL, true);
    assert_int_equal(g.wants, 0);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

static void without_helper_sockets_gathering_ends_all_the_same(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    assert_int_equal(g.gathered, 0);
    guesser_run(&g, 1500 * AUGER_MS);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
    gather(&g, GUESSER_BY_DESTINATION, true);
    assert_int_equal(guesser_help(&g, 6000, 0), 0);
    guesser_run(&g, AUGER_MS);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

static void ports_by_chance_are_not_told(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_RANDOM, true);
    size_t before = g.cands_len;
    help(&g);
    assert_int_equal(g.cands_len, before);
    assert_int_equal(g.gathered, 1);
    assert_false(guesser_wants(&g, 6002));
    guesser_end(&g);
}

/* The peer is known before the last server has answered. */
static void want_burst_while_gathering(struct guesser *g)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.predict_window = true;
    guesser_begin(g, GUESSER_BY_DESTINATION, &config);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_stun_server(g->ice, g->world->now, &g->servers[i]), 0);
    guesser_run(g, 100 * AUGER_MS);
    guesser_hear(g, peer, 1);
    guesser_run(g, 300 * AUGER_MS);
}

/* A burst towards a peer is under way when the last server has answered: the window follows it at
 * once, whatever comes or does not come meanwhile. */
static void a_window_follows_the_burst_that_was_under_way(void **state)
{
    struct guesser g;

    (void)state;
    want_burst_while_gathering(&g);
    assert_int_equal(g.wants, 1);
    g.deaf_servers = true;
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    auger_ice_end_of_local_addrs(g.ice, g.world->now);
    guesser_run(&g, 2 * AUGER_SEC - AUGER_MS);
    assert_int_equal(g.wants, 1);
    assert_int_equal(g.gathered, 0);
    guesser_run(&g, AUGER_MS);
    assert_int_equal(g.wants, 2);
    g.deaf_servers = false;
    assert_int_equal(guesser_help(&g, 6100, HELPERS), 0);
    guesser_run(&g, 100 * AUGER_MS);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

/* It would be the fourth: gathering ends without it. */
static void after_three_bursts_there_is_no_window(void **state)
{
    struct guesser g;

    (void)state;
    want_burst_while_gathering(&g);
    g.deaf_servers = true;
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(g.wants, i + 1u);
        assert_int_equal(guesser_help(&g, (uint16_t)(6000 + 100 * i), HELPERS), 0);
        for (int step = 0; step < 30 && g.wants == i + 1u; step++)
            guesser_run(&g, 100 * AUGER_MS);
    }
    assert_int_equal(g.gathered, 0);
    auger_ice_end_of_local_addrs(g.ice, g.world->now);
    guesser_run(&g, AUGER_SEC);
    assert_int_equal(g.wants, 3);
    assert_int_equal(g.gathered, 1);
    guesser_end(&g);
}

/* Of the three bursts there may be it is one. */
static void two_bursts_are_left_for_when_the_peer_is_known(void **state)
{
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    guesser_hear(&g, peer, 1);
    for (uint16_t i = 0; i < 200; i++) {
        size_t before = g.wants;
        guesser_run(&g, 100 * AUGER_MS);
        if (g.wants > before)
            assert_int_equal(guesser_help(&g, (uint16_t)(7000 + 10 * i), HELPERS), 0);
    }
    assert_int_equal(g.wants, 3);
    guesser_end(&g);
}

/* --- a peer that nominates ----------------------------------------------------------- */

static void peer_nominates(struct guesser *g, const struct auger_path *path, uint8_t number)
{
    const char *password = auger_ice_password(g->ice);
    struct auger_stun_key *key;
    struct auger_stun_builder b;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    char name[AUGER_UFRAG_MAX + 8];

    snprintf(name, sizeof(name), "%s:peer", auger_ice_ufrag(g->ice));
    assert_int_equal(auger_stun_key_new(&key, (const uint8_t *)password, strlen(password)), 0);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &(struct auger_stun_tid){.bytes = {number}});
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, name, strlen(name));
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 1853824767);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, 1);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_ice_handle_datagram(g->ice, g->world->now, path, buf, (size_t)len, &data);
    auger_stun_key_free(key);
}

/* As guesser_run(), with a peer that answers checks from `from`, or from all ports with 0. */
static void run_with_peer(struct guesser *g, auger_time duration, uint16_t from)
{
    static const char password[] = "peerspasswordpeerspassword";
    const auger_time end = g->world->now + duration;
    uint8_t buf[AUGER_DATAGRAM_MAX], reply[AUGER_DATAGRAM_MAX];
    struct auger_stun_key *key;
    struct auger_stun_msg msg;
    struct auger_path path;
    struct auger_bytes data;
    size_t len;

    assert_int_equal(auger_stun_key_new(&key, (const uint8_t *)password, sizeof(password) - 1), 0);
    for (; g->world->now < end; g->world->now += 10 * AUGER_MS) {
        auger_ice_handle_timeout(g->ice, g->world->now);
        while ((len = auger_ice_poll_transmit(g->ice, g->world->now, &path, buf, sizeof(buf))) >
               0) {
            struct auger_addr mapped = addr_of("198.51.100.77:1");
            struct auger_stun_builder b;
            if (auger_stun_msg_parse(&msg, buf, len) != 0 || msg.class_ != AUGER_STUN_REQUEST ||
                guesser_is_server(g, &path.remote) || (from && path.local.port != from))
                continue;
            mapped.port = guesser_map(g, &path);
            auger_stun_build_begin(&b, reply, sizeof(reply), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                                   &msg.tid);
            auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
            auger_stun_build_integrity(&b, key);
            auger_stun_build_fingerprint(&b);
            int written = auger_stun_build_end(&b);
            auger_ice_handle_datagram(g->ice, g->world->now, &path, reply, (size_t)written, &data);
        }
        guesser_take_events(g);
    }
    auger_stun_key_free(key);
}

/* The ordinary base has a port that was told as well.  What we settle on is that, and Firefox,
 * which nominates all that it checks, settles on the other. */
static void a_socket_that_the_peer_has_checked_stays_and_is_heard(void **state)
{
    static const uint8_t dtls[] = {22, 254, 253, 0, 0};
    struct auger_path ordinary, helper;
    struct auger_bytes data = {0};
    struct guesser g;

    (void)state;
    gather(&g, GUESSER_BY_DESTINATION, true);
    help(&g);
    ordinary = helper = (struct auger_path){g.base, addr_of(peer[0])};
    helper.local.port = 6002;
    guesser_hear(&g, peer, 1);
    run_with_peer(&g, 70 * AUGER_MS, g.base.port);
    peer_nominates(&g, &helper, 1);
    peer_nominates(&g, &ordinary, 2);
    run_with_peer(&g, 20 * AUGER_MS, g.base.port);
    run_with_peer(&g, 2 * AUGER_SEC, 0);
    assert_int_equal(auger_ice_get_state(g.ice), AUGER_ICE_CONNECTED);
    assert_true(guesser_wants(&g, 6002));
    auger_ice_handle_datagram(g.ice, g.world->now, &helper, dtls, sizeof(dtls), &data);
    assert_int_equal(data.len, sizeof(dtls));
    guesser_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_ports_are_told_before_the_end_of_candidates),
        cmocka_unit_test(the_step_is_that_of_the_nat),
        cmocka_unit_test(who_becomes_known_is_checked_from_there_before_all_else),
        cmocka_unit_test(who_has_no_requests_left_opens_no_window),
        cmocka_unit_test(a_window_without_room_is_not_opened_at_a_strangers_word),
        cmocka_unit_test(where_candidates_may_follow_nothing_is_held_up),
        cmocka_unit_test(a_nat_that_maps_for_all_holds_nothing_up),
        cmocka_unit_test(without_helper_sockets_gathering_ends_all_the_same),
        cmocka_unit_test(ports_by_chance_are_not_told),
        cmocka_unit_test(a_window_follows_the_burst_that_was_under_way),
        cmocka_unit_test(after_three_bursts_there_is_no_window),
        cmocka_unit_test(two_bursts_are_left_for_when_the_peer_is_known),
        cmocka_unit_test(a_socket_that_the_peer_has_checked_stays_and_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
