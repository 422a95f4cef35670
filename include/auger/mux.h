/*
 * auger/mux.h - many agents on one socket, or on several: to whom a datagram belongs.
 *
 *     auger_mux_add(mux, my_peer, &session);
 *     auger_ice_share_sockets(ice, auger_mux_tag(session));
 *     ...
 *     session = auger_mux_find(mux, now, &path, buf, len);
 *     if (session)
 *         my_peer = auger_mux_user(session), auger_ice_handle_datagram(...);
 *
 * and after each datagram, and after every other call into the agent,
 *
 *     while (auger_mux_settle(mux, session, ice, &taken) == AUGER_ERR_PATH_TAKEN)
 *         auger_ice_refuse_path(ice, now, &taken);
 *
 * A check finds its agent by the whole of our ufrag, an answer by the tag in its
 * transaction id, everything else by the 5-tuple, which an agent has only once it has
 * heard its peer prove itself there.  Each takes the same time however many there are.
 * Nothing that a stranger sends takes memory or changes who is found.
 *
 * <auger/io.h> does all this for peers (auger_loop_mux_new()).
 *
 * Errors   0 or a negative enum auger_err; a failed call changes nothing.
 * Memory   grows and shrinks with the sessions; tables grow piece by piece.
 * Threads  calls on one mux must not overlap; muxes share nothing.
 */
#ifndef AUGER_MUX_H
#define AUGER_MUX_H

#include <auger/base.h>
#include <auger/ice_share.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_mux;         /* opaque */
struct auger_mux_session; /* opaque: one agent */

struct auger_mux_config {
    uint32_t sessions_max; /* default 65536 */
    uint16_t paths_max;    /* that a session may be heard along; default 16 */
    /* Checks with an unknown ufrag that are told, in a second; default 100.  0: none. */
    uint16_t unknown_per_s;
};
AUGER_API void auger_mux_config_init_sized(struct auger_mux_config *config, size_t size);
#define auger_mux_config_init(config) auger_mux_config_init_sized((config), sizeof(*(config)))

/* NULL as config means the defaults.  AUGER_ERR_INVALID, AUGER_ERR_NO_MEMORY,
 * AUGER_ERR_ENTROPY, AUGER_ERR_CRYPTO. */
AUGER_API int auger_mux_new_sized(struct auger_mux **out, const struct auger_env *env,
                                  const struct auger_mux_config *config,
                                  size_t size) AUGER_CHECK_RESULT;
#define auger_mux_new(out, env, config)                                                            \
    auger_mux_new_sized((out), (env), (config), sizeof(struct auger_mux_config))
/* With its sessions.  NULL is fine. */
AUGER_API void auger_mux_free(struct auger_mux *mux);

/* `user` is the caller's and is what a datagram leads to.  AUGER_ERR_LIMIT,
 * AUGER_ERR_NO_MEMORY, AUGER_ERR_ENTROPY. */
AUGER_API int auger_mux_add(struct auger_mux *mux, void *user,
                            struct auger_mux_session **out) AUGER_CHECK_RESULT;
/* Its names, paths and tag are free again.  NULL is fine. */
AUGER_API void auger_mux_remove(struct auger_mux *mux, struct auger_mux_session *session);
AUGER_API void *auger_mux_user(const struct auger_mux_session *session);
/* For auger_ice_share_sockets(): drawn at random, no other session's. */
AUGER_API uint32_t auger_mux_tag(const struct auger_mux_session *session);

/* Whose datagram that is; NULL: nobody's, which is counted. */
AUGER_API struct auger_mux_session *auger_mux_find(struct auger_mux *mux, auger_time now,
                                                   const struct auger_path *path,
                                                   const uint8_t *buf, size_t len);

