/* ICE restarts of whole peers: offers and answers that carry them, and channels that go
 * on meanwhile (RFC 9429 sections 5.2.3.1, 5.7 and 5.10). */
#include "tests/peer/pair.h"

#include "ice/state.h"
#include "peer/peer.h"

#define DELAY (20 * AUGER_MS)

static const struct auger_generation *current_of(const struct pair *pair, int side)
{
    return auger_peer_ice(pair->peers[side])->current;
}

/* --- the application: numbers, sent both ways -------------------------------------------- */

struct talk {
    struct pair *pair;
    auger_channel channel; /* the same handle on both sides, by how they are made */
    unsigned sent[2];
};

static void say(struct talk *talk, int side)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", talk->sent[side]++);
    assert_int_equal(auger_peer_send(talk->pair->peers[side], talk->pair->now, talk->channel,
                                     AUGER_MESSAGE_TEXT, text, strlen(text)),
                     0);
}

/* Both say a number every 10 ms for `time`. */
static void go_on(struct talk *talk, auger_time time)
{
    for (auger_time end = talk->pair->now + time; talk->pair->now < end;) {
        say(talk, ALICE);
        say(talk, BOB);
        run_for(talk->pair, 10 * AUGER_MS);
    }
}

static unsigned heard(const struct pair *pair, int side)
{
    unsigned count = 0;

    for (size_t i = 0; i < pair->records_len; i++) {
        const struct record *record = &pair->records[i];
        if (record->side != side || record->event.type != AUGER_PEER_EVENT_MESSAGE)
            continue;
        assert_int_equal(strtoul((const char *)record->bytes, NULL, 10), count++);
    }
    return count;
}

/* Every number arrived, once and in order; nobody was ever anything but connected. */
static void assert_undisturbed(struct talk *talk)
{
    run_for(talk->pair, AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(heard(talk->pair, 1 - side), talk->sent[side]);
        assert_null(find_state(talk->pair, side, AUGER_PEER_DISCONNECTED));
        assert_null(find_state(talk->pair, side, AUGER_PEER_FAILED));
    }
}

static struct talk talking(void)
{
    struct talk talk = {.pair = pair_new(DELAY, NULL, NULL)};

    talk.channel = open_channel(talk.pair, ALICE, "numbers");
    introduce(talk.pair);
    run_for(talk.pair, 2 * AUGER_SEC);
    assert_non_null(find_event(talk.pair, ALICE, AUGER_PEER_EVENT_CHANNEL_OPEN));
    assert_int_equal(find_event(talk.pair, BOB, AUGER_PEER_EVENT_CHANNEL)->event.channel,
                     talk.channel);
    return talk;
}

/* --- offers and answers -------------------------------------------------------------------- */

static void restart(const struct pair *pair, int side)
{
    assert_int_equal(auger_peer_restart(pair->peers[side], pair->now), 0);
}

