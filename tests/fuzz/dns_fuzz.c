/* fuzz: reaches auger_dns_read_srv auger_dns_read_naptr read_text read_name auger_dns_order_srv */
/* An answer of the DNS: as many records as there may be, each with ends, in an order that the
 * weights and priorities allow. */
#include "io/dns.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_srv(const uint8_t *buf, size_t len)
{
    struct auger_srv records[AUGER_DNS_RECORDS_MAX];
    uint32_t chances[AUGER_DNS_RECORDS_MAX];
    size_t n = auger_dns_read_srv(buf, len, records);

    require(n <= AUGER_DNS_RECORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        require(memchr(records[i].target, '\0', sizeof(records[i].target)) != NULL);
        chances[i] = (uint32_t)len * 2654435761u + (uint32_t)i;
    }
    auger_dns_order_srv(records, n, chances);
    for (size_t i = 1; i < n; i++)
        require(records[i - 1].priority <= records[i].priority);
}

static void read_naptr(const uint8_t *buf, size_t len)
{
    struct auger_naptr records[AUGER_DNS_RECORDS_MAX];
    size_t n = auger_dns_read_naptr(buf, len, records);

    require(n <= AUGER_DNS_RECORDS_MAX);
    auger_dns_order_naptr(records, n);
    for (size_t i = 0; i < n; i++) {
        require(records[i].replacement[0] != '\0');
        require(memchr(records[i].service, '\0', sizeof(records[i].service)) != NULL);
        require(i == 0 || records[i - 1].order <= records[i].order);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_srv(data, size);
    read_naptr(data, size);
    return 0;
}
