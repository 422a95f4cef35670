/* io/resolve.c - threads that ask the system's resolver. */
#define _GNU_SOURCE
#include "io/resolve.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct question {
    uint64_t id;
    unsigned of;
    struct auger_lookup lookup;
};

/* Owned by the loop and by the threads: who is last frees it. */
struct auger_resolver {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    int wake_fd; /* -1 once the loop is gone */
    bool ended;
    size_t threads, idle;
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
    bool last = resolver->threads == 0;
    resolver->ended = true;
    resolver->wake_fd = -1;
    pthread_cond_broadcast(&resolver->asked);
    pthread_mutex_unlock(&resolver->lock);
    if (last)
        destroy(resolver);
}

/* --- the thread ------------------------------------------------------------------------ */

static void look_up(const struct question *question, struct auger_resolved *answer)
{
    *answer = (struct auger_resolved){.id = question->id, .of = question->of};
    memcpy(answer->host, question->lookup.host, sizeof(answer->host));
    answer->addrs_len = auger_discover(&question->lookup, answer->addrs);
}

/* Called with the lock held; false: the loop is gone. */
static bool wait_for_question(struct auger_resolver *resolver, struct question *question)
{
    resolver->idle++;
    while (!resolver->ended && resolver->questions_len == 0)
        pthread_cond_wait(&resolver->asked, &resolver->lock);
    resolver->idle--;
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
    bool last = --resolver->threads == 0;
    pthread_mutex_unlock(&resolver->lock);
    if (last)
        destroy(resolver);
    return NULL;
}

/* --- the loop's side ----------------------------------------------------------------------- */

/* One more, unless there are enough of those that wait for a question. */
static void start_thread(struct auger_resolver *resolver)
{
    pthread_attr_t attr;
    pthread_t thread;

    if (resolver->idle > resolver->questions_len || resolver->threads == AUGER_RESOLVE_THREADS_MAX)
        return;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    resolver->threads += pthread_create(&thread, &attr, run, resolver) == 0;
    pthread_attr_destroy(&attr);
}

static void queue(struct auger_resolver *resolver, const struct question *question)
{
    size_t at = (resolver->questions_at + resolver->questions_len) % AUGER_RESOLVE_QUEUE_MAX;

    resolver->questions[at] = *question;
    resolver->questions_len++;
    resolver->open++;
    pthread_cond_signal(&resolver->asked);
}

int auger_resolver_ask(struct auger_resolver *resolver, uint64_t id, unsigned of,
                       const struct auger_lookup *lookup)
{
    int err = 0;

    pthread_mutex_lock(&resolver->lock);
    start_thread(resolver);
    if (resolver->open == AUGER_RESOLVE_QUEUE_MAX)
        err = AUGER_ERR_LIMIT;
    else if (resolver->threads == 0)
        err = AUGER_ERR_SYSTEM;
    else
        queue(resolver, &(struct question){.id = id, .of = of, .lookup = *lookup});
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
