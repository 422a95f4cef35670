/* stun/client.c - the Binding client: one question to one server (question.c). */
#include "stun/client.h"
#include "base/addr.h"
#include "base/env.h"

int auger_stun_client_new(struct auger_stun_client **out, const struct auger_env *env,
                          auger_time now, const struct auger_addr *server)
{
    if (auger_addr_ip_len(server) == 0 || auger_addr_is_unspecified(server) ||
        auger_addr_is_multicast(server) || server->port == 0 || server->transport != AUGER_UDP)
        return AUGER_ERR_INVALID;
    struct auger_stun_client *client = auger_env_alloc(env, 1, sizeof(*client));
    if (!client)
        return AUGER_ERR_NO_MEMORY;
    client->env = env;
    client->server = *server;
    int err = auger_stun_question_start(&client->question, env, now, AUGER_STUN_RTO);
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

size_t auger_stun_client_poll_transmit(struct auger_stun_client *client, auger_time now,
                                       uint8_t *buf, size_t cap)
{
    return auger_stun_question_write(&client->question, now, buf, cap);
}

void auger_stun_client_handle_timeout(struct auger_stun_client *client, auger_time now)
{
    auger_stun_question_handle_timeout(&client->question, now);
}

auger_time auger_stun_client_next_timeout(const struct auger_stun_client *client)
{
    return auger_stun_question_next_timeout(&client->question);
}

bool auger_stun_client_handle_datagram(struct auger_stun_client *client,
                                       const struct auger_addr *from, const uint8_t *buf,
                                       size_t len)
{
    struct auger_stun_msg msg;

    return len <= AUGER_STUN_MAX && auger_stun_msg_parse(&msg, buf, len) == 0 &&
           auger_stun_question_handle_response(&client->question, &client->server, from, &msg,
                                               &client->mapped);
}

enum auger_stun_client_state auger_stun_client_state(const struct auger_stun_client *client)
{
    return (enum auger_stun_client_state)client->question.state;
}

const struct auger_addr *auger_stun_client_mapped(const struct auger_stun_client *client)
{
    return client->question.state == AUGER_STUN_CLIENT_ANSWERED ? &client->mapped : NULL;
}

uint16_t auger_stun_client_error_code(const struct auger_stun_client *client)
{
    return client->question.state == AUGER_STUN_CLIENT_REFUSED ? client->question.error_code : 0;
}
