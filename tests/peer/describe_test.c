/* Descriptions: what is offered and answered, and what is refused without harm. */
#include "tests/peer/pair.h"

#include "ice/state.h"

/* `text` with the first `from` replaced; the caller frees. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *result = malloc(strlen(text) + strlen(to) + 1);

    if (!at)
        fail_msg("no %s in\n%s", from, text);
    sprintf(result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return result;
}

static bool is_connected(struct pair *pair)
{
    run_for(pair, 5 * AUGER_SEC);
    return find_state(pair, ALICE, AUGER_PEER_CONNECTED) &&
           find_state(pair, BOB, AUGER_PEER_CONNECTED);
}

/* --- ours ----------------------------------------------------------------------------- */

static void an_offer_says_what_a_browser_needs(void **state)
{
    (void)state;
    char sdp[SDP_SIZE];
    struct auger_sdp parsed;
    struct pair *pair = pair_new(0, NULL, NULL);
    settle(pair);
    offer_of(pair, ALICE, sdp);
    assert_int_equal(auger_sdp_parse(&parsed, sdp, strlen(sdp), NULL), 0);
    const struct auger_sdp_section *data = auger_sdp_carrier(&parsed, AUGER_SDP_OFFER);

    assert_non_null(data);
    assert_true(data->transport.ufrag.len >= 4 && data->transport.password.len >= 22);
    assert_int_equal(data->transport.fingerprints_len, 1);
    assert_int_equal(data->transport.setup, AUGER_SETUP_ACTPASS);
    assert_true(data->transport.ice2 && data->transport.trickle);
    assert_int_equal(data->sctp_port, 5000);
    assert_int_equal(data->max_message_size, 262144);
    assert_int_equal(data->candidates_len, 1);
    assert_true(data->end_of_candidates);
    pair_free(pair);
}

static void renomination_is_offered_unless_we_are_lite_or_it_is_off(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        char sdp[SDP_SIZE];
        struct auger_sdp parsed;
        struct auger_peer_config config;

        auger_peer_config_init(&config);
        config.ice.lite = i == 1;
        config.ice.renomination &= i != 2;
        struct pair *pair = pair_new(0, &config, &config);
        offer_of(pair, ALICE, sdp);
        assert_int_equal(auger_sdp_parse(&parsed, sdp, strlen(sdp), NULL), 0);
        assert_int_equal(auger_sdp_carrier(&parsed, AUGER_SDP_OFFER)->transport.renomination,
                         i == 0);
        pair_free(pair);
    }
}

/* RFC 8839 sections 4.2.1.3 and 4.2.1.4: a lite agent must not say its pacing. */
static void a_description_says_pacing_or_that_we_are_lite(void **state)
{
    (void)state;
    for (int lite = 0; lite < 2; lite++) {
        char sdp[SDP_SIZE];
        struct auger_sdp parsed;
        struct auger_peer_config config;

        auger_peer_config_init(&config);
        config.ice.lite = lite;
        config.ice.pacing = 20 * AUGER_MS + 1;
        struct pair *pair = pair_new(0, &config, &config);
        offer_of(pair, ALICE, sdp);
        assert_int_equal(auger_sdp_parse(&parsed, sdp, strlen(sdp), NULL), 0);
        const struct auger_sdp_transport *said =
            &auger_sdp_carrier(&parsed, AUGER_SDP_OFFER)->transport;
        assert_int_equal(said->ice_lite, lite);
        assert_int_equal(said->pacing_ms, lite ? 0 : 21);
        pair_free(pair);
    }
}

