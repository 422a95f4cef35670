/* io/dns.c - SRV and NAPTR records: RFC 2782, 3403.  libresolv reads the message. */
#define _GNU_SOURCE
#include "io/dns.h"

#include <arpa/nameser.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------- */

/* The name that begins there and ends where the record does, without its last dot. */
static bool read_name(ns_msg *msg, ns_rr *rr, size_t at, char out[AUGER_HOST_MAX])
{
    const u_char *begin = ns_rr_rdata(*rr) + at;
    int len = at < ns_rr_rdlen(*rr)
                  ? dn_expand(ns_msg_base(*msg), ns_msg_end(*msg), begin, out, AUGER_HOST_MAX)
                  : -1;

    return len >= 0 && at + (size_t)len == ns_rr_rdlen(*rr);
}

static bool read_srv(ns_msg *msg, ns_rr *rr, struct auger_srv *out)
{
    const u_char *data = ns_rr_rdata(*rr);

    if (ns_rr_rdlen(*rr) < 7)
        return false;
    out->priority = (uint16_t)ns_get16(data);
    out->weight = (uint16_t)ns_get16(data + 2);
    out->port = (uint16_t)ns_get16(data + 4);
    return read_name(msg, rr, 6, out->target);
}

/* A text of a NAPTR record, behind a byte that says its length; 0: there is none.  What follows. */
static size_t read_text(ns_rr *rr, size_t at, char *out, size_t cap)
{
    const u_char *data = ns_rr_rdata(*rr);
    size_t end = at < ns_rr_rdlen(*rr) ? at + 1 + data[at] : 0;

    if (end == 0 || end > ns_rr_rdlen(*rr) || end - at > cap)
        return 0;
    memcpy(out, data + at + 1, end - at - 1);
    out[end - at - 1] = '\0';
    return end;
}

static bool read_naptr(ns_msg *msg, ns_rr *rr, struct auger_naptr *out)
{
    char flags[AUGER_DNS_SERVICE_MAX], pattern[AUGER_DNS_SERVICE_MAX];
    size_t at = 4;

    if (ns_rr_rdlen(*rr) < 8)
        return false;
    out->order = (uint16_t)ns_get16(ns_rr_rdata(*rr));
    out->preference = (uint16_t)ns_get16(ns_rr_rdata(*rr) + 2);
    at = read_text(rr, at, flags, sizeof(flags));
    at = at ? read_text(rr, at, out->service, sizeof(out->service)) : 0;
    at = at ? read_text(rr, at, pattern, sizeof(pattern)) : 0;
    if (at == 0 || pattern[0] != '\0' || strlen(flags) > 1)
        return false;
    out->flag = flags[0] >= 'A' && flags[0] <= 'Z' ? (char)(flags[0] | 0x20) : flags[0];
    return read_name(msg, rr, at, out->replacement) && out->replacement[0] != '\0';
}

/* The next record of that type behind *at; false when there is none. */
static bool next_record(ns_msg *msg, int *at, ns_type type, ns_rr *rr)
{
    while (*at < ns_msg_count(*msg, ns_s_an)) {
        if (ns_parserr(msg, ns_s_an, (*at)++, rr) < 0)
            return false;
        if (ns_rr_type(*rr) == type && ns_rr_class(*rr) == ns_c_in)
            return true;
    }
    return false;
}

size_t auger_dns_read_srv(const uint8_t *answer, size_t len, struct auger_srv *out)
{
    ns_msg msg;
    ns_rr rr;
    size_t n = 0;
    int at = 0;

    if (len > AUGER_DNS_ANSWER_MAX || ns_initparse(answer, (int)len, &msg) < 0)
        return 0;
    while (n < AUGER_DNS_RECORDS_MAX && next_record(&msg, &at, ns_t_srv, &rr))
        n += read_srv(&msg, &rr, &out[n]);
    return n;
}

size_t auger_dns_read_naptr(const uint8_t *answer, size_t len, struct auger_naptr *out)
{
    ns_msg msg;
    ns_rr rr;
    size_t n = 0;
    int at = 0;

    if (len > AUGER_DNS_ANSWER_MAX || ns_initparse(answer, (int)len, &msg) < 0)
        return 0;
    while (n < AUGER_DNS_RECORDS_MAX && next_record(&msg, &at, ns_t_naptr, &rr))
        n += read_naptr(&msg, &rr, &out[n]);
    return n;
}

/* --- order --------------------------------------------------------------------------------- */

/* Those of weight 0 first within their priority, so that they have a chance at all. */
static int compare_srv(const void *a, const void *b)
{
    const struct auger_srv *x = a, *y = b;

    return x->priority != y->priority ? x->priority - y->priority : x->weight - y->weight;
}

static size_t same_priority(const struct auger_srv *records, size_t len)
{
    size_t n = 0;

    while (n < len && records[n].priority == records[0].priority)
        n++;
    return n;
}

/* Which of them is the next: the first at which the sum of the weights reaches the number. */
static size_t draw(const struct auger_srv *records, size_t len, uint32_t chance)
{
    uint32_t sum = 0, reached = 0;
    size_t at = 0;

    for (size_t i = 0; i < len; i++)
        sum += records[i].weight;
    chance %= sum + 1;
    while (at + 1 < len && (reached += records[at].weight) < chance)
        at++;
    return at;
}

void auger_dns_order_srv(struct auger_srv *records, size_t len, const uint32_t *chances)
{
    qsort(records, len, sizeof(*records), compare_srv);
    for (size_t i = 0; i < len; i++) {
        size_t drawn = i + draw(&records[i], same_priority(&records[i], len - i), chances[i]);
        struct auger_srv next = records[drawn];
        memmove(&records[i + 1], &records[i], (drawn - i) * sizeof(*records));
        records[i] = next;
    }
}

static int compare_naptr(const void *a, const void *b)
{
    const struct auger_naptr *x = a, *y = b;

    return x->order != y->order ? x->order - y->order : x->preference - y->preference;
}

void auger_dns_order_naptr(struct auger_naptr *records, size_t len)
{
    qsort(records, len, sizeof(*records), compare_naptr);
}
