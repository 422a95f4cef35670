/* ice/tcp.c - which end of a TCP candidate opens the connection, and what follows from that for
 * candidates and pairs: RFC 6544. */
#include "ice/tcp.h"

#define OTHER_PREF_MAX 8191u /* 2^13 - 1 */

enum auger_tcp_type auger_tcp_opposite(enum auger_tcp_type type)
{
    switch (type) { /* 6.2 */
    case AUGER_TCP_TYPE_ACTIVE:
        return AUGER_TCP_TYPE_PASSIVE;
    case AUGER_TCP_TYPE_PASSIVE:
        return AUGER_TCP_TYPE_ACTIVE;
    case AUGER_TCP_TYPE_SO:
    case AUGER_TCP_TYPE_NONE:
        return type;
    }
    return AUGER_TCP_TYPE_NONE;
}

bool auger_tcp_opens(enum auger_tcp_type local)
{
    return local == AUGER_TCP_TYPE_ACTIVE || local == AUGER_TCP_TYPE_SO;
}

bool auger_tcp_makes_pairs(enum auger_tcp_type local)
{
    return local != AUGER_TCP_TYPE_PASSIVE;
}

/* Any path over UDP is to be preferred, but for a relay (4.2). */
uint32_t auger_tcp_type_preference(enum auger_cand_type type)
{
    switch (type) {
    case AUGER_CAND_HOST:
        return 90;
    case AUGER_CAND_PRFLX:
        return 80;
    case AUGER_CAND_SRFLX:
        return 70;
    case AUGER_CAND_RELAY:
        return 0;
    }
    return 0;
}

/* Behind a NAT that shows it elsewhere simultaneous open stands first (4.2). */
static uint32_t direction_pref(enum auger_cand_type type, enum auger_tcp_type tcptype)
{
    bool is_reflexive = type == AUGER_CAND_SRFLX;

    switch (tcptype) {
    case AUGER_TCP_TYPE_ACTIVE:
        return is_reflexive ? 4 : 6;
    case AUGER_TCP_TYPE_PASSIVE:
        return is_reflexive ? 2 : 4;
    case AUGER_TCP_TYPE_SO:
        return is_reflexive ? 6 : 2;
    case AUGER_TCP_TYPE_NONE:
        break;
    }
    return 0;
}

uint32_t auger_tcp_local_preference(enum auger_cand_type type, enum auger_tcp_type tcptype,
                                    uint32_t below)
{
    uint32_t other_pref = below < OTHER_PREF_MAX ? OTHER_PREF_MAX - below : 0;

    return (OTHER_PREF_MAX + 1) * direction_pref(type, tcptype) + other_pref;
}

uint32_t auger_tcp_below(uint32_t local_preference)
{
    return OTHER_PREF_MAX - (local_preference & OTHER_PREF_MAX);
}

/* A lite agent opens nothing (4.4). */
size_t auger_tcp_types(const struct auger_ice_config *config,
                       enum auger_tcp_type types[AUGER_TCP_TYPES_MAX])
{
    size_t len = 0;

    if ((config->tcp & AUGER_ICE_TCP_ACTIVE) && !config->lite)
        types[len++] = AUGER_TCP_TYPE_ACTIVE;
    if (config->tcp & AUGER_ICE_TCP_PASSIVE)
        types[len++] = AUGER_TCP_TYPE_PASSIVE;
    if ((config->tcp & AUGER_ICE_TCP_SO) && !config->lite)
        types[len++] = AUGER_TCP_TYPE_SO;
    return len;
}

struct auger_addr auger_tcp_addr(const struct auger_addr *base, enum auger_tcp_type type)
{
    struct auger_addr addr = *base;

    if (type == AUGER_TCP_TYPE_ACTIVE)
        addr.port = 0;
    return addr;
}

const char *auger_tcp_type_name(enum auger_tcp_type type)
{
    switch (type) {
    case AUGER_TCP_TYPE_NONE:
        return "";
    case AUGER_TCP_TYPE_ACTIVE:
        return "active";
    case AUGER_TCP_TYPE_PASSIVE:
        return "passive";
    case AUGER_TCP_TYPE_SO:
        return "so";
    }
    return "unknown";
}
