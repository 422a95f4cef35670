/* Names in place of addresses: the peer's are handed out to be resolved, ours are told. */
#include "tests/peer/pair.h"

#include "ice/state.h"
#include "peer/peer.h"

#define NAME "0c76a8a8-1f29-4ee6-8f4a-11a1bb5ae8c6.local"
#define OTHER "93ca72e4-42ee-4eed-8c73-81bad65e003b.local"

/* --- an end that resolves, and another that hides ------------------------------------------- */

static char told[4096]; /* the trace, a line a record */

static void note(void *user, const struct auger_trace_record *record)
{
    size_t len = strlen(told);

    (void)user;
    if (len > sizeof(told) - 512) /* more than any test reads */
        return;
    if (strncmp(record->name, "peer:name", 9) != 0 &&
        strncmp(record->name, "peer:address", 12) != 0)
        return;
    len += (size_t)snprintf(told + len, sizeof(told) - len, "%s", record->name + 5);
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct auger_trace_field *field = &record->fields[i];
        char addr[AUGER_ADDR_TEXT_MAX], number[24];
        const char *text = field->text;
        if (field->type == AUGER_TRACE_ADDR)
            text = auger_addr_format(field->addr, addr, sizeof(addr));
        else if (field->type == AUGER_TRACE_INT)
            snprintf(number, sizeof(number), "%lld", (long long)field->i), text = number;
        len += (size_t)snprintf(told + len, sizeof(told) - len, " %s=%s", field->key, text);
    }
    snprintf(told + len, sizeof(told) - len, "\n");
}

static const struct auger_env noting_env = {
    .random = env_random, .alloc = env_alloc, .release = env_release, .trace = note};

/* A pair whose first end resolves, and whose second one hides its address behind NAME. */
static struct pair *resolver_and_hider(auger_time delay)
{
    struct auger_peer_config alice, bob;

    told[0] = '\0';
    auger_peer_config_init(&alice);
    alice.resolve_names = true;
    auger_peer_config_init(&bob);
    bob.hide_addresses = true;
    struct pair *pair = pair_new(delay, &alice, &bob);
    auger_peer_free(pair->peers[ALICE]); /* again, with our trace */
    assert_int_equal(auger_peer_new(&pair->peers[ALICE], &noting_env, &alice), 0);
    assert_int_equal(auger_peer_add_local_addr(pair->peers[ALICE], pair->now, &pair->addrs[ALICE]),
                     0);
    auger_peer_end_of_local_addrs(pair->peers[ALICE], pair->now);
    assert_int_equal(
        auger_peer_name_local_addr(pair->peers[BOB], pair->now, &pair->addrs[BOB], NAME), 0);
    settle(pair);
    return pair;
}

static struct auger_peer_name next_name(struct pair *pair)
{
    struct auger_peer_name name;

    assert_true(auger_peer_poll_name(pair->peers[ALICE], pair->now, &name));
    return name;
}

static bool has_name(struct pair *pair)
{
    struct auger_peer_name name;

    return auger_peer_poll_name(pair->peers[ALICE], pair->now, &name);
}

static void answer_name(struct pair *pair, uint64_t token, const char *ip)
{
    struct auger_addr addr = {0};

    if (ip)
        assert_int_equal(auger_addr_parse_ip(&addr, ip, strlen(ip), 0), 0);
    auger_peer_name_resolved(pair->peers[ALICE], pair->now, token, ip ? &addr : NULL);
}

static int add_line(struct pair *pair, const char *address, int port)
{
    char line[AUGER_CAND_LINE_MAX];

    snprintf(line, sizeof(line), "candidate:1 1 udp 2113937151 %s %d typ host", address, port);
    return auger_peer_add_remote_candidate(pair->peers[ALICE], pair->now, line, strlen(line));
}

/* A UUID of its own for each number. */
static const char *name_number(int number)
{
    static char name[AUGER_MDNS_NAME_MAX];

    snprintf(name, sizeof(name), "%08x-42ee-4eed-8c73-81bad65e003b.local", (unsigned)number);
    return name;
}

static struct auger_peer_name_counters counters_of(const struct pair *pair)
{
    struct auger_peer_name_counters counters;

    auger_peer_get_name_counters(pair->peers[ALICE], &counters);
    return counters;
}

