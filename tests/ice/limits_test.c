/* The agent's own life: its states, its limits, its memory, its configuration. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

static const char *fate(struct puppet *p, auger_time *at)
{
    auger_time t0 = p->world->now;
    struct sent sent;

    while (auger_ice_get_state(p->ice) != AUGER_ICE_FAILED) {
        auger_time next = auger_ice_next_timeout(p->ice);
        if (next == AUGER_NEVER)
            return "asleep";
        assert_true(next > p->world->now);
        puppet_wait(p, next - p->world->now);
        while (puppet_take(p, &sent)) {
        }
    }
    *at = p->world->now - t0;
    take_events(p->world, &p->world->sides[0]);
    return "failed";
}

/* 8863: a peer may find us that we cannot find. */
static void test_without_a_usable_candidate_it_waits_39_5_s_and_fails_once(void **state)
{
    (void)state;
    enum { NOTHING, END, REFUSED };
    for (int how = NOTHING; how <= REFUSED; how++) {
        struct puppet *p = puppet_new(true);
        struct sent sent;
        auger_time at = 0;

        puppet_introduce(p);
        if (how == END)
            auger_ice_end_of_remote_cands(p->ice, p->world->now);
        if (how == REFUSED) {
            assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
            assert_true(puppet_take(p, &sent));
            puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
        }
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
        assert_string_equal(fate(p, &at), "failed");
        assert_int_equal(at, 39500 * AUGER_MS);
        const struct side *side = &p->world->sides[0];
        assert_int_equal(side->states_len, 2);
        assert_int_equal(side->states[1], AUGER_ICE_FAILED);
        assert_int_equal(auger_ice_add_remote_cand(
                             p->ice, p->world->now,
                             &(struct auger_cand){.addr = addr_of("192.0.2.3:3"), .priority = 1}),
                         AUGER_ERR_STATE);
        puppet_free(p);
    }
}

static void test_a_candidate_that_makes_no_pair_does_not_prolong_the_wait(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    puppet_introduce(p);
    puppet_wait(p, 30 * AUGER_SEC);
    assert_int_equal(puppet_tell(p, "[2001:db8::1]:2002", 1000), 0);
    assert_int_equal(puppet_pairs(p), 0);
    puppet_wait(p, 9500 * AUGER_MS);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void test_a_check_under_way_outlasts_the_patience(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;
    auger_time at = 0;

    puppet_introduce(p);
    puppet_wait(p, 30 * AUGER_SEC);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    assert_true(puppet_take(p, &sent));
    assert_string_equal(fate(p, &at), "failed");
    assert_int_equal(at, 39500 * AUGER_MS);
    puppet_free(p);
}

static void test_before_the_credentials_there_is_no_hurry(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    auger_time at;

    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
    struct sent sent;
    assert_true(puppet_take(p, &sent));
    assert_string_equal(fate(p, &at), "asleep");
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_NEW);
    puppet_free(p);
}

/* It is not repeated; what was asked may be answered. */
static void test_the_answer_to_the_last_request_that_was_allowed_counts(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent, again;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    assert_true(puppet_take(p, &sent));
    p->ice->current->unanswered = UINT16_MAX;
    puppet_wait(p, 600 * AUGER_MS);
    assert_false(puppet_take(p, &again));
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_FAILED);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_SUCCEEDED);
    puppet_free(p);
}

/* Nothing better is waited for then (8445 section 8.1.1), nor the next datagram. */
static void test_what_is_out_of_requests_holds_no_nomination_up(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_cand other = cand_of("192.0.2.3:3003", AUGER_CAND_HOST, 500);
    struct sent better, worse, sent;

    other.foundation[0] = '2';
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    assert_true(puppet_take(p, &better));
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &worse));
    puppet_wait(p, 350 * AUGER_MS);
    puppet_answer(p, &worse, &(struct puppet_answer){0});
    assert_false(puppet_take(p, &sent));
    p->ice->current->unanswered = UINT16_MAX;
    puppet_wait(p, 100 * AUGER_MS);
    assert_true(puppet_take(p, &sent));
    assert_true(auger_addr_equal(&sent.path.remote, &worse.path.remote));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

