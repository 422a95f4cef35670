/* tools/discovery_names.c - the words for what a discovery finds. */
#include "tools/discovery_names.h"

const char *discovery_answer_name(enum auger_discovery_answer answer)
{
    switch (answer) {
    case AUGER_DISCOVERY_UNKNOWN:
        return "unknown";
    case AUGER_DISCOVERY_NO:
        return "no";
    case AUGER_DISCOVERY_YES:
        return "yes";
    }
    return "unknown";
}

const char *discovery_dependence_name(enum auger_discovery_dependence dependence)
{
    switch (dependence) {
    case AUGER_DISCOVERY_DEPENDENCE_UNKNOWN:
        return "unknown";
    case AUGER_DISCOVERY_ENDPOINT_INDEPENDENT:
        return "endpoint-independent";
    case AUGER_DISCOVERY_ADDRESS_DEPENDENT:
        return "address-dependent";
    case AUGER_DISCOVERY_ADDRESS_AND_PORT_DEPENDENT:
        return "address-and-port-dependent";
    case AUGER_DISCOVERY_DEPENDENT:
        return "dependent";
    }
    return "unknown";
}

const char *discovery_ports_name(enum auger_discovery_ports ports)
{
    switch (ports) {
    case AUGER_DISCOVERY_PORTS_UNKNOWN:
        return "unknown";
    case AUGER_DISCOVERY_PORTS_PRESERVED:
        return "preserved";
    case AUGER_DISCOVERY_PORTS_SEQUENTIAL:
        return "sequential";
    case AUGER_DISCOVERY_PORTS_RANDOM:
        return "random";
    case AUGER_DISCOVERY_PORTS_PARITY:
        return "parity";
    case AUGER_DISCOVERY_PORTS_CONTIGUOUS:
        return "contiguous";
    }
    return "unknown";
}

const char *discovery_hairpin_name(enum auger_discovery_hairpin hairpin)
{
    switch (hairpin) {
    case AUGER_DISCOVERY_HAIRPIN_UNKNOWN:
        return "unknown";
    case AUGER_DISCOVERY_HAIRPIN_NONE:
        return "none";
    case AUGER_DISCOVERY_HAIRPIN_EXTERNAL_SOURCE:
        return "external";
    case AUGER_DISCOVERY_HAIRPIN_INTERNAL_SOURCE:
        return "internal";
    }
    return "unknown";
}

const char *discovery_hairpin_in_words(const struct auger_discovery_report *report)
{
    switch (report->hairpin) {
    case AUGER_DISCOVERY_HAIRPIN_UNKNOWN:
        return report->is_translated == AUGER_DISCOVERY_NO ? "not needed" : "unknown";
    case AUGER_DISCOVERY_HAIRPIN_NONE:
        return "none that this host sees: what it sends to its own public address does not come back";
    case AUGER_DISCOVERY_HAIRPIN_EXTERNAL_SOURCE:
        return "there, with the public source address";
    case AUGER_DISCOVERY_HAIRPIN_INTERNAL_SOURCE:
        return "there, with the private source address";
    }
    return "unknown";
}

/* RFC 4787, REQ-6: what goes out has to, what comes in may. */
const char *discovery_refresh_in_words(const struct auger_discovery_report *report)
{
    enum auger_discovery_answer in = report->inbound_refresh;

    switch (report->outbound_refresh) {
    case AUGER_DISCOVERY_UNKNOWN:
        break;
    case AUGER_DISCOVERY_NO:
        return in == AUGER_DISCOVERY_YES
                   ? "by what comes in alone: what is sent into silence keeps "
                     "nothing, against RFC 4787 (REQ-6)"
                   : "not by what goes out, against RFC 4787 (REQ-6)";
    case AUGER_DISCOVERY_YES:
        if (in == AUGER_DISCOVERY_UNKNOWN)
            return "by what goes out; whether by what comes in too, is not known";
        return in == AUGER_DISCOVERY_YES ? "by what goes out, and by what comes in"
                                         : "by what goes out alone";
    }
    return in == AUGER_DISCOVERY_YES
               ? "by what comes in; whether by what goes out too, is not known"
               : NULL;
}

const char *discovery_other_name(enum auger_discovery_other other)
{
    switch (other) {
    case AUGER_DISCOVERY_OTHER_OPEN:
        return "open";
    case AUGER_DISCOVERY_OTHER_ADDRESS_RESTRICTED:
        return "address-restricted";
    case AUGER_DISCOVERY_OTHER_PORT_RESTRICTED:
        return "port-restricted";
    case AUGER_DISCOVERY_OTHER_SEQUENTIAL:
        return "symmetric-sequential";
    case AUGER_DISCOVERY_OTHER_RANDOM:
        return "symmetric-random";
    case AUGER_DISCOVERY_OTHER_BLOCKED:
        return "udp-blocked";
    case AUGER_DISCOVERY_OTHERS:
        break;
    }
    return "";
}

const char *discovery_other_in_words(enum auger_discovery_other other)
{
    switch (other) {
    case AUGER_DISCOVERY_OTHER_OPEN:
        return "a public address, or a full cone";
    case AUGER_DISCOVERY_OTHER_ADDRESS_RESTRICTED:
        return "an address-restricted cone";
    case AUGER_DISCOVERY_OTHER_PORT_RESTRICTED:
        return "a port-restricted cone, or a firewall";
    case AUGER_DISCOVERY_OTHER_SEQUENTIAL:
        return "a symmetric NAT with ports one can count";
    case AUGER_DISCOVERY_OTHER_RANDOM:
        return "a symmetric NAT with random ports";
    case AUGER_DISCOVERY_OTHER_BLOCKED:
        return "no UDP";
    case AUGER_DISCOVERY_OTHERS:
        break;
    }
    return "";
}

const char *discovery_outlook_name(enum auger_discovery_outlook outlook)
{
    switch (outlook) {
    case AUGER_DISCOVERY_OUTLOOK_UNKNOWN:
        return "unknown";
    case AUGER_DISCOVERY_OUTLOOK_DIRECT:
        return "direct";
    case AUGER_DISCOVERY_OUTLOOK_PREDICTED:
        return "predicted";
    case AUGER_DISCOVERY_OUTLOOK_RELAY:
        return "relay";
    }
    return "unknown";
}

const char *discovery_outlook_in_words(enum auger_discovery_outlook outlook)
{
    switch (outlook) {
    case AUGER_DISCOVERY_OUTLOOK_UNKNOWN:
        return "unknown: ask a server of RFC 5780, or a second one";
    case AUGER_DISCOVERY_OUTLOOK_DIRECT:
        return "direct";
    case AUGER_DISCOVERY_OUTLOOK_PREDICTED:
        return "direct, by prediction of the next port; else a relay";
    case AUGER_DISCOVERY_OUTLOOK_RELAY:
        return "a relay";
    }
    return "unknown";
}
