/* How one peer reaches its TURN servers: where they send it on to, and in which order it tries. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/clock.h"
#include "io/links.h"
#include "io/sockaddr.h"

#include <auger/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct stage {
    struct auger_links *links;
    struct auger_link_server *server;
    int epoll;
};

static struct auger_addr tcp_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    addr.transport = AUGER_TCP;
    return addr;
}

static void raise_curtain(struct stage *stage, const char *uri, const char *proxy)
{
    const struct auger_net_turn_server config = {.uri = uri, .trust_anybody = true, .proxy = proxy};
    char why[AUGER_TLS_WHY_MAX];

    stage->links = calloc(1, sizeof(*stage->links));
    stage->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_int_equal(auger_links_add_server(stage->links, auger_env_system(), &config, why), 0);
    stage->server = &stage->links->servers[0];
}

static void drop_curtain(struct stage *stage)
{
    auger_links_free(stage->links, auger_clock_now());
    close(stage->epoll);
}

static struct auger_stream *open_to(struct stage *stage, const char *remote)
{
    const struct auger_path path = {tcp_of("127.0.0.1:0"), tcp_of(remote)};

    return auger_links_stream(stage->links, NULL, stage->epoll, &path, auger_clock_now());
}

static void send_on(struct stage *stage, const char *from, const char *to, const char *domain)
{
    const struct auger_ice_relay_info info = {
        .added = tcp_of(from), .server = tcp_of(to), .domain = domain};

    auger_links_send_on(stage->links, &info);
}

/* RFC 8489 sections 10 and 14.16. */
static void an_alternate_is_believed_by_its_name_and_else_by_the_servers(void **state)
{
    const struct auger_addr at = tcp_of("127.0.0.1:1");
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turns:turn.example", NULL);
    auger_links_resolved(stage.links, stage.server, &at, 1, 0);
    assert_null(open_to(&stage, "127.0.0.2:2")); /* nobody's */
    send_on(&stage, "127.0.0.1:1", "127.0.0.2:2", "other.example");
    send_on(&stage, "127.0.0.1:1", "127.0.0.3:3", NULL);
    send_on(&stage, "127.0.0.9:9", "127.0.0.4:4", NULL); /* by nobody that we know */
    assert_string_equal(open_to(&stage, "127.0.0.1:1")->name, "turn.example");
    assert_string_equal(open_to(&stage, "127.0.0.2:2")->name, "other.example");
    assert_string_equal(open_to(&stage, "127.0.0.3:3")->name, "turn.example");
    assert_non_null(open_to(&stage, "127.0.0.2:2")->context);
    assert_null(open_to(&stage, "127.0.0.4:4"));
    drop_curtain(&stage);
}

static void an_alternate_is_where_it_is_and_not_where_the_name_leads(void **state)
{
    const struct auger_addr at[] = {tcp_of("127.0.0.1:1"), tcp_of("127.0.0.5:1")};
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turn:turn.example?transport=tcp", NULL);
    auger_links_resolved(stage.links, stage.server, at, 2, 0);
    send_on(&stage, "127.0.0.1:1", "127.0.0.2:2", NULL);
    struct auger_stream *stream = open_to(&stage, "127.0.0.2:2");
    const struct auger_addr there = tcp_of("127.0.0.2:2");
    assert_true(auger_addr_equal(&stream->addrs[0], &there));
    drop_curtain(&stage);
}

static void a_proxy_is_asked_for_the_address_of_an_alternate(void **state)
{
    const struct auger_addr proxy = tcp_of("127.0.0.1:8080");
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turns:turn.example:443", "http://127.0.0.1:8080");
    auger_links_resolved(stage.links, stage.server, &proxy, 1, 0);
    send_on(&stage, "127.0.0.1:443", "127.0.0.2:2", "other.example");
    struct auger_stream *stream = open_to(&stage, "127.0.0.1:443");
    assert_string_equal(stream->host, "turn.example");
    assert_int_equal(stream->port, 443);
    stream = open_to(&stage, "127.0.0.2:2");
    assert_string_equal(stream->host, "127.0.0.2");
    assert_int_equal(stream->port, 2);
    assert_string_equal(stream->name, "other.example");
    assert_true(auger_addr_equal(&stream->addrs[0], &proxy));
    drop_curtain(&stage);
}

