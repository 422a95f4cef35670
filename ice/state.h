/* ice/state.h - what an agent knows: plain data beneath the procedures that act
 * on it, which lie in the files above. */
#ifndef AUGER_ICE_STATE_H
#define AUGER_ICE_STATE_H

#include "ice/generation.h"
#include "stun/question.h"

/* Responses that wait to be fetched; the peer asks again for one too many. */
#define AUGER_RESPONSES_MAX 8
#define AUGER_UNKNOWN_LISTED_MAX 8
/* Consent checks without an answer that may still get one: 30 s of them. */
#define AUGER_CONSENT_CHECKS_MAX 8
/* Random bytes that are drawn at once for consent checks: of eight. */
#define AUGER_CONSENT_AHEAD 128
/* State changes that wait to be fetched; beyond that the last one counts. */
#define AUGER_STATES_MAX 8

/* What is to be answered to a check: written when it is asked for. */
struct auger_response {
    const struct auger_generation *generation; /* that was asked; NULL: it is gone */
    struct auger_path path;
    struct auger_stun_tid tid;
    uint16_t error_code; /* 0: success */
    bool sha256;         /* the request was protected by it */
    uint8_t unknown_len;
    uint16_t unknown[AUGER_UNKNOWN_LISTED_MAX]; /* with 420 */
};

struct auger_responses {
    struct auger_response items[AUGER_RESPONSES_MAX];
    uint8_t first, len;
};

/* A pair that consent was asked on; it may be gone since. */
struct auger_consent_asked {
    const struct auger_generation *generation; /* NULL: it is gone, or there was none */
    struct auger_path path;
};

struct auger_consent_check {
    struct auger_stun_tid tid;
    auger_time sent_at;    /* AUGER_NEVER: the slot is free */
    auger_time silence;    /* of ours before it */
    uint8_t role_switches; /* of ours before it was asked */
    uint8_t on;            /* which of the two that were asked */
};

/* Keepalives on that pair: keepalive.h. */
struct auger_keepalive {
    auger_time tr;          /* AUGER_NEVER: consent does it */
    auger_time sent_at;     /* whatever left last along it */
    struct auger_addr seen; /* as what the peer sees us; no family: not known */
};

/* Consent on the pair that data uses: RFC 7675. */
struct auger_consent {
    struct auger_pair *pair; /* NULL: none */
    auger_time next_at;      /* of the next check */
    auger_time asked_at;     /* of the first check since the peer was heard; AUGER_NEVER: none */
    auger_time watched_at;   /* when that pair began to be the one */
    struct auger_consent_asked asked[2]; /* it, and the one before it: docs/decisions/290 */
    struct auger_consent_check checks[AUGER_CONSENT_CHECKS_MAX];
    uint8_t checks_next; /* a ring: the oldest is written over */
    uint8_t on;          /* which of those that were asked it is */
    uint8_t ahead_len;
    uint8_t ahead[AUGER_CONSENT_AHEAD]; /* random bytes that nobody has seen; zero behind them */
};

/* A pair that is kept, or the one in use among them: standby.h. */
#define AUGER_STANDBY_RTTS 3
struct auger_standby_slot {
    struct auger_stun_tid tid; /* of its latest check */
    auger_time sent_at;        /* AUGER_NEVER: answered, or none sent */
    auger_time next_at;
    auger_time measured_at;              /* the answer that was measured last */
    auger_time rtts[AUGER_STANDBY_RTTS]; /* a ring */
    uint8_t rtts_len, rtts_next;
    bool missed;           /* the check before the latest had no answer */
    uint8_t role_switches; /* of ours before the latest was asked */
};
struct auger_standby {
    struct auger_path wanted; /* by a restart, since it is better; or none */
    struct auger_standby_slot slots[];
};

/* One STUN server asked from one base: RFC 8445 section 5.1.1.2. */
enum auger_query_state {
    AUGER_QUERY_WAITING, /* for its turn at Ta */
    AUGER_QUERY_ASKING,
    AUGER_QUERY_ANSWERED, /* asked again to keep the mapping (5.1.1.4) */
};

