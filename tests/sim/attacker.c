/* tests/sim/attacker.c - what all attackers have in common: when they act, whom they
 * know, and how they write STUN. */
#include "tests/sim/attack.h"

#include "base/time.h"

#include <assert.h>
#include <string.h>

static const char *const names[SIM_ATTACKS] = {
    [SIM_ATTACK_CHECK_BARE] = "check without integrity",
    [SIM_ATTACK_CHECK_FORGED] = "check with a wrong password",
    [SIM_ATTACK_CHECK_UNPRINTED] = "check without FINGERPRINT",
    [SIM_ATTACK_CHECK_NOMINATING] = "forged nomination",
    [SIM_ATTACK_CHECK_CONFLICTING] = "forged role conflict",
    [SIM_ATTACK_SUCCESS_GUESSED] = "guessed success",
    [SIM_ATTACK_CONFLICT_GUESSED] = "guessed 487",
    [SIM_ATTACK_REVOCATION_GUESSED] = "guessed 403",
    [SIM_ATTACK_SERVER_GUESSED] = "guessed answer of a server",
    [SIM_ATTACK_INDICATION] = "indication",
    [SIM_ATTACK_OTHER_METHOD] = "another method",
    [SIM_ATTACK_DTLS] = "DTLS-like bytes",
    [SIM_ATTACK_MEDIA] = "RTP-like bytes",
    [SIM_ATTACK_ONE_BYTE] = "one byte",
    [SIM_ATTACK_NOTHING] = "an empty datagram",
    [SIM_ATTACK_CUT_SHORT] = "STUN cut short",
    [SIM_ATTACK_LONG] = "STUN with many attributes",
    [SIM_ATTACK_NOISE] = "noise",
    [SIM_ATTACK_REPLAY] = "replay",
    [SIM_ATTACK_REPLAY_ELSEWHERE] = "replay from another address",
    [SIM_ATTACK_REPLAY_FLIPPED] = "replay with bits flipped",
    [SIM_ATTACK_REPLAY_CUT] = "replay cut short",
    [SIM_ATTACK_REPLAY_TURNED] = "replay to the sender",
    [SIM_ATTACK_PEER_SPRAY] = "peer checks from a new port",
    [SIM_ATTACK_PEER_NOMINATE] = "peer nominates a dead address",
    [SIM_ATTACK_PEER_FLIP] = "peer flips its role",
    [SIM_ATTACK_PEER_MALFORMED] = "peer signs nonsense",
    [SIM_ATTACK_PEER_UNASKED] = "peer answers what was not asked",
    [SIM_ATTACK_PEER_CONFLICT] = "peer answers 487",
    [SIM_ATTACK_PEER_REFUSE] = "peer answers an error",
    [SIM_ATTACK_PEER_LIE] = "peer answers a wrong address",
    [SIM_ATTACK_PEER_ASKEW] = "peer answers from elsewhere",
    [SIM_ATTACK_PEER_TWICE] = "peer answers twice",
    [SIM_ATTACK_PEER_LATE] = "peer answers late",
    [SIM_ATTACK_PEER_SILENT] = "peer is silent",
    [SIM_ATTACK_PEER_DATA] = "peer sends data from anywhere",
    [SIM_ATTACK_SERVER_LIE] = "server lies",
    [SIM_ATTACK_SERVER_ERROR] = "server answers an error",
    [SIM_ATTACK_SERVER_ALTERNATE] = "server names another",
    [SIM_ATTACK_SERVER_TWICE] = "server answers twice",
    [SIM_ATTACK_SERVER_LATE] = "server answers late",
    [SIM_ATTACK_SERVER_SILENT] = "server is silent",
    [SIM_ATTACK_SERVER_EMPTY] = "server names no address",
    [SIM_ATTACK_SIGNAL_JUNK] = "junk in the signalling",
    [SIM_ATTACK_SIGNAL_AGAIN] = "candidate told again",
    [SIM_ATTACK_SIGNAL_OLD] = "candidate of another generation",
    [SIM_ATTACK_SIGNAL_END] = "end of candidates too early",
    [SIM_ATTACK_SIGNAL_INVENT] = "invented candidate",
    [SIM_ATTACK_SIGNAL_FLOOD] = "flood of candidates",
};

