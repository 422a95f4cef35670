/* sim/tcp.c - connections between hosts: as much of TCP as shows whether NATs and firewalls
 * let one through.  One message is on its way at a time, and goes again until it is
 * acknowledged. */
#include "sim/tcp.h"

#include <assert.h>
#include <string.h>

#define RETRY (500 * AUGER_MS)
#define TRIES_MAX 20 /* 10 s: then it is over */
#define MESSAGES_MAX 256
#define PORT_FIRST 20000
#define HEADER 6
#define OPENING_MAX 5 /* RFC 6544 section 12 */

/* The first byte of a segment is 0, as of no application data. */
enum kind { SYN, SYN_ACK, DATA, ACK, RESET };

enum state { OPENING, OPEN, OVER };

struct message {
    struct message *next;
    size_t len;
    uint8_t bytes[];
};

struct sim_connection {
    struct sim_host *host;
    struct auger_path path;  /* as its user knows it */
    struct auger_addr local; /* with its port */
    enum state state;
    uint32_t sent, received; /* messages, the one under way included */
    unsigned tries;
    uint32_t turn; /* of the timer: an older one is void */
    struct message *first;
    size_t messages;
    struct sim *sim;
    struct sim_connection *next;
};

static const struct sim_tcp_user *user_of(const struct sim_connection *stream)
{
    return stream->host->tcp;
}

/* --- segments ----------------------------------------------------------------------------- */

static void put(struct sim_connection *stream, enum kind kind, uint32_t number,
                const uint8_t *bytes, size_t len)
{
    uint8_t segment[HEADER + AUGER_DATAGRAM_MAX] = {0, (uint8_t)kind};
    struct auger_path path = {stream->local, stream->path.remote};

    assert(len <= AUGER_DATAGRAM_MAX);
    for (size_t i = 0; i < 4; i++)
        segment[2 + i] = (uint8_t)(number >> (24 - 8 * i));
    if (len > 0)
        memcpy(segment + HEADER, bytes, len);
    sim_host_send(stream->sim, stream->host, &path, segment, HEADER + len);
}

static uint32_t number_of(const struct sim_packet *packet)
{
    uint32_t number = 0;

    for (size_t i = 0; i < 4; i++)
        number = number << 8 | packet->bytes[2 + i];
    return number;
}

/* --- a stream ------------------------------------------------------------------------------- */

static struct sim_connection *find(const struct sim *sim, const struct sim_host *host,
                                   const struct auger_path *path)
{
    for (struct sim_connection *stream = sim->connections; stream; stream = stream->next)
        if (stream->host == host && stream->state != OVER && auger_path_equal(&stream->path, path))
            return stream;
    return NULL;
}

static struct sim_connection *find_by_ports(const struct sim *sim, const struct sim_packet *packet)
{
    for (struct sim_connection *stream = sim->connections; stream; stream = stream->next)
        if (stream->host == packet->to_host && stream->state != OVER &&
            auger_addr_equal(&stream->local, &packet->dst) &&
            auger_addr_equal(&stream->path.remote, &packet->src))
            return stream;
    return NULL;
}

static void check_opening(const struct sim_connection *fresh)
{
    unsigned opening = 0;

    for (const struct sim_connection *stream = fresh; stream; stream = stream->next)
        opening += stream->host == fresh->host && stream->state == OPENING &&
                   auger_addr_ip_equal(&stream->path.remote, &fresh->path.remote);
    if (opening > OPENING_MAX)
        sim_break(fresh->sim, "3: %s opens %u connections to one address", fresh->host->name,
                  opening);
}

static struct sim_connection *stream_new(struct sim *sim, struct sim_host *host,
                                         const struct auger_path *path, enum state state)
{
    struct sim_connection *stream = sim_alloc(sizeof(*stream));

    *stream = (struct sim_connection){.host = host,
                                      .path = *path,
                                      .local = path->local,
                                      .state = state,
                                      .sim = sim,
                                      .next = sim->connections};
    if (path->local.port == 0)
        stream->local.port = (uint16_t)(PORT_FIRST + sim->connections_made++);
    sim->connections = stream;
    check_opening(stream);
    return stream;
}

static void drop_first(struct sim_connection *stream)
{
    struct message *message = stream->first;

    stream->first = message->next;
    stream->messages--;
    free(message);
}

static void close_it(struct sim_connection *stream)
{
    stream->state = OVER;
    while (stream->first)
        drop_first(stream);
}

static void end(struct sim_connection *stream)
{
    if (stream->state == OVER)
        return;
    close_it(stream);
    sim_log(stream->sim, "a stream of %s ends", stream->host->name);
    user_of(stream)->lost(stream->sim, stream->host, &stream->path);
}

static void set_timer(struct sim_connection *stream, auger_time after);

/* The SYN, or the message that is to be acknowledged. */
static void push(struct sim_connection *stream)
{
    if (stream->state == OPENING)
        put(stream, SYN, 0, NULL, 0);
    else if (stream->first)
        put(stream, DATA, stream->sent, stream->first->bytes, stream->first->len);
    else
        return;
    set_timer(stream, RETRY);
}

