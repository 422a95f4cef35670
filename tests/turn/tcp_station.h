/* tests/turn/tcp_station.h - a server with TCP allocations, and who connects to whom. */
#ifndef TESTS_TURN_TCP_STATION_H
#define TESTS_TURN_TCP_STATION_H

#include "tests/turn/station.h"

#define DATA "9.9.9.1:6000"
#define DATA2 "9.9.9.1:6001"
#define ALICE_TCP                                                                                  \
    ((struct asker){.name = "alice", .password = "wonderland", .from = CLIENT, .is_stream = true})
#define BOB_TCP                                                                                    \
    ((struct asker){.name = "bob", .password = "builder", .from = CLIENT2, .is_stream = true})

static inline struct station *tcp_station(void)
{
    struct station *s = station_prepare();

    s->config.tcp_relay = true;
    station_start(s);
    return s;
}

static inline void begin_allocate_tcp(struct request *q)
{
    begin(q, AUGER_STUN_ALLOCATE);
    add_byte(q, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 6);
}

static inline void allocate_tcp(struct station *s, struct asker *who)
{
    struct request q;

    challenge(s, who);
    begin_allocate_tcp(&q);
    send_signed(s, &q, who);
    expect(s, who, 0);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &s->relayed));
}

/* NULL: to nobody. */
static inline void ask_to_connect(struct station *s, struct asker *who, const char *peer)
{
    struct request q;

    begin(&q, AUGER_STUN_CONNECT);
    if (peer)
        add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    send_signed(s, &q, who);
}

/* What the caller was asked for came about, or did not. */
static inline void connected(struct station *s, uint32_t connection, int err)
{
    auger_turn_server_peer_connected(s->server, s->now, connection, err, s->reply, sizeof(s->reply),
                                     &s->out);
    read_answer(s);
}

/* The number of a connection that waits for its client. */
static inline uint32_t connect_to(struct station *s, struct asker *who, const char *peer)
{
    ask_to_connect(s, who, peer);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_CONNECT);
    connected(s, s->out.connection, 0);
    expect(s, who, 0);
    return u32_of(s, AUGER_STUN_ATTR_CONNECTION_ID);
}

static inline void ask_to_bind(struct station *s, const struct asker *who, const char *from,
                               uint32_t connection)
{
    struct asker there = *who;
    struct request q;

    there.from = from;
    there.nonce_len = 0;
    challenge(s, &there);
    begin(&q, AUGER_STUN_CONNECTION_BIND);
    auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_CONNECTION_ID, connection);
    send_signed(s, &q, &there);
}

static inline void bind_to(struct station *s, const struct asker *who, const char *from,
                           uint32_t connection)
{
    ask_to_bind(s, who, from, connection);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_SPLICE);
    assert_int_equal(s->out.connection, connection);
    assert_int_equal(auger_stun_msg_parse(&s->answer, s->reply, s->out.bytes.len), 0);
    assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
}

static inline auger_time carry(struct station *s, uint32_t connection, bool to_peer, size_t len)
{
    return auger_turn_server_carry(s->server, s->now, connection, to_peer, len);
}

static inline void expect_closed(struct station *s, uint32_t connection)
{
    expect_event(s, AUGER_TURN_SERVER_EVENT_CONNECTION_CLOSED);
    assert_int_equal(s->event.connection, connection);
}

#endif
