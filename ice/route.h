/* ice/route.h - where application data goes: the selected pair, and until there
 * is one the best valid pair (RFC 8445 section 12.1). */
#ifndef AUGER_ICE_ROUTE_H
#define AUGER_ICE_ROUTE_H

#include "ice/state.h"

/* Chooses anew; the application is told of a change. */
void auger_route_update(struct auger_ice *ice, auger_time now);
/* The path in use, or what was until a check failed there and while no other has taken its place
 * (docs/decisions/231).  false: there is none. */
bool auger_route_in_use(const struct auger_ice *ice, struct auger_path *path);
/* That pair is gone or given up: neither nominated nor selected nor in use any more, told of or
 * not.  Another is chosen by the next update. */
void auger_route_forget_pair(struct auger_ice *ice, struct auger_pair *pair);

/* Where data goes now; false: nowhere. */
bool auger_route_find(const struct auger_ice *ice, auger_time now, struct auger_path *path);
/* So many bytes have gone there. */
void auger_route_count(struct auger_ice *ice, auger_time now, size_t len);

/* Whether the `len` bytes of data that came along `path` are to be handed out: from
 * a valid pair, or from where an authenticated check has come.  Then they count. */
bool auger_route_accepts(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                         size_t len);

#endif /* AUGER_ICE_ROUTE_H */
