/* mux/unknown.h - checks of names that no session has, until the application hears of
 * them: as many as there is room for, and as often as it wants to. */
#ifndef AUGER_MUX_UNKNOWN_H
#define AUGER_MUX_UNKNOWN_H

#include "mux/state.h"

/* `username` is of a well-formed check. */
void auger_mux_note_unknown(struct auger_mux *mux, auger_time now, const struct auger_path *path,
                            const struct auger_bytes *username);

#endif /* AUGER_MUX_UNKNOWN_H */
