/* A server's own addresses as peers: docs/decisions/222. */
#include "tests/turn/judged.h"

static enum auger_peer_verdict at_port(const char *ip, uint16_t port)
{
    struct auger_addr peer = ip_of(ip);

    peer.port = port;
    return auger_peer_policy_judge(policy, &peer);
}

static void the_server_is_no_peer_of_its_own(void **state)
{
    (void)state;
    own("8.8.8.8:3478");
    own("8.8.4.4:0");
    own("[2a00::8]:3478");
    expect("8.8.8.8", AUGER_PEER_OWN);
    expect("8.8.4.4", AUGER_PEER_OWN);
    expect("2a00::8", AUGER_PEER_OWN);
    expect("64:ff9b::808:808", AUGER_PEER_EMBEDDED);
    expect("8.8.8.9", AUGER_PEER_PERMITTED);
    allow("0.0.0.0/0");
    allow("8.8.8.0/24");
    expect("8.8.8.8", AUGER_PEER_OWN);
}

/* The ports that relays hold, while a test needs them. */
static struct auger_turn_held_ports *held;

static int make_held(void **state)
{
    assert_int_equal(auger_turn_held_ports_new(&held, auger_env_system()), 0);
    return make(state);
}

static int drop_held(void **state)
{
    int err = drop(state);

    auger_turn_held_ports_free(held);
    held = NULL;
    return err;
}

static void relay_at(const char *text, enum auger_transport transport)
{
    struct auger_addr at = addr_of(text);

    at.transport = transport;
    assert_int_equal(auger_peer_policy_add_relay(policy, &at), 0);
    auger_turn_held_ports_add(held, &at);
    auger_peer_policy_let_relays_meet(policy, held);
}

static void where_it_listens_is_no_peer_whatever_is_allowed(void **state)
{
    (void)state;
    own("8.8.8.8:3478");
    own("[::ffff:8.8.4.4]:5349");
    allow("8.8.8.8");
    allow("8.8.4.4");
    relay_at("8.8.8.8:3478", AUGER_UDP);
    relay_at("8.8.4.4:5349", AUGER_UDP);
    assert_int_equal(at_port("8.8.8.8", 3478), AUGER_PEER_OWN);
    assert_int_equal(at_port("8.8.8.8", 3479), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("8.8.4.4", 5349), AUGER_PEER_OWN);
    assert_int_equal(at_port("64:ff9b::808:808", 3478), AUGER_PEER_EMBEDDED);
    assert_int_equal(at_port("64:ff9b::808:808", 3479), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("1.1.1.1", 3478), AUGER_PEER_PERMITTED);
}

static void who_listens_everywhere_listens_at_each_address_of_its_own(void **state)
{
    (void)state;
    own("0.0.0.0:3478");
    own("8.8.8.8:0");
    relay_at("8.8.8.8:3478", AUGER_UDP);
    relay_at("8.8.8.8:3479", AUGER_UDP);
    assert_int_equal(at_port("8.8.8.8", 3478), AUGER_PEER_OWN);
    assert_int_equal(at_port("8.8.8.8", 3479), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("1.1.1.1", 3478), AUGER_PEER_PERMITTED);
}

static void relays_meet_while_they_are_there(void **state)
{
    (void)state;
    struct auger_addr peer = ip_of("8.8.8.8"), relay = addr_of("8.8.8.8:50000");

    own("8.8.8.8:3478");
    own("10.0.0.5:0");
    assert_int_equal(auger_peer_policy_judge_ip(policy, &peer), AUGER_PEER_OWN);
    relay_at("8.8.8.8:50000", AUGER_UDP);
    assert_int_equal(auger_peer_policy_judge_ip(policy, &peer), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("8.8.8.8", 49999), AUGER_PEER_OWN);
    assert_int_equal(at_port("8.8.8.8", 50000), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("64:ff9b::808:808", 50000), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("8.8.8.8", 50001), AUGER_PEER_OWN);
    assert_int_equal(at_port("64:ff9b::808:808", 50001), AUGER_PEER_EMBEDDED);
    assert_int_equal(at_port("8.8.8.8", 22), AUGER_PEER_OWN);
    assert_int_equal(at_port("10.0.0.6", 50000), AUGER_PEER_SPECIAL);
    auger_turn_held_ports_remove(held, &relay);
    assert_int_equal(at_port("8.8.8.8", 50000), AUGER_PEER_OWN);
    assert_int_equal(auger_peer_policy_judge_ip(policy, &peer), AUGER_PEER_PERMITTED);
    auger_turn_held_ports_add(held, &relay);
    deny("8.8.8.8");
    assert_int_equal(at_port("8.8.8.8", 50000), AUGER_PEER_LISTED);
}

/* Its address has others: where it only listens there are no relays, of whatever port. */
static void a_relay_is_where_relays_lie_alone(void **state)
{
    (void)state;
    struct auger_addr peer = ip_of("8.8.4.4");

    own("8.8.8.8:0");
    own("8.8.4.4:3478");
    own("[2a00::8]:0");
    relay_at("8.8.8.8:50000", AUGER_UDP);
    assert_int_equal(at_port("8.8.8.8", 50000), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("8.8.4.4", 50000), AUGER_PEER_OWN);
    assert_int_equal(at_port("2a00::8", 50000), AUGER_PEER_OWN);
    assert_int_equal(auger_peer_policy_judge_ip(policy, &peer), AUGER_PEER_OWN);
    relay_at("0.0.0.0:50001", AUGER_UDP);
    assert_int_equal(at_port("8.8.4.4", 50001), AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("2a00::8", 50001), AUGER_PEER_OWN);
}

