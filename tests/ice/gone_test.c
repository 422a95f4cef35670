/* What still points to an address that is gone.  That sessions outlive it is change_test.c. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

#define WIFI "192.0.2.1:1001"
#define CELLULAR "198.51.100.1:1003"
#define PEER "192.0.2.2:2002"
#define PEER_6 "[2001:db8::2]:2002"

static void comes(const struct puppet *p, const char *text)
{
    const struct auger_addr addr = addr_of(text);

    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &addr), 0);
}

static void goes(const struct puppet *p, const char *text)
{
    const struct auger_addr addr = addr_of(text);

    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &addr), 0);
}

static bool is_from(const struct sent *sent, const char *text)
{
    const struct auger_addr addr = addr_of(text);

    return auger_addr_equal(&sent->path.local, &addr);
}

/* An agent on WIFI and CELLULAR that knows of PEER; the first checks of both, in their order. */
static struct puppet *puppet_on_two_with(const struct auger_ice_config *config, struct sent sent[2])
{
    struct puppet *p = puppet_with(config);

    comes(p, CELLULAR);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    assert_true(puppet_take(p, &sent[0]));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent[1]));
    assert_true(is_from(&sent[0], WIFI) && is_from(&sent[1], CELLULAR));
    return p;
}

static struct puppet *puppet_on_two_as(bool controls, struct sent sent[2])
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = controls;
    return puppet_on_two_with(&config, sent);
}

static struct puppet *puppet_on_two(struct sent sent[2])
{
    return puppet_on_two_as(true, sent);
}

/* With room for so many pairs. */
static struct puppet *puppet_of_pairs(uint16_t pairs_max)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = true;
    config.pairs_max = pairs_max;
    return puppet_with(&config);
}

/* The pair of PEER is valid, and the check that nominates it is out. */
static void puppet_begin_to_nominate(struct puppet *p, struct sent *nomination)
{
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_take_request(p, nomination));
}

/* What the kernel would refuse, or send from another address. */
static void test_answers_that_wait_do_not_leave_from_an_address_that_is_gone(void **state)
{
    (void)state;
    struct sent sent;
    struct puppet *p = puppet_connected(true);

    comes(p, CELLULAR);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED});
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .to = CELLULAR});
    goes(p, WIFI);
    assert_true(puppet_take_response(p, &sent));
    assert_true(is_from(&sent, CELLULAR));
    assert_false(puppet_take_response(p, &sent));
    puppet_free(p);
}

/* They were in the socket when it was closed, or on their way to it. */
static void test_what_arrives_late_at_an_address_that_is_gone_does_nothing(void **state)
{
    (void)state;
    struct sent sent[2], late;
    struct puppet *p = puppet_on_two(sent);

    goes(p, WIFI);
    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .use_candidate = true});
    assert_false(puppet_take_response(p, &late));
    assert_int_equal(puppet_pairs(p), 1);
    assert_int_equal(counters_of(p->world, 0).unmatched, 2);
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

/* It may have failed for the same reason for which the other works no more: nobody knows. */
static void test_a_pair_that_had_failed_is_tried_again_when_the_one_in_use_is_gone(void **state)
{
    (void)state;
    struct sent sent[2], again;
    struct puppet *p = puppet_on_two(sent);

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR, .code = 400});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    goes(p, WIFI);
    puppet_wait(p, 50 * AUGER_MS);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_true(puppet_take_request(p, &again));
    assert_true(is_from(&again, CELLULAR));
    puppet_answer(p, &again, &(struct puppet_answer){.to = CELLULAR});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_free(p);
}

static size_t count_gathered(struct puppet *p)
{
    struct auger_ice_event event;
    size_t count = 0;

    while (auger_ice_poll_event(p->ice, &event))
        count += event.type == AUGER_ICE_EVENT_GATHERED;
    return count;
}

