/*
 * tests/worlds/main.c - random worlds, as many as asked for, in several processes.
 *
 *     worlds [--seeds N] [--from S] [--jobs J] [--progress]
 *     worlds --long HOURS [--seeds N] ...                    each of them so long (hours.c)
 *     worlds --seed S | --world "seed=7 delay_ms=40 ..."     one, with AUGER_SIM_LOG=1 in words
 *     worlds --kept FOLDER                                   those that found something once
 *
 * The seed of a world that fails is printed when it is found; at the end the world is made simpler
 * and printed with the line that replays it.
 */
#include "tests/worlds/buggify.h"
#include "tests/worlds/run.h"

#include "sim/memory.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 16
#define BAD_MAX 32          /* remembered of one job */
#define SHRUNK_MAX 3        /* of one run */
#define TWICE_EVERY 100     /* worlds */
#define SOMETIMES_FROM 1500 /* worlds: then each rare thing must have happened */
#define CRASHED 99

struct bad {
    uint64_t seed;
    char why[400];
};

/* In memory that parent and child share. */
struct job {
    uint64_t seed, left, step; /* the one it is at, and those after it */
    unsigned hours;
    struct tally tally;
    struct bad bad[BAD_MAX];
    uint64_t bad_len;
};

struct request {
    uint64_t seeds, from;
    unsigned jobs, hours; /* 0: as the seed has it */
    bool progress;
    const char *program, *kept;
};

/* --- one world ------------------------------------------------------------------ */

static struct verdict run_twice(const struct plan *plan, struct tally *tally)
{
    struct tally unused = {0};
    struct verdict first = world_run(plan, NULL, tally);
    struct verdict second = world_run(plan, NULL, &unused);

    tally->run_twice++;
    if (!first.is_bad && first.digest != second.digest) {
        first.is_bad = true;
        snprintf(first.why, sizeof(first.why), "the same seed was another world");
    }
    return first;
}

static void draw(struct plan *plan, uint64_t seed, unsigned hours)
{
    plan_draw(plan, seed);
    if (hours > 0)
        plan_make_long(plan, hours);
}

static struct verdict run_seed(uint64_t seed, unsigned hours, struct tally *tally)
{
    struct plan plan;

    draw(&plan, seed, hours);
    return seed % TWICE_EVERY == 0 ? run_twice(&plan, tally) : world_run(&plan, NULL, tally);
}

static int run_one(const struct plan *plan)
{
    struct tally tally = {0};
    char text[PLAN_TEXT_MAX];
    struct verdict verdict = world_run(plan, getenv("AUGER_SIM_LOG") ? stderr : NULL, &tally);

    plan_format(plan, text);
    printf("%s\n%s%s\n", text, verdict.is_bad ? "FAILED: " : "ok", verdict.why);
    return verdict.is_bad;
}

/* --- a failing one, made simpler -------------------------------------------------- */

/* In a process of its own, for it may crash. */
static bool fails(const struct plan *plan, void *user)
{
    int status;
    pid_t child;

    (void)user;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        struct tally tally = {0};
        if (!freopen("/dev/null", "w", stderr))
            _exit(CRASHED);
        alarm(60);
        _exit(world_run(plan, NULL, &tally).is_bad);
    }
    return child > 0 && waitpid(child, &status, 0) == child &&
           !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void explain(const struct request *request, struct plan *plan, const char *why)
{
    char text[PLAN_TEXT_MAX];

    printf("FAILED: %s\n", why);
    plan_format(plan, text);
    printf("  drawn:    %s\n", text);
    fflush(stdout);
    unsigned tried = request->hours ? 0 : plan_shrink(plan, fails, NULL); /* that takes days */
    plan_format(plan, text);
    printf("  simpler:  %s (after %u worlds)\n", text, tried);
    printf("  replay:   AUGER_SIM_LOG=1 %s --world \"%s\"\n", request->program, text);
    fflush(stdout);
}

/* --- many ------------------------------------------------------------------------- */

/* It is told at once, for the rest may take hours; what makes it simpler comes at the end. */
static void note_bad(struct job *job, const char *why)
{
    struct bad *bad = &job->bad[job->bad_len++ % BAD_MAX];

    bad->seed = job->seed;
    snprintf(bad->why, sizeof(bad->why), "%s", why);
    printf("found seed %llu: %s\n", (unsigned long long)bad->seed, bad->why);
    fflush(stdout);
}

static void work(struct job *job)
{
    while (job->left > 0) {
        struct verdict verdict = run_seed(job->seed, job->hours, &job->tally);
        if (verdict.is_bad)
            note_bad(job, verdict.why);
        job->seed += job->step;
        job->left--;
    }
}

