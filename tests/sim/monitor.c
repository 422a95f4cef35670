/* tests/sim/monitor.c - invariants about events, pairs, roles and time; those about
 * datagrams are in monitor_wire.c. */
#include "tests/sim/monitor.h"

#include "sim/memory.h"
#include "tests/sim/monitor_state.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RELIABLE_WAIT (39500 * AUGER_MS) /* 8489 section 6.2.2 */
#define CHECK_WAIT (39500 * AUGER_MS)    /* section 6.2.1 */

static struct auger_stun_key *key_of(const char *password)
{
    struct auger_stun_key *key;

    if (auger_stun_key_new(&key, (const uint8_t *)password, strlen(password)) < 0)
        abort();
    return key;
}

struct monitor *monitor_new(const struct monitor_config *config)
{
    struct monitor *monitor = sim_alloc(sizeof(*monitor));

    monitor->in_force = MONITOR_NO_GENERATION;
    monitor_restarted(monitor, config->ufrag, config->password);
    monitor->has_restarted = false;
    monitor->pairs_max = config->pairs_max;
    monitor->pacing = config->pacing;
    monitor->paced_at = monitor->burst_at = AUGER_NEVER;
    return monitor;
}

void monitor_free(struct monitor *monitor)
{
    if (!monitor)
        return;
    for (size_t i = 0; i < monitor->generations_len; i++) {
        auger_stun_key_free(monitor->generations[i].key);
        auger_stun_key_free(monitor->generations[i].remote_key);
    }
    free(monitor->generations);
    free(monitor->sent.ring);
    free(monitor->received.ring);
    free(monitor->routes);
    free(monitor->remotes);
    free(monitor->relays);
    free(monitor->helpers);
    free(monitor->there);
    auger_stun_key_free(monitor->turn_keys[0]);
    auger_stun_key_free(monitor->turn_keys[1]);
    free(monitor);
}

void monitor_restarted(struct monitor *monitor, const char *ufrag, const char *password)
{
    size_t len = monitor->generations_len++;

    monitor->generations = sim_resize(monitor->generations, len + 1, sizeof(*monitor->generations));
    struct monitor_generation *generation = &monitor->generations[len];
    *generation = (struct monitor_generation){.key = key_of(password)};
    snprintf(generation->ufrag, sizeof(generation->ufrag), "%s", ufrag);
    monitor->has_gathered = false;
    monitor->has_restarted = true;
}

void monitor_set_remote(struct monitor *monitor, const char *ufrag, const char *password)
{
    size_t newest = monitor->generations_len - 1;
    struct monitor_generation *generation = &monitor->generations[newest];

    snprintf(generation->remote_ufrag, sizeof(generation->remote_ufrag), "%s", ufrag);
    auger_stun_key_free(generation->remote_key);
    generation->remote_key = key_of(password);
    if (monitor->in_force == newest)
        return;
    monitor->in_force = newest;
    monitor->role = monitor->shown_role = monitor->remote_role = MONITOR_NO_ROLE;
    monitor->conflicts = 0;
    monitor->role_changes = 0;
    monitor->has_seen_conflict = monitor->has_insisted = false;
}

void monitor_make_lite(struct monitor *monitor)
{
    monitor->lite = true;
}

void monitor_make_both_lite(struct monitor *monitor)
{
    monitor->lite = monitor->both_lite = true;
}

void monitor_pace(struct monitor *monitor, auger_time pacing)
{
    monitor->peers_pacing = pacing;
}

void monitor_expect_replays(struct monitor *monitor)
{
    monitor->has_replays = true;
}

void monitor_expect_forgeries(struct monitor *monitor)
{
    monitor->has_forgeries = true;
}

void monitor_expect_forgotten_checks(struct monitor *monitor)
{
    monitor->has_forgotten = true;
}

void monitor_expect_standby_restarts(struct monitor *monitor)
{
    monitor->has_standby_restarts = true;
}

