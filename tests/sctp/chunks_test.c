/* What the chunks of a packet must look like: RFC 9260 section 3.2. */
#include "tests/sctp/pair.h"

/* A packet's header, and chunks behind it. */
#define PACKET(...)                                                                                \
    {                                                                                              \
        0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, __VA_ARGS__                                            \
    }
#define INIT(type, len, tag) type, 0, 0, len, 0, 0, 0, tag, 0, 1, 0, 0, 0, 16, 0, 16, 0, 0, 0, 1
#define HEARTBEAT 4, 0, 0, 12, 0, 1, 0, 8, 1, 2, 3, 4

struct row {
    const char *what;
    size_t len;
    uint8_t packet[64];
};

static const struct row sound[] = {
    {"one chunk", 16, PACKET(11, 0, 0, 4)},
    {"two chunks", 28, PACKET(11, 0, 0, 4, HEARTBEAT)},
    {"padding between chunks", 24, PACKET(6, 0, 0, 4, 0, 3, 0, 7, 'a', 'b', 'c', 0)},
    {"no padding at the end", 31, PACKET(HEARTBEAT, 255, 0, 0, 7, 'a', 'b', 'c')},
    {"padding at the end", 32, PACKET(HEARTBEAT, 255, 0, 0, 7, 'a', 'b', 'c', 0)},
    {"an INIT without parameters", 32, PACKET(INIT(1, 20, 7))},
    {"an INIT with two", 44, PACKET(INIT(1, 32, 7), 0, 5, 0, 8, 127, 0, 0, 1, 192, 0, 0, 4)},
    {"an INIT ACK", 32, PACKET(INIT(2, 20, 7))},
    {"an abort with a cause", 24, PACKET(6, 0, 0, 12, 0, 12, 0, 8, 1, 2, 3, 4)},
    {"a reset", 28, PACKET(130, 0, 0, 16, 0, 13, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1)},
};

static const struct row unsound[] = {
    {"nothing", 0, {0}},
    {"less than a header", 11, PACKET(0)},
    {"no chunk", 12, PACKET(0)},
    {"half a chunk's header", 15, PACKET(11, 0, 0, 4)},
    {"a chunk of length 0", 16, PACKET(11, 0, 0, 0)},
    {"a chunk of length 3", 16, PACKET(11, 0, 0, 3)},
    {"a chunk beyond the packet", 16, PACKET(11, 0, 0, 5)},
    {"a second chunk of length 0", 20, PACKET(11, 0, 0, 4, 11, 0, 0, 0)},
    {"two bytes behind the chunks", 18, PACKET(11, 0, 0, 4, 1, 1)},
    {"an INIT cut short", 28, PACKET(1, 0, 0, 16, 0, 0, 0, 7, 0, 1, 0, 0, 0, 16, 0, 16)},
    {"an INIT with tag 0", 32, PACKET(INIT(1, 20, 0))},
    {"an INIT ACK with tag 0", 32, PACKET(INIT(2, 20, 0))},
    {"an INIT with a parameter of length 0", 36, PACKET(INIT(1, 24, 7), 0, 5, 0, 0)},
    {"an INIT with a parameter of length 3", 36, PACKET(INIT(1, 24, 7), 0, 5, 0, 3)},
    {"an INIT with a parameter beyond it", 36, PACKET(INIT(1, 24, 7), 0, 5, 0, 8)},
    {"an INIT before another chunk", 36, PACKET(INIT(1, 20, 7), 11, 0, 0, 4)},
    {"an INIT behind another chunk", 36, PACKET(11, 0, 0, 4, INIT(1, 20, 7))},
    {"a SHUTDOWN COMPLETE with another", 20, PACKET(14, 0, 0, 4, 11, 0, 0, 4)},
    {"an abort whose cause has length 0", 20, PACKET(6, 0, 0, 8, 0, 12, 0, 0)},
    {"an error whose cause is beyond it", 20, PACKET(9, 0, 0, 8, 0, 12, 0, 5)},
    {"a heartbeat whose parameter has length 0", 20, PACKET(4, 0, 0, 8, 0, 1, 0, 0)},
    {"a heartbeat's answer likewise", 20, PACKET(5, 0, 0, 8, 0, 1, 0, 0)},
    {"a reset whose parameter has length 0", 20, PACKET(130, 0, 0, 8, 0, 13, 0, 0)},
    {"an ASCONF without its number", 16, PACKET(193, 0, 0, 4)},
    {"an ASCONF whose parameter has length 0", 24, PACKET(193, 0, 0, 12, 0, 0, 0, 1, 0, 5, 0, 0)},
    {"an ASCONF ACK likewise", 24, PACKET(128, 0, 0, 12, 0, 0, 0, 1, 0, 5, 0, 0)},
};

/* From a block of its own, so that a step beyond it is seen. */
static bool is_sound(const struct row *row)
{
    uint8_t *copy = malloc(row->len + 1);

    assert_non_null(copy);
    memcpy(copy + 1, row->packet, row->len);
    bool result = auger_sctp_chunks_are_sound(copy + 1, row->len);
    free(copy);
    return result;
}

static void test_what_is_well_formed_is_let_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sound); i++)
        if (!is_sound(&sound[i]))
            fail_msg("%s", sound[i].what);
}

static void test_a_length_that_lies_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unsound); i++)
        if (is_sound(&unsound[i]))
            fail_msg("%s", unsound[i].what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_well_formed_is_let_through),
        cmocka_unit_test(test_a_length_that_lies_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
