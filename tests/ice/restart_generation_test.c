/* What is of which generation around an ICE restart: RFC 8445 section 9, RFC 8838 section 9. */
#include "tests/ice/restarted.h"

/* --- what a puppet can try ----------------------------------------------------------------- */

static bool is_answered(struct puppet *p, const char *ours, const char *theirs)
{
    char username[2 * AUGER_UFRAG_MAX];
    struct sent sent;

    snprintf(username, sizeof(username), "%s:%s", ours, theirs);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .username = username});
    return puppet_take_response(p, &sent) && sent.msg.class_ == AUGER_STUN_SUCCESS;
}

/* A controlled agent in mid-restart, with the puppet's credentials known or not. */
static struct puppet *restarting(char old[AUGER_UFRAG_MAX], bool met)
{
    struct puppet *p = puppet_connected(false);

    strcpy(old, auger_ice_ufrag(p->ice));
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    if (met)
        assert_int_equal(
            auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    return p;
}

/* With one generation's password and the other's name the check is not even ours. */
static void test_a_username_of_two_generations_is_refused(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];

    for (int met = 0; met < 2; met++) {
        struct puppet *p = restarting(old, met);
        const char *fresh = auger_ice_ufrag(p->ice);
        size_t pairs = puppet_pairs(p);

        assert_true(is_answered(p, old, PUPPET_UFRAG));
        assert_false(is_answered(p, old, NEW_UFRAG));
        puppet_renew_keys(p);
        assert_false(is_answered(p, fresh, PUPPET_UFRAG));
        assert_int_equal(counters_of(p->world, 0).unauthenticated, 2);
        assert_int_equal(puppet_pairs(p), pairs);
        assert_true(is_answered(p, fresh, NEW_UFRAG));
        puppet_free(p);
    }
}

/* 7.3: the peer's checks may overtake its answer.  What they teach is kept. */
static void test_early_checks_are_answered_and_remembered(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarting(old, false);
    struct sent sent;

    puppet_renew_keys(p);
    assert_true(is_answered(p, auger_ice_ufrag(p->ice), NEW_UFRAG));
    assert_false(puppet_take_request(p, &sent)); /* whom should we ask? */
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    puppet_wait(p, AUGER_SEC);
    assert_true(puppet_take_request(p, &sent));
    assert_int_equal(sent.path.remote.port, 2002);
    puppet_free(p);
}

static void test_an_answer_to_a_check_of_the_old_session_is_ignored(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take_request(p, &sent));
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(counters_of(p->world, 0).unmatched, 1);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_false(puppet_pair(p, "192.0.2.2:2002").valid);
    puppet_free(p);
}

/* Both sides have moved to a pair of a restart; `asked` is a check of consent on the old one. */
static struct puppet *moved_by_restart(struct sent *asked)
{
    char username[2 * AUGER_UFRAG_MAX];
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    puppet_wait(p, auger_ice_next_timeout(p->ice) - p->world->now);
    while (!puppet_take_request(p, asked))
        puppet_wait(p, auger_ice_next_timeout(p->ice) - p->world->now);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take_request(p, &sent));
    struct auger_stun_key *old = p->puppet_key;
    assert_int_equal(
        auger_stun_key_new(&p->puppet_key, (const uint8_t *)NEW_PASSWORD, strlen(NEW_PASSWORD)), 0);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    auger_stun_key_free(p->puppet_key);
    p->puppet_key = old;
    puppet_renew_keys(p);
    snprintf(username, sizeof(username), "%s:%s", auger_ice_ufrag(p->ice), NEW_UFRAG);
    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .username = username, .use_candidate = true});
    assert_ptr_equal(p->ice->route->generation, p->ice->current);
    return p;
}

/* docs/decisions/290 */
static void test_consent_on_the_old_pair_is_heard_for_as_long_as_that_is_there(void **state)
{
    (void)state;
    struct sent asked;

    for (int is_gone = 0; is_gone < 2; is_gone++) {
        struct puppet *p = moved_by_restart(&asked);
        puppet_wait(p, is_gone * AUGER_RESTART_GRACE);
        assert_true(is_gone == !p->ice->previous);
        auger_time answered_at = p->ice->route->proof->answered_at;
        puppet_answer(p, &asked, &(struct puppet_answer){0});
        assert_int_equal(p->ice->route->proof->answered_at, answered_at);
        assert_int_equal(counters_of(p->world, 0).unmatched, is_gone);
        assert_int_equal(counters_of(p->world, 0).unauthenticated, 0);
        for (int i = 0; i < 2; i++) {
            const struct auger_generation *of = p->ice->consent.asked[i].generation;
            assert_true(of == p->ice->current || of == p->ice->previous);
        }
        puppet_free(p);
    }
}

