/* turn/server_mobility.c - tickets, and the way from one 5-tuple to the next. */
#include "turn/server_mobility.h"

#include "base/bytes.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "crypto/crypto.h"
#include "turn/server_account.h"
#include "turn/server_answer.h"
#include "turn/server_door.h"
#include "turn/server_member.h"

#define KEPT (30 * AUGER_SEC) /* 3.2.2: the ticket before, for retransmissions */

struct ticket {
    struct auger_table_node node; /* by its first bytes */
    struct auger_server_allocation *allocation;
    uint8_t bytes[AUGER_SERVER_TICKET_LEN];
    bool is_valid;
};

struct auger_server_mobility {
    struct auger_server_timer timer; /* the end of `before` */
    struct ticket current, before;
    struct auger_server_door next; /* where it goes once data comes from there */
    bool has_next;
};

/* --- tickets ------------------------------------------------------------------------- */

static struct ticket *find(struct auger_turn_server *server, struct auger_bytes bytes)
{
    struct auger_reader r = auger_reader(bytes.data, bytes.len);
    struct auger_table_node *node = auger_table_first(&server->tickets, auger_read_u64(&r));

    for (; node; node = auger_table_next(&server->tickets, node)) {
        struct ticket *ticket = (struct ticket *)(void *)node;
        if (auger_bytes_equal_secret(ticket->bytes, bytes.data, bytes.len))
            return ticket;
    }
    return NULL;
}

static void put(struct auger_turn_server *server, struct auger_server_allocation *a,
                struct ticket *ticket, const uint8_t bytes[AUGER_SERVER_TICKET_LEN])
{
    struct auger_reader r = auger_reader(bytes, AUGER_SERVER_TICKET_LEN);

    memmove(ticket->bytes, bytes, AUGER_SERVER_TICKET_LEN);
    ticket->node.hash = auger_read_u64(&r);
    ticket->allocation = a;
    ticket->is_valid = true;
    auger_table_add(&server->tickets, &ticket->node);
}

static void revoke(struct auger_turn_server *server, struct ticket *ticket)
{
    if (ticket->is_valid)
        auger_table_remove(&server->tickets, &ticket->node);
    ticket->is_valid = false;
}

void auger_server_mobility_add_ticket(const struct auger_server_allocation *a,
                                      struct auger_stun_builder *b)
{
    if (a->mobility)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_MOBILITY_TICKET, a->mobility->current.bytes,
                               AUGER_SERVER_TICKET_LEN);
}

/* 161 bits of it at least are random.  No byte is zero, for clients that take a ticket for text, as
 * coturn's does. */
static int draw(const struct auger_turn_server *server, uint8_t ticket[AUGER_SERVER_TICKET_LEN])
{
    int err = auger_env_random(server->env, ticket, AUGER_SERVER_TICKET_LEN);

    for (size_t i = 0; i < AUGER_SERVER_TICKET_LEN; i++)
        ticket[i] |= 1;
    auger_server_member_sign_ticket(server, ticket);
    return err;
}

/* --- Allocate (3.1.2) ----------------------------------------------------------------- */

uint16_t auger_server_mobility_judge_allocate(const struct auger_server_request *r)
{
    struct auger_bytes ticket;

    if (!auger_stun_msg_bytes(r->msg, AUGER_STUN_ATTR_MOBILITY_TICKET, &ticket))
        return 0;
    if (ticket.len > 0)
        return AUGER_STUN_BAD_REQUEST;
    return r->server->config.mobility ? 0 : AUGER_STUN_MOBILITY_FORBIDDEN;
}

int auger_server_mobility_begin(const struct auger_server_request *r,
                                struct auger_server_allocation *a)
{
    struct auger_turn_server *server = r->server;

    if (!auger_stun_msg_has(r->msg, AUGER_STUN_ATTR_MOBILITY_TICKET))
        return 0;
    struct auger_server_mobility *mobility = auger_env_alloc(server->env, 1, sizeof(*mobility));
    if (!mobility)
        return AUGER_ERR_NO_MEMORY;
    uint8_t bytes[AUGER_SERVER_TICKET_LEN];
    int err = draw(server, bytes);
    if (err == 0 && !auger_server_heap_add(&server->timers, server->env))
        err = AUGER_ERR_NO_MEMORY;
    if (err < 0) {
        auger_env_release(server->env, mobility);
        return err;
    }
    put(server, a, &mobility->current, bytes);
    mobility->timer.kind = AUGER_SERVER_TIMER_MOBILITY;
    mobility->next.allocation = a;
    a->mobility = mobility;
    return 0;
}

void auger_server_mobility_end(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    struct auger_server_mobility *mobility = a->mobility;

    if (!mobility)
        return;
    revoke(server, &mobility->current);
    revoke(server, &mobility->before);
    if (mobility->has_next)
        auger_server_door_remove(server, &mobility->next);
    auger_server_timer_stop(&server->timers, &mobility->timer);
    auger_server_heap_remove(&server->timers);
    auger_env_release(server->env, mobility);
    a->mobility = NULL;
}

void auger_server_mobility_handle_timeout(struct auger_turn_server *server,
                                          struct auger_server_timer *timer)
{
    struct auger_server_mobility *mobility = (struct auger_server_mobility *)(void *)timer;

