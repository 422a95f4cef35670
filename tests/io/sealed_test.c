/* DTLS between a socket and a TURN server, without the socket: what waits, what is lost, and a
 * server that was started anew. */
#include "tests/tls/pair.h"

#include "io/sealed.h"

static struct authority authority;
static struct leaf leaf;

struct stage {
    struct auger_tls_context *contexts[2];
    struct auger_sealed sealed;
    struct auger_tls *server;
    auger_time now;
    size_t heard; /* datagrams in the clear that the server got */
};

static const struct auger_path path = {
    .local = {.family = AUGER_IPV4, .port = 4000, .ip = {192, 0, 2, 7}},
    .remote = {.family = AUGER_IPV4, .port = 5349, .ip = {198, 51, 100, 1}}};

static const uint8_t request[20] = {0x00, 0x03};     /* Allocate */
static const uint8_t data[20] = {0x40, 0x01, 0, 16}; /* ChannelData */
static const uint8_t indication[20] = {0x00, 0x16};  /* Send */

static void raise_curtain(struct stage *stage)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&leaf);

    *stage = (struct stage){.now = START};
    client.datagrams = server.datagrams = true;
    stage->contexts[CLIENT] = make_context(&client);
    stage->contexts[SERVER] = make_context(&server);
    assert_int_equal(auger_sealed_open(&stage->sealed, stage->contexts[CLIENT], "turn.example",
                                       &path, stage->now),
                     0);
}

static void drop_curtain(struct stage *stage)
{
    auger_sealed_close(&stage->sealed);
    auger_tls_free(stage->server);
    auger_tls_context_free(stage->contexts[CLIENT]);
    auger_tls_context_free(stage->contexts[SERVER]);
}

static void server_hears(struct stage *stage, const uint8_t *buf, size_t len)
{
    uint8_t reply[AUGER_DATAGRAM_MAX];

    if (stage->server) {
        (void)auger_tls_feed(stage->server, stage->now, buf, len);
        while (auger_tls_read(stage->server, stage->now, reply, sizeof(reply)) > 0)
            stage->heard++;
        return;
    }
    int n = auger_tls_accept(&stage->server, stage->contexts[SERVER], stage->now, &path.local, buf,
                             len, reply, sizeof(reply));
    assert_true(n >= 0);
    if (n > 0)
        auger_sealed_feed(&stage->sealed, stage->now, reply, (size_t)n);
}

static void carry_sealed(struct stage *stage)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;
    bool any;

    do {
        any = false;
        while ((len = auger_sealed_take(&stage->sealed, stage->now, buf, sizeof(buf))) > 0) {
            server_hears(stage, buf, len);
            any = true;
        }
        while (stage->server &&
               (len = auger_tls_take(stage->server, stage->now, buf, sizeof(buf))) > 0) {
            auger_sealed_feed(&stage->sealed, stage->now, buf, len);
            any = true;
        }
    } while (any);
}

static void say(struct stage *stage)
{
    assert_int_equal(auger_sealed_send(&stage->sealed, stage->now, request, sizeof(request)), 0);
    carry_sealed(stage);
}

static void what_is_sent_before_it_stands_waits_up_to_four(void **state)
{
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    for (int i = 0; i < 6; i++)
        assert_int_equal(auger_sealed_send(&stage.sealed, stage.now, request, sizeof(request)), 0);
    carry_sealed(&stage);
    assert_int_equal(stage.heard, AUGER_SEALED_WAITING_MAX);
    say(&stage);
    assert_int_equal(stage.heard, AUGER_SEALED_WAITING_MAX + 1);
    drop_curtain(&stage);
}

static void server_answers(struct stage *stage)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];

    assert_int_equal(auger_tls_write(stage->server, stage->now, (const uint8_t *)"x", 1), 1);
    carry_sealed(stage);
    assert_int_equal(auger_sealed_read(&stage->sealed, stage->now, buf, sizeof(buf)), 1);
}

