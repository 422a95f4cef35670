/* A stream to a TURN server, on loopback: frames, a full queue, TLS, and every end. */
#include "base/time.h"
#include "io/clock.h"
#include "io/sockaddr.h"
#include "io/stream.h"
#include "tests/tls/ca.h"

#include <auger/crypto.h>
#include <auger/turn.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAMES_MAX 64

struct stage {
    int listener, epoll, server; /* the server's end, -1 before */
    struct auger_path path;
    struct auger_stream stream;
    size_t lens[FRAMES_MAX], frames;
    uint8_t first[FRAMES_MAX]; /* byte of the data of each */
    char why[AUGER_TLS_WHY_MAX];
};

static struct auger_addr loopback(uint16_t port)
{
    return (struct auger_addr){
        .family = AUGER_IPV4, .transport = AUGER_TCP, .port = port, .ip = {127, 0, 0, 1}};
}

static int listen_at(struct auger_addr *addr)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    assert_true(auger_sockaddr_to((const struct sockaddr *)&sa, addr));
    addr->transport = AUGER_TCP;
    return fd;
}

static void raise_curtain(struct stage *stage)
{
    memset(stage, 0, sizeof(*stage));
    stage->server = -1;
    stage->path.local = stage->path.remote = loopback(0);
    stage->listener = listen_at(&stage->path.remote);
    stage->epoll = epoll_create1(EPOLL_CLOEXEC);
}

static void open_to(struct stage *stage, const struct auger_addr *addrs, size_t len,
                    struct auger_tls_context *context, const char *name)
{
    const struct auger_stream_target target = {
        .path = &stage->path, .addrs = addrs, .addrs_len = len, .context = context, .name = name};

    auger_stream_open(&stage->stream, NULL, stage->epoll, &target, auger_clock_now());
}

static void begin(struct stage *stage)
{
    raise_curtain(stage);
    open_to(stage, &stage->path.remote, 1, NULL, "127.0.0.1");
    stage->server = accept(stage->listener, NULL, NULL);
    assert_true(stage->server >= 0);
}

static void drop_curtain(struct stage *stage)
{
    auger_stream_fini(&stage->stream, auger_clock_now());
    close(stage->epoll);
    close(stage->listener);
    if (stage->server >= 0)
        close(stage->server);
}

/* One look at what the system has, at most a tenth of a second. */
static void turn_once(struct stage *stage)
{
    struct epoll_event events[8];
    struct auger_bytes frame;
    int len = epoll_wait(stage->epoll, events, 8, 100);
    auger_time now = auger_clock_now();

    for (int i = 0; i < len; i++) {
        struct auger_watch *watch = events[i].data.ptr;
        auger_stream_ready(watch->user, watch, events[i].events, now);
        while (auger_stream_next(&stage->stream, now, &frame)) {
            assert_in_range(stage->frames, 0, FRAMES_MAX - 1);
            stage->first[stage->frames] = frame.data[4];
            stage->lens[stage->frames++] = frame.len;
        }
    }
    auger_stream_handle_timeout(&stage->stream, now);
    (void)auger_stream_take_loss(&stage->stream, stage->why);
}

static void until_frames(struct stage *stage, size_t frames)
{
    for (int i = 0; i < 100 && stage->frames < frames; i++)
        turn_once(stage);
    assert_int_equal(stage->frames, frames);
}

static void until_lost(struct stage *stage, const char *why)
{
    for (int i = 0; i < 200 && stage->why[0] == '\0'; i++)
        turn_once(stage);
    assert_string_equal(stage->why, why);
    assert_int_equal(stage->stream.state, AUGER_STREAM_CLOSED);
    assert_int_equal(auger_stream_next_timeout(&stage->stream), AUGER_NEVER);
}

/* ChannelData with `len` bytes of `byte`, padded. */
static size_t make_data(uint8_t *buf, uint8_t byte, size_t len)
{
    size_t padded = (len + 3) / 4 * 4;

    memset(buf, 0, 4 + padded);
    memcpy(buf, (const uint8_t[]){0x40, 0x01, (uint8_t)(len >> 8), (uint8_t)len}, 4);
    memset(buf + 4, byte, len);
    return 4 + padded;
}

