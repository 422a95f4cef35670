/* tools/nat_names.c - NATs by name. */
#include "tools/nat_names.h"

#include <stdlib.h>
#include <string.h>

#define PART_MAX NAT_TITLE_MAX
#define STRIDE_MAX 10000

#define ONE_FOR_ALL "one port for all destinations; "

static const struct nat_named common[] = {
    {"open", NAT_NO_GATEWAY, {0}, "a public address: whatever is sent to it comes in"},
    {"firewall",
     NAT_FIREWALL,
     {0},
     "a public address behind a filter: in comes only what was asked for"},
    {"full-cone",
     NAT_TRANSLATES,
     {.filtering = NAT_ENDPOINT_INDEPENDENT, .ports = NAT_PORTS_RANDOM},
     ONE_FOR_ALL "whoever knows it may come in"},
    {"address-restricted",
     NAT_TRANSLATES,
     {.filtering = NAT_ADDRESS_DEPENDENT, .ports = NAT_PORTS_RANDOM},
     ONE_FOR_ALL "in comes whoever was sent to, from any port"},
    {"port-restricted",
     NAT_TRANSLATES,
     {.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT, .ports = NAT_PORTS_RANDOM},
     ONE_FOR_ALL "in comes whoever was sent to, from that very port"},
    {"symmetric",
     NAT_TRANSLATES,
     {.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
      .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
      .ports = NAT_PORTS_RANDOM},
     "another port for each destination, any that is free; in comes only that destination"},
    {"udp-blocked", NAT_BLOCKED, {0}, "no UDP passes at all"},
};

/* What docs/nat-matrix.md calls them, and others. */
static const struct {
    const char *name, *is;
} also[] = {
    {"none", "open"},        {"public", "open"},    {"restricted", "address-restricted"},
    {"random", "symmetric"}, {"cone", "full-cone"}, {"blocked", "udp-blocked"},
};

static const struct nat_named *find_common(const char *name)
{
    for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
        if (strcmp(also[i].name, name) == 0)
            name = also[i].is;
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (strcmp(common[i].title, name) == 0)
            return &common[i];
    return NULL;
}

/* "symmetric+2": the next port, or the one after it, or the one a hundred further. */
static bool read_sequential(struct nat_named *gate, const char *part)
{
    static const char prefix[] = "symmetric+";
    char *end;

    if (strncmp(part, prefix, sizeof(prefix) - 1) != 0)
        return false;
    const char *digits = part + sizeof(prefix) - 1;
    long stride = strtol(digits, &end, 10);
    if (*digits < '1' || *digits > '9' || *end || stride > STRIDE_MAX)
        return false;
    *gate = *find_common("symmetric");
    gate->config.ports = NAT_PORTS_SEQUENTIAL;
    gate->config.stride = (int)stride;
    snprintf(gate->words, sizeof(gate->words),
             "another port for each destination, each time %ld further; in comes only that "
             "destination",
             stride);
    return true;
}

static bool read_name(struct nat_named *gate, const char *part)
{
    const struct nat_named *known = find_common(part);

    if (known)
        *gate = *known;
    else if (!read_sequential(gate, part))
        return false;
    snprintf(gate->title, sizeof(gate->title), "%s", part);
    return true;
}

/* --- in the words of RFC 4787 --------------------------------------------------------------- */

struct word {
    const char *name, *words;
};
static const struct word mappings[] = {{"EIM", "one port for all destinations"},
                                       {"ADM", "another port for each address that is sent to"},
                                       {"APDM", "another port for each destination"}};
static const struct word filters[] = {{"EIF", "whoever knows it may come in"},
                                      {"ADF", "in comes whoever was sent to, from any port"},
                                      {"APDF", "in comes only the destination itself"}};