/* The puppet restarts an agent that had not met it for long; `old` is the agent's ufrag
 * of before, whose key the puppet has still. */
static struct puppet *restarted_by_puppet(char old[AUGER_UFRAG_MAX])
{
    struct puppet *p = puppet_new(false);

    p->ice->config.pac_timeout = 3600 * AUGER_SEC; /* or it would fail meanwhile */
    strcpy(old, auger_ice_ufrag(p->ice));
    puppet_introduce(p);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    return p;
}

/* A check of the new generation, after which the old key is the puppet's again. */
static void ask_anew(struct puppet *p)
{
    struct auger_stun_key *old = p->agent_key;

    p->agent_key = NULL;
    puppet_renew_keys(p);
    assert_true(is_answered(p, auger_ice_ufrag(p->ice), NEW_UFRAG));
    auger_stun_key_free(p->agent_key);
    p->agent_key = old;
}

static void test_old_checks_are_answered_for_a_grace_time_and_then_dropped(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarted_by_puppet(old);

    ask_anew(p);
    assert_true(is_answered(p, old, PUPPET_UFRAG));
    puppet_wait(p, AUGER_RESTART_GRACE - 1);
    assert_true(is_answered(p, old, PUPPET_UFRAG));
    ask_anew(p); /* no reprieve for more of them */
    puppet_wait(p, 1);
    assert_false(is_answered(p, old, PUPPET_UFRAG));
    assert_null(p->ice->previous);
    puppet_free(p);
}

/* The peer cannot ask anew before our answer has reached it. */
static void test_old_checks_are_answered_as_long_as_the_peer_has_no_others(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarted_by_puppet(old);

    for (int i = 0; i < 10; i++) {
        puppet_wait(p, 29 * AUGER_SEC);
        assert_true(is_answered(p, old, PUPPET_UFRAG));
    }
    puppet_wait(p, 30 * AUGER_SEC); /* it has gone quiet */
    assert_false(is_answered(p, old, PUPPET_UFRAG));
    puppet_free(p);
}

/* Data that the peer sends on along an old pair is still its own. */
static void test_data_along_an_old_pair_is_accepted_for_as_long(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarted_by_puppet(old);
    const uint8_t data[] = {0x7F, 1};

    assert_int_equal(puppet_deliver(p, NULL, NULL, data, 2).len, 0);
    assert_true(is_answered(p, old, PUPPET_UFRAG));
    assert_int_equal(puppet_deliver(p, NULL, NULL, data, 2).len, 2);
    puppet_wait(p, 30 * AUGER_SEC);
    assert_int_equal(puppet_deliver(p, NULL, NULL, data, 2).len, 0);
    puppet_free(p);
}

static void test_one_half_of_the_credentials_alone_is_refused(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    char ufrag[AUGER_UFRAG_MAX];
    strcpy(ufrag, auger_ice_ufrag(p->ice));

    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, PUPPET_PASSWORD),
        AUGER_ERR_INVALID);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, PUPPET_UFRAG, NEW_PASSWORD),
        AUGER_ERR_INVALID);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, "too short"),
        AUGER_ERR_INVALID);
    puppet_introduce(p); /* the same: no restart */
    assert_string_equal(auger_ice_ufrag(p->ice), ufrag);
    assert_null(p->ice->previous);
    puppet_free(p);
}

static void test_a_candidate_of_an_old_generation_is_ignored(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarting(old, true);
    struct auger_cand late = cand_of("192.0.2.9:2009", AUGER_CAND_HOST, 2130706431), cands[8];
    strcpy(late.ufrag, PUPPET_UFRAG);

    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &late), 0);
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 8), 0);
    strcpy(late.ufrag, NEW_UFRAG);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &late), 0);
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 8), 1);
    puppet_free(p);
}

/* A candidate may overtake the answer, if it says whose it is. */
static void test_a_candidate_of_the_generation_to_come_waits_for_it(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarting(old, false);
    struct auger_cand early = cand_of("192.0.2.9:2009", AUGER_CAND_HOST, 2130706431);
    struct auger_cand wrong = cand_of("192.0.2.8:2008", AUGER_CAND_HOST, 2130706431), cands[8];
    strcpy(early.ufrag, NEW_UFRAG);
    strcpy(wrong.ufrag, "another1");

    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &early), 0);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &wrong), 0);
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 8), 1); /* the old one's */
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, 8), 1);
    assert_int_equal(cands[0].addr.port, 2009);
    puppet_free(p);
}

/* The answer to a restart that was replaced may come to nothing, and yet its candidate is the
 * one of the answer that counts, whichever is told first. */