static void of_a_proxy_each_address_is_tried(void **state)
{
    const struct auger_addr proxies[] = {tcp_of("127.0.0.1:8080"), tcp_of("[::1]:8080"),
                                         tcp_of("127.0.0.2:8080")};
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turn:turn.example:8080?transport=tcp", "http://proxy.example:8080");
    auger_links_resolved(stage.links, stage.server, proxies, 3, 0);
    struct auger_stream *stream = open_to(&stage, "127.0.0.1:8080");
    assert_true(auger_addr_equal(&stream->addrs[0], &proxies[0]));
    assert_true(auger_addr_equal(&stream->addrs[1], &proxies[2]));
    assert_string_equal(stream->host, "turn.example");
    drop_curtain(&stage);
}

static void of_alternates_there_are_sixteen_and_the_oldest_gives_way(void **state)
{
    const struct auger_addr at = tcp_of("127.0.0.1:1");
    struct auger_addr first = tcp_of("127.0.0.2:1"), second = tcp_of("127.0.0.2:2");
    char text[32];
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turns:turn.example", NULL);
    auger_links_resolved(stage.links, stage.server, &at, 1, 0);
    for (int i = 1; i <= 17; i++) {
        snprintf(text, sizeof(text), "127.0.0.2:%d", i);
        send_on(&stage, "127.0.0.1:1", text, NULL);
        send_on(&stage, "127.0.0.1:1", text, NULL);
    }
    assert_int_equal(stage.links->alternates_len, AUGER_LINK_ALTERNATES_MAX);
    assert_null(auger_links_server_at(stage.links, &first));
    assert_non_null(auger_links_server_at(stage.links, &second));
    drop_curtain(&stage);
}

static void until_settled(struct stage *stage, struct auger_stream *stream)
{
    struct epoll_event events[4];

    while (stream->state == AUGER_STREAM_CONNECTING) {
        int len = epoll_wait(stage->epoll, events, 4, 100);
        for (int i = 0; i < len; i++) {
            struct auger_watch *watch = events[i].data.ptr;
            auger_stream_ready(watch->user, watch, events[i].events, auger_clock_now());
        }
    }
}

static int listen_at(struct sockaddr_storage *at, socklen_t len, int backlog,
                     struct auger_addr *addr)
{
    int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    assert_true(auger_sockaddr_to((struct sockaddr *)at, addr));
    addr->transport = AUGER_TCP;
    return fd;
}

/* RFC 8305: one family is a black hole, the other is there. */
static void a_family_that_is_dead_is_given_up_soon_once_the_other_is_there(void **state)
{
    struct sockaddr_storage four, six;
    struct auger_addr at[2], any = tcp_of("127.0.0.1:0"), any6 = tcp_of("[::1]:0");
    socklen_t four_len = auger_sockaddr_from(&four, &any),
              six_len = auger_sockaddr_from(&six, &any6);
    int hole = listen_at(&four, four_len, 0, &at[0]), there = listen_at(&six, six_len, 8, &at[1]);
    int waiting[3];
    struct stage stage;
    char why[AUGER_TLS_WHY_MAX];
    (void)state;

    for (int i = 0; i < 3; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(waiting[i], (struct sockaddr *)&four, four_len);
    }
    raise_curtain(&stage, "turn:turn.example?transport=tcp", NULL);
    auger_links_resolved(stage.links, stage.server, at, 2, 0);
    auger_time now = auger_clock_now();
    const struct auger_path paths[] = {{any, at[0]}, {any6, at[1]}};
    struct auger_stream *dead = auger_links_stream(stage.links, NULL, stage.epoll, &paths[0], now);
    struct auger_stream *good = auger_links_stream(stage.links, NULL, stage.epoll, &paths[1], now);
    until_settled(&stage, good);
    assert_int_equal(good->state, AUGER_STREAM_OPEN);
    assert_int_equal(dead->state, AUGER_STREAM_CONNECTING);
    auger_links_hurry_others(stage.links, good, now + AUGER_SEC);
    auger_links_handle_timeout(stage.links, now + 3 * AUGER_SEC - 1);
    assert_int_equal(dead->state, AUGER_STREAM_CONNECTING);
    auger_links_handle_timeout(stage.links, now + 3 * AUGER_SEC);
    assert_true(auger_stream_take_loss(dead, why));
    assert_string_equal(why, "no connection within 3 s");
    assert_int_equal(good->state, AUGER_STREAM_OPEN);
    drop_curtain(&stage);
    for (int i = 0; i < 3; i++)
        close(waiting[i]);
    close(hole);
    close(there);
}

