/* sim/route.c - the way of a datagram: over wires, through gateways, into a host. */
#include "sim/digest.h"
#include "sim/tcp.h"
#include "sim/world.h"

#include "base/nat64.h"

#include <assert.h>
#include <string.h>

static void note(struct sim *sim, char what, const struct sim_packet *packet, const char *where)
{
    char src[AUGER_ADDR_TEXT_MAX], dst[AUGER_ADDR_TEXT_MAX];
    uint64_t *sum = packet->cause ? &sim->attack_digest : &sim->digest;
    uint64_t digest = digest_bytes(digest_u64(*sum, (uint64_t)sim->now), &what, 1);

    digest = digest_bytes(digest, packet->src.ip, 16);
    digest = digest_bytes(digest, packet->dst.ip, 16);
    digest = digest_u64(digest, (uint64_t)packet->src.port << 16 | packet->dst.port);
    *sum = digest_bytes(digest, packet->bytes, packet->len);
    if (sim->options.log)
        sim_log(sim, "%c %s > %s, %zu bytes, %s", what,
                auger_addr_format(&packet->src, src, sizeof(src)),
                auger_addr_format(&packet->dst, dst, sizeof(dst)), packet->len, where);
}

static void show(struct sim *sim, enum sim_moment moment, const struct sim_packet *packet,
                 const char *where, const char *why)
{
    const struct sim_gateway *gateway = packet->to_gateway;

    if (!sim->options.sighted)
        return;
    sim->options.sighted(
        sim->options.user,
        &(struct sim_sighting){.moment = moment,
                               .number = packet->number,
                               .where = where,
                               .why = why,
                               .outward = moment == SIM_PASSES && packet->net == gateway->outside,
                               .src = packet->src,
                               .dst = packet->dst,
                               .bytes = packet->bytes,
                               .len = packet->len});
}

/* At the host or gateway that it has come to, or on the way there. */
static void drop(struct sim *sim, struct sim_packet *packet, const char *why, bool is_there)
{
    const char *where = "";

    if (is_there)
        where = packet->to_host ? packet->to_host->name : packet->to_gateway->name;
    note(sim, 'x', packet, why);
    show(sim, SIM_FALLS, packet, where, why);
    free(packet);
}

/* --- ICMP -------------------------------------------------------------------- */

struct complaint {
    struct sim_host *to;
    struct auger_path path;
};

void sim_set_icmp(struct sim *sim, unsigned permille)
{
    sim->icmp_permille = permille;
    prng_init(&sim->icmp_random, sim->options.seed, "icmp");
}

static void complaint_arrives(struct sim *sim, void *user)
{
    struct complaint *complaint = user;

    if (!complaint->to->is_dead)
        complaint->to->unreachable(sim, complaint->to, &complaint->path);
    free(complaint);
}

/* Back along wires of its own: it neither takes room there nor is lost. */
static void refuse(struct sim *sim, struct sim_packet *packet, const char *why)
{
    struct sim_host *origin = packet->origin;

    if (origin->unreachable && !packet->cause && sim->icmp_permille > 0 &&
        prng_permille(&sim->icmp_random, sim->icmp_permille)) {
        struct complaint *complaint = sim_alloc(sizeof(*complaint));
        *complaint = (struct complaint){origin, {packet->src, packet->meant}};
        queue_put(&sim->queue, sim->now + sim->internet->quality.delay, complaint_arrives,
                  complaint);
    }
    drop(sim, packet, why, true);
}

/* --- who has an address ----------------------------------------------------- */

/* One of its addresses is heard in that network. */
static bool is_heard_in(const struct sim_host *host, size_t i, const struct sim_net *net)
{
    return host->at[i].net == net || (host->tunnel == net && !host->tunnel_is_strict);
}

static struct sim_host *host_with(const struct sim *sim, const struct sim_net *net,
                                  const struct auger_addr *addr)
{
    for (struct sim_host *host = sim->hosts; host; host = host->next) {
        for (size_t i = 0; i < host->at_len; i++) {
            if (is_heard_in(host, i, net) && auger_addr_ip_equal(&host->at[i].addr, addr))
                return host;
        }
    }
    return NULL;
}

/* The part of a gateway that deals with this family. */
static struct nat *nat_for(const struct sim_gateway *gateway, const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV6 && gateway->wall ? gateway->wall : gateway->nat;
}

static struct sim_gateway *gateway_with(const struct sim *sim, const struct sim_net *net,
                                        const struct auger_addr *addr);