static void test_a_candidate_that_was_told_for_two_generations_is_kept(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        char old[AUGER_UFRAG_MAX];
        struct puppet *p = restarting(old, false);
        struct auger_cand cand = cand_of("192.0.2.9:2009", AUGER_CAND_HOST, 2130706431), cands[8];

        for (int i = 0; i < 2; i++) {
            strcpy(cand.ufrag, i == first ? "replaced" : NEW_UFRAG);
            assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
        }
        assert_int_equal(
            auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
        assert_int_equal(auger_ice_remote_cands(p->ice, cands, 8), 1);
        assert_int_equal(cands[0].addr.port, 2009);
        puppet_free(p);
    }
}

/* It was told with another ufrag, and yet a check with the right one came from there. */
static void test_a_check_proves_of_which_generation_its_candidate_is(void **state)
{
    (void)state;
    char old[AUGER_UFRAG_MAX];
    struct puppet *p = restarting(old, false);
    struct auger_cand wrong = cand_of("192.0.2.2:2002", AUGER_CAND_HOST, 2130706431);
    struct sent sent;
    strcpy(wrong.ufrag, "another1");

    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &wrong), 0);
    puppet_renew_keys(p);
    assert_true(is_answered(p, auger_ice_ufrag(p->ice), NEW_UFRAG));
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    puppet_wait(p, AUGER_SEC);
    assert_true(puppet_take_request(p, &sent));
    assert_int_equal(sent.path.remote.port, 2002);
    puppet_free(p);
}

/* --- gathering ------------------------------------------------------------------------------ */

/* Behind a NAT that maps anew, a candidate of before the restart leads nowhere. */
static void test_the_servers_are_asked_again_and_what_is_outdated_is_not_told(void **state)
{
    (void)state;
    struct world *world = world_of_two(DELAY);
    struct side *side = &world->sides[0];
    world->server = addr_of("203.0.113.9:3478");
    side->nat_inside = addr_of("192.0.2.1:1001");
    side->nat_outside = addr_of("198.51.100.1:4001");
    assert_int_equal(auger_ice_add_stun_server(side->ice, world->now, &world->server), 0);
    auger_ice_end_of_local_addrs(side->ice, world->now);
    world_run(world, AUGER_SEC);
    assert_int_equal(side->cands_len, 2);

    static const char *const mappings[] = {"198.51.100.1:4001", "198.51.100.1:4002"};
    for (size_t i = 0; i < 2; i++) {
        struct auger_cand cands[8];
        side->nat_outside = addr_of(mappings[i]);
        side->cands_len = 0;
        side->gathered_at = AUGER_NEVER;
        restart(world, 0);
        assert_int_equal(side->cands_len, 1); /* what is sure */
        assert_int_equal(auger_ice_local_cands(side->ice, cands, 8), 1);
        world_run(world, AUGER_SEC);
        assert_int_equal(side->cands_len, 2);
        assert_int_equal(side->cands[1].type, AUGER_CAND_SRFLX);
        assert_true(auger_addr_equal(&side->cands[1].addr, &side->nat_outside));
        assert_int_not_equal(side->gathered_at, AUGER_NEVER);
        assert_int_equal(auger_ice_local_cands(side->ice, cands, 8), 2);
    }
    world_free(world);
}

/* A NAT that shows us elsewhere each time fills no table. */
static void test_restarts_without_end_need_no_more_room(void **state)
{
    (void)state;
    struct world *world = world_of_two(DELAY);
    struct side *side = &world->sides[0];
    size_t blocks = 0, allocations = 0;
    side->nat_inside = addr_of("192.0.2.1:1001");
    side->nat_outside = addr_of("198.51.100.1:4000");

    introduce(world);
    for (uint16_t i = 0; i < 40; i++) {
        world_run(world, 15 * AUGER_SEC);
        assert_restarted(world);
        assert_null(side->ice->previous);
        if (i == 1)
            blocks = world->blocks;
        assert_true(i < 2 || world->blocks == blocks);
        side->nat_outside.port++;
        for (int j = 0; j < 2; j++)
            world->sides[j].cands_len = world->sides[j].states_len = 0;
        allocations = world->allocations;
        restart(world, i % 2);
        exchange(world, i % 2);
    }
    assert_true(world->allocations - allocations < 40);
    world_free(world);
}

/* Every allocation of a restart fails once: nothing has changed then. */
static void test_out_of_memory_leaves_all_as_it_was(void **state)
{
    (void)state;
    struct world *world = connected();
    struct auger_ice *ice = ice_of(world, 0);
    char ufrag[AUGER_UFRAG_MAX];
    struct auger_addr server = addr_of("203.0.113.9:3478");
    int err;
    assert_int_equal(auger_ice_add_stun_server(ice, world->now, &server), 0);
    strcpy(ufrag, auger_ice_ufrag(ice));

    for (size_t n = 1;; n++) {
        size_t blocks = world->blocks;
        world->fail_at = world->allocations + n;
        err = n % 2 ? auger_ice_restart(ice, world->now)
                    : auger_ice_set_remote_credentials(ice, world->now, NEW_UFRAG, NEW_PASSWORD);
        if (err == 0)
            break;
        assert_int_equal(err, AUGER_ERR_NO_MEMORY);
        assert_int_equal(world->blocks, blocks);
        assert_string_equal(auger_ice_ufrag(ice), ufrag);
        assert_null(ice->next);
        assert_null(ice->previous);
    }
    world->fail_at = 0;
    world_free(world);
}

