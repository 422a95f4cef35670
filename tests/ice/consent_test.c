/* Consent and liveness: RFC 7675, design decision 14. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

#define REMOTE "192.0.2.2:2002"

static bool take_due(struct puppet *p, struct sent *sent)
{
    auger_time next = auger_ice_next_timeout(p->ice);
    assert_true(next > p->world->now && next != AUGER_NEVER);
    puppet_wait(p, next - p->world->now);
    return puppet_take(p, sent);
}

static void test_consent_is_asked_for_every_4_to_6_seconds_each_time_anew(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct auger_stun_tid last = {{0}};
    auger_time asked_at = p->world->now, least = AUGER_NEVER, most = 0;

    for (int i = 0; i < 200; i++) {
        struct sent sent;
        while (!take_due(p, &sent)) {
        }
        auger_time gap = p->world->now - asked_at;
        asked_at = p->world->now;
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
        assert_memory_not_equal(last.bytes, sent.msg.tid.bytes, 12);
        last = sent.msg.tid;
        assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_false(puppet_take(p, &sent));
    }
    assert_true(least >= 4 * AUGER_SEC && most <= 6 * AUGER_SEC);
    assert_true(least < 4100 * AUGER_MS && most > 5900 * AUGER_MS); /* spread, too */
    puppet_free(p);
}

/* docs/decisions/018; the controlled side has nothing to nominate. */
static void test_consent_checks_of_the_controlling_side_repeat_the_nomination(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct sent sent;

    assert_true(puppet_take(p, &sent)); /* the nomination */
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    for (int i = 0; i < 5; i++) {
        while (!take_due(p, &sent)) {
        }
        assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    puppet_free(p);
}

static void test_what_a_restart_has_replaced_is_nominated_no_more(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct sent sent;

    assert_true(puppet_take(p, &sent)); /* the nomination */
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, "anew", "anotherPasswordOf24Chars"),
        0);
    for (int i = 0; i < 3; i++) {
        while (!take_due(p, &sent)) {
        }
        assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    puppet_free(p);
}

static int write_something(struct puppet *p)
{
    struct auger_path path;
    uint8_t buf[64];
    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"x", 1, &path, buf,
                                sizeof(buf));
}

