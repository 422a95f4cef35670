/*
 * auger/sdp.h - session descriptions: RFC 8866, with what 8839, 8122, 8842, 8841,
 * 8843 and 9429 put into them for data channels.
 *
 * Values, no engine: a description is read into a struct, answered, and written
 * from a struct.  Only what is understood is kept; nothing unknown is echoed.
 *
 * Errors   0, a length, or a negative enum auger_err; auger_sdp_error says where.
 * Memory   none beyond the caller's structs; texts point into what was parsed.
 * Threads  values are plain data.
 */
#ifndef AUGER_SDP_H
#define AUGER_SDP_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUGER_SDP_MAX 65536 /* bytes of a description */
#define AUGER_SDP_SECTIONS_MAX 32
#define AUGER_SDP_LINE_MAX 4096
#define AUGER_SDP_CANDS_MAX 64      /* of a section */
#define AUGER_SDP_ALL_CANDS_MAX 256 /* of all; those beyond either are dropped */
#define AUGER_SDP_FINGERPRINTS_MAX 4
#define AUGER_SDP_MID_MAX 65 /* with its NUL */

/* Not NUL-terminated; points into the parsed text. */
struct auger_text {
    const char *data;
    size_t len;
};

enum auger_sdp_type { AUGER_SDP_OFFER, AUGER_SDP_ANSWER };

enum auger_sdp_setup {
    AUGER_SETUP_NONE,
    AUGER_SETUP_ACTIVE,
    AUGER_SETUP_PASSIVE,
    AUGER_SETUP_ACTPASS,
    AUGER_SETUP_HOLDCONN,
};

/* The transport parameters of a section: its own, else those of the session. */
struct auger_sdp_transport {
    struct auger_text ufrag, password;                          /* empty: absent */
    struct auger_text fingerprints[AUGER_SDP_FINGERPRINTS_MAX]; /* "sha-256 AB:..." */
    uint8_t fingerprints_len;
    enum auger_sdp_setup setup;
    bool ice2, trickle, renomination; /* a=ice-options */
    bool ice_lite;                    /* a=ice-lite, of the session */
    uint32_t pacing_ms;               /* a=ice-pacing; 0: absent */
};

struct auger_sdp_section {
    struct auger_text media;    /* "application", "audio" */
    struct auger_text protocol; /* "UDP/DTLS/SCTP" */
    struct auger_text formats;  /* "webrtc-datachannel", "96 97" */
    uint32_t port;              /* 0: rejected, unless bundle-only */
    struct auger_text address;  /* of c=: its own, else the session's; empty: none */
    struct auger_text mid;
    bool bundle_only;
    bool is_data; /* a data channel section, in the form of 8841 or the older one */
    struct auger_sdp_transport transport;
    uint16_t sctp_port;                     /* of a data section */
    uint64_t max_message_size;              /* of a data section; 65536 when absent, 0: any */
    uint16_t candidates_at, candidates_len; /* in .candidates of the description */
    bool end_of_candidates;
    bool ice_mismatch;         /* of an answer: it goes without ICE (RFC 8839 section 5.3) */
    bool has_remote_candidate; /* a=remote-candidates, of which the addresses are not kept */
};

struct auger_sdp {
    struct auger_text candidates[AUGER_SDP_ALL_CANDS_MAX]; /* "candidate:..." */
    uint16_t candidates_len;
    struct auger_sdp_section sections[AUGER_SDP_SECTIONS_MAX];
    uint8_t sections_len;
    /* The section of the data channels, the first that is not rejected; -1: none. */
    int8_t data_section;
    /* In a=group:BUNDLE, as indices of sections; the first is the tagged one. */
    uint8_t bundle[AUGER_SDP_SECTIONS_MAX];
    uint8_t bundle_len;
};

struct auger_sdp_error {
    uint32_t line;    /* counted from 1; 0: the description as a whole */
    const char *what; /* static: "ice-ufrag: 4 to 256 ice-chars" */
};

/* AUGER_ERR_MALFORMED, AUGER_ERR_TOO_LARGE, AUGER_ERR_LIMIT: `out` is then unset.
 * `error` may be NULL. */
