/* stun/discovery_state.h - what a discovery knows: plain data.  A probe is a question and what came
 * of it; who acts on it is discovery_probe.h and those above. */
#ifndef AUGER_STUN_DISCOVERY_STATE_H
#define AUGER_STUN_DISCOVERY_STATE_H

#include "stun/transaction.h"

#include <auger/stun_discovery.h>

/* Which socket does what.  Each is fresh: RFC 5780, 4.1. */
#define AUGER_DISCOVERY_MAIN 0          /* mapping; the other end of tests of lifetime */
#define AUGER_DISCOVERY_FILTER_BOTH 1   /* an answer from another address and port */
#define AUGER_DISCOVERY_FILTER_PORT 2   /* from another port */
#define AUGER_DISCOVERY_SIZES 3         /* large datagrams */
#define AUGER_DISCOVERY_HAIRPIN_FIRST 4 /* and the next */
#define AUGER_DISCOVERY_PAIRED (AUGER_DISCOVERY_SOCKETS - AUGER_DISCOVERY_FIRST_PAIR)

#define AUGER_DISCOVERY_SIZES_MAX 12
#define AUGER_DISCOVERY_PROBES_MAX                                                                 \
    (AUGER_DISCOVERY_SERVERS_MAX + 2 + 2 + 2 + 2 + AUGER_DISCOVERY_PAIRED +                        \
     AUGER_DISCOVERY_SIZES_MAX + 2 + 2 * AUGER_DISCOVERY_PAIRED)
#define AUGER_DISCOVERY_EVENTS_MAX 32

enum auger_probe_kind {
    AUGER_PROBE_REACH,
    AUGER_PROBE_MAPPING,      /* from the main socket to the other address */
    AUGER_PROBE_FILTER,       /* the answer comes from elsewhere */
    AUGER_PROBE_PORTS,        /* from a fresh socket */
    AUGER_PROBE_HAIRPIN_OPEN, /* what is a socket's external address */
    AUGER_PROBE_HAIRPIN,      /* from one of these to that of the other */
    AUGER_PROBE_SIZE,
    AUGER_PROBE_AGE_OPEN,   /* makes or refreshes a mapping */
    AUGER_PROBE_AGE,        /* the answer goes to one that was idle */
    AUGER_PROBE_INDICATION, /* leaves once, and has no answer */
};

enum auger_probe_state {
    AUGER_PROBE_WAITING, /* for its turn */
    AUGER_PROBE_ASKING,
    AUGER_PROBE_ANSWERED, /* of a hairpin: it arrived */
    AUGER_PROBE_REFUSED,  /* an error, or an answer of no use */
    AUGER_PROBE_SILENT,
};

struct auger_probe {
    struct auger_stun_transaction tx;
    uint8_t kind, state;
    uint8_t socket, hears; /* where it leaves, and where what it asks for comes in */
    uint8_t change;        /* flags of CHANGE-REQUEST; 0: none */
    bool dont_fragment;
    bool was_elsewhere;     /* answered at the socket that asked, not at the one that should hear */
    uint16_t response_port; /* 0: none */
    uint16_t size;          /* of the IP packet; 0: no PADDING */
    struct auger_addr to, from;
    /* The answer.  What it does not have has no family. */
    struct auger_addr mapped, plain_mapped, other;
    struct auger_addr seen_from; /* of a hairpin */
    bool has_padding;
    uint16_t error_code;
    auger_time rtt;
};

/* How the lifetime is looked for: discovery_age.h. */
enum auger_age_phase {
    AUGER_AGE_TRYING_OPEN, /* whether the server answers to another port */
    AUGER_AGE_TRYING,
    AUGER_AGE_ROUND,
    AUGER_AGE_OVER,
};
enum auger_age_row_state {
    AUGER_AGE_ROW_OPENING,
    AUGER_AGE_ROW_IDLE,
    AUGER_AGE_ROW_TESTING,
    AUGER_AGE_ROW_OVER, /* tested, or passed over */
};
struct auger_age_row {
    uint8_t state;
    auger_time idle;      /* to be tested after */
    auger_time opened_at; /* what went out last, if it is not opening */
};
struct auger_age {
    uint8_t phase, rounds;
    bool has_fresh_ports, by_own_port; /* discovery_age.h */
    bool was_tried;                    /* RESPONSE-PORT: then `by_own_port` tells */
    auger_time max, alive, dead;
    struct auger_age_row rows[AUGER_DISCOVERY_PAIRED];
    size_t probes_at; /* two to try RESPONSE-PORT, then one that opens and one that tests a row */
};

/* What keeps a mapping: discovery_refresh.h.  Its probes are those of the lifetime. */
enum auger_refresh_way {
    AUGER_REFRESH_NOTHING, /* to see that the others tell something */
    AUGER_REFRESH_OUTBOUND,
    AUGER_REFRESH_INBOUND,
    AUGER_REFRESH_WAYS
};
enum auger_refresh_state {
    AUGER_REFRESH_OPENING,
    AUGER_REFRESH_OPENED,
    AUGER_REFRESH_KEEPING,
    AUGER_REFRESH_KEPT,
    AUGER_REFRESH_TESTING,
    AUGER_REFRESH_OVER,
};
struct auger_refresh_row {
    uint8_t state;
    auger_time opened_at, kept_at; /* what went out last for that */
};
struct auger_refresh {
    bool is_on;
    struct auger_refresh_row rows[AUGER_DISCOVERY_PAIRED]; /* ways take turns */
    uint8_t there[AUGER_REFRESH_WAYS], gone[AUGER_REFRESH_WAYS];
};

struct auger_discovery {
    const struct auger_env *env;
    struct auger_addr locals[AUGER_DISCOVERY_SOCKETS];
    struct auger_addr servers[AUGER_DISCOVERY_SERVERS_MAX];
    size_t servers_len;
    uint8_t stage; /* enum auger_discovery_stage */
    bool has_primary;
    size_t primary;          /* of servers, and of the probes that reached them */
    struct auger_addr other; /* of the primary; no family: it does not know RFC 5780 */
    auger_time reach_until;  /* the others are not waited for longer */
    auger_time next_new_at;  /* Ta */
    bool hairpin_asked, sizes_asked;
    struct auger_probe probes[AUGER_DISCOVERY_PROBES_MAX];
    size_t probes_len;
    struct auger_age age;
    struct auger_refresh refresh;
    struct auger_discovery_event events[AUGER_DISCOVERY_EVENTS_MAX];
    size_t events_at, events_len;
    uint64_t sent, ignored;
};

#endif /* AUGER_STUN_DISCOVERY_STATE_H */
