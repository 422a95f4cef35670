/* sctp/runtime.h - what the SCTP library keeps for the whole process: started with the
 * first association, driven by whichever is awake.  The one place in the engines
 * with state of its own (docs/decisions/030). */
#ifndef AUGER_SCTP_RUNTIME_H
#define AUGER_SCTP_RUNTIME_H

#include "sctp/packet_queue.h"
#include "sctp/reset_gate.h"

/* An address of the library: opaque to it, never used twice, never a pointer. */
struct auger_runtime_id {
    uintptr_t id;
    struct auger_packet_queue *output;
    struct auger_reset_gate *gate;
    struct auger_runtime_id *next; /* of its bucket */
};

/* Makes `id` known; its packets are shown to `gate` and go to `output` until
 * auger_runtime_remove(). */
void auger_runtime_add(struct auger_runtime_id *id, struct auger_packet_queue *output,
                       struct auger_reset_gate *gate);
void auger_runtime_remove(struct auger_runtime_id *id);

/* Lets the library's timers run up to `now`, for all associations. */
void auger_runtime_tick(auger_time now);

/* The same before anything is sent: a retransmission timer that starts in the past
 * fires before the library believes that its time-out is over, and then for nothing. */
void auger_runtime_catch_up(auger_time now);

/* Where an association reads what came, one at a time as they all run; what is not copied
 * at once is written over by the next. */
#define AUGER_RUNTIME_PIECE_MAX 65536
void *auger_runtime_piece(void);

/* The least step of auger_runtime_tick(). */
#define AUGER_RUNTIME_TICK (10 * AUGER_MS)

#endif /* AUGER_SCTP_RUNTIME_H */
