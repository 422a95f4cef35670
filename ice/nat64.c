/* ice/nat64.c - what is of IPv4, seen from a host that has IPv6 alone and a NAT64. */
#include "ice/nat64.h"

#include "ice/gather.h"

#include "base/addr.h"
#include "base/nat64.h"

static bool has_ipv4(const struct auger_ice *ice)
{
    for (uint16_t i = 0; i < ice->locals.len; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(&ice->locals, i);
        if (cand->type == AUGER_CAND_HOST && auger_cand_is_base(cand) &&
            cand->addr.family == AUGER_IPV4)
            return true;
    }
    return false;
}

bool auger_through_nat64(const struct auger_ice *ice, const struct auger_addr *addr,
                         struct auger_addr *out)
{
    if (ice->nat64.prefix_len == 0 || !auger_nat64_reaches(addr) || has_ipv4(ice))
        return false;
    *out = auger_nat64_synthesise(&ice->nat64, addr);
    return true;
}

/* A DNS64 may have named it already. */
static bool is_known(const struct auger_ice *ice, const struct auger_addr *server)
{
    for (uint16_t i = 0; i < ice->gather.servers_len; i++)
        if (auger_addr_equal(&ice->gather.servers[i], server))
            return true;
    return false;
}

void auger_nat64_ask_server(struct auger_ice *ice, const struct auger_addr *server)
{
    struct auger_addr translated;

    if (auger_through_nat64(ice, server, &translated) && !is_known(ice, &translated) &&
        auger_gather_add_server(ice, &translated) < 0)
        ice->counters.limited++;
}

void auger_nat64_ask_servers(struct auger_ice *ice)
{
    uint16_t len = ice->gather.servers_len;

    for (uint16_t i = 0; i < len; i++)
        auger_nat64_ask_server(ice, &ice->gather.servers[i]);
}
