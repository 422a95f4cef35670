/* io/mailbox.c - a ring of letters between two threads. */
#include "io/mailbox.h"

#include <assert.h>

/* Before each letter, and before what is left out at the end of the ring. */
struct head {
    size_t size; /* with this */
    bool is_gap;
};

#define ALIGNED(len) (((len) + 15) & ~(size_t)15)
#define HEAD ALIGNED(sizeof(struct head))

static struct head *head_at(struct auger_mailbox *box, size_t at)
{
    return (struct head *)(void *)(box->bytes + at % AUGER_MAILBOX_ROOM);
}

/* --- the sender --------------------------------------------------------------------------------
 */

void *auger_mailbox_begin(struct auger_mailbox *box, size_t len)
{
    size_t at = atomic_load_explicit(&box->put, memory_order_relaxed);
    size_t used = at - atomic_load_explicit(&box->taken, memory_order_acquire);
    size_t to_end = AUGER_MAILBOX_ROOM - at % AUGER_MAILBOX_ROOM;

    if (len > AUGER_MAILBOX_ROOM / 2)
        return NULL;
    size_t size = HEAD + ALIGNED(len), gap = size > to_end ? to_end : 0;
    if (used + gap + size > AUGER_MAILBOX_ROOM)
        return NULL;
    if (gap > 0)
        *head_at(box, at) = (struct head){.size = gap, .is_gap = true};
    *head_at(box, at + gap) = (struct head){.size = size};
    box->begun = at + gap + size;
    return (uint8_t *)head_at(box, at + gap) + HEAD;
}

void auger_mailbox_send(struct auger_mailbox *box)
{
    atomic_store_explicit(&box->put, box->begun, memory_order_release);
}

/* --- the receiver ------------------------------------------------------------------------------
 */

size_t auger_mailbox_mark(const struct auger_mailbox *box)
{
    return atomic_load_explicit(&box->put, memory_order_acquire);
}

void *auger_mailbox_front(struct auger_mailbox *box, size_t mark)
{
    size_t at = atomic_load_explicit(&box->taken, memory_order_relaxed);

    if (at == mark)
        return NULL;
    if (head_at(box, at)->is_gap) {
        at += head_at(box, at)->size;
        atomic_store_explicit(&box->taken, at, memory_order_release);
    }
    assert(at != mark); /* a gap is sent with the letter behind it */
    return (uint8_t *)head_at(box, at) + HEAD;
}

void auger_mailbox_take(struct auger_mailbox *box)
{
    size_t at = atomic_load_explicit(&box->taken, memory_order_relaxed);

    atomic_store_explicit(&box->taken, at + head_at(box, at)->size, memory_order_release);
}
