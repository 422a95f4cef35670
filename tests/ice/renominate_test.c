/* Nominations in the order of their values: draft-thatcher-ice-renomination and
 * docs/decisions/071. */
#include "tests/ice/puppet.h"

#include <auger/ice_share.h>

#include "base/time.h"
#include "ice/nominate.h"
#include "ice/renominate.h"

#define FIRST "192.0.2.2:2002"
#define SECOND "198.51.100.1:1"

static uint32_t value_of(const struct sent *sent)
{
    uint32_t value = 0;

    assert_int_equal(sent->msg.class_, AUGER_STUN_REQUEST);
    return auger_stun_msg_u32(&sent->msg, AUGER_STUN_ATTR_NOMINATION, &value) ? value : 0;
}

static bool goes_to(const struct sent *sent, const char *remote)
{
    struct auger_addr addr = addr_of(remote);
    return auger_addr_equal(&sent->path.remote, &addr);
}

static void offer_renomination(struct puppet *p)
{
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
}

/* With a pair each for FIRST and SECOND, both valid. */
static struct puppet *with_two_valid_pairs(bool controlling, bool offered)
{
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.controlling = controlling;
    config.standby_max = 0; /* standby_test.c */
    struct puppet *p = puppet_with(&config);
    if (offered)
        offer_renomination(p);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, FIRST, 2130706431), 0);
    struct auger_cand cand = cand_of(SECOND, AUGER_CAND_HOST, 1694498815);
    strcpy(cand.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    struct sent asked[2];
    assert_true(puppet_take(p, &asked[0]));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &asked[1]));
    puppet_answer(p, &asked[1], &(struct puppet_answer){0});
    puppet_answer(p, &asked[0], &(struct puppet_answer){0});
    if (controlling) {
        assert_true(puppet_take_request(p, &sent));
        assert_true(goes_to(&sent, FIRST));
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(puppet_pair(p, FIRST).selected);
    }
    return p;
}

static void drain_puppet(struct puppet *p)
{
    struct sent sent;
    while (puppet_take(p, &sent)) {
    }
}

static void nominate(struct puppet *p, const char *remote, uint32_t value, bool use_candidate)
{
    puppet_check(p, &(struct puppet_check){.from = remote,
                                           .role = CONTROLLING,
                                           .use_candidate = use_candidate,
                                           .nomination = value});
    drain_puppet(p);
}

/* --- as controlling ------------------------------------------------------------------- */

static void our_nomination_carries_a_value_if_both_have_offered_it(void **state)
{
    (void)state;
    static const struct {
        bool ours, theirs;
    } cases[] = {{true, true}, {true, false}, {false, true}, {false, false}};

    for (size_t i = 0; i < 4; i++) {
        struct auger_ice_config config;
        struct sent sent;

        auger_ice_config_init(&config);
        assert_true(config.renomination);
        config.controlling = true;
        config.renomination = cases[i].ours;
        struct puppet *p = puppet_with(&config);
        auger_ice_set_remote_renomination(p->ice, p->world->now, cases[i].theirs);
        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, FIRST, 2130706431), 0);
        assert_true(puppet_take(p, &sent));
        assert_int_equal(value_of(&sent), 0); /* it does not nominate */
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(puppet_take(p, &sent));
        assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        assert_int_equal(value_of(&sent), i == 0 ? 1 : 0);
        puppet_free(p);
    }
}

static void another_nomination_has_the_next_value_and_each_repetition_the_same(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct sent sent;
    struct auger_ice *ice = p->ice;
    struct auger_path path = {p->base, addr_of(SECOND)};

    assert_true(auger_renominate_may(ice));
    auger_nominate_begin(ice, p->world->now, auger_ice_find_pair(ice, &path));
    for (int i = 0; i < 3; i++) {
        assert_true(puppet_take_request(p, &sent));
        assert_true(goes_to(&sent, SECOND));
        assert_int_equal(value_of(&sent), 2);
        assert_true(puppet_pair(p, FIRST).selected); /* until it is answered */
        puppet_wait(p, (1 << i) * 500 * AUGER_MS);
    }
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, SECOND).selected);
    take_events(p->world, &p->world->sides[0]);
    assert_true(auger_addr_equal(&p->world->sides[0].path.remote, &path.remote));
    puppet_free(p);
}

