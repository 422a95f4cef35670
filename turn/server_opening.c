/* turn/server_opening.c - an allocation until its sockets are there. */
#include "turn/server_opening.h"

#include "base/env.h"
#include "base/time.h"
#include "turn/server_account.h"
#include "turn/server_allocation.h"
#include "turn/server_answer.h"
#include "turn/server_member.h"
#include "turn/server_relay.h"

/* --- ports --------------------------------------------------------------------------- */

static int draw_pair(struct auger_turn_server *server, struct auger_server_allocation *a,
                     size_t family)
{
    int err = auger_server_relay_new(server, family, AUGER_SERVER_PORT_PAIR, &a->relays[family]);

    if (err < 0)
        return err;
    err = auger_server_relay_new_sibling(server, a->relays[family], &a->opening->sibling);
    if (err < 0) {
        auger_server_relay_drop(server, a->relays[family]);
        a->relays[family] = NULL;
        return err;
    }
    a->relays[family]->allocation = a;
    a->opening->sibling->allocation = a;
    return 0;
}

static int draw(struct auger_turn_server *server, struct auger_server_allocation *a, size_t family)
{
    if (a->opening->kind == AUGER_SERVER_PORT_PAIR)
        return draw_pair(server, a, family);
    int err = auger_server_relay_new(server, family, (enum auger_server_port_kind)a->opening->kind,
                                     &a->relays[family]);
    if (err < 0)
        return err;
    a->relays[family]->allocation = a;
    a->relays[family]->is_tcp = a->is_tcp;
    return 0;
}

/* 7.2: of two families that are asked for one is enough.  The code, or 0. */
static uint16_t draw_all(struct auger_turn_server *server, struct auger_server_allocation *a,
                         const struct auger_server_ask *ask)
{
    uint16_t code = 0;

    for (size_t family = 0; family < 2; family++) {
        int err = ask->families[family] ? draw(server, a, family) : 0;
        if (err < 0)
            code = auger_server_code_of(err);
    }
    if (!a->relays[0] && !a->relays[1])
        return code;
    if (code)
        a->missing_code = AUGER_STUN_INSUFFICIENT_CAPACITY;
    return 0;
}

/* --- one after the other -------------------------------------------------------------- */

static struct auger_server_relay *next_to_open(const struct auger_server_allocation *a)
{
    struct auger_server_relay *const all[] = {a->relays[0], a->relays[1], a->opening->sibling};

    for (size_t i = 0; i < 3; i++)
        if (all[i] && all[i]->state == AUGER_SERVER_RELAY_OPENING)
            return all[i];
    return NULL;
}

/* Whose proof is the request's from here on. */
static void stop_waiting(struct auger_turn_server *server, struct auger_server_allocation *a)
{
    auger_server_timer_stop(&server->timers, &a->opening->timer);
    auger_server_heap_remove(&server->timers);
    auger_env_release(server->env, a->opening);
    a->opening = NULL;
}

/* A token that nobody can guess; AUGER_ERR_ENTROPY also if it is another's. */
static int draw_token(struct auger_turn_server *server, uint64_t *token)
{
    int err = auger_env_random(server->env, token, sizeof(*token));

    if (err < 0)
        return err;
    uint32_t upper = auger_server_member_sign(server, (uint32_t)(*token >> 32));
    *token = (uint64_t)upper << 32 | (uint32_t)*token;
    return *token == 0 || auger_table_first(&server->reservations, *token) ? AUGER_ERR_ENTROPY : 0;
}

static int reserve_sibling(struct auger_turn_server *server, auger_time now,
                           struct auger_server_allocation *a)
{
    struct auger_server_opening *opening = a->opening;

    if (!opening->sibling)
        return 0;
    int err = draw_token(server, &a->token);
    if (err < 0)
        return err;
    auger_server_relay_reserve(server, now, opening->sibling, opening->place, a->token);
    opening->sibling = NULL;
    opening->place = NULL;
    return 0;
}

static void give_up(struct auger_server_request *r, struct auger_server_allocation *a,
                    uint16_t code)
{
    auger_server_refuse(r, code);
    auger_server_allocation_end(r->server, r->now, a, AUGER_TURN_SERVER_END_NONE);
}

static void finish(struct auger_server_request *r, struct auger_server_allocation *a)
{
    if (!a->relays[0] && !a->relays[1]) {
        give_up(r, a, AUGER_STUN_INSUFFICIENT_CAPACITY);
        return;
    }
    int err = reserve_sibling(r->server, r->now, a);
    if (err < 0) {
        give_up(r, a, auger_server_code_of(err));
        return;
    }
    uint32_t lifetime_s = a->opening->lifetime_s;
    stop_waiting(r->server, a);
    auger_server_allocation_grant(r, a, lifetime_s);
    auger_proof_fini(&r->proof);
}

static void ask_for(struct auger_turn_server *server, struct auger_server_relay *relay,
                    struct auger_turn_server_out *out)
{
    relay->is_asked = true;
    out->what = AUGER_TURN_SERVER_OPEN_RELAY;
    out->relay = relay->number;
    out->path = (struct auger_path){.local = auger_server_relay_bound(server, relay)};
}

