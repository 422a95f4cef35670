/* Relayed candidates: how they come about, what is sent through them and when, and what becomes
 * of them. */
#include "tests/ice/turn_servers.h"

#include "tests/ice/puppet.h"

#include <auger/ice_explain.h>
#include <auger/ice_share.h>
#include <auger/ice_stats.h>

#define SERVER "198.51.100.53:3478"
#define OTHER_SERVER "198.51.100.54:3478"
#define RELAYED "198.51.100.99:50000"
#define OTHER_RELAYED "198.51.100.98:51000"
#define MAPPED "203.0.113.1:32853"
#define PEER "203.0.113.7:7000"
#define PEER_AGAIN "203.0.113.7:7001"
#define OTHER_PEER "203.0.113.8:7000"
#define STEP (10 * AUGER_MS)

/* --- an agent with a server ---------------------------------------------------------------- */

static struct auger_cand told[EVENTS_MAX];
static size_t told_len;
static bool is_gathered, is_restart_wanted;
static auger_time gathered_after;
/* What left, other than to a TURN server: as whoever gets it sees it. */
static struct sent left[256];
static size_t left_len;

static void take_news(struct puppet *p)
{
    struct auger_ice_event event;

    while (auger_ice_poll_event(p->ice, &event)) {
        if (event.type == AUGER_ICE_EVENT_CANDIDATE)
            told[told_len++] = event.cand;
        is_gathered |= event.type == AUGER_ICE_EVENT_GATHERED;
        is_restart_wanted |= event.type == AUGER_ICE_EVENT_RESTART_WANTED;
    }
}

static void settle(struct puppet *p)
{
    while (left_len < 256 && puppet_take(p, &left[left_len]))
        left_len++;
    take_news(p);
}

static void run(struct puppet *p, auger_time time)
{
    auger_time begin = p->world->now, end = begin + time;

    settle(p);
    while (p->world->now < end) {
        puppet_wait(p, STEP);
        bool was_gathered = is_gathered;
        settle(p);
        if (is_gathered && !was_gathered)
            gathered_after = p->world->now - begin;
    }
}

static void forget(void)
{
    told_len = left_len = 0;
    is_gathered = is_restart_wanted = false;
}

static struct puppet *agent_with(struct auger_ice_config *config)
{
    forget();
    turn_reset();
    return puppet_with(config);
}

static struct puppet *agent(bool controlling)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.controlling = controlling;
    return agent_with(&config);
}

static int add_server_of(struct puppet *p, const char *addr, const char *password, bool is_tcp,
                         bool over_tls)
{
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.addr = addr_of(addr);
    server.addr.transport = is_tcp ? AUGER_TCP : AUGER_UDP;
    server.username = "user";
    server.password = password;
    server.over_tls = over_tls;
    return auger_ice_add_turn_server(p->ice, p->world->now, &server);
}

static struct turn_server *add_server(struct puppet *p, const char *addr, const char *relayed)
{
    struct turn_server *server = turn_add(addr, relayed);

    assert_int_equal(add_server_of(p, addr, "secret", false, false), 0);
    return server;
}

static struct turn_server *add_stream(struct puppet *p, const char *addr, const char *relayed,
                                      bool over_tls)
{
    struct turn_server *server = turn_add(addr, relayed);

    server->addr.transport = AUGER_TCP;
    server->mapped = MAPPED;
    assert_int_equal(add_server_of(p, addr, "secret", true, over_tls), 0);
    return server;
}

/* Gathered, with one relayed address. */
static struct puppet *agent_with_relay(bool controlling, struct turn_server **server)
{
    struct puppet *p = agent(controlling);

    *server = add_server(p, SERVER, RELAYED);
    (*server)->mapped = MAPPED;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_true(is_gathered);
    puppet_introduce(p);
    return p;
}

static const struct auger_cand *find_told(enum auger_cand_type type)
{
    for (size_t i = 0; i < told_len; i++)
        if (told[i].type == type)
            return &told[i];
    return NULL;
}

static size_t count_told(enum auger_cand_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < told_len; i++)
        count += told[i].type == type;
    return count;
}

static bool is_along(const struct sent *sent, const char *local, const char *remote)
{
    struct auger_addr from = addr_of(local), to = addr_of(remote);

    return auger_addr_equal(&sent->path.local, &from) && auger_addr_equal(&sent->path.remote, &to);
}

