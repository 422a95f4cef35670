/* ice/config.c - what an agent is made with: the defaults, and what may not be. */
#include "ice/config.h"

#include <string.h>

#define PACING_MIN (5 * AUGER_MS) /* 8445 section 14.2 */
#define PACING_MAX (10 * AUGER_SEC)

void auger_ice_config_init_sized(struct auger_ice_config *config, size_t size)
{
    static const struct auger_ice_config defaults = {
        .pacing = 50 * AUGER_MS,
        .pac_timeout = 39500 * AUGER_MS,
        .gather_timeout = 10 * AUGER_SEC,
        .local_cands_max = 16,
        .remote_cands_max = 64,
        .prflx_cands_max = 16,
        .pairs_max = 100,
        .servers_max = 8,
        .renomination = true,
        .standby_max = 2,
        .relays_max = 8,
        .predict_sockets = 70,
    };
    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

bool auger_ice_config_is_valid(const struct auger_ice_config *config)
{
    return config->pacing >= PACING_MIN && config->pacing <= PACING_MAX &&
           (config->keepalive == 0 || config->keepalive >= AUGER_SEC) && config->pac_timeout >= 0 &&
           config->gather_timeout >= 0 && config->local_cands_max > 0 &&
           config->remote_cands_max > 0 && config->prflx_cands_max > 0 && config->pairs_max > 0 &&
           config->servers_max > 0 && config->policy <= AUGER_ICE_POLICY_RELAY &&
           config->standby_max <= AUGER_ICE_STANDBY_MAX &&
           config->relays_max <= AUGER_ICE_RELAYS_MAX &&
           config->predict_sockets <= AUGER_ICE_PREDICT_SOCKETS_MAX &&
           config->predict_port_min <= config->predict_port_max &&
           config->tcp <= (AUGER_ICE_TCP_ACTIVE | AUGER_ICE_TCP_PASSIVE | AUGER_ICE_TCP_SO);
}

void auger_ice_turn_server_init_sized(struct auger_ice_turn_server *server, size_t size)
{
    static const struct auger_ice_turn_server defaults = {.families = AUGER_TURN_BOTH};

    memset(server, 0, size);
    memcpy(server, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}
