/* io/nat64.h - the NAT64 of the network: where a loop has its prefix from, and which peers are
 * told.  What they make of it is ice/nat64.h's. */
#ifndef AUGER_IO_NAT64_H
#define AUGER_IO_NAT64_H

#include "io/nat64_search.h"
#include "io/resolve.h"

/* Whom the resolver's answer is for: no slot has that id. */
#define AUGER_NAT64_QUESTION 0

struct auger_loop;
struct auger_slot;

void auger_nat64_init(struct auger_nat64_search *search);
void auger_nat64_fini(struct auger_nat64_search *search);

/* Tells that peer what is known if it needs it, and looks for what is not. */
void auger_nat64_follow(struct auger_loop *loop, struct auger_slot *slot, auger_time now);
/* The end of that peer's candidates, as far as it is for names, has come: now, or with the answer
 * if that is awaited. */
void auger_nat64_end_of_names(struct auger_loop *loop, struct auger_slot *slot, auger_time now);
/* The network is another, perhaps. */
void auger_nat64_changed(struct auger_loop *loop, const struct auger_machine *machine,
                         auger_time now);
void auger_nat64_take_answer(struct auger_loop *loop, const struct auger_resolved *answer,
                             auger_time now);
/* A router has said something. */
void auger_nat64_receive(struct auger_loop *loop, auger_time now);

void auger_nat64_handle_timeout(struct auger_loop *loop, auger_time now);
auger_time auger_nat64_next_timeout(const struct auger_loop *loop);

#endif /* AUGER_IO_NAT64_H */
