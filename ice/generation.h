/* ice/generation.h - one generation: all that a restart makes anew, so that it
 * begins like a new session beside the old one (RFC 8445 section 9).  The word is
 * RFC 8838's.  What outlives a restart is in state.h. */
#ifndef AUGER_ICE_GENERATION_H
#define AUGER_ICE_GENERATION_H

#include "ice/checklist.h"
#include "ice/credentials.h"

/* Nomination: RFC 8445 section 8.1.1. */
struct auger_nomination {
    struct auger_pair *pair; /* being nominated by us; NULL: none */
    auger_time ask_at;       /* when its check is to leave; AUGER_NEVER: it has */
    auger_time valid_at;     /* of the first valid pair; AUGER_NEVER: none yet */
    auger_time selected_at;  /* of the latest choice; AUGER_NEVER: none yet */
    bool is_early;           /* ours left before the peer's first check, and none came since */
    bool restart_asked;      /* for the sake of another pair: standby.c */
    bool is_gone;            /* the one that was selected is, with its address */
    struct auger_pair *selected;
    struct auger_pair *former; /* selected before that; NULL: none, or gone */
    struct auger_pair *best;   /* valid, when it was last considered; NULL: none */
    /* renominate.h; 0: none. */
    uint32_t said;              /* the latest value of ours */
    struct auger_pair *said_of; /* the pair that it named; NULL: none, or not valid any more */
    uint32_t followed;          /* the highest of the peer's that made a pair the selected one */
};

/* More than a peer needs that changes its role as often as it may. */
#define AUGER_TIE_BREAKERS_MAX 8

/* Of the peer, a ring: the latest. */
struct auger_tie_breakers {
    uint64_t items[AUGER_TIE_BREAKERS_MAX];
    uint8_t len, next;
    uint8_t in_force;      /* AUGER_TIE_BREAKERS_MAX: none of these */
    enum auger_role role;  /* in which that one was heard */
    uint8_t role_switches; /* of ours before it was heard */
};

/* It stays where it is: its pairs point to it. */
struct auger_generation {
    enum auger_role role;
    uint64_t tie_breaker;
    bool role_is_settled; /* a check was sent or received */
    uint8_t role_switches;
    struct auger_tie_breakers heard; /* in authenticated checks */
    /* The first and the latest check of the peer's; AUGER_NEVER: none. */
    auger_time asked_first_at, asked_last_at;

    struct auger_credentials local, remote;
    struct auger_cands remotes;
    auger_time prflx_at; /* when the latest peer-reflexive one was learned */
    bool remote_ended;   /* the peer says that no more candidates will come */
    bool has_moved;      /* and yet more came, of either side: docs/decisions/070 */
    bool patience_ended; /* the PAC timer has run out (8863) */
    auger_time pac_at;   /* when it does; AUGER_NEVER: not started */
    /* The first failed check since the latest nomination that the session outlived (docs/decisions/
     * 230); AUGER_NEVER: none. */
    auger_time outlived_at;
    uint32_t unanswered; /* requests on pairs that had never been answered */
    struct auger_checklist checklist;
    struct auger_nomination nomination;
    const char *end_reason; /* why it has no path and will find none; NULL: it may */
};

/* With fresh credentials of ours, and none of the peer's. */
int auger_generation_new(struct auger_generation **out, const struct auger_env *env,
                         const struct auger_ice_config *config) AUGER_CHECK_RESULT;
void auger_generation_free(struct auger_generation *generation, const struct auger_env *env);

/* An authenticated check of the peer's came. */
void auger_generation_asked(struct auger_generation *generation, auger_time now);
/* The peer's credentials have come: candidates that were told with another ufrag go. */
void auger_generation_drop_strangers(struct auger_generation *generation);
/* No pair is being nominated by us. */
void auger_generation_forget_nomination(struct auger_generation *generation);
/* The pairs that can be made now.  None before the peer's credentials are known:
 * then all candidates told until then are paired at once. */
void auger_generation_form_pairs(struct auger_generation *generation, auger_time now,
                                 const struct auger_cands *locals);
/* Those of a candidate that has come, ours or the peer's.  Pairs of others that had failed and
 * made room (8838 section 10) are not made again. */
void auger_generation_form_pairs_of(struct auger_generation *generation, auger_time now,
                                    const struct auger_cands *locals,
                                    const struct auger_ice_cand *cand);

#endif /* AUGER_ICE_GENERATION_H */