static const struct word ports[] = {
    [NAT_PORTS_PRESERVE] = {"preserve", ", as inside where it is free"},
    [NAT_PORTS_OVERLOAD] = {"overload", ", always as inside"},
    [NAT_PORTS_SEQUENTIAL] = {"sequential", ", one after the other"},
    [NAT_PORTS_RANDOM] = {"random", ", any that is free"},
    [NAT_PORTS_PARITY] = {"parity", ", even for even"},
    [NAT_PORTS_CONTIGUOUS] = {"contiguous", ", beside that of its neighbour"},
};

static int find_word(const struct word *words, int len, const char *name)
{
    for (int i = 0; i < len; i++)
        if (strcmp(words[i].name, name) == 0)
            return i;
    return -1;
}

/* Copies what stands before the next slash and goes on behind it. */
static bool next_part(const char **text, char part[PART_MAX])
{
    size_t len = strcspn(*text, "/<");

    if (len == 0 || len >= PART_MAX)
        return false;
    memcpy(part, *text, len);
    part[len] = '\0';
    *text += len + ((*text)[len] && (*text)[len + 1]);
    return true;
}

/* "EIM/APDF" or "APDM/APDF/random"; the first part is known to be a mapping. */
static bool read_rfc4787(struct nat_named *gate, int mapping, const char **text)
{
    char part[PART_MAX];
    const char *before;
    int filter, port = -1;

    if (!next_part(text, part) || (filter = find_word(filters, 3, part)) < 0)
        return false;
    before = *text;
    if (**text && (!next_part(text, part) || (port = find_word(ports, 6, part)) < 0))
        *text = before;
    *gate = (struct nat_named){.shape = NAT_TRANSLATES};
    gate->config.mapping = (enum nat_dependence)mapping;
    gate->config.filtering = (enum nat_dependence)filter;
    gate->config.ports = port < 0 ? NAT_PORTS_PRESERVE : (enum nat_ports)port;
    snprintf(gate->title, sizeof(gate->title), "%s/%s%s%s", mappings[mapping].name,
             filters[filter].name, port < 0 ? "" : "/", port < 0 ? "" : ports[port].name);
    snprintf(gate->words, sizeof(gate->words), "%s%s; %s", mappings[mapping].words,
             ports[gate->config.ports].words, filters[filter].words);
    return true;
}

static const char *read_gate(struct nat_named *gate, const char **text)
{
    char part[PART_MAX];

    if (!next_part(text, part))
        return "is no NAT, or several with a slash between them";
    int mapping = find_word(mappings, 3, part);
    if (mapping >= 0)
        return read_rfc4787(gate, mapping, text) ? NULL : "needs a filter: EIM/EIF, EIM/ADF";
    return read_name(gate, part) ? NULL : "names a NAT that is not known";
}

const char *nat_chain_read(struct nat_chain *chain, const char *text)
{
    *chain = (struct nat_chain){0};
    do {
        if (chain->len == NAT_CHAIN_MAX)
            return "has more than three gateways";
        struct nat_named *gate = &chain->gates[chain->len];
        const char *wrong = read_gate(gate, &text);
        if (wrong)
            return wrong;
        chain->len += gate->shape != NAT_NO_GATEWAY;
    } while (*text && *text != '/' && *text != '<');
    return *text ? "ends with a slash" : NULL;
}

const char *nat_phrase(const struct nat_named *gate, char text[NAT_TITLE_MAX + 16])
{
    if (gate->shape == NAT_FIREWALL)
        return "a firewall";
    if (gate->shape == NAT_BLOCKED)
        return "a firewall without UDP";
    snprintf(text, NAT_TITLE_MAX + 16, "%s %s NAT", strchr("aeiAEI", gate->title[0]) ? "an" : "a",
             gate->title);
    return text;
}

bool nat_chain_translates(const struct nat_chain *chain)
{
    for (size_t i = 0; i < chain->len; i++)
        if (chain->gates[i].shape == NAT_TRANSLATES)
            return true;
    return false;
}

bool nat_chain_blocks_udp(const struct nat_chain *chain)
{
    for (size_t i = 0; i < chain->len; i++)
        if (chain->gates[i].shape == NAT_BLOCKED)
            return true;
    return false;
}
