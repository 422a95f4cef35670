/* sim/tcp.h - connections between hosts: as much of TCP as shows whether NATs and firewalls
 * let one through, and what becomes of what is on it.  Both ends may open at once (RFC 9293 section
 * 3.5).  A message is a datagram: framing (RFC 4571) is the driver's.  TCP to a TURN server, which
 * always gets through, is stream.h. */
#ifndef SIM_TCP_H
#define SIM_TCP_H

#include "sim/world.h"

struct sim_connection;

/* What a host that has streams does with what comes of them.  A path has port 0 of ours where the
 * stream left from any port. */
struct sim_tcp_user {
    void (*receive)(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len);
    /* It could not be opened, or is over. */
    void (*lost)(struct sim *sim, struct sim_host *host, const struct auger_path *path);
    /* Whether a connection to that address of its is taken. */
    bool (*listens)(const struct sim_host *host, const struct auger_addr *at);
    /* While it sleeps nothing arrives at it and nothing leaves. */
    bool (*sleeps)(const struct sim_host *host);
    /* Whether it is of use yet: asked each second, as a driver would.  Who connected has ten
     * seconds to make it so. */
    bool (*wants)(const struct sim_host *host, const struct auger_path *path);
};

/* Along the stream of that path; if there is none it is opened, or lost where it may not be. */
void sim_tcp_send(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                  bool may_open, const uint8_t *buf, size_t len);
/* A segment has come to a host. */
void sim_tcp_receive(struct sim *sim, const struct sim_packet *packet);
/* All streams of that host end. */
void sim_tcp_reset(struct sim *sim, struct sim_host *host);
/* Those from an IP address that it has no more are gone, and nobody is told. */
void sim_tcp_forget(struct sim *sim, const struct sim_host *host, const struct auger_addr *addr);
void sim_tcp_free(struct sim *sim);

#endif /* SIM_TCP_H */
