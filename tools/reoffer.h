/* tools/reoffer.h - offers within a session that stands: an ICE restart, by either side
 * (docs/signalling.md).  Texts alone; who carries them is the caller's. */
#ifndef AUGER_TOOLS_REOFFER_H
#define AUGER_TOOLS_REOFFER_H

#include <auger/io.h>

/* An offer that restarts ICE: its length, or an error where none can be made now. */
int reoffer_make(struct auger_peer *peer, auger_time now, char *buf, size_t cap);

/* The other side's offer, and our answer: its length, or an error.  0: it crossed one of ours that
 * goes first, since we have `offered_first` of all in this session; theirs is left alone. */
int reoffer_take(struct auger_peer *peer, auger_time now, bool offered_first, const char *offer,
                 char *buf, size_t cap);

#endif /* AUGER_TOOLS_REOFFER_H */
