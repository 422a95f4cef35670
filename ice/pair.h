/* ice/pair.h - one candidate pair and its states: RFC 8445 section 6.1.2.  The
 * table of pairs and their order is checklist.c. */
#ifndef AUGER_ICE_PAIR_H
#define AUGER_ICE_PAIR_H

#include "ice/candidate.h"
#include "ice/tally.h"

/* Consent lasts this long after an answer (7675 section 5.1). */
#define AUGER_CONSENT_LIFETIME (30 * AUGER_SEC)

enum auger_role { AUGER_CONTROLLED, AUGER_CONTROLLING };

/* A pair that has lost its stream so often is over (stream.h). */
#define AUGER_STREAMS_LOST_MAX 2

/* Why a pair failed; for the trace and for what may follow. */
enum auger_pair_failure {
    AUGER_PAIR_NOT_FAILED,
    AUGER_PAIR_TIMEOUT,       /* 7.2.5.2.3 */
    AUGER_PAIR_ASYMMETRIC,    /* 7.2.5.2.1 */
    AUGER_PAIR_REFUSED,       /* 7.2.5.2.4 */
    AUGER_PAIR_MALFORMED,     /* an answer without what it must have */
    AUGER_PAIR_LIMIT,         /* no room for the candidate that it showed, or no request left */
    AUGER_PAIR_NOT_PERMITTED, /* our relay lets nothing through to that peer (permit.h) */
    AUGER_PAIR_NO_CONSENT,    /* expired or revoked: never again in this session (7675) */
    AUGER_PAIR_STREAM_LOST,   /* its connection could not be opened, or is closed (stream.h) */
};

struct auger_generation; /* above: generation.h */

/* What answers have proved of a pair, and that another agent has it; it stays when the pair is
 * valid no more. */
struct auger_pair_proof {
    /* The local candidate of the valid pair that a check on this one made
     * (7.2.5.3.2).  NULL: not valid. */
    struct auger_ice_cand *seen_as;
    auger_time valid_since;  /* if seen_as */
    auger_time answered_at;  /* the last valid answer, if seen_as */
    auger_time rtt;          /* 0: none yet */
    auger_time barred_until; /* another agent on our socket has its path; 0: none */
    uint32_t responses_received;
    uint8_t standby;               /* its slot, from 1 on; 0: none (standby.h) */
    bool channel_asked;            /* of its relay (permit.h) */
    bool was_selected;             /* when a check failed there (docs/decisions/280) */
    struct auger_pair_tally tally; /* for statistics alone */
};

/* A pair stays where it is.  Its local candidate is a host candidate or a relayed one: reflexive
 * ones are replaced by their base (6.1.2.4), and the candidate under which the
 * peer sees us stands beside it once it is known.  Most pairs come to nothing:
 * what only others need is not in here. */
struct auger_pair {
    struct auger_generation *generation;   /* that it belongs to */
    struct auger_ice_cand *local, *remote; /* NULL: the slot is free */
    struct auger_pair_proof *proof;        /* NULL: none yet */
    /* Place in the triggered-check queue; 0: not in it. */
    uint32_t ticket : 29;
    /* Since it last stood for a while. */
    uint32_t streams_lost : 2;
    /* Its relay has been asked for a permission: no check before that is there (permit.h). */
    uint32_t awaits_permission : 1;
    uint32_t requests_sent, retransmissions_sent; /* the latter among the former */
    uint32_t requests_received, responses_sent;
    uint32_t state : 3;   /* enum auger_ice_pair_state */
    uint32_t failure : 4; /* enum auger_pair_failure */
    /* USE-CANDIDATE or NOMINATION came before our check succeeded (7.3.1.5), and with it that
     * value; 0: none. */
    uint32_t use_when_valid : 1, nomination : 24;
};

/* Empties the slot. */
void auger_pair_fini(struct auger_pair *pair, const struct auger_env *env);
/* Room for what answers prove, which a valid pair needs; false: no memory. */
bool auger_pair_prove(struct auger_pair *pair, const struct auger_env *env) AUGER_CHECK_RESULT;
void auger_pair_set_state(struct auger_pair *pair, const struct auger_env *env, auger_time now,
                          enum auger_ice_pair_state state);
void auger_pair_fail(struct auger_pair *pair, const struct auger_env *env, auger_time now,
                     enum auger_pair_failure why);
/* An answer to a check on `pair`, which has room for it, made it a valid pair, seen as that
 * candidate. */
void auger_pair_validate(struct auger_pair *pair, const struct auger_env *env, auger_time now,
                         struct auger_ice_cand *seen_as);

/* 6.1.2.3, for two candidates of which the local one belongs to `role`. */
uint64_t auger_pair_priority_of(const struct auger_ice_cand *local,
                                const struct auger_ice_cand *remote, enum auger_role role);
/* That of the pair, and of the valid pair: by the candidate that the peer sees. */
uint64_t auger_pair_priority(const struct auger_pair *pair, enum auger_role role);
uint64_t auger_pair_valid_priority(const struct auger_pair *pair, enum auger_role role);

/* As what the peer sees us; NULL: the pair is not valid. */
static inline struct auger_ice_cand *auger_pair_seen_as(const struct auger_pair *pair)
{
    return pair->proof ? pair->proof->seen_as : NULL;
}
static inline bool auger_pair_is_valid(const struct auger_pair *pair)
{
    return auger_pair_seen_as(pair) != NULL;
}
/* The last one measured; 0: none. */
static inline auger_time auger_pair_rtt(const struct auger_pair *pair)
{
    return pair->proof ? pair->proof->rtt : 0;
}

/* The peer has answered there once, and may again. */
bool auger_pair_was_answered(const struct auger_pair *pair);
bool auger_pair_has_same_foundation(const struct auger_pair *a, const struct auger_pair *b);
/* Whether it is a valid pair that we may send data on at `now`. */
bool auger_pair_is_usable(const struct auger_pair *pair, auger_time now);
/* And its consent lasts until checks of consent have renewed it, even if one or two are lost: once
 * it has ended on the pair in use it is over for good (docs/decisions/188, 229). */
bool auger_pair_is_lasting(const struct auger_pair *pair, auger_time now);
bool auger_pair_is_barred(const struct auger_pair *pair, auger_time now);
bool auger_pair_is_relayed(const struct auger_pair *pair);
/* Whether it failed and no check of ours is to revive it: consent ended, or its stream was lost
 * and is for the peer to open, or was lost too often. */
bool auger_pair_is_over(const struct auger_pair *pair);
/* Whether a check on it may yet make it valid. */
bool auger_pair_is_open(const struct auger_pair *pair);
/* The 5-tuple: from the base of ours to the peer's candidate. */
struct auger_path auger_pair_path(const struct auger_pair *pair);

#endif /* AUGER_ICE_PAIR_H */
