/* io/watched.h - descriptors of the application's that a loop watches for it. */
#ifndef AUGER_IO_WATCHED_H
#define AUGER_IO_WATCHED_H

#include "io/slot.h"

#define AUGER_WATCHED_MAX 16

enum auger_watched_state { AUGER_WATCHED_FREE, AUGER_WATCHED_ARMED, AUGER_WATCHED_READY };

struct auger_watched {
    struct auger_watch items[AUGER_WATCHED_MAX];
    enum auger_watched_state states[AUGER_WATCHED_MAX];
};

/* AUGER_ERR_LIMIT, AUGER_ERR_SYSTEM. */
int auger_watched_add(struct auger_watched *watched, int epoll_fd, int fd,
                      void *user) AUGER_CHECK_RESULT;
void auger_watched_remove(struct auger_watched *watched, int epoll_fd, int fd);
/* epoll told of it. */
void auger_watched_set_ready(struct auger_watched *watched, const struct auger_watch *watch);
/* Takes one that is ready, and forgets it; false when there is none. */
bool auger_watched_take(struct auger_watched *watched, struct auger_loop_event *event);

#endif /* AUGER_IO_WATCHED_H */
