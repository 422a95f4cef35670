/* mdns/name.h - the names that stand for addresses: a UUID under ".local". */
#ifndef AUGER_MDNS_NAME_H
#define AUGER_MDNS_NAME_H

#include <auger/mdns.h>

/* A fresh one: version 4, in lower case (3.1.1).  AUGER_ERR_ENTROPY. */
int auger_mdns_name_make(char name[AUGER_MDNS_NAME_MAX],
                         const struct auger_env *env) AUGER_CHECK_RESULT;
/* A copy in lower case of what auger_mdns_is_name(). */
void auger_mdns_name_copy(char out[AUGER_MDNS_NAME_MAX], const char *name);

#endif /* AUGER_MDNS_NAME_H */
