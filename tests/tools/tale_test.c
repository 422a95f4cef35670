/* Stories of meetings end as docs/nat-matrix.md says they must, and are whole: what leaves arrives
 * or falls, each row is told once, and what a NAT does not let in stays outside. */
#include "tests/matrix/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/tale.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Names of ours, and what the matrix calls them. */
static const struct {
    const char *ours, *theirs;
} kinds[] = {
    {"open", "none"},
    {"firewall", "firewall"},
    {"full-cone", "EIM/EIF/random"},
    {"address-restricted", "EIM/ADF/random"},
    {"port-restricted", "EIM/APDF/random"},
    {"symmetric", "APDM/APDF/random"},
    {"symmetric+1", "APDM/APDF/sequential"},
    {"symmetric+2", "APDM/APDF/sequential"},
    {"symmetric+100", "APDM/APDF/sequential"},
    {"ADM/EIF/preserve", "ADM/EIF/preserve"},
    {"APDM/ADF/overload", "APDM/ADF/overload"},
    {"udp-blocked", "blocked"},
};

static struct tale *tell(const char *alice, const char *bob, bool no_turn, uint64_t seed)
{
    struct tale_options options = {.no_turn = no_turn, .seed = seed, .delay = 40 * AUGER_MS};

    assert_null(nat_chain_read(&options.chains[0], alice));
    assert_null(nat_chain_read(&options.chains[1], bob));
    return tale_new(&options);
}

static const struct table_outcome *expected(const struct table *table, const char *group,
                                            const char *alice, const char *bob)
{
    for (size_t i = 0; i < table->cells_len; i++) {
        const struct table_cell *cell = &table->cells[i];
        if (strcmp(cell->group, group) == 0 && strcmp(cell->row, alice) == 0 &&
            strcmp(cell->column, bob) == 0)
            return cell->outcome;
    }
    fail_msg("the matrix has no %s: %s meets %s", group, alice, bob);
    return NULL;
}

static bool is_direct(const struct table_outcome *outcome)
{
    return strcmp(outcome->paths[TABLE_NO_RELAY], "-") != 0;
}

static void must_end(const struct table_outcome *outcome, const char *alice, const char *bob,
                     bool no_turn, uint64_t seed)
{
    struct tale *tale = tell(alice, bob, no_turn, seed);
    enum tale_end wanted = is_direct(outcome) ? TALE_DIRECT : no_turn ? TALE_APART : TALE_RELAYED;

    if (tale->end != wanted)
        fail_msg("%s meets %s%s, seed %llu: %s instead of %s, where %s", alice, bob,
                 no_turn ? " without a relay" : "", (unsigned long long)seed,
                 tale_end_name(tale->end), tale_end_name(wanted), outcome->why);
    tale_free(tale);
}

static void every_meeting_ends_as_the_matrix_says(void **state)
{
    struct table *table = table_read(TEST_DATA "/../matrix/expected.tsv");

    (void)state;
    for (size_t a = 0; a < ARRAY_LEN(kinds); a++)
        for (size_t b = 0; b < ARRAY_LEN(kinds); b++) {
            const struct table_outcome *outcome =
                expected(table, "alone", kinds[a].theirs, kinds[b].theirs);
            must_end(outcome, kinds[a].ours, kinds[b].ours, true, a * 100 + b);
            must_end(outcome, kinds[a].ours, kinds[b].ours, false, a * 100 + b);
        }
    free(table);
}

