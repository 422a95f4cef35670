/* ice/candidate.h - candidates and the table that holds them: RFC 8445 section
 * 5.1.  The line of SDP is candidate_line.c. */
#ifndef AUGER_ICE_CANDIDATE_H
#define AUGER_ICE_CANDIDATE_H

#include "ice/tcp.h"

#include "base/pool.h"

/* What prediction may add to either side's table, beside all others (predicted.h). */
#define AUGER_CANDS_PREDICTED_MAX 640

/* At most this many candidates of a peer may share one IP address, unless it may guess. */
#define AUGER_CANDS_PER_IP_MAX 16

/* Which addresses the application lets us use beside the ordinary ones. */
struct auger_cand_policy {
    bool loopback, link_local, tcp;
};

/* Of a candidate of ours: whether the peer knows of it in the newest generation. */
enum auger_cand_telling {
    AUGER_CAND_TO_TELL,
    AUGER_CAND_TOLD,
    AUGER_CAND_OUTDATED, /* reflexive, and not seen again since the restart */
    AUGER_CAND_KEPT,     /* to ourselves, by policy.h */
};

/* Of a relayed candidate of ours. */
struct auger_cand_origin {
    struct auger_addr server; /* that relays, as we reach it */
    struct auger_addr mapped; /* as it sees us */
};

/* How a TURN server is reached: the dearer the later. */
enum auger_cand_via { AUGER_VIA_UDP, AUGER_VIA_TCP, AUGER_VIA_TLS };

/* A candidate of ours or of the peer.  It stays where it is: pairs point to it. */
struct auger_ice_cand {
    struct auger_addr addr; /* family AUGER_FAMILY_NONE: the slot is free */
    /* Ours: where it sends from, which is the address of its host candidate or, behind a relay,
     * of its relayed one.  The peer's: "raddr", as told; NULL: there was none. */
    struct auger_addr *base;
    union {
        const struct auger_addr *server;        /* ours, reflexive: who saw it; NULL: no server */
        const struct auger_cand_origin *origin; /* ours, relayed */
        struct {                                /* the peer's */
            uint32_t number;                    /* in its table: the first one that it held is 1 */
            uint32_t generation;                /* of the ufrag that its line named; 0: none */
        };
    };
    char *foundation; /* its own */
    uint32_t priority;
    uint8_t type;        /* enum auger_cand_type */
    uint8_t telling : 4; /* enum auger_cand_telling */
    uint8_t tcptype : 4; /* enum auger_tcp_type */
    bool is_barred : 1;  /* ours: no datagram to the peer leaves from it (policy.h) */
    bool is_mapped : 1;  /* ours, reflexive: by the word of the configuration (mapping.h) */
    bool looks_host : 1; /* and is told as a host candidate */
    bool hidden : 1;     /* the peer's: not by its address was it told */
    bool owns_base : 1;  /* the peer's */
    /* Guessed: ours, reflexive, that no server saw; the peer's, that it has not told (predict.h).
     */
    bool is_predicted : 1;
    bool is_helper : 1;  /* ours, a host candidate: of a helper socket, with pairs of its own alone,
                          */
    bool is_adopted : 1; /* until a check from there has succeeded: then it is as any other */
    bool has_window : 1; /* the peer's: it was to be checked from where our next ports are */
};

/* Three bounds: neither peer-reflexive candidates nor guesses crowd out the others. */
struct auger_cands {
    const struct auger_env *env;
    struct auger_pool slots;
    uint16_t len; /* slots in use or used before */
    uint16_t known, known_max;
    uint16_t per_ip_max; /* of the peer's, that it tells */
    uint16_t prflx, prflx_max;
    uint16_t predicted, predicted_max; /* helpers among them; 0: none may be */
    uint32_t made;                     /* so far, of the peer's */
    uint32_t prflx_made;               /* for foundations that no peer can write */
    uint32_t foundations_made;         /* of ours */
    uint32_t predictions_made;
};

void auger_cands_init(struct auger_cands *cands, const struct auger_env *env, uint16_t known_max,
                      uint16_t prflx_max);
