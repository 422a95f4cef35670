/* io/helpers.c - helper sockets of a peer that predicts ports: opened when its agent asks for
 * them, closed when it needs them no more. */
#include "io/helpers.h"

#include "io/slot_socket.h"

#include <auger/ice_predict.h>

#include <stdlib.h>
#include <sys/epoll.h>

static struct auger_watch *open_one(struct auger_slot *slot, const struct auger_addr *beside)
{
    struct auger_watch *helper = calloc(1, sizeof(*helper));
    struct auger_addr addr = *beside;

    if (!helper)
        return NULL;
    addr.port = 0;
    *helper = (struct auger_watch){.kind = AUGER_WATCH_UDP, .slot = slot, .udp.fd = -1};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = helper};
    if (auger_slot_open_beside(slot, helper, &addr) == 0 &&
        epoll_ctl(slot->epoll_fd, EPOLL_CTL_ADD, helper->udp.fd, &event) == 0)
        return helper;
    auger_udp_close(&helper->udp);
    free(helper);
    return NULL;
}

static bool make_room(struct auger_slot *slot, size_t more)
{
    size_t size = (slot->helpers_len + more) * sizeof(struct auger_watch *);
    struct auger_watch **helpers = realloc(slot->helpers, size);

    if (helpers)
        slot->helpers = helpers;
    return helpers != NULL;
}

/* With fewer than are wanted the agent does without, and says so. */
static void open_helpers(struct auger_slot *slot, const struct auger_ice_helpers *wanted,
                         auger_time now)
{
    struct auger_addr addrs[AUGER_ICE_PREDICT_SOCKETS_MAX];
    size_t len = 0;

    for (; len < wanted->count && len < AUGER_ICE_PREDICT_SOCKETS_MAX; len++) {
        struct auger_watch *helper = make_room(slot, 1) ? open_one(slot, &wanted->base) : NULL;
        if (!helper)
            break;
        slot->helpers[slot->helpers_len++] = helper;
        addrs[len] = helper->udp.addr;
    }
    if (auger_peer_add_helper_addrs(slot->peer, now, addrs, len) < 0)
        auger_slot_close_helpers(slot, false);
}

bool auger_helpers_take(struct auger_slot *slot, const struct auger_peer_event *event,
                        auger_time now)
{
    if (event->type == AUGER_PEER_EVENT_HELPERS_WANTED)
        open_helpers(slot, &event->helpers, now);
    else if (event->type == AUGER_PEER_EVENT_HELPERS_DONE)
        auger_slot_close_helpers(slot, false);
    else
        return false;
    return true;
}
