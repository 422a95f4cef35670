/* sctp/inbound.h - from what the association brings to events: RFC 8831 sections 6.5 to
 * 6.7, 8832 section 6. */
#ifndef AUGER_SCTP_INBOUND_H
#define AUGER_SCTP_INBOUND_H

#include "sctp/state.h"

/* The next event, false when there is none. */
bool auger_inbound_next(struct auger_sctp *sctp, struct auger_sctp_event *event);
void auger_inbound_fini(struct auger_sctp *sctp);

#endif /* AUGER_SCTP_INBOUND_H */
