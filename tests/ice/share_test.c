/* An agent whose sockets are shared: what it asks for, and what it does when it is refused. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

#include <auger/ice_explain.h>
#include <auger/ice_share.h>

#define TAG 0xA1B2C3D4u
#define FIRST "192.0.2.2:2002"
#define SECOND "192.0.2.2:3003"

static struct puppet *sharing(bool agent_controls)
{
    struct puppet *p = puppet_new(agent_controls);

    assert_int_equal(auger_ice_share_sockets(p->ice, TAG), 0);
    puppet_introduce(p);
    return p;
}

/* The pair with that address becomes valid. */
static void make_valid(struct puppet *p, const char *remote, uint32_t priority)
{
    struct sent sent;

    assert_int_equal(puppet_tell(p, remote, priority), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
}

static bool has_tag(const struct sent *sent)
{
    static const uint8_t tag[] = {0xA1, 0xB2, 0xC3, 0xD4};

    return memcmp(sent->msg.tid.bytes, tag, sizeof(tag)) == 0;
}

static bool wants(const struct puppet *p, const char *remote, bool is_proved)
{
    struct auger_ice_want all[AUGER_ICE_WANTS_MAX];
    struct auger_addr addr = addr_of(remote);
    size_t len = auger_ice_wants(p->ice, all);

    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&all[i].path.remote, &addr) && all[i].is_proved == is_proved)
            return true;
    return false;
}

static void refuse(struct puppet *p, const char *remote)
{
    const struct auger_path path = {p->base, addr_of(remote)};

    assert_int_equal(auger_ice_refuse_path(p->ice, p->world->now, &path), 0);
}

static bool has_path(const struct puppet *p, const char *remote)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    struct auger_addr addr = addr_of(remote);

    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"x", 1, &path, buf,
                                sizeof(buf)) == 1 &&
           auger_addr_equal(&path.remote, &addr);
}

static void every_transaction_id_begins_with_the_tag_and_goes_on_at_random(void **state)
{
    struct auger_addr server = addr_of("198.51.100.1:3478");
    struct puppet *p = sharing(false);
    struct sent check, query, consent;

    (void)state;
    assert_int_equal(puppet_tell(p, FIRST, 2130706431), 0);
    assert_true(puppet_take_request(p, &check));
    assert_true(has_tag(&check));
    puppet_answer(p, &check, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &query));
    assert_true(auger_addr_equal(&query.path.remote, &server));
    assert_true(has_tag(&query));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    puppet_wait(p, 6 * AUGER_SEC);
    assert_true(puppet_take_request(p, &consent));
    while (auger_addr_equal(&consent.path.remote, &server))
        assert_true(puppet_take_request(p, &consent));
    assert_true(has_tag(&consent));
    assert_memory_not_equal(consent.msg.tid.bytes + 4, check.msg.tid.bytes + 4, 8);
    assert_memory_not_equal(query.msg.tid.bytes + 4, check.msg.tid.bytes + 4, 8);
    puppet_free(p);
}

static void without_sharing_there_is_no_tag(void **state)
{
    struct puppet *p = puppet_new(false);
    struct sent check;

    (void)state;
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, FIRST, 2130706431), 0);
    assert_true(puppet_take_request(p, &check));
    assert_false(has_tag(&check));
    puppet_free(p);
}

