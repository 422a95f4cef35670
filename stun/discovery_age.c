/* stun/discovery_age.c - how long an idle mapping lives: RFC 5780, 4.6. */
#include "stun/discovery_age.h"

#include "base/time.h"
#include "stun/discovery_event.h"
#include "stun/discovery_idle.h"
#include "stun/discovery_probe.h"

#define ROUNDS_MAX 4
#define PRECISION_MIN AUGER_SEC
#define PRECISION_PART 20 /* and so much of it */
#define ROWS AUGER_DISCOVERY_PAIRED

/* The first round: of the longest, in thousandths. */
static const uint16_t ladder[ROWS] = {17, 33, 50, 67, 100, 150, 200, 300, 400, 600, 800, 1000};

static struct auger_probe *trying(struct auger_discovery *discovery, size_t i)
{
    return &discovery->probes[discovery->age.probes_at + i];
}

static const struct auger_addr *server(const struct auger_discovery *discovery)
{
    return &discovery->servers[discovery->primary];
}

/* --- rounds -------------------------------------------------------------------------------- */

static auger_time idle_of(const struct auger_age *age, size_t row)
{
    if (age->rounds == 1)
        return age->max / 1000 * ladder[row];
    auger_time end = auger_time_min(age->dead, age->max);
    return age->alive + (end - age->alive) / (ROWS + 1) * (auger_time)(row + 1);
}

static void begin_round(struct auger_discovery *discovery)
{
    struct auger_age *age = &discovery->age;

    age->phase = AUGER_AGE_ROUND;
    age->rounds++;
    for (size_t i = 0; i < ROWS; i++) {
        age->rows[i] =
            (struct auger_age_row){.state = AUGER_AGE_ROW_OPENING, .idle = idle_of(age, i)};
        auger_idle_open(discovery, i, server(discovery));
    }
    auger_discovery_tell(discovery,
                         &(struct auger_discovery_event){.type = AUGER_DISCOVERY_EVENT_ROUND,
                                                         .idle = age->rows[ROWS - 1].idle});
}

static bool is_precise(const struct auger_age *age)
{
    auger_time left = age->dead - age->alive;

    return age->dead == AUGER_NEVER || left <= PRECISION_MIN || left <= age->dead / PRECISION_PART;
}

/* One that was lost, or a gateway that began anew, contradicts the others: what lived, lived.  What
 * was passed over for its sake is to be tried.  Whether all agree. */
static bool settle(struct auger_age *age)
{
    bool agrees = age->dead > age->alive;

    if (!agrees)
        age->dead = AUGER_NEVER;
    return agrees;
}

static void end_round(struct auger_discovery *discovery)
{
    struct auger_age *age = &discovery->age;

    for (size_t i = 0; i < ROWS; i++)
        if (age->rows[i].state != AUGER_AGE_ROW_OVER)
            return;
    bool agrees = settle(age);
    if ((agrees && is_precise(age)) || age->rounds == ROUNDS_MAX)
        age->phase = AUGER_AGE_OVER;
    else
        begin_round(discovery);
}

/* --- one row ---------------------------------------------------------------------------------- */

/* What is idle for longer than one that is gone need not be waited for. */
static void pass_over(struct auger_age *age, auger_time dead)
{
    for (size_t i = 0; i < ROWS; i++)
        if (age->rows[i].idle > dead && age->rows[i].state <= AUGER_AGE_ROW_IDLE)
            age->rows[i].state = AUGER_AGE_ROW_OVER;
}

static void note(struct auger_discovery *discovery, auger_time idle, bool is_alive)
{
    struct auger_age *age = &discovery->age;

    if (is_alive) {
        age->alive = auger_time_max(age->alive, idle);
    } else {
        age->dead = auger_time_min(age->dead, idle);
        pass_over(age, idle);
    }
    auger_discovery_tell(
        discovery, &(struct auger_discovery_event){
                       .type = AUGER_DISCOVERY_EVENT_TESTED, .idle = idle, .is_alive = is_alive});
}

