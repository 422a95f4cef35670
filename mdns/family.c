/* mdns/family.c - the groups of multicast DNS: RFC 6762 section 3. */
#include "mdns/family.h"

#include <auger/mdns.h>

struct auger_addr auger_mdns_group(enum auger_mdns_family family)
{
    struct auger_addr group = {.port = AUGER_MDNS_PORT};

    if (family == AUGER_MDNS_V4) {
        group.family = AUGER_IPV4;
        group.ip[0] = 224;
        group.ip[3] = 251;
    } else {
        group.family = AUGER_IPV6;
        group.ip[0] = 0xff;
        group.ip[1] = 0x02;
        group.ip[15] = 0xfb;
    }
    return group;
}
