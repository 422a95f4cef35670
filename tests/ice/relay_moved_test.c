/* What is said to a TURN server leaves from another port than that of the base (RFC 7350, and
 * docs/decisions/298): what was allocated is asked for again, and nobody is told of that port. */
#include "tests/ice/relayed.h"

#define SEEN_THERE "203.0.113.1:40001"
#define SEEN_BY_OTHER "203.0.113.1:32999"

static void move(struct puppet *p, struct turn_server *server)
{
    const struct auger_path path = {p->base, server->addr};

    server->mapped = SEEN_THERE;
    memset(server->allocations, 0, sizeof(server->allocations)); /* of another 5-tuple */
    auger_ice_path_moved(p->ice, p->world->now, &path);
}

static size_t count_told_at(enum auger_cand_type type, const char *addr)
{
    const struct auger_addr at = addr_of(addr);
    size_t count = 0;

    for (size_t i = 0; i < told_len; i++)
        count += told[i].type == type && auger_addr_equal(&told[i].addr, &at);
    return count;
}

/* RFC 8656 section 5: an allocation is of its 5-tuple.  RFC 8445 section 5.1.1.2: a
 * server-reflexive candidate is where a base is seen, and a relay is related to where its client
 * is. */
static void a_path_that_moves_has_another_relay_and_no_other_port(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);
    const struct auger_addr there = addr_of(SEEN_THERE);

    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, MAPPED), 1);
    forget();
    move(p, server);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(server->refreshes, 0); /* of what is not there */
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_true(auger_addr_equal(&find_told(AUGER_CAND_RELAY)->related, &there));
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 0);
    assert_int_equal(count_told(AUGER_CAND_HOST), 0);
    end(p);
}

static void nor_does_a_restart_tell_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    move(p, server);
    run(p, AUGER_SEC);
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, SEEN_THERE), 0);
    end(p);
}

/* That is asked as a STUN server too goes by the same path. */
static void what_it_answers_as_a_stun_server_is_not_believed(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    struct auger_addr addr = server->addr;

    server->mapped = MAPPED;
    server->allocate_code = AUGER_STUN_FORBIDDEN; /* then it is asked for that at least */
    server->is_silent = true;
    run(p, 100 * AUGER_MS);
    move(p, server);
    server->is_silent = false;
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &addr), 0);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, 10 * AUGER_SEC);
    assert_true(server->bindings > 0);
    assert_true(is_gathered);
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 0);
    end(p);
}

/* RFC 8489 section 10: where a server sends its client on to is another path, from the base's port
 * again, and that which moved is no client's. */
static void who_is_sent_on_leaves_the_other_port_behind(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);
    struct turn_server *other = turn_add(OTHER_SERVER, OTHER_RELAYED);
    struct auger_addr addr = server->addr;

    other->mapped = SEEN_BY_OTHER;
    server->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    server->alternate = OTHER_SERVER;
    move(p, server);
    run(p, AUGER_SEC);
    assert_int_equal(other->allocates, 1);
    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, SEEN_BY_OTHER), 1);
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &addr), 0);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, 10 * AUGER_SEC);
    assert_true(server->bindings > 0);
    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, SEEN_THERE), 0);
    end(p);
}

static void who_is_sent_on_to_it_is_seen_at_the_other_port(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->allocate_code = AUGER_STUN_FORBIDDEN;
    move(p, server);
    run(p, AUGER_SEC);
    server->allocate_code = 0;
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);
    other->allocate_code = AUGER_STUN_TRY_ALTERNATE;
    other->alternate = SERVER;
    forget();
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, SEEN_THERE), 0);
    end(p);
}

static void of_many_the_latest_are_known(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    for (int i = 1; i <= 40; i++) {
        struct auger_path path = {p->base, addr_of(OTHER_SERVER)};
        path.remote.port = (uint16_t)i;
        auger_ice_path_moved(p->ice, p->world->now, &path);
    }
    move(p, server);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, SEEN_THERE), 0);
    end(p);
}

/* Its caller has another socket there, by which all goes again. */
static void a_base_that_comes_again_is_seen_at_its_own_port(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    move(p, server);
    run(p, AUGER_SEC);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    server->mapped = MAPPED;
    memset(server->allocations, 0, sizeof(server->allocations));
    forget();
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &p->base), 0);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(count_told_at(AUGER_CAND_SRFLX, MAPPED), 1);
    end(p);
}

/* The request is sent again, as any is over UDP. */
static void what_waits_for_its_answer_waits_on(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    server->is_silent = true;
    run(p, AUGER_SEC);
    move(p, server);
    server->is_silent = false;
    run(p, 2 * AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 0);
    assert_true(is_gathered);
    end(p);
}

static void another_path_stays_where_it_is(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_path path = {p->base, addr_of(OTHER_SERVER)};

    forget();
    auger_ice_path_moved(p->ice, p->world->now, &path);
    path.remote = server->addr;
    path.local.transport = path.remote.transport = AUGER_TCP; /* of which it is not said */
    auger_ice_path_moved(p->ice, p->world->now, &path);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(told_len, 0);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_moves_has_another_relay_and_no_other_port),
        cmocka_unit_test(nor_does_a_restart_tell_it),
        cmocka_unit_test(what_it_answers_as_a_stun_server_is_not_believed),
        cmocka_unit_test(who_is_sent_on_leaves_the_other_port_behind),
        cmocka_unit_test(who_is_sent_on_to_it_is_seen_at_the_other_port),
        cmocka_unit_test(of_many_the_latest_are_known),
        cmocka_unit_test(a_base_that_comes_again_is_seen_at_its_own_port),
        cmocka_unit_test(what_waits_for_its_answer_waits_on),
        cmocka_unit_test(another_path_stays_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
