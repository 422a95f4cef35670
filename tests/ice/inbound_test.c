/* Checks that come in: who is answered, what is learned, what is refused. */
#include "tests/ice/puppet.h"

static const struct {
    const char *name;
    struct puppet_check check;
    uint64_t no_fingerprint, unauthenticated;
} strangers[] = {
    {"no fingerprint", {.no_fingerprint = true}, 1, 0},
    {"wrong password", {.wrong_password = true}, 0, 1},
    {"no integrity", {.no_integrity = true}, 0, 1},
    {"no username", {.no_username = true}, 0, 1},
    {"another's username", {.username = "somebody:puppet01"}, 0, 1},
    {"no colon", {.username = "somebody"}, 0, 1},
};

static void test_a_stranger_gets_no_answer_and_leaves_no_trace_but_a_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        struct puppet *p = puppet_new(false);
        struct sent sent;

        puppet_introduce(p);
        puppet_check(p, &strangers[i].check);

        struct auger_ice_counters counters = counters_of(p->world, 0);
        if (counters.no_fingerprint != strangers[i].no_fingerprint ||
            counters.unauthenticated != strangers[i].unauthenticated || puppet_take(p, &sent) ||
            puppet_pairs(p) != 0)
            fail_msg("%s", strangers[i].name);
        puppet_free(p);
    }
}

static void test_the_second_half_of_the_username_counts_once_it_is_known(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    char username[64];

    snprintf(username, sizeof(username), "%s:other123", auger_ice_ufrag(p->ice));
    puppet_check(p, &(struct puppet_check){.username = username});
    assert_true(puppet_take_response(p, &sent));
    puppet_introduce(p);
    puppet_check(p, &(struct puppet_check){.username = username});
    assert_false(puppet_take_response(p, &sent));
    assert_int_equal(counters_of(p->world, 0).unauthenticated, 1);
    puppet_free(p);
}

static const struct {
    const char *name;
    struct puppet_check check;
    uint16_t code;
} refusals[] = {
    {"both roles", {.role = BOTH_ROLES}, 400},
    {"no role", {.role = NO_ROLE}, 400},
    {"USE-CANDIDATE of a controlled peer", {.role = CONTROLLED, .use_candidate = true}, 400},
    {"no PRIORITY", {.no_priority = true}, 400},
    {"unknown attribute", {.unknown_attr = 0x7ABC}, 420},
};

static void test_a_check_that_no_agent_may_send_gets_an_error_and_makes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct puppet *p = puppet_new(false);
        struct sent sent;

        puppet_introduce(p);
        puppet_check(p, &refusals[i].check);

        if (!puppet_take(p, &sent) || sent.msg.class_ != AUGER_STUN_ERROR ||
            sent.msg.error_code != refusals[i].code || puppet_pairs(p) != 0)
            fail_msg("%s", refusals[i].name);
        assert_int_equal(auger_stun_msg_verify(&sent.msg, p->agent_key), 0);
        assert_true(auger_stun_msg_fingerprint_ok(&sent.msg));
        assert_false(puppet_take(p, &sent));
        puppet_free(p);
    }
}

/* 8489 section 9.1.3: one of the two in an answer, and which. */
static void test_an_answer_has_the_integrity_of_the_check(void **state)
{
    (void)state;
    static const struct puppet_check checks[] = {
        {0}, {.sha256 = true}, {.sha256 = true, .role = NO_ROLE}};

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct puppet *p = puppet_new(false);
        struct sent sent;

        puppet_introduce(p);
        puppet_check(p, &checks[i]);
        assert_true(puppet_take_response(p, &sent));
        assert_int_equal(sent.msg.integrity256_offset != 0, checks[i].sha256);
        assert_int_equal(sent.msg.integrity_offset == 0, checks[i].sha256);
        assert_int_equal(auger_stun_msg_verify(&sent.msg, p->agent_key), 0);
        puppet_free(p);
    }
}

static void test_an_unknown_attribute_is_named_in_the_420(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    struct auger_bytes list;

    puppet_check(p, &(struct puppet_check){.unknown_attr = 0x7ABC});
    assert_true(puppet_take(p, &sent));
    assert_true(auger_stun_msg_bytes(&sent.msg, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, &list));
    assert_int_equal(list.len, 2);
    assert_memory_equal(list.data, "\x7A\xBC", 2);
    puppet_free(p);
}

