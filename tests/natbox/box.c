/* tests/natbox/box.c - which side a packet comes from, and what the NAT makes of it. */
#include "tests/natbox/box.h"

#include <stdlib.h>
#include <string.h>

#define TABLES 3
/* RFC 5382 REQ-5, RFC 5508 REQ-2; of UDP it is the configuration's. */
#define TCP_TIMEOUT (7440 * AUGER_SEC)
#define ICMP_TIMEOUT (60 * AUGER_SEC)

struct box {
    struct box_config config;
    struct nat *nats[TABLES];
};

static const struct {
    enum packet_protocol protocol;
    const char *name;
    auger_time timeout; /* 0: as configured */
} tables[TABLES] = {
    {PACKET_UDP, "udp", 0}, {PACKET_TCP, "tcp", TCP_TIMEOUT}, {PACKET_ICMP, "icmp", ICMP_TIMEOUT}};

struct box *box_new(const struct box_config *config)
{
    struct box *box = calloc(1, sizeof(*box));

    if (!box)
        return NULL;
    box->config = *config;
    for (int i = 0; i < TABLES; i++) {
        struct nat_config nat = config->nat;
        if (tables[i].timeout)
            nat.timeout = tables[i].timeout;
        box->nats[i] = nat_new(&nat, config->seed, tables[i].name);
        if (!box->nats[i]) {
            box_free(box);
            return NULL;
        }
    }
    return box;
}

void box_free(struct box *box)
{
    if (!box)
        return;
    for (int i = 0; i < TABLES; i++)
        nat_free(box->nats[i]);
    free(box);
}

struct nat *box_nat(struct box *box, enum packet_protocol protocol)
{
    for (int i = 0; i < TABLES; i++) {
        if (tables[i].protocol == protocol)
            return box->nats[i];
    }
    return NULL;
}

void box_reboot(struct box *box)
{
    for (int i = 0; i < TABLES; i++)
        nat_reboot(box->nats[i]);
}

static bool is_inside(const struct box *box, const struct auger_addr *addr)
{
    for (unsigned bit = 0; bit < box->config.inside_bits; bit++) {
        unsigned mask = 0x80U >> bit % 8;
        if ((addr->ip[bit / 8] ^ box->config.inside.ip[bit / 8]) & mask)
            return false;
    }
    return true;
}

enum nat_verdict box_pass(struct box *box, auger_time now, struct packet *packet)
{
    struct nat *nat = box_nat(box, packet->protocol);
    struct auger_addr src = packet->src, dst = packet->dst;
    enum nat_verdict verdict = NAT_DROP_UNMAPPED;

    if (is_inside(box, &src))
        verdict = nat_outbound(nat, now, &src, &dst);
    else if (nat_owns(nat, &dst) || (box->config.nat.transparent && is_inside(box, &dst)))
        verdict = nat_inbound(nat, now, &src, &dst);
    if (verdict == NAT_FORWARD || verdict == NAT_TURN_BACK)
        packet_rewrite(packet, &src, &dst);
    return verdict;
}
