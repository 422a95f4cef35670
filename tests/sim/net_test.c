/* The way of datagrams through networks, with probers. */
#include "tests/sim/scenario.h"

#include "base/nat64.h"

#define DELAY (25 * AUGER_MS)

static struct sim_net *behind(struct sim *sim, const char *name, struct sim_net *outside,
                              struct nat_config config)
{
    return sim_add_nat(sim, name, outside, &config, NULL);
}

static bool hears(struct sim *sim, struct sim_prober *from, struct sim_prober *to,
                  const struct auger_addr *at, struct auger_addr *seen_as)
{
    size_t before = sim_prober_count(to);

    sim_prober_send(sim, from, at, "hello");
    sim_run(sim, AUGER_SEC);
    sim_prober_heard(to, seen_as);
    return sim_prober_count(to) > before;
}

SCENARIO(a_datagram_takes_the_delay_of_the_internet)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_prober *a = sim_add_prober(sim, "a", sim_internet(sim), AUGER_IPV4);
    struct sim_prober *b = sim_add_prober(sim, "b", sim_internet(sim), AUGER_IPV4);
    struct auger_addr to = sim_prober_addr(b);
    auger_time start = sim_now(sim);

    sim_prober_send(sim, a, &to, "hello");
    sim_run(sim, DELAY - 1);
    assert_int_equal(sim_prober_count(b), 0);
    sim_run(sim, 1);
    assert_string_equal(sim_prober_heard(b, NULL), "hello");
    assert_int_equal(sim_now(sim) - start, DELAY);
    world_end(sim);
}

SCENARIO(a_nat_lets_in_what_was_asked_for_alone)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct sim_prober *inside = sim_add_prober(sim, "inside", home, AUGER_IPV4);
    struct sim_prober *friend = sim_add_prober(sim, "friend", sim_internet(sim), AUGER_IPV4);
    struct sim_prober *stranger = sim_add_prober(sim, "stranger", sim_internet(sim), AUGER_IPV4);
    struct auger_addr to = sim_prober_addr(friend), mapped;

    assert_true(hears(sim, inside, friend, &to, &mapped));
    to = sim_prober_addr(inside);
    assert_false(auger_addr_ip_equal(&mapped, &to));
    assert_true(hears(sim, friend, inside, &mapped, NULL));
    assert_false(hears(sim, stranger, inside, &mapped, NULL));
    assert_false(hears(sim, friend, inside, &to, NULL)); /* a private address */
    world_end(sim);
}

SCENARIO(a_nat64_shows_ipv4_to_who_has_ipv6)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct sim_prober *inside = sim_add_prober(sim, "inside", home, AUGER_IPV6);
    struct sim_prober *friend = sim_add_prober(sim, "friend", sim_internet(sim), AUGER_IPV4);
    struct sim_prober *stranger = sim_add_prober(sim, "stranger", sim_internet(sim), AUGER_IPV4);
    struct sim_prober *native = sim_add_prober(sim, "native", sim_internet(sim), AUGER_IPV6);
    struct auger_addr ipv4 = sim_prober_addr(friend), mapped, seen;
    struct auger_addr to = auger_nat64_synthesise(sim_nat64(), &ipv4);

    assert_false(hears(sim, inside, friend, &to, NULL));
    sim_gateway_translate(sim_net_gateway(home));
    assert_true(hears(sim, inside, friend, &to, &mapped));
    assert_int_equal(mapped.family, AUGER_IPV4);
    assert_true(hears(sim, friend, inside, &mapped, &seen));
    assert_true(auger_addr_equal(&seen, &to));
    assert_false(hears(sim, stranger, inside, &mapped, NULL));
    to = sim_prober_addr(native);
    assert_true(hears(sim, inside, native, &to, &seen)); /* as before */
    assert_int_equal(seen.family, AUGER_IPV6);
    world_end(sim);
}