/* The first check that left along that path; NULL: none. */
static struct sent *find_check(const char *local, const char *remote)
{
    for (size_t i = 0; i < left_len; i++)
        if (is_along(&left[i], local, remote) && left[i].msg.class_ == AUGER_STUN_REQUEST &&
            left[i].msg.method == AUGER_STUN_BINDING)
            return &left[i];
    return NULL;
}

static size_t count_from(const char *local)
{
    struct auger_addr from = addr_of(local);
    size_t count = 0;

    for (size_t i = 0; i < left_len; i++)
        count += auger_addr_equal(&left[i].path.local, &from);
    return count;
}

static struct auger_ice_pair_info pair_of(const struct puppet *p, const char *local,
                                          const char *remote)
{
    static struct auger_ice_pair_info pairs[100];
    struct auger_addr from = addr_of(local), to = addr_of(remote);
    size_t len = auger_ice_pairs(p->ice, pairs, 100);

    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&pairs[i].local.addr, &from) &&
            auger_addr_equal(&pairs[i].remote.addr, &to))
            return pairs[i];
    fail_msg("no pair %s > %s", local, remote);
    return pairs[0];
}

/* Connected by way of the relay alone. */
static struct puppet *relayed_session(bool controlling, struct turn_server **server)
{
    struct puppet *p = agent_with_relay(controlling, server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    struct sent *check = find_check(RELAYED, PEER);
    assert_non_null(check);
    puppet_answer(p, check, &(struct puppet_answer){.to = RELAYED});
    take_news(p);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    return p;
}

/* Answers what is asked by way of the relay, for that long. */
static void keep(struct puppet *p, auger_time time)
{
    for (auger_time end = p->world->now + time; p->world->now < end;) {
        left_len = 0;
        puppet_wait(p, 500 * AUGER_MS);
        settle(p);
        for (size_t i = 0; i < left_len; i++)
            if (is_along(&left[i], RELAYED, PEER) && left[i].msg.class_ == AUGER_STUN_REQUEST)
                puppet_answer(p, &left[i], &(struct puppet_answer){.to = RELAYED});
    }
}

static void end(struct puppet *p)
{
    puppet_free(p);
    turn_reset();
}

/* --- gathering ------------------------------------------------------------------------------ */

static void one_allocation_makes_both_candidates(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);
    const struct auger_cand *relay = find_told(AUGER_CAND_RELAY), *srflx;

    assert_int_equal(server->allocates, 1);
    assert_non_null(relay);
    assert_true(auger_addr_equal(&relay->addr, &(struct auger_addr){0}) == false);
    struct auger_addr relayed = addr_of(RELAYED), mapped = addr_of(MAPPED);
    assert_true(auger_addr_equal(&relay->addr, &relayed));
    assert_true(auger_addr_equal(&relay->related, &mapped)); /* 8839 section 5.1 */
    assert_int_equal(relay->priority >> 24, 0);              /* 8445 section 5.1.2.2 */
    srflx = find_told(AUGER_CAND_SRFLX);
    assert_non_null(srflx);
    assert_true(auger_addr_equal(&srflx->addr, &mapped));
    assert_true(auger_addr_equal(&srflx->related, &p->base));
    assert_string_not_equal(srflx->foundation, relay->foundation);
    end(p);
}

static void a_relay_of_both_families_makes_two_candidates(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->relayed6 = "[2001:db8::99]:50001";
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 2);
    assert_string_not_equal(told[1].foundation, told[2].foundation); /* of two base addresses */
    end(p);
}

static void a_server_that_is_dead_delays_no_other(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_server(p, SERVER, RELAYED)->is_silent = true;
    add_server(p, OTHER_SERVER, OTHER_RELAYED);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_false(is_gathered);
    run(p, 15 * AUGER_SEC);
    assert_true(is_gathered);
    assert_in_range(gathered_after, 8 * AUGER_SEC, 10 * AUGER_SEC);
    end(p);
}

static void gathering_ends_with_the_last_refusal(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_server(p, SERVER, RELAYED)->allocate_code = 403;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_true(is_gathered);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 0);
    end(p);
}

