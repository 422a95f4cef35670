/* turn/server_allocate.c - an Allocate request, in the order of RFC 8656 section 7.2, and for TCP
 * of RFC 6062 section 5.1.  The sockets are server_opening.c, Refresh is server_refresh.c. */
#include "turn/server_allocate.h"

#include "turn/server_account.h"
#include "turn/server_allocation.h"
#include "turn/server_answer.h"
#include "turn/server_mobility.h"
#include "turn/server_opening.h"
#include "turn/server_relay.h"

#include <string.h>

#define PROTOCOL_TCP 6 /* 6062, 4.1 */
#define PROTOCOL_UDP 17
#define FAMILY_IPV4 1 /* 18.6 */
#define FAMILY_IPV6 2
#define RESERVE 0x80 /* 18.7 */

/* --- what is asked for ----------------------------------------------------------------- */

/* The first byte of its value; 0: it is not there. */
static uint8_t first_byte(const struct auger_stun_msg *msg, uint16_t type)
{
    struct auger_bytes value;

    return auger_stun_msg_bytes(msg, type, &value) && value.len > 0 ? value.data[0] : 0;
}

static bool has(const struct auger_server_request *r, uint16_t type)
{
    return auger_stun_msg_has(r->msg, type);
}

/* RFC 6062 section 5.1, 2 and 3; where it follows its client (8016) is not said of a TCP
 * allocation, whose control connection is what it lives by. */
static uint16_t judge_tcp(const struct auger_server_request *r)
{
    if (r->path->local.transport != AUGER_TCP || has(r, AUGER_STUN_ATTR_DONT_FRAGMENT) ||
        has(r, AUGER_STUN_ATTR_EVEN_PORT) || has(r, AUGER_STUN_ATTR_RESERVATION_TOKEN))
        return AUGER_STUN_BAD_REQUEST;
    return has(r, AUGER_STUN_ATTR_MOBILITY_TICKET) ? AUGER_STUN_MOBILITY_FORBIDDEN : 0;
}

/* Number 3 of the list. */
static uint16_t judge_transport(const struct auger_server_request *r, struct auger_server_ask *ask)
{
    uint8_t protocol = first_byte(r->msg, AUGER_STUN_ATTR_REQUESTED_TRANSPORT);

    if (!has(r, AUGER_STUN_ATTR_REQUESTED_TRANSPORT))
        return AUGER_STUN_BAD_REQUEST;
    ask->is_tcp = protocol == PROTOCOL_TCP && r->server->config.tcp_relay;
    if (ask->is_tcp)
        return judge_tcp(r);
    return protocol == PROTOCOL_UDP ? 0 : AUGER_STUN_UNSUPPORTED_TRANSPORT;
}

/* ADDITIONAL-ADDRESS-FAMILY, or as it was before it was registered (docs/decisions/251). */
static const uint16_t additional_types[] = {AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY,
                                            AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY};

static bool asks_for_both(const struct auger_server_request *r)
{
    return has(r, additional_types[0]) || has(r, additional_types[1]);
}

/* Nothing but IPv6 may be said to come in addition (9). */
static bool adds_another(const struct auger_server_request *r)
{
    for (size_t i = 0; i < 2; i++)
        if (has(r, additional_types[i]) && first_byte(r->msg, additional_types[i]) != FAMILY_IPV6)
            return true;
    return false;
}

/* 5, 6, 8 and 9: what cannot stand together. */
static uint16_t judge_combination(const struct auger_server_request *r)
{
    bool requested = has(r, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY);
    bool additional = asks_for_both(r);
    bool even = has(r, AUGER_STUN_ATTR_EVEN_PORT);
    bool reserve = first_byte(r->msg, AUGER_STUN_ATTR_EVEN_PORT) & RESERVE;

    if (has(r, AUGER_STUN_ATTR_RESERVATION_TOKEN) && (even || requested || additional))
        return AUGER_STUN_BAD_REQUEST;
    if (additional && (requested || reserve))
        return AUGER_STUN_BAD_REQUEST;
    return adds_another(r) ? AUGER_STUN_BAD_REQUEST : 0;
}

/* 7 and 9 */
static uint16_t read_families(const struct auger_server_request *r, struct auger_server_ask *ask)
{
    const struct auger_server_relay_ip *ips = r->server->relay_ips;
    uint8_t requested = first_byte(r->msg, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY);

    if (asks_for_both(r)) {
        for (size_t family = 0; family < 2; family++)
            ask->families[family] = ips[family].is_there;
        if (!ips[0].is_there || !ips[1].is_there)
            ask->missing_code = AUGER_STUN_ADDRESS_FAMILY_NOT_SUPPORTED;
        return 0;
    }
    if (!has(r, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY))
        requested = FAMILY_IPV4;
    if ((requested != FAMILY_IPV4 && requested != FAMILY_IPV6) ||
        !ips[requested == FAMILY_IPV6].is_there)
        return AUGER_STUN_ADDRESS_FAMILY_NOT_SUPPORTED;
    ask->families[requested == FAMILY_IPV6] = true;
    return 0;
}

