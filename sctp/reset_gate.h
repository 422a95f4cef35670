/* sctp/reset_gate.h - a stream's reset waits in front of the library until all data before it has
 * arrived (RFC 6525 section 5.2.2).  The library below would answer "in progress" and keep what
 * comes meanwhile; it then takes unordered messages for ordered ones, and aborts the association.
 */
#ifndef AUGER_SCTP_RESET_GATE_H
#define AUGER_SCTP_RESET_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUGER_RESET_MAX 128 /* of a header and a RE-CONFIG chunk; a longer one does not wait */

#define AUGER_RESET_REST_MAX 2048 /* of a packet; in a longer one no reset waits */

struct auger_reset_gate {
    uint32_t acked; /* the TSN up to which the library has said that it has everything */
    bool has_acked;
    uint8_t waiting[AUGER_RESET_MAX]; /* a packet; the peer asks again, and the last counts */
    size_t waiting_len;               /* 0: there is none */
    uint32_t waits_for;               /* that TSN */
};

/* The library sends that packet. */
void auger_reset_gate_sent(struct auger_reset_gate *gate, const uint8_t *packet, size_t len);

/* A sound packet has come.  A reset in it that has to wait stays here, and `*packet` becomes
 * `rest`, which is without it.  The length that is left for the library; 0: nothing. */
size_t auger_reset_gate_enter(struct auger_reset_gate *gate, const uint8_t **packet, size_t len,
                              uint8_t rest[AUGER_RESET_REST_MAX]);

/* Takes the one that need not wait any more; its length, or 0.  `packet` has AUGER_RESET_MAX. */
size_t auger_reset_gate_open(struct auger_reset_gate *gate, uint8_t *packet);

#endif /* AUGER_SCTP_RESET_GATE_H */