    auger_server_timer_stop(&server->timers, timer);
    revoke(server, &mobility->before);
}

/* --- Refresh (3.2.2) ------------------------------------------------------------------ */

static bool is_where_it_goes(const struct auger_server_request *r,
                             const struct auger_server_allocation *a)
{
    const struct auger_server_door *door = a->mobility->has_next ? &a->mobility->next : &a->door;

    return auger_path_equal(&door->path, r->path);
}

/* The code, or 0.  The ticket before is good for a retransmission alone. */
static uint16_t judge(const struct auger_server_request *r, const struct ticket *ticket)
{
    const struct auger_server_allocation *a = ticket->allocation;

    if (a->opening)
        return AUGER_STUN_ALLOCATION_MISMATCH;
    if (!auger_server_account_is(a->user, r->proof.username))
        return AUGER_STUN_WRONG_CREDENTIALS;
    if (ticket == &a->mobility->before)
        return is_where_it_goes(r, a) ? 0 : AUGER_STUN_BAD_REQUEST;
    if (r->allocation)
        return r->allocation == a ? AUGER_STUN_BAD_REQUEST : AUGER_STUN_ALLOCATION_MISMATCH;
    return auger_peer_is_tunnel(&r->path->remote) ? AUGER_STUN_FORBIDDEN : 0;
}

/* The new 5-tuple takes the place of the old one. */
static void settle(struct auger_turn_server *server, auger_time now,
                   struct auger_server_allocation *a)
{
    struct auger_server_mobility *mobility = a->mobility;
    const struct auger_path path = mobility->next.path;

    auger_server_door_remove(server, &mobility->next);
    mobility->has_next = false;
    auger_server_door_remove(server, &a->door);
    auger_trace(server->env, now, "turn:server_moved", AUGER_F_ADDR("from", &a->door.path.remote),
                AUGER_F_ADDR("to", &path.remote));
    auger_server_door_add(server, &a->door, &path);
}

/* A new door, and a new ticket; the one of this request stays for a while. */
static int move(const struct auger_server_request *r, struct auger_server_allocation *a)
{
    struct auger_turn_server *server = r->server;
    struct auger_server_mobility *mobility = a->mobility;
    uint8_t fresh[AUGER_SERVER_TICKET_LEN];

    int err = draw(server, fresh);
    if (err < 0)
        return err;
    revoke(server, &mobility->before);
    revoke(server, &mobility->current);
    put(server, a, &mobility->before, mobility->current.bytes);
    put(server, a, &mobility->current, fresh);
    auger_server_timer_set(&server->timers, &mobility->timer, auger_time_add(r->now, KEPT));
    if (mobility->has_next)
        auger_server_door_remove(server, &mobility->next);
    auger_server_door_add(server, &mobility->next, r->path);
    mobility->has_next = true;
    if (a->door.is_closed)
        settle(server, r->now, a);
    return 0;
}

static uint16_t judge_and_move(struct auger_server_request *r)
{
    struct auger_bytes bytes;

    if (!r->server->config.mobility)
        return AUGER_STUN_MOBILITY_FORBIDDEN;
    if (!auger_stun_msg_bytes(r->msg, AUGER_STUN_ATTR_MOBILITY_TICKET, &bytes) ||
        bytes.len != AUGER_SERVER_TICKET_LEN)
        return AUGER_STUN_BAD_REQUEST;
    struct ticket *ticket = find(r->server, bytes);
    if (!ticket) /* of an allocation that is gone, or of none */
        return AUGER_STUN_ALLOCATION_MISMATCH;
    uint16_t code = judge(r, ticket);
    if (code)
        return code;
    struct auger_server_allocation *a = ticket->allocation;
    int err = ticket == &a->mobility->current ? move(r, a) : 0;
    if (err < 0)
        return auger_server_code_of(err);
    r->allocation = a;
    return 0;
}

bool auger_server_mobility_judge_refresh(struct auger_server_request *r)
{
    if (!auger_stun_msg_has(r->msg, AUGER_STUN_ATTR_MOBILITY_TICKET))
        return true;
    uint16_t code = judge_and_move(r);
    if (code)
        auger_server_refuse(r, code);
    return code == 0;
}

/* --- the move itself -------------------------------------------------------------------- */

void auger_server_mobility_hear(struct auger_turn_server *server, auger_time now,
                                struct auger_server_allocation *a,
                                const struct auger_server_door *door)
{
    if (door != &a->door)
        settle(server, now, a);
}

/* Who has a ticket may come back with it: a connection that broke is why he moves. */
bool auger_server_mobility_leave(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_allocation *a, struct auger_server_door *door)
{
    if (!a->mobility || a->opening)
        return false;
    if (door != &a->door) {
        auger_server_door_remove(server, &a->mobility->next);
        a->mobility->has_next = false;
    } else if (a->mobility->has_next) {
        settle(server, now, a);
    } else {
        auger_trace(server->env, now, "turn:server_left",
                    AUGER_F_ADDR("client", &a->door.path.remote));
        auger_server_door_remove(server, &a->door);
    }
    return true;
}
