/* tests/worlds/judge.c - what is asked of a world once its faults are over, where its plan says
 * that it must be so. */
#include "tests/worlds/buggify.h"
#include "tests/worlds/life.h"
#include "tests/worlds/sides.h"
#include "tests/worlds/ways.h"

#include "ice/state.h"
#include "sim/peer.h"

/* What is on its way is slow, most of all through a relay: turn_slow_ms and slow_ms. */
#define NOTICED_BY (35 * AUGER_SEC)
#define PATIENCE (40 * AUGER_SEC)   /* a check, and a little more */
#define OUTAGE_MAX (15 * AUGER_SEC) /* that a session must survive */
#define GENTLE_LOSS 20
#define LOSS_MAX 200              /* permille, that a relay must be found in */
#define TOLD_BY (3500 * AUGER_MS) /* four of seven datagrams leave later */
#define MEMORY_MAX (128u * 1024)

/* --- what is known of it beforehand ----------------------------------------------- */

/* Nothing here but losses keeps honest agents from hearing each other soon, or says a lie. */
static bool is_gentle_but_for_loss(const struct plan *plan)
{
    static const enum feature rough[] = {
        BURSTS_PERMILLE, CORRUPT_PERMILLE,
        NARROW_KBIT,     ROWS_MAX,
        ROWS_MAX_B,      POOL,
        POOL_B,          PAIRS_MAX,
        PAIRS_MAX_B,     SIGNAL_DROP_PERMILLE,
        OBSERVER,        HOSTILE_SIGNAL_PERMILLE,
        SERVER_DEAD,     SERVER_DIES_MS,
        HOSTILE_PEER,    OOM_PERMILLE,
    };

    for (size_t i = 0; i < sizeof(rough) / sizeof(rough[0]); i++) {
        if (plan_has(plan, rough[i]))
            return false;
    }
    /* An answer that has no room is a loss that goes on in peace. */
    return worlds_count_buggified(AUGER_BUGGIFY_ANSWERS_FULL) == 0;
}

/* On wires, and by sockets. */
static int64_t loss_of(const struct plan *plan)
{
    const int64_t *v = plan->value;

    return v[LOSS_PERMILLE] + v[HEAVY_LOSS_PERMILLE] + v[REFUSES_PERMILLE] + v[REFUSES_PERMILLE_B];
}

static bool is_gentle(const struct plan *plan)
{
    return is_gentle_but_for_loss(plan) && loss_of(plan) <= GENTLE_LOSS;
}

static bool is_open_to_all(const struct plan *plan, int side)
{
    return side_gates(plan, side) == NO_GATE && plan->value[TOGETHER] != 1;
}

/* Bob checks as soon as he has the offer, and alice once she has the answer; then she lets him in,
 * at her NAT or a relay.  Where his does not let her in first, all depends on the datagrams of his
 * check that leave later (of seven: RFC 8489 section 6.2.1), and if these are one or two each loss
 * may be one too many. */
static bool has_checks_to_lose(const struct plan *plan)
{
    const int64_t *v = plan->value;
    int64_t apart_ms =
        v[OFFER_LATE_MS] < v[CANDIDATES_LATE_MS] ? v[OFFER_LATE_MS] : v[CANDIDATES_LATE_MS];
    int64_t told_ms = v[SIGNAL_MS] + v[SIGNAL_JITTER_MS] + v[ANSWER_LATE_MS] + apart_ms;

    return loss_of(plan) == 0 || is_open_to_all(plan, 1) || told_ms * AUGER_MS <= TOLD_BY;
}

/* Its faults pass by themselves, in a time that a session must survive. */
static bool is_brief(const struct plan *plan)
{
    const int64_t *v = plan->value;
    int64_t outage = 0;

    if (v[HOURLY] || v[REBOOT] || v[REBIND] || v[RENUMBER] || v[MOVES] || v[VPN] || v[TURN_DIES] ||
        v[TURN_FORGETS])
        return false;
    outage += v[CUT] ? v[CUT_FOR_MS] : 0;
    outage += v[UNROUTED] ? v[UNROUTED_FOR_MS] : 0;
    outage += v[SUSPEND] ? v[SUSPEND_FOR_MS] : 0;
    outage += v[LEAP] ? v[LEAP_BY_MS] : 0;
    return outage * AUGER_MS <= OUTAGE_MAX;
}