static void a_nat_behind_a_nat_is_as_the_matrix_says(void **state)
{
    static const char *const chains[][2] = {
        {"full-cone/full-cone", "EIM/EIF<EIM/EIF"},
        {"port-restricted/full-cone", "EIM/APDF<EIM/EIF"},
        {"address-restricted/symmetric", "EIM/ADF<APDM/APDF"},
        {"symmetric/full-cone", "APDM/APDF<EIM/EIF"},
        {"EIM/APDF/EIM/APDF", "EIM/APDF<EIM/APDF"},
        {"symmetric/symmetric", "APDM/APDF<APDM/APDF"},
    };
    static const char *const others[][2] = {{"open", "none"},
                                            {"full-cone", "EIM/EIF"},
                                            {"address-restricted", "EIM/ADF"},
                                            {"port-restricted", "EIM/APDF"},
                                            {"symmetric", "APDM/APDF"}};
    struct table *table = table_read(TEST_DATA "/../matrix/expected.tsv");

    (void)state;
    for (size_t a = 0; a < ARRAY_LEN(chains); a++)
        for (size_t b = 0; b < ARRAY_LEN(others); b++) {
            const struct table_outcome *outcome =
                expected(table, "nested", chains[a][1], others[b][1]);
            must_end(outcome, chains[a][0], others[b][0], true, a * 100 + b);
            must_end(outcome, chains[a][0], others[b][0], false, a * 100 + b);
        }
    free(table);
}

/* --- whole --------------------------------------------------------------------------------------
 */

static bool is_of(const struct tale_beat *beat, size_t journey)
{
    return beat->what <= TALE_FALLS && beat->journey == journey;
}

/* From its first place on; what was still on its way at the end has no end of its own. */
static void check_journey(const struct tale *tale, size_t journey)
{
    const struct tale_beat *last = NULL;
    auger_time at = 0, end = tale->beats[tale->beats_len - 1].at;

    for (size_t i = 0; i < tale->beats_len; i++) {
        const struct tale_beat *beat = &tale->beats[i];
        if (!is_of(beat, journey))
            continue;
        assert_true((last == NULL) == (beat->what == TALE_LEAVES));
        assert_true(!last || (last->what != TALE_ARRIVES && last->what != TALE_FALLS));
        assert_true(beat->at >= at);
        at = beat->at;
        last = beat;
    }
    assert_non_null(last);
    if (last->what != TALE_ARRIVES && last->what != TALE_FALLS)
        assert_true(at + tale->options.delay >= end);
}

static void check_rows(const struct tale *tale, size_t place)
{
    size_t told = 0;

    for (size_t i = 0; i < tale->beats_len; i++) {
        const struct tale_beat *beat = &tale->beats[i];
        if (beat->what != TALE_WRITES || beat->place != place)
            continue;
        assert_memory_equal(&beat->row, &tale->places[place].rows[told], sizeof(beat->row));
        told++;
    }
    assert_int_equal(told, tale->places[place].rows_len);
}

