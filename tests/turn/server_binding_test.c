/* Binding requests to a TURN server: RFC 8489, 5780 and 3489. */
#include "tests/turn/station.h"

#define A1P1 "198.51.100.53:3478"
#define A1P2 "198.51.100.53:3479"
#define A2P1 "198.51.100.54:3478"
#define A2P2 "198.51.100.54:3479"

static struct station *station_of_four(void)
{
    static const char *const texts[] = {A1P1, A1P2, A2P1, A2P2};
    struct station *s = station_prepare();

    for (size_t i = 0; i < 4; i++)
        s->listeners[i] = addr_of(texts[i]);
    s->config.listeners_len = 4;
    station_start(s);
    return s;
}

static void ask(struct station *s, const char *local, int flags, bool with_room)
{
    struct auger_path path = {.local = addr_of(local), .remote = addr_of(CLIENT)};
    struct request q;

    s->now += AUGER_SEC;
    begin(&q, AUGER_STUN_BINDING);
    if (flags >= 0)
        auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_CHANGE_REQUEST, (uint32_t)flags);
    if (with_room)
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_SOFTWARE, "a test of some length", 21);
    give(s, &path, q.buf, q.b.len);
}

static bool has_addr(const struct station *s, uint16_t type, const char *text)
{
    const struct auger_addr want = addr_of(text);
    struct auger_addr got;

    return auger_stun_msg_addr(&s->answer, type, &got) && auger_addr_equal(&got, &want);
}

static void a_binding_request_is_answered_without_credentials(void **state)
{
    struct station *s = station_new();

    (void)state;
    ask(s, LISTENER, -1, false);
    assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
    assert_true(has_addr(s, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, CLIENT));
    assert_false(auger_stun_msg_has(&s->answer, AUGER_STUN_ATTR_OTHER_ADDRESS));
    assert_int_equal(stats_of(s).bindings, 1);
    station_free(s);
}

static void with_one_address_a_change_of_it_is_refused(void **state)
{
    struct station *s = station_new();

    (void)state;
    ask(s, LISTENER, 4, false);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNKNOWN_ATTRIBUTE);
    station_free(s);
}

/* 5780, table 1. */
static void the_answer_comes_from_where_it_was_asked_to(void **state)
{
    static const struct {
        const char *local;
        int flags;
        const char *source, *other;
    } rows[] = {
        {A1P1, -1, A1P1, A2P2}, {A1P1, 0, A1P1, A2P2}, {A1P1, 4, A2P1, A2P2}, {A1P1, 2, A1P2, A2P2},
        {A1P1, 6, A2P2, A2P2},  {A2P1, 4, A1P1, A1P2}, {A2P2, 6, A1P1, A1P1}, {A1P2, 2, A1P1, A2P1},
    };
    struct station *s = station_of_four();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct auger_addr source = addr_of(rows[i].source), client = addr_of(CLIENT);
        ask(s, rows[i].local, rows[i].flags, true);
        assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
        assert_true(auger_addr_equal(&s->out.path.local, &source));
        assert_true(auger_addr_equal(&s->out.path.remote, &client));
        assert_true(has_addr(s, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, CLIENT));
        assert_true(has_addr(s, AUGER_STUN_ATTR_MAPPED_ADDRESS, CLIENT));
        assert_true(has_addr(s, AUGER_STUN_ATTR_RESPONSE_ORIGIN, rows[i].source));
        assert_true(has_addr(s, AUGER_STUN_ATTR_OTHER_ADDRESS, rows[i].other));
    }
    station_free(s);
}

static void no_answer_is_longer_than_1_7_times_the_question(void **state)
{
    struct station *s = station_of_four();

    (void)state;
    for (int flags = -1; flags < 8; flags++) {
        size_t question = 28 + 20 + (flags >= 0 ? 8 : 0);
        ask(s, A1P1, flags, false);
        assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
        assert_true((28 + s->out.bytes.len) * 10 <= question * 17);
    }
    station_free(s);
}

/* A request with RESPONSE-PORT, if that is not 0, and PADDING, if that is not 0. */
static void ask_for_more(struct station *s, uint16_t port, size_t padding)
{
    static const uint8_t zeros[1600];
    struct auger_path path = {.local = addr_of(LISTENER), .remote = addr_of(CLIENT)};
    struct request q;

    begin(&q, AUGER_STUN_BINDING);
    if (port > 0)
        auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_RESPONSE_PORT, (uint32_t)port << 16);
    if (padding > 0)
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_PADDING, zeros, padding);
    give(s, &path, q.buf, q.b.len);
}

