/* When ports are predicted, and what is sent and told for it (docs/prediction.md). */
#include "tests/ice/guesser.h"

#include <auger/ice_explain.h>

#define HELPERS 5

static const char *const one[] = {"23.4.5.6:7000"};
static const char *const run[] = {"23.4.5.6:7000", "23.4.5.6:7001", "23.4.5.6:7002"};

static void ask(struct guesser *g, enum guesser_nat nat, const char *const *peer, size_t len)
{
    guesser_begin(g, nat, NULL);
    guesser_meet(g, peer, len);
    guesser_run(g, 300 * AUGER_MS);
}

static const struct auger_cand *cand_at(const struct guesser *g, uint16_t port)
{
    for (size_t i = 0; i < g->cands_len; i++)
        if (g->cands[i].addr.port == port)
            return &g->cands[i];
    return NULL;
}

/* --- a burst ---------------------------------------------------------------------------- */

static void a_burst_is_two_requests_a_check_and_two_requests_at_once(void **state)
{
    static const uint16_t from[HELPERS] = {6000, 6001, 6002, 6003, 6004};
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    assert_int_equal(g.wants, 1);
    assert_int_equal(g.wanted.count, HELPERS);
    assert_true(auger_addr_equal(&g.wanted.base, &g.base));
    size_t first = g.sent_len;
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_drain(&g);
    assert_int_equal(g.sent_len, first + HELPERS);
    for (size_t i = 0; i < HELPERS; i++) {
        const struct guesser_sent *sent = &g.sent[first + i];
        const struct auger_addr peer = addr_of(one[0]);
        assert_int_equal(sent->at, g.sent[first].at);
        assert_int_equal(sent->path.local.port, from[i]);
        assert_int_equal(guesser_is_server(&g, &sent->path.remote), i != 2);
        assert_int_equal(auger_addr_equal(&sent->path.remote, &peer), i == 2);
    }
    guesser_end(&g);
}

static void the_port_of_the_check_is_told_below_what_servers_saw(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    size_t before = g.cands_len, gathered = g.gathered;
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_run(&g, 10 * AUGER_MS);
    assert_int_equal(g.cands_len, before + 1);
    const struct auger_cand *told = &g.cands[before];
    const struct guesser_sent *check = &g.sent[g.sent_len - 3];
    assert_int_equal(told->type, AUGER_CAND_SRFLX);
    assert_int_equal(told->addr.port, check->seen_at);
    assert_int_equal(told->related.port, 6002);
    for (size_t i = 0; i < before; i++)
        assert_true(told->priority < g.cands[i].priority);
    assert_int_equal(g.gathered, gathered + 1); /* the end again, behind it */
    struct auger_ice_explanation explanation;
    auger_ice_explain(g.ice, &explanation);
    assert_int_equal(explanation.predicted_ports, 1);
    assert_non_null(strstr(explanation.evidence, "1 ports predicted"));
    guesser_end(&g);
}

static void sockets_of_a_burst_are_done_with_its_answers_but_for_that_of_the_check(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    for (uint16_t port = 6000; port < 6005; port++)
        assert_true(guesser_wants(&g, port));
    guesser_run(&g, 10 * AUGER_MS);
    assert_int_equal(g.dones, 1);
    for (uint16_t port = 6000; port < 6005; port++)
        assert_int_equal(guesser_wants(&g, port), port == 6002);
    guesser_end(&g);
}

static void three_bursts_are_all_that_is_tried(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    for (uint16_t i = 1; i <= 3; i++) {
        assert_int_equal(g.wants, i);
        assert_int_equal(guesser_help(&g, (uint16_t)(6000 + 10 * i), HELPERS), 0);
        guesser_run(&g, 3500 * AUGER_MS);
    }
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 3);
    guesser_end(&g);
}

/* Requests of it are sent again, three times in all. */
static void a_burst_without_answers_tells_nothing(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    size_t before = g.cands_len, first = g.sent_len, to_servers = 0;
    g.deaf_servers = true;
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_run(&g, 1900 * AUGER_MS);
    for (size_t i = first; i < g.sent_len; i++)
        to_servers += guesser_is_server(&g, &g.sent[i].path.remote);
    assert_int_equal(to_servers, 4 * 3);
    guesser_run(&g, 200 * AUGER_MS);
    assert_int_equal(g.cands_len, before);
    assert_int_equal(g.wants, 2);
    assert_false(guesser_wants(&g, 6002)); /* nor is its check of use */
    guesser_end(&g);
}

