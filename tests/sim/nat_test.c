/* A NAT by itself, one behaviour of RFC 4787 a test. */
#include "sim/nat.h"
#include "tests/sim/scenario.h"

static struct auger_addr at(const char *text)
{
    struct auger_addr addr;
    if (auger_addr_parse(&addr, text) < 0)
        abort();
    return addr;
}

#define INSIDE "192.168.1.2:5000"
#define OUTSIDE "203.0.113.1:80"

static struct nat *make(struct nat_config config)
{
    if (config.external_len == 0)
        config.external[config.external_len++] = at("198.51.100.1:0");
    struct nat *nat = nat_new(&config, 1, "nat");
    assert_non_null(nat);
    return nat;
}

/* Sends from the inside; returns the source as the outside sees it. */
static struct auger_addr out(struct nat *nat, auger_time now, const char *inside,
                             const char *outside)
{
    struct auger_addr src = at(inside), dst = at(outside);
    assert_int_equal(nat_outbound(nat, now, &src, &dst), NAT_FORWARD);
    return src;
}

static enum nat_verdict in(struct nat *nat, auger_time now, const char *outside,
                           const struct auger_addr *external)
{
    struct auger_addr src = at(outside), dst = *external;
    return nat_inbound(nat, now, &src, &dst);
}

/* --- 4.1: mapping ----------------------------------------------------------- */

static void a_mapping_depends_on_what_its_kind_says(void **state)
{
    static const struct {
        enum nat_dependence mapping;
        bool same_for_other_port, same_for_other_host;
    } kinds[] = {
        {NAT_ENDPOINT_INDEPENDENT, true, true},
        {NAT_ADDRESS_DEPENDENT, true, false},
        {NAT_ADDRESS_AND_PORT_DEPENDENT, false, false},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct nat *nat =
            make((struct nat_config){.mapping = kinds[i].mapping, .ports = NAT_PORTS_RANDOM});
        struct auger_addr first = out(nat, 0, INSIDE, "203.0.113.1:80");
        struct auger_addr again = out(nat, 0, INSIDE, "203.0.113.1:80");
        struct auger_addr port = out(nat, 0, INSIDE, "203.0.113.1:81");
        struct auger_addr host = out(nat, 0, INSIDE, "203.0.113.2:80");
        struct auger_addr other = out(nat, 0, "192.168.1.2:5001", "203.0.113.1:80");

        assert_true(auger_addr_equal(&first, &again));
        assert_int_equal(auger_addr_equal(&first, &port), kinds[i].same_for_other_port);
        assert_int_equal(auger_addr_equal(&first, &host), kinds[i].same_for_other_host);
        assert_false(auger_addr_equal(&first, &other));
        nat_free(nat);
    }
}

static void paired_pooling_gives_a_host_one_address(void **state)
{
    (void)state;
    for (int arbitrary = 0; arbitrary <= 1; arbitrary++) {
        struct nat *nat = make((struct nat_config){
            .arbitrary_pooling = arbitrary,
            .external = {at("198.51.100.1:0"), at("198.51.100.2:0"), at("198.51.100.3:0")},
            .external_len = 3,
        });
        struct auger_addr first = out(nat, 0, "192.168.1.2:5000", OUTSIDE);
        unsigned elsewhere = 0;
        for (int port = 5001; port < 5030; port++) {
            char inside[32];
            snprintf(inside, sizeof(inside), "192.168.1.2:%d", port);
            struct auger_addr next = out(nat, 0, inside, OUTSIDE);
            elsewhere += !auger_addr_ip_equal(&first, &next);
        }
        assert_int_equal(elsewhere > 0, arbitrary);
        nat_free(nat);
    }
}

/* --- 4.2: ports ------------------------------------------------------------- */

static void a_preserving_nat_keeps_the_port_unless_it_is_taken(void **state)
{
    struct nat *nat = make((struct nat_config){.ports = NAT_PORTS_PRESERVE});
    (void)state;
    assert_int_equal(out(nat, 0, "192.168.1.2:5000", OUTSIDE).port, 5000);
    assert_int_not_equal(out(nat, 0, "192.168.1.3:5000", OUTSIDE).port, 5000);
    assert_int_not_equal(out(nat, 0, "192.168.1.4:5000", "203.0.113.2:80").port, 5000);
    nat_free(nat);
}

