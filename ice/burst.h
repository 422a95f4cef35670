/* ice/burst.h - one burst: two requests from fresh sockets to a server, checks from another one,
 * and two requests more, with nothing between them (docs/decisions/210).  Its checks have ports
 * between those that the server sees.  When and why is predict.h. */
#ifndef AUGER_ICE_BURST_H
#define AUGER_ICE_BURST_H

#include "ice/port_pattern.h"
#include "ice/state.h"

#define AUGER_BURST_HELPERS (AUGER_SAMPLERS + 1)

/* With these helpers, AUGER_BURST_HELPERS of them, and the checks of `targets`, for which there are
 * pairs then; or without any check.  false: there is no room or memory for one of them, or no
 * random bytes. */
bool auger_burst_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers);
/* The next of its datagrams, or a request that is sent again. */
size_t auger_burst_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                         uint8_t *buf, size_t cap);
bool auger_burst_handle_response(struct auger_ice *ice, const struct auger_path *path,
                                 const struct auger_stun_msg *msg);
auger_time auger_burst_next_timeout(const struct auger_prediction *prediction);
/* All that was asked is known. */
bool auger_burst_is_answered(const struct auger_prediction *prediction);
/* What it comes to: the ports of its checks; without any the next that there will be. */
void auger_burst_solve(const struct auger_prediction *prediction, struct auger_port_guess *guess);
/* Its requests are forgotten, and their sockets wanted no more. */
void auger_burst_end(struct auger_prediction *prediction);

#endif /* AUGER_ICE_BURST_H */
