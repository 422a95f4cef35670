/* A peer that has IPv6 alone: where it has the prefix of its network's NAT64 from, and what it
 * reaches by it.  In namespaces of the test's own:
 *
 *     ours    eth0  2001:db8:1::2/64, default route by the router
 *     router  lan   2001:db8:1::1/64
 *             lo    64:ff9b::5.5.5.9 and .10: it stands for a NAT64, and for servers behind it
 *
 * The DNS is the test's too: getaddrinfo() is replaced. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "tests/io/namespace.h"

#include "io/sockaddr.h"

#include <auger/io_turn.h>
#include <auger/stun.h>

#include <net/if.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define PATIENCE (30 * AUGER_SEC)
#define STUN "stun:5.5.5.9:3478"
#define TURN "turn:5.5.5.10:3479"
#define SEEN_AS "5.5.5.5:777" /* what the STUN server sees of us, behind the NAT64 */

/* --- the DNS ---------------------------------------------------------------------------------- */

static const char *volatile dns_says; /* of ipv4only.arpa; NULL: nothing */
static atomic_uint dns_questions;
static pthread_mutex_t dns_stuck = PTHREAD_MUTEX_INITIALIZER; /* held: there is no answer yet */

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict req, struct addrinfo **restrict pai)
{
    struct auger_addr addr;

    (void)service, (void)req;
    if (strcmp(name, "ipv4only.arpa.") != 0)
        return EAI_NONAME;
    atomic_fetch_add(&dns_questions, 1);
    pthread_mutex_lock(&dns_stuck);
    const char *says = dns_says;
    pthread_mutex_unlock(&dns_stuck);
    if (!says)
        return EAI_NONAME;
    struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_storage));
    if (auger_addr_parse_ip(&addr, says, strlen(says), 0) < 0)
        abort();
    info->ai_addr = (struct sockaddr *)(info + 1);
    info->ai_addrlen = auger_sockaddr_from((struct sockaddr_storage *)(info + 1), &addr);
    *pai = info;
    return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
    free(ai);
}

/* --- the network ------------------------------------------------------------------------------ */

static struct {
    int ours, router, stun; /* the latter is a socket there */
    struct auger_loop *turn;
} net;

static void enter(int namespace)
{
    assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
}

static void set(const char *key, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s", key);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && write(fd, value, strlen(value)) > 0);
    close(fd);
}

/* Nobody else can have ours; and before that is known a router does not speak. */
static void be_sure_of_addresses(void)
{
    set("all/accept_dad", "0");
    set("default/accept_dad", "0");
}

static int open_stun(void)
{
    const struct auger_addr addr = addr_of("[64:ff9b::505:509]:3478");
    struct sockaddr_storage at;
    socklen_t len = auger_sockaddr_from(&at, &addr);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
    return fd;
}

static void serve_turn(void)
{
    struct auger_addr at = addr_of("[64:ff9b::505:50a]:3479");
    struct auger_turn_service_config service;
    struct auger_turn_server_config server;
    struct auger_turn_service *turn;

    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    service.listen = &at;
    service.listen_len = 1;
    assert_int_equal(auger_loop_new(&net.turn, NULL), 0);
    assert_int_equal(auger_loop_turn_new(net.turn, &server, &service, &turn, NULL), 0);
    assert_int_equal(auger_turn_server_add_user(auger_turn_service_server(turn), "ann", "secret"),
                     0);
}

