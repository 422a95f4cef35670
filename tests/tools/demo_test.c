/* The native peer's posted sessions: when an answer comes, and how many there are. */
#include "tests/io/ends.h"

#include "io/udp.h"
#include "tools/demo_peer.h"
#include "tools/signalling.h"

struct stage {
    struct auger_loop *loop;
    struct demo *demo;
    struct auger_net_config net;
    struct auger_udp silent; /* a STUN server that does not answer */
    char uri[64];
    const char *uris[1];
    char offer[AUGER_SDP_MAX + 1];
    size_t answers, refusals;
    bool has_candidates; /* the latest answer */
};

static void say(void *user, const char *text, size_t len)
{
    (void)user, (void)text, (void)len;
}

static void answered(void *user, const char *sdp, size_t len)
{
    struct stage *stage = user;

    if (!sdp) {
        stage->refusals++;
        return;
    }
    assert_int_equal(strlen(sdp), len);
    stage->answers++;
    stage->has_candidates = strstr(sdp, "a=candidate:");
}

static void make_offer(struct stage *stage)
{
    const struct auger_channel_options options = {.label = "chat"};
    struct auger_peer *peer = new_peer(stage->loop);
    auger_time now = auger_loop_now(stage->loop);
    auger_channel channel;

    assert_int_equal(auger_peer_channel_open(peer, now, &options, &channel), 0);
    assert_true(auger_peer_create_offer(peer, now, stage->offer, sizeof(stage->offer)) > 0);
    auger_loop_peer_free(stage->loop, peer);
}

static struct stage *open_stage(bool asks_silent_server)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    struct auger_addr at = *loopback();

    assert_int_equal(auger_loop_new(&stage->loop, NULL), 0);
    assert_int_equal(auger_udp_open(&stage->silent, &at, 4096), 0);
    snprintf(stage->uri, sizeof(stage->uri), "stun:127.0.0.1:%u", at.port);
    stage->uris[0] = stage->uri;
    stage->net = net_of_loopback();
    stage->net.stun_servers = stage->uris;
    stage->net.stun_servers_len = asks_silent_server;
    stage->demo = demo_new(stage->loop, NULL, &stage->net, say, stage);
    assert_non_null(stage->demo);
    make_offer(stage);
    return stage;
}

static void close_stage(struct stage *stage)
{
    demo_free(stage->demo);
    auger_loop_free(stage->loop);
    auger_udp_close(&stage->silent);
    free(stage);
}

static int post(struct stage *stage, char id[SIGNAL_NAME_MAX])
{
    return demo_post(stage->demo, stage->offer, strlen(stage->offer), id, answered, stage);
}

static void turn(struct stage *stage)
{
    struct auger_loop_event event;

    while (auger_loop_poll(stage->loop, &event))
        demo_take_event(stage->demo, &event);
}

static void the_answer_comes_when_all_candidates_are_known(void **state)
{
    struct stage *stage = open_stage(false);
    char id[SIGNAL_NAME_MAX];

    (void)state;
    assert_int_equal(post(stage, id), 0);
    assert_int_equal(stage->answers, 0); /* not from inside the call */
    turn(stage);
    assert_int_equal(stage->answers, 1);
    assert_true(stage->has_candidates);
    close_stage(stage);
}

static void the_answer_waits_two_seconds_at_most(void **state)
{
    struct stage *stage = open_stage(true);
    char id[SIGNAL_NAME_MAX];

    (void)state;
    auger_time before = auger_loop_now(stage->loop);
    assert_int_equal(post(stage, id), 0);
    auger_time after = auger_loop_now(stage->loop);
    turn(stage);
    assert_int_equal(stage->answers, 0);
    auger_time at = before;
    while (stage->answers == 0) {
        assert_true(at < after + 3 * AUGER_SEC);
        at = demo_next_timeout(stage->demo);
        demo_handle_timeout(stage->demo, at);
    }
    assert_in_range(at, before + 2 * AUGER_SEC, after + 2 * AUGER_SEC);
    assert_true(stage->has_candidates);
    demo_handle_timeout(stage->demo, at + AUGER_SEC);
    assert_int_equal(stage->answers, 1);
    close_stage(stage);
}

static void a_poster_that_left_is_not_answered(void **state)
{
    struct stage *stage = open_stage(false);
    char id[SIGNAL_NAME_MAX];

    (void)state;
    assert_int_equal(post(stage, id), 0);
    demo_forget_poster(stage->demo, id);
    turn(stage);
    assert_int_equal(stage->answers + stage->refusals, 0);
    close_stage(stage);
}

static void there_are_32_sessions_and_deleted_ones_make_room(void **state)
{
    struct stage *stage = open_stage(false);
    char id[SIGNAL_NAME_MAX], more[SIGNAL_NAME_MAX];

    (void)state;
    for (int i = 0; i < DEMO_SESSIONS_MAX; i++)
        assert_int_equal(post(stage, id), 0);
    assert_int_equal(post(stage, more), AUGER_ERR_LIMIT);
    assert_true(demo_delete(stage->demo, id));
    assert_false(demo_delete(stage->demo, "nobody"));
    turn(stage);
    assert_int_equal(demo_sessions(stage->demo), DEMO_SESSIONS_MAX - 1);
    assert_int_equal(post(stage, id), 0);
    close_stage(stage);
}

static void what_is_no_offer_takes_no_session(void **state)
{
    static const char *const rows[] = {"", "nonsense", "v=0\r\n",
                                       "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"};
    struct stage *stage = open_stage(false);
    char id[SIGNAL_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_true(demo_post(stage->demo, rows[i], strlen(rows[i]), id, answered, stage) < 0);
    assert_int_equal(demo_sessions(stage->demo), 0);
    assert_int_equal(stage->answers + stage->refusals, 0);
    close_stage(stage);
}

static void sessions_that_do_not_connect_end(void **state)
{
    struct stage *stage = open_stage(false);
    char id[SIGNAL_NAME_MAX];

    (void)state;
    assert_int_equal(post(stage, id), 0);
    turn(stage);
    demo_handle_timeout(stage->demo, auger_loop_now(stage->loop) + 61 * AUGER_SEC);
    assert_int_equal(demo_sessions(stage->demo), 0);
    close_stage(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_comes_when_all_candidates_are_known),
        cmocka_unit_test(the_answer_waits_two_seconds_at_most),
        cmocka_unit_test(a_poster_that_left_is_not_answered),
        cmocka_unit_test(there_are_32_sessions_and_deleted_ones_make_room),
        cmocka_unit_test(what_is_no_offer_takes_no_session),
        cmocka_unit_test(sessions_that_do_not_connect_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
