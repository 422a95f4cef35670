/*
 * auger/io_upnp.h - whether a gateway maps ports by UPnP-IGD: for who looks at a network.  The
 * mappings of a peer are the loop's (`port_mapping`, <auger/io.h>), and those of PCP and NAT-PMP
 * are <auger/portmap.h>'s.
 *
 * Time     it waits, so it is called from a thread that may.
 * Errors   0 or a negative enum auger_err.
 * Memory   the system's; nothing is left when it returns, but for a thread that still waits for
 *          the gateway and then ends.
 * Threads  any.
 */
#ifndef AUGER_IO_UPNP_PUBLIC_H
#define AUGER_IO_UPNP_PUBLIC_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Asks the gateway, and nobody else who calls himself one, for a port of UDP for `internal`, of
 * IPv4, and gives it back.  Waits for `limit` nanoseconds at most and then half a second for the
 * goodbye, less once `interrupt_fd` is readable (-1: there is none).
 * AUGER_ERR_NOT_FOUND: nothing was given; AUGER_ERR_UNSUPPORTED: built without libminiupnpc;
 * AUGER_ERR_INVALID: not of IPv4, or no port; AUGER_ERR_NO_MEMORY, AUGER_ERR_SYSTEM. */
AUGER_API int auger_upnp_try(const struct auger_addr *internal, const struct auger_addr *gateway,
                             auger_time limit, int interrupt_fd,
                             struct auger_addr *external) AUGER_CHECK_RESULT;

#ifdef __cplusplus
}
#endif

#endif /* AUGER_IO_UPNP_PUBLIC_H */
