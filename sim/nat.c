/* sim/nat.c - what passes a NAT: RFC 4787, sections 4 to 6.  The rows and ports
 * are in nat_table.c and nat_ports.c. */
#include "sim/nat.h"

#include "sim/nat_table.h"

#include <assert.h>
#include <stdlib.h>

const char *nat_verdict_name(enum nat_verdict verdict)
{
    switch (verdict) {
    case NAT_FORWARD:
        return "forwarded";
    case NAT_TURN_BACK:
        return "turned back";
    case NAT_DROP_FULL:
        return "table full";
    case NAT_DROP_UNMAPPED:
        return "no mapping";
    case NAT_DROP_FILTERED:
        return "filtered";
    case NAT_DROP_HAIRPIN:
        return "no hairpin";
    }
    return "?";
}

struct nat *nat_new(const struct nat_config *config, uint64_t seed, const char *name)
{
    bool has_external = config->external_len > 0 && config->external_len <= NAT_EXTERNAL_MAX;
    struct nat *nat = has_external || config->transparent ? calloc(1, sizeof(*nat)) : NULL;

    if (!nat)
        return NULL;
    nat->config = *config;
    if (config->stride == 0)
        nat->config.stride = 1;
    if (config->timeout == 0)
        nat->config.timeout = 300 * AUGER_SEC;
    if (config->port_min == 0)
        nat->config.port_min = 1024;
    if (config->port_max == 0)
        nat->config.port_max = 65535;
    if (config->rows_max == 0)
        nat->config.rows_max = 65535;
    nat->expires_at = AUGER_NEVER;
    prng_init(&nat->random, seed, name);
    nat->last_port =
        (uint16_t)prng_between(&nat->random, nat->config.port_min, nat->config.port_max);
    return nat;
}

void nat_free(struct nat *nat)
{
    if (!nat)
        return;
    free(nat->rows);
    free(nat);
}

bool nat_owns(const struct nat *nat, const struct auger_addr *addr)
{
    for (size_t i = 0; i < nat->config.external_len; i++) {
        if (auger_addr_ip_equal(&nat->config.external[i], addr))
            return true;
    }
    return false;
}

/* --- from the inside -------------------------------------------------------- */

/* The row of a flow that begins: on a mapping that serves it, or on a new one. */
static struct nat_row *open_row(struct nat *nat, auger_time now, const struct auger_addr *inside,
                                const struct auger_addr *remote)
{
    struct nat_row row = {.inside = *inside, .remote = *remote};
    const struct nat_row *mapping = nat_table_find_mapping(nat, inside, remote);

    if (mapping)
        row.external = mapping->external;
    else if (!nat_ports_allocate(nat, inside, remote, &row.external))
        return NULL;
    return nat_table_add(nat, now, &row);
}

static struct nat_row *map(struct nat *nat, auger_time now, const struct auger_addr *inside,
                           const struct auger_addr *remote)
{
    struct nat_row *row = nat_table_find(nat, inside, remote);

    if (!row)
        return open_row(nat, now, inside, remote);
    if (!nat->config.outbound_does_not) /* 4.3 */
        row->used_at = now;
    return row;
}

/* --- from the outside ------------------------------------------------------- */

static bool filter_admits(const struct nat *nat, const struct nat_row *row,
                          const struct auger_addr *remote)
{
    switch (nat->config.filtering) { /* 5 */
    case NAT_ENDPOINT_INDEPENDENT:
        return true;
    case NAT_ADDRESS_DEPENDENT:
        return auger_addr_ip_equal(&row->remote, remote);
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        return auger_addr_equal(&row->remote, remote);
    }
    return false;
}

/* Where ports are overloaded several hosts may stand behind one external address: the
 * flow's own row goes first, then the one used last. */
static bool is_better(const struct nat_row *row, const struct nat_row *than,
                      const struct auger_addr *remote)
{
    if (!than)
        return true;
    bool is_flow = auger_addr_equal(&row->remote, remote);
    bool than_is_flow = auger_addr_equal(&than->remote, remote);
    return is_flow != than_is_flow ? is_flow : row->used_at >= than->used_at;
}

