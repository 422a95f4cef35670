/* io/names.h - multicast DNS of a loop: names of its peers' candidates that are asked for, and
 * names that stand for addresses of ours.  Names of STUN servers are resolve.h's. */
#ifndef AUGER_IO_NAMES_H
#define AUGER_IO_NAMES_H

#include "io/multicast.h"

#include <auger/mdns.h>

#define AUGER_NAMES_ASKED_MAX 32     /* at a time; further ones wait in their peers */
#define AUGER_NAMES_PUBLISHED_MAX 64 /* a bit of auger_slot.hidden_as each */

struct auger_loop;
struct auger_slot;

struct auger_asked {
    uint64_t slot_id; /* 0: free */
    uint64_t token;   /* the peer's */
};

/* One name an address, for all peers that have it. */
struct auger_published {
    struct auger_addr addr;
    char name[AUGER_MDNS_NAME_MAX];
    uint32_t uses; /* 0: free */
};

struct auger_names {
    struct auger_mdns *engine;
    struct auger_multicast multicast;
    bool has_waiting; /* a peer has a name for which there was no place */
    struct auger_asked asked[AUGER_NAMES_ASKED_MAX];
    struct auger_published published[AUGER_NAMES_PUBLISHED_MAX];
};

/* Takes the names that this peer wants to know. */
void auger_names_ask(struct auger_loop *loop, struct auger_slot *slot, auger_time now);
/* Gives every host candidate of this peer its name, and withdraws those of addresses that it has
 * no more; again after they changed. */
void auger_names_hide(struct auger_loop *loop, struct auger_slot *slot, auger_time now);
/* The peer is going. */
void auger_names_leave(struct auger_loop *loop, struct auger_slot *slot, auger_time now);

void auger_names_receive(struct auger_loop *loop, const struct auger_watch *watch, auger_time now);
/* Does what is due: answers go to the peers, and who waits for a place may have one. */
void auger_names_turn(struct auger_loop *loop, auger_time now);
void auger_names_transmit(const struct auger_loop *loop, auger_time now);
auger_time auger_names_next_timeout(const struct auger_loop *loop);
/* Says good-bye for what is still published. */
void auger_names_free(struct auger_loop *loop);

#endif /* AUGER_IO_NAMES_H */
