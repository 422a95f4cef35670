/* sctp/runtime.c - usrsctp without threads: its output, its timers, its addresses. */
#include "sctp/runtime.h"
#include "sctp/crc32c.h"

#include <stddef.h>
#include <usrsctp.h>

#define BUCKETS 1024 /* of ids that follow one another: chains stay short */
#define PACKET_MAX 2048

static struct {
    bool is_up;
    uintptr_t last_id;
    auger_time ticked_at;
    struct auger_runtime_id *buckets[BUCKETS];
    _Alignas(max_align_t) uint8_t piece[AUGER_RUNTIME_PIECE_MAX];
} runtime;

void *auger_runtime_piece(void)
{
    return runtime.piece;
}

static struct auger_runtime_id *find(uintptr_t id)
{
    struct auger_runtime_id *entry = runtime.buckets[id % BUCKETS];

    while (entry && entry->id != id)
        entry = entry->next;
    return entry;
}

/* Called by the library from inside almost everything: it only queues.  Packets of an
 * id that is gone are dropped. */
static int output(void *addr, void *buf, size_t len, uint8_t tos, uint8_t set_df)
{
    struct auger_runtime_id *entry = find((uintptr_t)addr);

    (void)tos, (void)set_df;
    if (entry && len <= PACKET_MAX) {
        auger_reset_gate_sent(entry->gate, buf, len);
        auger_sctp_packet_seal(buf, len); /* the library left the checksum to us */
        auger_packet_queue_add(entry->output, buf, len);
    }
    return 0;
}

static void start(void)
{
    usrsctp_tunable_set_sctp_hashtblsize(16384);
    usrsctp_tunable_set_sctp_pcbtblsize(1);
    usrsctp_init_nothreads(0, output, NULL);
    usrsctp_sysctl_set_sctp_max_retran_chunk(0); /* no end: assoc_usrsctp.c judges silence */
    usrsctp_enable_crc32c_offload();
    runtime.is_up = true;
}

void auger_runtime_add(struct auger_runtime_id *id, struct auger_packet_queue *queue,
                       struct auger_reset_gate *gate)
{
    if (!runtime.is_up)
        start();
    id->id = ++runtime.last_id;
    id->output = queue;
    id->gate = gate;
    id->next = runtime.buckets[id->id % BUCKETS];
    runtime.buckets[id->id % BUCKETS] = id;
    usrsctp_register_address((void *)id->id);
}

void auger_runtime_remove(struct auger_runtime_id *id)
{
    struct auger_runtime_id **link = &runtime.buckets[id->id % BUCKETS];

    usrsctp_deregister_address((void *)id->id);
    while (*link != id)
        link = &(*link)->next;
    *link = id->next;
}

/* A clock that begins anew (another simulated world) begins a new count. */
static void check_clock(auger_time now)
{
    if (runtime.ticked_at == 0 || now + AUGER_MS < runtime.ticked_at ||
        now - runtime.ticked_at > 3600 * AUGER_SEC)
        runtime.ticked_at = now;
}

static void advance(auger_time elapsed_ms)
{
    runtime.ticked_at += elapsed_ms * AUGER_MS;
    usrsctp_handle_timers((uint32_t)elapsed_ms);
}

/* Whole milliseconds are handed on, the rest is kept for the next time. */
void auger_runtime_tick(auger_time now)
{
    check_clock(now);
    auger_time elapsed_ms = (now - runtime.ticked_at) / AUGER_MS;
    if (elapsed_ms * AUGER_MS >= AUGER_RUNTIME_TICK)
        advance(elapsed_ms);
}

void auger_runtime_catch_up(auger_time now)
{
    check_clock(now);
    if (now > runtime.ticked_at)
        advance((now - runtime.ticked_at + AUGER_MS - 1) / AUGER_MS);
}
