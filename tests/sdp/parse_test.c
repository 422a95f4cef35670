/* Reading descriptions: what wins, what is skipped, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/sdp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define DATA "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define PWD22 "abcdefghijklmnopqrstuv"

static int parse(struct auger_sdp *sdp, const char *text, struct auger_sdp_error *error)
{
    return auger_sdp_parse(sdp, text, strlen(text), error);
}

static void must_parse(struct auger_sdp *sdp, const char *text)
{
    struct auger_sdp_error error;

    if (parse(sdp, text, &error) < 0)
        fail_msg("line %u: %s", error.line, error.what);
}

static bool text_is(struct auger_text text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

/* --- inheritance: a section's own attribute goes before the session's ------------------ */

static void what_a_section_lacks_comes_from_the_session(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    must_parse(&sdp,
               HEAD "a=ice-ufrag:sess\r\na=ice-pwd:" PWD22 "\r\na=fingerprint:sha-256 AA:BB\r\n"
                    "a=setup:actpass\r\na=ice-lite\r\na=ice-pacing:20\r\n"
                    "a=ice-options:ice2 trickle\r\n" DATA);
    const struct auger_sdp_transport *transport = &sdp.sections[0].transport;
    assert_true(text_is(transport->ufrag, "sess"));
    assert_true(text_is(transport->password, PWD22));
    assert_true(text_is(transport->fingerprints[0], "sha-256 AA:BB"));
    assert_int_equal(transport->setup, AUGER_SETUP_ACTPASS);
    assert_true(transport->ice_lite && transport->ice2 && transport->trickle);
    assert_int_equal(transport->pacing_ms, 20);
}

static void a_section_wins_over_the_session(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    must_parse(&sdp, HEAD "a=ice-ufrag:sess\r\na=ice-pwd:" PWD22 PWD22
                          "\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n" DATA
                          "a=ice-ufrag:medi\r\na=ice-pwd:" PWD22
                          "\r\na=fingerprint:sha-256 CC:DD\r\na=fingerprint:sha-512 EE\r\n"
                          "a=setup:passive\r\n");
    const struct auger_sdp_transport *transport = &sdp.sections[0].transport;
    assert_true(text_is(transport->ufrag, "medi"));
    assert_true(text_is(transport->password, PWD22));
    assert_int_equal(transport->fingerprints_len, 2);
    assert_true(text_is(transport->fingerprints[0], "sha-256 CC:DD"));
    assert_int_equal(transport->setup, AUGER_SETUP_PASSIVE);
}

/* --- BUNDLE -------------------------------------------------------------------------- */

#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\n"
#define UFRAG_A "a=ice-ufrag:AAAA\r\na=ice-pwd:" PWD22 "\r\n"
#define UFRAG_D "a=ice-ufrag:DDDD\r\na=ice-pwd:" PWD22 "\r\n"

static const struct {
    const char *what, *text;
    enum auger_sdp_type type;
    const char *ufrag;
} bundles[] = {
    {"an answer follows the tagged section",
     HEAD "a=group:BUNDLE a d\r\n" AUDIO UFRAG_A DATA "a=mid:d\r\n" UFRAG_D, AUGER_SDP_ANSWER,
     "AAAA"},
    {"the tag is the first of the group, not the first section",
     HEAD "a=group:BUNDLE d a\r\n" AUDIO UFRAG_A DATA "a=mid:d\r\n" UFRAG_D, AUGER_SDP_ANSWER,
     "DDDD"},
    {"outside of the group a section is for itself",
     HEAD "a=group:BUNDLE a\r\n" AUDIO UFRAG_A DATA "a=mid:d\r\n" UFRAG_D, AUGER_SDP_ANSWER,
     "DDDD"},
    {"an offer's data section will be the tagged one of our answer",
     HEAD "a=group:BUNDLE a d\r\n" AUDIO UFRAG_A DATA "a=mid:d\r\n" UFRAG_D, AUGER_SDP_OFFER,
     "DDDD"},
    {"bundle-only, it has none of its own",
     HEAD "a=group:BUNDLE a d\r\n" AUDIO UFRAG_A
          "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\na=bundle-only\r\n",
     AUGER_SDP_OFFER, "AAAA"},
    {"of two groups the one with the data section counts",
     HEAD "a=group:BUNDLE a\r\na=group:LS a d\r\na=group:BUNDLE d\r\n" AUDIO UFRAG_A DATA
          "a=mid:d\r\n" UFRAG_D,
     AUGER_SDP_ANSWER, "DDDD"},
    {"tags of no section are skipped",
     HEAD "a=group:BUNDLE x d d d a\r\n" AUDIO UFRAG_A DATA "a=mid:d\r\n" UFRAG_D, AUGER_SDP_ANSWER,
     "DDDD"},
};

