/* turn/allocation.c - allocating, refreshing, giving back: RFC 8656 sections 7 and 8. */
#include "turn/allocation.h"
#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "turn/error.h"
#include "turn/mobility.h"

#include <assert.h>
#include <string.h>

#define LIFETIME_MIN_S 60
#define LIFETIME_MAX_S 3600
#define MARGIN_S 60                 /* 8: a refresh leaves that long before the end */
#define RELEASE_MAX (1 * AUGER_SEC) /* whether or not the server answers */
#define UDP 17u                     /* 18.8 */
#define TCP 6u                      /* RFC 6062, 4.1 */
#define FAMILY_IPV6 0x02u           /* 18.6 */
#define RESERVE_NEXT 0x80u          /* 18.7: the R bit */

static const char *const state_names[] = {
    [AUGER_TURN_ALLOCATING] = "allocating", [AUGER_TURN_ALLOCATED] = "allocated",
    [AUGER_TURN_RELEASING] = "releasing",   [AUGER_TURN_RELEASED] = "released",
    [AUGER_TURN_FAILED] = "failed",
};

#define TO(state) (1u << (state))

static const unsigned transitions[] = {
    [AUGER_TURN_ALLOCATING] =
        TO(AUGER_TURN_ALLOCATED) | TO(AUGER_TURN_RELEASING) | TO(AUGER_TURN_FAILED),
    [AUGER_TURN_ALLOCATED] = TO(AUGER_TURN_RELEASING) | TO(AUGER_TURN_FAILED),
    [AUGER_TURN_RELEASING] = TO(AUGER_TURN_RELEASED),
    [AUGER_TURN_RELEASED] = 0,
    [AUGER_TURN_FAILED] = 0,
};

static void set_state(struct auger_turn *turn, auger_time now, enum auger_turn_state to,
                      const char *reason)
{
    assert(transitions[turn->state] & TO(to));
    auger_trace(turn->env, now, "turn:state", AUGER_F_ADDR("server", &turn->server),
                AUGER_F_TEXT("from", state_names[turn->state]), AUGER_F_TEXT("to", state_names[to]),
                AUGER_F_TEXT("reason", reason));
    turn->state = (uint8_t)to;
    turn->news.allocated = to == AUGER_TURN_ALLOCATED;
    turn->news.ended = to == AUGER_TURN_RELEASED || to == AUGER_TURN_FAILED;
}

bool auger_allocation_is_usable(const struct auger_turn *turn, auger_time now)
{
    return turn->state == AUGER_TURN_ALLOCATED && now < turn->allocation.expires_at;
}

bool auger_allocation_has_family(const struct auger_turn *turn, uint8_t family)
{
    return turn->allocation.relayed[0].family == family ||
           turn->allocation.relayed[1].family == family;
}

/* --- requests ---------------------------------------------------------------------- */

static int start(struct auger_turn *turn, auger_time now, uint16_t method)
{
    return auger_exchange_start(&turn->allocation.exchange, turn->env, now, method,
                                auger_turn_is_stream(turn));
}

int auger_allocation_start(struct auger_turn *turn, auger_time now)
{
    return start(turn, now, AUGER_STUN_ALLOCATE);
}

/* 7.1.  A reserved address has its family, and its port, already. */
static void add_reservation(const struct auger_turn *turn, struct auger_stun_builder *b)
{
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_RESERVATION_TOKEN, turn->reserved,
                           sizeof(turn->reserved));
}

/* 7.1.  IPv4 is what a server takes unless it is told, and an older one knows no attribute
 * to tell it by, or the one for both by another number (docs/decisions/199). */
static void add_wishes(const struct auger_turn *turn, struct auger_stun_builder *b)
{
    const uint8_t even = turn->even_port == AUGER_TURN_EVEN_PORT_AND_NEXT ? RESERVE_NEXT : 0;

    if (turn->families == AUGER_TURN_IPV6)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, FAMILY_IPV6 << 24);
    if (turn->families == AUGER_TURN_BOTH) {
        auger_stun_build_u32(b, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, FAMILY_IPV6 << 24);
        auger_stun_build_u32(b, AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY, FAMILY_IPV6 << 24);
    }
    if (turn->even_port != AUGER_TURN_ANY_PORT)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_EVEN_PORT, &even, 1);
}