static int build(void **state)
{
    char arguments[128];

    (void)state;
    become_root();
    net.ours = new_namespace();
    be_sure_of_addresses();
    net.router = new_namespace();
    be_sure_of_addresses();
    snprintf(arguments, sizeof(arguments),
             "link add lan type veth peer name eth0 netns /proc/%ld/fd/%d", (long)getpid(),
             net.ours);
    ip(arguments);
    ip("addr add 2001:db8:1::1/64 dev lan nodad");
    ip("link set lan up");
    ip("addr add 64:ff9b::505:509/128 dev lo nodad");
    ip("addr add 64:ff9b::505:50a/128 dev lo nodad");
    net.stun = open_stun();
    serve_turn();
    enter(net.ours);
    set("eth0/accept_ra", "1");
    set("eth0/autoconf", "0");
    ip("addr add 2001:db8:1::2/64 dev eth0 nodad");
    ip("link set eth0 up");
    ip("-6 route add default via 2001:db8:1::1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(net.stun);
    auger_loop_free(net.turn);
    return 0;
}

/* As a STUN server of IPv4 would behind the NAT64. */
static void answer_stun(void)
{
    const struct auger_addr seen = addr_of(SEEN_AS);
    uint8_t question[1500], answer[1500];
    struct sockaddr_in6 from;
    socklen_t from_len = sizeof(from);
    ssize_t len;

    while ((len = recvfrom(net.stun, question, sizeof(question), 0, (struct sockaddr *)&from,
                           &from_len)) >= 0) {
        size_t n = auger_stun_server_answer(&seen, question, (size_t)len, answer, sizeof(answer));
        if (n > 0)
            assert_int_equal(
                sendto(net.stun, answer, n, 0, (const struct sockaddr *)&from, from_len), n);
    }
}

/* A router's advertisement with that prefix of 96 bits, for so long. */
static void advertise(const char *prefix, uint16_t lifetime_s)
{
    struct __attribute__((packed)) {
        struct nd_router_advert ra;
        uint8_t type, len;
        uint16_t scaled;
        uint8_t prefix[12];
    } told = {.ra.nd_ra_type = ND_ROUTER_ADVERT,
              .type = 38,
              .len = 2,
              .scaled = htons(lifetime_s & 0xFFF8)};
    const struct auger_addr addr = addr_of(prefix);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    const int hops = 255;

    memcpy(told.prefix, addr.ip, sizeof(told.prefix));
    enter(net.router);
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
    to.sin6_addr = (struct in6_addr){.s6_addr = {0xFF, 0x02, [15] = 1}};
    to.sin6_scope_id = if_nametoindex("lan");
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)), 0);
    assert_int_equal(sendto(fd, &told, sizeof(told), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(told));
    close(fd);
    enter(net.ours);
}

/* --- a peer ----------------------------------------------------------------------------------- */

struct end {
    struct auger_loop *loop;
    struct auger_peer *peer;
    bool has_host, has_srflx, has_relay;
    unsigned gathered;
};

static const char *const stun_servers[] = {STUN};
static const struct auger_net_turn_server turn_servers[] = {
    {.uri = TURN, .username = "ann", .password = "secret"}};

static struct auger_net_config asking_servers(void)
{
    struct auger_net_config config;

    auger_net_config_init(&config);
    config.stun_servers = stun_servers;
    config.stun_servers_len = 1;
    config.turn_servers = turn_servers;
    config.turn_servers_len = 1;
    return config;
}

static void add_peer(struct end *end, const struct auger_net_config *config)
{
    end->has_host = end->has_srflx = end->has_relay = false;
    end->gathered = 0;
    assert_int_equal(auger_loop_peer_new(end->loop, NULL, config, &end->peer), 0);
}

static struct end open_end_in(const struct auger_loop_config *loop,
                              const struct auger_net_config *config)
{
    struct end end = {0};

    assert_int_equal(auger_loop_new(&end.loop, loop), 0);
    add_peer(&end, config);
    return end;
}

static struct end open_end(const struct auger_net_config *config)
{
    return open_end_in(NULL, config);
}

static void note(struct end *end, const struct auger_loop_event *event)
{
    const struct auger_addr seen = addr_of(SEEN_AS);
    struct auger_cand cand;

    if (event->type == AUGER_LOOP_EVENT_TROUBLE)
        print_message("%s\n", event->what);
    if (event->type != AUGER_LOOP_EVENT_PEER || event->peer != end->peer)
        return;
    end->gathered += event->event.type == AUGER_PEER_EVENT_GATHERED;
    if (event->event.type != AUGER_PEER_EVENT_CANDIDATE)
        return;
    assert_int_equal(
        auger_cand_parse(&cand, event->event.candidate, strlen(event->event.candidate)), 0);
    end->has_host |= cand.type == AUGER_CAND_HOST;
    end->has_srflx |= cand.type == AUGER_CAND_SRFLX && auger_addr_equal(&cand.addr, &seen);
    end->has_relay |= cand.type == AUGER_CAND_RELAY;
}