struct auger_query {
    struct auger_query *next;
    const struct auger_ice_cand *host;
    const struct auger_addr *server;     /* one of the table's */
    struct auger_stun_question question; /* when it has been asked */
    auger_time refresh_at;               /* when answered */
    uint8_t state;                       /* enum auger_query_state */
    bool is_refresh;                     /* its answer is old news */
};

enum auger_gather_state {
    AUGER_GATHER_OPEN,   /* more bases and servers may come */
    AUGER_GATHER_ENDING, /* waiting for servers */
    AUGER_GATHER_DONE,
};

struct auger_gather {
    enum auger_gather_state state;
    struct auger_addr *servers;
    uint16_t servers_len;
    struct auger_query *queries;
    auger_time deadline; /* while ending */
};

/* The pair in use went with its address or its stream, or a check on it failed, and no other has
 * taken its place:
 * locals.h. */
struct auger_drift {
    bool goes_on, has_asked; /* for a restart */
    bool by_check;           /* nothing is gone: if it goes on it is not called a beginning */
    struct auger_path path;  /* that of the check */
    auger_time awaits_until; /* a stream of the peer's; 0: none */
};

/* Where a server sees a base: sighting.h. */
#define AUGER_SIGHTINGS_MAX 8
struct auger_sighting {
    struct auger_addr base, server, seen_at;
};

/* What prediction is about: predict.h. */
enum auger_predict_plan {
    AUGER_PREDICT_NOTHING,
    AUGER_PREDICT_BRACKET,  /* ours maps by destination: the port of a check between others */
    AUGER_PREDICT_ALIGNED,  /* both do: such checks to where the peer's will come from */
    AUGER_PREDICT_AHEAD,    /* the peer's does: checks to where its own will come from */
    AUGER_PREDICT_BIRTHDAY, /* ours draws its ports */
    AUGER_PREDICT_WINDOW,   /* ours maps by destination, and the peer is not known yet */
};

/* The next ports of our NAT, told with the last candidates: window.h. */
enum auger_window_state {
    AUGER_WINDOW_OFF,    /* candidates may be told later; or nothing came of it */
    AUGER_WINDOW_WANTED, /* once servers have answered */
    AUGER_WINDOW_ASKING,
    AUGER_WINDOW_TOLD, /* the peer is to be opened to from `windower` */
};

enum auger_predict_phase {
    AUGER_PREDICT_IDLE,
    AUGER_PREDICT_OPENING, /* waits for helper sockets */
    AUGER_PREDICT_BURST,   /* leaves */
    AUGER_PREDICT_ASKED,   /* waits for what the server sees */
};

/* A helper socket from which a server is asked once. */
#define AUGER_SAMPLERS 4
struct auger_sampler {
    struct auger_addr addr, seen_at; /* of no family: there is none, it has not been seen */
    struct auger_stun_question question;
};

#define AUGER_PREDICT_TARGETS_MAX 16
struct auger_prediction {
    uint32_t generation; /* that it is for, by its ufrag */
    uint8_t phase;       /* enum auger_predict_phase */
    uint8_t plan;        /* enum auger_predict_plan: of what is under way, or was last */
    uint8_t bursts, randoms, windows;
    bool has_tried_birthday, has_looked_behind;
    bool wants_helpers, has_done; /* to be told */
    auger_time known_at;          /* since when there is something to predict; AUGER_NEVER: not */
    auger_time due_at;            /* no attempt before that, */
    auger_time wake_at;           /* and when there is one, or a phase ends; AUGER_NEVER: neither */
    uint16_t told, ahead;         /* candidates; checks to where the peer's may come from */

    struct auger_sighting sightings[AUGER_SIGHTINGS_MAX];
    uint8_t sightings_len;