/* And nothing makes one path look worse than it is, or known later. */
static bool is_steady(const struct plan *plan)
{
    static const enum feature unsteady[] = {
        HOURLY,
        LOSS_PERMILLE,
        REFUSES_PERMILLE,
        REFUSES_PERMILLE_B,
        FULL_PERMILLE,
        FULL_PERMILLE_B,
        JITTER_MS,
        REORDER_PERMILLE,
        HOSTILE_SERVER,
        SIGNAL_JITTER_MS,
        CANDIDATES_LATE_MS,
        SAME_ROLE,
        NAMES,
        NAMES_B,
        /* What is first seen as peer-reflexive keeps that priority (RFC 8838 section 11), and
         * of two such the interface decides. */
        MORE_INTERFACES,
        MORE_INTERFACES_B,
    };

    if (plan_has(plan, SLOW_MS) && plan_has(plan, RENOMINATION) && plan_has(plan, RENOMINATION_B))
        return false;
    for (size_t i = 0; i < sizeof(unsteady) / sizeof(unsteady[0]); i++) {
        if (plan_has(plan, unsteady[i]))
            return false;
    }
    return is_gentle(plan) && plan_count_faults(plan) == 0;
}

/* --- what is asked at the end ------------------------------------------------------ */

static const struct sim_peer_story *story(const struct couple *couple, int side)
{
    return sim_peer_story(couple->peers[side]);
}

/* Neither side has an answer to one of its three questions for a name, that may be nobody's: they
 * or what was said of it were lost on the way to multicast, and who wants to know now has no use
 * for more (RFC 6762 section 5.1). */
static bool has_lost_names(struct life *life)
{
    return worlds_count_buggified(AUGER_BUGGIFY_MULTICAST_LOST) > 0 &&
           life_story(life, 0)->names_in_vain > 0 && life_story(life, 1)->names_in_vain > 0;
}

static const struct sim_reach *reach_of(struct life *life)
{
    if (!life->has_reach)
        life->reach = ways_reach(life->plan, has_lost_names(life) ? WAYS_UNHEARD : WAYS_AT_HOME);
    life->has_reach = true;
    return &life->reach;
}

static const struct ways_in_vain none_in_vain;

/* Without random bytes an allocation comes to nothing, and nobody says when there will be some. */
static bool can_have_relay(const struct plan *plan, struct ways_in_vain in_vain)
{
    return ways_have_relay(plan, in_vain) && worlds_count_buggified(AUGER_BUGGIFY_NO_ENTROPY) == 0;
}

/* For want of room, as chance has it.  Who accepted a stream keeps it for ten seconds without a
 * use, in which it carries a check twice (RFC 8489 section 6.2.2 has no repetition). */
static bool is_turned_away(struct life *life)
{
    return (life->witness[0].is_turned_away || life->witness[1].is_turned_away) &&
           worlds_count_buggified(AUGER_BUGGIFY_PRFLX_FULL) > 1 && ways_have_tcp(life->plan) &&
           !can_have_relay(life->plan, none_in_vain) && !reach_of(life)->both;
}

/* 12: they find each other. */
static void judge_liveness(struct life *life, struct tally *tally)
{
    bool ever = life_story(life, 0)->connected && life_story(life, 1)->connected;

    if (!is_gentle(life->plan) || plan_count_faults(life->plan) > 0 ||
        !has_checks_to_lose(life->plan))
        return;
    if (!ever && is_turned_away(life)) {
        tally->turned_away++;
        return;
    }
    tally->judged[MUST_CONNECT]++;
    if (ever)
        return;
    if (can_have_relay(life->plan, none_in_vain))
        life_condemn(life, "13: there is a relay, and they did not find it");
    else if (ways_have_tcp(life->plan))
        life_condemn(life, "12: there is a path over TCP, and they did not find it");
    else if (reach_of(life)->both)
        life_condemn(life, "12: there is a path, and they did not find it");
    else
        tally->sometimes[EVER_UNREACHABLE]++;
}

/* The same of those on shared sockets. */
static void judge_liveness_beside(struct life *life, struct tally *tally)
{
    const struct couple *beside = &life->beside;

    if (!is_gentle(life->plan) || plan_count_faults(life->plan) > 0 ||
        !has_checks_to_lose(life->plan) || life->plan->value[MAPPED] || life->plan->value[MAPPED_B])
        return;
    tally->judged[MUST_CONNECT_BESIDE]++;
    if ((!story(beside, 0)->connected || !story(beside, 1)->connected) &&
        ways_reach_beside(life->plan).both)
        life_condemn(life, "12: there is a path for %s and %s, and they did not find it",
                     beside->names[0], beside->names[1]);
}

