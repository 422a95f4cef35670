/*
 * tests/sim/scenario.h - what a test in the simulated internet begins with:
 *
 *     SCENARIO(consent_expires_when_the_path_breaks)
 *     {
 *         struct sim *sim = world(seed, .delay = 40 * AUGER_MS);
 *         ...
 *         world_end(sim);
 *     }
 *
 * A scenario runs with a seed of its own, which never changes, and with AUGER_SEEDS
 * fresh ones (2 when that is not set), which AUGER_FRESH makes the same in each run.
 * A failure prints the line that replays it; AUGER_SIM_LOG=1 tells the story in words
 * on standard error.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "sim/digest.h"
#include "sim/memory.h"
#include "sim/sim.h"
#include "tests/sim/attacker.h"
#include "tests/sim/judges.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

typedef void scenario_body(uint64_t seed);

/* What runs now, for the line that replays it; SCENARIOS() defines them. */
extern const char *scenario_file;
extern uint64_t scenario_seed;
extern struct sim *scenario_world; /* that has not ended */

/* "tests/scenarios/nat_test.c" is the ctest "scenarios_nat_test". */
static inline void scenario_print_replay(const char *file, uint64_t seed)
{
    const char *folder = strstr(file, "tests/") ? strstr(file, "tests/") + 6 : file;
    const char *slash = strchr(folder, '/'), *dot = strrchr(folder, '.');

    if (!slash || !dot)
        return;
    print_error("replay: AUGER_SEED=%llu ctest --output-on-failure -R '^%.*s_%.*s$'\n",
                (unsigned long long)seed, (int)(slash - folder), folder, (int)(dot - slash - 1),
                slash + 1);
}

static inline void scenario_broken(const struct sim *sim, const char *why)
{
    print_error("seed %llu: invariant %s\n", (unsigned long long)sim_seed(sim), why);
    fail();
}

static inline uint64_t scenario_number(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static inline uint64_t scenario_any_seed(void)
{
    uint64_t seed = 0;
    FILE *file = fopen("/dev/urandom", "rb");

    if (!file || fread(&seed, sizeof(seed), 1, file) != 1)
        abort();
    fclose(file);
    return seed;
}

/* With AUGER_FRESH the same in each run: from that number, the scenario's name and `i`. */
static inline uint64_t scenario_fresh_seed(const char *name, uint64_t i)
{
    const char *given = getenv("AUGER_FRESH");

    if (!given || !*given)
        return scenario_any_seed();
    uint64_t digest = digest_bytes(DIGEST_START, given, strlen(given));
    return digest_bytes(digest_bytes(digest, name, strlen(name)), &i, sizeof(i));
}

/* The body ends early, by a jump, when a check fails: then the name of its file stays
 * behind for scenario_teardown(). */
static inline void scenario_run_seed(const char *file, scenario_body *body, uint64_t seed)
{
    scenario_file = file;
    scenario_seed = seed;
    body(seed);
    scenario_file = NULL;
}

static inline void scenario_run(const char *name, const char *file, scenario_body *body)
{
    uint64_t fresh = scenario_number("AUGER_SEEDS", 2);

    if (getenv("AUGER_SEED")) {
        scenario_run_seed(file, body, scenario_number("AUGER_SEED", 0));
        return;
    }
    scenario_run_seed(file, body, digest_bytes(DIGEST_START, name, strlen(name)));
    for (uint64_t i = 0; i < fresh; i++)
        scenario_run_seed(file, body, scenario_fresh_seed(name, i));
}

static inline struct sim *world_begin(const struct sim_options *options)
{
    struct sim_options judged = *options;

    judged.watch = &sim_judges;
    return scenario_world = sim_new(&judged);
}

static inline void world_end(struct sim *sim)
{
    scenario_world = NULL;
    sim_free(sim);
}

static inline int scenario_teardown(void **state)
{
    (void)state;
    if (scenario_file)
        scenario_print_replay(scenario_file, scenario_seed);
    scenario_file = NULL;
    world_end(scenario_world);
    return 0;
}

#define SCENARIO(name)                                                                             \
    static void name##_with(uint64_t seed);                                                        \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        scenario_run(#name, __FILE__, name##_with);                                                \
    }                                                                                              \
    static void name##_with(uint64_t seed)

#define scenario_test(name) cmocka_unit_test_teardown(name, scenario_teardown)

/* Once in a test program. */
#define SCENARIOS(...)                                                                             \
    const char *scenario_file;                                                                     \
    uint64_t scenario_seed;                                                                        \
    struct sim *scenario_world;                                                                    \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#define world(seed_, ...)                                                                          \
    world_begin(&(struct sim_options){.seed = (seed_),                                             \
                                      .broken = scenario_broken,                                   \
                                      .log = getenv("AUGER_SIM_LOG") ? stderr : NULL,              \
                                      __VA_ARGS__})

/* A check that says what it was about. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("not so: %s: ", #condition);                                               \
            print_error(" " __VA_ARGS__);                                                          \
            print_error("\n");                                                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

#endif /* SIM_SCENARIO_H */
