/* ice/transmit.h - in which order the procedures may send (8445 sections 6.1.4.2 and 14). */
#ifndef AUGER_ICE_TRANSMIT_H
#define AUGER_ICE_TRANSMIT_H

#include "ice/state.h"

/* Writes the next datagram that is due, inside what its relay wants if it leaves from one, and
 * where it goes.  `buf` holds AUGER_DATAGRAM_MAX.  0: nothing is due. */
size_t auger_transmit_next(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap);

#endif /* AUGER_ICE_TRANSMIT_H */