static void test_a_full_list_of_pairs_gives_up_the_failed_then_the_lowest(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;
    char text[64];

    auger_ice_config_init(&config);
    config.pairs_max = 4;
    struct auger_ice *ice = world_add(world, 0, &config);
    struct auger_addr base = addr_of("192.0.2.1:1001");
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    assert_int_equal(
        auger_ice_set_remote_credentials(ice, world->now, PUPPET_UFRAG, PUPPET_PASSWORD), 0);
    for (uint32_t i = 1; i <= 6; i++) { /* each better than all before */
        snprintf(text, sizeof(text), "192.0.2.2:%u", (unsigned)i);
        struct auger_cand cand = cand_of(text, AUGER_CAND_HOST, 100 * i);
        assert_int_equal(auger_ice_add_remote_cand(ice, world->now, &cand), 0);
    }
    struct auger_ice_pair_info pairs[8];
    assert_int_equal(auger_ice_pairs(ice, pairs, 8), 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(pairs[i].remote.priority, 600 - 100 * i);
    struct auger_cand low = cand_of("192.0.2.2:9", AUGER_CAND_HOST, 50);
    assert_int_equal(auger_ice_add_remote_cand(ice, world->now, &low), 0);
    assert_int_equal(auger_ice_pairs(ice, pairs, 8), 4);
    assert_int_equal(pairs[3].remote.priority, 300);
    world_free(world);
}

static bool has_pair_with(struct auger_ice *ice, const char *remote)
{
    struct auger_ice_pair_info pairs[8];
    struct auger_addr addr = addr_of(remote);
    size_t len = auger_ice_pairs(ice, pairs, 8);

    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&pairs[i].remote.addr, &addr))
            return true;
    return false;
}

/* Else each candidate that comes would have it asked anew. */
static void test_a_failed_pair_that_made_room_stays_away(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.pairs_max = 2;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:1", 1000), 0);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_int_equal(puppet_tell(p, "192.0.2.2:2", 900), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:3", 100), 0); /* in its place */
    assert_false(has_pair_with(p->ice, "192.0.2.2:1"));
    assert_int_equal(puppet_tell(p, "192.0.2.2:4", 200), 0);
    assert_false(has_pair_with(p->ice, "192.0.2.2:1"));
    assert_true(has_pair_with(p->ice, "192.0.2.2:2"));
    assert_true(has_pair_with(p->ice, "192.0.2.2:4"));
    puppet_free(p);
}

/* One pair that has used up what may go unanswered, of a table of that size: of a candidate that
 * was told, worth less than others, or peer-reflexive. */
static struct puppet *spent(uint16_t pairs_max, bool is_told, struct sent *last)
{
    struct auger_ice_config config;
    struct sent none;

    auger_ice_config_init(&config);
    config.pairs_max = pairs_max;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    if (is_told)
        assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    else
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
    assert_true(puppet_take_request(p, last));
    p->ice->current->unanswered = UINT16_MAX;
    puppet_wait(p, 600 * AUGER_MS);
    assert_false(puppet_take(p, &none));
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_FAILED);
    return p;
}

/* They can be asked nothing. */
static void hear_from_others(struct puppet *p, unsigned others)
{
    char from[64];
    struct sent sent;

    for (unsigned i = 1; i <= others; i++) {
        snprintf(from, sizeof(from), "192.0.2.3:%u", i);
        puppet_check(p, &(struct puppet_check){.from = from, .role = CONTROLLING});
        puppet_wait(p, 60 * AUGER_MS);
        while (puppet_take(p, &sent))
            assert_int_not_equal(sent.msg.class_, AUGER_STUN_REQUEST);
    }
}

