/* Peers with and without trickle: RFC 8838 sections 3 and 16, RFC 8839 sections 4.2.5 and
 * 4.4.1.2.2. */
#include "tests/peer/pair.h"

#include <auger/peer_explain.h>
#include <auger/stun.h>

#define GATHER_FOR (1 * AUGER_SEC)

/* `text` with `to` for each `from`; the caller frees. */
static char *edited(const char *text, const char *from, const char *to)
{
    char *result = calloc(1, 2 * SDP_SIZE);

    assert_non_null(strstr(text, from));
    for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
        strncat(result, text, (size_t)(at - text));
        strcat(result, to);
    }
    return strcat(result, text);
}

/* Of either side a STUN server that never answers, so that gathering takes its time. */
static struct pair *pair_of(enum auger_trickle alice, enum auger_trickle bob)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    struct auger_addr server;

    random_state = test_seed();
    current = pair;
    pair->now = AUGER_SEC;
    pair->delay = AUGER_MS;
    assert_int_equal(auger_addr_parse(&server, "198.51.100.9:3478"), 0);
    assert_int_equal(auger_addr_parse(&pair->addrs[ALICE], "192.0.2.1:5001"), 0);
    assert_int_equal(auger_addr_parse(&pair->addrs[BOB], "192.0.2.2:5002"), 0);
    for (int side = ALICE; side <= BOB; side++) {
        struct auger_peer_config config;
        auger_peer_config_init(&config);
        config.trickle = side == ALICE ? alice : bob;
        config.ice.gather_timeout = GATHER_FOR;
        struct auger_peer **peer = &pair->peers[side];
        assert_int_equal(auger_peer_new(peer, &test_env, &config), 0);
        assert_int_equal(auger_peer_add_local_addr(*peer, pair->now, &pair->addrs[side]), 0);
        assert_int_equal(auger_peer_add_stun_server(*peer, pair->now, &server), 0);
        auger_peer_end_of_local_addrs(*peer, pair->now);
    }
    return pair;
}

static void describe(struct pair *pair, int side, char sdp[SDP_SIZE])
{
    assert_true(auger_peer_local_description(pair->peers[side], sdp, SDP_SIZE) > 0);
}

static void must_connect(struct pair *pair)
{
    run_for(pair, 5 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CONNECTED));
}

static void must_be_whole(const char *sdp)
{
    assert_non_null(strstr(sdp, "a=candidate:"));
    assert_non_null(strstr(sdp, "a=end-of-candidates"));
}

/* --- when a description may go ---------------------------------------------------------- */

static const struct {
    enum auger_trickle mode;
    bool is_early; /* the first offer, before all candidates are there */
    bool says_so;
} offers[] = {
    {AUGER_TRICKLE_FULL, true, true},
    {AUGER_TRICKLE_HALF, false, true},
    {AUGER_TRICKLE_NONE, false, false},
};

static void a_first_offer_waits_for_candidates_unless_trickle_is_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        char sdp[SDP_SIZE];
        struct pair *pair = pair_of(offers[i].mode, AUGER_TRICKLE_FULL);
        struct auger_peer *alice = pair->peers[ALICE];
        assert_false(auger_peer_may_signal(alice)); /* there is none */
        offer_of(pair, ALICE, sdp);
        assert_int_equal(auger_peer_may_signal(alice), offers[i].is_early);
        assert_int_equal(strstr(sdp, "trickle") != NULL, offers[i].says_so);
        assert_null(strstr(sdp, "a=end-of-candidates"));
        run_for(pair, GATHER_FOR + AUGER_MS);
        assert_true(auger_peer_may_signal(alice));
        describe(pair, ALICE, sdp);
        must_be_whole(sdp);
        bool has_default =
            strstr(sdp, "m=application 5001 ") && strstr(sdp, "c=IN IP4 192.0.2.1\r\n");
        assert_int_equal(has_default, !offers[i].is_early);
        assert_int_equal(count_events(pair, ALICE, AUGER_PEER_EVENT_CANDIDATE), offers[i].is_early);
        pair_free(pair);
    }
}

