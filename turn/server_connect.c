/* turn/server_connect.c - Connect, ConnectionBind and ConnectionAttempt. */
#include "turn/server_connect.h"

#include "turn/server_account.h"
#include "turn/server_answer.h"
#include "turn/server_connection.h"
#include "turn/server_data.h"
#include "turn/server_permission.h"
#include "turn/server_relay.h"

/* --- Connect (5.2) --------------------------------------------------------------------- */

static uint16_t judge_connect(const struct auger_server_request *r, struct auger_addr *peer)
{
    if (!r->allocation->is_tcp)
        return AUGER_STUN_FORBIDDEN;
    if (!auger_stun_msg_addr(r->msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, peer))
        return AUGER_STUN_BAD_REQUEST;
    peer->transport = AUGER_TCP;
    if (!r->allocation->relays[auger_server_family(peer)])
        return AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH;
    return auger_server_code_of_peer(r, peer, auger_peer_policy_judge(r->server->policy, peer));
}

/* What the answer is made of, which borrows nothing of the message. */
static void keep_request(struct auger_server_request *r, struct auger_server_connection *c)
{
    c->tid = r->msg->tid;
    c->is_fingerprinted = r->msg->fingerprint_offset != 0;
    c->proof = r->proof;
    c->proof.username = (struct auger_bytes){0};
    r->proof = (struct auger_proof){0};
}

void auger_server_connect(struct auger_server_request *r)
{
    struct auger_server_allocation *a = r->allocation;
    struct auger_server_connection *c;
    struct auger_addr peer;

    uint16_t code = judge_connect(r, &peer);
    if (code == 0)
        code = auger_server_connection_new(r->server, r->now, a, &peer, false, &c);
    if (code) {
        auger_server_refuse(r, code);
        return;
    }
    keep_request(r, c);
    const struct auger_server_relay *relay = a->relays[auger_server_family(&peer)];
    r->out->what = AUGER_TURN_SERVER_CONNECT;
    r->out->connection = c->number;
    r->out->relay = relay->number;
    r->out->path = (struct auger_path){auger_server_relay_bound(r->server, relay), peer};
}

void auger_server_connect_done(struct auger_turn_server *server, auger_time now,
                               struct auger_server_connection *c, bool is_there, uint8_t *reply,
                               size_t cap, struct auger_turn_server_out *out)
{
    const struct auger_stun_msg msg = {
        .method = AUGER_STUN_CONNECT, .tid = c->tid, .fingerprint_offset = c->is_fingerprinted};
    struct auger_server_request r = {.server = server,
                                     .now = now,
                                     .path = &c->allocation->door.path,
                                     .msg = &msg,
                                     .proof = c->proof,
                                     .reply = reply,
                                     .cap = cap,
                                     .out = out};
    struct auger_stun_builder b;

    if (!is_there) {
        auger_server_refuse(&r, AUGER_STUN_CONNECTION_FAILURE);
        auger_server_connection_drop(server, now, c, "not reached");
        return;
    }
    /* A relay that was let go meanwhile: whoever took the connection is somebody else. */
    if (auger_peer_policy_judge(server->policy, &c->peer) != AUGER_PEER_PERMITTED) {
        auger_server_refuse(&r, AUGER_STUN_CONNECTION_FAILURE);
        auger_server_connection_close(server, now, c, "denied");
        return;
    }
    auger_server_begin(&r, AUGER_STUN_SUCCESS, &b);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_CONNECTION_ID, c->number);
    auger_server_end(&r, &b);
    auger_server_connection_await(server, now, c);
}

/* --- ConnectionBind (5.4) --------------------------------------------------------------- */

/* 441 for another user, as for each request that belongs to an allocation (8656, 5). */
static uint16_t judge_bind(const struct auger_server_request *r, struct auger_server_connection **c)
{
    uint32_t number;

    if (r->path->local.transport != AUGER_TCP || r->allocation ||
        !auger_stun_msg_u32(r->msg, AUGER_STUN_ATTR_CONNECTION_ID, &number))
        return AUGER_STUN_BAD_REQUEST;
    *c = auger_server_connection_find(r->server, number);
    if (!*c || (*c)->state != AUGER_SERVER_CONNECTION_WAITING)
        return AUGER_STUN_BAD_REQUEST;
    return auger_server_account_is((*c)->allocation->user, r->proof.username)
               ? 0
               : AUGER_STUN_WRONG_CREDENTIALS;
}

void auger_server_connection_bind_request(struct auger_server_request *r)
{
    struct auger_server_connection *c;
    struct auger_stun_builder b;

    uint16_t code = judge_bind(r, &c);
    if (code) {
        auger_server_refuse(r, code);
        return;
    }
    auger_server_begin(r, AUGER_STUN_SUCCESS, &b);
    auger_server_end(r, &b);
    if (r->out->what != AUGER_TURN_SERVER_TO_CLIENT)
        return;
    r->out->what = AUGER_TURN_SERVER_SPLICE;
    r->out->connection = c->number;
    auger_server_connection_bind(r->server, r->now, c, r->path);
}

/* --- ConnectionAttempt (5.3) ------------------------------------------------------------ */

/* A peer of which the allocation has enough, or that may not reach it, is not told why. */
static bool may_reach(struct auger_turn_server *server, auger_time now,
                      const struct auger_server_allocation *a, const struct auger_addr *peer)
{
    if (!auger_server_permission_is_there(a, now, peer))
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_PERMISSION);
    else if (auger_peer_policy_judge(server->policy, peer) != AUGER_PEER_PERMITTED)
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_DENIED);
    else
        return true;
    return false;
}

void auger_server_connection_attempt(struct auger_turn_server *server, auger_time now,
                                     struct auger_server_relay *relay,
                                     const struct auger_addr *from, uint8_t *reply, size_t cap,
                                     struct auger_turn_server_out *out)
{
    struct auger_server_allocation *a = relay->allocation;
    struct auger_addr peer = *from;
    const struct auger_stun_tid tid = auger_server_data_next_indication(server);
    struct auger_server_connection *c;
    struct auger_stun_builder b;

    peer.transport = AUGER_TCP;
    if (!may_reach(server, now, a, &peer))
        return;
    if (auger_server_connection_new(server, now, a, &peer, true, &c)) {
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_CONNECTION);
        return;
    }
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_INDICATION, AUGER_STUN_CONNECTION_ATTEMPT,
                           &tid);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_CONNECTION_ID, c->number);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer);
    int len = auger_stun_build_end(&b);
    if (len < 0) {
        auger_server_connection_drop(server, now, c, "no answer can be made");
        return;
    }
    out->what = AUGER_TURN_SERVER_TO_CLIENT;
    out->connection = c->number;
    out->path = a->door.path;
    out->bytes = (struct auger_bytes){reply, (size_t)len};
}
