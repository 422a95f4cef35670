/* peer/names.h - names in place of addresses: the peer's while they are resolved
 * (remote_names.c), and ours (local_names.c). */
#ifndef AUGER_PEER_NAMES_TABLES_H
#define AUGER_PEER_NAMES_TABLES_H

#include <auger/peer_names.h>

struct auger_peer;

#define AUGER_PEER_NAMES_MAX 8 /* that are open at a time */

enum auger_question_state {
    AUGER_PEER_NAME_FREE,
    AUGER_PEER_NAME_TOLD,  /* by the peer; the driver has not taken it yet */
    AUGER_PEER_NAME_ASKED, /* the driver has */
};

struct auger_peer_question {
    enum auger_question_state state;
    uint64_t token;
    auger_time give_up_at;
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_cand cand; /* all that its line said but the address */
};

struct auger_remote_names {
    struct auger_peer_question questions[AUGER_PEER_NAMES_MAX];
    uint64_t tokens;
    uint32_t taken; /* of this generation */
    bool ended;     /* the peer said so, and ICE does not know yet */
};

struct auger_local_name {
    struct auger_addr addr;
    char name[AUGER_MDNS_NAME_MAX];
};

struct auger_local_names {
    size_t len;
    struct auger_local_name items[];
};

/* A candidate of the peer's that has a name.  AUGER_ERR_UNSUPPORTED: it is not resolved;
 * AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_remote_names_add(struct auger_peer *peer, auger_time now, const char *name,
                           const struct auger_cand *cand) AUGER_CHECK_RESULT;
/* No more candidates of the peer's: at once, or when its last name is known. */
void auger_remote_names_end(struct auger_peer *peer, auger_time now);
/* The peer's user name fragment is this from now on. */
void auger_remote_names_restart(struct auger_peer *peer, const char *ufrag);
void auger_remote_names_handle_timeout(struct auger_peer *peer, auger_time now);
auger_time auger_remote_names_next_timeout(const struct auger_peer *peer);

/* Whether the address of a candidate of ours may not be told. */
bool auger_local_names_hide(const struct auger_peer *peer, const struct auger_cand *cand);
/* The line of a candidate of ours as it may be told.  AUGER_ERR_NOT_FOUND: not at all. */
int auger_local_names_format(const struct auger_peer *peer, const struct auger_cand *cand,
                             char *buf, size_t cap) AUGER_CHECK_RESULT;
/* That address is gone, and its name stands for nothing. */
void auger_local_names_forget(struct auger_peer *peer, const struct auger_addr *addr);

#endif /* AUGER_PEER_NAMES_TABLES_H */