void monitor_add_helper(struct monitor *monitor, const struct auger_addr *helper)
{
    size_t len = monitor->helpers_len++;

    monitor->helpers = sim_resize(monitor->helpers, len + 1, sizeof(*monitor->helpers));
    monitor->helpers[len] = (struct monitor_helper){.addr = *helper};
    monitor->has_gathered = false;
}

void monitor_add_base(struct monitor *monitor, const struct auger_addr *base)
{
    size_t len = monitor->there_len++;

    monitor->there = sim_resize(monitor->there, len + 1, sizeof(*monitor->there));
    monitor->there[len] = *base;
    monitor->bases++;
    monitor->has_gathered = false;
}

static void note_gone(struct monitor *monitor, const struct auger_addr *base)
{
    monitor->gone[monitor->gone_len++ % MONITOR_GONE] = *base;
    monitor->is_adrift |= auger_addr_equal(&monitor->path.local, base);
}

static void forget_base(struct monitor *monitor, const struct auger_addr *base)
{
    for (size_t i = monitor->there_len; i-- > 0;)
        if (auger_addr_equal(&monitor->there[i], base))
            monitor->there[i] = monitor->there[--monitor->there_len];
}

/* Two networks of a host may have given it one, each with a port of its own. */
static bool is_ip_there(const struct monitor *monitor, const struct auger_addr *base)
{
    for (size_t i = 0; i < monitor->there_len; i++)
        if (monitor->there[i].transport == base->transport &&
            auger_addr_ip_equal(&monitor->there[i], base))
            return true;
    return false;
}

/* And goes with it: a stream is named by the IP address alone. */
static bool is_asked_from(const struct monitor *monitor, const struct monitor_relay *relay,
                          const struct auger_addr *base)
{
    if (relay->path.local.transport == AUGER_TCP)
        return base->transport == AUGER_UDP && auger_addr_ip_equal(&relay->path.local, base) &&
               !is_ip_there(monitor, base);
    return auger_addr_equal(&relay->path.local, base);
}

/* The path in use may be of one that a check from there has made a base.  Where two networks give
 * one IP address nobody says here which of them a helper is of. */
static void note_helpers_gone(struct monitor *monitor, const struct auger_addr *base)
{
    for (size_t i = 0; i < monitor->helpers_len && !is_ip_there(monitor, base); i++) {
        struct monitor_helper *helper = &monitor->helpers[i];
        if (!auger_addr_ip_equal(&helper->addr, base))
            continue;
        helper->is_gone = true;
        monitor->is_adrift |= auger_addr_equal(&monitor->path.local, &helper->addr);
    }
}

/* And with it the relayed addresses that were asked for from there. */
void monitor_remove_base(struct monitor *monitor, const struct auger_addr *base)
{
    forget_base(monitor, base);
    note_gone(monitor, base);
    note_helpers_gone(monitor, base);
    if (base->transport == AUGER_TCP)
        monitor_streams_gone(monitor, base);
    for (size_t i = 0; i < monitor->relays_len; i++) {
        const struct monitor_relay *relay = &monitor->relays[i];
        for (size_t j = 0; j < 2 && is_asked_from(monitor, relay, base); j++)
            if (relay->relayed[j].family != AUGER_FAMILY_NONE)
                note_gone(monitor, &relay->relayed[j]);
    }
}

bool monitor_is_gone(const struct monitor *monitor, const struct auger_addr *base)
{
    for (size_t i = 0; i < monitor->gone_len && i < MONITOR_GONE; i++) {
        if (auger_addr_equal(&monitor->gone[i], base))
            return true;
    }
    for (size_t i = 0; i < monitor->helpers_len; i++) {
        if (monitor->helpers[i].is_gone && auger_addr_equal(&monitor->helpers[i].addr, base))
            return true;
    }
    return false;
}

void monitor_add_server(struct monitor *monitor, const struct auger_addr *server)
{
    assert(monitor->servers_len < MONITOR_SERVERS);
    monitor->servers[monitor->servers_len++] = *server;
    monitor->has_gathered = false; /* what it shows is one more candidate */
}

