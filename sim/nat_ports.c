/* sim/nat_ports.c - which external address and port a new mapping gets: RFC 4787,
 * sections 4.1 (pooling) and 4.2. */
#include "sim/nat_table.h"

static bool is_in_the_way(const struct nat *nat, const struct nat_row *row,
                          const struct auger_addr *external, const struct auger_addr *remote)
{
    return auger_addr_equal(&row->external, external) &&
           (!nat->config.reuse_by_destination || auger_addr_equal(&row->remote, remote));
}

bool nat_ports_is_free(const struct nat *nat, const struct auger_addr *external,
                       const struct auger_addr *remote)
{
    for (size_t i = 0; i < nat->rows_len; i++) {
        if (is_in_the_way(nat, &nat->rows[i], external, remote))
            return false;
    }
    return true;
}

static unsigned range(const struct nat *nat)
{
    return (unsigned)nat->config.port_max - nat->config.port_min + 1;
}

/* Goes on from `first` in steps until a port is free.  The rows are gone through once: where all
 * ports that steps lead to are taken, each try would go through all of them. */
static bool search(const struct nat *nat, unsigned first, int step, const struct auger_addr *remote,
                   struct auger_addr *external)
{
    int offset = (int)(first - nat->config.port_min), size = (int)range(nat);
    uint8_t taken[(UINT16_MAX + 1) / 8] = {0};

    for (size_t i = 0; i < nat->rows_len; i++) {
        external->port = nat->rows[i].external.port;
        if (is_in_the_way(nat, &nat->rows[i], external, remote))
            taken[external->port / 8] |= (uint8_t)(1u << external->port % 8);
    }
    for (int tries = 0; tries < size; tries++) {
        external->port = (uint16_t)(nat->config.port_min + offset);
        if (!(taken[external->port / 8] >> external->port % 8 & 1))
            return true;
        offset = ((offset + step) % size + size) % size;
    }
    return false;
}

bool nat_ports_allocate_random(struct nat *nat, const struct auger_addr *remote,
                               struct auger_addr *external)
{
    unsigned first = nat->config.port_min + (unsigned)prng_below(&nat->random, range(nat));
    return search(nat, first, 1, remote, external);
}

static bool allocate_preserved(struct nat *nat, const struct auger_addr *inside,
                               const struct auger_addr *remote, struct auger_addr *external)
{
    external->port = inside->port;
    if (nat_ports_is_free(nat, external, remote))
        return true;
    return nat_ports_allocate_random(nat, remote, external);
}

static bool allocate_next(struct nat *nat, const struct auger_addr *remote,
                          struct auger_addr *external)
{
    int size = (int)range(nat), step = nat->config.stride;
    int offset = (((nat->last_port - nat->config.port_min) + step) % size + size) % size;

    if (!search(nat, (unsigned)(nat->config.port_min + offset), step, remote, external))
        return false;
    nat->last_port = external->port;
    return true;
}

/* A random port, even or odd as the inside one is (4.2.2). */
static bool allocate_parity(struct nat *nat, const struct auger_addr *inside,
                            const struct auger_addr *remote, struct auger_addr *external)
{
    unsigned first = nat->config.port_min + (unsigned)prng_below(&nat->random, range(nat));

    if ((first ^ inside->port) & 1)
        first = first == nat->config.port_max ? first - 1 : first + 1;
    return search(nat, first, 2, remote, external);
}

/* Beside the mapping of the inside port's twin, if it has one (4.2.3). */
static bool allocate_contiguous(struct nat *nat, const struct auger_addr *inside,
                                const struct auger_addr *remote, struct auger_addr *external)
{
    struct auger_addr twin = *inside;

    twin.port ^= 1;
    for (size_t i = 0; i < nat->rows_len; i++) {
        if (!auger_addr_equal(&nat->rows[i].inside, &twin))
            continue;
        *external = nat->rows[i].external;
        external->port ^= 1;
        if (nat_ports_is_free(nat, external, remote))
            return true;
    }
    return allocate_parity(nat, inside, remote, external);
}

/* One external address a host, or any for each mapping (4.1, REQ-2). */
static struct auger_addr pool(struct nat *nat, const struct auger_addr *inside)
{
    if (!nat->config.arbitrary_pooling) {
        for (size_t i = 0; i < nat->rows_len; i++) {
            if (auger_addr_ip_equal(&nat->rows[i].inside, inside))
                return nat->rows[i].external;
        }
    }
    if (nat->config.external_len == 1)
        return nat->config.external[0];
    return nat->config.external[prng_below(&nat->random, nat->config.external_len)];
}

bool nat_ports_allocate(struct nat *nat, const struct auger_addr *inside,
                        const struct auger_addr *remote, struct auger_addr *external)
{
    if (nat->config.transparent) {
        *external = *inside;
        return true;
    }
    *external = pool(nat, inside);
    external->transport = inside->transport;
    switch (nat->config.ports) {
    case NAT_PORTS_PRESERVE:
        return allocate_preserved(nat, inside, remote, external);
    case NAT_PORTS_OVERLOAD:
        external->port = inside->port;
        return true;
    case NAT_PORTS_SEQUENTIAL:
        return allocate_next(nat, remote, external);
    case NAT_PORTS_RANDOM:
        return nat_ports_allocate_random(nat, remote, external);
    case NAT_PORTS_PARITY:
        return allocate_parity(nat, inside, remote, external);
    case NAT_PORTS_CONTIGUOUS:
        return allocate_contiguous(nat, inside, remote, external);
    }
    return false;
}
