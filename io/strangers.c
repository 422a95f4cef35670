/* io/strangers.c - connections of whom nothing has been proved yet. */
#include "io/strangers.h"

#include <stddef.h>
#include <string.h>

int auger_strangers_init(struct auger_strangers *strangers, size_t max, size_t ip_max, size_t all)
{
    *strangers = (struct auger_strangers){.max = max, .ip_max = ip_max};
    return auger_deadlines_init(&strangers->deadlines, all);
}

void auger_strangers_fini(struct auger_strangers *strangers)
{
    auger_deadlines_fini(&strangers->deadlines);
}

void auger_strangers_add(struct auger_strangers *strangers, struct auger_stranger *stranger,
                         const struct auger_addr *addr, auger_time until)
{
    *stranger = (struct auger_stranger){
        .older = strangers->newest, .addr = *addr, .due.at = AUGER_NEVER, .is_one = true};
    *(strangers->newest ? &strangers->newest->newer : &strangers->oldest) = stranger;
    strangers->newest = stranger;
    strangers->len++;
    auger_deadlines_set(&strangers->deadlines, &stranger->due, until);
}

void auger_strangers_remove(struct auger_strangers *strangers, struct auger_stranger *stranger)
{
    if (!stranger->is_one)
        return;
    stranger->is_one = false;
    *(stranger->older ? &stranger->older->newer : &strangers->oldest) = stranger->newer;
    *(stranger->newer ? &stranger->newer->older : &strangers->newest) = stranger->older;
    strangers->len--;
    auger_deadlines_set(&strangers->deadlines, &stranger->due, AUGER_NEVER);
}

void auger_strangers_give_time(struct auger_strangers *strangers, struct auger_stranger *stranger,
                               auger_time until)
{
    auger_deadlines_set(&strangers->deadlines, &stranger->due, until);
}

static bool is_neighbour(const struct auger_addr *a, const struct auger_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, a->family == AUGER_IPV4 ? 4 : 8) == 0;
}

struct auger_stranger *auger_strangers_who_leaves(const struct auger_strangers *strangers,
                                                  const struct auger_addr *addr, bool is_full)
{
    struct auger_stranger *oldest = NULL;
    size_t len = 0;

    for (struct auger_stranger *s = strangers->oldest; s; s = s->newer) {
        if (!is_neighbour(&s->addr, addr))
            continue;
        if (!oldest)
            oldest = s;
        len++;
    }
    if (len >= strangers->ip_max)
        return oldest;
    return strangers->len >= strangers->max || is_full ? strangers->oldest : NULL;
}

static struct auger_stranger *of_deadline(struct auger_deadline *deadline)
{
    return (struct auger_stranger *)(void *)((char *)deadline -
                                             offsetof(struct auger_stranger, due));
}

struct auger_stranger *auger_strangers_first_due(const struct auger_strangers *strangers,
                                                 auger_time now)
{
    struct auger_deadline *first = auger_deadlines_first(&strangers->deadlines);

    return first && first->at <= now ? of_deadline(first) : NULL;
}

auger_time auger_strangers_next_timeout(const struct auger_strangers *strangers)
{
    const struct auger_deadline *first = auger_deadlines_first(&strangers->deadlines);

    return first ? first->at : AUGER_NEVER;
}
