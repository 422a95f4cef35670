/* tests/worlds/tally.c - reads an agent's trace (docs/trace.md) for what is rare. */
#include "tests/worlds/tally.h"

#include <auger/stun.h>

#include <string.h>

static const char *const names[SOMETIMES] = {
    [EVER_CONNECTED] = "connected",
    [EVER_DIRECT] = "connected without a NAT",
    [EVER_RELAYED] = "connected by a relay",
    [EVER_RELAY_TO_RELAY] = "connected from relay to relay",
    [RELAY_LOST] = "an allocation lost",
    [RELAY_MADE_AGAIN] = "and made again",
    [RELAY_SENT_ON] = "an allocation where another server sent it",
    [RELAY_TWICE] = "sent on to a server that it asks anyway",
    [RELAY_QUOTA] = "an allocation beyond the quota",
    [RELAY_CAPACITY] = "an allocation beyond the capacity",
    [RELAY_AFTER_ALL] = "and asked for once more later",
    [NONCE_STALE] = "a nonce too old",
    [EVER_BY_IPV6] = "connected by IPv6",
    [EVER_BY_PRFLX] = "connected to a peer-reflexive candidate",
    [EVER_BY_TCP] = "connected over TCP",
    [STREAM_LOST] = "a stream in use lost",
    [EVER_NESTED] = "connected through two NATs in a row",
    [EVER_BY_MAPPING] = "connected by a mapping that is configured",
    [EVER_MISMAPPED] = "connected in spite of a wrong mapping",
    [EVER_HALF_TRICKLE] = "connected by half trickle",
    [EVER_SHARED] = "two agents on one socket, both connected",
    [EVER_BY_NAME] = "a path found by a resolved name",
    [EVER_HIDDEN] = "connected without host candidates",
    [EVER_BY_DEFAULT_ROUTE] = "connected by the default route alone",
    [EVER_UNREACHABLE] = "rightly never connected",
    [EVER_PREDICTED] = "ports predicted",
    [ROLE_CONFLICT] = "role conflict",
    [EQUAL_TIE_BREAKER] = "equal tie-breakers",
    [LITE_AND_FULL] = "a lite agent and a full one",
    [LITE_AND_LITE] = "two lite agents",
    [PACE_OF_THE_OTHER] = "paced as slowly as the other wants",
    [PRFLX_BEFORE_TRICKLE] = "peer-reflexive before it was told",
    [NOMINATION_REPEATED] = "nomination lost and repeated",
    [PATH_CHANGED] = "path changed",
    [RENOMINATED] = "renominated",
    [STANDBY_BETTER] = "a pair in reserve was better",
    [STANDBY_USED] = "a pair in reserve took over from a lost one",
    [NOMINATION_LATE] = "nomination overtaken by a later one",
    [CONSENT_EXPIRED] = "consent expired",
    [CONSENT_LATE] = "late consent answer",
    [SILENT_AND_BACK] = "disconnected and back",
    [REBIND_IN_FLIGHT] = "NAT rebinds with data in flight",
    [REBIND_SURVIVED] = "session survives a rebinding",
    [REBOOT_SURVIVED] = "session survives a reboot of its NAT",
    [ADDRESS_REWRITTEN] = "connected though a gateway rewrote an address inside",
    [PATH_TOO_NARROW] = "connected by a path that takes no long datagram",
    [FRAGMENTED] = "connected by a path that takes long datagrams in pieces",
    [SENDS_REFUSED] = "connected though a socket refused datagrams",
    [SOCKET_FULL] = "connected though a socket was full",
    [ROUTE_LOST] = "session survives a machine without a route",
    [TOLD_BY_ICMP] = "a relay told of an ICMP error",
    [SLEPT_AND_CAME_BACK] = "session survives a suspended machine",
    [LEAPT_AND_WENT_ON] = "session survives a leap of the clock",
    [SERVER_TIMED_OUT] = "gathering ended by its deadline",
    [PATIENCE_ENDED] = "no pair succeeded",
    [TABLE_FULL] = "table of pairs full",
    [SWITCHES_ENDED] = "too many role switches",
    [SERVER_DISBELIEVED] = "a server's candidate refused",
    [DATA_FORGED] = "forged data reached the application",
    [DATA_REPEATED] = "data reached the application again",
    [PEER_GONE_NOTICED] = "a peer that left was noticed",
    [RESTARTED] = "restart found its path",
    [RESTART_GLARE] = "both restarted at once, and found it",
    [RESTARTED_AGAIN] = "restarted twice in a row, and found it",
    [RESTARTED_CHECKING] = "restarted in mid-check, and found it",
    [RESTARTED_FAILED] = "restart led out of failed",
    [MOVED_WITH_BOTH] = "session moves with both interfaces for a while",
    [MOVED_WITH_NONE] = "session moves with none for a while",
    [VPN_CAME_AND_WENT] = "session survives a VPN beside it",
    [VPN_TOOK_ALL] = "session survives a VPN that it leaves through",
    [VPN_STOPPED_ALL] = "session survives a VPN that stops all else",
    [VPN_WAS_IN_USE] = "session survives the end of a VPN that it used",
    [RESTART_WAS_WANTED] = "restart that an agent wanted found its path",
    [WOKEN_EARLY] = "connected in spite of timers that ring early",
    [WOKEN_LATE] = "connected in spite of timers that ring late",
    [EVER_BY_NAT64] = "connected through a NAT64",
    [FRAME_CUT] = "a frame of TCP cut in its header",
    [EVER_BY_STREAM] = "connected by a stream where UDP is blocked",
    [CHANNEL_REFRESH_LOST] = "refresh of a channel lost and repeated",
    [OOM_OF_AGENT] = "connected, though agents ran out of memory",
    [OOM_OF_AGENT_ENDS] = "failed, and agents ran out of memory",
    [OOM_OF_TURN_SERVER] = "a TURN server ran out of memory",
    [OOM_OF_MUX] = "a mux ran out of memory",
};

