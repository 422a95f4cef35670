/* sdp/parse.c - reading a description: its lines (RFC 8866 section 5), its
 * sections, and what they inherit.  The attributes are in attr.c. */
#include "sdp/parse.h"
#include "sdp/section.h"
#include "sdp/text.h"

int auger_sdp_fail(struct auger_sdp_parser *parser, enum auger_err err, const char *what)
{
    if (parser->error)
        *parser->error = (struct auger_sdp_error){.line = parser->line, .what = what};
    return err;
}

static int malformed(struct auger_sdp_parser *parser, const char *what)
{
    return auger_sdp_fail(parser, AUGER_ERR_MALFORMED, what);
}

/* --- sections --------------------------------------------------------------------- */

/* A section of data channels says so in the m= line, as 8841 section 4 has it,
 * or in sctpmap, where the m= line gave the SCTP port. */
static void recognise_data(struct auger_sdp_parser *parser, struct auger_sdp_section *section)
{
    struct auger_text map = parser->map;
    uint64_t port;

    if (!auger_text_is(section->media, "application"))
        return;
    if (auger_text_is(section->protocol, "UDP/DTLS/SCTP") ||
        auger_text_is(section->protocol, "TCP/DTLS/SCTP")) {
        section->is_data = auger_text_is(section->formats, "webrtc-datachannel");
    } else if (auger_text_is(section->protocol, "DTLS/SCTP") &&
               auger_text_to_uint(section->formats, UINT16_MAX, &port) && port > 0 &&
               auger_text_equal(auger_text_take_word(&map), section->formats)) {
        section->is_data = auger_text_is(auger_text_take_word(&map), "webrtc-datachannel");
        section->sctp_port = (uint16_t)port;
    }
}

static void end_section(struct auger_sdp_parser *parser)
{
    struct auger_sdp_section *section = parser->section;

    if (!section)
        return;
    recognise_data(parser, section);
    if (section->is_data && section->sctp_port == 0)
        section->sctp_port = 5000;
    if (section->is_data && !parser->has_size)
        section->max_message_size = 65536; /* 8841 section 6.1 */
    parser->map = (struct auger_text){0};
    parser->has_size = false;
}

/* "application 9 UDP/DTLS/SCTP webrtc-datachannel"; the port may have a count of
 * ports behind it ("9/2"). */
static int begin_section(struct auger_sdp_parser *parser, struct auger_text line)
{
    struct auger_sdp *sdp = parser->sdp;
    struct auger_text media = auger_text_take_word(&line);
    struct auger_text ports = auger_text_take_word(&line);
    struct auger_text port_text = auger_text_take_until(&ports, '/');
    struct auger_text protocol = auger_text_take_word(&line);
    uint64_t port;

    end_section(parser);
    if (sdp->sections_len == AUGER_SDP_SECTIONS_MAX)
        return auger_sdp_fail(parser, AUGER_ERR_LIMIT, "m=: more than 32 sections");
    if (!auger_text_is_token(media) || protocol.len == 0 || line.len == 0)
        return malformed(parser, "m=: media, port, protocol and formats");
    if (!auger_text_to_uint(port_text, UINT16_MAX, &port))
        return malformed(parser, "m=: a port of 0 to 65535");
    parser->section = &sdp->sections[sdp->sections_len++];
    *parser->section = (struct auger_sdp_section){
        .media = media,
        .port = (uint32_t)port,
        .protocol = protocol,
        .formats = line,
        .candidates_at = sdp->candidates_len,
    };
    return 0;
}

/* A value of the section wins over the session's, each for itself; options add up
 * (RFC 8839 section 5.6). */
static void inherit(struct auger_sdp_transport *own, const struct auger_sdp_transport *session)
{
    if (own->ufrag.len == 0)
        own->ufrag = session->ufrag;
    if (own->password.len == 0)
        own->password = session->password;
    if (own->setup == AUGER_SETUP_NONE)
        own->setup = session->setup;
    if (own->fingerprints_len == 0) {
        memcpy(own->fingerprints, session->fingerprints, sizeof(own->fingerprints));
        own->fingerprints_len = session->fingerprints_len;
    }
    own->ice2 |= session->ice2;
    own->trickle |= session->trickle;
    own->renomination |= session->renomination;
    own->ice_lite = session->ice_lite;
    own->pacing_ms = session->pacing_ms;
}

static int find_mid(const struct auger_sdp *sdp, struct auger_text mid)
{
    for (int i = 0; i < sdp->sections_len; i++)
        if (sdp->sections[i].mid.len && auger_text_equal(sdp->sections[i].mid, mid))
            return i;
    return -1;
}

/* Tags that name no section, or one for the second time, are skipped. */
static void resolve_bundle(struct auger_sdp *sdp, struct auger_text tags)
{
    sdp->bundle_len = 0;
    while (tags.len) {
        int section = find_mid(sdp, auger_text_take_word(&tags));
        if (section >= 0 && !auger_sdp_section_is_bundled(sdp, section))
            sdp->bundle[sdp->bundle_len++] = (uint8_t)section;
    }
}

