/* Peers on shared sockets: many on one port, two muxes between each other, and a peer that
 * is made because somebody asked for it. */
#include "tests/io/ends.h"

#define MANY 100

static struct auger_certificate *certificate; /* one for all: keys take their time */

static int make_certificate(void **state)
{
    (void)state;
    return auger_certificate_new(&certificate, auger_env_system());
}

static int free_certificate(void **state)
{
    (void)state;
    auger_certificate_free(certificate);
    return 0;
}

static struct auger_loop *new_loop(void)
{
    struct auger_loop_config config;
    struct auger_loop *loop;

    auger_loop_config_init(&config);
    config.peers_max = 20000;
    assert_int_equal(auger_loop_new(&loop, &config), 0);
    return loop;
}

static struct auger_loop_mux *new_mux(struct auger_loop *loop)
{
    const struct auger_net_config net = net_of_loopback();
    struct auger_loop_mux *mux;

    assert_int_equal(auger_loop_mux_new(loop, &net, &mux), 0);
    return mux;
}

/* On a mux, or NULL: on a socket of its own. */
static struct auger_peer *peer_on(struct auger_loop *loop, struct auger_loop_mux *mux,
                                  auger_time patience)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_peer_config config;
    struct auger_peer *peer;

    auger_peer_config_init(&config);
    config.certificate = certificate;
    config.ice.pac_timeout = patience;
    net.mux = mux;
    assert_int_equal(auger_loop_peer_new(loop, &config, &net, &peer), 0);
    return peer;
}

static void begin_on(struct ends *ends, struct auger_loop *loop, struct auger_loop_mux *alices,
                     struct auger_loop_mux *bobs, auger_time patience)
{
    *ends = (struct ends){.loop = loop};
    ends->peers[ALICE] = peer_on(loop, alices, patience);
    ends->peers[BOB] = peer_on(loop, bobs, patience);
    auger_loop_peer_set_user(loop, ends->peers[ALICE], ends);
    auger_loop_peer_set_user(loop, ends->peers[BOB], ends);
    introduce(ends);
}

/* One event of whichever pair. */
static void step_any(struct auger_loop *loop)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(loop, &event));
    if (event.type == AUGER_LOOP_EVENT_PEER)
        take(event.user, &event);
}

static bool all_open(const struct ends *ends, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ends[i].open[ALICE] || !ends[i].open[BOB])
            return false;
    return true;
}

static void each_hears_its_own(struct ends *ends, size_t len)
{
    char text[32];

    for (size_t i = 0; i < len; i++)
        for (int side = ALICE; side <= BOB; side++) {
            snprintf(text, sizeof(text), "%d of %zu", side, i);
            send_text(&ends[i], side, text);
        }
    for (size_t i = 0; i < len; i++)
        for (int side = ALICE; side <= BOB; side++) {
            while (ends[i].messages[!side] == 0)
                step_any(ends->loop);
            snprintf(text, sizeof(text), "%d of %zu", side, i);
            assert_string_equal(ends[i].latest[!side], text);
            assert_int_equal(ends[i].messages[!side], 1);
        }
}

static void many_peers_share_one_port(void **state)
{
    static struct ends ends[MANY];
    struct auger_loop *loop = new_loop();
    struct auger_loop_mux *mux = new_mux(loop);
    struct auger_mux_counters counters;
    struct auger_addr addrs[4];

    (void)state;
    assert_int_equal(auger_loop_mux_addrs(mux, addrs, 4), 1);
    for (size_t i = 0; i < MANY; i++)
        begin_on(&ends[i], loop, i % 2 ? mux : NULL, i % 2 ? NULL : mux, 30 * AUGER_SEC);
    while (!all_open(ends, MANY))
        step_any(loop);
    each_hears_its_own(ends, MANY);
    auger_mux_get_counters(auger_loop_mux_table(mux), &counters);
    assert_true(counters.found_by_name >= MANY && counters.found_by_tag >= MANY);
    assert_true(counters.found_by_path >= MANY);
    assert_int_equal(counters.unknown_answers, 0);
    assert_int_equal(counters.ambiguous, 0);

    assert_int_equal(auger_loop_mux_free(loop, mux), AUGER_ERR_STATE);
    for (size_t i = 0; i < MANY; i++)
        auger_loop_peer_free(loop, ends[i].peers[i % 2 ? ALICE : BOB]);
    assert_int_equal(auger_loop_mux_free(loop, mux), 0);
    auger_loop_free(loop);
}