static void data_goes_along_a_selected_pair_alone(void **state)
{
    struct puppet *p = sharing(false);

    (void)state;
    make_valid(p, FIRST, 2130706431);
    assert_true(puppet_pair(p, FIRST).valid);
    assert_false(has_path(p, FIRST));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(has_path(p, FIRST));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static void as_controlling_a_pair_is_wanted_before_the_peer_is_told(void **state)
{
    struct puppet *p = sharing(true);
    struct sent sent;

    (void)state;
    make_valid(p, FIRST, 2130706431);
    assert_true(wants(p, FIRST, true));
    refuse(p, FIRST);
    assert_false(wants(p, FIRST, true));
    puppet_wait(p, 4900 * AUGER_MS);
    assert_false(puppet_take_request(p, &sent));

    /* It is left alone for five seconds; then it may be free. */
    assert_true(auger_ice_next_timeout(p->ice) <= p->world->now + 100 * AUGER_MS);
    puppet_wait(p, 100 * AUGER_MS);
    assert_true(wants(p, FIRST, true));
    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_free(p);
}

static void as_controlling_the_next_best_pair_is_wanted_in_place_of_a_refused_one(void **state)
{
    struct puppet *p = sharing(true);
    struct auger_cand other = cand_of(SECOND, AUGER_CAND_HOST, 2130706000);
    struct sent first, second;

    (void)state;
    assert_int_equal(puppet_tell(p, FIRST, 2130706431), 0);
    assert_true(puppet_take_request(p, &first));
    strcpy(other.foundation, "2"); /* else it would wait for the first */
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &second));
    puppet_answer(p, &second, &(struct puppet_answer){0});
    puppet_answer(p, &first, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, FIRST).valid && puppet_pair(p, SECOND).valid);
    bool is_first = wants(p, FIRST, true);
    refuse(p, is_first ? FIRST : SECOND);
    assert_true(wants(p, is_first ? SECOND : FIRST, true));
    puppet_free(p);
}

static void a_refused_nomination_is_answered_by_500(void **state)
{
    struct puppet *p = sharing(false);
    struct sent sent;

    (void)state;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(wants(p, FIRST, false));
    refuse(p, FIRST);
    assert_true(puppet_take_response(p, &sent));
    assert_int_equal(sent.msg.class_, AUGER_STUN_ERROR);
    assert_int_equal(sent.msg.error_code, AUGER_STUN_SERVER_ERROR);
    assert_false(wants(p, FIRST, false));

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(puppet_take_response(p, &sent));
    assert_int_equal(sent.msg.error_code, AUGER_STUN_SERVER_ERROR);

    puppet_wait(p, 5 * AUGER_SEC);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(puppet_take_response(p, &sent));
    assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
    assert_true(wants(p, FIRST, false));
    puppet_free(p);
}

static void a_refused_change_of_path_leaves_data_where_it_was(void **state)
{
    struct puppet *p = sharing(false);
    struct sent sent;

    (void)state;
    make_valid(p, FIRST, 2130706431);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(has_path(p, FIRST));
    puppet_wait(p, 3 * AUGER_SEC);
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true, .from = SECOND});
    while (puppet_take_request(p, &sent))
        puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(has_path(p, SECOND));
    refuse(p, SECOND);
    assert_true(has_path(p, FIRST));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_false(wants(p, SECOND, true));
    puppet_free(p);
}

/* Whoever is connected has a path. */
static void must_have_lost_its_path(struct puppet *p)
{
    assert_false(has_path(p, FIRST));
    assert_false(has_path(p, SECOND));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
}

static void select_first_of_two(struct puppet *p)
{
    make_valid(p, FIRST, 2130706431);
    make_valid(p, SECOND, 2130706430);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(has_path(p, FIRST));
}

static void a_silent_pair_is_given_up_and_the_state_says_so(void **state)
{
    const struct auger_addr second = addr_of(SECOND);
    struct puppet *p = sharing(false);
    struct sent sent;

    (void)state;
    select_first_of_two(p);
    for (int i = 0; i < 400 && has_path(p, FIRST); i++) {
        puppet_wait(p, 50 * AUGER_MS);
        if (i % 40 == 0)
            puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = SECOND});
        while (puppet_take_request(p, &sent))
            if (auger_addr_equal(&sent.path.remote, &second))
                puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    must_have_lost_its_path(p);
    assert_int_equal(puppet_pair(p, FIRST).state, AUGER_PAIR_FAILED);
    assert_true(puppet_pair(p, SECOND).valid);
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true, .from = SECOND});
    assert_true(has_path(p, SECOND));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

