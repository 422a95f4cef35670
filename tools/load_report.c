/* tools/load_report.c - what a load tells while it lasts and when it is over. */
#define _POSIX_C_SOURCE 200809L
#include "tools/load_report.h"
#include "tools/output.h"

#include <stdio.h>
#include <unistd.h>

#define BUSY 0.9          /* of a core: at its limit */
#define RATE_REACHED 0.97 /* of what was asked */

static double ms(auger_time time)
{
    return (double)time / (double)AUGER_MS;
}

static double per(double what, double by)
{
    return by > 0 ? what / by : 0;
}

static uint64_t sent_of(const struct load_way *way)
{
    return way ? way->sent : 0;
}

static uint64_t arrived_of(const struct load_way *way)
{
    return way ? way->arrived : 0;
}

static uint64_t lost_of(const struct load_way *way)
{
    return way->sent > way->arrived ? way->sent - way->arrived : 0;
}

/* What was done, of that which the server spends its time on. */
static double done_of(const struct load_plan *plan, const struct load_figures *figures)
{
    return plan->is_churn ? (double)figures->allocations
                          : (double)(arrived_of(figures->to_peer) + arrived_of(figures->from_peer));
}

/* 1234567 is "1,234,567"; several of them in one call of printf(). */
static const char *grouped(double value)
{
    static char texts[4][32];
    static size_t next;
    char plain[24], *out = texts[next++ % 4];
    int len = snprintf(plain, sizeof(plain), "%.0f", value), at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
    return out;
}

/* --- progress ------------------------------------------------------------------------------- */

static void print_progress(const struct load_plan *plan, const struct load_progress *progress)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%s %.0f s: %s of %s allocations", progress->what, progress->at,
            grouped((double)progress->allocations), grouped((double)progress->wanted));
    if (progress->sent_per_second > 0)
        fprintf(stderr, ", %s packets a second sent, %s arrived, %.2f ms",
                grouped(progress->sent_per_second), grouped(progress->arrived_per_second),
                ms(progress->latency));
    fprintf(stderr, "  (Ctrl-C ends it%s)", plan->is_bare ? "" : " and gives them back");
    fflush(stderr);
}

void load_report_progress(const struct load_plan *plan, const struct load_progress *progress)
{
    if (!plan->json) {
        print_progress(plan, progress);
        return;
    }
    output_line(json_pack("{ss ss sf sI sf sf sf}", "ev", "progress", "what", progress->what, "t",
                          progress->at * 1e3, "allocations", (json_int_t)progress->allocations,
                          "sent_per_second", progress->sent_per_second, "arrived_per_second",
                          progress->arrived_per_second, "latency_ms", ms(progress->latency)));
}

/* --- our own limit ---------------------------------------------------------------------------- */

static bool is_rate_missed(const struct load_plan *plan, const struct load_figures *figures)
{
    double ways = plan->is_churn ? 1 : plan->to_peer + plan->from_peer;
    double asked = (double)plan->rate * figures->loading.seconds * ways;
    double done = plan->is_churn
                      ? (double)figures->allocations
                      : (double)(sent_of(figures->to_peer) + sent_of(figures->from_peer));

    return !plan->is_max && !figures->ended_by && asked > 20 && done < RATE_REACHED * asked;
}

const char *load_report_own_limit(const struct load_plan *plan, const struct load_figures *figures)
{
    const struct load_stretch *loading = &figures->loading;
    bool is_server_busy =
        loading->server_cpu >= 0 && per(loading->server_cpu, loading->seconds) >= BUSY;

    if (figures->own_drops > 0)
        return "packets found this program's own sockets full: it, and not the server, lost them";
    if (is_rate_missed(plan, figures))
        return "this program could not keep the rate that was asked for";
    if (plan->is_max && !is_server_busy && per(loading->own_cpu, loading->seconds) >= BUSY)
        return "this program used a whole core: it may be the limit, and not the server";
    return NULL;
}

/* --- figures, as text ------------------------------------------------------------------------- */

static void print_allocations(const struct load_plan *plan, const struct load_figures *figures)
{
    const struct load_stretch *took = plan->is_churn ? &figures->loading : &figures->allocating;
    const struct load_histogram *times = figures->allocation_time;

    if (plan->is_bare)
        return;
    printf("allocations    %s", grouped((double)figures->allocations));
    if (figures->failed > 0)
        printf(", and %s failed", grouped((double)figures->failed));
    if (figures->allocations == 0) {
        putchar('\n');
        return;
    }
    printf(" in %.2f s: %s a second; ms from asking to having: %.2f at the median, %.2f (99 %%)\n",
           took->seconds, grouped(per((double)figures->allocations, took->seconds)),
           ms(load_histogram_percentile(times, 50)), ms(load_histogram_percentile(times, 99)));
}

