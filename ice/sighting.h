/* ice/sighting.h - where servers see our bases, and what that says of the NAT: RFC 4787 section
 * 4.1.  The candidates that come of it are reflexive.h. */
#ifndef AUGER_ICE_SIGHTING_H
#define AUGER_ICE_SIGHTING_H

#include "ice/state.h"

enum auger_mapping_kind {
    AUGER_MAPPING_UNKNOWN,     /* no base was seen by two servers */
    AUGER_MAPPING_INDEPENDENT, /* both see one port, or there is no NAT */
    AUGER_MAPPING_DEPENDENT,   /* each sees another port of one address */
};
const char *auger_mapping_kind_name(enum auger_mapping_kind kind);

/* The latest of that base and server; of too many the oldest goes. */
void auger_sighting_note(struct auger_ice *ice, const struct auger_sighting *sighting);
void auger_sighting_forget(struct auger_ice *ice, const struct auger_addr *base);
/* Of an IPv4 base; the sighting by which it is known, if it is. */
enum auger_mapping_kind auger_sighting_mapping(const struct auger_ice *ice,
                                               const struct auger_sighting **by);

#endif /* AUGER_ICE_SIGHTING_H */