#define OTHER "192.0.2.1:1002"

/* FIRST is selected, and valid from another address too. */
static struct puppet *select_first_beside_another_address(void)
{
    const struct auger_addr other = addr_of(OTHER);
    struct puppet *p = sharing(false);
    struct sent sent;

    make_valid(p, FIRST, 2130706431);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &other), 0);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .to = OTHER});
    for (int i = 0; i < 10; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){.to = OTHER});
    }
    assert_true(has_path(p, FIRST));
    return p;
}

static void the_address_in_use_goes_and_what_takes_over_is_claimed_first(void **state)
{
    struct puppet *p = select_first_beside_another_address();

    (void)state;
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_true(has_path(p, FIRST)); /* from the other address */
    assert_true(wants(p, FIRST, true));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    p->base = addr_of(OTHER); /* which is another session's */
    refuse(p, FIRST);
    must_have_lost_its_path(p);
    assert_false(wants(p, FIRST, true));
    puppet_free(p);
}

/* A check along the selected pair is refused. */
static void fail_on_the_selected_pair(struct puppet *p, const char *remote)
{
    puppet_refuse_along(p, NULL, remote);
    assert_false(puppet_pair(p, remote).valid);
}

/* Nobody has lost an address (docs/decisions/241): it is for the peer to select another (051). */
static void a_check_that_fails_on_the_selected_pair_moves_no_data(void **state)
{
    struct puppet *p = sharing(false);

    (void)state;
    select_first_of_two(p);
    fail_on_the_selected_pair(p, FIRST);
    must_have_lost_its_path(p);
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .from = SECOND, .use_candidate = true});
    assert_true(has_path(p, SECOND));
    puppet_free(p);
}

/* Until its address goes: what data would use again is gone then (docs/decisions/231, 241). */
static void where_a_check_had_failed_the_address_goes_and_another_takes_over(void **state)
{
    struct puppet *p = select_first_beside_another_address();

    (void)state;
    fail_on_the_selected_pair(p, FIRST);
    must_have_lost_its_path(p);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_true(has_path(p, FIRST));
    assert_true(wants(p, FIRST, true));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* Another one says nothing of it. */
static void nor_does_the_going_of_any_other_move_data(void **state)
{
    const struct auger_addr other = addr_of(OTHER);
    struct puppet *p = select_first_beside_another_address();
    struct sent sent;

    (void)state;
    make_valid(p, SECOND, 2130706430);
    fail_on_the_selected_pair(p, FIRST);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &other), 0);
    while (puppet_take_request(p, &sent)) {
    }
    must_have_lost_its_path(p);
    assert_true(puppet_pair(p, SECOND).valid);
    puppet_free(p);
}

/* The peer, for which it has not failed, has nothing to select again. */
static void the_selected_pair_is_so_again_once_it_is_valid_again(void **state)
{
    (void)state;
    for (int has_another = 0; has_another < 2; has_another++) {
        struct puppet *p = sharing(false);
        struct sent sent;

        make_valid(p, FIRST, 2130706431);
        if (has_another)
            make_valid(p, SECOND, 2130706430);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
        fail_on_the_selected_pair(p, FIRST);
        assert_false(has_path(p, FIRST));
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(has_path(p, FIRST));
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        puppet_free(p);
    }
}

