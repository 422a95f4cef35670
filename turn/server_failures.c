/* turn/server_failures.c - wrong passwords, by their sources: docs/decisions/126. */
#include "turn/server_failures.h"

#include "turn/server_account.h"

bool auger_server_failures_is_heard(const struct auger_server_request *r)
{
    struct auger_bytes nonce;

    return auger_stun_msg_bytes(r->msg, AUGER_STUN_ATTR_NONCE, &nonce) &&
           auger_nonces_judge(r->server->nonces, r->now, r->path, nonce) == AUGER_NONCE_FRESH;
}

/* Who has a fresh nonce is where he says, so that others cannot use up what he may have. */
static struct auger_reply_limit *failures_of(const struct auger_server_request *r)
{
    return r->server->failures[auger_server_failures_is_heard(r)];
}

/* A stream is no exception here. */
static struct auger_addr source_of(const struct auger_server_request *r)
{
    struct auger_addr source = r->path->remote;

    source.transport = AUGER_UDP;
    return source;
}

void auger_server_failures_charge(const struct auger_server_request *r)
{
    const struct auger_addr source = source_of(r);
    bool is_within = auger_reply_limit_take(failures_of(r), r->now, &source);

    (void)is_within; /* the next one is asked about it */
    r->server->stats.integrity_failures++;
}

/* A request about an allocation, in the name of its user. */
static bool claims_its_user(const struct auger_server_request *r)
{
    struct auger_bytes name, userhash;
    struct auger_user user;

    if (!r->allocation)
        return false;
    if (auger_stun_msg_bytes(r->msg, AUGER_STUN_ATTR_USERNAME, &name))
        return auger_server_account_is(r->allocation->user, name);
    if (!auger_stun_msg_bytes(r->msg, AUGER_STUN_ATTR_USERHASH, &userhash))
        return false;
    auger_user_keys_find_hash(r->server->keys, userhash, &user);
    return user.is_known && auger_server_account_is(r->allocation->user, user.username);
}

/* Of whom passwords were wrong too often no more are tried; what is said in the name of the
 * user of an allocation always is, since others can send in its name. */
bool auger_server_failures_may_try(const struct auger_server_request *r)
{
    bool has_integrity = r->msg->integrity_offset || r->msg->integrity256_offset;
    const struct auger_addr source = source_of(r);

    return !has_integrity || claims_its_user(r) ||
           auger_reply_limit_has_room(failures_of(r), r->now, &source);
}
