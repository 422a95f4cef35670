/* sim/stream.c - TCP from a host to a TURN server.  How a stream is opened and what is lost
 * and sent again below it is no matter here. */
#include "sim/stream.h"

#include "sim/digest.h"

#include "base/time.h"

#include <string.h>

struct sim_stream {
    struct sim_host *client, *server;
    struct auger_path inside;  /* as the client names it */
    struct auger_path outside; /* as the server does */
    auger_time open_at;
    auger_time arrived_at[2]; /* the latest, at the client and at the server */
    struct sim_stream *next;
};

struct frame {
    struct sim_stream *stream;
    bool to_server;
    uint64_t number; /* of sim_sighting */
    size_t len;
    uint8_t bytes[];
};

/* --- which ---------------------------------------------------------------------------------- */

static struct sim_host *server_at(const struct sim *sim, const struct auger_addr *addr)
{
    for (struct sim_turn *turn = sim->turns; turn; turn = sim_turn_next(turn)) {
        const struct auger_addr *listener = sim_turn_addr(turn, (enum auger_family)addr->family);
        if (auger_addr_ip_equal(listener, addr) && listener->port == addr->port)
            return sim_turn_host(turn);
    }
    return NULL;
}

/* Whatever translates the client's address, no two of them look alike. */
static struct auger_addr any_outside(const struct sim *sim, uint8_t family)
{
    uint16_t number = sim->streams ? (uint16_t)(sim->streams->outside.remote.port + 1) : 40000;

    return (struct auger_addr){.family = family,
                               .transport = AUGER_TCP,
                               .ip = {0x23, 4, 200, (uint8_t)(number - 40000)},
                               .port = number};
}

static struct sim_stream *stream_of(struct sim *sim, struct sim_host *client,
                                    const struct auger_path *path)
{
    for (struct sim_stream *s = sim->streams; s; s = s->next)
        if (s->client == client && auger_path_equal(&s->inside, path))
            return s;
    struct sim_host *server = server_at(sim, &path->remote);
    if (!server)
        return NULL;
    struct sim_stream *stream = sim_alloc(sizeof(*stream));
    *stream = (struct sim_stream){.client = client,
                                  .server = server,
                                  .inside = *path,
                                  .outside = {path->remote, any_outside(sim, path->remote.family)},
                                  .open_at = sim->now + 2 * sim->internet->quality.delay,
                                  .next = sim->streams};
    return sim->streams = stream;
}

bool sim_stream_is_open(const struct sim *sim, const struct sim_host *server)
{
    for (const struct sim_stream *s = sim->streams; s; s = s->next)
        if (s->server == server)
            return true;
    return false;
}

/* --- frames ----------------------------------------------------------------------------------- */

static bool has_addr(const struct sim_host *host, const struct auger_addr *addr)
{
    for (size_t i = 0; i < host->at_len; i++)
        if (auger_addr_ip_equal(&host->at[i].addr, addr))
            return true;
    return false;
}

static void note(struct sim *sim, const struct frame *frame)
{
    uint64_t digest = digest_u64(sim->digest, (uint64_t)sim->now);

    digest = digest_u64(digest, frame->to_server);
    digest = digest_u64(digest, frame->stream->outside.remote.port);
    sim->digest = digest_bytes(digest, frame->bytes, frame->len);
}

static void show(struct sim *sim, enum sim_moment moment, const struct frame *frame)
{
    const struct sim_stream *stream = frame->stream;
    bool is_at_server = frame->to_server == (moment == SIM_ARRIVES);
    const struct auger_path *path = is_at_server ? &stream->outside : &stream->inside;
    bool is_sender = moment == SIM_LEAVES;

    if (!sim->options.sighted)
        return;
    sim->options.sighted(
        sim->options.user,
        &(struct sim_sighting){.moment = moment,
                               .number = frame->number,
                               .where = is_at_server ? stream->server->name : stream->client->name,
                               .by_stream = true,
                               .src = is_sender ? path->local : path->remote,
                               .dst = is_sender ? path->remote : path->local,
                               .bytes = frame->bytes,
                               .len = frame->len});
}

static void arrive(struct sim *sim, void *what)
{
    struct frame *frame = what;
    const struct sim_stream *stream = frame->stream;
    struct sim_host *host = frame->to_server ? stream->server : stream->client;

    if (!host->is_dead && has_addr(stream->client, &stream->inside.local)) {
        note(sim, frame);
        show(sim, SIM_ARRIVES, frame);
        sim_log(sim, "| %s hears %zu bytes by stream", host->name, frame->len);
        host->receive(sim, host, frame->to_server ? &stream->outside : &stream->inside,
                      frame->bytes, frame->len);
    }
    free(frame);
}

static void write_frame(struct sim *sim, struct sim_stream *stream, bool to_server,
                        auger_time later, const uint8_t *buf, size_t len)
{
    struct frame *frame = sim_alloc(sizeof(*frame) + len);
    auger_time *latest = &stream->arrived_at[to_server];
    auger_time leaves = auger_time_max(sim->now + later, stream->open_at);

    *latest = auger_time_max(*latest, leaves + sim->internet->quality.delay);
    frame->stream = stream;
    frame->to_server = to_server;
    frame->len = len;
    memcpy(frame->bytes, buf, len);
    frame->number = ++sim->numbered;
    show(sim, SIM_LEAVES, frame);
    queue_put(&sim->queue, *latest, arrive, frame);
}

void sim_stream_send(struct sim *sim, struct sim_host *client, const struct auger_path *path,
                     const uint8_t *buf, size_t len)
{
    struct sim_stream *stream = stream_of(sim, client, path);

    if (stream)
        write_frame(sim, stream, true, 0, buf, len);
}

void sim_stream_answer(struct sim *sim, auger_time later, const struct auger_path *path,
                       const uint8_t *buf, size_t len)
{
    for (struct sim_stream *s = sim->streams; s; s = s->next)
        if (auger_path_equal(&s->outside, path))
            write_frame(sim, s, false, later, buf, len);
}

void sim_streams_free(struct sim *sim)
{
    for (struct sim_stream *s = sim->streams, *next; s; s = next) {
        next = s->next;
        free(s);
    }
}
