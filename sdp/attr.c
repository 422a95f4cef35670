/* sdp/attr.c - the attributes that we understand, one row each; every other one
 * is skipped (RFC 8866 section 5.13). */
#include "sdp/parse.h"
#include "sdp/text.h"

enum level { SESSION = 1, MEDIA = 2 };

/* Where the transport attributes of the current line go. */
static struct auger_sdp_transport *transport_of(struct auger_sdp_parser *parser)
{
    return parser->section ? &parser->section->transport : &parser->session;
}

static int malformed(struct auger_sdp_parser *parser, const char *what)
{
    return auger_sdp_fail(parser, AUGER_ERR_MALFORMED, what);
}

/* --- ICE: RFC 8839 ------------------------------------------------------------ */

/* 5.4 */
static int read_ufrag(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_sdp_transport *transport = transport_of(parser);

    if (!auger_text_is_ice_chars(value, 4, 256))
        return malformed(parser, "ice-ufrag: 4 to 256 ice-chars");
    if (transport->ufrag.len)
        return malformed(parser, "ice-ufrag: given twice");
    transport->ufrag = value;
    return 0;
}

static int read_password(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_sdp_transport *transport = transport_of(parser);

    if (!auger_text_is_ice_chars(value, 22, 256))
        return malformed(parser, "ice-pwd: 22 to 256 ice-chars");
    if (transport->password.len)
        return malformed(parser, "ice-pwd: given twice");
    transport->password = value;
    return 0;
}

/* 5.6 separates the options by spaces; a comma is seen in the field. */
static int read_options(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_sdp_transport *transport = transport_of(parser);
    struct auger_text words = value;

    while (words.len) {
        struct auger_text word = auger_text_take_word(&words);
        while (word.len) {
            struct auger_text option = auger_text_take_until(&word, ',');
            transport->ice2 |= auger_text_is(option, "ice2");
            transport->trickle |= auger_text_is(option, "trickle");
            transport->renomination |= auger_text_is(option, "renomination");
        }
    }
    return 0;
}

/* 5.3 */
static int read_lite(struct auger_sdp_parser *parser, struct auger_text value)
{
    (void)value;
    parser->session.ice_lite = true;
    return 0;
}

/* 5.3 */
static int read_mismatch(struct auger_sdp_parser *parser, struct auger_text value)
{
    (void)value;
    parser->section->ice_mismatch = true;
    return 0;
}

/* 5.2: a component, an address and a port, for each component.  Read for its form alone
 * (RFC 9429 section 5.8.2). */
static int read_remote_candidates(struct auger_sdp_parser *parser, struct auger_text value)
{
    uint64_t component, port;

    do {
        struct auger_text id = auger_text_take_word(&value);
        struct auger_text address = auger_text_take_word(&value);
        struct auger_text number = auger_text_take_word(&value);
        if (!auger_text_to_uint(id, 256, &component) || component == 0 || address.len == 0 ||
            !auger_text_to_uint(number, UINT16_MAX, &port))
            return malformed(parser, "remote-candidates: component, address and port of each");
    } while (value.len);
    parser->section->has_remote_candidate = true;
    return 0;
}

/* 5.5: 1*10DIGIT. */
static int read_pacing(struct auger_sdp_parser *parser, struct auger_text value)
{
    uint64_t ms;

    if (!auger_text_to_uint(value, UINT32_MAX, &ms))
        return malformed(parser, "ice-pacing: milliseconds");
    parser->session.pacing_ms = (uint32_t)ms;
    return 0;
}

/* 5.1 is for the agent to read, line by line: what it does not understand costs
 * one candidate and not the description.  Those beyond the table are dropped. */
static int read_candidate(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_sdp *sdp = parser->sdp;
    struct auger_sdp_section *section = parser->section;
    static const size_t name = sizeof("candidate:") - 1;

    if (value.len && section->candidates_len < AUGER_SDP_CANDS_MAX &&
        sdp->candidates_len < AUGER_SDP_ALL_CANDS_MAX) {
        sdp->candidates[sdp->candidates_len++] =
            (struct auger_text){value.data - name, value.len + name};
        section->candidates_len++;
    }
    return 0;
}

/* RFC 8840 section 8.2, and session-wide as 8838 section 13 permits. */
static int read_end_of_candidates(struct auger_sdp_parser *parser, struct auger_text value)
{
    (void)value;
    parser->section->end_of_candidates = true;
    return 0;
}

/* --- DTLS: RFC 8122, 4145 ------------------------------------------------------ */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* RFC 8122 section 5: two digits, and ":" between; of the longest hash 64. */
static bool is_hash_value(struct auger_text text)
{
    if (text.len < 2 || text.len > 64 * 3 - 1 || text.len % 3 != 2)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (i % 3 == 2 ? text.data[i] != ':' : !is_hex(text.data[i]))
            return false;
    return true;
}

static int read_fingerprint(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_sdp_transport *transport = transport_of(parser);
    struct auger_text rest = value;
    struct auger_text hash = auger_text_take_until(&rest, ' ');

    if (!auger_text_is_token(hash) || !is_hash_value(rest))
        return malformed(parser, "fingerprint: a hash function, a space, XX:XX:...");
    if (transport->fingerprints_len == AUGER_SDP_FINGERPRINTS_MAX)
        return auger_sdp_fail(parser, AUGER_ERR_LIMIT, "fingerprint: more than 4");
    transport->fingerprints[transport->fingerprints_len++] = value;
    return 0;
}

