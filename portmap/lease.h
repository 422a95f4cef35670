/* portmap/lease.h - one mapping: when it is asked for, renewed and given back.  What is written
 * then, and what an answer says, is client.c's. */
#ifndef AUGER_PORTMAP_LEASE_H
#define AUGER_PORTMAP_LEASE_H

#include "portmap/pcp.h"

#include <auger/portmap.h>

/* How fast an unanswered request leaves again: by a doubling, each with a tenth of chance. */
struct auger_lease_pace {
    auger_time first, most;
};
extern const struct auger_lease_pace auger_lease_pcp;    /* RFC 6887 section 8.1.1 */
extern const struct auger_lease_pace auger_lease_natpmp; /* RFC 6886 section 3.1 */

enum auger_lease_state {
    AUGER_LEASE_FREE,
    AUGER_LEASE_ASKING,
    AUGER_LEASE_HELD,     /* it stands, and is renewed in good time */
    AUGER_LEASE_REMAKING, /* the gateway may have forgotten it */
    AUGER_LEASE_REFUSED,  /* it is let alone until `next_at` */
    AUGER_LEASE_LEAVING,  /* given back: the gateway is told so, and the owner nothing more */
};

/* What the owner has not been told yet: the latest alone counts. */
enum auger_lease_news {
    AUGER_LEASE_QUIET,
    AUGER_LEASE_MAPPED,
    AUGER_LEASE_LOST,
    AUGER_LEASE_FAILED
};

struct auger_lease {
    enum auger_lease_state state;
    enum auger_lease_news news;
    enum auger_portmap_error error; /* with that news */
    uint64_t token;
    uint8_t nonce[AUGER_PCP_NONCE_LEN];
    struct auger_addr internal;
    struct auger_addr external; /* as it stands, or stood last: what is suggested; none: any */
    struct auger_addr told;     /* of the latest AUGER_LEASE_MAPPED that was fetched; or none */
    uint32_t lifetime_s;        /* as it was given */
    auger_time granted_at, expires_at;
    auger_time next_at; /* of the next request; AUGER_NEVER: none */
    auger_time rt;      /* the time-out of the latest one; 0: none was sent */
    uint8_t times;      /* that it was sent since there was an answer, at most 255 */
    bool is_asked;      /* an answer is awaited */
    bool may_stand;     /* at the gateway, as far as we know */
};

/* Asks from `at` on, with the patience of a beginning. */
void auger_lease_begin(struct auger_lease *lease, auger_time at);
/* One that is asked for, or to be forgotten, is so anew. */
void auger_lease_again(struct auger_lease *lease, auger_time at);
/* The gateway has forgotten it, perhaps. */
void auger_lease_remake(struct auger_lease *lease, auger_time at);
/* `chance`: random bits. */
void auger_lease_sent(struct auger_lease *lease, auger_time now,
                      const struct auger_lease_pace *pace, uint32_t chance);
void auger_lease_granted(struct auger_lease *lease, auger_time now,
                         const struct auger_addr *external, uint32_t lifetime_s, uint32_t chance);
/* Nothing stands any more, or the gateway will not have it: asked for again after `hold`. */
void auger_lease_refused(struct auger_lease *lease, auger_time now, enum auger_portmap_error error,
                         auger_time hold);
/* It stands until it expires, and is asked to be prolonged after `hold`. */
void auger_lease_put_off(struct auger_lease *lease, auger_time now, auger_time hold);
/* `once`: whether anybody hears it is not known. */
void auger_lease_give_back(struct auger_lease *lease, auger_time now, bool once);
void auger_lease_handle_timeout(struct auger_lease *lease, auger_time now);

/* As far as we know the gateway lets in what comes to `external`. */
bool auger_lease_stands(const struct auger_lease *lease);
/* A request is to leave. */
bool auger_lease_is_due(const struct auger_lease *lease, auger_time now);

#endif /* AUGER_PORTMAP_LEASE_H */