static void the_bundle_decides_whose_transport_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bundles); i++) {
        struct auger_sdp sdp;
        must_parse(&sdp, bundles[i].text);
        if (!text_is(auger_sdp_carrier(&sdp, bundles[i].type)->transport.ufrag, bundles[i].ufrag))
            fail_msg("not so: %s", bundles[i].what);
        assert_true(sdp.bundle_len <= sdp.sections_len);
    }
}

/* --- data sections: of old and new notation; the first that is offered is the one -------- */

static const struct {
    const char *sections;
    int data_section;
    uint16_t sctp_port;
    uint64_t max_message_size;
} data_sections[] = {
    {DATA "a=sctp-port:5001\r\na=max-message-size:0\r\n", 0, 5001, 0},
    {DATA, 0, 5000, 65536},
    {DATA "a=max-message-size:18446744073709551615\r\n", 0, 5000, UINT64_MAX},
    {"m=application 9 TCP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:7\r\n", 0, 7, 65536},
    {"m=application 9 DTLS/SCTP 5002\r\na=sctpmap:5002 webrtc-datachannel 1024\r\n", 0, 5002,
     65536},
    {"m=application 9/2 DTLS/SCTP 5002\r\na=sctpmap:5002 webrtc-datachannel\r\n", 0, 5002, 65536},
    {"m=application 9 DTLS/SCTP 5002\r\na=sctpmap:5003 webrtc-datachannel 1024\r\n", -1, 0, 0},
    {"m=application 9 DTLS/SCTP 5002\r\na=sctpmap:5002 other 1024\r\n", -1, 0, 0},
    {"m=application 9 DTLS/SCTP 5002\r\n", -1, 0, 0},
    {"m=application 9 UDP/DTLS/SCTP other\r\n", -1, 0, 0},
    {"m=audio 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", -1, 0, 0},
    {"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n", -1, 0, 0},
    {"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" DATA "a=sctp-port:8\r\n", 1, 8, 65536},
    {DATA "a=sctp-port:1\r\n" DATA "a=sctp-port:2\r\n", 0, 1, 65536},
    {"m=audio 9 RTP/AVP 0\r\na=sctp-port:9\r\na=max-message-size:9\r\n" DATA, 1, 5000, 65536},
    {"", -1, 0, 0},
};

static void data_sections_are_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(data_sections); i++) {
        struct auger_sdp sdp;
        char text[1024];
        snprintf(text, sizeof(text), "%s%s", HEAD, data_sections[i].sections);
        must_parse(&sdp, text);
        if (sdp.data_section != data_sections[i].data_section)
            fail_msg("%s: data section %d", data_sections[i].sections, sdp.data_section);
        if (sdp.data_section < 0)
            continue;
        const struct auger_sdp_section *section = &sdp.sections[sdp.data_section];
        assert_int_equal(section->sctp_port, data_sections[i].sctp_port);
        assert_int_equal(section->max_message_size, data_sections[i].max_message_size);
    }
}