/* Whether an address that nothing translates lies somewhere behind this gateway. */
static bool is_behind(const struct sim *sim, const struct sim_gateway *gateway,
                      const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4 && gateway->wall)
        return false;
    return host_with(sim, gateway->inside, addr) || gateway_with(sim, gateway->inside, addr);
}

static struct sim_gateway *gateway_with(const struct sim *sim, const struct sim_net *net,
                                        const struct auger_addr *addr)
{
    for (struct sim_gateway *gateway = sim->gateways; gateway; gateway = gateway->next) {
        if (gateway->outside == net &&
            (nat_owns(nat_for(gateway, addr), addr) || is_behind(sim, gateway, addr)))
            return gateway;
    }
    return NULL;
}

/* --- over a wire ------------------------------------------------------------ */

static void arrive(struct sim *sim, void *what);

static struct sim_wire *wire_for(struct sim *sim, const struct sim_packet *packet, const void *from,
                                 const char *from_name)
{
    struct sim_net *net = packet->net;
    const void *to =
        packet->to_host ? (const void *)packet->to_host : (const void *)packet->to_gateway;

    for (struct sim_wire *wire = net->wires; wire; wire = wire->next) {
        if (wire->from == from && wire->to == to && wire->cause == packet->cause)
            return wire;
    }
    char name[4 * SIM_NAME_MAX + 4];
    struct sim_wire *wire = sim_alloc(sizeof(*wire));

    snprintf(name, sizeof(name), "%s:%s>%s%s%s", net->name, from_name,
             packet->to_host ? packet->to_host->name : packet->to_gateway->name,
             packet->cause ? "!" : "", packet->cause ? packet->cause->name : "");
    *wire = (struct sim_wire){.from = from, .to = to, .cause = packet->cause, .next = net->wires};
    link_init(&wire->link, &net->quality, sim->options.seed, name);
    net->wires = wire;
    return wire;
}

static struct sim_packet *copy(const struct sim_packet *packet)
{
    size_t size = sizeof(*packet) + packet->len;
    struct sim_packet *twin = sim_alloc(size);

    memcpy(twin, packet, size);
    return twin;
}

static bool is_tcp(const struct sim_packet *packet)
{
    return packet->dst.transport == AUGER_TCP;
}

/* TCP has a checksum of its own, and sends again. */
static void corrupt(struct sim_wire *wire, struct sim_packet *packet)
{
    if (!is_tcp(packet))
        link_corrupt(&wire->link, packet->bytes, packet->len);
}

/* TCP finds out how long a segment may be. */
static size_t count_fragments(const struct sim_wire *wire, const struct sim_packet *packet)
{
    bool is_ipv6 = packet->dst.family == AUGER_IPV6;

    return is_tcp(packet) ? 1 : link_count_fragments(&wire->link.quality, is_ipv6, packet->len);
}

static bool is_data(const struct sim_packet *packet)
{
    return packet->len > 0 && packet->bytes[0] > 3;
}

static void set_out(struct sim *sim, auger_time arrival, struct sim_packet *packet)
{
    sim->data_in_flight += is_data(packet);
    queue_put(&sim->queue, arrival, arrive, packet);
}

/* The packet is in packet->net; the wire to whoever has its destination takes it. */
static void forward(struct sim *sim, struct sim_packet *packet, const void *from,
                    const char *from_name)
{
    struct sim_net *net = packet->net;
    auger_time arrivals[LINK_COPIES_MAX];

    packet->to_host = host_with(sim, net, &packet->dst);
    packet->to_gateway = packet->to_host ? NULL : gateway_with(sim, net, &packet->dst);
    if (!packet->to_host && !packet->to_gateway)
        packet->to_gateway = net->gateway;
    if ((!packet->to_host && !packet->to_gateway) || packet->to_gateway == from ||
        packet->hops++ == SIM_HOPS_MAX) {
        drop(sim, packet, "no route", false);
        return;
    }

    if (net == sim->internet && sim->strangers)
        sim->strangers->see(sim, packet);
    struct sim_wire *wire = wire_for(sim, packet, from, from_name);
    size_t fragments = count_fragments(wire, packet);
    sim->too_long += fragments > 1 && wire->link.quality.drops_fragments;
    sim->fragmented += fragments > 1 && !wire->link.quality.drops_fragments;
    if (!link_takes_fragments(&wire->link, fragments)) {
        drop(sim, packet, "too long for the wire", false);
        return;
    }
    size_t copies = link_carry(&wire->link, sim->now, packet->len, arrivals);
    if (copies == 0) {
        drop(sim, packet, "lost", false);
        return;
    }
    if (copies == 2) {
        struct sim_packet *twin = copy(packet);
        corrupt(wire, twin);
        set_out(sim, arrivals[1], twin);
    }
    corrupt(wire, packet);
    set_out(sim, arrivals[0], packet);
}