/* The same port of the other transport may be of another program. */
static void a_relay_of_tcp_holds_no_port_of_udp(void **state)
{
    (void)state;
    struct auger_addr peer = ip_of("8.8.8.8");

    own("8.8.8.8:0");
    relay_at("8.8.8.8:50000", AUGER_TCP);
    assert_int_equal(at_port("8.8.8.8", 50000), AUGER_PEER_OWN);
    peer.port = 50000;
    peer.transport = AUGER_TCP;
    assert_int_equal(auger_peer_policy_judge(policy, &peer), AUGER_PEER_PERMITTED);
}

/* Its last words may be on their way. */
static void a_connection_outlives_the_relay_that_it_leads_to(void **state)
{
    (void)state;
    struct auger_addr peer = addr_of("8.8.8.8:50000");

    own("8.8.8.8:0");
    peer.transport = AUGER_TCP;
    relay_at("8.8.8.8:50000", AUGER_TCP);
    auger_turn_held_ports_remove(held, &peer);
    assert_int_equal(auger_peer_policy_judge(policy, &peer), AUGER_PEER_OWN);
    assert_int_equal(auger_peer_policy_judge_heard(policy, &peer), AUGER_PEER_PERMITTED);
    deny("8.8.8.8");
    assert_int_equal(auger_peer_policy_judge_heard(policy, &peer), AUGER_PEER_LISTED);
}

static void what_is_its_own_stays_when_lists_are_forgotten(void **state)
{
    (void)state;
    struct auger_addr none = {0};

    own("8.8.8.8:3478");
    auger_peer_policy_forget_rules(policy);
    expect("8.8.8.8", AUGER_PEER_OWN);
    assert_int_equal(auger_peer_policy_add_own(policy, &none), AUGER_ERR_INVALID);
    for (int i = 1; i < AUGER_PEER_OWN_MAX; i++)
        own("8.8.8.8:3478");
    none = addr_of("1.1.1.1:1");
    assert_int_equal(auger_peer_policy_add_own(policy, &none), AUGER_ERR_LIMIT);
    expect("1.1.1.1", AUGER_PEER_PERMITTED);
}

/* RFC 4291, 2.5.3: it is no IPv4-compatible address, though it stands among them. */
static void loopback_of_ipv6_is_opened_by_its_name_alone(void **state)
{
    (void)state;
    own("[::1]:3478");
    allow("::1");
    expect("::1", AUGER_PEER_PERMITTED);
    assert_int_equal(at_port("::1", 3478), AUGER_PEER_OWN);
    expect("::2", AUGER_PEER_SPECIAL);
}

static void no_wider_range_opens_loopback_of_ipv6(void **state)
{
    (void)state;
    allow("::/96");
    expect("::808:808", AUGER_PEER_PERMITTED);
    expect("::1", AUGER_PEER_SPECIAL);
}

/* D12 */
static void clients_behind_6to4_and_teredo_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        bool is_tunnel;
    } clients[] = {
        {"2002:808:808::1", true}, {"2001:0:808:808::1", true}, {"2001::", true},
        {"2001:1::1", false},      {"2001:200::1", false},      {"2003::1", false},
        {"32.2.0.1", false},       {"32.1.0.0", false},
    };

    for (size_t i = 0; i < COUNT(clients); i++) {
        struct auger_addr client = ip_of(clients[i].ip);
        assert_int_equal(auger_peer_is_tunnel(&client), clients[i].is_tunnel);
    }
}

static void each_verdict_has_a_text(void **state)
{
    (void)state;
    for (int v = AUGER_PEER_PERMITTED; v <= AUGER_PEER_OWN; v++)
        assert_true(strlen(auger_peer_verdict_text((enum auger_peer_verdict)v)) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loopback_of_ipv6_is_opened_by_its_name_alone, make, drop),
        cmocka_unit_test_setup_teardown(no_wider_range_opens_loopback_of_ipv6, make, drop),
        cmocka_unit_test_setup_teardown(the_server_is_no_peer_of_its_own, make, drop),
        cmocka_unit_test_setup_teardown(where_it_listens_is_no_peer_whatever_is_allowed, make_held,
                                        drop_held),
        cmocka_unit_test_setup_teardown(who_listens_everywhere_listens_at_each_address_of_its_own,
                                        make_held, drop_held),
        cmocka_unit_test_setup_teardown(relays_meet_while_they_are_there, make_held, drop_held),
        cmocka_unit_test_setup_teardown(a_relay_is_where_relays_lie_alone, make_held, drop_held),
        cmocka_unit_test_setup_teardown(a_relay_of_tcp_holds_no_port_of_udp, make_held, drop_held),
        cmocka_unit_test_setup_teardown(a_connection_outlives_the_relay_that_it_leads_to, make_held,
                                        drop_held),
        cmocka_unit_test_setup_teardown(what_is_its_own_stays_when_lists_are_forgotten, make, drop),
        cmocka_unit_test_setup_teardown(clients_behind_6to4_and_teredo_are_told_apart, make, drop),
        cmocka_unit_test_setup_teardown(each_verdict_has_a_text, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
