/* What a router rewrites of packets, held against checksums that are summed up anew. */
#include "tests/natbox/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADER 20
#define PAYLOAD 13 /* odd: the last byte is summed as if a zero followed */

static uint32_t sum_up(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)sum;
}

/* RFC 1071: what is right sums up to all ones. */
static bool header_is_right(const uint8_t *bytes)
{
    return fold(sum_up(0, bytes, HEADER)) == 0xFFFF;
}

static bool transport_is_right(const uint8_t *bytes, size_t len)
{
    uint32_t sum = sum_up(0, bytes + HEADER, len - HEADER);

    if (bytes[9] != PACKET_ICMP)
        sum = sum_up(sum + bytes[9] + (uint32_t)(len - HEADER), bytes + 12, 8);
    return fold(sum) == 0xFFFF;
}

static size_t checksum_at(const uint8_t *bytes)
{
    return HEADER + (bytes[9] == PACKET_UDP ? 6 : bytes[9] == PACKET_TCP ? 16 : 2);
}

static void put_checksum(uint8_t *at, uint32_t sum)
{
    uint16_t value = (uint16_t)~fold(sum);
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A packet from 192.168.1.10:5000 to 5.5.5.1:7001; an echo has identifier 5000. */
static size_t make(uint8_t *bytes, enum packet_protocol protocol)
{
    size_t transport = protocol == PACKET_TCP ? 20 : 8, len = HEADER + transport + PAYLOAD;
    static const uint8_t addresses[] = {192, 168, 1, 10, 5, 5, 5, 1};

    memset(bytes, 0, len);
    bytes[0] = 0x45;
    bytes[3] = (uint8_t)len;
    bytes[8] = 64;
    bytes[9] = (uint8_t)protocol;
    memcpy(bytes + 12, addresses, sizeof(addresses));
    if (protocol == PACKET_ICMP)
        memcpy(bytes + HEADER, (uint8_t[]){8, 0, 0, 0, 5000 >> 8, 5000 & 255}, 6);
    else
        memcpy(bytes + HEADER, (uint8_t[]){5000 >> 8, 5000 & 255, 7001 >> 8, 7001 & 255}, 4);
    if (protocol == PACKET_TCP)
        bytes[HEADER + 12] = 0x50;
    memcpy(bytes + HEADER + transport, "thirteen byte", PAYLOAD);
    put_checksum(bytes + 10, sum_up(0, bytes, HEADER));
    uint32_t sum = sum_up(0, bytes + HEADER, len - HEADER);
    if (protocol != PACKET_ICMP)
        sum = sum_up(sum + bytes[9] + (uint32_t)(len - HEADER), bytes + 12, 8);
    put_checksum(bytes + checksum_at(bytes), sum);
    return len;
}

static struct auger_addr at(const char *text)
{
    struct auger_addr addr;
    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

static void checksums_stay_right_whatever_is_rewritten(void **state)
{
    static const enum packet_protocol protocols[] = {PACKET_UDP, PACKET_TCP, PACKET_ICMP};
    uint8_t bytes[128];
    struct packet packet, again;

    (void)state;
    for (int p = 0; p < 3; p++) {
        size_t len = make(bytes, protocols[p]);
        assert_true(header_is_right(bytes) && transport_is_right(bytes, len));
        assert_true(packet_parse(&packet, bytes, len));
        for (unsigned port = 1; port < 65536; port += 7) {
            struct auger_addr src = at("5.5.5.9:1"), dst = packet.dst;
            src.port = (uint16_t)port;
            src.ip[3] = (uint8_t)(port >> 4);
            packet_rewrite(&packet, &src, &dst);
            assert_true(header_is_right(bytes));
            assert_true(transport_is_right(bytes, len));
            assert_true(packet_parse(&again, bytes, len));
            assert_true(auger_addr_equal(&again.src, &src));
            assert_true(auger_addr_equal(&again.dst, &dst));
        }
    }
}

static void both_ends_are_read(void **state)
{
    uint8_t bytes[128];
    struct packet packet;
    struct auger_addr inside = at("192.168.1.10:5000"), outside = at("5.5.5.1:7001");

    (void)state;
    assert_true(packet_parse(&packet, bytes, make(bytes, PACKET_UDP)));
    assert_true(auger_addr_equal(&packet.src, &inside));
    assert_true(auger_addr_equal(&packet.dst, &outside));
}

static void an_echo_has_its_identifier_where_the_asking_end_is(void **state)
{
    uint8_t bytes[128];
    struct packet packet;
    size_t len = make(bytes, PACKET_ICMP);

    (void)state;
    assert_true(packet_parse(&packet, bytes, len));
    assert_int_equal(packet.src.port, 5000);
    assert_int_equal(packet.dst.port, 0);
    bytes[HEADER] = 0; /* the reply */
    assert_true(packet_parse(&packet, bytes, len));
    assert_int_equal(packet.src.port, 0);
    assert_int_equal(packet.dst.port, 5000);
}

static void a_datagram_without_a_checksum_gets_none(void **state)
{
    uint8_t bytes[128];
    struct packet packet;
    size_t len = make(bytes, PACKET_UDP), where = checksum_at(bytes);
    struct auger_addr src = at("5.5.5.9:1"), dst = at("5.5.5.1:7001");

    (void)state;
    bytes[where] = bytes[where + 1] = 0;
    assert_true(packet_parse(&packet, bytes, len));
    packet_rewrite(&packet, &src, &dst);
    assert_int_equal(bytes[where] | bytes[where + 1], 0);
    assert_true(header_is_right(bytes));
}

static void what_is_no_whole_packet_of_ours_is_refused(void **state)
{
    uint8_t bytes[128];
    struct packet packet;
    size_t len = make(bytes, PACKET_TCP);

    (void)state;
    for (size_t cut = 0; cut < HEADER + 20; cut++)
        assert_false(packet_parse(&packet, bytes, cut));
    for (int flags = 0x20; flags; flags = flags == 0x20 ? 0x01 : 0) { /* more follow; an offset */
        bytes[6] = (uint8_t)flags;
        assert_false(packet_parse(&packet, bytes, len));
    }
    bytes[6] = 0x40; /* not to be cut */
    assert_true(packet_parse(&packet, bytes, len));
    bytes[9] = 47;
    assert_false(packet_parse(&packet, bytes, len));
    bytes[9] = PACKET_TCP;
    bytes[0] = 0x65;
    assert_false(packet_parse(&packet, bytes, len));
    bytes[0] = 0x44;
    assert_false(packet_parse(&packet, bytes, len));
    len = make(bytes, PACKET_ICMP);
    bytes[HEADER] = 3; /* unreachable */
    assert_false(packet_parse(&packet, bytes, len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_stay_right_whatever_is_rewritten),
        cmocka_unit_test(both_ends_are_read),
        cmocka_unit_test(an_echo_has_its_identifier_where_the_asking_end_is),
        cmocka_unit_test(a_datagram_without_a_checksum_gets_none),
        cmocka_unit_test(what_is_no_whole_packet_of_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