AUGER_API int auger_sdp_parse(struct auger_sdp *out, const char *text, size_t len,
                              struct auger_sdp_error *error) AUGER_CHECK_RESULT;

/* The section whose transport parameters and candidates count for the data
 * section, NULL where there is none: in an answer BUNDLE's tagged section (RFC 8843
 * section 7.3.1).  An offer's data section is the tagged one of our answer, which
 * rejects every other; so it is itself there, unless it is bundle-only and says
 * nothing. */
AUGER_API const struct auger_sdp_section *auger_sdp_carrier(const struct auger_sdp *sdp,
                                                            enum auger_sdp_type type);

/* Whether the default destination in c= and m= is none of the section's candidates, so that
 * something on the way may have changed it (RFC 8839 section 4.2.5).  Port 9, 0.0.0.0, ::,
 * and what is no address are none. */
AUGER_API bool auger_sdp_is_mismatch(const struct auger_sdp *sdp,
                                     const struct auger_sdp_section *section);

/* What we say of ourselves. */
struct auger_sdp_local {
    uint64_t session_id;      /* of the o= line; below 2^63 */
    uint32_t session_version; /* one more in each description */
    const char *ufrag, *password, *fingerprint;
    enum auger_sdp_setup setup; /* actpass in an offer, active or passive in an answer */
    uint16_t sctp_port;
    uint32_t max_message_size;
    const char *const *candidates; /* "candidate:..." lines; may be NULL */
    size_t candidates_len;
    bool end_of_candidates;
    const struct auger_addr *default_addr; /* for c= and m=; NULL: 0.0.0.0 and port 9 */
    bool ice_lite;
    uint32_t pacing_ms; /* 0: not said */
    bool renomination;  /* among the ICE options */
    bool no_trickle;    /* a=ice-options says nothing of it */
    /* For a=remote-candidates, of an offer of the controlling side with a selected pair
     * (RFC 8839 section 4.4.1.2.2); NULL: not said. */
    const struct auger_addr *remote_addr;
};

/* An offer of one data section, or an answer: the sections of `offer` in their
 * order, its data section accepted and every other one rejected with port 0
 * (RFC 3264 section 6).  NUL-terminated.  The length, or AUGER_ERR_BUFFER,
 * AUGER_ERR_INVALID. */
AUGER_API int auger_sdp_write_offer(const struct auger_sdp_local *local, char *buf,
                                    size_t cap) AUGER_CHECK_RESULT;
/* A further offer: the sections of `before`, the peer's latest description, in their
 * order, with the data section alone offered (RFC 3264 section 8). */
AUGER_API int auger_sdp_write_reoffer(const struct auger_sdp_local *local,
                                      const struct auger_sdp *before, char *buf,
                                      size_t cap) AUGER_CHECK_RESULT;
AUGER_API int auger_sdp_write_answer(const struct auger_sdp_local *local,
                                     const struct auger_sdp *offer, char *buf,
                                     size_t cap) AUGER_CHECK_RESULT;

/* Whether `answer` answers `offer`: the same sections in their order, setup active
 * or passive and not that of the offer: else AUGER_ERR_MALFORMED.  The data section
 * rejected: AUGER_ERR_UNSUPPORTED. */
AUGER_API int auger_sdp_check_answer(const struct auger_sdp *offer, const struct auger_sdp *answer,
                                     struct auger_sdp_error *error) AUGER_CHECK_RESULT;
/* The role that the answerer takes, given what was offered (RFC 8842 section 5.3):
 * AUGER_SETUP_ACTIVE or _PASSIVE, or AUGER_ERR_INVALID.  `preferred` counts where
 * the offer leaves the choice. */
AUGER_API int auger_sdp_answer_setup(enum auger_sdp_setup offered,
                                     enum auger_sdp_setup preferred) AUGER_CHECK_RESULT;

enum auger_sdp_restart { AUGER_RESTART_NO, AUGER_RESTART_YES, AUGER_RESTART_BROKEN };
/* Whether the credentials changed between two descriptions of one side: both did,
 * neither did, or one alone, which no peer may do (RFC 9429 section 5.10). */
AUGER_API enum auger_sdp_restart auger_sdp_is_restart(const struct auger_sdp_transport *before,
                                                      const struct auger_sdp_transport *after);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_SDP_H */