static void test_the_answer_tells_where_the_check_came_from(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct auger_addr mapped, from = addr_of("198.51.100.7:777");
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.from = "198.51.100.7:777"});
    assert_true(puppet_take(p, &sent));
    assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
    assert_true(auger_stun_msg_addr(&sent.msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped));
    assert_true(auger_addr_equal(&mapped, &from));
    assert_true(auger_addr_equal(&sent.path.remote, &from));
    assert_true(auger_addr_equal(&sent.path.local, &p->base));
    assert_int_equal(auger_stun_msg_verify(&sent.msg, p->agent_key), 0);
    assert_true(auger_stun_msg_fingerprint_ok(&sent.msg));
    puppet_free(p);
}

static void test_a_check_before_the_answer_is_answered_at_once_and_remembered(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.use_candidate = true});
    assert_true(puppet_take(p, &sent));
    assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
    assert_false(puppet_take(p, &sent)); /* nothing to sign a check with */
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_NEW);

    puppet_introduce(p);
    assert_true(puppet_take(p, &sent)); /* the triggered check, at once */
    assert_int_equal(sent.msg.class_, AUGER_STUN_REQUEST);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, "192.0.2.2:2002").selected); /* USE-CANDIDATE too */
    puppet_free(p);
}

static void test_an_unknown_source_becomes_a_peer_reflexive_candidate(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);

    puppet_introduce(p);
    puppet_check(p, &(struct puppet_check){.from = "198.51.100.7:777"});
    struct auger_ice_pair_info pair = puppet_pair(p, "198.51.100.7:777");
    assert_int_equal(pair.remote.type, AUGER_CAND_PRFLX);
    assert_int_equal(pair.remote.priority, 1853824767);
    assert_int_equal(pair.requests_received, 1);
    puppet_free(p);
}

/* As `type`, which the peer tells when its check has been answered: the pair. */
static struct auger_ice_pair_info named_later(struct puppet *p, enum auger_cand_type type,
                                              uint32_t priority)
{
    struct auger_cand told = cand_of("192.0.2.2:2002", type, priority);
    struct sent sent;
    struct auger_cand cands[8];

    puppet_introduce(p);
    puppet_check(p, &(struct puppet_check){0});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").remote.type, AUGER_CAND_PRFLX);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &told), 0);
    assert_int_equal(puppet_pairs(p), 1);
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 8), 1);
    puppet_wait(p, AUGER_SEC);
    assert_false(puppet_take(p, &sent)); /* no new check */
    return puppet_pair(p, "192.0.2.2:2002");
}

/* The priority of a host candidate is its owner's for the pair, of a server-reflexive one it is
 * not (RFC 8838 section 11, 4.A). */
static void test_a_named_candidate_that_is_known_already_is_merged(void **state)
{
    static const struct {
        enum auger_cand_type type;
        uint32_t told, priority;
    } cases[] = {
        {AUGER_CAND_HOST, 2130706431, 2130706431},
        {AUGER_CAND_SRFLX, 1694498815, 1853824767},
        {AUGER_CAND_RELAY, 16777215, 16777215},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct puppet *p = puppet_new(false);
        struct auger_ice_pair_info pair = named_later(p, cases[i].type, cases[i].told);
        assert_int_equal(pair.remote.type, cases[i].type);
        assert_int_equal(pair.remote.priority, cases[i].priority);
        assert_string_equal(pair.remote.foundation, "1");
        assert_int_equal(pair.state, AUGER_PAIR_SUCCEEDED);
        puppet_free(p);
    }
}

/* Its check had asked for the priority of a peer-reflexive one. */
static void test_a_relay_that_a_check_showed_first_stands_behind_a_direct_path(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_cand relay = cand_of("192.0.2.2:2002", AUGER_CAND_RELAY, 16777215);
    struct sent sent;
    auger_time end = p->world->now + 10 * AUGER_SEC;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = "198.51.100.7:777"});
    puppet_introduce(p);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &relay), 0);
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").remote.priority, 16777215);
    for (bool nominates = false; !nominates; puppet_wait(p, 50 * AUGER_MS)) {
        assert_true(p->world->now < end);
        if (!puppet_take_request(p, &sent))
            continue;
        nominates = auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE);
        puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    struct auger_addr direct = addr_of("198.51.100.7:777");
    assert_true(auger_addr_equal(&sent.path.remote, &direct));
    puppet_free(p);
}

