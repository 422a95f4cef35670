/* What Chromium, Firefox, aiortc, node-datachannel, roamhq and werift have written:
 * tests/data/sdp/<offerer>-<answerer>/ and pcap/. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/sdp.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static char *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(AUGER_SDP_MAX + 1);

    if (!file)
        fail_msg("cannot open %s", path);
    *len = fread(text, 1, AUGER_SDP_MAX, file);
    text[*len] = '\0';
    fclose(file);
    return text;
}

static void parse_file(struct auger_sdp *sdp, const char *path, char **text)
{
    struct auger_sdp_error error;
    size_t len;

    *text = load(path, &len);
    if (auger_sdp_parse(sdp, *text, len, &error) < 0)
        fail_msg("%s:%u: %s", path, error.line, error.what);
}

static bool text_is(struct auger_text text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

/* --- every file ------------------------------------------------------------------- */

static size_t files, answers;

static void check_usable(const char *path, const struct auger_sdp *sdp)
{
    enum auger_sdp_type type = strstr(path, ".answer") ? AUGER_SDP_ANSWER : AUGER_SDP_OFFER;
    const struct auger_sdp_section *carrier = auger_sdp_carrier(sdp, type);

    if (!carrier)
        fail_msg("%s: no data section", path);
    const struct auger_sdp_transport *transport = &carrier->transport;
    assert_true(transport->ufrag.len >= 4 && transport->password.len >= 22);
    assert_int_equal(transport->fingerprints_len, 1);
    assert_int_equal(transport->setup,
                     type == AUGER_SDP_OFFER ? AUGER_SETUP_ACTPASS : AUGER_SETUP_ACTIVE);
    assert_int_equal(sdp->sections[sdp->data_section].sctp_port, 5000);
    assert_int_equal(sdp->bundle_len, sdp->sections_len);
}

/* An answer's file has its offer's name but for that word. */
static void check_against_offer(const char *path, const struct auger_sdp *answer)
{
    char offer_path[4096], *text;
    struct auger_sdp offer;
    const char *word = strstr(path, ".answer");

    if (!word)
        return;
    snprintf(offer_path, sizeof(offer_path), "%.*s.offer%s", (int)(word - path), path,
             word + strlen(".answer"));
    parse_file(&offer, offer_path, &text);
    if (auger_sdp_check_answer(&offer, answer, NULL) < 0)
        fail_msg("%s does not answer its offer", path);
    answers++;
    free(text);
}

/* The same text with LF alone, and without the last line's end. */
static void check_line_ends(const char *text, const struct auger_sdp *expected)
{
    struct auger_sdp sdp;
    char *lf = malloc(strlen(text) + 1);
    size_t len = 0;

    for (const char *at = text; *at; at++)
        if (*at != '\r')
            lf[len++] = *at;
    assert_int_equal(auger_sdp_parse(&sdp, lf, len - 1, NULL), 0);
    assert_int_equal(sdp.sections_len, expected->sections_len);
    for (size_t i = 0; i < sdp.sections_len; i++) {
        assert_int_equal(sdp.sections[i].candidates_len, expected->sections[i].candidates_len);
        assert_int_equal(sdp.sections[i].mid.len, expected->sections[i].mid.len);
        assert_int_equal(sdp.sections[i].max_message_size, expected->sections[i].max_message_size);
    }
    free(lf);
}

static int check_file(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    struct auger_sdp sdp;
    char *text;

    (void)info;
    (void)walk;
    if (kind != FTW_F || !strstr(path, ".sdp"))
        return 0;
    files++;
    parse_file(&sdp, path, &text);
    check_usable(path, &sdp);
    check_against_offer(path, &sdp);
    check_line_ends(text, &sdp);
    free(text);
    return 0;
}

static void every_captured_description_is_read(void **state)
{
    (void)state;
    assert_int_equal(nftw(TEST_DATA "/sdp", check_file, 16, FTW_PHYS), 0);
    assert_int_equal(files, 142);
    assert_int_equal(answers, 71);
}

/* --- some, in detail ---------------------------------------------------------------- */

