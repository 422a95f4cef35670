/* ice/locals.h - the addresses that the application gives us to send from: RFC 8445
 * section 5.1.1.1, and what comes of each. */
#ifndef AUGER_ICE_LOCALS_H
#define AUGER_ICE_LOCALS_H

#include "ice/state.h"

int auger_locals_add(struct auger_ice *ice, auger_time now,
                     const struct auger_addr *base) AUGER_CHECK_RESULT;

#endif /* AUGER_ICE_LOCALS_H */