void auger_cands_fini(struct auger_cands *cands);
/* The slot with that number, below `len`. */
static inline struct auger_ice_cand *auger_cands_at(const struct auger_cands *cands, size_t index)
{
    return auger_pool_at(&cands->slots, index);
}

static inline bool auger_cand_is_used(const struct auger_ice_cand *cand)
{
    return cand->addr.family != AUGER_FAMILY_NONE;
}

/* Whether a datagram may be sent to, and a candidate have, this address (5.1.1.1). */
bool auger_cand_addr_is_usable(const struct auger_addr *addr,
                               const struct auger_cand_policy *policy);
/* Whether the two may form a pair (6.1.2.2). */
bool auger_cand_can_pair(const struct auger_ice_cand *local, const struct auger_ice_cand *remote);
/* Why a candidate that is not peer-reflexive found no place. */
int auger_cands_refusal(const struct auger_cands *cands);

/* That of the type as well: a passive candidate and one for simultaneous open may share an
 * address. */
struct auger_ice_cand *auger_cands_find(const struct auger_cands *cands,
                                        const struct auger_addr *addr, enum auger_tcp_type tcptype);
/* Of ours: whether it sends from its own address, as host candidates and relayed ones do. */
static inline bool auger_cand_is_base(const struct auger_ice_cand *local)
{
    return local->base == &local->addr;
}
/* Our host or relayed candidate on that base, of several the first. */
struct auger_ice_cand *auger_cands_find_base(const struct auger_cands *cands,
                                             const struct auger_addr *base);

/* A copy of it, with that foundation: what those below, and predicted.h, are made of.  NULL when
 * its part of the table is full or there is no memory. */
struct auger_ice_cand *auger_cands_add(struct auger_cands *cands, const struct auger_ice_cand *cand,
                                       const char *foundation);

/* It becomes a copy of `as`, with that foundation, and stays where it is.  false: as NULL. */
bool auger_cands_turn(struct auger_cands *cands, struct auger_ice_cand *cand,
                      const struct auger_ice_cand *as, const char *foundation) AUGER_CHECK_RESULT;

/* Of ours: the server that it is known by; NULL: none. */
const struct auger_addr *auger_cand_server(const struct auger_ice_cand *local);
/* Our candidate with the base of `host` that is seen at `addr`, and that is not kept from the
 * peer; a peer-reflexive one where there is no other. */
struct auger_ice_cand *auger_cands_find_seen(const struct auger_cands *cands,
                                             const struct auger_addr *addr,
                                             const struct auger_ice_cand *host);
/* As what a peer sees `host`, if that is known: of an active one, whatever its port, which is
 * another for each stream. */
struct auger_ice_cand *auger_cands_find_mapped(const struct auger_cands *cands,
                                               const struct auger_ice_cand *host,
                                               const struct auger_addr *mapped);
/* All are to be told again.  A NAT may show reflexive ones elsewhere by now. */
void auger_cands_tell_again(struct auger_cands *cands);
/* Candidates of the peer: told, or learned from a check (7.3.1.3). */
int auger_cands_add_remote(struct auger_cands *cands,
                           const struct auger_cand *told) AUGER_CHECK_RESULT;
struct auger_ice_cand *auger_cands_add_remote_prflx(struct auger_cands *cands,
                                                    const struct auger_addr *addr,
                                                    enum auger_tcp_type tcptype, uint32_t priority);
/* The peer names a candidate that its check had shown us already: type,
 * foundation and base become known, pairs stay and so does the priority of a
 * server-reflexive one (8838 section 11); that of a host or relayed one is what
 * is told: docs/decisions/243.  AUGER_ERR_LIMIT when the table of named ones is full. */
int auger_cands_merge(struct auger_cands *cands, struct auger_ice_cand *cand,
                      const struct auger_cand *told) AUGER_CHECK_RESULT;
void auger_cands_remove(struct auger_cands *cands, struct auger_ice_cand *cand);

/* A number that stands for a ufrag, where a candidate is told before the
 * credentials are; 0 for the empty one. */
uint32_t auger_cand_generation(const char *ufrag);

/* A copy for the application. */
void auger_cand_export(const struct auger_ice_cand *cand, struct auger_cand *out);

#endif /* AUGER_ICE_CANDIDATE_H */
