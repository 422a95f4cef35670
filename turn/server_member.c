/* turn/server_member.c - which of several servers at the same addresses something is of. */
#include "turn/server_member.h"

/* Each has a range of what 32 bits can say, so that the low bits stay random. */
static uint32_t width(const struct auger_turn_server *server)
{
    return UINT32_MAX / server->config.members;
}

uint32_t auger_server_member_sign(const struct auger_turn_server *server, uint32_t drawn)
{
    return server->config.members == 1
               ? drawn
               : server->config.member * width(server) + drawn % width(server);
}

void auger_server_member_sign_ticket(const struct auger_turn_server *server,
                                     uint8_t ticket[AUGER_SERVER_TICKET_LEN])
{
    if (server->config.members > 1)
        ticket[AUGER_SERVER_TICKET_LEN - 1] = (uint8_t)(server->config.member + 1);
}

/* What is of no server has a number that none has. */
static uint32_t of_ticket(const struct auger_stun_msg *msg)
{
    struct auger_bytes ticket;

    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_MOBILITY_TICKET, &ticket) ||
        ticket.len != AUGER_SERVER_TICKET_LEN)
        return UINT32_MAX;
    return ticket.data[AUGER_SERVER_TICKET_LEN - 1] - 1U;
}

static uint32_t of_token(const struct auger_turn_server *server, const struct auger_stun_msg *msg)
{
    uint64_t token;

    return auger_stun_msg_u64(msg, AUGER_STUN_ATTR_RESERVATION_TOKEN, &token)
               ? (uint32_t)(token >> 32) / width(server)
               : UINT32_MAX;
}

static uint32_t of_connection(const struct auger_turn_server *server,
                              const struct auger_stun_msg *msg)
{
    uint32_t id;

    return auger_stun_msg_u32(msg, AUGER_STUN_ATTR_CONNECTION_ID, &id) ? id / width(server)
                                                                       : UINT32_MAX;
}

bool auger_server_member_is_elsewhere(const struct auger_turn_server *server,
                                      const struct auger_stun_msg *msg, uint16_t *member)
{
    uint32_t whose = UINT32_MAX;

    if (server->config.members == 1)
        return false;
    if (msg->method == AUGER_STUN_REFRESH && server->config.mobility)
        whose = of_ticket(msg);
    else if (msg->method == AUGER_STUN_ALLOCATE)
        whose = of_token(server, msg);
    else if (msg->method == AUGER_STUN_CONNECTION_BIND)
        whose = of_connection(server, msg);
    *member = (uint16_t)whose;
    return whose < server->config.members && whose != server->config.member;
}
