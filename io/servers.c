/* io/servers.c - the STUN and TURN servers that a peer's configuration names: what each URI asks
 * for, and where its name leads.  What its agent is given of a TURN server, and when, is
 * slot_servers.c. */
#include "io/servers.h"

#include "base/time.h"
#include "io/nat64.h"
#include "io/slot_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUN_ADDRS_MAX 4 /* of one name */
#define OF_STUN 0 /* a name that was asked for; else the place of a server of links, from 1 */

static int ask_name(struct auger_loop *loop, struct auger_slot *slot, unsigned of,
                    const struct auger_lookup *lookup)
{
    int err = auger_resolver_ask(loop->resolver, slot->id, of, lookup);

    slot->names_pending += err == 0;
    return err;
}

static void tell(struct auger_loop *loop, const struct auger_slot *slot, int err, const char *uri,
                 const char *why)
{
    char what[AUGER_TROUBLE_TEXT_MAX];

    snprintf(what, sizeof(what), "%.200s:", uri);
    auger_troubles_add(&loop->troubles, slot->id, err, what, why);
}

static const char too_many_names[] = "too many names at once to resolve";

static bool has_links(struct auger_slot *slot)
{
    if (!slot->links && (slot->links = calloc(1, sizeof(*slot->links))))
        slot->links->dscp = slot->tcp.dscp;
    return slot->links != NULL;
}

static struct auger_link_server *latest_server(const struct auger_slot *slot)
{
    return &slot->links->servers[slot->links->servers_len - 1];
}

/* RFC 7350: sealed on the sockets of the bases, as TURN is (docs/decisions/131). */
static void add_secure_stun_server(struct auger_loop *loop, struct auger_slot *slot,
                                   const struct auger_stun_uri *uri,
                                   const struct auger_net_config *net, const char *text)
{
    char why[AUGER_TLS_WHY_MAX] = "no memory";
    int err = AUGER_ERR_UNSUPPORTED;

    if (slot->mux)
        snprintf(why, sizeof(why), "over DTLS it is of no use to a peer on shared sockets");
    else
        err = has_links(slot)
                  ? auger_links_add_stun_server(slot->links, loop->config.env, uri, net, why)
                  : AUGER_ERR_NO_MEMORY;
    if (err == 0) {
        struct auger_lookup lookup = auger_links_next_hop(latest_server(slot));
        err = ask_name(loop, slot, (unsigned)slot->links->servers_len, &lookup);
        snprintf(why, sizeof(why), "%s", too_many_names);
    }
    if (err < 0)
        tell(loop, slot, err, text, why);
}

/* The agent asks for what is seen of UDP. */
static void tell_stun_server(struct auger_slot *slot, const struct auger_addr *addr, auger_time now)
{
    (void)!auger_peer_add_stun_server(slot->peer, now, addr);
    auger_tcp_seen_add_server(&slot->seen, addr, now);
}

static void add_stun_server(struct auger_loop *loop, struct auger_slot *slot,
                            const struct auger_net_config *net, const char *text, auger_time now)
{
    struct auger_stun_uri uri;
    struct auger_addr addr;

    if (auger_stun_uri_parse(&uri, text) < 0) {
        auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_MALFORMED,
                           "not a stun: URI:", text);
    } else if (uri.is_secure) {
        add_secure_stun_server(loop, slot, &uri, net, text);
    } else if (auger_addr_parse_ip(&addr, uri.host, strlen(uri.host), uri.port) == 0) {
        tell_stun_server(slot, &addr, now);
    } else {
        struct auger_lookup lookup = auger_lookup_stun(&uri);
        int err = ask_name(loop, slot, OF_STUN, &lookup);
        if (err < 0)
            auger_troubles_add(&loop->troubles, slot->id, err, too_many_names, text);
    }
}

/* Asks for its name, unless it is an address. */
static int find_turn_server(struct auger_loop *loop, struct auger_slot *slot,
                            struct auger_link_server *server, auger_time now)
{
    struct auger_lookup lookup = auger_links_next_hop(server);
    struct auger_addr addrs[2];

