/* Send and Data indications: RFC 8656 section 11. */
#include "tests/turn/puppet.h"

static const uint8_t hello[] = "hello";

/* What the client writes for the server, parsed. */
static void read_send(struct puppet *p, const struct auger_addr *peer, const uint8_t *data,
                      size_t len)
{
    int written = auger_turn_write(p->turn, p->now, peer, data, len, p->buf, sizeof(p->buf));

    assert_in_range(written, 1, (int)(len + AUGER_TURN_OVERHEAD));
    assert_int_equal(auger_stun_msg_parse(&p->request, p->buf, (size_t)written), 0);
    assert_int_equal(p->request.class_, AUGER_STUN_INDICATION);
    assert_int_equal(p->request.method, AUGER_STUN_SEND);
}

static void data_goes_by_send_once_it_is_permitted(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER), to;
    struct auger_bytes value;

    assert_int_equal(auger_turn_write(p->turn, p->now, &peer, hello, 5, p->buf, 100),
                     AUGER_ERR_NO_PATH);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    assert_int_equal(auger_turn_write(p->turn, p->now, &peer, hello, 5, p->buf, 100),
                     AUGER_ERR_AGAIN);
    puppet_permit(p, PEER);
    read_send(p, &peer, hello, 5);
    assert_true(auger_stun_msg_addr(&p->request, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &to));
    assert_true(auger_addr_equal(&to, &peer));
    assert_true(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_DATA, &value));
    assert_int_equal(value.len, 5);
    assert_memory_equal(value.data, hello, 5);
    assert_int_equal(p->request.attrs_len, 2);
    puppet_free(p);
}

static void nothing_is_as_good_as_something(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    struct auger_bytes value;

    puppet_permit(p, PEER);
    read_send(p, &peer, NULL, 0);
    assert_true(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_DATA, &value));
    assert_int_equal(value.len, 0);
    puppet_free(p);
}

static void the_overhead_is_never_more_than_it_says(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_addr peer = addr_of(PEER6);
    static uint8_t data[1200];
    int most = 0;

    p->config.families = AUGER_TURN_BOTH;
    p->config.dont_fragment = true;
    puppet_start(p);
    puppet_allocate(p);
    puppet_permit(p, PEER6);
    for (size_t len = 1000; len < 1004; len++) {
        int written =
            auger_turn_write(p->turn, p->now, &peer, data, len, p->buf, len + AUGER_TURN_OVERHEAD);
        assert_true(written > 0);
        most = written - (int)len > most ? written - (int)len : most;
        assert_int_equal(
            auger_turn_write(p->turn, p->now, &peer, data, len, p->buf, (size_t)written - 1),
            AUGER_ERR_BUFFER);
    }
    assert_int_equal(most, 55);
    read_send(p, &peer, data, sizeof(data));
    assert_true(puppet_asks(p, AUGER_STUN_ATTR_DONT_FRAGMENT));
    puppet_free(p);
}

static enum auger_turn_taken receive(struct puppet *p, const char *peer, const void *data,
                                     size_t len)
{
    struct answer a;

    p->request.method = AUGER_STUN_DATA;
    begin(&a, p, AUGER_STUN_INDICATION);
    if (peer)
        add_addr(&a, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    if (data)
        auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_DATA, data, len);
    return deliver(p, a.buf, (size_t)auger_stun_build_end(&a.b));
}

static void data_comes_from_permitted_peers_alone(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER), neighbour = addr_of("203.0.113.7:9"),
                      server = p->server;

    assert_int_equal(receive(p, PEER, hello, 5), AUGER_TURN_CONSUMED);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), 0);
    assert_int_equal(receive(p, PEER, hello, 5), AUGER_TURN_CONSUMED);
    puppet_permit(p, PEER);
    assert_int_equal(receive(p, PEER, hello, 5), AUGER_TURN_DATA);
    assert_true(auger_addr_equal(&p->data.peer, &peer));
    assert_int_equal(p->data.bytes.len, 5);
    assert_memory_equal(p->data.bytes.data, hello, 5);
    assert_int_equal(receive(p, "203.0.113.7:9", hello, 0), AUGER_TURN_DATA);
    assert_true(auger_addr_equal(&p->data.peer, &neighbour));
    assert_int_equal(p->data.bytes.len, 0);
    assert_int_equal(receive(p, "203.0.113.8:7000", hello, 5), AUGER_TURN_CONSUMED);
    assert_int_equal(receive(p, NULL, hello, 5), AUGER_TURN_CONSUMED);
    assert_int_equal(receive(p, PEER, NULL, 0), AUGER_TURN_CONSUMED);
    p->server = addr_of("198.51.100.54:3478");
    assert_int_equal(receive(p, PEER, hello, 5), AUGER_TURN_NOT_OURS);
    p->server = server;
    auger_turn_forget(p->turn, &peer);
    p->now += 300 * AUGER_SEC;
    assert_int_equal(receive(p, PEER, hello, 5), AUGER_TURN_CONSUMED);
    puppet_free(p);
}

