/* turn/reply_limit.h - how many answers a source gets before it has proved anything, so that
 * nobody can have us flood a third party: docs/decisions/126.  The memory is fixed, whatever
 * is sent; what is kept is no list of sources, but times in cells that a keyed hash chooses. */
#ifndef AUGER_TURN_REPLY_LIMIT_H
#define AUGER_TURN_REPLY_LIMIT_H

#include <auger/base.h>

struct auger_reply_limit_config {
    uint32_t port_rate, port_burst;     /* answers a second to one IP and port; how many at once */
    uint32_t prefix_rate, prefix_burst; /* to one IPv4 address, or one /64 of IPv6 */
    uint32_t cells;                     /* of each of four rows, 8 bytes each; a power of two */
    bool exempt_loopback;               /* answer 127.0.0.0/8 and ::1 always; default false */
};
/* 10 with 10 at once, 200 with 200 at once, 8192 cells (256 KiB in all). */
void auger_reply_limit_config_init(struct auger_reply_limit_config *config);

struct auger_reply_limit;

/* AUGER_ERR_INVALID: a rate or burst of none or beyond a million, or such a number of cells;
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY, AUGER_ERR_CRYPTO. */
int auger_reply_limit_new(struct auger_reply_limit **out, const struct auger_env *env,
                          const struct auger_reply_limit_config *config) AUGER_CHECK_RESULT;
void auger_reply_limit_free(struct auger_reply_limit *limit); /* NULL is fine */

/* Whether one more answer may go to `client`, and counts it.  What is refused is counted as
 * refused alone.  Addresses with transport AUGER_TCP always may: nobody can forge them. */
bool auger_reply_limit_take(struct auger_reply_limit *limit, auger_time now,
                            const struct auger_addr *client);
/* As auger_reply_limit_take(), and counts nothing: for what is charged once it has failed. */
bool auger_reply_limit_has_room(struct auger_reply_limit *limit, auger_time now,
                                const struct auger_addr *client);

/* How large an answer to `len` bytes from `client` may be: 1.7 times those, with the headers of
 * IP and UDP on both. */
size_t auger_reply_limit_room(const struct auger_addr *client, size_t len);

struct auger_reply_limit_stats {
    uint64_t granted, refused_port, refused_prefix;
};
const struct auger_reply_limit_stats *auger_reply_limit_stats(
    const struct auger_reply_limit *limit);

#endif /* AUGER_TURN_REPLY_LIMIT_H */
