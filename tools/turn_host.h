/* tools/turn_host.h - the TURN server of `auger serve`: made of its options, told of its users
 * again when they change, and what is said of it. */
#ifndef AUGER_TOOLS_TURN_HOST_H
#define AUGER_TOOLS_TURN_HOST_H

#include "tools/turn_options.h"

#include <jansson.h>

struct turn_host;

/* What it needs of `options` it copies, but for texts, which have to outlive it.  NULL: why was
 * said on standard error. */
struct turn_host *turn_host_new(const struct turn_options *options, struct auger_loop *loop,
                                bool json);
void turn_host_free(struct turn_host *host); /* NULL is fine */

/* Users, secrets and rules as `options` have them now, whose texts have to outlive the next such
 * call.  false: why was said, and all is as before. */
bool turn_host_reload(struct turn_host *host, const struct turn_options *options);
/* The users' file is read again if it has changed; what is told every now and then is told. */
void turn_host_handle_timeout(struct turn_host *host, auger_time now);
auger_time turn_host_next_timeout(const struct turn_host *host);
/* Tells of AUGER_LOOP_EVENT_TURN. */
void turn_host_take(struct turn_host *host, const struct auger_loop_event *event);

/* Other threads have something to tell: AUGER_LOOP_EVENT_WAKE. */
void turn_host_wake(struct turn_host *host);

/* No more allocations; those that live do so on. */
void turn_host_drain(struct turn_host *host);
/* Its counters for Prometheus, of a turn_host; to be freed, NULL: no memory. */
char *turn_host_metrics(void *host);
/* How many live, while it drains: a tenth of a second ago. */
uint64_t turn_host_allocations(const struct turn_host *host);
/* Its addresses, for people on standard output, and for programs. */
void turn_host_print_where(const struct turn_host *host);
json_t *turn_host_addrs_json(const struct turn_host *host, bool with_tls);
uint16_t turn_host_port(const struct turn_host *host); /* of its first address */

#endif /* AUGER_TOOLS_TURN_HOST_H */
