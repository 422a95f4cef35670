/* ice/foretell.c - the peer is told of ports that no server saw.  How they come to be known is
 * bracket.c, birthday.c. */
#include "ice/foretell.h"

#include "ice/predicted.h"

#include "base/trace.h"

bool auger_foretell_port(struct auger_ice *ice, auger_time now, const struct auger_ice_cand *helper,
                         const struct auger_addr *addr)
{
    static const struct auger_cand_policy strict = {0};

    if (!auger_cand_addr_is_usable(addr, &strict) ||
        auger_cands_find_seen(&ice->locals, addr, helper))
        return false;
    struct auger_ice_cand *cand = auger_predicted_add_local(&ice->locals, helper, addr);
    if (!cand)
        return false;
    auger_trace(ice->env, now, "ice:local_candidate", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("type", "srflx"), AUGER_F_ADDR("base", cand->base),
                AUGER_F_INT("priority", cand->priority));
    ice->prediction->told++;
    return true;
}

void auger_foretell_end(struct auger_ice *ice)
{
    if (ice->gather.state == AUGER_GATHER_DONE)
        ice->news.gathered = true;
}

void auger_foretell_ports(struct auger_ice *ice, auger_time now,
                          const struct auger_ice_cand *helper, const struct auger_addr *ip,
                          const uint16_t *ports, size_t len)
{
    struct auger_addr addr = *ip;

    for (size_t i = 0; i < len; i++) {
        addr.port = ports[i];
        auger_foretell_port(ice, now, helper, &addr);
    }
    auger_foretell_end(ice);
}
