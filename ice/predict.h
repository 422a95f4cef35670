/* ice/predict.h - when a port is guessed, and which way (docs/prediction.md): bracket.h, ahead.h,
 * birthday.h.  The sockets are the caller's: <auger/ice_predict.h>. */
#ifndef AUGER_PREDICT_PROCEDURE_H
#define AUGER_PREDICT_PROCEDURE_H

#include "ice/state.h"

#include <auger/ice_predict.h>

#define AUGER_PREDICT_BURSTS_MAX 3

/* If it is asked for, and not of no use.  AUGER_ERR_NO_MEMORY. */
int auger_predict_init(struct auger_ice *ice) AUGER_CHECK_RESULT;
void auger_predict_fini(struct auger_ice *ice);

/* After whatever happened: begins, goes on, stands down. */
void auger_predict_consider(struct auger_ice *ice, auger_time now);
/* It is gone, and the helpers beside it are (locals.h). */
void auger_predict_forget_base(struct auger_ice *ice, const struct auger_addr *base);
/* What a burst is made of, whatever Ta says, and requests of it that are sent again. */
size_t auger_predict_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap);
/* Whether it answers what a helper asked a server. */
bool auger_predict_handle_response(struct auger_ice *ice, auger_time now,
                                   const struct auger_path *path, const struct auger_stun_msg *msg);
auger_time auger_predict_next_timeout(const struct auger_ice *ice);
bool auger_predict_poll_event(struct auger_ice *ice, struct auger_ice_event *event);

#endif /* AUGER_PREDICT_PROCEDURE_H */
