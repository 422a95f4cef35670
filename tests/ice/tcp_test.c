/* Candidates of TCP, their pairs and their streams: RFC 6544. */
#include "tests/ice/puppet.h"

#include "ice/state.h"

#define ALL (AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO)
#define BASE "tcp:192.0.2.1:5000"
#define ACTIVE_BASE "tcp:192.0.2.1:0"
#define PEER "tcp:192.0.2.2:6000"
#define CALLER "tcp:192.0.2.2:40000" /* from where it connects */

static struct puppet *tcp_puppet(uint8_t tcp, bool controls)
{
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);

    auger_ice_config_init(&config);
    config.controlling = controls;
    config.tcp = tcp;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    puppet_introduce(p);
    return p;
}

static int tell(struct puppet *p, const char *addr, enum auger_tcp_type tcptype, uint32_t priority)
{
    struct auger_cand cand = cand_of(addr, AUGER_CAND_HOST, priority);

    cand.tcptype = tcptype;
    return auger_ice_add_remote_cand(p->ice, p->world->now, &cand);
}

static struct auger_path path_of(const char *local, const char *remote)
{
    return (struct auger_path){addr_of(local), addr_of(remote)};
}

static bool is_along(const struct sent *sent, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    return auger_path_equal(&sent->path, &path);
}

static void lose_stream(struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    auger_ice_stream_lost(p->ice, p->world->now, &path);
}

static bool is_wanted(const struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    return auger_ice_stream_is_wanted(p->ice, p->world->now, &path);
}

static bool is_framed(const struct puppet *p, const char *local, const char *remote)
{
    struct auger_path path = path_of(local, remote);
    return auger_ice_stream_is_framed(p->ice, &path);
}

/* In a second. */
static void next_request(struct puppet *p, struct sent *sent)
{
    for (int i = 0; i < 20; i++) {
        if (puppet_take_request(p, sent))
            return;
        puppet_wait(p, 50 * AUGER_MS);
    }
    fail_msg("it asks nothing");
}

static bool has_data_path(struct puppet *p)
{
    struct auger_path path;
    uint8_t buf[16];
    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)"x", 1, &path, buf,
                                sizeof(buf)) == 1;
}

static bool takes_event(struct puppet *p, enum auger_ice_event_type type)
{
    struct auger_ice_event event;
    bool found = false;
    while (auger_ice_poll_event(p->ice, &event))
        found |= event.type == type;
    return found;
}

/* Connected along an active pair, which is selected if we control. */
static struct puppet *connected_actively(bool controls)
{
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE, controls);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    if (controls) {
        assert_true(puppet_take_request(p, &sent));
        assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        assert_true(puppet_pair(p, PEER).selected);
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

static struct puppet *connected_passively(void)
{
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_PASSIVE, false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){
                        .role = CONTROLLING, .from = CALLER, .to = BASE, .use_candidate = true});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, CALLER).selected);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

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

static uint32_t priority(uint32_t type, uint32_t direction, uint32_t other)
{
    return type << 24 | (8192 * direction + other) << 8 | 255;
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

/* --- checks --------------------------------------------------------------------------------- */

static bool is_same_transaction(const struct sent *a, const struct sent *b)
{
    return memcmp(&a->msg.tid, &b->msg.tid, sizeof(a->msg.tid)) == 0;
}

/* 7.1, 8489 section 6.2.2; docs/decisions/189 */
static void a_check_over_a_stream_is_asked_anew_after_5_and_15_s_and_waits_for_ti(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent[3], more; /* all requests, and none besides */

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent[0]));
    for (int i = 1; i < 395; i++) {
        puppet_wait(p, 100 * AUGER_MS);
        if (i == 50 || i == 150) {
            struct sent *anew = &sent[i == 50 ? 1 : 2];
            assert_true(puppet_take(p, anew));
            assert_true(is_along(anew, ACTIVE_BASE, PEER));
        }
        assert_false(puppet_take(p, &more));
        assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_IN_PROGRESS);
    }
    puppet_wait(p, 100 * AUGER_MS);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    for (int i = 0; i < 3; i++)
        assert_false(is_same_transaction(&sent[i], &sent[(i + 1) % 3]));
    puppet_free(p);
}