static pid_t start(struct job *job)
{
    fflush(NULL);
    pid_t child = fork();

    if (child == 0) {
        work(job);
        _exit(0);
    }
    return child;
}

/* The world that it was at has ended the process. */
static void note_crash(struct job *job, int status)
{
    char why[sizeof(job->bad[0].why)];

    snprintf(why, sizeof(why), "the process ended by %s %d",
             WIFSIGNALED(status) ? "signal" : "exit",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    note_bad(job, why);
    job->seed += job->step;
    job->left--;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell_progress(const struct job *jobs, const struct request *request, double since)
{
    uint64_t worlds = 0, bad = 0;

    for (unsigned i = 0; i < request->jobs; i++) {
        worlds += jobs[i].tally.worlds;
        bad += jobs[i].bad_len;
    }
    fprintf(stderr, "%llu of %llu worlds, %llu failed, %.0f s\n", (unsigned long long)worlds,
            (unsigned long long)request->seeds, (unsigned long long)bad, seconds_now() - since);
}

/* Until all are done; those that crash go on behind the world that did it. */
static void supervise(struct job *jobs, const struct request *request, double since)
{
    pid_t children[JOBS_MAX];
    unsigned running = 0;
    double told_at = since;

    for (unsigned i = 0; i < request->jobs; i++, running++)
        children[i] = start(&jobs[i]);
    while (running > 0) {
        int status;
        pid_t ended = waitpid(-1, &status, request->progress ? WNOHANG : 0);
        if (request->progress && seconds_now() - told_at > 10) {
            told_at = seconds_now();
            tell_progress(jobs, request, since);
        }
        if (ended <= 0) {
            usleep(50000);
            continue;
        }
        for (unsigned i = 0; i < request->jobs; i++) {
            if (children[i] != ended)
                continue;
            running--;
            if (jobs[i].left == 0)
                continue;
            note_crash(&jobs[i], status);
            children[i] = start(&jobs[i]);
            running++;
        }
    }
}

static unsigned count_absent(const struct tally *tally)
{
    unsigned absent = 0;

    for (int i = 0; i < SOMETIMES; i++) {
        printf("  %8llu  %s\n", (unsigned long long)tally->sometimes[i],
               sometimes_name((enum sometimes)i));
        absent += tally->sometimes[i] == 0;
    }
    printf("worlds in which an attacker\n");
    for (int i = 0; i < SIM_ATTACKS; i++) {
        printf("  %8llu  %s\n", (unsigned long long)tally->attacks[i],
               sim_attack_name((enum sim_attack)i));
        absent += tally->attacks[i] == 0;
    }
    printf("worlds in which our own code met with\n");
    for (int i = 0; i < AUGER_BUGGIFY_PLACES; i++) {
        printf("  %8llu  %s\n", (unsigned long long)tally->buggified[i],
               worlds_buggify_name((enum auger_buggify_place)i));
        absent += tally->buggified[i] == 0;
    }
    return absent;
}

static void report(const struct tally *tally, const struct request *request, double took)
{
    double virtual_s = (double)tally->virtual_time / 1e9;

    printf("%llu worlds from seed %llu, %llu twice, %llu again without their attacker, %llu again "
           "with early timers\n",
           (unsigned long long)tally->worlds, (unsigned long long)request->from,
           (unsigned long long)tally->run_twice, (unsigned long long)tally->compared,
           (unsigned long long)tally->compared_early);
    printf("%llu datagrams, at most %llu bytes an agent, %.0f virtual s in %.1f s: %.0f times real "
           "time\n",
           (unsigned long long)tally->packets, (unsigned long long)tally->memory_peak, virtual_s,
           took, virtual_s / took);
    printf("worlds whose agents\n");
    for (int i = 0; i < JUDGEMENTS; i++)
        printf("  %8llu  %s\n", (unsigned long long)tally->judged[i],
               judgement_name((enum judgement)i));
    if (request->hours > 0)
        printf("  %8llu  restarts of the application's for it\n",
               (unsigned long long)tally->hours_restarted);
    printf("  %8llu  had a reason not to: turned away twice on one stream\n",
           (unsigned long long)tally->turned_away);
    printf("how often it happened\n");
}

static int run_many(const struct request *request)
{
    struct job *jobs = mmap(NULL, sizeof(*jobs) * JOBS_MAX, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct tally sum = {0};
    unsigned bad = 0, explained = 0;
    double since = seconds_now();

    if (jobs == MAP_FAILED)
        return 2;
    for (unsigned i = 0; i < request->jobs; i++) {
        jobs[i].seed = request->from + i;
        jobs[i].step = request->jobs;
        jobs[i].hours = request->hours;
        jobs[i].left = (request->seeds + request->jobs - 1 - i) / request->jobs;
    }
    supervise(jobs, request, since);
    double took = seconds_now() - since;
    for (unsigned i = 0; i < request->jobs; i++) {
        tally_add(&sum, &jobs[i].tally);
        bad += (unsigned)jobs[i].bad_len;
    }
    report(&sum, request, took);
    unsigned absent = count_absent(&sum);
    for (unsigned i = 0; i < request->jobs; i++) {
        for (uint64_t j = 0; j < jobs[i].bad_len && j < BAD_MAX; j++) {
            struct plan plan;
            draw(&plan, jobs[i].bad[j].seed, request->hours);
            if (explained++ < SHRUNK_MAX)
                explain(request, &plan, jobs[i].bad[j].why);
            else
                printf("FAILED: seed %llu: %s\n", (unsigned long long)jobs[i].bad[j].seed,
                       jobs[i].bad[j].why);
        }
    }
    if (request->hours > 0)
        absent = 0;
    if (absent > 0 && request->seeds >= SOMETIMES_FROM)
        printf("FAILED: %u of the rare things never happened\n", absent);
    printf("worlds: %llu passed, %u failed\n", (unsigned long long)(request->seeds - bad), bad);
    munmap(jobs, sizeof(*jobs) * JOBS_MAX);
    return bad > 0 || (absent > 0 && request->seeds >= SOMETIMES_FROM);
}

/* --- kept ones ---------------------------------------------------------------------- */

/* Lines that begin with # say what was found. */
static bool read_kept(const char *path, struct plan *plan)
{
    char line[PLAN_TEXT_MAX];
    FILE *file = fopen(path, "r");
    bool is_read = false;

    while (file && !is_read && fgets(line, sizeof(line), file))
        is_read = line[0] != '#' && line[0] != '\n' && plan_parse(plan, line);
    if (file)
        fclose(file);
    return is_read;
}

static int run_kept(const struct request *request)
{
    DIR *folder = opendir(request->kept);
    unsigned passed = 0, failed = 0;

    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[1024];
        struct plan plan;
        struct tally tally = {0};
        if (!strstr(entry->d_name, ".world"))
            continue;
        snprintf(path, sizeof(path), "%s/%s", request->kept, entry->d_name);
        if (!read_kept(path, &plan)) {
            printf("%s: cannot be read\n", path);
            failed++;
            continue;
        }
        struct verdict verdict = run_twice(&plan, &tally);
        if (verdict.is_bad)
            printf("%s: %s\n", path, verdict.why);
        failed += verdict.is_bad;
        passed += !verdict.is_bad;
    }
    if (folder)
        closedir(folder);
    printf("kept worlds: %u passed, %u failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

/* --- the command line ----------------------------------------------------------------- */

/* AUGER_FRESH makes the fresh seeds of a run those of another. */
static uint64_t any_seed(void)
{
    const char *given = getenv("AUGER_FRESH");
    uint64_t seed = 0;
    FILE *file = given && *given ? NULL : fopen("/dev/urandom", "rb");

    if (given && *given)
        return strtoull(given, NULL, 0);
    if (!file || fread(&seed, sizeof(seed), 1, file) != 1)
        abort();
    fclose(file);
    return seed >> 16; /* short enough to be read aloud */
}

static int usage(void)
{
    fprintf(stderr, "usage: worlds [--seeds N] [--from S] [--jobs J] [--progress] [--long HOURS]\n"
                    "       worlds --seed S | --world \"seed=S feature=value ...\"\n"
                    "       worlds --kept FOLDER\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct request request = {.seeds = 100, .from = any_seed(), .jobs = 1, .program = argv[0]};
    struct plan plan;

    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        if (strcmp(option, "--progress") == 0) {
            request.progress = true;
            continue;
        }
        if (++i >= argc)
            return usage();
        if (strcmp(option, "--seeds") == 0) {
            request.seeds = strtoull(argv[i], NULL, 10);
        } else if (strcmp(option, "--from") == 0) {
            request.from = strtoull(argv[i], NULL, 10);
        } else if (strcmp(option, "--jobs") == 0) {
            request.jobs = (unsigned)strtoul(argv[i], NULL, 10);
        } else if (strcmp(option, "--long") == 0) {
            request.hours = (unsigned)strtoul(argv[i], NULL, 10);
        } else if (strcmp(option, "--kept") == 0) {
            request.kept = argv[i];
        } else if (strcmp(option, "--seed") == 0) {
            plan_draw(&plan, strtoull(argv[i], NULL, 10));
            return run_one(&plan);
        } else if (strcmp(option, "--world") == 0) {
            return plan_parse(&plan, argv[i]) ? run_one(&plan) : usage();
        } else {
            return usage();
        }
    }
    if (request.jobs == 0 || request.jobs > JOBS_MAX)
        return usage();
    return request.kept ? run_kept(&request) : run_many(&request);
}