/* Whether anything else wakes the agent meanwhile or not. */
static void a_peer_is_waited_for_from_its_credentials_on_though_its_candidates_came_before(
    void **state)
{
    struct auger_cand cand = {.type = AUGER_CAND_SRFLX,
                              .priority = 1694498815,
                              .foundation = "1",
                              .addr = addr_of(one[0])};
    struct guesser g;

    (void)state;
    guesser_begin(&g, GUESSER_BY_DESTINATION, NULL);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(auger_ice_add_stun_server(g.ice, g.world->now, &g.servers[i]), 0);
    auger_ice_end_of_local_addrs(g.ice, g.world->now);
    guesser_run(&g, 100 * AUGER_MS);
    assert_int_equal(auger_ice_add_remote_cand(g.ice, g.world->now, &cand), 0);
    guesser_run(&g, 1 * AUGER_SEC);
    guesser_hear(&g, NULL, 0);
    guesser_run(&g, 249 * AUGER_MS);
    assert_int_equal(g.wants, 0);
    guesser_run(&g, 2 * AUGER_MS);
    assert_int_equal(g.wants, 1);
    guesser_end(&g);
}

/* An allocation would move the ports of the NAT, and end with its socket. */
static void no_server_is_asked_for_candidates_from_a_helper(void **state)
{
    const struct auger_addr relays = addr_of("203.0.113.3:3478");
    const struct auger_addr late = addr_of("203.0.113.4:3478");
    struct auger_ice_turn_server turn;
    struct guesser g;
    size_t asked = 0;

    (void)state;
    guesser_begin(&g, GUESSER_BY_DESTINATION, NULL);
    auger_ice_turn_server_init(&turn);
    turn.addr = relays;
    turn.username = "user";
    turn.password = "secret";
    assert_int_equal(auger_ice_add_turn_server(g.ice, g.world->now, &turn), 0);
    guesser_meet(&g, one, 1);
    guesser_run(&g, 300 * AUGER_MS);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_run(&g, 10 * AUGER_MS);
    assert_int_equal(auger_ice_add_stun_server(g.ice, g.world->now, &late), 0);
    guesser_run(&g, 2 * AUGER_SEC);
    for (size_t i = 0; i < g.sent_len; i++) {
        const struct auger_path *path = &g.sent[i].path;
        if (!auger_addr_equal(&path->remote, &relays) && !auger_addr_equal(&path->remote, &late))
            continue;
        assert_int_equal(path->local.port, g.base.port);
        asked++;
    }
    assert_true(asked >= 2);
    guesser_end(&g);
}

/* --- where it cannot help ------------------------------------------------------------------- */

static void a_nat_that_maps_for_all_is_not_asked(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_FOR_ALL, one, 1);
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 0);
    guesser_end(&g);
}

static void by_one_server_no_nat_is_known(void **state)
{
    struct guesser g;

    (void)state;
    guesser_begin(&g, GUESSER_BY_DESTINATION, NULL);
    assert_int_equal(auger_ice_add_stun_server(g.ice, g.world->now, &g.servers[0]), 0);
    guesser_hear(&g, one, 1);
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 0);
    guesser_end(&g);
}

static void a_peer_without_a_public_address_is_not_bracketed(void **state)
{
    static const char *const inside[] = {"192.168.7.7:7000"};
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, inside, 1);
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 0);
    guesser_end(&g);
}

static void with_too_few_helpers_it_does_without(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    assert_int_equal(guesser_help(&g, 6000, HELPERS - 1), 0);
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 1);
    assert_int_equal(g.dones, 1);
    for (size_t i = 0; i < g.sent_len; i++)
        assert_int_equal(g.sent[i].path.local.port, g.base.port);
    guesser_end(&g);
}

static void helpers_that_nobody_opens_are_not_waited_for(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    guesser_run(&g, 2 * AUGER_SEC);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), AUGER_ERR_STATE);
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 1);
    guesser_end(&g);
}

static void helpers_that_cannot_be_are_refused(void **state)
{
    struct guesser g;
    struct auger_addr addrs[HELPERS];

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    for (uint16_t i = 0; i < HELPERS; i++) {
        addrs[i] = g.base;
        addrs[i].port = (uint16_t)(6000 + i);
    }
    struct auger_addr right = addrs[3];
    const struct auger_addr wrong[] = {addr_of("192.168.1.6:6003"), addrs[2], g.base,
                                       addr_of("192.168.1.5:0")};
    for (size_t i = 0; i < 4; i++) {
        addrs[3] = wrong[i];
        assert_int_equal(auger_ice_add_helper_addrs(g.ice, g.world->now, addrs, HELPERS),
                         AUGER_ERR_INVALID);
    }
    addrs[3] = right;
    assert_int_equal(auger_ice_add_helper_addrs(g.ice, g.world->now, addrs, HELPERS), 0);
    assert_int_equal(auger_ice_add_helper_addrs(g.ice, g.world->now, addrs, HELPERS),
                     AUGER_ERR_STATE);
    guesser_end(&g);
}