/* `side` offers; both sides go on talking while offer and answer are on their way. */
static void exchange(struct talk *talk, int side)
{
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = talk->pair;

    offer_of(pair, side, offer);
    go_on(talk, 100 * AUGER_MS);
    assert_int_equal(set_remote(pair, 1 - side, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, 1 - side, answer);
    go_on(talk, 100 * AUGER_MS);
    assert_int_equal(set_remote(pair, side, AUGER_SDP_ANSWER, answer), 0);
}

/* That both are on a pair of the generation that both have now. */
static void assert_restarted(const struct pair *pair, const struct auger_generation *before[2])
{
    for (int side = ALICE; side <= BOB; side++) {
        const struct auger_generation *ours = current_of(pair, side);
        const struct auger_generation *theirs = current_of(pair, 1 - side);
        assert_ptr_not_equal(ours, before[side]);
        assert_string_equal(ours->remote.ufrag, theirs->local.ufrag);
        assert_ptr_equal(auger_peer_ice(pair->peers[side])->route, ours->nomination.selected);
        assert_non_null(ours->nomination.selected);
    }
}

static void either_side_restarts_and_every_message_arrives(void **state)
{
    (void)state;
    for (int who = ALICE; who <= BOB; who++) {
        struct talk talk = talking();
        const struct auger_generation *before[] = {current_of(talk.pair, ALICE),
                                                   current_of(talk.pair, BOB)};

        restart(talk.pair, who);
        exchange(&talk, who);
        go_on(&talk, 2 * AUGER_SEC);
        assert_undisturbed(&talk);
        assert_restarted(talk.pair, before);
        pair_free(talk.pair);
    }
}

static void restarts_in_turn_keep_roles_and_order(void **state)
{
    (void)state;
    struct talk talk = talking();
    enum auger_sdp_setup setup = talk.pair->peers[BOB]->setup;

    for (int i = 0; i < 4; i++) {
        const struct auger_generation *before[] = {current_of(talk.pair, ALICE),
                                                   current_of(talk.pair, BOB)};
        restart(talk.pair, i % 2);
        exchange(&talk, i % 2);
        go_on(&talk, i < 2 ? AUGER_SEC : 12 * AUGER_SEC);
        assert_restarted(talk.pair, before);
    }
    assert_undisturbed(&talk);
    assert_int_equal(current_of(talk.pair, ALICE)->role, AUGER_CONTROLLING);
    assert_int_equal(talk.pair->peers[BOB]->setup, setup);
    pair_free(talk.pair);
}

/* A second offer that restarts nothing changes nothing. */
static void a_further_offer_without_a_restart_leaves_ice_alone(void **state)
{
    (void)state;
    struct talk talk = talking();
    const struct auger_generation *before[] = {current_of(talk.pair, ALICE),
                                               current_of(talk.pair, BOB)};

    for (int side = ALICE; side <= BOB; side++) {
        exchange(&talk, side);
        go_on(&talk, 100 * AUGER_MS);
    }
    for (int side = ALICE; side <= BOB; side++)
        assert_ptr_equal(current_of(talk.pair, side), before[side]);
    assert_undisturbed(&talk);
    pair_free(talk.pair);
}

/* Alice and bob offer at once: both are refused, bob gives way. */
static void when_offers_cross_one_side_rolls_back(void **state)
{
    (void)state;
    static const struct {
        bool alice_restarts, bob_restarts;
    } cases[] = {{true, true}, {true, false}, {false, true}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct talk talk = talking();
        struct pair *pair = talk.pair;
        const struct auger_generation *before[] = {current_of(pair, ALICE), current_of(pair, BOB)};
        char alices[SDP_SIZE], bobs[SDP_SIZE], answer[SDP_SIZE];

        if (cases[i].alice_restarts)
            restart(pair, ALICE);
        if (cases[i].bob_restarts)
            restart(pair, BOB);
        offer_of(pair, ALICE, alices);
        offer_of(pair, BOB, bobs);
        go_on(&talk, 100 * AUGER_MS);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_OFFER, bobs), AUGER_ERR_STATE);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, alices), AUGER_ERR_STATE);
        assert_int_equal(auger_peer_rollback(pair->peers[BOB], pair->now), 0);
        assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, alices), 0);
        answer_of(pair, BOB, answer);
        go_on(&talk, 100 * AUGER_MS);
        assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
        go_on(&talk, AUGER_SEC);
        if (!cases[i].alice_restarts) { /* so bob's is still to come */
            assert_ptr_equal(current_of(pair, BOB), before[BOB]);
            exchange(&talk, BOB);
            go_on(&talk, AUGER_SEC);
        }
        assert_undisturbed(&talk);
        assert_restarted(pair, before);

        const struct auger_generation *after = current_of(pair, BOB);
        exchange(&talk, BOB); /* nothing is left over */
        assert_ptr_equal(current_of(pair, BOB), after);
        pair_free(pair);
    }
}