void monitor_break(struct monitor *monitor, const char *format, ...)
{
    va_list args;

    if (monitor->broken[0])
        return;
    va_start(args, format);
    vsnprintf(monitor->broken, sizeof(monitor->broken), format, args);
    va_end(args);
}

const char *monitor_broken(const struct monitor *monitor)
{
    return monitor->broken[0] ? monitor->broken : NULL;
}

uint64_t monitor_late_answers(const struct monitor *monitor)
{
    return monitor->late_answers;
}

uint64_t monitor_allocates_in_vain(const struct monitor *monitor)
{
    return monitor->allocates_in_vain;
}

uint64_t monitor_bindings_in_vain(const struct monitor *monitor)
{
    return monitor->bindings_in_vain;
}

uint64_t monitor_bindings_heard(const struct monitor *monitor)
{
    return monitor->bindings_heard;
}

uint64_t monitor_refreshes_lost(const struct monitor *monitor)
{
    return monitor->refreshes_lost;
}

uint64_t monitor_requests(const struct monitor *monitor)
{
    return monitor->requests;
}

/* --- 11: the grammar of events ---------------------------------------------- */

/* A relay may have been lost when nothing went through it any more: then the agent is not. */
static bool is_adrift(const struct monitor *monitor)
{
    return monitor->is_adrift || monitor->may_be_adrift;
}

static bool may_follow(const struct monitor *monitor, enum auger_ice_state to)
{
    switch (monitor->state) {
    case AUGER_ICE_NEW:
        return to == AUGER_ICE_CHECKING;
    case AUGER_ICE_CHECKING:
        return to == AUGER_ICE_CONNECTED || to == AUGER_ICE_FAILED ||
               (to == AUGER_ICE_DISCONNECTED && is_adrift(monitor));
    case AUGER_ICE_CONNECTED:
        return to == AUGER_ICE_DISCONNECTED || to == AUGER_ICE_FAILED ||
               (to == AUGER_ICE_CHECKING && is_adrift(monitor));
    case AUGER_ICE_DISCONNECTED:
        return to == AUGER_ICE_CONNECTED || to == AUGER_ICE_FAILED ||
               (to == AUGER_ICE_CHECKING && (is_adrift(monitor) || monitor->has_restarted));
    case AUGER_ICE_FAILED:
        return to == AUGER_ICE_CHECKING && monitor->has_restarted;
    }
    return false;
}

/* Over a stream it is sent once (8489 section 6.2.2).  Over UDP a machine may sleep through some of
 * the seven: a check is over with its time all the same, and what is sent once alone asks for
 * consent, and fails nothing. */
static bool is_waited_for(const struct monitor_request *request, auger_time now)
{
    if (request->path.remote.transport == AUGER_TCP)
        return now - request->sent_at < RELIABLE_WAIT;
    return request->sent < MONITOR_TRANSMISSIONS &&
           (request->sent == 1 || now - request->sent_at < CHECK_WAIT);
}

bool monitor_has_failed(const struct monitor_request *request, auger_time now)
{
    return request->failed_at <= now || (request->answered == 0 && !is_waited_for(request, now));
}

static bool has_answered_since(const struct monitor *monitor, const struct auger_path *path,
                               auger_time sent_at)
{
    for (size_t i = 0; i < monitor->routes_len; i++) {
        if (auger_path_equal(&monitor->routes[i].path, path) &&
            monitor->routes[i].owed_at > sent_at)
            return true;
    }
    return false;
}

/* A nominating check that fails takes its pair along (7.2.5.3.4), and so does another one if
 * nothing else was answered since. */
