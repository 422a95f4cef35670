/* io/filter.h - what the application says of interfaces and addresses: `only` and `without`
 * of struct auger_net_config. */
#ifndef AUGER_IO_FILTER_H
#define AUGER_IO_FILTER_H

#include <auger/io.h>

#define AUGER_FILTERS_MAX 16 /* in one list */

/* Whether every entry is an interface's name, an address or a prefix. */
bool auger_filter_is_valid(const struct auger_net_config *net);
bool auger_filter_admits(const struct auger_net_config *net, const char *interface,
                         const struct auger_addr *addr);
/* Whether an entry of `only` speaks of that interface by name. */
bool auger_filter_names(const struct auger_net_config *net, const char *interface);

#endif /* AUGER_IO_FILTER_H */
