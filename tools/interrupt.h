/* tools/interrupt.h - Ctrl-C and its kin, as something that a loop can watch. */
#ifndef AUGER_TOOLS_INTERRUPT_H
#define AUGER_TOOLS_INTERRUPT_H

#include <stdbool.h>

/* Holds back SIGINT and SIGTERM, here and in every thread started later, and ignores SIGPIPE.
 * Returns a descriptor that is readable once one came; -1 when there is none to be had. */
int interrupt_open(void);
/* While a call blocks that nothing ends: a signal ends the process at once, with the status that
 * interrupt_take() would tell. */
void interrupt_exits(bool exits);
/* Waits until `fd` takes PIPE_BUF bytes without blocking.  false: a signal came first; it is still
 * to be taken. */
bool interrupt_wait_writable(int interrupt_fd, int fd);
/* The same for SIGHUP alone, which asks for configuration to be read again. */
int interrupt_open_hangup(void);
/* What a shell expects as exit status after the signal: 130 for Ctrl-C.  0: none came. */
int interrupt_take(int fd);

#endif /* AUGER_TOOLS_INTERRUPT_H */
