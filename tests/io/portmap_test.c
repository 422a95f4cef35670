/* A peer whose gateway is a router that runs Debian's miniupnpd: router.h draws it. */
#define _GNU_SOURCE
#include "tests/io/router.h"

#include "io/loop_state.h"
#include "io/portmap.h"
#include "io/sockaddr.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define PATIENCE (30 * AUGER_SEC)

/* What an end listens by, and whether it asks for ports. */
struct traits {
    uint8_t tcp; /* types of candidates; 0: it is UDP alone */
    bool port_mapping;
    bool ipv6; /* alone */
};

struct end {
    struct auger_loop *loop;
    struct auger_peer *peer;
    struct auger_addr base;
    bool was_knocked;
    auger_time begun_at;
};

/* Whoever knocks comes from outside. */
static void see(void *user, const struct auger_tap *tap)
{
    struct end *end = user;

    end->was_knocked |=
        !tap->outbound && tap->data.len == 5 && memcmp(tap->data.data, "knock", 5) == 0;
}

static void open_end_of(struct end *end, struct traits traits)
{
    struct auger_loop_config config;
    struct auger_peer_config peer;
    struct auger_net_config net;
    struct auger_cand cand;

    *end = (struct end){0};
    auger_loop_config_init(&config);
    config.tap = see;
    config.tap_user = end;
    auger_net_config_init(&net);
    net.port_mapping = traits.port_mapping;
    net.no_udp = traits.tcp != 0;
    auger_peer_config_init(&peer);
    peer.ice.tcp = traits.tcp;
    net.ipv4 = !traits.ipv6;
    net.ipv6 = traits.ipv6;
    assert_int_equal(auger_loop_new(&end->loop, &config), 0);
    assert_int_equal(auger_loop_peer_new(end->loop, &peer, &net, &end->peer), 0);
    assert_int_equal(auger_ice_local_cands(auger_peer_ice(end->peer), &cand, 1), 1);
    end->base = cand.addr;
    end->begun_at = auger_loop_now(end->loop);
}

static void open_end(struct end *end, bool port_mapping)
{
    open_end_of(end, (struct traits){.port_mapping = port_mapping});
}

/* Goes round until `holds`, or time is up; what it has come to. */
static bool until(struct end *end, bool (*holds)(const struct end *end))
{
    struct auger_loop_event event;
    auger_time by = auger_loop_now(end->loop) + PATIENCE;

    while (!holds(end) && auger_loop_now(end->loop) < by) {
        struct pollfd readable = {.fd = auger_loop_fd(end->loop), .events = POLLIN};
        while (auger_loop_poll(end->loop, &event))
            ;
        poll(&readable, 1, 50);
    }
    return holds(end);
}

static bool find_mapped(const struct end *end, struct auger_addr *outside)
{
    struct auger_cand cands[8];
    size_t len = auger_ice_local_cands(auger_peer_ice(end->peer), cands, 8);

    for (size_t i = 0; i < len; i++) {
        if (cands[i].type == AUGER_CAND_SRFLX) {
            *outside = cands[i].addr;
            return true;
        }
    }
    return false;
}

static bool is_mapped(const struct end *end)
{
    struct auger_addr outside;

    return find_mapped(end, &outside);
}

static bool was_knocked(const struct end *end)
{
    return end->was_knocked;
}

static bool is_let_in(const struct end *end)
{
    return lets_in(end->base.port);
}

static bool is_shut(const struct end *end)
{
    return !lets_in(end->base.port);
}

static void knock(const struct auger_addr *to)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, to);

    enter(house.outside);
    int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(fd, "knock", 5, 0, (struct sockaddr *)&sa, len), 5);
    close(fd);
    enter(house.ours);
}

/* Framed, as RFC 6544 section 3 has it; the connection is the caller's to close. */
static int knock_by_tcp(const struct auger_addr *to)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(to->port)};

    memcpy(&sa.sin_addr, to->ip, 4);
    enter(house.outside);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(write(fd, "\0\5knock", 7), 7);
    enter(house.ours);
    return fd;
}