/* Sides that lost an Allocate to the last datagram: seven in a row, which is all that RFC 8489
 * section 6.2.1 has of a request. */
static unsigned ungranted(struct life *life)
{
    return (unsigned)(life_story(life, 0)->allocates_in_vain > 0) |
           (unsigned)(life_story(life, 1)->allocates_in_vain > 0) << 1;
}

/* Sides that lost all that they asked of where servers see them: each time five datagrams in a row,
 * which is what has its turn until gathering ends (gather_timeout).  RFC 8445 section 5.1.1.2 lets
 * nobody have a reflexive candidate without an answer. */
static unsigned unseen(struct life *life)
{
    unsigned sides = 0;

    for (int side = 0; side < 2; side++) {
        const struct sim_peer_story *s = life_story(life, side);
        sides |= (unsigned)(s->bindings_in_vain > 0 && s->bindings_heard == 0) << side;
    }
    return sides;
}

static struct ways_in_vain in_vain(struct life *life)
{
    return (struct ways_in_vain){.allocates = ungranted(life), .bindings = unseen(life)};
}

/* 13: nor does loss keep them from a relay. */
static void judge_relay(struct life *life, struct tally *tally)
{
    if (!is_gentle_but_for_loss(life->plan) || plan_count_faults(life->plan) > 0 ||
        loss_of(life->plan) > LOSS_MAX || !has_checks_to_lose(life->plan) ||
        !can_have_relay(life->plan, in_vain(life)))
        return;
    tally->judged[MUST_CONNECT_BY_RELAY]++;
    if (!life_story(life, 0)->connected || !life_story(life, 1)->connected)
        life_condemn(life, "13: there is a relay, and they did not find it");
}

/* Somebody owes them that they meet at all. */
static bool have_way(struct life *life, const struct couple *couple)
{
    if (couple == &life->beside)
        return ways_reach_beside(life->plan).both;
    return can_have_relay(life->plan, in_vain(life)) || ways_have_tcp(life->plan) ||
           reach_of(life)->both;
}

/* Who failed before it had ever met the other, as it must without a way, and met it by luck after a
 * restart, has lost nothing. */
static unsigned failures_of(struct life *life, const struct couple *couple, int side)
{
    const struct sim_peer_story *s = story(couple, side);

    return s->failed_at > s->usable_at || have_way(life, couple) ? s->failed : 0;
}

/* What was before they met, and had its reason, is none of it. */
static unsigned count_failures(struct life *life, const struct couple *couple, struct tally *tally)
{
    unsigned failed = failures_of(life, couple, 0) + failures_of(life, couple, 1);

    if (failed == 0 || couple != &life->first || life->failed_apart == 0 || !is_turned_away(life))
        return failed;
    tally->turned_away++;
    return failed - life->failed_apart;
}

/* 12: and do not lose each other. */
static void judge_endurance(struct life *life, const struct couple *couple, struct tally *tally)
{
    const struct sim_peer_story *a = story(couple, 0), *b = story(couple, 1);

    if (!a->connected || !b->connected || !is_gentle(life->plan) || !is_brief(life->plan) ||
        couple->connected_at_fault != plan_count_faults(life->plan))
        return;
    tally->judged[MUST_STAY]++;
    if (count_failures(life, couple, tally) > 0)
        life_condemn(life, "12: %s failed for no reason",
                     couple->names[failures_of(life, couple, 0) == 0]);
    else if (!couple_is_connected(couple))
        life_condemn(life, "12: %s and %s after all faults: %s and %s", couple->names[0],
                     couple->names[1], auger_ice_state_name(a->state),
                     auger_ice_state_name(b->state));
}

/* Pairs of one foundation are tried one after another (RFC 8445 section 6.1.4.2), 7.5 s each
 * where nobody answers, and somebody may invent many. */
static bool asks_for_long(const struct plan *plan)
{
    return plan_has(plan, HOSTILE_SIGNAL_PERMILLE);
}

/* Memory that ran out ends a session, or does not: when there is enough again nobody hangs between
 * the two. */
