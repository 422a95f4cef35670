/*
 * auger/peer.h - one peer connection with data channels: ICE, DTLS, SCTP and SDP
 * behind five verbs.
 *
 *     auger_peer_new(&peer, auger_env_system(), &config);
 *     auger_peer_add_local_addr(peer, now, &bound_socket);
 *     auger_peer_channel_open(peer, now, &options, &channel);
 *     n = auger_peer_create_offer(peer, now, sdp, sizeof(sdp));
 *     ... signal it, and candidates as events bring them ...
 *     auger_peer_set_remote_description(peer, now, AUGER_SDP_ANSWER, text, len, NULL);
 *
 * <auger/io.h> opens the sockets and turns the five verbs for you.
 *
 * Time     any monotonic clock, in nanoseconds; `now` never goes back.
 * Errors   0, a length or a negative enum auger_err; a failed call changes nothing.
 * Memory   bounded by the config; taken at creation and at the borders of phases.
 * Threads  calls on one peer must not overlap; all peers that carry data channels
 *          belong to one thread at a time (<auger/sctp.h>).
 */
#ifndef AUGER_PEER_H
#define AUGER_PEER_H

#include <auger/base.h>
#include <auger/dtls.h>
#include <auger/ice.h>
#include <auger/record.h>
#include <auger/sctp.h>
#include <auger/sdp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_peer;

enum auger_peer_state {
    AUGER_PEER_NEW,
    AUGER_PEER_CONNECTING,
    AUGER_PEER_CONNECTED,    /* DTLS is up: the peer is who its description says */
    AUGER_PEER_DISCONNECTED, /* ICE is; may recover */
    AUGER_PEER_FAILED,       /* see the reason; final, but for ICE: that may be restarted */
    AUGER_PEER_CLOSED,       /* by either side, in order */
};
AUGER_API const char *auger_peer_state_name(enum auger_peer_state state);

enum auger_peer_reason {
    AUGER_PEER_OK,
    AUGER_PEER_ICE_FAILED,
    AUGER_PEER_CONSENT_LOST,
    AUGER_PEER_DTLS_FAILED, /* .dtls tells more */
    AUGER_PEER_SCTP_FAILED,
    AUGER_PEER_CLOSED_HERE,
    AUGER_PEER_CLOSED_THERE,
};

/* Whether candidates follow a description (RFC 8838).  To a peer whose description does not
 * say `trickle` ours goes with all candidates in any case. */
enum auger_trickle {
    AUGER_TRICKLE_FULL, /* to one that we know nothing of too, as browsers do */
    AUGER_TRICKLE_HALF, /* once it has said so; the first offer has all (section 16) */
    AUGER_TRICKLE_NONE, /* never, and our descriptions do not say it */
};

struct auger_peer_config {
    struct auger_ice_config ice; /* .controlling is set by the offer or answer */
    /* NULL: one is made for this peer.  Else a reference is taken. */
    struct auger_certificate *certificate;
    /* As answerer where the choice is ours: false is active (DTLS client), which
     * saves half a round trip. */
    bool answer_passive;
    uint16_t sctp_port;        /* default 5000 */
    uint32_t max_message_size; /* default 262144 */
    uint32_t send_buffer_max;  /* default 1 MiB */
    uint16_t channels_max;     /* default 1024 */
    uint16_t mtu;              /* of a DTLS datagram; default 1200 */
    /* Names under ".local" in place of addresses (<auger/peer_names.h>); default false.
     * The peer's are resolved; ours are told instead of host addresses, and nothing that
     * we tell has an address of ours that a STUN server has not seen.  A loop opens the
     * sockets of multicast DNS with the first name, and not before. */
    bool resolve_names, hide_addresses;
    /* Writes down the inputs of the agent inside; must outlive the peer, and is of no
     * other.  Default NULL: none does. */
    struct auger_recorder *recorder;
    enum auger_trickle trickle; /* default AUGER_TRICKLE_FULL */
};
AUGER_API void auger_peer_config_init_sized(struct auger_peer_config *config, size_t size);
#define auger_peer_config_init(config) auger_peer_config_init_sized((config), sizeof(*(config)))