static void add_allocate(const struct auger_turn *turn, struct auger_stun_builder *b)
{
    auger_stun_build_u32(b, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, (turn->is_tcp ? TCP : UDP) << 24);
    if (turn->is_reserved)
        add_reservation(turn, b);
    else
        add_wishes(turn, b);
    if (turn->allocation.asks_dont_fragment)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_DONT_FRAGMENT, NULL, 0);
    auger_mobility_write_allocate(turn, b);
}

int auger_allocation_move(struct auger_turn *turn, auger_time now)
{
    if (!auger_allocation_is_usable(turn, now) || turn->mobility.ticket_len == 0)
        return AUGER_ERR_STATE;
    int err = start(turn, now, AUGER_STUN_REFRESH);
    if (err == 0)
        auger_mobility_begin(turn, now);
    return err;
}

static bool is_giving_back(const struct auger_turn *turn)
{
    return turn->state == AUGER_TURN_RELEASING || turn->state == AUGER_TURN_FAILED;
}

/* 8.1: without a family it is about both. */
size_t auger_allocation_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap)
{
    struct auger_exchange *ex = &turn->allocation.exchange;
    struct auger_stun_builder b;

    if (!auger_exchange_is_due(ex, now))
        return 0;
    auger_exchange_begin(ex, &b, buf, cap);
    if (ex->method == AUGER_STUN_ALLOCATE)
        add_allocate(turn, &b);
    if (ex->method == AUGER_STUN_REFRESH && (is_giving_back(turn) || turn->allocation.ends_another))
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, 0);
    else if (turn->lifetime_s > 0)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, turn->lifetime_s);
    auger_mobility_write_move(turn, &b);
    return auger_exchange_end(ex, &turn->credentials, now, &b);
}

/* --- the end ----------------------------------------------------------------------- */

static void start_giving_back(struct auger_turn *turn, auger_time now)
{
    struct auger_allocation *a = &turn->allocation;

    a->is_there = false;
    turn->mobility.is_moving = false;
    turn->released_by = auger_time_add(now, RELEASE_MAX);
    if (start(turn, now, AUGER_STUN_REFRESH) < 0)
        auger_exchange_stop(&a->exchange);
}

void auger_allocation_fail(struct auger_turn *turn, auger_time now, enum auger_turn_error error,
                           uint16_t code)
{
    bool is_left = turn->allocation.is_there && !auger_turn_error_is_loss(error) &&
                   error != AUGER_TURN_ERROR_EXPIRED;

    auger_exchange_stop(&turn->allocation.exchange);
    turn->mobility.is_moving = false;
    turn->error = (uint8_t)error;
    turn->code = code;
    set_state(turn, now, AUGER_TURN_FAILED, auger_turn_error_text(error));
    turn->allocation.is_there = false;
    if (is_left)
        start_giving_back(turn, now);
}

void auger_allocation_doubt(struct auger_turn *turn, auger_time now)
{
    struct auger_allocation *a = &turn->allocation;

    if (turn->state == AUGER_TURN_ALLOCATED && !a->exchange.is_running &&
        start(turn, now, AUGER_STUN_REFRESH) < 0)
        a->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
}

static void finish_release(struct auger_turn *turn, auger_time now, const char *reason)
{
    auger_exchange_stop(&turn->allocation.exchange);
    if (turn->state == AUGER_TURN_RELEASING)
        set_state(turn, now, AUGER_TURN_RELEASED, reason);
}

/* 8.  An Allocate that has left may still be granted, which is then given back. */
void auger_allocation_release(struct auger_turn *turn, auger_time now)
{
    struct auger_allocation *a = &turn->allocation;

    if (turn->state != AUGER_TURN_ALLOCATING && turn->state != AUGER_TURN_ALLOCATED)
        return;
    set_state(turn, now, AUGER_TURN_RELEASING, "asked to");
    turn->released_by = auger_time_add(now, RELEASE_MAX);
    if (a->is_there)
        start_giving_back(turn, now);
    else if (a->exchange.tx.sent == 0)
        finish_release(turn, now, "never asked for");
}

/* --- answers ----------------------------------------------------------------------- */

/* 7.3, and that it can be given to a peer at all.  A loopback address is of use to whoever
 * reaches the server by one. */
static bool is_fit_for_relaying(const struct auger_turn *turn, const struct auger_addr *addr)
{
    return auger_addr_ip_len(addr) != 0 && addr->port != 0 && !auger_addr_is_unspecified(addr) &&
           !auger_addr_is_multicast(addr) &&
           (!auger_addr_is_loopback(addr) || auger_addr_is_loopback(&turn->server));
}