/* As controlled it nominates nothing, and nobody does here. */
static void test_data_leaves_a_relay_when_it_is_told_as_such(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct auger_cand relay = cand_of("192.0.2.2:2002", AUGER_CAND_RELAY, 16777215);
    const char *const sources[] = {"192.0.2.2:2002", "198.51.100.7:777"};
    struct auger_addr direct = addr_of(sources[1]);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    struct sent sent;

    puppet_introduce(p);
    for (size_t i = 0; i < 2; i++) {
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = sources[i]});
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    assert_true(auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"\x7F", 1, &path, buf,
                                     sizeof(buf)) > 0);
    assert_int_equal(path.remote.port, relay.addr.port);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &relay), 0);
    assert_true(auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"\x7F", 1, &path, buf,
                                     sizeof(buf)) > 0);
    assert_true(auger_addr_equal(&path.remote, &direct));
    puppet_free(p);
}

static void test_a_peer_cannot_make_more_than_its_share_of_candidates_and_checks(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    struct auger_cand cands[100];
    char from[64];
    size_t requests = 0;

    puppet_introduce(p);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(from, sizeof(from), "198.51.100.%u:%u", 1 + i % 200, 1000 + i);
        puppet_check(p, &(struct puppet_check){.from = from});
        while (puppet_take(p, &sent))
            requests += sent.msg.class_ == AUGER_STUN_REQUEST;
    }
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 100), 16);
    assert_int_equal(puppet_pairs(p), 16);
    assert_int_equal(requests, 1); /* Ta has not passed */
    assert_int_equal(counters_of(p->world, 0).limited, 1000 - 16);
    puppet_free(p);
}

/* Of what is acknowledged there is a pair here too, or the peer could nominate what is none. */
static void assert_has_pair(const struct puppet *p, const struct sent *sent)
{
    char remote[AUGER_ADDR_TEXT_MAX];

    assert_int_equal(sent->msg.class_, AUGER_STUN_SUCCESS);
    auger_addr_format(&sent->path.remote, remote, sizeof(remote));
    puppet_pair(p, remote);
}

static void test_a_check_that_cannot_be_kept_is_not_answered(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    char from[64];
    size_t answered = 0;

    puppet_introduce(p);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(from, sizeof(from), "198.51.100.%u:%u", 1 + i % 200, 1000 + i);
        puppet_check(p, &(struct puppet_check){.from = from, .use_candidate = i % 2});
        if (puppet_take_response(p, &sent)) {
            assert_has_pair(p, &sent);
            answered++;
        }
    }
    assert_int_equal(answered, 16);
    puppet_free(p);
}

/* As if it had been lost: the peer repeats it, and by then there may be room. */
static void test_a_repeated_check_is_kept_once_there_is_room(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct puppet_check late = {.from = "198.51.100.2:7", .use_candidate = true};
    struct sent sent;
    char from[64];

    puppet_introduce(p);
    for (unsigned i = 0; i < 16; i++) {
        snprintf(from, sizeof(from), "198.51.100.1:%u", 1000 + i);
        puppet_check(p, &(struct puppet_check){.from = from});
        while (puppet_take(p, &sent)) {
        }
        puppet_wait(p, 50 * AUGER_MS);
    }
    puppet_check(p, &late);
    assert_false(puppet_take_response(p, &sent));
    while (puppet_pair(p, "198.51.100.1:1000").state != AUGER_PAIR_FAILED) {
        puppet_wait(p, 300 * AUGER_MS);
        while (puppet_take(p, &sent)) {
        }
    }
    puppet_check(p, &late);
    assert_true(puppet_take_response(p, &sent));
    assert_has_pair(p, &sent);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, "198.51.100.2:7").selected);
    puppet_free(p);
}

/* A list of pairs that is full of better ones is the same. */
static void test_a_check_for_which_no_pair_has_room_is_not_answered(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.pairs_max = 1;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    puppet_check(p, &(struct puppet_check){.from = "198.51.100.2:7"});
    assert_false(puppet_take_response(p, &sent));
    puppet_check(p, &(struct puppet_check){0});
    assert_true(puppet_take_response(p, &sent));
    puppet_free(p);
}

