/* turn/server_tcp.c - what a caller tells of connections to peers.  What clients ask of them comes
 * by server.c. */
#include "turn/server_connect.h"
#include "turn/server_connection.h"
#include "turn/server_relay.h"

void auger_turn_server_peer_connected(struct auger_turn_server *server, auger_time now,
                                      uint32_t connection, int err, uint8_t *reply, size_t cap,
                                      struct auger_turn_server_out *out)
{
    struct auger_server_connection *c = auger_server_connection_find(server, connection);

    *out = (struct auger_turn_server_out){.what = AUGER_TURN_SERVER_NOTHING};
    if (c && c->state == AUGER_SERVER_CONNECTION_CONNECTING)
        auger_server_connect_done(server, now, c, err == 0, reply, cap, out);
}

void auger_turn_server_peer_accepted(struct auger_turn_server *server, auger_time now,
                                     uint32_t relay, const struct auger_addr *peer, uint8_t *reply,
                                     size_t cap, struct auger_turn_server_out *out)
{
    struct auger_server_relay *live = auger_server_relay_find(server, relay);

    *out = (struct auger_turn_server_out){.what = AUGER_TURN_SERVER_NOTHING};
    if (live && live->state == AUGER_SERVER_RELAY_LIVE && live->is_tcp)
        auger_server_connection_attempt(server, now, live, peer, reply, cap, out);
    else
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_NO_ALLOCATION);
}

auger_time auger_turn_server_carry(struct auger_turn_server *server, auger_time now,
                                   uint32_t connection, bool to_peer, size_t len)
{
    struct auger_server_connection *c = auger_server_connection_find(server, connection);

    if (!c || c->state != AUGER_SERVER_CONNECTION_BOUND)
        return AUGER_NEVER;
    return auger_server_connection_carry(server, now, c, to_peer, len);
}

void auger_turn_server_peer_closed(struct auger_turn_server *server, auger_time now,
                                   uint32_t connection)
{
    struct auger_server_connection *c = auger_server_connection_find(server, connection);

    if (c)
        auger_server_connection_close(server, now, c, "closed by the peer");
}