static void a_server_that_answers_is_not_silent(void **state)
{
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    for (int i = 0; i < 10; i++) {
        say(&stage);
        stage.now += 4 * AUGER_SEC;
        assert_false(auger_sealed_is_silent(&stage.sealed, stage.now));
        server_answers(&stage);
        stage.now += 20 * AUGER_SEC;
        assert_false(auger_sealed_is_silent(&stage.sealed, stage.now));
    }
    assert_true(auger_sealed_next_timeout(&stage.sealed) > stage.now + 60 * AUGER_SEC);
    stage.now += 3600 * AUGER_SEC; /* nothing was asked */
    assert_false(auger_sealed_is_silent(&stage.sealed, stage.now));
    drop_curtain(&stage);
}

static void one_that_answers_no_request_for_five_seconds_is(void **state)
{
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    say(&stage);
    stage.now += AUGER_SEC;
    say(&stage);
    stage.now += 4 * AUGER_SEC - 1;
    assert_false(auger_sealed_is_silent(&stage.sealed, stage.now));
    stage.now += 1;
    assert_true(auger_sealed_is_silent(&stage.sealed, stage.now));
    drop_curtain(&stage);
}

/* Whoever sends with its address is not the server. */
static void what_is_not_sealed_is_no_answer(void **state)
{
    static const uint8_t forged[20] = {0x01, 0x01, 0, 0, 0x21, 0x12, 0xA4, 0x42};
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    say(&stage);
    auger_time asked_at = stage.now;
    stage.now += 4 * AUGER_SEC;
    auger_sealed_feed(&stage.sealed, stage.now, forged, sizeof(forged));
    assert_int_equal(auger_sealed_next_timeout(&stage.sealed), asked_at + 5 * AUGER_SEC);
    stage.now += AUGER_SEC;
    assert_true(auger_sealed_is_silent(&stage.sealed, stage.now));
    drop_curtain(&stage);
}

static void data_need_no_answer(void **state)
{
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    say(&stage);
    server_answers(&stage);
    for (int i = 0; i < 60; i++) {
        stage.now += AUGER_SEC;
        assert_int_equal(auger_sealed_send(&stage.sealed, stage.now, data, sizeof(data)), 0);
        assert_int_equal(
            auger_sealed_send(&stage.sealed, stage.now, indication, sizeof(indication)), 0);
        carry_sealed(&stage);
        assert_false(auger_sealed_is_silent(&stage.sealed, stage.now));
    }
    drop_curtain(&stage);
}

static void an_end_has_a_reason(void **state)
{
    const char *why;
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    say(&stage);
    assert_false(auger_sealed_is_over(&stage.sealed, &why));
    auger_tls_close(stage.server, stage.now);
    carry_sealed(&stage);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    assert_int_equal(auger_sealed_read(&stage.sealed, stage.now, buf, sizeof(buf)), 0);
    assert_true(auger_sealed_is_over(&stage.sealed, &why));
    assert_string_equal(why, "the server closed the connection");
    drop_curtain(&stage);
}

/* Before it stands too, so that the caller learns it. */
static void what_does_not_fit_is_refused(void **state)
{
    uint8_t large[AUGER_TLS_DATAGRAM_MAX + 1] = {0x40, 0x01};
    struct stage stage;
    (void)state;

    raise_curtain(&stage);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(auger_sealed_send(&stage.sealed, stage.now, large, sizeof(large)),
                         AUGER_ERR_TOO_LARGE);
        assert_int_equal(auger_sealed_send(&stage.sealed, stage.now, large, sizeof(large) - 1), 0);
        carry_sealed(&stage);
        assert_int_equal(stage.heard, i + 1);
    }
    drop_curtain(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_before_it_stands_waits_up_to_four),
        cmocka_unit_test(a_server_that_answers_is_not_silent),
        cmocka_unit_test(one_that_answers_no_request_for_five_seconds_is),
        cmocka_unit_test(what_is_not_sealed_is_no_answer),
        cmocka_unit_test(data_need_no_answer),
        cmocka_unit_test(an_end_has_a_reason),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    make_authority(&authority, "Authority");
    make_leaf(&leaf, &authority, "DNS:turn.example", -1, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_authority(&authority);
    return failed;
}