/* docs/decisions/260: nor does a call between the two decide of what there is no turn for. */
static void a_check_over_a_stream_that_may_not_be_asked_anew_fails_in_its_turn(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    p->ice->current->unanswered = UINT32_MAX / 2; /* all that may be asked in vain */
    p->ice->pace_at = p->world->now + 5040 * AUGER_MS;
    puppet_wait(p, 5005 * AUGER_MS); /* it is due */
    assert_false(puppet_take(p, &sent));
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_IN_PROGRESS);
    assert_int_equal(auger_ice_next_timeout(p->ice), p->ice->pace_at);
    puppet_wait(p, 35 * AUGER_MS);
    assert_false(puppet_take(p, &sent));
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

static void an_answer_to_any_check_over_a_stream_counts(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
        struct sent sent[2];

        assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
        assert_true(puppet_take(p, &sent[0]));
        puppet_wait(p, 5 * AUGER_SEC);
        assert_true(puppet_take(p, &sent[1]));
        puppet_answer(p, &sent[answered], &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_SUCCEEDED);
        puppet_free(p);
    }
}

/* Its answer is lost where the peer's stream is full; consent is asked for meanwhile. */
static void a_nomination_over_a_stream_is_said_anew(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;
    unsigned nominations = 0;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    for (int i = 0; i < 500; i++, puppet_wait(p, 100 * AUGER_MS)) {
        while (puppet_take_request(p, &sent)) {
            nominations += auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE);
            if (nominations != 1)
                puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
        }
        if (nominations == 1 && i > 60)
            fail_msg("it is not said again");
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_true(puppet_pair(p, PEER).selected);
    puppet_free(p);
}

static void what_cannot_be_opened_has_failed_at_once(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    lose_stream(p, ACTIVE_BASE, PEER); /* once more changes nothing */
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    puppet_wait(p, 10 * AUGER_SEC);
    assert_false(puppet_take(p, &sent)); /* nor is it asked for again */
    puppet_free(p);
}

/* 7.1: each stream leaves from a port of its own, and all of them are one candidate. */
static void an_active_candidate_is_seen_as_one_whatever_its_ports(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, false);
    struct auger_ice_config config;
    struct sent sent;
    char peer[32], mapped[32];

    auger_ice_config_init(&config);
    for (unsigned i = 0; i < config.prflx_cands_max + 2u; i++) {
        snprintf(peer, sizeof(peer), "tcp:192.0.2.%u:6000", 10 + i);
        snprintf(mapped, sizeof(mapped), "tcp:203.0.113.7:%u", 30000 + i);
        assert_int_equal(tell(p, peer, AUGER_TCP_TYPE_PASSIVE, 1500000000 - i), 0);
        next_request(p, &sent);
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = mapped});
        assert_true(puppet_pair(p, peer).valid);
        assert_int_equal(puppet_pair(p, peer).local.type, AUGER_CAND_PRFLX);
        assert_int_equal(puppet_pair(p, peer).local.tcptype, AUGER_TCP_TYPE_ACTIVE);
    }
    puppet_free(p);
}

/* 12 */
static void five_connections_are_opened_to_one_address_at_a_time(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;
    char peer[32];
    unsigned asked = 0;

    for (unsigned i = 0; i < 8; i++) {
        struct auger_cand cand;
        snprintf(peer, sizeof(peer), "tcp:192.0.2.2:%u", 6000 + i);
        cand = cand_of(peer, AUGER_CAND_HOST, 1500000000 - i);
        cand.tcptype = AUGER_TCP_TYPE_PASSIVE;
        snprintf(cand.foundation, sizeof(cand.foundation), "f%u", i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    }
    for (int i = 0; i < 20; i++) {
        asked += puppet_take(p, &sent);
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_int_equal(asked, 5);
    assert_int_equal(tell(p, "tcp:192.0.2.3:6000", AUGER_TCP_TYPE_PASSIVE, 7), 0);
    assert_true(puppet_take(p, &sent)); /* another address */
    lose_stream(p, ACTIVE_BASE, "tcp:192.0.2.2:6002");
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent));
    assert_true(is_along(&sent, ACTIVE_BASE, "tcp:192.0.2.2:6005"));
    puppet_free(p);
}

/* 7.1: it is somebody else's address. */
static void who_answers_with_something_else_is_not_the_peer(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    assert_null(puppet_deliver(p, PEER, ACTIVE_BASE, (const uint8_t *)"HTTP/1.1 400", 12).data);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    assert_false(is_wanted(p, ACTIVE_BASE, PEER));
    puppet_free(p);

    p = connected_actively(true); /* data of the peer's is none of that */
    assert_non_null(puppet_deliver(p, PEER, ACTIVE_BASE, (const uint8_t *)"HTTP/1.1 200", 12).data);
    assert_true(puppet_pair(p, PEER).valid);
    puppet_free(p);
}