static int read_setup(struct auger_sdp_parser *parser, struct auger_text value)
{
    static const struct {
        const char *name;
        enum auger_sdp_setup setup;
    } setups[] = {
        {"active", AUGER_SETUP_ACTIVE},
        {"passive", AUGER_SETUP_PASSIVE},
        {"actpass", AUGER_SETUP_ACTPASS},
        {"holdconn", AUGER_SETUP_HOLDCONN},
    };
    struct auger_sdp_transport *transport = transport_of(parser);

    if (transport->setup != AUGER_SETUP_NONE)
        return malformed(parser, "setup: given twice");
    for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++)
        if (auger_text_is(value, setups[i].name))
            transport->setup = setups[i].setup;
    if (transport->setup == AUGER_SETUP_NONE)
        return malformed(parser, "setup: active, passive, actpass or holdconn");
    return 0;
}

/* --- grouping: RFC 5888, 8843 --------------------------------------------------- */

static int read_mid(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_sdp *sdp = parser->sdp;

    if (!auger_text_is_token(value) || value.len >= AUGER_SDP_MID_MAX)
        return malformed(parser, "mid: a token of at most 64 characters");
    if (parser->section->mid.len)
        return malformed(parser, "mid: given twice");
    for (size_t i = 0; i < sdp->sections_len; i++)
        if (auger_text_equal(sdp->sections[i].mid, value))
            return malformed(parser, "mid: of another section already");
    parser->section->mid = value;
    return 0;
}

/* The tags are looked up when every section is known. */
static int read_group(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_text tags = value;

    if (!auger_text_is(auger_text_take_word(&tags), "BUNDLE"))
        return 0;
    if (parser->bundles_len == AUGER_SDP_SECTIONS_MAX)
        return auger_sdp_fail(parser, AUGER_ERR_LIMIT, "group: more than 32 of BUNDLE");
    parser->bundles[parser->bundles_len++] = tags;
    return 0;
}

static int read_bundle_only(struct auger_sdp_parser *parser, struct auger_text value)
{
    (void)value;
    parser->section->bundle_only = true;
    return 0;
}

/* --- SCTP: RFC 8841 --------------------------------------------------------------- */

/* 5.2; port 0 is reserved. */
static int read_sctp_port(struct auger_sdp_parser *parser, struct auger_text value)
{
    uint64_t port;

    if (!auger_text_to_uint(value, UINT16_MAX, &port) || port == 0 ||
        auger_text_has_leading_zero(value))
        return malformed(parser, "sctp-port: 1 to 65535");
    if (parser->section->sctp_port)
        return malformed(parser, "sctp-port: given twice");
    parser->section->sctp_port = (uint16_t)port;
    return 0;
}

/* 6.2 */
static int read_max_message_size(struct auger_sdp_parser *parser, struct auger_text value)
{
    uint64_t size;

    if (!auger_text_to_uint(value, UINT64_MAX, &size) || auger_text_has_leading_zero(value))
        return malformed(parser, "max-message-size: bytes, without leading zeros");
    if (parser->has_size)
        return malformed(parser, "max-message-size: given twice");
    parser->section->max_message_size = size;
    parser->has_size = true;
    return 0;
}

/* "5000 webrtc-datachannel 1024", of the drafts before 8841. */
static int read_sctpmap(struct auger_sdp_parser *parser, struct auger_text value)
{
    parser->map = value;
    return 0;
}

/* --- the table --------------------------------------------------------------------- */

static const struct attribute {
    const char *name;
    unsigned levels; /* of enum level */
    int (*read)(struct auger_sdp_parser *parser, struct auger_text value);
} attributes[] = {
    {"bundle-only", MEDIA, read_bundle_only},
    {"candidate", MEDIA, read_candidate},
    {"end-of-candidates", MEDIA, read_end_of_candidates},
    {"fingerprint", SESSION | MEDIA, read_fingerprint},
    {"group", SESSION, read_group},
    {"ice-lite", SESSION, read_lite},
    {"ice-mismatch", MEDIA, read_mismatch},
    {"ice-options", SESSION | MEDIA, read_options},
    {"ice-pacing", SESSION, read_pacing},
    {"ice-pwd", SESSION | MEDIA, read_password},
    {"ice-ufrag", SESSION | MEDIA, read_ufrag},
    {"max-message-size", MEDIA, read_max_message_size},
    {"mid", MEDIA, read_mid},
    {"remote-candidates", MEDIA, read_remote_candidates},
    {"sctp-port", MEDIA, read_sctp_port},
    {"sctpmap", MEDIA, read_sctpmap},
    {"setup", SESSION | MEDIA, read_setup},
};

int auger_sdp_parse_attribute(struct auger_sdp_parser *parser, struct auger_text line)
{
    unsigned level = parser->section ? MEDIA : SESSION;
    struct auger_text value = line;
    struct auger_text name = auger_text_take_until(&value, ':');

    if (name.len == 0)
        return malformed(parser, "a=: the name of an attribute");
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (auger_text_is(name, attributes[i].name) && attributes[i].levels & level)
            return attributes[i].read(parser, value);
    return 0;
}