static void each_server_is_asked_once_before_any_twice(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.relays_max = 3;
    struct puppet *p = agent_with(&config);
    for (int i = 0; i < 3; i++) {
        char base[AUGER_ADDR_TEXT_MAX];
        snprintf(base, sizeof(base), "192.0.2.1:%d", 1002 + i);
        struct auger_addr addr = addr_of(base);
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &addr), 0);
    }
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(one->allocates, 2);
    assert_int_equal(other->allocates, 1);
    end(p);
}

static void new_clients_are_paced(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *one = add_server(p, SERVER, RELAYED);
    struct turn_server *other = add_server(p, OTHER_SERVER, OTHER_RELAYED);

    settle(p);
    assert_int_equal(one->challenged + other->challenged, 1);
    run(p, 50 * AUGER_MS);
    assert_int_equal(one->challenged + other->challenged, 2);
    end(p);
}

static void a_way_by_udp_comes_before_tcp_and_that_before_tls(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_stream(p, "198.51.100.56:443", "198.51.100.96:53000", true);
    add_stream(p, "198.51.100.55:3478", "198.51.100.97:52000", false);
    add_server(p, SERVER, RELAYED);
    run(p, AUGER_SEC);
    uint32_t tls = 0, tcp = 0, udp = 0;
    for (size_t i = 0; i < told_len; i++) {
        if (told[i].addr.port == 53000)
            tls = told[i].priority;
        if (told[i].addr.port == 52000)
            tcp = told[i].priority;
        if (told[i].addr.port == 50000)
            udp = told[i].priority;
    }
    assert_true(tls > 0 && tcp > tls && udp > tcp);
    assert_int_equal(udp >> 24, 0);
    end(p);
}

static void an_address_that_cannot_be_the_servers_is_not_believed(void **state)
{
    (void)state;
    static const char *const lies[] = {"127.0.0.1:50000", "169.254.1.1:50000", PEER,
                                       "192.0.2.1:1001"};

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct puppet *p = agent(true);
        puppet_introduce(p);
        assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
        struct turn_server *server = add_server(p, SERVER, lies[i]);
        auger_ice_end_of_local_addrs(p->ice, p->world->now);
        run(p, AUGER_SEC);
        assert_int_equal(count_told(AUGER_CAND_RELAY), 0);
        assert_true(is_gathered);
        assert_in_range(server->releases + server->challenged, 1, 3);
        end(p);
    }
}

static void what_a_client_cannot_be_made_of_is_refused(void **state)
{
    (void)state;
    struct auger_ice_config config;
    struct auger_ice_turn_server server;

    auger_ice_config_init(&config);
    config.servers_max = 1;
    struct puppet *p = agent_with(&config);
    assert_int_equal(add_server_of(p, "198.51.100.53:0", "secret", false, false),
                     AUGER_ERR_INVALID);
    assert_int_equal(add_server_of(p, SERVER, NULL, false, false), AUGER_ERR_INVALID);
    assert_int_equal(add_server_of(p, SERVER, "\xc3\xa9", false, false), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(add_server_of(p, SERVER, "secret", false, false), 0);
    assert_int_equal(add_server_of(p, OTHER_SERVER, "secret", false, false), AUGER_ERR_LIMIT);
    assert_int_equal(auger_ice_share_sockets(p->ice, 1), AUGER_ERR_STATE);
    end(p);

    auger_ice_config_init(&config);
    config.lite = true;
    p = agent_with(&config);
    assert_int_equal(add_server_of(p, SERVER, "secret", false, false), AUGER_ERR_UNSUPPORTED);
    end(p);

    auger_ice_config_init(&config);
    p = agent_with(&config);
    assert_int_equal(auger_ice_share_sockets(p->ice, 1), 0);
    assert_int_equal(add_server_of(p, SERVER, "secret", false, false), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(add_server_of(p, SERVER, "secret", true, false), 0);
    end(p);

    config.relays_max = 0;
    p = agent_with(&config);
    auger_ice_turn_server_init(&server);
    server.addr = addr_of(SERVER);
    assert_int_equal(auger_ice_add_turn_server(p->ice, p->world->now, &server), AUGER_ERR_LIMIT);
    end(p);
}

/* --- checks --------------------------------------------------------------------------------- */

static void a_check_waits_for_the_permission(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->is_silent = true;
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->sends, 0);
    assert_int_equal(pair_of(p, RELAYED, PEER).requests_sent, 0);
    server->is_silent = false;
    run(p, 3 * AUGER_SEC);
    assert_int_equal(server->permits, 1);
    assert_non_null(find_check(RELAYED, PEER));
    assert_int_equal(server->dropped, 0);
    end(p);
}

static void one_permission_serves_all_ports_of_an_address(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    struct auger_cand again = cand_of(PEER_AGAIN, AUGER_CAND_HOST, 2130706430);
    strcpy(again.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &again), 0);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(server->permits, 1);
    assert_non_null(find_check(RELAYED, PEER));
    assert_non_null(find_check(RELAYED, PEER_AGAIN));
    end(p);
}

