/* ice/birthday.h - behind a NAT that draws its ports: many of them are opened towards the peer, and
 * it is told of many that are drawn (docs/prediction.md).  Of ports in order it is bracket.h. */
#ifndef AUGER_ICE_BIRTHDAY_H
#define AUGER_ICE_BIRTHDAY_H

#include "ice/peer_ports.h"

#define AUGER_BIRTHDAY_RANGE_MAX 4096 /* ports that it needs no consent for */

bool auger_birthday_may_be(const struct auger_ice *ice, const struct auger_peer_ports *peer);
/* `len` helpers; those for which there is no room can be closed. */
void auger_birthday_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers,
                          size_t len);

#endif /* AUGER_ICE_BIRTHDAY_H */
