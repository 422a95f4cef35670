/* tests/sim/monitor_pace.c - invariant 3: how much an agent asks, and how fast. */
#include "tests/sim/monitor_state.h"

#include <string.h>

bool monitor_is_server(const struct monitor *monitor, const struct auger_addr *addr)
{
    for (size_t i = 0; i < monitor->servers_len; i++) {
        if (auger_addr_equal(&monitor->servers[i], addr))
            return true;
    }
    return false;
}

bool monitor_is_helper(const struct monitor *monitor, const struct auger_addr *base)
{
    for (size_t i = 0; i < monitor->helpers_len; i++) {
        if (auger_addr_equal(&monitor->helpers[i].addr, base))
            return true;
    }
    return false;
}

void monitor_held_up(struct monitor *monitor, auger_time now)
{
    monitor->is_held_up |= monitor->burst_at == now;
}

/* It begins with requests to a server, and what was held up goes before anything else. */
static bool is_of_burst(struct monitor *monitor, auger_time now,
                        const struct monitor_request *request)
{
    bool goes_on = monitor->is_held_up;

    monitor->is_held_up = false;
    if (!monitor_is_helper(monitor, &request->path.local))
        return false;
    if (goes_on || monitor_is_server(monitor, &request->path.remote))
        monitor->burst_at = now;
    return monitor->burst_at == now;
}

void monitor_check_pace(struct monitor *monitor, auger_time now,
                        const struct monitor_request *request)
{
    if (monitor_find_route(monitor, &request->path,
                           request->generation)) /* consent and nomination */
        return;
    if (is_of_burst(monitor, now, request)) {
        if (++monitor->unpaced > MONITOR_UNPACED * monitor->generations_len)
            monitor_break(monitor, "3: %u transactions of prediction", monitor->unpaced);
        return;
    }
    if (monitor->paced_at != AUGER_NEVER && now - monitor->paced_at < monitor->pacing)
        monitor_break(monitor, "3: two new transactions within %lld us",
                      (long long)((now - monitor->paced_at) / AUGER_US));
    monitor->paced_at = now;
    if (monitor->peers_pacing > monitor->pacing)
        monitor->pacing = monitor->peers_pacing;
}

/* The next request or path may be what comes of it. */
void monitor_note_failed_check(struct monitor *monitor, auger_time now)
{
    const struct monitor_request *failed = monitor_find_in_vain(monitor, now, &monitor->path);

    if (!failed || memcmp(&failed->tid, &monitor->failed_last, sizeof(failed->tid)) == 0)
        return;
    monitor->failed_last = failed->tid;
    monitor->checks_failed++;
}

/* Checks begin anew in another role, where the address or the stream in use is gone, and where a
 * check on the path in use has failed (docs/decisions/230); and are triggered by those of the
 * peer. */
static size_t transactions_max(const struct monitor *monitor, const struct monitor_remote *remote)
{
    unsigned begun = 1 + monitor->role_changes + monitor->relays_lost + monitor->streams_lost +
                     monitor->checks_failed;

    return (monitor->bases + monitor->helpers_len) * (begun + monitor->gone_len) + remote->checks;
}

void monitor_check_budget(struct monitor *monitor, const struct monitor_request *request,
                          struct monitor_remote *remote)
{
    struct monitor_generation *generation = &monitor->generations[request->generation];

    remote->requests++;
    if (remote->has_answered)
        return;
    generation->unanswered_requests += remote->checks == 0;
    if (remote->requests > MONITOR_TRANSMISSIONS * transactions_max(monitor, remote))
        monitor_break(monitor, "3: %u requests to an address that does not answer",
                      remote->requests);
    if (generation->unanswered_requests > MONITOR_TRANSMISSIONS * monitor->pairs_max)
        monitor_break(monitor, "3: %u requests without an answer", generation->unanswered_requests);
}
