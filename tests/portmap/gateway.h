/* tests/portmap/gateway.h - an engine towards a gateway that a test plays, in virtual time. */
#ifndef PORTMAP_GATEWAY_H
#define PORTMAP_GATEWAY_H

#include "base/bytes.h"
#include "portmap/natpmp.h"
#include "portmap/pcp.h"

#include <auger/portmap.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define S AUGER_SEC

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

static inline void put_back(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

static const struct auger_env test_env = {
    .random = random_bytes, .alloc = zeroed, .release = put_back};

static inline struct auger_addr addr_of(const char *ip, uint16_t port)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse_ip(&addr, ip, strlen(ip), port), 0);
    return addr;
}

struct asked {
    uint8_t buf[AUGER_PORTMAP_MESSAGE_MAX];
    size_t len;
    struct auger_addr to;
};

static inline struct auger_portmap *engine_at(const char *local, const char *gateway)
{
    struct auger_portmap_config config;
    struct auger_portmap *portmap;

    auger_portmap_config_init(&config);
    config.local = addr_of(local, 0);
    config.gateway = addr_of(gateway, 0);
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), 0);
    return portmap;
}

/* 192.168.1.10 behind 192.168.1.1, which asks for port 40000 under the token 7. */
static inline struct auger_portmap *engine(void)
{
    struct auger_portmap *portmap = engine_at("192.168.1.10", "192.168.1.1");
    const struct auger_addr internal = addr_of("192.168.1.10", 40000);

    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 7), 0);
    return portmap;
}

static inline bool next_asked(struct auger_portmap *portmap, auger_time now, struct asked *asked)
{
    auger_portmap_handle_timeout(portmap, now);
    asked->len =
        auger_portmap_poll_transmit(portmap, now, &asked->to, asked->buf, sizeof(asked->buf));
    return asked->len > 0;
}

/* Goes on until something is sent; fails if nothing is by `until`. */
static inline auger_time await(struct auger_portmap *portmap, auger_time now, auger_time until,
                               struct asked *asked)
{
    while (!next_asked(portmap, now, asked)) {
        auger_time at = auger_portmap_next_timeout(portmap);
        assert_true(at > now && at <= until);
        now = at;
    }
    return now;
}

static inline void hear_from(struct auger_portmap *portmap, auger_time now, const char *from,
                             uint16_t port, const uint8_t *buf, size_t len)
{
    const struct auger_addr addr = addr_of(from, port);

    auger_portmap_handle_datagram(portmap, now, &addr, buf, len);
}

static inline void hear(struct auger_portmap *portmap, auger_time now, const uint8_t *buf,
                        size_t len)
{
    hear_from(portmap, now, "192.168.1.1", 5351, buf, len);
}

/* --- PCP, as a gateway writes it (RFC 6887 sections 7.2 and 11.1) ---------------------- */

struct pcp_answer {
    uint8_t result;
    uint32_t lifetime_s, epoch_s;
    const char *ip; /* of IPv4; NULL: as it was suggested */
    uint16_t port;
};

static inline size_t pcp_answer(const struct asked *asked, const struct pcp_answer *answer,
                                uint8_t *buf)
{
    memcpy(buf, asked->buf, asked->len);
    assert_int_equal(asked->len, 60);
    struct auger_writer w = auger_writer(buf + 1, 23);
    auger_write_u8(&w, 0x81);
    auger_write_u8(&w, 0);
    auger_write_u8(&w, answer->result);
    auger_write_u32(&w, answer->lifetime_s);
    auger_write_u32(&w, answer->epoch_s);
    memset(buf + 12, 0, 12);
    if (answer->ip) {
        const struct auger_addr ip = addr_of(answer->ip, 0);
        buf[42] = (uint8_t)(answer->port >> 8);
        buf[43] = (uint8_t)answer->port;
        memset(buf + 44, 0, 16);
        buf[54] = buf[55] = 0xFF;
        memcpy(buf + 56, ip.ip, 4);
    }
    return asked->len;
}

static inline void answer_pcp(struct auger_portmap *portmap, auger_time now,
                              const struct asked *asked, const struct pcp_answer *answer)
{
    uint8_t buf[AUGER_PORTMAP_MESSAGE_MAX];

    hear(portmap, now, buf, pcp_answer(asked, answer, buf));
}

static inline size_t announcement(uint32_t epoch_s, uint8_t buf[24])
{
    struct auger_writer w = auger_writer(buf, 24);

    memset(buf, 0, 24);
    auger_write_u32(&w, 0x02800000);
    auger_write_u32(&w, 0);
    auger_write_u32(&w, epoch_s);
    return 24;
}

/* Until it stands at 198.51.100.7:`port` for 600 s, at a gateway whose clock was at 1000 s. */
static inline auger_time map_by_pcp(struct auger_portmap *portmap, auger_time now, uint16_t port)
{
    struct auger_portmap_event event;
    struct asked asked;

    now = await(portmap, now, now + 5 * S, &asked);
    answer_pcp(portmap, now, &asked,
               &(struct pcp_answer){.lifetime_s = 600,
                                    .epoch_s = (uint32_t)(1000 + now / S),
                                    .ip = "198.51.100.7",
                                    .port = port});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    assert_int_equal(event.external.port, port);
    return now;
}

/* --- NAT-PMP (RFC 6886 sections 3.2 and 3.3) ------------------------------------------- */

static inline void refuse_version(struct auger_portmap *portmap, auger_time now)
{
    static const uint8_t refusal[] = {0, 0, 0, 1, 0, 0, 0, 9};

    hear(portmap, now, refusal, sizeof(refusal));
}

static inline void answer_address(struct auger_portmap *portmap, auger_time now, uint32_t epoch_s,
                                  const char *ip)
{
    const struct auger_addr outside = addr_of(ip, 0);
    uint8_t buf[12];
    struct auger_writer w = auger_writer(buf, sizeof(buf));

    auger_write_u32(&w, 0x00800000);
    auger_write_u32(&w, epoch_s);
    auger_write_bytes(&w, outside.ip, 4);
    hear(portmap, now, buf, sizeof(buf));
}

struct natpmp_answer {
    uint16_t result, internal_port, external_port;
    uint32_t epoch_s, lifetime_s;
};

static inline void answer_natpmp(struct auger_portmap *portmap, auger_time now,
                                 const struct natpmp_answer *answer)
{
    uint8_t buf[16];
    struct auger_writer w = auger_writer(buf, sizeof(buf));

    auger_write_u16(&w, 0x0081);
    auger_write_u16(&w, answer->result);
    auger_write_u32(&w, answer->epoch_s);
    auger_write_u16(&w, answer->internal_port);
    auger_write_u16(&w, answer->external_port);
    auger_write_u32(&w, answer->lifetime_s);
    hear(portmap, now, buf, sizeof(buf));
}

static inline struct auger_portmap_counters counters_of(const struct auger_portmap *portmap)
{
    struct auger_portmap_counters counters;

    auger_portmap_get_counters(portmap, &counters);
    return counters;
}

#endif /* PORTMAP_GATEWAY_H */
