/* How one peer reaches its TURN servers: where they send it on to, and in which order it tries. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/clock.h"
#include "io/links.h"

#include <auger/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
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
    auger_links_resolved(stage.links, stage.server, &at, 1);
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
    auger_links_resolved(stage.links, stage.server, at, 2);
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
    auger_links_resolved(stage.links, stage.server, &proxy, 1);
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

static void of_alternates_there_are_sixteen_and_the_oldest_gives_way(void **state)
{
    const struct auger_addr at = tcp_of("127.0.0.1:1");
    struct auger_addr first = tcp_of("127.0.0.2:1"), second = tcp_of("127.0.0.2:2");
    char text[32];
    struct stage stage;
    (void)state;

    raise_curtain(&stage, "turns:turn.example", NULL);
    auger_links_resolved(stage.links, stage.server, &at, 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alternate_is_believed_by_its_name_and_else_by_the_servers),
        cmocka_unit_test(an_alternate_is_where_it_is_and_not_where_the_name_leads),
        cmocka_unit_test(a_proxy_is_asked_for_the_address_of_an_alternate),
        cmocka_unit_test(of_alternates_there_are_sixteen_and_the_oldest_gives_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
