/* Server-reflexive candidates: RFC 8445 section 5.1.1.2. */
#include "tests/ice/puppet.h"

#define SERVER "198.51.100.53:3478"

struct asked {
    struct world *world;
    struct auger_ice *ice;
};

static struct asked asking(const char *base)
{
    struct asked a = {.world = world_new()};
    struct auger_addr addr = addr_of(base), server = addr_of(SERVER);

    a.ice = world_add(a.world, 0, NULL);
    assert_int_equal(auger_ice_add_local_addr(a.ice, a.world->now, &addr), 0);
    assert_int_equal(auger_ice_add_stun_server(a.ice, a.world->now, &server), 0);
    auger_ice_end_of_local_addrs(a.ice, a.world->now);
    return a;
}

static bool take(struct asked *a, struct sent *sent)
{
    sent->len =
        auger_ice_poll_transmit(a->ice, a->world->now, &sent->path, sent->buf, sizeof(sent->buf));
    return sent->len > 0 && auger_stun_msg_parse(&sent->msg, sent->buf, sent->len) == 0;
}

static void answer(struct asked *a, const struct sent *request, const char *mapped, uint16_t attr,
                   uint16_t code, const char *from)
{
    struct auger_stun_builder b;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path = {request->path.local, from ? addr_of(from) : request->path.remote};
    struct auger_bytes data;

    auger_stun_build_begin(&b, buf, sizeof(buf), code ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS,
                           AUGER_STUN_BINDING, &request->msg.tid);
    if (code)
        auger_stun_build_error(&b, code);
    if (mapped) {
        struct auger_addr addr = addr_of(mapped);
        auger_stun_build_addr(&b, attr, &addr);
    }
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_ice_handle_datagram(a->ice, a->world->now, &path, buf, (size_t)len, &data);
    take_events(a->world, &a->world->sides[0]);
}

