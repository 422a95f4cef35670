/* Data through the server: RFC 8656 sections 11 and 12. */
#include "tests/turn/station.h"

static struct station *station_permitted(struct asker *who)
{
    struct station *s = station_new();

    allocate(s, who);
    permit(s, who, PEER);
    return s;
}

static void expect_data_indication(struct station *s, const char *peer, const char *data)
{
    const struct auger_addr addr = addr_of(peer);
    struct auger_stun_msg msg;
    struct auger_addr from;
    struct auger_bytes bytes;

    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_int_equal(auger_stun_msg_parse(&msg, s->out.bytes.data, s->out.bytes.len), 0);
    assert_int_equal(msg.class_, AUGER_STUN_INDICATION);
    assert_int_equal(msg.method, AUGER_STUN_DATA);
    assert_true(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &from));
    assert_true(auger_addr_equal(&from, &addr));
    assert_true(auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_DATA, &bytes));
    assert_int_equal(bytes.len, strlen(data));
    assert_memory_equal(bytes.data, data, bytes.len);
}

static void data_of_a_peer_is_an_indication(void **state)
{
    static const char *const texts[] = {"", "a", "ab", "abc", "abcd", "abcde"};
    struct asker who = ALICE;
    struct station *s = station_permitted(&who);

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        from_peer(s, s->relay, PEER_OTHER_PORT, texts[i], strlen(texts[i]));
        expect_data_indication(s, PEER_OTHER_PORT, texts[i]);
        size_t len = strlen(texts[i]), pad = -len & 3;
        for (size_t j = 0; j < pad; j++) /* V6: nothing of the heap behind it */
            assert_int_equal(s->out.bytes.data[s->out.bytes.len - 1 - j], 0);
    }
    assert_int_equal(stats_of(s).packets_to_clients, COUNT(texts));
    assert_int_equal(stats_of(s).bytes_to_clients, 15);
    station_free(s);
}

static void data_of_an_ipv6_peer_has_room_enough(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;
    struct request q;

    (void)state;
    challenge(s, &who);
    begin_allocate(&q);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, 2);
    send_signed(s, &q, &who);
    expect(s, &who, 0);
    permit(s, &who, PEER6);
    expect(s, &who, 0);
    from_peer(s, s->relay, PEER6, "hello", 5);
    expect_data_indication(s, PEER6, "hello");
    send_indication(s, &who, PEER6, "back");
    expect_to_peer(s, PEER6, "back");
    station_free(s);
}

static void with_a_channel_it_is_channel_data_padded_on_streams(void **state)
{
    (void)state;
    for (int is_stream = 0; is_stream < 2; is_stream++) {
        static const char *const texts[] = {"", "a", "abcd", "abcdef"};
        struct station *s = station_new();
        struct asker who = ALICE;
        who.is_stream = is_stream;
        allocate(s, &who);
        bind_channel(s, &who, 0x4001, PEER);
        for (size_t i = 0; i < COUNT(texts); i++) {
            size_t len = strlen(texts[i]);
            from_peer(s, s->relay, PEER, texts[i], len);
            assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
            assert_int_equal(s->out.bytes.len, 4 + (is_stream ? (len + 3) / 4 * 4 : len));
            const uint8_t header[4] = {0x40, 0x01, 0, (uint8_t)len};
            assert_memory_equal(s->out.bytes.data, header, 4);
            assert_memory_equal(s->out.bytes.data + 4, texts[i], len);
            for (size_t j = 4 + len; j < s->out.bytes.len; j++)
                assert_int_equal(s->out.bytes.data[j], 0);
        }
        from_peer(s, s->relay, PEER_OTHER_PORT, "x", 1); /* it has none */
        expect_data_indication(s, PEER_OTHER_PORT, "x");
        station_free(s);
    }
}