static void with_an_address_its_streams_go(void **state)
{
    const struct auger_addr at = tcp_of("127.0.0.1:1"), ours = tcp_of("127.0.0.1:77"),
                            other = tcp_of("127.0.0.9:77");
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turn:turn.example?transport=tcp", NULL);
    auger_links_resolved(stage.links, stage.server, &at, 1, 0);
    for (int i = 0; i < 100; i++) { /* more than there is room for at a time */
        struct auger_stream *stream = open_to(&stage, "127.0.0.1:1");
        assert_non_null(stream);
        stream->state = AUGER_STREAM_CONNECTING; /* which it was, if refused at once */
        auger_links_forget_local(stage.links, &other, auger_clock_now());
        assert_int_equal(stream->state, AUGER_STREAM_CONNECTING);
        auger_links_forget_local(stage.links, &ours, auger_clock_now());
        assert_int_equal(stream->state, AUGER_STREAM_CLOSED);
    }
    assert_int_equal(stage.links->streams_len, 1);
    drop_curtain(&stage);
}

/* A relay by UDP is the better one, though its way was found last. */
static void what_comes_through_a_nat64_goes_by_udp_first(void **state)
{
    const auger_time now = auger_clock_now();
    struct auger_addr told[2], given[2];
    struct auger_nat64 nat64;
    struct stage stage;

    (void)state;
    raise_curtain(&stage, "turn:5.5.5.1", NULL);
    told[0] = told[1] = tcp_of("5.5.5.1:3478");
    told[0].transport = AUGER_UDP;
    auger_links_resolved(stage.links, stage.server, told, 2, now);
    assert_int_equal(auger_links_take_next(stage.server, now, given), 1);
    assert_true(auger_addr_equal(&given[0], &told[0]));
    assert_int_equal(auger_nat64_parse(&nat64, "64:ff9b::/96"), 0);
    assert_int_equal(auger_links_set_nat64(stage.links, &nat64, now), 1);
    assert_int_equal(auger_links_take_next(stage.server, now, given), 1);
    assert_int_equal(given[0].transport, AUGER_UDP);
    assert_int_equal(given[0].family, AUGER_IPV6);
    assert_int_equal(auger_links_take_next(stage.server, now, given), 2);
    assert_int_equal(given[0].transport, AUGER_TCP);
    drop_curtain(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alternate_is_believed_by_its_name_and_else_by_the_servers),
        cmocka_unit_test(an_alternate_is_where_it_is_and_not_where_the_name_leads),
        cmocka_unit_test(a_proxy_is_asked_for_the_address_of_an_alternate),
        cmocka_unit_test(a_family_that_is_dead_is_given_up_soon_once_the_other_is_there),
        cmocka_unit_test(with_an_address_its_streams_go),
        cmocka_unit_test(of_a_proxy_each_address_is_tried),
        cmocka_unit_test(of_alternates_there_are_sixteen_and_the_oldest_gives_way),
        cmocka_unit_test(what_comes_through_a_nat64_goes_by_udp_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
