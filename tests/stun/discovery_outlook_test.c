/* What gets through which NAT: the cells of docs/nat-matrix.md for a host and each kind of other
 * side, and those where a port is guessed. */
#include <auger/stun_discovery.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define EI AUGER_DISCOVERY_ENDPOINT_INDEPENDENT
#define AD AUGER_DISCOVERY_ADDRESS_DEPENDENT
#define APD AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT
#define DEPENDENT AUGER_DISCOVERY_DEPENDENT
#define UNKNOWN AUGER_DISCOVERY_DEPENDENCE_UNKNOWN
#define SEQUENTIAL AUGER_DISCOVERY_PORTS_SEQUENTIAL
#define RANDOM AUGER_DISCOVERY_PORTS_RANDOM

struct row {
    enum auger_discovery_dependence mapping, filtering;
    enum auger_discovery_ports ports;
    /* D: direct, P: predicted, R: relay, ?: unknown; open, address restricted, port restricted,
     * sequential, random, blocked */
    const char *outlook;
};

static const struct row rows[] = {
    {EI, EI, RANDOM, "DDDDDR"},
    {EI, AD, RANDOM, "DDDDDR"},
    {EI, APD, RANDOM, "DDDPRR"},
    {EI, APD, SEQUENTIAL, "DDDPRR"},
    {EI, UNKNOWN, RANDOM, "DDDP?R"},
    {AD, APD, RANDOM, "DDRRRR"},
    {APD, APD, RANDOM, "DDRRRR"},
    {APD, EI, RANDOM, "DDRRRR"},
    {APD, APD, SEQUENTIAL, "DDPPRR"},
    {AD, APD, SEQUENTIAL, "DDPPRR"},
    {DEPENDENT, UNKNOWN, RANDOM, "DDRRRR"},
    {DEPENDENT, UNKNOWN, SEQUENTIAL, "DDPPRR"},
    {UNKNOWN, UNKNOWN, RANDOM, "?????R"},
};

static void each_meeting_has_its_outlook(void **state)
{
    static const char letters[] = "?DPR";

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct auger_discovery_report report = {.udp = AUGER_DISCOVERY_YES,
                                                      .mapping = rows[i].mapping,
                                                      .filtering = rows[i].filtering,
                                                      .ports = rows[i].ports};
        char found[AUGER_DISCOVERY_OTHERS + 1] = "";
        for (int other = 0; other < AUGER_DISCOVERY_OTHERS; other++)
            found[other] =
                letters[auger_discovery_outlook(&report, (enum auger_discovery_other)other)];
        if (strcmp(found, rows[i].outlook) != 0)
            fail_msg("row %zu: %s, not %s", i, found, rows[i].outlook);
    }
}

static void where_udp_is_blocked_all_is_by_relay(void **state)
{
    const struct auger_discovery_report report = {.udp = AUGER_DISCOVERY_NO};

    (void)state;
    for (int other = 0; other < AUGER_DISCOVERY_OTHERS; other++)
        assert_int_equal(AUGER_DISCOVERY_OUTLOOK_RELAY,
                         auger_discovery_outlook(&report, (enum auger_discovery_other)other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_meeting_has_its_outlook),
        cmocka_unit_test(where_udp_is_blocked_all_is_by_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