static void server_writes(struct stage *stage, const uint8_t *buf, size_t len)
{
    assert_int_equal(write(stage->server, buf, len), len);
}

/* --- in ------------------------------------------------------------------------------------- */

static void frames_come_whole_however_they_are_cut(void **state)
{
    uint8_t buf[64];
    struct stage stage;
    (void)state;

    begin(&stage);
    size_t len = make_data(buf, 'a', 5);
    len += make_data(buf + len, 'b', 8);
    server_writes(&stage, buf, len);
    until_frames(&stage, 2);
    assert_int_equal(stage.lens[0], 12); /* with its padding */
    assert_int_equal(stage.lens[1], 12);
    assert_int_equal(stage.first[0], 'a');
    assert_int_equal(stage.first[1], 'b');

    len = make_data(buf, 'c', 3);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(stage.frames, 2);
        server_writes(&stage, buf + i, 1);
        turn_once(&stage);
    }
    until_frames(&stage, 3);
    assert_int_equal(stage.first[2], 'c');
    drop_curtain(&stage);
}

static void a_frame_that_there_is_no_room_for_is_passed_over(void **state)
{
    static uint8_t buf[30000];
    struct stage stage;
    (void)state;

    begin(&stage);
    size_t len = make_data(buf, 'a', 20001);
    len += make_data(buf + len, 'b', 8);
    server_writes(&stage, buf, len);
    until_frames(&stage, 1);
    assert_int_equal(stage.first[0], 'b');
    drop_curtain(&stage);
}

static void what_is_no_frame_ends_it(void **state)
{
    static const uint8_t http[] = "\xC8TTP/1.1 400 Bad Request\r\n";
    struct stage stage;
    (void)state;

    begin(&stage);
    server_writes(&stage, http, sizeof(http) - 1);
    until_lost(&stage, "what the server sent is no TURN");
    drop_curtain(&stage);
}

static void the_servers_end_is_noticed(void **state)
{
    struct stage stage;
    (void)state;

    begin(&stage);
    close(stage.server);
    stage.server = -1;
    until_lost(&stage, "the server closed the connection");
    drop_curtain(&stage);
}

/* --- out ------------------------------------------------------------------------------------ */

static const uint8_t request[20] = {0x00, 0x04, 0, 0, 0x21, 0x12, 0xA4, 0x42};

/* The server reads all that comes; how many bytes, with the last 20 of them. */
static size_t server_reads(struct stage *stage, uint8_t *buf, size_t cap)
{
    struct pollfd readable = {.fd = stage->server, .events = POLLIN};
    size_t len = 0;

    for (int idle = 0; idle < 3;) {
        turn_once(stage);
        if (poll(&readable, 1, 10) > 0) {
            ssize_t got = read(stage->server, buf + len, cap - len);
            assert_true(got > 0);
            len += (size_t)got;
        } else {
            idle++;
        }
    }
    return len;
}

/* Of 12.5: the queue drops data whole, and keeps room for requests. */
static void a_server_that_does_not_read_gets_whole_frames_and_every_request(void **state)
{
    static uint8_t got[8 * 1024 * 1024];
    uint8_t buf[1300];
    struct stage stage;
    size_t sent = 0;
    (void)state;

    begin(&stage);
    turn_once(&stage);
    size_t len = make_data(buf, 'x', 1200);
    while (stage.stream.dropped == 0 && sent++ < 6000)
        auger_stream_send(&stage.stream, auger_clock_now(), buf, len);
    assert_int_equal(stage.stream.dropped, 1);
    assert_in_range(stage.stream.queue.len, AUGER_STREAM_QUEUE_MAX - AUGER_STREAM_RESERVE - 2 * len,
                    AUGER_STREAM_QUEUE_MAX - AUGER_STREAM_RESERVE);
    auger_stream_send(&stage.stream, auger_clock_now(), request, sizeof(request));
    assert_int_equal(stage.stream.dropped, 1);
    assert_in_range(stage.stream.queue.cap, 1, AUGER_STREAM_QUEUE_MAX);

    size_t bytes = server_reads(&stage, got, sizeof(got)), at = 0, frames = 0;
    while (at < bytes) {
        int frame = auger_turn_frame_len(got + at, bytes - at);
        assert_true(frame > 0 && at + (size_t)frame <= bytes);
        at += (size_t)frame;
        frames++;
    }
    assert_int_equal(frames, sent); /* one was dropped, one is the request */
    assert_memory_equal(got + bytes - sizeof(request), request, sizeof(request));
    drop_curtain(&stage);
}