static size_t remotes_of(const struct pair *pair, struct auger_cand cands[16])
{
    return auger_ice_remote_cands(auger_peer_ice(pair->peers[ALICE]), cands, 16);
}

static bool is_ended(const struct pair *pair)
{
    return pair->peers[ALICE]->ice->current->remote_ended;
}

/* --- the peer's names ---------------------------------------------------------------------- */

static void a_resolved_name_is_a_candidate_with_all_that_its_line_said(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(10 * AUGER_MS);
    struct auger_cand cands[16];

    introduce(pair);
    assert_int_equal(remotes_of(pair, cands), 0);
    struct auger_peer_name name = next_name(pair);
    assert_string_equal(name.name, NAME);
    assert_false(has_name(pair));
    answer_name(pair, name.token, "192.0.2.2");
    assert_int_equal(remotes_of(pair, cands), 1);
    assert_int_equal(cands[0].type, AUGER_CAND_HOST);
    assert_true(auger_addr_equal(&cands[0].addr, &pair->addrs[BOB]));
    assert_true(cands[0].hidden);
    assert_string_equal(told, "name_asked name=" NAME " port=5002\n"
                              "name_resolved name=" NAME " addr=192.0.2.2:5002\n");
    open_channel(pair, ALICE, "d");
    run_for(pair, 5 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
    assert_int_equal(counters_of(pair).resolved, 1);
    pair_free(pair);
}

static void a_name_that_nobody_answers_for_costs_itself_alone(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(10 * AUGER_MS);

    introduce(pair);
    answer_name(pair, next_name(pair).token, NULL);
    assert_string_equal(told, "name_asked name=" NAME " port=5002\n"
                              "name_failed name=" NAME " why=no answer\n");
    assert_int_equal(counters_of(pair).failed, 1);
    run_for(pair, 5 * AUGER_SEC); /* found by its checks */
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CONNECTED));
    pair_free(pair);
}

static void a_name_is_open_for_ten_seconds_whatever_the_driver_does(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);

    introduce(pair);
    assert_true(auger_peer_next_timeout(pair->peers[ALICE]) <= pair->now + 10 * AUGER_SEC);
    pair->cut = true;
    run_for(pair, 10 * AUGER_SEC - 1);
    assert_int_equal(counters_of(pair).failed, 0);
    run_for(pair, 1);
    assert_int_equal(counters_of(pair).failed, 1);
    assert_false(has_name(pair));
    assert_string_equal(told, "name_failed name=" NAME " why=time is up\n");
    pair_free(pair);
}

static void the_end_of_candidates_waits_for_the_last_name(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);

    introduce(pair); /* the answer says that there will be no more */
    assert_false(is_ended(pair));
    assert_int_equal(add_line(pair, OTHER, 9), 0);
    struct auger_peer_name one = next_name(pair), two = next_name(pair);
    answer_name(pair, one.token, "192.0.2.2");
    assert_false(is_ended(pair));
    answer_name(pair, two.token, NULL);
    assert_true(is_ended(pair));
    pair_free(pair);
}

static void a_trickled_end_waits_and_comes_when_the_time_is_up(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);

    introduce(pair);
    answer_name(pair, next_name(pair).token, "192.0.2.2");
    pair->peers[ALICE]->ice->current->remote_ended = false;
    assert_int_equal(add_line(pair, OTHER, 9), 0);
    assert_int_equal(auger_peer_add_remote_candidate(pair->peers[ALICE], pair->now, "", 0), 0);
    run_for(pair, 9 * AUGER_SEC);
    assert_false(is_ended(pair));
    run_for(pair, 1 * AUGER_SEC);
    assert_true(is_ended(pair));
    pair_free(pair);
}

static void without_a_name_the_end_of_candidates_does_not_wait(void **state)
{
    (void)state;
    struct pair *pair = pair_new(0, NULL, NULL);

    settle(pair);
    introduce(pair);
    assert_true(is_ended(pair));
    pair_free(pair);
}