static void test_servers_are_not_asked_from_an_address_that_is_gone(void **state)
{
    (void)state;
    static const char *const servers[] = {"203.0.113.3:3478", "203.0.113.4:3478"};

    for (int replaced = 0; replaced < 2; replaced++) {
        struct puppet *p = puppet_new(true);
        struct sent sent;
        size_t asked = 0;
        for (size_t i = 0; i < 2; i++) {
            const struct auger_addr server = addr_of(servers[i]);
            assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
        }
        auger_ice_end_of_local_addrs(p->ice, p->world->now);
        assert_true(puppet_take(p, &sent)); /* one is asked, the other is not yet */
        goes(p, WIFI);
        assert_int_equal(count_gathered(p), 1);
        if (replaced) /* in the place of the other */
            comes(p, CELLULAR);
        auger_ice_end_of_local_addrs(p->ice, p->world->now);
        for (int i = 0; i < 40; i++) {
            puppet_wait(p, 50 * AUGER_MS);
            while (puppet_take(p, &sent)) {
                assert_true(is_from(&sent, CELLULAR));
                asked++;
                puppet_answer(p, &sent,
                              &(struct puppet_answer){
                                  .to = CELLULAR, .mapped = "203.0.113.9:9", .no_integrity = true});
            }
        }
        assert_int_equal(asked, replaced ? 2 : 0);
        assert_int_equal(count_gathered(p), replaced);
        puppet_free(p);
    }
}

/* Whatever is asked along WIFI is answered. */
static void wait_on_wifi(struct puppet *p, auger_time time)
{
    struct sent sent;

    for (auger_time passed = 0; passed < time; passed += AUGER_SEC) {
        puppet_wait(p, AUGER_SEC);
        while (puppet_take_request(p, &sent))
            if (is_from(&sent, WIFI))
                puppet_answer(p, &sent, &(struct puppet_answer){.to = WIFI});
    }
}

/* 8445 section 8.1.2: the nomination had ended its check, without an outcome. */
static void test_a_pair_whose_check_was_cancelled_is_tried_again_too(void **state)
{
    static const auger_time after[] = {1 * AUGER_SEC, 60 * AUGER_SEC};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sent sent[2], again;
        struct puppet *p = puppet_on_two(sent);

        puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
        wait_on_wifi(p, after[i]);
        assert_true(puppet_pair(p, PEER).selected);
        goes(p, WIFI);
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &again));
        assert_true(is_from(&again, CELLULAR));
        for (int second = 0; second < 45; second++) { /* nobody answers */
            puppet_wait(p, AUGER_SEC);
            while (puppet_take_request(p, &again)) {
            }
        }
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
        puppet_free(p);
    }
}

/* docs/decisions/229: nobody has asked on it since, and its consent would end at once. */
static void test_a_pair_that_takes_over_renews_its_consent_first(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct sent sent[2], again;
        struct puppet *p = puppet_on_two_as(controls, sent);

        puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
        puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
        if (!controls)
            puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
        wait_on_wifi(p, 29 * AUGER_SEC);
        assert_true(puppet_pair(p, PEER).selected);
        goes(p, WIFI);
        for (int i = 0; i < 3; i++) {
            puppet_wait(p, i == 0 ? 50 * AUGER_MS : AUGER_SEC);
            assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
            assert_true(puppet_take_request(p, &again));
            assert_true(is_from(&again, CELLULAR));
        }
        puppet_answer(p, &again, &(struct puppet_answer){.to = CELLULAR});
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        wait_on_wifi(p, 10 * AUGER_SEC);
        assert_int_not_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
        puppet_free(p);
    }
}

static bool speaks_from(struct puppet *p, const char *text)
{
    const struct auger_addr addr = addr_of(text);
    struct auger_path path;
    uint8_t buf[8];

    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"x", 1, &path, buf,
                                sizeof(buf)) == 1 &&
           auger_addr_equal(&path.local, &addr);
}