/* FIRST succeeds, because the peer asks there. */
static void succeed_on_first(struct puppet *p)
{
    const struct auger_addr first = addr_of(FIRST);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
    for (int i = 0; i < 20; i++) {
        while (puppet_take_request(p, &sent))
            if (auger_addr_equal(&sent.path.remote, &first))
                puppet_answer(p, &sent, &(struct puppet_answer){0});
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_true(puppet_pair(p, FIRST).valid);
}

/* What it has selected since counts, even if a check fails there too. */
static void nor_does_it_take_the_place_of_another_that_was_selected_since(void **state)
{
    (void)state;
    for (int fails_too = 0; fails_too < 2; fails_too++) {
        struct puppet *p = sharing(false);

        select_first_of_two(p);
        fail_on_the_selected_pair(p, FIRST);
        puppet_check(
            p, &(struct puppet_check){.role = CONTROLLING, .from = SECOND, .use_candidate = true});
        puppet_wait(p, 3 * AUGER_SEC);
        if (fails_too)
            fail_on_the_selected_pair(p, SECOND);
        succeed_on_first(p);
        assert_false(has_path(p, FIRST));
        assert_int_equal(has_path(p, SECOND), !fails_too);
        puppet_free(p);
    }
}

static void without_another_path_the_explanation_names_it(void **state)
{
    struct puppet *p = sharing(false);
    struct auger_ice_explanation why;
    struct sent sent;

    (void)state;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    refuse(p, FIRST);
    for (int i = 0; i < 100 && auger_ice_get_state(p->ice) != AUGER_ICE_FAILED; i++) {
        while (puppet_take(p, &sent))
            ;
        puppet_wait(p, AUGER_SEC);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    auger_ice_explain(p->ice, &why);
    assert_int_equal(why.why, AUGER_ICE_WHY_PATH_TAKEN);
    assert_string_equal(auger_ice_why_name(why.why), "path-taken");
    puppet_free(p);
}

static void it_was_heard_where_it_proved_itself(void **state)
{
    struct puppet *p = sharing(false);
    struct auger_path path;
    struct auger_addr first = addr_of(FIRST), second = addr_of(SECOND);

    (void)state;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .wrong_password = true});
    assert_false(auger_ice_heard_on(p->ice, &path));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
    assert_true(auger_ice_heard_on(p->ice, &path));
    assert_true(auger_addr_equal(&path.remote, &first));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = SECOND});
    assert_true(auger_ice_heard_on(p->ice, &path));
    assert_true(auger_addr_equal(&path.remote, &second));
    assert_true(auger_addr_equal(&path.local, &p->base));
    puppet_free(p);
}

static void names_of_every_generation_that_is_alive_are_told(void **state)
{
    struct puppet *p = sharing(false);
    const char *ufrags[AUGER_ICE_UFRAGS_MAX];
    char before[AUGER_UFRAG_MAX];

    (void)state;
    assert_int_equal(auger_ice_local_ufrags(p->ice, ufrags), 1);
    strcpy(before, ufrags[0]);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    assert_int_equal(auger_ice_local_ufrags(p->ice, ufrags), 2);
    assert_string_equal(ufrags[0], auger_ice_ufrag(p->ice));
    assert_string_equal(ufrags[1], before);
    puppet_free(p);
}

static void names_may_be_given_before_they_are_told(void **state)
{
    struct puppet *p = puppet_new(false);

    (void)state;
    assert_int_equal(auger_ice_set_local_credentials(p->ice, "abc", PUPPET_PASSWORD),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_ice_set_local_credentials(p->ice, "invited", PUPPET_PASSWORD), 0);
    assert_string_equal(auger_ice_ufrag(p->ice), "invited");
    assert_string_equal(auger_ice_password(p->ice), PUPPET_PASSWORD);
    puppet_introduce(p);
    assert_int_equal(auger_ice_set_local_credentials(p->ice, "invited", PUPPET_PASSWORD),
                     AUGER_ERR_STATE);
    assert_int_equal(auger_ice_share_sockets(p->ice, TAG), AUGER_ERR_STATE);
    puppet_free(p);
}