const char *sim_attack_name(enum sim_attack attack)
{
    return names[attack];
}

uint64_t sim_attacks(const struct sim *sim, enum sim_attack attack)
{
    return sim->attacks ? sim->attacks->counts[attack] : 0;
}

void sim_attack_count(struct sim *sim, enum sim_attack attack)
{
    sim_attacks_of(sim)->counts[attack]++;
    sim_log(sim, "! %s", names[attack]);
}

/* --- when ------------------------------------------------------------------- */

static void act(struct sim *sim, void *what);

static void schedule(struct sim_attacker *attacker)
{
    auger_time mean = AUGER_SEC / (auger_time)attacker->options.per_second;
    auger_time at = attacker->sim->now + prng_between(&attacker->random, 1, 2 * mean);

    if (at >= attacker->ends_at)
        return;
    struct sim_attacker **turn = sim_alloc(sizeof(*turn));
    *turn = attacker;
    queue_put(&attacker->sim->queue, at, act, turn);
}

static void act(struct sim *sim, void *what)
{
    struct sim_attacker **turn = what;
    struct sim_attacker *attacker = *turn;

    (void)sim;
    free(turn);
    attacker->act(attacker);
    schedule(attacker);
}

void sim_attacker_begin(struct sim_attacker *attacker)
{
    if (attacker->options.per_second > 0)
        schedule(attacker);
}

static void hear_nothing(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                         const uint8_t *buf, size_t len)
{
    (void)sim;
    (void)host;
    (void)path;
    (void)buf;
    (void)len;
}

struct sim_attacker *sim_attacker_new(struct sim *sim, const char *name,
                                      const struct sim_attack_options *options, size_t own_size)
{
    struct sim_attacker *attacker = sim_alloc(sizeof(*attacker));
    struct sim_attacks *attacks = sim_attacks_of(sim);

    attacker->sim = sim;
    attacker->own = sim_alloc(own_size + 1);
    attacker->host = sim_host_new(sim, name);
    attacker->host->receive = hear_nothing;
    attacker->host->owner = attacker;
    attacker->host->has_all_ports = true;
    prng_init(&attacker->random, sim->options.seed, name);
    attacker->options = *options;
    attacker->ends_at = auger_time_add(sim->now, options->lasts);
    attacker->next = attacks->attackers;
    attacks->attackers = attacker;
    sim->is_hostile = true;
    return attacker;
}

static void leave(struct sim *sim)
{
    for (struct sim_attacker *attacker = sim->attacks->attackers, *next; attacker;
         attacker = next) {
        next = attacker->next;
        if (attacker->fini)
            attacker->fini(attacker);
        free(attacker->own);
        free(attacker);
    }
    free(sim->attacks->signaller);
    free(sim->attacks);
}

struct sim_attacks *sim_attacks_of(struct sim *sim)
{
    static const struct sim_strangers strangers = {sim_observers_see, sim_signaller_meddle, leave};

    if (!sim->attacks)
        sim->attacks = sim_alloc(sizeof(*sim->attacks));
    sim->strangers = &strangers;
    return sim->attacks;
}

/* --- whom ------------------------------------------------------------------- */

static bool is_public(const struct sim *sim, const struct sim_attachment *at)
{
    const struct sim_net *net = at->net;

    while (net != sim->internet) {
        if (at->addr.family == AUGER_IPV4 && net->gateway->wall)
            return false;
        net = net->gateway->outside;
    }
    return true;
}