static void go_round(struct end *end)
{
    struct pollfd readable[] = {{.fd = auger_loop_fd(end->loop), .events = POLLIN},
                                {.fd = auger_loop_fd(net.turn), .events = POLLIN},
                                {.fd = net.stun, .events = POLLIN}};
    struct auger_loop_event event;

    poll(readable, 3, 50);
    answer_stun();
    enter(net.router); /* where it opens what it relays by */
    while (auger_loop_poll(net.turn, &event))
        ;
    enter(net.ours);
    while (auger_loop_poll(end->loop, &event))
        note(end, &event);
}

/* What it has come to, by then at the latest. */
static bool until(struct end *end, bool (*holds)(const struct end *end), auger_time patience)
{
    auger_time by = auger_loop_now(end->loop) + patience;

    while (!holds(end) && auger_loop_now(end->loop) < by)
        go_round(end);
    return holds(end);
}

static bool has_all(const struct end *end)
{
    return end->has_srflx && end->has_relay;
}

/* A router says it more than once: before its own address is known to be unique nobody listens. */
static bool hears_of_it(struct end *end)
{
    for (int i = 0; i < 100 && !has_all(end); i++) {
        advertise("[64:ff9b::]:0", 1800);
        (void)until(end, has_all, 300 * AUGER_MS);
    }
    return has_all(end);
}

