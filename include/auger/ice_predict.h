/*
 * auger/ice_predict.h - the port that a NAT will give next (docs/prediction.md): what an agent
 * with `prediction` wants of its caller.
 *
 * A NAT that maps by destination shows each destination another port, which no server sees.  The
 * agent opens some mappings more and looks what ports they get.  For these it needs fresh sockets:
 *
 *     case AUGER_ICE_EVENT_HELPERS_WANTED:
 *         open sockets; auger_ice_add_helper_addrs(ice, now, addrs, len);
 *     case AUGER_ICE_EVENT_HELPERS_DONE:
 *         close those for which !auger_ice_helper_is_wanted(ice, &addr);
 *
 * What arrives at one and is to leave from one is as of any base; nothing of it is told to the
 * peer but the ports.  One of them may come to be the path.  What leaves from them at once, a
 * burst, is not paced by Ta (docs/decisions/210): poll_transmit writes all of it in its order, and
 * whoever sends keeps that.  The agent's bounds in one session: three bursts of four requests and
 * up to 16 checks each, that of a window among them, 32 checks ahead, and `predict_sockets`.
 *
 * A caller that does nothing of it loses what needs helpers, and no more.
 */
#ifndef AUGER_ICE_PREDICT_H
#define AUGER_ICE_PREDICT_H

#include <auger/ice.h>

#ifdef __cplusplus
extern "C" {
#endif

/* So many candidates more there may be with `predict_window`. */
#define AUGER_ICE_WINDOW_MAX 16

/* The addresses of sockets that AUGER_ICE_EVENT_HELPERS_WANTED asked for.  With fewer than it
 * asked for, or none, the agent does without.  AUGER_ERR_STATE: it waits for none (any more);
 * AUGER_ERR_INVALID: another IP address than that of the base, or no port, or one that is known.
 * After an error they may be closed. */
AUGER_API int auger_ice_add_helper_addrs(struct auger_ice *ice, auger_time now,
                                         const struct auger_addr *addrs,
                                         size_t len) AUGER_CHECK_RESULT;
/* Whether that helper's socket is still to be open.  Once false it stays so. */
AUGER_API bool auger_ice_helper_is_wanted(const struct auger_ice *ice,
                                          const struct auger_addr *addr);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_ICE_PREDICT_H */
