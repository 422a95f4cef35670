/* A session of the native peer that restarts ICE: because its address is gone, because the other
 * side does, and when both do at once. */
#define _POSIX_C_SOURCE 200809L
#include "tests/io/ends.h"

#include "tools/demo_peer.h"
#include "tools/reoffer.h"
#include "tools/signalling.h"

#define TEXTS_MAX 64

struct room {
    struct auger_loop *loop;
    struct demo *demo;
    struct auger_net_config net;
    char *texts[TEXTS_MAX]; /* that the demo said and Alice has not heard */
    size_t texts_len;
    struct auger_peer *alice, *demos;
    bool alice_offered, is_open;
    char session[SIGNAL_NAME_MAX];
    auger_channel channel;
    char latest[64];
    size_t offers, answers, byes; /* of the demo's */
    char sdp[AUGER_SDP_MAX + 1];
};

static void say(void *user, const char *text, size_t len)
{
    struct room *room = user;

    assert_true(room->texts_len < TEXTS_MAX);
    room->texts[room->texts_len++] = strndup(text, len);
}

/* As the server relays it; `text` is used up. */
static void tell_demo(struct room *room, char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    assert_int_equal(json_object_set_new(json, "from", json_string("alice")), 0);
    char *relayed = json_dumps(json, JSON_COMPACT);
    demo_take(room->demo, relayed, strlen(relayed));
    free(relayed);
    free(text);
    json_decref(json);
}

static void describe_to_demo(struct room *room, enum signal_type type)
{
    tell_demo(room, signal_description(type, "demo", room->session, room->sdp));
}

static void take_offer(struct room *room, const struct signal *signal)
{
    room->offers++;
    strcpy(room->session, signal->session);
    int len = reoffer_take(room->alice, auger_loop_now(room->loop), room->alice_offered,
                           signal->sdp, room->sdp, sizeof(room->sdp));
    assert_true(len >= 0);
    if (len > 0)
        describe_to_demo(room, SIGNAL_ANSWER);
}

static void hear(struct room *room, const char *text)
{
    struct signal signal;
    const char *why;

    assert_true(signal_parse(&signal, text, strlen(text), &why));
    auger_time now = auger_loop_now(room->loop);
    if (signal.type == SIGNAL_OFFER) {
        take_offer(room, &signal);
    } else if (signal.type == SIGNAL_ANSWER) {
        room->answers++;
        assert_int_equal(auger_peer_set_remote_description(room->alice, now, AUGER_SDP_ANSWER,
                                                           signal.sdp, strlen(signal.sdp), NULL),
                         0);
    } else if (signal.type == SIGNAL_CANDIDATE) {
        int err = auger_peer_add_remote_candidate(room->alice, now, signal.candidate,
                                                  strlen(signal.candidate));
        assert_int_equal(err, 0);
    } else if (signal.type == SIGNAL_BYE) {
        room->byes++;
    }
    signal_release(&signal);
}

static void hear_all(struct room *room)
{
    for (size_t i = 0; i < room->texts_len; i++) {
        hear(room, room->texts[i]);
        free(room->texts[i]);
    }
    room->texts_len = 0;
}

static void take_alices(struct room *room, const struct auger_peer_event *event)
{
    if (event->type == AUGER_PEER_EVENT_CANDIDATE)
        tell_demo(room, signal_candidate("demo", room->session, event->candidate));
    if (event->type == AUGER_PEER_EVENT_CHANNEL || event->type == AUGER_PEER_EVENT_CHANNEL_OPEN) {
        room->channel = event->channel;
        room->is_open = true;
    }
    if (event->type == AUGER_PEER_EVENT_MESSAGE)
        snprintf(room->latest, sizeof(room->latest), "%.*s", (int)event->data.len,
                 (const char *)event->data.data);
}

/* One event; what the demo says to it is not heard yet. */
static void turn(struct room *room)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(room->loop, &event));
    if (event.type != AUGER_LOOP_EVENT_PEER)
        return;
    if (event.peer == room->alice) {
        take_alices(room, &event.event);
    } else {
        room->demos = event.peer;
        demo_take_event(room->demo, &event);
    }
}

static void step_room(struct room *room)
{
    hear_all(room);
    turn(room);
    hear_all(room);
}

static void must_echo(struct room *room, const char *text)
{
    assert_int_equal(auger_peer_send(room->alice, auger_loop_now(room->loop), room->channel,
                                     AUGER_MESSAGE_TEXT, text, strlen(text)),
                     0);
    while (strcmp(room->latest, text) != 0)
        step_room(room);
}