/* The row that lets it in, or NULL and why not. */
static struct nat_row *admitting(struct nat *nat, auger_time now, const struct auger_addr *src,
                                 const struct auger_addr *dst, enum nat_verdict *why_not)
{
    struct nat_row *best = NULL;
    bool is_mapped = false;

    nat_table_expire(nat, now);
    for (size_t i = 0; i < nat->rows_len; i++) {
        struct nat_row *row = &nat->rows[i];
        if (!auger_addr_equal(&row->external, dst))
            continue;
        is_mapped = true;
        if (filter_admits(nat, row, src) && is_better(row, best, src))
            best = row;
    }
    *why_not = is_mapped ? NAT_DROP_FILTERED : NAT_DROP_UNMAPPED;
    return best;
}

/* What no mapping admits; a port that another host has is not forwarded. */
static enum nat_verdict forward(const struct nat *nat, struct auger_addr *dst,
                                enum nat_verdict why_not)
{
    uint16_t port = dst->port;

    if (why_not != NAT_DROP_UNMAPPED || nat->forwards_to.family != dst->family)
        return why_not;
    *dst = nat->forwards_to;
    dst->port = port;
    return NAT_FORWARD;
}

enum nat_verdict nat_inbound(struct nat *nat, auger_time now, const struct auger_addr *src,
                             struct auger_addr *dst)
{
    enum nat_verdict why_not;
    struct nat_row *row = admitting(nat, now, src, dst, &why_not);

    if (!row)
        return forward(nat, dst, why_not);
    if (nat->config.inbound_refreshes)
        row->used_at = now;
    *dst = row->inside;
    return NAT_FORWARD;
}

enum nat_verdict nat_inbound_unseen(struct nat *nat, auger_time now, const struct auger_addr *src,
                                    struct auger_addr *dst)
{
    enum nat_verdict why_not;
    const struct nat_row *row = admitting(nat, now, src, dst, &why_not);

    if (!row)
        return forward(nat, dst, why_not);
    *dst = row->inside;
    return NAT_FORWARD;
}

/* 6: both ends are inside, and the destination is one of our own addresses. */
static enum nat_verdict turn_back(struct nat *nat, auger_time now, struct auger_addr *src,
                                  const struct auger_addr *external, struct auger_addr *dst)
{
    if (nat->config.hairpin == NAT_HAIRPIN_NONE)
        return NAT_DROP_HAIRPIN;
    enum nat_verdict verdict = nat_inbound(nat, now, external, dst);
    if (verdict != NAT_FORWARD)
        return verdict;
    if (nat->config.hairpin == NAT_HAIRPIN_EXTERNAL_SOURCE)
        *src = *external;
    return NAT_TURN_BACK;
}

enum nat_verdict nat_outbound(struct nat *nat, auger_time now, struct auger_addr *src,
                              struct auger_addr *dst)
{
    nat_table_expire(nat, now);
    const struct nat_row *row = map(nat, now, src, dst);
    if (!row)
        return NAT_DROP_FULL;

    struct auger_addr external = row->external;
    if (nat_owns(nat, dst))
        return turn_back(nat, now, src, &external, dst);
    *src = external;
    return NAT_FORWARD;
}

/* --- what befalls a NAT ----------------------------------------------------- */

void nat_reboot(struct nat *nat)
{
    nat->rows_len = 0;
}

void nat_rebind(struct nat *nat, auger_time now)
{
    nat_table_expire(nat, now);
    struct nat_row *rows = nat->rows;
    size_t moved = 0;

    /* Mappings that were moved stand before the others; each is moved once. */
    for (size_t i = 0; i < nat->rows_len; i++) {
        struct auger_addr old = rows[i].external, fresh = old;
        if (i < moved)
            continue;
        if (!nat_ports_allocate_random(nat, &rows[i].remote, &fresh))
            return;
        for (size_t j = i; j < nat->rows_len; j++) {
            if (!auger_addr_equal(&rows[j].external, &old))
                continue;
            struct nat_row row = rows[j];
            row.external = fresh;
            rows[j] = rows[moved];
            rows[moved++] = row;
        }
    }
}

void nat_forward(struct nat *nat, const struct auger_addr *inside)
{
    nat->forwards_to = *inside;
}

void nat_renumber(struct nat *nat, const struct auger_addr *external)
{
    assert(!nat->config.transparent);
    nat->config.external[0] = *external;
    nat->config.external_len = 1;
    nat->rows_len = 0;
}

const struct nat_row *nat_rows(struct nat *nat, auger_time now, size_t *len)
{
    nat_table_expire(nat, now);
    *len = nat->rows_len;
    return nat->rows;
}
