/* sim/turn_server.c - a host on the internet that runs our TURN server. */
#include "sim/digest.h"
#include "sim/stream.h"
#include "sim/watch.h"

#include "base/time.h"

#include <assert.h>
#include <string.h>

#define TURN_PORT 3478
#define PORT_MIN 49152
#define PORTS 200
#define RELAYS_MAX 64
#define DATAGRAM_MAX 2048

struct relay {
    uint32_t number;
    struct auger_addr addr; /* no family: the slot is free */
};

struct sim_turn {
    struct sim *sim;
    struct sim_host *host;
    struct sim_turn_options options;
    struct auger_env env;
    struct prng random; /* of what it does now */
    struct auger_turn_server *server;
    struct turn_watch *watch;
    struct auger_addr listeners[2];
    struct auger_turn_server_relay_ip relay_ips[2];
    struct relay relays[RELAYS_MAX];
    struct auger_addr alternate; /* of no family: none */
    bool drains;
    auger_time wakes_at; /* AUGER_NEVER: no wake-up is on its way */
    size_t blocks;       /* of memory */
    bool begins;         /* with all that it needs */
    struct sim_turn *next;
};

/* --- its environment -------------------------------------------------------------------- */

static int draw(void *user, uint8_t *buf, size_t len)
{
    struct sim_turn *turn = user;

    prng_fill(&turn->random, buf, len);
    return 0;
}

static void *count_alloc(void *user, size_t size)
{
    struct sim_turn *turn = user;

    if (!turn->begins && sim_is_block_missing(turn->sim, SIM_MEMORY_OF_TURN_SERVERS, size))
        return NULL;
    turn->blocks++;
    return sim_alloc(size ? size : 1);
}

static void count_release(void *user, void *ptr)
{
    struct sim_turn *turn = user;

    turn->blocks--;
    free(ptr);
}

/* What it draws depends on who has asked and when, so that a stranger changes nothing for the
 * others. */
static void draw_for(struct sim_turn *turn, const struct auger_addr *client)
{
    uint64_t seed = digest_u64(turn->sim->options.seed, (uint64_t)turn->sim->now);

    if (client)
        seed = digest_u64(digest_bytes(seed, client->ip, sizeof(client->ip)), client->port);
    prng_init(&turn->random, seed, turn->host->name);
}

/* --- its life --------------------------------------------------------------------------- */

static void begin(struct sim_turn *turn)
{
    struct auger_turn_server_config config;

    auger_turn_server_config_init(&config);
    config.realm = SIM_TURN_REALM;
    config.listeners = turn->listeners;
    config.listeners_len = 2;
    config.relay_ips = turn->relay_ips;
    config.relay_ips_len = 2;
    config.port_min = PORT_MIN;
    config.port_max = PORT_MIN + PORTS - 1;
    config.user_allocations_max =
        turn->options.user_allocations_max ? turn->options.user_allocations_max : RELAYS_MAX / 2;
    config.allocations_max = RELAYS_MAX / 2;
    config.relay_to_relay = true;
    if (turn->options.nonce_lifetime_s)
        config.nonce_lifetime_s = turn->options.nonce_lifetime_s;
    if (turn->options.lifetime_s)
        config.lifetime_s = turn->options.lifetime_s;
    draw_for(turn, NULL);
    turn->begins = true;
    if (auger_turn_server_new(&turn->server, &turn->env, turn->sim->now, &config) != 0 ||
        auger_turn_server_add_user(turn->server, SIM_TURN_USER, SIM_TURN_PASSWORD) != 0)
        abort();
    if (turn->drains)
        auger_turn_server_drain(turn->server, &turn->alternate);
    turn->begins = false;
}

static void end(struct sim_turn *turn)
{
    auger_turn_server_free(turn->server);
    if (turn->blocks > 0)
        sim_break(turn->sim, "16: %s leaks %zu blocks", turn->host->name, turn->blocks);
}

void sim_turn_drain(struct sim_turn *turn, const struct auger_addr *alternate)
{
    sim_log(turn->sim, "%s drains", turn->host->name);
    turn->drains = true;
    if (alternate)
        turn->alternate = *alternate;
    auger_turn_server_drain(turn->server, &turn->alternate);
}

void sim_turn_forget(struct sim *sim, struct sim_turn *turn)
{
    assert(!sim_stream_is_open(sim, turn->host)); /* nobody would tell the client */
    sim_log(sim, "%s forgets all", turn->host->name);
    end(turn);
    memset(turn->relays, 0, sizeof(turn->relays));
    SIM_TELL(sim, turn_forgets, turn->watch);
    begin(turn);
}