SCENARIO(nats_in_a_row_translate_one_after_the_other)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_net *net = sim_internet(sim);
    static const char *names[] = {"carrier", "building", "home"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        net = behind(sim, names[i], net, (struct nat_config){.ports = NAT_PORTS_RANDOM});
    struct sim_prober *inside = sim_add_prober(sim, "inside", net, AUGER_IPV4);
    struct sim_prober *outside = sim_add_prober(sim, "outside", sim_internet(sim), AUGER_IPV4);
    struct auger_addr to = sim_prober_addr(outside), mapped;

    assert_true(hears(sim, inside, outside, &to, &mapped));
    assert_int_equal(mapped.ip[0], 23);
    assert_true(hears(sim, outside, inside, &mapped, NULL));
    sim_gateway_reboot(sim, sim_net_gateway(net));
    assert_false(hears(sim, outside, inside, &mapped, NULL));
    world_end(sim);
}

SCENARIO(a_hairpin_leads_from_one_house_to_the_next)
{
    static const bool hairpins[] = {false, true};
    for (size_t i = 0; i < ARRAY_LEN(hairpins); i++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct sim_net *carrier =
            behind(sim, "carrier", sim_internet(sim),
                   (struct nat_config){.hairpin = hairpins[i] ? NAT_HAIRPIN_EXTERNAL_SOURCE
                                                              : NAT_HAIRPIN_NONE});
        struct sim_net *a_home = behind(sim, "a-home", carrier, (struct nat_config){0});
        struct sim_net *b_home = behind(sim, "b-home", carrier, (struct nat_config){0});
        struct sim_prober *a = sim_add_prober(sim, "a", a_home, AUGER_IPV4);
        struct sim_prober *b = sim_add_prober(sim, "b", b_home, AUGER_IPV4);
        struct sim_prober *server = sim_add_prober(sim, "s", sim_internet(sim), AUGER_IPV4);
        struct auger_addr to = sim_prober_addr(server), a_mapped, b_mapped, seen;

        assert_true(hears(sim, a, server, &to, &a_mapped));
        assert_true(hears(sim, b, server, &to, &b_mapped));
        assert_int_equal(hears(sim, a, b, &b_mapped, &seen), hairpins[i]);
        if (hairpins[i])
            assert_true(auger_addr_equal(&seen, &a_mapped));
        world_end(sim);
    }
}

SCENARIO(the_same_private_address_in_two_homes_is_two_hosts)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct nat_config config = {0};
    struct sim_net *a_home = sim_add_nat(sim, "a-home", sim_internet(sim), &config, "192.168.1");
    struct sim_net *b_home = sim_add_nat(sim, "b-home", sim_internet(sim), &config, "192.168.1");
    struct sim_prober *a = sim_add_prober(sim, "a", a_home, AUGER_IPV4);
    struct sim_prober *b = sim_add_prober(sim, "b", b_home, AUGER_IPV4);
    struct auger_addr a_addr = sim_prober_addr(a), b_addr = sim_prober_addr(b);

    assert_true(auger_addr_equal(&a_addr, &b_addr));
    assert_false(hears(sim, a, b, &b_addr, NULL));
    assert_int_equal(sim_prober_count(a), 1); /* it has reached itself */
    world_end(sim);
}

SCENARIO(ipv6_passes_a_nat_untranslated_but_not_unasked)
{
    struct sim *sim = world(seed, .delay = DELAY);
    struct sim_net *home = sim_add_nat_of_kind(sim, "home", sim_internet(sim), SIM_PORT_RESTRICTED);
    struct sim_prober *inside = sim_add_prober(sim, "inside", home, AUGER_IPV6);
    struct sim_prober *outside = sim_add_prober(sim, "outside", sim_internet(sim), AUGER_IPV6);
    struct auger_addr in = sim_prober_addr(inside), out = sim_prober_addr(outside), seen;

    assert_false(hears(sim, outside, inside, &in, NULL));
    assert_true(hears(sim, inside, outside, &out, &seen));
    assert_true(auger_addr_equal(&seen, &in));
    assert_true(hears(sim, outside, inside, &in, NULL));
    world_end(sim);
}

