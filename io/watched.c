/* io/watched.c - descriptors of the application's. */
#define _GNU_SOURCE
#include "io/watched.h"

#include <sys/epoll.h>

static struct auger_watch *find(struct auger_watched *watched, int fd)
{
    for (size_t i = 0; i < AUGER_WATCHED_MAX; i++)
        if (watched->states[i] != AUGER_WATCHED_FREE && watched->items[i].udp.fd == fd)
            return &watched->items[i];
    return NULL;
}

static struct auger_watch *find_free(struct auger_watched *watched)
{
    for (size_t i = 0; i < AUGER_WATCHED_MAX; i++)
        if (watched->states[i] == AUGER_WATCHED_FREE)
            return &watched->items[i];
    return NULL;
}

static void set_state(struct auger_watched *watched, const struct auger_watch *watch,
                      enum auger_watched_state state)
{
    watched->states[watch - watched->items] = state;
}

int auger_watched_add(struct auger_watched *watched, int epoll_fd, int fd, void *user)
{
    struct auger_watch *watch = find(watched, fd);

    if (!watch)
        watch = find_free(watched);
    if (!watch)
        return AUGER_ERR_LIMIT;
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = watch};
    /* It is known to epoll from the last time, unless it was closed in between. */
    if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 &&
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return AUGER_ERR_SYSTEM;
    *watch = (struct auger_watch){.kind = AUGER_WATCH_FD, .udp.fd = fd, .user = user};
    set_state(watched, watch, AUGER_WATCHED_ARMED);
    return 0;
}

void auger_watched_remove(struct auger_watched *watched, int epoll_fd, int fd)
{
    const struct auger_watch *watch = find(watched, fd);

    if (!watch)
        return;
    /* Fails where it was closed already: then epoll has forgotten it. */
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    set_state(watched, watch, AUGER_WATCHED_FREE);
}

void auger_watched_set_ready(struct auger_watched *watched, const struct auger_watch *watch)
{
    set_state(watched, watch, AUGER_WATCHED_READY);
}

bool auger_watched_take(struct auger_watched *watched, struct auger_loop_event *event)
{
    for (size_t i = 0; i < AUGER_WATCHED_MAX; i++) {
        if (watched->states[i] != AUGER_WATCHED_READY)
            continue;
        watched->states[i] = AUGER_WATCHED_FREE; /* it tells once, so epoll is silent about it */
        *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_FD,
                                           .user = watched->items[i].user,
                                           .fd = watched->items[i].udp.fd};
        return true;
    }
    return false;
}
