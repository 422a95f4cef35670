/* ice/bracket.c - where the checks of a burst go, and what comes of it: a port of our NAT that lies
 * between others.  The burst itself is burst.c. */
#include "ice/bracket.h"

#include "ice/burst.h"
#include "ice/foretell.h"
#include "ice/helper.h"
#include "ice/peer_ports.h"

#include "base/time.h"
#include "base/trace.h"

#include <string.h>

static bool is_aimed_at(const struct auger_prediction *p, uint16_t port)
{
    for (size_t i = 0; i < p->targets_len; i++)
        if (p->targets[i].port == port)
            return true;
    return false;
}

/* How the peer's ports may go on, and how far our checks have gone ahead of it in that way. */
struct way {
    int32_t step;
    uint32_t ahead;
};

/* The peer comes to our next check by `steps` of its own; false: that port is taken, or none. */
static bool aim_next(struct auger_prediction *p, const struct auger_peer_ports *peer,
                     struct way *way)
{
    uint16_t port =
        auger_port_run_next(&peer->run, way->step, p->told + p->targets_len + 1u + way->ahead);

    if (port == 0 || is_aimed_at(p, port))
        return false;
    p->targets[p->targets_len] = peer->run_ip;
    p->targets[p->targets_len++].port = port;
    way->ahead++;
    return true;
}

/* The peer checks one after another what we tell it, each from its next port; but how many it or
 * others had since the last that a server saw is not known.  So our checks go further ahead by one
 * each time: it falls behind by one with each, and comes to the very port that ours went to
 * (docs/decisions/213).  Where its step may be half of what it seems every second check is for
 * that. What an earlier burst told it has checked by now. */
static void aim_at_run(struct auger_prediction *p, const struct auger_peer_ports *peer)
{
    struct way ways[] = {{peer->run.step, 0}, {auger_port_run_least_step(&peer->run), 0}};
    size_t len = ways[0].step == ways[1].step ? 1 : 2;

    p->targets_len = 0;
    for (size_t i = 0; i < 2 * AUGER_PREDICT_TARGETS_MAX; i++)
        if (p->targets_len < AUGER_PREDICT_TARGETS_MAX)
            (void)aim_next(p, peer, &ways[i % len]);
}

static void aim(struct auger_prediction *p, const struct auger_peer_ports *peer)
{
    if (p->plan == AUGER_PREDICT_ALIGNED) {
        aim_at_run(p, peer);
        return;
    }
    p->targets_len = (uint8_t)peer->targets_len;
    memcpy(p->targets, peer->targets, peer->targets_len * sizeof(p->targets[0]));
}

bool auger_bracket_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_peer_ports peer;

    auger_peer_ports_read(ice, &peer);
    aim(p, &peer);
    p->bursts++;
    return auger_burst_begin(ice, now, helpers);
}

static void tell_guess(struct auger_ice *ice, auger_time now, const struct auger_port_guess *guess)
{
    struct auger_prediction *p = ice->prediction;
    const struct auger_ice_cand *prober = auger_cands_find_base(&ice->locals, &p->prober);
    const struct auger_addr ip = p->samplers[0].seen_at;

    if (prober)
        auger_foretell_ports(ice, now, prober, &ip, guess->ports, guess->len);
    p->due_at = auger_time_add(now, AUGER_BRACKET_AGAIN_AFTER);
}

void auger_bracket_conclude(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_port_guess guess;

    auger_burst_solve(p, &guess);
    auger_trace(ice->env, now, "ice:ports_bracketed",
                AUGER_F_TEXT("verdict", auger_port_verdict_name(guess.verdict)),
                AUGER_F_INT("step", guess.step), AUGER_F_INT("ports", guess.len),
                AUGER_F_ADDR("first", &p->samplers[0].seen_at),
                AUGER_F_ADDR("last", &p->samplers[AUGER_SAMPLERS - 1].seen_at));
    if (guess.len > 0)
        tell_guess(ice, now, &guess);
    else
        auger_helper_drop_prober(ice);
    p->randoms += guess.verdict == AUGER_PORTS_RANDOM;
}
