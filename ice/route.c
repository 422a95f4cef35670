/* ice/route.c - where application data goes: the selected pair, and until there
 * is one the best valid pair (RFC 8445 section 12.1). */
#include "ice/route.h"

#include "base/trace.h"

#include <string.h>

static struct auger_pair *best_route(const struct auger_ice *ice, auger_time now)
{
    struct auger_pair *selected = ice->nomination.selected;

    if (selected && auger_pair_is_usable(selected, now))
        return selected;
    return auger_checklist_best(&ice->checklist, now, ice->role);
}

void auger_route_update(struct auger_ice *ice, auger_time now)
{
    struct auger_pair *pair = best_route(ice, now);

    if (pair == ice->route)
        return;
    ice->route = pair;
    ice->news.path = pair != NULL;
    if (!pair) {
        if (ice->state == AUGER_ICE_CONNECTED)
            auger_ice_set_state(ice, now, AUGER_ICE_DISCONNECTED, "no valid pair");
        return;
    }
    auger_trace(ice->env, now, "ice:path", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr));
    auger_ice_set_state(ice, now, AUGER_ICE_CONNECTED, "valid pair");
}

bool auger_route_accepts(const struct auger_ice *ice, const struct auger_path *path)
{
    const struct auger_pair *pair = auger_checklist_find(&ice->checklist, path);

    return pair && (pair->seen_as || pair->requests_received > 0);
}

int auger_ice_write_data(struct auger_ice *ice, auger_time now, const uint8_t *data, size_t len,
                         struct auger_path *path, uint8_t *buf, size_t cap)
{
    if (!ice->route || !auger_pair_is_usable(ice->route, now))
        return AUGER_ERR_NO_PATH;
    if (len > cap || len > INT32_MAX)
        return AUGER_ERR_BUFFER;
    *path = auger_pair_path(ice->route);
    if (len)
        memcpy(buf, data, len);
    return (int)len;
}