AUGER_API int auger_peer_new_sized(struct auger_peer **out, const struct auger_env *env,
                                   const struct auger_peer_config *config,
                                   size_t size) AUGER_CHECK_RESULT;
#define auger_peer_new(out, env, config)                                                           \
    auger_peer_new_sized((out), (env), (config), sizeof(struct auger_peer_config))
AUGER_API void auger_peer_free(struct auger_peer *peer); /* NULL is fine */

/* For who drives many peers: `ready` is marked by every call after which the peer may
 * send, tell or wait differently, so that those without a mark need not be asked.
 * NULL: none.  The mark is the driver's and must outlive the peer, or be unset; peers
 * of <auger/io.h> have theirs, which stays. */
AUGER_API void auger_peer_set_ready(struct auger_peer *peer, struct auger_ready *ready);
AUGER_API struct auger_ready *auger_peer_get_ready(const struct auger_peer *peer);

/* As auger_ice_add_local_addr() and its neighbours. */
AUGER_API int auger_peer_add_local_addr(struct auger_peer *peer, auger_time now,
                                        const struct auger_addr *base) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_remove_local_addr(struct auger_peer *peer, auger_time now,
                                           const struct auger_addr *base) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_add_mapped_addr(struct auger_peer *peer, auger_time now,
                                         const struct auger_addr *base,
                                         const struct auger_addr *external) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_remove_mapped_addr(struct auger_peer *peer, auger_time now,
                                            const struct auger_addr *base,
                                            const struct auger_addr *external);
AUGER_API int auger_peer_set_nat64(struct auger_peer *peer, auger_time now,
                                   const struct auger_nat64 *nat64) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_add_stun_server(struct auger_peer *peer, auger_time now,
                                         const struct auger_addr *server) AUGER_CHECK_RESULT;
/* Of streams too: <auger/ice.h> says what they are, and who opens them. */
AUGER_API int auger_peer_add_turn_server_sized(struct auger_peer *peer, auger_time now,
                                               const struct auger_ice_turn_server *server,
                                               size_t size) AUGER_CHECK_RESULT;
#define auger_peer_add_turn_server(peer, now, server)                                              \
    auger_peer_add_turn_server_sized((peer), (now), (server), sizeof(struct auger_ice_turn_server))
AUGER_API void auger_peer_stream_lost(struct auger_peer *peer, auger_time now,
                                      const struct auger_path *path);
AUGER_API void auger_peer_path_moved(struct auger_peer *peer, auger_time now,
                                     const struct auger_path *path);
/* As auger_ice_add_helper_addrs() in <auger/ice_predict.h>. */
AUGER_API int auger_peer_add_helper_addrs(struct auger_peer *peer, auger_time now,
                                          const struct auger_addr *addrs,
                                          size_t len) AUGER_CHECK_RESULT;
AUGER_API void auger_peer_end_of_local_addrs(struct auger_peer *peer, auger_time now);

/* As in <auger/ice_share.h>, for who drives peers on shared sockets himself; those of
 * <auger/io.h> need it for credentials alone, and before any description. */
AUGER_API int auger_peer_share_sockets(struct auger_peer *peer, uint32_t tag) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_refuse_path(struct auger_peer *peer, auger_time now,
                                     const struct auger_path *path) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_set_local_credentials(struct auger_peer *peer, const char *ufrag,
                                               const char *password) AUGER_CHECK_RESULT;

/* Offer and answer (RFC 9429), NUL-terminated, with the candidates known so far;
 * each is the local description from then on.  The length; AUGER_ERR_STATE,
 * AUGER_ERR_BUFFER. */
AUGER_API int auger_peer_create_offer(struct auger_peer *peer, auger_time now, char *buf,
                                      size_t cap) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_create_answer(struct auger_peer *peer, auger_time now, char *buf,
                                       size_t cap) AUGER_CHECK_RESULT;