const struct monitor_request *monitor_find_in_vain(const struct monitor *monitor, auger_time now,
                                                   const struct auger_path *path)
{
    const struct monitor_requests *sent = &monitor->sent;

    for (size_t i = 1; i <= sent->total && i <= sent->cap; i++) {
        const struct monitor_request *request = &sent->ring[(sent->total - i) % MONITOR_REQUESTS];
        if (auger_path_equal(&request->path, path) && monitor_has_failed(request, now) &&
            (request->nominates || !has_answered_since(monitor, path, request->sent_at)))
            return request;
    }
    return NULL;
}

static bool is_agreed(const struct monitor_route *route, auger_time now)
{
    return route && !route->has_lapsed && now - route->agreed_at < 30 * AUGER_SEC;
}

/* And the agent cannot but know it. */
static bool is_owed(const struct monitor_route *route, auger_time now)
{
    return is_agreed(route, now) && now - route->owed_at < 30 * AUGER_SEC;
}

/* An answer that comes later brings it back no more, though nobody has said so yet.  Each
 * generation has its own on one path, and ends by itself. */
static void end_consent(struct monitor *monitor, auger_time now)
{
    for (size_t i = 0; i < monitor->routes_len; i++) {
        struct monitor_route *route = &monitor->routes[i];
        if (auger_path_equal(&route->path, &monitor->path) &&
            now - route->succeeded_at >= 30 * AUGER_SEC)
            route->has_lapsed = route->is_over = true;
    }
}

void monitor_lacks_memory(struct monitor *monitor, auger_time now)
{
    for (size_t i = 0; i < monitor->routes_len; i++)
        monitor->routes[i].is_doubtful |= monitor->routes[i].succeeded_at == now;
}

void monitor_woken(struct monitor *monitor, auger_time now)
{
    end_consent(monitor, now);
    monitor_end_lifetimes(monitor, now);
}

/* On the path in use, whichever generation was answered. */
static bool has_consent(struct monitor *monitor, auger_time now)
{
    return is_agreed(monitor_find_live_route(monitor, &monitor->path), now);
}

/* A lite agent asks for no consent: a check keeps its pair when it is answered with success
 * (RFC 8445 sections 7.3 and 7.3.2).  One that it has no room for is not. */
static bool is_kept(const struct monitor *monitor, const struct monitor_route *route,
                    auger_time now)
{
    if (monitor->lite &&
        (!route || route->answered_at == AUGER_NEVER || now - route->answered_at >= 30 * AUGER_SEC))
        return false;
    return is_owed(route, now);
}

/* What the generation before was answered later counts for its own pair. */
static bool has_consent_of_newest(struct monitor *monitor, auger_time now)
{
    const struct monitor_route *route =
        monitor_find_route(monitor, &monitor->path, monitor->generations_len - 1);

    return is_kept(monitor, route ? route : monitor_find_live_route(monitor, &monitor->path), now);
}

/* Two lite agents ask for no consent: what they have is a path. */
static bool can_go_on(struct monitor *monitor, auger_time now)
{
    if (monitor->both_lite)
        return monitor->path.local.family != AUGER_FAMILY_NONE &&
               !monitor_is_gone(monitor, &monitor->path.local);
    return has_consent(monitor, now);
}

static bool is_there(const struct monitor *monitor, auger_time now,
                     const struct monitor_route *route)
{
    return !monitor_is_gone(monitor, &route->path.local) &&
           !monitor_has_lost(monitor, now, &route->path.local);
}

/* A path of the generation in force, beside the one that went with its address. */
static bool has_standby(const struct monitor *monitor, auger_time now)
{
    for (size_t i = 0; i < monitor->routes_len; i++) {
        const struct monitor_route *route = &monitor->routes[i];
        if (route->generation == monitor->in_force && !route->is_doubtful &&
            is_there(monitor, now, route) && is_owed(route, now) &&
            !monitor_find_in_vain(monitor, now, &route->path))
            return true;
    }
    return false;
}

/* Two paths at least have succeeded in the generation in force, and one of them has consent. */
static bool has_choice(const struct monitor *monitor, auger_time now)
{
    size_t len = 0;
    bool has_one = false;

    for (size_t i = 0; i < monitor->routes_len; i++) {
        const struct monitor_route *route = &monitor->routes[i];
        if (route->generation != monitor->in_force)
            continue;
        len++;
        has_one |= is_there(monitor, now, route) && is_agreed(route, now);
    }
    return len > 1 && has_one;
}