static void test_a_dead_peer_reflexive_candidate_makes_room(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    char from[64];

    puppet_introduce(p);
    for (unsigned i = 0; i < 16; i++) {
        snprintf(from, sizeof(from), "198.51.100.1:%u", 1000 + i);
        puppet_check(p, &(struct puppet_check){.from = from});
        while (puppet_take(p, &sent)) {
        }
        puppet_wait(p, 50 * AUGER_MS);
    }
    puppet_check(p, &(struct puppet_check){.from = "198.51.100.2:7"});
    assert_int_equal(puppet_pairs(p), 16);
    for (int i = 0; i < 200; i++) { /* all of them fail */
        puppet_wait(p, 300 * AUGER_MS);
        while (puppet_take(p, &sent)) {
        }
        if (auger_ice_get_state(p->ice) == AUGER_ICE_FAILED)
            break;
        if (puppet_pair(p, "198.51.100.1:1000").state == AUGER_PAIR_FAILED)
            break;
    }
    puppet_check(p, &(struct puppet_check){.from = "198.51.100.2:7"});
    assert_int_equal(puppet_pair(p, "198.51.100.2:7").state, AUGER_PAIR_WAITING);
    puppet_free(p);
}

/* From that many addresses, one after another; `code` is that of the answer to ours, 0: none. */
static void is_asked_from_ports(struct puppet *p, unsigned ports, uint16_t code)
{
    struct sent sent;
    char from[64];

    for (unsigned i = 0; i < ports; i++) {
        snprintf(from, sizeof(from), "198.51.100.2:%u", 1000 + i);
        puppet_check(p, &(struct puppet_check){.from = from, .role = CONTROLLING});
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        if (code)
            puppet_answer(p, &sent, &(struct puppet_answer){.code = code});
    }
}

static bool has_room_for(struct puppet *p, const char *from)
{
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.from = from, .role = CONTROLLING});
    if (!puppet_take_response(p, &sent))
        return false;
    assert_has_pair(p, &sent);
    return true;
}

/* A peer that has answered there may come back to it (docs/decisions/295). */
static void test_where_the_peer_has_answered_is_the_last_to_make_room(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    for (int i = 0; i < 2; i++) {
        const char *from = i == 0 ? "198.51.100.1:7" : "198.51.100.1:8";
        assert_true(has_room_for(p, from));
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        puppet_refuse_along(p, NULL, from);
    }
    is_asked_from_ports(p, 14, 400);
    assert_true(has_room_for(p, "198.51.100.3:1"));
    puppet_pair(p, "198.51.100.1:7");
    for (char from[] = "198.51.100.3:10"; from[14] < '9'; from[14]++)
        assert_true(has_room_for(p, from));
    for (char from[] = "198.51.100.4:10"; from[14] < '4'; from[14]++)
        assert_true(has_room_for(p, from));
    puppet_pair(p, "198.51.100.1:7");
    assert_true(has_room_for(p, "198.51.100.5:1")); /* that of the first */
    puppet_pair(p, "198.51.100.1:8");
    puppet_free(p);
}

/* 8445 section 8.1.2: they are asked no more, and have neither failed nor succeeded. */
static void test_what_a_nomination_has_ended_makes_room(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);

    is_asked_from_ports(p, 16, 0);
    assert_false(has_room_for(p, "198.51.100.3:1"));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(puppet_pair(p, "192.0.2.2:2002").selected);
    assert_true(has_room_for(p, "198.51.100.3:1"));
    puppet_free(p);
}

/* What leaves for 192.0.2.9 is answered from that address; how much it was.  Others answer from
 * where they are asked, if at all. */
static size_t misanswer(struct puppet *p, const char *other, bool others_answer)
{
    struct sent sent;
    size_t asked = 0;

    while (puppet_take(p, &sent)) {
        bool is_chased = sent.path.remote.ip[3] == 9;
        if (sent.msg.class_ != AUGER_STUN_REQUEST || (!is_chased && !others_answer))
            continue;
        puppet_answer(p, &sent, &(struct puppet_answer){.from = is_chased ? other : NULL});
        asked += is_chased;
    }
    return asked;
}

/* From ever new ports, each of which answers from yet another. */
static size_t chase(struct puppet *p, bool others_answer)
{
    size_t asked = 0;

    for (int port = 10000; port < 10400; port++) {
        char from[32], other[32];
        snprintf(from, sizeof(from), "192.0.2.9:%d", port);
        snprintf(other, sizeof(other), "192.0.2.9:%d", port + 20000);
        puppet_check(p, &(struct puppet_check){.from = from, .role = CONTROLLED});
        puppet_wait(p, 50 * AUGER_MS);
        asked += misanswer(p, other, others_answer);
    }
    return asked;
}