/* The next offer restarts ICE (RFC 8445 section 9); data goes on meanwhile.  It is the
 * way out of AUGER_PEER_FAILED when ICE or consent was the reason.  A restart that
 * the peer offers first takes its place.  AUGER_ERR_STATE: closed, or failed for
 * another reason. */
AUGER_API int auger_peer_restart(struct auger_peer *peer, auger_time now) AUGER_CHECK_RESULT;
/* Takes back an offer of ours that waits for its answer (RFC 9429 section 5.7); if it
 * was to restart, the next one will.  AUGER_ERR_STATE: none waits.
 *
 * When two offers cross, each side's auger_peer_set_remote_description() says
 * AUGER_ERR_STATE.  Signalling decides beforehand who then gives way, for instance who
 * answered first of all: it rolls back, and takes and answers the other's offer.  The
 * other side ignores the offer that it was refused. */
AUGER_API int auger_peer_rollback(struct auger_peer *peer, auger_time now) AUGER_CHECK_RESULT;
/* The local description with all candidates gathered until now. */
AUGER_API int auger_peer_local_description(struct auger_peer *peer, char *buf,
                                           size_t cap) AUGER_CHECK_RESULT;
/* Whether the local description may go to the peer now.  Where candidates follow it, as soon
 * as there is one; else when all are in it: ask again after AUGER_PEER_EVENT_GATHERED, and
 * signal what auger_peer_local_description() then says.  Candidates that were told before
 * need not be signalled. */
AUGER_API bool auger_peer_may_signal(const struct auger_peer *peer);
/* AUGER_ERR_MALFORMED and the parser's other errors (`error` says where; may be
 * NULL), AUGER_ERR_STATE for an answer to no offer and for an offer while ours waits,
 * AUGER_ERR_UNSUPPORTED for a description without data channels, without a
 * fingerprint, or with another one than before, and for an answer with ice-mismatch.  An offer with
 * new credentials restarts ICE, and the answer will have new ones too; an answer has them if and
 * only if our offer was to restart. */
AUGER_API int auger_peer_set_remote_description(struct auger_peer *peer, auger_time now,
                                                enum auger_sdp_type type, const char *text,
                                                size_t len,
                                                struct auger_sdp_error *error) AUGER_CHECK_RESULT;
/* A trickled candidate line; an empty one is the end of candidates.  Errors as
 * auger_cand_parse() and auger_ice_add_remote_cand(); AUGER_ERR_STATE before the
 * remote description. */
AUGER_API int auger_peer_add_remote_candidate(struct auger_peer *peer, auger_time now,
                                              const char *line, size_t len) AUGER_CHECK_RESULT;

/* Data channels: as in <auger/sctp.h>. */
AUGER_API int auger_peer_channel_open(struct auger_peer *peer, auger_time now,
                                      const struct auger_channel_options *options,
                                      auger_channel *channel) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_channel_options(const struct auger_peer *peer, auger_channel channel,
                                         struct auger_channel_options *options) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_send(struct auger_peer *peer, auger_time now, auger_channel channel,
                              enum auger_message_kind kind, const void *data,
                              size_t len) AUGER_CHECK_RESULT;
AUGER_API size_t auger_peer_buffered_amount(const struct auger_peer *peer, auger_channel channel);
AUGER_API int auger_peer_set_low_water(struct auger_peer *peer, auger_channel channel,
                                       size_t threshold) AUGER_CHECK_RESULT;
AUGER_API int auger_peer_channel_close(struct auger_peer *peer, auger_time now,
                                       auger_channel channel) AUGER_CHECK_RESULT;
/* Sends what is buffered, says close_notify, ends in AUGER_PEER_CLOSED within 2 s, and gives
 * relayed addresses back. */
AUGER_API void auger_peer_close(struct auger_peer *peer, auger_time now);
/* Before it is freed: closed at once, without a word to the other side, and what
 * auger_peer_poll_transmit() writes from now on gives relayed addresses back; it is over when
 * auger_peer_next_timeout() is AUGER_NEVER. */