static void test_whose_last_request_may_be_answered_makes_no_room(void **state)
{
    static const struct {
        uint16_t pairs_max;
        bool is_told;
        unsigned others; /* peer-reflexive, of which there are 16 at most */
    } full[] = {{2, true, 2}, {100, false, 16}};

    (void)state;
    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
        struct sent last;
        struct puppet *p = spent(full[i].pairs_max, full[i].is_told, &last);
        hear_from_others(p, full[i].others);
        puppet_answer(p, &last, &(struct puppet_answer){0});
        assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_SUCCEEDED);
        puppet_free(p);
    }
}

static void test_whose_last_request_was_refused_makes_room(void **state)
{
    (void)state;
    struct sent last;
    struct puppet *p = spent(2, true, &last);

    puppet_answer(p, &last, &(struct puppet_answer){.code = 400});
    hear_from_others(p, 2);
    assert_false(has_pair_with(p->ice, "192.0.2.2:2002"));
    puppet_free(p);
}

static void tell_and_answer(struct puppet *p, const char *remote, uint32_t priority, uint16_t code)
{
    struct sent sent;

    assert_int_equal(puppet_tell(p, remote, priority), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = code});
}

/* Each of the lowest priority. */
static void tell_one_more(struct puppet *p, unsigned port)
{
    char text[64];

    snprintf(text, sizeof(text), "192.0.2.9:%u", port);
    assert_int_equal(puppet_tell(p, text, 100 - port), 0);
    assert_true(has_pair_with(p->ice, text));
}

/* The peer may come back to what has worked (docs/decisions/295); what a nomination has ended (8445
 * section 8.1.2) is asked no more. */
static void test_a_pair_that_had_worked_is_the_last_of_the_dead_to_make_room(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.pairs_max = 4;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    tell_and_answer(p, "192.0.2.2:1", 1000, 0);
    tell_and_answer(p, "192.0.2.2:2", 300, 0);
    puppet_refuse_along(p, NULL, "192.0.2.2:2");
    tell_and_answer(p, "192.0.2.2:3", 400, 400);
    assert_int_equal(puppet_tell(p, "192.0.2.2:4", 500), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_check(p, &(struct puppet_check){
                        .from = "192.0.2.2:1", .role = CONTROLLING, .use_candidate = true});
    assert_true(puppet_pair(p, "192.0.2.2:1").selected);
    tell_one_more(p, 1);
    assert_false(has_pair_with(p->ice, "192.0.2.2:3")); /* it has failed, and never worked */
    tell_one_more(p, 2);
    assert_false(has_pair_with(p->ice, "192.0.2.2:4")); /* it was given up */
    assert_true(has_pair_with(p->ice, "192.0.2.2:2"));
    tell_one_more(p, 3);
    assert_false(has_pair_with(p->ice, "192.0.2.2:2"));
    puppet_free(p);
}

/* RFC 8840 section 4.4: candidates that were received already are discarded. */
static void test_what_made_room_is_not_asked_again_since_it_is_repeated(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.pairs_max = 2;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    tell_and_answer(p, "192.0.2.2:1", 1000, 0);
    tell_and_answer(p, "192.0.2.2:2", 300, 400);
    tell_one_more(p, 1);
    assert_false(has_pair_with(p->ice, "192.0.2.2:2"));
    tell_and_answer(p, "192.0.2.9:1", 99, 400);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2", 300), 0);
    assert_false(has_pair_with(p->ice, "192.0.2.2:2"));
    puppet_wait(p, 50 * AUGER_MS);
    assert_false(puppet_take_request(p, &sent));
    puppet_free(p);
}

/* A new pair could not be asked, and what had worked may. */
static void test_what_had_worked_stays_once_no_request_is_left(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent last, none;

    auger_ice_config_init(&config);
    config.pairs_max = 3;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    tell_and_answer(p, "192.0.2.2:1", 1000, 0);
    tell_and_answer(p, "192.0.2.2:2", 300, 0);
    puppet_refuse_along(p, NULL, "192.0.2.2:2");
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 900), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &last));
    p->ice->current->unanswered = UINT16_MAX;
    puppet_wait(p, 600 * AUGER_MS);
    assert_false(puppet_take(p, &none));
    assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_FAILED);
    hear_from_others(p, 2);
    assert_true(has_pair_with(p->ice, "192.0.2.2:2"));
    assert_true(has_pair_with(p->ice, "192.0.2.2:2002"));
    puppet_free(p);
}

