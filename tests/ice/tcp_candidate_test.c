/* Candidates of TCP and their pairs: RFC 6544 sections 4.1, 4.2, 4.5 and 6.2. */
#include "tests/ice/tcp_puppet.h"

/* --- candidates --------------------------------------------------------------------------- */

static size_t told(struct puppet *p, struct auger_cand *cands)
{
    struct auger_ice_event event;
    size_t len = 0;
    while (auger_ice_poll_event(p->ice, &event))
        if (event.type == AUGER_ICE_EVENT_CANDIDATE && event.cand.addr.transport == AUGER_TCP)
            cands[len++] = event.cand;
    return len;
}

/* 4.1, 4.2, 4.5 */
static void a_base_makes_the_candidates_that_are_asked_for(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct auger_cand cands[EVENTS_MAX];

    assert_int_equal(told(p, cands), 3);
    static const struct {
        enum auger_tcp_type tcptype;
        uint16_t port;
        uint32_t direction;
    } expected[] = {{AUGER_TCP_TYPE_ACTIVE, 9, 6},
                    {AUGER_TCP_TYPE_PASSIVE, 5000, 4},
                    {AUGER_TCP_TYPE_SO, 5000, 2}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cands[i].tcptype, expected[i].tcptype);
        assert_int_equal(cands[i].addr.port, expected[i].port);
        assert_int_equal(cands[i].priority, priority(90, expected[i].direction, 8191 - 256));
    }
    assert_string_not_equal(cands[0].foundation, cands[1].foundation);
    assert_string_not_equal(cands[1].foundation, cands[2].foundation);
    puppet_free(p);
}

/* 4.2 */
static void priorities_are_unique_and_one_address_is_active_once(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct auger_addr again = addr_of("tcp:192.0.2.1:5001"), other = addr_of("tcp:192.0.2.9:5000");
    struct auger_addr v6 = addr_of("tcp:[2001:db8::1]:5000");
    struct auger_cand cands[EVENTS_MAX];

    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &again), 0);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &other), 0);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &v6), 0);
    size_t len = told(p, cands), active = 0, best = 0;
    assert_int_equal(len, 3 + 2 + 3 + 3);
    for (size_t i = 0; i < len; i++) {
        active += cands[i].tcptype == AUGER_TCP_TYPE_ACTIVE;
        if (cands[i].priority > cands[best].priority)
            best = i;
        for (size_t j = 0; j < i; j++)
            assert_true(cands[i].priority != cands[j].priority);
    }
    assert_int_equal(active, 3);
    assert_int_equal(cands[best].priority, priority(90, 6, 8191)); /* of IPv6, active */
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &again), AUGER_ERR_INVALID);
    puppet_free(p);
}

static void no_tcp_comes_of_udp_alone(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);
    struct auger_addr base = addr_of(BASE);

    puppet_introduce(p);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), AUGER_ERR_INVALID);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1), AUGER_ERR_UNSUPPORTED);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = CALLER, .to = BASE});
    assert_int_equal(puppet_pairs(p), 0);
    puppet_free(p);
}

/* 4.4 */
static void a_lite_agent_is_passive_alone(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[EVENTS_MAX];

    auger_ice_config_init(&config);
    config.lite = true;
    config.tcp = ALL;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    puppet_introduce(p);
    assert_int_equal(told(p, cands), 1);
    assert_int_equal(cands[0].tcptype, AUGER_TCP_TYPE_PASSIVE);
    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .from = CALLER, .to = BASE, .use_candidate = true});
    assert_true(puppet_pair(p, CALLER).selected);
    puppet_free(p);
}

/* 5.3: what a NAT is known to show. */
static void a_mapping_shows_passive_and_so_candidates_of_which_so_is_better(void **state)
{
    (void)state;
    struct auger_ice_mapping mapping = {.local = addr_of("0.0.0.0:0"),
                                        .external = addr_of("203.0.113.7:0")};
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[EVENTS_MAX];
    size_t mapped = 0;

    auger_ice_config_init(&config);
    config.tcp = ALL;
    config.mappings = &mapping;
    config.mappings_len = 1;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    size_t len = told(p, cands);
    for (size_t i = 0; i < len; i++) {
        if (cands[i].type != AUGER_CAND_SRFLX)
            continue;
        bool is_so = cands[i].tcptype == AUGER_TCP_TYPE_SO;
        mapped++;
        assert_true(is_so || cands[i].tcptype == AUGER_TCP_TYPE_PASSIVE);
        assert_int_equal(cands[i].addr.port, 5000);
        assert_int_equal(cands[i].priority, priority(70, is_so ? 6 : 2, 8191 - 256));
    }
    assert_int_equal(mapped, 2);
    puppet_free(p);
}

