/* ice/port_pattern.c - which port a NAT gives next, from ports that it has given: arithmetic
 * alone.  Who asks and who is told is predict.c. */
#include "ice/port_pattern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A gap of more steps than that says that there is no step. */
#define STEPS_MAX 64
/* Gaps beyond it are the range that has wrapped, or chance. */
#define FAR 1024
/* Of a window: before any other, and of those that are missing. */
#define NEXT 4
#define HOLES_MAX 11
#define PARTS_MAX 10
/* So many answers of servers that were asked at once may come the other way round by chance: three
 * of a browser do in one of six cases. */
#define REVERSED_MAX 4

const char *auger_port_verdict_name(enum auger_port_verdict verdict)
{
    switch (verdict) {
    case AUGER_PORTS_EXACT:
        return "exact";
    case AUGER_PORTS_SOME:
        return "some";
    case AUGER_PORTS_UNCLEAR:
        return "unclear";
    case AUGER_PORTS_RANDOM:
        return "random";
    }
    return "unknown";
}

static int32_t gcd(int32_t a, int32_t b)
{
    a = abs(a);
    b = abs(b);
    while (b) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool is_port(int32_t port)
{
    return port > 0 && port <= UINT16_MAX;
}

static bool have_one_sign(int32_t a, int32_t b)
{
    return (a < 0) == (b < 0);
}

/* --- a bracket -------------------------------------------------------------------------- */

struct gaps {
    int32_t before, middle, after;
};

static bool divides(int32_t step, int32_t gap)
{
    return step != 0 && gap % step == 0;
}

/* Whether so many mappings have room in the middle gap, where each takes a step. */
static bool has_room(const struct gaps *gaps, int32_t step, int32_t between)
{
    return divides(step, gaps->middle) && have_one_sign(step, gaps->middle) &&
           gaps->middle / step > between;
}

static int32_t nearer_zero(int32_t a, int32_t b)
{
    return abs(a) <= abs(b) ? a : b;
}

/* Mappings of others only add multiples of the step to a gap, so that it is the outer gap which
 * divides the other.  Two of different signs: the range wrapped within the larger one.  Else one of
 * them is old, from a socket whose port the NAT remembers, or both are multiples. */
static int32_t step_of(const struct gaps *gaps, int32_t between)
{
    int32_t a = gaps->before, b = gaps->after, small = nearer_zero(a, b);
    int32_t large = small == a ? b : a;

    if (a == 0 || b == 0)
        return 0;
    if (!have_one_sign(a, b) || divides(small, large))
        return small;
    if (has_room(gaps, large, between) && gaps->middle / large == between + 1)
        return large;
    if (has_room(gaps, small, between) && gaps->middle / small == between + 1)
        return small;
    int32_t common = gcd(gcd(a, b), gaps->middle);
    return a < 0 ? -common : common;
}

static void add(struct auger_port_guess *guess, int32_t port)
{
    for (size_t i = 0; i < guess->len; i++)
        if (guess->ports[i] == port)
            return;
    if (is_port(port) && guess->len < AUGER_PORT_GUESSES_MAX)
        guess->ports[guess->len++] = (uint16_t)port;
}

static void add_slots(struct auger_port_guess *guess, int32_t from, int32_t step, int32_t slots)
{
    for (int32_t i = 1; i <= slots; i++)
        add(guess, from + i * step);
}

/* Somewhere between the two the last port of the range was given, and the first one after it. */
static void guess_around_wrap(const struct auger_port_bracket *bracket, int32_t step,
                              struct auger_port_guess *guess)
{
    int32_t slots = bracket->between;

    guess->verdict = AUGER_PORTS_SOME;
    add_slots(guess, bracket->before[1], step, slots);
    for (int32_t i = slots; i > 0; i--)
        add(guess, bracket->after[0] - i * step);
}

/* Of ports that were drawn, the smaller gap is seldom a few steps of what divides both. */
static bool is_chance(const struct gaps *gaps, int32_t step)
{
    return abs(nearer_zero(gaps->before, gaps->after)) / abs(step) > STEPS_MAX;
}

static bool is_of_both(const struct gaps *gaps, int32_t step)
{
    return divides(step, gaps->before) && divides(step, gaps->after) && abs(step) <= FAR;
}

static void guess_between(const struct auger_port_bracket *bracket, const struct gaps *gaps,
                          int32_t step, struct auger_port_guess *guess)
{
    int32_t slots = gaps->middle / step - 1;

    if (slots < bracket->between || slots > STEPS_MAX) {
        guess->verdict = slots > STEPS_MAX ? AUGER_PORTS_RANDOM : AUGER_PORTS_UNCLEAR;
    } else if (slots > AUGER_PORT_GUESSES_MAX) {
        guess->verdict = AUGER_PORTS_UNCLEAR;
    } else {
        guess->verdict = slots == bracket->between ? AUGER_PORTS_EXACT : AUGER_PORTS_SOME;
        add_slots(guess, bracket->before[1], step, slots);
    }
}

void auger_port_bracket_solve(const struct auger_port_bracket *bracket,
                              struct auger_port_guess *guess)
{
    const uint16_t *before = bracket->before, *after = bracket->after;
    const struct gaps gaps = {before[1] - before[0], after[0] - before[1], after[1] - after[0]};
    int32_t step = step_of(&gaps, bracket->between);

    assert(bracket->between > 0 && bracket->between <= AUGER_PORT_GUESSES_MAX);
    *guess = (struct auger_port_guess){.verdict = AUGER_PORTS_RANDOM};
    if (step == 0 || is_chance(&gaps, step))
        return;
    if (have_one_sign(step, gaps.middle) && divides(step, gaps.middle))
        guess_between(bracket, &gaps, step, guess);
    else if (is_of_both(&gaps, step) && abs(gaps.middle) > FAR)
        guess_around_wrap(bracket, step, guess);
    else if (is_of_both(&gaps, step))
        guess->verdict = AUGER_PORTS_UNCLEAR;
    if (guess->verdict != AUGER_PORTS_RANDOM)
        guess->step = step;
}

/* --- what comes next -------------------------------------------------------------------- */

/* Of all gaps but so many at which the range may have wrapped. */
static int32_t common_gap(const uint16_t *seen, size_t len, size_t wraps)
{
    int32_t step = 0;
    size_t far = 0;

    for (size_t i = 0; i + 1 < len; i++) {
        int32_t gap = seen[i + 1] - seen[i];
        if (abs(gap) > FAR)
            far++;
        else if (step != 0 && !have_one_sign(step, gap))
            return 0;
        else
            step = gap < 0 ? -gcd(step, gap) : gcd(step, gap);
    }
    return far <= wraps ? step : 0;
}

/* 0: they do not follow each other. */
static int32_t step_along(const uint16_t *seen, size_t len, size_t wraps)
{
    int32_t step = common_gap(seen, len, wraps);

    for (size_t i = 0; step != 0 && i + 1 < len; i++) {
        int32_t gap = seen[i + 1] - seen[i];
        if (abs(gap) <= FAR && gap / step > STEPS_MAX)
            return 0;
    }
    return step;
}

static void guess_after(uint16_t last, int32_t step, struct auger_port_guess *guess)
{
    guess->verdict = AUGER_PORTS_SOME;
    guess->step = step;
    add_slots(guess, last, step, AUGER_PORT_GUESSES_MAX);
}

/* One of them may be old: of a socket whose port the NAT remembers. */
void auger_port_next_solve(const uint16_t *seen, size_t len, struct auger_port_guess *guess)
{
    uint16_t others[AUGER_PORT_RUN_MAX];
    int32_t step = step_along(seen, len, 1);

    assert(len > 2 && len <= AUGER_PORT_RUN_MAX);
    *guess = (struct auger_port_guess){.verdict = AUGER_PORTS_RANDOM};
    if (step != 0)
        guess_after(seen[len - 1], step, guess);
    for (size_t old = 0; old < len && guess->len == 0; old++) {
        memcpy(others, seen, old * sizeof(*seen));
        memcpy(&others[old], &seen[old + 1], (len - 1 - old) * sizeof(*seen));
        step = step_along(others, len - 1, 0);
        if (step != 0)
            guess_after(others[len - 2], step, guess);
    }
}

/* --- a run ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static size_t sort(const uint16_t *ports, size_t len, uint16_t sorted[AUGER_PORT_RUN_MAX])
{
    size_t kept = 0;

    if (len > AUGER_PORT_RUN_MAX)
        len = AUGER_PORT_RUN_MAX;
    memcpy(sorted, ports, len * sizeof(*ports));
    qsort(sorted, len, sizeof(*sorted), compare);
    for (size_t i = 0; i < len; i++)
        if (i == 0 || sorted[i] != sorted[kept - 1])
            sorted[kept++] = sorted[i];
    return kept;
}

static bool goes_down(const uint16_t *ports, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (ports[i] >= ports[i - 1])
            return false;
    return len > 2; /* two may have changed places on their way */
}