static void a_restart_before_the_first_answer_replaces_the_offer(void **state)
{
    (void)state;
    char first[SDP_SIZE], second[SDP_SIZE], answer[SDP_SIZE];
    struct auger_sdp a, b;
    struct pair *pair = pair_new(DELAY, NULL, NULL);

    offer_of(pair, ALICE, first);
    restart(pair, ALICE);
    offer_of(pair, ALICE, second);
    assert_int_equal(auger_sdp_parse(&a, first, strlen(first), NULL), 0);
    assert_int_equal(auger_sdp_parse(&b, second, strlen(second), NULL), 0);
    assert_int_equal(auger_sdp_is_restart(&a.sections[0].transport, &b.sections[0].transport),
                     AUGER_RESTART_YES);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, second), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    run_for(pair, 3 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CONNECTED));
    pair_free(pair);
}

/* RFC 9429 section 5.10: both of them restart, or neither. */
static void an_answer_restarts_if_and_only_if_the_offer_did(void **state)
{
    (void)state;
    struct talk talk = talking();
    struct pair *pair = talk.pair;
    char offer[SDP_SIZE], plain[SDP_SIZE], fresh[SDP_SIZE];

    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, plain);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, plain), 0);

    restart(pair, ALICE);
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, plain), AUGER_ERR_MALFORMED);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, fresh);

    assert_int_equal(auger_peer_rollback(pair->peers[ALICE], pair->now), 0);
    struct auger_peer *alice = pair->peers[ALICE];
    alice->wants_restart = false; /* as if she had not asked for one */
    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, fresh), AUGER_ERR_MALFORMED);
    pair_free(pair);
}

/* RFC 8842 section 5.5 */
static void an_answer_does_not_change_the_dtls_roles(void **state)
{
    (void)state;
    struct talk talk = talking();
    struct pair *pair = talk.pair;
    char offer[SDP_SIZE], answer[SDP_SIZE], other[SDP_SIZE];

    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    const char *setup = strstr(answer, "a=setup:active\r\n");
    assert_non_null(setup);
    snprintf(other, sizeof(other), "%.*sa=setup:passive\r\n%s", (int)(setup - answer), answer,
             setup + strlen("a=setup:active\r\n"));
    enum auger_sdp_setup agreed = pair->peers[ALICE]->setup;
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, other), 0);
    assert_int_equal(pair->peers[ALICE]->setup, agreed);
    go_on(&talk, 100 * AUGER_MS);
    assert_undisturbed(&talk);
    pair_free(pair);
}

static void a_restart_tells_candidates_and_their_end_again(void **state)
{
    (void)state;
    struct talk talk = talking();
    struct pair *pair = talk.pair;
    char offer[SDP_SIZE];

    restart(pair, ALICE);
    offer_of(pair, ALICE, offer);
    assert_null(strstr(offer, "a=end-of-candidates")); /* it has yet to be found */
    settle(pair);
    assert_int_equal(count_events(pair, ALICE, AUGER_PEER_EVENT_CANDIDATE), 2);
    assert_int_equal(count_events(pair, ALICE, AUGER_PEER_EVENT_GATHERED), 2);
    assert_true(auger_peer_local_description(pair->peers[ALICE], offer, sizeof(offer)) > 0);
    assert_non_null(strstr(offer, "a=end-of-candidates"));
    pair_free(pair);
}

/* --- after the end of a path ---------------------------------------------------------------- */

