/* portmap/natpmp.h - the messages of NAT-PMP, RFC 6886: version 0 of what PCP, pcp.h, is version
 * 2 of. */
#ifndef AUGER_PORTMAP_NATPMP_H
#define AUGER_PORTMAP_NATPMP_H

#include <auger/base.h>

enum auger_natpmp_opcode { AUGER_NATPMP_ADDRESS = 0, AUGER_NATPMP_UDP = 1, AUGER_NATPMP_TCP = 2 };

enum auger_natpmp_result { /* 3.5 */
                           AUGER_NATPMP_SUCCESS = 0,
                           AUGER_NATPMP_UNSUPP_VERSION = 1,
                           AUGER_NATPMP_NOT_AUTHORIZED = 2,
                           AUGER_NATPMP_NETWORK_FAILURE = 3,
                           AUGER_NATPMP_NO_RESOURCES = 4,
};

struct auger_natpmp_map {
    uint8_t transport; /* enum auger_transport */
    uint16_t internal_port, external_port;
    uint32_t lifetime_s;
};

struct auger_natpmp_response {
    uint8_t opcode; /* enum auger_natpmp_opcode */
    uint16_t result;
    uint32_t epoch_s;
    struct auger_addr external;  /* of AUGER_NATPMP_ADDRESS; port 0 */
    struct auger_natpmp_map map; /* of the others */
};

/* Their length, or 0 where there is no room. */
size_t auger_natpmp_write_address(uint8_t *buf, size_t cap);
size_t auger_natpmp_write_map(const struct auger_natpmp_map *map, uint8_t *buf, size_t cap);
/* AUGER_ERR_MALFORMED: no answer of NAT-PMP.  AUGER_ERR_UNSUPPORTED: to what nobody asks. */
int auger_natpmp_read(struct auger_natpmp_response *response, const uint8_t *buf,
                      size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_PORTMAP_NATPMP_H */
