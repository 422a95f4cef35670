/* turn/server_request.c - one request: who sent it, and which procedure answers. */
#include "turn/server_request.h"

#include "base/env.h"
#include "base/trace.h"
#include "turn/server_account.h"
#include "turn/server_allocate.h"
#include "turn/server_allocation.h"
#include "turn/server_answer.h"
#include "turn/server_channel.h"
#include "turn/server_connect.h"
#include "turn/server_door.h"
#include "turn/server_failures.h"
#include "turn/server_member.h"
#include "turn/server_pending.h"
#include "turn/server_permission.h"
#include "turn/server_refresh.h"

/* What time-limited names are held against; until it is known each of them is over. */
static int64_t wall_clock(const struct auger_turn_server *server, auger_time now)
{
    if (server->wall_at == AUGER_NEVER)
        return INT64_MAX;
    return server->wall_s + (now - server->wall_at) / AUGER_SEC;
}

/* 8489, 6.3.1: what is not understood is looked for once the sender is known. */
static void serve(struct auger_server_request *r)
{
    r->server->stats.requests++;
    if (r->msg->unknown_len > 0)
        auger_server_refuse_unknown(r);
    else if (r->msg->method == AUGER_STUN_ALLOCATE)
        auger_server_allocate(r);
    else if (r->msg->method == AUGER_STUN_REFRESH)
        auger_server_refresh(r);
    else if (r->msg->method == AUGER_STUN_CONNECTION_BIND)
        auger_server_connection_bind_request(r);
    else if (!auger_server_allocation_is_there(r))
        return;
    else if (r->msg->method == AUGER_STUN_CREATE_PERMISSION)
        auger_server_create_permission(r);
    else if (r->msg->method == AUGER_STUN_CONNECT)
        auger_server_connect(r);
    else
        auger_server_channel_bind(r);
}

static const char *verdict_text(enum auger_challenge_verdict verdict)
{
    switch (verdict) {
    case AUGER_CHALLENGE_ABSENT:
        return "no credentials";
    case AUGER_CHALLENGE_BAD_REQUEST:
        return "malformed";
    case AUGER_CHALLENGE_WRONG:
        return "wrong credentials";
    case AUGER_CHALLENGE_STALE:
        return "stale nonce";
    case AUGER_CHALLENGE_PASSED:
    case AUGER_CHALLENGE_NEEDS_KEY:
    case AUGER_CHALLENGE_FAILED:
        break;
    }
    return "";
}

/* To who has proved nothing: small, and not often. */
static void refuse_stranger(struct auger_server_request *r, enum auger_challenge_verdict verdict)
{
    struct auger_turn_server *server = r->server;

    if (verdict == AUGER_CHALLENGE_WRONG)
        auger_server_failures_charge(r);
    if (!auger_challenge_is_owed(&server->challenger, r->path, r->msg) ||
        !auger_reply_limit_take(server->limit, r->now, &r->path->remote)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_LIMITED);
        return;
    }
    size_t len = auger_challenge_refuse(&server->challenger, r->now, r->path, r->msg, verdict,
                                        r->reply, r->cap);
    if (len == 0) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_RESOURCES);
        return;
    }
    auger_trace(server->env, r->now, "turn:server_challenged",
                AUGER_F_ADDR("client", &r->path->remote), AUGER_F_INT("method", r->msg->method),
                AUGER_F_TEXT("reason", verdict_text(verdict)));
    if (verdict == AUGER_CHALLENGE_BAD_REQUEST)
        server->stats.refusals++;
    else
        server->stats.challenges++;
    r->out->what = AUGER_TURN_SERVER_TO_CLIENT;
    r->out->path = *r->path;
    r->out->bytes = (struct auger_bytes){r->reply, len};
}

static void follow(struct auger_server_request *r, enum auger_challenge_verdict verdict)
{
    switch (verdict) {
    case AUGER_CHALLENGE_PASSED:
        serve(r);
        break;
    case AUGER_CHALLENGE_NEEDS_KEY:
        if (auger_server_failures_is_heard(r))
            auger_server_pending_add(r);
        else
            refuse_stranger(r, AUGER_CHALLENGE_STALE);
        break;
    case AUGER_CHALLENGE_FAILED:
        auger_server_drop(r->server, AUGER_TURN_SERVER_DROP_RESOURCES);
        break;
    case AUGER_CHALLENGE_ABSENT:
    case AUGER_CHALLENGE_BAD_REQUEST:
    case AUGER_CHALLENGE_WRONG:
    case AUGER_CHALLENGE_STALE:
        refuse_stranger(r, verdict);
        break;
    }
    auger_proof_fini(&r->proof);
}

static void look_up(struct auger_server_request *r)
{
    struct auger_server_door *door = auger_server_door_find(r->server, r->path);

    r->allocation = door ? door->allocation : NULL;
}

/* Whether it leaves the allocation as long as it is: who is no user any more has it no longer than
 * that. */
static bool prolongs_nothing(const struct auger_stun_msg *msg)
{
    uint32_t lifetime_s = 1;

    auger_stun_msg_u32(msg, AUGER_STUN_ATTR_LIFETIME, &lifetime_s);
    return msg->method != AUGER_STUN_REFRESH || lifetime_s == 0;
}

/* The key of a password that the program has said is kept with the allocation. */
static enum auger_challenge_verdict judge(struct auger_server_request *r)
{
    struct auger_turn_server *server = r->server;
    struct auger_prepared_key *kept = r->allocation ? r->allocation->kept : NULL;
    enum auger_challenge_verdict verdict = AUGER_CHALLENGE_WRONG;

    if (kept && prolongs_nothing(r->msg))
        verdict = auger_challenge_judge_kept(&server->challenger, r->now, r->path, r->msg, kept,
                                             &r->proof);
    if (verdict != AUGER_CHALLENGE_WRONG)
        return verdict;
    return auger_challenge_judge(&server->challenger, r->now, wall_clock(server, r->now), r->path,
                                 r->msg, &r->proof);
}

void auger_server_request_handle(struct auger_server_request *r)
{
    struct auger_turn_server *server = r->server;

    look_up(r);
    if (!r->allocation && auger_server_member_is_elsewhere(server, r->msg, &r->out->member))
        r->out->what = AUGER_TURN_SERVER_ELSEWHERE;
    else if (auger_server_failures_may_try(r))
        follow(r, judge(r));
    else
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_LIMITED);
}

void auger_turn_server_answer_key(struct auger_turn_server *server, auger_time now, uint32_t ticket,
                                  const char *password, uint8_t *reply, size_t cap,
                                  struct auger_turn_server_out *out)
{
    struct auger_server_pending *p = auger_server_pending_take(server, ticket);
    struct auger_stun_msg msg;

    *out = (struct auger_turn_server_out){0};
    if (!p)
        return;
    struct auger_server_request r = {.server = server,
                                     .now = now,
                                     .path = &p->path,
                                     .msg = &msg,
                                     .reply = reply,
                                     .cap = cap,
                                     .out = out};
    if (!auger_server_door_carries_data(server, r.path) &&
        auger_stun_msg_parse(&msg, p->bytes, p->len) == 0) {
        look_up(&r);
        follow(&r, auger_challenge_judge_by(&server->challenger, now, r.path, &msg, password,
                                            &r.proof));
    }
    auger_env_release(server->env, p);
}
