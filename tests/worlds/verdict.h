/* tests/worlds/verdict.h - what a world is found to be, and what is done to one on purpose so
 * that it is found wanting. */
#ifndef WORLDS_VERDICT_H
#define WORLDS_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

struct verdict {
    bool is_bad;
    char why[400];
    uint64_t digest;
};

/* To show that the judges see. */
enum sabotage {
    NO_SABOTAGE,
    CUT_FROM_THE_START, /* agents cannot hear each other, and no plan says so */
    CUT_IN_BETWEEN,
    CUT_JUST_BEFORE_THE_END,
    SILENT_FROM_THE_START,     /* bob, in signalling: servers answer him, and nobody hears of it */
    CUT_BESIDE_FROM_THE_START, /* the same of those on shared sockets who are not the first */
    CUT_BESIDE_IN_BETWEEN,
    BY_A_RELAY_FOR_GOOD, /* of its own, which is nominated though another path works, and nothing
                            comes later */
    BY_A_RELAY_BESIDE_AN_UNTOLD_ONE, /* the same, where the other has one that is never told */
    ONE_WORD_MORE,                   /* is said only where the attacker is */
    A_GHOST_ANSWERS,                 /* who has left goes on */
    BOTH_IN_ONE_ROLE,                /* so it says in the trace */
    ANOTHER_ROUTE,                   /* both seem to speak along another path than they hear on */
    A_SHORTCUT,                      /* brute force seems to find a path without a NAT */
    A_WAY_THROUGH,                   /* the same, one through NATs */
    NO_ANSWER_TO_RESTART,            /* one restarts, and nobody hears of it */
    EARLY_IS_DUE,                    /* an agent whose timer rings early does what is due then */
    TURNED_AWAY_ELSEWHERE, /* twice by UDP and once on each of two streams, and they cannot hear */
    TURNED_AWAY_AT_FIRST,  /* twice on one stream, and they are cut in between */
};

#endif /* WORLDS_VERDICT_H */
