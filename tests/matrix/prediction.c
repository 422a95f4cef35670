/*
 * How often predicted ports lead to a direct path, and what it costs (docs/prediction.md): a
 * thousand worlds for each kind of meeting, quiet and busy.
 *
 *     prediction [--seeds N] [--first N] [--row NAME] [--markdown]
 *
 * One side is an agent with prediction, the other one without, at the pace of a browser; a row
 * fails that stays below what it must reach, and so does every world whose invariants do not hold,
 * the budget among them (tests/sim/monitor.h).  AUGER_SIM_LOG=1 tells a world's story.
 */
#include "sim/prng.h"
#include "tests/sim/judges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE (10 * AUGER_SEC) /* Firefox gives up at 11 s, Chromium at 15 s */
#define BUSY 10                   /* mappings a second */
#define SMALL_MIN 20000
#define SMALL_MAX 21999
#define SEEDS_MAX 100000

/* What stands before one side. */
struct side {
    enum sim_nat kind;
    int stride;
    bool small; /* its NAT has 2,000 ports, and the configuration knows which */
};

struct row {
    const char *name, *text;
    struct side ours, other;
    unsigned busy;          /* of both NATs; 0: quiet */
    unsigned must_permille; /* of the worlds be direct; */
    bool is_in_vain;        /* or none of them */
    bool both_predict, no_prediction, no_window;
    bool tells_once;   /* no trickle of either side */
    bool asks_at_once; /* the other all its servers, as Chromium: answers overtake each other */
};

#define SEQ(stride)                                                                                \
    {                                                                                              \
        SIM_SYMMETRIC_SEQUENTIAL, (stride), false                                                  \
    }
#define PLAIN(kind)                                                                                \
    {                                                                                              \
        (kind), 0, false                                                                           \
    }

