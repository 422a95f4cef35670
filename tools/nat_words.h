/* tools/nat_words.h - what was found of a NAT, in words, as a table, and as JSON. */
#ifndef AUGER_TOOLS_NAT_WORDS_H
#define AUGER_TOOLS_NAT_WORDS_H

#include "tools/nat64.h"
#include "tools/nat_path.h"
#include "tools/nat_portmap.h"

#include <auger/stun_discovery.h>

#include <jansson.h>
#include <stdio.h>

/* Of one family. */
struct nat_finding {
    struct auger_addr local;
    struct auger_discovery_report report;
    bool has_path, has_portmap; /* IPv4 alone */
    struct nat_path path;
    struct nat_portmap portmap;
};

/* One line, as "endpoint-independent NAT, port-restricted (the usual home router)". */
const char *nat_verdict_in_words(const struct auger_discovery_report *report);
void nat_words_print(FILE *out, const struct nat_finding *finding);
json_t *nat_words_json(const struct nat_finding *finding);
/* "ageing: idle for 30 s, and it is there". */
void nat_words_progress(FILE *out, const struct auger_discovery_event *event);
json_t *nat_words_progress_json(int family, const struct auger_discovery_event *event);

#endif /* AUGER_TOOLS_NAT_WORDS_H */