/* Of several groups the one with the data section counts, else the first. */
static void resolve_bundles(struct auger_sdp_parser *parser)
{
    for (size_t i = parser->bundles_len; i-- > 0;) {
        resolve_bundle(parser->sdp, parser->bundles[i]);
        if (auger_sdp_section_is_bundled(parser->sdp, parser->sdp->data_section))
            return;
    }
}

static void finish(struct auger_sdp_parser *parser)
{
    struct auger_sdp *sdp = parser->sdp;

    end_section(parser);
    sdp->data_section = -1;
    for (int i = sdp->sections_len - 1; i >= 0; i--) {
        inherit(&sdp->sections[i].transport, &parser->session);
        if (sdp->sections[i].address.len == 0)
            sdp->sections[i].address = parser->session_address;
        if (sdp->sections[i].is_data && !auger_sdp_section_is_rejected(&sdp->sections[i]))
            sdp->data_section = (int8_t)i;
    }
    resolve_bundles(parser);
}

/* --- lines ------------------------------------------------------------------------ */

static size_t count_words(struct auger_text text)
{
    size_t count = 0;

    while (auger_text_take_word(&text).len)
        count++;
    return count;
}

/* 5.7: "IN IP4 0.0.0.0".  ICE takes the place of what it says; the first of a section counts. */
static int read_connection(struct auger_sdp_parser *parser, struct auger_text value)
{
    struct auger_text *address =
        parser->section ? &parser->section->address : &parser->session_address;

    if (count_words(value) != 3)
        return malformed(parser, "c=: network, family and address");
    auger_text_take_word(&value);
    auger_text_take_word(&value);
    if (address->len == 0)
        *address = auger_text_take_word(&value);
    return 0;
}

static int read_line(struct auger_sdp_parser *parser, char type, struct auger_text value)
{
    switch (type) {
    case 'm':
        return begin_section(parser, value);
    case 'a':
        return auger_sdp_parse_attribute(parser, value);
    case 'c':
        return read_connection(parser, value);
    case 't':
        return count_words(value) == 2 ? 0 : malformed(parser, "t=: a start and a stop time");
    case 'i':
    case 'b':
    case 'k':
        return 0;
    case 'u':
    case 'e':
    case 'p':
    case 'r':
    case 'z':
        return parser->section ? malformed(parser, "u=, e=, p=, r=, z=: in a section") : 0;
    case 'v':
    case 'o':
    case 's':
        return malformed(parser, "v=, o=, s=: in the first three lines alone");
    }
    return malformed(parser, "a line of an unknown type"); /* 5 */
}

/* The three lines that begin every description. */
static int read_head(struct auger_sdp_parser *parser, char type, struct auger_text value)
{
    if (parser->line == 1)
        return type == 'v' && auger_text_is(value, "0") ? 0 : malformed(parser, "v=0: missing");
    if (parser->line == 2)
        return type == 'o' && count_words(value) == 6
                   ? 0
                   : malformed(parser, "o=: six words are to follow v=0");
    return type == 's' ? 0 : malformed(parser, "s=: is to follow o=");
}

/* Takes the next line, which ends in CRLF or LF. */
static struct auger_text take_line(struct auger_text *rest)
{
    struct auger_text line = auger_text_take_until(rest, '\n');

    if (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_blank(struct auger_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '\r' && text.data[i] != '\n')
            return false;
    return true;
}

static int parse_line(struct auger_sdp_parser *parser, struct auger_text line)
{
    if (line.len > AUGER_SDP_LINE_MAX)
        return auger_sdp_fail(parser, AUGER_ERR_TOO_LARGE, "a line above 4096 bytes");
    if (line.len < 2 || line.data[1] != '=')
        return malformed(parser, "a line is a letter, =, and a value");
    if (memchr(line.data, '\0', line.len) || memchr(line.data, '\r', line.len))
        return malformed(parser, "a NUL or a CR inside a line");

    struct auger_text value = {line.data + 2, line.len - 2};
    return parser->line <= 3 ? read_head(parser, line.data[0], value)
                             : read_line(parser, line.data[0], value);
}

int auger_sdp_parse(struct auger_sdp *out, const char *text, size_t len,
                    struct auger_sdp_error *error)
{
    struct auger_sdp_parser parser = {.sdp = out, .error = error};
    struct auger_text rest = {text, len};

    if (len > AUGER_SDP_MAX)
        return auger_sdp_fail(&parser, AUGER_ERR_TOO_LARGE, "a description above 64 KiB");
    *out = (struct auger_sdp){.data_section = -1};
    while (!is_blank(rest)) {
        parser.line++;
        int err = parse_line(&parser, take_line(&rest));
        if (err < 0)
            return err;
    }
    if (parser.line < 3)
        return malformed(&parser, "v=, o= and s=: a description has all three");
    finish(&parser);
    return 0;
}