/* Within the three seconds in which a peer of RFC 5245 would make a volley of it. */
static void a_late_answer_to_an_earlier_nomination_moves_nothing(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_ice *ice = p->ice;
    struct auger_path first = {p->base, addr_of(FIRST)}, second = {p->base, addr_of(SECOND)};
    struct sent early, late;

    auger_nominate_begin(ice, p->world->now, auger_ice_find_pair(ice, &second));
    assert_true(puppet_take_request(p, &early));
    assert_int_equal(value_of(&early), 2);
    auger_nominate_begin(ice, p->world->now, auger_ice_find_pair(ice, &first));
    assert_true(puppet_take_request(p, &late));
    assert_int_equal(value_of(&late), 3);
    puppet_answer(p, &late, &(struct puppet_answer){0});
    puppet_answer(p, &early, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, FIRST).selected);
    puppet_free(p);
}

/* docs/decisions/018: consent checks say again what is selected, as it was said. */
static void consent_checks_repeat_the_value_unless_another_pair_is_being_nominated(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_ice *ice = p->ice;
    struct auger_path second = {p->base, addr_of(SECOND)};
    struct sent sent;

    puppet_wait(p, 6 * AUGER_SEC);
    assert_true(puppet_take_request(p, &sent));
    assert_true(goes_to(&sent, FIRST));
    assert_int_equal(value_of(&sent), 1);
    puppet_answer(p, &sent, &(struct puppet_answer){0});

    auger_nominate_begin(ice, p->world->now, auger_ice_find_pair(ice, &second));
    puppet_wait(p, 6 * AUGER_SEC);
    while (puppet_take_request(p, &sent))
        assert_int_equal(value_of(&sent), goes_to(&sent, SECOND) ? 2 : 0);
    puppet_free(p);
}

/* The peer may have heard it, and its answer may be lost. */
static void a_nomination_that_fails_is_taken_back_with_a_higher_value(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_ice *ice = p->ice;
    struct auger_path second = {p->base, addr_of(SECOND)};
    struct sent sent;

    auger_nominate_begin(ice, p->world->now, auger_ice_find_pair(ice, &second));
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_true(puppet_take_request(p, &sent));
    assert_true(goes_to(&sent, FIRST));
    assert_int_equal(value_of(&sent), 3);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, FIRST).selected);
    puppet_free(p);
}

/* A pair of a third address is valid, and FIRST is selected. */
static struct auger_pair *add_third(struct puppet *p, const struct auger_addr *base)
{
    struct auger_path path = {*base, addr_of(FIRST)};
    struct auger_pair *pair = NULL;
    struct sent sent;

    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, base), 0);
    for (int i = 0; i < 4 && !(pair && auger_pair_is_valid(pair)); i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){.to = "192.0.2.9:1009"});
        pair = auger_ice_find_pair(p->ice, &path);
    }
    assert_non_null(pair);
    assert_true(auger_pair_is_valid(pair));
    assert_true(pair != p->ice->current->nomination.selected);
    return pair;
}

static void is_said_again_of_the_first(struct puppet *p, uint32_t value)
{
    struct sent sent;

    assert_true(puppet_take_request(p, &sent));
    assert_true(goes_to(&sent, FIRST));
    assert_true(auger_addr_equal(&sent.path.local, &p->base));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    assert_int_equal(value_of(&sent), value);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
}

/* No value stands for two pairs, not even where one of them is no more. */
static void a_nomination_whose_pair_is_gone_is_taken_back_with_a_higher_value(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_addr third = addr_of("192.0.2.9:1009");
    struct sent sent;

    auger_nominate_begin(p->ice, p->world->now, add_third(p, &third));
    assert_true(puppet_take_request(p, &sent));
    assert_int_equal(value_of(&sent), 2);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &third), 0);
    is_said_again_of_the_first(p, 3);
    puppet_wait(p, 6 * AUGER_SEC);
    is_said_again_of_the_first(p, 3); /* by consent */
    puppet_free(p);
}

static void a_nomination_whose_path_is_taken_is_taken_back_with_a_higher_value(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_path second = {p->base, addr_of(SECOND)};
    struct sent sent;

    auger_nominate_begin(p->ice, p->world->now, auger_ice_find_pair(p->ice, &second));
    assert_true(puppet_take_request(p, &sent));
    assert_int_equal(value_of(&sent), 2);
    assert_int_equal(auger_ice_refuse_path(p->ice, p->world->now, &second), 0);
    is_said_again_of_the_first(p, 3);
    puppet_free(p);
}

static void a_nomination_that_never_left_need_not_be_taken_back(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_addr third = addr_of("192.0.2.9:1009");
    struct sent sent;

    auger_nominate_begin(p->ice, p->world->now, add_third(p, &third));
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &third), 0);
    assert_false(puppet_take_request(p, &sent));
    puppet_wait(p, 6 * AUGER_SEC);
    is_said_again_of_the_first(p, 1);
    puppet_free(p);
}

