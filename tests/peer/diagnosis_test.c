/* What a peer says of itself: the statistics of its transport, and why it ended. */
#include "tests/peer/pair.h"

#include <auger/peer_explain.h>
#include <auger/peer_stats.h>

static struct auger_peer_explanation explain(const struct pair *pair, int side)
{
    struct auger_peer_explanation explanation;

    auger_peer_explain(pair->peers[side], &explanation);
    return explanation;
}

static void must_be(const struct pair *pair, int side, const char *code)
{
    struct auger_peer_explanation e = explain(pair, side);

    assert_string_equal(e.code, code);
    assert_true(strlen(e.text) > 10 && strlen(e.evidence) > 10);
}

static struct auger_peer_transport_stats transport_of(const struct pair *pair, int side)
{
    struct auger_peer_transport_stats stats;

    auger_peer_get_transport_stats(pair->peers[side], &stats);
    return stats;
}

/* --- why ------------------------------------------------------------------------------- */

static void a_session_is_explained_from_beginning_to_end(void **state)
{
    (void)state;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);

    must_be(pair, ALICE, "no-description");
    introduce(pair);
    run_for(pair, 2 * AUGER_SEC);
    must_be(pair, ALICE, "nothing");
    auger_peer_close(pair->peers[ALICE], pair->now);
    run_for(pair, 5 * AUGER_SEC);
    must_be(pair, ALICE, "closed-here");
    must_be(pair, BOB, "closed-there");
    pair_free(pair);
}

static void a_cut_before_the_first_check_and_one_after_differ(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);
        introduce(pair);
        if (late)
            run_for(pair, 2 * AUGER_SEC);
        pair->cut = true;
        run_for(pair, 60 * AUGER_SEC);
        must_be(pair, ALICE, late ? "consent-expired" : "nothing-arrived");
        must_be(pair, BOB, late ? "consent-expired" : "nothing-arrived");
        pair_free(pair);
    }
}

/* The digits of the fingerprint's end, changed. */
static void falsify(char *sdp)
{
    char *at = strstr(strstr(sdp, "a=fingerprint:"), "\r\n") - 1;
    *at = *at == '0' ? '1' : '0';
}

static void a_wrong_fingerprint_is_named(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);

    offer_of(pair, ALICE, offer);
    falsify(offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    run_for(pair, 60 * AUGER_SEC);
    must_be(pair, BOB, "dtls-fingerprint-mismatch");
    must_be(pair, ALICE, "dtls-cut-off");                  /* whom bob's alert does not convince */
    assert_int_equal(explain(pair, ALICE).alert_hint, 42); /* bad_certificate */
    assert_non_null(strstr(explain(pair, ALICE).evidence, "an alert, 42"));
    pair_free(pair);
}

/* As browsers hide theirs, and as TCP: neither is of use here. */
static void candidates_of_no_use_are_named(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:1 1 udp 2113937151 2f3b9c1e-77aa-4a5e-9f60-0c1d2e3f4a5b.local 5000 typ host",
        "candidate:2 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
    };
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);

    offer_of(pair, ALICE, offer);
    char *cand = strstr(offer, "a=candidate");
    assert_non_null(cand);
    memmove(cand, strstr(cand, "\r\n") + 2, strlen(strstr(cand, "\r\n") + 2) + 1);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        int err = auger_peer_add_remote_candidate(pair->peers[BOB], pair->now, lines[i],
                                                  strlen(lines[i]));
        (void)err; /* what it is, the next line asks */
    }
    run_for(pair, 60 * AUGER_SEC);
    must_be(pair, BOB, "remote-unusable");
    assert_true(explain(pair, BOB).ice.unusable_cands > 0);
    pair_free(pair);
}

/* --- statistics ------------------------------------------------------------------------ */

static void both_sides_report_one_transport(void **state)
{
    (void)state;
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);

    assert_string_equal(transport_of(pair, ALICE).tls_version, "");
    assert_string_equal(transport_of(pair, ALICE).remote_fingerprint, "");
    open_channel(pair, ALICE, "chat");
    introduce(pair);
    run_for(pair, 2 * AUGER_SEC);
    struct auger_peer_transport_stats alice = transport_of(pair, ALICE),
                                      bob = transport_of(pair, BOB);
    assert_string_equal(auger_dtls_state_name(alice.dtls_state), "connected");
    assert_string_equal(alice.tls_version, "FEFD");
    assert_true(strncmp(alice.dtls_cipher, "TLS_ECDHE_ECDSA_WITH_", 21) == 0);
    assert_string_equal(alice.dtls_cipher, bob.dtls_cipher);
    assert_string_equal(alice.local_fingerprint, bob.remote_fingerprint);
    assert_string_equal(bob.local_fingerprint, alice.remote_fingerprint);
    assert_true(alice.ice.bytes_sent > 1000);
    assert_int_equal(alice.ice.bytes_sent, bob.ice.bytes_received);
    assert_int_equal(bob.ice.packets_sent, alice.ice.packets_received);
    pair_free(pair);
}

static void both_sides_log_the_same_secrets(void **state)
{
    (void)state;
    char alice[AUGER_KEY_LOG_MAX], bob[AUGER_KEY_LOG_MAX];
    struct pair *pair = pair_new(10 * AUGER_MS, NULL, NULL);

    assert_int_equal(auger_peer_key_log(pair->peers[ALICE], alice, sizeof(alice)), AUGER_ERR_STATE);
    introduce(pair);
    run_for(pair, 2 * AUGER_SEC);
    assert_int_equal(auger_peer_key_log(pair->peers[ALICE], alice, sizeof(alice)), 14 + 64 + 98);
    int len = auger_peer_key_log(pair->peers[BOB], bob, sizeof(bob));
    assert_int_equal(len, strlen(bob));
    assert_string_equal(alice, bob);
    assert_int_equal(auger_peer_key_log(pair->peers[BOB], bob, 20), AUGER_ERR_BUFFER);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_explained_from_beginning_to_end),
        cmocka_unit_test(a_cut_before_the_first_check_and_one_after_differ),
        cmocka_unit_test(a_wrong_fingerprint_is_named),
        cmocka_unit_test(candidates_of_no_use_are_named),
        cmocka_unit_test(both_sides_report_one_transport),
        cmocka_unit_test(both_sides_log_the_same_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
