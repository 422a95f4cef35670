/* io/mailbox.h - letters from one thread to one other, in the order in which they were put there,
 * without a lock.  Its room is fixed: what does not fit is not taken. */
#ifndef AUGER_IO_MAILBOX_H
#define AUGER_IO_MAILBOX_H

#include <auger/base.h>

#include <stdatomic.h>

#define AUGER_MAILBOX_ROOM (256 * 1024)

struct auger_mailbox {
    atomic_size_t put, taken; /* bytes ever; of the sender, of the receiver */
    size_t begun;             /* of the sender: where a letter ends that is not sent yet */
    _Alignas(16) uint8_t bytes[AUGER_MAILBOX_ROOM];
};

/* Of zeros it is empty. */

/* Room for a letter of `len` bytes, aligned as memory that was allocated; NULL: there is none.
 * It is written until auger_mailbox_send(), and forgotten if another is begun. */
void *auger_mailbox_begin(struct auger_mailbox *box, size_t len);
void auger_mailbox_send(struct auger_mailbox *box);

/* What has been put by now. */
size_t auger_mailbox_mark(const struct auger_mailbox *box);
/* The oldest letter of those before a mark, which is the receiver's to read and write until
 * auger_mailbox_take(); NULL: none is left. */
void *auger_mailbox_front(struct auger_mailbox *box, size_t mark);
void auger_mailbox_take(struct auger_mailbox *box);

#endif /* AUGER_IO_MAILBOX_H */