static void there_is_no_value_behind_the_last(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);
    struct auger_ice *ice = p->ice;
    struct auger_path path = {p->base, addr_of(SECOND)};
    struct sent sent;

    ice->current->nomination.said = AUGER_NOMINATION_MAX - 1;
    auger_nominate_begin(ice, p->world->now, auger_ice_find_pair(ice, &path));
    assert_true(puppet_take_request(p, &sent));
    assert_int_equal(value_of(&sent), AUGER_NOMINATION_MAX);
    assert_false(auger_renominate_may(ice));
    assert_int_equal(auger_renominate_next(ice), 0);
    assert_int_equal(ice->current->nomination.said, AUGER_NOMINATION_MAX);
    puppet_free(p);
}

/* --- as controlled -------------------------------------------------------------------- */

static void a_higher_value_is_followed_at_once_and_a_lower_or_the_same_one_never(void **state)
{
    (void)state;
    for (int use_candidate = 0; use_candidate <= 1; use_candidate++) {
        struct puppet *p = with_two_valid_pairs(false, true);

        nominate(p, FIRST, 5, use_candidate);
        assert_true(puppet_pair(p, FIRST).selected);
        nominate(p, SECOND, 4, use_candidate);
        assert_true(puppet_pair(p, FIRST).selected);
        nominate(p, SECOND, 5, use_candidate);
        assert_true(puppet_pair(p, FIRST).selected);
        nominate(p, SECOND, 6, use_candidate); /* within the time of a volley */
        assert_true(puppet_pair(p, SECOND).selected);
        nominate(p, FIRST, 5, use_candidate);
        assert_true(puppet_pair(p, SECOND).selected);
        puppet_wait(p, 4 * AUGER_SEC); /* behind it */
        nominate(p, FIRST, 5, use_candidate);
        assert_true(puppet_pair(p, SECOND).selected);
        nominate(p, FIRST, AUGER_NOMINATION_MAX, use_candidate);
        assert_true(puppet_pair(p, FIRST).selected);
        nominate(p, SECOND, 0x1000000u | 7, use_candidate); /* eight bits are reserved */
        assert_true(puppet_pair(p, FIRST).selected);
        puppet_free(p);
    }
}

/* The pair in use is answered, the other one is not asked. */
static void wait_with_first_alone(struct puppet *p, auger_time until)
{
    struct sent sent;

    while (p->world->now < until) {
        puppet_wait(p, auger_time_min(until - p->world->now, AUGER_SEC));
        while (puppet_take_request(p, &sent))
            if (goes_to(&sent, FIRST))
                puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
}

/* docs/decisions/188: else it would end before it could be renewed, for good. */
static void consent_that_is_about_to_end_is_renewed_before_a_nomination_is_followed(void **state)
{
    static const struct {
        auger_time after;
        bool at_once;
    } cases[] = {{15 * AUGER_SEC - 1, true},
                 {15 * AUGER_SEC, false},
                 {30 * AUGER_SEC - 1, false},
                 {30 * AUGER_SEC, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct puppet *p = with_two_valid_pairs(false, true);
        struct sent sent;

        nominate(p, FIRST, 1, true);
        wait_with_first_alone(p, p->world->now + cases[i].after);
        puppet_check(
            p, &(struct puppet_check){
                   .from = SECOND, .role = CONTROLLING, .use_candidate = true, .nomination = 2});
        assert_int_equal(puppet_pair(p, SECOND).selected, cases[i].at_once);
        if (!cases[i].at_once) {
            assert_true(puppet_pair(p, FIRST).selected);
            assert_true(puppet_take_request(p, &sent));
            assert_true(goes_to(&sent, SECOND));
            puppet_answer(p, &sent, &(struct puppet_answer){0});
        }
        assert_true(puppet_pair(p, SECOND).selected);
        puppet_free(p);
    }
}

/* A check of consent would be sent once. */
static void what_asks_for_consent_to_be_renewed_is_repeated(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, true);
    struct sent sent;

    nominate(p, FIRST, 1, true);
    wait_with_first_alone(p, p->world->now + 29 * AUGER_SEC);
    nominate(p, SECOND, 2, true); /* what is sent is lost */
    wait_with_first_alone(p, p->world->now + 2 * AUGER_SEC);
    assert_true(puppet_pair(p, FIRST).selected);
    for (int i = 0; i < 4 && !puppet_pair(p, SECOND).selected; i++) {
        puppet_wait(p, AUGER_SEC);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
    assert_true(puppet_pair(p, SECOND).selected);
    puppet_free(p);
}

/* As when it was silent for long (docs/decisions/070), and the peer has noticed nothing. */
static void a_pair_that_we_have_given_up_and_that_is_named_again_is_taken_again(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, true);

    nominate(p, FIRST, 5, true);
    p->ice->current->nomination.selected = NULL;
    nominate(p, SECOND, 4, true);
    assert_false(puppet_pair(p, SECOND).selected);
    nominate(p, FIRST, 5, true);
    assert_true(puppet_pair(p, FIRST).selected);
    puppet_free(p);
}

static void once_there_are_values_a_nomination_without_one_moves_nothing(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, true);

    nominate(p, FIRST, 0, true);
    assert_true(puppet_pair(p, FIRST).selected);
    nominate(p, SECOND, 1, false);
    assert_true(puppet_pair(p, SECOND).selected);
    puppet_wait(p, 4 * AUGER_SEC);
    nominate(p, FIRST, 0, true);
    assert_true(puppet_pair(p, SECOND).selected);
    puppet_free(p);
}