/* Anybody can send many of them. */
static void strange_datagrams_are_counted_and_nothing_else_is_done(void **state)
{
    (void)state;
    static const char *const froms[][2] = {{"192.0.2.9:7", "192.0.2.1:1001"}, {CALLER, BASE}};

    for (size_t i = 0; i < 2; i++) {
        struct puppet *p = connected_actively(true);
        struct auger_ice_counters counters;
        p->world->now += 31 * AUGER_SEC; /* nor what is due: that is the time-out's */
        puppet_deliver(p, froms[i][0], froms[i][1], (const uint8_t *)"what", 4);
        auger_ice_get_counters(p->ice, &counters);
        assert_int_equal(counters.unvalidated_data, 1);
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        puppet_wait(p, 0);
        assert_int_not_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        puppet_free(p);
    }
}

/* 8 */
static void first_checks_do_not_nominate_where_there_is_tcp(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct sent sent;

    auger_ice_config_init(&config);
    config.controlling = config.nominate_at_once = true;
    config.tcp = AUGER_ICE_TCP_PASSIVE;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take(p, &sent));
    assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_free(p);
}

/* As a relay, while there is hope of UDP. */
static void tcp_is_nominated_a_second_later_than_udp_could_be(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);
    struct sent sent;

    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take(p, &sent));
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    for (int i = 0; i < 19; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take(p, &sent))
            assert_false(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    }
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
    puppet_free(p);
}

/* --- streams that are lost -------------------------------------------------------------------- */

/* 11.1 */
static void a_stream_in_use_is_opened_again_and_carries_data_once_it_is_proved(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct puppet *p = connected_actively(controls);
        struct sent sent;

        lose_stream(p, ACTIVE_BASE, PEER);
        assert_false(has_data_path(p));
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
        puppet_wait(p, 50 * AUGER_MS);
        assert_true(puppet_take_request(p, &sent));
        assert_true(is_along(&sent, ACTIVE_BASE, PEER));
        assert_false(has_data_path(p));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:44444"});
        assert_true(has_data_path(p));
        assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
        if (controls) { /* and is nominated again: at the peer it is another pair */
            assert_true(puppet_take_request(p, &sent));
            assert_true(auger_stun_msg_has(&sent.msg, AUGER_STUN_ATTR_USE_CANDIDATE));
        }
        puppet_free(p);
    }
}

/* While all is tried again along it (docs/decisions/231). */
static void so_is_one_along_which_a_check_had_failed(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE, true);
    struct sent sent;

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    next_request(p, &sent); /* that nominates */
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 400});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    next_request(p, &sent);
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    next_request(p, &sent);
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    puppet_free(p);
}