static void other_names_and_broken_ones_are_ignored_and_counted(void **state)
{
    (void)state;
    static const char *const names[] = {"example.org", "printer.local", "localhost",
                                        "0c76a8a8-1f29-4ee6-8f4a-11a1bb5ae8c6.locale",
                                        "0c76a8a81f294ee68f4a11a1bb5ae8c6.local"};
    struct pair *pair = resolver_and_hider(0);

    introduce(pair);
    (void)next_name(pair);
    told[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(add_line(pair, names[i], 9), AUGER_ERR_UNSUPPORTED);
    assert_false(has_name(pair));
    assert_int_equal(counters_of(pair).ignored, ARRAY_LEN(names));
    assert_non_null(strstr(told, "name_ignored name=printer.local why=not a UUID under .local\n"));
    assert_int_equal(add_line(pair, "x..y!.local", 9), AUGER_ERR_MALFORMED);
    pair_free(pair);
}

static void by_default_no_name_is_handed_out(void **state)
{
    (void)state;
    struct pair *pair = pair_new(0, NULL, NULL);

    settle(pair);
    introduce(pair);
    assert_int_equal(add_line(pair, NAME, 9), AUGER_ERR_UNSUPPORTED);
    assert_false(has_name(pair));
    assert_int_equal(counters_of(pair).ignored, 1);
    pair_free(pair);
}

static void the_ninth_name_at_a_time_is_one_too_many(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);

    introduce(pair); /* with one */
    struct auger_peer_name first = next_name(pair);
    for (int i = 0; i < AUGER_PEER_NAMES_MAX - 1; i++)
        assert_int_equal(add_line(pair, name_number(i), 9), 0);
    assert_int_equal(add_line(pair, OTHER, 9), AUGER_ERR_LIMIT);
    assert_int_equal(counters_of(pair).ignored, 1);
    answer_name(pair, first.token, NULL);
    assert_int_equal(add_line(pair, OTHER, 9), 0);
    pair_free(pair);
}

static void of_one_generation_no_more_names_are_taken_than_candidates(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);
    int taken = 0;

    introduce(pair);
    for (int i = 0; i < 1000; i++) {
        struct auger_peer_name name;
        taken += add_line(pair, name_number(i), 9) == 0;
        if (auger_peer_poll_name(pair->peers[ALICE], pair->now, &name))
            answer_name(pair, name.token, NULL);
    }
    assert_int_equal(taken, 63); /* and that of the answer */
    assert_int_equal(counters_of(pair).asked, 64);
    pair_free(pair);
}

static void a_line_that_comes_twice_asks_once(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);

    introduce(pair);
    assert_int_equal(add_line(pair, NAME, 5002), 0);
    (void)next_name(pair);
    assert_int_equal(add_line(pair, NAME, 5002), 0);
    assert_false(has_name(pair));
    pair_free(pair);
}

static void an_address_of_no_use_is_not_sent_to(void **state)
{
    (void)state;
    static const char *const bad[] = {"127.0.0.1", "224.0.0.251", "0.0.0.0", "ff02::fb",
                                      "::1",       "fe80::1",     "::"};
    struct pair *pair = resolver_and_hider(0);
    struct auger_cand cands[16];

    introduce(pair);
    answer_name(pair, next_name(pair).token, "169.254.0.1");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(add_line(pair, name_number((int)i), 9), 0);
        answer_name(pair, next_name(pair).token, bad[i]);
    }
    assert_int_equal(counters_of(pair).failed, 1 + ARRAY_LEN(bad));
    assert_int_equal(remotes_of(pair, cands), 0);
    pair_free(pair);
}

static void an_answer_too_late_twice_or_to_nothing_changes_nothing(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);
    struct auger_cand cands[16];

    introduce(pair);
    struct auger_peer_name name = next_name(pair);
    answer_name(pair, 77, "192.0.2.9");
    answer_name(pair, name.token, NULL);
    answer_name(pair, name.token, "192.0.2.2");
    assert_int_equal(remotes_of(pair, cands), 0);
    assert_int_equal(add_line(pair, NAME, 5002), 0);
    name = next_name(pair);
    auger_peer_close(pair->peers[ALICE], pair->now);
    answer_name(pair, name.token, "192.0.2.2");
    assert_int_equal(remotes_of(pair, cands), 0);
    assert_false(has_name(pair));
    pair_free(pair);
}