size_t sim_attack_targets(struct sim *sim, struct auger_addr targets[ATTACK_TARGETS_MAX])
{
    size_t len = 0, rows_len;

    for (const struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
        for (size_t i = 0; i < peer->host->at_len && len < ATTACK_TARGETS_MAX; i++) {
            if (is_public(sim, &peer->host->at[i]))
                targets[len++] = peer->host->at[i].addr;
        }
    }
    for (struct sim_gateway *gateway = sim->gateways; gateway; gateway = gateway->next) {
        if (gateway->outside != sim->internet || !gateway->wall)
            continue;
        const struct nat_row *rows = nat_rows(gateway->nat, sim->now, &rows_len);
        for (size_t i = 0; i < rows_len && len < ATTACK_TARGETS_MAX; i++)
            targets[len++] = rows[i].external;
    }
    return len;
}

/* Now and then one to which nothing must ever be sent. */
struct auger_addr sim_attack_any_addr(struct prng *random, enum auger_family family)
{
    static const uint8_t odd4[][4] = {{0, 0, 0, 0},     {255, 255, 255, 255}, {224, 0, 0, 1},
                                      {127, 0, 0, 1},   {169, 254, 169, 254}, {10, 0, 0, 1},
                                      {192, 168, 1, 1}, {240, 0, 0, 1}};
    static const uint8_t odd6[][16] = {{0},
                                       {[15] = 1},
                                       {0xFF, 0x02, [15] = 1},
                                       {0xFE, 0x80, [15] = 1},
                                       {[10] = 0xFF, 0xFF, 127, [15] = 1}};
    struct auger_addr addr = {.family = (uint8_t)family,
                              .port = (uint16_t)prng_below(random, 65536)};
    bool is_odd = prng_permille(random, 500);

    if (family == AUGER_IPV4 && is_odd)
        memcpy(addr.ip, odd4[prng_below(random, sizeof(odd4) / sizeof(odd4[0]))], 4);
    else if (family == AUGER_IPV6 && is_odd)
        memcpy(addr.ip, odd6[prng_below(random, sizeof(odd6) / sizeof(odd6[0]))], 16);
    else
        prng_fill(random, addr.ip, family == AUGER_IPV4 ? 4 : 16);
    return addr;
}

/* --- what ------------------------------------------------------------------- */

static void forge_identity(struct auger_stun_builder *b, const struct forgery *f)
{
    char username[2 * AUGER_UFRAG_MAX];

    if (f->to) {
        int len = snprintf(username, sizeof(username), "%s:%s", f->to, f->from ? f->from : "");
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_USERNAME, username, (size_t)len);
    }
    if (f->has_priority)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_PRIORITY, 0x7EFFFFFF);
    if (f->role && strcmp(f->role, "controlled") != 0)
        auger_stun_build_u64(b, AUGER_STUN_ATTR_ICE_CONTROLLING, f->tie_breaker);
    if (f->role && strcmp(f->role, "controlling") != 0)
        auger_stun_build_u64(b, AUGER_STUN_ATTR_ICE_CONTROLLED, f->tie_breaker);
    if (f->use_candidate)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
}

size_t forge(const struct forgery *f, uint8_t buf[ATTACK_DATAGRAM_MAX])
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, ATTACK_DATAGRAM_MAX, f->class_,
                           f->method ? f->method : AUGER_STUN_BINDING, &f->tid);
    if (f->class_ == AUGER_STUN_ERROR)
        auger_stun_build_error(&b, f->error_code);
    forge_identity(&b, f);
    if (f->mapped)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, f->mapped);
    if (f->alternate)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_ALTERNATE_SERVER, f->alternate);
    for (size_t i = 0; f->odd_type && i < f->odd_times; i++)
        auger_stun_build_bytes(&b, f->odd_type, f->odd, f->odd_len);
    if (f->key)
        auger_stun_build_integrity(&b, f->key);
    if (!f->no_fingerprint)
        auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    return len < 0 ? 0 : (size_t)len;
}
