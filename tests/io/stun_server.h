/* tests/io/stun_server.h - a STUN server of the test's own, in the loop under test: it answers
 * whatever mapped address it was told to, as if a NAT stood between. */
#ifndef TESTS_IO_STUN_SERVER_H
#define TESTS_IO_STUN_SERVER_H

#include "tests/io/ends.h"

#include "io/udp.h"

struct stun_server {
    struct auger_loop *loop;
    struct auger_udp udp;
    struct auger_udp_batch batch;
    struct auger_addr mapped;
    size_t asked;
    char uri[64];
};

static inline void server_watch(struct stun_server *server)
{
    assert_int_equal(auger_loop_watch_fd(server->loop, server->udp.fd, server), 0);
}

static inline void server_open(struct stun_server *server, struct auger_loop *loop,
                               const char *mapped)
{
    struct auger_addr at = *loopback();

    *server = (struct stun_server){.loop = loop, .mapped = addr_of(mapped)};
    assert_int_equal(auger_udp_open(&server->udp, &at, 65536), 0);
    snprintf(server->uri, sizeof(server->uri), "stun:127.0.0.1:%u", at.port);
    server_watch(server);
}

static inline void server_close(struct stun_server *server)
{
    auger_loop_unwatch_fd(server->loop, server->udp.fd);
    auger_udp_close(&server->udp);
}

static inline void server_answer(struct stun_server *server, const uint8_t *request, size_t len,
                                 const struct auger_addr *from)
{
    struct auger_stun_builder b;
    struct auger_stun_msg msg;
    uint8_t answer[200];

    assert_int_equal(auger_stun_msg_parse(&msg, request, len), 0);
    auger_stun_build_begin(&b, answer, sizeof(answer), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                           &msg.tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &server->mapped);
    int answer_len = auger_stun_build_end(&b);
    assert_true(answer_len > 0);
    assert_int_equal(auger_udp_send(&server->udp, from, answer, (size_t)answer_len),
                     AUGER_UDP_SENT);
    server->asked++;
}

/* true: the event was this server's. */
static inline bool server_take(struct stun_server *server, const struct auger_loop_event *event)
{
    if (event->type != AUGER_LOOP_EVENT_FD || event->user != server)
        return false;
    size_t len = auger_udp_receive(&server->udp, &server->batch);
    for (size_t i = 0; i < len; i++)
        server_answer(server, server->batch.bufs[i], server->batch.lens[i], &server->batch.from[i]);
    server_watch(server);
    return true;
}

#endif /* TESTS_IO_STUN_SERVER_H */