static void a_permission_is_asked_for_in_the_turn_of_its_pair(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    settle(p);
    assert_non_null(find_check("192.0.2.1:1001", PEER)); /* which is better, and has its Ta */
    assert_int_equal(server->permits, 0);
    run(p, 50 * AUGER_MS);
    assert_int_equal(server->permits, 1);
    end(p);
}

static void a_refused_peer_takes_no_other_with_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->permit_code = AUGER_STUN_FORBIDDEN;
    server->refused = PEER;
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    struct auger_cand other = cand_of(OTHER_PEER, AUGER_CAND_HOST, 2130706430);
    strcpy(other.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(pair_of(p, RELAYED, PEER).state, AUGER_PAIR_FAILED);
    assert_null(find_check(RELAYED, PEER));
    assert_non_null(find_check(RELAYED, OTHER_PEER));
    assert_int_equal(pair_of(p, "192.0.2.1:1001", PEER).state, AUGER_PAIR_IN_PROGRESS);
    end(p);
}

static void an_answer_through_the_relay_makes_the_pair_valid(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_ice_pair_info pair = pair_of(p, RELAYED, PEER);

    assert_true(pair.valid);
    assert_int_equal(pair.local.type, AUGER_CAND_RELAY);
    end(p);
}

static void a_check_through_the_relay_is_answered_through_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(false, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    left_len = 0;
    puppet_check(p, &(struct puppet_check){.from = PEER_AGAIN, .to = RELAYED, .role = CONTROLLING});
    run(p, AUGER_SEC);
    assert_true(left_len > 0 && is_along(&left[0], RELAYED, PEER_AGAIN));
    assert_int_equal(left[0].msg.class_, AUGER_STUN_SUCCESS);
    assert_non_null(find_check(RELAYED, PEER_AGAIN)); /* triggered */
    end(p);
}

static void what_the_server_says_itself_is_no_peers(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(false, &server);
    struct auger_ice_counters counters;

    puppet_check(p, &(struct puppet_check){.from = PEER, .to = RELAYED, .role = CONTROLLING});
    auger_ice_get_counters(p->ice, &counters);
    assert_int_equal(counters.checks_received, 0); /* no permission */
    assert_int_equal(server->dropped, 1);
    end(p);
}

/* --- data ----------------------------------------------------------------------------------- */

static int write_text(struct puppet *p, const char *text, struct auger_path *path, uint8_t *buf,
                      size_t cap)
{
    return auger_ice_write_data(p->ice, p->world->now, (const uint8_t *)text, strlen(text), path,
                                buf, cap);
}

static void data_goes_by_send_until_a_channel_is_bound(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    unsigned sends = server->sends;

    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(server->sends, sends + 1);
    assert_int_equal(server->last_len, 36 + 8); /* padded */
    assert_int_equal(server->channel_sends, 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->binds, 1);
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    assert_true(server->channel_sends > 0);
    struct auger_bytes data = puppet_deliver(p, PEER, RELAYED, (const uint8_t *)"back", 4);
    assert_int_equal(data.len, 4);
    assert_memory_equal(data.data, "back", 4);
    end(p);
}

static void a_channel_that_is_refused_is_not_asked_for_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    server->bind_code = AUGER_STUN_FORBIDDEN;
    run(p, 5 * AUGER_SEC);
    assert_int_equal(server->binds, 1);
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    end(p);
}

static void an_empty_write_asks_and_sends_nothing(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    uint8_t buf[AUGER_ICE_OVERHEAD];
    struct auger_path path;
    unsigned sends = server->sends;

    assert_int_equal(auger_ice_write_data(p->ice, p->world->now, NULL, 0, &path, buf, 0), 0);
    assert_int_equal(server->sends, sends);
    assert_int_equal(write_text(p, "hello", &path, buf, 8), AUGER_ERR_BUFFER);
    end(p);
}

