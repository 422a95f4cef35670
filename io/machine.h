/* io/machine.h - the addresses that this machine has, as the kernel tells them by
 * rtnetlink(7): getifaddrs() says nothing of deprecated and temporary ones.  Which of them
 * are used is interfaces.h's. */
#ifndef AUGER_IO_MACHINE_H
#define AUGER_IO_MACHINE_H

#include <auger/io.h>

#define AUGER_MACHINE_MAX 256 /* beyond that an address is as if it were not there */

struct auger_machine_row {
    struct auger_net_addr net; /* .left_out is interfaces.c's */
    uint32_t index;            /* of the interface */
    bool is_up, is_loopback;
    bool is_tentative; /* or found to be somebody else's: cannot be bound */
};

struct auger_machine {
    struct auger_machine_row rows[AUGER_MACHINE_MAX];
    size_t len;
    /* Where the default route of IPv4 and that of IPv6 send from; none where there is no
     * such route. */
    struct auger_addr routes[2];
};

/* AUGER_ERR_SYSTEM. */
int auger_machine_read(struct auger_machine *machine) AUGER_CHECK_RESULT;
/* One that is deprecated, or left out by now for another reason, still serves those who use
 * it (RFC 4862 section 5.5.4). */
bool auger_machine_has(const struct auger_machine *machine, const struct auger_addr *ip);

#endif /* AUGER_IO_MACHINE_H */