/* A port that is forwarded is one of UDP or of TCP. */
static void a_mapping_of_a_port_is_of_its_transport(void **state)
{
    (void)state;
    struct auger_ice_mapping mapping = {.local = addr_of("192.0.2.1:1001"),
                                        .external = addr_of("203.0.113.7:0")};
    struct auger_ice_config config;
    struct auger_addr base = addr_of("tcp:192.0.2.1:1001");
    struct auger_cand cands[EVENTS_MAX];

    auger_ice_config_init(&config);
    config.tcp = AUGER_ICE_TCP_PASSIVE;
    config.mappings = &mapping;
    config.mappings_len = 1;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    assert_int_equal(told(p, cands), 1);
    puppet_free(p);
    mapping.local.transport = AUGER_TCP; /* of UDP outside */
    struct auger_ice *ice;
    struct world *world = world_new();
    assert_int_equal(auger_ice_new(&ice, &world->env, &config), AUGER_ERR_INVALID);
    world_free(world);
}

/* --- pairs ---------------------------------------------------------------------------------- */

/* 6.2, its table; and pairs of a passive candidate are pruned. */
static void types_pair_as_the_table_says(void **state)
{
    (void)state;
    static const struct {
        enum auger_tcp_type remote;
        const char *base; /* from which a check leaves; NULL: none does */
    } rows[] = {{AUGER_TCP_TYPE_PASSIVE, ACTIVE_BASE},
                {AUGER_TCP_TYPE_SO, BASE},
                {AUGER_TCP_TYPE_ACTIVE, NULL}};

    for (size_t i = 0; i < 3; i++) {
        struct puppet *p = tcp_puppet(ALL, true);
        struct sent sent;
        assert_int_equal(tell(p, PEER, rows[i].remote, 1500000000), 0);
        assert_int_equal(puppet_pairs(p), rows[i].base ? 1 : 0);
        assert_int_equal(puppet_take(p, &sent), rows[i].base != NULL);
        if (rows[i].base)
            assert_true(is_along(&sent, rows[i].base, PEER));
        puppet_free(p);
    }
}

/* Browsers tell active candidates alone, with port 9. */
static void a_browser_connects_to_our_passive_candidate(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, false);
    struct sent sent;

    assert_int_equal(tell(p, "tcp:192.0.2.2:9", AUGER_TCP_TYPE_ACTIVE, 1518214911), 0);
    assert_false(puppet_take(p, &sent));
    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .from = CALLER, .to = BASE, .use_candidate = true});
    assert_int_equal(puppet_pair(p, CALLER).remote.type, AUGER_CAND_PRFLX); /* 7.2 */
    assert_int_equal(puppet_pair(p, CALLER).remote.tcptype, AUGER_TCP_TYPE_ACTIVE);
    assert_true(puppet_take_response(p, &sent));
    assert_true(is_along(&sent, BASE, CALLER));
    assert_true(puppet_take_request(p, &sent));
    assert_true(is_along(&sent, BASE, CALLER)); /* along the stream that it opened */
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = BASE});
    assert_true(puppet_pair(p, CALLER).selected);
    assert_int_equal(puppet_pair(p, CALLER).local.type, AUGER_CAND_HOST);
    assert_true(has_data_path(p));
    puppet_free(p);
}

static void a_candidate_is_told_once_whatever_its_active_port(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, false);
    struct auger_cand cands[EVENTS_MAX];

    assert_int_equal(tell(p, "tcp:192.0.2.2:9", AUGER_TCP_TYPE_ACTIVE, 7), 0);
    assert_int_equal(tell(p, "tcp:192.0.2.2:0", AUGER_TCP_TYPE_ACTIVE, 7), 0);
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, EVENTS_MAX), 1);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 7), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_SO, 8), 0); /* two of one address */
    assert_int_equal(auger_ice_remote_cands(p->ice, cands, EVENTS_MAX), 3);
    assert_int_equal(puppet_pairs(p), 2);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_NONE, 9), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(tell(p, "192.0.2.2:6000", AUGER_TCP_TYPE_SO, 9), AUGER_ERR_UNSUPPORTED);
    puppet_free(p);
}

static void a_check_from_a_so_candidate_comes_on_its_pair(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = CALLER, .to = BASE});
    assert_int_equal(puppet_pair(p, CALLER).remote.tcptype, AUGER_TCP_TYPE_ACTIVE);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_SO, 1500000000), 0);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = PEER, .to = BASE});
    assert_int_equal(puppet_pairs(p), 2);
    assert_int_equal(puppet_pair(p, PEER).remote.tcptype, AUGER_TCP_TYPE_SO);
    assert_true(puppet_take_request(p, &sent));
    assert_true(is_along(&sent, BASE, CALLER));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_true(is_along(&sent, BASE, PEER));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = BASE});
    assert_int_equal(puppet_pair(p, PEER).local.tcptype, AUGER_TCP_TYPE_SO);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_makes_the_candidates_that_are_asked_for),
        cmocka_unit_test(priorities_are_unique_and_one_address_is_active_once),
        cmocka_unit_test(no_tcp_comes_of_udp_alone),
        cmocka_unit_test(a_lite_agent_is_passive_alone),
        cmocka_unit_test(a_mapping_shows_passive_and_so_candidates_of_which_so_is_better),
        cmocka_unit_test(a_mapping_of_a_port_is_of_its_transport),
        cmocka_unit_test(types_pair_as_the_table_says),
        cmocka_unit_test(a_browser_connects_to_our_passive_candidate),
        cmocka_unit_test(a_candidate_is_told_once_whatever_its_active_port),
        cmocka_unit_test(a_check_from_a_so_candidate_comes_on_its_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