static const struct row rows[] = {
    {.name = "none",
     .text = "sequential +1, without prediction",
     .ours = SEQ(1),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .is_in_vain = true,
     .no_prediction = true},
    {.name = "a1",
     .text = "(a) sequential +1",
     .ours = SEQ(1),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990},
    {.name = "a2",
     .text = "(a) sequential +2",
     .ours = SEQ(2),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990},
    {.name = "a100",
     .text = "(a) sequential +100",
     .ours = SEQ(100),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990},
    {.name = "a1busy",
     .text = "(a) sequential +1",
     .ours = SEQ(1),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990,
     .busy = BUSY},
    {.name = "a2busy",
     .text = "(a) sequential +2",
     .ours = SEQ(2),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990,
     .busy = BUSY},
    {.name = "a100busy",
     .text = "(a) sequential +100",
     .ours = SEQ(100),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990,
     .busy = BUSY},
    {.name = "once",
     .text = "(a) +1, no trickle, without a window",
     .ours = SEQ(1),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .is_in_vain = true,
     .tells_once = true,
     .no_window = true},
    {.name = "once1",
     .text = "(a) sequential +1, no trickle",
     .ours = SEQ(1),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990,
     .tells_once = true},
    {.name = "once2",
     .text = "(a) sequential +2, no trickle",
     .ours = SEQ(2),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 990,
     .tells_once = true},
    {.name = "once100",
     .text = "(a) sequential +100, no trickle",
     .ours = SEQ(100),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 950,
     .tells_once = true},
    {.name = "once1busy",
     .text = "(a) sequential +1, no trickle",
     .ours = SEQ(1),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 850,
     .busy = BUSY,
     .tells_once = true},
    {.name = "b1",
     .text = "(b) sequential +1",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(1),
     .must_permille = 950},
    {.name = "b2",
     .text = "(b) sequential +2",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(2),
     .must_permille = 950},
    {.name = "b100",
     .text = "(b) sequential +100",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(100),
     .must_permille = 950},
    {.name = "b1once",
     .text = "(b) sequential +1, asks at once",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(1),
     .must_permille = 980,
     .asks_at_once = true},
    {.name = "b100once",
     .text = "(b) sequential +100, asks at once",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(100),
     .must_permille = 980,
     .asks_at_once = true},
    {.name = "b1busy",
     .text = "(b) sequential +1",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(1),
     .must_permille = 850,
     .busy = BUSY},
    {.name = "b2busy",
     .text = "(b) sequential +2",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(2),
     .must_permille = 850,
     .busy = BUSY},
    {.name = "b100busy",
     .text = "(b) sequential +100",
     .ours = PLAIN(SIM_PORT_RESTRICTED),
     .other = SEQ(100),
     .must_permille = 850,
     .busy = BUSY},
    {.name = "both1",
     .text = "both sequential, +1 and +1",
     .ours = SEQ(1),
     .other = SEQ(1),
     .must_permille = 950},
    {.name = "both2",
     .text = "both sequential, +1 and +2",
     .ours = SEQ(1),
     .other = SEQ(2),
     .must_permille = 950},
    {.name = "both100",
     .text = "both sequential, +100 and +1",
     .ours = SEQ(100),
     .other = SEQ(1),
     .must_permille = 950},
    {.name = "both1busy",
     .text = "both sequential, +1 and +1",
     .ours = SEQ(1),
     .other = SEQ(1),
     .busy = BUSY},
    {.name = "each1",
     .text = "both sequential, +1 and +1, both predict",
     .ours = SEQ(1),
     .other = SEQ(1),
     .must_permille = 950,
     .both_predict = true},
    {.name = "each100",
     .text = "both sequential, +100 and +2, both predict",
     .ours = SEQ(100),
     .other = SEQ(2),
     .must_permille = 950,
     .both_predict = true},
    {.name = "random-adf",
     .text = "random against address-restricted",
     .ours = PLAIN(SIM_SYMMETRIC),
     .other = PLAIN(SIM_ADDRESS_RESTRICTED),
     .must_permille = 990},
    {.name = "random-eif",
     .text = "random against full cone",
     .ours = PLAIN(SIM_SYMMETRIC),
     .other = PLAIN(SIM_FULL_CONE),
     .must_permille = 990},
    {.name = "random",
     .text = "random against port-restricted, no consent",
     .ours = PLAIN(SIM_SYMMETRIC),
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .is_in_vain = true},
    {.name = "birthday",
     .text = "random of 2,000 ports, known, 70 sockets",
     .ours = {SIM_SYMMETRIC, 0, true},
     .other = PLAIN(SIM_PORT_RESTRICTED),
     .must_permille = 850},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct outcome {
    unsigned worlds, direct, broken;
    unsigned helpers, helpers_max, told, told_max, requests, requests_max;
    auger_time times[SEEDS_MAX]; /* of those that are direct */
};

/* --- a world ---------------------------------------------------------------------------- */

struct meeting {
    const struct row *row;
    struct prng random;
    struct sim *sim;
    struct sim_peer *ours, *other;
    unsigned told;
};

static bool is_local_guess(const struct auger_trace_record *record)
{
    return strcmp(record->name, "ice:ports_bracketed") == 0 ||
           strcmp(record->name, "ice:ports_next") == 0 ||
           strcmp(record->name, "ice:ports_ahead") == 0;
}

static int64_t number_of(const struct auger_trace_record *record, const char *key)
{
    for (size_t i = 0; i < record->fields_len; i++)
        if (strcmp(record->fields[i].key, key) == 0)
            return record->fields[i].i;
    return 0;
}

static void hear(void *user, struct sim_peer *peer, const struct auger_trace_record *record)
{
    struct meeting *meeting = user;

    if (peer == meeting->ours && is_local_guess(record))
        meeting->told += (unsigned)(number_of(record, "ports") + number_of(record, "checks"));
}

static struct sim_net *add_home(struct meeting *meeting, const char *name, const struct side *side)
{
    struct nat_config nat = sim_nat_config(side->kind);

    nat.stride = side->stride;
    if (side->small) {
        nat.port_min = SMALL_MIN;
        nat.port_max = SMALL_MAX;
    }
    struct sim_net *home = sim_add_nat(meeting->sim, name, sim_internet(meeting->sim), &nat, NULL);
    /* Of a burst each datagram takes its time, in which others come. */
    const struct link_quality wire = {.bits_per_second = 2 * 1000 * 1000, .queue = AUGER_SEC};
    sim_net_set_quality(meeting->sim, home, &wire);
    if (meeting->row->busy)
        sim_gateway_make_busy(meeting->sim, sim_net_gateway(home), meeting->row->busy);
    return home;
}

static struct sim_peer *add_ours(struct meeting *meeting)
{
    const struct row *row = meeting->row;
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.ice.prediction = !row->no_prediction;
    options.ice.predict_window = row->tells_once && !row->no_window;
    if (row->ours.small) {
        options.ice.pairs_max = 200;
        options.ice.predict_port_min = SMALL_MIN;
        options.ice.predict_port_max = SMALL_MAX;
    }
    return sim_add_peer_in(meeting->sim, "ours", add_home(meeting, "our-nat", &row->ours),
                           &options);
}

/* Who asks for 20 ms, as Firefox has it, and goes at our 50; Chromium has none, and 5 is the least
 * of ours. */
static struct sim_peer *add_other(struct meeting *meeting)
{
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.ice.pacing = (meeting->row->asks_at_once ? 5 : 20) * AUGER_MS;
    /* A browser takes all that it is told. */
    options.ice.prediction = meeting->row->both_predict || meeting->row->ours.small;
    options.ice.remote_cands_max = 256;
    return sim_add_peer_in(meeting->sim, "other",
                           add_home(meeting, "other-nat", &meeting->row->other), &options);
}

static void settle(struct meeting *meeting, uint64_t seed)
{
    const auger_time delay = prng_between(&meeting->random, 5, 80) * AUGER_MS;

    meeting->sim =
        sim_new(&(struct sim_options){.seed = seed,
                                      .delay = delay,
                                      .jitter = delay / (meeting->row->asks_at_once ? 2 : 5),
                                      .watch = &sim_judges,
                                      .record = hear,
                                      .user = meeting,
                                      .log = getenv("AUGER_SIM_LOG") ? stderr : NULL});
    for (int i = 0; i < 3; i++)
        sim_add_stun_server(meeting->sim);
    meeting->ours = add_ours(meeting);
    meeting->other = add_other(meeting);
}

static auger_time later(auger_time a, auger_time b)
{
    return a > b ? a : b;
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static void judge(struct meeting *meeting, struct outcome *outcome, uint64_t seed)
{
    const struct sim_peer_story *ours = sim_peer_story(meeting->ours);
    const struct sim_peer_story *other = sim_peer_story(meeting->other);
    unsigned requests = (unsigned)ours->requests_sent;

    if (sim_broken(meeting->sim)) {
        fprintf(stderr, "%s: seed %llu: %s\n", meeting->row->name, (unsigned long long)seed,
                sim_broken(meeting->sim));
        outcome->broken++;
    }
    if (sim_route(meeting->ours, meeting->other) == SIM_DIRECT)
        outcome->times[outcome->direct++] = later(ours->usable_at, other->usable_at) -
                                            later(ours->signalled_at, other->signalled_at);
    outcome->worlds++;
    outcome->helpers += ours->helpers_opened;
    outcome->helpers_max = larger(outcome->helpers_max, ours->helpers_opened);
    outcome->told += meeting->told;
    outcome->told_max = larger(outcome->told_max, meeting->told);
    outcome->requests += requests;
    outcome->requests_max = larger(outcome->requests_max, requests);
}

static void run_world(const struct row *row, uint64_t seed, struct outcome *outcome)
{
    struct meeting meeting = {.row = row};

    prng_init(&meeting.random, seed, row->name);
    settle(&meeting, prng_next(&meeting.random));
    bool we_offer = prng_below(&meeting.random, 2);
    auger_time delay = prng_between(&meeting.random, 20, 300) * AUGER_MS;
    sim_signal_with(meeting.sim, we_offer ? meeting.ours : meeting.other,
                    we_offer ? meeting.other : meeting.ours,
                    &(struct sim_signalling){.delay = delay,
                                             .no_trickle = row->tells_once,
                                             .tells_once = row->tells_once});
    sim_run_until(meeting.sim, both_connected, PATIENCE + 2 * delay);
    judge(&meeting, outcome, seed);
    sim_free(meeting.sim);
}

/* --- the table -------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    auger_time x = *(const auger_time *)a, y = *(const auger_time *)b;
    return (x > y) - (x < y);
}

static long long median_ms(struct outcome *outcome)
{
    if (outcome->direct == 0)
        return 0;
    qsort(outcome->times, outcome->direct, sizeof(outcome->times[0]), compare);
    return (long long)(outcome->times[outcome->direct / 2] / AUGER_MS);
}

static bool has_failed(const struct row *row, const struct outcome *outcome)
{
    if (outcome->broken > 0)
        return true;
    if (row->is_in_vain)
        return outcome->direct > 0;
    return outcome->direct * 1000ull < (unsigned long long)row->must_permille * outcome->worlds;
}

static void print_head(bool markdown)
{
    if (markdown)
        printf("| meeting | | direct | must | median ms | helpers, mean and most | guesses | "
               "requests in all |\n|---|---|---|---|---|---|---|---|\n");
}

static void print_row(const struct row *row, struct outcome *outcome, bool markdown)
{
    double worlds = outcome->worlds;
    const char *format = markdown ? "| %s | %s | %.1f %% | %.1f %% | %lld | %.1f, %u | %.1f, %u | "
                                    "%.1f, %u |\n"
                                  : "%-44s %-5s %5.1f %% (must %.1f) %5lld ms  helpers %.1f/%u  "
                                    "guesses %.1f/%u  requests %.1f/%u\n";

    printf(format, row->text, row->busy ? "busy" : "quiet", 100.0 * outcome->direct / worlds,
           row->must_permille / 10.0, median_ms(outcome), outcome->helpers / worlds,
           outcome->helpers_max, outcome->told / worlds, outcome->told_max,
           outcome->requests / worlds, outcome->requests_max);
    fflush(stdout);
}

static bool run_row(const struct row *row, uint64_t first, unsigned seeds, bool markdown)
{
    struct outcome *outcome = calloc(1, sizeof(*outcome));

    if (!outcome)
        abort();
    for (unsigned i = 0; i < seeds; i++) {
        unsigned before = outcome->direct;
        run_world(row, first + i, outcome);
        if (getenv("AUGER_FAILED_SEEDS") && outcome->direct == before)
            fprintf(stderr, "%s: not direct: --first %llu\n", row->name,
                    (unsigned long long)(first + i));
    }
    print_row(row, outcome, markdown);
    bool failed = has_failed(row, outcome);
    if (failed)
        fprintf(stderr, "FAILED: %s\n", row->name);
    free(outcome);
    return !failed;
}

int main(int argc, char **argv)
{
    unsigned seeds = 1000;
    uint64_t first = 1;
    const char *only = NULL;
    bool markdown = false, ok = true, any = false;

    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--markdown") == 0)
            markdown = true;
        else if (strcmp(argv[i], "--seeds") == 0 && has_value)
            seeds = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--first") == 0 && has_value)
            first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--row") == 0 && has_value)
            only = argv[++i];
        else
            return 2;
    }
    if (seeds == 0 || seeds > SEEDS_MAX)
        return 2;
    print_head(markdown);
    for (size_t i = 0; i < ROWS; i++) {
        if (only && strcmp(rows[i].name, only) != 0)
            continue;
        any = true;
        ok &= run_row(&rows[i], first, seeds, markdown);
    }
    return ok && any ? 0 : 1;
}
