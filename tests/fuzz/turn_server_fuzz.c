/* fuzz: reaches auger_turn_server_handle_client auger_turn_server_handle_peer read_ask draw_pair */
/* fuzz: reaches auger_server_refresh auger_server_create_permission auger_server_channel_bind */
/* fuzz: reaches wrap_channel wrap_indication auger_turn_server_answer_key judge_and_move settle */
/* fuzz: reaches auger_turn_server_handle_icmp handle_taken redraw_pair allocate_reserved move */
/* fuzz: reaches auger_server_connect_done auger_server_connection_carry judge_bind may_reach */
/* Clients with and without passwords, peers, a caller that is slow and one whose ports are taken do
 * to a TURN server what they like.  Data goes from and to permitted peers alone, answers to
 * strangers are few, each port has one relay, memory is bounded and given back. */
#include "crypto/crypto.h"
#include "tests/fuzz/life.h"

#include <auger/turn_server.h>

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 200
#define CLIENTS 4
#define BYTES_MAX (2u << 20)
#define RELAYS_MAX 64
#define CONNECTIONS_MAX 16
#define MEMBER 1

/* --- one life --------------------------------------------------------------------------- */

struct client {
    struct auger_path path;
    uint8_t nonce[64], ticket[64];
    size_t nonce_len, ticket_len;
    uint64_t token;
    bool is_data; /* its stream is of a connection to a peer */
};

static struct life {
    struct auger_turn_server *server;
    auger_time now;
    struct client clients[CLIENTS];
    uint32_t relays[RELAYS_MAX]; /* the sockets that are open */
    uint16_t ports[RELAYS_MAX];
    uint8_t families[RELAYS_MAX];
    size_t relays_len;
    uint32_t asked[16]; /* sockets that are being opened */
    struct auger_addr asked_at[16];
    size_t asked_len;
    uint32_t tickets[8];
    size_t tickets_len;
    uint32_t connections[CONNECTIONS_MAX]; /* that the caller has, or opens */
    uint8_t of_client[CONNECTIONS_MAX];    /* who carries it, from 1; 0: nobody yet */
    size_t connections_len;
    struct auger_turn_server_out out;
    uint8_t reply[AUGER_TURN_SERVER_REPLY_MAX];
    uint32_t count;
    unsigned strangers_answers;
    uint16_t members; /* servers at one address; we are MEMBER */
    bool is_slow;
    bool is_tcp; /* clients ask for TCP, and come by it */
} life;

static struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    require(auger_addr_parse(&addr, text) == 0);
    return addr;
}

static struct auger_addr peer_number(uint8_t number)
{
    static const char *const peers[] = {
        "8.8.4.4:7000",        "8.8.8.8:7000",       "[2a00::7]:7000",         "127.0.0.1:7000",
        "198.51.100.99:50001", "[::ffff:8.8.8.8]:7", "[64:ff9b::7f00:1]:7000", "8.8.4.4:7001"};

    return addr_of(peers[number % 8]);
}

static bool is_peer(const struct auger_addr *addr)
{
    static const uint8_t google[2] = {8, 8};

    return addr->family == AUGER_IPV4 ? memcmp(addr->ip, google, 2) == 0 : addr->ip[0] == 0x2A;
}

/* --- sockets ------------------------------------------------------------------------------ */

static void close_relay(uint32_t relay)
{
    for (size_t i = 0; i < life.relays_len; i++) {
        if (life.relays[i] != relay)
            continue;
        life.relays_len--;
        life.relays[i] = life.relays[life.relays_len];
        life.ports[i] = life.ports[life.relays_len];
        life.families[i] = life.families[life.relays_len];
        return;
    }
    for (size_t i = 0; i < life.asked_len; i++)
        if (life.asked[i] == relay) {
            life.asked[i] = life.asked[--life.asked_len];
            life.asked_at[i] = life.asked_at[life.asked_len];
            return;
        }
}

static size_t place_of(uint32_t connection)
{
    size_t i = 0;

    while (i < life.connections_len && life.connections[i] != connection)
        i++;
    return i;
}

static void forget_connection(uint32_t connection)
{
    size_t i = place_of(connection);

    if (i == life.connections_len)
        return;
    if (life.of_client[i])
        life.clients[life.of_client[i] - 1].is_data = false;
    life.connections[i] = life.connections[--life.connections_len];
    life.of_client[i] = life.of_client[life.connections_len];
}

