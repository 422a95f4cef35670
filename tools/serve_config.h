/* tools/serve_config.h - what `auger serve` is told, on the command line and in a file. */
#ifndef AUGER_TOOLS_SERVE_CONFIG_H
#define AUGER_TOOLS_SERVE_CONFIG_H

#include "tools/ice_options.h"
#include "tools/net_options.h"
#include "tools/trace_writer.h"
#include "tools/turn_options.h"

struct serve_config {
    struct option_file file;
    struct auger_addr listen, stun, metrics; /* no family: that is not served */
    const char *cert, *key;
    bool json;
    struct turn_options turn; /* serve_config_has_turn() */
    /* Of the native peer. */
    struct net_options net_options;
    struct ice_options ice_options;
    struct auger_net_config net;
    struct auger_peer_config peer;
    long mux_port; /* -1: none */
    bool unpaced;
    struct trace_options trace;
};

/* false: end with *status; help was printed or a mistake was named.  `config` stays where it is
 * until serve_config_fini(), which is to be called in both cases. */
bool serve_config_read(struct serve_config *config, int argc, char **argv, int *status);
void serve_config_fini(struct serve_config *config);

bool serve_config_has_turn(const struct serve_config *config);

extern const char serve_help[];

#endif /* AUGER_TOOLS_SERVE_CONFIG_H */