static void unknown_lines_and_attributes_are_skipped(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    must_parse(&sdp, HEAD "i=info\r\nu=x\r\ne=x\r\np=x\r\nc=IN IP6 ::\r\nb=AS:1\r\nz=0 0\r\n"
                          "k=clear:x\r\na=sctp-init:AQAA\r\na=\xC3\xA9:1\r\n"
                          "a=candidate:of the session\r\na=mid:session\r\n" DATA
                          "i=title\r\nc=IN IP4 0.0.0.0\r\nb=AS:1\r\na=sctp-init:AQAA\r\n"
                          "a=candidate\r\na=candidate:anything at all\r\na=group:BUNDLE 0\r\n"
                          "a=sendrecv\r\na=mid:0\r\n");
    assert_int_equal(sdp.sections_len, 1);
    assert_int_equal(sdp.bundle_len, 0);
    assert_int_equal(sdp.sections[0].candidates_len, 1);
    assert_true(
        text_is(sdp.candidates[sdp.sections[0].candidates_at], "candidate:anything at all"));
}

static void flags_of_rfc_8839_are_of_their_section(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    must_parse(&sdp, HEAD "c=IN IP4 192.0.2.1\r\na=ice-mismatch\r\n"
                          "a=remote-candidates:of the session\r\n" DATA "a=ice-mismatch\r\n" DATA
                          "c=IN IP6 2001:db8::1\r\nc=IN IP4 192.0.2.2\r\n"
                          "a=remote-candidates:1 192.0.2.3 45664 2 host.example 45665\r\n");
    assert_true(sdp.sections[0].ice_mismatch && !sdp.sections[1].ice_mismatch);
    assert_true(!sdp.sections[0].has_remote_candidate && sdp.sections[1].has_remote_candidate);
    assert_true(text_is(sdp.sections[0].address, "192.0.2.1"));
    assert_true(text_is(sdp.sections[1].address, "2001:db8::1"));
}

static const struct {
    const char *what;
    unsigned port;
    const char *connection;
    bool is_mismatch;
} destinations[] = {
    {"one of the candidates", 5000, "c=IN IP4 192.0.2.1\r\n", false},
    {"the reflexive one", 6000, "c=IN IP4 203.0.113.1\r\n", false},
    {"IPv6 written otherwise", 7000, "c=IN IP6 2001:DB8:0::1\r\n", false},
    {"another address", 5000, "c=IN IP4 198.51.100.9\r\n", true},
    {"another port", 5001, "c=IN IP4 192.0.2.1\r\n", true},
    {"the related address of one", 5003, "c=IN IP4 192.0.2.7\r\n", true},
    {"not known yet", 9, "c=IN IP4 0.0.0.0\r\n", false},
    {"not known yet, of IPv6", 9, "c=IN IP6 ::\r\n", false},
    {"a host and no port yet", 9, "c=IN IP4 192.0.2.9\r\n", false},
    {"a port and no address", 5001, "c=IN IP4 0.0.0.0\r\n", false},
    {"a name", 5001, "c=IN IP4 host.example\r\n", false},
    {"bundled", 0, "c=IN IP4 198.51.100.9\r\n", false},
    {"none at all", 5001, "", false},
};

static void a_default_destination_that_is_no_candidate_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(destinations); i++) {
        char text[2048];
        struct auger_sdp sdp;
        snprintf(
            text, sizeof(text),
            HEAD
            "m=application %u UDP/DTLS/SCTP webrtc-datachannel\r\n%s"
            "a=candidate:0 1 udp 1 2f3b9c1e-77aa-4a5e-9f60-0c1d2e3f4a5b.local 5000 typ host\r\n"
            "a=candidate\r\na=candidate:1 1\r\n"
            "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n"
            "a=candidate:2 1 udp 1694498815 203.0.113.1 6000 typ srflx raddr 192.0.2.7 rport "
            "5003\r\na=candidate:3 1 udp 2130706430 2001:db8::1 7000 typ host\r\n",
            destinations[i].port, destinations[i].connection);
        must_parse(&sdp, text);
        if (auger_sdp_is_mismatch(&sdp, &sdp.sections[0]) != destinations[i].is_mismatch)
            fail_msg("%s", destinations[i].what);
    }
}