static void judge_shortage(struct life *life, struct tally *tally)
{
    const struct sim_peer_story *a = life_story(life, 0), *b = life_story(life, 1);
    struct plan otherwise = *life->plan;

    otherwise.value[OOM_PERMILLE] = 0;
    if (sim_blocks_missing(life->built.sim, SIM_MEMORY_OF_AGENTS) == 0 || !is_gentle(&otherwise) ||
        plan_count_faults(life->plan) > 0 ||
        life->restarts.count + a->wanted_restarts + b->wanted_restarts > 0)
        return;
    tally->judged[MUST_END_OR_GO_ON]++;
    if (!life_is_connected(life) && a->state != AUGER_ICE_FAILED && b->state != AUGER_ICE_FAILED)
        life_condemn(life, "6: after a shortage of memory they are %s and %s",
                     auger_ice_state_name(a->state), auger_ice_state_name(b->state));
}

static bool are_checking(const struct couple *couple)
{
    return story(couple, 0)->state == AUGER_ICE_CHECKING &&
           story(couple, 1)->state == AUGER_ICE_CHECKING;
}

/* What came late, as a relay that is made again, is checked for as long as all else. */
static bool go_on_checking(struct life *life, const struct couple *couple)
{
    sim_run(life->built.sim, PATIENCE);
    return are_checking(couple);
}

/* One has failed, and the other must have noticed by now.  With a restart the time to wait
 * for checks begins anew.  Of two lite agents neither asks for consent, and none can notice. */
static void judge_agreement(struct life *life, const struct couple *couple)
{
    const struct sim_peer_story *both[] = {story(couple, 0), story(couple, 1)};
    auger_time now = sim_now(life->built.sim);

    if (side_is_lite(life->plan, 0) && side_is_lite(life->plan, 1))
        return;
    for (int i = 0; i < 2; i++)
        if (both[i]->state == AUGER_ICE_FAILED && both[!i]->state == AUGER_ICE_CONNECTED &&
            now - both[i]->failed_at > NOTICED_BY)
            life_condemn(life, "2: %s failed, and %s is connected to nobody", couple->names[i],
                         couple->names[!i]);
    if (are_checking(couple) &&
        life->restarts.count + both[0]->wanted_restarts + both[1]->wanted_restarts == 0 &&
        !asks_for_long(life->plan) && go_on_checking(life, couple))
        life_condemn(life, "12: %s and %s are checking for ever", couple->names[0],
                     couple->names[1]);
}

/* They met at a port that was guessed, if at all: nobody promises that for another time. */
static bool is_left_to_guesses(struct life *life)
{
    const struct plan *plan = life->plan;

    return (plan_has(plan, PREDICTION) || plan_has(plan, PREDICTION_B)) &&
           !can_have_relay(plan, none_in_vain) && !ways_have_tcp(plan) && !reach_of(life)->both;
}

/* 12: a restart finds the path that there is. */
static void judge_restart(struct life *life, struct tally *tally)
{
    if (life->restarts.count == 0 || !life_is_connected(life) || !is_gentle(life->plan) ||
        plan_count_faults(life->plan) > 0 || is_left_to_guesses(life) ||
        (has_lost_names(life) && !have_way(life, &life->first)))
        return;
    tally->judged[MUST_RESTART]++;
    if (!both_restarted(life->built.sim))
        life_condemn(life, "12: connected, and not by the last restart");
}

/* Where the other side's part alone is told, or the end of it is not, luck decides. */
static bool is_open_about_moves(const struct plan *plan)
{
    static const enum feature closed[] = {GIVES,        GIVES_B, NO_END,    LITE,
                                          LITE_B,       NO_IPV4, NO_IPV4_B, RELAY_ONLY,
                                          RELAY_ONLY_B, NAMES,   NAMES_B};

    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        if (plan_has(plan, closed[i]))
            return false;
    }
    return true;
}

/* 12: a session outlives the address of one side, where there is a path from the new one. */
static void judge_move(struct life *life, struct tally *tally)
{
    const struct plan *plan = life->plan;

    if (!plan->value[MOVES] || !is_gentle(plan) || !is_open_about_moves(plan) ||
        plan_count_faults(plan) != 1 || life->first.connected_at_fault != 1 ||
        !ways_reach(plan, WAYS_AWAY).both)
        return;
    tally->judged[MUST_MOVE]++;
    if (!life_is_connected(life))
        life_condemn(life, "12: the session did not survive a move: %s and %s",
                     auger_ice_state_name(life_story(life, 0)->state),
                     auger_ice_state_name(life_story(life, 1)->state));
}

