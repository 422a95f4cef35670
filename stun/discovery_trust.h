/* stun/discovery_trust.h - which addresses that a server names are sent to: docs/decisions/200. */
#ifndef AUGER_STUN_DISCOVERY_TRUST_H
#define AUGER_STUN_DISCOVERY_TRUST_H

#include <auger/base.h>

/* Whether there can be a STUN server. */
bool auger_trust_is_server(const struct auger_addr *addr);
/* Whether an OTHER-ADDRESS of that server is one (RFC 5780, 7.4), and reaches no further inside
 * than the server itself does. */
bool auger_trust_other(const struct auger_addr *server, const struct auger_addr *other);
/* Whether what that server says of our external address may be sent to. */
bool auger_trust_mapped(const struct auger_addr *server, const struct auger_addr *mapped);

#endif /* AUGER_STUN_DISCOVERY_TRUST_H */