static void a_restart_revives_a_peer_whose_path_was_lost(void **state)
{
    (void)state;
    for (int who = ALICE; who <= BOB; who++) {
        struct talk talk = talking();
        struct pair *pair = talk.pair;
        const struct auger_generation *before[] = {current_of(pair, ALICE), current_of(pair, BOB)};
        char offer[SDP_SIZE], answer[SDP_SIZE];

        go_on(&talk, AUGER_SEC);
        pair->cut = true;
        run_for(pair, 40 * AUGER_SEC);
        for (int side = ALICE; side <= BOB; side++) {
            const struct record *failed = find_state(pair, side, AUGER_PEER_FAILED);
            assert_non_null(failed);
            assert_int_equal(failed->event.reason, AUGER_PEER_CONSENT_LOST);
        }
        pair->cut = false;
        restart(pair, who);
        offer_of(pair, who, offer);
        assert_int_equal(set_remote(pair, 1 - who, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, 1 - who, answer);
        assert_int_equal(set_remote(pair, who, AUGER_SDP_ANSWER, answer), 0);
        run_for(pair, 10 * AUGER_SEC);
        for (int side = ALICE; side <= BOB; side++)
            assert_int_equal(pair->peers[side]->state, AUGER_PEER_CONNECTED);
        go_on(&talk, AUGER_SEC);
        run_for(pair, 5 * AUGER_SEC);
        assert_int_equal(heard(pair, BOB), talk.sent[ALICE]); /* by the same association */
        assert_int_equal(heard(pair, ALICE), talk.sent[BOB]);
        assert_restarted(pair, before);
        pair_free(pair);
    }
}

static bool is_paired(const struct pair *pair, int side)
{
    return find_event(pair, side, AUGER_PEER_EVENT_PATH) != NULL;
}

/* Between two runs of ICE there is no path: DTLS has its 30 s of those that had one.  Nor has
 * who was stopped meanwhile, and learns all at once. */
static void a_handshake_outlives_the_loss_of_its_path(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        int who = round % 2;
        bool is_stopped = round >= 2;
        struct talk talk = {.pair = pair_new(DELAY, NULL, NULL)};
        struct pair *pair = talk.pair;
        char offer[SDP_SIZE], answer[SDP_SIZE];

        talk.channel = open_channel(pair, ALICE, "numbers");
        introduce(pair);
        while (!is_paired(pair, ALICE) || !is_paired(pair, BOB))
            run_for(pair, AUGER_MS);
        pair->cut = true;
        if (is_stopped)
            pair->now += 60 * AUGER_SEC;
        run_for(pair, 40 * AUGER_SEC);
        for (int side = ALICE; side <= BOB; side++) {
            const struct record *failed = find_state(pair, side, AUGER_PEER_FAILED);
            assert_non_null(failed);
            assert_int_equal(failed->event.reason, AUGER_PEER_CONSENT_LOST);
            assert_null(find_state(pair, side, AUGER_PEER_CONNECTED));
        }
        pair->cut = false;
        restart(pair, who);
        offer_of(pair, who, offer);
        assert_int_equal(set_remote(pair, 1 - who, AUGER_SDP_OFFER, offer), 0);
        answer_of(pair, 1 - who, answer);
        assert_int_equal(set_remote(pair, who, AUGER_SDP_ANSWER, answer), 0);
        run_for(pair, 10 * AUGER_SEC);
        for (int side = ALICE; side <= BOB; side++)
            assert_int_equal(pair->peers[side]->state, AUGER_PEER_CONNECTED);
        go_on(&talk, AUGER_SEC);
        run_for(pair, 5 * AUGER_SEC);
        assert_int_equal(heard(pair, BOB), talk.sent[ALICE]);
        pair_free(pair);
    }
}

static void what_has_ended_otherwise_is_not_restarted(void **state)
{
    (void)state;
    struct talk talk = talking();
    struct pair *pair = talk.pair;
    char buf[SDP_SIZE];

    auger_peer_close(pair->peers[ALICE], pair->now);
    run_for(pair, 3 * AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        assert_int_equal(auger_peer_restart(pair->peers[side], pair->now), AUGER_ERR_STATE);
        assert_int_equal(auger_peer_create_offer(pair->peers[side], pair->now, buf, SDP_SIZE),
                         AUGER_ERR_STATE);
        assert_int_equal(auger_peer_rollback(pair->peers[side], pair->now), AUGER_ERR_STATE);
    }
    pair_free(pair);
}