static void blank_lines_at_the_end_do_no_harm(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    must_parse(&sdp, HEAD DATA "a=mid:0\r\n\r\n\n\n");
    assert_true(text_is(sdp.sections[0].mid, "0"));
}

/* --- refusals ------------------------------------------------------------------------- */

#define U256                                                                                       \
    "0123456789012345678901234567890123456789012345678901234567890123"                             \
    "0123456789012345678901234567890123456789012345678901234567890123"                             \
    "0123456789012345678901234567890123456789012345678901234567890123"                             \
    "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *text;
    uint32_t line;
    const char *what; /* how it begins */
} refusals[] = {
    {"", 0, "v=, o= and s="},
    {"v=0\r\n", 1, "v=, o= and s="},
    {"\xEF\xBB\xBFv=0\r\n", 1, "a line is"},
    {"v=1\r\n", 1, "v=0"},
    {"o=- 1 1 IN IP4 0.0.0.0\r\n", 1, "v=0"},
    {"v=0\r\ns=-\r\n", 2, "o="},
    {"v=0\r\no=- 1 1 IN IP4\r\n", 2, "o="},
    {"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nt=0 0\r\n", 3, "s="},
    {"v=0\ro=- 1 1 IN IP4 0.0.0.0\rs=-\r", 1, "a NUL or a CR"},
    {HEAD "\r\n" DATA, 5, "a line is"},
    {HEAD "a\r\n", 5, "a line is"},
    {HEAD "=a\r\n", 5, "a line is"},
    {HEAD "v=0\r\n", 5, "v=, o=, s="},
    {HEAD "x=1\r\n", 5, "a line of an unknown type"},
    {HEAD "M=audio\r\n", 5, "a line of an unknown type"},
    {HEAD "a=\r\n", 5, "a=: "},
    {HEAD "a=:x\r\n", 5, "a=: "},
    {HEAD "t=0\r\n", 5, "t="},
    {HEAD "c=IN IP4\r\n", 5, "c="},
    {HEAD DATA "u=x\r\n", 6, "u="},
    /* m= lines */
    {HEAD "m=\r\n", 5, "m=: media"},
    {HEAD "m=audio 9 RTP/AVP\r\n", 5, "m=: media"},
    {HEAD "m=audio 65536 RTP/AVP 0\r\n", 5, "m=: a port"},
    {HEAD "m=audio -1 RTP/AVP 0\r\n", 5, "m=: a port"},
    {HEAD "m=audio 4294967305 RTP/AVP 0\r\n", 5, "m=: a port"},
    {HEAD "m=audio 18446744073709551625 RTP/AVP 0\r\n", 5, "m=: a port"},
    {HEAD "m=audio x RTP/AVP 0\r\n", 5, "m=: a port"},
    {HEAD "m=(a) 9 RTP/AVP 0\r\n", 5, "m=: media"},
    /* credentials: their lengths and letters (RFC 8839 section 5.4) */
    {HEAD "a=ice-ufrag:abc\r\n", 5, "ice-ufrag: 4"},
    {HEAD "a=ice-ufrag\r\n", 5, "ice-ufrag: 4"},
    {HEAD "a=ice-ufrag:" U256 "0\r\n", 5, "ice-ufrag: 4"},
    {HEAD "a=ice-ufrag:ab cd\r\n", 5, "ice-ufrag: 4"},
    {HEAD "a=ice-ufrag:abcd\r\na=ice-ufrag:abcd\r\n", 6, "ice-ufrag: given twice"},
    {HEAD "a=ice-pwd:abcdefghijklmnopqrstu\r\n", 5, "ice-pwd: 22"},
    {HEAD "a=ice-pwd:" U256 "0\r\n", 5, "ice-pwd: 22"},
    {HEAD DATA "a=ice-pwd:" PWD22 "\r\na=ice-pwd:" PWD22 "\r\n", 7, "ice-pwd: given twice"},
    {HEAD "a=ice-pacing:fast\r\n", 5, "ice-pacing"},
    {HEAD "a=ice-pacing:4294967296\r\n", 5, "ice-pacing"},
    {HEAD DATA "a=remote-candidates:\r\n", 6, "remote-candidates"},
    {HEAD DATA "a=remote-candidates:1 192.0.2.1\r\n", 6, "remote-candidates"},
    {HEAD DATA "a=remote-candidates:0 192.0.2.1 9\r\n", 6, "remote-candidates"},
    {HEAD DATA "a=remote-candidates:257 192.0.2.1 9\r\n", 6, "remote-candidates"},
    {HEAD DATA "a=remote-candidates:1 192.0.2.1 65536\r\n", 6, "remote-candidates"},
    {HEAD DATA "a=remote-candidates:1 192.0.2.1 9 2 192.0.2.1\r\n", 6, "remote-candidates"},
    /* DTLS */
    {HEAD "a=fingerprint:sha-256\r\n", 5, "fingerprint"},
    {HEAD "a=fingerprint:sha-256 \r\n", 5, "fingerprint"},
    {HEAD "a=fingerprint:sha-256 AA:B\r\n", 5, "fingerprint"},
    {HEAD "a=fingerprint:sha-256 AA:\r\n", 5, "fingerprint"},
    {HEAD "a=fingerprint:sha-256 AA BB\r\n", 5, "fingerprint"},
    {HEAD "a=fingerprint:sha-256 GG\r\n", 5, "fingerprint"},
    {HEAD "a=fingerprint:a A0\r\na=fingerprint:a A1\r\na=fingerprint:a A2\r\na=fingerprint:a A3\r\n"
          "a=fingerprint:a A4\r\n",
     9, "fingerprint: more than 4"},
    {HEAD "a=setup:ACTIVE\r\n", 5, "setup: active"},
    {HEAD "a=setup:active\r\na=setup:active\r\n", 6, "setup: given twice"},
    /* mids: tokens, and no two alike */
    {HEAD DATA "a=mid:\r\n", 6, "mid: a token"},
    {HEAD DATA "a=mid:a b\r\n", 6, "mid: a token"},
    {HEAD DATA "a=mid:01234567890123456789012345678901234567890123456789012345678901234\r\n", 6,
     "mid: a token"},
    {HEAD DATA "a=mid:0\r\na=mid:0\r\n", 7, "mid: given twice"},
    {HEAD AUDIO DATA "a=mid:a\r\n", 8, "mid: of another section"},
    /* SCTP: numbers within their range (RFC 8841) */
    {HEAD DATA "a=sctp-port:0\r\n", 6, "sctp-port: 1"},
    {HEAD DATA "a=sctp-port:65536\r\n", 6, "sctp-port: 1"},
    {HEAD DATA "a=sctp-port:05000\r\n", 6, "sctp-port: 1"},
    {HEAD DATA "a=sctp-port:1\r\na=sctp-port:1\r\n", 7, "sctp-port: given twice"},
    {HEAD DATA "a=max-message-size:-1\r\n", 6, "max-message-size: bytes"},
    {HEAD DATA "a=max-message-size:1e6\r\n", 6, "max-message-size: bytes"},
    {HEAD DATA "a=max-message-size:00100\r\n", 6, "max-message-size: bytes"},
    {HEAD DATA "a=max-message-size:18446744073709551616\r\n", 6, "max-message-size: bytes"},
    {HEAD DATA "a=max-message-size:0\r\na=max-message-size:0\r\n", 7, "max-message-size: given"},
};