/* Where the largest gap begins. */
static size_t largest_gap(const uint16_t *sorted, size_t len)
{
    size_t at = 0;

    for (size_t i = 0; i + 1 < len; i++)
        if (sorted[i + 1] - sorted[i] > sorted[at + 1] - sorted[at])
            at = i;
    return at;
}

/* Of all gaps but that one; 0: there is none. */
static int32_t common_step(const uint16_t *sorted, size_t len, size_t without)
{
    int32_t step = 0;

    for (size_t i = 0; i + 1 < len; i++)
        if (i != without)
            step = gcd(step, sorted[i + 1] - sorted[i]);
    return step;
}

/* Ports that are far apart for their step are there by chance. */
static bool is_dense(const uint16_t *sorted, size_t len, size_t without, int32_t step)
{
    for (size_t i = 0; i + 1 < len; i++)
        if (i != without && (sorted[i + 1] - sorted[i]) / step > STEPS_MAX)
            return false;
    return true;
}

bool auger_port_run_read(const uint16_t *ports, size_t len, struct auger_port_run *run)
{
    uint16_t sorted[AUGER_PORT_RUN_MAX];
    bool falls = goes_down(ports, len), down = falls && len > REVERSED_MAX;

    len = sort(ports, len, sorted);
    if (len < 2)
        return false;
    size_t wide = largest_gap(sorted, len), none = len;
    bool is_split = !falls && sorted[wide + 1] - sorted[wide] > FAR;
    int32_t step = common_step(sorted, len, is_split ? wide : none);
    if (step == 0 || step > FAR || !is_dense(sorted, len, is_split ? wide : none, step))
        return false;

    *run = (struct auger_port_run){.step = down ? -step : step, .seen_len = len};
    memcpy(run->seen, sorted, len * sizeof(sorted[0]));
    if (is_split) /* the lower ones are the later */
        run->ends[run->ends_len++] = sorted[wide];
    run->ends[run->ends_len++] = down ? sorted[0] : sorted[len - 1];
    run->may_fall = falls && !down;
    if (run->may_fall)
        run->ends[run->ends_len++] = sorted[0];
    return true;
}