/* Roughly half of the benefit: the answer leaves at once, and what follows trickles. */
static void a_half_trickled_offer_is_answered_at_once(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = pair_of(AUGER_TRICKLE_HALF, AUGER_TRICKLE_FULL);
    offer_of(pair, ALICE, offer);
    run_for(pair, GATHER_FOR + AUGER_MS);
    describe(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_true(auger_peer_may_signal(pair->peers[BOB]));
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    must_connect(pair);

    /* That it trickles is known now, of both. */
    assert_int_equal(auger_peer_restart(pair->peers[ALICE], pair->now), 0);
    offer_of(pair, ALICE, offer);
    assert_true(auger_peer_may_signal(pair->peers[ALICE]));
    size_t told = count_events(pair, ALICE, AUGER_PEER_EVENT_CANDIDATE);
    settle(pair);
    assert_int_equal(count_events(pair, ALICE, AUGER_PEER_EVENT_CANDIDATE), told + 1);
    pair_free(pair);
}

static void an_answer_to_who_does_not_trickle_has_all_candidates(void **state)
{
    (void)state;
    static const enum auger_trickle modes[] = {AUGER_TRICKLE_FULL, AUGER_TRICKLE_HALF,
                                               AUGER_TRICKLE_NONE};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct pair *pair = pair_of(AUGER_TRICKLE_NONE, modes[i]);
        offer_of(pair, ALICE, offer);
        run_for(pair, GATHER_FOR - 10 * AUGER_MS); /* bob's is over soon, and not yet */
        describe(pair, ALICE, offer);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        assert_false(auger_peer_may_signal(pair->peers[BOB]));
        run_for(pair, 20 * AUGER_MS);
        assert_true(auger_peer_may_signal(pair->peers[BOB]));
        describe(pair, BOB, answer);
        must_be_whole(answer);
        assert_non_null(strstr(answer, "m=application 5002 "));
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        must_connect(pair);
        pair_free(pair);
    }
}

/* Whoever does not say that it trickles has said all: its candidates have ended without the
 * word.  Else, with a relay alone, a controlling agent waits for better ones. */
static void the_description_of_who_does_not_trickle_is_all(void **state)
{
    (void)state;
    auger_time nominated[2];
    for (int trickles = 0; trickles < 2; trickles++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
        settle(pair);
        offer_of(pair, ALICE, offer);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        char *endless = edited(answer, "a=end-of-candidates\r\n", "");
        char *relayed = edited(endless, "typ host", "typ relay raddr 0.0.0.0 rport 9");
        char *plain = edited(relayed, " trickle", "");
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, trickles ? relayed : plain), 0);
        auger_time begun = pair->now;
        struct auger_peer_info info = {0};
        while (!info.selected.selected && pair->now < begun + 5 * AUGER_SEC) {
            run_for(pair, AUGER_MS);
            auger_peer_get_info(pair->peers[ALICE], &info);
        }
        nominated[trickles] = pair->now - begun;
        free(endless);
        free(relayed);
        free(plain);
        pair_free(pair);
    }
    assert_true(nominated[0] < 10 * AUGER_MS);
    assert_true(nominated[1] > 100 * AUGER_MS);
}

/* RFC 8863: at the end of its patience, and not later. */
static void a_whole_description_of_no_use_fails_in_time(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    settle(pair);
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    pair->cut = true;
    char *plain = edited(answer, " trickle", "");
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, plain), 0);
    auger_time begun = pair->now;
    run_for(pair, 45 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_FAILED));
    assert_true(find_state(pair, ALICE, AUGER_PEER_FAILED)->at - begun <= 40 * AUGER_SEC);
    free(plain);
    pair_free(pair);
}

/* --- further descriptions --------------------------------------------------------------- */

static void introduce_whole(struct pair *pair)
{
    char offer[SDP_SIZE], answer[SDP_SIZE];

    run_for(pair, GATHER_FOR + AUGER_MS);
    offer_of(pair, ALICE, offer);
    assert_null(strstr(offer, "remote-candidates"));
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_null(strstr(answer, "remote-candidates"));
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    must_connect(pair);
}

static void an_updated_offer_without_trickle_names_the_selected_pair(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct auger_sdp parsed;
    struct pair *pair = pair_of(AUGER_TRICKLE_NONE, AUGER_TRICKLE_NONE);
    introduce_whole(pair);

    offer_of(pair, ALICE, offer);
    assert_non_null(strstr(offer, "a=remote-candidates:1 192.0.2.2 5002\r\n"));
    assert_non_null(strstr(offer, "m=application 5001 "));
    assert_int_equal(auger_sdp_parse(&parsed, offer, strlen(offer), NULL), 0);
    assert_int_equal(parsed.candidates_len, 1);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_null(strstr(answer, "remote-candidates")); /* 4.4.2 */
    assert_non_null(strstr(answer, "m=application 5002 "));
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);

    offer_of(pair, BOB, offer); /* who is controlled does not say it */
    assert_null(strstr(offer, "remote-candidates"));
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, ALICE, answer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_ANSWER, answer), 0);
    run_for(pair, 10 * AUGER_SEC);
    assert_null(find_state(pair, ALICE, AUGER_PEER_DISCONNECTED));
    assert_null(find_state(pair, BOB, AUGER_PEER_DISCONNECTED));
    pair_free(pair);
}