/* --- the other ways --------------------------------------------------------------------------- */

/* The peer's NAT is the one that maps by destination. */
static void checks_go_ahead_to_where_the_peer_will_come_from(void **state)
{
    bool is_checked[7100] = {false};
    size_t ahead = 0;
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_FOR_ALL, run, 3);
    guesser_run(&g, 30 * AUGER_SEC);
    for (size_t i = 0; i < g.sent_len; i++) {
        uint16_t port = g.sent[i].path.remote.port;
        assert_int_equal(g.sent[i].path.local.port, g.base.port);
        if (!guesser_is_server(&g, &g.sent[i].path.remote) && port > 7002) {
            ahead += !is_checked[port];
            is_checked[port] = true;
        }
    }
    assert_int_equal(g.wants, 0);
    for (uint16_t port = 7003; port < 7003 + 32; port++)
        assert_true(is_checked[port]);
    assert_int_equal(ahead, 32);
    guesser_end(&g);
}

static void where_both_map_by_destination_checks_run_away_from_the_peers(void **state)
{
    struct guesser g;

    (void)state;
    guesser_begin(&g, GUESSER_BY_DESTINATION, NULL);
    assert_int_equal(auger_ice_set_controlling(g.ice, true), 0);
    guesser_meet(&g, run, 3);
    guesser_run(&g, 300 * AUGER_MS);
    assert_int_equal(g.wants, 1);
    size_t first = g.sent_len, before = g.cands_len;
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_drain(&g);
    assert_int_equal(g.sent_len, first + 4 + 16);
    for (uint16_t i = 0; i < 16; i++)
        assert_int_equal(g.sent[first + 2 + i].path.remote.port, 7002 + 2 * i + 1);
    guesser_take_events(&g);
    assert_int_equal(g.cands_len, before + 16);
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(g.cands[before + i].addr.port, g.sent[first + 2 + i].seen_at);
        assert_true(i == 0 || g.cands[before + i].priority < g.cands[before + i - 1].priority);
        assert_true(i == 0 || strcmp(g.cands[before + i].foundation,
                                     g.cands[before + i - 1].foundation) != 0);
    }
    guesser_end(&g);
}

/* Its own burst would move what the other's counts on. */
static void the_controlled_side_lets_the_other_begin(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, run, 3);
    guesser_run(&g, AUGER_SEC);
    assert_int_equal(g.wants, 0);
    guesser_run(&g, 2 * AUGER_SEC);
    assert_int_equal(g.wants, 1);
    guesser_end(&g);
}

static void ports_by_chance_end_it_after_two_bursts(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_RANDOM, one, 1);
    size_t before = g.cands_len;
    for (uint16_t i = 0; i < 2; i++) {
        assert_int_equal(guesser_help(&g, (uint16_t)(6000 + 10 * i), HELPERS), 0);
        guesser_run(&g, 10 * AUGER_MS);
    }
    guesser_run(&g, 20 * AUGER_SEC);
    assert_int_equal(g.wants, 2);
    assert_int_equal(g.cands_len, before);
    guesser_end(&g);
}

static void with_consent_ports_by_chance_are_drawn(void **state)
{
    struct auger_ice_config config;
    struct guesser g;
    size_t opened = 0;

    (void)state;
    auger_ice_config_init(&config);
    config.predict_random = true;
    config.predict_sockets = 20;
    guesser_begin(&g, GUESSER_RANDOM, &config);
    guesser_meet(&g, one, 1);
    guesser_run(&g, 300 * AUGER_MS);
    for (uint16_t i = 0; i < 2; i++) {
        assert_int_equal(guesser_help(&g, (uint16_t)(6000 + 10 * i), HELPERS), 0);
        guesser_run(&g, 10 * AUGER_MS);
    }
    assert_int_equal(g.wants, 3);
    assert_int_equal(g.wanted.count, 20);
    size_t before = g.cands_len, first = g.sent_len;
    assert_int_equal(guesser_help(&g, 6100, 20), 0);
    guesser_run(&g, 3 * AUGER_SEC);
    assert_int_equal(g.cands_len, before + 20);
    auger_time last = 0;
    for (size_t i = first; i < g.sent_len; i++) {
        if (g.sent[i].path.local.port < 6100)
            continue;
        bool is_new = true;
        for (size_t j = first; j < i; j++)
            is_new &= g.sent[j].path.local.port != g.sent[i].path.local.port;
        opened += is_new;
        assert_true(!is_new || g.sent[i].at - last >= 50 * AUGER_MS); /* at the pace of Ta */
        last = is_new ? g.sent[i].at : last;
    }
    assert_int_equal(opened, 20);
    guesser_end(&g);
}

