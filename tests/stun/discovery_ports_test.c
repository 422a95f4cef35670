/* How a NAT chooses ports, out of what was seen: each row a table of mappings. */
#include "stun/discovery_ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MAX 12

struct row {
    const char *name;
    uint16_t outside[MAX]; /* of the inside ports 40000, 40001, 41000, 41001, 42000 and so on */
    size_t len;
    enum auger_discovery_ports expected;
    int32_t step;
};

#define SEQUENTIAL AUGER_DISCOVERY_PORTS_SEQUENTIAL
#define RANDOM AUGER_DISCOVERY_PORTS_RANDOM

static const struct row rows[] = {
    {"too few", {1024, 1025, 1026}, 3, AUGER_DISCOVERY_PORTS_UNKNOWN, 0},
    {"kept", {40000, 40001, 41000, 41001}, 4, AUGER_DISCOVERY_PORTS_PRESERVED, 0},
    {"kept but for one", {40000, 40001, 5555, 41001}, 4, AUGER_DISCOVERY_PORTS_PRESERVED, 0},
    {"+1", {300, 301, 302, 303}, 4, SEQUENTIAL, 1},
    {"+2", {300, 302, 304, 306}, 4, SEQUENTIAL, 2},
    {"+100", {300, 400, 500, 600}, 4, SEQUENTIAL, 100},
    {"-1", {303, 302, 301, 300}, 4, SEQUENTIAL, -1},
    {"+1, others take ports", {300, 303, 304, 309, 310, 312}, 6, SEQUENTIAL, 1},
    {"+2, others take ports", {300, 306, 308, 318, 320, 324}, 6, SEQUENTIAL, 2},
    {"+1 around the end of all ports", {65534, 65535, 0, 1, 2}, 5, SEQUENTIAL, 1},
    {"+100 from 65535 to 1024", {65300, 65400, 65500, 1088, 1188, 1288}, 6, SEQUENTIAL, 100},
    {"-100 from 1024 to 65535", {1288, 1188, 1088, 65500, 65400, 65300}, 6, SEQUENTIAL, -100},
    {"up and down", {300, 305, 298, 307, 296, 309}, 6, RANDOM, 0},
    {"any", {9123, 51020, 33001, 17, 60123, 8000}, 6, RANDOM, 0},
    {"half of the gaps small", {300, 302, 9000, 9002, 20000, 20002, 7, 9}, 8, RANDOM, 0},
    {"pairs kept together, even first",
     {300, 301, 9000, 9001, 20000, 20001},
     6,
     AUGER_DISCOVERY_PORTS_CONTIGUOUS,
     0},
    {"pairs kept together, by chance not far from each other",
     {300, 301, 2000, 2001, 4000, 4001, 60000, 60001},
     8,
     AUGER_DISCOVERY_PORTS_CONTIGUOUS,
     0},
    {"+1, even first", {300, 301, 302, 303, 304, 305}, 6, SEQUENTIAL, 1},
    {"pairs kept together, odd first", {301, 302, 9001, 9002, 20001, 20002}, 6, RANDOM, 0},
    {"even for even",
     {300, 10001, 9000, 13, 20000, 377, 54322, 1111},
     8,
     AUGER_DISCOVERY_PORTS_PARITY,
     0},
    {"even for even, too few to tell", {300, 10001, 9000, 13, 20000, 377}, 6, RANDOM, 0},
    {"even for even but one", {300, 10001, 9000, 13, 20000, 377, 54322, 1112}, 8, RANDOM, 0},
};

static size_t fill(struct auger_port_sample *samples, const struct row *row)
{
    for (size_t i = 0; i < row->len; i++)
        samples[i] = (struct auger_port_sample){.inside = (uint16_t)(40000 + i / 2 * 1000 + i % 2),
                                                .outside = row->outside[i],
                                                .is_in_order = true};
    return row->len;
}

static void each_table_is_classified(void **state)
{
    struct auger_port_sample samples[MAX];
    int32_t step;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        enum auger_discovery_ports found = auger_ports_classify(samples, fill(samples, row), &step);
        if (found != row->expected || step != row->step)
            fail_msg("%s: found %d, step %d", row->name, found, step);
    }
}

/* The request of the third was lost, so that its port is that of a later mapping. */
static void what_was_asked_again_is_not_counted_in(void **state)
{
    const struct row row = {"", {300, 302, 309, 304, 306, 308}, 6, SEQUENTIAL, 2};
    struct auger_port_sample samples[MAX];
    int32_t step;

    (void)state;
    size_t len = fill(samples, &row);
    assert_int_equal(SEQUENTIAL, auger_ports_classify(samples, len, &step));
    assert_int_equal(1, step);
    samples[2].is_in_order = false;
    assert_int_equal(SEQUENTIAL, auger_ports_classify(samples, len, &step));
    assert_int_equal(2, step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_is_classified),
        cmocka_unit_test(what_was_asked_again_is_not_counted_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
