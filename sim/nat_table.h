/* sim/nat_table.h - the rows of a NAT and the choice of its external ports; what
 * passes by them is decided in nat.c. */
#ifndef SIM_NAT_TABLE_H
#define SIM_NAT_TABLE_H

#include "sim/nat.h"
#include "sim/prng.h"

struct nat {
    struct nat_config config;
    struct prng random;
    struct nat_row *rows; /* oldest first */
    size_t rows_len, rows_cap;
    auger_time expires_at;         /* no row does before */
    uint16_t last_port;            /* sequential */
    struct auger_addr forwards_to; /* no family: nowhere */
};

void nat_table_expire(struct nat *nat, auger_time now);
struct nat_row *nat_table_find(struct nat *nat, const struct auger_addr *inside,
                               const struct auger_addr *remote);
/* The last row whose mapping serves this flow too (4.1), or NULL. */
struct nat_row *nat_table_find_mapping(struct nat *nat, const struct auger_addr *inside,
                                       const struct auger_addr *remote);
/* NULL when the table is full, or when there is no memory. */
struct nat_row *nat_table_add(struct nat *nat, auger_time now, const struct nat_row *row);

/* An external address for a new mapping (4.1, 4.2); false when none is free. */
bool nat_ports_allocate(struct nat *nat, const struct auger_addr *inside,
                        const struct auger_addr *remote, struct auger_addr *external);
/* Whether a new mapping may have that port, towards this destination. */
bool nat_ports_is_free(const struct nat *nat, const struct auger_addr *external,
                       const struct auger_addr *remote);
/* Any free port of that address. */
bool nat_ports_allocate_random(struct nat *nat, const struct auger_addr *remote,
                               struct auger_addr *external);

#endif /* SIM_NAT_TABLE_H */