static uint16_t read_ask(const struct auger_server_request *r, struct auger_server_ask *ask)
{
    uint16_t code = judge_transport(r, ask);

    if (code == 0 && has(r, AUGER_STUN_ATTR_DONT_FRAGMENT) && !r->server->config.dont_fragment)
        return AUGER_STUN_UNKNOWN_ATTRIBUTE; /* 4 */
    if (code == 0)
        code = judge_combination(r);
    if (code == 0)
        code = auger_server_mobility_judge_allocate(r);
    ask->has_token = auger_stun_msg_u64(r->msg, AUGER_STUN_ATTR_RESERVATION_TOKEN, &ask->token);
    if (code == 0 && !ask->has_token)
        code = read_families(r, ask);
    if (has(r, AUGER_STUN_ATTR_EVEN_PORT))
        ask->kind = first_byte(r->msg, AUGER_STUN_ATTR_EVEN_PORT) & RESERVE
                        ? AUGER_SERVER_PORT_PAIR
                        : AUGER_SERVER_PORT_EVEN;
    if (code == 0 && ask->kind == AUGER_SERVER_PORT_PAIR && !r->server->config.reservations)
        code = AUGER_STUN_INSUFFICIENT_CAPACITY;
    return code;
}

/* --- what comes of it ------------------------------------------------------------------ */

/* 2, and the note on retransmissions: the one that made the allocation is answered again. */
static void answer_again(struct auger_server_request *r)
{
    const struct auger_server_allocation *a = r->allocation;
    bool is_same = memcmp(&a->tid, &r->msg->tid, sizeof(a->tid)) == 0 &&
                   auger_server_account_is(a->user, r->proof.username);

    if (!is_same)
        auger_server_refuse(r, AUGER_STUN_ALLOCATION_MISMATCH);
    else if (!a->opening)
        auger_server_allocation_answer(r, a);
}

/* 11 */
static void send_on(struct auger_server_request *r)
{
    const struct auger_addr *alternate = &r->server->alternate;
    struct auger_stun_builder b;

    if (alternate->family != r->path->remote.family) {
        auger_server_refuse(r, AUGER_STUN_INSUFFICIENT_CAPACITY);
        return;
    }
    auger_server_begin_refusal(r, AUGER_STUN_TRY_ALTERNATE, &b);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_ALTERNATE_SERVER, alternate);
    auger_server_end(r, &b);
}

/* 10: of the user and of the IP address; what is lacking of other things is 508. */
static struct auger_server_allocation *make(struct auger_server_request *r,
                                            struct auger_server_account *user)
{
    struct auger_server_allocation *a;
    int err = auger_server_allocation_new(r, user, &a);

    if (err == 0)
        err = auger_server_mobility_begin(r, a);
    else
        a = NULL;
    if (err == 0)
        return a;
    auger_server_refuse(r, err == AUGER_ERR_LIMIT ? AUGER_STUN_ALLOCATION_QUOTA_REACHED
                                                  : auger_server_code_of(err));
    if (a)
        auger_server_allocation_end(r->server, r->now, a, AUGER_TURN_SERVER_END_NONE);
    return NULL;
}

/* 5: the port is there, and its socket too. */
static void allocate_reserved(struct auger_server_request *r, uint64_t token)
{
    struct auger_server_relay *relay =
        auger_server_relay_find_token(r->server, r->proof.username, token);

    if (!relay) {
        auger_server_refuse(r, AUGER_STUN_INSUFFICIENT_CAPACITY);
        return;
    }
    struct auger_server_allocation *a = make(r, relay->user);
    if (!a)
        return;
    auger_server_account_give(r->server, auger_server_relay_redeem(r->server, relay));
    a->relays[relay->family] = relay;
    auger_server_allocation_grant(r, a, auger_server_allocation_lifetime(r));
}

void auger_server_allocate(struct auger_server_request *r)
{
    struct auger_server_ask ask = {.kind = AUGER_SERVER_PORT_ANY};

    if (r->allocation) {
        answer_again(r);
        return;
    }
    uint16_t code = read_ask(r, &ask);
    if (code == 0 && auger_peer_is_tunnel(&r->path->remote))
        code = AUGER_STUN_FORBIDDEN; /* 21.4 */
    if (code == AUGER_STUN_UNKNOWN_ATTRIBUTE)
        auger_server_refuse_attr(r, AUGER_STUN_ATTR_DONT_FRAGMENT);
    else if (code)
        auger_server_refuse(r, code);
    else if (r->server->is_draining)
        send_on(r);
    else if (r->server->allocations >= r->server->config.allocations_max)
        auger_server_refuse(r, AUGER_STUN_INSUFFICIENT_CAPACITY);
    else if (ask.has_token)
        allocate_reserved(r, ask.token);
    else {
        struct auger_server_allocation *a = make(r, NULL);
        if (a)
            auger_server_opening_begin(r, a, &ask);
    }
}