static void test_consent_ends_30_seconds_after_the_last_answer_even_if_nobody_looks(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);

    p->world->now += 30 * AUGER_SEC - 1;
    assert_int_equal(write_something(p), 1);
    p->world->now += 1;
    assert_int_equal(write_something(p), AUGER_ERR_NO_PATH);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_wait(p, 0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void test_a_silent_peer_is_disconnected_after_5_seconds_and_failed_after_30(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    auger_time t0 = p->world->now, disconnected_at = 0;
    struct sent sent;
    size_t requests = 0;

    while (auger_ice_get_state(p->ice) != AUGER_ICE_FAILED) {
        requests += take_due(p, &sent);
        if (!disconnected_at && auger_ice_get_state(p->ice) == AUGER_ICE_DISCONNECTED)
            disconnected_at = p->world->now;
    }
    assert_true(disconnected_at - t0 >= 5 * AUGER_SEC);
    assert_true(disconnected_at - t0 <= 6500 * AUGER_MS);
    assert_int_equal(p->world->now - t0, 30 * AUGER_SEC);
    assert_true(requests >= 5 && requests <= 7); /* each sent once */

    take_events(p->world, &p->world->sides[0]);
    const enum auger_ice_state *states = p->world->sides[0].states;
    assert_int_equal(p->world->sides[0].states_len, 4);
    assert_int_equal(states[0], AUGER_ICE_CHECKING);
    assert_int_equal(states[1], AUGER_ICE_CONNECTED);
    assert_int_equal(states[2], AUGER_ICE_DISCONNECTED);
    assert_int_equal(states[3], AUGER_ICE_FAILED);
    puppet_free(p);
}

static void test_any_word_of_the_peer_ends_the_disconnection(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    while (auger_ice_get_state(p->ice) != AUGER_ICE_DISCONNECTED)
        take_due(p, &sent);
    puppet_check(p, &(struct puppet_check){.wrong_password = true});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_check(p, &(struct puppet_check){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* Two agents that have nothing to say go six seconds without a word; that is no
 * reason to worry. */
static void test_a_quiet_session_is_never_called_disconnected(void **state)
{
    (void)state;
    struct world *world = world_of_two(50 * AUGER_MS);

    introduce(world);
    world_run(world, 3600 * AUGER_SEC);
    assert_int_equal(world->sides[0].states_len, 2);
    assert_int_equal(world->sides[1].states_len, 2);
    world_free(world);
}

static void test_checks_of_the_peer_are_life_but_not_consent(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    auger_time t0 = p->world->now;
    struct sent sent;

    for (int i = 0; i < 29; i++) {
        puppet_wait(p, AUGER_SEC);
        puppet_check(p, &(struct puppet_check){0});
        while (puppet_take(p, &sent)) {
        }
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    }
    puppet_wait(p, t0 + 30 * AUGER_SEC - p->world->now);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static const struct {
    const char *name;
    struct puppet_answer answer;
} worthless[] = {
    {"from elsewhere", {.from = "192.0.2.2:2003"}},
    {"without integrity", {.no_integrity = true}},
    {"with the wrong password", {.wrong_password = true}},
    {"without fingerprint", {.no_fingerprint = true}},
    {"an error", {.code = 400}},
};

static void test_only_a_good_answer_from_the_right_place_is_consent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(worthless) / sizeof(worthless[0]); i++) {
        struct puppet *p = puppet_connected(false);
        auger_time t0 = p->world->now;
        struct sent sent;

        while (auger_ice_get_state(p->ice) != AUGER_ICE_FAILED) {
            if (take_due(p, &sent))
                puppet_answer(p, &sent, &worthless[i].answer);
        }
        if (p->world->now - t0 != 30 * AUGER_SEC)
            fail_msg("%s", worthless[i].name);
        puppet_free(p);
    }
}

static void test_an_answer_to_an_earlier_question_counts(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent first, second;

    while (!take_due(p, &first)) {
    }
    while (!take_due(p, &second)) {
    }
    auger_time answered_at = p->world->now;
    puppet_answer(p, &first, &(struct puppet_answer){0});
    p->world->now = answered_at + 30 * AUGER_SEC - 1;
    assert_int_equal(write_something(p), 1);
    puppet_free(p);
}

static void test_a_late_answer_does_not_revive(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    while (!take_due(p, &sent)) {
    }
    p->world->now += 30 * AUGER_SEC; /* nobody has called since */
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(write_something(p), AUGER_ERR_NO_PATH);
    puppet_wait(p, 0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_check(p, &(struct puppet_check){0});
    assert_false(puppet_take(p, &sent));
    puppet_free(p);
}

static void test_a_403_revokes_consent_at_once(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    while (!take_due(p, &sent)) {
    }
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 403, .wrong_password = true});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 403});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

/* Who takes it back was heard: that an answer was lost before says nothing of a NAT then. */
static void test_a_403_is_no_word_about_a_nat(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent sent, lost;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "203.0.113.9:9"});
    while (!take_due(p, &lost)) {
    }
    while (!take_due(p, &sent)) {
    }
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 403});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    assert_int_equal(counters_of(p->world, 0).mappings_forgotten, 0);
    puppet_free(p);
}

static void test_another_pair_with_consent_takes_over(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;
    auger_time t0 = p->world->now;

    puppet_wait(p, 20 * AUGER_SEC);
    while (puppet_take(p, &sent)) {
    }
    puppet_check(p, &(struct puppet_check){.from = "198.51.100.1:1"}); /* a lower pair */
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    while (p->world->now < t0 + 30 * AUGER_SEC)
        take_due(p, &sent);
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_FAILED);
    take_events(p->world, &p->world->sides[0]);
    struct auger_addr other = addr_of("198.51.100.1:1");
    assert_true(auger_addr_equal(&p->world->sides[0].path.remote, &other));
    assert_int_equal(write_something(p), 1);
    /* And the old one is not used again in this session. */
    puppet_check(p, &(struct puppet_check){.use_candidate = true});
    puppet_wait(p, AUGER_SEC);
    while (puppet_take(p, &sent))
        assert_true(sent.msg.class_ != AUGER_STUN_REQUEST ||
                    auger_addr_equal(&sent.path.remote, &other));
    puppet_free(p);
}

