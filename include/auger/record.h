/*
 * auger/record.h - the inputs of one ICE agent, recorded so that they can be run again:
 * to the same trace and the same datagrams, to the byte (docs/recording.md).
 *
 * Who drives an agent calls auger_record_X() where it would call auger_ice_X(); without a
 * recorder it is the same.  A peer of <auger/peer.h> does so when its config has one.
 *
 * Errors   those of the call that is recorded.
 * Memory   of the recorder's environment, 8 KiB.
 * Threads  those of the agent.
 * Secrets  a recording has the passwords of both sides in it, and neither keys nor
 *          application data.
 */
#ifndef AUGER_RECORD_H
#define AUGER_RECORD_H

#include <auger/base.h>
#include <auger/ice.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_recorder;

struct auger_recorder_config {
    /* Takes what is next in the recording: up to 4 KiB, about ten times a second. */
    void (*write)(void *user, const uint8_t *bytes, size_t len);
    void *user;
    /* Where the recording ends, if the agent does not.  Default 64 MiB. */
    uint64_t bytes_max;
};
AUGER_API void auger_recorder_config_init_sized(struct auger_recorder_config *config, size_t size);
#define auger_recorder_config_init(config)                                                         \
    auger_recorder_config_init_sized((config), sizeof(*(config)))

/* AUGER_ERR_INVALID: nobody writes it; AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_recorder_new_sized(struct auger_recorder **out, const struct auger_env *env,
                                       const struct auger_recorder_config *config,
                                       size_t size) AUGER_CHECK_RESULT;
#define auger_recorder_new(out, env, config)                                                       \
    auger_recorder_new_sized((out), (env), (config), sizeof(struct auger_recorder_config))
/* Behind its agent; writes what is left.  NULL is fine. */
AUGER_API void auger_recorder_free(struct auger_recorder *recorder);

/* --- the calls of <auger/ice.h> and its neighbours, which see -------------------------- */

/* One agent for each recorder: AUGER_ERR_STATE when it has had one.  It paces itself,
 * whatever pacer the config names: the turns of other agents are no inputs of its own. */
AUGER_API int auger_record_new_sized(struct auger_recorder *recorder, struct auger_ice **out,
                                     const struct auger_env *env,
                                     const struct auger_ice_config *config,
                                     size_t size) AUGER_CHECK_RESULT;
AUGER_API void auger_record_free(struct auger_recorder *recorder, struct auger_ice *ice);
AUGER_API int auger_record_set_controlling(struct auger_recorder *recorder, struct auger_ice *ice,
                                           bool controlling) AUGER_CHECK_RESULT;
AUGER_API void auger_record_set_remote_pacing(struct auger_recorder *recorder,
                                              struct auger_ice *ice, auger_time now,
                                              auger_time pacing);
AUGER_API void auger_record_set_remote_renomination(struct auger_recorder *recorder,
                                                    struct auger_ice *ice, auger_time now,
                                                    bool offered);
AUGER_API void auger_record_set_remote_lite(struct auger_recorder *recorder, struct auger_ice *ice,
                                            bool lite);
AUGER_API int auger_record_add_local_addr(struct auger_recorder *recorder, struct auger_ice *ice,
                                          auger_time now,
                                          const struct auger_addr *base) AUGER_CHECK_RESULT;
AUGER_API int auger_record_remove_local_addr(struct auger_recorder *recorder, struct auger_ice *ice,
                                             auger_time now,
                                             const struct auger_addr *base) AUGER_CHECK_RESULT;
AUGER_API int auger_record_add_mapped_addr(struct auger_recorder *recorder, struct auger_ice *ice,
                                           auger_time now, const struct auger_addr *base,
                                           const struct auger_addr *external) AUGER_CHECK_RESULT;
AUGER_API int auger_record_remove_mapped_addr(struct auger_recorder *recorder,
                                              struct auger_ice *ice, auger_time now,
                                              const struct auger_addr *base,
                                              const struct auger_addr *external);
AUGER_API int auger_record_add_helper_addrs(struct auger_recorder *recorder, struct auger_ice *ice,
                                            auger_time now, const struct auger_addr *addrs,
                                            size_t len) AUGER_CHECK_RESULT;
AUGER_API int auger_record_set_nat64(struct auger_recorder *recorder, struct auger_ice *ice,
                                     auger_time now,
                                     const struct auger_nat64 *nat64) AUGER_CHECK_RESULT;
AUGER_API int auger_record_add_stun_server(struct auger_recorder *recorder, struct auger_ice *ice,
                                           auger_time now,
                                           const struct auger_addr *server) AUGER_CHECK_RESULT;
AUGER_API int auger_record_add_turn_server_sized(struct auger_recorder *recorder,
                                                 struct auger_ice *ice, auger_time now,
                                                 const struct auger_ice_turn_server *server,
                                                 size_t size) AUGER_CHECK_RESULT;