/* 5780, 7.5. */
static void an_answer_goes_to_another_port_of_who_asks(void **state)
{
    struct station *s = station_new();
    const struct auger_addr client = addr_of(CLIENT);

    (void)state;
    ask_for_more(s, 4000, 0);
    assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
    assert_true(auger_addr_ip_equal(&s->out.path.remote, &client));
    assert_int_equal(s->out.path.remote.port, 4000);
    assert_true(has_addr(s, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, CLIENT));
    station_free(s);
}

static void no_port_of_a_service_is_answered(void **state)
{
    static const uint16_t ports[] = {1, 53, 1023};
    struct station *s = station_new();

    (void)state;
    for (size_t i = 0; i < COUNT(ports); i++) {
        const struct auger_addr client = addr_of(CLIENT);
        ask_for_more(s, ports[i], 0);
        assert_int_equal(s->answer.error_code, AUGER_STUN_BAD_REQUEST);
        assert_true(auger_addr_equal(&s->out.path.remote, &client));
    }
    station_free(s);
}

/* Many ask from one address, each from a port of its own: who is at the other port gets what a
 * stranger gets. */
static void the_other_port_has_a_rate_too(void **state)
{
    struct station *s = station_new();
    int answers = 0;

    (void)state;
    for (uint16_t i = 0; i < 100; i++) {
        struct auger_path path = {.local = addr_of(LISTENER), .remote = addr_of(CLIENT)};
        struct request q;
        path.remote.port = (uint16_t)(10000 + i);
        begin(&q, AUGER_STUN_BINDING);
        auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_RESPONSE_PORT, 4000u << 16);
        give(s, &path, q.buf, q.b.len);
        answers += s->out.what == AUGER_TURN_SERVER_TO_CLIENT;
    }
    assert_in_range(answers, 1, 20);
    station_free(s);
}

static void ask_for(struct station *s, const char *local, uint16_t attr, uint32_t value)
{
    struct auger_path path = {.local = addr_of(local), .remote = addr_of(CLIENT)};
    struct request q;

    s->now += AUGER_SEC;
    begin(&q, AUGER_STUN_BINDING);
    auger_stun_build_u32(&q.b, attr, value);
    give(s, &path, q.buf, q.b.len);
}

/* 5780, 7.3 and 7.5: what is sealed for one 5-tuple is not for another, nor in the clear. */
static void who_asks_by_dtls_is_answered_there_alone(void **state)
{
    static const struct {
        uint16_t attr;
        uint32_t value;
    } rows[] = {{AUGER_STUN_ATTR_RESPONSE_PORT, 4000u << 16},
                {AUGER_STUN_ATTR_PADDING, 0},
                {AUGER_STUN_ATTR_CHANGE_REQUEST, 2},
                {AUGER_STUN_ATTR_CHANGE_REQUEST, 6}};
    static const char *const texts[] = {A1P1, A1P2, A2P1, A2P2};
    struct station *s = station_prepare();

    (void)state;
    for (size_t i = 0; i < 4; i++)
        s->listeners[i] = addr_of(texts[i]);
    s->listeners[1].transport = AUGER_TCP; /* A1P2 has DTLS */
    s->config.listeners_len = 4;
    station_start(s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct auger_addr client = addr_of(CLIENT), asked = addr_of(A1P2);
        ask_for(s, A1P2, rows[i].attr, rows[i].value);
        assert_int_equal(s->answer.error_code, AUGER_STUN_UNKNOWN_ATTRIBUTE);
        assert_true(auger_addr_equal(&s->out.path.remote, &client));
        assert_true(auger_addr_equal(&s->out.path.local, &asked));
    }
    ask(s, A1P2, -1, false);
    assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
    assert_false(auger_stun_msg_has(&s->answer, AUGER_STUN_ATTR_OTHER_ADDRESS));
    station_free(s);
}

/* 5780, 7.6: of an MTU at most, and of no more than the question has. */
static void padding_is_answered_by_as_much(void **state)
{
    static const size_t lens[] = {1, 4, 100, 1500, 1600};
    struct station *s = station_new();

    (void)state;
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct auger_bytes padding;
        s->now += AUGER_SEC;
        ask_for_more(s, 0, lens[i]);
        assert_int_equal(s->answer.class_, AUGER_STUN_SUCCESS);
        assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_PADDING, &padding));
        if (lens[i] >= 100)
            assert_int_equal(padding.len, lens[i] < 1500 ? lens[i] : 1500);
        assert_true((28 + s->out.bytes.len) * 10 <= (28 + 24 + (lens[i] + 3) / 4 * 4) * 17);
    }
    station_free(s);
}

static void both_at_once_are_refused(void **state)
{
    struct station *s = station_new();

    (void)state;
    ask_for_more(s, 4000, 100);
    assert_int_equal(s->answer.error_code, AUGER_STUN_BAD_REQUEST);
    station_free(s);
}

/* --- RFC 3489 --------------------------------------------------------------------------- */