void sim_turns_free(struct sim *sim)
{
    for (struct sim_turn *turn = sim->turns, *next; turn; turn = next) {
        next = turn->next;
        end(turn);
        SIM_TELL(sim, turn_ends, turn->watch);
        free(turn);
    }
}

/* --- its sockets ------------------------------------------------------------------------ */

static struct relay *find_relay(struct sim_turn *turn, const struct auger_addr *addr)
{
    for (size_t i = 0; i < RELAYS_MAX; i++)
        if (turn->relays[i].addr.family && auger_addr_equal(&turn->relays[i].addr, addr))
            return &turn->relays[i];
    return NULL;
}

/* 0, or why not. */
static int open_relay(struct sim_turn *turn, uint32_t number, const struct auger_addr *addr)
{
    if (find_relay(turn, addr) || prng_permille(&turn->random, turn->options.busy_ports_permille))
        return AUGER_ERR_STATE; /* somebody else has it */
    for (size_t i = 0; i < RELAYS_MAX; i++) {
        if (turn->relays[i].addr.family)
            continue;
        turn->relays[i] = (struct relay){number, *addr};
        return 0;
    }
    return AUGER_ERR_LIMIT;
}

static uint64_t count_open(const struct sim_turn *turn)
{
    uint64_t open = 0;

    for (size_t i = 0; i < RELAYS_MAX; i++)
        open += turn->relays[i].addr.family != AUGER_FAMILY_NONE;
    return open;
}

static void close_relay(struct sim_turn *turn, uint32_t number)
{
    for (size_t i = 0; i < RELAYS_MAX; i++)
        if (turn->relays[i].addr.family && turn->relays[i].number == number)
            turn->relays[i] = (struct relay){0};
}

/* --- what comes of it ------------------------------------------------------------------- */

static void wake(struct sim *sim, void *user);

static void take_events(struct sim_turn *turn)
{
    struct auger_turn_server_event event;

    while (auger_turn_server_poll_event(turn->server, &event)) {
        SIM_TELL(turn->sim, turn_event, turn->watch, &event);
        if (event.type == AUGER_TURN_SERVER_EVENT_RELAY_CLOSED)
            close_relay(turn, event.relay);
    }
}

static void judge(struct sim_turn *turn, const struct auger_turn_server_stats *stats)
{
    const struct sim_watch *watch = turn->sim->options.watch;

    if (!watch)
        return;
    watch->turn_count(turn->watch, stats, count_open(turn));
    if (watch->turn_broken(turn->watch))
        sim_break(turn->sim, "%s: %s", turn->host->name, watch->turn_broken(turn->watch));
}

static void settle(struct sim_turn *turn)
{
    struct auger_turn_server_stats stats;

    take_events(turn);
    auger_turn_server_get_stats(turn->server, &stats);
    judge(turn, &stats);
    auger_time next = auger_turn_server_next_timeout(turn->server);
    if (next == AUGER_NEVER || turn->wakes_at <= next)
        return;
    turn->wakes_at = auger_time_max(next, turn->sim->now);
    sim_schedule(turn->sim, turn->wakes_at - turn->sim->now, wake, turn);
}

static void wake(struct sim *sim, void *user)
{
    struct sim_turn *turn = user;

    if (sim->now < turn->wakes_at) /* an older appointment */
        return;
    turn->wakes_at = AUGER_NEVER;
    draw_for(turn, NULL);
    auger_turn_server_handle_timeout(turn->server, sim->now);
    settle(turn);
}

static void answer(struct sim_turn *turn, auger_time later, const struct auger_turn_server_out *out)
{
    if (out->path.local.transport == AUGER_TCP)
        sim_stream_answer(turn->sim, later, &out->path, out->bytes.data, out->bytes.len);
    else
        sim_host_send_later(turn->sim, turn->host, later, &out->path, out->bytes.data,
                            out->bytes.len);
}

static void hear_client(struct sim_turn *turn, const struct auger_path *path, const uint8_t *buf,
                        size_t len)
{
    uint8_t reply[AUGER_TURN_SERVER_REPLY_MAX];
    struct auger_turn_server_out out;
    auger_time now = turn->sim->now;

    draw_for(turn, &path->remote);
    auger_turn_server_handle_client(turn->server, now, path, buf, len, reply, sizeof(reply), &out);
    while (out.what == AUGER_TURN_SERVER_OPEN_RELAY) {
        int err = open_relay(turn, out.relay, &out.path.local);
        auger_turn_server_relay_opened(turn->server, now, out.relay, err, reply, sizeof(reply),
                                       &out);
    }
    take_events(turn);
    SIM_TELL(turn->sim, turn_client, turn->watch, now, path, buf, len, &out);
    if (out.what == AUGER_TURN_SERVER_TO_CLIENT)
        answer(turn, turn->options.slow, &out);
    else if (out.what == AUGER_TURN_SERVER_TO_PEER)
        sim_host_send(turn->sim, turn->host, &out.path, out.bytes.data, out.bytes.len);
}