#define auger_record_add_turn_server(recorder, ice, now, server)                                   \
    auger_record_add_turn_server_sized((recorder), (ice), (now), (server),                         \
                                       sizeof(struct auger_ice_turn_server))
AUGER_API void auger_record_stream_lost(struct auger_recorder *recorder, struct auger_ice *ice,
                                        auger_time now, const struct auger_path *path);
AUGER_API void auger_record_path_moved(struct auger_recorder *recorder, struct auger_ice *ice,
                                       auger_time now, const struct auger_path *path);
AUGER_API void auger_record_close(struct auger_recorder *recorder, struct auger_ice *ice,
                                  auger_time now);
AUGER_API void auger_record_end_of_local_addrs(struct auger_recorder *recorder,
                                               struct auger_ice *ice, auger_time now);
AUGER_API int auger_record_restart(struct auger_recorder *recorder, struct auger_ice *ice,
                                   auger_time now) AUGER_CHECK_RESULT;
AUGER_API int auger_record_withdraw_restart(struct auger_recorder *recorder, struct auger_ice *ice,
                                            auger_time now) AUGER_CHECK_RESULT;
AUGER_API int auger_record_set_remote_credentials(struct auger_recorder *recorder,
                                                  struct auger_ice *ice, auger_time now,
                                                  const char *ufrag,
                                                  const char *password) AUGER_CHECK_RESULT;
AUGER_API int auger_record_add_remote_cand(struct auger_recorder *recorder, struct auger_ice *ice,
                                           auger_time now,
                                           const struct auger_cand *cand) AUGER_CHECK_RESULT;
AUGER_API void auger_record_end_of_remote_cands(struct auger_recorder *recorder,
                                                struct auger_ice *ice, auger_time now);
AUGER_API void auger_record_handle_datagram(struct auger_recorder *recorder, struct auger_ice *ice,
                                            auger_time now, const struct auger_path *path,
                                            const uint8_t *buf, size_t len,
                                            struct auger_bytes *data);
AUGER_API void auger_record_handle_timeout(struct auger_recorder *recorder, struct auger_ice *ice,
                                           auger_time now);
AUGER_API size_t auger_record_poll_transmit(struct auger_recorder *recorder, struct auger_ice *ice,
                                            auger_time now, struct auger_path *path, uint8_t *buf,
                                            size_t cap);
AUGER_API bool auger_record_poll_event(struct auger_recorder *recorder, struct auger_ice *ice,
                                       struct auger_ice_event *event);
/* Only how long the data is. */
AUGER_API int auger_record_write_data(struct auger_recorder *recorder, struct auger_ice *ice,
                                      auger_time now, const uint8_t *data, size_t len,
                                      struct auger_path *path, uint8_t *buf,
                                      size_t cap) AUGER_CHECK_RESULT;
AUGER_API void auger_record_note_unusable_cand(struct auger_recorder *recorder,
                                               struct auger_ice *ice);
AUGER_API void auger_record_note_discarded(struct auger_recorder *recorder, struct auger_ice *ice,
                                           const struct auger_path *path, size_t len);
/* For an agent that shares its sockets: <auger/ice_share.h>. */
AUGER_API int auger_record_share_sockets(struct auger_recorder *recorder, struct auger_ice *ice,
                                         uint32_t tag) AUGER_CHECK_RESULT;
AUGER_API int auger_record_set_local_credentials(struct auger_recorder *recorder,
                                                 struct auger_ice *ice, const char *ufrag,
                                                 const char *password) AUGER_CHECK_RESULT;
AUGER_API int auger_record_refuse_path(struct auger_recorder *recorder, struct auger_ice *ice,
                                       auger_time now,
                                       const struct auger_path *path) AUGER_CHECK_RESULT;

/* --- running it again ---------------------------------------------------------------- */

struct auger_replay_result {
    uint64_t calls, records, datagrams; /* so far: of the agent, of its trace, sent by it */
    auger_time first, last;             /* the time of its first and last call */
    bool is_cut;                        /* the recording ended at its limit */
    /* Where it went wrong, static, or NULL; and which byte of the recording that was. */
    const char *what;
    size_t offset;
};
/* Runs a whole recording, whoever made it.  `env` gives memory and takes the trace.
 * AUGER_ERR_MALFORMED: it is no recording, is cut off, or a byte of it has changed;
 * AUGER_ERR_UNSUPPORTED: of another version; AUGER_ERR_LIMIT: an agent of such limits is
 * not made; AUGER_ERR_STATE: the agent did something else than it did then, as another
 * version of the library may; AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_replay_sized(const uint8_t *recording, size_t len, const struct auger_env *env,
                                 struct auger_replay_result *result,
                                 size_t size) AUGER_CHECK_RESULT;
#define auger_replay(recording, len, env, result)                                                  \
    auger_replay_sized((recording), (len), (env), (result), sizeof(struct auger_replay_result))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_RECORD_H */
