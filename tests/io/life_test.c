/* Lives and ends: every call inside every event, and many connections one after another. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include <dirent.h>
#include <malloc.h>

/* --- any call while any event is handled --------------------------------------------------------
 */

enum act {
    ACT_ASK,         /* looks at everything */
    ACT_SAY,         /* opens, sends, adds a candidate, describes: every call of a peer */
    ACT_CLOSE,       /* closes its channel and itself */
    ACT_CLOSE_OTHER, /* the other one of the loop */
    ACT_FREE,
    ACT_FREE_OTHER,
    ACT_FREE_BOTH,
    ACT_NEW, /* another peer in the loop */
    ACT_FREE_LOOP,
    ACTS,
};

static const char *const act_names[] = {"ask",        "say",       "close", "close other", "free",
                                        "free other", "free both", "new",   "free loop"};

struct scene {
    struct ends ends;
    enum act act;
    enum auger_peer_event_type on;
    bool done; /* the act was played */
    bool loop_gone;
};

static void ask(const struct auger_loop *loop, struct auger_peer *peer, auger_channel channel)
{
    static char sdp[AUGER_SDP_MAX + 1];
    struct auger_channel_options options;
    struct auger_peer_info info;
    uint8_t key[16];

    auger_peer_get_info(peer, &info);
    (void)auger_loop_deadline(loop);
    (void)auger_loop_fd(loop);
    (void)auger_peer_next_timeout(peer);
    (void)auger_peer_buffered_amount(peer, channel);
    (void)auger_peer_ice(peer);
    (void)!auger_peer_channel_options(peer, channel, &options);
    (void)!auger_peer_export(peer, "EXTRACTOR-dtls_srtp", key, sizeof(key));
    (void)!auger_peer_local_description(peer, sdp, sizeof(sdp));
}

/* What these return depends on the state; that they return is the claim. */
static void say(struct auger_loop *loop, struct auger_peer *peer, auger_channel channel)
{
    static const char cand[] = "candidate:7 1 udp 1 127.0.0.1 9 typ host";
    static char sdp[AUGER_SDP_MAX + 1];
    const struct auger_channel_options options = {.label = "another"};
    auger_time now = auger_loop_now(loop);
    auger_channel opened;

    (void)!auger_peer_send(peer, now, channel, AUGER_MESSAGE_TEXT, "inside", 6);
    if (auger_peer_channel_open(peer, now, &options, &opened) == 0) {
        (void)!auger_peer_send(peer, now, opened, AUGER_MESSAGE_BINARY, sdp, 1000);
        (void)!auger_peer_channel_close(peer, now, opened);
    }
    (void)!auger_peer_set_low_water(peer, channel, 1);
    (void)!auger_peer_add_remote_candidate(peer, now, cand, sizeof(cand) - 1);
    (void)!auger_peer_add_remote_candidate(peer, now, "", 0);
    (void)!auger_peer_create_offer(peer, now, sdp, sizeof(sdp));
    (void)!auger_peer_create_answer(peer, now, sdp, sizeof(sdp));
    (void)!auger_peer_set_remote_description(peer, now, AUGER_SDP_ANSWER, "nonsense", 8, NULL);
    (void)!auger_peer_add_local_addr(peer, now, loopback());
    (void)!auger_peer_add_stun_server(peer, now, loopback());
    auger_peer_end_of_local_addrs(peer, now);
    auger_peer_handle_timeout(peer, now);
    auger_loop_set_timer(loop, now, loop);
    auger_loop_wake(loop);
}

static void free_side(struct ends *ends, int side)
{
    auger_loop_peer_free(ends->loop, ends->peers[side]);
    ends->peers[side] = NULL;
    ends->states[side] = AUGER_PEER_CLOSED;
}

static void close_side(struct ends *ends, int side)
{
    auger_time now = now_of(ends);

    if (!ends->peers[side])
        return;
    (void)!auger_peer_channel_close(ends->peers[side], now, ends->channels[side]);
    (void)!auger_peer_send(ends->peers[side], now, ends->channels[side], AUGER_MESSAGE_TEXT, "x",
                           1);
    auger_peer_close(ends->peers[side], now);
    auger_peer_close(ends->peers[side], now);
}