static void without_a_known_small_range_none_are_drawn(void **state)
{
    struct auger_ice_config config;
    struct guesser g;

    (void)state;
    auger_ice_config_init(&config);
    config.predict_port_min = 1024;
    config.predict_port_max = 65535;
    guesser_begin(&g, GUESSER_RANDOM, &config);
    guesser_meet(&g, one, 1);
    guesser_run(&g, 300 * AUGER_MS);
    for (uint16_t i = 0; i < 2; i++) {
        assert_int_equal(guesser_help(&g, (uint16_t)(6000 + 10 * i), HELPERS), 0);
        guesser_run(&g, 10 * AUGER_MS);
    }
    guesser_run(&g, AUGER_SEC);
    assert_int_equal(g.wants, 2);
    guesser_end(&g);
}

static void a_restart_predicts_anew(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_run(&g, 10 * AUGER_MS);
    const uint16_t told = g.cands[g.cands_len - 1].addr.port;
    assert_int_equal(auger_ice_restart(g.ice, g.world->now), 0);
    guesser_run(&g, 200 * AUGER_MS);
    assert_int_equal(
        auger_ice_set_remote_credentials(g.ice, g.world->now, "anew", "anotherpasswordofthepeers"),
        0);
    struct auger_cand cand = {.type = AUGER_CAND_SRFLX, .priority = 1694498815, .foundation = "1"};
    cand.addr = addr_of(one[0]);
    assert_int_equal(auger_ice_add_remote_cand(g.ice, g.world->now, &cand), 0);
    guesser_run(&g, 300 * AUGER_MS);
    assert_int_equal(g.wants, 2);
    assert_false(guesser_wants(&g, 6002));
    g.cands_len = 0;
    assert_int_equal(guesser_help(&g, 6100, HELPERS), 0);
    guesser_run(&g, 10 * AUGER_MS);
    assert_int_equal(g.cands_len, 1);
    assert_null(cand_at(&g, told));
    guesser_end(&g);
}

static void an_address_that_goes_takes_its_helpers_with_it(void **state)
{
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    assert_int_equal(auger_ice_remove_local_addr(g.ice, g.world->now, &g.base), 0);
    guesser_take_events(&g);
    assert_int_equal(g.dones, 1);
    for (uint16_t port = 6000; port < 6005; port++)
        assert_false(guesser_wants(&g, port));
    guesser_run(&g, AUGER_SEC);
    for (size_t i = 0; i < g.sent_len; i++)
        assert_int_equal(g.sent[i].path.local.port, g.base.port);
    guesser_end(&g);
}