AUGER_API void auger_peer_release(struct auger_peer *peer, auger_time now);

enum auger_peer_event_type {
    AUGER_PEER_EVENT_CANDIDATE,      /* .candidate: a line to signal */
    AUGER_PEER_EVENT_GATHERED,       /* no more will come: signal the end */
    AUGER_PEER_EVENT_ICE_STATE,      /* .ice_state */
    AUGER_PEER_EVENT_STATE,          /* .state, and .reason when it is an end */
    AUGER_PEER_EVENT_PATH,           /* .path: data flows here from now on */
    AUGER_PEER_EVENT_CHANNEL,        /* the peer opened .channel; it is open */
    AUGER_PEER_EVENT_CHANNEL_OPEN,   /* .channel of ours is open */
    AUGER_PEER_EVENT_MESSAGE,        /* .channel, .kind, .data */
    AUGER_PEER_EVENT_LOW_WATER,      /* .channel */
    AUGER_PEER_EVENT_CHANNEL_CLOSED, /* .channel */
    AUGER_PEER_EVENT_RESTART_FAILED, /* a restart found no path; data goes on as before */
    AUGER_PEER_EVENT_RESTART_WANTED, /* as AUGER_ICE_EVENT_RESTART_WANTED: offer a restart */
    /* As AUGER_ICE_EVENT_HELPERS_WANTED and _DONE; of a peer of <auger/io.h> not told. */
    AUGER_PEER_EVENT_HELPERS_WANTED, /* .helpers */
    AUGER_PEER_EVENT_HELPERS_DONE,
};
/* Pointers are valid until the next call on the peer. */
struct auger_peer_event {
    enum auger_peer_event_type type;
    const char *candidate; /* "candidate:..." */
    enum auger_ice_state ice_state;
    enum auger_peer_state state;
    enum auger_peer_reason reason;
    enum auger_dtls_failure dtls;
    uint8_t alert_hint; /* of DTLS, also where its path was lost before it was done */
    struct auger_path path;
    auger_channel channel;
    enum auger_message_kind kind;
    struct auger_bytes data;
    struct auger_ice_helpers helpers;
};

AUGER_API void auger_peer_handle_datagram(struct auger_peer *peer, auger_time now,
                                          const struct auger_path *path, const uint8_t *buf,
                                          size_t len);
AUGER_API void auger_peer_handle_timeout(struct auger_peer *peer, auger_time now);
AUGER_API size_t auger_peer_poll_transmit(struct auger_peer *peer, auger_time now,
                                          struct auger_path *path, uint8_t *buf, size_t cap);
AUGER_API bool auger_peer_poll_event(struct auger_peer *peer, struct auger_peer_event *event);
AUGER_API auger_time auger_peer_next_timeout(const struct auger_peer *peer);

/* --- looking inside ------------------------------------------------------------ */

struct auger_peer_info {
    enum auger_peer_state state;
    enum auger_ice_state ice_state;
    bool has_path;
    struct auger_ice_pair_info selected; /* where has_path: the one that carries data */
    const char *dtls_version, *dtls_cipher;
    enum auger_dtls_role dtls_role;
    uint64_t bytes_sent, bytes_received, datagrams_sent,
        datagrams_received; /* of application data */
    uint64_t dropped;       /* datagrams on a path that were neither STUN nor DTLS */
};
AUGER_API void auger_peer_info_sized(const struct auger_peer *peer, struct auger_peer_info *info,
                                     size_t size);
#define auger_peer_get_info(peer, info) auger_peer_info_sized((peer), (info), sizeof(*(info)))
/* The agent inside, for auger_ice_pairs() and its neighbours; not to be driven. */
AUGER_API const struct auger_ice *auger_peer_ice(const struct auger_peer *peer);
AUGER_API int auger_peer_export(struct auger_peer *peer, const char *label, uint8_t *out,
                                size_t len) AUGER_CHECK_RESULT;

#ifdef __cplusplus
}
#endif

#endif /* AUGER_PEER_H */
