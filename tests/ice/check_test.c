/* Checks that go out: their form, their pace, and what an answer is worth. */
#include "tests/ice/puppet.h"

#define REMOTE "192.0.2.2:2002"

static struct puppet *with_one_pair(bool controlling, struct sent *first)
{
    struct puppet *p = puppet_new(controlling);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_true(puppet_take(p, first));
    return p;
}

static void test_a_check_says_what_it_must(void **state)
{
    (void)state;
    for (int controlling = 0; controlling <= 1; controlling++) {
        struct sent sent;
        struct puppet *p = with_one_pair(controlling, &sent);
        struct auger_bytes username;
        uint32_t priority;
        uint64_t tie_breaker;
        char expected[64];

        snprintf(expected, sizeof(expected), "%s:%s", PUPPET_UFRAG, auger_ice_ufrag(p->ice));
        assert_int_equal(sent.msg.class_, AUGER_STUN_REQUEST);
        assert_true(auger_stun_msg_bytes(&sent.msg, AUGER_STUN_ATTR_USERNAME, &username));
        assert_int_equal(username.len, strlen(expected));
        assert_memory_equal(username.data, expected, username.len);
        assert_true(auger_stun_msg_u32(&sent.msg, AUGER_STUN_ATTR_PRIORITY, &priority));
        assert_int_equal(priority >> 24, 110); /* 7.1.1 */
        assert_true(auger_stun_msg_u64(&sent.msg,
                                       controlling ? AUGER_STUN_ATTR_ICE_CONTROLLING
                                                   : AUGER_STUN_ATTR_ICE_CONTROLLED,
                                       &tie_breaker));
        assert_false(auger_stun_msg_has(&sent.msg, controlling ? AUGER_STUN_ATTR_ICE_CONTROLLED
                                                               : AUGER_STUN_ATTR_ICE_CONTROLLING));
        assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        assert_int_equal(auger_stun_msg_verify(&sent.msg, p->puppet_key), 0);
        assert_true(auger_stun_msg_fingerprint_ok(&sent.msg));
        puppet_free(p);
    }
}

static const struct {
    const char *name;
    struct puppet_answer answer;
    enum auger_ice_pair_state state;
} answers[] = {
    {"good", {0}, AUGER_PAIR_SUCCEEDED},
    {"from another address", {.from = "192.0.2.3:2002"}, AUGER_PAIR_FAILED},
    {"from another port", {.from = "192.0.2.2:2003"}, AUGER_PAIR_FAILED},
    {"to another base", {.to = "192.0.2.1:1002"}, AUGER_PAIR_FAILED},
    {"without an address", {.no_mapped = true}, AUGER_PAIR_FAILED},
    {"with what must be understood", {.unknown_attr = 0x7FFE}, AUGER_PAIR_FAILED},
    {"with what need not be", {.unknown_attr = 0xFFFE}, AUGER_PAIR_SUCCEEDED},
    {"400", {.code = 400}, AUGER_PAIR_FAILED},
    {"401", {.code = 401}, AUGER_PAIR_FAILED},
    {"500", {.code = 500}, AUGER_PAIR_FAILED},
    {"487", {.code = 487}, AUGER_PAIR_WAITING},
    {"no integrity", {.no_integrity = true}, AUGER_PAIR_IN_PROGRESS},
    {"wrong password", {.wrong_password = true}, AUGER_PAIR_IN_PROGRESS},
    {"no fingerprint", {.no_fingerprint = true}, AUGER_PAIR_IN_PROGRESS},
    {"the integrity that was not sent", {.sha256 = true}, AUGER_PAIR_IN_PROGRESS},
    {"401 without integrity", {.code = 401, .no_integrity = true}, AUGER_PAIR_IN_PROGRESS},
    {"487 without integrity", {.code = 487, .no_integrity = true}, AUGER_PAIR_IN_PROGRESS},
};