/* --- at the other end ------------------------------------------------------- */

static bool is_cut(const struct sim *sim, const struct sim_host *from, const struct sim_host *to)
{
    for (size_t i = 0; i < sim->cuts_len; i++) {
        if (sim->cuts[i].from == from && sim->cuts[i].to == to)
            return true;
    }
    return false;
}

/* What listens is tcp.c's to know. */
static bool is_bound(const struct sim_packet *packet)
{
    const struct sim_host *host = packet->to_host;

    if (is_tcp(packet))
        return true;
    for (size_t i = 0; i < host->at_len; i++) {
        if (is_heard_in(host, i, packet->net) &&
            (host->has_all_ports || auger_addr_equal(&host->at[i].addr, &packet->dst)))
            return true;
    }
    const struct sim_attachment *helper = sim_helper_at(host, &packet->dst);
    return helper && (helper->net == packet->net || host->tunnel == packet->net);
}

static void enter_host(struct sim *sim, struct sim_packet *packet)
{
    struct sim_host *host = packet->to_host;

    if (host->is_dead || !is_bound(packet)) {
        refuse(sim, packet, "nobody listens");
    } else if (is_cut(sim, packet->origin, host)) {
        drop(sim, packet, "cut", false);
    } else {
        struct auger_path path = {.local = packet->dst, .remote = packet->src};
        note(sim, '<', packet, host->name);
        show(sim, SIM_ARRIVES, packet, host->name, NULL);
        sim->cause = packet->cause;
        if (!is_tcp(packet))
            host->receive(sim, host, &path, packet->bytes, packet->len);
        else if (!packet->cause) /* who is off the path guesses no sequence number */
            sim_tcp_receive(sim, packet);
        sim->cause = NULL;
        free(packet);
    }
}

/* Whole addresses alone, of IPv4 and without the port. */
static void rewrite(struct sim *sim, const struct sim_gateway *gateway, struct sim_packet *packet,
                    const struct auger_addr *from, const struct auger_addr *to)
{
    bool found = false;

    if (!gateway->rewrites || from->family != AUGER_IPV4 || auger_addr_ip_equal(from, to))
        return;
    for (size_t i = 0; i + 4 <= packet->len; i++) {
        if (memcmp(packet->bytes + i, from->ip, 4) != 0)
            continue;
        memcpy(packet->bytes + i, to->ip, 4);
        found = true;
    }
    sim->rewritten += found;
}

/* What is for IPv4, and comes from inside. */
static void to_ipv4(const struct sim_gateway *gateway, struct auger_addr *dst)
{
    const struct auger_nat64 *nat64 = sim_nat64();

    if (!gateway->is_nat64 || dst->family != AUGER_IPV6 || memcmp(dst->ip, nat64->prefix, 12) != 0)
        return;
    memmove(dst->ip, dst->ip + 12, 4);
    memset(dst->ip + 4, 0, 12);
    dst->family = AUGER_IPV4;
}

/* What comes from IPv4, to who has IPv6. */
static void to_ipv6(struct sim_packet *packet)
{
    if (packet->src.family == AUGER_IPV4 && packet->dst.family == AUGER_IPV6)
        packet->src = auger_nat64_synthesise(sim_nat64(), &packet->src);
}

/* Comes back to the inside, or goes on outside, by what the NAT says. */
static void leave_inside(struct sim *sim, struct sim_packet *packet, struct sim_gateway *gateway)
{
    to_ipv4(gateway, &packet->dst);
    struct nat *nat = nat_for(gateway, &packet->dst);

    if (packet->cause) { /* would take a mapping */
        drop(sim, packet, "an attacker stays inside", true);
        return;
    }
    struct auger_addr inside = packet->src;
    enum nat_verdict verdict = nat_outbound(nat, sim->now, &packet->src, &packet->dst);

    if (verdict == NAT_FORWARD) {
        packet->net = gateway->outside;
        rewrite(sim, gateway, packet, &inside, &packet->src);
    }
    if (verdict != NAT_FORWARD && verdict != NAT_TURN_BACK) {
        drop(sim, packet, nat_verdict_name(verdict), true);
        return;
    }
    to_ipv6(packet); /* that turns back */
    note(sim, '=', packet, gateway->name);
    show(sim, SIM_PASSES, packet, gateway->name, NULL);
    forward(sim, packet, gateway, gateway->name);
}

