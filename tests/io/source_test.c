/* Where datagrams leave from, on a machine with more than one address: two network namespaces of
 * the test's own, ours and the peer's, with two wires between them.
 *
 *     ours   one  10.9.1.1/24 and 10.9.1.5/24, the default route --- far  10.9.1.2
 *            two  10.9.2.1/24, by a rule its own default route   --- far2 10.9.2.2
 *     the peer's  10.9.9.9 and fd09:9::9, which no wire has
 */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "io/loop_state.h"
#include "io/sockaddr.h"
#include "io/udp.h"
#include "tests/io/namespace.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAR_V4 "10.9.9.9"
#define FAR_V6 "fd09:9::9"

static int ours, theirs; /* the namespaces */

static void enter(int namespace)
{
    assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
}

/* `far` is of the other namespace. */
static void add_wire(const char *here, const char *far)
{
    char arguments[200];

    snprintf(arguments, sizeof(arguments),
             "link add %s type veth peer name %s netns /proc/%ld/fd/%d", here, far, (long)getpid(),
             theirs);
    ip(arguments);
}

static int lay_wires(void **state)
{
    static const char *const near[] = {
        "addr add 10.9.1.1/24 dev one",
        "addr add 10.9.1.5/24 dev one",
        "addr add fd09:1::1/64 dev one nodad",
        "addr add fd09:1::5/64 dev one nodad",
        "link set one up",
        "addr add 10.9.2.1/24 dev two",
        "addr add fd09:2::1/64 dev two nodad",
        "link set two up",
        "route add default via 10.9.1.2",
        "-6 route add default via fd09:1::2",
        "rule add from 10.9.2.1 table 2",
        "route add default via 10.9.2.2 table 2",
        "-6 rule add from fd09:2::1 table 2",
        "-6 route add default via fd09:2::2 table 2",
    };
    static const char *const far[] = {
        "addr add " FAR_V4 "/32 dev lo",
        "addr add " FAR_V6 "/128 dev lo nodad",
        "addr add 10.9.1.2/24 dev far",
        "addr add fd09:1::2/64 dev far nodad",
        "link set far up",
        "addr add 10.9.2.2/24 dev far2",
        "addr add fd09:2::2/64 dev far2 nodad",
        "link set far2 up",
    };

    (void)state;
    become_root();
    theirs = new_namespace();
    ours = new_namespace();
    add_wire("one", "far");
    add_wire("two", "far2");
    enter(theirs);
    for (size_t i = 0; i < ARRAY_LEN(far); i++)
        ip(far[i]);
    enter(ours);
    for (size_t i = 0; i < ARRAY_LEN(near); i++)
        ip(near[i]);
    return 0;
}

/* --- what the peer sees ---------------------------------------------------------------------- */

/* A socket of the peer's that takes in what is sent to `text`, and tells the interface. */
static int listen_at(const char *text, struct auger_addr *at)
{
    struct sockaddr_storage sa;
    int on = 1;

    *at = addr_of(text);
    enter(theirs);
    bool is_v4 = at->family == AUGER_IPV4;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = auger_sockaddr_from(&sa, at);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
    assert_int_equal(is_v4 ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on))
                           : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)),
                     0);
    enter(ours);
    return fd;
}

struct seen {
    struct auger_addr from;
    uint32_t interface;
    uint8_t bytes[AUGER_UDP_DATAGRAM_MAX];
    size_t len;
};

static uint32_t interface_of(struct msghdr *message)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    struct in_pktinfo v4;
    struct in6_pktinfo v6;

    assert_non_null(c);
    if (c->cmsg_level == IPPROTO_IP) {
        memcpy(&v4, CMSG_DATA(c), sizeof(v4));
        return (uint32_t)v4.ipi_ifindex;
    }
    memcpy(&v6, CMSG_DATA(c), sizeof(v6));
    return v6.ipi6_ifindex;
}

