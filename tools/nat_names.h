/* tools/nat_names.h - NATs by name, as `auger sim` takes them: a common name, or what RFC 4787
 * says of it in the words of docs/nat-matrix.md; one behind the other with a slash. */
#ifndef AUGER_TOOLS_NAT_NAMES_H
#define AUGER_TOOLS_NAT_NAMES_H

#include "sim/nat.h"

#include <stdio.h>

#define NAT_CHAIN_MAX 3
#define NAT_TITLE_MAX 32
#define NAT_WORDS_MAX 200

enum nat_shape { NAT_NO_GATEWAY, NAT_FIREWALL, NAT_BLOCKED, NAT_TRANSLATES };

struct nat_named {
    char title[NAT_TITLE_MAX]; /* as it was asked for */
    enum nat_shape shape;
    struct nat_config config;  /* of NAT_TRANSLATES */
    char words[NAT_WORDS_MAX]; /* what it does, for who has never heard of it */
};

/* The gateways between a host and the internet, the host's own first; none: a public address. */
struct nat_chain {
    struct nat_named gates[NAT_CHAIN_MAX];
    size_t len;
};

/* NULL, or what is wrong with it. */
const char *nat_chain_read(struct nat_chain *chain, const char *text);
/* "a symmetric NAT", "a firewall". */
const char *nat_phrase(const struct nat_named *gate, char text[NAT_TITLE_MAX + 16]);
bool nat_chain_translates(const struct nat_chain *chain);
bool nat_chain_blocks_udp(const struct nat_chain *chain);

#endif /* AUGER_TOOLS_NAT_NAMES_H */