/* In a day a NAT maps anew more often than there is room for what it has shown. */
static void test_what_a_nat_showed_before_makes_room(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    const struct auger_path path = {p->base, addr_of("192.0.2.2:2002")};
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
    for (unsigned i = 0; i < 40; i++) {
        char mapped[64];
        snprintf(mapped, sizeof(mapped), "203.0.113.9:%u", 1000 + i);
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = mapped});
        assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_SUCCEEDED);
        auger_checklist_trigger(&p->ice->current->checklist, p->world->now,
                                auger_checklist_find(&p->ice->current->checklist, &path));
    }
    puppet_free(p);
}

static const struct {
    const char *name;
    const char *from;
    bool heard, valid, delivered;
} sources[] = {
    {"unknown", "198.51.100.9:9", false, false, false},
    {"told, and not yet checked", "192.0.2.2:2002", false, false, false},
    {"has sent a check", "192.0.2.2:2002", true, false, true},
    {"answered ours", "192.0.2.2:2002", false, true, true},
};

static void test_data_is_handed_out_by_where_it_comes_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct puppet *p = puppet_new(true);
        struct sent sent;

        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 1000), 0);
        assert_true(puppet_take(p, &sent));
        if (sources[i].heard)
            puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
        if (sources[i].valid)
            puppet_answer(p, &sent, &(struct puppet_answer){0});
        for (unsigned first = 0; first < 256; first++) {
            uint8_t datagram[3] = {(uint8_t)first, 2, 3};
            struct auger_bytes data =
                puppet_deliver(p, sources[i].from, NULL, datagram, first % 3 + 1);
            if ((data.data == datagram && data.len == first % 3 + 1) != sources[i].delivered)
                fail_msg("%s: first byte %u", sources[i].name, first);
        }
        assert_int_equal(counters_of(p->world, 0).unvalidated_data, sources[i].delivered ? 0 : 256);
        /* To be heard is not to be allowed to speak. */
        struct auger_path path;
        uint8_t buf[8];
        assert_int_equal(auger_ice_write_data(p->ice, p->world->now, buf, 1, &path, buf, 8),
                         sources[i].valid ? 1 : AUGER_ERR_NO_PATH);
        puppet_free(p);
    }
}

static void test_malformed_stun_is_counted_and_is_not_data(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    uint8_t bad[] = {0, 1, 0, 4, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5,
                     6, 7, 8, 9, 10,   11,   12,   0,    6, 0, 9}; /* an attribute that is longer
                                                                      than the message */

    assert_null(puppet_deliver(p, NULL, NULL, bad, sizeof(bad)).data);
    assert_int_equal(counters_of(p->world, 0).malformed, 1);
    puppet_free(p);
}

static void test_a_buffer_that_is_too_small_is_an_error(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct auger_path path;
    uint8_t buf[8];

    assert_int_equal(auger_ice_write_data(p->ice, p->world->now, buf, 8, &path, buf, 7),
                     AUGER_ERR_BUFFER);
    puppet_free(p);
}

/* As tell_candidates(), again where memory was short; whether it was. */
static bool tell_twice(struct world *world, int to)
{
    const struct side *from = &world->sides[1 - to];
    bool failed = false;

    for (size_t i = 0; i < from->cands_len; i++) {
        int err = auger_ice_add_remote_cand(world->sides[to].ice, world->now, &from->cands[i]);
        if (err) {
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            failed = true;
            err = auger_ice_add_remote_cand(world->sides[to].ice, world->now, &from->cands[i]);
        }
        assert_int_equal(err, 0);
    }
    return failed;
}