static void a_restart_forgets_the_names_of_before(void **state)
{
    (void)state;
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = resolver_and_hider(0);
    struct auger_cand cands[16];

    introduce(pair);
    answer_name(pair, next_name(pair).token, "192.0.2.2");
    run_for(pair, AUGER_SEC);
    assert_int_equal(add_line(pair, OTHER, 9), 0);
    struct auger_peer_name old = next_name(pair);
    assert_int_equal(auger_peer_restart(pair->peers[BOB], pair->now), 0);
    offer_of(pair, BOB, offer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, ALICE, answer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_ANSWER, answer), 0);
    answer_name(pair, old.token, "192.0.2.9");
    assert_int_equal(counters_of(pair).resolved, 1);
    answer_name(pair, next_name(pair).token, "192.0.2.2"); /* NAME again */
    assert_false(has_name(pair));
    assert_int_equal(remotes_of(pair, cands), 1);
    assert_true(auger_addr_equal(&cands[0].addr, &pair->addrs[BOB]));
    pair_free(pair);
}

/* --- ours ---------------------------------------------------------------------------------- */

static void nothing_that_is_told_has_a_hidden_address(void **state)
{
    (void)state;
    char sdp[SDP_SIZE];
    struct pair *pair = resolver_and_hider(0);
    const struct record *cand = find_event(pair, BOB, AUGER_PEER_EVENT_CANDIDATE);

    assert_non_null(cand);
    offer_of(pair, BOB, sdp);
    assert_non_null(strstr(sdp, " " NAME " 5002 typ host"));
    assert_null(strstr(sdp, "192.0.2"));
    assert_non_null(strstr(sdp, "c=IN IP4 0.0.0.0\r\n"));
    assert_int_equal(auger_peer_rollback(pair->peers[BOB], pair->now), 0);
    introduce(pair);
    assert_true(auger_peer_local_description(pair->peers[BOB], sdp, sizeof(sdp)) > 0);
    assert_non_null(strstr(sdp, NAME));
    assert_null(strstr(sdp, "192.0.2"));
    assert_non_null(strstr(pair->peers[BOB]->candidate, NAME));
    assert_null(strstr(pair->peers[BOB]->candidate, "192.0.2"));
    pair_free(pair);
}

static void a_host_candidate_without_a_name_is_not_told(void **state)
{
    (void)state;
    char sdp[SDP_SIZE];
    struct auger_peer_config config;
    auger_peer_config_init(&config);
    config.hide_addresses = true;
    struct pair *pair = pair_new(0, &config, NULL);

    settle(pair);
    offer_of(pair, ALICE, sdp);
    assert_null(strstr(sdp, "a=candidate"));
    assert_null(find_event(pair, ALICE, AUGER_PEER_EVENT_CANDIDATE));
    assert_non_null(find_event(pair, ALICE, AUGER_PEER_EVENT_GATHERED));
    introduce(pair); /* and yet there is a path, by our checks */
    run_for(pair, 5 * AUGER_SEC);
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CONNECTED));
    pair_free(pair);
}

/* A NAT that is one to one: its address is there to be told, and stands for the host's. */
static void hide_behind(struct auger_peer_config *config, struct auger_ice_mapping *mapping,
                        const char *external)
{
    auger_peer_config_init(config);
    *mapping = (struct auger_ice_mapping){.local = {.family = AUGER_IPV4}};
    assert_int_equal(auger_addr_parse_ip(&mapping->external, external, strlen(external), 0), 0);
    config->hide_addresses = true;
    config->trickle = AUGER_TRICKLE_NONE;
    config->ice.mappings = mapping;
    config->ice.mappings_len = 1;
    config->ice.mappings_replace_host = true;
}

static void a_mapped_address_in_place_of_a_hidden_one_is_told(void **state)
{
    (void)state;
    struct auger_peer_config config;
    struct auger_ice_mapping mapping;
    char sdp[SDP_SIZE];
    hide_behind(&config, &mapping, "203.0.113.9");
    struct pair *pair = pair_new(0, &config, NULL);

    settle(pair);
    offer_of(pair, ALICE, sdp);
    assert_non_null(strstr(sdp, " 203.0.113.9 5001 typ host"));
    assert_non_null(strstr(sdp, "c=IN IP4 203.0.113.9\r\n"));
    assert_null(strstr(sdp, "192.0.2"));
    pair_free(pair);
}