static void of_a_value_of_zero_nothing_follows(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, true);

    nominate(p, FIRST, 0xFF000000u, false);
    assert_false(puppet_pair(p, FIRST).selected);
    puppet_free(p);
}

/* The pairs that it names have yet to prove themselves; they do in the other order. */
static void of_values_that_wait_for_our_checks_the_highest_wins(void **state)
{
    (void)state;
    for (int last_first = 0; last_first <= 1; last_first++) {
        struct puppet *p = puppet_new(false);
        struct sent asked[2];

        offer_renomination(p);
        puppet_introduce(p);
        nominate(p, FIRST, 0, false);
        puppet_wait(p, 50 * AUGER_MS);
        nominate(p, SECOND, 0, false);
        puppet_wait(p, 500 * AUGER_MS);
        puppet_check(p,
                     &(struct puppet_check){.from = FIRST, .role = CONTROLLING, .nomination = 1});
        puppet_check(p,
                     &(struct puppet_check){.from = SECOND, .role = CONTROLLING, .nomination = 2});
        for (size_t i = 0; i < 2; puppet_wait(p, 50 * AUGER_MS)) {
            struct sent sent;
            while (i < 2 && puppet_take_request(p, &sent))
                if (i == 0 || !auger_addr_equal(&sent.path.remote, &asked[0].path.remote))
                    asked[i++] = sent;
        }
        /* A parsed message is a view: over the copy's own bytes. */
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(auger_stun_msg_parse(&asked[i].msg, asked[i].buf, asked[i].len), 0);
        size_t first = goes_to(&asked[0], FIRST) ? 0 : 1;
        puppet_answer(p, &asked[last_first ? first : 1 - first], &(struct puppet_answer){0});
        puppet_answer(p, &asked[last_first ? 1 - first : first], &(struct puppet_answer){0});
        assert_true(puppet_pair(p, SECOND).selected);
        assert_false(puppet_pair(p, FIRST).selected);
        puppet_free(p);
    }
}

static void a_value_of_a_peer_that_has_not_offered_it_means_nothing(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, false);

    nominate(p, SECOND, 9, false);
    assert_false(puppet_pair(p, SECOND).selected);
    /* Beside USE-CANDIDATE that alone counts: a volley, the best of which wins. */
    nominate(p, FIRST, 2, true);
    nominate(p, SECOND, 3, true);
    assert_true(puppet_pair(p, FIRST).selected);
    puppet_free(p);
}

static void a_value_of_a_controlled_peer_means_nothing(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(true, true);

    puppet_check(p, &(struct puppet_check){.from = SECOND, .role = CONTROLLED, .nomination = 9});
    struct sent sent;
    assert_true(puppet_take_response(p, &sent));
    assert_int_equal(sent.msg.class_, AUGER_STUN_SUCCESS);
    assert_true(puppet_pair(p, FIRST).selected);
    assert_int_equal(p->ice->current->nomination.followed, 0);
    puppet_free(p);
}

/* What a stranger says, and what one says who knows the password and is not there: neither
 * moves anything, nor does it use a value up. */
static void an_attacker_moves_nothing(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, true);

    nominate(p, FIRST, 1, true);
    puppet_check(p, &(struct puppet_check){.from = SECOND,
                                           .role = CONTROLLING,
                                           .nomination = AUGER_NOMINATION_MAX,
                                           .wrong_password = true});
    puppet_check(p, &(struct puppet_check){.from = "203.0.113.66:666",
                                           .role = CONTROLLING,
                                           .use_candidate = true,
                                           .nomination = AUGER_NOMINATION_MAX});
    drain_puppet(p);
    assert_true(puppet_pair(p, FIRST).selected);
    nominate(p, SECOND, 2, true);
    assert_true(puppet_pair(p, SECOND).selected);
    puppet_free(p);
}

