/* stun/discovery_outlook.c - what will get through the NAT that was found: the law of
 * docs/nat-matrix.md, and RFC 5128 section 3.5 for ports that are guessed. */
#include <auger/stun_discovery.h>

/* One address serves every destination, so that it can be announced. */
static bool is_announced(const struct auger_discovery_report *report)
{
    return report->mapping == AUGER_DISCOVERY_ENDPOINT_INDEPENDENT;
}

static bool admits_any_port(const struct auger_discovery_report *report)
{
    return report->filtering == AUGER_DISCOVERY_ENDPOINT_INDEPENDENT ||
           report->filtering == AUGER_DISCOVERY_ADDRESS_DEPENDENT;
}

static bool is_counted(const struct auger_discovery_report *report)
{
    return report->ports == AUGER_DISCOVERY_PORTS_SEQUENTIAL;
}

/* Its own check has to get through to us, or its next port be known. */
static enum auger_discovery_outlook to_symmetric(const struct auger_discovery_report *report,
                                                 bool other_is_counted)
{
    if (is_announced(report)) {
        if (admits_any_port(report))
            return AUGER_DISCOVERY_OUTLOOK_DIRECT;
        if (other_is_counted)
            return AUGER_DISCOVERY_OUTLOOK_PREDICTED;
        return report->filtering == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN
                   ? AUGER_DISCOVERY_OUTLOOK_UNKNOWN
                   : AUGER_DISCOVERY_OUTLOOK_RELAY;
    }
    return other_is_counted && is_counted(report) ? AUGER_DISCOVERY_OUTLOOK_PREDICTED
                                                  : AUGER_DISCOVERY_OUTLOOK_RELAY;
}

enum auger_discovery_outlook auger_discovery_outlook(const struct auger_discovery_report *report,
                                                     enum auger_discovery_other other)
{
    if (report->udp == AUGER_DISCOVERY_NO || other == AUGER_DISCOVERY_OTHER_BLOCKED)
        return AUGER_DISCOVERY_OUTLOOK_RELAY;
    if (report->mapping == AUGER_DISCOVERY_DEPENDENCE_UNKNOWN)
        return AUGER_DISCOVERY_OUTLOOK_UNKNOWN;
    switch (other) {
    case AUGER_DISCOVERY_OTHER_OPEN:
    case AUGER_DISCOVERY_OTHER_ADDRESS_RESTRICTED:
        return AUGER_DISCOVERY_OUTLOOK_DIRECT;
    case AUGER_DISCOVERY_OTHER_PORT_RESTRICTED:
        if (is_announced(report))
            return AUGER_DISCOVERY_OUTLOOK_DIRECT;
        return is_counted(report) ? AUGER_DISCOVERY_OUTLOOK_PREDICTED
                                  : AUGER_DISCOVERY_OUTLOOK_RELAY;
    case AUGER_DISCOVERY_OTHER_SEQUENTIAL:
        return to_symmetric(report, true);
    case AUGER_DISCOVERY_OTHER_RANDOM:
        return to_symmetric(report, false);
    case AUGER_DISCOVERY_OTHER_BLOCKED:
    case AUGER_DISCOVERY_OTHERS:
        break;
    }
    return AUGER_DISCOVERY_OUTLOOK_UNKNOWN;
}