static void add_connection(uint32_t connection)
{
    require(connection != 0 && place_of(connection) == life.connections_len);
    require(life.connections_len < CONNECTIONS_MAX);
    life.of_client[life.connections_len] = 0;
    life.connections[life.connections_len++] = connection;
}

static void poll(void)
{
    struct auger_turn_server_event event;

    while (auger_turn_server_poll_event(life.server, &event)) {
        if (event.type == AUGER_TURN_SERVER_EVENT_RELAY_CLOSED)
            close_relay(event.relay);
        if (event.type == AUGER_TURN_SERVER_EVENT_CONNECTION_CLOSED)
            forget_connection(event.connection);
    }
}

/* Two sockets never have one port. */
static void bind_relay(uint32_t relay, const struct auger_addr *at)
{
    for (size_t i = 0; i < life.relays_len; i++) {
        require(life.relays[i] != relay);
        require(life.ports[i] != at->port || life.families[i] != at->family);
    }
    require(life.relays_len < RELAYS_MAX);
    life.relays[life.relays_len] = relay;
    life.families[life.relays_len] = at->family;
    life.ports[life.relays_len++] = at->port;
}

static void handle_out(void);

static void open_relay(uint32_t relay, const struct auger_addr at, bool is_taken)
{
    if (!is_taken) {
        poll(); /* a caller closes what it was told to close before it binds */
        bind_relay(relay, &at);
    }
    auger_turn_server_relay_opened(life.server, life.now, relay, is_taken ? 98 : 0, life.reply,
                                   sizeof(life.reply), &life.out);
    handle_out();
}

static struct client *client_at(const struct auger_path *path)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (auger_path_equal(&life.clients[i].path, path))
            return &life.clients[i];
    return NULL;
}

static void remember(struct client *client, const struct auger_stun_msg *msg)
{
    struct auger_bytes value;

    if (auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_NONCE, &value) && value.len <= 64) {
        memcpy(client->nonce, value.data, value.len);
        client->nonce_len = value.len;
    }
    if (auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_MOBILITY_TICKET, &value) && value.len <= 64) {
        memcpy(life.clients[0].ticket, value.data, value.len);
        life.clients[0].ticket_len = value.len;
    }
    auger_stun_msg_u64(msg, AUGER_STUN_ATTR_RESERVATION_TOKEN, &life.clients[0].token);
}

/* The answer to a Binding request of RFC 3489, which has no magic cookie: as long as it says. */
static bool is_classic(struct auger_bytes answer)
{
    if (answer.len < 20 || auger_stun_is_message(answer.data, answer.len))
        return false;
    require(answer.data[0] == 1 && (answer.data[1] == 0x01 || answer.data[1] == 0x11));
    require((size_t)(answer.data[2] << 8 | answer.data[3]) + 20 == answer.len);
    return true;
}

static void handle_out(void)
{
    struct auger_stun_msg msg;

    switch (life.out.what) {
    case AUGER_TURN_SERVER_NOTHING:
        break;
    case AUGER_TURN_SERVER_ELSEWHERE:
        require(life.members > 1 && life.out.member < life.members && life.out.member != MEMBER);
        break;
    case AUGER_TURN_SERVER_CONNECT:
        require(is_peer(&life.out.path.remote));
        require(life.out.path.local.transport == AUGER_TCP);
        poll();
        add_connection(life.out.connection);
        break;
    case AUGER_TURN_SERVER_SPLICE: {
        struct client *client = client_at(&life.out.path);
        size_t i = place_of(life.out.connection);
        require(client && !client->is_data && client->path.local.transport == AUGER_TCP);
        require(i < life.connections_len && life.of_client[i] == 0);
        client->is_data = true;
        life.of_client[i] = (uint8_t)(client - life.clients + 1);
        break;
    }
    case AUGER_TURN_SERVER_OPEN_RELAY:
        if (life.asked_len < 16 && life.is_slow) {
            life.asked_at[life.asked_len] = life.out.path.local;
            life.asked[life.asked_len++] = life.out.relay;
        } else {
            open_relay(life.out.relay, life.out.path.local, false);
        }
        break;
    case AUGER_TURN_SERVER_NEEDS_KEY:
        require(life.out.user.len > 0 && life.out.user.len <= AUGER_TURN_USERNAME_MAX);
        if (life.tickets_len < 8)
            life.tickets[life.tickets_len++] = life.out.ticket;
        break;
    case AUGER_TURN_SERVER_TO_PEER:
        require(is_peer(&life.out.path.remote));
        break;
    case AUGER_TURN_SERVER_TO_CLIENT: {
        struct client *client = client_at(&life.out.path);
        require(client != NULL && !client->is_data);
        if (life.out.bytes.data != life.reply)
            break;
        if (is_classic(life.out.bytes))
            break;
        require(auger_stun_msg_parse(&msg, life.out.bytes.data, life.out.bytes.len) == 0);
        require(msg.class_ != AUGER_STUN_REQUEST);
        remember(client, &msg);
        if (!msg.integrity_offset && !msg.integrity256_offset && msg.class_ == AUGER_STUN_ERROR)
            life.strangers_answers++;
        break;
    }
    }
}

