/* io/turn_relays.h - the sockets of relays: opened, found by their number, closed, and the ICMP
 * errors that they tell of. */
#ifndef AUGER_IO_TURN_RELAYS_H
#define AUGER_IO_TURN_RELAYS_H

#include "io/turn_state.h"

/* Binds a socket for the relay of that number, which is not heard yet.  AUGER_ERR_SYSTEM,
 * AUGER_ERR_NO_MEMORY. */
int auger_turn_relays_open(struct auger_turn_service *service, uint32_t number,
                           const struct auger_addr *at) AUGER_CHECK_RESULT;
/* NULL: it has none. */
struct auger_turn_relay *auger_turn_relays_find(const struct auger_turn_service *service,
                                                uint32_t number);
/* Of one that is not there: nothing. */
void auger_turn_relays_close(struct auger_turn_service *service, uint32_t number);
/* Those that were closed since are freed; nothing of epoll may speak of them any more. */
void auger_turn_relays_bury(struct auger_turn_service *service);
void auger_turn_relays_fini(struct auger_turn_service *service);

/* What comes there is heard from now on, and may be sent: buffers, joined datagrams, no DF, ICMP
 * errors. */
void auger_turn_relay_hear(struct auger_turn_service *service, struct auger_turn_relay *relay);
/* Sets or clears DF of what is sent next. */
void auger_turn_relay_set_df(struct auger_turn_relay *relay, bool dont_fragment);

struct auger_turn_icmp {
    struct auger_addr peer;
    uint8_t type, code;
    uint32_t data; /* an MTU, or 0 */
};
/* The next error that the kernel has kept; false: none. */
bool auger_turn_relay_take_icmp(struct auger_turn_relay *relay, struct auger_turn_icmp *icmp);

#endif /* AUGER_IO_TURN_RELAYS_H */