static void test_only_a_word_of_the_peer_ends_the_disconnection_on_another_pair_too(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent, other = {0};
    auger_time t0 = p->world->now;

    puppet_wait(p, 20 * AUGER_SEC);
    while (puppet_take(p, &sent)) {
    }
    puppet_check(p, &(struct puppet_check){.from = "198.51.100.1:1"});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    while (p->world->now < t0 + 29 * AUGER_SEC)
        take_due(p, &sent);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    while (p->world->now < t0 + 45 * AUGER_SEC) {
        if (take_due(p, &sent) && p->world->now >= t0 + 30 * AUGER_SEC)
            other = sent;
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    }
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_FAILED);
    puppet_answer(p, &other, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static void test_without_entropy_consent_waits_and_does_not_spin(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    p->world->no_entropy = true;
    while (p->world->sides[0].ice->consent.ahead_len >= sizeof(struct auger_stun_tid))
        if (take_due(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
    for (int i = 0; i < 10; i++)
        assert_false(take_due(p, &sent));
    p->world->no_entropy = false;
    while (!take_due(p, &sent)) {
    }
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum |= bytes[i];
    return sum == 0;
}

/* docs/decisions/260 */
static void test_a_call_just_before_its_time_asks_for_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);

    for (int i = 0; i < 20;) {
        auger_time next = auger_ice_next_timeout(p->ice);
        struct sent sent;
        puppet_wait(p, next - 1 - p->world->now);
        assert_false(puppet_take(p, &sent));
        assert_int_equal(auger_ice_next_timeout(p->ice), next);
        puppet_wait(p, 1);
        for (; puppet_take(p, &sent); i++)
            puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    puppet_free(p);
}

/* Twelve bytes of an id and four of an interval. */
static void test_random_bytes_are_drawn_for_8_checks_and_gone_once_used(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    const struct auger_consent *consent = &p->world->sides[0].ice->consent;
    struct sent sent;
    size_t draws = 0;

    for (int i = 0; i < 80; i++) {
        size_t before = p->world->draws;
        while (!take_due(p, &sent)) {
        }
        draws += p->world->draws - before;
        assert_true(is_zero(&consent->ahead[consent->ahead_len],
                            sizeof(consent->ahead) - consent->ahead_len));
        for (int at = 0; at + 4 <= consent->ahead_len; at++)
            assert_memory_not_equal(&consent->ahead[at], sent.msg.tid.bytes, 4);
        puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    assert_int_equal(draws, 10);
    puppet_free(p);
}

/* Who can hold an answer back shall not stretch what it says. */
static void test_an_answer_counts_for_30_seconds_after_its_question(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent first, sent;

    while (!take_due(p, &first)) {
    }
    auger_time asked_at = p->world->now, answered_at = 0;
    while (p->world->now <= asked_at + 30 * AUGER_SEC) {
        while (!take_due(p, &sent)) {
        }
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        answered_at = p->world->now;
    }
    puppet_wait(p, 2 * AUGER_SEC);
    puppet_answer(p, &first, &(struct puppet_answer){0});
    assert_int_equal(counters_of(p->world, 0).unmatched, 1);
    assert_int_equal(p->ice->consent.pair->proof->answered_at, answered_at);
    puppet_free(p);
}

/* As failover.c asks a pair whether it would answer. */
static void test_an_answer_since_it_was_asked_makes_up_for_a_check_without_one(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct auger_checklist *list = &p->ice->current->checklist;
    auger_time end = p->world->now + 60 * AUGER_SEC;
    struct sent asked, sent;

    puppet_wait(p, 1 * AUGER_SEC);
    auger_checklist_trigger(list, p->world->now, list->order[0]);
    assert_true(puppet_take(p, &asked));
    while (p->world->now < end) {
        while (puppet_take(p, &sent))
            if (memcmp(sent.msg.tid.bytes, asked.msg.tid.bytes, 12) != 0)
                puppet_answer(p, &sent, &(struct puppet_answer){0});
        puppet_wait(p, auger_ice_next_timeout(p->ice) - p->world->now);
        assert_int_equal(puppet_pair(p, "192.0.2.2:2002").state, AUGER_PAIR_SUCCEEDED);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* All that is asked meanwhile is answered, but for the check with that transaction. */
static void answer_until(struct puppet *p, auger_time end, const struct sent *but)
{
    struct sent sent;

    for (;;) {
        while (puppet_take(p, &sent))
            if (memcmp(sent.msg.tid.bytes, but->msg.tid.bytes, 12) != 0)
                puppet_answer(p, &sent, &(struct puppet_answer){0});
        if (p->world->now == end)
            return;
        auger_time next = auger_ice_next_timeout(p->ice);
        puppet_wait(p, (next < end ? next : end) - p->world->now);
    }
}

/* On a pair that is valid, or was asked once more for the sake of the peer's check. */
static struct puppet *with_a_check_in_the_air(bool is_first, struct sent *asked)
{
    struct puppet *p = is_first ? puppet_new(false) : puppet_connected(false);

    if (is_first) {
        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
        assert_true(puppet_take(p, asked));
        puppet_check(p, &(struct puppet_check){0});
    } else {
        struct auger_checklist *list = &p->ice->current->checklist;
        puppet_wait(p, 1 * AUGER_SEC);
        auger_checklist_trigger(list, p->world->now, list->order[0]);
        assert_true(puppet_take(p, asked));
    }
    return p;
}

static void test_an_answer_to_a_check_counts_for_30_seconds_too(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool is_late = i & 2;
        struct sent asked;
        struct puppet *p = with_a_check_in_the_air(i & 1, &asked);

        answer_until(p, p->world->now + 30 * AUGER_SEC + is_late, &asked);
        const struct auger_pair *pair = p->ice->current->checklist.order[0];
        auger_time answered_at = pair->proof->answered_at;
        assert_true(answered_at < p->world->now);
        puppet_answer(p, &asked, &(struct puppet_answer){0});
        assert_int_equal(pair->proof->answered_at, is_late ? answered_at : p->world->now);
        puppet_free(p);
    }
}

static void test_the_last_datagram_of_a_check_makes_a_pair_valid(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent asked;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_true(puppet_take(p, &asked));
    answer_until(p, p->world->now + 32 * AUGER_SEC, &asked);
    puppet_answer(p, &asked, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* Of a machine that slept. */
static void test_after_an_answer_that_is_too_old_it_is_asked_again(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);
    struct sent asked, again;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, REMOTE, 2130706431), 0);
    assert_true(puppet_take(p, &asked));
    p->world->now += 30 * AUGER_SEC + 1;
    puppet_answer(p, &asked, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_true(puppet_take_request(p, &again));
    assert_memory_not_equal(again.msg.tid.bytes, asked.msg.tid.bytes, 12);
    puppet_answer(p, &again, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* --- a pair that data has left: docs/decisions/290 ---------------------------------------- */

#define OTHER "198.51.100.1:1"

static void nominate(struct puppet *p, const char *remote)
{
    struct auger_addr addr = addr_of(remote);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.from = remote, .use_candidate = true});
    while (puppet_take(p, &sent))
        if (sent.msg.class_ == AUGER_STUN_REQUEST && auger_addr_equal(&sent.path.remote, &addr))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
}

static bool is_used(struct puppet *p, const char *remote)
{
    struct auger_addr addr = addr_of(remote);

    return p->ice->route && auger_addr_equal(&p->ice->route->remote->addr, &addr);
}

/* Data has left 192.0.2.2:2002 for the other, which is nominated, while a check is out on it. */
static struct puppet *with_a_check_on_what_was_left(struct sent *asked)
{
    struct puppet *p = puppet_connected(false);

    while (!take_due(p, asked)) {
    }
    assert_true(is_used(p, REMOTE));
    puppet_wait(p, 100 * AUGER_MS);
    nominate(p, OTHER);
    assert_true(is_used(p, OTHER));
    return p;
}

/* 7675 section 5.1 */
static void test_an_answer_on_a_pair_that_was_left_counts_when_data_comes_back(void **state)
{
    (void)state;
    for (int is_back = 0; is_back < 2; is_back++) {
        struct sent asked, sent;
        struct puppet *p = with_a_check_on_what_was_left(&asked);

        for (int i = 0; i < 2; i++) {
            if (i == is_back) {
                puppet_wait(p, 100 * AUGER_MS);
                puppet_answer(p, &asked, &(struct puppet_answer){0});
            } else {
                puppet_check(p, &(struct puppet_check){.use_candidate = true});
                while (puppet_take(p, &sent)) {
                }
                assert_true(is_used(p, REMOTE));
            }
        }
        auger_time answered_at = p->world->now;
        p->world->now = answered_at + 30 * AUGER_SEC - 1;
        assert_int_equal(write_something(p), 1);
        p->world->now += 1;
        assert_int_equal(write_something(p), AUGER_ERR_NO_PATH);
        puppet_free(p);
    }
}

static void test_a_403_on_a_pair_that_was_left_ends_that_pair_alone(void **state)
{
    (void)state;
    struct sent asked;
    struct puppet *p = with_a_check_on_what_was_left(&asked);

    puppet_answer(p, &asked, &(struct puppet_answer){.code = 403, .wrong_password = true});
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_SUCCEEDED);
    puppet_answer(p, &asked, &(struct puppet_answer){.code = 403});
    assert_int_equal(puppet_pair(p, REMOTE).state, AUGER_PAIR_FAILED);
    assert_int_equal(puppet_pair(p, OTHER).state, AUGER_PAIR_SUCCEEDED);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(is_used(p, OTHER));
    puppet_free(p);
}

static void test_a_487_on_a_pair_that_was_left_changes_the_role(void **state)
{
    (void)state;
    struct sent asked;
    struct puppet *p = with_a_check_on_what_was_left(&asked);
    auger_time next_at = p->ice->consent.next_at;

    puppet_answer(p, &asked, &(struct puppet_answer){.code = 487});
    assert_int_equal(p->ice->current->role, AUGER_CONTROLLING);
    assert_int_equal(p->ice->consent.next_at, next_at);
    puppet_free(p);
}

/* The port that the peer sees there is that of another mapping. */
static void test_an_answer_on_a_pair_that_was_left_is_no_word_about_the_nat_of_another(void **state)
{
    (void)state;
    struct sent asked;
    struct puppet *p = with_a_check_on_what_was_left(&asked);

    puppet_answer(p, &asked, &(struct puppet_answer){.mapped = "192.0.2.1:9"});
    assert_int_equal(counters_of(p->world, 0).mappings_forgotten, 0);
    assert_int_equal(p->ice->keepalive.seen.port, 1001);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consent_is_asked_for_every_4_to_6_seconds_each_time_anew),
        cmocka_unit_test(test_a_call_just_before_its_time_asks_for_nothing),
        cmocka_unit_test(test_random_bytes_are_drawn_for_8_checks_and_gone_once_used),
        cmocka_unit_test(test_consent_checks_of_the_controlling_side_repeat_the_nomination),
        cmocka_unit_test(test_what_a_restart_has_replaced_is_nominated_no_more),
        cmocka_unit_test(test_consent_ends_30_seconds_after_the_last_answer_even_if_nobody_looks),
        cmocka_unit_test(test_a_silent_peer_is_disconnected_after_5_seconds_and_failed_after_30),
        cmocka_unit_test(test_any_word_of_the_peer_ends_the_disconnection),
        cmocka_unit_test(test_a_quiet_session_is_never_called_disconnected),
        cmocka_unit_test(test_checks_of_the_peer_are_life_but_not_consent),
        cmocka_unit_test(test_only_a_good_answer_from_the_right_place_is_consent),
        cmocka_unit_test(test_an_answer_to_an_earlier_question_counts),
        cmocka_unit_test(test_a_late_answer_does_not_revive),
        cmocka_unit_test(test_a_403_revokes_consent_at_once),
        cmocka_unit_test(test_a_403_is_no_word_about_a_nat),
        cmocka_unit_test(test_another_pair_with_consent_takes_over),
        cmocka_unit_test(test_only_a_word_of_the_peer_ends_the_disconnection_on_another_pair_too),
        cmocka_unit_test(test_without_entropy_consent_waits_and_does_not_spin),
        cmocka_unit_test(test_an_answer_counts_for_30_seconds_after_its_question),
        cmocka_unit_test(test_an_answer_since_it_was_asked_makes_up_for_a_check_without_one),
        cmocka_unit_test(test_an_answer_to_a_check_counts_for_30_seconds_too),
        cmocka_unit_test(test_the_last_datagram_of_a_check_makes_a_pair_valid),
        cmocka_unit_test(test_after_an_answer_that_is_too_old_it_is_asked_again),
        cmocka_unit_test(test_an_answer_on_a_pair_that_was_left_counts_when_data_comes_back),
        cmocka_unit_test(test_a_403_on_a_pair_that_was_left_ends_that_pair_alone),
        cmocka_unit_test(test_a_487_on_a_pair_that_was_left_changes_the_role),
        cmocka_unit_test(
            test_an_answer_on_a_pair_that_was_left_is_no_word_about_the_nat_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
