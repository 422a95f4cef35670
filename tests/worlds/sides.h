/* tests/worlds/sides.h - what the features of one side come to, where others have a say: 0 is
 * alice's, 1 bob's. */
#ifndef WORLDS_SIDES_H
#define WORLDS_SIDES_H

#include "tests/worlds/plan.h"

/* Of a feature that each side has. */
int64_t side_value(const struct plan *plan, enum feature feature, int side);
/* Of the network that it is in at first. */
enum gates side_gates(const struct plan *plan, int side);
bool side_has_ipv4(const struct plan *plan, int side);
bool side_has_ipv6(const struct plan *plan, int side);
/* It has IPv6 alone, behind a NAT64. */
bool side_has_nat64(const struct plan *plan, int side);
/* It uses a second interface, */
bool side_has_more(const struct plan *plan, int side);
/* or has one that it may not use. */
bool side_keeps_to_default_route(const struct plan *plan, int side);
/* What its configuration knows of its NAT, and whether that is one that lets all in. */
enum mapped side_mapped(const struct plan *plan, int side);
bool side_is_forwarded(const struct plan *plan, int side);
/* Bits of AUGER_ICE_TCP_*. */
unsigned side_tcp(const struct plan *plan, int side);
/* It asks its TURN servers over TCP. */
bool side_has_streams(const struct plan *plan, int side);
/* Of a world without a hostile peer it is a lite agent. */
bool side_is_lite(const struct plan *plan, int side);
/* Addresses of its interfaces are not told; but those of relays may be. */
bool side_hides(const struct plan *plan, int side);
/* They are told by names, which are resolved where both are in one network. */
bool side_has_names(const struct plan *plan, int side);
/* Relays alone are. */
bool side_shows_no_address(const struct plan *plan, int side);

#endif /* WORLDS_SIDES_H */
