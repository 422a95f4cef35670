/* fuzz: reaches auger_discovery_handle_datagram auger_probe_handle_message take_hairpin conclude */
/* fuzz: reaches auger_trust_other auger_trust_mapped ask_filtering ask_hairpin ask_sizes */
/* fuzz: reaches auger_ports_classify find_step judge_test pass_over auger_report_make */
/* A hostile server answers a discovery as it likes, from where it likes.  Whom we send to besides
 * the servers that were given is bounded, and so is all the rest. */
#include "tests/fuzz/life.h"

#include <auger/stun.h>
#include <auger/stun_discovery.h>

#include <string.h>

#define STEPS_MAX 400
#define BYTES_MAX 32768
#define TO_OTHERS_MAX 20
#define SENT_MAX 1000 /* 300 transactions of five requests would be more than there can be */
#define SERVERS 2

struct life {
    struct auger_discovery *discovery;
    struct auger_addr servers[SERVERS];
    struct auger_discovery_way way;
    auger_time now;
    uint8_t request[AUGER_DISCOVERY_DATAGRAM_MAX];
    size_t request_len;
    unsigned sent, to_others;
};

static struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    require(auger_addr_parse(&addr, text) == 0);
    return addr;
}

/* Nothing inside, whatever a server says: it is on the internet. */
static void check_destination(struct life *life)
{
    const struct auger_addr *to = &life->way.to;
    bool is_given = false;

    for (size_t i = 0; i < SERVERS; i++) /* at its other port, too, which is none below 1024 */
        is_given = is_given || auger_addr_equal(to, &life->servers[i]) ||
                   (auger_addr_ip_equal(to, &life->servers[i]) && to->port >= 1024);
    if (is_given)
        return;
    require(++life->to_others <= TO_OTHERS_MAX);
    require(to->family == AUGER_IPV4 && to->port >= 1024);
    require(to->ip[0] != 0 && to->ip[0] != 10 && to->ip[0] != 127 && to->ip[0] < 224);
    require(to->ip[0] != 192 || to->ip[1] != 168);
    require(to->ip[0] != 169 || to->ip[1] != 254);
    require(to->ip[0] != 172 || to->ip[1] < 16 || to->ip[1] > 31);
    require(to->ip[0] != 100 || to->ip[1] < 64 || to->ip[1] > 127);
    require(life->request_len <= 64);
}

static void drain(struct life *life)
{
    struct auger_discovery_event event;
    size_t len;

    auger_discovery_handle_timeout(life->discovery, life->now);
    while ((len = auger_discovery_poll_transmit(life->discovery, life->now, &life->way,
                                                life->request, sizeof(life->request))) > 0) {
        life->request_len = len;
        require(life->way.socket < AUGER_DISCOVERY_SOCKETS && ++life->sent <= SENT_MAX);
        check_destination(life);
    }
    require(auger_discovery_next_timeout(life->discovery) > life->now);
    while (auger_discovery_poll_event(life->discovery, &event))
        require(event.stage <= AUGER_DISCOVERY_DONE);
}

static struct auger_addr any_addr(struct input *in)
{
    struct auger_addr addr = {.family = AUGER_IPV4};

    for (size_t i = 0; i < 4; i++)
        addr.ip[i] = next_byte(in);
    addr.port = (uint16_t)next_u16(in);
    return addr;
}

/* What a NAT might show: a port of its own for each request, or the same for all. */
static struct auger_addr likely_addr(const struct life *life, uint8_t how)
{
    struct auger_addr addr = addr_of("203.0.113.7:20000");

    if (how & 1)
        addr.port = (uint16_t)(addr.port + life->sent * (1 + (how >> 1 & 3)));
    return addr;
}

