/* ice/config.h - what an agent is made with: the defaults, and what may not be. */
#ifndef AUGER_ICE_CONFIG_H
#define AUGER_ICE_CONFIG_H

#include <auger/ice.h>

bool auger_ice_config_is_valid(const struct auger_ice_config *config);

#endif /* AUGER_ICE_CONFIG_H */