/* Runs a whole session with the n-th allocation failing, for every n. */
static bool session_with_failing_allocation(size_t n, bool *finished)
{
    struct world *world = world_new();
    struct auger_addr base[] = {addr_of("192.0.2.1:1001"), addr_of("192.0.2.2:2002")};
    struct auger_addr server = addr_of("198.51.100.1:3478");
    bool failed = false;

    *finished = false;
    world->fail_at = n;
    for (int i = 0; i < 2; i++) {
        struct auger_ice **ice = &world->sides[i].ice;
        int err = auger_ice_new(ice, &world->env, NULL);
        if (err) { /* what failed once succeeds when asked again */
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            assert_null(*ice);
            failed = true;
            assert_int_equal(auger_ice_new(ice, &world->env, NULL), 0);
        }
    }
    world->server = server;
    for (int i = 0; i < 2; i++) {
        struct auger_ice *ice = world->sides[i].ice;
        for (int again = 0; again < 2; again++) {
            int err = auger_ice_add_local_addr(ice, world->now, &base[i]);
            if (err == 0)
                break;
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            failed = true;
        }
        for (int again = 0; again < 2; again++) {
            int err = auger_ice_add_stun_server(ice, world->now, &server);
            if (err == 0)
                break;
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            failed = true;
        }
    }
    world_settle(world);
    for (int i = 0; i < 2; i++) {
        const struct auger_ice *peer = world->sides[1 - i].ice;
        for (int again = 0; again < 2; again++) {
            int err = auger_ice_set_remote_credentials(
                world->sides[i].ice, world->now, auger_ice_ufrag(peer), auger_ice_password(peer));
            if (err == 0)
                break;
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            failed = true;
        }
        failed |= tell_twice(world, i);
    }
    world_run(world, 5 * AUGER_SEC);
    *finished = auger_ice_get_state(world->sides[0].ice) == AUGER_ICE_CONNECTED &&
                auger_ice_get_state(world->sides[1].ice) == AUGER_ICE_CONNECTED;
    world_free(world);
    return failed;
}

static void test_any_allocation_may_fail_and_nothing_leaks(void **state)
{
    (void)state;
    size_t n = 1;
    bool finished;

    while (session_with_failing_allocation(n, &finished)) {
        assert_true(finished);
        n++;
        assert_true(n < 200);
    }
    assert_true(n > 10); /* it is a walk through something */
}

static void test_a_session_allocates_nothing_once_it_runs(void **state)
{
    (void)state;
    struct world *world = world_of_two(20 * AUGER_MS);

    introduce(world);
    world_run(world, AUGER_SEC); /* the pair becomes valid, which takes its place for a proof */
    size_t before = world->allocations;
    world_run(world, 100 * AUGER_SEC);
    for (int i = 0; i < 2; i++)
        send_text(world, i, "hello");
    world_run(world, AUGER_SEC);
    assert_int_equal(world->allocations, before);
    world_free(world);
}

static void test_a_short_config_of_an_older_program_is_filled_with_defaults(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct {
        struct auger_ice_config config;
        uint8_t beyond[16];
    } old;
    size_t size = offsetof(struct auger_ice_config, pacing);
    struct auger_ice_config defaults;

    memset(&old, 0xAA, sizeof(old));
    auger_ice_config_init_sized(&old.config, size);
    for (size_t i = size; i < sizeof(old); i++)
        assert_int_equal(((uint8_t *)&old)[i], 0xAA);
    old.config.controlling = true;
    assert_int_equal(auger_ice_new_sized(&world->sides[0].ice, &world->env, &old.config, size), 0);
    auger_ice_config_init(&defaults);
    assert_true(world->sides[0].ice->config.controlling);
    assert_int_equal(world->sides[0].ice->config.pacing, defaults.pacing);
    assert_int_equal(world->sides[0].ice->config.pairs_max, 100);

    uint8_t counters[sizeof(struct auger_ice_counters)];
    memset(counters, 0xAA, sizeof(counters));
    auger_ice_counters_sized(world->sides[0].ice, (struct auger_ice_counters *)counters, 8);
    assert_int_equal(counters[0], 0);
    assert_int_equal(counters[8], 0xAA);
    world_free(world);
}

