/* sctp/packet_queue.c - a ring of packets that grows while it must. */
#include "sctp/packet_queue.h"
#include "base/env.h"

#include <string.h>

#define START_CAP 8192
#define LEN_BYTES 2

void auger_packet_queue_init(struct auger_packet_queue *queue, const struct auger_env *env)
{
    *queue = (struct auger_packet_queue){.env = env};
}

void auger_packet_queue_fini(struct auger_packet_queue *queue)
{
    auger_env_release(queue->env, queue->buf);
    queue->buf = NULL;
    queue->cap = queue->used = queue->at = 0;
}

void auger_packet_queue_rest(struct auger_packet_queue *queue)
{
    if (queue->used == 0)
        auger_packet_queue_fini(queue);
}

static void copy_out(const struct auger_packet_queue *queue, size_t offset, uint8_t *out,
                     size_t len)
{
    size_t start = (queue->at + offset) % queue->cap;
    size_t first = len < queue->cap - start ? len : queue->cap - start;

    memcpy(out, queue->buf + start, first);
    memcpy(out + first, queue->buf, len - first);
}

static void copy_in(struct auger_packet_queue *queue, const uint8_t *data, size_t len)
{
    size_t start = (queue->at + queue->used) % queue->cap;
    size_t first = len < queue->cap - start ? len : queue->cap - start;

    memcpy(queue->buf + start, data, first);
    memcpy(queue->buf, data + first, len - first);
    queue->used += len;
}

static bool grow(struct auger_packet_queue *queue, size_t need)
{
    size_t cap = queue->cap ? queue->cap : START_CAP;

    while (cap < need)
        cap *= 2;
    if (cap > AUGER_PACKET_QUEUE_MAX)
        return false;
    uint8_t *buf = auger_env_alloc(queue->env, 1, cap);
    if (!buf)
        return false;
    if (queue->used > 0)
        copy_out(queue, 0, buf, queue->used);
    auger_env_release(queue->env, queue->buf);
    queue->buf = buf;
    queue->cap = cap;
    queue->at = 0;
    return true;
}

void auger_packet_queue_add(struct auger_packet_queue *queue, const uint8_t *packet, size_t len)
{
    const uint8_t head[LEN_BYTES] = {(uint8_t)(len >> 8), (uint8_t)len};
    size_t need = queue->used + LEN_BYTES + len;

    if (len > UINT16_MAX || (need > queue->cap && !grow(queue, need))) {
        queue->dropped++;
        return;
    }
    copy_in(queue, head, LEN_BYTES);
    copy_in(queue, packet, len);
    auger_ready_mark(queue->ready);
}

size_t auger_packet_queue_take(struct auger_packet_queue *queue, uint8_t *buf, size_t cap)
{
    uint8_t head[LEN_BYTES];

    if (queue->used == 0)
        return 0;
    copy_out(queue, 0, head, LEN_BYTES);
    size_t len = (size_t)head[0] << 8 | head[1];
    if (len > cap)
        return 0;
    copy_out(queue, LEN_BYTES, buf, len);
    queue->at = (queue->at + LEN_BYTES + len) % queue->cap;
    queue->used -= LEN_BYTES + len;
    return len;
}
