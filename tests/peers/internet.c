/* tests/peers/internet.c - two hosts of the simulated internet, and who stands between. */
#include "tests/peers/internet.h"

#include "base/time.h"
#include "sim/world.h"

#include <string.h>

#define PORT 5000
#define ATTACKER_PORT 6000
#define ONE_IN 6 /* datagrams that are seen, one is answered by something else */
#define KEPT 16
#define FORGED_MAX 1500

struct kept {
    struct auger_path path; /* of its sender */
    size_t len;
    uint8_t bytes[FORGED_MAX];
};

struct side {
    struct internet *internet;
    struct sim_host *host;
    struct sim_net *net;
};

struct internet {
    struct sim *sim;
    struct internet_plan plan;
    auger_time began_at, sims_began_at;
    internet_arrival *arrive;
    void *user;
    struct side sides[INTERNET_SIDES];
    struct sim_turn *turn;
    unsigned arrived, attacks;
    struct sim_host *attacker;
    struct prng random; /* the attacker's */
    struct kept seen[KEPT];
    size_t seen_len;
    bool is_healed;
};

/* --- the attacker ----------------------------------------------------------------------- */

/* Records of DTLS that nobody proved: alerts in clear, data of an epoch to come. */
static size_t forge_record(struct prng *random, uint8_t *buf)
{
    bool is_alert = prng_permille(random, 500);
    size_t len = is_alert ? 2 : 1 + prng_below(random, 200);
    const uint8_t head[13] = {
        is_alert ? 21 : 23,  0xFE,        0xFD, 0, !is_alert, 0, 0, 0, 0, 0, 9,
        (uint8_t)(len >> 8), (uint8_t)len};

    memcpy(buf, head, sizeof(head));
    prng_fill(random, buf + sizeof(head), len);
    if (is_alert)
        buf[13] = (uint8_t)(1 + prng_below(random, 2));
    return sizeof(head) + len;
}

static size_t forge_noise(struct prng *random, uint8_t *buf)
{
    size_t len = 1 + prng_below(random, 300);

    prng_fill(random, buf, len);
    return len;
}

static void keep(struct internet *internet, const struct sim_packet *packet)
{
    struct kept *kept = &internet->seen[internet->seen_len++ % KEPT];

    kept->path = (struct auger_path){.local = packet->src, .remote = packet->dst};
    kept->len = packet->len;
    memcpy(kept->bytes, packet->bytes, packet->len);
}

static void attack(struct internet *internet, const struct auger_path *path)
{
    uint8_t buf[FORGED_MAX];
    struct auger_path as = *path;
    size_t len;

    switch (prng_below(&internet->random, 4)) {
    case 0:
        len = forge_record(&internet->random, buf);
        break;
    case 1:
        len = forge_noise(&internet->random, buf);
        break;
    default: { /* what somebody sent a while ago, once more */
        const size_t have = internet->seen_len < KEPT ? internet->seen_len : KEPT;
        const struct kept *kept = &internet->seen[prng_below(&internet->random, have)];
        as = kept->path;
        len = kept->len;
        memcpy(buf, kept->bytes, len);
    }
    }
    internet->attacks++;
    sim_host_inject(internet->sim, internet->attacker, sim_internet(internet->sim), &as, buf, len);
}

static void see(struct sim *sim, const struct sim_packet *packet)
{
    struct internet *internet = sim->options.user;

    if (packet->cause || packet->net != sim->internet || packet->len > FORGED_MAX ||
        packet->src.transport != AUGER_UDP)
        return;
    keep(internet, packet);
    if (!internet->is_healed && prng_below(&internet->random, ONE_IN) == 0)
        attack(internet, &internet->seen[(internet->seen_len - 1) % KEPT].path);
}

static void overhear(struct sim *sim, struct sim_peer *to, auger_time at, const char *said)
{
    (void)sim, (void)to, (void)at, (void)said;
}

static void leave(struct sim *sim)
{
    (void)sim;
}

static const struct sim_strangers observer = {.see = see, .overhear = overhear, .leave = leave};

static void add_attacker(struct internet *internet)
{
    struct sim *sim = internet->sim;

    internet->attacker = sim_host_new(sim, "mallory");
    sim_host_attach_attacker(internet->attacker, sim_internet(sim), AUGER_IPV4);
    prng_init(&internet->random, internet->plan.seed, "mallory");
    sim->strangers = &observer;
}

/* --- the hosts --------------------------------------------------------------------------- */

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    const struct side *side = host->owner;
    struct internet *internet = side->internet;

    (void)sim;
    internet->arrived++;
    internet->arrive(internet->user, (int)(side - internet->sides), path, buf, len);
}