/* 12: and a VPN that comes and goes, where there is a path without it and, if it takes the first
 * one away for long, with it. */
static void judge_vpn(struct life *life, struct tally *tally)
{
    const struct plan *plan = life->plan;

    if (!plan->value[VPN] || !is_gentle(plan) || !is_open_about_moves(plan) ||
        plan_count_faults(plan) != 1 || life->first.connected_at_fault != 1 ||
        !reach_of(life)->both)
        return;
    bool takes_long = plan->value[VPN_TAKES] != VPN_TAKES_NOTHING &&
                      plan->value[VPN_FOR_MS] * AUGER_MS > OUTAGE_MAX;
    if (takes_long && !ways_reach(plan, WAYS_BY_VPN).both)
        return;
    tally->judged[MUST_OUTLIVE_VPN]++;
    if (!life_is_connected(life))
        life_condemn(life, "12: the session did not survive a VPN: %s and %s",
                     auger_ice_state_name(life_story(life, 0)->state),
                     auger_ice_state_name(life_story(life, 1)->state));
}

/* 14: what each sends comes in on the path that the other has chosen. */
static void judge_mirror(struct life *life, const struct couple *couple, struct tally *tally)
{
    struct sim *sim = life->built.sim;

    if (!couple_is_connected(couple) || !is_gentle(life->plan) || !is_brief(life->plan))
        return;
    tally->judged[MUST_MIRROR]++;
    sim_peer_send(sim, couple->peers[0]);
    sim_peer_send(sim, couple->peers[1]);
    sim_run(sim, 2 * AUGER_SEC);
    for (int side = 0; side < 2; side++) {
        const struct sim_peer_story *s = story(couple, side);
        struct auger_path spoken = s->path;
        spoken.remote.port ^= life->sabotage == ANOTHER_ROUTE;
        if (!auger_path_equal(&s->data_path, &spoken))
            life_condemn(life, "14: %s hears on another path than it speaks on",
                         couple->names[side]);
    }
}

/* 15: no NAT on the path where none need be. */
static void judge_path(struct life *life, struct tally *tally)
{
    const struct auger_path *a = &life_story(life, 0)->path, *b = &life_story(life, 1)->path;

    if (!life_is_connected(life) || !is_steady(life->plan) || life_has_named_early(life) ||
        !reach_of(life)->direct)
        return;
    tally->judged[MUST_BE_BEST]++;
    if (!auger_addr_equal(&a->local, &b->remote) || !auger_addr_equal(&a->remote, &b->local))
        life_condemn(life, "15: a path through a NAT, where there is one without");
}

/* What is seen before it is told keeps the priority of a peer-reflexive candidate (RFC 8838 section
 * 11), and a relay is no relay then. */
static bool has_seen_untold(const struct life *life)
{
    return life->witness[0].seen[PRFLX_BEFORE_TRICKLE] ||
           life->witness[1].seen[PRFLX_BEFORE_TRICKLE];
}

static bool is_by_relay_of(const struct life *life, int side)
{
    const struct auger_generation *current = sim_peer_ice(life->built.peers[side])->current;
    const struct auger_pair *selected = current->nomination.selected;

    return selected && selected->local->type == AUGER_CAND_RELAY;
}

/* What is never told has it too, for who nominates (RFC 8445 section 7.3.1.3); its own it knows. */
static bool is_by_relay_untold(const struct life *life)
{
    for (int side = 0; side < 2; side++) {
        const struct auger_ice *other = sim_peer_ice(life->built.peers[!side]);
        if (side_value(life->plan, GIVES, side) && other->current->role == AUGER_CONTROLLING &&
            is_by_relay_of(life, side) && !is_by_relay_of(life, !side))
            return true;
    }
    return false;
}

/* Who has said that no more candidates come is waited for by nobody, and what is beyond a NAT64 is
 * known when its prefix is. */
static bool has_prefix_late(const struct life *life)
{
    return life->witness[0].has_prefix_late || life->witness[1].has_prefix_late;
}

/* 15: nor a relay, where both can do without, with renomination or not: who nominates waits a
 * second for better pairs than a relayed one, and where nothing is lost these answer in it. */