static void an_overloading_nat_keeps_the_port_even_when_it_is_taken(void **state)
{
    struct nat *nat = make((struct nat_config){.ports = NAT_PORTS_OVERLOAD});
    static const struct {
        const char *from;
        uint8_t host;
    } cases[] = {{"203.0.113.1:80", 2}, {"203.0.113.2:80", 3}, {"203.0.113.9:80", 3}};
    struct auger_addr external = out(nat, 0, "192.168.1.2:5000", "203.0.113.1:80");
    (void)state;

    assert_int_equal(out(nat, 1, "192.168.1.3:5000", "203.0.113.2:80").port, 5000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) { /* the flow's own host, or the last one */
        struct auger_addr src = at(cases[i].from), dst = external;
        assert_int_equal(nat_inbound(nat, 1, &src, &dst), NAT_FORWARD);
        assert_int_equal(dst.ip[3], cases[i].host);
    }
    nat_free(nat);
}

static void sequential_ports_go_by_the_stride(void **state)
{
    static const int strides[] = {1, 2, 100, -1};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(strides); i++) {
        struct nat *nat = make((struct nat_config){.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                                   .ports = NAT_PORTS_SEQUENTIAL,
                                                   .stride = strides[i],
                                                   .port_min = 20000,
                                                   .port_max = 29999});
        int last = out(nat, 0, INSIDE, "203.0.113.1:80").port;
        for (int port = 81; port < 90; port++) {
            char outside[32];
            snprintf(outside, sizeof(outside), "203.0.113.1:%d", port);
            int next = out(nat, 0, INSIDE, outside).port;
            assert_int_equal(next, 20000 + (last - 20000 + strides[i] + 10000) % 10000);
            last = next;
        }
        nat_free(nat);
    }
}

static void random_ports_are_spread_over_the_range(void **state)
{
    struct nat *nat = make((struct nat_config){.ports = NAT_PORTS_RANDOM});
    unsigned low = 0;
    (void)state;

    for (int port = 5000; port < 5200; port++) {
        char inside[32];
        snprintf(inside, sizeof(inside), "192.168.1.2:%d", port);
        uint16_t external = out(nat, 0, inside, OUTSIDE).port;
        assert_true(external >= 1024);
        low += external < 33280;
    }
    assert_in_range(low, 70, 130);
    nat_free(nat);
}

static void parity_is_kept(void **state)
{
    struct nat *nat = make((struct nat_config){.ports = NAT_PORTS_PARITY});
    (void)state;
    for (int port = 5000; port < 5040; port++) {
        char inside[32];
        snprintf(inside, sizeof(inside), "192.168.1.2:%d", port);
        assert_int_equal(out(nat, 0, inside, OUTSIDE).port % 2, port % 2);
    }
    nat_free(nat);
}

static void contiguity_puts_the_second_port_beside_the_first(void **state)
{
    struct nat *nat = make((struct nat_config){.ports = NAT_PORTS_CONTIGUOUS});
    (void)state;
    for (int port = 5000; port < 5040; port += 2) {
        char even[32], odd[32];
        snprintf(even, sizeof(even), "192.168.1.2:%d", port);
        snprintf(odd, sizeof(odd), "192.168.1.2:%d", port + 1);
        uint16_t first = out(nat, 0, even, OUTSIDE).port;
        assert_int_equal(first % 2, 0);
        assert_int_equal(out(nat, 0, odd, OUTSIDE).port, first + 1);
    }
    nat_free(nat);
}

static void a_port_serves_many_destinations_where_they_tell_flows_apart(void **state)
{
    struct nat *nat = make((struct nat_config){.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                               .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                               .reuse_by_destination = true});
    (void)state;
    assert_int_equal(out(nat, 0, "192.168.1.2:5000", "203.0.113.1:80").port, 5000);
    assert_int_equal(out(nat, 0, "192.168.1.2:5000", "203.0.113.1:81").port, 5000);
    assert_int_equal(out(nat, 0, "192.168.1.3:5000", "203.0.113.1:82").port, 5000);
    assert_int_not_equal(out(nat, 0, "192.168.1.3:5000", "203.0.113.1:80").port, 5000);
    nat_free(nat);
}

