/* io/resolve.c - threads that ask the system's resolver. */
#define _GNU_SOURCE
#include "io/resolve.h"

#include "io/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct question {
    uint64_t id, number;
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
    /* Asked and not yet taken to the end.  Of each at most one answer waits: each has a place. */
    size_t open;
    uint64_t numbers;
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

/* The answer to that question that is not yet taken; or NULL. */
static struct auger_resolved *find_answer(struct auger_resolver *resolver, uint64_t number)
{
    for (size_t i = 0; i < resolver->answers_len; i++) {
        size_t at = (resolver->answers_at + i) % AUGER_RESOLVE_QUEUE_MAX;
        if (resolver->answers[at].number == number)
            return &resolver->answers[at];
    }
    return NULL;
}

/* In place of one that is not yet taken, if there is such. */
static void keep_answer(struct auger_resolver *resolver, struct auger_resolved *answer)
{
    struct auger_resolved *place = find_answer(resolver, answer->number);
    const uint64_t one = 1;

    if (resolver->ended)
        return;
    if (place)
        answer->fresh_at = place->fresh_at;
    else
        place = &resolver->answers[(resolver->answers_at + resolver->answers_len++) %
                                   AUGER_RESOLVE_QUEUE_MAX];
    *place = *answer;
    answer->fresh_at = answer->addrs_len;
    /* A full counter is readable already. */
    if (write(resolver->wake_fd, &one, sizeof(one)) < 0)
        return;
}

static void tell(struct auger_resolver *resolver, struct auger_resolved *answer,
                 const struct auger_discover *found, bool has_more)
{
    memcpy(answer->addrs, found->addrs, sizeof(answer->addrs));
    answer->addrs_len = found->addrs_len;
    answer->has_more = has_more;
    pthread_mutex_lock(&resolver->lock);
    keep_answer(resolver, answer);
    pthread_mutex_unlock(&resolver->lock);
}

/* What is found is told before the next name is looked up, whose DNS may be dead. */
static void look_up(struct auger_resolver *resolver, const struct question *question)
{
    struct auger_resolved answer = {
        .id = question->id, .of = question->of, .number = question->number};
    const struct auger_target *target;
    struct auger_discover found;

    memcpy(answer.host, question->lookup.host, sizeof(answer.host));
    auger_discover_begin(&found, &question->lookup, auger_clock_now());
    while ((target = auger_discover_next(&found, auger_clock_now()))) {
        if (found.addrs_len > answer.fresh_at)
            tell(resolver, &answer, &found, true);
        auger_discover_look_up(&found, target);
    }
    tell(resolver, &answer, &found, false);
}

static void *run(void *arg)
{
    struct auger_resolver *resolver = arg;
    struct question question;

    pthread_mutex_lock(&resolver->lock);
    while (wait_for_question(resolver, &question)) {
        pthread_mutex_unlock(&resolver->lock);
        look_up(resolver, &question);
        pthread_mutex_lock(&resolver->lock);
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
        queue(resolver, &(struct question){
                            .id = id, .number = ++resolver->numbers, .of = of, .lookup = *lookup});
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
        resolver->open -= !out->has_more;
    }
    pthread_mutex_unlock(&resolver->lock);
    return any;
}