uint16_t auger_port_run_next(const struct auger_port_run *run, int32_t step, uint32_t steps)
{
    int64_t port = run->ends[0] + (int64_t)step * steps;

    return port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* Between any two of its requests to servers the host may have checked somebody, or another host
 * have had a port. */
int32_t auger_port_run_least_step(const struct auger_port_run *run)
{
    if (run->step % 2 == 0)
        return run->step / 2;
    return run->seen_len == 2 && run->step % 3 == 0 ? run->step / 3 : run->step;
}

struct window {
    uint16_t *ports;
    size_t len;
};

static void put(struct window *window, int64_t port)
{
    if (port > 0 && port <= UINT16_MAX && window->len < AUGER_PORT_WINDOW_MAX)
        window->ports[window->len++] = (uint16_t)port;
}

static void put_ahead(const struct auger_port_run *run, uint32_t first, uint32_t last,
                      struct window *window)
{
    int64_t step = auger_port_run_least_step(run);

    for (uint32_t i = first - 1; i < last; i++) {
        size_t end = i % run->ends_len;
        int64_t way = end > 0 && run->may_fall ? -step : step;
        put(window, run->ends[end] + way * (1 + i / (uint32_t)run->ends_len));
    }
}

static bool has_put(const struct window *window, int64_t port)
{
    for (size_t i = 0; i < window->len; i++)
        if (window->ports[i] == port)
            return true;
    return false;
}

/* Ports that no server saw, and so somebody else did: what cuts the gap into equal parts, two at
 * first. */
static void put_holes_of(int32_t low, int32_t high, size_t room, struct window *window)
{
    for (int32_t parts = 2; parts <= PARTS_MAX; parts++)
        for (int32_t i = 1; (high - low) % parts == 0 && i < parts; i++)
            if (window->len < room && !has_put(window, low + (high - low) / parts * i))
                put(window, low + (high - low) / parts * i);
}

/* The latest first: a host asks servers before it knows whom to check. */
static void put_holes(const struct auger_port_run *run, struct window *window)
{
    size_t room = window->len + HOLES_MAX, gaps = run->seen_len - 1;

    for (size_t i = 0; i < gaps; i++) {
        size_t at = run->step > 0 ? gaps - 1 - i : i;
        if (run->seen[at + 1] - run->seen[at] <= FAR)
            put_holes_of(run->seen[at], run->seen[at + 1], room, window);
    }
}

size_t auger_port_run_window(const struct auger_port_run *run, unsigned number,
                             uint16_t ports[AUGER_PORT_WINDOW_MAX])
{
    struct window window = {ports, 0};

    if (number > 0) {
        put_ahead(run, number * AUGER_PORT_AHEAD + 1, (number + 1) * AUGER_PORT_AHEAD, &window);
        return window.len;
    }
    put_ahead(run, 1, NEXT, &window);
    put_holes(run, &window);
    put(&window,
        run->seen[run->step > 0 ? 0 : run->seen_len - 1] - (int64_t)auger_port_run_least_step(run));
    put_ahead(run, NEXT + 1, AUGER_PORT_AHEAD, &window);
    return window.len;
}

size_t auger_port_run_behind(const struct auger_port_run *run, uint16_t later, size_t max,
                             uint16_t *ports)
{
    int32_t step = auger_port_run_least_step(run);
    size_t len = 0;

    for (int32_t i = 1; len < max && i <= (int32_t)max; i++)
        if (is_port(later - i * step))
            ports[len++] = (uint16_t)(later - i * step);
    return len;
}
