/* ice/foretell.h - the peer is told of ports that no server saw (docs/decisions/212).  How they
 * come to be known is bracket.h, birthday.h. */
#ifndef AUGER_ICE_FORETELL_H
#define AUGER_ICE_FORETELL_H

#include "ice/state.h"

/* As one more server-reflexive candidate; false: it is none, or known already, or there is no
 * room. */
bool auger_foretell_port(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *helper,
                         const struct auger_addr *addr);
/* After the end of candidates, if that was told: which is then told again
 * (docs/decisions/070). */
void auger_foretell_end(struct auger_ice *ice);
/* These of that IP address, and the end. */
void auger_foretell_ports(struct auger_ice *ice, auger_time now,
                          const struct auger_ice_cand *helper, const struct auger_addr *ip,
                          const uint16_t *ports, size_t len);

#endif /* AUGER_ICE_FORETELL_H */
