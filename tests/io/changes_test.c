/* A loop whose peer follows the machine's addresses.  Those of this machine stay as they are; that
 * they come and go for real is interop/tests/network_change_test.mjs. */
#include "tests/io/ends.h"

#include "io/bases.h"
#include "io/changes.h"
#include "io/names.h"

#include <sys/resource.h>
#include <unistd.h>

static struct auger_machine *machine_with(const char *const *ips, size_t len)
{
    struct auger_machine *machine = calloc(1, sizeof(*machine));

    assert_non_null(machine);
    for (size_t i = 0; i < len; i++) {
        struct auger_machine_row *row = &machine->rows[machine->len++];
        *row = (struct auger_machine_row){.index = 1, .is_up = true, .is_loopback = true};
        strcpy(row->net.interface, "lo");
        assert_int_equal(auger_addr_parse_ip(&row->net.addr, ips[i], strlen(ips[i]), 0), 0);
    }
    return machine;
}

static struct auger_loop *loop_with(struct auger_peer **peer,
                                    const struct auger_peer_config *config, bool fixed)
{
    struct auger_net_config net;
    struct auger_loop *loop;
    static const char *const only[] = {"127.0.0.0/8"};

    auger_net_config_init(&net);
    net.loopback = true;
    net.only = only;
    net.only_len = 1;
    net.fixed = fixed;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, config, &net, peer), 0);
    return loop;
}

static struct auger_loop *loop_with_peer(struct auger_peer **peer, bool fixed)
{
    return loop_with(peer, NULL, fixed);
}

static void follow(struct auger_loop *loop, const char *const *ips, size_t len)
{
    struct auger_machine *machine = machine_with(ips, len);

    auger_changes_follow(loop, machine, auger_loop_now(loop));
    free(machine);
}

static void must_have(const struct auger_peer *peer, const char *const *ips, size_t len)
{
    struct auger_cand cands[32];
    char ip[AUGER_ADDR_TEXT_MAX];

    assert_int_equal(auger_ice_local_cands(auger_peer_ice(peer), cands, 32), len);
    for (size_t i = 0; i < len; i++) {
        bool found = false;
        for (size_t j = 0; j < len; j++)
            found |= strcmp(auger_addr_format_ip(&cands[j].addr, ip, sizeof(ip)), ips[i]) == 0;
        assert_true(found);
    }
}

static void addresses_that_come_get_sockets_and_those_that_go_lose_theirs(void **state)
{
    static const char *const before[] = {"127.0.0.1"}, *const both[] = {"127.0.0.1", "127.0.0.9"},
                             *const after[] = {"127.0.0.9"};
    struct auger_peer *peer;
    struct auger_loop *loop = loop_with_peer(&peer, false);

    (void)state;
    must_have(peer, before, 1);
    follow(loop, both, 2);
    must_have(peer, both, 2);
    follow(loop, after, 1);
    must_have(peer, after, 1);
    assert_int_equal(loop->slots[0]->sockets[0].udp.fd, -1);
    follow(loop, before, 1);
    must_have(peer, before, 1);
    auger_loop_free(loop);
}

static void sockets_of_tcp_come_and_go_with_those_of_udp(void **state)
{
    static const char *const before[] = {"127.0.0.1"}, *const after[] = {"127.0.0.9"};
    struct auger_peer_config config;
    struct auger_peer *peer;

    (void)state;
    auger_peer_config_init(&config);
    config.ice.tcp = AUGER_ICE_TCP_PASSIVE;
    struct auger_loop *loop = loop_with(&peer, &config, false);
    const struct auger_slot *slot = loop->slots[0];
    follow(loop, before, 1);
    assert_int_equal(slot->sockets_len, 2);
    follow(loop, after, 1);
    for (size_t i = 0; i < slot->sockets_len; i++)
        assert_true(slot->sockets[i].udp.fd < 0 || slot->sockets[i].udp.addr.ip[3] == 9);
    follow(loop, before, 1);
    assert_in_range(slot->sockets_len, 2, 4);
    assert_int_equal(slot->sockets[0].udp.addr.transport, AUGER_UDP);
    assert_int_equal(slot->sockets[1].udp.addr.transport, AUGER_TCP);
    assert_true(slot->sockets[0].udp.fd >= 0 && slot->sockets[1].udp.fd >= 0);
    auger_loop_free(loop);
}