/* --- requests ------------------------------------------------------------------------------ */

static struct auger_stun_key *key_of(const char *secret)
{
    const struct auger_bytes piece = {(const uint8_t *)secret, strlen(secret)};
    struct auger_stun_key *key;
    uint8_t md5[16];

    require(auger_digest_compute(AUGER_DIGEST_MD5, &piece, 1, md5) == 0);
    require(auger_stun_key_new(&key, md5, sizeof(md5)) == 0);
    return key;
}

static void sign(struct auger_stun_builder *b, const struct client *client, uint8_t how)
{
    static const char *const names[] = {"alice", "bob", "carol", "alice"};
    static const char *const secrets[] = {"alice:realm:a", "bob:realm:b", "carol:realm:c",
                                          "alice:realm:wrong"};
    static struct auger_stun_key *keys[4];

    if (!keys[how & 3])
        keys[how & 3] = key_of(secrets[how & 3]);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_USERNAME, names[how & 3], strlen(names[how & 3]));
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_REALM, "realm", 5);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_NONCE, client->nonce, client->nonce_len);
    auger_stun_build_integrity(b, keys[how & 3]);
}

static void add_attrs(struct auger_stun_builder *b, struct input *in, uint8_t flags)
{
    struct auger_addr peer;
    uint8_t byte;

    if (flags & 1)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_REQUESTED_TRANSPORT,
                             life.is_tcp ? 6u << 24 : 17u << 24);
    if (life.is_tcp && life.connections_len > 0)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_CONNECTION_ID,
                             life.connections[life.count % life.connections_len]);
    if (flags & 2) {
        byte = next_byte(in) & 0x80;
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_EVEN_PORT, &byte, 1);
    }
    if (flags & 4) {
        byte = next_byte(in);
        uint16_t type = !(byte & 1)  ? AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY
                        : (byte & 2) ? AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY
                                     : AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY;
        auger_stun_build_u32(b, type, (uint32_t)(next_byte(in) % 4) << 24);
    }
    if (flags & 8)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_LIFETIME, (uint32_t)next_byte(in) << 4);
    if (flags & 16)
        auger_stun_build_u32(b, AUGER_STUN_ATTR_CHANNEL_NUMBER,
                             (0x4000u + next_byte(in) % 4) << 16);
    if (flags & 32) {
        for (int n = next_byte(in) % 4; n >= 0; n--) {
            peer = peer_number(next_byte(in));
            auger_stun_build_addr(b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer);
        }
    }
    if (flags & 64)
        auger_stun_build_bytes(b, AUGER_STUN_ATTR_MOBILITY_TICKET, life.clients[0].ticket,
                               next_byte(in) & 1 ? life.clients[0].ticket_len : 0);
    if (flags & 128) {
        if (next_byte(in) & 1)
            auger_stun_build_u64(b, AUGER_STUN_ATTR_RESERVATION_TOKEN, life.clients[0].token);
        else
            auger_stun_build_bytes(b, AUGER_STUN_ATTR_DATA, "data", next_byte(in) % 5);
    }
}

static void deliver(const struct client *client, const uint8_t *buf, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);

    require(exact != NULL);
    if (len)
        memcpy(exact, buf, len);
    auger_turn_server_handle_client(life.server, life.now, &client->path, exact, len, life.reply,
                                    sizeof(life.reply), &life.out);
    handle_out();
    free(exact);
}

