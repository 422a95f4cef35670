/* Offers and answers of ours, and what two descriptions mean together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/sdp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static const char *const cands[] = {
    "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
    "candidate:2 1 udp 1694498815 203.0.113.1 6000 typ srflx raddr 192.0.2.1 rport 5000",
};

static struct auger_sdp_local local_as(enum auger_sdp_setup setup)
{
    return (struct auger_sdp_local){
        .session_id = 4611686018427387904u,
        .session_version = 2,
        .ufrag = "ufra",
        .password = "passwordpasswordpassword",
        .fingerprint = "sha-256 AA:BB",
        .setup = setup,
        .sctp_port = 5000,
        .max_message_size = 262144,
        .candidates = cands,
        .candidates_len = 2,
        .end_of_candidates = true,
    };
}

static void must_parse(struct auger_sdp *sdp, const char *text)
{
    struct auger_sdp_error error;

    if (auger_sdp_parse(sdp, text, strlen(text), &error) < 0)
        fail_msg("line %u: %s in\n%s", error.line, error.what, text);
}

static const char *write_answer(const char *offer)
{
    static char buf[8192];
    static struct auger_sdp sdp;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTIVE);

    local.candidates_len = 0;
    local.end_of_candidates = false;
    must_parse(&sdp, offer);
    int len = auger_sdp_write_answer(&local, &sdp, buf, sizeof(buf));
    assert_int_equal(len, strlen(buf));
    return buf;
}

/* --- what is written -------------------------------------------------------------- */

static void an_offer_is_written_like_this(void **state)
{
    (void)state;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    char buf[2048];
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_string_equal(
        buf, "v=0\r\n"
             "o=- 4611686018427387904 2 IN IP4 0.0.0.0\r\n"
             "s=-\r\n"
             "t=0 0\r\n"
             "a=group:BUNDLE 0\r\n"
             "a=ice-options:ice2 trickle\r\n"
             "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
             "c=IN IP4 0.0.0.0\r\n"
             "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n"
             "a=candidate:2 1 udp 1694498815 203.0.113.1 6000 typ srflx raddr 192.0.2.1 rport 5000"
             "\r\n"
             "a=end-of-candidates\r\n"
             "a=ice-ufrag:ufra\r\n"
             "a=ice-pwd:passwordpasswordpassword\r\n"
             "a=fingerprint:sha-256 AA:BB\r\n"
             "a=setup:actpass\r\n"
             "a=mid:0\r\n"
             "a=sctp-port:5000\r\n"
             "a=max-message-size:262144\r\n");
}

static void renomination_is_offered_on_demand(void **state)
{
    (void)state;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    char buf[2048];
    local.renomination = true;
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_non_null(strstr(buf, "\r\na=ice-options:ice2 trickle renomination\r\n"));
}