/* RFC 4862 section 5.5.4. */
static void an_address_that_is_deprecated_by_now_stays_in_use(void **state)
{
    static const char *const ips[] = {"127.0.0.1"};
    struct auger_peer *peer;
    struct auger_loop *loop = loop_with_peer(&peer, false);
    struct auger_machine *machine = machine_with(ips, 1);

    (void)state;
    machine->rows[0].net.deprecated = true;
    auger_bases_follow(loop->slots[0], loop->epoll_fd, machine, auger_loop_now(loop));
    must_have(peer, ips, 1);
    machine->rows[0].is_up = false;
    auger_bases_follow(loop->slots[0], loop->epoll_fd, machine, auger_loop_now(loop));
    must_have(peer, ips, 0);
    free(machine);
    auger_loop_free(loop);
}

static void a_peer_with_fixed_addresses_keeps_them(void **state)
{
    static const char *const before[] = {"127.0.0.1"}, *const after[] = {"127.0.0.9"};
    struct auger_peer *peer;
    struct auger_loop *loop = loop_with_peer(&peer, true);

    (void)state;
    follow(loop, after, 1);
    must_have(peer, before, 1);
    auger_loop_free(loop);
}

static void many_changes_use_no_more_than_the_places_that_there_are(void **state)
{
    struct auger_peer *peer;
    struct auger_loop *loop = loop_with_peer(&peer, false);
    char text[16];
    const char *const ips[] = {text};

    (void)state;
    for (int i = 2; i < 60; i++) {
        snprintf(text, sizeof(text), "127.0.0.%d", i);
        follow(loop, ips, 1);
        must_have(peer, ips, 1);
    }
    assert_true(loop->slots[0]->sockets_len <= 2);
    auger_loop_free(loop);
}

/* What the kernel tells is waited for to end, and then looked up. */
static void a_burst_of_news_is_followed_once_after_a_moment(void **state)
{
    struct auger_peer *peer;
    struct auger_loop *loop = loop_with_peer(&peer, false);
    const auger_time now = auger_loop_now(loop);

    (void)state;
    assert_true(loop->changes.udp.fd >= 0);
    auger_changes_receive(loop, now);
    auger_changes_receive(loop, now + 200 * AUGER_MS);
    assert_int_equal(loop->changed_at, now + 300 * AUGER_MS);
    auger_changes_handle_timeout(loop, now + 299 * AUGER_MS);
    assert_int_equal(loop->changed_at, now + 300 * AUGER_MS);
    auger_changes_handle_timeout(loop, now + 300 * AUGER_MS);
    assert_int_equal(loop->changed_at, AUGER_NEVER);
    auger_loop_free(loop);
}