static void request(struct input *in)
{
    static const uint16_t methods[] = {
        AUGER_STUN_ALLOCATE,        AUGER_STUN_REFRESH, AUGER_STUN_CREATE_PERMISSION,
        AUGER_STUN_CHANNEL_BIND,    AUGER_STUN_SEND,    AUGER_STUN_BINDING,
        AUGER_STUN_CONNECTION_BIND, AUGER_STUN_CONNECT};
    uint8_t which = next_byte(in), how = next_byte(in), flags = next_byte(in);
    struct client *client = &life.clients[which & 3];
    uint16_t method = methods[which >> 2 & 7];
    struct auger_stun_builder b;
    struct auger_stun_tid tid = {{3}};
    uint8_t buf[1024];

    if (!(how & 0x80))
        life.count++;
    memcpy(tid.bytes + 4, &life.count, 4);
    auger_stun_build_begin(&b, buf, sizeof(buf),
                           method == AUGER_STUN_SEND ? AUGER_STUN_INDICATION : AUGER_STUN_REQUEST,
                           method, &tid);
    add_attrs(&b, in, flags);
    if (how & 0x70)
        sign(&b, client, how);
    int len = auger_stun_build_end(&b);
    if (len > 0)
        deliver(client, buf, (size_t)len);
}

static void raw(struct input *in)
{
    const struct client *client = &life.clients[next_byte(in) & 3];
    size_t len = next_byte(in);

    if (len > in->left)
        len = in->left;
    deliver(client, in->at, len);
    in->at += len;
    in->left -= len;
}

static void channel_data(struct input *in)
{
    const struct client *client = &life.clients[next_byte(in) & 3];
    uint8_t buf[12] = {0x40, next_byte(in) & 3, 0, 8};

    deliver(client, buf, sizeof(buf));
}

static void from_peer(struct input *in)
{
    uint8_t which = next_byte(in), number = next_byte(in);
    size_t len = next_byte(in);
    struct auger_addr peer = peer_number(number);

    if (life.relays_len == 0)
        return;
    uint8_t *room = malloc(AUGER_TURN_OVERHEAD + len + AUGER_TURN_SERVER_TAIL);
    require(room != NULL);
    memset(room, which, AUGER_TURN_OVERHEAD + len + AUGER_TURN_SERVER_TAIL);
    auger_turn_server_handle_peer(life.server, life.now, life.relays[which % life.relays_len],
                                  &peer, room + AUGER_TURN_OVERHEAD, len, &life.out);
    if (life.out.what != AUGER_TURN_SERVER_NOTHING) {
        require(is_peer(&peer) && life.out.what == AUGER_TURN_SERVER_TO_CLIENT);
        require(life.out.bytes.data >= room &&
                life.out.bytes.data + life.out.bytes.len <=
                    room + AUGER_TURN_OVERHEAD + len + AUGER_TURN_SERVER_TAIL);
        require(client_at(&life.out.path) != NULL);
    }
    free(room);
}

/* A peer comes, is reached or not, sends, hears, goes. */
static void to_connections(struct input *in)
{
    uint8_t what = next_byte(in), which = next_byte(in);
    struct auger_addr peer = peer_number(which);

    if (what % 4 == 0 && life.relays_len > 0) {
        auger_turn_server_peer_accepted(life.server, life.now, life.relays[which % life.relays_len],
                                        &peer, life.reply, sizeof(life.reply), &life.out);
        require(life.out.connection == 0 || is_peer(&peer));
        if (life.out.connection) {
            poll();
            add_connection(life.out.connection);
        }
        handle_out();
        return;
    }
    if (life.connections_len == 0)
        return;
    uint32_t connection = life.connections[which % life.connections_len];
    bool is_bound = life.of_client[which % life.connections_len] != 0;
    if (what % 4 == 1) {
        auger_turn_server_peer_connected(life.server, life.now, connection, what >> 2 & 1,
                                         life.reply, sizeof(life.reply), &life.out);
        if (life.out.what != AUGER_TURN_SERVER_NOTHING && what >> 2 & 1)
            forget_connection(connection);
        handle_out();
    } else if (what % 4 == 2) {
        auger_time at =
            auger_turn_server_carry(life.server, life.now, connection, what >> 2 & 1, which);
        require(is_bound || at == AUGER_NEVER);
    } else {
        auger_turn_server_peer_closed(life.server, life.now, connection);
        require(auger_turn_server_carry(life.server, life.now, connection, true, 1) == AUGER_NEVER);
    }
}