static void play(struct scene *scene, int side)
{
    struct ends *ends = &scene->ends;

    scene->done = true;
    switch (scene->act) {
    case ACT_ASK:
        ask(ends->loop, ends->peers[side], ends->channels[side]);
        break;
    case ACT_SAY:
        say(ends->loop, ends->peers[side], ends->channels[side]);
        break;
    case ACT_CLOSE:
        close_side(ends, side);
        break;
    case ACT_CLOSE_OTHER:
        close_side(ends, !side);
        break;
    case ACT_FREE:
        free_side(ends, side);
        break;
    case ACT_FREE_OTHER:
        free_side(ends, !side);
        break;
    case ACT_FREE_BOTH:
        free_side(ends, side);
        free_side(ends, !side);
        break;
    case ACT_NEW:
        (void)new_peer(ends->loop);
        break;
    case ACT_FREE_LOOP:
        end(ends);
        scene->loop_gone = true;
        break;
    case ACTS:
        break;
    }
}

/* The ordinary life of a pair: meet, talk until a low water, close a channel, then all. */
static void live(struct scene *scene, const struct auger_peer_event *event, int side)
{
    static uint8_t bytes[64 * 1024];
    struct ends *ends = &scene->ends;
    auger_time now = now_of(ends);

    if (event->type == AUGER_PEER_EVENT_CHANNEL_OPEN && ends->peers[side]) {
        (void)!auger_peer_set_low_water(ends->peers[side], event->channel, 100);
        (void)!auger_peer_send(ends->peers[side], now, event->channel, AUGER_MESSAGE_BINARY, bytes,
                               sizeof(bytes));
    }
    if (event->type == AUGER_PEER_EVENT_MESSAGE && ends->peers[side])
        (void)!auger_peer_channel_close(ends->peers[side], now, event->channel);
    if (event->type == AUGER_PEER_EVENT_CHANNEL_CLOSED)
        close_side(ends, side);
}

/* One has: who was never connected does not hear of the other's end, and would wait for long. */
static bool is_over(const struct ends *ends)
{
    return ends->states[ALICE] >= AUGER_PEER_FAILED || ends->states[BOB] >= AUGER_PEER_FAILED;
}

/* Until an end by itself or, where the act has cut that short, with the loop. */
static void run(struct scene *scene)
{
    struct auger_loop_event event;
    struct ends *ends = &scene->ends;

    begin(ends);
    while (!scene->loop_gone && !is_over(ends) && auger_loop_next(ends->loop, &event)) {
        struct auger_peer_event what = event.event;
        int side = event.type == AUGER_LOOP_EVENT_PEER && event.peer != ends->peers[ALICE];
        if (event.type != AUGER_LOOP_EVENT_PEER ||
            (event.peer != ends->peers[ALICE] && event.peer != ends->peers[BOB]))
            continue;
        take(ends, &event);
        if (!scene->done && what.type == scene->on)
            play(scene, side);
        if (scene->loop_gone)
            return;
        live(scene, &what, side);
        if (scene->done && (scene->act >= ACT_FREE || scene->act == ACT_SAY))
            break;
    }
    end(ends);
}

static void every_call_works_while_every_event_is_handled(void **state)
{
    (void)state;
    for (int on = AUGER_PEER_EVENT_CANDIDATE; on <= AUGER_PEER_EVENT_CHANNEL_CLOSED; on++)
        for (int act = ACT_ASK; act < ACTS; act++) {
            struct scene scene = {.act = (enum act)act, .on = (enum auger_peer_event_type)on};
            run(&scene);
            if (!scene.done)
                fail_msg("event %d did not come for: %s", on, act_names[act]);
        }
}

