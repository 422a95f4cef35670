/* tools/discovery_names.h - the words for what a discovery finds: short ones, which JSON has too,
 * and sentences for people. */
#ifndef AUGER_TOOLS_DISCOVERY_NAMES_H
#define AUGER_TOOLS_DISCOVERY_NAMES_H

#include <auger/stun_discovery.h>

const char *discovery_answer_name(enum auger_discovery_answer answer);
const char *discovery_dependence_name(enum auger_discovery_dependence dependence);
const char *discovery_ports_name(enum auger_discovery_ports ports);
const char *discovery_hairpin_name(enum auger_discovery_hairpin hairpin);
const char *discovery_hairpin_in_words(const struct auger_discovery_report *report);
/* NULL: it is not known. */
const char *discovery_refresh_in_words(const struct auger_discovery_report *report);
const char *discovery_other_name(enum auger_discovery_other other);
const char *discovery_other_in_words(enum auger_discovery_other other);
const char *discovery_outlook_name(enum auger_discovery_outlook outlook);
const char *discovery_outlook_in_words(enum auger_discovery_outlook outlook);

#endif /* AUGER_TOOLS_DISCOVERY_NAMES_H */
