/* Even ports and reserved ones of a client: RFC 8656 sections 18.7 and 18.10. */
#include "tests/turn/puppet.h"

#define TOKEN "\1\2\3\4\5\6\7\10"

static void grant_with_token(struct puppet *p)
{
    struct answer a;

    begin(&a, p, AUGER_STUN_SUCCESS);
    add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, RELAYED);
    add_addr(&a, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, MAPPED);
    auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, 600);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_RESERVATION_TOKEN, TOKEN, AUGER_TURN_TOKEN_LEN);
    sign_and_send(&a);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
}

static struct puppet *puppet_with_port(enum auger_turn_even_port even_port)
{
    struct puppet *p = puppet_prepare();

    p->config.even_port = even_port;
    puppet_start(p);
    puppet_authenticate(p);
    return p;
}

static void an_even_port_is_asked_for_with_the_next_one_or_without(void **state)
{
    (void)state;
    static const struct {
        enum auger_turn_even_port even_port;
        const char *value;
        bool has_token;
    } rows[] = {{AUGER_TURN_ANY_PORT, NULL, false},
                {AUGER_TURN_EVEN_PORT, "\0", false},
                {AUGER_TURN_EVEN_PORT_AND_NEXT, "\x80", true}};
    struct auger_bytes value;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_with_port(rows[i].even_port);
        assert_int_equal(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_EVEN_PORT, &value),
                         rows[i].value != NULL);
        if (rows[i].value)
            assert_memory_equal(value.data, rows[i].value, 1);
        grant_with_token(p);
        assert_int_equal(p->event.allocated.has_token, rows[i].has_token);
        if (rows[i].has_token)
            assert_memory_equal(p->event.allocated.token, TOKEN, AUGER_TURN_TOKEN_LEN);
        puppet_free(p);
    }
}

static void the_reserved_port_is_asked_for_by_its_token_and_nothing_else(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_bytes value;

    p->config.families = AUGER_TURN_IPV6;
    p->config.reserved = (const uint8_t *)TOKEN;
    puppet_start(p);
    puppet_authenticate(p);
    assert_true(auger_stun_msg_bytes(&p->request, AUGER_STUN_ATTR_RESERVATION_TOKEN, &value));
    assert_memory_equal(value.data, TOKEN, AUGER_TURN_TOKEN_LEN);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_EVEN_PORT));
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY));
    grant_with(p, RELAYED6, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    assert_false(p->event.allocated.has_token);
    puppet_free(p);
}

static void ports_that_no_server_could_give_are_not_asked_for(void **state)
{
    (void)state;
    static const struct {
        unsigned even_port;
        bool is_reserved;
        enum auger_turn_families families;
        int err;
    } rows[] = {
        {AUGER_TURN_EVEN_PORT, false, AUGER_TURN_BOTH, 0},
        {AUGER_TURN_EVEN_PORT_AND_NEXT, false, AUGER_TURN_BOTH, AUGER_ERR_INVALID},
        {AUGER_TURN_EVEN_PORT, true, AUGER_TURN_IPV4, AUGER_ERR_INVALID},
        {AUGER_TURN_ANY_PORT, true, AUGER_TURN_BOTH, AUGER_ERR_INVALID},
        {3, false, AUGER_TURN_IPV4, AUGER_ERR_INVALID},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_prepare();
        p->config.even_port = (enum auger_turn_even_port)rows[i].even_port;
        p->config.reserved = rows[i].is_reserved ? (const uint8_t *)TOKEN : NULL;
        p->config.families = rows[i].families;
        assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), rows[i].err);
        puppet_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_even_port_is_asked_for_with_the_next_one_or_without),
        cmocka_unit_test(the_reserved_port_is_asked_for_by_its_token_and_nothing_else),
        cmocka_unit_test(ports_that_no_server_could_give_are_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