const char *sometimes_name(enum sometimes what)
{
    return names[what];
}

const char *judgement_name(enum judgement judgement)
{
    static const char *const questions[JUDGEMENTS] = {
        [MUST_CONNECT] = "must connect, or there is no path",
        [MUST_CONNECT_BY_RELAY] = "must connect by a relay, or better",
        [MUST_STAY] = "must outlive its faults",
        [MUST_MIRROR] = "must speak and hear on one path",
        [MUST_BE_BEST] = "must use the best path",
        [MUST_NEED_RELAY] = "must not use a relay that they do not need",
        [MUST_NOTICE] = "must notice that the other is gone",
        [MUST_RESTART] = "must be on the path of the last restart",
        [MUST_OUTLIVE_VPN] = "must outlive a VPN that comes and goes",
        [MUST_COME_BACK] = "must come back after each event of worlds of hours",
        [MUST_MOVE] = "must outlive the move of one side",
        [MUST_CONNECT_BESIDE] = "must connect on shared sockets too, or there is no path",
        [MUST_LEAVE_RELAY] = "must not stay with a relay where they can change over",
        [MUST_END_OR_GO_ON] = "must not hang after a shortage of memory",
    };
    return questions[judgement];
}

void tally_add(struct tally *sum, const struct tally *part)
{
    sum->worlds += part->worlds;
    sum->run_twice += part->run_twice;
    sum->packets += part->packets;
    sum->compared += part->compared;
    sum->compared_early += part->compared_early;
    for (int i = 0; i < JUDGEMENTS; i++)
        sum->judged[i] += part->judged[i];
    sum->virtual_time += part->virtual_time;
    sum->hours_restarted += part->hours_restarted;
    sum->turned_away += part->turned_away;
    if (part->memory_peak > sum->memory_peak)
        sum->memory_peak = part->memory_peak;
    for (int i = 0; i < SOMETIMES; i++)
        sum->sometimes[i] += part->sometimes[i];
    for (int i = 0; i < AUGER_BUGGIFY_PLACES; i++)
        sum->buggified[i] += part->buggified[i];
    for (int i = 0; i < SIM_ATTACKS; i++)
        sum->attacks[i] += part->attacks[i];
}

