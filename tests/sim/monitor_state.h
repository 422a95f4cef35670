/* tests/sim/monitor_state.h - what a monitor remembers, shared by monitor.c (events,
 * time) and monitor_wire.c (datagrams). */
#ifndef SIM_MONITOR_STATE_H
#define SIM_MONITOR_STATE_H

#include "tests/sim/monitor.h"

#define MONITOR_REQUESTS 4096 /* the latest ones, each way */
#define MONITOR_SERVERS 20
#define MONITOR_CHANNELS 64     /* of each relay */
#define MONITOR_PERMISSIONS 64  /* the same */
#define MONITOR_GONE 48         /* the latest ones */
#define MONITOR_CONFLICTS 4     /* so many may be borne at least */
#define MONITOR_TRANSMISSIONS 7 /* RFC 8489 section 6.2.1 */
#define MONITOR_GATHERING 5     /* of these, while 10 s are waited for a server */
#define MONITOR_NO_GENERATION SIZE_MAX
/* Of prediction, in a generation: three bursts of four requests and up to 16 checks. */
#define MONITOR_UNPACED 60

enum monitor_role { MONITOR_NO_ROLE, MONITOR_CONTROLLING, MONITOR_CONTROLLED };

/* What a restart makes anew; a number is its place in the order. */
struct monitor_generation {
    char ufrag[AUGER_UFRAG_MAX], remote_ufrag[AUGER_UFRAG_MAX];
    struct auger_stun_key *key, *remote_key; /* NULL: not known yet */
    unsigned unanswered_requests;
    uint32_t nomination; /* the highest value that was sent */
    struct auger_path nominated;
    bool has_wanted_another; /* pair, by a restart */
};

struct monitor_request {
    struct auger_stun_tid tid;
    struct auger_path path;
    size_t generation; /* by its USERNAME */
    enum monitor_role role;
    unsigned role_changes;   /* of ours, by the time when it began */
    auger_time sent_at;      /* the first time */
    unsigned sent, answered; /* datagrams */
    /* Of those of the peer's: that were of one generation; answers that were a success. */
    unsigned genuine, succeeded;
    bool nominates;
    bool is_replaced;     /* by a later one on that path, before its answer */
    bool is_heard;        /* of those to a TURN server: there is an answer, whoever signed it; */
    bool is_signed;       /* it has shown the password, */
    bool is_stale;        /* and a 438, which nobody signs, had another take its place */
    auger_time over_at;   /* or a 401, and nobody waits for its answer any more; AUGER_NEVER */
    auger_time failed_at; /* by an error, or an answer from elsewhere (7.2.5.2); AUGER_NEVER */
};

/* The latest requests of one direction. */
struct monitor_requests {
    struct monitor_request *ring;
    size_t cap, total;
};

struct monitor_route {
    struct auger_path path;
    size_t generation;
    auger_time succeeded_at; /* the last time */
    auger_time agreed_at;    /* the same, to a check that was not too old by then */
    auger_time owed_at;      /* the same, to one that the agent cannot have forgotten */
    auger_time ended_at;     /* consent that was renewed since; AUGER_NEVER: none */
    bool has_lapsed;         /* consent ended while it was in use (7675 section 5.1), */
    bool is_over;            /* and the agent has had the time to see it */
    bool is_doubtful;        /* for want of memory the last success may have come to nothing */
    auger_time answered_at;  /* of a lite agent: its last success on it; AUGER_NEVER: none */
};

struct monitor_remote {
    struct auger_addr addr;
    size_t generation;
    bool has_answered, is_told;
    unsigned requests; /* to it */
    unsigned checks;   /* authenticated, from it */
};

struct monitor_channel {
    uint16_t number;
    struct auger_addr peer;
    struct auger_stun_tid asked; /* the latest request for it */
    bool is_bound;
};

/* Of an IP address: what comes from there without one is not for the agent (8656 section 11.4). */
struct monitor_permission {
    struct auger_addr peer;
    struct auger_stun_tid asked; /* the latest request for it */
    auger_time until;            /* 0: it has not been granted yet */
};

/* What a base has of a TURN server. */
struct monitor_relay {
    struct auger_path path;
    struct auger_addr relayed[2]; /* no family: none */
    auger_time until;             /* its lifetime is over, unless it is refreshed before */
    struct monitor_channel channels[MONITOR_CHANNELS];
    size_t channels_len;
    struct monitor_permission permissions[MONITOR_PERMISSIONS];
    size_t permissions_len;
    auger_time asked_at;   /* when the Allocate left that it came of, */
    auger_time latest_at;  /* and the latest, which alone is waited for */
    bool is_lost;          /* so the server says */
    auger_time refused_at; /* since then it may be, by what nobody has signed; AUGER_NEVER */
    struct auger_stun_tid refused; /* that request */
};

/* A helper socket of prediction; it goes with the IP address that it is of. */
struct monitor_helper {
    struct auger_addr addr;
    bool is_gone;
};