static void channel_data_with_padding_is_relayed_without(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_permitted(&who);
    const uint8_t padded[] = {0x40, 0, 0, 1, 'x', 0, 0, 0}, truncated[] = {0x40, 0, 0, 2, 'x'};
    const struct auger_path path = path_of(s, &who);

    (void)state;
    bind_channel(s, &who, 0x4000, PEER);
    give(s, &path, padded, sizeof(padded));
    expect_to_peer(s, PEER, "x");
    give(s, &path, truncated, sizeof(truncated));
    expect_nothing(s);
    give(s, &path, padded, 3);
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_MALFORMED), 2);
    send_channel(s, &who, 0x4000, "");
    expect_to_peer(s, PEER, "");
    station_free(s);
}

/* 8656 section 12: the range of RFC 5766 is not that of 8656. */
static void old_channels_are_let_in_where_that_was_asked_for(void **state)
{
    (void)state;
    for (int lets_in = 0; lets_in < 2; lets_in++) {
        const uint8_t head[] = {0x7F, 0xFE, 0, 5};
        struct station *s = station_prepare();
        struct asker who = ALICE;
        s->config.old_channels = lets_in;
        station_start(s);
        allocate(s, &who);
        bind_channel(s, &who, 0x7FFE, PEER);
        expect(s, &who, lets_in ? 0 : 400);
        send_channel(s, &who, 0x7FFE, "hello");
        if (lets_in)
            expect_to_peer(s, PEER, "hello");
        else
            expect_nothing(s);
        assert_int_equal(auger_turn_server_frame_len(s->server, head, sizeof(head)),
                         lets_in ? 12 : AUGER_ERR_MALFORMED);
        bind_channel(s, &who, 0x7FFF, PEER_OTHER_PORT);
        expect(s, &who, 400);
        station_free(s);
    }
}

static void data_without_an_allocation_is_nothing(void **state)
{
    struct station *s = station_new();
    struct asker who = ALICE;

    (void)state;
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    send_channel(s, &who, 0x4000, "x");
    expect_nothing(s);
    from_peer(s, 0, PEER, "x", 1);
    expect_nothing(s);
    from_peer(s, UINT32_MAX, PEER, "x", 1);
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_NO_ALLOCATION), 4);
    station_free(s);
}

static void a_send_without_what_it_must_have_is_dropped(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_permitted(&who);
    struct request q;

    (void)state;
    begin_with(&q, AUGER_STUN_INDICATION, AUGER_STUN_SEND, (struct auger_stun_tid){{1}});
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER);
    send_bare(s, &q, &who);
    expect_nothing(s);
    begin_with(&q, AUGER_STUN_INDICATION, AUGER_STUN_SEND, (struct auger_stun_tid){{1}});
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_DATA, "x", 1);
    send_bare(s, &q, &who);
    expect_nothing(s);
    begin_with(&q, AUGER_STUN_INDICATION, AUGER_STUN_SEND, (struct auger_stun_tid){{1}});
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_DATA, "x", 1);
    auger_stun_build_u32(&q.b, 0x7ABC, 1);
    send_bare(s, &q, &who);
    expect_nothing(s);
    assert_int_equal(drops_of(s, AUGER_TURN_SERVER_DROP_MALFORMED), 3);
    station_free(s);
}

static void dont_fragment_is_handed_on_or_drops_the_data(void **state)
{
    (void)state;
    for (int can = 0; can < 2; can++) {
        struct station *s = station_prepare();
        struct asker who = ALICE;
        struct request q;
        s->config.dont_fragment = can;
        station_start(s);
        allocate(s, &who);
        permit(s, &who, PEER);
        begin_with(&q, AUGER_STUN_INDICATION, AUGER_STUN_SEND, (struct auger_stun_tid){{1}});
        add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER);
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_DONT_FRAGMENT, NULL, 0);
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_DATA, "x", 1);
        send_bare(s, &q, &who);
        assert_int_equal(s->out.what, can ? AUGER_TURN_SERVER_TO_PEER : AUGER_TURN_SERVER_NOTHING);
        assert_int_equal(s->out.dont_fragment, can);
        send_indication(s, &who, PEER, "x");
        assert_false(s->out.dont_fragment);
        station_free(s);
    }
}

