/* stun/attr.c - the table of attributes. */
#include "stun/attr.h"

#define ANY UINT16_MAX

/* clang-format off */
static const struct auger_stun_attr_row rows[] = {
    {AUGER_STUN_ATTR_MAPPED_ADDRESS,            AUGER_STUN_KIND_ADDR,        8,  20, false},
    {AUGER_STUN_ATTR_CHANGE_REQUEST,            AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_USERNAME,                  AUGER_STUN_KIND_BYTES,       0, 763, false},
    {AUGER_STUN_ATTR_MESSAGE_INTEGRITY,         AUGER_STUN_KIND_BYTES,      20,  20, false},
    {AUGER_STUN_ATTR_ERROR_CODE,                AUGER_STUN_KIND_BYTES,       4, 767, false},
    {AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES,        AUGER_STUN_KIND_BYTES,       0, ANY, false},
    {AUGER_STUN_ATTR_CHANNEL_NUMBER,            AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_LIFETIME,                  AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_XOR_PEER_ADDRESS,          AUGER_STUN_KIND_XOR_ADDR,    8,  20, true},
    {AUGER_STUN_ATTR_DATA,                      AUGER_STUN_KIND_BYTES,       0, ANY, false},
    {AUGER_STUN_ATTR_REALM,                     AUGER_STUN_KIND_BYTES,       0, 763, false},
    {AUGER_STUN_ATTR_NONCE,                     AUGER_STUN_KIND_BYTES,       0, 763, false},
    {AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS,       AUGER_STUN_KIND_XOR_ADDR,    8,  20, true},
    {AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY,  AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_EVEN_PORT,                 AUGER_STUN_KIND_BYTES,       1,   1, false},
    {AUGER_STUN_ATTR_REQUESTED_TRANSPORT,       AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_DONT_FRAGMENT,             AUGER_STUN_KIND_BYTES,       0,   0, false},
    {AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256,  AUGER_STUN_KIND_BYTES,      16,  32, false},
    {AUGER_STUN_ATTR_PASSWORD_ALGORITHM,        AUGER_STUN_KIND_ALGORITHM,   4, ANY, false},
    {AUGER_STUN_ATTR_USERHASH,                  AUGER_STUN_KIND_BYTES,      32,  32, false},
    {AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS,        AUGER_STUN_KIND_XOR_ADDR,    8,  20, false},
    {AUGER_STUN_ATTR_RESERVATION_TOKEN,         AUGER_STUN_KIND_BYTES,       8,   8, false},
    {AUGER_STUN_ATTR_PRIORITY,                  AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_USE_CANDIDATE,             AUGER_STUN_KIND_BYTES,       0,   0, false},
    {AUGER_STUN_ATTR_PADDING,                   AUGER_STUN_KIND_BYTES,       0, ANY, false},
    {AUGER_STUN_ATTR_RESPONSE_PORT,             AUGER_STUN_KIND_BYTES,       2,   4, false}, /* 7.5 calls half of it padding */
    {AUGER_STUN_ATTR_CONNECTION_ID,             AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_ADDRESS_ERROR_CODE,        AUGER_STUN_KIND_BYTES,       4, 767, true},
    {AUGER_STUN_ATTR_PASSWORD_ALGORITHMS,       AUGER_STUN_KIND_ALGORITHMS,  4, ANY, false},
    {AUGER_STUN_ATTR_ALTERNATE_DOMAIN,          AUGER_STUN_KIND_BYTES,       0, 255, false},
    {AUGER_STUN_ATTR_ICMP,                      AUGER_STUN_KIND_BYTES,       8,   8, false},
    {AUGER_STUN_ATTR_SOFTWARE,                  AUGER_STUN_KIND_BYTES,       0, 763, false},
    {AUGER_STUN_ATTR_ALTERNATE_SERVER,          AUGER_STUN_KIND_ADDR,        8,  20, true},
    {AUGER_STUN_ATTR_CACHE_TIMEOUT,             AUGER_STUN_KIND_BYTES,       0, ANY, false}, /* registered without a format */
    {AUGER_STUN_ATTR_FINGERPRINT,               AUGER_STUN_KIND_BYTES,       4,   4, false},
    {AUGER_STUN_ATTR_ICE_CONTROLLED,            AUGER_STUN_KIND_BYTES,       8,   8, false},
    {AUGER_STUN_ATTR_ICE_CONTROLLING,           AUGER_STUN_KIND_BYTES,       8,   8, false},
    {AUGER_STUN_ATTR_RESPONSE_ORIGIN,           AUGER_STUN_KIND_ADDR,        8,  20, false},
    {AUGER_STUN_ATTR_OTHER_ADDRESS,             AUGER_STUN_KIND_ADDR,        8,  20, false},
    {AUGER_STUN_ATTR_MOBILITY_TICKET,           AUGER_STUN_KIND_BYTES,       0, ANY, false},
    {AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY, AUGER_STUN_KIND_BYTES, 4,   4, false},
    {AUGER_STUN_ATTR_DRAFT_ADDRESS_ERROR_CODE,  AUGER_STUN_KIND_BYTES,       4, 767, false},
    {AUGER_STUN_ATTR_NOMINATION,                AUGER_STUN_KIND_BYTES,       4,   4, false},
};
/* clang-format on */

const struct auger_stun_attr_row *auger_stun_attr_find(uint16_t type)
{
    size_t low = 0, high = sizeof(rows) / sizeof(rows[0]);

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].type == type)
            return &rows[middle];
        if (rows[middle].type < type)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