/* docs/decisions/072: the peer can learn of a better pair by a restart alone. */
static void check_wanted_for_another(struct monitor *monitor, auger_time now)
{
    struct monitor_generation *generation = &monitor->generations[monitor->in_force];

    if (monitor->role != MONITOR_CONTROLLING)
        monitor_break(monitor, "11: the controlled side wants another pair");
    else if (generation->has_wanted_another)
        monitor_break(monitor, "11: another pair is wanted for the second time");
    else if (!has_choice(monitor, now))
        monitor_break(monitor, "11: another pair is wanted, and none has consent");
    generation->has_wanted_another = true;
}

static void check_restart_wanted(struct monitor *monitor, auger_time now)
{
    monitor->may_be_adrift |= monitor_has_lost(monitor, now, &monitor->path.local);
    bool has_another = has_standby(monitor, now);

    if (is_adrift(monitor) && !has_another)
        return;
    if (monitor->has_standby_restarts && monitor->in_force != MONITOR_NO_GENERATION)
        check_wanted_for_another(monitor, now);
    else if (has_another && is_adrift(monitor))
        monitor_break(monitor, "11: a restart is wanted, and another path has consent");
    else
        monitor_break(monitor, "11: adrift, though no address has gone");
}

static void check_state(struct monitor *monitor, auger_time now, enum auger_ice_state to)
{
    monitor->may_be_adrift |= monitor_has_lost(monitor, now, &monitor->path.local);
    if (!may_follow(monitor, to))
        monitor_break(monitor, "11: %s after %s", auger_ice_state_name(to),
                      auger_ice_state_name(monitor->state));
    if (to == AUGER_ICE_CONNECTED && monitor->routes_len == 0 && !monitor->both_lite)
        monitor_break(monitor, "1: connected, and no check has succeeded");
    if (to == AUGER_ICE_FAILED && !monitor->has_replays && !is_adrift(monitor) &&
        has_consent_of_newest(monitor, now) &&
        !monitor_find_in_vain(monitor, now, &monitor->path) &&
        monitor->conflicts < MONITOR_CONFLICTS)
        monitor_break(monitor, "2: failed on a path with consent");
    if (to == AUGER_ICE_FAILED)
        monitor->has_restarted = false;
    monitor->state = to;
}

/* One that had ended may be another by now: an address that a server has given again, or a pair
 * that was refused or given up meanwhile, and asked anew; or that of another generation, which has
 * not been in use so far. */
static bool begin_consent(struct monitor *monitor, auger_time now, const struct auger_path *path)
{
    bool begins = false;

    for (size_t i = 0; i < monitor->routes_len; i++) {
        struct monitor_route *route = &monitor->routes[i];
        if (!auger_path_equal(&route->path, path) || now - route->succeeded_at > 30 * AUGER_SEC)
            continue;
        route->has_lapsed = route->is_over = false;
        begins = true;
    }
    return begins;
}

static void check_path(struct monitor *monitor, auger_time now, const struct auger_path *path)
{
    if (monitor->both_lite) {
        if (!monitor_is_told(monitor, &path->remote))
            monitor_break(monitor, "1: a path to an address that the peer has not told");
    } else if (!monitor_find_live_route(monitor, path)) {
        monitor_break(monitor, "1: a path on which no check has succeeded");
    } else if (!begin_consent(monitor, now, path)) {
        monitor_break(monitor, "2: a path without consent");
    }
}

/* A burst that is under way at the end is not waited for (docs/prediction.md).  Some policies hide
 * the base. */
static bool is_guess(const struct monitor *monitor, const struct auger_cand *cand)
{
    bool is_hidden = cand->related.family == AUGER_FAMILY_NONE && monitor->helpers_len > 0;

    return cand->type == AUGER_CAND_SRFLX &&
           (is_hidden || monitor_is_helper(monitor, &cand->related));
}