static void test_a_config_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice *ice = NULL;

    for (int i = 0; i < 5; i++) {
        struct auger_ice_config config;
        auger_ice_config_init(&config);
        if (i == 4)
            config.pacing = 10 * AUGER_SEC + 1;
        if (i == 0)
            config.pacing = 5 * AUGER_MS - 1;
        if (i == 1)
            config.pairs_max = 0;
        if (i == 2)
            config.gather_timeout = -1;
        if (i == 3)
            config.local_cands_max = 0;
        assert_int_equal(auger_ice_new(&ice, &world->env, &config), AUGER_ERR_INVALID);
    }
    world_free(world);
}

static void test_bases_are_bounded_and_each_is_named_once(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice *ice = world_add(world, 0, NULL);
    struct auger_addr base = addr_of("192.0.2.1:1");

    for (int i = 0; i < 16; i++, base.port++)
        assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), 0);
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), AUGER_ERR_LIMIT);
    base.port = 1;
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), AUGER_ERR_INVALID);
    base = addr_of("127.0.0.1:1");
    assert_int_equal(auger_ice_add_local_addr(ice, world->now, &base), AUGER_ERR_INVALID);
    world_free(world);
}

static void test_states_that_nobody_fetches_are_bounded_and_the_last_one_counts(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct sent sent;

    for (int i = 0; i < 20; i++) {
        while (auger_ice_get_state(p->ice) == AUGER_ICE_CONNECTED) {
            puppet_wait(p, 100 * AUGER_MS);
            while (puppet_take(p, &sent)) {
            }
        }
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        while (auger_ice_get_state(p->ice) == AUGER_ICE_DISCONNECTED) {
            puppet_wait(p, 100 * AUGER_MS);
            while (puppet_take(p, &sent))
                puppet_answer(p, &sent, &(struct puppet_answer){0});
        }
    }
    take_events(p->world, &p->world->sides[0]);
    const struct side *side = &p->world->sides[0];
    assert_int_equal(side->states_len, 8);
    assert_int_equal(side->states[7], auger_ice_get_state(p->ice));
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_usable_candidate_it_waits_39_5_s_and_fails_once),
        cmocka_unit_test(test_a_candidate_that_makes_no_pair_does_not_prolong_the_wait),
        cmocka_unit_test(test_a_check_under_way_outlasts_the_patience),
        cmocka_unit_test(test_before_the_credentials_there_is_no_hurry),
        cmocka_unit_test(test_the_answer_to_the_last_request_that_was_allowed_counts),
        cmocka_unit_test(test_what_is_out_of_requests_holds_no_nomination_up),
        cmocka_unit_test(test_a_full_list_of_pairs_gives_up_the_failed_then_the_lowest),
        cmocka_unit_test(test_a_failed_pair_that_made_room_stays_away),
        cmocka_unit_test(test_whose_last_request_may_be_answered_makes_no_room),
        cmocka_unit_test(test_whose_last_request_was_refused_makes_room),
        cmocka_unit_test(test_a_pair_that_had_worked_is_the_last_of_the_dead_to_make_room),
        cmocka_unit_test(test_what_had_worked_stays_once_no_request_is_left),
        cmocka_unit_test(test_what_a_nat_showed_before_makes_room),
        cmocka_unit_test(test_what_made_room_is_not_asked_again_since_it_is_repeated),
        cmocka_unit_test(test_data_is_handed_out_by_where_it_comes_from),
        cmocka_unit_test(test_malformed_stun_is_counted_and_is_not_data),
        cmocka_unit_test(test_a_buffer_that_is_too_small_is_an_error),
        cmocka_unit_test(test_any_allocation_may_fail_and_nothing_leaks),
        cmocka_unit_test(test_a_session_allocates_nothing_once_it_runs),
        cmocka_unit_test(test_a_short_config_of_an_older_program_is_filled_with_defaults),
        cmocka_unit_test(test_a_config_that_makes_no_sense_is_refused),
        cmocka_unit_test(test_bases_are_bounded_and_each_is_named_once),
        cmocka_unit_test(test_states_that_nobody_fetches_are_bounded_and_the_last_one_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
