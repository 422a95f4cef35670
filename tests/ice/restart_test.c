/* ICE restarts: RFC 8445 section 9, RFC 8839 section 4.4.3.1.1, docs/decisions/015. */
#include "tests/ice/restarted.h"

/* --- data, numbered -------------------------------------------------------------------- */

static size_t numbers_sent[2];

/* Both send a datagram every 5 ms for `time`. */
static void talk(struct world *world, auger_time time)
{
    for (auger_time end = world->now + time; world->now < end;) {
        for (int i = 0; i < 2; i++) {
            send_text(world, i, "data");
            numbers_sent[i]++;
        }
        world_run(world, 5 * AUGER_MS);
    }
}

static void assert_nothing_lost(struct world *world)
{
    world_run(world, 2 * DELAY);
    for (int i = 0; i < 2; i++)
        assert_int_equal(world->sides[1 - i].data_count, numbers_sent[i]);
}

/* Of the checks only those of the generation `user` come through. */
static bool only_of(struct world *world, struct packet *packet)
{
    const struct auger_credentials *allowed = world->user;
    struct auger_bytes username;
    struct auger_stun_msg msg;

    if (!auger_stun_is_message(packet->buf, packet->len) ||
        auger_stun_msg_parse(&msg, packet->buf, packet->len) != 0 ||
        msg.class_ != AUGER_STUN_REQUEST ||
        !auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERNAME, &username))
        return true;
    return auger_credentials_sent(allowed, &username) ||
           memcmp(username.data, allowed->ufrag, strlen(allowed->ufrag)) == 0;
}

/* The same, on the first base of side 1 alone. */
static bool the_first_base_is_closed(struct world *world, struct packet *packet)
{
    bool first = packet->path.local.port == 2002 || packet->path.remote.port == 2002;
    return !first || only_of(world, packet);
}

/* Side 1 gets a second base, and new checks on the first one fail: the path moves. */
static void move(struct world *world)
{
    struct auger_addr base = addr_of("192.0.2.3:3003");

    assert_int_equal(auger_ice_add_local_addr(ice_of(world, 1), world->now, &base), 0);
    world->user = &ice_of(world, 0)->current->local;
    world->wire = the_first_base_is_closed;
}

static void test_no_datagram_is_lost_while_the_path_moves(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct world *world = connected();

        numbers_sent[0] = numbers_sent[1] = 0;
        move(world);
        restart(world, who);
        talk(world, 200 * AUGER_MS); /* the signalling takes its time */
        describe(world, who);
        talk(world, 200 * AUGER_MS);
        describe(world, 1 - who);
        assert_int_equal(world->sides[0].path.remote.port, 2002);
        talk(world, 2 * AUGER_SEC);
        assert_nothing_lost(world);
        assert_int_equal(world->sides[0].path.remote.port, 3003);
        assert_int_equal(world->sides[1].path.local.port, 3003);
        assert_restarted(world);
        for (int i = 0; i < 2; i++)
            assert_int_equal(world->sides[i].states_len, 0); /* connected all the time */
        world_free(world);
    }
}

/* --- who restarts ------------------------------------------------------------------------ */

static void test_a_restart_has_fresh_credentials_and_tells_every_candidate_again(void **state)
{
    (void)state;
    struct world *world = connected();
    struct side *side = &world->sides[0];
    char ufrag[AUGER_UFRAG_MAX], password[AUGER_PASSWORD_MAX];
    strcpy(ufrag, auger_ice_ufrag(side->ice));
    strcpy(password, auger_ice_password(side->ice));
    side->cands_len = 0;

    restart(world, 0);
    assert_string_not_equal(auger_ice_ufrag(side->ice), ufrag);
    assert_string_not_equal(auger_ice_password(side->ice), password);
    assert_int_equal(side->cands_len, 1);
    assert_string_equal(side->cands[0].ufrag, auger_ice_ufrag(side->ice));
    world_free(world);
}

static void test_either_side_restarts(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct world *world = connected();
        char answerer[AUGER_UFRAG_MAX];
        strcpy(answerer, auger_ice_ufrag(ice_of(world, 1 - who)));

        restart(world, who);
        exchange(world, who);
        assert_string_not_equal(auger_ice_ufrag(ice_of(world, 1 - who)), answerer);
        world_run(world, 2 * AUGER_SEC);
        assert_restarted(world);
        world_free(world);
    }
}

static void test_both_restart_at_once(void **state)
{
    (void)state;
    struct world *world = connected();

    restart(world, 0);
    restart(world, 1);
    char ufrags[2][AUGER_UFRAG_MAX];
    for (int i = 0; i < 2; i++)
        strcpy(ufrags[i], auger_ice_ufrag(ice_of(world, i)));
    describe(world, 0);
    world_run(world, 300 * AUGER_MS);
    describe(world, 1);
    for (int i = 0; i < 2; i++) /* each took the other's for the answer */
        assert_string_equal(auger_ice_ufrag(ice_of(world, i)), ufrags[i]);
    world_run(world, 2 * AUGER_SEC);
    assert_restarted(world);
    world_free(world);
}