static void a_description_follows_the_config(void **state)
{
    (void)state;
    char sdp[SDP_SIZE], again[SDP_SIZE];
    struct auger_peer_config config;
    auger_peer_config_init(&config);
    config.max_message_size = 70000;
    config.sctp_port = 5055;
    assert_int_equal(auger_certificate_new(&config.certificate, &test_env), 0);
    const char *fingerprint = auger_certificate_fingerprint(config.certificate);
    struct pair *pair = pair_new(0, NULL, &config);

    offer_of(pair, ALICE, sdp);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, sdp), 0);
    answer_of(pair, BOB, sdp);
    assert_non_null(strstr(sdp, "a=max-message-size:70000\r\n"));
    assert_non_null(strstr(sdp, "a=sctp-port:5055\r\n"));
    assert_non_null(strstr(sdp, fingerprint));
    assert_non_null(strstr(sdp, "a=setup:active\r\n"));
    assert_int_equal(auger_peer_local_description(pair->peers[BOB], again, sizeof(again)),
                     strlen(sdp));
    assert_string_equal(again, sdp);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, sdp), 0);
    auger_certificate_free(config.certificate);
    assert_true(is_connected(pair));
    pair_free(pair);
    assert_int_equal(allocated, 0);
}

static void certificates_and_credentials_are_fresh_in_every_peer(void **state)
{
    (void)state;
    char alice[SDP_SIZE], bob[SDP_SIZE];
    struct auger_sdp a, b;
    struct pair *pair = pair_new(0, NULL, NULL);
    offer_of(pair, ALICE, alice);
    offer_of(pair, BOB, bob);
    assert_int_equal(auger_sdp_parse(&a, alice, strlen(alice), NULL), 0);
    assert_int_equal(auger_sdp_parse(&b, bob, strlen(bob), NULL), 0);
    assert_memory_not_equal(a.sections[0].transport.fingerprints[0].data,
                            b.sections[0].transport.fingerprints[0].data, 40);
    assert_int_equal(auger_sdp_is_restart(&a.sections[0].transport, &b.sections[0].transport),
                     AUGER_RESTART_YES);
    pair_free(pair);
}

static void a_short_buffer_changes_nothing(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE], tiny[64];
    struct pair *pair = pair_new(0, NULL, NULL);
    struct auger_peer *alice = pair->peers[ALICE], *bob = pair->peers[BOB];
    assert_int_equal(auger_peer_create_offer(alice, pair->now, tiny, 64), AUGER_ERR_BUFFER);
    assert_int_equal(auger_peer_local_description(alice, tiny, 64), AUGER_ERR_STATE);
    offer_of(pair, ALICE, offer);
    assert_non_null(strstr(offer, " 1 IN IP4 0.0.0.0\r\n")); /* the first version still */
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    assert_int_equal(auger_peer_create_answer(bob, pair->now, tiny, 64), AUGER_ERR_BUFFER);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    assert_true(is_connected(pair));
    pair_free(pair);
}

/* --- turns ------------------------------------------------------------------------------ */

static void descriptions_out_of_turn_are_refused_without_harm(void **state)
{
    (void)state;
    char offer[SDP_SIZE], glare[SDP_SIZE], answer[SDP_SIZE], buf[SDP_SIZE];
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    struct auger_peer *alice = pair->peers[ALICE], *bob = pair->peers[BOB];
    struct pair *other = pair_new(AUGER_MS, NULL, NULL);
    current = pair;
    offer_of(other, BOB, glare);

    assert_int_equal(auger_peer_create_answer(alice, pair->now, buf, SDP_SIZE), AUGER_ERR_STATE);
    assert_int_equal(auger_peer_local_description(alice, buf, SDP_SIZE), AUGER_ERR_STATE);
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_ANSWER, offer), AUGER_ERR_STATE);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_OFFER, glare), AUGER_ERR_STATE);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    assert_int_equal(auger_peer_create_offer(bob, pair->now, buf, SDP_SIZE), AUGER_ERR_STATE);
    answer_of(pair, BOB, answer);
    assert_int_equal(auger_peer_create_answer(bob, pair->now, buf, SDP_SIZE), AUGER_ERR_STATE);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), AUGER_ERR_STATE);
    assert_int_equal(auger_peer_rollback(alice, pair->now), AUGER_ERR_STATE);

    assert_true(is_connected(pair));
    pair_free(other);
    current = pair;
    pair_free(pair);
}

