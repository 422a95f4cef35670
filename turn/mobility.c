/* turn/mobility.c - a client that goes on from another local address: RFC 8016 section 3.  When and
 * what is asked is allocation.c. */
#include "turn/mobility.h"
#include "base/env.h"
#include "base/trace.h"
#include "turn/error.h"

#include <string.h>

int auger_mobility_want(struct auger_turn *turn)
{
    turn->mobility.ticket = auger_env_alloc(turn->env, 1, AUGER_TURN_TICKET_MAX);
    return turn->mobility.ticket ? 0 : AUGER_ERR_NO_MEMORY;
}

void auger_mobility_fini(struct auger_turn *turn)
{
    auger_env_release(turn->env, turn->mobility.ticket);
}

/* --- requests ----------------------------------------------------------------------- */

/* 3.1.1 */
void auger_mobility_write_allocate(const struct auger_turn *turn, struct auger_stun_builder *b)
{
    if (turn->mobility.ticket && !turn->mobility.is_given_up)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_MOBILITY_TICKET, NULL, 0);
}

/* 3.2.1: in no other Refresh. */
void auger_mobility_write_move(const struct auger_turn *turn, struct auger_stun_builder *b)
{
    if (turn->mobility.is_moving)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_MOBILITY_TICKET, turn->mobility.ticket,
                               turn->mobility.ticket_len);
}

/* --- answers ------------------------------------------------------------------------ */

void auger_mobility_take(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    struct auger_mobility *mobility = &turn->mobility;
    struct auger_bytes ticket;

    if (!mobility->ticket || mobility->is_given_up ||
        !auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_MOBILITY_TICKET, &ticket))
        return;
    mobility->ticket_len = ticket.len <= AUGER_TURN_TICKET_MAX ? (uint16_t)ticket.len : 0;
    if (mobility->ticket_len > 0)
        memcpy(mobility->ticket, ticket.data, ticket.len);
    auger_trace(turn->env, now, "turn:ticket", AUGER_F_INT("bytes", (int64_t)ticket.len),
                AUGER_F_INT("kept", mobility->ticket_len > 0));
}

bool auger_mobility_give_up(struct auger_turn *turn, const struct auger_stun_msg *msg)
{
    struct auger_mobility *mobility = &turn->mobility;

    if (msg->error_code != AUGER_STUN_MOBILITY_FORBIDDEN || !mobility->ticket ||
        mobility->is_given_up)
        return false;
    mobility->is_given_up = true;
    return true;
}

/* --- moving -------------------------------------------------------------------------- */

void auger_mobility_begin(struct auger_turn *turn, auger_time now)
{
    turn->mobility.is_moving = true;
    auger_trace(turn->env, now, "turn:moving", AUGER_F_ADDR("server", &turn->server));
}

/* 3.2.2: the ticket that was shown is good for nothing any more. */
void auger_mobility_moved(struct auger_turn *turn, auger_time now, const struct auger_stun_msg *msg)
{
    turn->mobility.is_moving = false;
    turn->mobility.ticket_len = 0;
    auger_mobility_take(turn, now, msg);
    turn->news.moved = true;
    auger_trace(turn->env, now, "turn:moved", AUGER_F_ADDR("server", &turn->server));
}

void auger_mobility_failed(struct auger_turn *turn, auger_time now, enum auger_turn_error error,
                           uint16_t code)
{
    turn->mobility.is_moving = false;
    turn->mobility.error = (uint8_t)error;
    turn->mobility.code = code;
    turn->news.move_failed = true;
    auger_trace(turn->env, now, "turn:move_failed", AUGER_F_INT("code", code),
                AUGER_F_TEXT("reason", auger_turn_error_text(error)));
}