static void data_from_a_peer_that_proved_nothing_is_dropped(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_bytes data = puppet_deliver(p, PEER_AGAIN, RELAYED, (const uint8_t *)"guess", 5);

    assert_null(data.data);
    end(p);
}

/* --- relay-only ----------------------------------------------------------------------------- */

static void with_relays_alone_nothing_leaves_but_through_them(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    struct puppet *p = agent_with(&config);
    struct turn_server *server = add_server(p, SERVER, RELAYED);
    struct auger_addr stun = addr_of("198.51.100.60:3478");

    server->mapped = MAPPED;
    assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &stun), 0);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    puppet_check(p, &(struct puppet_check){.from = PEER, .role = CONTROLLING});
    run(p, 3 * AUGER_SEC);
    assert_int_equal(told_len, 1);
    assert_int_equal(told[0].type, AUGER_CAND_RELAY);
    assert_int_equal(told[0].related.family, AUGER_FAMILY_NONE);
    assert_true(left_len > 0);
    assert_int_equal(count_from(RELAYED), left_len);
    end(p);
}

/* --- the end of an allocation ----------------------------------------------------------------- */

static void a_lost_allocation_goes_like_an_address_and_is_made_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    forget();
    server->refresh_code = AUGER_STUN_ALLOCATION_MISMATCH;
    server->relayed = OTHER_RELAYED;
    keep(p, 550 * AUGER_SEC);
    assert_int_equal(server->refreshes, 1);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(find_told(AUGER_CAND_RELAY)->addr.port, 51001);
    assert_int_equal(server->releases, 0);
    end(p);
}

static void lose(struct puppet *p, const struct turn_server *server)
{
    struct auger_path path = server->allocations[0].client;

    auger_ice_stream_lost(p->ice, p->world->now, &path);
    memset(turn_servers[0].allocations, 0, sizeof(turn_servers[0].allocations));
}

static struct puppet *agent_with_stream(struct turn_server **server)
{
    struct puppet *p = agent(true);

    *server = add_stream(p, SERVER, RELAYED, false);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    return p;
}

static void a_stream_is_named_by_its_two_ends(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);
    const struct auger_path *client = &server->allocations[0].client;
    struct auger_addr another = addr_of("192.0.2.1:1002");

    assert_int_equal(client->local.transport, AUGER_TCP);
    assert_int_equal(client->local.port, 0);
    assert_true(auger_addr_ip_equal(&client->local, &p->base));
    assert_int_equal(client->remote.transport, AUGER_TCP);
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 0);
    /* One for each IP address, whatever the ports. */
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &another), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    run(p, AUGER_SEC);
    struct auger_cand cands[8];
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 2);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &another), 0);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 0);
    end(p);
}

static void a_stream_that_breaks_is_opened_again_once(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    lose(p, server);
    struct auger_cand cands[8];
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 1); /* the host */
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 2);
    lose(p, server);
    run(p, 30 * AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    end(p);
}

static void what_has_stood_for_a_while_may_break_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    for (unsigned i = 2; i < 5; i++) {
        lose(p, server);
        run(p, 61 * AUGER_SEC);
        assert_int_equal(server->allocates, i);
    }
    end(p);
}

static void a_stream_that_never_opened_ends_gathering(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_stream(p, SERVER, RELAYED, false);
    struct auger_path path = {p->base, server->addr};

    path.local.port = 0;
    path.local.transport = AUGER_TCP;
    server->is_silent = true;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    assert_false(is_gathered);
    auger_ice_stream_lost(p->ice, p->world->now, &path);
    take_news(p);
    assert_true(is_gathered);
    end(p);
}

