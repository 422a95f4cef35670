/* ice/window.c - the next ports of our NAT, told with the last candidates where these leave before
 * the peer is known.  Once it is known bracket.c does better. */
#include "ice/window.h"

#include "ice/burst.h"
#include "ice/foretell.h"
#include "ice/helper.h"
#include "ice/peer_ports.h"

#include "base/trace.h"

#include <auger/ice_predict.h>

#include <assert.h>

static_assert(AUGER_ICE_WINDOW_MAX >= AUGER_PORT_GUESSES_MAX, "all of a window are described");

/* A burst without checks: the socket between the others sends nothing, and has the next port that
 * there will be when it does. */
bool auger_window_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers)
{
    struct auger_prediction *p = ice->prediction;

    p->targets_len = 0;
    p->bursts++;
    if (!auger_burst_begin(ice, now, helpers))
        return false;
    p->windower = p->prober;
    return true;
}

void auger_window_conclude(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;
    const struct auger_ice_cand *helper = auger_cands_find_base(&ice->locals, &p->windower);
    const struct auger_addr ip = p->samplers[0].seen_at;
    struct auger_port_guess guess;

    auger_burst_solve(p, &guess);
    auger_trace(ice->env, now, "ice:ports_next",
                AUGER_F_TEXT("verdict", auger_port_verdict_name(guess.verdict)),
                AUGER_F_INT("step", guess.step), AUGER_F_INT("ports", guess.len),
                AUGER_F_ADDR("last", &p->samplers[AUGER_SAMPLERS - 1].seen_at));
    p->randoms += guess.verdict == AUGER_PORTS_RANDOM;
    if (guess.len == 0 || !helper) {
        auger_helper_drop_prober(ice);
        return;
    }
    auger_foretell_ports(ice, now, helper, &ip, guess.ports, guess.len);
    p->window = AUGER_WINDOW_TOLD;
}

/* Once: a pair for which there is no room, or that has made room for another, is not to be had by
 * asking for it at each datagram that comes. */
static void open_to(struct auger_ice *ice, auger_time now, struct auger_ice_cand *helper,
                    const struct auger_addr *target)
{
    struct auger_checklist *list = &ice->current->checklist;
    const struct auger_path along = {helper->addr, *target};
    struct auger_ice_cand *remote =
        auger_cands_find(&ice->current->remotes, target, AUGER_TCP_TYPE_NONE);

    if (!remote || remote->has_window || !auger_cand_can_pair(helper, remote))
        return;
    remote->has_window = true;
    if (auger_checklist_find(list, &along))
        return;
    struct auger_pair *pair = auger_checklist_add(list, now, helper, remote, ice->current->role);
    if (pair)
        auger_checklist_trigger(list, now, pair);
}

void auger_window_open(struct auger_ice *ice, auger_time now)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_peer_ports peer;

    if (p->window != AUGER_WINDOW_TOLD)
        return;
    struct auger_ice_cand *helper = auger_cands_find_base(&ice->locals, &p->windower);
    if (!helper)
        return;
    auger_peer_ports_read(ice, &peer);
    for (size_t i = 0; i < peer.targets_len; i++)
        open_to(ice, now, helper, &peer.targets[i]);
}
