/* ice/tcp.h - which end of a TCP candidate opens the connection, and what follows from that for
 * candidates and pairs: RFC 6544.  What becomes of the streams is stream.c. */
#ifndef AUGER_ICE_TCP_H
#define AUGER_ICE_TCP_H

#include <auger/ice.h>

/* The port that stands for that of an active candidate (4.5). */
#define AUGER_TCP_DISCARD_PORT 9

/* Connections that are being opened to one IP address at a time (12). */
#define AUGER_TCP_OPENING_MAX 5

/* With which a candidate pairs (6.2). */
enum auger_tcp_type auger_tcp_opposite(enum auger_tcp_type type);
/* Whether our side opens the connection. */
bool auger_tcp_opens(enum auger_tcp_type local);
/* Whether pairs with it are checked of our own accord: pairs of a passive one are those alone
 * that the peer's checks have made (6.2). */
bool auger_tcp_makes_pairs(enum auger_tcp_type local);

/* The type preference of a candidate of TCP: below all of UDP but the relayed ones. */
uint32_t auger_tcp_type_preference(enum auger_cand_type type);
/* A local preference (4.2), `below` the most preferred of that type and direction. */
uint32_t auger_tcp_local_preference(enum auger_cand_type type, enum auger_tcp_type tcptype,
                                    uint32_t below);
/* How far below it such a local preference stands. */
uint32_t auger_tcp_below(uint32_t local_preference);

/* The types of candidates that a base of TCP makes; how many there are. */
#define AUGER_TCP_TYPES_MAX 3
size_t auger_tcp_types(const struct auger_ice_config *config,
                       enum auger_tcp_type types[AUGER_TCP_TYPES_MAX]);
/* The address of a candidate of that type at that base. */
struct auger_addr auger_tcp_addr(const struct auger_addr *base, enum auger_tcp_type type);

#endif /* AUGER_ICE_TCP_H */
