/* io/strangers.h - connections of whom nothing has been proved yet, in the order in which they
 * became that: each has its time, and where they are too many the one that has waited longest
 * leaves. */
#ifndef AUGER_IO_STRANGERS_H
#define AUGER_IO_STRANGERS_H

#include "io/deadlines.h"

struct auger_stranger {
    struct auger_stranger *older, *newer;
    struct auger_addr addr;
    struct auger_deadline due;
    bool is_one; /* else it is in no list */
};

struct auger_strangers {
    struct auger_stranger *oldest, *newest;
    size_t len;
    size_t max, ip_max; /* of an IPv4 address or an IPv6 /64 */
    struct auger_deadlines deadlines;
};

/* At most `all` may ever be strangers at a time.  AUGER_ERR_NO_MEMORY. */
int auger_strangers_init(struct auger_strangers *strangers, size_t max, size_t ip_max,
                         size_t all) AUGER_CHECK_RESULT;
void auger_strangers_fini(struct auger_strangers *strangers);

void auger_strangers_add(struct auger_strangers *strangers, struct auger_stranger *stranger,
                         const struct auger_addr *addr, auger_time until);
/* It is known now, or closed.  Of one that is none: nothing. */
void auger_strangers_remove(struct auger_strangers *strangers, struct auger_stranger *stranger);
void auger_strangers_give_time(struct auger_strangers *strangers, struct auger_stranger *stranger,
                               auger_time until);

/* Who has to leave before one more comes from `addr`: the one that has waited longest of those that
 * are as near, where they are too many; else of all, where those are or `is_full`.  NULL: nobody.
 */
struct auger_stranger *auger_strangers_who_leaves(const struct auger_strangers *strangers,
                                                  const struct auger_addr *addr, bool is_full);
/* One whose time is up; NULL: none. */
struct auger_stranger *auger_strangers_first_due(const struct auger_strangers *strangers,
                                                 auger_time now);
auger_time auger_strangers_next_timeout(const struct auger_strangers *strangers);

#endif /* AUGER_IO_STRANGERS_H */