static void judge_need_of_relay(struct life *life, struct tally *tally)
{
    const int64_t *v = life->plan->value;

    if (!life_is_connected(life) || !is_steady(life->plan) || !(v[TURN] | v[TURN_B]) ||
        v[BUGGIFY_PERMILLE] || has_seen_untold(life) || is_by_relay_untold(life) ||
        has_prefix_late(life) || !reach_of(life)->both)
        return;
    tally->judged[MUST_NEED_RELAY]++;
    if (sim_route(life->built.peers[0], life->built.peers[1]) == SIM_RELAYED)
        life_condemn(life, "15: by a relay, where there is a path without");
}

/* 7 */
static void judge_roles(struct life *life)
{
    const int64_t *v = life->plan->value;
    bool lite[2] = {side_is_lite(life->plan, 0), side_is_lite(life->plan, 1)};
    bool controls[2] = {!v[SAME_ROLE] || v[SAME_ROLE] == 1, v[SAME_ROLE] == 1};

    for (int side = 0; side < 2; side++) {
        if (lite[0] != lite[1]) /* 8445 section 6.1.1 */
            controls[side] = !lite[side];
        if (life->witness[side].role >= 0)
            controls[side] = life->witness[side].role;
    }
    if (life_is_connected(life) && is_gentle(life->plan) && controls[0] == controls[1])
        life_condemn(life, "7: both %s", controls[0] ? "control" : "are controlled");
}

static bool are_both_lite(const struct plan *plan)
{
    return side_is_lite(plan, 0) && side_is_lite(plan, 1);
}

static unsigned changes_of_address(const struct witness *witness)
{
    return witness->relays_lost + witness->streams_lost;
}

/* Consent has ended, nothing leaves any more, and all pairs are asked once again
 * (docs/decisions/230). */
static bool is_asked_anew(struct life *life)
{
    return life_story(life, 1)->state == AUGER_ICE_DISCONNECTED &&
           !sim_peer_ice(life->built.peers[1])->route;
}

/* 16 */
void life_judge_farewell(struct life *life, struct tally *tally)
{
    bool was_connected = life_is_connected(life);
    unsigned changes = changes_of_address(&life->witness[1]);

    if (!life->plan->value[LEAVES] || are_both_lite(life->plan)) /* docs/decisions/062 */
        return;
    if (life->sabotage != A_GHOST_ANSWERS)
        sim_peer_leave(life->built.sim, life->built.peers[0]);
    sim_run(life->built.sim, NOTICED_BY);
    if (!was_connected)
        return;
    if (is_asked_anew(life))
        sim_run(life->built.sim, PATIENCE);
    tally->judged[MUST_NOTICE]++;
    const struct sim_peer_story *bob = life_story(life, 1);
    /* A relay that goes in these seconds is a change of address, whether its server forgets it or
     * a NAT the way there, as the end of the stream in use is, and all is tried anew. */
    bool is_adrift =
        changes_of_address(&life->witness[1]) > changes && bob->state != AUGER_ICE_CONNECTED;
    if (bob->state == AUGER_ICE_FAILED || is_adrift)
        tally->sometimes[PEER_GONE_NOTICED]++;
    else
        life_condemn(life, "16: bob did not notice that alice is gone");
}

void life_judge(struct life *life, struct tally *tally)
{
    for (int side = 0; side < 2 && life->built.peers[side]; side++) {
        if (life_story(life, side)->memory_peak > MEMORY_MAX)
            life_condemn(life, "6: an agent takes %zu bytes", life_story(life, side)->memory_peak);
    }
    if (!life->built.peers[1])
        return;
    judge_liveness(life, tally);
    judge_relay(life, tally);
    judge_endurance(life, &life->first, tally);
    judge_agreement(life, &life->first);
    judge_shortage(life, tally);
    judge_roles(life);
    judge_restart(life, tally);
    judge_move(life, tally);
    judge_vpn(life, tally);
    life_judge_hours(life, tally);
    judge_mirror(life, &life->first, tally);
    judge_path(life, tally);
    judge_need_of_relay(life, tally);
    life_judge_detour(life, tally);
    if (!life->beside.peers[0])
        return;
    judge_liveness_beside(life, tally);
    judge_endurance(life, &life->beside, tally);
    judge_agreement(life, &life->beside);
    judge_mirror(life, &life->beside, tally);
}
