/* tests/sim/off_path.c - an attacker who sends from any address and sees nothing. */
#include "tests/sim/attack.h"

#include <string.h>

struct off_path {
    struct auger_stun_key *key; /* not the right one */
};

static void fini(struct sim_attacker *attacker)
{
    struct off_path *own = attacker->own;
    auger_stun_key_free(own->key);
}

/* --- from whom, to whom ------------------------------------------------------- */

static const struct auger_addr *pick(struct prng *random, const struct auger_addr *addrs,
                                     size_t len)
{
    return &addrs[prng_below(random, len)];
}

/* Most often somebody whom the target may know: the other peer, a server, itself. */
static struct auger_addr source(struct sim_attacker *attacker, const struct auger_addr *targets,
                                size_t len, enum auger_family family)
{
    const struct sim *sim = attacker->sim;

    for (unsigned tries = 0; tries < 8; tries++) {
        struct auger_addr addr =
            prng_permille(&attacker->random, 700) || !sim->stun_servers_len
                ? *pick(&attacker->random, targets, len)
                : *pick(&attacker->random, sim->stun_servers, sim->stun_servers_len);
        if (addr.family == family)
            return addr;
    }
    return sim_attack_any_addr(&attacker->random, family);
}

/* Inside a network its hosts are named by the addresses that they have there. */
static size_t targets_in(struct sim *sim, const struct sim_net *net,
                         struct auger_addr targets[ATTACK_TARGETS_MAX])
{
    size_t len = 0;

    for (const struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
        for (size_t i = 0; i < peer->host->at_len && len < ATTACK_TARGETS_MAX; i++) {
            if (peer->host->at[i].net == net)
                targets[len++] = peer->host->at[i].addr;
        }
    }
    return len;
}

/* --- what --------------------------------------------------------------------- */

/* The ufrags are in no datagram that it sees, but let it know them. */
static struct forgery check_on(struct sim_attacker *attacker)
{
    const struct sim *sim = attacker->sim;
    struct sim_peer *peer = prng_permille(&attacker->random, 500) || !sim->peers->next_peer
                                ? sim->peers
                                : sim->peers->next_peer;
    struct forgery f = {
        .class_ = AUGER_STUN_REQUEST,
        .to = peer->ice ? auger_ice_ufrag(peer->ice) : "gone",
        .from = peer->partner && peer->partner->ice ? auger_ice_ufrag(peer->partner->ice) : "any",
        .role = prng_permille(&attacker->random, 500) ? "controlling" : "controlled",
        .tie_breaker = prng_next(&attacker->random),
        .has_priority = true,
        .key = ((struct off_path *)attacker->own)->key,
    };

    prng_fill(&attacker->random, f.tid.bytes, sizeof(f.tid.bytes));
    return f;
}

static struct forgery answer(struct sim_attacker *attacker, uint16_t code,
                             const struct auger_addr *mapped)
{
    struct forgery f = {.class_ = code ? AUGER_STUN_ERROR : AUGER_STUN_SUCCESS,
                        .error_code = code,
                        .mapped = code ? NULL : mapped,
                        .key = ((struct off_path *)attacker->own)->key};

    prng_fill(&attacker->random, f.tid.bytes, sizeof(f.tid.bytes));
    return f;
}

static size_t noise(struct sim_attacker *attacker, uint8_t first, uint8_t first_last, size_t len,
                    uint8_t *buf)
{
    prng_fill(&attacker->random, buf, len);
    if (len > 0)
        buf[0] = (uint8_t)prng_between(&attacker->random, first, first_last);
    return len;
}