/* A call that fails changes nothing. */
static void a_short_buffer_restarts_nothing(void **state)
{
    (void)state;
    struct talk talk = talking();
    struct pair *pair = talk.pair;
    const struct auger_generation *before[] = {current_of(pair, ALICE), current_of(pair, BOB)};
    char tiny[64];

    restart(pair, ALICE);
    assert_int_equal(auger_peer_create_offer(pair->peers[ALICE], pair->now, tiny, sizeof(tiny)),
                     AUGER_ERR_BUFFER);
    assert_null(auger_peer_ice(pair->peers[ALICE])->next);
    exchange(&talk, ALICE); /* and the next one does */
    go_on(&talk, AUGER_SEC);
    assert_undisturbed(&talk);
    assert_restarted(pair, before);
    pair_free(pair);
    assert_int_equal(allocated, 0);
}

/* A browser's offer with other sections too is followed by an offer of ours in the same
 * order (RFC 3264 section 8). */
static void an_offer_after_a_foreign_one_keeps_its_sections(void **state)
{
    (void)state;
    char path[4096], offer[65536], ours[65536];
    struct auger_sdp theirs, again;
    struct pair *pair = pair_new(0, NULL, NULL);
    struct auger_peer *bob = pair->peers[BOB];

    snprintf(path, sizeof(path), "%s/sdp/%s", TEST_DATA,
             "chromium156-firefox153/avdc.offer-gathered.sdp");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(offer, 1, sizeof(offer), file);
    fclose(file);
    assert_int_equal(
        auger_peer_set_remote_description(bob, pair->now, AUGER_SDP_OFFER, offer, len, NULL), 0);
    assert_true(auger_peer_create_answer(bob, pair->now, ours, sizeof(ours)) > 0);
    restart(pair, BOB);
    int ours_len = auger_peer_create_offer(bob, pair->now, ours, sizeof(ours));
    assert_true(ours_len > 0);
    assert_int_equal(auger_sdp_parse(&theirs, offer, len, NULL), 0);
    assert_int_equal(auger_sdp_parse(&again, ours, (size_t)ours_len, NULL), 0);
    assert_int_equal(again.sections_len, theirs.sections_len);
    assert_int_equal(again.data_section, theirs.data_section);
    assert_int_equal(again.sections[again.data_section].transport.setup, AUGER_SETUP_ACTPASS);
    for (int i = 0; i < again.sections_len; i++) {
        assert_int_equal(again.sections[i].mid.len, theirs.sections[i].mid.len);
        assert_memory_equal(again.sections[i].mid.data, theirs.sections[i].mid.data,
                            theirs.sections[i].mid.len);
        if (i != again.data_section)
            assert_int_equal(again.sections[i].port, 0);
    }
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_side_restarts_and_every_message_arrives),
        cmocka_unit_test(restarts_in_turn_keep_roles_and_order),
        cmocka_unit_test(a_further_offer_without_a_restart_leaves_ice_alone),
        cmocka_unit_test(when_offers_cross_one_side_rolls_back),
        cmocka_unit_test(a_restart_before_the_first_answer_replaces_the_offer),
        cmocka_unit_test(an_answer_restarts_if_and_only_if_the_offer_did),
        cmocka_unit_test(an_answer_does_not_change_the_dtls_roles),
        cmocka_unit_test(a_restart_tells_candidates_and_their_end_again),
        cmocka_unit_test(a_restart_revives_a_peer_whose_path_was_lost),
        cmocka_unit_test(a_handshake_outlives_the_loss_of_its_path),
        cmocka_unit_test(what_has_ended_otherwise_is_not_restarted),
        cmocka_unit_test(a_short_buffer_restarts_nothing),
        cmocka_unit_test(an_offer_after_a_foreign_one_keeps_its_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