/* --- two of ours ---------------------------------------------------------------------- */

static void a_restart_counts_anew(void **state)
{
    (void)state;
    struct puppet *p = with_two_valid_pairs(false, true);

    nominate(p, FIRST, AUGER_NOMINATION_MAX, true);
    assert_int_equal(auger_ice_set_remote_credentials(p->ice, p->world->now, "puppet02",
                                                      "puppet02puppet02puppet02"),
                     0);
    assert_true(auger_renominate_is_agreed(p->ice));
    assert_int_equal(p->ice->current->nomination.followed, 0);
    puppet_free(p);
}

static void two_of_ours_renominate_and_lose_nothing_by_it(void **state)
{
    (void)state;
    struct world *world = world_of_two(20 * AUGER_MS);
    struct auger_addr base = addr_of("198.51.100.2:2");

    assert_int_equal(auger_ice_add_local_addr(world->sides[1].ice, world->now, &base), 0);
    for (int i = 0; i < 2; i++)
        auger_ice_set_remote_renomination(world->sides[i].ice, world->now, true);
    introduce(world);
    world_run(world, 5 * AUGER_SEC);

    struct auger_ice *ice = world->sides[0].ice;
    struct auger_pair *other = NULL;
    for (uint16_t i = 0; i < ice->current->checklist.len; i++)
        if (ice->current->checklist.order[i] != ice->current->nomination.selected)
            other = ice->current->checklist.order[i];
    assert_non_null(other);
    auger_checklist_trigger(&ice->current->checklist, world->now, other);
    world_run(world, 1 * AUGER_SEC);
    assert_true(auger_pair_is_usable(other, world->now));

    struct auger_addr before = world->sides[1].path.local;
    auger_nominate_begin(ice, world->now, other);
    for (int i = 0; i < 100; i++) {
        send_text(world, 0, "from controlling");
        send_text(world, 1, "from controlled");
        world_run(world, 1 * AUGER_MS);
    }
    world_run(world, 1 * AUGER_SEC);
    assert_int_equal(world->sides[0].data_count, 100);
    assert_int_equal(world->sides[1].data_count, 100);
    assert_false(auger_addr_equal(&world->sides[1].path.local, &before));
    assert_true(auger_addr_equal(&world->sides[0].path.remote, &world->sides[1].path.local));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_nomination_carries_a_value_if_both_have_offered_it),
        cmocka_unit_test(another_nomination_has_the_next_value_and_each_repetition_the_same),
        cmocka_unit_test(a_late_answer_to_an_earlier_nomination_moves_nothing),
        cmocka_unit_test(consent_checks_repeat_the_value_unless_another_pair_is_being_nominated),
        cmocka_unit_test(a_nomination_that_fails_is_taken_back_with_a_higher_value),
        cmocka_unit_test(a_nomination_whose_pair_is_gone_is_taken_back_with_a_higher_value),
        cmocka_unit_test(a_nomination_whose_path_is_taken_is_taken_back_with_a_higher_value),
        cmocka_unit_test(a_nomination_that_never_left_need_not_be_taken_back),
        cmocka_unit_test(there_is_no_value_behind_the_last),
        cmocka_unit_test(a_higher_value_is_followed_at_once_and_a_lower_or_the_same_one_never),
        cmocka_unit_test(consent_that_is_about_to_end_is_renewed_before_a_nomination_is_followed),
        cmocka_unit_test(what_asks_for_consent_to_be_renewed_is_repeated),
        cmocka_unit_test(a_pair_that_we_have_given_up_and_that_is_named_again_is_taken_again),
        cmocka_unit_test(once_there_are_values_a_nomination_without_one_moves_nothing),
        cmocka_unit_test(of_a_value_of_zero_nothing_follows),
        cmocka_unit_test(of_values_that_wait_for_our_checks_the_highest_wins),
        cmocka_unit_test(a_value_of_a_peer_that_has_not_offered_it_means_nothing),
        cmocka_unit_test(a_value_of_a_controlled_peer_means_nothing),
        cmocka_unit_test(an_attacker_moves_nothing),
        cmocka_unit_test(a_restart_counts_anew),
        cmocka_unit_test(two_of_ours_renominate_and_lose_nothing_by_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
