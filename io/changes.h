/* io/changes.h - addresses of this machine that come and go while peers live, told by
 * rtnetlink(7).  Which there are at one moment is machine.h's. */
#ifndef AUGER_IO_CHANGES_H
#define AUGER_IO_CHANGES_H

#include "io/loop_state.h"

/* Watches from now on, once for all peers.  AUGER_ERR_SYSTEM. */
int auger_changes_watch(struct auger_loop *loop) AUGER_CHECK_RESULT;
/* The kernel has told of something: peers follow when it has been quiet for a moment. */
void auger_changes_receive(struct auger_loop *loop, auger_time now);
/* Peers get sockets on the addresses of `machine` that are new, and lose those whose address is
 * gone; the names that hide them come and go with them. */
void auger_changes_follow(struct auger_loop *loop, struct auger_machine *machine, auger_time now);
void auger_changes_handle_timeout(struct auger_loop *loop, auger_time now);

#endif /* AUGER_IO_CHANGES_H */