/* --- what a description must say ---------------------------------------------------------- */

struct change {
    const char *from, *to;
    int err;
};

static const struct change bad_offers[] = {
    {"a=setup:actpass", "a=setup:holdconn", AUGER_ERR_MALFORMED},
    {"a=setup:actpass\r\n", "", AUGER_ERR_MALFORMED},
    {"a=ice-ufrag:", "a=x:", AUGER_ERR_MALFORMED},
    {"a=ice-pwd:", "a=x:", AUGER_ERR_MALFORMED},
    {"a=fingerprint:", "a=x:", AUGER_ERR_UNSUPPORTED},
    {"a=fingerprint:sha-256 ", "a=fingerprint:sha-1 ", AUGER_ERR_UNSUPPORTED},
    {"m=application 9", "m=application 0", AUGER_ERR_UNSUPPORTED},
    {"webrtc-datachannel", "other", AUGER_ERR_UNSUPPORTED},
    {"a=sctp-port:5000", "a=sctp-port:0", AUGER_ERR_MALFORMED},
    {"v=0", "v=1", AUGER_ERR_MALFORMED},
};

static void a_useless_offer_is_refused_and_a_good_one_still_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_offers); i++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct auger_sdp_error error = {0};
        struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
        offer_of(pair, ALICE, offer);
        char *bad = replaced(offer, bad_offers[i].from, bad_offers[i].to);
        int err = auger_peer_set_remote_description(pair->peers[BOB], pair->now, AUGER_SDP_OFFER,
                                                    bad, strlen(bad), &error);
        if (err != bad_offers[i].err)
            fail_msg("%s: %s", bad_offers[i].to, auger_strerror(err));
        assert_non_null(error.what);
        free(bad);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        assert_true(is_connected(pair));
        pair_free(pair);
    }
}

static const struct change bad_answers[] = {
    {"a=setup:active", "a=setup:actpass", AUGER_ERR_MALFORMED},
    {"a=setup:active", "a=setup:holdconn", AUGER_ERR_MALFORMED},
    {"a=setup:active\r\n", "", AUGER_ERR_MALFORMED},
    {"a=mid:0", "a=mid:1", AUGER_ERR_MALFORMED},
    {"m=application 9", "m=application 0", AUGER_ERR_UNSUPPORTED},
    {"m=application 9", "m=audio 9", AUGER_ERR_MALFORMED},
    {"m=application 9", "m=audio 0 RTP/AVP 0\r\nm=application 9", AUGER_ERR_MALFORMED},
    {"a=ice-ufrag:", "a=x:", AUGER_ERR_MALFORMED},
    {"a=fingerprint:", "a=x:", AUGER_ERR_UNSUPPORTED},
};

static void a_useless_answer_is_refused_and_a_good_one_still_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_answers); i++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
        offer_of(pair, ALICE, offer);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        char *bad = replaced(answer, bad_answers[i].from, bad_answers[i].to);
        int err = set_remote(pair, ALICE, AUGER_SDP_ANSWER, bad);
        if (err != bad_answers[i].err)
            fail_msg("%s: %s", bad_answers[i].to, auger_strerror(err));
        free(bad);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        assert_true(is_connected(pair));
        pair_free(pair);
    }
}

static void an_offer_with_a_fixed_role_is_answered_with_the_other(void **state)
{
    (void)state;
    static const struct {
        const char *offered, *answered;
    } roles[] = {{"a=setup:active", "a=setup:passive"}, {"a=setup:passive", "a=setup:active"}};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
        offer_of(pair, ALICE, offer);
        char *fixed = replaced(offer, "a=setup:actpass", roles[i].offered);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, fixed), 0);
        free(fixed);
        answer_of(pair, BOB, answer);
        assert_non_null(strstr(answer, roles[i].answered));
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        assert_true(is_connected(pair));
        pair_free(pair);
    }
}

/* --- a second description ------------------------------------------------------------------ */