static void what_cannot_be_opened_again_wants_a_restart(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(true);
    struct sent sent;

    lose_stream(p, ACTIVE_BASE, PEER);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_int_equal(puppet_pair(p, PEER).state, AUGER_PAIR_FAILED);
    assert_true(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_wait(p, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void open_again(struct puppet *p)
{
    struct sent sent;

    lose_stream(p, ACTIVE_BASE, PEER);
    next_request(p, &sent);
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:44444"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
}

/* Whoever answers the check and then cuts is not connected to for ever. */
static void a_stream_that_is_lost_twice_is_not_opened_again(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(true);
    struct sent sent;

    open_again(p);
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_true(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    for (int i = 0; i < 60; i++) {
        puppet_wait(p, 1 * AUGER_SEC);
        assert_false(puppet_take_request(p, &sent));
    }
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    puppet_free(p);
}

static void keep_consent(struct puppet *p, auger_time time)
{
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, 250 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:44444"});
    }
}

static void a_stream_that_stood_for_half_a_minute_is_opened_again_each_time(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(false);
    struct sent sent;

    for (int i = 0; i < 3; i++) {
        keep_consent(p, 40 * AUGER_SEC);
        open_again(p);
    }
    keep_consent(p, 25 * AUGER_SEC);
    lose_stream(p, ACTIVE_BASE, PEER);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_false(puppet_take_request(p, &sent));
    puppet_free(p);
}

static void another_pair_takes_over_from_a_lost_stream(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(false);
    struct sent sent;

    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    lose_stream(p, ACTIVE_BASE, PEER);
    assert_true(has_data_path(p));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent)); /* and is wanted all the same */
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    puppet_free(p);
}

/* 11.1: the peer is waited for, and comes from another port. */
static void a_passive_end_waits_for_the_peer_to_connect_again(void **state)
{
    (void)state;
    struct puppet *p = connected_passively();
    struct sent sent;

    lose_stream(p, BASE, CALLER);
    assert_int_equal(puppet_pair(p, CALLER).state, AUGER_PAIR_FAILED);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_false(puppet_take(p, &sent)); /* it opens nothing */
    puppet_check(
        p, &(struct puppet_check){.role = CONTROLLING, .from = "tcp:192.0.2.2:40001", .to = BASE});
    assert_true(puppet_take_request(p, &sent));
    puppet_answer(p, &sent, &(struct puppet_answer){0});
    assert_true(has_data_path(p));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    puppet_free(p);
}

static void who_waits_in_vain_wants_a_restart_after_five_seconds(void **state)
{
    (void)state;
    struct puppet *p = connected_passively();

    lose_stream(p, BASE, CALLER);
    assert_int_equal(auger_ice_next_timeout(p->ice), p->world->now + 5 * AUGER_SEC);
    puppet_wait(p, 5 * AUGER_SEC - 1);
    assert_false(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    puppet_wait(p, 1);
    assert_true(takes_event(p, AUGER_ICE_EVENT_RESTART_WANTED));
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_DISCONNECTED);
    puppet_free(p);
}

static void who_waits_in_vain_goes_on_with_what_is_left(void **state)
{
    (void)state;
    struct puppet *p = connected_passively();
    struct sent sent;

    lose_stream(p, BASE, CALLER);
    puppet_wait(p, 3 * AUGER_SEC);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_true(puppet_take_request(p, &sent));
    puppet_wait(p, 2 * AUGER_SEC);
    while (puppet_take(p, &sent))
        ;
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_true(auger_ice_next_timeout(p->ice) > p->world->now);
    puppet_free(p);
}

static void an_answer_does_not_open_a_lost_stream_again(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_PASSIVE, false);
    struct sent sent;

    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = CALLER, .to = BASE});
    lose_stream(p, BASE, CALLER);
    puppet_wait(p, 1 * AUGER_SEC);
    assert_false(puppet_take(p, &sent));
    puppet_free(p);
}

/* The peer may connect as often as it likes. */
static void connections_that_end_leave_room_for_others(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_PASSIVE, false);
    struct sent sent;
    char from[32];

    for (unsigned i = 0; i < 100; i++) {
        snprintf(from, sizeof(from), "tcp:192.0.2.2:%u", 40000 + i);
        puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .from = from, .to = BASE});
        next_request(p, &sent);
        puppet_answer(p, &sent, &(struct puppet_answer){0});
        assert_true(puppet_pair(p, from).valid);
        lose_stream(p, BASE, from);
    }
    puppet_free(p);
}

/* --- what the caller asks of them ---------------------------------------------------------------
 */

static void a_stream_is_of_ice_or_leads_to_a_turn_server(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of("tcp:198.51.100.1:3478");
    server.username = "u";
    server.password = "p";
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    assert_false(is_framed(p, ACTIVE_BASE, "tcp:198.51.100.1:3478"));
    assert_true(is_framed(p, ACTIVE_BASE, PEER));
    assert_true(is_framed(p, BASE, CALLER));
    assert_false(is_framed(p, "192.0.2.1:1001", "192.0.2.2:2002"));
    /* Nor does a peer have us mix the two. */
    assert_int_equal(tell(p, "tcp:198.51.100.1:3478", AUGER_TCP_TYPE_PASSIVE, 1500000000),
                     AUGER_ERR_UNSUPPORTED);
    puppet_free(p);
}

/* As where a program uses no UDP at all. */
static void a_turn_server_over_tcp_is_asked_from_bases_of_tcp(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_ice_turn_server server;
    struct auger_addr base = addr_of(BASE);
    struct sent sent;
    size_t asked = 0;

    auger_ice_config_init(&config);
    config.tcp = ALL;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    auger_ice_turn_server_init(&server);
    server.username = "u";
    server.password = "p";
    server.addr = addr_of("198.51.100.1:3478"); /* not asked: there is no socket for it */
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    server.addr.transport = AUGER_TCP;
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), 0);
    for (int i = 0; i < 20; i++) {
        while (puppet_take(p, &sent)) {
            asked++;
            assert_true(is_along(&sent, ACTIVE_BASE, "tcp:198.51.100.1:3478"));
        }
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_int_equal(asked, 1);
    puppet_free(p);
}

