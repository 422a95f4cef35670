/* tools/callers.c - who is connected to the server. */
#include "tools/callers.h"

#include <stdio.h>
#include <string.h>

static bool is_silent(const struct caller *caller)
{
    return caller->ip[0] && !caller->asked;
}

/* The one that is silent for longest, of an address or, where `ip` is NULL, of all. */
static struct caller *find_oldest_silent(struct callers *callers, const char *ip, size_t *len)
{
    struct caller *oldest = NULL;

    *len = 0;
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        struct caller *caller = &callers->list[i];
        if (!is_silent(caller) || (ip && strcmp(caller->ip, ip) != 0))
            continue;
        if (!oldest || caller->number < oldest->number)
            oldest = caller;
        ++*len;
    }
    return oldest;
}

static struct caller *find_free(struct callers *callers)
{
    for (size_t i = 0; i < CALLERS_MAX; i++)
        if (!callers->list[i].ip[0])
            return &callers->list[i];
    return NULL;
}

/* A place for one more of `ip`: a free one, or that of somebody who has to go. */
static struct caller *find_place(struct callers *callers, const char *ip)
{
    size_t silent;
    struct caller *oldest = find_oldest_silent(callers, ip, &silent);

    if (silent >= CALLERS_SILENT_MAX)
        return oldest;
    struct caller *place = find_free(callers);
    return place ? place : find_oldest_silent(callers, NULL, &silent);
}

struct caller *callers_add(struct callers *callers, const char *ip, void *connection,
                           void **dismissed)
{
    struct caller *place = ip[0] ? find_place(callers, ip) : NULL;

    *dismissed = place && place->ip[0] ? place->connection : NULL;
    if (!place)
        return NULL;
    *place = (struct caller){.number = ++callers->last_number, .connection = connection};
    snprintf(place->ip, sizeof(place->ip), "%s", ip);
    return place;
}

bool callers_are_full(const struct callers *callers)
{
    for (size_t i = 0; i < CALLERS_MAX; i++)
        if (!callers->list[i].ip[0] || !callers->list[i].asked)
            return false;
    return true;
}

void caller_asked(struct caller *caller)
{
    caller->asked = true;
}

void caller_left(struct caller *caller)
{
    if (caller)
        caller->ip[0] = '\0';
}