static void judge_test(struct auger_discovery *discovery, size_t i)
{
    struct auger_age_row *row = &discovery->age.rows[i];
    auger_time idle = auger_idle_testing(discovery, i)->tx.first_sent_at - row->opened_at;
    enum auger_discovery_answer is_there = auger_idle_judge(discovery, i);

    row->state = AUGER_AGE_ROW_OVER;
    if (is_there != AUGER_DISCOVERY_UNKNOWN)
        note(discovery, idle, is_there == AUGER_DISCOVERY_YES);
}

static void advance_row(struct auger_discovery *discovery, auger_time now, size_t i)
{
    struct auger_age_row *row = &discovery->age.rows[i];
    const struct auger_probe *opened = auger_idle_opening(discovery, i);

    if (row->state == AUGER_AGE_ROW_OPENING && !auger_probe_is_open(opened)) {
        bool is_there = opened->state == AUGER_PROBE_ANSWERED;
        row->state = is_there ? AUGER_AGE_ROW_IDLE : AUGER_AGE_ROW_OVER;
        row->opened_at = opened->tx.last_sent_at;
    }
    if (row->state == AUGER_AGE_ROW_IDLE && now >= auger_time_add(row->opened_at, row->idle)) {
        row->state = AUGER_AGE_ROW_TESTING;
        auger_idle_test(discovery, i);
    }
    if (row->state == AUGER_AGE_ROW_TESTING &&
        !auger_probe_is_open(auger_idle_testing(discovery, i)))
        judge_test(discovery, i);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

void auger_age_begin(struct auger_discovery *discovery, bool has_fresh_ports)
{
    struct auger_age *age = &discovery->age;

    age->phase = AUGER_AGE_TRYING_OPEN;
    age->has_fresh_ports = has_fresh_ports;
    age->probes_at = discovery->probes_len;
    auger_probe_add(discovery, AUGER_PROBE_AGE_OPEN, AUGER_DISCOVERY_HAIRPIN_FIRST,
                    server(discovery));
    for (size_t i = 1; i < 2 + 2 * ROWS; i++)
        auger_probe_add(discovery, AUGER_PROBE_AGE, AUGER_DISCOVERY_MAIN, server(discovery))
            ->state = AUGER_PROBE_SILENT;
}

/* 5: support for RESPONSE-PORT is optional, so it is tried with a mapping that is there. */
static void try_response_port(struct auger_discovery *discovery)
{
    struct auger_age *age = &discovery->age;
    const struct auger_probe *opened = trying(discovery, 0), *tried = trying(discovery, 1);

    if (age->phase == AUGER_AGE_TRYING_OPEN && !auger_probe_is_open(opened)) {
        if (opened->state != AUGER_PROBE_ANSWERED) {
            age->phase = AUGER_AGE_OVER;
            return;
        }
        auger_idle_ask_for(trying(discovery, 1), opened);
        age->phase = AUGER_AGE_TRYING;
    }
    if (age->phase == AUGER_AGE_TRYING && !auger_probe_is_open(tried)) {
        age->was_tried = true;
        age->by_own_port = tried->state != AUGER_PROBE_ANSWERED;
        if (age->by_own_port && !age->has_fresh_ports)
            age->phase = AUGER_AGE_OVER;
        else
            begin_round(discovery);
    }
}

bool auger_age_advance(struct auger_discovery *discovery, auger_time now)
{
    struct auger_age *age = &discovery->age;

    if (age->phase < AUGER_AGE_ROUND)
        try_response_port(discovery);
    if (age->phase == AUGER_AGE_ROUND) {
        for (size_t i = 0; i < ROWS; i++)
            advance_row(discovery, now, i);
        end_round(discovery);
    }
    return age->phase != AUGER_AGE_OVER;
}

auger_time auger_age_next_timeout(const struct auger_discovery *discovery)
{
    const struct auger_age *age = &discovery->age;
    auger_time next = AUGER_NEVER;

    for (size_t i = 0; i < ROWS && age->phase == AUGER_AGE_ROUND; i++)
        if (age->rows[i].state == AUGER_AGE_ROW_IDLE)
            next = auger_time_min(next, auger_time_add(age->rows[i].opened_at, age->rows[i].idle));
    return next;
}