static size_t write_stun(struct sim_attacker *attacker, enum sim_attack attack, uint8_t *buf)
{
    static const uint8_t empty[1];
    struct auger_addr lie = sim_attack_any_addr(&attacker->random, AUGER_IPV4);
    struct forgery f = check_on(attacker);

    if (attack == SIM_ATTACK_CHECK_BARE)
        f.key = NULL;
    else if (attack == SIM_ATTACK_CHECK_UNPRINTED)
        f.no_fingerprint = true;
    else if (attack == SIM_ATTACK_CHECK_NOMINATING)
        f.use_candidate = true, f.role = "controlling";
    else if (attack == SIM_ATTACK_SUCCESS_GUESSED)
        f = answer(attacker, 0, &lie);
    else if (attack == SIM_ATTACK_CONFLICT_GUESSED)
        f = answer(attacker, AUGER_STUN_ROLE_CONFLICT, NULL);
    else if (attack == SIM_ATTACK_REVOCATION_GUESSED)
        f = answer(attacker, AUGER_STUN_FORBIDDEN, NULL);
    else if (attack == SIM_ATTACK_SERVER_GUESSED)
        f = answer(attacker, 0, &lie), f.key = NULL, f.no_fingerprint = true;
    else if (attack == SIM_ATTACK_INDICATION)
        f.class_ = AUGER_STUN_INDICATION;
    else if (attack == SIM_ATTACK_OTHER_METHOD)
        f.method = AUGER_STUN_DATA, f.class_ = AUGER_STUN_INDICATION;
    else if (attack == SIM_ATTACK_LONG)
        f.odd_type = 0x7F00, f.odd = empty, f.odd_times = prng_below(&attacker->random, 300);
    size_t len = forge(&f, buf);
    return attack == SIM_ATTACK_CUT_SHORT ? prng_below(&attacker->random, len) : len;
}

static size_t write_attack(struct sim_attacker *attacker, enum sim_attack attack, uint8_t *buf)
{
    size_t any = prng_below(&attacker->random, ATTACK_DATAGRAM_MAX);

    if (attack == SIM_ATTACK_DTLS)
        return noise(attacker, 20, 63, 1 + any, buf);
    if (attack == SIM_ATTACK_MEDIA)
        return noise(attacker, 128, 191, 1 + any, buf);
    if (attack == SIM_ATTACK_ONE_BYTE)
        return noise(attacker, 0, 255, 1, buf);
    if (attack == SIM_ATTACK_NOTHING)
        return 0;
    if (attack == SIM_ATTACK_NOISE)
        return noise(attacker, 0, 3, any, buf);
    return write_stun(attacker, attack, buf);
}

static void act(struct sim_attacker *attacker)
{
    struct sim *sim = attacker->sim;
    struct auger_addr targets[ATTACK_TARGETS_MAX];
    uint8_t buf[ATTACK_DATAGRAM_MAX + 8];
    struct sim_net *net =
        attacker->host->at[prng_below(&attacker->random, attacker->host->at_len)].net;
    size_t len =
        net == sim->internet ? sim_attack_targets(sim, targets) : targets_in(sim, net, targets);
    enum sim_attack attack =
        (enum sim_attack)prng_between(&attacker->random, SIM_ATTACK_CHECK_BARE, SIM_ATTACK_NOISE);

    if (len == 0)
        return;
    struct auger_path path = {.remote = *pick(&attacker->random, targets, len)};
    path.local = source(attacker, targets, len, (enum auger_family)path.remote.family);
    size_t bytes = write_attack(attacker, attack, buf);
    sim_attack_count(sim, attack);
    sim_host_inject(sim, attacker->host, net, &path, buf, bytes);
}

void sim_add_off_path(struct sim *sim, const struct sim_attack_options *options, bool inside)
{
    struct sim_attacker *attacker =
        sim_attacker_new(sim, "off-path", options, sizeof(struct off_path));
    struct off_path *own = attacker->own;

    attacker->act = act;
    attacker->fini = fini;
    if (auger_stun_key_new(&own->key, (const uint8_t *)"not the password at all", 23) < 0)
        abort();
    sim_host_attach_attacker(attacker->host, sim->internet, AUGER_IPV4);
    for (struct sim_peer *peer = sim->peers; inside && peer; peer = peer->next_peer) {
        if (peer->host->at[0].net != sim->internet)
            sim_host_attach_attacker(attacker->host, peer->host->at[0].net, AUGER_IPV4);
    }
    sim_attacker_begin(attacker);
}
