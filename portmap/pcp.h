/* portmap/pcp.h - the messages of PCP, RFC 6887: MAP and ANNOUNCE, without options.  When they
 * are sent is lease.c's; those of version 0 are natpmp.h's. */
#ifndef AUGER_PORTMAP_PCP_H
#define AUGER_PORTMAP_PCP_H

#include <auger/base.h>

#define AUGER_PCP_VERSION 2
#define AUGER_PCP_NONCE_LEN 12
#define AUGER_PCP_MESSAGE_MAX 1100

enum auger_pcp_opcode { AUGER_PCP_ANNOUNCE = 0, AUGER_PCP_MAP = 1 };

enum auger_pcp_result { /* 7.4 */
                        AUGER_PCP_SUCCESS = 0,
                        AUGER_PCP_UNSUPP_VERSION = 1,
                        AUGER_PCP_NOT_AUTHORIZED = 2,
                        AUGER_PCP_NETWORK_FAILURE = 7,
                        AUGER_PCP_NO_RESOURCES = 8,
                        AUGER_PCP_USER_EX_QUOTA = 10,
                        AUGER_PCP_CANNOT_PROVIDE_EXTERNAL = 11,
                        AUGER_PCP_ADDRESS_MISMATCH = 12,
};

/* What a MAP request and its answer share. */
struct auger_pcp_map {
    uint8_t nonce[AUGER_PCP_NONCE_LEN];
    uint8_t transport; /* enum auger_transport */
    uint16_t internal_port;
    struct auger_addr external; /* suggested, or assigned; none: any */
};

struct auger_pcp_response {
    uint8_t version, opcode, result;
    uint32_t lifetime_s, epoch_s;
    struct auger_pcp_map map; /* of AUGER_PCP_MAP */
};

/* Writes a MAP request of `client`; its length, or 0 where there is no room. */
size_t auger_pcp_write_map(const struct auger_addr *client, uint32_t lifetime_s,
                           const struct auger_pcp_map *map, uint8_t *buf, size_t cap);
/* AUGER_ERR_MALFORMED: no answer of PCP.  AUGER_ERR_UNSUPPORTED: of an opcode or a protocol that
 * was not asked for.  Of UNSUPP_VERSION the version and the lifetime alone are read. */
int auger_pcp_read(struct auger_pcp_response *response, const uint8_t *buf,
                   size_t len) AUGER_CHECK_RESULT;

#endif /* AUGER_PORTMAP_PCP_H */
