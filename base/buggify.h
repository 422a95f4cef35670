/* base/buggify.h - named places in our code where the simulator may force a rare outcome: a
 * table that is full, a datagram that is lost, random bytes that are not there.  In every
 * build but the one of tests/worlds the question is the constant false. */
#ifndef AUGER_BASE_BUGGIFY_H
#define AUGER_BASE_BUGGIFY_H

#include <stdbool.h>

enum auger_buggify_place {
    AUGER_BUGGIFY_INFLIGHT_FULL,  /* the oldest cancelled check is forgotten */
    AUGER_BUGGIFY_CHECKLIST_FULL, /* a failed pair goes */
    AUGER_BUGGIFY_ANSWERS_FULL,   /* a check gets no answer */
    AUGER_BUGGIFY_PRFLX_FULL,     /* a peer-reflexive candidate is not kept */
    /* a retransmission does not leave, unless it nominates: a nomination in vain ends a path
     * that has consent, and the monitor counts on the wire what was in vain */
    AUGER_BUGGIFY_AGAIN_LOST,
    AUGER_BUGGIFY_NO_ENTROPY,         /* a transaction does not begin */
    AUGER_BUGGIFY_CONSENT_NO_ENTROPY, /* a consent check leaves later */
    AUGER_BUGGIFY_NONCE_STALE,        /* a nonce of a TURN server's is too old: 8489, 9.2.4 */
    AUGER_BUGGIFY_CHANNELS_FULL,      /* a TURN server binds no channel any more: 8656, 12.2 */
    AUGER_BUGGIFY_MULTICAST_LOST, /* a question, a name or an answer does not leave: 6762, 5.2 */
    AUGER_BUGGIFY_PLACES
};

#ifdef AUGER_BUGGIFIED
/* Whether it is to happen here and now. */
bool auger_buggify(enum auger_buggify_place place);
#define AUGER_BUGGIFY(place) auger_buggify(AUGER_BUGGIFY_##place)
#else
#define AUGER_BUGGIFY(place) false
#endif

#endif /* AUGER_BASE_BUGGIFY_H */