static void a_quota_that_is_reached_is_tried_again_after_a_minute(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->allocate_code = AUGER_STUN_ALLOCATION_QUOTA_REACHED;
    run(p, 50 * AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    server->allocate_code = 0;
    run(p, 15 * AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    end(p);
}

static void with_its_base_a_relay_goes(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_cand cands[8];

    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &p->base), 0);
    assert_int_equal(auger_ice_local_cands(p->ice, cands, 8), 0);
    assert_int_equal(puppet_pairs(p), 0);
    left_len = 0;
    unsigned refreshes = server->refreshes;
    run(p, 20 * AUGER_SEC);
    assert_int_equal(left_len, 0);
    assert_int_equal(server->refreshes + server->releases, refreshes);
    struct auger_addr relayed = addr_of(RELAYED);
    assert_int_equal(auger_ice_remove_local_addr(p->ice, p->world->now, &relayed),
                     AUGER_ERR_NOT_FOUND);
    end(p);
}

static void a_session_whose_relay_is_lost_goes_on_by_another(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_stream(&server);

    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, AUGER_SEC);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    run(p, AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    forget();
    server->relayed = OTHER_RELAYED;
    lose(p, server);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    struct sent *check = find_check("198.51.100.98:51001", PEER);
    assert_non_null(check);
    puppet_answer(p, check, &(struct puppet_answer){.to = "198.51.100.98:51001"});
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    end(p);
}

/* The next one may be there in a moment. */
static void no_restart_is_wanted_while_a_relay_is_asked_for(void **state)
{
    (void)state;
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    config.controlling = true;
    struct puppet *p = agent_with(&config);
    struct turn_server *server = add_stream(p, SERVER, RELAYED, false);
    run(p, AUGER_SEC);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, AUGER_SEC);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    run(p, AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    lose(p, server);
    run(p, 200 * AUGER_MS);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CHECKING);
    assert_false(is_restart_wanted);
    lose(p, server); /* and is not asked for any more */
    run(p, 200 * AUGER_MS);
    assert_true(is_restart_wanted);
    end(p);
}

/* --- keeping -------------------------------------------------------------------------------- */

static void the_mapping_to_the_server_is_kept_alive(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    run(p, 31 * AUGER_SEC);
    assert_int_equal(server->keepalives, 2);
    assert_int_equal(server->allocates, 1);
    end(p);
}

static void a_permission_that_no_pair_needs_is_forgotten(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    struct auger_cand other = cand_of(OTHER_PEER, AUGER_CAND_HOST, 2130706430);
    strcpy(other.foundation, "2");
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &other), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->permits, 2);
    puppet_answer(p, find_check(RELAYED, PEER), &(struct puppet_answer){.to = RELAYED});
    keep(p, 300 * AUGER_SEC); /* in which all that is kept is renewed */
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_CONNECTED);
    struct auger_addr kept = addr_of(PEER);
    assert_in_range(server->permits, 2, 3);
    assert_true(server->permits == 2 || auger_addr_ip_equal(&server->last_permit, &kept));
    end(p);
}

static void a_restart_keeps_the_allocation_and_tells_it_again(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 1);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(count_told(AUGER_CAND_SRFLX), 1);
    assert_true(is_gathered);
    end(p);
}

static void a_restart_asks_again_where_there_was_nothing(void **state)
{
    (void)state;
    struct puppet *p = agent(true);
    struct turn_server *server = add_server(p, SERVER, RELAYED);

    server->allocate_code = AUGER_STUN_FORBIDDEN;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    run(p, AUGER_SEC);
    server->allocate_code = 0;
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_true(is_gathered);
    end(p);
}

static void a_failed_session_is_silent_and_a_restart_finds_what_still_stands(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    unsigned keepalives = server->keepalives;
    run(p, 60 * AUGER_SEC);
    assert_int_equal(server->keepalives, keepalives);
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    assert_int_equal(server->allocates, 1);
    end(p);

    p = agent_with_relay(true, &server);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, 60 * AUGER_SEC);
    p->world->now += 3600 * AUGER_SEC; /* by then the server has let it go */
    memset(server->allocations, 0, sizeof(server->allocations));
    forget();
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), 0);
    run(p, AUGER_SEC);
    assert_int_equal(server->allocates, 2);
    assert_int_equal(count_told(AUGER_CAND_RELAY), 1);
    end(p);
}

static void closing_gives_back_and_says_nothing_else(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);

    forget();
    auger_ice_close(p->ice, p->world->now);
    assert_int_equal(auger_ice_next_timeout(p->ice) == AUGER_NEVER, false);
    run(p, 2 * AUGER_SEC);
    assert_int_equal(server->releases, 1);
    assert_int_equal(left_len, 0);
    assert_int_equal(told_len, 0);
    assert_true(auger_ice_next_timeout(p->ice) == AUGER_NEVER);
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), AUGER_ERR_NO_PATH);
    assert_int_equal(auger_ice_restart(p->ice, p->world->now), AUGER_ERR_STATE);
    auger_ice_close(p->ice, p->world->now);
    end(p);
}