static void a_story_is_whole(void **state)
{
    static const char *const meetings[][2] = {{"full-cone", "port-restricted"},
                                              {"symmetric", "port-restricted/symmetric"},
                                              {"udp-blocked", "address-restricted"},
                                              {"open", "firewall"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(meetings); i++) {
        struct tale *tale = tell(meetings[i][0], meetings[i][1], false, i);
        assert_true(tale->journeys_len > 8);
        for (size_t j = 0; j < tale->journeys_len; j++)
            check_journey(tale, j);
        for (size_t place = 0; place < tale->places_len; place++)
            check_rows(tale, place);
        tale_free(tale);
    }
}

/* Whether a row of that gateway was told before this beat that lets in what comes along there. */
static bool is_let_in(const struct tale *tale, const struct tale_beat *at,
                      const struct auger_addr *external)
{
    for (const struct tale_beat *beat = tale->beats; beat < at; beat++)
        if (beat->what == TALE_WRITES && beat->place == at->place &&
            auger_addr_equal(&beat->row.external, external) &&
            auger_addr_equal(&beat->row.remote, &at->src))
            return true;
    return false;
}

static void check_gates(const char *alice, const char *bob)
{
    struct tale *tale = tell(alice, bob, true, 5);
    size_t in = 0, fallen = 0;

    for (const struct tale_beat *beat = tale->beats; beat < tale->beats + tale->beats_len; beat++) {
        if (beat->what == TALE_PASSES && !beat->outward) {
            assert_true(is_let_in(tale, beat, &beat->row.external));
            assert_true(auger_addr_equal(&beat->row.inside, &beat->dst));
            in++;
        }
        if (beat->what != TALE_FALLS)
            continue;
        assert_string_equal(beat->why, "filtered");
        assert_false(is_let_in(tale, beat, &beat->dst));
        fallen++;
    }
    assert_true(in >= 2 && fallen >= 1);
    assert_int_equal(fallen, tale->fallen);
    tale_free(tale);
}

static void what_comes_in_has_a_row_and_what_falls_has_none(void **state)
{
    (void)state;
    check_gates("port-restricted", "symmetric");
    check_gates("port-restricted", "port-restricted");
    check_gates("symmetric", "symmetric");
}

/* The origin of all this: 300, then 301, or 302, or 400. */
static void sequential_ports_are_that_far_apart(void **state)
{
    static const struct {
        const char *nat;
        int apart;
    } steps[] = {{"symmetric+1", 1}, {"symmetric+2", 2}, {"symmetric+100", 100}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct tale *tale = tell(steps[i].nat, "port-restricted", true, 3);
        const struct tale_place *nat = &tale->places[tale->hosts[0] + 1];
        assert_true(nat->rows_len >= 2);
        assert_int_equal(nat->rows[1].external.port - nat->rows[0].external.port, steps[i].apart);
        tale_free(tale);
    }
}

static void the_same_seed_tells_the_same_story(void **state)
{
    struct tale *one = tell("symmetric", "full-cone", false, 9);
    struct tale *two = tell("symmetric", "full-cone", false, 9);
    struct tale *other = tell("symmetric", "full-cone", false, 10);
    const size_t size = sizeof(one->places[1].rows[0]) * one->places[1].rows_len;

    (void)state;
    assert_int_equal(one->beats_len, two->beats_len);
    for (size_t i = 0; i < one->beats_len; i++) {
        assert_int_equal(one->beats[i].at, two->beats[i].at);
        assert_int_equal(one->beats[i].what, two->beats[i].what);
        assert_true(auger_addr_equal(&one->beats[i].src, &two->beats[i].src));
    }
    assert_int_equal(one->places[1].rows_len, two->places[1].rows_len);
    assert_memory_not_equal(one->places[1].rows, other->places[1].rows, size);
    tale_free(one);
    tale_free(two);
    tale_free(other);
}

/* --- prediction ---------------------------------------------------------------------------------
 */

static struct tale *tell_predicted(const char *alice, const char *bob, bool she, bool he)
{
    struct tale_options options = {
        .no_turn = true, .seed = 3, .delay = 40 * AUGER_MS, .predicts = {she, he}};

    assert_null(nat_chain_read(&options.chains[0], alice));
    assert_null(nat_chain_read(&options.chains[1], bob));
    return tale_new(&options);
}

/* The first of them after `from`, or NULL. */
static const struct tale_beat *find_beat(const struct tale *tale, const struct tale_beat *from,
                                         enum tale_what what, size_t place)
{
    for (const struct tale_beat *beat = from; beat < tale->beats + tale->beats_len; beat++)
        if (beat->what == what && beat->place == place)
            return beat;
    return NULL;
}

static size_t count_beats(const struct tale *tale, enum tale_what what)
{
    size_t count = 0;

    for (size_t i = 0; i < tale->beats_len; i++)
        count += tale->beats[i].what == what;
    return count;
}

/* Two requests, the check to bob, two requests more, at one moment and each from a socket of its
 * own; the row of the check. */
static const struct nat_row *check_burst(const struct tale *tale, const struct tale_beat *plan)
{
    static const enum tale_topic topics[] = {TALE_ASKS_SERVER, TALE_ASKS_SERVER, TALE_CHECK,
                                             TALE_ASKS_SERVER, TALE_ASKS_SERVER};
    const struct tale_beat *beat = plan;
    const struct nat_row *row = NULL;

    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        beat = find_beat(tale, beat + 1, TALE_LEAVES, tale->hosts[TALE_ALICE]);
        assert_non_null(beat);
        assert_int_equal(beat->at, plan->at);
        assert_int_equal(tale->journeys[beat->journey].topic, topics[i]);
        assert_false(auger_addr_equal(&beat->src, &tale->places[tale->hosts[TALE_ALICE]].addr));
        if (topics[i] == TALE_CHECK)
            for (const struct tale_beat *b = beat; b->journey == beat->journey; b++)
                if (b->what == TALE_WRITES)
                    row = &b->row; /* of the outermost gateway in the end */
    }
    assert_non_null(row);
    return row;
}