static void broken_lines_are_refused_by_their_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct auger_sdp_error error = {UINT32_MAX, ""};
        struct auger_sdp sdp;
        int err = parse(&sdp, refusals[i].text, &error);
        if (err >= 0)
            fail_msg("%s was accepted", refusals[i].text);
        if (error.line != refusals[i].line ||
            strncmp(error.what, refusals[i].what, strlen(refusals[i].what)) != 0)
            fail_msg("%s: line %u, %s", refusals[i].text, error.line, error.what);
        assert_int_equal(parse(&sdp, refusals[i].text, NULL), err);
    }
}

static void a_nul_inside_a_line_is_refused(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    struct auger_sdp_error error;
    static const char text[] = HEAD "a=x:ab\0cd\r\n";
    assert_int_equal(auger_sdp_parse(&sdp, text, sizeof(text) - 1, &error), AUGER_ERR_MALFORMED);
    assert_int_equal(error.line, 5);
}

/* --- limits: of the text, of its lines and of each table --------------------------------- */

/* HEAD, and `line` as often as asked; the caller frees. */
static char *repeated(const char *head, const char *line, size_t count)
{
    char *text = malloc(strlen(head) + strlen(line) * count + 1);
    char *at = text + sprintf(text, "%s", head);

    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s", line);
    return text;
}

