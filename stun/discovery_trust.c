/* stun/discovery_trust.c - which addresses that a server names are sent to: a stranger's word must
 * not make us ask around inside our own network. */
#include "stun/discovery_trust.h"

#include "base/addr.h"

#define SERVICES_BELOW 1024

enum reach { NOWHERE, THIS_HOST, THIS_LINK, THIS_SITE, EVERYWHERE };

static enum reach reach_of(const struct auger_addr *addr)
{
    if (auger_addr_ip_len(addr) == 0 || addr->port == 0 || addr->transport != AUGER_UDP ||
        auger_addr_is_unspecified(addr) || auger_addr_is_multicast(addr) ||
        auger_addr_is_embedded_ipv4(addr))
        return NOWHERE;
    if (auger_addr_is_loopback(addr))
        return THIS_HOST;
    if (auger_addr_is_link_local(addr))
        return THIS_LINK;
    return auger_addr_is_private(addr) ? THIS_SITE : EVERYWHERE;
}

bool auger_trust_is_server(const struct auger_addr *addr)
{
    return reach_of(addr) != NOWHERE;
}

/* A port of services only if the server itself has one. */
bool auger_trust_other(const struct auger_addr *server, const struct auger_addr *other)
{
    return other->family == server->family && reach_of(other) == reach_of(server) &&
           !auger_addr_ip_equal(other, server) && other->port != server->port &&
           (other->port >= SERVICES_BELOW || server->port < SERVICES_BELOW);
}

/* A server of our own site may see us as we are, or see a NAT's address, wherever that is. */
bool auger_trust_mapped(const struct auger_addr *server, const struct auger_addr *mapped)
{
    return mapped->family == server->family && reach_of(mapped) >= reach_of(server) &&
           mapped->port >= SERVICES_BELOW;
}