/* Three ports at each end are nine paths. */
static struct auger_loop_mux *new_mux_of_three(struct auger_loop *loop)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_loop_mux *mux;

    for (unsigned port = 20000; port < 60000; port += 3) {
        net.port_min = (uint16_t)port;
        net.port_max = (uint16_t)(port + 2);
        if (auger_loop_mux_new(loop, &net, &mux) == 0)
            return mux;
    }
    fail_msg("no three ports are free");
    return NULL;
}

static bool have_different_paths(const struct auger_peer *a, const struct auger_peer *b)
{
    struct auger_peer_info one, two;

    auger_peer_get_info(a, &one);
    auger_peer_get_info(b, &two);
    assert_true(one.has_path && two.has_path);
    return !auger_addr_equal(&one.selected.local.addr, &two.selected.local.addr) ||
           !auger_addr_equal(&one.selected.remote.addr, &two.selected.remote.addr);
}

static void between_two_muxes_each_session_takes_a_path_of_its_own(void **state)
{
    static struct ends ends[4];
    struct auger_loop *loop = new_loop();
    struct auger_loop_mux *alices = new_mux_of_three(loop), *bobs = new_mux_of_three(loop);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        begin_on(&ends[i], loop, alices, bobs, 30 * AUGER_SEC);
    while (!all_open(ends, ARRAY_LEN(ends)))
        step_any(loop);
    each_hears_its_own(ends, ARRAY_LEN(ends));
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        for (size_t j = 0; j < i; j++)
            assert_true(have_different_paths(ends[i].peers[ALICE], ends[j].peers[ALICE]));
    auger_loop_free(loop);
}

static void the_second_session_on_one_path_fails_and_the_first_does_not_notice(void **state)
{
    static struct ends first, second;
    struct auger_loop *loop = new_loop();
    struct auger_loop_mux *alices = new_mux(loop), *bobs = new_mux(loop);
    struct auger_peer_explanation why;

    (void)state;
    begin_on(&first, loop, alices, bobs, 2 * AUGER_SEC);
    while (!all_open(&first, 1))
        step_any(loop);
    begin_on(&second, loop, alices, bobs, 2 * AUGER_SEC);
    while (second.states[ALICE] != AUGER_PEER_FAILED)
        step_any(loop);
    auger_peer_explain(second.peers[ALICE], &why);
    assert_int_equal(why.ice.why, AUGER_ICE_WHY_PATH_TAKEN);
    assert_false(second.open[ALICE] || second.open[BOB]);
    assert_int_equal(first.states[ALICE], AUGER_PEER_CONNECTED);
    each_hears_its_own(&first, 1);

    /* Once the first has gone there is room. */
    auger_loop_peer_free(loop, first.peers[ALICE]);
    auger_loop_peer_free(loop, first.peers[BOB]);
    begin_on(&first, loop, alices, bobs, 30 * AUGER_SEC);
    while (!all_open(&first, 1))
        step_any(loop);
    auger_loop_free(loop);
}

/* A pair of the latest generation is selected: those of the former one are told no more. */
static bool is_on_its_latest_path(const struct auger_peer *peer)
{
    struct auger_ice_pair_info pairs[8];
    size_t len = auger_ice_pairs(auger_peer_ice(peer), pairs, ARRAY_LEN(pairs));
    size_t selected = 0;

    for (size_t i = 0; i < len; i++)
        selected += pairs[i].selected;
    return selected == 1 && len == 1;
}

