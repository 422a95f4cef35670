/* sctp/outgoing.h - from the channels' queues to the association. */
#ifndef AUGER_SCTP_OUTGOING_H
#define AUGER_SCTP_OUTGOING_H

#include "sctp/state.h"

/* Hands on what the association takes, resets what has drained, shuts down at last. */
void auger_outgoing_flush(struct auger_sctp *sctp);

/* Queues a DCEP message of the channel's. */
int auger_outgoing_dcep(struct auger_sctp *sctp, struct auger_channel_entry *entry,
                        const struct auger_dcep *dcep) AUGER_CHECK_RESULT;

#endif /* AUGER_SCTP_OUTGOING_H */
