/* tests/worlds/tally.h - what happened in many worlds: that the rare things did, and how
 * often.  Plain numbers, so that it can lie in memory that processes share. */
#ifndef WORLDS_TALLY_H
#define WORLDS_TALLY_H

#include "sim/sim.h"
#include "tests/sim/attacker.h"

#include "base/buggify.h"

enum sometimes {
    EVER_CONNECTED,
    EVER_DIRECT, /* on a pair of host candidates */
    EVER_RELAYED,
    EVER_RELAY_TO_RELAY,
    RELAY_LOST, /* that had stood */
    RELAY_MADE_AGAIN,
    RELAY_SENT_ON,   /* there is one, of a server that another named */
    RELAY_TWICE,     /* it was sent on to where it asks of its own accord */
    RELAY_QUOTA,     /* there were too many */
    RELAY_CAPACITY,  /* the server makes no more */
    RELAY_AFTER_ALL, /* refused for one of these, and asked for again */
    NONCE_STALE,
    EVER_BY_IPV6,
    EVER_BY_PRFLX,     /* a peer-reflexive candidate at its end */
    EVER_BY_TCP,       /* both on one path over TCP */
    STREAM_LOST,       /* that was in use */
    EVER_NESTED,       /* through two NATs in a row */
    EVER_BY_MAPPING,   /* to an address that the other's configuration knows, and no server told */
    EVER_MISMAPPED,    /* with a configuration that is mistaken */
    EVER_HALF_TRICKLE, /* the offer waited for its candidates, the answer did not */
    EVER_SHARED,       /* with others on the same sockets, who are connected too */
    EVER_BY_NAME,      /* a pair with an address that a name led to is valid */
    EVER_HIDDEN,       /* without host candidates */
    EVER_BY_DEFAULT_ROUTE, /* another interface may not be used */
    EVER_UNREACHABLE,      /* no path, and none was found */
    EVER_PREDICTED,        /* a port was predicted, or checks went ahead to where it may be */
    ROLE_CONFLICT,
    EQUAL_TIE_BREAKER, /* and it was settled */
    LITE_AND_FULL,     /* connected at the end */
    LITE_AND_LITE,
    PACE_OF_THE_OTHER, /* slower than its own */
    PRFLX_BEFORE_TRICKLE,
    NOMINATION_REPEATED, /* its request or the answer was lost */
    PATH_CHANGED,
    RENOMINATED,     /* another pair than before, without a restart */
    STANDBY_BETTER,  /* a pair in reserve had the shorter round trips */
    STANDBY_USED,    /* one took over from a pair that was lost */
    NOMINATION_LATE, /* it came after a later one, and was not followed */
    CONSENT_EXPIRED,
    CONSENT_LATE, /* an answer came after it had */
    SILENT_AND_BACK,
    REBIND_IN_FLIGHT, /* with data on its way */
    REBIND_SURVIVED,
    REBOOT_SURVIVED,
    ADDRESS_REWRITTEN, /* in a datagram, and they connected */
    PATH_TOO_NARROW,   /* for a datagram, and they connected */
    FRAGMENTED,        /* the same, carried in pieces */
    SENDS_REFUSED,     /* by a socket, and they connected */
    SOCKET_FULL,       /* for a while; the same */
    ROUTE_LOST,        /* and the session survived it */
    TOLD_BY_ICMP,      /* of a peer that a relay does not reach */
    SLEPT_AND_CAME_BACK,
    LEAPT_AND_WENT_ON,
    SERVER_TIMED_OUT,
    PATIENCE_ENDED,
    TABLE_FULL,     /* of pairs */
    SWITCHES_ENDED, /* too many changes of role */
    SERVER_DISBELIEVED,
    DATA_FORGED,
    DATA_REPEATED,
    PEER_GONE_NOTICED,
    RESTARTED,          /* both are on a pair of the last restart */
    RESTART_GLARE,      /* both had restarted at once */
    RESTARTED_AGAIN,    /* twice in a row */
    RESTARTED_CHECKING, /* before there was a path */
    RESTARTED_FAILED,   /* which had failed */
    MOVED_WITH_BOTH,    /* to another interface, while both were there */
    MOVED_WITH_NONE,    /* for a while */
    VPN_CAME_AND_WENT,  /* and the other addresses did what they did before */
    VPN_TOOK_ALL,       /* they were seen from another address meanwhile */
    VPN_STOPPED_ALL,    /* they were of no use meanwhile */
    VPN_WAS_IN_USE,     /* when it went; of all three they are connected at the end */
    RESTART_WAS_WANTED, /* by the agent, adrift, and it found its path */
    WOKEN_EARLY,        /* and yet connected at the end, both */
    WOKEN_LATE,
    FRAME_CUT,            /* of a stream, in the header */
    EVER_BY_STREAM,       /* connected, though UDP is blocked */
    CHANNEL_REFRESH_LOST, /* its request, or the answer */
    OOM_OF_AGENT,         /* a block was missing, and it was connected later */
    OOM_OF_AGENT_ENDS,    /* the same, and it has failed */
    OOM_OF_TURN_SERVER,
    OOM_OF_MUX,
    EVER_BY_NAT64, /* one of IPv6 alone, with one of IPv4 */
    SOMETIMES
};
const char *sometimes_name(enum sometimes what);

