/* sim/peer.h - an ICE agent in the simulated internet, as peer.c and signal.c
 * see it. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "sim/watch.h"
#include "sim/world.h"

#define SIM_PORTS_MAX 8 /* the latest ones */

/* What wakes an agent: its driver, which may be early, and late. */
struct sim_timer {
    auger_time wants;              /* by the agent's clock */
    auger_time early_at, rings_at; /* AUGER_NEVER: not at all */
    unsigned early_left;           /* times after early_at */
};

/* Runs `ppm` too fast, and may leap; linear since the last change. */
struct sim_clock {
    auger_time since, local;
    int ppm;
};

/* A datagram that waits for room. */
struct sim_kept {
    struct auger_path path;
    size_t len;
    uint8_t bytes[];
};

struct sim_socket {
    struct prng random;
    struct sim_send_errors errors;
    struct sim_kept *kept; /* NULL: there is room */
};

struct sim_peer {
    char name[SIM_NAME_MAX];
    struct sim_host *host;
    struct prng own_random, *random; /* the host's, or of who shares it its own */
    struct sim_mux *mux;             /* NULL: the host is its own alone */
    struct auger_mux_session *session;
    struct sim *sim;
    struct auger_env env;
    struct auger_ice *ice;
    struct sim_peer_options options;
    struct monitor *monitor; /* of whoever watches; he sets it */
    struct sim_peer_story story;
    struct auger_ice_pair_info *pairs; /* room for one more than may be */
    size_t pairs_cap;

    size_t memory, allocations; /* live */
    unsigned tries;             /* in a row that came to nothing */
    bool is_touched;            /* since it was drained last */
    bool is_woken;              /* and by its timer */
    struct sim_timer timer;
    auger_time chatter_at;
    struct sim_clock clock;
    auger_time asleep_until;       /* suspended */
    uint16_t ports[SIM_PORTS_MAX]; /* that it has had */
    size_t ports_len;
    uint64_t fresh_max, fresh_window; /* of the other's numbers, as DTLS keeps them */
    struct sim_journal journal;
    struct prng post_random; /* what befalls what it says */
    struct sim_socket socket;

    struct sim_names *names; /* NULL: it deals with addresses alone */
    struct sim_peer *partner;
    struct sim_signalling signalling;
    bool offers;
    enum sim_gives gives;
    bool has_begun, has_described;
    bool is_silenced;               /* what it signals is lost */
    bool is_restarting;             /* its path is still the old one */
    bool awaits_answer;             /* to its offer to restart, of that number */
    auger_time first_arrives_at;    /* its first description */
    auger_time restart_arrives_at;  /* the latest of its descriptions of a restart */
    unsigned offer, partners_offer; /* how many restarts it offered; the latest it saw */
    auger_time last_candidate_at;   /* at the partner's */
    char ufrag[AUGER_UFRAG_MAX];    /* as whoever watches knows it */
    struct sim_message *held;       /* candidates that wait for the description */
    struct sim_peer *next_peer;
};

/* Starts the agent: its role, its addresses and servers. */
void sim_peer_begin(struct sim_peer *peer, bool controlling);

/* What came to nothing for want of memory or chance has changed nothing, and is tried again; not
 * for ever. */
bool sim_peer_tries_again(struct sim_peer *peer, int err);
/* An error breaks the world. */
void sim_peer_check(struct sim_peer *peer, int err, const char *what);

/* peer_servers.c: the agent is told of its servers, and, later, of its NAT64. */
void sim_peer_add_servers(struct sim_peer *peer, auger_time now);
void sim_peer_await_nat64(struct sim_peer *peer);

/* peer_socket.c */
void sim_peer_init_socket(struct sim_peer *peer);
void sim_peer_fini_socket(struct sim_peer *peer);
/* A datagram waits for room, and no other may be asked for. */
bool sim_peer_is_full(const struct sim_peer *peer);
/* Whether the agent of that host has use for the stream along that path. */
bool sim_peer_wants_stream(const struct sim_host *host, const struct auger_path *path);
/* Along a stream, if that is what the path names; false: the socket refuses it. */
bool sim_peer_put(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                  size_t len);