/* Told before bob ever saw it, and his check to it gets in, where none did before. */
static void check_guess(const struct tale *tale)
{
    size_t alice = tale->hosts[TALE_ALICE], bob = tale->hosts[TALE_BOB];
    const struct tale_beat *plan = find_beat(tale, tale->beats, TALE_PREDICTS, alice);
    assert_non_null(plan);
    assert_string_equal(plan->words, "bracket");
    const struct nat_row *row = check_burst(tale, plan);
    const struct tale_beat *shown = find_beat(tale, plan, TALE_BRACKETS, alice);
    assert_non_null(shown);
    assert_string_equal(shown->words, "exact");
    const struct tale_beat *told = find_beat(tale, shown, TALE_TOLD, bob);
    assert_non_null(told);
    assert_true(told->is_guess && auger_addr_equal(&told->src, &row->external));
    const struct tale_beat *heard = find_beat(tale, tale->beats, TALE_ARRIVES, alice);
    while (tale->journeys[heard->journey].topic != TALE_CHECK)
        heard = find_beat(tale, heard + 1, TALE_ARRIVES, alice);
    assert_true(heard > told);
    assert_true(auger_addr_equal(&tale->journeys[heard->journey].dst, &told->src));
    assert_true(auger_addr_equal(&tale->path[TALE_ALICE], &told->src));
    assert_int_equal(tale->guesses_len, 1);
}

static void the_port_that_comes_is_guessed_and_told(void **state)
{
    static const char *const nats[] = {"symmetric+1", "symmetric+2", "symmetric+100",
                                       "port-restricted/symmetric+1", "symmetric+1/symmetric+100"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nats); i++) {
        struct tale *with = tell_predicted(nats[i], "port-restricted", true, false);
        struct tale *without = tell_predicted(nats[i], "port-restricted", false, false);
        assert_int_equal(with->end, TALE_DIRECT);
        assert_int_equal(without->end, TALE_APART);
        check_guess(with);
        for (size_t j = 0; j < with->journeys_len; j++)
            check_journey(with, j);
        for (size_t place = 0; place < with->places_len; place++)
            check_rows(with, place);
        assert_int_equal(count_beats(without, TALE_PREDICTS), 0);
        tale_free(with);
        tale_free(without);
    }
}

static void one_side_may_go_ahead_of_the_others_ports(void **state)
{
    struct tale *tale = tell_predicted("symmetric+2", "port-restricted", false, true);

    (void)state;
    assert_int_equal(tale->end, TALE_DIRECT);
    assert_int_equal(count_beats(tale, TALE_AHEAD), 1);
    assert_int_equal(count_beats(tale, TALE_PREDICTS), 0);
    const struct tale_beat *ahead = find_beat(tale, tale->beats, TALE_AHEAD, tale->hosts[TALE_BOB]);
    assert_non_null(ahead);
    assert_true(ahead->step == 2 && ahead->ports >= 16);
    tale_free(tale);
}

