/* tests/mdns/link.h - an engine and what it says to the link, in virtual time. */
#ifndef MDNS_LINK_H
#define MDNS_LINK_H

#include "mdns/msg.h"

#include <auger/mdns.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct said {
    struct auger_addr to;
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    size_t len;
};

static inline int random_bytes(void *user, uint8_t *buf, size_t len)
{
    static uint32_t x = 2463534242;

    (void)user;
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        buf[i] = (uint8_t)x;
    }
    return 0;
}

static inline void *zeroed(void *user, size_t size)
{
    (void)user;
    return calloc(1, size);
}

static inline void give_back(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

static const struct auger_env test_env = {
    .random = random_bytes, .alloc = zeroed, .release = give_back};

static inline struct auger_mdns *engine(void)
{
    struct auger_mdns *mdns;

    assert_int_equal(auger_mdns_new(&mdns, &test_env, NULL), 0);
    return mdns;
}

static inline struct auger_addr addr_of(const char *ip, uint16_t port)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse_ip(&addr, ip, strlen(ip), port), 0);
    return addr;
}

static inline bool next_said(struct auger_mdns *mdns, auger_time now, struct said *said)
{
    said->len = auger_mdns_poll_transmit(mdns, now, &said->to, said->buf, sizeof(said->buf));
    return said->len > 0;
}

/* How many messages leave now; the last of them is kept. */
static inline int drain(struct auger_mdns *mdns, auger_time now, struct said *last)
{
    struct said said;
    int count = 0;

    for (; count < 1000 && next_said(mdns, now, &said); count++)
        if (last)
            *last = said;
    return count;
}

static inline void hear(struct auger_mdns *mdns, auger_time now, const char *from, uint16_t port,
                        const void *buf, size_t len)
{
    struct auger_addr addr = addr_of(from, port);

    auger_mdns_handle_datagram(mdns, now, &addr, buf, len);
}

/* Reads a captured message. */
static inline size_t captured(const char *name, uint8_t *buf, size_t cap)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/mdns/%s.bin", TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(buf, 1, cap, file);
    fclose(file);
    assert_true(len > 0);
    return len;
}

/* A query for one name. */
static inline size_t query(uint8_t *buf, size_t cap, uint16_t id, const char *name, uint16_t type)
{
    struct auger_writer w = auger_writer(buf, cap);

    auger_dns_write_header(&w, id, 0, 1, 0, 0);
    auger_dns_write_question(&w, name, type);
    assert_false(w.failed);
    return w.len;
}

/* An answer with one record of that address. */
static inline size_t answer(uint8_t *buf, size_t cap, const char *name, const char *ip)
{
    struct auger_writer w = auger_writer(buf, cap);
    struct auger_addr addr = addr_of(ip, 0);
    uint16_t len = addr.family == AUGER_IPV4 ? 4 : 16;

    auger_dns_write_header(&w, 0, AUGER_DNS_RESPONSE, 0, 1, 0);
    auger_dns_write_record(&w, name, len == 4 ? AUGER_DNS_A : AUGER_DNS_AAAA,
                           AUGER_DNS_IN | AUGER_DNS_TOP_BIT, 120, len);
    auger_write_bytes(&w, addr.ip, len);
    assert_false(w.failed);
    return w.len;
}

#endif /* MDNS_LINK_H */