/* To the last request, from where it went or from elsewhere. */
static void answer(struct life *life, struct input *in, uint8_t how)
{
    struct auger_addr from = life->way.to, mapped = likely_addr(life, how >> 4);
    struct auger_addr other = addr_of("198.51.100.9:3479");
    struct auger_stun_builder b;
    struct auger_stun_tid tid;
    uint8_t buf[256];

    if (life->request_len == 0)
        return;
    memcpy(tid.bytes, life->request + 8, sizeof(tid.bytes));
    if (how & 1)
        mapped = any_addr(in);
    if (how & 2)
        other = any_addr(in);
    if (how & 4)
        from.port = (uint16_t)(from.port + 1);
    if (how & 8)
        from.ip[3] = 9;
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_OTHER_ADDRESS, &other);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_PADDING, "pad", 3);
    auger_discovery_handle_datagram(life->discovery, life->now, life->way.socket, &from, buf,
                                    (size_t)auger_stun_build_end(&b));
}

static void refuse(struct life *life)
{
    struct auger_stun_builder b;
    struct auger_stun_tid tid;
    uint8_t buf[64];

    memcpy(tid.bytes, life->request + 8, sizeof(tid.bytes));
    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_ERROR, AUGER_STUN_BINDING, &tid);
    auger_stun_build_error(&b, AUGER_STUN_UNKNOWN_ATTRIBUTE);
    auger_discovery_handle_datagram(life->discovery, life->now, life->way.socket, &life->way.to,
                                    buf, (size_t)auger_stun_build_end(&b));
}

/* Our own request at another socket, as from a hairpin. */
static void turn_back(struct life *life, uint8_t how)
{
    const struct auger_addr from = likely_addr(life, 0);

    auger_discovery_handle_datagram(life->discovery, life->now, how % (AUGER_DISCOVERY_SOCKETS + 1),
                                    &from, life->request, life->request_len);
}

/* To another socket than that which asked, as to a port that was asked for. */
static void answer_at(struct life *life, uint8_t how)
{
    life->way.socket = how % AUGER_DISCOVERY_SOCKETS;
    answer(life, &(struct input){NULL, 0}, 0x10);
}

static void step(struct life *life, struct input *in)
{
    uint8_t what = next_byte(in), how = next_byte(in);
    struct auger_bytes raw;

    switch (what % 8) {
    case 0:
        raw = next_bytes(in, how);
        auger_discovery_handle_datagram(life->discovery, life->now, life->way.socket, &life->way.to,
                                        raw.data, raw.len);
        break;
    case 1:
    case 2:
    case 3:
        answer(life, in, how);
        break;
    case 4:
        refuse(life);
        break;
    case 5:
        turn_back(life, how);
        break;
    case 6:
        answer_at(life, how);
        break;
    case 7:
        life->now += how * 100 * AUGER_MS;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct life life;
    struct input in = {data, size};
    struct auger_addr locals[AUGER_DISCOVERY_SOCKETS];
    struct auger_discovery_config config;
    struct auger_discovery_report report;

    life = (struct life){.now = AUGER_SEC};
    life.servers[0] = addr_of("198.51.100.1:3478");
    life.servers[1] = addr_of("198.51.100.2:3478");
    auger_discovery_config_init(&config);
    for (size_t i = 0; i < AUGER_DISCOVERY_SOCKETS; i++) {
        locals[i] = addr_of("192.168.1.2:40000");
        locals[i].port = (uint16_t)(locals[i].port + i);
    }
    config.locals = locals;
    config.locals_len = AUGER_DISCOVERY_SOCKETS;
    config.servers = life.servers;
    config.servers_len = SERVERS;
    config.lifetime_max = next_byte(&in) * 2 * AUGER_SEC;
    require(auger_discovery_new(&life.discovery, &env, life.now, &config) == 0);
    for (int steps = 0; steps < STEPS_MAX && in.left > 0; steps++) {
        drain(&life);
        step(&life, &in);
        if (steps % 3 == 0 && auger_discovery_next_timeout(life.discovery) != AUGER_NEVER)
            life.now = auger_discovery_next_timeout(life.discovery) > life.now
                           ? auger_discovery_next_timeout(life.discovery)
                           : life.now;
    }
    auger_discovery_get_report(life.discovery, &report);
    require(report.rows_len <= AUGER_DISCOVERY_ROWS_MAX && bytes_taken <= BYTES_MAX);
    auger_discovery_free(life.discovery);
    require(blocks_taken == 0 && bytes_taken == 0);
    return 0;
}