static bool is_answered_at(struct puppet *p, const char *from)
{
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.from = from, .role = CONTROLLED});
    return puppet_take_response(p, &sent) && sent.msg.class_ == AUGER_STUN_SUCCESS;
}

static void test_a_chase_after_ever_new_ports_comes_to_an_end(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_in_range(chase(p, false), 16, 64);
    puppet_free(p);

    p = puppet_connected(true); /* a peer that predicts has more ports */
    assert_in_range(chase(p, true), 48, 128);
    assert_false(is_answered_at(p, "192.0.2.9:9"));
    assert_true(is_answered_at(p, "192.0.2.77:7"));
    puppet_free(p);
}

/* Whose pair works no more, or that was quiet since. */
static void test_a_peer_that_moves_after_a_chase_is_followed(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);

    chase(p, true);
    for (int i = 0; i < 12; i++) { /* a consent check and its answer are up to 6 s old by then */
        puppet_wait(p, 1 * AUGER_SEC);
        misanswer(p, "192.0.2.9:30000", false);
    }
    assert_true(is_answered_at(p, "192.0.2.9:9"));
    puppet_free(p);

    p = puppet_connected(true);
    chase(p, true);
    for (int i = 0; i < 40; i++) {
        puppet_wait(p, 1 * AUGER_SEC);
        misanswer(p, "192.0.2.9:30000", true);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(is_answered_at(p, "192.0.2.9:9"));
    puppet_free(p);
}

/* The peer's own network, which it does not tell, while its NAT shows it at port after port. */
static void test_a_chase_leaves_room_for_who_asks_from_elsewhere(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    puppet_introduce(p);
    chase(p, false);
    assert_true(is_answered_at(p, "192.0.2.77:7"));
    assert_true(is_answered_at(p, "192.0.2.77:8")); /* a peer that predicts has some sockets */
    assert_true(is_answered_at(p, "192.0.2.77:9"));
    assert_true(is_answered_at(p, "192.0.2.77:10"));
    assert_false(is_answered_at(p, "192.0.2.77:11"));

    struct auger_addr base = addr_of("192.0.2.50:5005");
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    puppet_check(p, &(struct puppet_check){
                        .from = "192.0.2.9:9", .to = "192.0.2.50:5005", .role = CONTROLLED});
    assert_true(puppet_take_response(p, &sent));
    assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
    puppet_free(p);
}

static void test_responses_that_nobody_fetches_are_bounded(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    size_t responses = 0;

    for (int i = 0; i < 50; i++)
        puppet_check(p, &(struct puppet_check){0});
    while (puppet_take(p, &sent))
        responses++;
    assert_int_equal(responses, 8);
    assert_int_equal(counters_of(p->world, 0).limited, 42);
    puppet_free(p);
}

static void test_a_check_to_no_base_of_ours_is_dropped(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.to = "192.0.2.99:99"});
    assert_false(puppet_take(p, &sent));
    assert_int_equal(counters_of(p->world, 0).unmatched, 1);
    puppet_free(p);
}

/* 7.3.1.4: under way is begun anew, succeeded is left alone. */
static void test_a_check_on_a_pair_under_way_triggers_a_fresh_one(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent first, second, more;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &first));
    puppet_check(p, &(struct puppet_check){0});
    assert_false(puppet_take_request(p, &second)); /* Ta */
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &second));
    assert_memory_not_equal(first.msg.tid.bytes, second.msg.tid.bytes, 12);

    puppet_answer(p, &first, &(struct puppet_answer){0}); /* cancelled, and good */
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_SUCCEEDED);
    puppet_check(p, &(struct puppet_check){0});
    assert_true(puppet_take_response(p, &more));
    puppet_wait(p, 2 * AUGER_SEC);
    assert_false(puppet_take(p, &more));
    puppet_free(p);
}

static void test_an_answer_in_time_saves_the_triggered_check(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent first, more;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &first));
    puppet_check(p, &(struct puppet_check){0});
    puppet_answer(p, &first, &(struct puppet_answer){0});
    assert_true(puppet_take_response(p, &more));
    puppet_wait(p, AUGER_SEC);
    assert_false(puppet_take(p, &more));
    puppet_free(p);
}

