/* tests/worlds/count.c - what was in a world, for the tally. */
#include "tests/worlds/life.h"
#include "tests/worlds/sides.h"

#include <string.h>

static void count_side(struct life *life, int side, struct tally *tally)
{
    const struct sim_peer_story *s = life_story(life, side);
    const struct witness *w = &life->witness[side];

    for (int i = 0; i < SOMETIMES; i++)
        tally->sometimes[i] += w->seen[i];
    tally->sometimes[PATH_CHANGED] += s->paths > 1;
    tally->sometimes[CHANNEL_REFRESH_LOST] += s->refreshes_lost > 0;
    tally->sometimes[CONSENT_LATE] += s->late_answers > 0;
    tally->sometimes[DATA_FORGED] += s->data_forged > 0;
    tally->sometimes[DATA_REPEATED] += s->data_repeated > 0;
    if (s->memory_peak > tally->memory_peak)
        tally->memory_peak = s->memory_peak;
}

static void count_path(struct life *life, struct tally *tally)
{
    struct auger_ice_pair_info pairs[100];
    size_t len = auger_ice_pairs(sim_peer_ice(life->built.peers[0]), pairs, 100);

    for (size_t i = 0; i < len; i++) {
        if (!pairs[i].selected)
            continue;
        bool relayed[2] = {pairs[i].local.type == AUGER_CAND_RELAY,
                           pairs[i].remote.type == AUGER_CAND_RELAY};
        tally->sometimes[EVER_RELAYED] += relayed[0] || relayed[1];
        tally->sometimes[EVER_RELAY_TO_RELAY] += relayed[0] && relayed[1];
        tally->sometimes[EVER_BY_TCP] += pairs[i].remote.addr.transport == AUGER_TCP;
        tally->sometimes[EVER_BY_IPV6] += pairs[i].remote.addr.family == AUGER_IPV6;
        tally->sometimes[EVER_BY_PRFLX] += pairs[i].remote.type == AUGER_CAND_PRFLX;
        tally->sometimes[EVER_DIRECT] +=
            pairs[i].local.type == AUGER_CAND_HOST && pairs[i].remote.type == AUGER_CAND_HOST;
    }
}

/* The other side speaks to the address that this side's configuration knows. */
static bool is_by_mapping(struct life *life, int side)
{
    const int64_t *v = life->plan->value;
    struct auger_ice_pair_info pairs[100];
    size_t len = auger_ice_pairs(sim_peer_ice(life->built.peers[!side]), pairs, 100);
    const struct auger_addr *mapped = &life->built.mapped[side];

    for (size_t i = 0; i < len; i++)
        if (pairs[i].selected && mapped->family != AUGER_FAMILY_NONE &&
            auger_addr_ip_equal(&pairs[i].remote.addr, mapped) &&
            pairs[i].remote.type != AUGER_CAND_PRFLX)
            return v[NO_STUN + side] && !v[TURN + side];
    return false;
}

static bool is_by_nat64(struct life *life, int side)
{
    struct auger_ice_pair_info pairs[100];
    size_t len = auger_ice_pairs(sim_peer_ice(life->built.peers[side]), pairs, 100);

    for (size_t i = 0; i < len && side_has_nat64(life->plan, side); i++)
        if (pairs[i].selected && memcmp(pairs[i].remote.addr.ip, sim_nat64()->prefix, 12) == 0)
            return pairs[i].remote.addr.family == AUGER_IPV6;
    return false;
}

static bool is_by_name(struct life *life, int side)
{
    struct auger_ice_pair_info pairs[100];
    size_t len = auger_ice_pairs(sim_peer_ice(life->built.peers[side]), pairs, 100);

    for (size_t i = 0; i < len; i++)
        if (pairs[i].valid && pairs[i].remote.hidden && pairs[i].remote.type == AUGER_CAND_HOST)
            return true;
    return false;
}

static unsigned count_errors(struct life *life, bool of_room)
{
    const struct sim_peer_story *a = life_story(life, 0), *b = life_story(life, 1);

    return of_room ? a->sends_kept + b->sends_kept : a->sends_refused + b->sends_refused;
}

static void count_timers(struct life *life, struct tally *tally)
{
    const struct sim_peer_story *a = life_story(life, 0), *b = life_story(life, 1);

    tally->sometimes[WOKEN_EARLY] += a->woken_early + b->woken_early > 0;
    tally->sometimes[WOKEN_LATE] += a->woken_late + b->woken_late > 0;
}

static void count_shortage(struct life *life, struct tally *tally)
{
    const struct sim *sim = life->built.sim;
    bool has_failed = life_story(life, 0)->failed > 0;

    if (sim_blocks_missing(sim, SIM_MEMORY_OF_AGENTS) > 0) {
        tally->sometimes[OOM_OF_AGENT] += life->built.peers[1] && life_is_connected(life);
        tally->sometimes[OOM_OF_AGENT_ENDS] += has_failed;
    }
    tally->sometimes[OOM_OF_TURN_SERVER] += sim_blocks_missing(sim, SIM_MEMORY_OF_TURN_SERVERS) > 0;
    tally->sometimes[OOM_OF_MUX] += sim_blocks_missing(sim, SIM_MEMORY_OF_MUXES) > 0;
}

static void count_streams(struct life *life, struct tally *tally)
{
    const int64_t *v = life->plan->value;

    for (int side = 0; side < 2; side++)
        tally->sometimes[EVER_BY_STREAM] +=
            v[GATES + side] == UDP_BLOCKED && v[TURN_STREAMS + side];
}