static void requests_are_bounded_too(void **state)
{
    struct stage stage;
    (void)state;

    begin(&stage);
    turn_once(&stage);
    for (size_t i = 0; i < 1000000 && stage.stream.dropped == 0; i++)
        auger_stream_send(&stage.stream, auger_clock_now(), request, sizeof(request));
    assert_int_equal(stage.stream.dropped, 1);
    assert_in_range(stage.stream.queue.len, 1, AUGER_STREAM_QUEUE_MAX);
    drop_curtain(&stage);
}

static void what_is_sent_before_it_stands_waits(void **state)
{
    uint8_t got[64];
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    open_to(&stage, &stage.path.remote, 1, NULL, "127.0.0.1");
    auger_stream_send(&stage.stream, auger_clock_now(), request, sizeof(request));
    stage.server = accept(stage.listener, NULL, NULL);
    assert_int_equal(server_reads(&stage, got, sizeof(got)), sizeof(request));
    drop_curtain(&stage);
}

/* --- where to ------------------------------------------------------------------------------- */

/* A port that nobody listens at: it was somebody's just now. */
static struct auger_addr closed_port(void)
{
    struct auger_addr addr = loopback(0);

    close(listen_at(&addr));
    return addr;
}

static void nobody_there_is_said(void **state)
{
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    struct auger_addr nobody = closed_port();
    open_to(&stage, &nobody, 1, NULL, "127.0.0.1");
    until_lost(&stage, "Connection refused");
    drop_curtain(&stage);
}

static void the_next_address_is_tried_at_once_when_the_first_refuses(void **state)
{
    uint8_t got[64];
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    const struct auger_addr addrs[] = {closed_port(), stage.path.remote};
    open_to(&stage, addrs, 2, NULL, "127.0.0.1");
    auger_stream_send(&stage.stream, auger_clock_now(), request, sizeof(request));
    for (int i = 0; i < 100 && stage.stream.state != AUGER_STREAM_OPEN; i++)
        turn_once(&stage);
    stage.server = accept(stage.listener, NULL, NULL);
    assert_int_equal(server_reads(&stage, got, sizeof(got)), sizeof(request));
    drop_curtain(&stage);
}

static void who_does_not_answer_has_ten_seconds(void **state)
{
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    open_to(&stage, &stage.path.remote, 1, NULL, "127.0.0.1");
    auger_time by = auger_stream_next_timeout(&stage.stream);
    auger_stream_handle_timeout(&stage.stream, by - 1);
    assert_int_equal(stage.stream.state, AUGER_STREAM_CONNECTING);
    auger_stream_handle_timeout(&stage.stream, by);
    assert_true(auger_stream_take_loss(&stage.stream, stage.why));
    assert_string_equal(stage.why, "no connection within 10 s");
    assert_false(auger_stream_take_loss(&stage.stream, stage.why));
    drop_curtain(&stage);
}

/* --- TLS ------------------------------------------------------------------------------------ */

static struct authority authority;

struct tls_server {
    struct auger_tls_context *contexts[2];
    struct auger_tls *tls;
};

static void make_tls(struct tls_server *server, const char *sans)
{
    struct auger_tls_config config;
    struct leaf leaf;

    make_leaf(&leaf, &authority, sans, -1, 1);
    auger_tls_config_init(&config);
    config.ca_pem = pem_bytes(&authority.pem);
    assert_int_equal(auger_tls_context_new(&server->contexts[0], auger_env_system(), &config, NULL),
                     0);
    config.role = AUGER_TLS_SERVER;
    config.certificate_pem = pem_bytes(&leaf.certificate);
    config.key_pem = pem_bytes(&leaf.key);
    assert_int_equal(auger_tls_context_new(&server->contexts[1], auger_env_system(), &config, NULL),
                     0);
    assert_int_equal(auger_tls_new(&server->tls, server->contexts[1], auger_clock_now(), NULL), 0);
}

