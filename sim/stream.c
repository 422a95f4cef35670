/* sim/stream.c - TCP from a host to a TURN server.  How a stream is opened and what is lost
 * and sent again below it is no matter here; where it is cut may be. */
#include "sim/stream.h"

#include "sim/digest.h"
#include "sim/memory.h"
#include "sim/peer.h"

#include "base/time.h"

#include <auger/turn.h>

#include <string.h>

#define GAP (20 * AUGER_MS) /* between the parts of a frame, at most */
#define HEADER 4            /* in which the length of a frame stands */

/* What has come of a frame. */
struct inbox {
    uint8_t *bytes;
    size_t len, cap;
};

struct sim_stream {
    struct sim_host *client, *server;
    struct auger_path inside;  /* as the client names it */
    struct auger_path outside; /* as the server does */
    auger_time open_at;
    auger_time arrived_at[2]; /* the latest, at the client and at the server */
    struct inbox inboxes[2];  /* the same */
    bool is_over;             /* the client's address went */
    struct sim_stream *next;
};

/* Or all of it. */
struct part {
    struct sim_stream *stream;
    bool to_server;
    uint64_t number; /* of sim_sighting: the frame's */
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
        if (s->client == client && !s->is_over && auger_path_equal(&s->inside, path))
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

static void note(struct sim *sim, const struct part *part)
{
    uint64_t digest = digest_u64(sim->digest, (uint64_t)sim->now);

    digest = digest_u64(digest, part->to_server);
    digest = digest_u64(digest, part->stream->outside.remote.port);
    sim->digest = digest_bytes(digest, part->bytes, part->len);
}

static void show(struct sim *sim, enum sim_moment moment, const struct part *part,
                 const struct auger_bytes *frame)
{
    const struct sim_stream *stream = part->stream;
    bool is_at_server = part->to_server == (moment == SIM_ARRIVES);
    const struct auger_path *path = is_at_server ? &stream->outside : &stream->inside;
    bool is_sender = moment == SIM_LEAVES;

    if (!sim->options.sighted)
        return;
    sim->options.sighted(
        sim->options.user,
        &(struct sim_sighting){.moment = moment,
                               .number = part->number,
                               .where = is_at_server ? stream->server->name : stream->client->name,
                               .by_stream = true,
                               .src = is_sender ? path->local : path->remote,
                               .dst = is_sender ? path->remote : path->local,
                               .bytes = frame->data,
                               .len = frame->len});
}

static void append(struct inbox *inbox, const struct part *part)
{
    if (inbox->len + part->len > inbox->cap) {
        inbox->cap = inbox->len + part->len;
        inbox->bytes = sim_resize(inbox->bytes, inbox->cap, 1);
    }
    memcpy(inbox->bytes + inbox->len, part->bytes, part->len);
    inbox->len += part->len;
}

/* As whoever reads a stream cuts it; false: its end is still to come. */
static bool take_frame(struct sim *sim, const struct inbox *inbox, struct auger_bytes *frame)
{
    int len = inbox->len > 0 ? auger_turn_frame_len(inbox->bytes, inbox->len) : AUGER_ERR_AGAIN;

    if (len < 0 && len != AUGER_ERR_AGAIN)
        sim_break(sim, "0: no frame of TURN on a stream");
    sim->frames_cut_in_header += len == AUGER_ERR_AGAIN && inbox->len > 0 && inbox->len < HEADER;
    if (len <= 0 || (size_t)len > inbox->len)
        return false;
    *frame = (struct auger_bytes){inbox->bytes, (size_t)len};
    return true;
}

static void hear(struct sim *sim, struct sim_host *host, const struct part *part)
{
    struct sim_stream *stream = part->stream;
    struct inbox *inbox = &stream->inboxes[part->to_server];
    struct auger_bytes frame;

    append(inbox, part);
    while (take_frame(sim, inbox, &frame)) {
        show(sim, SIM_ARRIVES, part, &frame);
        sim_log(sim, "| %s hears %zu bytes by stream", host->name, frame.len);
        host->receive(sim, host, part->to_server ? &stream->outside : &stream->inside, frame.data,
                      frame.len);
        inbox->len -= frame.len;
        memmove(inbox->bytes, inbox->bytes + frame.len, inbox->len);
    }
}

static void arrive(struct sim *sim, void *what)
{
    struct part *part = what;
    struct sim_stream *stream = part->stream;
    struct sim_host *host = part->to_server ? stream->server : stream->client;
    auger_time sleeps_for = part->to_server ? 0 : sim_peer_sleeps_for(host->owner);

    stream->is_over |= !has_addr(stream->client, &stream->inside.local);
    if (sleeps_for > 0) { /* nothing is lost */
        queue_put(&sim->queue, sim->now + sleeps_for, arrive, part);
        return;
    }
    if (!host->is_dead && !stream->is_over) {
        note(sim, part);
        hear(sim, host, part);
    }
    free(part);
}

/* How many bytes come together: all of them, or at times a byte or two of the header alone. */
static size_t part_len(const struct sim *sim, uint64_t luck, size_t left)
{
    if (!sim->cuts_frames)
        return left;
    size_t most = luck % 3 == 0 ? HEADER - 1 : left;
    return 1 + luck / 3 % (most < left ? most : left);
}

static void write_frame(struct sim *sim, struct sim_stream *stream, bool to_server,
                        auger_time later, const uint8_t *buf, size_t len)
{
    auger_time *latest = &stream->arrived_at[to_server];
    auger_time leaves = auger_time_max(sim->now + later, stream->open_at);
    const struct auger_bytes frame = {buf, len};
    uint64_t number = ++sim->numbered, seed = digest_u64(sim->options.seed, (uint64_t)sim->now);

    *latest = auger_time_max(*latest, leaves + sim->internet->quality.delay);
    for (size_t at = 0, part_is; at < len; at += part_is) {
        uint64_t luck = digest_mix(digest_u64(digest_u64(seed, stream->outside.remote.port), at));
        part_is = part_len(sim, luck, len - at);
        struct part *part = sim_alloc(sizeof(*part) + part_is);
        *part = (struct part){stream, to_server, number, part_is};
        memcpy(part->bytes, buf + at, part_is);
        if (at == 0)
            show(sim, SIM_LEAVES, part, &frame);
        else
            *latest += (auger_time)(luck >> 32) % GAP;
        queue_put(&sim->queue, *latest, arrive, part);
    }
}

void sim_cut_frames(struct sim *sim)
{
    sim->cuts_frames = true;
}

uint64_t sim_frames_cut_in_header(const struct sim *sim)
{
    return sim->frames_cut_in_header;
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
        free(s->inboxes[0].bytes);
        free(s->inboxes[1].bytes);
        free(s);
    }
}