static void step(struct input *in)
{
    uint8_t what = next_byte(in), how;
    struct auger_addr peer;

    switch (what % 16) {
    default:
        request(in);
        break;
    case 1:
        raw(in);
        break;
    case 2:
    case 3:
        channel_data(in);
        break;
    case 4:
    case 5:
        from_peer(in);
        break;
    case 6:
        how = next_byte(in);
        life.now += (auger_time)how * how * AUGER_SEC / 64;
        auger_turn_server_handle_timeout(life.server, life.now);
        break;
    case 7:
        life.is_slow = next_byte(in) & 1;
        break;
    case 8:
        if (life.asked_len > 0) {
            size_t i = next_byte(in) % life.asked_len;
            uint32_t relay = life.asked[i];
            struct auger_addr at = life.asked_at[i];
            life.asked[i] = life.asked[--life.asked_len];
            life.asked_at[i] = life.asked_at[life.asked_len];
            open_relay(relay, at, next_byte(in) & 1);
        }
        break;
    case 9:
        how = next_byte(in);
        if (life.tickets_len > 0)
            auger_turn_server_answer_key(life.server, life.now, life.tickets[--life.tickets_len],
                                         how & 1 ? "c" : NULL, life.reply, sizeof(life.reply),
                                         &life.out);
        else
            break;
        handle_out();
        break;
    case 10:
        auger_turn_server_stream_closed(life.server, life.now,
                                        &life.clients[next_byte(in) & 3].path);
        break;
    case 11:
        how = next_byte(in);
        peer = peer_number(next_byte(in));
        if (life.relays_len == 0)
            break;
        auger_turn_server_handle_icmp(life.server, life.now, life.relays[how % life.relays_len],
                                      &peer, how & 7, how >> 3, 1400, life.reply,
                                      sizeof(life.reply), &life.out);
        handle_out();
        break;
    case 13:
        to_connections(in);
        break;
    case 12:
        how = next_byte(in);
        if (how == 255)
            auger_turn_server_close(life.server, life.now);
        else if (how > 250)
            auger_turn_server_drain(life.server, NULL);
        break;
    }
}

static void begin(uint8_t how)
{
    struct auger_turn_server_config config;
    const struct auger_addr listeners[] = {addr_of("198.51.100.53:3478"),
                                           addr_of("198.51.100.53:443")};
    struct auger_addr tcp[2] = {listeners[0], listeners[1]};
    const struct auger_turn_server_relay_ip ips[] = {{.ip = addr_of("198.51.100.99:0")},
                                                     {.ip = addr_of("[2001:db8::99]:0")}};
    static const char *const from[CLIENTS] = {"9.9.9.1:5000", "9.9.9.1:5001", "9.9.9.2:5000",
                                              "9.9.9.3:5000"};

    tcp[1].transport = AUGER_TCP;
    auger_turn_server_config_init(&config);
    config.realm = "realm";
    config.listeners = tcp;
    config.listeners_len = 2;
    config.relay_ips = ips;
    config.relay_ips_len = 2;
    config.port_min = 50000;
    config.port_max = how & 1 ? 50005 : 50063;
    config.permissions_max = config.channels_max = 3;
    config.mobility = how & 2;
    config.asks_for_keys = how & 4;
    config.relay_to_relay = false;
    config.user_bytes_per_s = how & 8 ? 1000 : 0;
    config.tcp_relay = how & 16;
    config.members = how & 32 ? 3 : 1;
    config.member = config.members > 1 ? MEMBER : 0;
    config.allocation_connections_max = 5;
    config.connections_max = CONNECTIONS_MAX;
    life = (struct life){.now = 1000 * AUGER_SEC, .is_tcp = how & 16, .members = config.members};
    for (size_t i = 0; i < CLIENTS; i++) {
        bool is_stream = i == 3 || (life.is_tcp && i > 0);
        life.clients[i].path.local = tcp[is_stream];
        life.clients[i].path.remote = addr_of(from[i]);
        life.clients[i].path.remote.transport = tcp[is_stream].transport;
    }
    require(auger_turn_server_new(&life.server, &env, life.now, &config) == 0);
    require(auger_turn_server_add_user(life.server, "alice", "a") == 0);
    require(auger_turn_server_add_user(life.server, "bob", "b") == 0);
}

static void check(void)
{
    struct auger_turn_server_stats stats;

    poll();
    auger_turn_server_get_stats(life.server, &stats);
    require(bytes_taken <= BYTES_MAX);
    require(stats.relays >= life.relays_len + life.asked_len);
    require(stats.connections_open == life.connections_len && stats.connections <= CLIENTS);
    require(life.strangers_answers <=
            40 + 40 * (uint64_t)((life.now - 1000 * AUGER_SEC) / AUGER_SEC + 1) + 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    begin(next_byte(&in));
    for (int steps = 0; steps < STEPS_MAX && in.left > 0; steps++) {
        step(&in);
        check();
    }
    auger_turn_server_free(life.server);
    require(blocks_taken == 0 && bytes_taken == 0);
    return 0;
}