static void a_restart_without_trickle_waits_for_candidates_and_names_none(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct auger_addr more;
    struct pair *pair = pair_of(AUGER_TRICKLE_NONE, AUGER_TRICKLE_NONE);
    assert_int_equal(auger_addr_parse(&more, "198.51.100.2:6002"), 0); /* leads nowhere */
    assert_int_equal(auger_peer_add_local_addr(pair->peers[BOB], pair->now, &more), 0);
    auger_peer_end_of_local_addrs(pair->peers[BOB], pair->now);
    introduce_whole(pair);

    assert_int_equal(auger_peer_restart(pair->peers[ALICE], pair->now), 0);
    offer_of(pair, ALICE, offer);
    assert_false(auger_peer_may_signal(pair->peers[ALICE]));
    run_for(pair, GATHER_FOR + AUGER_MS);
    assert_true(auger_peer_may_signal(pair->peers[ALICE]));
    describe(pair, ALICE, offer);
    must_be_whole(offer);
    assert_null(strstr(offer, "remote-candidates"));
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_false(auger_peer_may_signal(pair->peers[BOB]));
    pair->cut = true; /* no pair of the restart is there yet, and data has the former one */
    run_for(pair, GATHER_FOR + AUGER_MS);
    pair->cut = false;
    assert_true(auger_peer_may_signal(pair->peers[BOB]));
    describe(pair, BOB, answer);
    assert_non_null(strstr(answer, " 192.0.2.2 5002 typ host"));
    assert_non_null(strstr(answer, " 198.51.100.2 6002 typ host")); /* all, as at the first */
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    run_for(pair, 5 * AUGER_SEC);
    assert_null(find_event(pair, ALICE, AUGER_PEER_EVENT_RESTART_FAILED));
    offer_of(pair, ALICE, offer); /* on a pair of the restart */
    assert_non_null(strstr(offer, "a=remote-candidates:1 192.0.2.2 5002\r\n"));
    pair_free(pair);
}

/* As browsers' do, whatever is selected (RFC 9429 section 5.2.2). */
static void a_further_offer_to_who_trickles_has_all_candidates(void **state)
{
    (void)state;
    char offer[SDP_SIZE];
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    settle(pair);
    introduce(pair);
    must_connect(pair);
    offer_of(pair, ALICE, offer);
    assert_null(strstr(offer, "remote-candidates"));
    assert_non_null(strstr(offer, "m=application 9 "));
    pair_free(pair);
}

/* What somebody claims of us is not believed, only read. */
static void remote_candidates_of_the_peer_change_nothing(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct auger_peer_info before, after;
    struct pair *pair = pair_of(AUGER_TRICKLE_NONE, AUGER_TRICKLE_NONE);
    introduce_whole(pair);
    auger_peer_get_info(pair->peers[BOB], &before);
    offer_of(pair, ALICE, offer);
    char *at = strstr(offer, "192.0.2.2 5002");
    assert_non_null(at);
    memcpy(at, "192.0.2.9 5009", 14);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_null(strstr(answer, "192.0.2.9"));
    run_for(pair, AUGER_SEC);
    auger_peer_get_info(pair->peers[BOB], &after);
    assert_true(auger_addr_equal(&before.selected.local.addr, &after.selected.local.addr));
    assert_true(auger_addr_equal(&before.selected.remote.addr, &after.selected.remote.addr));
    pair_free(pair);
}

/* --- ice-mismatch --------------------------------------------------------------------------- */

static void an_answer_with_ice_mismatch_is_refused_with_the_reason(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE], mismatched[2 * SDP_SIZE];
    struct auger_sdp_error error = {0};
    struct pair *pair = pair_new(AUGER_MS, NULL, NULL);
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    snprintf(mismatched, sizeof(mismatched), "%sa=ice-mismatch\r\n", answer);
    assert_int_equal(auger_peer_set_remote_description(pair->peers[ALICE], pair->now,
                                                       AUGER_SDP_ANSWER, mismatched,
                                                       strlen(mismatched), &error),
                     AUGER_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.what, "ice-mismatch"));
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    must_connect(pair);
    pair_free(pair);
}