static void free_tls(struct tls_server *server)
{
    auger_tls_free(server->tls);
    auger_tls_context_free(server->contexts[0]);
    auger_tls_context_free(server->contexts[1]);
}

/* What the server has read of the clear so far. */
static size_t serve_tls(struct stage *stage, struct tls_server *server, uint8_t *clear, size_t cap)
{
    auger_time now = auger_clock_now();
    uint8_t buf[4096];
    size_t n, len = 0;
    ssize_t got = recv(stage->server, buf, sizeof(buf), MSG_DONTWAIT);

    for (size_t at = 0; got > 0 && at < (size_t)got;) {
        at += auger_tls_feed(server->tls, now, buf + at, (size_t)got - at);
        len += auger_tls_read(server->tls, now, clear + len, cap - len);
    }
    while ((n = auger_tls_take(server->tls, now, buf, sizeof(buf))) > 0)
        (void)!write(stage->server, buf, n);
    return len;
}

static void tls_carries_frames_both_ways(void **state)
{
    struct tls_server server;
    uint8_t clear[256], buf[64];
    struct stage stage;
    size_t heard = 0;
    (void)state;

    raise_curtain(&stage);
    make_tls(&server, "DNS:turn.example");
    open_to(&stage, &stage.path.remote, 1, server.contexts[0], "turn.example");
    auger_stream_send(&stage.stream, auger_clock_now(), request, sizeof(request));
    stage.server = accept(stage.listener, NULL, NULL);
    for (int i = 0; i < 100 && heard < sizeof(request); i++) {
        turn_once(&stage);
        heard += serve_tls(&stage, &server, clear + heard, sizeof(clear) - heard);
    }
    assert_int_equal(heard, sizeof(request));
    assert_memory_equal(clear, request, sizeof(request));

    size_t len = make_data(buf, 'z', 9);
    assert_int_equal(auger_tls_write(server.tls, auger_clock_now(), buf, len), len);
    (void)serve_tls(&stage, &server, clear, sizeof(clear));
    until_frames(&stage, 1);
    assert_int_equal(stage.first[0], 'z');
    free_tls(&server);
    drop_curtain(&stage);
}

static void who_is_somebody_else_is_named(void **state)
{
    struct tls_server server;
    uint8_t clear[256];
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    make_tls(&server, "DNS:other.example");
    open_to(&stage, &stage.path.remote, 1, server.contexts[0], "turn.example");
    stage.server = accept(stage.listener, NULL, NULL);
    for (int i = 0; i < 100 && stage.why[0] == '\0'; i++) {
        turn_once(&stage);
        (void)serve_tls(&stage, &server, clear, sizeof(clear));
    }
    assert_string_equal(stage.why, "the certificate is for other.example, not turn.example");
    free_tls(&server);
    drop_curtain(&stage);
}

/* --- through a proxy ------------------------------------------------------------------------ */

static void open_through(struct stage *stage, const struct auger_proxy *proxy,
                         struct auger_tls_context *context)
{
    const struct auger_stream_target target = {.path = &stage->path,
                                               .addrs = &stage->path.remote,
                                               .addrs_len = 1,
                                               .context = context,
                                               .name = "turn.example",
                                               .proxy = proxy,
                                               .host = "turn.example",
                                               .port = 443};

    raise_curtain(stage);
    auger_stream_open(&stage->stream, NULL, stage->epoll, &target, auger_clock_now());
    auger_stream_send(&stage->stream, auger_clock_now(), request, sizeof(request));
    stage->server = accept(stage->listener, NULL, NULL);
}