/* The bar would have to be kept. */
static void a_refused_path_is_given_up_when_memory_is_out(void **state)
{
    struct puppet *p = sharing(false);

    (void)state;
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    p->world->fail_at = p->world->allocations + 1;
    refuse(p, FIRST);
    assert_int_equal(puppet_pair(p, FIRST).state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

static void what_is_no_path_cannot_be_refused(void **state)
{
    struct puppet *p = sharing(false);
    const struct auger_path path = {p->base, addr_of(FIRST)};

    (void)state;
    assert_int_equal(auger_ice_refuse_path(p->ice, p->world->now, &path), AUGER_ERR_NOT_FOUND);
    puppet_free(p);
}

static bool asks_to_use(const struct sent *sent)
{
    return sent->msg.class_ == AUGER_STUN_REQUEST &&
           auger_stun_msg_has(&sent->msg, AUGER_STUN_ATTR_USE_CANDIDATE);
}

/* Data waits for the answer, and so nothing else renews the pair's consent. */
static void a_check_of_the_peer_s_does_not_end_a_nomination(void **state)
{
    struct puppet *p = sharing(true);
    struct sent sent;

    (void)state;
    make_valid(p, FIRST, 2130706431);
    assert_true(puppet_take_request(p, &sent));
    assert_true(asks_to_use(&sent));
    for (int i = 0; i < 35; i++) { /* its answers are lost */
        puppet_wait(p, 1 * AUGER_SEC);
        while (puppet_take(p, &sent))
            continue;
    }
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
    assert_true(puppet_take_request(p, &sent));
    assert_true(asks_to_use(&sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, FIRST).selected);
    assert_true(has_path(p, FIRST));
    puppet_free(p);
}

/* 8863 section 4: it fails with its last pair, which the peer has not selected. */
static void the_end_of_the_last_pair_is_awaited(void **state)
{
    struct puppet *p = sharing(false);
    struct sent sent;

    (void)state;
    make_valid(p, FIRST, 2130706431);
    puppet_wait(p, 35 * AUGER_SEC);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    auger_time ends = p->world->now + 30 * AUGER_SEC;
    puppet_wait(p, 10 * AUGER_SEC); /* nothing else comes */
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_int_equal(auger_ice_next_timeout(p->ice), ends);
    puppet_wait(p, 20 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transaction_id_begins_with_the_tag_and_goes_on_at_random),
        cmocka_unit_test(without_sharing_there_is_no_tag),
        cmocka_unit_test(data_goes_along_a_selected_pair_alone),
        cmocka_unit_test(as_controlling_a_pair_is_wanted_before_the_peer_is_told),
        cmocka_unit_test(as_controlling_the_next_best_pair_is_wanted_in_place_of_a_refused_one),
        cmocka_unit_test(a_refused_nomination_is_answered_by_500),
        cmocka_unit_test(a_refused_change_of_path_leaves_data_where_it_was),
        cmocka_unit_test(a_silent_pair_is_given_up_and_the_state_says_so),
        cmocka_unit_test(the_address_in_use_goes_and_what_takes_over_is_claimed_first),
        cmocka_unit_test(a_check_that_fails_on_the_selected_pair_moves_no_data),
        cmocka_unit_test(where_a_check_had_failed_the_address_goes_and_another_takes_over),
        cmocka_unit_test(nor_does_the_going_of_any_other_move_data),
        cmocka_unit_test(the_selected_pair_is_so_again_once_it_is_valid_again),
        cmocka_unit_test(nor_does_it_take_the_place_of_another_that_was_selected_since),
        cmocka_unit_test(without_another_path_the_explanation_names_it),
        cmocka_unit_test(it_was_heard_where_it_proved_itself),
        cmocka_unit_test(names_of_every_generation_that_is_alive_are_told),
        cmocka_unit_test(names_may_be_given_before_they_are_told),
        cmocka_unit_test(a_refused_path_is_given_up_when_memory_is_out),
        cmocka_unit_test(what_is_no_path_cannot_be_refused),
        cmocka_unit_test(a_check_of_the_peer_s_does_not_end_a_nomination),
        cmocka_unit_test(the_end_of_the_last_pair_is_awaited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
