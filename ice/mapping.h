/* ice/mapping.h - candidates that the configuration knows: where a NAT whose rule is
 * fixed (one to one, a cloud's, a forwarded port) shows a base of ours.  What NATs do by
 * themselves is asked of servers: gather.h. */
#ifndef AUGER_ICE_MAPPING_H
#define AUGER_ICE_MAPPING_H

#include "ice/state.h"

bool auger_mapping_is_valid(const struct auger_ice_config *config);
/* The agent's own copy of the config's list. */
int auger_mapping_init(struct auger_ice *ice) AUGER_CHECK_RESULT;
void auger_mapping_fini(struct auger_ice *ice);

/* Adds the candidates under which `host` is known outside.  Those that find no room are
 * counted. */
void auger_mapping_apply(struct auger_ice *ice, auger_time now, struct auger_ice_cand *host);

#endif /* AUGER_ICE_MAPPING_H */