/* D22: whole, or not at all. */
static void a_datagram_that_no_message_can_carry_is_dropped(void **state)
{
    static uint8_t large[65535];

    (void)state;
    for (int is_stream = 0; is_stream < 2; is_stream++) {
        struct station *s = station_new();
        struct asker who = ALICE;
        who.is_stream = is_stream;
        allocate(s, &who);
        permit(s, &who, PEER);
        from_peer(s, s->relay, PEER, large, 65468); /* 36 more are 65,504 */
        assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
        from_peer(s, s->relay, PEER, large, 65507);
        assert_int_equal(s->out.what,
                         is_stream ? AUGER_TURN_SERVER_TO_CLIENT : AUGER_TURN_SERVER_NOTHING);
        from_peer(s, s->relay, PEER, large, 65535);
        expect_nothing(s);
        bind_channel(s, &who, 0x4000, PEER);
        from_peer(s, s->relay, PEER, large, 65503);
        assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
        from_peer(s, s->relay, PEER, large, 65504);
        assert_int_equal(s->out.what,
                         is_stream ? AUGER_TURN_SERVER_TO_CLIENT : AUGER_TURN_SERVER_NOTHING);
        station_free(s);
    }
}

/* D30 */
static void bytes_beyond_the_rate_of_a_user_are_dropped(void **state)
{
    struct station *s = station_prepare();
    struct asker who = ALICE, other = BOB;
    uint8_t data[100] = {0};
    int passed = 0;

    (void)state;
    s->config.user_bytes_per_s = 1280;
    station_start(s);
    allocate(s, &who);
    uint32_t relay = s->relay;
    permit(s, &who, PEER);
    allocate(s, &other);
    permit(s, &other, PEER);
    for (int i = 0; i < 1000; i++) {
        from_peer(s, relay, PEER, data, sizeof(data));
        passed += s->out.what == AUGER_TURN_SERVER_TO_CLIENT;
    }
    assert_in_range(passed, 10, 12); /* a second's worth at once */
    send_indication(s, &who, PEER, "x");
    expect_nothing(s);
    send_indication(s, &other, PEER, "x");
    expect_to_peer(s, PEER, "x");
    passed = 0;
    for (int i = 0; i < 1000; i++) { /* ten seconds */
        s->now += 10 * AUGER_MS;
        from_peer(s, relay, PEER, data, sizeof(data));
        passed += s->out.what == AUGER_TURN_SERVER_TO_CLIENT;
    }
    assert_in_range(passed, 99, 101);
    assert_true(drops_of(s, AUGER_TURN_SERVER_DROP_RATE) > 1800);
    station_free(s);
}

static void the_rates_of_an_ip_address_and_of_all_are_kept_too(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct station *s = station_prepare();
        struct asker who = ALICE, other = BOB;
        uint8_t data[100] = {0};
        int passed = 0;
        if (all)
            s->config.bytes_per_s = 1280;
        else
            s->config.ip_bytes_per_s = 1280;
        other.from = all ? "9.9.9.2:1" : CLIENT2;
        station_start(s);
        allocate(s, &who);
        uint32_t relay = s->relay;
        permit(s, &who, PEER);
        allocate(s, &other);
        permit(s, &other, PEER);
        for (int i = 0; i < 100; i++) {
            from_peer(s, i % 2 ? relay : s->relay, PEER, data, sizeof(data));
            passed += s->out.what == AUGER_TURN_SERVER_TO_CLIENT;
        }
        assert_in_range(passed, 10, 12);
        station_free(s);
    }
}

/* --- ICMP (D23) ------------------------------------------------------------------------- */