/* One that was asked on of late takes over at once, however good another is. */
static void test_of_two_pairs_that_may_take_over_the_one_with_consent_does(void **state)
{
    (void)state;
    static const char third[] = "198.51.100.9:1009";
    struct sent sent[2], more;
    struct puppet *p = puppet_on_two(sent);

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    wait_on_wifi(p, 20 * AUGER_SEC);
    comes(p, third);
    puppet_wait(p, 50 * AUGER_MS);
    while (puppet_take_request(p, &more))
        if (is_from(&more, third))
            puppet_answer(p, &more, &(struct puppet_answer){.to = third});
    wait_on_wifi(p, 9 * AUGER_SEC);
    goes(p, WIFI);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(speaks_from(p, third));
    puppet_free(p);
}

/* Of what is asked in that time: from that address, and to PEER.  What it asks from elsewhere is
 * answered, if so it is wanted. */
static bool is_asked_from(struct puppet *p, const char *base, auger_time time, bool answers_others)
{
    const struct auger_addr peer = addr_of(PEER);
    bool is_asked = false;
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent)) {
            is_asked |= is_from(&sent, base) && auger_addr_equal(&sent.path.remote, &peer);
            if (answers_others && !is_from(&sent, base))
                puppet_answer(p, &sent, &(struct puppet_answer){.to = CELLULAR});
        }
    }
    return is_asked;
}

/* With as many pairs as it may have, and a peer that tells of more addresses. */
static struct puppet *puppet_without_room(void)
{
    struct auger_ice_config config;
    struct sent sent[2];

    auger_ice_config_init(&config);
    config.controlling = true;
    config.pairs_max = 2;
    struct puppet *p = puppet_on_two_with(&config, sent);
    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    assert_int_equal(puppet_tell(p, "192.0.2.2:3003", 1000), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.2:4004", 999), 0);
    wait_on_wifi(p, 2 * AUGER_SEC);
    assert_int_equal(puppet_pairs(p), 2);
    return p;
}

/* docs/decisions/275: silence had it given up, and what took its place goes at once. */
static void test_what_worked_makes_no_room_for_what_never_did(void **state)
{
    (void)state;
    struct puppet *p = puppet_without_room();

    is_asked_from(p, WIFI, 15 * AUGER_SEC, true); /* and not answered there: it is given up */
    assert_false(is_asked_from(p, WIFI, 2 * AUGER_SEC, true));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    goes(p, CELLULAR);
    assert_true(is_asked_from(p, WIFI, AUGER_SEC, false));
    puppet_free(p);
}

/* docs/decisions/230: what was in the way may have gone with it. */
static void test_what_worked_before_is_tried_again_when_any_address_goes(void **state)
{
    (void)state;
    static const char third[] = "198.51.100.9:1009";
    struct sent sent[2], more;
    struct puppet *p = puppet_on_two(sent);
    bool has_failed = false;

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    wait_on_wifi(p, 2 * AUGER_SEC);
    comes(p, third);
    for (int i = 0; i < 15 * 20 && !has_failed;
         i++) { /* WIFI is silent, so that others are asked */
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &more))
            if (is_from(&more, CELLULAR)) {
                puppet_answer(p, &more, &(struct puppet_answer){.to = CELLULAR, .code = 400});
                has_failed = true;
            }
    }
    assert_true(has_failed);
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &more))
            assert_false(is_from(&more, CELLULAR));
    }
    goes(p, third);
    bool is_asked = false;
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &more))
            is_asked |= is_from(&more, CELLULAR);
    }
    assert_true(is_asked);
    puppet_free(p);
}

/* It is asked on already, in vain, and the next repetition would be seconds away. */
static void test_nor_does_what_worked_before_wait_for_a_repetition(void **state)
{
    (void)state;
    static const char third[] = "198.51.100.9:1009";
    struct sent sent[2];
    struct puppet *p = puppet_on_two(sent);

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    wait_on_wifi(p, 2 * AUGER_SEC);
    comes(p, third);
    puppet_refuse_along(p, CELLULAR, PEER);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .to = CELLULAR});
    wait_on_wifi(p, 9 * AUGER_SEC);
    assert_false(is_asked_from(p, CELLULAR, 2 * AUGER_SEC, false));
    goes(p, third);
    assert_true(is_asked_from(p, CELLULAR, AUGER_SEC, false));
    puppet_free(p);
}

