/* io/slot_servers.c - the TURN servers of one peer in a loop: which addresses its agent is given
 * and when, and what is told of those that failed. */
#include "io/slot_servers.h"

#include "base/time.h"

#include <stdio.h>

void auger_slot_tell_trouble(struct auger_slot *slot, const struct auger_addr *at, int error,
                             const char *why)
{
    const struct auger_link_server *server = auger_links_server_at(slot->links, at);
    char what[AUGER_TROUBLE_TEXT_MAX], addr[AUGER_ADDR_TEXT_MAX];

    snprintf(what, sizeof(what), "%.180s (%s):", server ? server->uri : "a TURN server",
             auger_addr_format(at, addr, sizeof(addr)));
    auger_troubles_add(slot->troubles, slot->id, error, what, why);
}

static const char *reason_of(const struct auger_slot *slot, const struct auger_addr *server,
                             int err)
{
    if (err != AUGER_ERR_UNSUPPORTED)
        return auger_strerror(err);
    return slot->mux && server->transport == AUGER_UDP
               ? "a peer on shared sockets reaches it by TCP or TLS alone: add ?transport=tcp"
               : "a name or password beyond ASCII needs libunistring, and the agent not to be lite";
}

static void give_server(struct auger_slot *slot, const struct auger_link_server *server,
                        const struct auger_addr *addr, bool is_first, auger_time now)
{
    struct auger_ice_turn_server config;

    auger_ice_turn_server_init(&config);
    config.addr = *addr;
    config.username = server->username;
    config.password = server->password;
    config.families = slot->relay_families;
    config.over_tls = server->at.at.is_secure;
    config.seals_alternates = true;
    int err = auger_peer_add_turn_server(slot->peer, now, &config);
    if (err < 0 && (is_first || err != AUGER_ERR_LIMIT))
        auger_slot_tell_trouble(slot, addr, err, reason_of(slot, addr, err));
}

void auger_slot_end_of_addrs(struct auger_slot *slot, auger_time now)
{
    slot->has_ended = true;
    auger_peer_end_of_local_addrs(slot->peer, now);
}

/* One address of each family: the agent asks both.  That has opened gathering anew. */
static void give_next(struct auger_slot *slot, struct auger_link_server *server, auger_time now)
{
    bool is_first = server->given == 0;
    struct auger_addr addrs[2];
    size_t len = auger_links_take_next(server, now, addrs);

    for (size_t i = 0; i < len; i++)
        give_server(slot, server, &addrs[i], is_first, now);
    if (len > 0 && slot->has_ended)
        auger_slot_end_of_addrs(slot, now);
}

/* That address has failed: the next one is not waited for, so that gathering does not end before it
 * is asked (RFC 8305 section 5). */
void auger_slot_give_up_server(struct auger_slot *slot, const struct auger_addr *at, auger_time now)
{
    struct auger_links *links = slot->links;
    const struct auger_link_server *server = auger_links_server_at(links, at);

    if (server && server->next_at != AUGER_NEVER)
        give_next(slot, &links->servers[server - links->servers], now);
}

void auger_slot_add_turn_server(struct auger_slot *slot, struct auger_link_server *server,
                                const struct auger_addr *addrs, size_t len, auger_time now)
{
    auger_links_resolved(slot->links, server, addrs, len, now);
    if (server->given == 0)
        give_next(slot, server, now);
}

/* At once: those of IPv4 lead nowhere. */
void auger_slot_translate(struct auger_slot *slot, const struct auger_nat64 *nat64, auger_time now)
{
    unsigned more = slot->links ? auger_links_set_nat64(slot->links, nat64, now) : 0;

    for (size_t i = 0; more >> i; i++)
        if (more >> i & 1 && !slot->links->servers[i].is_stun)
            give_next(slot, &slot->links->servers[i], now);
}

/* Whether one of the addresses of that server has given a relay. */
static bool has_relay(const struct auger_slot *slot, const struct auger_link_server *server)
{
    struct auger_ice_relay_info infos[AUGER_ICE_RELAYS_MAX];
    size_t len = auger_ice_relays(auger_peer_ice(slot->peer), infos, AUGER_ICE_RELAYS_MAX);

    for (size_t i = 0; i < len; i++)
        if ((infos[i].relayed[0].family != AUGER_FAMILY_NONE ||
             infos[i].relayed[1].family != AUGER_FAMILY_NONE) &&
            auger_links_server_at(slot->links, &infos[i].server) == server)
            return true;
    return false;
}

void auger_slot_give_due_servers(struct auger_slot *slot, auger_time now)
{
    for (size_t i = 0; i < slot->links->servers_len; i++) {
        struct auger_link_server *server = &slot->links->servers[i];
        if (now < server->next_at)
            continue;
        if (has_relay(slot, server))
            server->next_at = AUGER_NEVER;
        else
            give_next(slot, server, now);
    }
}

/* Servers that refused.  That a stream or a sealed path ended was told already. */
void auger_slot_tell_refusals(struct auger_slot *slot)
{
    struct auger_ice_relay_info infos[AUGER_ICE_RELAYS_MAX];
    char why[AUGER_TROUBLE_TEXT_MAX];
    size_t len =
        auger_ice_relays(auger_peer_ice(slot->peer), infos, sizeof(infos) / sizeof(infos[0]));

    for (size_t i = 0; i < len; i++) {
        bool is_open = infos[i].error != AUGER_TURN_ERROR_TIMEOUT ||
                       (infos[i].server.transport == AUGER_UDP &&
                        !auger_links_seals(slot->links, &infos[i].server));
        if (infos[i].error == AUGER_TURN_ERROR_NONE || !is_open ||
            !auger_links_is_news(slot->links, &infos[i].server, infos[i].error))
            continue;
        if (infos[i].code > 0)
            snprintf(why, sizeof(why), "%s (%u)", auger_turn_error_text(infos[i].error),
                     infos[i].code);
        else
            snprintf(why, sizeof(why), "%s", auger_turn_error_text(infos[i].error));
        auger_slot_tell_trouble(slot, &infos[i].server, AUGER_ERR_NO_PATH, why);
    }
}
