/* tests/worlds/detour.c - 15, where a path was lost or late and the relay was chosen for it: none
 * is kept for long while another works, if the two can change over (docs/decisions/072).  Where
 * nothing was lost judge.c asks for the best path at once. */
#include "tests/worlds/buggify.h"
#include "tests/worlds/life.h"
#include "tests/worlds/sides.h"
#include "tests/worlds/ways.h"

#include "ice/state.h"
#include "sim/peer.h"

#define CHANGED_BY                                                                                 \
    (30 * AUGER_SEC)    /* three round trips of each, and ten seconds between changes              \
                         */
#define DELAY_MIN_MS 15 /* then a relay is slower by more than 20 ms, and by 30 % */

/* A better pair is one of shorter round trips, that of a relay being twice as long on wires of one
 * kind. */
static bool can_change_over(const struct plan *plan)
{
    const int64_t *v = plan->value;

    if (!v[RENOMINATION] || !v[RENOMINATION_B] || !v[STANDBY] || !v[STANDBY_B] ||
        side_is_lite(plan, 0) || side_is_lite(plan, 1) || v[HOSTILE_SIGNAL_PERMILLE])
        return false;
    return v[DELAY_MS] >= DELAY_MIN_MS && !v[SLOW_MS] && !v[BUGGIFY_PERMILLE];
}

static bool has_been_calm(const struct life *life, int side)
{
    const struct sim_journal *journal = sim_peer_journal(life->built.peers[side]);
    auger_time since = sim_now(life->built.sim) - CHANGED_BY;

    for (size_t i = journal->len; i-- > 0 && journal->notes[i].at > since;)
        if (journal->notes[i].kind == SIM_NOTE_PATH || journal->notes[i].kind == SIM_NOTE_STATE)
            return false;
    return true;
}

/* That has been in reserve all the time, and answers. */
static const struct auger_pair *without_relay(struct sim_peer *peer, auger_time now)
{
    const struct auger_checklist *list = &sim_peer_ice(peer)->current->checklist;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        if (auger_pair_is_usable(pair, now) && !auger_pair_is_relayed(pair) &&
            pair->proof->standby && pair->proof->valid_since < now - CHANGED_BY)
            return pair;
    }
    return NULL;
}

/* Who nominates in first checks has chosen with the first answer, and nominates no other then: a
 * pair that was made in between, and had not been asked, is not to be asked any more (RFC 8445
 * sections 8.1.1 and 8.1.2).  One that had been is of the same volley, and the best of it counts.
 */
bool life_has_named_early(const struct life *life)
{
    return (side_value(life->plan, AT_ONCE, 0) && life->witness[0].naming.has_better) ||
           (side_value(life->plan, AT_ONCE, 1) && life->witness[1].naming.has_better);
}

void life_judge_detour(struct life *life, struct tally *tally)
{
    if (!can_change_over(life->plan) || !life_is_connected(life) || !has_been_calm(life, 0) ||
        !has_been_calm(life, 1))
        return;
    for (int side = 0; side < 2; side++) {
        struct sim_peer *peer = life->built.peers[side];
        const struct auger_generation *current = sim_peer_ice(peer)->current;
        const struct auger_pair *selected = current->nomination.selected;
        if (current->role != AUGER_CONTROLLING || !selected)
            continue;
        tally->judged[MUST_LEAVE_RELAY] += ways_have_relay(life->plan, (struct ways_in_vain){0});
        if (auger_pair_is_relayed(selected) && without_relay(peer, sim_peer_now(peer)))
            life_condemn(life, "15: a relay is kept, though another path works");
    }
}