/* docs/decisions/065: as browsers, and it is told if nothing comes of it. */
static void a_changed_default_destination_ends_nothing_and_is_told(void **state)
{
    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        char offer[SDP_SIZE], answer[SDP_SIZE];
        struct auger_peer_explanation why;
        struct pair *pair = pair_of(AUGER_TRICKLE_HALF, AUGER_TRICKLE_FULL);
        run_for(pair, GATHER_FOR + AUGER_MS);
        offer_of(pair, ALICE, offer);
        char *at = strstr(offer, "c=IN IP4 192.0.2.1\r\n");
        assert_non_null(at);
        memcpy(at, "c=IN IP4 192.0.2.7\r\n", 20);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, BOB, answer);
        assert_null(strstr(answer, "ice-mismatch"));
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        pair->cut = cut;
        if (!cut)
            must_connect(pair);
        run_for(pair, 60 * AUGER_SEC);
        auger_peer_explain(pair->peers[BOB], &why);
        assert_int_equal(strstr(why.evidence, "c= and m=") != NULL, cut);
        auger_peer_explain(pair->peers[ALICE], &why);
        assert_null(strstr(why.evidence, "c= and m="));
        pair_free(pair);
    }
}

/* --- what is told once tells of ports ------------------------------------------------------ */

/* A NAT that counts, and STUN servers behind it. */
static void ask_through_nat(void *user, int side, const struct auger_path *path,
                            const uint8_t *bytes, size_t len)
{
    struct pair *pair = user;
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_addr seen;

    assert_int_equal(auger_addr_parse(&seen, "198.51.100.77:30000"), 0);
    seen.port = (uint16_t)(seen.port + pair->sent);
    len = auger_stun_server_answer(&seen, bytes, len, reply, sizeof(reply));
    auger_peer_handle_datagram(pair->peers[side], pair->now, path, reply, len);
}

static bool nothing_passes(void *user, auger_time now)
{
    (void)user;
    (void)now;
    return false;
}

static auger_time never(const void *user)
{
    (void)user;
    return AUGER_NEVER;
}

static size_t count_helpers_wanted(enum auger_trickle mode)
{
    static const char *const servers[] = {"203.0.113.1:3478", "203.0.113.2:3478"};
    struct pair *pair = calloc(1, sizeof(*pair));
    const struct way way = {pair, ask_through_nat, nothing_passes, never};
    struct auger_peer_config config;
    struct auger_addr addr;

    random_state = test_seed();
    current = pair;
    pair->now = AUGER_SEC;
    pair->way = &way;
    auger_peer_config_init(&config);
    config.trickle = mode;
    config.ice.prediction = true;
    assert_int_equal(auger_peer_new(&pair->peers[ALICE], &test_env, &config), 0);
    assert_int_equal(auger_addr_parse(&addr, "192.168.1.5:5000"), 0);
    assert_int_equal(auger_peer_add_local_addr(pair->peers[ALICE], pair->now, &addr), 0);
    for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
        assert_int_equal(auger_addr_parse(&addr, servers[i]), 0);
        assert_int_equal(auger_peer_add_stun_server(pair->peers[ALICE], pair->now, &addr), 0);
    }
    auger_peer_end_of_local_addrs(pair->peers[ALICE], pair->now);
    run_for(pair, 500 * AUGER_MS);
    size_t wanted = count_events(pair, ALICE, AUGER_PEER_EVENT_HELPERS_WANTED);
    pair_free(pair);
    return wanted;
}

/* docs/decisions/214: where the description is all that the peer is told. */
static void who_tells_candidates_once_looks_for_its_next_ports_beforehand(void **state)
{
    (void)state;
    assert_int_equal(count_helpers_wanted(AUGER_TRICKLE_FULL), 0);
    assert_int_equal(count_helpers_wanted(AUGER_TRICKLE_HALF), 1);
    assert_int_equal(count_helpers_wanted(AUGER_TRICKLE_NONE), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_offer_waits_for_candidates_unless_trickle_is_full),
        cmocka_unit_test(a_half_trickled_offer_is_answered_at_once),
        cmocka_unit_test(an_answer_to_who_does_not_trickle_has_all_candidates),
        cmocka_unit_test(the_description_of_who_does_not_trickle_is_all),
        cmocka_unit_test(a_whole_description_of_no_use_fails_in_time),
        cmocka_unit_test(an_updated_offer_without_trickle_names_the_selected_pair),
        cmocka_unit_test(a_restart_without_trickle_waits_for_candidates_and_names_none),
        cmocka_unit_test(a_further_offer_to_who_trickles_has_all_candidates),
        cmocka_unit_test(remote_candidates_of_the_peer_change_nothing),
        cmocka_unit_test(an_answer_with_ice_mismatch_is_refused_with_the_reason),
        cmocka_unit_test(a_changed_default_destination_ends_nothing_and_is_told),
        cmocka_unit_test(who_tells_candidates_once_looks_for_its_next_ports_beforehand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