/* What is asked at the end, where the plan says that it must be so. */
enum judgement {
    MUST_CONNECT,
    MUST_CONNECT_BY_RELAY, /* or better */
    MUST_STAY,
    MUST_MIRROR,
    MUST_BE_BEST,
    MUST_NEED_RELAY,
    MUST_NOTICE,
    MUST_RESTART,
    MUST_MOVE,
    MUST_OUTLIVE_VPN,
    MUST_COME_BACK, /* how often, in worlds of hours */
    MUST_END_OR_GO_ON,
    MUST_LEAVE_RELAY,
    MUST_CONNECT_BESIDE,
    JUDGEMENTS
};
const char *judgement_name(enum judgement judgement);

struct tally {
    uint64_t worlds, run_twice, packets;
    uint64_t compared, compared_early; /* without the attacker; with early timers */
    uint64_t judged[JUDGEMENTS];       /* worlds to which it applied */
    auger_time virtual_time;
    uint64_t sometimes[SOMETIMES], attacks[SIM_ATTACKS];
    uint64_t buggified[AUGER_BUGGIFY_PLACES]; /* worlds in which it came about */
    uint64_t memory_peak;                     /* of one agent */
    uint64_t hours_restarted;                 /* the application had to, in worlds of hours */
    uint64_t turned_away;                     /* worlds that are excused by it: judge.c */
};
void tally_add(struct tally *sum, const struct tally *part);

/* One agent's part of it, taken from its trace. */
struct witness {
    bool seen[SOMETIMES];
    bool has_conflict, has_standby, was_sent_on;
    bool has_gathered, has_connected;
    bool has_prefix_late;               /* of a NAT64, once one of these was so */
    struct auger_addr refused_by[4][2]; /* bases, and the servers that had no room for them */
    size_t refused_len;
    unsigned streams_lost; /* each in use */
    unsigned relays_lost;  /* that had stood */
    int role;              /* 1: controls, 0: not, -1: as it began */
    bool has_met;          /* it or the other has been connected */
    /* Streams a check along which had no answer, before that; two of one. */
    struct auger_path turned_away[8];
    size_t turned_away_len;
    bool is_turned_away;
    struct auger_addr prflx[32];
    size_t prflx_len;
    struct {
        bool has_named, has_selected;
        bool has_better; /* made after the first check that nominates, and not asked by then */
        struct auger_path better;
        int64_t priority; /* the highest so far */
    } naming;
};
void witness_record(struct witness *witness, const struct auger_trace_record *record);

#endif /* WORLDS_TALLY_H */