static void offer(struct room *room)
{
    const struct auger_channel_options options = {.label = "chat"};
    auger_time now = auger_loop_now(room->loop);

    assert_int_equal(auger_peer_channel_open(room->alice, now, &options, &room->channel), 0);
    assert_true(auger_peer_create_offer(room->alice, now, room->sdp, sizeof(room->sdp)) > 0);
    describe_to_demo(room, SIGNAL_OFFER);
}

/* A session that stands, whoever offered. */
static struct room *open_room(bool alice_offers)
{
    struct room *room = calloc(1, sizeof(*room));

    assert_non_null(room);
    assert_int_equal(auger_loop_new(&room->loop, NULL), 0);
    room->net = net_of_loopback();
    room->demo = demo_new(room->loop, NULL, &room->net, say, room);
    room->alice = new_peer(room->loop);
    room->alice_offered = alice_offers;
    strcpy(room->session, "alices");
    if (alice_offers)
        offer(room);
    else
        tell_demo(room, signal_plain(SIGNAL_CALL, "demo", NULL));
    while (!room->is_open)
        step_room(room);
    must_echo(room, "before");
    room->offers = room->answers = 0;
    return room;
}

static void close_room(struct room *room)
{
    assert_int_equal(room->byes, 0);
    assert_int_equal(demo_sessions(room->demo), 1);
    hear_all(room);
    demo_free(room->demo);
    auger_loop_free(room->loop);
    free(room);
}

static struct auger_addr demos_addr(const struct room *room)
{
    struct auger_cand cand;

    assert_int_equal(auger_ice_local_cands(auger_peer_ice(room->demos), &cand, 1), 1);
    return cand.addr;
}

/* Its socket stays, so that the address can come back. */
static void demo_loses(struct room *room, const struct auger_addr *addr)
{
    assert_int_equal(auger_peer_remove_local_addr(room->demos, auger_loop_now(room->loop), addr),
                     0);
}

static void demo_gets(struct room *room, const struct auger_addr *addr)
{
    auger_time now = auger_loop_now(room->loop);

    assert_int_equal(auger_peer_add_local_addr(room->demos, now, addr), 0);
    auger_peer_end_of_local_addrs(room->demos, now);
}

static void it_restarts_when_its_address_is_gone(void **state)
{
    (void)state;
    for (int offered = 0; offered < 2; offered++) {
        struct room *room = open_room(offered);
        const struct auger_addr addr = demos_addr(room);
        char before[64];

        snprintf(before, sizeof(before), "%s", auger_ice_ufrag(auger_peer_ice(room->alice)));
        demo_loses(room, &addr);
        while (room->offers == 0)
            step_room(room);
        demo_gets(room, &addr);
        must_echo(room, "after");
        assert_int_equal(room->offers, 1);
        assert_string_not_equal(auger_ice_ufrag(auger_peer_ice(room->alice)), before);
        close_room(room);
    }
}

static void it_answers_a_restart_in_place(void **state)
{
    (void)state;
    struct room *room = open_room(true);
    const struct auger_peer *before = room->demos;

    assert_true(
        reoffer_make(room->alice, auger_loop_now(room->loop), room->sdp, sizeof(room->sdp)) > 0);
    describe_to_demo(room, SIGNAL_OFFER);
    while (room->answers == 0)
        step_room(room);
    must_echo(room, "after");
    assert_ptr_equal(room->demos, before);
    close_room(room);
}

/* The offer of who offered first of all goes on. */
static void of_two_restarts_that_cross_one_goes_on(void **state)
{
    (void)state;
    for (int offered = 0; offered < 2; offered++) {
        struct room *room = open_room(offered);
        const struct auger_addr addr = demos_addr(room);

        demo_loses(room, &addr);
        while (room->texts_len == 0) /* its offer is on the way */
            turn(room);
        assert_true(reoffer_make(room->alice, auger_loop_now(room->loop), room->sdp,
                                 sizeof(room->sdp)) > 0);
        describe_to_demo(room, SIGNAL_OFFER);
        hear_all(room);
        demo_gets(room, &addr);
        must_echo(room, "after");
        assert_int_equal(room->offers, 1);
        assert_int_equal(room->answers, offered);
        close_room(room);
    }
}

static void an_offer_that_is_none_ends_the_session(void **state)
{
    (void)state;
    struct room *room = open_room(true);

    strcpy(room->sdp, "v=0\r\n");
    describe_to_demo(room, SIGNAL_OFFER);
    hear_all(room);
    assert_int_equal(room->byes, 1);
    assert_int_equal(demo_sessions(room->demo), 0);
    demo_free(room->demo);
    auger_loop_free(room->loop);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_restarts_when_its_address_is_gone),
        cmocka_unit_test(it_answers_a_restart_in_place),
        cmocka_unit_test(of_two_restarts_that_cross_one_goes_on),
        cmocka_unit_test(an_offer_that_is_none_ends_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
