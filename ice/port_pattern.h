/* ice/port_pattern.h - which port a NAT gives next, from ports that it has given: arithmetic alone
 * (RFC 4787 section 4.2 is about how NATs choose them).  Who asks and who is told is predict.h. */
#ifndef AUGER_ICE_PORT_PATTERN_H
#define AUGER_ICE_PORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many ports are a guess; beyond that it is none. */
#define AUGER_PORT_GUESSES_MAX 16
#define AUGER_PORT_RUN_MAX 24
/* Ports ahead in a window; in it with those that are missing. */
#define AUGER_PORT_AHEAD 16
#define AUGER_PORT_WINDOW_MAX 28

/* In the order in which the mappings were made, by fresh sockets: two that a server saw, then
 * those that are to be known, then two that it saw.  Others may have had some between any two. */
struct auger_port_bracket {
    uint16_t before[2], after[2];
    uint16_t between; /* mappings that are to be known; 1 to AUGER_PORT_GUESSES_MAX */
};

enum auger_port_verdict {
    AUGER_PORTS_EXACT,   /* in their order, one for each mapping */
    AUGER_PORTS_SOME,    /* the mappings have ports among these */
    AUGER_PORTS_UNCLEAR, /* ports follow each other, and yet they cannot be told */
    AUGER_PORTS_RANDOM,  /* they do not follow each other */
};
const char *auger_port_verdict_name(enum auger_port_verdict verdict);

struct auger_port_guess {
    enum auger_port_verdict verdict;
    int32_t step; /* 0: not known */
    size_t len;
    uint16_t ports[AUGER_PORT_GUESSES_MAX];
};
void auger_port_bracket_solve(const struct auger_port_bracket *bracket,
                              struct auger_port_guess *guess);

/* Ports that fresh sockets were given one after another; what comes then is guessed. */
void auger_port_next_solve(const uint16_t *seen, size_t len, struct auger_port_guess *guess);

/* Ports of one host that servers saw, in about the order in which they were given. */
struct auger_port_run {
    int32_t step;     /* the true one may be a part of it, where something else came between all */
    uint16_t ends[2]; /* after which it goes on: two where the range may have wrapped, */
    size_t ends_len;
    bool may_fall; /* or where few were told downwards: from the second on it does, if so */
    uint16_t seen[AUGER_PORT_RUN_MAX]; /* rising */
    size_t seen_len;
};
/* False: fewer than two are there, or they do not follow each other. */
bool auger_port_run_read(const uint16_t *ports, size_t len, struct auger_port_run *run);
/* Half of the step or a third of it, if it can be divided, else the step. */
int32_t auger_port_run_least_step(const struct auger_port_run *run);
/* So many steps of that size from the end on; 0: it is beyond the ports that there are. */
uint16_t auger_port_run_next(const struct auger_port_run *run, int32_t step, uint32_t steps);
/* Where else its host may be seen, in steps of the least size: the window `number` 0 is the next
 * ones, the holes that it has and what is just before them; the windows behind are what comes then.
 * How many ports there are. */
size_t auger_port_run_window(const struct auger_port_run *run, unsigned number,
                             uint16_t ports[AUGER_PORT_WINDOW_MAX]);
/* A mapping made later is seen elsewhere, at `later`; before it came the one that is sought, which
 * no server sees.  The latest first; how many there are, at most `max`. */
size_t auger_port_run_behind(const struct auger_port_run *run, uint16_t later, size_t max,
                             uint16_t *ports);

#endif /* AUGER_ICE_PORT_PATTERN_H */