/* EMFILE, as when all descriptors are in use: the change is not lost for it. */
static void a_look_that_fails_is_repeated(void **state)
{
    static const char *const before[] = {"127.0.0.9"}, *const after[] = {"127.0.0.1"};
    struct auger_peer *peer;
    struct auger_loop *loop = loop_with_peer(&peer, false);
    const auger_time now = auger_loop_now(loop);
    struct rlimit limit, none;

    (void)state;
    follow(loop, before, 1);
    auger_changes_receive(loop, now);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    auger_changes_handle_timeout(loop, now + 300 * AUGER_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    must_have(peer, before, 1);
    assert_int_equal(loop->changed_at, now + 1300 * AUGER_MS);
    auger_changes_handle_timeout(loop, now + 1300 * AUGER_MS);
    must_have(peer, after, 1);
    assert_int_equal(loop->changed_at, AUGER_NEVER);
    auger_loop_free(loop);
}

/* --- names in place of addresses ------------------------------------------------------------- */

struct told {
    size_t len;
    char lines[32][AUGER_CAND_LINE_MAX];
};

static void hear(struct auger_loop *loop, struct told *told)
{
    struct auger_loop_event event;

    told->len = 0;
    while (auger_loop_poll(loop, &event)) {
        if (event.type == AUGER_LOOP_EVENT_TROUBLE)
            fail_msg("trouble: %s", event.what);
        if (event.type == AUGER_LOOP_EVENT_PEER && event.event.type == AUGER_PEER_EVENT_CANDIDATE)
            snprintf(told->lines[told->len++], AUGER_CAND_LINE_MAX, "%s", event.event.candidate);
    }
}

static void must_be_told_by_name(struct auger_peer *peer, auger_time now, const struct told *told)
{
    static char sdp[AUGER_SDP_MAX + 1];
    char name[AUGER_MDNS_NAME_MAX];

    assert_int_equal(told->len, 1);
    assert_int_equal(sscanf(told->lines[0], "candidate:%*s 1 udp %*s %42s", name), 1);
    assert_true(auger_mdns_is_name(name, strlen(name)));
    assert_true(auger_peer_create_offer(peer, now, sdp, sizeof(sdp)) > 0);
    assert_null(strstr(strstr(sdp, "candidate:"), "127.0.0."));
    assert_non_null(strstr(sdp, name));
    assert_int_equal(auger_peer_rollback(peer, now), 0);
}

static size_t count_names(const struct auger_loop *loop)
{
    size_t len = 0;

    for (size_t i = 0; i < AUGER_NAMES_PUBLISHED_MAX; i++)
        len += loop->names->published[i].uses;
    return len;
}

static void an_address_that_comes_is_told_by_a_name_that_goes_with_it(void **state)
{
    static struct told told;
    char text[16];
    const char *const before[] = {"127.0.0.1"}, *const both[] = {"127.0.0.1", text};
    struct auger_peer_config config;
    struct auger_peer *peer;

    (void)state;
    auger_peer_config_init(&config);
    config.hide_addresses = true;
    struct auger_loop *loop = loop_with(&peer, &config, false);
    hear(loop, &told);
    assert_int_equal(told.len, 1);
    for (int i = 2; i < 40; i++) { /* more of them than there are places for names */
        snprintf(text, sizeof(text), "127.0.0.%d", i);
        follow(loop, both, 2);
        hear(loop, &told);
        must_be_told_by_name(peer, auger_loop_now(loop), &told);
        assert_int_equal(count_names(loop), 2);
        follow(loop, before, 1);
        assert_int_equal(count_names(loop), 1);
    }
    follow(loop, before, 0);
    assert_int_equal(count_names(loop), 0);
    auger_loop_free(loop);
}

/* --- shared sockets ------------------------------------------------------------------------ */

static struct auger_loop_mux *mux_of(struct auger_loop *loop, uint16_t ports)
{
    struct auger_net_config net;
    struct auger_loop_mux *mux;
    static const char *const only[] = {"127.0.0.0/8"};

    auger_net_config_init(&net);
    net.loopback = true;
    net.only = only;
    net.only_len = 1;
    if (ports == 0) {
        assert_int_equal(auger_loop_mux_new(loop, &net, &mux), 0);
        return mux;
    }
    for (unsigned port = 20000; port < 60000; port += ports) {
        net.port_min = (uint16_t)port;
        net.port_max = (uint16_t)(port + ports - 1);
        if (auger_loop_mux_new(loop, &net, &mux) == 0)
            return mux;
    }
    fail_msg("no %u ports are free", ports);
    return NULL;
}

static struct auger_peer *peer_on(struct auger_loop *loop, struct auger_loop_mux *mux)
{
    struct auger_net_config net;
    struct auger_peer *peer;

    auger_net_config_init(&net);
    net.mux = mux;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    return peer;
}

static void what_comes_and_goes_at_a_mux_does_for_all_its_peers(void **state)
{
    static const char *const both[] = {"127.0.0.1", "127.0.0.9"}, *const after[] = {"127.0.0.9"};
    struct auger_peer *peers[4];
    struct auger_loop *loop;
    struct auger_addr addrs[4];

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    struct auger_loop_mux *mux = mux_of(loop, 0);
    assert_true(loop->changes.udp.fd >= 0);
    for (int i = 0; i < 3; i++)
        peers[i] = peer_on(loop, mux);
    follow(loop, both, 2);
    peers[3] = peer_on(loop, mux);
    for (int i = 0; i < 4; i++)
        must_have(peers[i], both, 2);
    assert_int_equal(auger_loop_mux_addrs(mux, addrs, 4), 2);
    follow(loop, after, 1);
    for (int i = 0; i < 4; i++)
        must_have(peers[i], after, 1);
    assert_int_equal(auger_loop_mux_addrs(mux, addrs, 4), 1);
    must_have(peer_on(loop, mux), after, 1);
    auger_loop_free(loop);
}

/* The table is full, so that what comes needs the places of what goes. */
static void a_mux_has_all_ports_of_an_address_or_none(void **state)
{
    enum { PORTS = 40 };
    static const char *const before[] = {"127.0.0.1"}, *const both[] = {"127.0.0.1", "127.0.0.9"},
                             *const after[] = {"127.0.0.9"};
    struct auger_addr addrs[AUGER_SHARED_SOCKETS_MAX];
    struct auger_cand cands[AUGER_SHARED_SOCKETS_MAX];
    struct auger_loop *loop;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    struct auger_loop_mux *mux = mux_of(loop, PORTS);
    struct auger_peer *peer = peer_on(loop, mux);
    follow(loop, both, 2);
    assert_int_equal(auger_loop_mux_addrs(mux, addrs, ARRAY_LEN(addrs)), PORTS);
    assert_false(
        auger_shared_has(mux, &(struct auger_addr){.family = AUGER_IPV4, .ip = {127, 0, 0, 9}}));
    follow(loop, after, 1);
    assert_int_equal(auger_loop_mux_addrs(mux, addrs, ARRAY_LEN(addrs)), PORTS);
    assert_int_equal(auger_ice_local_cands(auger_peer_ice(peer), cands, ARRAY_LEN(cands)), PORTS);
    for (size_t i = 0; i < PORTS; i++)
        assert_int_equal(cands[i].addr.ip[3], 9);
    for (int i = 0; i < 5; i++) {
        follow(loop, i % 2 ? after : before, 1);
        assert_int_equal(auger_ice_local_cands(auger_peer_ice(peer), cands, ARRAY_LEN(cands)),
                         PORTS);
    }
    auger_loop_free(loop);
}

static void a_peer_has_room_for_all_that_comes_to_its_mux(void **state)
{
    enum { PORTS = 20 };
    static const char *const both[] = {"127.0.0.1", "127.0.0.9"};
    struct auger_cand cands[AUGER_SHARED_SOCKETS_MAX];
    struct auger_loop *loop;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    struct auger_peer *peer = peer_on(loop, mux_of(loop, PORTS));
    follow(loop, both, 2);
    assert_int_equal(auger_ice_local_cands(auger_peer_ice(peer), cands, ARRAY_LEN(cands)),
                     2 * PORTS);
    auger_loop_free(loop);
}

static void a_port_that_another_program_has_is_a_trouble_until_it_is_free(void **state)
{
    static const char *const before[] = {"127.0.0.1"}, *const both[] = {"127.0.0.1", "127.0.0.9"};
    struct auger_loop_event event;
    struct auger_addr at[2];
    struct auger_loop *loop;
    struct auger_udp other;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    struct auger_loop_mux *mux = mux_of(loop, 1);
    struct auger_peer *peer = peer_on(loop, mux);
    assert_int_equal(auger_loop_mux_addrs(mux, at, 2), 1);
    at[0].ip[3] = 9;
    assert_int_equal(auger_udp_open(&other, &at[0], 65536), 0);
    for (int i = 0; i < 2; i++) {
        follow(loop, both, 2);
        while (auger_loop_poll(loop, &event) && event.type != AUGER_LOOP_EVENT_TROUBLE)
            ;
        assert_int_equal(event.type, AUGER_LOOP_EVENT_TROUBLE);
        assert_null(event.peer);
        assert_int_equal(event.error, AUGER_ERR_SYSTEM);
        assert_non_null(strstr(event.what, "127.0.0.9"));
        must_have(peer, before, 1);
    }
    auger_udp_close(&other);
    follow(loop, both, 2);
    must_have(peer, both, 2);
    while (auger_loop_poll(loop, &event))
        assert_int_not_equal(event.type, AUGER_LOOP_EVENT_TROUBLE);
    auger_loop_free(loop);
}

static void sessions_of_a_mux_outlive_its_address(void **state)
{
    static const char *const after[] = {"127.0.0.9"};
    static struct ends ends;
    struct auger_peer_info info;

    (void)state;
    ends = (struct ends){0};
    assert_int_equal(auger_loop_new(&ends.loop, NULL), 0);
    ends.peers[ALICE] = peer_on(ends.loop, mux_of(ends.loop, 0));
    ends.peers[BOB] = new_peer(ends.loop);
    introduce(&ends);
    until_open(&ends);
    follow(ends.loop, after, 1);
    do {
        step(&ends);
        auger_peer_get_info(ends.peers[BOB], &info);
    } while (!info.has_path || info.selected.remote.addr.ip[3] != 9);
    for (int side = ALICE; side <= BOB; side++) {
        send_text(&ends, side, "after");
        while (ends.messages[!side] == 0)
            step(&ends);
        assert_string_equal(ends.latest[!side], "after");
    }
    assert_int_equal(ends.states[ALICE], AUGER_PEER_CONNECTED);
    auger_loop_free(ends.loop);
}

static void a_mux_with_fixed_addresses_keeps_them(void **state)
{
    static const char *const before[] = {"127.0.0.1"}, *const after[] = {"127.0.0.9"};
    struct auger_net_config net;
    struct auger_loop_mux *mux;
    struct auger_loop *loop;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    for (int bound = 0; bound < 2; bound++) {
        net = net_of_loopback();
        net.fixed = !bound;
        net.bind = bound ? net.bind : NULL;
        net.only = before;
        net.only_len = 1;
        assert_int_equal(auger_loop_mux_new(loop, &net, &mux), 0);
        struct auger_peer *peer = peer_on(loop, mux);
        follow(loop, after, 1);
        must_have(peer, before, 1);
    }
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_come_get_sockets_and_those_that_go_lose_theirs),
        cmocka_unit_test(sockets_of_tcp_come_and_go_with_those_of_udp),
        cmocka_unit_test(an_address_that_is_deprecated_by_now_stays_in_use),
        cmocka_unit_test(a_peer_with_fixed_addresses_keeps_them),
        cmocka_unit_test(many_changes_use_no_more_than_the_places_that_there_are),
        cmocka_unit_test(a_burst_of_news_is_followed_once_after_a_moment),
        cmocka_unit_test(a_look_that_fails_is_repeated),
        cmocka_unit_test(an_address_that_comes_is_told_by_a_name_that_goes_with_it),
        cmocka_unit_test(what_comes_and_goes_at_a_mux_does_for_all_its_peers),
        cmocka_unit_test(a_mux_has_all_ports_of_an_address_or_none),
        cmocka_unit_test(a_peer_has_room_for_all_that_comes_to_its_mux),
        cmocka_unit_test(a_port_that_another_program_has_is_a_trouble_until_it_is_free),
        cmocka_unit_test(sessions_of_a_mux_outlive_its_address),
        cmocka_unit_test(a_mux_with_fixed_addresses_keeps_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
