/* The blocks of a capture, byte by byte.  That tshark reads them is tests/tools/trace_test.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/trace.h>

#include "base/bytes.h"

#include <string.h>

static uint32_t u32_at(const uint8_t *at)
{
    struct auger_reader r = auger_reader(at, 4);
    return auger_read_u32(&r);
}

static uint32_t u16_at(const uint8_t *at)
{
    struct auger_reader r = auger_reader(at, 2);
    return auger_read_u16(&r);
}

/* Of 16 bit words in ones' complement: all ones where a checksum is among them. */
static uint32_t sum(const uint8_t *bytes, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

/* Walks the blocks, which must fill the bytes, with the same length at both ends. */
static size_t must_be_blocks(const uint8_t *bytes, size_t len)
{
    size_t blocks = 0;

    for (size_t at = 0; at < len; blocks++) {
        uint32_t block = u32_at(bytes + at + 4);
        assert_in_range(block, 12, len - at);
        assert_int_equal(block % 4, 0);
        assert_int_equal(u32_at(bytes + at + block - 4), block);
        at += block;
    }
    return blocks;
}

static void a_file_begins_with_a_section_and_an_interface(void **state)
{
    (void)state;
    uint8_t buf[AUGER_PCAPNG_BEGIN_MAX];
    int len = auger_pcapng_begin(buf, sizeof(buf), "a program");

    assert_true(len > 0);
    assert_int_equal(must_be_blocks(buf, (size_t)len), 2);
    assert_int_equal(u32_at(buf), 0x0A0D0D0A);
    assert_int_equal(u32_at(buf + 8), 0x1A2B3C4D);
}

static int packet_of(uint8_t *buf, size_t cap, const char *local, const char *remote, bool outbound,
                     size_t len, const char *comment)
{
    static const uint8_t data[1500] = {1, 2, 3, 4, 5};
    struct auger_path path;

    assert_int_equal(auger_addr_parse(&path.local, local), 0);
    assert_int_equal(auger_addr_parse(&path.remote, remote), 0);
    return auger_pcapng_packet(buf, cap,
                               &(struct auger_pcapng_packet){.wall_ns = 0x0123456789ABCDEF,
                                                             .outbound = outbound,
                                                             .path = &path,
                                                             .data = data,
                                                             .len = len,
                                                             .comment = comment});
}

static void a_packet_has_the_headers_and_sums_that_belong_to_it(void **state)
{
    (void)state;
    static const struct {
        const char *local, *remote;
        size_t ip_header, ip_at, ip_len;
    } cases[] = {
        {"192.0.2.1:5000", "198.51.100.2:6000", 20, 12, 4},
        {"[2001:db8::1]:5000", "[2001:db8::2]:6000", 40, 8, 16},
    };

    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len < 8; len++) {
            uint8_t buf[512];
            int n = packet_of(buf, sizeof(buf), cases[i].local, cases[i].remote, true, len, "why");
            assert_true(n > 0);
            assert_int_equal(must_be_blocks(buf, (size_t)n), 1);
            assert_int_equal(u32_at(buf + 12), 0x01234567);
            assert_int_equal(u32_at(buf + 16), 0x89ABCDEF);
            assert_int_equal(u32_at(buf + 20), cases[i].ip_header + 8 + len);
            const uint8_t *ip = buf + 28, *udp = ip + cases[i].ip_header;
            if (cases[i].ip_len == 4)
                assert_int_equal(sum(ip, 20, 0), 0xFFFF);
            assert_int_equal(u16_at(udp), 5000);
            assert_int_equal(u16_at(udp + 2), 6000);
            assert_int_equal(u16_at(udp + 4), 8 + len);
            uint32_t pseudo =
                sum(ip + cases[i].ip_at, 2 * cases[i].ip_len, 17 + (uint32_t)(8 + len));
            assert_int_equal(sum(udp, 8 + len, pseudo), 0xFFFF);
        }
    }
}

static void what_came_has_its_source_at_the_other_side(void **state)
{
    (void)state;
    uint8_t buf[512];

    assert_true(packet_of(buf, sizeof(buf), "192.0.2.1:5000", "198.51.100.2:6000", false, 5, NULL) >
                0);
    assert_int_equal(u16_at(buf + 28 + 20), 6000);
    assert_int_equal(u16_at(buf + 28 + 22), 5000);
}

static void a_long_comment_is_cut(void **state)
{
    (void)state;
    static char comment[3 * AUGER_PCAPNG_COMMENT_MAX];
    static uint8_t buf[1500 + AUGER_PCAPNG_COMMENT_MAX + AUGER_PCAPNG_OVERHEAD];

    memset(comment, 'c', sizeof(comment) - 1);
    int n = packet_of(buf, sizeof(buf), "[2001:db8::1]:5000", "[2001:db8::2]:6000", true, 1500,
                      comment);
    assert_true(n > 0); /* the room that the header names is enough */
    assert_int_equal(must_be_blocks(buf, (size_t)n), 1);
}

static void too_little_room_is_refused_and_not_overrun(void **state)
{
    (void)state;
    uint8_t buf[512];
    int whole = packet_of(buf, sizeof(buf), "192.0.2.1:5000", "198.51.100.2:6000", true, 5, "why");

    for (int cap = 0; cap < whole; cap++) {
        memset(buf, 0x5A, sizeof(buf));
        assert_int_equal(
            packet_of(buf, (size_t)cap, "192.0.2.1:5000", "198.51.100.2:6000", true, 5, "why"),
            AUGER_ERR_BUFFER);
        assert_int_equal(buf[cap], 0x5A);
    }
}

static void secrets_stand_in_a_block_of_their_own(void **state)
{
    (void)state;
    uint8_t buf[128];
    int n = auger_pcapng_secrets(buf, sizeof(buf), "CLIENT_RANDOM a b\n", 18);

    assert_int_equal(n, 12 + 8 + 20);
    assert_int_equal(must_be_blocks(buf, (size_t)n), 1);
    assert_int_equal(u32_at(buf), 10);
    assert_int_equal(u32_at(buf + 8), 0x544C534B);
    assert_int_equal(u32_at(buf + 12), 18);
    assert_memory_equal(buf + 16, "CLIENT_RANDOM a b\n\0\0", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_begins_with_a_section_and_an_interface),
        cmocka_unit_test(a_packet_has_the_headers_and_sums_that_belong_to_it),
        cmocka_unit_test(what_came_has_its_source_at_the_other_side),
        cmocka_unit_test(a_long_comment_is_cut),
        cmocka_unit_test(too_little_room_is_refused_and_not_overrun),
        cmocka_unit_test(secrets_stand_in_a_block_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
