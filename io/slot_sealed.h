/* io/slot_sealed.h - the sealed paths of one peer (RFC 7350): which association what the agent says
 * goes by, and from which port.  One association is sealed.h; who the servers are, links.h. */
#ifndef AUGER_IO_SLOT_SEALED_H
#define AUGER_IO_SLOT_SEALED_H

#include "io/slot_state.h"

/* What the agent sends along that path; it is lost where the server is let alone for now. */
void auger_slot_send_sealed(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                            const uint8_t *buf, size_t len);
/* What came to the socket of a base from a server that seals. */
void auger_slot_hear_sealed(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                            const uint8_t *buf, size_t len);
/* Something came to the socket that one of them has to itself. */
void auger_slot_receive_sealed(struct auger_watch *own, struct auger_udp_batch *batch,
                               auger_time now);
/* A deadline of auger_links_next_timeout() may have come. */
void auger_slot_sealed_handle_timeout(struct auger_slot *slot, auger_time now);

#endif /* AUGER_IO_SLOT_SEALED_H */