/* 7.3: the token is there if the next port was asked for, and is of no other use. */
static bool read_token(const struct auger_turn *turn, const struct auger_stun_msg *msg,
                       uint8_t token[AUGER_TURN_TOKEN_LEN])
{
    struct auger_bytes value;

    if (turn->even_port != AUGER_TURN_EVEN_PORT_AND_NEXT ||
        !auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_RESERVATION_TOKEN, &value))
        return false;
    memcpy(token, value.data, AUGER_TURN_TOKEN_LEN);
    return true;
}

static bool was_asked_for(const struct auger_turn *turn, uint8_t family)
{
    return turn->families & (family == AUGER_IPV4 ? AUGER_TURN_IPV4 : AUGER_TURN_IPV6);
}

/* What stands for the address of a family that is missing (docs/decisions/199). */
static bool is_no_address(const struct auger_addr *addr)
{
    return addr->port == 0 && auger_addr_is_unspecified(addr);
}

/* One of each family at most; the rest are nothing that we know what to do with. */
static bool read_relayed(const struct auger_turn *turn, const struct auger_stun_msg *msg,
                         struct auger_addr relayed[2])
{
    struct auger_addr addr;
    size_t len = 0;

    relayed[0] = relayed[1] = (struct auger_addr){0};
    for (size_t i = 0; auger_stun_msg_addr_at(msg, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, i, &addr);
         i++) {
        if (turn->families == AUGER_TURN_BOTH && is_no_address(&addr))
            continue;
        if (len == 2 || !was_asked_for(turn, addr.family) || !is_fit_for_relaying(turn, &addr) ||
            (len == 1 && relayed[0].family == addr.family))
            return false;
        addr.transport = turn->is_tcp ? AUGER_TCP : AUGER_UDP;
        relayed[len++] = addr;
    }
    return len > 0;
}

/* 18.12: family, three bits of class, number. */
static uint16_t read_missing_code(const struct auger_stun_msg *msg)
{
    struct auger_bytes value;

    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_ADDRESS_ERROR_CODE, &value) &&
        !auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_DRAFT_ADDRESS_ERROR_CODE, &value))
        return 0;
    return (uint16_t)((value.data[2] & 7) * 100 + value.data[3]);
}

/* 8: about a minute before the end, and somewhat earlier by chance, so that the clients of a
 * server do not come all at once. */
static auger_time refresh_time(const struct auger_turn *turn, auger_time start, uint32_t lifetime_s)
{
    uint32_t half = lifetime_s / 2, late = lifetime_s > MARGIN_S ? lifetime_s - MARGIN_S : 0;
    auger_time at = (late > half ? late : half) * AUGER_SEC;
    uint8_t chance = 0;

    if (auger_env_random(turn->env, &chance, 1) < 0)
        chance = 0;
    return start + at - at / 16 * chance / 256;
}

/* The server counts from when the request reached it, which is not before it left. */
static void set_lifetime(struct auger_turn *turn, uint32_t lifetime_s)
{
    struct auger_allocation *a = &turn->allocation;
    auger_time start = a->exchange.tx.first_sent_at;

    a->lifetime_s = lifetime_s < LIFETIME_MIN_S   ? LIFETIME_MIN_S
                    : lifetime_s > LIFETIME_MAX_S ? LIFETIME_MAX_S
                                                  : lifetime_s;
    a->expires_at = start + a->lifetime_s * AUGER_SEC;
    a->refresh_at = refresh_time(turn, start, a->lifetime_s);
}

/* 7.3 */
static void allocated(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    struct auger_allocation *a = &turn->allocation;
    uint32_t lifetime_s;

    a->is_there = true;
    if (turn->state == AUGER_TURN_RELEASING) {
        start_giving_back(turn, now);
        return;
    }
    if (!read_relayed(turn, msg, a->relayed) ||
        !auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &a->mapped) ||
        !auger_stun_msg_u32(msg, AUGER_STUN_ATTR_LIFETIME, &lifetime_s)) {
        auger_allocation_fail(turn, now, AUGER_TURN_ERROR_MALFORMED, 0);
        return;
    }
    a->missing_code = a->relayed[1].family ? 0 : read_missing_code(msg);
    a->has_token = read_token(turn, msg, a->token);
    auger_mobility_take(turn, now, msg);
    set_lifetime(turn, lifetime_s);
    auger_trace(turn->env, now, "turn:allocated", AUGER_F_ADDR("relayed", &a->relayed[0]),
                AUGER_F_ADDR("second", a->relayed[1].family ? &a->relayed[1] : NULL),
                AUGER_F_ADDR("mapped", &a->mapped), AUGER_F_INT("lifetime_s", a->lifetime_s),
                AUGER_F_INT("missing_code", a->missing_code));
    set_state(turn, now, AUGER_TURN_ALLOCATED, "granted");
}