    struct auger_addr base, server; /* of the attempt */
    struct auger_sampler samplers[AUGER_SAMPLERS];
    struct auger_addr prober;   /* the helper between them, that checks */
    struct auger_addr windower; /* that which has sent nothing yet, of a window */
    uint8_t window;             /* enum auger_window_state */
    struct auger_addr targets[AUGER_PREDICT_TARGETS_MAX];
    uint8_t targets_len, written; /* of the burst, so far */
};

/* What the application has not fetched yet. */
struct auger_ice_news {
    bool gathered, path, restart_failed, restart_wanted;
    enum auger_ice_state states[AUGER_STATES_MAX];
    uint8_t states_len;
};

struct auger_ice {
    const struct auger_env *env;
    struct auger_ice_config config;
    struct auger_cand_policy policy;
    struct auger_nat64 nat64;           /* without a prefix: none */
    struct auger_ice_mapping *mappings; /* what config.mappings points to */

    enum auger_ice_state state;
    bool peer_is_lite;
    bool peer_renominates; /* its description says so */
    bool is_closed;        /* by the application, for good */

    /* restart.h; `next` and `previous` are NULL most of the time. */
    struct auger_generation *next, *current, *previous;
    auger_time left_at; /* when data left the previous one; AUGER_NEVER: it has not */
    struct auger_cands locals;

    struct auger_gather gather;
    struct auger_prediction *prediction; /* NULL: it is not asked for */
    struct auger_relays *relays;         /* relay.h; NULL: no TURN server */
    struct auger_responses responses;
    struct auger_consent consent;
    struct auger_keepalive keepalive;
    struct auger_standby *standby; /* NULL: nothing has been kept yet */
    struct auger_pair *route;      /* the valid pair that data uses; NULL: none */
    struct auger_drift drift;

    auger_time pacing;   /* Ta: ours or the peer's, whichever is larger */
    auger_time pace_at;  /* when it allows the next new transaction */
    bool has_turn;       /* at the shared pacer: `pace_at` is it */
    bool has_checked;    /* the latest one was a check: servers are asked next */
    auger_time heard_at; /* the last authenticated message of the peer */
    struct auger_path heard_on;

    /* share.h */
    bool shares_sockets;
    uint8_t tag[4];       /* with which its transaction ids begin then */
    auger_time bar_until; /* when the first refused path may be wanted again; AUGER_NEVER */

    bool has_given_up; /* pairs, while it wrote, or hope in one: what follows is not drawn yet */
    struct auger_ice_news news;
    struct auger_ice_counters counters;
    struct auger_ice_tally tally;
};

void auger_ice_set_state(struct auger_ice *ice, auger_time now, enum auger_ice_state state,
                         const char *reason);
/* The generation that offers and answers speak of. */
static inline struct auger_generation *auger_ice_newest(const struct auger_ice *ice)
{
    return ice->next ? ice->next : ice->current;
}

/* The pair that carries data, when that is of the previous generation, and the
 * pairs of the current one, best first; NULL behind the last. */
const struct auger_pair *auger_ice_pair_at(const struct auger_ice *ice, size_t index);
/* The pair along `path`, the one that data uses before any other. */
struct auger_pair *auger_ice_find_pair(const struct auger_ice *ice, const struct auger_path *path);

/* That generation has no path and will find none; without any other hope that is
 * the end of the session. */
void auger_ice_give_up(struct auger_ice *ice, auger_time now, struct auger_generation *generation,
                       const char *reason);
/* Nothing is sent and nothing accepted any more, until a restart. */
void auger_ice_fail(struct auger_ice *ice, auger_time now, const char *reason);
/* An authenticated message of the peer arrived along `path`. */
void auger_ice_heard(struct auger_ice *ice, auger_time now, const struct auger_path *path);
/* Nor any since it was asked for, on this path or on another that has not ended. */
bool auger_ice_is_silent(const struct auger_ice *ice);
/* The id of a transaction that begins is marked, if the agent shares its sockets. */
void auger_ice_mark(const struct auger_ice *ice, struct auger_stun_tid *id);

#endif /* AUGER_ICE_STATE_H */
