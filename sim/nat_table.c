/* sim/nat_table.c - the mapping table of a NAT: RFC 4787, sections 4.1 and 4.3. */
#include "sim/nat_table.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

static void forget(struct nat *nat, size_t i)
{
    memmove(&nat->rows[i], &nat->rows[i + 1], (nat->rows_len - i - 1) * sizeof(nat->rows[0]));
    nat->rows_len--;
}

void nat_table_expire(struct nat *nat, auger_time now)
{
    size_t kept = 0;

    if (now < nat->expires_at)
        return;
    nat->expires_at = AUGER_NEVER;
    for (size_t i = 0; i < nat->rows_len; i++) {
        auger_time at = auger_time_add(nat->rows[i].used_at, nat->config.timeout);
        if (at <= now)
            continue;
        nat->expires_at = auger_time_min(nat->expires_at, at);
        nat->rows[kept++] = nat->rows[i];
    }
    nat->rows_len = kept;
}

struct nat_row *nat_table_find(struct nat *nat, const struct auger_addr *inside,
                               const struct auger_addr *remote)
{
    for (size_t i = 0; i < nat->rows_len; i++) {
        struct nat_row *row = &nat->rows[i];
        if (auger_addr_equal(&row->inside, inside) && auger_addr_equal(&row->remote, remote))
            return row;
    }
    return NULL;
}

static bool mapping_serves(const struct nat *nat, const struct nat_row *row,
                           const struct auger_addr *remote)
{
    /* Where one port serves many, another host may have it towards this destination. */
    if (nat->config.reuse_by_destination && !nat_ports_is_free(nat, &row->external, remote))
        return false;
    switch (nat->config.mapping) {
    case NAT_ENDPOINT_INDEPENDENT:
        return true;
    case NAT_ADDRESS_DEPENDENT:
        return auger_addr_ip_equal(&row->remote, remote);
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        return auger_addr_equal(&row->remote, remote);
    }
    return false;
}

struct nat_row *nat_table_find_mapping(struct nat *nat, const struct auger_addr *inside,
                                       const struct auger_addr *remote)
{
    for (size_t i = nat->rows_len; i-- > 0;) {
        struct nat_row *row = &nat->rows[i];
        if (auger_addr_equal(&row->inside, inside) && mapping_serves(nat, row, remote))
            return row;
    }
    return NULL;
}

static size_t longest_unused(const struct nat *nat)
{
    size_t oldest = 0;
    for (size_t i = 1; i < nat->rows_len; i++) {
        if (nat->rows[i].used_at < nat->rows[oldest].used_at)
            oldest = i;
    }
    return oldest;
}

static size_t rows_of_host(const struct nat *nat, const struct auger_addr *inside)
{
    size_t count = 0;
    for (size_t i = 0; i < nat->rows_len; i++)
        count += auger_addr_ip_equal(&nat->rows[i].inside, inside);
    return count;
}

static bool make_room(struct nat *nat, const struct auger_addr *inside)
{
    const struct nat_config *config = &nat->config;

    if (config->rows_per_host_max && rows_of_host(nat, inside) >= config->rows_per_host_max)
        return false;
    if (nat->rows_len >= config->rows_max) {
        if (!config->evicts)
            return false;
        forget(nat, longest_unused(nat));
    }
    if (nat->rows_len == nat->rows_cap) {
        size_t cap = nat->rows_cap ? 2 * nat->rows_cap : 16;
        struct nat_row *rows = realloc(nat->rows, cap * sizeof(*rows));
        if (!rows)
            return false;
        nat->rows = rows;
        nat->rows_cap = cap;
    }
    return true;
}

struct nat_row *nat_table_add(struct nat *nat, auger_time now, const struct nat_row *row)
{
    if (!make_room(nat, &row->inside))
        return NULL;
    struct nat_row *added = &nat->rows[nat->rows_len++];
    *added = *row;
    added->used_at = now;
    nat->expires_at = auger_time_min(nat->expires_at, auger_time_add(now, nat->config.timeout));
    return added;
}