/* --- the trace ------------------------------------------------------------------ */

static const struct auger_trace_field *field(const struct auger_trace_record *record,
                                             const char *key)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        if (strcmp(record->fields[i].key, key) == 0)
            return &record->fields[i];
    }
    return NULL;
}

static bool says(const struct auger_trace_record *record, const char *key, const char *text)
{
    const struct auger_trace_field *found = field(record, key);
    return found && found->type == AUGER_TRACE_TEXT && found->text &&
           strcmp(found->text, text) == 0;
}

static int64_t number(const struct auger_trace_record *record, const char *key)
{
    const struct auger_trace_field *found = field(record, key);
    return found ? found->i : 0;
}

static struct auger_path path_of(const struct auger_trace_record *record)
{
    return (struct auger_path){.local = *field(record, "local")->addr,
                               .remote = *field(record, "remote")->addr};
}

static void remote_candidate(struct witness *w, const struct auger_trace_record *record)
{
    const struct auger_trace_field *addr = field(record, "addr");
    size_t room = sizeof(w->prflx) / sizeof(w->prflx[0]);

    if (says(record, "type", "prflx")) {
        w->prflx[w->prflx_len++ % room] = *addr->addr;
        return;
    }
    for (size_t i = 0; i < w->prflx_len && i < room; i++)
        w->seen[PRFLX_BEFORE_TRICKLE] |= auger_addr_equal(&w->prflx[i], addr->addr);
}

static void relay_lost(struct witness *w, const struct auger_trace_record *record)
{
    int64_t code = number(record, "code");
    bool has_no_room =
        code == AUGER_STUN_ALLOCATION_QUOTA_REACHED || code == AUGER_STUN_INSUFFICIENT_CAPACITY;
    struct auger_addr *refused = w->refused_by[w->refused_len % 4];

    w->relays_lost += number(record, "had_stood") != 0;
    w->seen[RELAY_LOST] |= w->relays_lost > 0;
    w->seen[RELAY_TWICE] |= code == AUGER_STUN_TRY_ALTERNATE;
    w->seen[RELAY_QUOTA] |= code == AUGER_STUN_ALLOCATION_QUOTA_REACHED;
    w->seen[RELAY_CAPACITY] |= code == AUGER_STUN_INSUFFICIENT_CAPACITY;
    if (!has_no_room)
        return;
    refused[0] = *field(record, "base")->addr;
    refused[1] = *field(record, "server")->addr;
    w->refused_len++;
}

static void relay_asked(struct witness *w, const struct auger_trace_record *record)
{
    for (size_t i = 0; i < w->refused_len && i < 4; i++)
        w->seen[RELAY_AFTER_ALL] |=
            auger_addr_equal(&w->refused_by[i][0], field(record, "base")->addr) &&
            auger_addr_equal(&w->refused_by[i][1], field(record, "server")->addr);
}

static void check_dropped(struct witness *w, const struct auger_trace_record *record)
{
    const struct auger_path path = path_of(record);
    size_t room = sizeof(w->turned_away) / sizeof(w->turned_away[0]);

    if (w->has_met || path.local.transport != AUGER_TCP)
        return;
    for (size_t i = 0; i < w->turned_away_len && i < room; i++)
        w->is_turned_away |= auger_path_equal(&w->turned_away[i], &path);
    w->turned_away[w->turned_away_len++ % room] = path;
}

static void naming(struct witness *w, const struct auger_trace_record *record)
{
    const char *name = record->name;

    if (w->naming.has_selected)
        return;
    if (strcmp(name, "ice:pair_added") == 0 && number(record, "priority") > w->naming.priority) {
        w->naming.priority = number(record, "priority");
        w->naming.better = path_of(record);
        w->naming.has_better = w->naming.has_named;
    } else if (strcmp(name, "ice:check_sent") == 0) {
        const struct auger_path path = path_of(record);
        w->naming.has_named |= number(record, "use_candidate") != 0;
        w->naming.has_better &= !auger_path_equal(&path, &w->naming.better);
    } else if (strcmp(name, "ice:selected") == 0) {
        w->naming.has_selected = true;
    }
}