static bool see(int fd, struct seen *seen)
{
    struct sockaddr_storage sa;
    union {
        struct cmsghdr aligned;
        uint8_t bytes[256];
    } control;
    struct iovec piece = {seen->bytes, sizeof(seen->bytes)};
    struct msghdr message = {.msg_name = &sa,
                             .msg_namelen = sizeof(sa),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT);

    if (len < 0)
        return false;
    seen->len = (size_t)len;
    seen->interface = interface_of(&message);
    assert_true(auger_sockaddr_to((const struct sockaddr *)&sa, &seen->from));
    return true;
}

/* --- what a peer claims --------------------------------------------------------------------- */

#define CLAIMS_MAX 256

/* Everything that left, with the base that it claims. */
struct claims {
    size_t len;
    struct {
        struct auger_addr base;
        uint8_t bytes[AUGER_UDP_DATAGRAM_MAX];
        size_t len;
    } items[CLAIMS_MAX];
};

static void claim(void *user, const struct auger_tap *tap)
{
    struct claims *claims = user;

    if (!tap->outbound || claims->len == CLAIMS_MAX)
        return;
    claims->items[claims->len].base = tap->path->local;
    claims->items[claims->len].len = tap->data.len;
    memcpy(claims->items[claims->len++].bytes, tap->data.data, tap->data.len);
}

/* Checks have transaction ids, so that no two are the same. */
static const struct auger_addr *claimed_by(const struct claims *claims, const struct seen *seen)
{
    for (size_t i = 0; i < claims->len; i++)
        if (claims->items[i].len == seen->len &&
            memcmp(claims->items[i].bytes, seen->bytes, seen->len) == 0)
            return &claims->items[i].base;
    fail_msg("nobody sent that");
    return NULL;
}

static struct auger_loop *loop_that_claims(struct claims *claims)
{
    struct auger_loop_config config;
    struct auger_loop *loop;

    auger_loop_config_init(&config);
    config.tap = claim;
    config.tap_user = claims;
    assert_int_equal(auger_loop_new(&loop, &config), 0);
    return loop;
}

/* On every address of the machine, or on shared sockets there. */
static struct auger_peer *peer_of_machine(struct auger_loop *loop, bool shares)
{
    struct auger_net_config net;
    struct auger_peer *peer;

    auger_net_config_init(&net);
    if (shares)
        assert_int_equal(auger_loop_mux_new(loop, &net, &net.mux), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    return peer;
}

/* An answer of somebody who has two candidates and no agent. */
static void introduce_far(struct auger_loop *loop, struct auger_peer *peer, uint16_t v4_port,
                          uint16_t v6_port)
{
    static char sdp[AUGER_SDP_MAX + 1];
    struct auger_loop *other;
    char line[AUGER_CAND_LINE_MAX];
    auger_time now = auger_loop_now(loop);

    assert_int_equal(auger_loop_new(&other, NULL), 0);
    struct auger_net_config net = net_of_loopback();
    struct auger_peer *answerer;
    assert_int_equal(auger_loop_peer_new(other, NULL, &net, &answerer), 0);
    int len = auger_peer_create_offer(peer, now, sdp, sizeof(sdp));
    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(answerer, now, AUGER_SDP_OFFER, sdp, (size_t)len, NULL),
        0);
    len = auger_peer_create_answer(answerer, now, sdp, sizeof(sdp));
    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(peer, now, AUGER_SDP_ANSWER, sdp, (size_t)len, NULL), 0);
    auger_loop_free(other);
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof(line), "candidate:%d 1 udp 2130706431 %s %u typ host", i + 1,
                 i ? FAR_V6 : FAR_V4, i ? v6_port : v4_port);
        assert_int_equal(auger_peer_add_remote_candidate(peer, now, line, strlen(line)), 0);
    }
}

static bool is_among(const struct auger_addr *addr, const struct auger_addr *addrs, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&addrs[i], addr))
            return true;
    return false;
}