static void come_from_outside(struct sim *sim, struct sim_packet *packet,
                              struct sim_gateway *gateway)
{
    struct nat *nat = nat_for(gateway, &packet->dst);
    struct auger_addr outside = packet->dst;
    enum nat_verdict verdict = packet->cause
                                   ? nat_inbound_unseen(nat, sim->now, &packet->src, &packet->dst)
                                   : nat_inbound(nat, sim->now, &packet->src, &packet->dst);

    if (verdict != NAT_FORWARD) {
        refuse(sim, packet, nat_verdict_name(verdict));
        return;
    }
    packet->net = gateway->inside;
    to_ipv6(packet);
    rewrite(sim, gateway, packet, &outside, &packet->dst);
    note(sim, '=', packet, gateway->name);
    show(sim, SIM_PASSES, packet, gateway->name, NULL);
    forward(sim, packet, gateway, gateway->name);
}

static void arrive(struct sim *sim, void *what)
{
    struct sim_packet *packet = what;
    struct sim_gateway *gateway = packet->to_gateway;

    sim->data_in_flight -= is_data(packet);
    if (packet->to_host)
        enter_host(sim, packet);
    else if (gateway->blocks_udp && !is_tcp(packet))
        refuse(sim, packet, "UDP blocked");
    else if (packet->net == gateway->inside)
        leave_inside(sim, packet, gateway);
    else
        come_from_outside(sim, packet, gateway);
}

static struct sim_packet *packet_new(struct sim *sim, struct sim_host *host,
                                     const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct sim_packet *packet = sim_alloc(sizeof(*packet) + len);

    packet->origin = host;
    packet->cause = sim->cause;
    packet->src = path->local;
    packet->dst = packet->meant = path->remote;
    packet->len = len;
    if (len > 0)
        memcpy(packet->bytes, buf, len);
    return packet;
}

static void leave_host(struct sim *sim, struct sim_packet *packet)
{
    struct sim_host *host = packet->origin;

    sim->packets++;
    packet->number = ++sim->numbered;
    if (!packet->net || packet->src.family != packet->dst.family || host->is_dead) {
        drop(sim, packet, "no route", false);
        return;
    }
    note(sim, '>', packet, host->name);
    show(sim, SIM_LEAVES, packet, host->name, NULL);
    forward(sim, packet, host, host->name);
}

/* Through a tunnel, for what would leave by another network than its own. */
static struct sim_net *way_out(const struct sim *sim, const struct sim_host *host,
                               struct sim_net *net, const struct auger_addr *dst)
{
    bool is_near = net && net != sim->internet && host_with(sim, net, dst);

    if (!host->tunnel || !net || net == host->tunnel || dst->family != AUGER_IPV4 || is_near)
        return net;
    return host->tunnel_is_strict ? NULL : host->tunnel;
}

void sim_host_send(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                   const uint8_t *buf, size_t len)
{
    struct sim_packet *packet = packet_new(sim, host, path, buf, len);

    for (size_t i = 0; i < host->at_len; i++) {
        if (auger_addr_equal(&host->at[i].addr, &path->local) ||
            ((host->has_all_ports || path->local.transport == AUGER_TCP) &&
             auger_addr_ip_equal(&host->at[i].addr, &path->local)))
            packet->net = host->at[i].net;
    }
    const struct sim_attachment *helper = sim_helper_at(host, &path->local);
    if (helper)
        packet->net = helper->net;
    packet->net = way_out(sim, host, packet->net, &packet->dst);
    leave_host(sim, packet);
}

void sim_host_send_in(struct sim *sim, struct sim_host *host, struct sim_net *net,
                      const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct sim_packet *packet = packet_new(sim, host, path, buf, len);

    packet->net = net;
    leave_host(sim, packet);
}

static void leave_late(struct sim *sim, void *what)
{
    struct sim_packet *packet = what;

    sim_host_send(sim, packet->origin, &(struct auger_path){packet->src, packet->dst},
                  packet->bytes, packet->len);
    free(packet);
}

void sim_host_send_later(struct sim *sim, struct sim_host *host, auger_time later,
                         const struct auger_path *path, const uint8_t *buf, size_t len)
{
    if (later > 0)
        queue_put(&sim->queue, sim->now + later, leave_late, packet_new(sim, host, path, buf, len));
    else if (len > 0)
        sim_host_send(sim, host, path, buf, len);
}

void sim_host_inject(struct sim *sim, struct sim_host *host, struct sim_net *net,
                     const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct sim_packet *packet = packet_new(sim, host, path, buf, len);

    packet->cause = host;
    packet->net = net;
    leave_host(sim, packet);
}
