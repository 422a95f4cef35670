/* tests/io/ends.h - two peers of one loop, on loopback sockets of 127.0.0.1 alone; what each has to
 * signal is handed to the other at once. */
#ifndef TESTS_IO_ENDS_H
#define TESTS_IO_ENDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/auger.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

enum { ALICE, BOB };

struct ends {
    struct auger_loop *loop;
    struct auger_peer *peers[2]; /* NULL: freed */
    auger_channel channels[2];
    bool open[2];
    enum auger_peer_state states[2];
    size_t messages[2];  /* received */
    char latest[2][64];  /* the latest message */
    size_t ends_of_news; /* of both: gathered */
};

static inline auger_time now_of(const struct ends *ends)
{
    return auger_loop_now(ends->loop);
}

static inline struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static const struct auger_addr *loopback(void)
{
    static struct auger_addr addr;

    addr = addr_of("127.0.0.1:0");
    return &addr;
}

/* The socket of a peer here: 127.0.0.1 and nothing else. */
static inline struct auger_net_config net_of_loopback(void)
{
    struct auger_net_config net;

    auger_net_config_init(&net);
    net.loopback = true;
    net.bind = loopback();
    return net;
}

static inline struct auger_peer *new_peer(struct auger_loop *loop)
{
    const struct auger_net_config net = net_of_loopback();
    struct auger_peer *peer;

    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    return peer;
}

/* Alice offers a channel, Bob answers. */
static inline void introduce(struct ends *ends)
{
    static char sdp[AUGER_SDP_MAX + 1];
    const struct auger_channel_options options = {.label = "chat"};
    struct auger_peer *alice = ends->peers[ALICE], *bob = ends->peers[BOB];
    auger_time now = now_of(ends);

    assert_int_equal(auger_peer_channel_open(alice, now, &options, &ends->channels[ALICE]), 0);
    int len = auger_peer_create_offer(alice, now, sdp, sizeof(sdp));
    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(bob, now, AUGER_SDP_OFFER, sdp, (size_t)len, NULL), 0);
    len = auger_peer_create_answer(bob, now, sdp, sizeof(sdp));
    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(alice, now, AUGER_SDP_ANSWER, sdp, (size_t)len, NULL), 0);
}

static inline void begin_in(struct ends *ends, struct auger_loop *loop)
{
    *ends = (struct ends){.loop = loop};
    ends->peers[ALICE] = new_peer(loop);
    ends->peers[BOB] = new_peer(loop);
    introduce(ends);
}

static inline void begin(struct ends *ends)
{
    struct auger_loop *loop;

    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    begin_in(ends, loop);
}

static inline void send_text(struct ends *ends, int side, const char *text)
{
    assert_int_equal(auger_peer_send(ends->peers[side], now_of(ends), ends->channels[side],
                                     AUGER_MESSAGE_TEXT, text, strlen(text)),
                     0);
}

static inline void take_message(struct ends *ends, int side, const struct auger_peer_event *event)
{
    size_t len = event->data.len < 63 ? event->data.len : 63;

    ends->messages[side]++;
    if (len)
        memcpy(ends->latest[side], event->data.data, len);
    ends->latest[side][len] = '\0';
}

static inline void tell_other(struct ends *ends, int side, const char *candidate)
{
    struct auger_peer *other = ends->peers[!side];

    if (!other)
        return;
    int err = auger_peer_add_remote_candidate(other, now_of(ends), candidate, strlen(candidate));
    assert_true(err == 0 || err == AUGER_ERR_STATE); /* it has ended already */
}

/* What an application does with an event: which side's it was, -1 when it was no peer's. */
static inline int take(struct ends *ends, const struct auger_loop_event *event)
{
    const struct auger_peer_event *what = &event->event;
    int side = event->peer && event->peer == ends->peers[BOB];

    if (event->type != AUGER_LOOP_EVENT_PEER)
        return -1;
    if (what->type == AUGER_PEER_EVENT_CANDIDATE)
        tell_other(ends, side, what->candidate);
    else if (what->type == AUGER_PEER_EVENT_GATHERED)
        ends->ends_of_news++;
    else if (what->type == AUGER_PEER_EVENT_STATE)
        ends->states[side] = what->state;
    else if (what->type == AUGER_PEER_EVENT_MESSAGE)
        take_message(ends, side, what);
    else if (what->type == AUGER_PEER_EVENT_CHANNEL ||
             what->type == AUGER_PEER_EVENT_CHANNEL_OPEN) {
        ends->channels[side] = what->channel;
        ends->open[side] = true;
    }
    return side;
}

/* One event, waited for. */
static inline void step(struct ends *ends)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(ends->loop, &event));
    take(ends, &event);
}

static inline void until_open(struct ends *ends)
{
    while (!ends->open[ALICE] || !ends->open[BOB])
        step(ends);
}

static inline void until_closed(struct ends *ends)
{
    while (ends->states[ALICE] < AUGER_PEER_FAILED || ends->states[BOB] < AUGER_PEER_FAILED)
        step(ends);
    assert_int_equal(ends->states[ALICE], AUGER_PEER_CLOSED);
    assert_int_equal(ends->states[BOB], AUGER_PEER_CLOSED);
}

static inline void end(struct ends *ends)
{
    auger_loop_free(ends->loop);
}

#endif /* TESTS_IO_ENDS_H */