/* 8 */
static void streams_that_were_not_selected_may_be_closed(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct sent sent;

    assert_false(is_wanted(p, BASE, CALLER)); /* nobody has asked along it */
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_true(puppet_take(p, &sent));
    assert_true(is_wanted(p, ACTIVE_BASE, PEER));
    puppet_check(p, &(struct puppet_check){.role = CONTROLLED, .from = CALLER, .to = BASE});
    assert_true(is_wanted(p, BASE, CALLER));
    puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    for (int i = 0; i < 40 && !puppet_pair(p, PEER).selected; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    }
    assert_true(puppet_pair(p, PEER).selected);
    assert_true(is_wanted(p, BASE, CALLER)); /* for three seconds */
    puppet_wait(p, 3 * AUGER_SEC);
    assert_false(is_wanted(p, BASE, CALLER));
    assert_true(is_wanted(p, ACTIVE_BASE, PEER));
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0); /* 9.2 */
    assert_true(is_wanted(p, BASE, CALLER));
    auger_ice_close(p->ice, p->world->now);
    assert_false(is_wanted(p, ACTIVE_BASE, PEER));
    puppet_free(p);
}

static void answer_all(struct puppet *p, const char *never)
{
    struct sent sent;

    while (puppet_take_request(p, &sent)) {
        assert_false(never && is_along(&sent, ACTIVE_BASE, never));
        puppet_answer(p, &sent, &(struct puppet_answer){.mapped = "tcp:192.0.2.1:33333"});
    }
}

/* 8: who closes it says so, as of any stream. */
static void a_stream_that_nobody_wants_is_not_opened_again(void **state)
{
    (void)state;
    const char *const other = "tcp:198.51.100.9:7000";
    struct puppet *p = tcp_puppet(AUGER_ICE_TCP_ACTIVE, true);

    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_int_equal(tell(p, other, AUGER_TCP_TYPE_PASSIVE, 1400000000), 0);
    for (int i = 0; i < 100 && is_wanted(p, ACTIVE_BASE, other); i++) {
        answer_all(p, NULL);
        puppet_wait(p, 50 * AUGER_MS);
    }
    assert_true(puppet_pair(p, PEER).selected);
    assert_true(puppet_pair(p, other).valid);
    lose_stream(p, ACTIVE_BASE, other);
    for (int i = 0; i < 20; i++) {
        puppet_wait(p, 50 * AUGER_MS);
        answer_all(p, other);
    }
    puppet_free(p);
}

/* 9.2: the stream that is there is used, and the old session keeps it. */
static void a_restart_asks_along_the_stream_that_is_open(void **state)
{
    (void)state;
    struct puppet *p = connected_actively(true);
    struct sent sent;

    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    assert_int_equal(auger_ice_set_remote_credentials(p->ice, p->world->now, "puppet02",
                                                      PUPPET_PASSWORD PUPPET_PASSWORD),
                     0);
    assert_true(is_wanted(p, ACTIVE_BASE, PEER));
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    puppet_wait(p, 50 * AUGER_MS);
    assert_true(puppet_take_request(p, &sent));
    assert_true(is_along(&sent, ACTIVE_BASE, PEER));
    assert_true(has_data_path(p));
    lose_stream(p, ACTIVE_BASE, PEER); /* of both */
    assert_false(has_data_path(p));
    puppet_free(p);
}

/* --- bases that go
 * -------------------------------------------------------------------------------- */

static void a_base_that_goes_takes_its_streams_along(void **state)
{
    (void)state;
    struct puppet *p = tcp_puppet(ALL, true);
    struct auger_addr base = addr_of(BASE), second = addr_of("tcp:192.0.2.1:5001");
    struct auger_cand cands[EVENTS_MAX];

    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &second), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_PASSIVE, 1500000000), 0);
    assert_int_equal(tell(p, PEER, AUGER_TCP_TYPE_SO, 1500000000), 0);
    assert_int_equal(puppet_pairs(p), 3);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &base), 0);
    assert_int_equal(puppet_pairs(p), 2); /* the active one is of the second base too */
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &base),
                     AUGER_ERR_NOT_FOUND);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &second), 0);
    assert_int_equal(puppet_pairs(p), 0);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 1); /* of UDP */
    puppet_free(p);
}

