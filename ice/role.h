/* ice/role.h - which side controls, and what happens when both or neither think
 * they do: RFC 8445 sections 7.2.5.1 and 7.3.1.1. */
#ifndef AUGER_ICE_ROLE_H
#define AUGER_ICE_ROLE_H

#include "ice/state.h"

/* A peer that makes us change sides more often than this in one generation wants no
 * session. */
#define AUGER_ROLE_SWITCHES_MAX 4

const char *auger_role_name(enum auger_role role);

/* The peer holds the role in which we asked, and said so with a 487.  The role
 * is set, not toggled, so that a second, late 487 does not swap it back. */
void auger_role_yield(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                      enum auger_role asked_in);

/* The peer asked in `role` with `tie_breaker`.  True: there is no conflict, or
 * there is none any more because we have switched.  False: it is the peer that
 * must switch; answer 487. */
bool auger_role_resolve(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                        enum auger_role role, uint64_t tie_breaker);

#endif /* AUGER_ICE_ROLE_H */