/* For a second the requests from `base` to that address are answered, by who sees us at `seen`. */
static void answer_to(struct puppet *p, const char *base, const char *to, const char *seen,
                      bool is_server)
{
    struct auger_addr from = addr_of(base), asked = addr_of(to);
    struct sent sent;

    for (int i = 0; i < 20; i++, puppet_wait(p, 50 * AUGER_MS))
        while (puppet_take_request(p, &sent))
            if (auger_addr_equal(&sent.path.local, &from) &&
                auger_addr_equal(&sent.path.remote, &asked))
                puppet_answer(
                    p, &sent,
                    &(struct puppet_answer){.mapped = seen, .to = base, .no_integrity = is_server});
}

/* The peer has heard nothing of it since. */
static void test_what_a_check_of_before_has_shown_is_told_when_a_server_shows_it(void **state)
{
    static const char base[] = "192.0.2.50:5005", seen[] = "203.0.113.9:999";
    struct puppet *p = puppet_connected(true);
    struct auger_addr server = addr_of("198.51.100.1:3478"), fresh = addr_of(base);
    struct auger_addr mapped = addr_of(seen);
    struct auger_ice_event event;
    bool is_told = false;

    (void)state;
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &fresh), 0);
    answer_to(p, base, "192.0.2.2:2002", seen, false);
    answer_to(p, base, "198.51.100.1:3478", seen, true);
    while (auger_ice_poll_event(p->ice, &event))
        is_told |= event.type == AUGER_ICE_EVENT_CANDIDATE && event.cand.type == AUGER_CAND_SRFLX &&
                   auger_addr_equal(&event.cand.addr, &mapped);
    assert_true(is_told);
    puppet_free(p);
}

static bool is_listed(const struct puppet *p, const char *addr)
{
    struct auger_addr wanted = addr_of(addr);
    struct auger_cand cands[8];
    size_t len = auger_ice_local_cands(p->ice, cands, 8);
    bool is_there = false;

    for (size_t i = 0; i < len; i++)
        is_there |= auger_addr_equal(&cands[i].addr, &wanted);
    return is_there;
}

/* RFC 8445 section 9: its candidates are gathered anew, and a check of before gathers none. */
static void test_what_a_check_of_before_shows_is_no_candidate_of_the_restarts(void **state)
{
    static const char base[] = "192.0.2.50:5005", seen[] = "203.0.113.9:999";
    struct auger_addr fresh = addr_of(base);

    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct puppet *p = puppet_connected(true);
        if (restarts)
            assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &fresh), 0);
        answer_to(p, base, "192.0.2.2:2002", seen, false);
        assert_true(is_listed(p, base));
        assert_int_equal(is_listed(p, seen), !restarts);
        puppet_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_username_of_two_generations_is_refused),
        cmocka_unit_test(test_early_checks_are_answered_and_remembered),
        cmocka_unit_test(test_an_answer_to_a_check_of_the_old_session_is_ignored),
        cmocka_unit_test(test_consent_on_the_old_pair_is_heard_for_as_long_as_that_is_there),
        cmocka_unit_test(test_old_checks_are_answered_for_a_grace_time_and_then_dropped),
        cmocka_unit_test(test_old_checks_are_answered_as_long_as_the_peer_has_no_others),
        cmocka_unit_test(test_data_along_an_old_pair_is_accepted_for_as_long),
        cmocka_unit_test(test_one_half_of_the_credentials_alone_is_refused),
        cmocka_unit_test(test_a_candidate_of_an_old_generation_is_ignored),
        cmocka_unit_test(test_a_candidate_of_the_generation_to_come_waits_for_it),
        cmocka_unit_test(test_a_candidate_that_was_told_for_two_generations_is_kept),
        cmocka_unit_test(test_a_check_proves_of_which_generation_its_candidate_is),
        cmocka_unit_test(test_the_servers_are_asked_again_and_what_is_outdated_is_not_told),
        cmocka_unit_test(test_restarts_without_end_need_no_more_room),
        cmocka_unit_test(test_out_of_memory_leaves_all_as_it_was),
        cmocka_unit_test(test_what_a_check_of_before_has_shown_is_told_when_a_server_shows_it),
        cmocka_unit_test(test_what_a_check_of_before_shows_is_no_candidate_of_the_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
