/* tools/name_options.h - names under .local in place of addresses: the same options of every
 * command that meets another side. */
#ifndef AUGER_TOOLS_NAME_OPTIONS_H
#define AUGER_TOOLS_NAME_OPTIONS_H

#include "tools/options.h"

#include <auger/peer.h>

struct name_options {
    bool hide, no_resolve;
};

#define NAME_OPTION_ROWS(options)                                                                  \
    {"--mdns", OPTION_FLAG, .flag = &(options).hide},                                              \
    {                                                                                              \
        "--no-resolve-mdns", OPTION_FLAG, .flag = &(options).no_resolve                            \
    }

#define NAME_HELP                                                                                     \
    "  --mdns             hide our addresses: tell names under .local in their place, and answer\n"   \
    "                     for them by multicast DNS.  Who is not on our link finds us by --stun\n"    \
    "  --no-resolve-mdns  ignore the other side's names under .local, which browsers tell, instead\n" \
    "                     of asking for them by multicast DNS\n"

static inline void name_options_apply(const struct name_options *options,
                                      struct auger_peer_config *config)
{
    config->hide_addresses = options->hide;
    config->resolve_names = !options->no_resolve;
}

#endif /* AUGER_TOOLS_NAME_OPTIONS_H */
