/* The parts of auger nat that need no network: prefixes of NAT64, URIs, and the verdict in a line.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/nat_target.h"
#include "tools/nat_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct auger_addr ip_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(0, auger_addr_parse_ip(&addr, text, strlen(text), 0));
    return addr;
}

/* The table of RFC 6052, section 2.4, with 192.0.0.170 in the place of its address. */
static void the_prefix_of_a_nat64_is_read(void **state)
{
    static const struct {
        const char *addr, *prefix;
        unsigned len;
    } rows[] = {
        {"2001:db8:c000:aa::", "2001:db8::", 32},
        {"2001:db8:1c0:0:aa::", "2001:db8:100::", 40},
        {"2001:db8:122:c000:0:aa00::", "2001:db8:122::", 48},
        {"2001:db8:122:3c0:0:aa::", "2001:db8:122:300::", 56},
        {"2001:db8:122:344:c0:0:aa00:0", "2001:db8:122:344::", 64},
        {"2001:db8:122:344::c000:ab", "2001:db8:122:344::", 96},
        {"64:ff9b::c000:ab", "64:ff9b::", 96},
        {"64:ff9b::c000:ac", NULL, 0},
        {"2001:db8:122:344:1c0:0:aa00:0", NULL, 0}, /* bits 64 to 71 are not zero */
        {"2001:db8::1", NULL, 0},
        {"192.0.0.170", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct auger_addr addr = ip_of(rows[i].addr);
        struct auger_nat64 found = {.prefix_len = 0};
        bool is_there = auger_nat64_find(&found, &addr) == 0;
        if (is_there != (rows[i].len > 0) || found.prefix_len != rows[i].len)
            fail_msg("%s: a prefix of %u", rows[i].addr, found.prefix_len);
        if (is_there) {
            const struct auger_addr expected = ip_of(rows[i].prefix);
            assert_memory_equal(found.prefix, expected.ip, sizeof(found.prefix));
        }
    }
}

static void servers_are_read_from_uris(void **state)
{
    static const struct {
        const char *uri, *expected; /* NULL: refused */
    } rows[] = {
        {"stun:192.0.2.1", "192.0.2.1:3478"},
        {"STUN:192.0.2.1:1", "192.0.2.1:1"},
        {"192.0.2.1:65535", "192.0.2.1:65535"},
        {"stun:[2001:db8::1]", "[2001:db8::1]:3478"},
        {"[2001:db8::1]:19302", "[2001:db8::1]:19302"},
        {"stun:192.0.2.1:0", NULL},
        {"stun:192.0.2.1:65536", NULL},
        {"stun:192.0.2.1:12x", NULL},
        {"stun:192.0.2.1:", NULL},
        {"stun:", NULL},
        {"stun:[2001:db8::1", NULL},
        {"stun:[2001:db8::1]3478", NULL},
        {"stuns:192.0.2.1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nat_targets ipv4 = {.len = 0}, ipv6 = {.len = 0};
        char text[AUGER_ADDR_TEXT_MAX];
        const char *why = nat_target_add(rows[i].uri, &ipv4, &ipv6);
        if (!rows[i].expected) {
            if (!why)
                fail_msg("%s was taken", rows[i].uri);
            continue;
        }
        assert_null(why);
        assert_int_equal(1, ipv4.len + ipv6.len);
        auger_addr_format(ipv4.len ? &ipv4.addrs[0] : &ipv6.addrs[0], text, sizeof(text));
        assert_string_equal(rows[i].expected, text);
    }
}

static void a_server_is_asked_once(void **state)
{
    struct nat_targets ipv4 = {.len = 0}, ipv6 = {.len = 0};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_null(nat_target_add("stun:192.0.2.1", &ipv4, &ipv6));
    assert_int_equal(1, ipv4.len);
}

static void verdict_begins(const struct auger_discovery_report *report, const char *expected)
{
    const char *verdict = nat_verdict_in_words(report);

    if (strncmp(verdict, expected, strlen(expected)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", verdict, expected);
}

static void the_verdict_names_the_nat(void **state)
{
    struct auger_discovery_report report = {.udp = AUGER_DISCOVERY_NO};

    (void)state;
    verdict_begins(&report, "no server answers by UDP");
    report.udp = AUGER_DISCOVERY_YES;
    verdict_begins(&report, "the servers answer, and refuse");
    report.is_translated = AUGER_DISCOVERY_NO;
    report.filtering = AUGER_DISCOVERY_ENDPOINT_INDEPENDENT;
    verdict_begins(&report, "no NAT and no firewall");
    report.filtering = AUGER_DISCOVERY_ADDRESS_DEPENDENT;
    verdict_begins(&report, "no NAT, but a firewall");
    report.is_translated = AUGER_DISCOVERY_YES;
    verdict_begins(&report, "a NAT.  Of which kind");
    report.mapping = AUGER_DISCOVERY_ENDPOINT_INDEPENDENT;
    verdict_begins(&report, "an address-restricted cone");
    report.filtering = AUGER_DISCOVERY_ENDPOINT_INDEPENDENT;
    verdict_begins(&report, "a full cone");
    report.filtering = AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT;
    verdict_begins(&report, "a port-restricted cone");
    report.filtering = AUGER_DISCOVERY_DEPENDENCE_UNKNOWN;
    verdict_begins(&report, "a cone");
    report.mapping = AUGER_DISCOVERY_DEPENDENT;
    verdict_begins(&report, "a symmetric NAT: each");
    report.ports = AUGER_DISCOVERY_PORTS_SEQUENTIAL;
    verdict_begins(&report, "a symmetric NAT, with ports one can count");
}

/* Each protocol has its line, whatever the others say. */
static void what_each_protocol_of_port_mapping_answers_is_a_line(void **state)
{
    struct nat_finding finding = {.local = ip_of("192.168.1.2"), .has_portmap = true};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    finding.portmap.gateway = ip_of("192.168.1.1");
    finding.portmap.answers[NAT_PORTMAP_PCP].why = "it does not speak it";
    finding.portmap.answers[NAT_PORTMAP_NATPMP].external = ip_of("198.51.100.7");
    finding.portmap.answers[NAT_PORTMAP_NATPMP].external.port = 4000;
    finding.portmap.answers[NAT_PORTMAP_UPNP].why = "it says nothing";
    nat_words_print(out, &finding);
    fclose(out);
    assert_non_null(strstr(text, "the gateway 192.168.1.1, asked for a port:\n"));
    assert_non_null(strstr(text, " PCP      nothing: it does not speak it\n"));
    assert_non_null(strstr(text, " NAT-PMP  gave 198.51.100.7:4000 for a moment\n"));
    assert_non_null(strstr(text, " UPnP     nothing: it says nothing\n"));
    free(text);
}

static void what_refreshes_a_mapping_is_a_line(void **state)
{
    static const struct {
        enum auger_discovery_answer out, in;
        const char *expected; /* NULL: no line */
    } rows[] = {
        {AUGER_DISCOVERY_UNKNOWN, AUGER_DISCOVERY_UNKNOWN, NULL},
        {AUGER_DISCOVERY_YES, AUGER_DISCOVERY_YES,
         "  refreshed   by what goes out, and by what comes in\n"},
        {AUGER_DISCOVERY_YES, AUGER_DISCOVERY_NO, "  refreshed   by what goes out alone\n"},
        {AUGER_DISCOVERY_YES, AUGER_DISCOVERY_UNKNOWN, "  refreshed   by what goes out; whether"},
        {AUGER_DISCOVERY_NO, AUGER_DISCOVERY_YES, "  refreshed   by what comes in alone"},
        {AUGER_DISCOVERY_NO, AUGER_DISCOVERY_NO, "  refreshed   not by what goes out, against"},
        {AUGER_DISCOVERY_UNKNOWN, AUGER_DISCOVERY_YES, "  refreshed   by what comes in; whether"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nat_finding finding = {.local = ip_of("192.168.1.2")};
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        finding.report.udp = finding.report.is_translated = AUGER_DISCOVERY_YES;
        finding.report.lifetime_dead = AUGER_NEVER;
        finding.report.outbound_refresh = rows[i].out;
        finding.report.inbound_refresh = rows[i].in;
        nat_words_print(out, &finding);
        fclose(out);
        const char *found = strstr(text, rows[i].expected ? rows[i].expected : "refreshed");
        if ((found != NULL) != (rows[i].expected != NULL))
            fail_msg("%zu: %s", i, text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prefix_of_a_nat64_is_read),
        cmocka_unit_test(servers_are_read_from_uris),
        cmocka_unit_test(a_server_is_asked_once),
        cmocka_unit_test(the_verdict_names_the_nat),
        cmocka_unit_test(what_each_protocol_of_port_mapping_answers_is_a_line),
        cmocka_unit_test(what_refreshes_a_mapping_is_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
