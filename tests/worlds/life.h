/* tests/worlds/life.h - one world while it is lived and judged: what run.c, faults.c,
 * judge.c and count.c share. */
#ifndef WORLDS_LIFE_H
#define WORLDS_LIFE_H

#include "tests/worlds/build.h"
#include "tests/worlds/tally.h"
#include "tests/worlds/verdict.h"

/* Of a world that does not last longer; in one that does losses go on for so much longer, and
 * nothing else. */
#define FAULTS_END (75 * AUGER_SEC)
#define WORLD_ENDS (120 * AUGER_SEC)

/* Two that were introduced to each other. */
struct couple {
    struct sim_peer *const *peers; /* NULL, both: there are none */
    const char *names[2];
    unsigned connected_at_fault; /* faults that came when both were */
};

struct life {
    const struct plan *plan;
    struct built built;
    struct witness witness[2];
    struct verdict *verdict;
    enum sabotage sabotage;
    struct sim_reach reach;
    bool has_reach, was_in_flight, vpn_was_in_use;
    unsigned hours, hours_restarted; /* that something befell; and that a restart was for */
    struct couple first, beside;     /* the latter on the sockets of one of the former */
    unsigned failed_apart;           /* how often the former have, before either was connected */
    struct {
        unsigned count;
        bool by_both, again, in_mid_check, of_failed;
    } restarts; /* that came about */
};

/* The first word counts. */
void life_condemn(struct life *life, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct sim_peer_story *life_story(const struct life *life, int side);
/* Both are; there must be two. */
bool life_is_connected(const struct life *life);
bool couple_is_connected(const struct couple *couple);

/* faults.c */
void life_arrange_faults(struct life *life);
unsigned plan_count_faults(const struct plan *plan);

/* hours.c */
void life_arrange_hours(struct life *life);
void life_judge_hours(struct life *life, struct tally *tally);

/* detour.c */
bool life_has_named_early(const struct life *life);
void life_judge_detour(struct life *life, struct tally *tally);

/* judge.c */
void life_judge(struct life *life, struct tally *tally);
/* 16; the last thing that is asked. */
void life_judge_farewell(struct life *life, struct tally *tally);

/* count.c */
void life_count(struct life *life, struct tally *tally);

#endif /* WORLDS_LIFE_H */
