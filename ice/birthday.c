/* ice/birthday.c - behind a NAT that draws its ports: many of them are opened towards the peer, and
 * it is told of many that are drawn.  Of ports in order it is bracket.c. */
#include "ice/birthday.h"

#include "ice/foretell.h"
#include "ice/predicted.h"
#include "ice/sighting.h"

#include "base/env.h"

#define PORT_MIN 1024 /* of a NAT whose range is not known */

static bool knows_small_range(const struct auger_ice_config *config)
{
    return config->predict_port_min > 0 &&
           config->predict_port_max - config->predict_port_min < AUGER_BIRTHDAY_RANGE_MAX;
}

bool auger_birthday_may_be(const struct auger_ice *ice, const struct auger_peer_ports *peer)
{
    const struct auger_ice_config *config = &ice->config;

    return !ice->prediction->has_tried_birthday && peer->targets_len > 0 &&
           config->predict_sockets > 0 && (config->predict_random || knows_small_range(config));
}

static bool draw_port(struct auger_ice *ice, uint16_t *port)
{
    const struct auger_ice_config *config = &ice->config;
    uint32_t low = config->predict_port_min ? config->predict_port_min : PORT_MIN;
    uint32_t high = config->predict_port_min ? config->predict_port_max : UINT16_MAX;
    uint32_t random;

    if (auger_env_random(ice->env, &random, sizeof(random)) != 0)
        return false;
    *port = (uint16_t)(low + random % (high - low + 1)); /* as good as even */
    return true;
}

static void tell_drawn_ports(struct auger_ice *ice, auger_time now,
                             const struct auger_ice_cand *helper)
{
    const struct auger_sighting *by;
    struct auger_addr addr;

    if (auger_sighting_mapping(ice, &by) != AUGER_MAPPING_DEPENDENT)
        return;
    addr = by->seen_at;
    for (uint16_t i = 0; i < ice->config.predict_sockets; i++)
        if (draw_port(ice, &addr.port))
            auger_foretell_port(ice, now, helper, &addr);
    auger_foretell_end(ice);
}

/* Each helper opens one port of the NAT, by a check at the ordinary pace. */
void auger_birthday_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers,
                          size_t len)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_generation *current = ice->current;
    const struct auger_ice_cand *host = auger_cands_find_base(&ice->locals, &p->base);
    struct auger_ice_cand *first = NULL;
    struct auger_peer_ports peer;

    p->has_tried_birthday = true;
    auger_peer_ports_read(ice, &peer);
    struct auger_ice_cand *target =
        auger_cands_find(&current->remotes, &peer.targets[0], AUGER_TCP_TYPE_NONE);
    for (size_t i = 0; host && target && i < len; i++) {
        struct auger_ice_cand *helper = auger_predicted_add_helper(&ice->locals, host, &helpers[i]);
        if (!helper || !auger_cand_can_pair(helper, target) ||
            !auger_checklist_add(&current->checklist, now, helper, target, current->role))
            break;
        first = first ? first : helper;
    }
    if (first)
        tell_drawn_ports(ice, now, first);
    p->has_done = true; /* those for which there was no room */
}
