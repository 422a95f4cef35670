/* mdns/family.h - a message to the group goes out once a family: which ones it still
 * has to. */
#ifndef AUGER_MDNS_FAMILY_H
#define AUGER_MDNS_FAMILY_H

#include <auger/base.h>

enum auger_mdns_family { AUGER_MDNS_V4, AUGER_MDNS_V6, AUGER_MDNS_FAMILIES };

/* 224.0.0.251 or ff02::fb (3). */
struct auger_addr auger_mdns_group(enum auger_mdns_family family);

#endif /* AUGER_MDNS_FAMILY_H */