/* As Linux does it: the last mapping of a host that is not in another one's way serves. */
static void a_shared_port_is_not_shared_towards_one_destination(void **state)
{
    struct nat *nat = make((struct nat_config){.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                               .reuse_by_destination = true});
    struct auger_addr src = at("203.0.113.1:80"), dst;
    const char *first = "192.168.1.2:5000", *second = "192.168.1.3:5000";
    (void)state;

    assert_int_equal(out(nat, 0, first, "203.0.113.1:80").port, 5000);
    assert_int_equal(out(nat, 0, second, "203.0.113.1:81").port, 5000);
    uint16_t other = out(nat, 0, second, "203.0.113.1:80").port;
    assert_int_not_equal(other, 5000);
    assert_int_equal(out(nat, 0, second, "203.0.113.1:82").port, other);
    dst = at("198.51.100.1:5000");
    assert_int_equal(nat_inbound(nat, 0, &src, &dst), NAT_FORWARD);
    struct auger_addr owner = at(first);
    assert_true(auger_addr_equal(&dst, &owner));
    nat_free(nat);
}

/* --- 4.3: refresh ----------------------------------------------------------- */

static void a_mapping_lives_as_long_as_its_direction_refreshes_it(void **state)
{
    static const struct {
        bool inbound_refreshes, outbound_does_not;
        bool after_outbound, after_inbound; /* alive 45 s later, of a timeout of 30 s */
    } kinds[] = {
        {false, false, true, false},
        {true, false, true, true},
        {true, true, false, true},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (int inbound = 0; inbound <= 1; inbound++) {
            struct nat *nat =
                make((struct nat_config){.timeout = 30 * AUGER_SEC,
                                         .inbound_refreshes = kinds[i].inbound_refreshes,
                                         .outbound_does_not = kinds[i].outbound_does_not});
            struct auger_addr external = out(nat, 0, INSIDE, OUTSIDE);
            if (inbound)
                assert_int_equal(in(nat, 20 * AUGER_SEC, OUTSIDE, &external), NAT_FORWARD);
            else
                out(nat, 20 * AUGER_SEC, INSIDE, OUTSIDE);
            bool alive = inbound ? kinds[i].after_inbound : kinds[i].after_outbound;
            assert_int_equal(in(nat, 45 * AUGER_SEC, OUTSIDE, &external),
                             alive ? NAT_FORWARD : NAT_DROP_UNMAPPED);
            nat_free(nat);
        }
    }
}

static void a_row_expires_at_its_time_and_not_before(void **state)
{
    struct nat *nat = make((struct nat_config){.timeout = 30 * AUGER_SEC});
    struct auger_addr external = out(nat, 0, INSIDE, OUTSIDE);
    (void)state;
    assert_int_equal(in(nat, 30 * AUGER_SEC - 1, OUTSIDE, &external), NAT_FORWARD);
    assert_int_equal(in(nat, 30 * AUGER_SEC, OUTSIDE, &external), NAT_DROP_UNMAPPED);
    nat_free(nat);
}

/* --- 5: filtering, whatever the mapping ------------------------------------- */

static void a_filter_admits_whom_its_kind_says(void **state)
{
    static const struct {
        enum nat_dependence filtering;
        enum nat_verdict other_port, other_host;
    } kinds[] = {
        {NAT_ENDPOINT_INDEPENDENT, NAT_FORWARD, NAT_FORWARD},
        {NAT_ADDRESS_DEPENDENT, NAT_FORWARD, NAT_DROP_FILTERED},
        {NAT_ADDRESS_AND_PORT_DEPENDENT, NAT_DROP_FILTERED, NAT_DROP_FILTERED},
    };
    (void)state;

    for (int mapping = 0; mapping <= NAT_ADDRESS_AND_PORT_DEPENDENT; mapping++) {
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
            struct nat *nat = make((struct nat_config){.mapping = (enum nat_dependence)mapping,
                                                       .filtering = kinds[i].filtering});
            struct auger_addr external = out(nat, 0, INSIDE, "203.0.113.1:80"), closed = external;
            closed.port ^= 1;
            assert_int_equal(in(nat, 0, "203.0.113.1:80", &external), NAT_FORWARD);
            assert_int_equal(in(nat, 0, "203.0.113.1:81", &external), kinds[i].other_port);
            assert_int_equal(in(nat, 0, "203.0.113.2:80", &external), kinds[i].other_host);
            assert_int_equal(in(nat, 0, "203.0.113.1:80", &closed), NAT_DROP_UNMAPPED);
            nat_free(nat);
        }
    }
}

static void what_passes_reaches_the_host_that_opened_the_way(void **state)
{
    struct nat *nat = make((struct nat_config){0});
    struct auger_addr two = out(nat, 0, "192.168.1.2:5000", OUTSIDE);
    struct auger_addr three = out(nat, 0, "192.168.1.3:5000", OUTSIDE);
    struct auger_addr src = at(OUTSIDE);
    (void)state;
    assert_int_equal(nat_inbound(nat, 0, &src, &two), NAT_FORWARD);
    assert_int_equal(two.ip[3], 2);
    assert_int_equal(nat_inbound(nat, 0, &src, &three), NAT_FORWARD);
    assert_int_equal(three.ip[3], 3);
    nat_free(nat);
}