static void ask_classic(struct station *s, const char *local, int flags)
{
    struct auger_path path = {.local = addr_of(local), .remote = addr_of(CLIENT)};
    uint8_t buf[28] = {0, 1,  0,  8,  1,  2,  3,  4,  5, 6, 7, 8,
                       9, 10, 11, 12, 13, 14, 15, 16, 0, 3, 0, 4};

    s->now += AUGER_SEC;
    buf[27] = (uint8_t)flags;
    auger_turn_server_handle_client(s->server, s->now, &path, buf, sizeof(buf), s->reply,
                                    sizeof(s->reply), &s->out);
    if (s->out.what == AUGER_TURN_SERVER_TO_CLIENT)
        assert_memory_equal(s->reply + 4, buf + 4, 16);
}

/* The address of that attribute as 3489 writes it. */
static bool has_classic(const struct station *s, uint16_t type, const char *text)
{
    const struct auger_addr want = addr_of(text);

    for (size_t i = 20; i + 12 <= s->out.bytes.len; i += 12)
        if (s->reply[i] == type >> 8 && s->reply[i + 1] == (type & 0xFF))
            return s->reply[i + 3] == 8 && s->reply[i + 5] == 1 &&
                   (s->reply[i + 6] << 8 | s->reply[i + 7]) == want.port &&
                   memcmp(s->reply + i + 8, want.ip, 4) == 0;
    return false;
}

static void an_old_client_is_told_its_address_as_it_knows_it(void **state)
{
    struct station *s = station_of_four();
    const struct auger_addr changed = addr_of(A2P2);

    (void)state;
    ask_classic(s, A1P1, 0);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_int_equal(s->reply[0] << 8 | s->reply[1], 0x0101);
    assert_int_equal(s->reply[2] << 8 | s->reply[3], s->out.bytes.len - 20);
    assert_true(has_classic(s, 0x0001, CLIENT));
    assert_true(has_classic(s, 0x0004, A1P1));
    assert_true(has_classic(s, 0x0005, A2P2));
    ask_classic(s, A1P1, 6);
    assert_true(auger_addr_equal(&s->out.path.local, &changed));
    assert_true(has_classic(s, 0x0004, A2P2));
    station_free(s);
}

static void an_old_client_is_refused_a_change_that_cannot_be(void **state)
{
    struct station *s = station_new();

    (void)state;
    ask_classic(s, LISTENER, 0);
    assert_int_equal(s->reply[0] << 8 | s->reply[1], 0x0101);
    ask_classic(s, LISTENER, 2);
    assert_int_equal(s->reply[0] << 8 | s->reply[1], 0x0111);
    assert_int_equal(s->reply[26] * 100 + s->reply[27], 420);
    station_free(s);
}

/* RESPONSE-ADDRESS would have us send to anybody. */
static void an_old_client_cannot_point_us_at_others(void **state)
{
    struct station *s = station_of_four();
    struct asker who = ALICE;
    const struct auger_path path = path_of(s, &who);
    const uint8_t buf[32] = {0,  1,  0,  12, 1, 2, 3, 4, 5, 6, 7, 8,  9, 10, 11, 12,
                             13, 14, 15, 16, 0, 2, 0, 8, 0, 1, 0, 53, 8, 8,  8,  8};

    (void)state;
    give(s, &path, buf, sizeof(buf));
    expect_nothing(s);
    station_free(s);
}

/* D3: a rate for each source, whoever it says that it is. */
static void answers_to_strangers_are_limited(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    int answers = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct request q;
        if (i % 2)
            begin(&q, AUGER_STUN_BINDING);
        else
            begin_allocate(&q);
        send_bare(s, &q, &who);
        answers += s->out.what == AUGER_TURN_SERVER_TO_CLIENT;
    }
    assert_in_range(answers, 1, 20);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_LIMITED), 1000 - answers);
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_binding_request_is_answered_without_credentials),
        cmocka_unit_test(with_one_address_a_change_of_it_is_refused),
        cmocka_unit_test(the_answer_comes_from_where_it_was_asked_to),
        cmocka_unit_test(no_answer_is_longer_than_1_7_times_the_question),
        cmocka_unit_test(an_answer_goes_to_another_port_of_who_asks),
        cmocka_unit_test(no_port_of_a_service_is_answered),
        cmocka_unit_test(the_other_port_has_a_rate_too),
        cmocka_unit_test(who_asks_by_dtls_is_answered_there_alone),
        cmocka_unit_test(padding_is_answered_by_as_much),
        cmocka_unit_test(both_at_once_are_refused),
        cmocka_unit_test(an_old_client_is_told_its_address_as_it_knows_it),
        cmocka_unit_test(an_old_client_is_refused_a_change_that_cannot_be),
        cmocka_unit_test(an_old_client_cannot_point_us_at_others),
        cmocka_unit_test(answers_to_strangers_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