static void through_a_proxy_the_question_comes_first_and_then_tls(void **state)
{
    static const char question[] =
        "CONNECT turn.example:443 HTTP/1.1\r\nHost: turn.example:443\r\n\r\n";
    static const uint8_t answer[] = "HTTP/1.1 200 OK\r\n\r\n";
    struct auger_proxy proxy;
    struct tls_server server;
    uint8_t clear[256];
    struct stage stage;
    size_t heard = 0;
    (void)state;

    assert_int_equal(auger_proxy_parse(&proxy, "http://127.0.0.1"), 0);
    make_tls(&server, "DNS:turn.example");
    open_through(&stage, &proxy, server.contexts[0]);
    assert_int_equal(server_reads(&stage, clear, sizeof(clear)), sizeof(question) - 1);
    assert_memory_equal(clear, question, sizeof(question) - 1);
    server_writes(&stage, answer, sizeof(answer) - 1);
    for (int i = 0; i < 100 && heard < sizeof(request); i++) {
        turn_once(&stage);
        heard += serve_tls(&stage, &server, clear + heard, sizeof(clear) - heard);
    }
    assert_int_equal(heard, sizeof(request));
    assert_memory_equal(clear, request, sizeof(request));
    assert_int_equal(auger_stream_next_timeout(&stage.stream), AUGER_NEVER);
    free_tls(&server);
    drop_curtain(&stage);
}

/* The first frame comes in one piece with the answer. */
static void what_follows_the_proxys_answer_is_the_servers(void **state)
{
    uint8_t clear[256], buf[64] = "HTTP/1.1 200 OK\r\n\r\n";
    struct auger_proxy proxy;
    struct stage stage;
    (void)state;

    assert_int_equal(auger_proxy_parse(&proxy, "http://127.0.0.1"), 0);
    open_through(&stage, &proxy, NULL);
    (void)server_reads(&stage, clear, sizeof(clear));
    server_writes(&stage, buf, 19 + make_data(buf + 19, 'p', 8));
    until_frames(&stage, 1);
    assert_int_equal(stage.first[0], 'p');
    assert_int_equal(server_reads(&stage, clear, sizeof(clear)), sizeof(request));
    assert_memory_equal(clear, request, sizeof(request));
    drop_curtain(&stage);
}

static void a_proxy_that_refuses_is_named(void **state)
{
    static const uint8_t answer[] = "HTTP/1.1 403 No\r\n\r\n";
    struct auger_proxy proxy;
    uint8_t clear[256];
    struct stage stage;
    (void)state;

    assert_int_equal(auger_proxy_parse(&proxy, "http://127.0.0.1"), 0);
    open_through(&stage, &proxy, NULL);
    (void)server_reads(&stage, clear, sizeof(clear));
    server_writes(&stage, answer, sizeof(answer) - 1);
    until_lost(&stage, "the proxy refuses the connection (403)");
    drop_curtain(&stage);
}

static void a_proxy_that_is_silent_has_ten_seconds(void **state)
{
    struct auger_proxy proxy;
    uint8_t clear[256];
    struct stage stage;
    (void)state;

    assert_int_equal(auger_proxy_parse(&proxy, "socks5://127.0.0.1"), 0);
    open_through(&stage, &proxy, NULL);
    assert_int_equal(server_reads(&stage, clear, sizeof(clear)), 3);
    auger_stream_handle_timeout(&stage.stream, auger_stream_next_timeout(&stage.stream));
    until_lost(&stage, "no connection within 10 s");
    drop_curtain(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole_however_they_are_cut),
        cmocka_unit_test(a_frame_that_there_is_no_room_for_is_passed_over),
        cmocka_unit_test(what_is_no_frame_ends_it),
        cmocka_unit_test(the_servers_end_is_noticed),
        cmocka_unit_test(a_server_that_does_not_read_gets_whole_frames_and_every_request),
        cmocka_unit_test(requests_are_bounded_too),
        cmocka_unit_test(what_is_sent_before_it_stands_waits),
        cmocka_unit_test(nobody_there_is_said),
        cmocka_unit_test(the_next_address_is_tried_at_once_when_the_first_refuses),
        cmocka_unit_test(who_does_not_answer_has_ten_seconds),
        cmocka_unit_test(tls_carries_frames_both_ways),
        cmocka_unit_test(who_is_somebody_else_is_named),
        cmocka_unit_test(through_a_proxy_the_question_comes_first_and_then_tls),
        cmocka_unit_test(what_follows_the_proxys_answer_is_the_servers),
        cmocka_unit_test(a_proxy_that_refuses_is_named),
        cmocka_unit_test(a_proxy_that_is_silent_has_ten_seconds),
    };

    make_authority(&authority, "Authority");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_authority(&authority);
    return failed;
}