static void where_both_count_they_guess_many(void **state)
{
    struct tale *tale = tell_predicted("symmetric+1", "symmetric+2", true, true);

    (void)state;
    assert_int_equal(tale->end, TALE_DIRECT);
    const struct tale_beat *plan =
        find_beat(tale, tale->beats, TALE_PREDICTS, tale->hosts[TALE_ALICE]);
    assert_non_null(plan);
    assert_string_equal(plan->words, "aligned");
    assert_true(tale->guesses_len > 1);
    tale_free(tale);
}

static void of_ports_in_no_order_none_is_told(void **state)
{
    struct tale *tale = tell_predicted("symmetric", "port-restricted", true, false);

    (void)state;
    assert_int_equal(tale->end, TALE_APART);
    const struct tale_beat *shown =
        find_beat(tale, tale->beats, TALE_BRACKETS, tale->hosts[TALE_ALICE]);
    assert_non_null(shown);
    assert_string_equal(shown->words, "random");
    assert_int_equal(tale->guesses_len, 0);
    tale_free(tale);
}

static void where_they_meet_anyway_nothing_is_guessed(void **state)
{
    struct tale *tale = tell_predicted("full-cone", "symmetric+1", true, true);

    (void)state;
    assert_int_equal(tale->end, TALE_DIRECT);
    assert_int_equal(count_beats(tale, TALE_PREDICTS) + count_beats(tale, TALE_AHEAD), 0);
    assert_int_equal(tale->guesses_len, 0);
    tale_free(tale);
}

/* --- names --------------------------------------------------------------------------------------
 */

static void names_are_read(void **state)
{
    static const struct {
        const char *text, *titles[NAT_CHAIN_MAX];
    } right[] = {
        {"open", {NULL}},
        {"none", {NULL}},
        {"random", {"random"}},
        {"port-restricted/symmetric", {"port-restricted", "symmetric"}},
        {"EIM/APDF<APDM/ADF/parity", {"EIM/APDF", "APDM/ADF/parity"}},
        {"full-cone/ADM/EIF/symmetric+7", {"full-cone", "ADM/EIF", "symmetric+7"}},
    };
    struct nat_chain chain;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        size_t len = 0;
        assert_null(nat_chain_read(&chain, right[i].text));
        for (; len < NAT_CHAIN_MAX && right[i].titles[len]; len++)
            assert_string_equal(chain.gates[len].title, right[i].titles[len]);
        assert_int_equal(chain.len, len);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "/",
                                        "cone/",
                                        "/cone",
                                        "nat",
                                        "EIM",
                                        "EIM/",
                                        "EIM/parity",
                                        "eim/eif",
                                        "symmetric+",
                                        "symmetric+0",
                                        "symmetric+-1",
                                        "symmetric+1x",
                                        "symmetric+99999",
                                        "cone//cone",
                                        "EIM/EIF/parity/random/nonsense",
                                        "cone/cone/cone/cone",
                                        "a-name-that-is-longer-than-any-NAT-has"};
    struct nat_chain chain;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (!nat_chain_read(&chain, wrong[i]))
            fail_msg("taken for a NAT: %s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_meeting_ends_as_the_matrix_says),
        cmocka_unit_test(a_nat_behind_a_nat_is_as_the_matrix_says),
        cmocka_unit_test(a_story_is_whole),
        cmocka_unit_test(what_comes_in_has_a_row_and_what_falls_has_none),
        cmocka_unit_test(sequential_ports_are_that_far_apart),
        cmocka_unit_test(the_same_seed_tells_the_same_story),
        cmocka_unit_test(the_port_that_comes_is_guessed_and_told),
        cmocka_unit_test(one_side_may_go_ahead_of_the_others_ports),
        cmocka_unit_test(where_both_count_they_guess_many),
        cmocka_unit_test(of_ports_in_no_order_none_is_told),
        cmocka_unit_test(where_they_meet_anyway_nothing_is_guessed),
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(what_is_no_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