static void closing_ends_though_no_server_answers(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);

    server->is_silent = true;
    auger_ice_close(p->ice, p->world->now);
    run(p, 1100 * AUGER_MS);
    assert_true(auger_ice_next_timeout(p->ice) == AUGER_NEVER);
    end(p);
}

/* --- what is said about it ------------------------------------------------------------------ */

static struct auger_ice_explanation explain(const struct puppet *p)
{
    struct auger_ice_explanation explanation;

    auger_ice_explain(p->ice, &explanation);
    return explanation;
}

static struct puppet *relay_only(struct turn_server **server, const char *password)
{
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.policy = AUGER_ICE_POLICY_RELAY;
    struct puppet *p = agent_with(&config);
    *server = turn_add(SERVER, RELAYED);
    assert_int_equal(add_server_of(p, SERVER, password, false, false), 0);
    puppet_introduce(p);
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    return p;
}

static void a_refused_password_is_the_reason(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relay_only(&server, "wrong");

    run(p, AUGER_SEC);
    struct auger_ice_explanation why = explain(p);
    assert_string_equal(auger_ice_why_name(why.why), "turn-password");
    assert_int_equal(why.turn_code, 401);
    assert_int_equal(why.turn_servers, 1);
    assert_int_equal(why.relays, 0);
    assert_non_null(
        strstr(why.evidence, "TURN: 1 servers, 0 relays, name or password is wrong (401)"));
    end(p);
}

