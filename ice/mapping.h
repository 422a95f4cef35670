/* ice/mapping.h - candidates that the configuration knows: where a NAT whose rule is
 * fixed (one to one, a cloud's, a forwarded port) shows a base of ours; and those that a gateway
 * was asked for.  What NATs do by themselves is asked of servers: gather.h. */
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

/* A gateway has that address lead to the base; of TCP both to its passive candidate and to that for
 * simultaneous open. */
int auger_mapping_add(struct auger_ice *ice, auger_time now, const struct auger_addr *base,
                      const struct auger_addr *external) AUGER_CHECK_RESULT;
/* Its candidate, or one of two; NULL: there is none, or a server has shown it. */
struct auger_ice_cand *auger_mapping_find(struct auger_ice *ice, const struct auger_addr *base,
                                          const struct auger_addr *external);

#endif /* AUGER_ICE_MAPPING_H */