static void an_indication_with_what_nobody_knows_is_dropped(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct answer a;

    puppet_permit(p, PEER);
    p->request.method = AUGER_STUN_DATA;
    begin(&a, p, AUGER_STUN_INDICATION);
    add_addr(&a, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_DATA, hello, 5);
    auger_stun_build_u32(&a.b, 0x7ABC, 1);
    send_as_it_is(&a);
    puppet_free(p);
}

static enum auger_turn_taken receive_icmp(struct puppet *p, const char *peer, uint8_t type,
                                          uint16_t mtu)
{
    const uint8_t value[8] = {0, 0, type, 4, 0, 0, (uint8_t)(mtu >> 8), (uint8_t)mtu};
    struct answer a;

    p->request.method = AUGER_STUN_DATA;
    begin(&a, p, AUGER_STUN_INDICATION);
    add_addr(&a, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_ICMP, value, sizeof(value));
    return deliver(p, a.buf, (size_t)auger_stun_build_end(&a.b));
}

static void what_became_of_a_datagram_is_told(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();

    puppet_permit(p, PEER);
    assert_int_equal(receive_icmp(p, "203.0.113.8:7000", 6, 1300), AUGER_TURN_CONSUMED);
    expect_no_event(p);
    assert_int_equal(receive_icmp(p, PEER, 6, 1300), AUGER_TURN_CONSUMED);
    expect_event(p, AUGER_TURN_EVENT_ICMP);
    assert_int_equal(p->event.icmp.type, 3);
    assert_int_equal(p->event.icmp.code, 4);
    assert_int_equal(p->event.icmp.data, 1300);
    expect_no_event(p);
    puppet_free(p);
}

/* Seven bits of type and nine of code as in the figure of 18.13, or eight and eight. */
static void its_type_is_read_in_either_way(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        uint8_t byte, type;
        uint16_t mtu;
    } rows[] = {{PEER, 6, 3, 1300}, {PEER, 3, 3, 1300},  {PEER, 22, 11, 0},   {PEER, 11, 11, 0},
                {PEER6, 2, 1, 0},   {PEER6, 2, 2, 1300}, {PEER6, 4, 2, 1300}, {PEER6, 6, 3, 0},
                {PEER6, 1, 1, 0},   {PEER6, 3, 3, 0}};
    struct puppet *p = puppet_prepare();

    p->config.families = AUGER_TURN_BOTH;
    puppet_start(p);
    puppet_allocate(p);
    puppet_permit(p, PEER);
    puppet_permit(p, PEER6);
    for (size_t i = 0; i < COUNT(rows); i++) {
        receive_icmp(p, rows[i].peer, rows[i].byte, rows[i].mtu);
        expect_event(p, AUGER_TURN_EVENT_ICMP);
        assert_int_equal(p->event.icmp.type, rows[i].type);
        assert_int_equal(p->event.icmp.code, 4);
    }
    puppet_free(p);
}

static void after_a_release_nothing_passes(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, PEER);
    auger_turn_release(p->turn, p->now);
    assert_int_equal(auger_turn_write(p->turn, p->now, &peer, hello, 5, p->buf, 100),
                     AUGER_ERR_STATE);
    assert_int_equal(receive(p, PEER, hello, 5), AUGER_TURN_CONSUMED);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_goes_by_send_once_it_is_permitted),
        cmocka_unit_test(nothing_is_as_good_as_something),
        cmocka_unit_test(the_overhead_is_never_more_than_it_says),
        cmocka_unit_test(data_comes_from_permitted_peers_alone),
        cmocka_unit_test(an_indication_with_what_nobody_knows_is_dropped),
        cmocka_unit_test(what_became_of_a_datagram_is_told),
        cmocka_unit_test(its_type_is_read_in_either_way),
        cmocka_unit_test(after_a_release_nothing_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