/* peer_clock.c */
/* By the clock of its host; and when that will show `local`. */
auger_time sim_peer_now(const struct sim_peer *peer);
auger_time sim_peer_moment(const struct sim_peer *peer, auger_time local);
void sim_peer_init_clock(struct sim_peer *peer);
bool sim_peer_is_asleep(const struct sim_peer *peer);
/* It wants to be woken when its clock shows `local`. */
void sim_peer_set_timer(struct sim_peer *peer, auger_time local);
/* When it will be. */
auger_time sim_peer_wakes_at(const struct sim_peer *peer);
/* Whether that is now; and then it is over. */
bool sim_peer_is_woken(struct sim_peer *peer);

/* helpers.c: sockets more, as its agent asks for them, and those that it wants no more. */
void sim_helpers_open(struct sim_peer *peer, const struct auger_ice_helpers *wanted);
void sim_helpers_close(struct sim_peer *peer);

/* peer_app.c */
void sim_peer_take_data(struct sim_peer *peer, const struct auger_path *path,
                        const struct auger_bytes *data);
void sim_peer_note(struct sim_peer *peer, enum sim_note_kind kind, uint64_t value);

/* peer_env.c */
void sim_peer_init_env(struct sim_peer *peer);

/* peer.c: a datagram came to its host, and is for it. */
void sim_peer_hear(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                   size_t len);

/* peer_mux.c: its host's sockets are those of a mux, to which it belongs from now on. */
void sim_mux_join(struct sim_mux *mux, struct sim_peer *peer);
struct sim_mux *sim_mux_new(struct sim *sim, struct sim_host *host);
/* With the last of its peers it is freed. */
void sim_mux_leave(struct sim_peer *peer);
/* After whatever happened to it. */
void sim_mux_settle(struct sim_peer *peer);

/* peer_names.c: its addresses have names, and those of the other are resolved. */
void sim_names_new(struct sim_peer *peer);
void sim_names_free(struct sim_names *names); /* NULL is fine, as in the next four */
void sim_names_leave(struct sim_names *names);
void sim_names_join(struct sim_names *names, struct sim_net *net, enum auger_family family);
void sim_names_quit(struct sim_names *names, const struct sim_net *net);
/* Candidates of before are of no use any more. */
void sim_names_restart(struct sim_names *names);
/* Of one of its addresses, from now on. */
const char *sim_names_of(struct sim_names *names, const struct auger_addr *addr);
/* sim_signal_resolved() follows, if somebody answers. */
int sim_names_resolve(struct sim_names *names, const struct auger_cand *cand, const char *name);
/* No more of them come.  False: names are open, and sim_signal_ended() follows. */
bool sim_names_end(struct sim_names *names);

/* signal.c */
/* A candidate that was told by name has this address; no more of them will. */
void sim_signal_resolved(struct sim_peer *peer, const struct auger_cand *cand);
void sim_signal_ended(struct sim_peer *peer);
void sim_signal_candidate(struct sim_peer *peer, const struct auger_cand *cand);
void sim_signal_gathered(struct sim_peer *peer);
/* The agent has new credentials of its own. */
void sim_signal_renew(struct sim_peer *peer);
void sim_signal_forget(struct sim_peer *peer);
/* By a stranger; the peer may refuse it. */
void sim_tell_description(struct sim_peer *to, auger_time at, const char *ufrag,
                          const char *password);
void sim_tell_candidate(struct sim_peer *to, auger_time at, const char *line);
void sim_tell_end(struct sim_peer *to, auger_time at);
/* At once. */
void sim_take_line(struct sim_peer *peer, const char *line);

#endif /* SIM_PEER_H */