struct appointment {
    struct sim_connection *stream;
    uint32_t turn;
};

static void wake(struct sim *sim, void *what)
{
    struct appointment *appointment = what;
    struct sim_connection *stream = appointment->stream;
    bool is_void = stream->state == OVER || appointment->turn != stream->turn;

    (void)sim;
    free(appointment);
    if (is_void)
        return;
    if (user_of(stream)->sleeps(stream->host))
        set_timer(stream, RETRY);
    else if (++stream->tries == TRIES_MAX)
        end(stream);
    else
        push(stream);
}

static void set_timer(struct sim_connection *stream, auger_time after)
{
    struct appointment *appointment = sim_alloc(sizeof(*appointment));

    *appointment = (struct appointment){stream, ++stream->turn};
    queue_put(&stream->sim->queue, stream->sim->now + after, wake, appointment);
}

/* The next message begins. */
static void go_on(struct sim_connection *stream)
{
    stream->tries = 0;
    stream->turn++;
    if (stream->state != OPEN || !stream->first)
        return;
    stream->sent++;
    push(stream);
}

static void take_message(struct sim_connection *stream, const struct sim_packet *packet)
{
    uint32_t number = number_of(packet);
    bool is_next = number == stream->received + 1;

    stream->received += is_next;
    if (number <= stream->received)
        put(stream, ACK, number, NULL, 0);
    if (is_next)
        user_of(stream)->receive(stream->sim, stream->host, &stream->path, packet->bytes + HEADER,
                                 packet->len - HEADER);
}

static void opened(struct sim_connection *stream)
{
    if (stream->state != OPENING)
        return;
    stream->state = OPEN;
    go_on(stream);
}

/* Of a host that has no such stream; nothing is said of a RESET. */
static void come_anew(struct sim *sim, const struct sim_packet *packet, enum kind kind)
{
    struct auger_path path = {packet->dst, packet->src};
    struct sim_host *host = packet->to_host;
    struct sim_connection refused = {.host = host, .path = path, .local = path.local, .sim = sim};

    if (kind == SYN && host->tcp && host->tcp->listens(host, &packet->dst))
        put(stream_new(sim, host, &path, OPEN), SYN_ACK, 0, NULL, 0);
    else if (kind != RESET)
        put(&refused, RESET, 0, NULL, 0);
}

void sim_tcp_receive(struct sim *sim, const struct sim_packet *packet)
{
    enum kind kind = packet->len < HEADER ? RESET : (enum kind)packet->bytes[1];
    const struct sim_tcp_user *user = packet->to_host->tcp;
    struct sim_connection *stream = find_by_ports(sim, packet);

    if (packet->len < HEADER || (user && user->sleeps(packet->to_host)))
        return;
    if (!stream) {
        come_anew(sim, packet, kind);
        return;
    }
    switch (kind) {
    case SYN: /* of both at once, or again */
        put(stream, SYN_ACK, 0, NULL, 0);
        opened(stream);
        break;
    case SYN_ACK:
        opened(stream);
        break;
    case DATA:
        opened(stream);
        take_message(stream, packet);
        break;
    case ACK:
        if (stream->first && number_of(packet) == stream->sent) {
            drop_first(stream);
            go_on(stream);
        }
        break;
    case RESET:
        end(stream);
        break;
    }
}

/* --- what a host does ------------------------------------------------------------------------- */

void sim_tcp_send(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                  bool may_open, const uint8_t *buf, size_t len)
{
    struct sim_connection *stream = find(sim, host, path);
    bool is_new = !stream;

    if (is_new)
        stream = stream_new(sim, host, path, OPENING);
    if (is_new && !may_open) { /* which is told when all has been said */
        stream->tries = TRIES_MAX - 1;
        set_timer(stream, 0);
        return;
    }
    if (stream->messages == MESSAGES_MAX)
        return;
    struct message *message = sim_alloc(sizeof(*message) + len), **at = &stream->first;
    message->next = NULL;
    message->len = len;
    memcpy(message->bytes, buf, len);
    while (*at)
        at = &(*at)->next;
    *at = message;
    if (is_new)
        push(stream);
    else if (stream->state == OPEN && stream->messages == 0)
        go_on(stream);
    stream->messages++;
}

void sim_tcp_reset(struct sim *sim, struct sim_host *host)
{
    for (struct sim_connection *stream = sim->connections; stream; stream = stream->next) {
        if (stream->host != host || stream->state == OVER)
            continue;
        put(stream, RESET, 0, NULL, 0);
        end(stream);
    }
}

void sim_tcp_forget(struct sim *sim, const struct sim_host *host, const struct auger_addr *addr)
{
    for (struct sim_connection *stream = sim->connections; stream; stream = stream->next)
        if (stream->host == host && auger_addr_ip_equal(&stream->local, addr))
            close_it(stream);
}

void sim_tcp_free(struct sim *sim)
{
    for (struct sim_connection *stream = sim->connections, *next; stream; stream = next) {
        next = stream->next;
        while (stream->first)
            drop_first(stream);
        free(stream);
    }
}