static void a_silent_server_is_the_reason(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relay_only(&server, "secret");

    server->is_silent = true;
    run(p, 11 * AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-no-answer");
    run(p, 40 * AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-no-answer");
    end(p);
}

static void an_error_of_the_server_is_the_reason(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relay_only(&server, "secret");

    server->allocate_code = AUGER_STUN_ALLOCATION_QUOTA_REACHED;
    run(p, AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-refused");
    assert_int_equal(explain(p).turn_code, 486);
    assert_int_equal(explain(p).turn_error, AUGER_TURN_ERROR_QUOTA);
    end(p);
}

/* Nothing arrived, and a relay would have helped. */
static void it_is_the_reason_with_other_candidates_too(void **state)
{
    (void)state;
    struct puppet *p = agent(true);

    add_server(p, SERVER, RELAYED)->allocate_code = AUGER_STUN_FORBIDDEN;
    auger_ice_end_of_local_addrs(p->ice, p->world->now);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    auger_ice_end_of_remote_cands(p->ice, p->world->now);
    run(p, 60 * AUGER_SEC);
    assert_int_equal(auger_ice_get_state(p->ice), AUGER_ICE_FAILED);
    assert_string_equal(auger_ice_why_name(explain(p).why), "turn-refused");
    end(p);

    struct turn_server *server;
    p = agent_with_relay(true, &server);
    assert_int_equal(puppet_tell(p, PEER, 2130706431), 0);
    run(p, 60 * AUGER_SEC);
    assert_string_equal(auger_ice_why_name(explain(p).why), "nothing-arrived");
    end(p);
}

static void statistics_name_the_server_and_the_way_to_it(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = agent_with_relay(true, &server);
    struct auger_ice_cand_stats stats;
    struct auger_addr addr = addr_of(SERVER);
    bool is_found = false;

    for (size_t i = 0; auger_ice_get_cand_stats(p->ice, i, &stats) == 0; i++) {
        assert_int_equal(stats.relay_protocol[0] != 0, stats.cand.type == AUGER_CAND_RELAY);
        if (stats.cand.type != AUGER_CAND_RELAY)
            continue;
        is_found = true;
        assert_string_equal(stats.relay_protocol, "udp");
        assert_string_equal(stats.id, "L relay " RELAYED);
        assert_true(auger_addr_equal(&stats.server, &addr));
    }
    assert_true(is_found);
    end(p);
}

static void what_the_socket_refuses_is_counted_without_the_wrapping(void **state)
{
    (void)state;
    struct turn_server *server;
    struct puppet *p = relayed_session(true, &server);
    struct auger_ice_pair_stats stats;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;

    assert_int_equal(write_text(p, "four", &path, buf, sizeof(buf)), 4);
    auger_ice_note_discarded(p->ice, &server->allocations[0].client, 4 + 36);
    run(p, AUGER_SEC);
    assert_int_equal(write_text(p, "hello", &path, buf, sizeof(buf)), 5);
    auger_ice_note_discarded(p->ice, &server->allocations[0].client, 5 + 4);
    for (size_t i = 0; auger_ice_get_pair_stats(p->ice, i, &stats) == 0; i++)
        if (stats.packets_discarded_on_send > 0)
            break;
    assert_int_equal(stats.packets_discarded_on_send, 2);
    assert_int_equal(stats.bytes_discarded_on_send, 4 + 5);
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_makes_both_candidates),
        cmocka_unit_test(a_relay_of_both_families_makes_two_candidates),
        cmocka_unit_test(a_server_that_is_dead_delays_no_other),
        cmocka_unit_test(gathering_ends_with_the_last_refusal),
        cmocka_unit_test(each_server_is_asked_once_before_any_twice),
        cmocka_unit_test(new_clients_are_paced),
        cmocka_unit_test(a_way_by_udp_comes_before_tcp_and_that_before_tls),
        cmocka_unit_test(an_address_that_cannot_be_the_servers_is_not_believed),
        cmocka_unit_test(what_a_client_cannot_be_made_of_is_refused),
        cmocka_unit_test(a_check_waits_for_the_permission),
        cmocka_unit_test(one_permission_serves_all_ports_of_an_address),
        cmocka_unit_test(a_permission_is_asked_for_in_the_turn_of_its_pair),
        cmocka_unit_test(a_refused_peer_takes_no_other_with_it),
        cmocka_unit_test(an_answer_through_the_relay_makes_the_pair_valid),
        cmocka_unit_test(a_check_through_the_relay_is_answered_through_it),
        cmocka_unit_test(what_the_server_says_itself_is_no_peers),
        cmocka_unit_test(data_goes_by_send_until_a_channel_is_bound),
        cmocka_unit_test(a_channel_that_is_refused_is_not_asked_for_again),
        cmocka_unit_test(an_empty_write_asks_and_sends_nothing),
        cmocka_unit_test(data_from_a_peer_that_proved_nothing_is_dropped),
        cmocka_unit_test(with_relays_alone_nothing_leaves_but_through_them),
        cmocka_unit_test(a_lost_allocation_goes_like_an_address_and_is_made_again),
        cmocka_unit_test(a_stream_is_named_by_its_two_ends),
        cmocka_unit_test(a_stream_that_breaks_is_opened_again_once),
        cmocka_unit_test(what_has_stood_for_a_while_may_break_again),
        cmocka_unit_test(a_stream_that_never_opened_ends_gathering),
        cmocka_unit_test(a_quota_that_is_reached_is_tried_again_after_a_minute),
        cmocka_unit_test(with_its_base_a_relay_goes),
        cmocka_unit_test(a_session_whose_relay_is_lost_goes_on_by_another),
        cmocka_unit_test(no_restart_is_wanted_while_a_relay_is_asked_for),
        cmocka_unit_test(the_mapping_to_the_server_is_kept_alive),
        cmocka_unit_test(a_permission_that_no_pair_needs_is_forgotten),
        cmocka_unit_test(a_restart_keeps_the_allocation_and_tells_it_again),
        cmocka_unit_test(a_restart_asks_again_where_there_was_nothing),
        cmocka_unit_test(a_failed_session_is_silent_and_a_restart_finds_what_still_stands),
        cmocka_unit_test(closing_gives_back_and_says_nothing_else),
        cmocka_unit_test(closing_ends_though_no_server_answers),
        cmocka_unit_test(a_refused_password_is_the_reason),
        cmocka_unit_test(a_silent_server_is_the_reason),
        cmocka_unit_test(an_error_of_the_server_is_the_reason),
        cmocka_unit_test(it_is_the_reason_with_other_candidates_too),
        cmocka_unit_test(statistics_name_the_server_and_the_way_to_it),
        cmocka_unit_test(what_the_socket_refuses_is_counted_without_the_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