static void a_default_address_stands_in_the_media_and_connection_lines(void **state)
{
    (void)state;
    struct auger_addr v4, v6;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    char buf[2048];
    assert_int_equal(auger_addr_parse(&v4, "192.0.2.1:5000"), 0);
    assert_int_equal(auger_addr_parse(&v6, "[2001:db8::1]:5001"), 0);
    local.default_addr = &v4;
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_non_null(strstr(buf, "m=application 5000 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                "c=IN IP4 192.0.2.1\r\n"));
    local.default_addr = &v6;
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_non_null(strstr(buf, "m=application 5001 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                "c=IN IP6 2001:db8::1\r\n"));
}

/* RFC 8839 section 4.4.1.2.2. */
static void an_updated_offer_names_the_remote_candidate(void **state)
{
    (void)state;
    struct auger_addr v4, v6;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    struct auger_sdp sdp;
    char buf[2048];
    assert_int_equal(auger_addr_parse(&v4, "192.0.2.3:45664"), 0);
    assert_int_equal(auger_addr_parse(&v6, "[2001:db8::3]:45664"), 0);
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_null(strstr(buf, "remote-candidates"));
    local.no_trickle = true;
    local.remote_addr = &v4;
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_non_null(strstr(buf, "a=ice-options:ice2\r\n"));
    assert_non_null(strstr(buf, "a=remote-candidates:1 192.0.2.3 45664\r\n"));
    must_parse(&sdp, buf);
    assert_true(sdp.sections[0].has_remote_candidate && !sdp.sections[0].transport.trickle);
    local.remote_addr = &v6;
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    assert_non_null(strstr(buf, "a=remote-candidates:1 2001:db8::3 45664\r\n"));
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define CREDS                                                                                      \
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:sha-256 AA:BB\r\n"      \
    "a=setup:actpass\r\n"
#define OUR_HEAD "v=0\r\no=- 4611686018427387904 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define OUR_OPTIONS "a=ice-options:ice2 trickle\r\n"
#define OUR_TRANSPORT                                                                              \
    "a=ice-ufrag:ufra\r\na=ice-pwd:passwordpasswordpassword\r\na=fingerprint:sha-256 AA:BB\r\n"    \
    "a=setup:active\r\n"

/* Every section in its place; unknown attributes, extensions of the peer's and
 * whatever belongs to the refused sections stay away. */
static void an_answer_refuses_in_place_and_echoes_nothing(void **state)
{
    (void)state;
    const char *answer = write_answer(
        HEAD
        "a=group:BUNDLE au d v\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS x\r\n"
        "a=ice-options:trickle sped googspedv1\r\n" CREDS
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\nc=IN IP4 0.0.0.0\r\na=mid:au\r\na=rtcp-mux\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=extmap:1 urn:x\r\na=sendrecv\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\n"
        "a=sctp-port:5009\r\na=max-message-size:9\r\na=sctp-init:AQAAHnA436EAUAAA\r\n"
        "a=tls-id:abc3de65cddef001be82\r\na=from-the-future:1\r\na=flag\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5001\r\n");
    assert_string_equal(answer, OUR_HEAD "a=group:BUNDLE d\r\n" OUR_OPTIONS
                                         "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 9\r\n"
                                         "c=IN IP4 0.0.0.0\r\n"
                                         "a=mid:au\r\n"
                                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                         "c=IN IP4 0.0.0.0\r\n" OUR_TRANSPORT "a=mid:d\r\n"
                                         "a=sctp-port:5000\r\n"
                                         "a=max-message-size:262144\r\n"
                                         "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
                                         "c=IN IP4 0.0.0.0\r\n"
                                         "a=mid:v\r\n"
                                         "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                         "c=IN IP4 0.0.0.0\r\n");
}

/* RFC 3264 section 8: no section may go, and none may change its place. */
static void a_further_offer_keeps_the_sections_and_offers_one(void **state)
{
    (void)state;
    static const char before[] = "v=0\r\n"
                                 "o=- 1 1 IN IP4 0.0.0.0\r\n"
                                 "s=-\r\n"
                                 "t=0 0\r\n"
                                 "a=group:BUNDLE a d\r\n"
                                 "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
                                 "c=IN IP4 0.0.0.0\r\n"
                                 "a=mid:a\r\n"
                                 "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                 "c=IN IP4 0.0.0.0\r\n"
                                 "a=mid:d\r\n"
                                 "a=sctp-port:5000\r\n";
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    struct auger_sdp sdp, again;
    char buf[4096];

    must_parse(&sdp, before);
    int len = auger_sdp_write_reoffer(&local, &sdp, buf, sizeof(buf));
    assert_int_equal(len, strlen(buf));
    must_parse(&again, buf);
    assert_int_equal(again.sections_len, 2);
    assert_int_equal(again.data_section, 1);
    assert_non_null(strstr(buf, "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));
    assert_non_null(strstr(buf, "a=group:BUNDLE d\r\n"));
    assert_int_equal(again.sections[1].transport.setup, AUGER_SETUP_ACTPASS);

    local.setup = AUGER_SETUP_ACTIVE;
    assert_int_equal(auger_sdp_write_reoffer(&local, &sdp, buf, sizeof(buf)), AUGER_ERR_INVALID);
    local.setup = AUGER_SETUP_ACTPASS;
    assert_int_equal(auger_sdp_write_reoffer(&local, &sdp, buf, 100), AUGER_ERR_BUFFER);
}

static void the_older_form_is_answered_in_its_form(void **state)
{
    (void)state;
    const char *answer = write_answer(HEAD CREDS "m=application 9 DTLS/SCTP 5001\r\na=mid:data\r\n"
                                                 "a=sctpmap:5001 webrtc-datachannel 1024\r\n");
    assert_string_equal(answer,
                        OUR_HEAD OUR_OPTIONS "m=application 9 DTLS/SCTP 5000\r\n"
                                             "c=IN IP4 0.0.0.0\r\n" OUR_TRANSPORT "a=mid:data\r\n"
                                             "a=sctpmap:5000 webrtc-datachannel 1024\r\n"
                                             "a=max-message-size:262144\r\n");
}

static void nothing_is_written_that_no_peer_could_use(void **state)
{
    (void)state;
    struct auger_sdp offer, refused;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS), bad;
    char buf[4096];
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    must_parse(&offer, buf);
    must_parse(&refused, HEAD "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n");

    bad = local_as(AUGER_SETUP_ACTIVE);
    assert_int_equal(auger_sdp_write_offer(&bad, buf, sizeof(buf)), AUGER_ERR_INVALID);
    assert_int_equal(auger_sdp_write_answer(&bad, &refused, buf, sizeof(buf)), AUGER_ERR_INVALID);
    bad = local_as(AUGER_SETUP_ACTPASS);
    assert_int_equal(auger_sdp_write_answer(&bad, &offer, buf, sizeof(buf)), AUGER_ERR_INVALID);
    bad.ufrag = NULL;
    assert_int_equal(auger_sdp_write_offer(&bad, buf, sizeof(buf)), AUGER_ERR_INVALID);
    bad = local_as(AUGER_SETUP_ACTPASS);
    bad.session_id = UINT64_MAX;
    assert_int_equal(auger_sdp_write_offer(&bad, buf, sizeof(buf)), AUGER_ERR_INVALID);
}

static void a_short_buffer_is_an_error_and_not_overrun(void **state)
{
    (void)state;
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    char whole[2048];
    int len = auger_sdp_write_offer(&local, whole, sizeof(whole));
    for (int cap = 0; cap <= len; cap++) {
        char *buf = malloc((size_t)cap + (cap == 0));
        assert_int_equal(auger_sdp_write_offer(&local, buf, (size_t)cap), AUGER_ERR_BUFFER);
        free(buf);
    }
    assert_int_equal(auger_sdp_write_offer(&local, whole, (size_t)len + 1), len);
}

/* --- roles ------------------------------------------------------------------------- */

static void the_answer_takes_the_role_that_the_offer_leaves(void **state)
{
    (void)state;
    static const struct {
        enum auger_sdp_setup offered, preferred;
        int role;
    } roles[] = {
        {AUGER_SETUP_ACTPASS, AUGER_SETUP_ACTIVE, AUGER_SETUP_ACTIVE},
        {AUGER_SETUP_ACTPASS, AUGER_SETUP_PASSIVE, AUGER_SETUP_PASSIVE},
        {AUGER_SETUP_ACTPASS, AUGER_SETUP_ACTPASS, AUGER_ERR_INVALID},
        {AUGER_SETUP_ACTIVE, AUGER_SETUP_ACTIVE, AUGER_SETUP_PASSIVE},
        {AUGER_SETUP_PASSIVE, AUGER_SETUP_PASSIVE, AUGER_SETUP_ACTIVE},
        {AUGER_SETUP_HOLDCONN, AUGER_SETUP_ACTIVE, AUGER_ERR_INVALID},
        {AUGER_SETUP_NONE, AUGER_SETUP_ACTIVE, AUGER_ERR_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        assert_int_equal(auger_sdp_answer_setup(roles[i].offered, roles[i].preferred),
                         roles[i].role);
}

/* --- answers to our offer: its sections in their order, and a role that it left open ----- */

#define ANSWER(port, protocol, mid, setup)                                                         \
    HEAD "m=application " port " " protocol " webrtc-datachannel\r\na=mid:" mid                    \
         "\r\na=setup:" setup "\r\n"

static void answers_are_held_against_the_offer(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int err;
    } answers[] = {
        {ANSWER("9", "UDP/DTLS/SCTP", "0", "active"), 0},
        {ANSWER("9", "UDP/DTLS/SCTP", "0", "passive"), 0},
        {ANSWER("9", "UDP/DTLS/SCTP", "0", "actpass"), AUGER_ERR_MALFORMED},
        {ANSWER("9", "UDP/DTLS/SCTP", "0", "holdconn"), AUGER_ERR_MALFORMED},
        {ANSWER("9", "UDP/DTLS/SCTP", "1", "active"), AUGER_ERR_MALFORMED},
        {ANSWER("9", "TCP/DTLS/SCTP", "0", "active"), AUGER_ERR_MALFORMED},
        {ANSWER("0", "UDP/DTLS/SCTP", "0", "active"), AUGER_ERR_UNSUPPORTED},
        {HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=setup:active\r\n",
         AUGER_ERR_MALFORMED},
        {HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n",
         AUGER_ERR_MALFORMED},
        {HEAD "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n", AUGER_ERR_UNSUPPORTED},
        {HEAD "m=application 9 UDP/DTLS/SCTP other\r\na=mid:0\r\na=setup:active\r\n",
         AUGER_ERR_UNSUPPORTED},
        {HEAD "m=audio 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=setup:active\r\n",
         AUGER_ERR_MALFORMED},
        {HEAD, AUGER_ERR_MALFORMED},
        {ANSWER("9", "UDP/DTLS/SCTP", "0", "active") "m=audio 0 RTP/AVP 0\r\n",
         AUGER_ERR_MALFORMED},
    };
    struct auger_sdp_local local = local_as(AUGER_SETUP_ACTPASS);
    struct auger_sdp offer, answer;
    char buf[2048];
    assert_true(auger_sdp_write_offer(&local, buf, sizeof(buf)) > 0);
    must_parse(&offer, buf);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct auger_sdp_error error = {0};
        must_parse(&answer, answers[i].answer);
        int err = auger_sdp_check_answer(&offer, &answer, &error);
        if (err != answers[i].err)
            fail_msg("%s: %s", answers[i].answer, auger_strerror(err));
        assert_int_equal(error.what != NULL, err < 0);
    }
}

static void what_was_not_offered_cannot_be_accepted(void **state)
{
    (void)state;
    struct auger_sdp offer, answer;
    must_parse(&offer, HEAD "m=audio 0 RTP/AVP 0\r\n" CREDS);
    must_parse(&answer, HEAD "m=audio 9 RTP/AVP 0\r\n");
    assert_int_equal(auger_sdp_check_answer(&offer, &answer, NULL), AUGER_ERR_MALFORMED);
    assert_int_equal(auger_sdp_check_answer(&offer, &offer, NULL), 0);
}

static void two_of_one_role_never_meet(void **state)
{
    (void)state;
    struct auger_sdp offer, answer;
    must_parse(&offer, ANSWER("9", "UDP/DTLS/SCTP", "0", "active"));
    must_parse(&answer, ANSWER("9", "UDP/DTLS/SCTP", "0", "active"));
    assert_int_equal(auger_sdp_check_answer(&offer, &answer, NULL), AUGER_ERR_MALFORMED);
    must_parse(&answer, ANSWER("9", "UDP/DTLS/SCTP", "0", "passive"));
    assert_int_equal(auger_sdp_check_answer(&offer, &answer, NULL), 0);
}

/* --- generated descriptions: each answer of ours suits its offer ---------------------- */

static uint64_t rng;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = (rng += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static const char *random_ice_chars(char *buf, size_t min, size_t max)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = min + next_random() % (max - min + 1);
    for (size_t i = 0; i < len; i++)
        buf[i] = chars[next_random() % 64];
    buf[len] = '\0';
    return buf;
}

/* An offer of up to 32 sections in any order, with what a stranger may add. */
static void random_offer(char *buf, size_t cap)
{
    static const char *const sections[] = {
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n",
        "m=application 9 DTLS/SCTP 5000\na=sctpmap:5000 webrtc-datachannel 1024\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\na=rtpmap:111 opus/48000/2\n",
        "m=video 0 UDP/TLS/RTP/SAVPF 96\n",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\na=bundle-only\n",
    };
    size_t count = 1 + next_random() % 32;
    size_t len = (size_t)snprintf(buf, cap,
                                  "v=0\no=- 1 1 IN IP4 ::\ns= \nt=0 0\n" CREDS
                                  "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9\n");
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(buf + len, cap - len, "%s",
                                sections[next_random() % ARRAY_LEN(sections)]);
        if (next_random() % 4)
            len += (size_t)snprintf(buf + len, cap - len, "a=mid:%zu\n", i);
        if (next_random() % 4 == 0)
            len += (size_t)snprintf(buf + len, cap - len, "a=x%llu:y\r\n",
                                    (unsigned long long)next_random());
    }
}

static bool same_text(struct auger_text a, struct auger_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void check_answer_to(const struct auger_sdp *offer)
{
    static struct auger_sdp answer;
    static char buf[AUGER_SDP_MAX];
    char ufrag[257], password[257];
    struct auger_sdp_local local =
        local_as(next_random() % 2 ? AUGER_SETUP_ACTIVE : AUGER_SETUP_PASSIVE);
    local.ufrag = random_ice_chars(ufrag, 4, 256);
    local.password = random_ice_chars(password, 22, 256);
    local.session_id = next_random() >> 1;
    assert_true(auger_sdp_write_answer(&local, offer, buf, sizeof(buf)) > 0);
    must_parse(&answer, buf);

    assert_int_equal(auger_sdp_check_answer(offer, &answer, NULL), 0);
    const struct auger_sdp_section *data = &answer.sections[answer.data_section];
    assert_int_equal(data->transport.ufrag.len, strlen(ufrag));
    assert_memory_equal(data->transport.ufrag.data, ufrag, strlen(ufrag));
    assert_int_equal(data->transport.setup, local.setup);
    assert_int_equal(data->candidates_len, 2);
    assert_true(data->end_of_candidates && data->transport.ice2 && data->transport.trickle);
    for (int i = 0; i < answer.sections_len; i++) {
        assert_int_equal(answer.sections[i].port, i == answer.data_section ? 9 : 0);
        assert_true(same_text(answer.sections[i].mid, offer->sections[i].mid));
        assert_false(answer.sections[i].bundle_only);
    }
    for (size_t i = 0; i < answer.bundle_len; i++)
        assert_int_equal(answer.bundle[i], answer.data_section);
}

static void every_answer_of_ours_answers_its_offer(void **state)
{
    (void)state;
    static struct auger_sdp offer;
    static char buf[AUGER_SDP_MAX];
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
    rng = seed;
    int answered = 0;
    for (int i = 0; i < 5000; i++) {
        random_offer(buf, sizeof(buf));
        must_parse(&offer, buf);
        if (offer.data_section < 0)
            continue;
        check_answer_to(&offer);
        answered++;
    }
    assert_true(answered > 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_written_like_this),
        cmocka_unit_test(renomination_is_offered_on_demand),
        cmocka_unit_test(a_default_address_stands_in_the_media_and_connection_lines),
        cmocka_unit_test(an_updated_offer_names_the_remote_candidate),
        cmocka_unit_test(an_answer_refuses_in_place_and_echoes_nothing),
        cmocka_unit_test(a_further_offer_keeps_the_sections_and_offers_one),
        cmocka_unit_test(the_older_form_is_answered_in_its_form),
        cmocka_unit_test(nothing_is_written_that_no_peer_could_use),
        cmocka_unit_test(a_short_buffer_is_an_error_and_not_overrun),
        cmocka_unit_test(the_answer_takes_the_role_that_the_offer_leaves),
        cmocka_unit_test(answers_are_held_against_the_offer),
        cmocka_unit_test(what_was_not_offered_cannot_be_accepted),
        cmocka_unit_test(two_of_one_role_never_meet),
        cmocka_unit_test(every_answer_of_ours_answers_its_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