void witness_record(struct witness *w, const struct auger_trace_record *record)
{
    const char *name = record->name;

    naming(w, record);
    if (strcmp(name, "ice:remote_candidate") == 0) {
        remote_candidate(w, record);
    } else if (strcmp(name, "ice:role") == 0) {
        w->has_conflict = true;
        w->role = says(record, "role", "controlling");
    } else if (strcmp(name, "ice:check_dropped") == 0) {
        check_dropped(w, record);
    } else if (strcmp(name, "ice:check_sent") == 0) {
        w->seen[NOMINATION_REPEATED] |=
            number(record, "use_candidate") && number(record, "attempt") > 1;
        w->seen[RENOMINATED] |= number(record, "nomination") > 1;
    } else if (strcmp(name, "ice:state") == 0) {
        w->seen[CONSENT_EXPIRED] |= says(record, "reason", "consent expired");
        w->seen[PATIENCE_ENDED] |= says(record, "reason", "no pair succeeded");
        w->seen[SWITCHES_ENDED] |= says(record, "reason", "too many role switches");
        w->seen[SILENT_AND_BACK] |=
            says(record, "from", "disconnected") && says(record, "to", "connected");
        w->has_connected |= says(record, "to", "connected");
    } else if (strcmp(name, "ice:ports_bracketed") == 0 || strcmp(name, "ice:ports_ahead") == 0) {
        w->seen[EVER_PREDICTED] = true;
    } else if (strcmp(name, "ice:standby_better") == 0) {
        w->seen[STANDBY_BETTER] = true;
    } else if (strcmp(name, "ice:standby") == 0) {
        w->has_standby = true;
    } else if (strcmp(name, "ice:standby_takes_over") == 0 || strcmp(name, "ice:failover") == 0) {
        w->seen[STANDBY_USED] |= w->has_standby;
    } else if (strcmp(name, "ice:nomination_outdated") == 0) {
        w->seen[NOMINATION_LATE] = true;
    } else if (strcmp(name, "ice:pacing") == 0) {
        w->seen[PACE_OF_THE_OTHER] = true;
    } else if (strcmp(name, "ice:pair_refused") == 0) {
        w->seen[TABLE_FULL] = true;
    } else if (strcmp(name, "ice:candidate_refused") == 0) {
        w->seen[SERVER_DISBELIEVED] = true;
    } else if (strcmp(name, "ice:relay_lost") == 0) {
        relay_lost(w, record);
    } else if (strcmp(name, "ice:stream_lost") == 0) {
        w->streams_lost += number(record, "in_use") != 0;
        w->seen[STREAM_LOST] |= w->streams_lost > 0;
    } else if (strcmp(name, "ice:relay_asked") == 0) {
        relay_asked(w, record);
    } else if (strcmp(name, "turn:alternate_server") == 0) {
        w->was_sent_on = true;
    } else if (strcmp(name, "turn:allocated") == 0) {
        w->seen[RELAY_MADE_AGAIN] |= w->seen[RELAY_LOST];
        w->seen[RELAY_SENT_ON] |= w->was_sent_on;
    } else if (strcmp(name, "turn:icmp") == 0) {
        w->seen[TOLD_BY_ICMP] = true;
    } else if (strcmp(name, "turn:challenged") == 0) {
        w->seen[NONCE_STALE] |= number(record, "code") == AUGER_STUN_STALE_NONCE;
    } else if (strcmp(name, "ice:gathered") == 0) {
        w->seen[SERVER_TIMED_OUT] |= says(record, "reason", "timeout");
        w->has_gathered = true;
    } else if (strcmp(name, "ice:translation") == 0) {
        w->has_prefix_late |= w->has_gathered || w->has_connected;
    }
}
