/* ice/role.h - which side controls, and what happens when both or neither think
 * they do: RFC 8445 sections 7.2.5.1 and 7.3.1.1. */
#ifndef AUGER_ICE_ROLE_H
#define AUGER_ICE_ROLE_H

#include "ice/state.h"

/* A peer that makes us change sides more often than this in one generation wants no
 * session. */
#define AUGER_ROLE_SWITCHES_MAX 4

const char *auger_role_name(enum auger_role role);

/* One side alone is lite: then the other one controls, and no conflict changes that. */
bool auger_role_is_given(const struct auger_ice *ice);
/* The role that a session begins in (6.1.1). */
enum auger_role auger_role_due(const struct auger_ice *ice);

/* The peer held the role in which we asked, and said so with a 487.  That speaks of the
 * tie-breaker that we had, after as many switches: if there were more since, it is old
 * news. */
void auger_role_yield(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                      uint8_t asked_after);

/* The peer asked in `role` with `tie_breaker`.  True: there is no conflict, or
 * there is none any more because we have switched.  False: it is the peer that
 * must switch; answer 487.  A check from before the peer's own switch, late or sent
 * again by somebody, makes us switch no more (docs/decisions/060). */
bool auger_role_resolve(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                        enum auger_role role, uint64_t tie_breaker);

#endif /* AUGER_ICE_ROLE_H */