/* 7.4: whose 5-tuple is in use picks another; but what uses it may be an allocation of our own, by
 * a request whose answer was lost, or of who had this port before.  It is ended, once, with the
 * same credentials, so that nobody else's is (docs/decisions/317). */
static bool end_another(struct auger_turn *turn, auger_time now)
{
    struct auger_allocation *a = &turn->allocation;

    if (a->has_ended_another || start(turn, now, AUGER_STUN_REFRESH) < 0)
        return false;
    a->ends_another = a->has_ended_another = true;
    return true;
}

static void ask_anew(struct auger_turn *turn, auger_time now)
{
    turn->allocation.ends_another = false;
    if (start(turn, now, AUGER_STUN_ALLOCATE) < 0)
        auger_allocation_fail(turn, now, AUGER_TURN_ERROR_ALLOCATION_MISMATCH,
                              AUGER_STUN_ALLOCATION_MISMATCH);
}

/* 8.3 */
static void refreshed(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    uint32_t lifetime_s;

    if (is_giving_back(turn)) {
        finish_release(turn, now, "confirmed");
        return;
    }
    if (turn->allocation.ends_another) {
        ask_anew(turn, now);
        return;
    }
    if (!auger_stun_msg_u32(msg, AUGER_STUN_ATTR_LIFETIME, &lifetime_s))
        auger_allocation_fail(turn, now, AUGER_TURN_ERROR_MALFORMED, 0);
    else if (lifetime_s == 0)
        auger_allocation_fail(turn, now, AUGER_TURN_ERROR_EXPIRED, 0);
    else {
        set_lifetime(turn, lifetime_s);
        if (turn->mobility.is_moving)
            auger_mobility_moved(turn, now, msg);
    }
}

/* 8489, 10: not to where we have been, nor to another family than the socket's. */
static bool may_ask(const struct auger_turn *turn, const struct auger_addr *server)
{
    if (server->family != turn->server.family || !is_fit_for_relaying(turn, server) ||
        turn->asked_len == AUGER_TURN_REDIRECTS_MAX || auger_addr_equal(server, &turn->server))
        return false;
    for (size_t i = 0; i < turn->asked_len; i++)
        if (auger_addr_equal(server, &turn->asked[i]))
            return false;
    return true;
}

static bool is_domain(const struct auger_bytes *text)
{
    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->data[i], letter = c | 0x20;
        bool is_part = c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9');
        if (!is_part && (letter < 'a' || letter > 'z'))
            return false;
    }
    return text->len > 0 && text->len <= AUGER_TURN_DOMAIN_MAX;
}

/* 8489, 14.16: without one it is the name as before.  False: it is none, or cannot be kept. */
static bool keep_domain(struct auger_turn *turn, const struct auger_stun_msg *msg)
{
    struct auger_bytes text;

    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_ALTERNATE_DOMAIN, &text))
        return true;
    char *domain = is_domain(&text) ? auger_env_alloc(turn->env, 1, text.len + 1) : NULL;
    if (!domain)
        return false;
    memcpy(domain, text.data, text.len);
    domain[text.len] = '\0';
    auger_env_release(turn->env, turn->domain);
    turn->domain = domain;
    return true;
}

/* 8489, 10.  Towards another stream the owner opens one: what is written from now on is for it. */
static bool follow(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    struct auger_addr server;

    for (size_t i = 0; auger_stun_msg_addr_at(msg, AUGER_STUN_ATTR_ALTERNATE_SERVER, i, &server);
         i++) {
        server.transport = turn->server.transport;
        if (!may_ask(turn, &server))
            continue;
        if (!keep_domain(turn, msg) || start(turn, now, AUGER_STUN_ALLOCATE) < 0)
            return false;
        auger_trace(turn->env, now, "turn:alternate_server", AUGER_F_ADDR("from", &turn->server),
                    AUGER_F_ADDR("to", &server));
        turn->asked[turn->asked_len++] = turn->server;
        turn->server = server;
        turn->news.alternate = true;
        auger_longterm_forget_challenge(&turn->credentials);
        return true;
    }
    return false;
}