static void a_further_description_may_restart_and_change_nothing_else(void **state)
{
    (void)state;
    char offer[SDP_SIZE], other[SDP_SIZE], answer[SDP_SIZE];
    struct auger_sdp ours, theirs;
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    assert_true(is_connected(pair));

    struct auger_peer *stranger;
    assert_int_equal(auger_peer_new(&stranger, &test_env, NULL), 0);
    assert_true(auger_peer_create_offer(stranger, pair->now, other, SDP_SIZE) > 0);
    auger_peer_free(stranger);
    assert_int_equal(auger_sdp_parse(&ours, offer, strlen(offer), NULL), 0);
    assert_int_equal(auger_sdp_parse(&theirs, other, strlen(other), NULL), 0);
    char ufrag[2][300], password[2][300], print[2][300];
    struct auger_sdp_transport *transports[] = {&ours.sections[0].transport,
                                                &theirs.sections[0].transport};
    for (int i = 0; i < 2; i++) {
        struct auger_sdp_transport *t = transports[i];
        snprintf(ufrag[i], 300, "%.*s", (int)t->ufrag.len, t->ufrag.data);
        snprintf(password[i], 300, "%.*s", (int)t->password.len, t->password.data);
        snprintf(print[i], 300, "%.*s", (int)t->fingerprints[0].len, t->fingerprints[0].data);
    }
    char *new_ufrag = replaced(offer, ufrag[0], ufrag[1]);
    char *restarted = replaced(new_ufrag, password[0], password[1]);
    char *new_print = replaced(offer, print[0], print[1]);
    char *new_role = replaced(offer, "a=setup:actpass", "a=setup:active");
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, new_ufrag), AUGER_ERR_MALFORMED);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, new_print), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, new_role), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_ANSWER, restarted), AUGER_ERR_STATE);
    free(new_ufrag);
    free(new_print);
    free(new_role);

    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0); /* the same again */
    answer_of(pair, BOB, answer);
    assert_non_null(strstr(answer, "a=setup:active"));
    run_for(pair, 10 * AUGER_SEC);
    assert_null(find_state(pair, BOB, AUGER_PEER_FAILED));

    char again[SDP_SIZE];
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, restarted), 0);
    answer_of(pair, BOB, again);
    assert_int_equal(auger_sdp_parse(&ours, answer, strlen(answer), NULL), 0);
    assert_int_equal(auger_sdp_parse(&theirs, again, strlen(again), NULL), 0);
    assert_int_equal(
        auger_sdp_is_restart(&ours.sections[0].transport, &theirs.sections[0].transport),
        AUGER_RESTART_YES);
    free(restarted);
    pair_free(pair);
}

/* --- candidates ------------------------------------------------------------------------------ */

static void candidates_need_a_description_and_a_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int err;
    } lines[] = {
        {"candidate:1 1 udp 1 192.0.2.9 9 typ host", 0},
        {"a=candidate:1 1 udp 1 192.0.2.10 9 typ host", 0},
        {"", 0},
        {"nonsense", AUGER_ERR_MALFORMED},
        {"candidate:1 1 udp 1 name.local 9 typ host", AUGER_ERR_UNSUPPORTED},
        {"candidate:1 1 udp 1 224.0.0.1 9 typ host", AUGER_ERR_UNSUPPORTED},
    };
    char offer[SDP_SIZE];
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    struct auger_peer *bob = pair->peers[BOB];
    offer_of(pair, ALICE, offer);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_int_equal(
            auger_peer_add_remote_candidate(bob, pair->now, lines[i].line, strlen(lines[i].line)),
            AUGER_ERR_STATE);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        int err =
            auger_peer_add_remote_candidate(bob, pair->now, lines[i].line, strlen(lines[i].line));
        if (err != lines[i].err)
            fail_msg("%s: %s", lines[i].line, auger_strerror(err));
    }
    pair_free(pair);
}

/* --- what browsers say --------------------------------------------------------------------------
 */