SCENARIO(a_firewall_lets_in_what_was_asked_for_or_nothing)
{
    for (int blocks = 0; blocks <= 1; blocks++) {
        struct sim *sim = world(seed, .delay = DELAY);
        struct sim_net *office = sim_add_firewall(sim, "office", sim_internet(sim), blocks);
        struct sim_prober *inside = sim_add_prober(sim, "inside", office, AUGER_IPV4);
        struct sim_prober *outside = sim_add_prober(sim, "outside", sim_internet(sim), AUGER_IPV4);
        struct auger_addr in = sim_prober_addr(inside), out = sim_prober_addr(outside);

        assert_false(hears(sim, outside, inside, &in, NULL));
        assert_int_equal(hears(sim, inside, outside, &out, NULL), !blocks);
        assert_int_equal(hears(sim, outside, inside, &in, NULL), !blocks);
        world_end(sim);
    }
}

SCENARIO(a_duplicating_wire_delivers_twice)
{
    const struct link_quality quality = {.delay = DELAY, .duplicate_permille = 1000};
    struct sim *sim = world(seed, .internet = &quality);
    struct sim_prober *a = sim_add_prober(sim, "a", sim_internet(sim), AUGER_IPV4);
    struct sim_prober *b = sim_add_prober(sim, "b", sim_internet(sim), AUGER_IPV4);
    struct auger_addr to = sim_prober_addr(b);

    assert_true(hears(sim, a, b, &to, NULL));
    assert_int_equal(sim_prober_count(b), 2);
    world_end(sim);
}

/* A stream of random losses between two hosts, told by which datagrams arrive. */
static uint64_t losses(uint64_t seed, bool with_third)
{
    struct sim *sim = world(seed, .delay = DELAY, .jitter = DELAY, .loss_permille = 300);
    struct sim_prober *a = sim_add_prober(sim, "a", sim_internet(sim), AUGER_IPV4);
    struct sim_prober *b = sim_add_prober(sim, "b", sim_internet(sim), AUGER_IPV4);
    struct auger_addr to = sim_prober_addr(b);
    struct sim_prober *c =
        with_third ? sim_add_prober(sim, "c", sim_internet(sim), AUGER_IPV4) : NULL;
    uint64_t arrived = DIGEST_START;

    for (int i = 0; i < 100; i++) {
        sim_prober_send(sim, a, &to, "hello");
        if (c)
            sim_prober_send(sim, c, &(struct auger_addr){.family = AUGER_IPV4, .port = 1}, "x");
        sim_run(sim, 7 * AUGER_MS);
        arrived = digest_u64(arrived, sim_prober_count(b));
    }
    world_end(sim);
    return arrived;
}

SCENARIO(another_host_does_not_change_what_befalls_the_first_two)
{
    assert_true(losses(seed, false) == losses(seed, true));
    assert_true(losses(seed, false) != losses(seed + 1, false));
}

SCENARIOS(scenario_test(a_datagram_takes_the_delay_of_the_internet),
          scenario_test(a_nat_lets_in_what_was_asked_for_alone),
          scenario_test(a_nat64_shows_ipv4_to_who_has_ipv6),
          scenario_test(nats_in_a_row_translate_one_after_the_other),
          scenario_test(a_hairpin_leads_from_one_house_to_the_next),
          scenario_test(the_same_private_address_in_two_homes_is_two_hosts),
          scenario_test(ipv6_passes_a_nat_untranslated_but_not_unasked),
          scenario_test(a_firewall_lets_in_what_was_asked_for_or_nothing),
          scenario_test(a_duplicating_wire_delivers_twice),
          scenario_test(another_host_does_not_change_what_befalls_the_first_two))