/* --- 6: hairpinning --------------------------------------------------------- */

static void a_hairpin_shows_the_source_that_its_kind_says(void **state)
{
    static const struct {
        enum nat_hairpin hairpin;
        enum nat_verdict verdict;
        bool external_source;
    } kinds[] = {
        {NAT_HAIRPIN_NONE, NAT_DROP_HAIRPIN, false},
        {NAT_HAIRPIN_EXTERNAL_SOURCE, NAT_TURN_BACK, true},
        {NAT_HAIRPIN_INTERNAL_SOURCE, NAT_TURN_BACK, false},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct nat *nat = make((struct nat_config){.hairpin = kinds[i].hairpin});
        struct auger_addr two = out(nat, 0, "192.168.1.2:5000", OUTSIDE);
        struct auger_addr three = out(nat, 0, "192.168.1.3:6000", OUTSIDE);
        struct auger_addr src = at("192.168.1.3:6000"), dst = two;

        assert_int_equal(nat_outbound(nat, 0, &src, &dst), kinds[i].verdict);
        if (kinds[i].verdict == NAT_TURN_BACK) {
            struct auger_addr inside_two = at("192.168.1.2:5000");
            struct auger_addr inside_three = at("192.168.1.3:6000");
            assert_true(auger_addr_equal(&dst, &inside_two));
            assert_true(auger_addr_equal(&src, kinds[i].external_source ? &three : &inside_three));
        }
        nat_free(nat);
    }
}

/* --- bounds, and what befalls it -------------------------------------------- */

static void a_full_table_refuses_or_forgets_its_oldest(void **state)
{
    (void)state;
    for (int evicts = 0; evicts <= 1; evicts++) {
        struct nat *nat = make((struct nat_config){.rows_max = 2, .evicts = evicts});
        struct auger_addr first = out(nat, 0, "192.168.1.2:5000", OUTSIDE);
        struct auger_addr second = out(nat, 1, "192.168.1.2:5001", OUTSIDE);
        struct auger_addr src = at("192.168.1.2:5002"), dst = at(OUTSIDE);

        assert_int_equal(nat_outbound(nat, 2, &src, &dst), evicts ? NAT_FORWARD : NAT_DROP_FULL);
        assert_int_equal(in(nat, 2, OUTSIDE, &first), evicts ? NAT_DROP_UNMAPPED : NAT_FORWARD);
        assert_int_equal(in(nat, 2, OUTSIDE, &second), NAT_FORWARD);
        nat_free(nat);
    }
}

static void one_host_cannot_take_more_than_its_share(void **state)
{
    struct nat *nat = make((struct nat_config){.rows_per_host_max = 1});
    struct auger_addr src = at("192.168.1.2:5001"), dst = at(OUTSIDE);
    (void)state;
    out(nat, 0, "192.168.1.2:5000", OUTSIDE);
    assert_int_equal(nat_outbound(nat, 0, &src, &dst), NAT_DROP_FULL);
    out(nat, 0, "192.168.1.3:5000", OUTSIDE);
    nat_free(nat);
}

static void a_reboot_closes_every_mapping(void **state)
{
    struct nat *nat = make((struct nat_config){0});
    struct auger_addr external = out(nat, 0, INSIDE, OUTSIDE);
    size_t rows;
    (void)state;
    nat_reboot(nat);
    assert_int_equal(in(nat, 0, OUTSIDE, &external), NAT_DROP_UNMAPPED);
    nat_rows(nat, 0, &rows);
    assert_int_equal(rows, 0);
    nat_free(nat);
}

static void a_rebind_moves_a_mapping_as_a_whole(void **state)
{
    struct nat *nat = make((struct nat_config){.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT});
    struct auger_addr old = out(nat, 0, "192.168.1.2:5000", "203.0.113.1:80");
    struct auger_addr other = out(nat, 0, "192.168.1.3:6000", "203.0.113.1:80");
    (void)state;
    out(nat, 0, "192.168.1.2:5000", "203.0.113.2:80");
    nat_rebind(nat, 0);

    struct auger_addr fresh = out(nat, 0, "192.168.1.2:5000", "203.0.113.1:80");
    struct auger_addr second = out(nat, 0, "192.168.1.2:5000", "203.0.113.2:80");
    struct auger_addr other_fresh = out(nat, 0, "192.168.1.3:6000", "203.0.113.1:80");
    assert_false(auger_addr_equal(&old, &fresh));
    assert_false(auger_addr_equal(&other, &other_fresh));
    assert_true(auger_addr_equal(&fresh, &second));
    assert_int_equal(in(nat, 0, "203.0.113.1:80", &old), NAT_DROP_UNMAPPED);
    assert_int_equal(in(nat, 0, "203.0.113.1:80", &fresh), NAT_FORWARD);
    nat_free(nat);
}

