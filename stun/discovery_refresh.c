/* stun/discovery_refresh.c - which direction keeps a mapping: RFC 4787, 4.3. */
#include "stun/discovery_refresh.h"

#include "base/time.h"
#include "stun/discovery_event.h"
#include "stun/discovery_idle.h"
#include "stun/discovery_probe.h"

#define ROWS AUGER_DISCOVERY_PAIRED
#define AGREE 3 /* of the rows of a way: one that is lost is not believed */

/* Three quarters of what a mapping is known to live: what is kept after one and tested after
 * another is there if it was kept, and else is gone. */
static auger_time pause_of(const struct auger_age *age)
{
    return age->alive / 4 * 3;
}

static enum auger_refresh_way way_of(size_t row)
{
    return (enum auger_refresh_way)(row % AUGER_REFRESH_WAYS);
}

/* From the other port of the server, since a gateway may believe that a flow which went on for a
 * while goes on for longer, and these have to be new ones. */
static struct auger_addr server(const struct auger_discovery *discovery)
{
    struct auger_addr addr = discovery->servers[discovery->primary];

    if (discovery->other.family != AUGER_FAMILY_NONE)
        addr.port = discovery->other.port;
    return addr;
}

bool auger_refresh_begin(struct auger_discovery *discovery)
{
    const struct auger_age *age = &discovery->age;
    const struct auger_addr to = server(discovery);

    if (age->alive < AUGER_SEC || age->dead <= age->alive || age->dead > 2 * pause_of(age))
        return false;
    discovery->refresh.is_on = true;
    for (size_t i = 0; i < ROWS; i++) {
        bool is_of_use = !age->by_own_port || way_of(i) != AUGER_REFRESH_INBOUND;
        discovery->refresh.rows[i].state = is_of_use ? AUGER_REFRESH_OPENING : AUGER_REFRESH_OVER;
        if (is_of_use)
            auger_idle_open(discovery, i, &to);
    }
    auger_discovery_tell(discovery,
                         &(struct auger_discovery_event){.type = AUGER_DISCOVERY_EVENT_KEEPING,
                                                         .idle = 2 * pause_of(age)});
    return true;
}

/* --- one row ---------------------------------------------------------------------------------- */

static auger_time due_at(const struct auger_discovery *discovery, size_t i)
{
    const struct auger_refresh_row *row = &discovery->refresh.rows[i];
    auger_time pause = pause_of(&discovery->age);

    if (row->state == AUGER_REFRESH_OPENED)
        return auger_time_add(row->opened_at, pause);
    return row->state == AUGER_REFRESH_KEPT ? auger_time_add(row->kept_at, pause) : AUGER_NEVER;
}

/* Out goes an indication, which nobody answers (8489, 6.3.2); in comes an answer that was asked for
 * from another socket. */
static void keep(struct auger_discovery *discovery, size_t i)
{
    struct auger_refresh_row *row = &discovery->refresh.rows[i];
    const struct auger_probe *opened = auger_idle_opening(discovery, i);
    struct auger_probe *probe = auger_idle_testing(discovery, i);

    row->state = AUGER_REFRESH_KEEPING;
    if (way_of(i) == AUGER_REFRESH_OUTBOUND)
        auger_probe_renew(probe, AUGER_PROBE_INDICATION, opened->socket, &opened->to);
    else
        auger_idle_ask_for(probe, opened);
}

/* One that is kept by nothing is tested when the others are. */
static void begin_keeping(struct auger_discovery *discovery, size_t i, auger_time now)
{
    struct auger_refresh_row *row = &discovery->refresh.rows[i];

    if (way_of(i) == AUGER_REFRESH_NOTHING) {
        row->state = AUGER_REFRESH_KEPT;
        row->kept_at = now;
    } else {
        keep(discovery, i);
    }
}

static void end_keeping(struct auger_discovery *discovery, size_t i)
{
    struct auger_refresh_row *row = &discovery->refresh.rows[i];
    const struct auger_probe *probe = auger_idle_testing(discovery, i);
    bool has_come = way_of(i) == AUGER_REFRESH_OUTBOUND || probe->state == AUGER_PROBE_ANSWERED;

    row->state = has_come ? AUGER_REFRESH_KEPT : AUGER_REFRESH_OVER;
    row->kept_at = probe->tx.last_sent_at;
}

