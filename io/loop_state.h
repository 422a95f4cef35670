/* io/loop_state.h - what a loop knows.  loop.c makes and fills it, turn.c lets it go round. */
#ifndef AUGER_IO_LOOP_STATE_H
#define AUGER_IO_LOOP_STATE_H

#include "io/nat64_search.h"
#include "io/resolve.h"
#include "io/slot.h"
#include "io/trouble.h"
#include "io/watched.h"

#include <stdatomic.h>

#define AUGER_LOOP_LISTENERS_MAX 8 /* STUN servers */

struct auger_loop {
    struct auger_loop_config config;
    struct auger_pacer pacer; /* of all peers, unless they have one of their own */
    int epoll_fd;
    struct auger_watch timer, wake, changes;
    auger_time changed_at; /* when peers follow what has changed; AUGER_NEVER: nothing has */
    struct auger_watch listeners[AUGER_LOOP_LISTENERS_MAX];
    size_t listeners_len;
    struct auger_loop_mux *muxes;
    struct auger_turn_service *turns;
    struct auger_watched watched;
    struct auger_resolver *resolver;
    struct auger_nat64_search nat64;
    struct auger_names *names; /* names.h; NULL: no name was asked for or hidden yet */
    struct auger_ports *ports; /* portmap.h; NULL: no peer asks for a mapping */
    struct auger_slot **slots;
    size_t slots_len;
    uint64_t next_slot_id;
    struct auger_ready_queue ready;   /* slots that may have something to do */
    struct auger_deadlines deadlines; /* of the others */
    struct auger_strangers strangers; /* who connected to one of them, and proved nothing yet */
    auger_time armed_at, timer_at;
    void *timer_user;
    struct auger_troubles troubles;
    struct auger_trouble told; /* the text of the latest event */
    atomic_bool stopped, woken;
    struct auger_udp_batch batch;
};

struct auger_slot *auger_loop_find_slot(const struct auger_loop *loop, uint64_t id);

#endif /* AUGER_IO_LOOP_STATE_H */
