/* io/gateways.h - where the default routes lead, as the kernel tells it by rtnetlink(7).  Which
 * addresses this machine has is machine.h's. */
#ifndef AUGER_IO_GATEWAYS_H
#define AUGER_IO_GATEWAYS_H

#include <auger/base.h>

#define AUGER_GATEWAYS_MAX 16

struct auger_gateway {
    struct auger_addr addr; /* port 0; its scope is the interface where it is link-local */
    uint32_t index;         /* of the interface */
    uint32_t metric;        /* the least is the best */
};

struct auger_gateways {
    struct auger_gateway items[AUGER_GATEWAYS_MAX];
    size_t len;
};

/* AUGER_ERR_SYSTEM. */
int auger_gateways_read(struct auger_gateways *gateways) AUGER_CHECK_RESULT;
/* The best one of a family on that interface; NULL: none. */
const struct auger_gateway *auger_gateways_find(const struct auger_gateways *gateways,
                                                uint8_t family, uint32_t index);

#endif /* AUGER_IO_GATEWAYS_H */
