/* tools/nat_probe.h - the sockets of a discovery of one family, and what passes through them. */
#ifndef AUGER_TOOLS_NAT_PROBE_H
#define AUGER_TOOLS_NAT_PROBE_H

#include "tools/nat_target.h"

#include <poll.h>

struct nat_probe {
    int fds[AUGER_DISCOVERY_SOCKETS]; /* -1: none */
    struct auger_addr locals[AUGER_DISCOVERY_SOCKETS];
    struct auger_discovery *discovery; /* NULL: it never began */
    bool df[AUGER_DISCOVERY_SOCKETS];
};

/* This host's address on the way to there.  False: there is no way. */
bool nat_probe_local(const struct auger_addr *to, struct auger_addr *local);
/* On ports at random, those of pairs beside each other.  In words why not, or NULL; in any case it
 * is to be closed. */
const char *nat_probe_open(struct nat_probe *probe, const struct nat_targets *targets,
                           auger_time lifetime_max, auger_time now);
void nat_probe_close(struct nat_probe *probe);
/* What `pollfds` say of its sockets is read, what is due is sent. */
void nat_probe_turn(struct nat_probe *probe, auger_time now);
/* Adds its sockets; how many. */
size_t nat_probe_watch(const struct nat_probe *probe, struct pollfd *pollfds);
auger_time nat_clock(void);

#endif /* AUGER_TOOLS_NAT_PROBE_H */