static void limits_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *head, *line;
        size_t count;
        int err;
    } limits[] = {
        {HEAD, DATA, 32, 0},
        {HEAD, DATA, 33, AUGER_ERR_LIMIT},
        {HEAD "a=", "x", 4094, 0},
        {HEAD "a=", "x", 4095, AUGER_ERR_TOO_LARGE},
        {HEAD, "a=x\r\n", 13000, 0},
        {HEAD, "a=x\r\n", 13107, AUGER_ERR_TOO_LARGE},
        {HEAD, "a=group:BUNDLE 0\r\n", 33, AUGER_ERR_LIMIT},
    };
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct auger_sdp sdp;
        char *text = repeated(limits[i].head, limits[i].line, limits[i].count);
        if (parse(&sdp, text, NULL) != limits[i].err)
            fail_msg("%zu of %s", limits[i].count, limits[i].line);
        free(text);
    }
}

static void candidates_beyond_the_table_are_dropped(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    char *text = repeated(HEAD DATA, "a=candidate:x\r\n", 1000);
    must_parse(&sdp, text);
    assert_int_equal(sdp.sections[0].candidates_len, AUGER_SDP_CANDS_MAX);
    free(text);
}

static void each_section_finds_its_own_candidates(void **state)
{
    (void)state;
    struct auger_sdp sdp;
    must_parse(&sdp, HEAD AUDIO "a=candidate:a1\r\na=candidate:a2\r\n" DATA
                                "a=mid:d\r\na=candidate:d1\r\n" DATA);
    assert_int_equal(sdp.sections[0].candidates_len, 2);
    assert_true(text_is(sdp.candidates[sdp.sections[0].candidates_at + 1], "candidate:a2"));
    assert_int_equal(sdp.sections[1].candidates_len, 1);
    assert_true(text_is(sdp.candidates[sdp.sections[1].candidates_at], "candidate:d1"));
    assert_int_equal(sdp.sections[2].candidates_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_section_lacks_comes_from_the_session),
        cmocka_unit_test(a_section_wins_over_the_session),
        cmocka_unit_test(the_bundle_decides_whose_transport_counts),
        cmocka_unit_test(data_sections_are_recognised),
        cmocka_unit_test(unknown_lines_and_attributes_are_skipped),
        cmocka_unit_test(flags_of_rfc_8839_are_of_their_section),
        cmocka_unit_test(a_default_destination_that_is_no_candidate_is_seen),
        cmocka_unit_test(blank_lines_at_the_end_do_no_harm),
        cmocka_unit_test(broken_lines_are_refused_by_their_number),
        cmocka_unit_test(a_nul_inside_a_line_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(candidates_beyond_the_table_are_dropped),
        cmocka_unit_test(each_section_finds_its_own_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