static bool lists_dont_fragment(const struct auger_stun_msg *msg)
{
    struct auger_bytes list;

    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, &list))
        return false;
    for (size_t i = 0; i + 2 <= list.len; i += 2)
        if ((list.data[i] << 8 | list.data[i + 1]) == AUGER_STUN_ATTR_DONT_FRAGMENT)
            return true;
    return false;
}

/* 7.4, where there is something that we can do about it. */
static bool ask_otherwise(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    struct auger_allocation *a = &turn->allocation;

    if (msg->error_code == AUGER_STUN_TRY_ALTERNATE)
        return follow(turn, now, msg);
    if (msg->error_code == AUGER_STUN_ALLOCATION_MISMATCH)
        return end_another(turn, now);
    if (auger_mobility_give_up(turn, msg))
        return start(turn, now, AUGER_STUN_ALLOCATE) == 0;
    if (msg->error_code != AUGER_STUN_UNKNOWN_ATTRIBUTE || !a->asks_dont_fragment ||
        !lists_dont_fragment(msg) || start(turn, now, AUGER_STUN_ALLOCATE) < 0)
        return false;
    a->asks_dont_fragment = false;
    return true;
}

/* A refresh that may succeed later is tried again as long as there is something to keep. */
static void refused(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    struct auger_allocation *a = &turn->allocation;
    enum auger_turn_error error = (enum auger_turn_error)a->exchange.error;

    if (is_giving_back(turn)) /* 8.3: 437 is as good as a yes, and a no changes nothing */
        finish_release(turn, now, auger_turn_error_text(error));
    else if (a->ends_another)
        ask_anew(turn, now); /* the same, and if there is one still that is answered */
    else if (turn->mobility.is_moving && !auger_turn_error_is_loss(error)) {
        auger_mobility_failed(turn, now, error, a->exchange.code);
        auger_exchange_stop(&a->exchange); /* a no to that is none to what stands (236) */
    } else if (turn->state == AUGER_TURN_ALLOCATED && auger_exchange_may_ask_again(&a->exchange))
        a->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
    else if (turn->state == AUGER_TURN_ALLOCATED || !msg || !ask_otherwise(turn, now, msg))
        auger_allocation_fail(turn, now, error, a->exchange.code);
}

bool auger_allocation_handle_response(struct auger_turn *turn, auger_time now,
                                      const struct auger_stun_msg *msg)
{
    struct auger_exchange *ex = &turn->allocation.exchange;

    if (!auger_exchange_matches(ex, msg))
        return false;
    switch (auger_exchange_handle_response(ex, &turn->credentials, now, msg)) {
    case AUGER_EXCHANGE_PENDING:
        break;
    case AUGER_EXCHANGE_SUCCEEDED:
        if (ex->method == AUGER_STUN_ALLOCATE)
            allocated(turn, now, msg);
        else
            refreshed(turn, now, msg);
        break;
    case AUGER_EXCHANGE_FAILED:
        refused(turn, now, msg);
        break;
    }
    return true;
}

/* --- time -------------------------------------------------------------------------- */

void auger_allocation_handle_timeout(struct auger_turn *turn, auger_time now)
{
    struct auger_allocation *a = &turn->allocation;

    if (is_giving_back(turn) && now >= turn->released_by) {
        finish_release(turn, now, "no answer");
        return;
    }
    if (turn->state == AUGER_TURN_ALLOCATED && now >= a->expires_at) {
        auger_allocation_fail(turn, now, AUGER_TURN_ERROR_EXPIRED, a->exchange.code);
        return;
    }
    if (auger_exchange_handle_timeout(&a->exchange, now) == AUGER_EXCHANGE_FAILED)
        refused(turn, now, NULL);
    if (turn->state == AUGER_TURN_ALLOCATED && !a->exchange.is_running && now >= a->refresh_at &&
        start(turn, now, AUGER_STUN_REFRESH) < 0)
        a->refresh_at = auger_time_add(now, AUGER_TURN_RETRY);
}

auger_time auger_allocation_next_timeout(const struct auger_turn *turn)
{
    const struct auger_allocation *a = &turn->allocation;
    auger_time at = auger_exchange_next_timeout(&a->exchange);

    if (turn->state == AUGER_TURN_RELEASING || (is_giving_back(turn) && a->exchange.is_running))
        at = auger_time_min(at, turn->released_by);
    if (turn->state == AUGER_TURN_ALLOCATED) {
        at = auger_time_min(at, a->expires_at);
        if (!a->exchange.is_running)
            at = auger_time_min(at, a->refresh_at);
    }
    return at;
}