static const struct {
    const char *file;
    const char *ufrag, *password, *mid;
    enum auger_sdp_setup setup;
    size_t sections, candidates;
    uint64_t max_message_size;
    uint32_t port;
    bool end_of_candidates, ice2;
} expected[] = {
    {"chromium156-firefox153/dc-allcands.offer-gathered.sdp", "caC6", "H2C9m3/MP78PAYjvxPiPPo/m",
     "0", AUGER_SETUP_ACTPASS, 1, 6, 262144, 50559, false, false},
    {"chromium156-firefox153/dc-allcands.answer-gathered.sdp", "3361efdd",
     "a26455a1624d19554a55b40090955738", "0", AUGER_SETUP_ACTIVE, 1, 6, 1073741823, 50748, true,
     false},
    {"firefox153-chromium156/avdc.offer.sdp", "e2347175", "e51d89cc6d06fb8c8d20d7d5a1af5ca3", "2",
     AUGER_SETUP_ACTPASS, 3, 0, 1073741823, 9, false, false},
    {"chromium156-firefox153-mdns/dc.offer-gathered.sdp", "AiTu", "6qX6kL3XsEpGt8BUPNUdV81I", "0",
     AUGER_SETUP_ACTPASS, 1, 2, 262144, 9, false, false},
    {"pcap/ndc-offers-to-chromium.offer.sdp", "HQkB", "NUxb/GGiLjca3GR5CWbyUO", "0",
     AUGER_SETUP_ACTPASS, 1, 0, 262144, 9, false, true}, /* "ice2,trickle" */
    {"pcap/chromium-offers-to-aiortc.answer.sdp", "gWg8", "xlqgo84rRFld35MIy13DZn", "0",
     AUGER_SETUP_ACTIVE, 1, 2, 65536, 49514, true, false},
    {"pcap/fieldtrials/sped-snap.offer.sdp", "BK5n", "V6EZhz+3old5HLGGcd6gRHJX", "0",
     AUGER_SETUP_ACTPASS, 1, 0, 262144, 9, false, false},
};

static void what_a_description_says_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        struct auger_sdp sdp;
        char path[4096], *text;
        snprintf(path, sizeof(path), "%s/sdp/%s", TEST_DATA, expected[i].file);
        parse_file(&sdp, path, &text);
        const struct auger_sdp_section *section = &sdp.sections[sdp.data_section];
        if (!text_is(section->transport.ufrag, expected[i].ufrag))
            fail_msg("%s: another ufrag", expected[i].file);
        assert_true(text_is(section->transport.password, expected[i].password));
        assert_true(text_is(section->mid, expected[i].mid));
        assert_int_equal(section->transport.setup, expected[i].setup);
        assert_int_equal(sdp.sections_len, expected[i].sections);
        assert_int_equal(section->candidates_len, expected[i].candidates);
        assert_int_equal(section->max_message_size, expected[i].max_message_size);
        assert_int_equal(section->port, expected[i].port);
        assert_int_equal(section->end_of_candidates, expected[i].end_of_candidates);
        assert_int_equal(section->transport.ice2, expected[i].ice2);
        free(text);
    }
}

static void a_restart_is_told_from_a_repetition(void **state)
{
    (void)state;
    static const char *const folders[] = {"chromium156-chromium156", "firefox153-chromium156",
                                          "firefox153-firefox153"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        struct auger_sdp first, second;
        char path[4096], *text[2];
        snprintf(path, sizeof(path), "%s/sdp/%s/dc-restart.offer.sdp", TEST_DATA, folders[i]);
        parse_file(&first, path, &text[0]);
        snprintf(path, sizeof(path), "%s/sdp/%s/dc-restart.offer2.sdp", TEST_DATA, folders[i]);
        parse_file(&second, path, &text[1]);
        struct auger_sdp_transport *before = &first.sections[0].transport;
        struct auger_sdp_transport mixed = *before;
        mixed.password = second.sections[0].transport.password;

        assert_int_equal(auger_sdp_is_restart(before, &second.sections[0].transport),
                         AUGER_RESTART_YES);
        assert_int_equal(auger_sdp_is_restart(before, before), AUGER_RESTART_NO);
        assert_int_equal(auger_sdp_is_restart(before, &mixed), AUGER_RESTART_BROKEN);
        free(text[0]);
        free(text[1]);
    }
}

/* Every truncation is read within its length; the position never points behind. */
static void truncations_are_read_or_refused_with_a_position(void **state)
{
    (void)state;
    size_t len;
    char *text = load(TEST_DATA "/sdp/chromium156-firefox153/dc-allcands.offer-gathered.sdp", &len);
    for (size_t cut = 0; cut <= len; cut++) {
        struct auger_sdp sdp;
        struct auger_sdp_error error = {UINT32_MAX, NULL};
        char *prefix = malloc(cut + (cut == 0));
        memcpy(prefix, text, cut);
        if (auger_sdp_parse(&sdp, prefix, cut, &error) < 0) {
            assert_non_null(error.what);
            assert_true(error.line <= 23);
        }
        free(prefix);
    }
    free(text);
}

static void flipped_bits_are_read_or_refused_with_a_position(void **state)
{
    (void)state;
    size_t len;
    char *text = load(TEST_DATA "/sdp/firefox153-chromium156/dc.offer-gathered.sdp", &len);
    for (size_t bit = 0; bit < len * 8; bit++) {
        struct auger_sdp sdp;
        struct auger_sdp_error error = {UINT32_MAX, NULL};
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        if (auger_sdp_parse(&sdp, text, len, &error) < 0) {
            assert_non_null(error.what);
            assert_true(error.line <= 40);
        }
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_captured_description_is_read),
        cmocka_unit_test(what_a_description_says_is_found),
        cmocka_unit_test(a_restart_is_told_from_a_repetition),
        cmocka_unit_test(truncations_are_read_or_refused_with_a_position),
        cmocka_unit_test(flipped_bits_are_read_or_refused_with_a_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