/* The generation between goes; what carries data stays with its own credentials. */
static void test_twice_in_a_row(void **state)
{
    (void)state;
    struct world *world = connected();

    numbers_sent[0] = numbers_sent[1] = 0;
    restart(world, 0);
    exchange(world, 0);
    talk(world, DELAY); /* the first checks have just left */
    struct auger_generation *carrier = ice_of(world, 0)->previous;
    restart(world, 0);
    talk(world, 10 * AUGER_MS);
    exchange(world, 0);
    assert_ptr_equal(ice_of(world, 0)->previous, carrier);
    assert_ptr_equal(ice_of(world, 0)->route->generation, carrier);
    assert_null(carrier->checklist.inflight.slots.first); /* of which it needs none */
    talk(world, 2 * AUGER_SEC);
    assert_nothing_lost(world);
    assert_restarted(world);
    world_free(world);
}

static void test_a_second_offer_replaces_the_first(void **state)
{
    (void)state;
    struct world *world = connected();

    restart(world, 0);
    restart(world, 0);
    exchange(world, 0);
    world_run(world, 2 * AUGER_SEC);
    assert_restarted(world);
    world_free(world);
}

static void test_before_the_first_answer(void **state)
{
    (void)state;
    struct world *world = world_of_two(DELAY);

    restart(world, 0);
    exchange(world, 0);
    world_run(world, 2 * AUGER_SEC);
    assert_restarted(world);
    assert_null(ice_of(world, 0)->previous);
    world_free(world);
}

static bool nothing_passes(struct world *world, struct packet *packet)
{
    (void)world;
    (void)packet;
    return false;
}

static void test_after_failed(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct world *world = connected();

        world->wire = nothing_passes;
        world_run(world, 40 * AUGER_SEC);
        for (int i = 0; i < 2; i++)
            assert_int_equal(state_of(world, i), AUGER_ICE_FAILED);
        world->wire = NULL;
        restart(world, who);
        assert_int_equal(state_of(world, who), AUGER_ICE_CHECKING);
        exchange(world, who);
        world_run(world, 2 * AUGER_SEC);
        assert_restarted(world);
        static const enum auger_ice_state expected[] = {AUGER_ICE_DISCONNECTED, AUGER_ICE_FAILED,
                                                        AUGER_ICE_CHECKING, AUGER_ICE_CONNECTED};
        for (int i = 0; i < 2; i++) {
            assert_int_equal(world->sides[i].states_len, 4);
            assert_memory_equal(world->sides[i].states, expected, sizeof(expected));
        }
        world_free(world);
    }
}

/* 8445 section 9: the roles stay. */
static void test_roles_stay(void **state)
{
    (void)state;
    struct world *world = connected();

    restart(world, 1);
    exchange(world, 1);
    world_run(world, 2 * AUGER_SEC);
    assert_int_equal(ice_of(world, 0)->current->role, AUGER_CONTROLLING);
    assert_int_equal(ice_of(world, 1)->current->role, AUGER_CONTROLLED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(counters_of(world, i).role_switches, 0);
    world_free(world);
}

/* The puppet makes us change sides, which each generation bears so often. */
static void switch_roles(struct puppet *p, int times)
{
    char username[2 * AUGER_UFRAG_MAX];
    const char *theirs = p->ice->current->remote.ufrag;

    snprintf(username, sizeof(username), "%s:%s", auger_ice_ufrag(p->ice), theirs);
    for (int i = 0; i < times; i++) {
        bool controls = p->ice->current->role == AUGER_CONTROLLING;
        uint64_t fresh = p->next_tid;
        puppet_check(p, &(struct puppet_check){.role = controls ? CONTROLLING : CONTROLLED,
                                               .tie_breaker = controls ? UINT64_MAX - fresh : fresh,
                                               .username = username});
    }
}

static void test_a_new_generation_bears_as_many_role_switches_as_the_old_one(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);

    puppet_introduce(p);
    switch_roles(p, 4);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    puppet_renew_keys(p);
    switch_roles(p, 4);
    assert_int_equal(counters_of(p->world, 0).role_switches, 8);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    switch_roles(p, 1);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void test_a_restart_that_is_withdrawn_leaves_no_trace(void **state)
{
    (void)state;
    struct world *world = connected();
    char ufrag[AUGER_UFRAG_MAX];
    strcpy(ufrag, auger_ice_ufrag(ice_of(world, 0)));

    assert_int_equal(auger_ice_withdraw_restart(ice_of(world, 0), world->now), AUGER_ERR_STATE);
    restart(world, 0);
    assert_int_equal(auger_ice_withdraw_restart(ice_of(world, 0), world->now), 0);
    assert_string_equal(auger_ice_ufrag(ice_of(world, 0)), ufrag);
    restart(world, 1);
    exchange(world, 1);
    world_run(world, 2 * AUGER_SEC);
    assert_restarted(world);
    world_free(world);
}

static void test_a_withdrawn_restart_fails_again_what_had_failed(void **state)
{
    (void)state;
    struct world *world = connected();

    world->wire = nothing_passes;
    world_run(world, 40 * AUGER_SEC);
    restart(world, 0);
    assert_int_equal(auger_ice_withdraw_restart(ice_of(world, 0), world->now), 0);
    assert_int_equal(state_of(world, 0), AUGER_ICE_FAILED);
    assert_int_equal(auger_ice_next_timeout(ice_of(world, 0)), AUGER_NEVER);
    world_free(world);
}

/* --- the old path ------------------------------------------------------------------------- */

static void test_a_restart_without_a_path_leaves_the_old_one(void **state)
{
    (void)state;
    struct world *world = connected();

    world->user = &ice_of(world, 0)->current->local;
    world->wire = only_of;
    restart(world, 0);
    exchange(world, 0);
    world_run(world, 120 * AUGER_SEC); /* four lives of consent */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(world->sides[i].failed_restarts, 1);
        assert_int_equal(world->sides[i].states_len, 0);
        assert_int_equal(state_of(world, i), AUGER_ICE_CONNECTED);
    }
    numbers_sent[0] = numbers_sent[1] = 0;
    talk(world, AUGER_SEC);
    assert_nothing_lost(world);

    world->wire = NULL; /* and another restart finds one */
    restart(world, 1);
    exchange(world, 1);
    world_run(world, 2 * AUGER_SEC);
    assert_restarted(world);
    world_free(world);
}

