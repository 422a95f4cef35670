/* io/resolve.c - one thread that asks the system's resolver. */
#define _GNU_SOURCE
#include "io/resolve.h"
#include "io/sockaddr.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct question {
    uint64_t id;
    unsigned of;
    struct auger_stun_uri uri;
};

/* Owned by the loop and by the thread: who is last frees it. */
struct auger_resolver {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    int wake_fd; /* -1 once the loop is gone */
    bool has_thread, ended;
    struct question questions[AUGER_RESOLVE_QUEUE_MAX];
    size_t questions_at, questions_len;
    struct auger_resolved answers[AUGER_RESOLVE_QUEUE_MAX];
    size_t answers_at, answers_len;
    size_t open; /* asked and not yet taken: no answer can be without a place */
};

int auger_resolver_new(struct auger_resolver **out, int wake_fd)
{
    struct auger_resolver *resolver = calloc(1, sizeof(*resolver));

    if (!resolver)
        return AUGER_ERR_NO_MEMORY;
    pthread_mutex_init(&resolver->lock, NULL);
    pthread_cond_init(&resolver->asked, NULL);
    resolver->wake_fd = wake_fd;
    *out = resolver;
    return 0;
}

static void destroy(struct auger_resolver *resolver)
{
    pthread_mutex_destroy(&resolver->lock);
    pthread_cond_destroy(&resolver->asked);
    free(resolver);
}

void auger_resolver_free(struct auger_resolver *resolver)
{
    if (!resolver)
        return;
    pthread_mutex_lock(&resolver->lock);
    bool last = !resolver->has_thread;
    resolver->ended = true;
    resolver->wake_fd = -1;
    pthread_cond_signal(&resolver->asked);
    pthread_mutex_unlock(&resolver->lock);
    if (last)
        destroy(resolver);
}

/* --- the thread ------------------------------------------------------------------------ */

static void add_addr(struct auger_resolved *answer, const struct addrinfo *info)
{
    struct auger_addr addr;
    size_t same = 0;

    if (!auger_sockaddr_to(info->ai_addr, &addr))
        return;
    for (size_t i = 0; i < answer->addrs_len; i++)
        same += answer->addrs[i].family == addr.family;
    if (same < AUGER_RESOLVE_PER_FAMILY)
        answer->addrs[answer->addrs_len++] = addr;
}

static void look_up(const struct question *question, struct auger_resolved *answer)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list = NULL;

    *answer = (struct auger_resolved){.id = question->id, .of = question->of};
    memcpy(answer->host, question->uri.host, sizeof(answer->host));
    if (getaddrinfo(question->uri.host, NULL, &hints, &list) != 0)
        return;
    for (const struct addrinfo *info = list; info; info = info->ai_next)
        add_addr(answer, info);
    freeaddrinfo(list);
    for (size_t i = 0; i < answer->addrs_len; i++)
        answer->addrs[i].port = question->uri.port;
}

/* Called with the lock held; false: the loop is gone. */
static bool wait_for_question(struct auger_resolver *resolver, struct question *question)
{
    while (!resolver->ended && resolver->questions_len == 0)
        pthread_cond_wait(&resolver->asked, &resolver->lock);
    if (resolver->ended)
        return false;
    *question = resolver->questions[resolver->questions_at];
    resolver->questions_at = (resolver->questions_at + 1) % AUGER_RESOLVE_QUEUE_MAX;
    resolver->questions_len--;
    return true;
}

static void keep_answer(struct auger_resolver *resolver, const struct auger_resolved *answer)
{
    const uint64_t one = 1;
    size_t at = (resolver->answers_at + resolver->answers_len) % AUGER_RESOLVE_QUEUE_MAX;

    if (resolver->ended)
        return;
    resolver->answers[at] = *answer;
    resolver->answers_len++;
    /* A full counter is readable already. */
    if (write(resolver->wake_fd, &one, sizeof(one)) < 0)
        return;
}

static void *run(void *arg)
{
    struct auger_resolver *resolver = arg;
    struct auger_resolved answer;
    struct question question;

    pthread_mutex_lock(&resolver->lock);
    while (wait_for_question(resolver, &question)) {
        pthread_mutex_unlock(&resolver->lock);
        look_up(&question, &answer);
        pthread_mutex_lock(&resolver->lock);
        keep_answer(resolver, &answer);
    }
    pthread_mutex_unlock(&resolver->lock);
    destroy(resolver);
    return NULL;
}

/* --- the loop's side ----------------------------------------------------------------------- */

static bool start_thread(struct auger_resolver *resolver)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    resolver->has_thread = pthread_create(&thread, &attr, run, resolver) == 0;
    pthread_attr_destroy(&attr);
    return resolver->has_thread;
}

int auger_resolver_ask(struct auger_resolver *resolver, uint64_t id, unsigned of,
                       const struct auger_stun_uri *uri)
{
    int err = 0;

    pthread_mutex_lock(&resolver->lock);
    if (resolver->open == AUGER_RESOLVE_QUEUE_MAX) {
        err = AUGER_ERR_LIMIT;
    } else if (!resolver->has_thread && !start_thread(resolver)) {
        err = AUGER_ERR_SYSTEM;
    } else {
        size_t at = (resolver->questions_at + resolver->questions_len) % AUGER_RESOLVE_QUEUE_MAX;
        resolver->questions[at] = (struct question){.id = id, .of = of, .uri = *uri};
        resolver->questions_len++;
        resolver->open++;
        pthread_cond_signal(&resolver->asked);
    }
    pthread_mutex_unlock(&resolver->lock);
    return err;
}

bool auger_resolver_take(struct auger_resolver *resolver, struct auger_resolved *out)
{
    pthread_mutex_lock(&resolver->lock);
    bool any = resolver->answers_len > 0;
    if (any) {
        *out = resolver->answers[resolver->answers_at];
        resolver->answers_at = (resolver->answers_at + 1) % AUGER_RESOLVE_QUEUE_MAX;
        resolver->answers_len--;
        resolver->open--;
    }
    pthread_mutex_unlock(&resolver->lock);
    return any;
}