/* What leaves has the source that it claims, and goes by that address's route. */
static void every_base_sends_from(bool shares)
{
    static struct claims claims;
    static struct seen seen;
    struct auger_addr at[2], bases[6];
    const struct auger_addr second = addr_of("10.9.2.1:1"), second6 = addr_of("[fd09:2::1]:1");
    struct auger_loop_event event;
    size_t found = 0;
    uint32_t by_first = 0, by_second = 0;

    claims.len = 0;
    struct auger_loop *loop = loop_that_claims(&claims);
    struct auger_peer *peer = peer_of_machine(loop, shares);
    int fds[] = {listen_at(FAR_V4 ":7000", &at[0]), listen_at("[" FAR_V6 "]:7000", &at[1])};
    introduce_far(loop, peer, 7000, 7000);
    while (found < ARRAY_LEN(bases)) {
        struct pollfd readable = {.fd = auger_loop_fd(loop), .events = POLLIN};
        while (auger_loop_poll(loop, &event))
            ;
        for (int i = 0; i < 2; i++)
            while (see(fds[i], &seen)) {
                assert_true(auger_addr_equal(claimed_by(&claims, &seen), &seen.from));
                if (!is_among(&seen.from, bases, found))
                    bases[found++] = seen.from;
                bool is_second = auger_addr_ip_equal(&seen.from, &second) ||
                                 auger_addr_ip_equal(&seen.from, &second6);
                *(is_second ? &by_second : &by_first) |= 1u << seen.interface;
            }
        poll(&readable, 1, 1000);
    }
    assert_int_equal(by_first & by_second, 0);
    assert_true(by_first != 0 && by_second != 0);
    close(fds[0]);
    close(fds[1]);
    auger_loop_free(loop);
}

static void what_a_peer_sends_leaves_from_the_base_that_it_claims(void **state)
{
    (void)state;
    every_base_sends_from(false);
}

static void so_does_what_it_sends_on_shared_sockets(void **state)
{
    (void)state;
    every_base_sends_from(true);
}

/* --- one socket for all addresses ------------------------------------------------------------ */

/* From the peer's side: only an answer from where it asked reaches a connected socket. */
static void must_be_answered(struct auger_loop *loop, const char *server, uint16_t port)
{
    struct auger_addr at;
    struct sockaddr_storage sa;
    uint8_t buf[128];
    const struct auger_stun_tid id = {.bytes = "twelve bytes"};
    struct auger_stun_builder b;
    struct auger_loop_event event;
    struct pollfd readable = {.events = POLLIN};

    assert_int_equal(auger_addr_parse_ip(&at, server, strlen(server), port), 0);
    enter(theirs);
    readable.fd =
        socket(at.family == AUGER_IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enter(ours);
    socklen_t len = auger_sockaddr_from(&sa, &at);
    assert_int_equal(connect(readable.fd, (const struct sockaddr *)&sa, len), 0);
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &id);
    int size = auger_stun_build_end(&b);
    assert_int_equal(send(readable.fd, buf, (size_t)size, 0), size);
    struct pollfd asked = {.fd = auger_loop_fd(loop), .events = POLLIN};
    assert_int_equal(poll(&asked, 1, 20000), 1);
    while (auger_loop_poll(loop, &event))
        ;
    if (poll(&readable, 1, 5000) != 1)
        fail_msg("%s did not answer from where it was asked", server);
    close(readable.fd);
}

/* 10.9.1.5 and fd09:1::5 are asked from one address, for which the kernel would choose another. */
static void a_stun_server_on_all_addresses_answers_from_the_one_that_was_asked(void **state)
{
    static const char *const v4[] = {"10.9.1.1", "10.9.1.5", "10.9.2.1"}, *const v6[] = {
                                                                              "fd09:1::1",
                                                                              "fd09:1::5",
                                                                              "fd09:2::1"};
    struct auger_addr any4 = addr_of("0.0.0.0:0"), any6 = addr_of("[::]:0");
    struct auger_loop *loop;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_int_equal(auger_loop_serve_stun(loop, &any4), 0);
    assert_int_equal(auger_loop_serve_stun(loop, &any6), 0);
    for (size_t i = 0; i < ARRAY_LEN(v4); i++) {
        must_be_answered(loop, v4[i], any4.port);
        must_be_answered(loop, v6[i], any6.port);
    }
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_peer_sends_leaves_from_the_base_that_it_claims),
        cmocka_unit_test(so_does_what_it_sends_on_shared_sockets),
        cmocka_unit_test(a_stun_server_on_all_addresses_answers_from_the_one_that_was_asked),
    };

    return cmocka_run_group_tests(tests, lay_wires, NULL);
}
