/* sim/tcp.c - connections between hosts: as much of TCP as shows whether NATs and firewalls
 * let one through.  A few messages are on their way at a time, and go again until they are
 * acknowledged. */
#include "sim/tcp.h"

#include <assert.h>
#include <string.h>

#define RETRY (500 * AUGER_MS)
#define TRIES_MAX 20     /* 10 s: then it is over */
#define WINDOW 10        /* messages on their way: RFC 6928 section 2 */
#define MESSAGES_MAX 128 /* that wait, those included; what comes then is dropped whole */
#define FOR_CHECKS 32    /* of them data has not: docs/decisions/165 */
#define PORT_FIRST 20000
#define HEADER 6
#define OPENING_MAX 5 /* RFC 6544 section 12 */
#define LOOK_EVERY (1 * AUGER_SEC)
#define STRANGER_FOR (10 * AUGER_SEC) /* docs/decisions/163 */

/* The first byte of a segment is 0, as of no application data. */
enum kind { SYN, SYN_ACK, DATA, ACK, RESET };

enum state { OPENING, OPEN, OVER };

struct message {
    struct message *next;
    uint32_t number; /* from 1 on */
    size_t len;
    uint8_t bytes[];
};

struct sim_connection {
    struct sim_host *host;
    struct auger_path path;  /* as its user knows it */
    struct auger_addr local; /* with its port */
    enum state state;
    auger_time strange_until; /* who connected and was not wanted yet; 0: nobody, or no more */
    uint32_t numbered, sent;  /* of ours: the last that was given a number, and that left */
    uint32_t received;        /* the last that came in its order */
    unsigned tries;
    uint32_t turn;         /* of the timer: an older one is void */
    struct message *first; /* that is not acknowledged */
    size_t messages;       /* of those */
    struct message *early; /* that came before their turn, in any order */
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

static void look_later(struct sim_connection *stream);

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
    look_later(stream);
    return stream;
}

static void drop_first(struct message **list)
{
    struct message *message = *list;

    *list = message->next;
    free(message);
}

static void forget_messages(struct sim_connection *stream)
{
    while (stream->first)
        drop_first(&stream->first);
    while (stream->early)
        drop_first(&stream->early);
}

static void close_it(struct sim_connection *stream)
{
    stream->state = OVER;
    forget_messages(stream);
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

/* From that number on, as many as the window lets out. */
static void put_messages(struct sim_connection *stream, uint32_t from)
{
    for (const struct message *m = stream->first; m && m->number < stream->first->number + WINDOW;
         m = m->next) {
        if (m->number < from)
            continue;
        put(stream, DATA, m->number, m->bytes, m->len);
        stream->sent = m->number > stream->sent ? m->number : stream->sent;
    }
}

/* The SYN, or all that is to be acknowledged. */
static void push(struct sim_connection *stream)
{
    if (stream->state == OPENING)
        put(stream, SYN, 0, NULL, 0);
    else if (stream->first)
        put_messages(stream, stream->first->number);
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

/* --- of use (RFC 6544 sections 8 and 11.1) --------------------------------------------------- */

static bool is_to_be_closed(struct sim_connection *stream)
{
    bool is_wanted = user_of(stream)->wants(stream->host, &stream->path);

    if (is_wanted)
        stream->strange_until = 0;
    return !is_wanted && stream->sim->now >= stream->strange_until;
}

static void look(struct sim *sim, void *what)
{
    struct appointment *appointment = what;
    struct sim_connection *stream = appointment->stream;

    (void)sim;
    free(appointment);
    if (stream->state == OVER)
        return;
    if (user_of(stream)->sleeps(stream->host) || !is_to_be_closed(stream)) {
        look_later(stream);
        return;
    }
    put(stream, RESET, 0, NULL, 0);
    end(stream);
}

static void look_later(struct sim_connection *stream)
{
    struct appointment *appointment = sim_alloc(sizeof(*appointment));

    *appointment = (struct appointment){.stream = stream};
    queue_put(&stream->sim->queue, stream->sim->now + LOOK_EVERY, look, appointment);
}

/* --- messages -------------------------------------------------------------------------------- */

/* The peer has come one step further. */
static void go_on(struct sim_connection *stream)
{
    stream->tries = 0;
    stream->turn++;
    if (stream->state != OPEN || !stream->first)
        return;
    put_messages(stream, stream->sent + 1);
    set_timer(stream, RETRY);
}

static void take_ack(struct sim_connection *stream, uint32_t number)
{
    bool is_news = stream->first && stream->first->number <= number;

    for (; stream->first && stream->first->number <= number; stream->messages--)
        drop_first(&stream->first);
    if (is_news)
        go_on(stream);
}

static struct message *message_new(uint32_t number, const uint8_t *buf, size_t len)
{
    struct message *message = sim_alloc(sizeof(*message) + len);

    *message = (struct message){.number = number, .len = len};
    memcpy(message->bytes, buf, len);
    return message;
}

/* Where it is, or the end of the list. */
static struct message **find_early(struct sim_connection *stream, uint32_t number)
{
    struct message **at = &stream->early;

    while (*at && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

/* Those whose turn it is; the user may end the stream meanwhile. */
static void deliver(struct sim_connection *stream)
{
    struct message **at;

    while (*(at = find_early(stream, stream->received + 1))) {
        struct message *message = *at;
        *at = message->next;
        stream->received++;
        user_of(stream)->receive(stream->sim, stream->host, &stream->path, message->bytes,
                                 message->len);
        free(message);
    }
}

static void take_message(struct sim_connection *stream, const struct sim_packet *packet)
{
    uint32_t number = number_of(packet), last = stream->received;
    struct message **at = find_early(stream, number);

    if (number > last && number <= last + WINDOW && !*at)
        *at = message_new(number, packet->bytes + HEADER, packet->len - HEADER);
    while (*find_early(stream, last + 1))
        last++;
    put(stream, ACK, last, NULL, 0);
    deliver(stream);
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

    if (kind == SYN && host->tcp && host->tcp->listens(host, &packet->dst)) {
        struct sim_connection *stream = stream_new(sim, host, &path, OPEN);
        stream->strange_until = sim->now + STRANGER_FOR;
        put(stream, SYN_ACK, 0, NULL, 0);
    } else if (kind != RESET) {
        put(&refused, RESET, 0, NULL, 0);
    }
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
        take_ack(stream, number_of(packet));
        break;
    case RESET:
        end(stream);
        break;
    }
}

/* --- what a host does ------------------------------------------------------------------------- */

static bool is_data(const uint8_t *buf, size_t len)
{
    return len > 0 && buf[0] > 3; /* RFC 7983 section 7 */
}

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
    if (stream->messages >= MESSAGES_MAX - (is_data(buf, len) ? FOR_CHECKS : 0))
        return;
    struct message **at = &stream->first;
    while (*at)
        at = &(*at)->next;
    *at = message_new(++stream->numbered, buf, len);
    stream->messages++;
    if (is_new)
        push(stream);
    else if (stream->state == OPEN && stream->messages == 1)
        go_on(stream);
    else if (stream->state == OPEN)
        put_messages(stream, stream->sent + 1);
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
        forget_messages(stream);
        free(stream);
    }
}
