/* turn/ip_range.h - ranges of IP addresses, as lists of an operator have them. */
#ifndef AUGER_TURN_IP_RANGE_H
#define AUGER_TURN_IP_RANGE_H

#include <auger/base.h>

/* Both ends included.  An IPv4 address stands in the first four bytes, the rest is zero, so
 * that both families compare as big-endian numbers. */
struct auger_ip_range {
    uint8_t family; /* enum auger_family */
    uint8_t first[16], last[16];
};

/* Reads "10.0.0.0/8", "192.0.2.7", "2001:db8::/32" or "192.0.2.7-192.0.2.9"; IPv4-mapped ones
 * as the IPv4 that they are.  AUGER_ERR_MALFORMED. */
int auger_ip_range_parse(struct auger_ip_range *range, const char *text) AUGER_CHECK_RESULT;
/* Of one address; its port does not count. */
struct auger_ip_range auger_ip_range_of(const struct auger_addr *addr);

bool auger_ip_range_has(const struct auger_ip_range *range, const uint8_t ip[16]);
/* How many addresses, less one. */
void auger_ip_range_size(const struct auger_ip_range *range, uint8_t size[16]);

#endif /* AUGER_TURN_IP_RANGE_H */
