/* tests/sim/hostile_signal.c - what those who carry the signalling add to it.  What they
 * could leave out or delay is a matter of signal.c. */
#include "tests/sim/attack.h"

#include <string.h>

/* Written for a parser to choke on. */
static const char *const junk[] = {
    "",
    "candidate:",
    "candidate:1 1 udp",
    "candidate:1 1 udp 99999999999 1.2.3.4 5 typ host",
    "candidate:1 1 udp -1 1.2.3.4 5 typ host",
    "candidate:1 1 udp 0 1.2.3.4 5 typ host",
    "candidate:1 1 udp 4294967296 1.2.3.4 5 typ host",
    "candidate:1 0 udp 1 1.2.3.4 5 typ host",
    "candidate:1 257 udp 1 1.2.3.4 5 typ host",
    "candidate:1 2 udp 1 1.2.3.4 5 typ host",
    "candidate:1 1 udp 1 1.2.3.4 65536 typ host",
    "candidate:1 1 udp 1 1.2.3.4 0 typ host",
    "candidate:1 1 udp 1 1.2.3.256 5 typ host",
    "candidate:1 1 udp 1 ::ffff:127.0.0.1 5 typ host",
    "candidate:1 1 udp 1 224.0.0.1 5 typ host",
    "candidate:1 1 udp 1 0.0.0.0 5 typ host",
    "candidate:1 1 udp 1 fe80::1 5 typ host",
    "candidate:1 1 tcp 1 1.2.3.4 9 typ host tcptype active",
    "candidate:1 1 udp 1 example.org 5 typ host",
    "candidate:1 1 udp 1 1.2.3.4 5 typ",
    "candidate:1 1 udp 1 1.2.3.4 5 typ nonsense",
    "candidate:1 1 udp 1 1.2.3.4 5 typ srflx raddr",
    "candidate:123456789012345678901234567890123 1 udp 1 1.2.3.4 5 typ host",
    "a=candidate:1 1 UDP 1 1.2.3.4 5 typ host generation 0 network-cost 999",
    "\x01\x02\xFF%n%s",
};

struct sim_signaller {
    struct sim *sim;
    struct prng random;
    unsigned permille, flood;
};

static void public_addr(struct prng *random, struct auger_addr *addr)
{
    *addr =
        (struct auger_addr){.family = AUGER_IPV4, .port = (uint16_t)prng_between(random, 1, 65535)};
    prng_fill(random, addr->ip, 4);
    addr->ip[0] = (uint8_t)prng_between(random, 50, 90);
}

static void invent(struct sim_signaller *signaller, const char *ufrag,
                   char line[AUGER_CAND_LINE_MAX])
{
    struct prng *random = &signaller->random;
    struct auger_cand cand = {.type = (enum auger_cand_type)prng_below(random, 4),
                              .priority = (uint32_t)prng_between(random, 1, INT32_MAX)};

    public_addr(random, &cand.addr);
    cand.related = cand.addr;
    snprintf(cand.foundation, sizeof(cand.foundation), "%u", (unsigned)prng_below(random, 1000));
    snprintf(cand.ufrag, sizeof(cand.ufrag), "%s", ufrag);
    if (auger_cand_format(&cand, line, AUGER_CAND_LINE_MAX) < 0)
        abort();
}

struct flood {
    struct sim_peer *to;
    unsigned count;
};

static void flow(struct sim *sim, void *what)
{
    struct flood *flood = what;
    char line[AUGER_CAND_LINE_MAX];

    if (sim_peer_is_asleep(flood->to)) {
        queue_put(&sim->queue, flood->to->asleep_until, flow, flood);
        return;
    }
    for (unsigned i = 0; i < flood->count && flood->to->ice; i++) {
        invent(sim->attacks->signaller, "", line);
        sim_take_line(flood->to, line);
    }
    flood->to->is_touched = true;
    free(flood);
}

static void begin_flood(struct sim_signaller *signaller, struct sim_peer *to, auger_time at)
{
    struct flood *flood = sim_alloc(sizeof(*flood));

    *flood = (struct flood){.to = to, .count = signaller->flood};
    signaller->flood = 0; /* once */
    queue_put(&signaller->sim->queue, at, flow, flood);
}

static void meddle(struct sim_signaller *signaller, struct sim_peer *to, auger_time at,
                   const char *said)
{
    struct prng *random = &signaller->random;
    char line[AUGER_CAND_LINE_MAX];

    if (!prng_permille(random, signaller->permille))
        return;
    enum sim_attack attack =
        (enum sim_attack)prng_between(random, SIM_ATTACK_SIGNAL_JUNK, SIM_ATTACK_SIGNAL_FLOOD);
    auger_time when = at + prng_between(random, 0, 2 * AUGER_SEC);
    if (attack == SIM_ATTACK_SIGNAL_FLOOD && signaller->flood == 0)
        attack = SIM_ATTACK_SIGNAL_JUNK;
    sim_attack_count(signaller->sim, attack);
    if (attack == SIM_ATTACK_SIGNAL_FLOOD) {
        begin_flood(signaller, to, when);
    } else if (attack == SIM_ATTACK_SIGNAL_END) {
        sim_tell_end(to, when);
    } else if (attack == SIM_ATTACK_SIGNAL_JUNK) {
        sim_tell_candidate(to, when, junk[prng_below(random, sizeof(junk) / sizeof(junk[0]))]);
    } else if (attack == SIM_ATTACK_SIGNAL_AGAIN) {
        sim_tell_candidate(to, when, said);
    } else {
        invent(signaller, attack == SIM_ATTACK_SIGNAL_OLD ? "oldufrag" : "", line);
        sim_tell_candidate(to, when, line);
    }
}

void sim_signaller_meddle(struct sim *sim, struct sim_peer *to, auger_time at, const char *said)
{
    if (sim->attacks->signaller)
        meddle(sim->attacks->signaller, to, at, said);
}

void sim_add_hostile_signalling(struct sim *sim, unsigned permille, unsigned flood)
{
    struct sim_signaller *signaller = sim_alloc(sizeof(*signaller));

    prng_init(&signaller->random, sim->options.seed, "signaller");
    signaller->sim = sim;
    signaller->permille = permille;
    signaller->flood = flood;
    sim_attacks_of(sim)->signaller = signaller;
}