static void a_base_without_room_leaves_nothing_behind(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[EVENTS_MAX];

    auger_ice_config_init(&config);
    config.tcp = ALL;
    config.local_cands_max = 3;
    struct puppet *p = puppet_with(&config);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), AUGER_ERR_LIMIT);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 1);
    puppet_free(p);
}

static void without_memory_a_base_can_be_added_later(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_addr base = addr_of(BASE);
    struct auger_cand cands[EVENTS_MAX];
    size_t failures = 0;

    auger_ice_config_init(&config);
    config.tcp = ALL;
    for (size_t n = 1;; n++) {
        struct puppet *p = puppet_with(&config);
        p->world->allocations = 0;
        p->world->fail_at = n;
        int err = auger_ice_add_local_addr(p->ice, p->world->now, &base);
        p->world->fail_at = 0;
        if (err) {
            failures++;
            assert_int_equal(err, AUGER_ERR_NO_MEMORY);
            assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 1);
            assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
        }
        assert_int_equal(auger_ice_local_cands(p->ice, cands, EVENTS_MAX), 4);
        puppet_free(p);
        if (!err)
            break;
    }
    assert_true(failures >= 3);
}

static void names_are_those_of_the_line(void **state)
{
    (void)state;
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_NONE), "");
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_ACTIVE), "active");
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_PASSIVE), "passive");
    assert_string_equal(auger_tcp_type_name(AUGER_TCP_TYPE_SO), "so");
    assert_string_equal(auger_tcp_type_name((enum auger_tcp_type)9), "unknown");
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
        cmocka_unit_test(a_check_over_a_stream_is_asked_anew_after_5_and_15_s_and_waits_for_ti),
        cmocka_unit_test(a_check_over_a_stream_that_may_not_be_asked_anew_fails_in_its_turn),
        cmocka_unit_test(an_answer_to_any_check_over_a_stream_counts),
        cmocka_unit_test(a_nomination_over_a_stream_is_said_anew),
        cmocka_unit_test(what_cannot_be_opened_has_failed_at_once),
        cmocka_unit_test(an_active_candidate_is_seen_as_one_whatever_its_ports),
        cmocka_unit_test(five_connections_are_opened_to_one_address_at_a_time),
        cmocka_unit_test(who_answers_with_something_else_is_not_the_peer),
        cmocka_unit_test(strange_datagrams_are_counted_and_nothing_else_is_done),
        cmocka_unit_test(first_checks_do_not_nominate_where_there_is_tcp),
        cmocka_unit_test(tcp_is_nominated_a_second_later_than_udp_could_be),
        cmocka_unit_test(a_stream_in_use_is_opened_again_and_carries_data_once_it_is_proved),
        cmocka_unit_test(so_is_one_along_which_a_check_had_failed),
        cmocka_unit_test(what_cannot_be_opened_again_wants_a_restart),
        cmocka_unit_test(a_stream_that_is_lost_twice_is_not_opened_again),
        cmocka_unit_test(a_stream_that_stood_for_half_a_minute_is_opened_again_each_time),
        cmocka_unit_test(another_pair_takes_over_from_a_lost_stream),
        cmocka_unit_test(a_passive_end_waits_for_the_peer_to_connect_again),
        cmocka_unit_test(who_waits_in_vain_wants_a_restart_after_five_seconds),
        cmocka_unit_test(who_waits_in_vain_goes_on_with_what_is_left),
        cmocka_unit_test(an_answer_does_not_open_a_lost_stream_again),
        cmocka_unit_test(connections_that_end_leave_room_for_others),
        cmocka_unit_test(a_stream_is_of_ice_or_leads_to_a_turn_server),
        cmocka_unit_test(a_turn_server_over_tcp_is_asked_from_bases_of_tcp),
        cmocka_unit_test(streams_that_were_not_selected_may_be_closed),
        cmocka_unit_test(a_stream_that_nobody_wants_is_not_opened_again),
        cmocka_unit_test(a_restart_asks_along_the_stream_that_is_open),
        cmocka_unit_test(a_base_that_goes_takes_its_streams_along),
        cmocka_unit_test(a_base_without_room_leaves_nothing_behind),
        cmocka_unit_test(without_memory_a_base_can_be_added_later),
        cmocka_unit_test(names_are_those_of_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