/* It counts only as far as its times allow: that it is there, if without being kept it would be
 * gone; that it is gone, if kept it would be there. */
static void judge(struct auger_discovery *discovery, size_t i)
{
    struct auger_refresh_row *row = &discovery->refresh.rows[i];
    auger_time tested_at = auger_idle_testing(discovery, i)->tx.first_sent_at;
    enum auger_discovery_answer is_there = auger_idle_judge(discovery, i);

    row->state = AUGER_REFRESH_OVER;
    if (is_there == AUGER_DISCOVERY_YES && tested_at - row->opened_at >= discovery->age.dead)
        discovery->refresh.there[way_of(i)]++;
    if (is_there == AUGER_DISCOVERY_NO && tested_at - row->kept_at <= discovery->age.alive)
        discovery->refresh.gone[way_of(i)]++;
}

static void advance_row(struct auger_discovery *discovery, auger_time now, size_t i)
{
    struct auger_refresh_row *row = &discovery->refresh.rows[i];
    const struct auger_probe *opened = auger_idle_opening(discovery, i);
    bool is_done = !auger_probe_is_open(auger_idle_testing(discovery, i));

    switch ((enum auger_refresh_state)row->state) {
    case AUGER_REFRESH_OPENING:
        if (auger_probe_is_open(opened))
            break;
        row->state =
            opened->state == AUGER_PROBE_ANSWERED ? AUGER_REFRESH_OPENED : AUGER_REFRESH_OVER;
        row->opened_at = opened->tx.last_sent_at;
        break;
    case AUGER_REFRESH_OPENED:
        if (now >= due_at(discovery, i))
            begin_keeping(discovery, i, now);
        break;
    case AUGER_REFRESH_KEEPING:
        if (is_done)
            end_keeping(discovery, i);
        break;
    case AUGER_REFRESH_KEPT:
        if (now < due_at(discovery, i))
            break;
        row->state = AUGER_REFRESH_TESTING;
        auger_idle_test(discovery, i);
        break;
    case AUGER_REFRESH_TESTING:
        if (is_done)
            judge(discovery, i);
        break;
    case AUGER_REFRESH_OVER:
        break;
    }
}

/* Who is called late finds the next step due as well: none is left with a deadline in the past. */
static void advance_to_now(struct auger_discovery *discovery, auger_time now, size_t i)
{
    const struct auger_refresh_row *row = &discovery->refresh.rows[i];
    uint8_t before;

    do {
        before = row->state;
        advance_row(discovery, now, i);
    } while (row->state != before);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

bool auger_refresh_advance(struct auger_discovery *discovery, auger_time now)
{
    bool goes_on = false;

    for (size_t i = 0; i < ROWS; i++) {
        advance_to_now(discovery, now, i);
        goes_on = goes_on || discovery->refresh.rows[i].state != AUGER_REFRESH_OVER;
    }
    return goes_on;
}

auger_time auger_refresh_next_timeout(const struct auger_discovery *discovery)
{
    auger_time next = AUGER_NEVER;

    for (size_t i = 0; i < ROWS; i++)
        next = auger_time_min(next, due_at(discovery, i));
    return next;
}

/* Nothing is believed where what nothing kept is there all the same. */
enum auger_discovery_answer auger_refresh_by(const struct auger_discovery *discovery,
                                             enum auger_refresh_way way)
{
    const struct auger_refresh *refresh = &discovery->refresh;

    if (refresh->there[AUGER_REFRESH_NOTHING] > 0 || refresh->gone[AUGER_REFRESH_NOTHING] < AGREE)
        return AUGER_DISCOVERY_UNKNOWN;
    if (refresh->there[way] > 0)
        return AUGER_DISCOVERY_YES;
    return refresh->gone[way] >= AGREE ? AUGER_DISCOVERY_NO : AUGER_DISCOVERY_UNKNOWN;
}
