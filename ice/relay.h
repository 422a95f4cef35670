/* ice/relay.h - TURN servers and our allocations on them: plain data, and the border at which
 * what goes through a relay is wrapped and unwrapped (RFC 8656 sections 11 and 12).  How they
 * are come by and lost is allocate.h; who may be sent to, permit.h. */
#ifndef AUGER_ICE_RELAY_H
#define AUGER_ICE_RELAY_H

#include "ice/state.h"

struct auger_relay_server {
    struct auger_addr addr;
    char *username, *password; /* one block; NULL: none */
    uint8_t families;          /* enum auger_turn_families */
    uint8_t via;               /* enum auger_cand_via */
    bool is_sealed;            /* DTLS, which our caller sees to: it knows that address alone */
};

enum auger_relay_state {
    AUGER_RELAY_ASKING,
    AUGER_RELAY_ALLOCATED,
    AUGER_RELAY_WAITING, /* to ask again, at `at` */
    AUGER_RELAY_OVER,    /* until a restart */
};

/* A server asked from one base or, over a stream, from one IP address.  It stays where it is. */
struct auger_relay {
    const struct auger_relay_server *server; /* NULL: the slot is free */
    const struct auger_ice_cand *host;       /* of that base, or the first of that address */
    struct auger_turn *turn;                 /* NULL: none, or none any more */
    struct auger_ice_cand *cands[2];         /* NULL: none */
    struct auger_cand_origin origin;         /* of these */
    auger_time at;                           /* allocated: since then; waiting: until then */
    auger_time sent_at;                      /* the latest that went to the server */
    auger_time doubted_at;                   /* the latest time that it was */
    auger_time stood_until;                  /* lost then, and made again; AUGER_NEVER: not so */
    uint16_t code;                           /* of the error that it ended with; 0: none */
    uint8_t error;                           /* enum auger_turn_error */
    uint8_t state;                           /* enum auger_relay_state */
    bool is_awaited;                         /* by gathering */
    bool was_renewed;                        /* made again, since it stood too short a time */
};

#define AUGER_RELAY_APART_MAX 32

/* One block, made with the first server. */
struct auger_relays {
    uint16_t servers_len;
    uint16_t len; /* slots in use or used before */
    /* Along these what is said leaves from no base's port; the oldest gives way. */
    struct auger_path apart[AUGER_RELAY_APART_MAX];
    size_t apart_len, apart_at;
    struct auger_relay_server *servers; /* room for servers_max */
    struct auger_relay items[];         /* room for relays_max */
};

/* AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_relay_add_server(struct auger_ice *ice,
                           const struct auger_ice_turn_server *server) AUGER_CHECK_RESULT;
/* Whether one is asked from the sockets of our bases, and not over a stream. */
bool auger_relay_uses_sockets(const struct auger_ice *ice);
size_t auger_relay_count_servers(const struct auger_ice *ice);
void auger_relay_fini(struct auger_ice *ice);

/* NULL behind the last; never a free one. */
struct auger_relay *auger_relay_next(const struct auger_ice *ice, const struct auger_relay *after);
/* Whose relayed candidate that is; NULL: nobody's. */
struct auger_relay *auger_relay_of(const struct auger_ice *ice, const struct auger_ice_cand *local);
/* Between our base and the server. */
struct auger_path auger_relay_path(const struct auger_relay *relay);
/* Whether another client of ours has the same path, as two servers may send us on to one. */
bool auger_relay_has_twin(const struct auger_ice *ice, const struct auger_relay *relay);
/* What is said along `path` leaves from no base's port from now on, whoever says it, */
void auger_relay_set_apart(struct auger_ice *ice, const struct auger_path *path);
/* so that what the server sees there is no address of the base. */
bool auger_relay_is_apart(const struct auger_ice *ice, const struct auger_path *path);
/* To be asked again, and not for as long as it has a twin: a 5-tuple has one allocation. */
bool auger_relay_is_waiting(const struct auger_ice *ice, const struct auger_relay *relay);

/* The server that is to be asked next, and from which base; false: all that may be are. */
bool auger_relay_find_unasked(const struct auger_ice *ice, const struct auger_relay_server **server,
                              const struct auger_ice_cand **host);
/* A slot for that; NULL: there is none. */
struct auger_relay *auger_relay_add(struct auger_ice *ice, const struct auger_relay_server *server,
                                    const struct auger_ice_cand *host);
/* The base of `host` is gone, after the relayed candidates that depend on it: nothing can be
 * said to the servers from there. */
void auger_relay_remove_host(struct auger_ice *ice, const struct auger_ice_cand *host);
/* A relayed candidate that goes with that base; NULL: none. */
struct auger_ice_cand *auger_relay_behind(const struct auger_ice *ice,
                                          const struct auger_ice_cand *host);
/* That candidate goes. */
void auger_relay_forget(struct auger_ice *ice, const struct auger_ice_cand *relayed);
/* Whether gathering has to wait for one. */
bool auger_relay_is_awaited(const struct auger_ice *ice);
/* Whether a pair may come of what servers are asked for now. */
bool auger_relay_may_come(const struct auger_ice *ice);
/* Whether the server still knows it is found out, now and then: a Send that it drops has no answer
 * (8656 section 11.2). */
void auger_relay_doubt(struct auger_relay *relay, auger_time now);
/* When it may be again; AUGER_NEVER: there is nothing to doubt. */
auger_time auger_relay_doubt_at(const struct auger_relay *relay);
/* Of an allocation: where its server sees the base, where that is what it sees. */
void auger_relay_tell_mapped(struct auger_ice *ice, auger_time now,
                             const struct auger_relay *relay);
/* A restart: what stands is told again, what is over is asked for again. */
void auger_relay_tell_again(struct auger_ice *ice, auger_time now);

/* --- the border ----------------------------------------------------------------------- */

enum auger_relay_taken {
    AUGER_RELAY_NOT_OURS,
    AUGER_RELAY_CONSUMED,
    AUGER_RELAY_UNWRAPPED, /* `path` and `bytes` are of the peer, at our relayed address */
};
enum auger_relay_taken auger_relay_unwrap(struct auger_ice *ice, auger_time now,
                                          struct auger_path *path, struct auger_bytes *bytes);
/* Whether the stream along `path` leads to a TURN server. */
bool auger_relay_has_stream(const struct auger_ice *ice, const struct auger_path *path);
/* Whether that is a relayed address of ours. */
bool auger_relay_is_at(const struct auger_ice *ice, const struct auger_addr *local);
/* Writes what carries `data` along `path`, whose local end is a relayed address of ours, and has
 * `path` lead to the server.  Errors of auger_turn_write(). */
int auger_relay_wrap(struct auger_ice *ice, auger_time now, struct auger_path *path,
                     const uint8_t *data, size_t len, uint8_t *buf, size_t cap) AUGER_CHECK_RESULT;

#endif /* AUGER_ICE_RELAY_H */