static void inside_the_loops_own_events_peers_may_be_freed_too(void **state)
{
    static const char *const uris[] = {"nonsense"};
    struct auger_net_config net = net_of_loopback();
    struct auger_loop_event event;
    struct auger_peer *peer;
    struct auger_loop *loop;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    net.stun_servers = uris;
    net.stun_servers_len = 1;
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    assert_true(auger_loop_next(loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_TROUBLE);
    assert_ptr_equal(event.peer, peer);
    auger_loop_peer_free(loop, peer);
    assert_non_null(strstr(event.what, "nonsense")); /* valid until the next call on the loop */

    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peer), 0);
    auger_loop_peer_free(loop, peer); /* before its trouble is told */
    assert_true(auger_loop_next(loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_TROUBLE);
    assert_null(event.peer);
    auger_loop_free(loop);
}

static void what_is_unknown_to_the_loop_is_left_alone(void **state)
{
    struct ends ends, others;

    (void)state;
    begin(&ends);
    begin(&others);
    auger_loop_peer_free(ends.loop, NULL);
    auger_loop_peer_free(ends.loop, others.peers[ALICE]);
    auger_loop_peer_set_user(ends.loop, others.peers[ALICE], &ends);
    until_open(&others);
    until_open(&ends);
    end(&ends);
    end(&others);
    auger_loop_free(NULL);
}

static void the_user_of_a_peer_comes_with_each_of_its_events(void **state)
{
    struct auger_loop_event event;
    struct ends ends;
    int users[2];

    (void)state;
    begin(&ends);
    for (int side = ALICE; side <= BOB; side++)
        auger_loop_peer_set_user(ends.loop, ends.peers[side], &users[side]);
    while (!ends.open[ALICE] || !ends.open[BOB]) {
        assert_true(auger_loop_next(ends.loop, &event));
        assert_ptr_equal(event.user, &users[take(&ends, &event)]);
    }
    end(&ends);
}

/* --- many lives ------------------------------------------------------------------------------- */

static size_t count_descriptors(void)
{
    DIR *fds = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(fds);
    while (readdir(fds))
        count++;
    closedir(fds);
    return count;
}

/* A sanitizer keeps the heap itself, and counts it to the byte. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

/* One connection from its beginning to its end, in a loop that stays. */
static void live_once(struct auger_loop *loop)
{
    struct ends ends;

    begin_in(&ends, loop);
    until_open(&ends);
    auger_peer_close(ends.peers[ALICE], now_of(&ends));
    until_closed(&ends);
    for (int side = ALICE; side <= BOB; side++)
        auger_loop_peer_free(loop, ends.peers[side]);
}

static void two_hundred_connections_leave_neither_descriptors_nor_memory(void **state)
{
    struct auger_loop *loop;

    (void)state;
    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    for (int i = 0; i < 20; i++) /* what libraries keep for good is kept after these */
        live_once(loop);
    size_t descriptors = count_descriptors(), bytes = heap();
    for (int i = 0; i < 200; i++)
        live_once(loop);
    assert_int_equal(count_descriptors(), descriptors);
    assert_true(heap() <= bytes + bytes / 100);
    auger_loop_free(loop);
}

static void loops_that_come_and_go_leave_nothing(void **state)
{
    struct ends ends;

    (void)state;
    begin(&ends);
    end(&ends);
    size_t descriptors = count_descriptors(), bytes = heap();
    for (int i = 0; i < 50; i++) {
        begin(&ends);
        end(&ends);
    }
    assert_int_equal(count_descriptors(), descriptors);
    assert_true(heap() <= bytes + bytes / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_works_while_every_event_is_handled),
        cmocka_unit_test(inside_the_loops_own_events_peers_may_be_freed_too),
        cmocka_unit_test(what_is_unknown_to_the_loop_is_left_alone),
        cmocka_unit_test(the_user_of_a_peer_comes_with_each_of_its_events),
        cmocka_unit_test(two_hundred_connections_leave_neither_descriptors_nor_memory),
        cmocka_unit_test(loops_that_come_and_go_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