static void a_port_of_tcp_is_let_in(const char *speaks, uint8_t types)
{
    struct auger_addr outside = {0};
    struct end end;

    start_server(speaks);
    open_end_of(&end, (struct traits){.tcp = types, .port_mapping = true});
    assert_true(until(&end, is_mapped));
    assert_true(find_mapped(&end, &outside));
    assert_int_equal(outside.transport, AUGER_TCP);
    assert_memory_equal(outside.ip, ((uint8_t[]){5, 5, 5, 5}), 4);
    int fd = knock_by_tcp(&outside);
    assert_true(until(&end, was_knocked));
    close(fd);
    auger_loop_peer_free(end.loop, end.peer);
    assert_true(until(&end, is_shut));
    auger_loop_free(end.loop);
    stop_server();
}

static void test_who_connects_from_outside_is_let_in(void **state)
{
    (void)state;
    a_port_of_tcp_is_let_in("enable_natpmp=yes\nenable_upnp=no", AUGER_ICE_TCP_PASSIVE);
    a_port_of_tcp_is_let_in("enable_natpmp=no\nenable_upnp=yes", AUGER_ICE_TCP_SO);
}

static bool is_old(const struct end *end)
{
    return auger_loop_now(end->loop) > end->begun_at + 2 * AUGER_SEC;
}

/* An active candidate has no port that anybody could connect to. */
static void test_for_who_only_connects_no_port_is_asked(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no");
    open_end_of(&end, (struct traits){.tcp = AUGER_ICE_TCP_ACTIVE, .port_mapping = true});
    assert_true(until(&end, is_old));
    for (size_t i = 0; i < AUGER_PORTS_MAX; i++)
        assert_int_equal(end.loop->ports->items[i].slot_id, 0);
    auger_loop_free(end.loop);
    stop_server();
}

static void test_a_gateway_lets_in_who_comes_from_outside(void **state)
{
    struct auger_addr outside = {0};
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    assert_true(find_mapped(&end, &outside));
    assert_memory_equal(outside.ip, ((uint8_t[]){5, 5, 5, 5}), 4);
    assert_true(lets_in(end.base.port));
    knock(&outside);
    assert_true(until(&end, was_knocked));
    auger_loop_free(end.loop);
    stop_server();
}

static void test_a_peer_that_goes_gives_its_mapping_back(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    assert_true(lets_in(end.base.port));
    auger_loop_peer_free(end.loop, end.peer);
    assert_true(until(&end, is_shut));
    auger_loop_free(end.loop);
    stop_server();
}

static void test_a_loop_that_goes_gives_all_back(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    auger_loop_free(end.loop);
    for (int i = 0; i < 100 && lets_in(end.base.port); i++) /* it is said once, and on its way */
        poll(NULL, 0, 50);
    assert_false(lets_in(end.base.port));
    stop_server();
}

/* The clock of the first server has to be ahead of what the second one begins with. */
static bool is_some_seconds_old(const struct end *end)
{
    return auger_loop_now(end->loop) > end->begun_at + 6 * AUGER_SEC;
}

static void test_a_router_that_restarts_is_asked_again(void **state)
{
    struct auger_addr before = {0}, after = {0};
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    assert_true(find_mapped(&end, &before));
    assert_true(until(&end, is_some_seconds_old));
    stop_server();
    assert_false(lets_in(end.base.port));
    start_server("enable_natpmp=yes\nenable_upnp=no");
    assert_true(until(&end, is_let_in));
    assert_true(find_mapped(&end, &after));
    assert_true(auger_addr_equal(&before, &after)); /* what it had was suggested */
    auger_loop_free(end.loop);
    stop_server();
}

static void test_nothing_is_asked_unless_it_is_wanted(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no");
    open_end(&end, true); /* which proves that the server is there */
    assert_true(until(&end, is_mapped));
    auger_loop_free(end.loop);
    open_end(&end, false);
    assert_null(end.loop->ports);
    assert_false(lets_in(end.base.port));
    auger_loop_free(end.loop);
    stop_server();
}

static void test_a_gateway_of_upnp_lets_in_too(void **state)
{
    struct auger_addr outside = {0};
    struct end end;

    (void)state;
    start_server("enable_natpmp=no\nenable_upnp=yes");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    assert_true(find_mapped(&end, &outside));
    assert_memory_equal(outside.ip, ((uint8_t[]){5, 5, 5, 5}), 4);
    assert_true(lets_in(end.base.port));
    knock(&outside);
    assert_true(until(&end, was_knocked));
    auger_loop_peer_free(end.loop, end.peer);
    assert_true(until(&end, is_shut));
    auger_loop_free(end.loop);
    stop_server();
}

