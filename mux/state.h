/* mux/state.h - what a mux knows: sessions, and the three ways to find them. */
#ifndef AUGER_MUX_STATE_H
#define AUGER_MUX_STATE_H

#include "base/table.h"
#include "crypto/crypto.h"

#include <auger/mux.h>

/* Checks of unknown names that wait to be told; of one sender's address. */
#define AUGER_MUX_UNKNOWN_MAX 16
#define AUGER_MUX_UNKNOWN_PER_IP 4

/* A ufrag of a session's, in the table of names. */
struct auger_mux_name {
    struct auger_table_node node;
    struct auger_mux_session *session;
    struct auger_mux_name *next; /* of the session */
    uint16_t len;
    char text[]; /* NUL-terminated */
};

/* A 5-tuple, in the table of places, while any session has been heard there. */
struct auger_mux_place {
    struct auger_table_node node;
    struct auger_path path;           /* the remote scope is 0 */
    struct auger_mux_session *holder; /* who has claimed it; NULL: nobody */
    struct auger_mux_link *links;     /* who has been heard there */
};

/* One session has been heard at one place. */
struct auger_mux_link {
    struct auger_mux_place *place;
    struct auger_mux_session *session;
    struct auger_mux_link *prev_there, *next_there; /* at the place */
    struct auger_mux_link *next;                    /* of the session, the latest first */
};

struct auger_mux_session {
    struct auger_table_node tag; /* in the table of tags, by which it is found */
    struct auger_mux_session *prev, *next;
    void *user;
    struct auger_mux_name *names;
    struct auger_mux_link *links;
    uint16_t links_len;
    bool is_lost;
};

struct auger_mux_unknowns {
    struct auger_mux_event items[AUGER_MUX_UNKNOWN_MAX]; /* a ring */
    auger_time told_at[AUGER_MUX_UNKNOWN_MAX];
    uint8_t first, len;
    uint64_t credit; /* in billionths of a telling */
    auger_time credit_at;
};

struct auger_mux {
    const struct auger_env *env;
    struct auger_mux_config config;
    struct auger_siphash *hash_key; /* drawn at random */
    struct auger_table names, tags, places;
    struct auger_mux_session *sessions;
    uint32_t sessions_len;
    struct auger_mux_unknowns unknowns;
    struct auger_mux_counters counters;
};

/* Nobody who does not know the key can choose what falls together. */
int auger_mux_hash(const struct auger_mux *mux, const uint8_t *key, size_t len,
                   uint64_t *hash) AUGER_CHECK_RESULT;

#endif /* AUGER_MUX_STATE_H */