/* The same: nobody has taken consent back, and the peer may answer yet. */
static void test_a_check_that_fails_on_the_only_path_ends_no_session(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_ice_event event;
    struct sent sent;

    puppet_begin_to_nominate(p, &sent);
    puppet_answer(p, &sent, &(struct puppet_answer){.from = "203.0.113.77:77"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(puppet_take_request(p, &sent));
    for (int i = 0; i < 2; i++) { /* and once more, until there is nothing left */
        puppet_answer(p, &sent, &(struct puppet_answer){.from = "203.0.113.77:77"});
        puppet_wait(p, 50 * AUGER_MS);
        assert_int_equal(puppet_take_request(p, &sent), i == 0);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_wait(p, 39 * AUGER_SEC); /* the peer may still ask */
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    while (auger_ice_poll_event(p->ice, &event))
        assert_int_not_equal(event.type, AUGER_ICE_EVENT_RESTART_WANTED);
    puppet_wait(p, AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

/* Consent has ended by then (RFC 7675 section 5.1), whatever else has: nobody is asked anew. */
static void test_who_wakes_after_consent_has_ended_has_failed(void **state)
{
    static const struct {
        int slept_s;
        bool has_ended;
    } cases[] = {{29, false}, {30, true}, {39, true}, {40, true}, {3600, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct puppet *p = puppet_new(true);
        struct sent sent;
        puppet_begin_to_nominate(p, &sent);
        p->world->now += cases[i].slept_s * AUGER_SEC;
        while (puppet_take_request(p, &sent))
            ;
        puppet_wait(p, 0);
        assert_int_equal(auger_ice_get_state(p->ice) == AUGER_ICE_FAILED, cases[i].has_ended);
        puppet_wait(p, 50 * AUGER_MS);
        assert_false(cases[i].has_ended && puppet_take_request(p, &sent));
        puppet_free(p);
    }
}

/* What data would use again goes: that is the loss of the address in use. */
static void test_where_a_check_had_failed_the_address_goes_as_if_it_were_in_use(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_ice_event event;
    bool is_wanted = false;
    struct sent sent;

    puppet_begin_to_nominate(p, &sent);
    puppet_answer(p, &sent, &(struct puppet_answer){.from = "203.0.113.77:77"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    goes(p, WIFI);
    while (auger_ice_poll_event(p->ice, &event))
        is_wanted |= event.type == AUGER_ICE_EVENT_RESTART_WANTED;
    assert_true(is_wanted);
    comes(p, CELLULAR);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent) && is_from(&sent, CELLULAR));
    puppet_free(p);
}

/* Another one does not matter: nothing of the session has gone. */
static void test_where_a_check_had_failed_another_address_goes_unnoticed(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_ice_event event;
    struct sent sent;

    puppet_begin_to_nominate(p, &sent);
    comes(p, CELLULAR);
    puppet_answer(p, &sent, &(struct puppet_answer){.from = "203.0.113.77:77"});
    goes(p, CELLULAR);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    while (auger_ice_poll_event(p->ice, &event))
        assert_int_not_equal(event.type, AUGER_ICE_EVENT_RESTART_WANTED);
    puppet_free(p);
}

/* It is itself among what is tried again (docs/decisions/230), and not what makes room (8838
 * section 10) for the pair of an address that had come. */
static void test_where_a_check_had_failed_its_pair_makes_room_for_no_lower_one(void **state)
{
    (void)state;
    struct puppet *p = puppet_of_pairs(2);
    struct sent nomination;

    puppet_begin_to_nominate(p, &nomination);
    puppet_check(p, &(struct puppet_check){.from = "192.0.2.9:9", .role = CONTROLLED});
    comes(p, CELLULAR); /* without room for its pair */
    puppet_answer(p, &nomination, &(struct puppet_answer){.from = "203.0.113.77:77"});
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_WAITING);
    assert_int_equal(puppet_pair(p, PEER).local.addr.port, 1001); /* WIFI's */
    goes(p, WIFI);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_free(p);
}

/* The session that a restart begins has had no check that failed (docs/decisions/231). */
static void test_a_check_that_had_failed_is_forgotten_with_its_session(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_ice_event event;
    struct sent sent;

    puppet_begin_to_nominate(p, &sent);
    puppet_answer(p, &sent, &(struct puppet_answer){.from = "203.0.113.77:77"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    comes(p, CELLULAR);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    assert_int_equal(auger_ice_set_remote_credentials(p->ice, p->world->now, "puppet02",
                                                      "puppetpuppetpuppetpuppe2"),
                     0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    puppet_wait(p, 20 * AUGER_SEC);
    const auger_time ends = p->ice->current->pac_at;
    goes(p, WIFI); /* which nobody uses */
    assert_int_equal(p->ice->current->pac_at, ends);
    while (auger_ice_poll_event(p->ice, &event))
        assert_int_not_equal(event.type, AUGER_ICE_EVENT_RESTART_WANTED);
    puppet_free(p);
}

/* What takes over in the new session stays in use, and nothing that is left of an older consent
 * (docs/decisions/229), though nobody has selected it yet. */
static void test_where_an_address_goes_in_a_restart_the_new_session_keeps_the_path(void **state)
{
    (void)state;
    const char *password = "puppetpuppetpuppetpuppe2";
    struct sent sent[2], again;
    struct puppet *p = puppet_on_two_as(false, sent);

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    for (int i = 0; i < 16 * 20; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &again))
            if (is_from(&again, WIFI))
                puppet_answer(p, &again, &(struct puppet_answer){.to = WIFI});
    }
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    assert_int_equal(auger_ice_set_remote_credentials(p->ice, p->world->now, "puppet02", password),
                     0);
    auger_stun_key_free(p->puppet_key);
    assert_int_equal(
        auger_stun_key_new(&p->puppet_key, (const uint8_t *)password, strlen(password)), 0);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    assert_ptr_equal(p->ice->route->generation, p->ice->previous);
    goes(p, WIFI);
    do
        puppet_wait(p, 50 * AUGER_MS);
    while (!puppet_take_request(p, &again) || !is_from(&again, CELLULAR) ||
           !auger_inflight_find(&p->ice->current->checklist.inflight, &again.msg.tid));
    puppet_answer(p, &again, &(struct puppet_answer){.to = CELLULAR});
    assert_ptr_equal(p->ice->route->generation, p->ice->current);
    puppet_wait(p, 1);
    assert_ptr_equal(p->ice->route->generation, p->ice->current);
    puppet_free(p);
}

/* And yet it ends: each time the pair succeeds the patience of a beginning would begin anew. */
static void test_a_peer_that_refuses_each_nomination_is_given_up(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct sent sent;

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    for (int i = 0; i < 20 * 42; i++) {
        while (puppet_take_request(p, &sent)) {
            bool nominates = auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE);
            puppet_answer(p, &sent, &(struct puppet_answer){.code = nominates ? 400 : 0});
        }
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(i > 20 * 39 || auger_ice_get_state(p->ice) != AUGER_ICE_FAILED);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

/* Nobody has asked for the path that the second one took over. */
static void test_two_addresses_in_use_go_before_anything_is_told(void **state)
{
    (void)state;
    struct sent sent[2];
    struct puppet *p = puppet_on_two(sent);
    struct auger_ice_event event;
    size_t paths = 0;

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI});
    puppet_answer(p, &sent[1], &(struct puppet_answer){.to = CELLULAR});
    goes(p, WIFI);
    goes(p, CELLULAR);
    while (auger_ice_poll_event(p->ice, &event))
        paths += event.type == AUGER_ICE_EVENT_PATH;
    assert_int_equal(paths, 0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_free(p);
}

/* What it finds is told by a restart, if there is one. */
static void test_an_address_that_comes_after_the_end_is_not_told(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_ice_event event;
    size_t told = 0;

    puppet_introduce(p);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    puppet_wait(p, 40 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    while (auger_ice_poll_event(p->ice, &event))
        ;
    comes(p, CELLULAR);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    assert_false(auger_ice_poll_event(p->ice, &event));
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    while (auger_ice_poll_event(p->ice, &event))
        told += event.type == AUGER_ICE_EVENT_CANDIDATE;
    assert_int_equal(told, 2);
    puppet_free(p);
}

/* A NAT between us and the peer shows both bases under the address of the other one. */
static void test_a_pair_that_is_seen_as_an_address_that_is_gone_is_its_own_again(void **state)
{
    (void)state;
    struct sent sent[2];
    struct puppet *p = puppet_on_two(sent);
    const struct auger_addr wifi = addr_of(WIFI), cellular = addr_of(CELLULAR);

    puppet_answer(p, &sent[0], &(struct puppet_answer){.to = WIFI, .mapped = CELLULAR});
    struct auger_ice_pair_info info = puppet_pair(p, PEER);
    assert_true(auger_addr_equal(&info.local.addr, &cellular));
    goes(p, CELLULAR);
    assert_int_equal(puppet_pairs(p), 1);
    info = puppet_pair(p, PEER);
    assert_true(info.valid);
    assert_true(auger_addr_equal(&info.local.addr, &wifi));
    assert_int_equal(info.priority >> 32,
                     info.local.priority < 2130706431u ? info.local.priority : 2130706431u);
    puppet_free(p);
}

static void test_a_restart_that_has_begun_is_not_asked_for(void **state)
{
    (void)state;
    struct puppet *p = puppet_connected(true);
    struct auger_ice_event event;

    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    while (auger_ice_poll_event(p->ice, &event))
        assert_int_not_equal(event.type, AUGER_ICE_EVENT_RESTART_WANTED);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_that_wait_do_not_leave_from_an_address_that_is_gone),
        cmocka_unit_test(test_what_arrives_late_at_an_address_that_is_gone_does_nothing),
        cmocka_unit_test(test_a_pair_that_had_failed_is_tried_again_when_the_one_in_use_is_gone),
        cmocka_unit_test(test_a_pair_whose_check_was_cancelled_is_tried_again_too),
        cmocka_unit_test(test_servers_are_not_asked_from_an_address_that_is_gone),
        cmocka_unit_test(test_a_restart_that_has_begun_is_not_asked_for),
        cmocka_unit_test(test_a_pair_that_takes_over_renews_its_consent_first),
        cmocka_unit_test(test_of_two_pairs_that_may_take_over_the_one_with_consent_does),
        cmocka_unit_test(test_what_worked_before_is_tried_again_when_any_address_goes),
        cmocka_unit_test(test_nor_does_what_worked_before_wait_for_a_repetition),
        cmocka_unit_test(test_what_worked_makes_no_room_for_what_never_did),
        cmocka_unit_test(test_who_wakes_after_consent_has_ended_has_failed),
        cmocka_unit_test(test_a_check_that_fails_on_the_only_path_ends_no_session),
        cmocka_unit_test(test_where_a_check_had_failed_the_address_goes_as_if_it_were_in_use),
        cmocka_unit_test(test_where_a_check_had_failed_another_address_goes_unnoticed),
        cmocka_unit_test(test_where_a_check_had_failed_its_pair_makes_room_for_no_lower_one),
        cmocka_unit_test(test_a_check_that_had_failed_is_forgotten_with_its_session),
        cmocka_unit_test(test_where_an_address_goes_in_a_restart_the_new_session_keeps_the_path),
        cmocka_unit_test(test_a_peer_that_refuses_each_nomination_is_given_up),
        cmocka_unit_test(test_two_addresses_in_use_go_before_anything_is_told),
        cmocka_unit_test(test_an_address_that_comes_after_the_end_is_not_told),
        cmocka_unit_test(test_a_pair_that_is_seen_as_an_address_that_is_gone_is_its_own_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
