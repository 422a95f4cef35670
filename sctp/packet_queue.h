/* sctp/packet_queue.h - packets that the association has pushed and nobody has taken
 * yet: the one queue of this engine.  Full, it drops, as a wire would. */
#ifndef AUGER_SCTP_PACKET_QUEUE_H
#define AUGER_SCTP_PACKET_QUEUE_H

#include <auger/base.h>

#define AUGER_PACKET_QUEUE_MAX (1024 * 1024) /* bytes */

struct auger_packet_queue {
    const struct auger_env *env;
    uint8_t *buf; /* a ring of lengths and packets; NULL while idle */
    size_t cap, at, used;
    uint64_t dropped;
    struct auger_ready *ready; /* marked when a packet comes; NULL: nobody cares */
};

void auger_packet_queue_init(struct auger_packet_queue *queue, const struct auger_env *env);
void auger_packet_queue_fini(struct auger_packet_queue *queue);
void auger_packet_queue_add(struct auger_packet_queue *queue, const uint8_t *packet, size_t len);
/* The oldest; 0 when there is none or `cap` is too small. */
size_t auger_packet_queue_take(struct auger_packet_queue *queue, uint8_t *buf, size_t cap);
/* Gives the memory back where nothing is queued. */
void auger_packet_queue_rest(struct auger_packet_queue *queue);

#endif /* AUGER_SCTP_PACKET_QUEUE_H */