static const struct {
    const char *base, *mapped;
    uint16_t attr, code;
    bool accepted;
} answers[] = {
    {"10.0.0.1:1", "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, true},
    {"10.0.0.1:1", "203.0.113.1:5", AUGER_STUN_ATTR_MAPPED_ADDRESS, 0, true},
    {"10.0.0.1:1", "100.64.0.9:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, true},
    {"10.0.0.1:1", "10.0.0.1:1", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "127.0.0.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "224.0.0.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "0.0.0.0:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "169.254.169.254:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "203.0.113.1:0", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "[2001:db8::1]:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", "192.0.2.77:77", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, true}, /* the peer's */
    {"203.0.113.8:1", "192.168.0.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, false},
    {"10.0.0.1:1", NULL, 0, 0, false},
    {"10.0.0.1:1", "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 500, false},
};

static void test_what_a_server_says_is_believed_only_if_it_could_be_true(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct asked a = asking(answers[i].base);
        struct auger_cand peer = cand_of("192.0.2.77:77", AUGER_CAND_HOST, 1000);
        struct sent sent;

        assert_int_equal(auger_ice_add_remote_cand(a.ice, a.world->now, &peer), 0);
        assert_true(take(&a, &sent));
        answer(&a, &sent, answers[i].mapped, answers[i].attr, answers[i].code, NULL);

        struct side *side = &a.world->sides[0];
        if (side->cands_len != (answers[i].accepted ? 2 : 1))
            fail_msg("%s for %s", answers[i].mapped ? answers[i].mapped : "nothing",
                     answers[i].base);
        if (answers[i].accepted) {
            struct auger_addr base = addr_of(answers[i].base), mapped = addr_of(answers[i].mapped);
            assert_int_equal(side->cands[1].type, AUGER_CAND_SRFLX);
            assert_int_equal(side->cands[1].priority >> 24, 100);
            assert_true(auger_addr_equal(&side->cands[1].addr, &mapped));
            assert_true(auger_addr_equal(&side->cands[1].related, &base));
            assert_string_equal(side->cands[1].ufrag, auger_ice_ufrag(a.ice));
        }
        assert_int_equal(side->gathered_at, a.world->now); /* either way it is over */
        world_free(a.world);
    }
}

static void test_a_server_that_names_the_peer_does_not_hide_it(void **state)
{
    (void)state;
    struct asked a = asking("10.0.0.1:1");
    struct auger_cand peer = cand_of("192.0.2.77:77", AUGER_CAND_SRFLX, 1000);
    struct sent sent;

    assert_true(take(&a, &sent));
    answer(&a, &sent, "192.0.2.77:77", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, NULL);
    assert_int_equal(auger_ice_add_remote_cand(a.ice, a.world->now, &peer), 0);
    world_free(a.world);
}

/* What a peer tells may be a lie that it was told; a check that is answered is none. */
static void test_a_server_is_not_believed_that_names_where_the_peer_has_answered(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct auger_addr server = addr_of(SERVER);
    struct asked a = {p->world, p->ice};
    struct side *side = &p->world->sides[0];
    struct sent sent;

    assert_int_equal(puppet_tell(p, "192.0.2.3:3003", 1000), 0);
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
    do {
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(take(&a, &sent));
    } while (!auger_addr_equal(&sent.path.remote, &server));
    answer(&a, &sent, "192.0.2.2:2002", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, NULL);
    assert_int_equal(side->cands_len, 1);
    puppet_free(p);
}

static void take_asked(struct puppet *p, struct asked *a, const struct auger_addr *of,
                       struct sent *sent)
{
    do {
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(take(a, sent));
    } while (!auger_addr_equal(&sent->path.remote, of));
}

/* 7.2.5.3.1 makes a candidate that is not told; whom the peer's filter keeps out without that one
 * would never be asked for. */
static void test_what_a_check_has_shown_is_told_once_a_server_shows_it_too(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_addr server = addr_of(SERVER), peer = addr_of("192.0.2.2:2002");
    struct asked a = {p->world, p->ice};
    const struct side *side = &p->world->sides[0];
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    take_asked(p, &a, &peer, &sent);
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "203.0.113.1:5"});
    take_events(p->world, &p->world->sides[0]);
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").local.type, AUGER_CAND_PRFLX);
    assert_int_equal(side->cands_len, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
        take_asked(p, &a, &server, &sent);
        answer(&a, &sent, "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, NULL);
        assert_int_equal(side->cands_len, 2); /* once */
        server.port++;
    }
    assert_int_equal(side->cands[1].type, AUGER_CAND_SRFLX);
    assert_string_not_equal(side->cands[1].foundation, side->cands[0].foundation);
    assert_true(auger_addr_equal(&side->cands[1].related, &p->base));
    struct auger_ice_pair_info pair = puppet_pair(p, "192.0.2.2:2002");
    assert_true(pair.valid);
    assert_int_equal(pair.local.type, AUGER_CAND_SRFLX);
    assert_string_equal(pair.local.foundation, side->cands[1].foundation);
    puppet_free(p);
}

static void test_an_answer_from_elsewhere_is_not_the_servers(void **state)
{
    (void)state;
    struct asked a = asking("10.0.0.1:1");
    struct sent sent;

    assert_true(take(&a, &sent));
    answer(&a, &sent, "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, "198.51.100.53:1");
    assert_int_equal(a.world->sides[0].cands_len, 1);
    assert_int_equal(counters_of(a.world, 0).unmatched, 1);
    answer(&a, &sent, "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, NULL);
    assert_int_equal(a.world->sides[0].cands_len, 2);
    world_free(a.world);
}

static void test_gathering_without_servers_is_over_at_once(void **state)
{
    (void)state;
    struct world *world = world_of_two(0);

    auger_ice_end_of_local_addrs(world->sides[0].ice, world->now);
    world_settle(world);
    assert_int_equal(world->sides[0].gathered_at, world->now);
    assert_int_equal(world->sides[1].gathered_at, AUGER_NEVER);
    world_free(world);
}

/* Gathering ends when its only base goes, and goes on when another comes: the end that nobody
 * has asked for yet is not told. */
static void test_an_end_that_is_over_before_it_is_told_is_not_told(void **state)
{
    (void)state;
    struct asked a = asking("10.0.0.1:1");
    struct auger_addr goes = addr_of("10.0.0.1:1"), comes = addr_of("10.0.0.2:1");
    auger_time t0 = a.world->now;
    struct sent sent;

    assert_true(take(&a, &sent));
    assert_int_equal(auger_ice_remove_local_addr(a.ice, t0, &goes), 0);
    assert_int_equal(auger_ice_add_local_addr(a.ice, t0, &comes), 0);
    auger_ice_end_of_local_addrs(a.ice, t0);
    take_events(a.world, &a.world->sides[0]);
    assert_int_equal(a.world->sides[0].gathered_at, AUGER_NEVER);
    world_run(a.world, 60 * AUGER_SEC);
    assert_int_equal(a.world->sides[0].gathered_at - t0, 10 * AUGER_SEC);
    world_free(a.world);
}

static void test_a_server_that_is_silent_is_waited_for_ten_seconds_and_no_longer(void **state)
{
    (void)state;
    struct asked a = asking("10.0.0.1:1");
    auger_time t0 = a.world->now;

    world_run(a.world, 60 * AUGER_SEC);
    assert_int_equal(a.world->sides[0].gathered_at - t0, 10 * AUGER_SEC);
    assert_int_equal(a.world->sent, 5); /* at 0, 0.5, 1.5, 3.5 and 7.5 s */
    assert_int_equal(auger_ice_next_timeout(a.ice), AUGER_NEVER);
    world_free(a.world);
}

static void test_every_base_asks_every_server_of_its_family_at_the_pace_of_ta(void **state)
{
    (void)state;
    static const char *const bases[] = {"10.0.0.1:1", "10.0.0.2:1", "[2001:db8::5]:1"};
    static const char *const servers[] = {SERVER, "198.51.100.54:3478", "[2001:db8::53]:3478"};
    struct world *world = world_new();
    struct auger_ice *ice = world_add(world, 0, NULL);
    struct asked a = {world, ice};
    struct sent sent;
    size_t count = 0;

    for (int i = 0; i < 3; i++) {
        struct auger_addr base = addr_of(bases[i]), server = addr_of(servers[i]);
        assert_int_equal(auger_ice_add_stun_server(ice, world->now, &server), 0);
        assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    }
    for (; count < 20 && take(&a, &sent); count++) {
        assert_int_equal(sent.path.local.family, sent.path.remote.family);
        assert_false(take(&a, &sent));
        world->now += 50 * AUGER_MS;
    }
    assert_int_equal(count, 5); /* 2 x 2 and 1 x 1 */
    world_free(world);
}

static void test_behind_no_nat_and_twice_the_same_nothing_is_told_twice(void **state)
{
    (void)state;
    struct asked a = asking("10.0.0.1:1");
    struct auger_addr second = addr_of("198.51.100.54:3478");
    struct sent sent;

    assert_int_equal(auger_ice_add_stun_server(a.ice, a.world->now, &second), 0);
    auger_ice_end_of_local_addrs(a.ice, a.world->now);
    assert_true(take(&a, &sent));
    answer(&a, &sent, "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, NULL);
    assert_int_equal(a.world->sides[0].gathered_at, AUGER_NEVER); /* the other is still asked */
    a.world->now += 50 * AUGER_MS;
    assert_true(take(&a, &sent));
    answer(&a, &sent, "203.0.113.1:5", AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 0, NULL);
    assert_int_equal(a.world->sides[0].cands_len, 2);
    assert_int_equal(a.world->sides[0].gathered_at, a.world->now);
    world_free(a.world);
}

static void test_a_mapping_is_kept_alive_until_a_pair_is_selected(void **state)
{
    (void)state;
    struct world *world = world_of_two(10 * AUGER_MS);
    struct auger_addr server = addr_of(SERVER);
    struct side *side = &world->sides[0];

    world->server = server;
    side->nat_inside = addr_of("192.0.2.1:1001");
    side->nat_outside = addr_of("203.0.113.1:5555");
    assert_int_equal(auger_ice_add_stun_server(side->ice, world->now, &server), 0);
    auger_ice_end_of_local_addrs(side->ice, world->now);
    world_run(world, AUGER_SEC);
    assert_int_equal(side->cands_len, 2);
    assert_int_equal(world->sent, 2);
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(world->sent, 10); /* four times more */
    assert_int_equal(side->cands_len, 2);

    introduce(world);
    world_run(world, 60 * AUGER_SEC);
    assert_int_not_equal(side->selected_at, AUGER_NEVER);
    world->server.port = 1; /* would go unanswered, and be repeated */
    size_t before = world->sent;
    world_run(world, 60 * AUGER_SEC);
    assert_true(world->sent - before <= 2 * 2 * 16); /* consent, both ways */
    world_free(world);
}

/* The agent's request to the server, when it comes within that time; what else it asks is answered.
 */
static bool take_question(struct puppet *p, auger_time within, struct sent *sent)
{
    const struct auger_addr server = addr_of(SERVER);

    for (auger_time end = p->world->now + within; p->world->now < end;
         p->world->now += 5 * AUGER_MS) {
        while (puppet_take(p, sent)) {
            if (auger_addr_equal(&sent->path.remote, &server))
                return true;
            if (sent->msg.class_ == AUGER_STUN_REQUEST)
                puppet_answer(p, sent, &(struct puppet_answer){0});
        }
    }
    return false;
}

/* After a nomination it is time to ask again, and a check of just before has the turn. */
static bool asks_in_its_turn(bool is_looked_at)
{
    const struct auger_addr server = addr_of(SERVER);
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
    assert_true(take_question(p, AUGER_SEC, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "203.0.113.1:5"});
    assert_false(take_question(p, 15 * AUGER_SEC - 20 * AUGER_MS, &sent));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = "192.0.2.9:9"});
    assert_false(take_question(p, 30 * AUGER_MS, &sent));
    if (is_looked_at)
        auger_ice_handle_timeout(p->ice, p->world->now);
    bool asks = take_question(p, 30 * AUGER_MS, &sent);
    puppet_free(p);
    return asks;
}

static void test_a_call_before_its_turn_lets_no_mapping_go(void **state)
{
    (void)state;
    assert_true(asks_in_its_turn(false));
    assert_true(asks_in_its_turn(true));
}

static void test_a_full_table_of_servers_is_an_error_that_changes_nothing(void **state)
{
    (void)state;
    struct asked a = asking("10.0.0.1:1");
    for (int i = 0; i < 7; i++) {
        struct auger_addr more = addr_of("198.51.100.53:4000");
        assert_int_equal(auger_ice_add_stun_server(a.ice, a.world->now, &more), 0);
    }
    struct auger_addr ninth = addr_of("198.51.100.53:5000"), none = {0};
    assert_int_equal(auger_ice_add_stun_server(a.ice, a.world->now, &ninth), AUGER_ERR_LIMIT);
    assert_int_equal(auger_ice_add_stun_server(a.ice, a.world->now, &none), AUGER_ERR_INVALID);
    world_free(a.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_server_says_is_believed_only_if_it_could_be_true),
        cmocka_unit_test(test_a_server_that_names_the_peer_does_not_hide_it),
        cmocka_unit_test(test_a_server_is_not_believed_that_names_where_the_peer_has_answered),
        cmocka_unit_test(test_what_a_check_has_shown_is_told_once_a_server_shows_it_too),
        cmocka_unit_test(test_an_answer_from_elsewhere_is_not_the_servers),
        cmocka_unit_test(test_gathering_without_servers_is_over_at_once),
        cmocka_unit_test(test_an_end_that_is_over_before_it_is_told_is_not_told),
        cmocka_unit_test(test_a_server_that_is_silent_is_waited_for_ten_seconds_and_no_longer),
        cmocka_unit_test(test_every_base_asks_every_server_of_its_family_at_the_pace_of_ta),
        cmocka_unit_test(test_behind_no_nat_and_twice_the_same_nothing_is_told_twice),
        cmocka_unit_test(test_a_mapping_is_kept_alive_until_a_pair_is_selected),
        cmocka_unit_test(test_a_call_before_its_turn_lets_no_mapping_go),
        cmocka_unit_test(test_a_full_table_of_servers_is_an_error_that_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
