/* io/turn_guests.h - clients whose datagrams come to one service of a team and are for another.
 * Where they come to they are away, and are sent after; where they belong they are guests. */
#ifndef AUGER_IO_TURN_GUESTS_H
#define AUGER_IO_TURN_GUESTS_H

#include "io/turn_state.h"

#include "io/turn_team.h"

/* Guests of one service, and as many as are on their way to it when it has them.  So each of N
 * services is sent after for N - 1 times as many at most. */
#define AUGER_TURN_GUESTS_MAX 16384

/* Room for those of `service`, which is of a team.  AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
int auger_turn_guests_init(struct auger_turn_service *service,
                           const struct auger_env *env) AUGER_CHECK_RESULT;
void auger_turn_guests_fini(struct auger_turn_service *service);

/* Whether what comes by that path is another's: whose. */
bool auger_turn_guests_is_away(const struct auger_turn_service *service,
                               const struct auger_path *path, uint16_t *whose);
/* From now on it is. */
void auger_turn_guests_send_after(struct auger_turn_service *service, const struct auger_path *path,
                                  uint16_t whose);
/* What another service has to say of one of its guests. */
void auger_turn_guests_take_mail(struct auger_turn_service *service, uint16_t from,
                                 const struct auger_turn_mail *mail);

/* A client whose datagrams come to `via` is ours, which is told before anything leaves. */
void auger_turn_guests_add(struct auger_turn_service *service, auger_time now,
                           const struct auger_path *path, uint16_t via);
/* Lets go of those that have nothing here any more. */
void auger_turn_guests_handle_timeout(struct auger_turn_service *service, auger_time now);
auger_time auger_turn_guests_next_timeout(const struct auger_turn_service *service);

#endif /* AUGER_IO_TURN_GUESTS_H */