static void print_way(const struct load_plan *plan, const struct load_figures *figures,
                      const struct load_way *way, const char *name)
{
    const struct load_histogram *latency;

    if (!way || way->sent == 0)
        return;
    double seconds = figures->loading.seconds, arrived = (double)way->arrived;
    printf("%-13s  %s packets of %ld bytes sent in %.2f s, %s a second\n", name,
           grouped((double)way->sent), plan->size, seconds,
           grouped(per((double)way->sent, seconds)));
    printf("               %s arrived, %s a second, %.1f Mbit/s; %s lost (%.2f %%)",
           grouped(arrived), grouped(per(arrived, seconds)),
           per(arrived * (double)plan->size * 8 / 1e6, seconds), grouped((double)lost_of(way)),
           per(100 * (double)lost_of(way), (double)way->sent));
    if (way->misplaced > 0)
        printf("; %s out of order", grouped((double)way->misplaced));
    latency = &way->latency;
    printf(
        "\n               ms on the way: %.3f at the median, %.3f (90 %%), %.3f (99 %%), %.3f at most\n",
        ms(load_histogram_percentile(latency, 50)), ms(load_histogram_percentile(latency, 90)),
        ms(load_histogram_percentile(latency, 99)), ms(latency->max));
}

static void print_server(const struct load_plan *plan, const struct load_figures *figures)
{
    const struct load_stretch *loading = &figures->loading;

    if (loading->server_cpu <= 0)
        return;
    printf(
        "server         %.2f s of the processor's time, %.0f %% of a core: %s %s a second and core",
        loading->server_cpu, 100 * per(loading->server_cpu, loading->seconds),
        grouped(per(done_of(plan, figures), loading->server_cpu)),
        plan->is_churn ? "allocations" : "packets");
    if (figures->memory >= 0)
        printf("; %.1f KiB an allocation", figures->memory / 1024);
    putchar('\n');
}

static void print_figures(const struct load_plan *plan, const struct load_figures *figures)
{
    const char *limit = load_report_own_limit(plan, figures);

    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    fflush(stderr);
    print_allocations(plan, figures);
    print_way(plan, figures, figures->to_peer, "to the peer");
    print_way(plan, figures, figures->from_peer, "from the peer");
    print_server(plan, figures);
    printf("this program   %.2f s of the processor's time, %.0f %% of a core\n",
           figures->loading.own_cpu, 100 * per(figures->loading.own_cpu, figures->loading.seconds));
    if (limit)
        printf("note           %s\n", limit);
    if (figures->is_behind_nat)
        puts(
            "note           the server sees this machine under another address than the peer's: is "
            "there a NAT\n               between them?  See --peer");
    if (figures->ended_by)
        printf("ended early    %s\n", figures->ended_by);
    fflush(stdout);
}

/* --- figures, as JSON ------------------------------------------------------------------------- */

static json_t *times_of(const struct load_histogram *times)
{
    return json_pack("{sf sf sf sf}", "p50", ms(load_histogram_percentile(times, 50)), "p90",
                     ms(load_histogram_percentile(times, 90)), "p99",
                     ms(load_histogram_percentile(times, 99)), "max", ms(times->max));
}

static json_t *way_of(const struct load_way *way, double seconds)
{
    if (!way)
        return json_null();
    return json_pack("{sI sI sI sI sI sf sf so}", "sent", (json_int_t)way->sent, "arrived",
                     (json_int_t)way->arrived, "lost", (json_int_t)lost_of(way), "out_of_order",
                     (json_int_t)way->misplaced, "foreign", (json_int_t)way->foreign,
                     "sent_per_second", per((double)way->sent, seconds), "arrived_per_second",
                     per((double)way->arrived, seconds), "latency_ms", times_of(&way->latency));
}

static json_t *server_of(const struct load_plan *plan, const struct load_figures *figures)
{
    const struct load_stretch *loading = &figures->loading, *allocating = &figures->allocating;

    if (loading->server_cpu < 0)
        return json_null();
    json_t *server = json_pack("{sf sf sf}", "cpu_s", loading->server_cpu, "allocating_cpu_s",
                               allocating->server_cpu, "per_second_and_core",
                               per(done_of(plan, figures), loading->server_cpu));
    if (figures->memory >= 0)
        json_object_set_new(server, "bytes_an_allocation", json_real(figures->memory));
    return server;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static void output_figures(const struct load_plan *plan, const struct load_figures *figures)
{
    const struct load_stretch *took = plan->is_churn ? &figures->loading : &figures->allocating;

    output_line(json_pack(
        "{ss sI sI sf sf so sf so so so sf sI so so sb}", "ev", "figures", "allocations",
        (json_int_t)figures->allocations, "failed", (json_int_t)figures->failed, "allocating_s",
        took->seconds, "allocations_per_second", per((double)figures->allocations, took->seconds),
        "allocation_ms", times_of(figures->allocation_time), "seconds", figures->loading.seconds,
        "to_peer", way_of(figures->to_peer, figures->loading.seconds), "from_peer",
        way_of(figures->from_peer, figures->loading.seconds), "server", server_of(plan, figures),
        "own_cpu_s", figures->loading.own_cpu, "own_drops", (json_int_t)figures->own_drops,
        "own_limit", text_or_null(load_report_own_limit(plan, figures)), "ended_by",
        text_or_null(figures->ended_by), "behind_nat", figures->is_behind_nat));
}

void load_report_figures(const struct load_plan *plan, const struct load_figures *figures)
{
    if (plan->json)
        output_figures(plan, figures);
    else
        print_figures(plan, figures);
}
