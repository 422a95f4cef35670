/* mux/paths.h - which 5-tuple belongs to which session. */
#ifndef AUGER_MUX_PATHS_H
#define AUGER_MUX_PATHS_H

#include "mux/state.h"

/* Whom something that bears no name and came along `path` is for; NULL: nobody, and
 * that is counted. */
struct auger_mux_session *auger_mux_find_by_path(struct auger_mux *mux,
                                                 const struct auger_path *path);
/* Gives up all but those claims, `len` of them. */
void auger_mux_keep_claims(struct auger_mux *mux, struct auger_mux_session *session,
                           const struct auger_path *paths, size_t len);
/* The session ends. */
void auger_mux_forget_paths(struct auger_mux *mux, struct auger_mux_session *session);

#endif /* AUGER_MUX_PATHS_H */