static void test_a_failed_pair_is_checked_again_when_the_peer_asks(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_FAILED);
    puppet_wait(p, AUGER_SEC);
    puppet_check(p, &(struct puppet_check){0});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static void test_requests_to_who_never_answers_come_to_an_end(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent;
    size_t requests = 0;
    char from[64];

    puppet_introduce(p);
    for (unsigned i = 0; i < 1500; i++) {
        snprintf(from, sizeof(from), "198.51.100.1:%u", 1000 + i % 16);
        puppet_check(p, &(struct puppet_check){.from = from});
        while (puppet_take(p, &sent))
            requests += sent.msg.class_ == AUGER_STUN_REQUEST;
        puppet_wait(p, 60 * AUGER_MS);
    }
    assert_int_equal(requests, 700);
    puppet_free(p);
}

static void test_triggered_checks_are_sent_in_the_order_in_which_they_were_asked_for(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    static const char *const sources[] = {"198.51.100.3:3", "198.51.100.1:1", "198.51.100.2:2"};
    struct sent sent;

    puppet_introduce(p);
    for (int i = 0; i < 3; i++)
        puppet_check(p, &(struct puppet_check){.from = sources[i]});
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    for (int i = 0; i < 3; i++) {
        struct auger_addr to = addr_of(sources[i]);
        assert_true(puppet_take_request(p, &sent));
        assert_true(auger_addr_equal(&sent.path.remote, &to));
        puppet_wait(p, 50 * AUGER_MS);
    }
    puppet_free(p);
}

static void test_a_keepalive_indication_is_swallowed(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    uint8_t buf[64];
    struct auger_stun_builder b;
    struct auger_stun_tid tid = {{1}};
    struct sent sent;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_INDICATION, AUGER_STUN_BINDING, &tid);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_null(puppet_deliver(p, NULL, NULL, buf, (size_t)len).data);
    assert_false(puppet_take(p, &sent));
    assert_int_equal(counters_of(p->world, 0).malformed, 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_gets_no_answer_and_leaves_no_trace_but_a_count),
        cmocka_unit_test(test_the_second_half_of_the_username_counts_once_it_is_known),
        cmocka_unit_test(test_a_check_that_no_agent_may_send_gets_an_error_and_makes_nothing),
        cmocka_unit_test(test_an_answer_has_the_integrity_of_the_check),
        cmocka_unit_test(test_an_unknown_attribute_is_named_in_the_420),
        cmocka_unit_test(test_the_answer_tells_where_the_check_came_from),
        cmocka_unit_test(test_a_check_before_the_answer_is_answered_at_once_and_remembered),
        cmocka_unit_test(test_an_unknown_source_becomes_a_peer_reflexive_candidate),
        cmocka_unit_test(test_a_named_candidate_that_is_known_already_is_merged),
        cmocka_unit_test(test_a_relay_that_a_check_showed_first_stands_behind_a_direct_path),
        cmocka_unit_test(test_data_leaves_a_relay_when_it_is_told_as_such),
        cmocka_unit_test(test_a_peer_cannot_make_more_than_its_share_of_candidates_and_checks),
        cmocka_unit_test(test_a_check_that_cannot_be_kept_is_not_answered),
        cmocka_unit_test(test_a_repeated_check_is_kept_once_there_is_room),
        cmocka_unit_test(test_a_check_for_which_no_pair_has_room_is_not_answered),
        cmocka_unit_test(test_a_dead_peer_reflexive_candidate_makes_room),
        cmocka_unit_test(test_where_the_peer_has_answered_is_the_last_to_make_room),
        cmocka_unit_test(test_what_a_nomination_has_ended_makes_room),
        cmocka_unit_test(test_a_chase_after_ever_new_ports_comes_to_an_end),
        cmocka_unit_test(test_a_peer_that_moves_after_a_chase_is_followed),
        cmocka_unit_test(test_a_chase_leaves_room_for_who_asks_from_elsewhere),
        cmocka_unit_test(test_responses_that_nobody_fetches_are_bounded),
        cmocka_unit_test(test_a_check_to_no_base_of_ours_is_dropped),
        cmocka_unit_test(test_a_check_on_a_pair_under_way_triggers_a_fresh_one),
        cmocka_unit_test(test_an_answer_in_time_saves_the_triggered_check),
        cmocka_unit_test(test_a_failed_pair_is_checked_again_when_the_peer_asks),
        cmocka_unit_test(test_requests_to_who_never_answers_come_to_an_end),
        cmocka_unit_test(test_triggered_checks_are_sent_in_the_order_in_which_they_were_asked_for),
        cmocka_unit_test(test_a_keepalive_indication_is_swallowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
