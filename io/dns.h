/* io/dns.h - SRV and NAPTR records (RFC 2782, 3403) out of answers of the DNS, and the order in
 * which they are to be used.  Which are asked for is discover.h's. */
#ifndef AUGER_IO_DNS_H
#define AUGER_IO_DNS_H

#include <auger/io_uri.h>

#define AUGER_DNS_RECORDS_MAX 16  /* of one answer; the others are not looked at */
#define AUGER_DNS_ANSWER_MAX 4096 /* bytes */
#define AUGER_DNS_SERVICE_MAX 256 /* of a NAPTR record, with a NUL */

struct auger_srv {
    uint16_t priority, weight, port;
    char target[AUGER_HOST_MAX]; /* empty: there is decidedly no such service */
};

struct auger_naptr {
    uint16_t order, preference;
    char flag;                           /* 's', 'a'; 0: another NAPTR record is next */
    char service[AUGER_DNS_SERVICE_MAX]; /* "RELAY:turn.udp" */
    char replacement[AUGER_HOST_MAX];
};

/* How many there are, of at most AUGER_DNS_RECORDS_MAX; 0 too where the answer is none. */
size_t auger_dns_read_srv(const uint8_t *answer, size_t len, struct auger_srv *out);
/* Those alone that have a replacement and no regular expression, as RFC 3958 wants them. */
size_t auger_dns_read_naptr(const uint8_t *answer, size_t len, struct auger_naptr *out);

/* By priority, and within one at random by weight (RFC 2782): a random number for each. */
void auger_dns_order_srv(struct auger_srv *records, size_t len, const uint32_t *chances);
void auger_dns_order_naptr(struct auger_naptr *records, size_t len);

#endif /* AUGER_IO_DNS_H */