static void test_what_an_answer_does_to_its_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct sent sent;
        struct puppet *p = with_one_pair(true, &sent);

        puppet_answer(p, &sent, &answers[i].answer);
        if (puppet_pair(p, REMOTE).state != answers[i].state)
            fail_msg("%s: %s", answers[i].name,
                     auger_ice_pair_state_name(puppet_pair(p, REMOTE).state));
        /* What was not believed leaves the way open for the true answer. */
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        bool good =
            answers[i].state == AUGER_PAIR_IN_PROGRESS || answers[i].state == AUGER_PAIR_SUCCEEDED;
        if ((puppet_pair(p, REMOTE).state == AUGER_PAIR_SUCCEEDED) != good)
            fail_msg("%s, then a good one", answers[i].name);
        puppet_free(p);
    }
}

static void test_an_answer_to_nothing_is_counted(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = with_one_pair(true, &sent);

    sent.msg.tid.bytes[0] ^= 1;
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(counters_of(p->world, 0).unmatched, 1);
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_IN_PROGRESS);
    puppet_free(p);
}

static void test_a_check_without_answer_is_sent_seven_times_and_fails_after_39_5_s(void **state)
{
    (void)state;
    static const auger_time schedule[] = {0, 500, 1500, 3500, 7500, 15500, 31500}; /* ms */
    struct sent first, sent;
    struct puppet *p = with_one_pair(true, &first);
    auger_time t0 = p->world->now;
    size_t count = 1;

    while (puppet_pair(p, REMOTE).state != AUGER_PAIR_FAILED) {
        auger_time next = auger_ice_next_timeout(p->ice);
        assert_true(next > p->world->now);
        puppet_wait(p, next - p->world->now);
        while (puppet_take(p, &sent)) {
            assert_true(count < 7);
            assert_int_equal(p->world->now - t0, schedule[count] * AUGER_MS);
            assert_int_equal(sent.len, first.len); /* the same, byte for byte */
            assert_memory_equal(sent.buf, first.buf, sent.len);
            count++;
        }
    }
    assert_int_equal(count, 7);
    assert_int_equal(p->world->now - t0, 39500 * AUGER_MS);
    puppet_free(p);
}

/* A machine that has slept sends before it looks at the clock, or after. */
static void test_a_check_whose_time_ran_out_in_sleep_is_sent_no_more(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct sent sent;
        struct puppet *p = with_one_pair(true, &sent);
        p->world->now += 39500 * AUGER_MS - !over;
        assert_int_equal(puppet_take(p, &sent), !over);
        puppet_wait(p, 0);
        assert_int_equal(puppet_pair(p, REMOTE).state == AUGER_PAIR_FAILED, over);
        puppet_free(p);
    }
}