static void another_address_loses_the_table(void **state)
{
    struct nat *nat = make((struct nat_config){0});
    struct auger_addr moved = at("198.51.100.9:0");
    (void)state;
    out(nat, 0, INSIDE, OUTSIDE);
    nat_renumber(nat, &moved);
    struct auger_addr external = out(nat, 0, INSIDE, OUTSIDE);
    assert_true(auger_addr_ip_equal(&external, &moved));
    nat_free(nat);
}

static void a_transparent_one_filters_and_translates_nothing(void **state)
{
    struct nat *nat =
        make((struct nat_config){.transparent = true, .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT});
    struct auger_addr host = at("23.4.101.2:5000"), external;
    (void)state;
    assert_int_equal(in(nat, 0, OUTSIDE, &host), NAT_DROP_UNMAPPED);
    external = out(nat, 0, "23.4.101.2:5000", OUTSIDE);
    assert_true(auger_addr_equal(&external, &host));
    assert_int_equal(in(nat, 0, OUTSIDE, &host), NAT_FORWARD);
    nat_free(nat);
}

/* But what has a mapping goes where that leads, through its filter. */
static void what_is_forwarded_needs_no_mapping(void **state)
{
    struct nat *nat = make((struct nat_config){.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT});
    struct auger_addr src = at(OUTSIDE), dst = at("198.51.100.1:7000"), host = at("192.168.1.9:0");
    (void)state;
    nat_forward(nat, &host);
    assert_int_equal(nat_inbound(nat, 0, &src, &dst), NAT_FORWARD);
    host.port = 7000;
    assert_true(auger_addr_equal(&dst, &host));
    dst = out(nat, 0, INSIDE, "203.0.113.9:9");
    assert_int_equal(nat_inbound(nat, 0, &src, &dst), NAT_DROP_FILTERED);
    nat_free(nat);
}

static void a_nat_without_an_external_address_is_not_made(void **state)
{
    (void)state;
    assert_null(nat_new(&(struct nat_config){0}, 1, "nat"));
}

SCENARIOS(cmocka_unit_test(a_mapping_depends_on_what_its_kind_says),
          cmocka_unit_test(paired_pooling_gives_a_host_one_address),
          cmocka_unit_test(a_preserving_nat_keeps_the_port_unless_it_is_taken),
          cmocka_unit_test(an_overloading_nat_keeps_the_port_even_when_it_is_taken),
          cmocka_unit_test(sequential_ports_go_by_the_stride),
          cmocka_unit_test(random_ports_are_spread_over_the_range),
          cmocka_unit_test(parity_is_kept),
          cmocka_unit_test(contiguity_puts_the_second_port_beside_the_first),
          cmocka_unit_test(a_port_serves_many_destinations_where_they_tell_flows_apart),
          cmocka_unit_test(a_shared_port_is_not_shared_towards_one_destination),
          cmocka_unit_test(a_mapping_lives_as_long_as_its_direction_refreshes_it),
          cmocka_unit_test(a_row_expires_at_its_time_and_not_before),
          cmocka_unit_test(a_filter_admits_whom_its_kind_says),
          cmocka_unit_test(what_passes_reaches_the_host_that_opened_the_way),
          cmocka_unit_test(a_hairpin_shows_the_source_that_its_kind_says),
          cmocka_unit_test(a_full_table_refuses_or_forgets_its_oldest),
          cmocka_unit_test(one_host_cannot_take_more_than_its_share),
          cmocka_unit_test(a_reboot_closes_every_mapping),
          cmocka_unit_test(a_rebind_moves_a_mapping_as_a_whole),
          cmocka_unit_test(another_address_loses_the_table),
          cmocka_unit_test(a_transparent_one_filters_and_translates_nothing),
          cmocka_unit_test(what_is_forwarded_needs_no_mapping),
          cmocka_unit_test(a_nat_without_an_external_address_is_not_made))