struct monitor {
    struct monitor_generation *generations;
    size_t generations_len;
    size_t in_force;          /* the newest of which both sides' credentials are known */
    size_t pairs_max, bases;  /* that there were */
    struct auger_addr *there; /* those that there are */
    size_t there_len;
    auger_time pacing, peers_pacing; /* the peer's: 0 is not known */
    bool lite, both_lite;
    struct auger_addr servers[MONITOR_SERVERS];
    size_t servers_len;
    struct auger_addr turns[MONITOR_SERVERS]; /* those that are TURN servers */
    size_t turns_len;
    struct auger_stun_key *turn_keys[2]; /* by MD5 and by SHA-256; NULL: no server */
    struct monitor_relay *relays;        /* of bases and servers that they have asked for one */
    size_t relays_len;
    unsigned relays_lost, streams_lost; /* the latter while in use */
    unsigned checks_failed;             /* on the path in use, */
    struct auger_stun_tid failed_last;  /* and the latest of them */
    unsigned refreshes_lost;            /* of channels */
    unsigned allocates_in_vain;
    unsigned bindings_in_vain, bindings_heard; /* of those that ask a server */

    struct monitor_requests sent, received;
    struct monitor_route *routes; /* that have succeeded */
    size_t routes_len;
    struct monitor_remote *remotes;
    size_t remotes_len;
    uint64_t requests, late_answers;
    auger_time paced_at;            /* of the last new transaction; AUGER_NEVER: none yet */
    struct monitor_helper *helpers; /* all that there were */
    size_t helpers_len;
    unsigned unpaced;    /* new transactions of theirs that did not wait for Ta */
    auger_time burst_at; /* when one of them asked a server last */
    bool is_held_up;     /* a full socket has stopped them since */

    enum monitor_role role;        /* of the last new check */
    enum monitor_role shown_role;  /* by that, or by a success or a 487 since */
    uint64_t tie_breaker;          /* in it */
    enum monitor_role remote_role; /* of the peer's last one */
    unsigned role_changes;
    unsigned conflicts;     /* changes of the peer's role, and 487s */
    bool has_seen_conflict; /* a check of the peer in that role */
    bool has_insisted;      /* and yet began another check in it */

    enum auger_ice_state state;
    struct auger_path path;           /* in use, by the agent's word */
    bool has_gathered, has_restarted; /* in this generation; since it failed */
    bool has_replays, has_forgeries, has_forgotten, has_standby_restarts;
    struct auger_addr gone[MONITOR_GONE]; /* addresses that were bases */
    size_t gone_len;
    bool is_adrift;     /* the path in use was of one of them, or lost its stream */
    bool may_be_adrift; /* it was of a relay that has been lost */
    char broken[256];
};

/* monitor_wire.c */
/* Of a STUN message that it sends, without the data that some carry. */
void monitor_check_length(struct monitor *monitor, const struct auger_path *path, size_t len);
struct monitor_request *monitor_note_request(struct monitor_requests *requests,
                                             const struct auger_stun_tid *tid,
                                             const struct auger_path *path);
struct monitor_request *monitor_find_request(struct monitor_requests *requests,
                                             const struct auger_stun_tid *tid,
                                             const struct auger_path *path);

bool monitor_is_server(const struct monitor *monitor, const struct auger_addr *addr);

/* Whether it is one that nobody has answered as it has to be, and nobody will. */
bool monitor_has_failed(const struct monitor_request *request, auger_time now);
/* On that path, the latest check that leaves its pair invalid; NULL: none. */
const struct monitor_request *monitor_find_in_vain(const struct monitor *monitor, auger_time now,
                                                   const struct auger_path *path);

/* monitor_pace.c */
void monitor_note_failed_check(struct monitor *monitor, auger_time now);
/* Of a new transaction; of each datagram of one that goes there. */
void monitor_check_pace(struct monitor *monitor, auger_time now,
                        const struct monitor_request *request);
void monitor_check_budget(struct monitor *monitor, const struct monitor_request *request,
                          struct monitor_remote *remote);

/* monitor_relay.c: what is inside, and along which path of the agent's; false: nothing of the
 * peer's or for it. */
bool monitor_unwrap_sent(struct monitor *monitor, auger_time now, struct auger_path *path,
                         struct auger_bytes *bytes);
bool monitor_unwrap_received(struct monitor *monitor, auger_time now, struct auger_path *path,
                             struct auger_bytes *bytes);

/* Allocations whose time is over are so for good. */
void monitor_end_lifetimes(struct monitor *monitor, auger_time now);
/* Whether that is a relayed address that the server has taken back, or seems to have, or
 * that was not refreshed in time. */
bool monitor_has_lost(const struct monitor *monitor, auger_time now, const struct auger_addr *base);

bool monitor_is_gone(const struct monitor *monitor, const struct auger_addr *base);
/* With a base of TCP. */
void monitor_streams_gone(struct monitor *monitor, const struct auger_addr *base);
void monitor_break(struct monitor *monitor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct monitor_route *monitor_find_route(struct monitor *monitor, const struct auger_path *path,
                                         size_t generation);
/* In the generation in which it succeeded last, of those in which it is not over. */
struct monitor_route *monitor_find_live_route(struct monitor *monitor,
                                              const struct auger_path *path);
/* A socket of prediction. */
bool monitor_is_helper(const struct monitor *monitor, const struct auger_addr *base);
/* Whether the peer has told a candidate with that address. */
bool monitor_is_told(const struct monitor *monitor, const struct auger_addr *addr);

#endif /* SIM_MONITOR_STATE_H */
