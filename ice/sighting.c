/* ice/sighting.c - where servers see our bases, and what that says of the NAT: RFC 4787 section
 * 4.1.  The candidates that come of it are reflexive.c. */
#include "ice/sighting.h"

#include "base/addr.h"

#include <string.h>

const char *auger_mapping_kind_name(enum auger_mapping_kind kind)
{
    switch (kind) {
    case AUGER_MAPPING_UNKNOWN:
        return "unknown";
    case AUGER_MAPPING_INDEPENDENT:
        return "endpoint-independent";
    case AUGER_MAPPING_DEPENDENT:
        return "by destination";
    }
    return "unknown";
}

static void remove_at(struct auger_prediction *p, size_t at)
{
    memmove(&p->sightings[at], &p->sightings[at + 1],
            (--p->sightings_len - at) * sizeof(p->sightings[0]));
}

void auger_sighting_note(struct auger_ice *ice, const struct auger_sighting *sighting)
{
    struct auger_prediction *p = ice->prediction;

    if (!p || sighting->base.family != AUGER_IPV4 || sighting->base.transport != AUGER_UDP ||
        sighting->server.transport != AUGER_UDP)
        return;
    for (size_t i = p->sightings_len; i-- > 0;)
        if (auger_addr_equal(&p->sightings[i].base, &sighting->base) &&
            auger_addr_equal(&p->sightings[i].server, &sighting->server))
            remove_at(p, i);
    if (p->sightings_len == AUGER_SIGHTINGS_MAX)
        remove_at(p, 0);
    p->sightings[p->sightings_len++] = *sighting;
}

void auger_sighting_forget(struct auger_ice *ice, const struct auger_addr *base)
{
    struct auger_prediction *p = ice->prediction;

    for (size_t i = p ? p->sightings_len : 0; i-- > 0;)
        if (auger_addr_equal(&p->sightings[i].base, base))
            remove_at(p, i);
}

static enum auger_mapping_kind compare(const struct auger_sighting *a,
                                       const struct auger_sighting *b)
{
    if (!auger_addr_equal(&a->base, &b->base) || !auger_addr_ip_equal(&a->seen_at, &b->seen_at))
        return AUGER_MAPPING_UNKNOWN;
    if (a->seen_at.port != b->seen_at.port)
        return AUGER_MAPPING_DEPENDENT;
    /* A mapping may depend on the address alone. */
    return auger_addr_ip_equal(&a->server, &b->server) ? AUGER_MAPPING_UNKNOWN
                                                       : AUGER_MAPPING_INDEPENDENT;
}

enum auger_mapping_kind auger_sighting_mapping(const struct auger_ice *ice,
                                               const struct auger_sighting **by)
{
    const struct auger_prediction *p = ice->prediction;
    enum auger_mapping_kind known = AUGER_MAPPING_UNKNOWN;

    for (size_t i = 0; i < p->sightings_len; i++) {
        if (auger_addr_equal(&p->sightings[i].base, &p->sightings[i].seen_at))
            known = AUGER_MAPPING_INDEPENDENT;
        for (size_t j = 0; j < i; j++) {
            enum auger_mapping_kind kind = compare(&p->sightings[i], &p->sightings[j]);
            if (kind == AUGER_MAPPING_DEPENDENT) {
                *by = &p->sightings[i];
                return kind;
            }
            if (kind == AUGER_MAPPING_INDEPENDENT)
                known = kind;
        }
    }
    return known;
}