/* The names change, and so may the paths; others on the port do not notice. */
static void either_side_of_a_shared_port_can_restart(void **state)
{
    static char sdp[AUGER_SDP_MAX + 1];
    static struct ends ends[2];
    struct auger_loop *loop = new_loop();
    struct auger_loop_mux *mux = new_mux(loop);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        begin_on(&ends[i], loop, mux, NULL, 30 * AUGER_SEC);
    while (!all_open(ends, ARRAY_LEN(ends)))
        step_any(loop);
    for (int side = ALICE; side <= BOB; side++) {
        struct auger_peer *offerer = ends[0].peers[side], *answerer = ends[0].peers[!side];
        auger_time now = auger_loop_now(loop);
        assert_int_equal(auger_peer_restart(offerer, now), 0);
        int len = auger_peer_create_offer(offerer, now, sdp, sizeof(sdp));
        assert_true(len > 0);
        assert_int_equal(auger_peer_set_remote_description(answerer, now, AUGER_SDP_OFFER, sdp,
                                                           (size_t)len, NULL),
                         0);
        len = auger_peer_create_answer(answerer, now, sdp, sizeof(sdp));
        assert_true(len > 0);
        assert_int_equal(auger_peer_set_remote_description(offerer, now, AUGER_SDP_ANSWER, sdp,
                                                           (size_t)len, NULL),
                         0);
        while (!is_on_its_latest_path(ends[0].peers[ALICE]) ||
               !is_on_its_latest_path(ends[0].peers[BOB]))
            step_any(loop);
    }
    each_hears_its_own(ends, ARRAY_LEN(ends));
    auger_loop_free(loop);
}

/* --- without signalling ------------------------------------------------------------- */

static const char ufrag[] = "invitation", password[] = "a+password+of+22+chars+or+more";

/* The peer that answers `offer` under names that both sides know beforehand. */
static struct auger_peer *invited(struct auger_loop *loop, struct auger_loop_mux *mux,
                                  const char *offer, char *answer, size_t cap)
{
    struct auger_peer *peer = peer_on(loop, mux, 30 * AUGER_SEC);
    auger_time now = auger_loop_now(loop);

    assert_int_equal(auger_peer_set_local_credentials(peer, ufrag, password), 0);
    assert_int_equal(
        auger_peer_set_remote_description(peer, now, AUGER_SDP_OFFER, offer, strlen(offer), NULL),
        0);
    assert_true(auger_peer_create_answer(peer, now, answer, cap) > 0);
    return peer;
}

static void a_check_of_an_unknown_name_makes_a_peer_that_answers(void **state)
{
    static char offer[AUGER_SDP_MAX + 1], answer[AUGER_SDP_MAX + 1], again[AUGER_SDP_MAX + 1];
    const struct auger_channel_options options = {.label = "chat"};
    static struct ends ends;
    struct auger_loop *loop = new_loop();
    struct auger_loop_mux *mux = new_mux(loop);
    struct auger_loop_event event;

    (void)state;
    ends = (struct ends){.loop = loop, .peers[ALICE] = peer_on(loop, NULL, 30 * AUGER_SEC)};
    auger_time now = now_of(&ends);
    assert_int_equal(
        auger_peer_channel_open(ends.peers[ALICE], now, &options, &ends.channels[ALICE]), 0);
    assert_true(auger_peer_create_offer(ends.peers[ALICE], now, offer, sizeof(offer)) > 0);
    /* What the server would answer is known, and nobody is there to say it. */
    auger_loop_peer_free(loop, invited(loop, mux, offer, answer, sizeof(answer)));
    assert_int_equal(auger_peer_set_remote_description(ends.peers[ALICE], now, AUGER_SDP_ANSWER,
                                                       answer, strlen(answer), NULL),
                     0);
    while (!all_open(&ends, 1)) {
        assert_true(auger_loop_next(loop, &event));
        if (event.type == AUGER_LOOP_EVENT_UNKNOWN && !ends.peers[BOB]) {
            assert_ptr_equal(event.mux, mux);
            assert_string_equal(event.unknown->ours, ufrag);
            ends.peers[BOB] = invited(loop, mux, offer, again, sizeof(again));
        }
        take(&ends, &event);
    }
    auger_loop_free(loop);
}