static void count_privacy(struct life *life, int side, struct tally *tally)
{
    tally->sometimes[EVER_BY_MAPPING] += is_by_mapping(life, side);
    tally->sometimes[EVER_MISMAPPED] += life->built.mapped[side].family != AUGER_FAMILY_NONE &&
                                        life->plan->value[MAPPED + side] == MAPPED_WRONGLY;
    tally->sometimes[EVER_BY_NAT64] += is_by_nat64(life, side);
    tally->sometimes[EVER_BY_NAME] += is_by_name(life, side);
    tally->sometimes[EVER_HIDDEN] += side_hides(life->plan, side);
    tally->sometimes[EVER_BY_DEFAULT_ROUTE] += side_keeps_to_default_route(life->plan, side);
}

static void count_vpn(struct life *life, struct tally *tally)
{
    static const enum sometimes of[] = {[VPN_TAKES_NOTHING] = VPN_CAME_AND_WENT,
                                        [VPN_TAKES_ALL] = VPN_TOOK_ALL,
                                        [VPN_STOPS_ALL] = VPN_STOPPED_ALL};

    if (!life->plan->value[VPN] || !life->first.connected_at_fault || !life_is_connected(life))
        return;
    tally->sometimes[of[life->plan->value[VPN_TAKES]]]++;
    tally->sometimes[VPN_WAS_IN_USE] += life->vpn_was_in_use;
}

void life_count(struct life *life, struct tally *tally)
{
    const int64_t *v = life->plan->value;
    bool has_conflict = life->witness[0].has_conflict || life->witness[1].has_conflict;

    count_side(life, 0, tally);
    count_shortage(life, tally);
    tally->sometimes[FRAME_CUT] += sim_frames_cut_in_header(life->built.sim) > 0;
    if (life->built.peers[1]) {
        bool ends_well = life_is_connected(life);
        count_side(life, 1, tally);
        tally->sometimes[EVER_CONNECTED] +=
            life_story(life, 0)->connected && life_story(life, 1)->connected;
        tally->sometimes[ROLE_CONFLICT] += has_conflict;
        tally->sometimes[EQUAL_TIE_BREAKER] += has_conflict && v[EQUAL_TIE_BREAKERS] && ends_well;
        tally->sometimes[REBIND_IN_FLIGHT] += life->was_in_flight;
        if (ends_well) {
            bool lite[2] = {side_is_lite(life->plan, 0), side_is_lite(life->plan, 1)};
            tally->sometimes[LITE_AND_FULL] += lite[0] != lite[1];
            tally->sometimes[LITE_AND_LITE] += lite[0] && lite[1];
            count_path(life, tally);
            count_timers(life, tally);
            count_streams(life, tally);
            count_vpn(life, tally);
            tally->sometimes[EVER_HALF_TRICKLE] += v[NO_TRICKLE] == 2;
            tally->sometimes[EVER_SHARED] += couple_is_connected(&life->beside);
            for (int side = 0; side < 2; side++)
                count_privacy(life, side, tally);
            tally->sometimes[EVER_NESTED] += v[GATES] == NESTED_NATS || v[GATES_B] == NESTED_NATS;
            tally->sometimes[REBIND_SURVIVED] += v[REBIND] && life->first.connected_at_fault;
            tally->sometimes[REBOOT_SURVIVED] += v[REBOOT] && life->first.connected_at_fault;
            tally->sometimes[ADDRESS_REWRITTEN] += sim_rewritten(life->built.sim) > 0;
            tally->sometimes[PATH_TOO_NARROW] += sim_too_long(life->built.sim) > 0;
            tally->sometimes[FRAGMENTED] += sim_fragmented(life->built.sim) > 0;
            tally->sometimes[SENDS_REFUSED] += count_errors(life, false) > 0;
            tally->sometimes[SOCKET_FULL] += count_errors(life, true) > 0;
            tally->sometimes[ROUTE_LOST] += v[UNROUTED] && life->first.connected_at_fault;
            tally->sometimes[SLEPT_AND_CAME_BACK] += v[SUSPEND] && life->first.connected_at_fault;
            tally->sometimes[LEAPT_AND_WENT_ON] += v[LEAP] && life->first.connected_at_fault;
        }
    }
    if (life->restarts.count > 0 && life->built.peers[1] && both_restarted(life->built.sim)) {
        tally->sometimes[RESTARTED]++;
        tally->sometimes[RESTART_GLARE] += life->restarts.by_both;
        tally->sometimes[RESTARTED_AGAIN] += life->restarts.again;
        tally->sometimes[RESTARTED_CHECKING] += life->restarts.in_mid_check;
        tally->sometimes[RESTARTED_FAILED] += life->restarts.of_failed;
    }
    if (life->built.peers[1] && v[MOVES] && life->first.connected_at_fault &&
        life_is_connected(life)) {
        unsigned wanted =
            life_story(life, 0)->wanted_restarts + life_story(life, 1)->wanted_restarts;
        tally->sometimes[MOVED_WITH_BOTH] += v[MOVES_GAP_MS] < 0;
        tally->sometimes[MOVED_WITH_NONE] += v[MOVES_GAP_MS] > 0;
        tally->sometimes[RESTART_WAS_WANTED] += wanted > 0 && both_restarted(life->built.sim);
    }
    for (int i = 0; i < SIM_ATTACKS; i++)
        tally->attacks[i] += sim_attacks(life->built.sim, (enum sim_attack)i) > 0;
}