static void a_mapped_address_that_is_hidden_itself_is_told_by_its_name(void **state)
{
    (void)state;
    struct auger_peer_config config;
    struct auger_ice_mapping mapping;
    struct auger_addr external;
    char sdp[SDP_SIZE];
    hide_behind(&config, &mapping, "192.0.2.9");
    struct pair *pair = pair_new(0, &config, NULL);

    assert_int_equal(auger_addr_parse(&external, "192.0.2.9:9"), 0);
    assert_int_equal(auger_peer_name_local_addr(pair->peers[ALICE], pair->now, &external, NAME), 0);
    settle(pair);
    offer_of(pair, ALICE, sdp);
    assert_non_null(strstr(sdp, " " NAME " 5001 typ host"));
    assert_non_null(strstr(sdp, "c=IN IP4 0.0.0.0\r\n"));
    assert_null(strstr(sdp, "192.0.2"));
    pair_free(pair);
}

static void a_related_address_is_hidden_too(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);
    struct auger_cand cand = {.type = AUGER_CAND_SRFLX, .priority = 1, .foundation = "1"};
    char line[AUGER_CAND_LINE_MAX];

    assert_int_equal(auger_addr_parse(&cand.addr, "203.0.113.1:7"), 0);
    cand.related = pair->addrs[BOB];
    assert_true(auger_local_names_format(pair->peers[BOB], &cand, line, sizeof(line)) > 0);
    assert_string_equal(line, "candidate:1 1 udp 1 203.0.113.1 7 typ srflx raddr 0.0.0.0 rport 9");
    assert_true(auger_local_names_format(pair->peers[ALICE], &cand, line, sizeof(line)) > 0);
    assert_non_null(strstr(line, "192.0.2.2"));
    pair_free(pair);
}

static void only_good_names_are_taken_and_as_many_as_candidates(void **state)
{
    (void)state;
    struct pair *pair = resolver_and_hider(0);
    struct auger_peer *bob = pair->peers[BOB];
    struct auger_addr addr = pair->addrs[BOB];

    assert_int_equal(auger_peer_name_local_addr(bob, pair->now, &addr, "bob.local"),
                     AUGER_ERR_INVALID);
    for (uint8_t i = 0; i < 15; i++) {
        addr.ip[3] = (uint8_t)(100 + i);
        assert_int_equal(auger_peer_name_local_addr(bob, pair->now, &addr, name_number(i)), 0);
    }
    addr.ip[3] = 200;
    assert_int_equal(auger_peer_name_local_addr(bob, pair->now, &addr, OTHER), AUGER_ERR_LIMIT);
    assert_int_equal(auger_peer_name_local_addr(bob, pair->now, &pair->addrs[BOB], OTHER), 0);
    pair_free(pair);
}

static int everything_was_released(void **state)
{
    (void)state;
    return allocated != 0;
}

int main(void)
{
#define T(test) cmocka_unit_test_teardown(test, everything_was_released)
    const struct CMUnitTest tests[] = {
        T(a_resolved_name_is_a_candidate_with_all_that_its_line_said),
        T(a_name_that_nobody_answers_for_costs_itself_alone),
        T(a_name_is_open_for_ten_seconds_whatever_the_driver_does),
        T(the_end_of_candidates_waits_for_the_last_name),
        T(a_trickled_end_waits_and_comes_when_the_time_is_up),
        T(without_a_name_the_end_of_candidates_does_not_wait),
        T(other_names_and_broken_ones_are_ignored_and_counted),
        T(by_default_no_name_is_handed_out),
        T(the_ninth_name_at_a_time_is_one_too_many),
        T(of_one_generation_no_more_names_are_taken_than_candidates),
        T(a_line_that_comes_twice_asks_once),
        T(an_address_of_no_use_is_not_sent_to),
        T(an_answer_too_late_twice_or_to_nothing_changes_nothing),
        T(a_restart_forgets_the_names_of_before),
        T(nothing_that_is_told_has_a_hidden_address),
        T(a_host_candidate_without_a_name_is_not_told),
        T(a_mapped_address_in_place_of_a_hidden_one_is_told),
        T(a_mapped_address_that_is_hidden_itself_is_told_by_its_name),
        T(a_related_address_is_hidden_too),
        T(only_good_names_are_taken_and_as_many_as_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