static void test_a_loop_that_goes_gives_back_what_upnp_mapped(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=no\nenable_upnp=yes");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    auger_loop_free(end.loop);
    for (int i = 0; i < 100 && lets_in(end.base.port); i++)
        poll(NULL, 0, 50);
    assert_false(lets_in(end.base.port));
    stop_server();
}

static bool is_let_in_once(const struct end *end)
{
    return count_let_in(end->base.port) == 1;
}

/* Of the three that are asked one is kept. */
static void test_one_mapping_is_kept_of_those_that_answer(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=yes");
    open_end(&end, true);
    assert_true(until(&end, is_mapped));
    assert_true(until(&end, is_let_in_once));
    assert_true(until(&end, is_some_seconds_old)); /* and UPnP has been looked for */
    assert_true(until(&end, is_let_in_once));
    auger_loop_free(end.loop);
    stop_server();
}

/* As nft writes what it has no word for: 2a05:1::10, and the port behind it. */
static bool has_pinhole(const struct end *end)
{
    char line[512], wanted[32];
    bool found = false;

    snprintf(wanted, sizeof(wanted), "dport %u ", end->base.port);
    enter(house.router);
    FILE *rules = popen("nft list chain inet filter miniupnpd", "r");
    assert_non_null(rules);
    while (fgets(line, sizeof(line), rules))
        found |= strstr(line, wanted) && strstr(line, "0x2a050001000000000000000000000010") &&
                 strstr(line, "accept");
    assert_int_equal(pclose(rules), 0);
    enter(house.ours);
    return found;
}

static bool is_shut_to_ipv6(const struct end *end)
{
    return !has_pinhole(end);
}

static void test_a_gateway_opens_a_pinhole_for_ipv6(void **state)
{
    struct auger_addr outside;
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no\next_ifname6=wan");
    open_end_of(&end, (struct traits){.port_mapping = true, .ipv6 = true});
    assert_true(until(&end, has_pinhole));
    assert_false(find_mapped(&end, &outside)); /* it moves nothing */
    knock(&end.base);
    assert_true(until(&end, was_knocked));
    auger_loop_peer_free(end.loop, end.peer);
    assert_true(until(&end, is_shut_to_ipv6));
    auger_loop_free(end.loop);
    stop_server();
}

/* As the one before, but for what it asks. */
static void test_without_a_pinhole_nobody_comes_in(void **state)
{
    struct end end;

    (void)state;
    start_server("enable_natpmp=yes\nenable_upnp=no\next_ifname6=wan");
    open_end_of(&end, (struct traits){.ipv6 = true});
    for (int i = 0; i < 20; i++) {
        struct auger_loop_event event;
        knock(&end.base);
        while (auger_loop_poll(end.loop, &event))
            ;
        poll(NULL, 0, 20);
    }
    assert_false(end.was_knocked);
    auger_loop_free(end.loop);
    stop_server();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_gateway_lets_in_who_comes_from_outside),
        cmocka_unit_test(test_a_peer_that_goes_gives_its_mapping_back),
        cmocka_unit_test(test_a_loop_that_goes_gives_all_back),
        cmocka_unit_test(test_a_router_that_restarts_is_asked_again),
        cmocka_unit_test(test_a_gateway_of_upnp_lets_in_too),
        cmocka_unit_test(test_a_loop_that_goes_gives_back_what_upnp_mapped),
        cmocka_unit_test(test_one_mapping_is_kept_of_those_that_answer),
        cmocka_unit_test(test_who_connects_from_outside_is_let_in),
        cmocka_unit_test(test_for_who_only_connects_no_port_is_asked),
        cmocka_unit_test(test_a_gateway_opens_a_pinhole_for_ipv6),
        cmocka_unit_test(test_without_a_pinhole_nobody_comes_in),
        cmocka_unit_test(test_nothing_is_asked_unless_it_is_wanted),
    };
    return cmocka_run_group_tests(tests, build_house, leave_house);
}
