/* stun/client.c - the Binding client: RFC 8489 sections 6.1 to 6.3.4.  The server
 * is server.c, the schedule of the requests transaction.c. */
#include "stun/client.h"
#include "base/addr.h"
#include "base/env.h"

int auger_stun_client_start(struct auger_stun_client *client, const struct auger_env *env,
                            auger_time now, auger_time rto, const struct auger_addr *server)
{
    struct auger_stun_client fresh = {
        .env = env, .server = *server, .state = AUGER_STUN_CLIENT_ASKING};

    int err = auger_stun_transaction_start(&fresh.tx, env, now, rto);
    if (err < 0)
        return err;
    *client = fresh;
    return 0;
}

int auger_stun_client_new(struct auger_stun_client **out, const struct auger_env *env,
                          auger_time now, const struct auger_addr *server)
{
    if (auger_addr_ip_len(server) == 0 || auger_addr_is_unspecified(server) ||
        auger_addr_is_multicast(server) || server->port == 0 || server->transport != AUGER_UDP)
        return AUGER_ERR_INVALID;
    struct auger_stun_client *client = auger_env_alloc(env, 1, sizeof(*client));
    if (!client)
        return AUGER_ERR_NO_MEMORY;
    int err = auger_stun_client_start(client, env, now, AUGER_STUN_RTO, server);
    if (err < 0) {
        auger_env_release(env, client);
        return err;
    }
    *out = client;
    return 0;
}

void auger_stun_client_free(struct auger_stun_client *client)
{
    if (client)
        auger_env_release(client->env, client);
}

/* --- asking ------------------------------------------------------------------------ */

/* 6.1: a Binding request without authentication needs no attribute.  SOFTWARE is
 * left out (docs/decisions/006), FINGERPRINT is of no use to a server that speaks
 * nothing else (12). */
size_t auger_stun_client_poll_transmit(struct auger_stun_client *client, auger_time now,
                                       uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    if (client->state != AUGER_STUN_CLIENT_ASKING ||
        !auger_stun_transaction_is_due(&client->tx, now))
        return 0;
    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &client->tx.id);
    int len = auger_stun_build_end(&b);
    if (len < 0)
        return 0;
    auger_stun_transaction_sent(&client->tx, now);
    return (size_t)len;
}

void auger_stun_client_handle_timeout(struct auger_stun_client *client, auger_time now)
{
    if (client->state == AUGER_STUN_CLIENT_ASKING &&
        auger_stun_transaction_is_expired(&client->tx, now))
        client->state = AUGER_STUN_CLIENT_TIMEOUT;
}

auger_time auger_stun_client_next_timeout(const struct auger_stun_client *client)
{
    return client->state == AUGER_STUN_CLIENT_ASKING
               ? auger_stun_transaction_next_timeout(&client->tx)
               : AUGER_NEVER;
}

/* --- the answer -------------------------------------------------------------------- */

bool auger_stun_client_matches(const struct auger_stun_client *client,
                               const struct auger_stun_tid *tid)
{
    return client->state == AUGER_STUN_CLIENT_ASKING &&
           auger_stun_transaction_matches(&client->tx, tid);
}

/* 6.3.3.  A server of RFC 3489 knows no XOR-MAPPED-ADDRESS. */
static bool read_mapped(const struct auger_stun_msg *msg, struct auger_addr *mapped)
{
    return auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, mapped) ||
           auger_stun_msg_addr(msg, AUGER_STUN_ATTR_MAPPED_ADDRESS, mapped);
}

/* 6.3.3 and 6.3.4: what is not understood, and every error, ends the transaction.
 * A redirection (300) would have to be authenticated (14.8), and this usage is not;
 * to ask again after 5xx is left to the owner. */
static void conclude(struct auger_stun_client *client, const struct auger_stun_msg *msg)
{
    if (msg->class_ == AUGER_STUN_SUCCESS && msg->unknown_len == 0 &&
        read_mapped(msg, &client->mapped)) {
        client->state = AUGER_STUN_CLIENT_ANSWERED;
    } else {
        client->state = AUGER_STUN_CLIENT_REFUSED;
        client->error_code = msg->class_ == AUGER_STUN_ERROR ? msg->error_code : 0;
    }
}

bool auger_stun_client_handle_response(struct auger_stun_client *client,
                                       const struct auger_addr *from,
                                       const struct auger_stun_msg *msg)
{
    if (msg->method != AUGER_STUN_BINDING ||
        (msg->class_ != AUGER_STUN_SUCCESS && msg->class_ != AUGER_STUN_ERROR) ||
        !auger_stun_client_matches(client, &msg->tid) || !auger_addr_equal(from, &client->server))
        return false;
    conclude(client, msg);
    return true;
}

bool auger_stun_client_handle_datagram(struct auger_stun_client *client,
                                       const struct auger_addr *from, const uint8_t *buf,
                                       size_t len)
{
    struct auger_stun_msg msg;

    return len <= AUGER_STUN_MAX && auger_stun_msg_parse(&msg, buf, len) == 0 &&
           auger_stun_client_handle_response(client, from, &msg);
}

enum auger_stun_client_state auger_stun_client_state(const struct auger_stun_client *client)
{
    return client->state;
}

const struct auger_addr *auger_stun_client_mapped(const struct auger_stun_client *client)
{
    return client->state == AUGER_STUN_CLIENT_ANSWERED ? &client->mapped : NULL;
}

uint16_t auger_stun_client_error_code(const struct auger_stun_client *client)
{
    return client->state == AUGER_STUN_CLIENT_REFUSED ? client->error_code : 0;
}