static void test_when_the_old_path_dies_too_the_session_fails(void **state)
{
    (void)state;
    struct world *world = connected();

    world->user = &ice_of(world, 0)->current->local;
    world->wire = only_of;
    restart(world, 0);
    exchange(world, 0);
    world_run(world, 60 * AUGER_SEC);
    world->wire = nothing_passes;
    world_run(world, 40 * AUGER_SEC);
    for (int i = 0; i < 2; i++)
        assert_int_equal(state_of(world, i), AUGER_ICE_FAILED);
    world_free(world);
}

/* The offer is on its way for a minute, and nothing else comes through. */
static void test_a_restart_that_waits_does_not_fail(void **state)
{
    (void)state;
    struct world *world = connected();

    restart(world, 0);
    world->wire = nothing_passes;
    world_run(world, 60 * AUGER_SEC);
    assert_int_equal(state_of(world, 0), AUGER_ICE_DISCONNECTED);
    assert_int_equal(state_of(world, 1), AUGER_ICE_FAILED);
    world->wire = NULL;
    exchange(world, 0);
    world_run(world, 2 * AUGER_SEC);
    assert_restarted(world);
    assert_int_equal(world->sides[0].states_len, 2); /* disconnected, connected */
    world_free(world);
}

/* The old path has died: data takes a valid pair before one is selected. */
static void test_data_does_not_wait_for_nomination_on_a_dead_path(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(false);
    struct sent sent;

    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    puppet_wait(p, 31 * AUGER_SEC); /* no answer to consent */
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    assert_int_equal(
        auger_ice_set_remote_credentials(p->ice, p->world->now, NEW_UFRAG, NEW_PASSWORD), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take_request(p, &sent));
    auger_stun_key_free(p->puppet_key);
    assert_int_equal(
        auger_stun_key_new(&p->puppet_key, (const uint8_t *)NEW_PASSWORD, strlen(NEW_PASSWORD)), 0);
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_ptr_equal(p->ice->route->generation, p->ice->current);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_datagram_is_lost_while_the_path_moves),
        cmocka_unit_test(test_a_restart_has_fresh_credentials_and_tells_every_candidate_again),
        cmocka_unit_test(test_either_side_restarts),
        cmocka_unit_test(test_both_restart_at_once),
        cmocka_unit_test(test_twice_in_a_row),
        cmocka_unit_test(test_a_second_offer_replaces_the_first),
        cmocka_unit_test(test_before_the_first_answer),
        cmocka_unit_test(test_after_failed),
        cmocka_unit_test(test_roles_stay),
        cmocka_unit_test(test_a_new_generation_bears_as_many_role_switches_as_the_old_one),
        cmocka_unit_test(test_a_restart_that_is_withdrawn_leaves_no_trace),
        cmocka_unit_test(test_a_withdrawn_restart_fails_again_what_had_failed),
        cmocka_unit_test(test_a_restart_without_a_path_leaves_the_old_one),
        cmocka_unit_test(test_when_the_old_path_dies_too_the_session_fails),
        cmocka_unit_test(test_a_restart_that_waits_does_not_fail),
        cmocka_unit_test(test_data_does_not_wait_for_nomination_on_a_dead_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