static void offers_of_browsers_are_answered_in_place(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t sections;
    } offers[] = {
        {"chromium156-firefox153/dc.offer.sdp", 1},
        {"chromium156-firefox153/avdc.offer-gathered.sdp", 3},
        {"chromium156-firefox153-mdns/dc.offer-gathered.sdp", 1},
        {"firefox153-chromium156/dc-allcands.offer-gathered.sdp", 1},
        {"firefox153-chromium156/avdc-recvonly.offer-gathered.sdp", 3},
        {"pcap/ndc-offers-to-chromium.offer.sdp", 1},
        {"pcap/fieldtrials/sped-snap.offer.sdp", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        char path[4096], offer[65536], answer[65536];
        struct auger_sdp parsed, answered;
        snprintf(path, sizeof(path), "%s/sdp/%s", TEST_DATA, offers[i].file);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t len = fread(offer, 1, sizeof(offer), file);
        fclose(file);
        struct pair *pair = pair_new(0, NULL, NULL);
        struct auger_peer *bob = pair->peers[BOB];
        assert_int_equal(
            auger_peer_set_remote_description(bob, pair->now, AUGER_SDP_OFFER, offer, len, NULL),
            0);
        int answer_len = auger_peer_create_answer(bob, pair->now, answer, sizeof(answer));
        assert_true(answer_len > 0);
        assert_int_equal(auger_sdp_parse(&parsed, offer, len, NULL), 0);
        assert_int_equal(auger_sdp_parse(&answered, answer, (size_t)answer_len, NULL), 0);
        assert_int_equal(auger_sdp_check_answer(&parsed, &answered, NULL), 0);
        assert_int_equal(answered.sections_len, offers[i].sections);
        assert_null(strstr(answer, "sctp-init"));
        assert_null(strstr(answer, "extmap"));
        pair_free(pair);
    }
}

/* RFC 8445 section 9: the implementation level may change with a restart; RFC 8839 section 5.5:
 * so may the pacing.  Back to full, the peer says neither. */
static void a_restart_may_change_the_level_and_the_pacing(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    const struct auger_ice *ice = auger_peer_ice(pair->peers[BOB]);
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    assert_true(is_connected(pair));
    assert_int_equal(ice->current->role, AUGER_CONTROLLED);

    for (int lite = 1; lite >= 0; lite--) {
        assert_int_equal(auger_peer_restart(pair->peers[ALICE], pair->now), 0);
        offer_of(pair, ALICE, offer);
        char *changed = replaced(offer, "a=ice-pacing:50\r\n",
                                 lite ? "a=ice-lite\r\na=ice-pacing:120\r\n" : "");
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, changed), 0);
        answer_of(pair, BOB, answer);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        assert_int_equal(ice->peer_is_lite, lite);
        assert_int_equal(ice->pacing, lite ? 120 * AUGER_MS : 50 * AUGER_MS);
        assert_int_equal(ice->current->role, AUGER_CONTROLLING);
        free(changed);
    }
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_says_what_a_browser_needs),
        cmocka_unit_test(renomination_is_offered_unless_we_are_lite_or_it_is_off),
        cmocka_unit_test(a_description_says_pacing_or_that_we_are_lite),
        cmocka_unit_test(a_description_follows_the_config),
        cmocka_unit_test(certificates_and_credentials_are_fresh_in_every_peer),
        cmocka_unit_test(a_short_buffer_changes_nothing),
        cmocka_unit_test(descriptions_out_of_turn_are_refused_without_harm),
        cmocka_unit_test(a_useless_offer_is_refused_and_a_good_one_still_taken),
        cmocka_unit_test(a_useless_answer_is_refused_and_a_good_one_still_taken),
        cmocka_unit_test(an_offer_with_a_fixed_role_is_answered_with_the_other),
        cmocka_unit_test(a_further_description_may_restart_and_change_nothing_else),
        cmocka_unit_test(a_restart_may_change_the_level_and_the_pacing),
        cmocka_unit_test(candidates_need_a_description_and_a_meaning),
        cmocka_unit_test(offers_of_browsers_are_answered_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