void monitor_event(struct monitor *monitor, auger_time now, const struct auger_ice_event *event)
{
    if (monitor->state == AUGER_ICE_FAILED && !monitor->has_restarted)
        monitor_break(monitor, "11: an event of type %d after the end", (int)event->type);
    switch (event->type) {
    case AUGER_ICE_EVENT_CANDIDATE:
        if (is_guess(monitor, &event->cand))
            monitor->has_gathered = false; /* the end is told again */
        if (monitor->has_gathered)
            monitor_break(monitor, "11: a candidate after the last one");
        break;
    case AUGER_ICE_EVENT_GATHERED:
        if (monitor->has_gathered)
            monitor_break(monitor, "11: gathered twice");
        monitor->has_gathered = true;
        break;
    case AUGER_ICE_EVENT_STATE:
        check_state(monitor, now, event->state);
        break;
    case AUGER_ICE_EVENT_PATH:
        check_path(monitor, now, &event->path);
        monitor_note_failed_check(monitor, now);
        monitor->path = event->path;
        monitor->is_adrift = monitor->may_be_adrift = false;
        break;
    case AUGER_ICE_EVENT_RESTART_WANTED:
        check_restart_wanted(monitor, now);
        break;
    case AUGER_ICE_EVENT_RESTART_FAILED:
        if (!can_go_on(monitor, now))
            monitor_break(monitor, "11: a failed restart, and no path to go on with");
        break;
    case AUGER_ICE_EVENT_HELPERS_WANTED:
    case AUGER_ICE_EVENT_HELPERS_DONE:
        break;
    }
}

/* --- 6: bounds -------------------------------------------------------------- */

void monitor_drained(struct monitor *monitor, auger_time now, size_t sent, auger_time next)
{
    size_t bound = monitor->pairs_max + monitor->servers_len * monitor->bases + 8;

    if (next <= now)
        monitor_break(monitor, "6: wants to be called again at once");
    if (sent > bound)
        monitor_break(monitor, "6: %zu datagrams in one step", sent);
}

static bool is_lost(const struct monitor *monitor)
{
    return monitor->is_adrift && monitor->state == AUGER_ICE_DISCONNECTED;
}

static bool is_to_be_tried(const struct auger_ice_pair_info *pair)
{
    return pair->state == AUGER_PAIR_FROZEN || pair->state == AUGER_PAIR_WAITING ||
           pair->state == AUGER_PAIR_IN_PROGRESS;
}

void monitor_pairs(struct monitor *monitor, const struct auger_ice_pair_info *pairs, size_t len)
{
    size_t selected = 0;

    /* After a restart the one that carries data comes on top. */
    size_t bound = monitor->pairs_max + (monitor->generations_len > 1);

    if (len > bound)
        monitor_break(monitor, "6: more than %zu pairs", bound);
    for (size_t i = 0; i < len; i++) {
        if (is_lost(monitor) && is_to_be_tried(&pairs[i]))
            monitor_break(monitor, "12: disconnected, and a pair has yet to be tried");
        selected += pairs[i].selected;
        if (pairs[i].selected && !pairs[i].valid)
            monitor_break(monitor, "7: the selected pair is not valid");
    }
    if (selected > 1)
        monitor_break(monitor, "7: %zu selected pairs", selected);
}

/* --- 7: roles --------------------------------------------------------------- */

/* Whoever sees a check in its own role either takes the other one or knows that the
 * peer will, by the tie-breaker (7.3.1.1).  Both cannot know it of each other, unless their
 * tie-breakers are equal: then each gives way to the 487 of the other, which may be lost. */
void monitor_roles(struct monitor *a, const struct monitor *b)
{
    if (a->role == b->role && a->has_insisted && b->has_insisted &&
        a->tie_breaker != b->tie_breaker)
        monitor_break(a, "7: both insist on one role");
}