/* One socket has one allocation there (docs/decisions/112). */
static void a_turn_server_over_udp_is_a_trouble_that_says_the_way_out(void **state)
{
    static const struct auger_net_turn_server servers[] = {
        {.uri = "turn:127.0.0.1:9", .username = "user", .password = "secret"},
        {.uri = "turn:127.0.0.2:9", .username = "user", .password = "secret"},
    };
    struct auger_loop *loop = new_loop();
    struct auger_net_config net = net_of_loopback();
    struct auger_loop_event event;
    struct auger_peer *peer;

    (void)state;
    net.mux = new_mux(loop);
    net.turn_servers = servers;
    net.turn_servers_len = 2;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    for (size_t i = 0; i < 2; i++) {
        do
            assert_true(auger_loop_next(loop, &event));
        while (event.type != AUGER_LOOP_EVENT_TROUBLE);
        assert_int_equal(event.error, AUGER_ERR_UNSUPPORTED);
        assert_non_null(strstr(event.what, servers[i].uri));
        assert_non_null(strstr(event.what, "shared sockets"));
        assert_non_null(strstr(event.what, "?transport=tcp"));
    }
    auger_loop_free(loop);
}

/* RFC 8828: who may tell no address of an interface tells none of the sockets that it shares. */
static void what_a_mux_may_tell_holds_for_its_peers(void **state)
{
    static const enum auger_ip_handling modes[] = {AUGER_IP_ALL, AUGER_IP_DEFAULT_ROUTE,
                                                   AUGER_IP_DEFAULT_ROUTE_ONLY, AUGER_IP_PROXY};
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct auger_net_config net = net_of_loopback();
        struct auger_loop_mux *mux;
        bool tells_a_candidate = false;

        net.ip_handling = modes[i];
        assert_int_equal(auger_loop_mux_new(loop, &net, &mux), 0);
        struct auger_peer *peer = peer_on(loop, mux, 30 * AUGER_SEC);
        while (auger_loop_poll(loop, &event))
            tells_a_candidate |= event.type == AUGER_LOOP_EVENT_PEER &&
                                 event.event.type == AUGER_PEER_EVENT_CANDIDATE &&
                                 event.event.candidate[0];
        assert_int_equal(tells_a_candidate, modes[i] < AUGER_IP_DEFAULT_ROUTE_ONLY);
        auger_loop_peer_free(loop, peer);
    }
    auger_loop_free(loop);
}

static void a_mux_of_no_address_is_an_error(void **state)
{
    struct auger_net_config net = net_of_loopback();
    struct auger_addr strange = addr_of("203.0.113.77:0");
    struct auger_loop *loop = new_loop();
    struct auger_loop_mux *mux;

    (void)state;
    net.bind = &strange;
    assert_int_equal(auger_loop_mux_new(loop, &net, &mux), AUGER_ERR_SYSTEM);
    net = net_of_loopback();
    net.port_min = 9;
    assert_int_equal(auger_loop_mux_new(loop, &net, &mux), AUGER_ERR_INVALID);
    net.port_min = 20000;
    net.port_max = 20100;
    assert_true(auger_loop_mux_new(loop, &net, &mux) < 0); /* 64 sockets at most */
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_peers_share_one_port),
        cmocka_unit_test(between_two_muxes_each_session_takes_a_path_of_its_own),
        cmocka_unit_test(the_second_session_on_one_path_fails_and_the_first_does_not_notice),
        cmocka_unit_test(either_side_of_a_shared_port_can_restart),
        cmocka_unit_test(a_check_of_an_unknown_name_makes_a_peer_that_answers),
        cmocka_unit_test(a_turn_server_over_udp_is_a_trouble_that_says_the_way_out),
        cmocka_unit_test(what_a_mux_may_tell_holds_for_its_peers),
        cmocka_unit_test(a_mux_of_no_address_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_certificate, free_certificate);
}
