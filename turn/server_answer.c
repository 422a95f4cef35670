/* turn/server_answer.c - answers to requests that have proved a password: RFC 8489 sections
 * 6.3.1 and 9.2.4.  SOFTWARE is left out: docs/decisions/006. */
#include "turn/server_answer.h"

#include "base/trace.h"

void auger_server_begin(const struct auger_server_request *r, enum auger_stun_class class_,
                        struct auger_stun_builder *b)
{
    auger_stun_build_begin(b, r->reply, r->cap, class_, r->msg->method, &r->msg->tid);
}

void auger_server_end(struct auger_server_request *r, struct auger_stun_builder *b)
{
    auger_challenge_protect(&r->proof, b);
    if (r->msg->fingerprint_offset)
        auger_stun_build_fingerprint(b);
    int len = auger_stun_build_end(b);
    if (len < 0) {
        auger_server_drop(r->server, AUGER_TURN_SERVER_DROP_RESOURCES);
        return;
    }
    r->out->what = AUGER_TURN_SERVER_TO_CLIENT;
    r->out->path = *r->path;
    r->out->bytes = (struct auger_bytes){r->reply, (size_t)len};
}

void auger_server_begin_refusal(struct auger_server_request *r, uint16_t code,
                                struct auger_stun_builder *b)
{
    r->server->stats.refusals++;
    auger_trace(r->server->env, r->now, "turn:server_refused",
                AUGER_F_ADDR("client", &r->path->remote), AUGER_F_INT("method", r->msg->method),
                AUGER_F_INT("code", code));
    auger_server_begin(r, AUGER_STUN_ERROR, b);
    auger_stun_build_error(b, code);
}

void auger_server_refuse(struct auger_server_request *r, uint16_t code)
{
    struct auger_stun_builder b;

    auger_server_begin_refusal(r, code, &b);
    auger_server_end(r, &b);
}

void auger_server_refuse_unknown(struct auger_server_request *r)
{
    struct auger_stun_builder b;

    auger_server_begin_refusal(r, AUGER_STUN_UNKNOWN_ATTRIBUTE, &b);
    auger_stun_build_unknown(&b, r->msg);
    auger_server_end(r, &b);
}

void auger_server_refuse_attr(struct auger_server_request *r, uint16_t type)
{
    struct auger_stun_msg lacking = *r->msg;
    const struct auger_stun_msg *msg = r->msg;

    lacking.unknown[0] = type;
    lacking.unknown_len = 1;
    r->msg = &lacking;
    auger_server_refuse_unknown(r);
    r->msg = msg;
}

uint16_t auger_server_code_of(int err)
{
    return err == AUGER_ERR_ENTROPY || err == AUGER_ERR_CRYPTO ? AUGER_STUN_SERVER_ERROR
                                                               : AUGER_STUN_INSUFFICIENT_CAPACITY;
}

uint16_t auger_server_code_of_peer(const struct auger_server_request *r,
                                   const struct auger_addr *peer, enum auger_peer_verdict verdict)
{
    if (verdict == AUGER_PEER_PERMITTED)
        return 0;
    auger_trace(r->server->env, r->now, "turn:server_peer_denied", AUGER_F_ADDR("peer", peer),
                AUGER_F_TEXT("reason", auger_peer_verdict_text(verdict)));
    return verdict == AUGER_PEER_NO_PEER ? AUGER_STUN_BAD_REQUEST : AUGER_STUN_FORBIDDEN;
}