static void test_new_checks_keep_the_pace_and_the_order_of_priority(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;
    auger_time last = 0;

    for (unsigned i = 0; i < 20; i++) {
        char addr[64];
        snprintf(addr, sizeof(addr), "198.51.100.%u:1000", 1 + i);
        struct auger_cand cand = cand_of(addr, AUGER_CAND_HOST, 2130706431 - 256 * ((i * 7) % 20));
        snprintf(cand.foundation, sizeof(cand.foundation), "f%u", i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    }
    puppet_introduce(p);
    uint32_t priority = UINT32_MAX;
    for (unsigned i = 0; i < 20; i++) {
        auger_time next = auger_ice_next_timeout(p->ice);
        if (next > p->world->now)
            puppet_wait(p, next - p->world->now);
        assert_true(puppet_take(p, &sent));
        assert_false(puppet_take(p, &(struct sent){0}));
        if (i > 0)
            assert_int_equal(p->world->now - last, 50 * AUGER_MS);
        last = p->world->now;
        char to[AUGER_ADDR_TEXT_MAX];
        auger_addr_format(&sent.path.remote, to, sizeof(to));
        assert_true(puppet_pair(p, to).remote.priority < priority);
        priority = puppet_pair(p, to).remote.priority;
    }
    puppet_free(p);
}

/* 14.3: the first request of every check comes before the second of any. */
static void test_every_pair_is_asked_once_before_any_is_asked_twice(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    for (unsigned i = 0; i < 60; i++) {
        char addr[64];
        snprintf(addr, sizeof(addr), "198.51.100.%u:1000", 1 + i);
        struct auger_cand cand = cand_of(addr, AUGER_CAND_HOST, 2130706431 - i);
        snprintf(cand.foundation, sizeof(cand.foundation), "f%u", i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    }
    puppet_introduce(p);
    for (unsigned i = 0; i < 60; i++) {
        assert_true(puppet_take(p, &sent));
        char to[AUGER_ADDR_TEXT_MAX];
        auger_addr_format(&sent.path.remote, to, sizeof(to));
        assert_int_equal(puppet_pair(p, to).requests_sent, 1);
        puppet_wait(p, 50 * AUGER_MS);
    }
    puppet_free(p);
}

static void test_a_mapped_address_that_is_new_becomes_a_local_candidate_that_is_not_told(
    void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = with_one_pair(true, &sent);
    uint32_t priority;
    assert_true(auger_stun_msg_u32(&sent.msg, AUGER_STUN_ATTR_PRIORITY, &priority));

    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "203.0.113.9:999"});
    struct auger_ice_pair_info pair = puppet_pair(p, REMOTE);
    struct auger_addr mapped = addr_of("203.0.113.9:999");
    assert_int_equal(pair.local.type, AUGER_CAND_PRFLX);
    assert_true(auger_addr_equal(&pair.local.addr, &mapped));
    assert_true(auger_addr_equal(&pair.local.related, &p->base));
    assert_int_equal(pair.local.priority, priority);
    assert_true(pair.valid);

    take_events(p->world, &p->world->sides[0]);
    assert_int_equal(p->world->sides[0].cands_len, 1); /* the host candidate alone */
    assert_true(auger_addr_equal(&p->world->sides[0].path.local, &p->base));
    puppet_free(p);
}

static void test_without_entropy_a_check_waits_for_ta_and_loses_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    p->world->no_entropy = true;
    for (int i = 0; i < 5; i++) {
        assert_false(puppet_take(p, &sent));
        auger_time next = auger_ice_next_timeout(p->ice);
        assert_int_equal(next - p->world->now, 50 * AUGER_MS);
        puppet_wait(p, 50 * AUGER_MS);
    }
    p->world->no_entropy = false;
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static void test_pairs_of_one_foundation_wait_for_the_first(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;
    static const char *const remotes[] = {"192.0.2.2:1", "192.0.2.2:2", "192.0.2.2:3"};

    for (int i = 0; i < 3; i++)
        assert_int_equal(puppet_tell(p, remotes[i], 2130706431 - (uint32_t)i), 0);
    puppet_introduce(p);
    assert_int_equal(puppet_pair(p, remotes[0]).state, AUGER_PAIR_WAITING);
    assert_int_equal(puppet_pair(p, remotes[1]).state, AUGER_PAIR_FROZEN);
    assert_int_equal(puppet_pair(p, remotes[2]).state, AUGER_PAIR_FROZEN);
    assert_true(puppet_take(p, &sent));
    puppet_wait(p, 50 * AUGER_MS);
    assert_false(puppet_take(p, &sent)); /* 6.1.4.2 step 2: one is under way */
    puppet_free(p);

    p = puppet_new(false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(puppet_tell(p, remotes[i], 2130706431 - (uint32_t)i), 0);
    puppet_introduce(p);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(puppet_pair(p, remotes[1]).state, AUGER_PAIR_WAITING); /* 7.2.5.3.3 */
    assert_int_equal(puppet_pair(p, remotes[2]).state, AUGER_PAIR_WAITING);
    puppet_free(p);

    p = puppet_new(false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(puppet_tell(p, remotes[i], 2130706431 - (uint32_t)i), 0);
    puppet_introduce(p);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_int_equal(puppet_pair(p, remotes[1]).state, AUGER_PAIR_FROZEN);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent)); /* step 2 again: none is under way */
    assert_int_equal(puppet_pair(p, remotes[1]).state, AUGER_PAIR_IN_PROGRESS);
    puppet_free(p);
}