static void peer_answers(struct guesser *g, struct auger_stun_key *key,
                         const struct auger_path *path, const struct auger_stun_msg *check)
{
    struct auger_addr mapped = addr_of("198.51.100.77:1");
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_stun_builder b;
    struct auger_bytes data;

    mapped.port = guesser_map(g, path);
    auger_stun_build_begin(&b, reply, sizeof(reply), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                           &check->tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_ice_handle_datagram(g->ice, g->world->now, path, reply, (size_t)len, &data);
}

struct nominations {
    size_t len;
    struct auger_stun_tid tid; /* of the first */
};

static void note_nomination(struct nominations *nominations, const struct auger_stun_msg *msg)
{
    if (nominations->len++ == 0)
        nominations->tid = msg->tid;
    assert_memory_equal(&nominations->tid, &msg->tid, sizeof(msg->tid));
}

/* As guesser_run(), with a peer that answers each check; with `nominations` none of those, which
 * are one transaction, and at one predicted port alone. */
static void run_with_peer(struct guesser *g, auger_time duration, struct nominations *nominations)
{
    static const char password[] = "peerspasswordpeerspassword";
    auger_time end = g->world->now + duration;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_stun_key *key;
    struct auger_stun_msg msg;
    struct auger_path path;
    size_t len;

    assert_int_equal(auger_stun_key_new(&key, (const uint8_t *)password, sizeof(password) - 1), 0);
    for (; g->world->now < end; g->world->now += 10 * AUGER_MS) {
        auger_ice_handle_timeout(g->ice, g->world->now);
        while ((len = auger_ice_poll_transmit(g->ice, g->world->now, &path, buf, sizeof(buf))) > 0)
            if (!guesser_is_server(g, &path.remote) && auger_stun_msg_parse(&msg, buf, len) == 0 &&
                msg.class_ == AUGER_STUN_REQUEST) {
                if (nominations && auger_stun_msg_has(&msg, AUGER_STUN_ATTR_USE_CANDIDATE))
                    note_nomination(nominations, &msg);
                else if (!nominations || path.remote.port == 7010)
                    peer_answers(g, key, &path, &msg);
            }
        guesser_take_events(g);
    }
    auger_stun_key_free(key);
}

/* A path from a helper does not outlive its address, and none takes over from one that goes too. */
static void a_helper_does_not_take_over_from_the_address_that_goes(void **state)
{
    const struct auger_addr next = addr_of("192.168.9.5:5000");
    struct guesser g;

    (void)state;
    ask(&g, GUESSER_BY_DESTINATION, one, 1);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_run(&g, 10 * AUGER_MS);
    run_with_peer(&g, 2 * AUGER_SEC, NULL);
    assert_true(guesser_wants(&g, 6002));
    assert_int_equal(auger_ice_get_state(g.ice), AUGER_ICE_CONNECTED);
    assert_int_equal(auger_ice_remove_local_addr(g.ice, g.world->now, &g.base), 0);
    assert_false(guesser_wants(&g, 6002));
    assert_int_equal(auger_ice_add_local_addr(g.ice, g.world->now, &next), 0);
    assert_int_equal(auger_ice_get_state(g.ice), AUGER_ICE_CHECKING);
    guesser_end(&g);
}

/* Few requests are for guesses: one that has answered is none, and a nomination in vain would take
 * its pair along (8445 section 7.2.5.3.4; 8489 section 6.2.1 has seven). */
static void a_guess_that_was_right_is_nominated_like_any_other(void **state)
{
    struct nominations nominations = {0};
    struct guesser g;

    (void)state;
    guesser_begin(&g, GUESSER_FOR_ALL, NULL);
    assert_int_equal(auger_ice_set_controlling(g.ice, true), 0);
    guesser_meet(&g, run, 3);
    for (int i = 0; i < 300 && nominations.len < 7; i++)
        run_with_peer(&g, AUGER_SEC, &nominations);
    assert_int_equal(nominations.len, 7);
    guesser_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_two_requests_a_check_and_two_requests_at_once),
        cmocka_unit_test(the_port_of_the_check_is_told_below_what_servers_saw),
        cmocka_unit_test(sockets_of_a_burst_are_done_with_its_answers_but_for_that_of_the_check),
        cmocka_unit_test(three_bursts_are_all_that_is_tried),
        cmocka_unit_test(a_burst_without_answers_tells_nothing),
        cmocka_unit_test(
            a_peer_is_waited_for_from_its_credentials_on_though_its_candidates_came_before),
        cmocka_unit_test(no_server_is_asked_for_candidates_from_a_helper),
        cmocka_unit_test(a_nat_that_maps_for_all_is_not_asked),
        cmocka_unit_test(by_one_server_no_nat_is_known),
        cmocka_unit_test(a_peer_without_a_public_address_is_not_bracketed),
        cmocka_unit_test(with_too_few_helpers_it_does_without),
        cmocka_unit_test(helpers_that_nobody_opens_are_not_waited_for),
        cmocka_unit_test(helpers_that_cannot_be_are_refused),
        cmocka_unit_test(checks_go_ahead_to_where_the_peer_will_come_from),
        cmocka_unit_test(where_both_map_by_destination_checks_run_away_from_the_peers),
        cmocka_unit_test(the_controlled_side_lets_the_other_begin),
        cmocka_unit_test(ports_by_chance_end_it_after_two_bursts),
        cmocka_unit_test(with_consent_ports_by_chance_are_drawn),
        cmocka_unit_test(without_a_known_small_range_none_are_drawn),
        cmocka_unit_test(a_restart_predicts_anew),
        cmocka_unit_test(an_address_that_goes_takes_its_helpers_with_it),
        cmocka_unit_test(a_helper_does_not_take_over_from_the_address_that_goes),
        cmocka_unit_test(a_guess_that_was_right_is_nominated_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
