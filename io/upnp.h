/* io/upnp.h - mappings by UPnP-IGD, off the loop: libminiupnpc waits for what it asks, so a thread
 * does that, renews what it got and gives it back.  PCP and NAT-PMP are <auger/portmap.h>'s; which
 * of the three a socket has is portmap.c's to choose. */
#ifndef AUGER_IO_UPNP_H
#define AUGER_IO_UPNP_H

#include <auger/base.h>

#define AUGER_UPNP_MAX 64 /* mappings that are asked for, or on their way out */

struct auger_upnp;

struct auger_upnp_answer {
    uint64_t token;
    struct auger_addr external; /* none: it is lost */
};

/* Writes to `wake_fd`, an eventfd, when there is something to take.  AUGER_ERR_UNSUPPORTED: built
 * without libminiupnpc; AUGER_ERR_NO_MEMORY, AUGER_ERR_SYSTEM (no thread). */
int auger_upnp_new(struct auger_upnp **out, int wake_fd) AUGER_CHECK_RESULT;
/* Gives all back, and waits for that half a second at most; the thread ends by itself.  NULL is
 * fine. */
void auger_upnp_free(struct auger_upnp *upnp);
/* Asks for a mapping of `internal`, of IPv4, at the gateway and at nobody else who calls
 * himself one, for as long as it is not forgotten.  AUGER_ERR_LIMIT. */
int auger_upnp_ask(struct auger_upnp *upnp, uint64_t token, const struct auger_addr *internal,
                   const struct auger_addr *gateway) AUGER_CHECK_RESULT;
void auger_upnp_forget(struct auger_upnp *upnp, uint64_t token);
bool auger_upnp_take(struct auger_upnp *upnp, struct auger_upnp_answer *out);

#endif /* AUGER_IO_UPNP_H */