/* RFC 8838 section 12, rule 2. */
/* 6.1.4.2, step 2: in turn, but none holds the others up for all of its 39.5 s. */
static void test_a_pair_without_answer_gives_way_to_the_next_of_its_foundation(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent first, sent;
    auger_time begun = p->world->now;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2003", 2130706175), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2004", 2130705919), 0);
    assert_true(puppet_take(p, &first));
    while (puppet_pair(p, "192.0.2.2:2004").state == AUGER_PAIR_FROZEN) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take(p, &sent))
            continue;
    }
    assert_true(p->world->now - begun >= 15 * AUGER_SEC);
    assert_true(p->world->now - begun < 16 * AUGER_SEC);
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_IN_PROGRESS);
    puppet_answer(p, &first, &(struct puppet_answer){0});
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_SUCCEEDED);
    puppet_free(p);
}

/* 8489 section 6.2.1: it has all its requests, for the peer may let it in late. */
static void test_a_pair_that_gave_way_is_asked_on(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    auger_time begun = p->world->now;
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2003", 2130706175), 0);
    while (p->world->now - begun < 39 * AUGER_SEC) {
        while (puppet_take(p, &sent))
            continue;
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_int_equal(puppet_pair(p, REMOTE).requests_sent, 7);
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_IN_PROGRESS);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_FAILED);
    assert_int_equal(puppet_pair(p, "192.0.2.2:2003").state, AUGER_PAIR_IN_PROGRESS);
    puppet_free(p);
}

static void test_the_last_of_a_foundation_has_all_its_time(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2003", 2130706175), 0);
    auger_time begun = p->world->now;
    while (auger_ice_get_state(p->ice) != AUGER_ICE_FAILED) {
        while (puppet_take(p, &sent))
            continue;
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(p->world->now - begun < 50 * AUGER_SEC);
    }
    assert_true(p->world->now - begun >= (7500 + 39500) * AUGER_MS);
    puppet_free(p);
}

static void test_a_trickled_pair_of_a_foundation_that_works_waits_for_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);

    assert_int_equal(puppet_tell(p, "192.0.2.2:3", 1694498815), 0);
    assert_int_equal(puppet_pair(p, "192.0.2.2:3").state, AUGER_PAIR_WAITING);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_check_says_what_it_must),
        cmocka_unit_test(test_what_an_answer_does_to_its_pair),
        cmocka_unit_test(test_an_answer_to_nothing_is_counted),
        cmocka_unit_test(test_a_check_without_answer_is_sent_seven_times_and_fails_after_39_5_s),
        cmocka_unit_test(test_a_check_whose_time_ran_out_in_sleep_is_sent_no_more),
        cmocka_unit_test(test_new_checks_keep_the_pace_and_the_order_of_priority),
        cmocka_unit_test(test_every_pair_is_asked_once_before_any_is_asked_twice),
        cmocka_unit_test(
            test_a_mapped_address_that_is_new_becomes_a_local_candidate_that_is_not_told),
        cmocka_unit_test(test_without_entropy_a_check_waits_for_ta_and_loses_nothing),
        cmocka_unit_test(test_pairs_of_one_foundation_wait_for_the_first),
        cmocka_unit_test(test_a_pair_without_answer_gives_way_to_the_next_of_its_foundation),
        cmocka_unit_test(test_a_pair_that_gave_way_is_asked_on),
        cmocka_unit_test(test_the_last_of_a_foundation_has_all_its_time),
        cmocka_unit_test(test_a_trickled_pair_of_a_foundation_that_works_waits_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