/* The request once more, as it has to be answered. */
static void go_on(struct auger_turn_server *server, auger_time now,
                  struct auger_server_allocation *a, uint8_t *reply, size_t cap,
                  struct auger_turn_server_out *out)
{
    struct auger_server_relay *relay = next_to_open(a);

    if (relay) {
        ask_for(server, relay, out);
        return;
    }
    const struct auger_stun_msg msg = {.method = AUGER_STUN_ALLOCATE,
                                       .tid = a->tid,
                                       .fingerprint_offset = a->opening->is_fingerprinted};
    struct auger_server_request r = {.server = server,
                                     .now = now,
                                     .path = &a->door.path,
                                     .msg = &msg,
                                     .proof = a->opening->proof,
                                     .reply = reply,
                                     .cap = cap,
                                     .out = out};
    finish(&r, a);
}

/* --- the beginning --------------------------------------------------------------------- */

static int wait_with(struct auger_server_request *r, struct auger_server_allocation *a,
                     const struct auger_server_ask *ask)
{
    struct auger_turn_server *server = r->server;
    struct auger_server_opening *opening = auger_env_alloc(server->env, 1, sizeof(*opening));

    if (!opening || !auger_server_heap_add(&server->timers, server->env)) {
        auger_env_release(server->env, opening);
        return AUGER_ERR_NO_MEMORY;
    }
    *opening = (struct auger_server_opening){.timer.kind = AUGER_SERVER_TIMER_OPENING,
                                             .allocation = a,
                                             .kind = (uint8_t)ask->kind,
                                             .tries = AUGER_SERVER_PORT_TRIES,
                                             .lifetime_s = auger_server_allocation_lifetime(r),
                                             .is_fingerprinted = r->msg->fingerprint_offset != 0};
    a->opening = opening;
    if (ask->kind == AUGER_SERVER_PORT_PAIR) {
        int err = auger_server_account_take_user(server, &r->proof, &opening->place);
        if (err < 0)
            return err;
    }
    auger_server_timer_set(&server->timers, &opening->timer,
                           auger_time_add(r->now, AUGER_SERVER_ANSWER_TIME));
    return 0;
}

/* Until it is waited with the proof is the request's. */
static uint16_t begin(struct auger_server_request *r, struct auger_server_allocation *a,
                      const struct auger_server_ask *ask)
{
    int err = wait_with(r, a, ask);

    if (err == AUGER_ERR_LIMIT)
        return AUGER_STUN_ALLOCATION_QUOTA_REACHED;
    return err < 0 ? auger_server_code_of(err) : draw_all(r->server, a, ask);
}

void auger_server_opening_begin(struct auger_server_request *r, struct auger_server_allocation *a,
                                const struct auger_server_ask *ask)
{
    a->missing_code = ask->missing_code;
    a->is_tcp = ask->is_tcp;
    uint16_t code = begin(r, a, ask);
    if (code) {
        auger_server_refuse(r, code);
        auger_server_allocation_end(r->server, r->now, a, AUGER_TURN_SERVER_END_NONE);
        return;
    }
    a->opening->proof = r->proof;
    a->opening->proof.username = (struct auger_bytes){0}; /* borrowed of the message */
    r->proof = (struct auger_proof){0};
    go_on(r->server, r->now, a, r->reply, r->cap, r->out);
}

/* --- what became of a socket ------------------------------------------------------------ */

static void forget(struct auger_server_allocation *a, const struct auger_server_relay *relay)
{
    for (size_t family = 0; family < 2; family++)
        if (a->relays[family] == relay)
            a->relays[family] = NULL;
    if (a->opening->sibling == relay)
        a->opening->sibling = NULL;
}

/* Both anew, since they have to lie side by side. */
static void redraw_pair(struct auger_turn_server *server, struct auger_server_allocation *a,
                        size_t family)
{
    auger_server_relay_close(server, a->relays[family]);
    auger_server_relay_close(server, a->opening->sibling);
    a->relays[family] = a->opening->sibling = NULL;
    if (a->opening->tries > 0 && draw_pair(server, a, family) < 0)
        a->opening->tries = 0;
}

static void handle_taken(struct auger_turn_server *server, struct auger_server_allocation *a,
                         struct auger_server_relay *relay)
{
    struct auger_server_opening *opening = a->opening;
    enum auger_server_port_kind kind = (enum auger_server_port_kind)opening->kind;

    relay->is_asked = false; /* there is no socket */
    opening->tries--;
    if (kind == AUGER_SERVER_PORT_PAIR) {
        redraw_pair(server, a, relay->family);
        return;
    }
    if (opening->tries > 0 && auger_server_relay_move(server, relay, kind) == 0)
        return;
    forget(a, relay);
    auger_server_relay_drop(server, relay);
    a->missing_code = AUGER_STUN_INSUFFICIENT_CAPACITY;
    opening->tries = AUGER_SERVER_PORT_TRIES;
}

void auger_server_opening_opened(struct auger_turn_server *server, auger_time now,
                                 struct auger_server_relay *relay, bool is_bound, uint8_t *reply,
                                 size_t cap, struct auger_turn_server_out *out)
{
    struct auger_server_allocation *a = relay->allocation;

    if (is_bound)
        auger_server_relay_hold(server, relay);
    else
        handle_taken(server, a, relay);
    go_on(server, now, a, reply, cap, out);
}