static void icmp(struct station *s, const char *peer, uint8_t type, uint8_t code, uint32_t data)
{
    struct auger_addr addr = addr_of(peer);

    auger_turn_server_handle_icmp(s->server, s->now, s->relay, &addr, type, code, data, s->reply,
                                  sizeof(s->reply), &s->out);
    read_answer(s);
}

static void an_icmp_error_is_told_if_the_peer_is_permitted(void **state)
{
    struct asker who = ALICE;
    struct station *s = station_permitted(&who);
    struct auger_bytes value;
    struct auger_addr peer, want = addr_of(PEER);

    (void)state;
    icmp(s, PEER, 3, 4, 1400);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_int_equal(s->answer.method, AUGER_STUN_DATA);
    assert_true(auger_stun_msg_addr(&s->answer, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer));
    assert_true(auger_addr_equal(&peer, &want));
    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_ICMP, &value));
    const uint8_t told[8] = {0, 0, 3, 4, 0, 0, 0x05, 0x78};
    assert_memory_equal(value.data, told, 8);
    icmp(s, PEER, 3, 3, 1400); /* too soon */
    expect_nothing(s);
    s->now += AUGER_SEC;
    icmp(s, PEER2, 3, 3, 0); /* no permission */
    expect_nothing(s);
    icmp(s, PEER, 8, 0, 0); /* no error */
    expect_nothing(s);
    icmp(s, PEER, 3, 3, 1400); /* no MTU in it */
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_ICMP, &value));
    const uint8_t plain[8] = {0, 0, 3, 3};
    assert_memory_equal(value.data, plain, 8);
    assert_int_equal(stats_of(s).allocations, 1);
    station_free(s);
}

/* --- what is not for a server (V22) ------------------------------------------------------- */

static void a_response_is_never_answered_nor_is_garbage(void **state)
{
    static const enum auger_stun_class classes[] = {AUGER_STUN_INDICATION, AUGER_STUN_SUCCESS,
                                                    AUGER_STUN_ERROR};
    struct station *s = station_new();
    struct asker who = ALICE;
    const struct auger_path path = path_of(s, &who);

    (void)state;
    for (size_t i = 0; i < COUNT(classes); i++)
        for (uint16_t method = 0; method < 16; method++) {
            struct request q;
            if (classes[i] == AUGER_STUN_INDICATION && method == AUGER_STUN_SEND)
                continue;
            begin_with(&q, classes[i], method, (struct auger_stun_tid){{1}});
            send_bare(s, &q, &who);
            expect_nothing(s);
        }
    for (int first = 0; first < 256; first++) {
        const uint8_t bytes[32] = {(uint8_t)first, 0xFF, 0, 28};
        give(s, &path, bytes, sizeof(bytes));
        expect_nothing(s);
        give(s, &path, bytes, (size_t)first % 20);
        expect_nothing(s);
    }
    station_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_a_peer_is_an_indication),
        cmocka_unit_test(data_of_an_ipv6_peer_has_room_enough),
        cmocka_unit_test(with_a_channel_it_is_channel_data_padded_on_streams),
        cmocka_unit_test(channel_data_with_padding_is_relayed_without),
        cmocka_unit_test(old_channels_are_let_in_where_that_was_asked_for),
        cmocka_unit_test(data_without_an_allocation_is_nothing),
        cmocka_unit_test(a_send_without_what_it_must_have_is_dropped),
        cmocka_unit_test(dont_fragment_is_handed_on_or_drops_the_data),
        cmocka_unit_test(a_datagram_that_no_message_can_carry_is_dropped),
        cmocka_unit_test(bytes_beyond_the_rate_of_a_user_are_dropped),
        cmocka_unit_test(the_rates_of_an_ip_address_and_of_all_are_kept_too),
        cmocka_unit_test(an_icmp_error_is_told_if_the_peer_is_permitted),
        cmocka_unit_test(a_response_is_never_answered_nor_is_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