static void hear_peer(struct sim_turn *turn, const struct relay *relay,
                      const struct auger_addr *peer, const uint8_t *buf, size_t len)
{
    static uint8_t room[AUGER_TURN_OVERHEAD + DATAGRAM_MAX + AUGER_TURN_SERVER_TAIL];
    struct auger_turn_server_out out;

    assert(len <= DATAGRAM_MAX);
    memcpy(room + AUGER_TURN_OVERHEAD, buf, len);
    draw_for(turn, peer);
    auger_turn_server_handle_peer(turn->server, turn->sim->now, relay->number, peer,
                                  room + AUGER_TURN_OVERHEAD, len, &out);
    SIM_TELL(turn->sim, turn_peer, turn->watch, turn->sim->now, &relay->addr, peer, &out);
    if (out.what == AUGER_TURN_SERVER_TO_CLIENT)
        answer(turn, 0, &out);
}

/* Port unreachable, in either family. */
static void hear_icmp(struct sim *sim, struct sim_host *host, const struct auger_path *path)
{
    struct sim_turn *turn = host->owner;
    const struct relay *relay = find_relay(turn, &path->local);
    bool is_ipv4 = path->local.family == AUGER_IPV4;
    uint8_t reply[AUGER_TURN_SERVER_REPLY_MAX];
    struct auger_turn_server_out out;

    if (!relay)
        return;
    draw_for(turn, &path->remote);
    auger_turn_server_handle_icmp(turn->server, sim->now, relay->number, &path->remote,
                                  is_ipv4 ? 3 : 1, is_ipv4 ? 3 : 4, 0, reply, sizeof(reply), &out);
    SIM_TELL(sim, turn_peer, turn->watch, sim->now, &relay->addr, &path->remote, &out);
    if (out.what == AUGER_TURN_SERVER_TO_CLIENT)
        answer(turn, 0, &out);
    settle(turn);
}

/* For datagrams and for streams. */
static bool is_listener(const struct sim_turn *turn, const struct auger_addr *addr)
{
    const struct auger_addr *listener = &turn->listeners[addr->family == AUGER_IPV6];

    return addr->port == listener->port && auger_addr_ip_equal(addr, listener);
}

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    struct sim_turn *turn = host->owner;
    const struct relay *relay = find_relay(turn, &path->local);

    (void)sim;
    if (is_listener(turn, &path->local))
        hear_client(turn, path, buf, len);
    else if (relay)
        hear_peer(turn, relay, &path->remote, buf, len);
    settle(turn);
}

struct sim_turn *sim_add_turn_server(struct sim *sim, const struct sim_turn_options *options)
{
    struct sim_turn *turn = sim_alloc(sizeof(*turn));
    char name[SIM_NAME_MAX];

    snprintf(name, sizeof(name), "turn%zu", sim->turns_len);
    turn->sim = sim;
    turn->options = *options;
    turn->env = (struct auger_env){turn, draw, count_alloc, count_release, NULL};
    turn->wakes_at = AUGER_NEVER;
    if (sim->options.watch)
        turn->watch = sim->options.watch->turn_begins(PORTS);
    turn->host = sim_host_new(sim, name);
    turn->host->receive = receive;
    turn->host->unreachable = hear_icmp;
    turn->host->owner = turn;
    turn->host->has_all_ports = true;
    for (size_t i = 0; i < 2; i++) {
        enum auger_family family = i == 0 ? AUGER_IPV4 : AUGER_IPV6;
        turn->listeners[i] = sim_host_attach(turn->host, sim->internet, family, TURN_PORT);
        turn->relay_ips[i].ip = sim_host_attach(turn->host, sim->internet, family, 0);
    }
    begin(turn);
    turn->next = sim->turns;
    sim->turns = turn;
    sim->turns_len++;
    return turn;
}

struct sim_host *sim_turn_host(struct sim_turn *turn)
{
    return turn->host;
}

const struct auger_addr *sim_turn_addr(const struct sim_turn *turn, enum auger_family family)
{
    return &turn->listeners[family == AUGER_IPV6];
}

struct sim_turn *sim_turn_next(const struct sim_turn *turn)
{
    return turn->next;
}

const struct auger_addr *sim_turn_relay_ip(const struct sim_turn *turn, enum auger_family family)
{
    return &turn->relay_ips[family == AUGER_IPV6].ip;
}
