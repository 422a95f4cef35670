/* stun/discovery_report.h - what follows from the answers: RFC 5780, 4.  Of ports it is
 * discovery_ports.h that says how they are chosen. */
#ifndef AUGER_STUN_DISCOVERY_REPORT_H
#define AUGER_STUN_DISCOVERY_REPORT_H

#include "stun/discovery_state.h"

void auger_report_make(const struct auger_discovery *discovery,
                       struct auger_discovery_report *report);
/* Whether no server that answered says otherwise than that this is our external IP address. */
bool auger_report_agrees(const struct auger_discovery *discovery, const struct auger_addr *mapped);
/* Whether a mapping that is made anew gets another port. */
bool auger_report_has_fresh_ports(const struct auger_discovery *discovery);

#endif /* AUGER_STUN_DISCOVERY_REPORT_H */
