/* tools/ice_options.h - what kind of agent, and when its descriptions leave: the same options of
 * every command that meets another side. */
#ifndef AUGER_TOOLS_ICE_OPTIONS_H
#define AUGER_TOOLS_ICE_OPTIONS_H

#include "tools/options.h"

#include <auger/peer.h>

#include <string.h>

struct ice_options {
    bool lite, predict;
    long keepalive_s;
    const char *trickle; /* NULL: the default */
};

#define ICE_OPTION_ROWS(options)                                                                   \
    {"--lite", OPTION_FLAG, .flag = &(options).lite},                                              \
        {"--predict", OPTION_FLAG, .flag = &(options).predict},                                    \
        {"--keepalive", OPTION_NUMBER, .number = &(options).keepalive_s, .min = 1, .max = 15},     \
    {                                                                                              \
        "--trickle", OPTION_TEXT, .text = &(options).trickle                                       \
    }

#define ICE_HELP                                                                                       \
    "  --lite             be an ICE-lite agent: host candidates alone, answer checks and send none;\n" \
    "                     for a host that everybody reaches.  It asks no STUN server\n"                \
    "  --predict          behind a NAT that shows each destination another port, tell the port that\n" \
    "                     it gives next: needs two STUN servers, and opens up to 5 sockets more\n"     \
    "  --keepalive SECONDS  behind a NAT that forgets within seconds (`auger nat --lifetime`), let\n"  \
    "                     nothing be silent for longer, 1 to 15; else consent keeps it\n"              \
    "  --trickle WORD     full: a description leaves at once, and candidates follow (default).\n"      \
    "                     half: the first one waits for all candidates, later ones only if the\n"      \
    "                     other side does not trickle.  none: each waits\n"

/* false: a mistake was named on standard error. */
static inline bool ice_options_apply(const struct ice_options *options, const char *command,
                                     struct auger_peer_config *config)
{
    static const char *const words[] = {
        [AUGER_TRICKLE_FULL] = "full",
        [AUGER_TRICKLE_HALF] = "half",
        [AUGER_TRICKLE_NONE] = "none",
    };

    config->ice.lite = options->lite;
    config->ice.prediction = options->predict;
    config->ice.keepalive = options->keepalive_s * AUGER_SEC;
    for (size_t i = 0; options->trickle && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(options->trickle, words[i]) == 0) {
            config->trickle = (enum auger_trickle)i;
            return true;
        }
    return !options->trickle || options_wrong(command, "--trickle", "takes full, half or none");
}

#endif /* AUGER_TOOLS_ICE_OPTIONS_H */
