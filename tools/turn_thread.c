/* tools/turn_thread.c - a TURN service in a thread of its own. */
#define _POSIX_C_SOURCE 200809L
#include "tools/turn_thread.h"
#include "tools/load_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOLD_MAX 32 /* more than are told in a second */
#define TYPES AUGER_TURN_SERVICE_EVENT_NEEDS_KEY

struct turn_thread {
    pthread_t thread;
    bool is_running;
    struct auger_loop *main, *loop;
    struct auger_turn_service *service;

    pthread_mutex_t lock; /* of the rest */
    pthread_cond_t done;
    turn_thread_work *work; /* NULL: none waits */
    void *arg;
    struct turn_thread_told told[TOLD_MAX]; /* a ring */
    size_t told_at, told_len;
    unsigned left_out[TYPES];
};

/* --- in the thread -----------------------------------------------------------------------------
 */

static void do_work(struct turn_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    if (thread->work)
        thread->work(thread->service, thread->arg);
    thread->work = NULL;
    pthread_cond_signal(&thread->done);
    pthread_mutex_unlock(&thread->lock);
}

static void copy(struct turn_thread_told *told, const struct auger_turn_service_event *event)
{
    struct auger_bytes *user = &told->event.allocation.user;

    told->type = event->type;
    told->event = *event->allocation;
    if (user->len > sizeof(told->user))
        user->len = sizeof(told->user);
    memcpy(told->user, user->data, user->len);
}

static void tell(struct turn_thread *thread, const struct auger_turn_service_event *event)
{
    if (event->type >= TYPES)
        return;
    pthread_mutex_lock(&thread->lock);
    bool wakes = thread->told_len == 0;
    if (thread->told_len < TOLD_MAX)
        copy(&thread->told[(thread->told_at + thread->told_len++) % TOLD_MAX], event);
    else
        thread->left_out[event->type]++;
    pthread_mutex_unlock(&thread->lock);
    if (wakes)
        auger_loop_wake(thread->main);
}

static void *run(void *arg)
{
    struct turn_thread *thread = arg;
    struct auger_loop_event event;

    while (auger_loop_next(thread->loop, &event)) {
        if (event.type == AUGER_LOOP_EVENT_WAKE)
            do_work(thread);
        else if (event.type == AUGER_LOOP_EVENT_TURN)
            tell(thread, event.turn_event);
    }
    return NULL;
}

/* --- in the main thread ------------------------------------------------------------------------
 */

int turn_thread_new(struct turn_thread **out, struct auger_loop *main,
                    const struct auger_turn_server_config *server,
                    const struct auger_turn_service_config *service, struct auger_addr *failed)
{
    struct turn_thread *thread = calloc(1, sizeof(*thread));

    if (!thread)
        return AUGER_ERR_NO_MEMORY;
    thread->main = main;
    (void)pthread_mutex_init(&thread->lock, NULL);
    (void)pthread_cond_init(&thread->done, NULL);
    int err = auger_loop_new(&thread->loop, NULL);
    if (err == 0)
        err = auger_loop_turn_new(thread->loop, server, service, &thread->service, failed);
    if (err < 0) {
        int saved = errno;
        turn_thread_free(thread);
        errno = saved;
        return err;
    }
    *out = thread;
    return 0;
}

bool turn_thread_start(struct turn_thread *thread)
{
    errno = pthread_create(&thread->thread, NULL, run, thread);
    thread->is_running = errno == 0;
    return thread->is_running;
}

void turn_thread_free(struct turn_thread *thread)
{
    if (!thread)
        return;
    if (thread->is_running) {
        auger_loop_stop(thread->loop);
        (void)pthread_join(thread->thread, NULL);
    }
    auger_loop_free(thread->loop);
    (void)pthread_cond_destroy(&thread->done);
    (void)pthread_mutex_destroy(&thread->lock);
    free(thread);
}

void turn_thread_do(struct turn_thread *thread, turn_thread_work *work, void *arg)
{
    if (!thread->is_running) {
        work(thread->service, arg);
        return;
    }
    pthread_mutex_lock(&thread->lock);
    thread->work = work;
    thread->arg = arg;
    auger_loop_wake(thread->loop);
    while (thread->work)
        (void)pthread_cond_wait(&thread->done, &thread->lock);
    pthread_mutex_unlock(&thread->lock);
}

bool turn_thread_take(struct turn_thread *thread, struct turn_thread_told *told,
                      unsigned left_out[TYPES])
{
    pthread_mutex_lock(&thread->lock);
    bool taken = thread->told_len > 0;
    if (taken) {
        *told = thread->told[thread->told_at];
        told->event.allocation.user.data = told->user;
        thread->told_at = (thread->told_at + 1) % TOLD_MAX;
        thread->told_len--;
    }
    memcpy(left_out, thread->left_out, sizeof(thread->left_out));
    memset(thread->left_out, 0, sizeof(thread->left_out));
    pthread_mutex_unlock(&thread->lock);
    return taken;
}

bool turn_thread_is_free(const struct auger_addr *addr)
{
    int family = addr->family == AUGER_IPV4 ? AF_INET : AF_INET6, on = 1;
    int fd =
        socket(family, (addr->transport == AUGER_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    struct sockaddr_storage sa;
    socklen_t len = load_addr_to_sockaddr(addr, &sa);

    if (fd < 0)
        return false;
    if (addr->transport == AUGER_TCP) /* streams that are over are nobody */
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    int err = bind(fd, (const struct sockaddr *)&sa, len) == 0 ? 0 : errno;
    close(fd);
    errno = err;
    return err == 0;
}