static bool has_gathered(const struct end *end)
{
    return end->gathered > 0;
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_the_dns_tells_how_servers_of_ipv4_are_reached(void **state)
{
    struct auger_net_config config = asking_servers();

    (void)state;
    dns_says = "64:ff9b::192.0.0.170";
    struct end end = open_end(&config);
    assert_true(until(&end, has_all, PATIENCE));
    assert_true(until(&end, has_gathered, PATIENCE));
    auger_loop_free(end.loop);
}

static void test_a_router_tells_it_at_any_time(void **state)
{
    struct auger_net_config config = asking_servers();

    (void)state;
    dns_says = NULL;
    struct end end = open_end(&config);
    while (!end.has_host)
        go_round(&end);
    assert_true(hears_of_it(&end));
    auger_loop_free(end.loop);
}

static void note_found(void *user, const struct auger_trace_record *record)
{
    bool *has_answered = user;

    *has_answered |=
        strcmp(record->name, "io:prefix_found") == 0 && strcmp(record->fields[0].text, "dns") == 0;
}

/* Also of what the DNS has said before. */
static void test_a_routers_word_counts_more_than_the_dns(void **state)
{
    struct auger_net_config config = asking_servers();
    struct auger_env env = *auger_env_system();
    struct auger_loop_config loop;
    bool has_answered = false;

    (void)state;
    env.user = &has_answered;
    env.trace = note_found;
    auger_loop_config_init(&loop);
    loop.env = &env;
    dns_says = "2001:db8:dead::192.0.0.170"; /* where nobody is */
    struct end end = open_end_in(&loop, &config);
    while (!end.has_host || !has_answered)
        go_round(&end);
    assert_true(hears_of_it(&end));
    auger_loop_free(end.loop);
}

/* RFC 8781 section 4.1. */
static void test_a_prefix_is_not_told_to_who_comes_after_its_time(void **state)
{
    struct auger_net_config config = asking_servers();

    (void)state;
    dns_says = NULL;
    struct end end = open_end(&config);
    while (!end.has_host)
        go_round(&end);
    assert_true(hears_of_it(&end));
    advertise("[64:ff9b::]:0", 0);
    for (int i = 0; i < 3; i++)
        go_round(&end);
    add_peer(&end, &config);
    assert_true(until(&end, has_gathered, PATIENCE));
    assert_false(end.has_srflx || end.has_relay);
    auger_loop_free(end.loop);
}

static void test_a_prefix_that_is_given_is_not_asked_for(void **state)
{
    struct auger_net_config config = asking_servers();
    unsigned before = atomic_load(&dns_questions);

    (void)state;
    dns_says = NULL;
    config.nat64 = AUGER_NAT64_GIVEN;
    assert_int_equal(auger_nat64_parse(&config.nat64_prefix, "64:ff9b::/96"), 0);
    struct end end = open_end(&config);
    assert_true(until(&end, has_all, PATIENCE));
    assert_int_equal(atomic_load(&dns_questions), before);
    auger_loop_free(end.loop);
}

static void test_nor_where_it_is_switched_off(void **state)
{
    struct auger_net_config config = asking_servers();
    unsigned before = atomic_load(&dns_questions);

    (void)state;
    dns_says = "64:ff9b::192.0.0.170";
    config.nat64 = AUGER_NAT64_OFF;
    struct end end = open_end(&config);
    assert_true(until(&end, has_gathered, PATIENCE));
    assert_false(end.has_srflx || end.has_relay);
    assert_int_equal(atomic_load(&dns_questions), before);
    auger_loop_free(end.loop);
}

static void test_nor_by_who_has_ipv4(void **state)
{
    struct auger_net_config config;
    unsigned before = atomic_load(&dns_questions);

    (void)state;
    ip("addr add 192.168.7.2/24 dev eth0");
    auger_net_config_init(&config);
    struct end end = open_end(&config);
    assert_true(until(&end, has_gathered, PATIENCE));
    auger_loop_free(end.loop);
    ip("addr del 192.168.7.2/24 dev eth0");
    assert_int_equal(atomic_load(&dns_questions), before);
}

static void test_a_dns_that_is_silent_holds_nothing_up(void **state)
{
    struct auger_net_config config;

    (void)state;
    auger_net_config_init(&config);
    pthread_mutex_lock(&dns_stuck);
    struct end end = open_end(&config);
    bool gathers = until(&end, has_gathered, PATIENCE);
    pthread_mutex_unlock(&dns_stuck);
    assert_true(end.has_host && gathers);
    auger_loop_free(end.loop);
}

/* Once there is an answer that may take its time. */
static bool was_asked_again(const struct end *end)
{
    (void)end;
    return atomic_load(&dns_questions) > 0;
}

static void test_another_network_is_asked_again(void **state)
{
    struct auger_net_config config = asking_servers();

    (void)state;
    dns_says = "2001:db8:dead::192.0.0.170";
    struct end end = open_end(&config);
    assert_true(until(&end, has_gathered, PATIENCE));
    atomic_store(&dns_questions, 0);
    dns_says = "64:ff9b::192.0.0.170";
    ip("addr add 2001:db8:1::3/64 dev eth0 nodad");
    assert_true(until(&end, was_asked_again, PATIENCE));
    assert_true(until(&end, has_all, PATIENCE));
    auger_loop_free(end.loop);
    ip("addr del 2001:db8:1::3/64 dev eth0");
}

static void test_what_is_no_prefix_is_refused(void **state)
{
    struct auger_net_config config;
    struct auger_loop *loop;
    struct auger_peer *peer;

    (void)state;
    auger_net_config_init(&config);
    config.nat64 = AUGER_NAT64_GIVEN;
    config.nat64_prefix.prefix_len = 95;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &config, &peer), AUGER_ERR_INVALID);
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_dns_tells_how_servers_of_ipv4_are_reached),
        cmocka_unit_test(test_a_router_tells_it_at_any_time),
        cmocka_unit_test(test_a_routers_word_counts_more_than_the_dns),
        cmocka_unit_test(test_a_prefix_is_not_told_to_who_comes_after_its_time),
        cmocka_unit_test(test_a_prefix_that_is_given_is_not_asked_for),
        cmocka_unit_test(test_nor_where_it_is_switched_off),
        cmocka_unit_test(test_nor_by_who_has_ipv4),
        cmocka_unit_test(test_a_dns_that_is_silent_holds_nothing_up),
        cmocka_unit_test(test_another_network_is_asked_again),
        cmocka_unit_test(test_what_is_no_prefix_is_refused),
    };

    return cmocka_run_group_tests(tests, build, tear_down);
}