/* Follows what the agent has become: its names over restarts, where it heard its peer,
 * and the paths that it wants for itself.  AUGER_ERR_PATH_TAKEN: `taken` is another
 * session's; refuse it and call again, as often as there are pairs.  A session that has
 * lost its peer loses its paths to one that proves them anew.
 * AUGER_ERR_NAME_TAKEN: another has a ufrag of this agent, whose checks are not found;
 * restart it, or make it anew.  AUGER_ERR_NO_MEMORY, AUGER_ERR_LIMIT. */
AUGER_API int auger_mux_settle(struct auger_mux *mux, struct auger_mux_session *session,
                               const struct auger_ice *ice,
                               struct auger_path *taken) AUGER_CHECK_RESULT;

/* --- the same, step by step, for agents of another make ---------------------------- */

/* The ufrags by which checks find it, in place of those it had; at most 3 of 4 to 256
 * ice-chars.  AUGER_ERR_NAME_TAKEN, AUGER_ERR_INVALID, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_mux_set_names(struct auger_mux *mux, struct auger_mux_session *session,
                                  const char *const *ufrags, size_t len) AUGER_CHECK_RESULT;
/* An authenticated message of its peer came along `path`.  What is no STUN is brought
 * from there to it, while no other session has been heard there or has claimed it.
 * Beyond `paths_max` the one that was learned first, and is not claimed, is forgotten. */
AUGER_API int auger_mux_hear(struct auger_mux *mux, struct auger_mux_session *session,
                             const struct auger_path *path) AUGER_CHECK_RESULT;
/* A check of ours was answered along `path`, and data is to go along it: from now on it
 * is this session's alone.  AUGER_ERR_PATH_TAKEN, and it is heard there all the same;
 * AUGER_ERR_NO_MEMORY; AUGER_ERR_LIMIT: it has claimed `paths_max` others. */
AUGER_API int auger_mux_claim(struct auger_mux *mux, struct auger_mux_session *session,
                              const struct auger_path *path) AUGER_CHECK_RESULT;
/* It is heard there still. */
AUGER_API void auger_mux_release(struct auger_mux *mux, struct auger_mux_session *session,
                                 const struct auger_path *path);
/* Another session has claimed it, and has not lost its peer. */
AUGER_API bool auger_mux_is_taken(struct auger_mux *mux, const struct auger_mux_session *session,
                                  const struct auger_path *path);
/* It has lost its peer, or has it again. */
AUGER_API void auger_mux_set_lost(struct auger_mux_session *session, bool lost);

/* --- what happened ----------------------------------------------------------------- */

enum auger_mux_event_type {
    /* A check of a name that no session has.  Nothing of it is proved but that its
     * sender can write STUN; the same names are told again only after a second. */
    AUGER_MUX_EVENT_UNKNOWN,
};
struct auger_mux_event {
    enum auger_mux_event_type type;
    struct auger_path path;
    char ours[AUGER_UFRAG_MAX], theirs[AUGER_UFRAG_MAX]; /* the halves of USERNAME */
};
/* Takes the oldest; false when there is none. */
AUGER_API bool auger_mux_poll_event(struct auger_mux *mux, struct auger_mux_event *event);

/* Datagrams and what became of them; `steps` is how many entries of tables were looked
 * at for that, `moves` how many were carried over as tables grew and shrank. */
struct auger_mux_counters {
    uint64_t found_by_name, found_by_tag, found_by_path;
    uint64_t unknown_names;   /* checks of no session's name */
    uint64_t unknown_untold;  /* of those, beyond what is told */
    uint64_t unknown_answers; /* with no session's tag */
    uint64_t strays;          /* anything else from where no session has been heard */
    uint64_t ambiguous;       /* anything else from where several have */
    uint64_t malformed;       /* claimed to be STUN and was not well-formed */
    uint64_t lookups, steps, moves;
};
AUGER_API void auger_mux_counters_sized(const struct auger_mux *mux,
                                        struct auger_mux_counters *counters, size_t size);
#define auger_mux_get_counters(mux, counters)                                                      \
    auger_mux_counters_sized((mux), (counters), sizeof(*(counters)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_MUX_H */