    if (auger_addr_parse_ip(&addrs[0], lookup.host, strlen(lookup.host), lookup.port) < 0)
        return ask_name(loop, slot, (unsigned)slot->links->servers_len, &lookup);
    addrs[1] = addrs[0];
    addrs[0].transport = (uint8_t)lookup.transport;
    addrs[1].transport = lookup.transport == AUGER_UDP ? AUGER_TCP : AUGER_UDP;
    auger_slot_add_turn_server(slot, server, addrs, lookup.any_transport ? 2 : 1, now);
    return 0;
}

static void add_turn_server(struct auger_loop *loop, struct auger_slot *slot,
                            const struct auger_net_turn_server *config, auger_time now)
{
    char why[AUGER_TLS_WHY_MAX] = "no memory";
    int err = has_links(slot) ? auger_links_add_server(slot->links, loop->config.env, config, why)
                              : AUGER_ERR_NO_MEMORY;

    if (err == 0) {
        err = find_turn_server(loop, slot, latest_server(slot), now);
        snprintf(why, sizeof(why), "%s", too_many_names);
    }
    if (err < 0)
        tell(loop, slot, err, config->uri, why);
}

/* No name is waited for any more. */
static void end_names(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    slot->names_pending = 0;
    slot->names_by = AUGER_NEVER;
    auger_nat64_end_of_names(loop, slot, now);
}

void auger_servers_add(struct auger_loop *loop, struct auger_slot *slot,
                       const struct auger_net_config *net, auger_time now)
{
    for (size_t i = 0; i < net->stun_servers_len; i++)
        add_stun_server(loop, slot, net, net->stun_servers[i], now);
    for (size_t i = 0; i < net->turn_servers_len; i++)
        add_turn_server(loop, slot, &net->turn_servers[i], now);
    auger_nat64_follow(loop, slot, now);
    slot->names_by = auger_time_add(now, slot->gather_timeout);
    if (slot->names_pending == 0)
        end_names(loop, slot, now);
}

void auger_servers_give_up_names(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    if (now < slot->names_by)
        return;
    auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_NOT_FOUND,
                       "not resolved in time:", "the name of a STUN or TURN server");
    end_names(loop, slot, now);
}

/* --- what was resolved -------------------------------------------------------------------- */

static void add_stun_addrs(struct auger_slot *slot, const struct auger_resolved *answer,
                           auger_time now)
{
    for (size_t i = answer->fresh_at; i < answer->addrs_len && i < STUN_ADDRS_MAX; i++)
        tell_stun_server(slot, &answer->addrs[i], now);
}

static void take_addrs(struct auger_slot *slot, const struct auger_resolved *answer, auger_time now)
{
    struct auger_link_server *server =
        answer->of == OF_STUN ? NULL : &slot->links->servers[answer->of - 1];

    if (!server || server->is_stun)
        add_stun_addrs(slot, answer, now);
    if (server && server->is_stun)
        auger_links_resolved(slot->links, server, answer->addrs, answer->addrs_len, now);
    else if (server)
        auger_slot_add_turn_server(slot, server, answer->addrs, answer->addrs_len, now);
}

void auger_servers_take_names(struct auger_loop *loop, auger_time now)
{
    struct auger_resolved answer;

    while (auger_resolver_take(loop->resolver, &answer)) {
        if (answer.id == AUGER_NAT64_QUESTION) {
            auger_nat64_take_answer(loop, &answer, now);
            continue;
        }
        struct auger_slot *slot = auger_loop_find_slot(loop, answer.id);
        if (!slot || slot->names_pending == 0)
            continue; /* gone, or too late */
        if (answer.addrs_len == 0)
            auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_NOT_FOUND, "cannot resolve",
                               answer.host);
        take_addrs(slot, &answer, now);
        auger_ready_mark(&slot->ready); /* for its next timeout */
        if (!answer.has_more && --slot->names_pending == 0)
            end_names(loop, slot, now);
    }
}
