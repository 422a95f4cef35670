/* io/turn_sealed.h - clients of a TURN service that come by DTLS (RFC 7350): an association for
 * each 5-tuple, and none for who has not proved where it is.  Those by TLS are turn_streams.h; our
 * own side towards a server is sealed.h. */
#ifndef AUGER_IO_TURN_SEALED_H
#define AUGER_IO_TURN_SEALED_H

#include "io/turn_state.h"

struct auger_turn_association;

/* Room for the associations of `service`, which streams_max bounds.  AUGER_ERR_NO_MEMORY,
 * AUGER_ERR_ENTROPY. */
int auger_turn_sealed_init(struct auger_turn_service *service,
                           const struct auger_env *env) AUGER_CHECK_RESULT;
/* NULL in `service` is fine, here and below. */
void auger_turn_sealed_fini(struct auger_turn_service *service);
/* Who comes from now on meets that one, which is taken over. */
void auger_turn_sealed_set_context(struct auger_turn_service *service,
                                   struct auger_tls_context *context);

/* What came to a socket for DTLS.  Who sent it, if it may have brought data; else NULL.
 * `*began_anew`: the client has begun anew from the same address and port, so that what the former
 * one had there is over (RFC 6347 section 4.2.8). */
struct auger_turn_association *auger_turn_sealed_feed(struct auger_turn_service *service,
                                                      const struct auger_watch *by, auger_time now,
                                                      const struct auger_path *path,
                                                      const uint8_t *buf, size_t len,
                                                      bool *began_anew);
/* The next that it brought, in the clear; 0: nothing is left, and what was left is done with it. */
size_t auger_turn_sealed_read(struct auger_turn_service *service,
                              struct auger_turn_association *association, auger_time now,
                              uint8_t *buf, size_t cap);
/* A whole message came: `is_known` says whether the client has an allocation now. */
void auger_turn_sealed_heard(struct auger_turn_service *service,
                             struct auger_turn_association *association, auger_time now,
                             bool is_known);
/* The allocation of a client has ended. */
void auger_turn_sealed_forget(struct auger_turn_service *service, auger_time now,
                              const struct auger_path *path);

/* One leaves for another service; it is in none until it enters that. */
void auger_turn_sealed_leave(struct auger_turn_service *service,
                             struct auger_turn_association *association);
/* One that has left another comes here, to the socket of `by`, and is freed if there is no room for
 * it: false. */
bool auger_turn_sealed_enter(struct auger_turn_service *service, const struct auger_watch *by,
                             auger_time now,
                             struct auger_turn_association *association) AUGER_CHECK_RESULT;
/* One that is in no service. */
void auger_turn_association_free(struct auger_turn_association *association);
bool auger_turn_sealed_has(const struct auger_turn_service *service, const struct auger_path *path);

/* Seals one datagram and sends it; what there is no association for is dropped. */
void auger_turn_sealed_write(struct auger_turn_service *service, auger_time now,
                             const struct auger_path *path, const uint8_t *bytes, size_t len);

void auger_turn_sealed_handle_timeout(struct auger_turn_service *service, auger_time now);
auger_time auger_turn_sealed_next_timeout(const struct auger_turn_service *service);
/* Frees one that has ended, after its path was written to *path; false: none is left. */
bool auger_turn_sealed_bury(struct auger_turn_service *service, struct auger_path *path);

#endif /* AUGER_IO_TURN_SEALED_H */
