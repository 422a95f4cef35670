/* tools/load_run.h - one load from beginning to end: allocate, send, wait for what is still on its
 * way, give back, tell.  load_churn.c has the other kind, that only allocates and gives back. */
#ifndef AUGER_TOOLS_LOAD_RUN_H
#define AUGER_TOOLS_LOAD_RUN_H

#include "tools/load_figures.h"
#include "tools/load_pace.h"
#include "tools/load_swarm.h"

struct load_run {
    const struct load_plan *plan;
    struct load_wire *wire;
    struct load_swarm swarm;
    int epoll_fd, interrupt_fd, peer_fd;
    int status;           /* of a signal that came; 0: none */
    const char *ended_by; /* why it goes on no longer; NULL: it does */
    auger_time began_at, told_at, ticked_at;
    struct load_way to_peer, from_peer;
    struct load_pace pace_to_peer, pace_from_peer, pace_allocating;
    size_t next_to_peer, next_from_peer; /* whose turn it is */
    uint64_t told_sent, told_arrived;
    size_t memory_from; /* allocations that there were when the server's memory was noted */
    struct load_figures figures;
};

/* The exit status.  What went wrong was said. */
int load_run(const struct load_plan *plan, int interrupt_fd);

/* --- what both kinds have in common ------------------------------------------------------------
 */

auger_time load_now(void);
/* Waits until something comes, at most until `until`, and takes it. */
void load_run_take(struct load_run *run, auger_time until);
/* Tells progress once a second. */
void load_run_tell(struct load_run *run, const char *what, size_t wanted);
void load_run_begin_stretch(const struct load_run *run, struct load_stretch *stretch);
void load_run_end_stretch(const struct load_run *run, struct load_stretch *stretch);
/* Notes that nobody has answered for too long. */
void load_run_watch_answers(struct load_run *run);

/* load_churn.c: for as long as the plan says. */
void load_churn(struct load_run *run);

#endif /* AUGER_TOOLS_LOAD_RUN_H */