static struct sim_net *build_net(struct sim *sim, const struct internet_plan *plan, int side)
{
    static const char *const names[INTERNET_SIDES][2] = {{"home a", "carrier a"},
                                                         {"home b", "carrier b"}};
    struct sim_net *outside = sim_internet(sim);

    if (plan->is_nested[side])
        outside = sim_add_nat_of_kind(sim, names[side][1], outside, plan->gateways[side]);
    return sim_add_nat_of_kind(sim, names[side][0], outside, plan->gateways[side]);
}

static void add_side(struct internet *internet, int number)
{
    static const char *const names[INTERNET_SIDES] = {"alice", "bob"};
    struct side *side = &internet->sides[number];

    side->internet = internet;
    side->net = build_net(internet->sim, &internet->plan, number);
    side->host = sim_host_new(internet->sim, names[number]);
    side->host->receive = receive;
    side->host->owner = side;
    sim_host_attach(side->host, side->net, AUGER_IPV4, PORT);
}

struct internet *internet_new(const struct internet_plan *plan, auger_time now,
                              internet_arrival *arrive, void *user)
{
    struct internet *internet = sim_alloc(sizeof(*internet));
    const struct sim_options options = {
        .seed = plan->seed, .internet = &plan->quality, .user = internet};

    internet->plan = *plan;
    internet->sim = sim_new(&options);
    internet->began_at = now;
    internet->sims_began_at = sim_now(internet->sim);
    internet->arrive = arrive;
    internet->user = user;
    sim_add_stun_server(internet->sim);
    internet->turn = sim_add_turn_server(internet->sim, &(struct sim_turn_options){0});
    for (int side = 0; side < INTERNET_SIDES; side++)
        add_side(internet, side);
    if (plan->has_attacker)
        add_attacker(internet);
    return internet;
}

void internet_free(struct internet *internet)
{
    if (internet)
        sim_free(internet->sim);
    free(internet);
}

struct auger_addr internet_addr(const struct internet *internet, int side)
{
    return internet->sides[side].host->at[0].addr;
}

struct auger_addr internet_stun(const struct internet *internet)
{
    return internet->sim->stun_servers[0];
}

struct auger_addr internet_turn(const struct internet *internet)
{
    return *sim_turn_addr(internet->turn, AUGER_IPV4);
}

static bool has_ip(const struct auger_addr *addr, const struct auger_addr *ip)
{
    return addr->family == ip->family && memcmp(addr->ip, ip->ip, sizeof(ip->ip)) == 0;
}

bool internet_relays(const struct internet *internet, const struct auger_path *path)
{
    const struct auger_addr *ip = sim_turn_relay_ip(internet->turn, AUGER_IPV4);

    return has_ip(&path->local, ip) || has_ip(&path->remote, ip);
}

/* --- time ---------------------------------------------------------------------------------- */

void internet_send(struct internet *internet, int side, const struct auger_path *path,
                   const uint8_t *buf, size_t len)
{
    sim_host_send(internet->sim, internet->sides[side].host, path, buf, len);
}

bool internet_pass(struct internet *internet, auger_time now)
{
    unsigned before = internet->arrived;
    auger_time its = internet->sims_began_at + (now - internet->began_at);

    sim_run(internet->sim, its - sim_now(internet->sim));
    return internet->arrived != before;
}

auger_time internet_next(const struct internet *internet)
{
    auger_time next = queue_next(&internet->sim->queue);

    return next == AUGER_NEVER ? next : next - internet->sims_began_at + internet->began_at;
}

void internet_rebind(struct internet *internet, int side, bool renumber)
{
    struct sim_gateway *gateway = sim_net_gateway(internet->sides[side].net);

    if (!gateway || internet->plan.gateways[side] == SIM_NO_NAT)
        return;
    if (renumber)
        sim_gateway_renumber(internet->sim, gateway);
    else
        sim_gateway_rebind(internet->sim, gateway);
}

void internet_heal(struct internet *internet)
{
    struct link_quality perfect = {.delay = internet->plan.quality.delay};

    internet->is_healed = true;
    sim_net_set_quality(internet->sim, sim_internet(internet->sim), &perfect);
}

unsigned internet_attacks(const struct internet *internet)
{
    return internet->attacks;
}

const char *internet_broken(const struct internet *internet)
{
    return sim_broken(internet->sim);
}

uint64_t internet_digest(const struct internet *internet)
{
    return sim_digest(internet->sim);
}
