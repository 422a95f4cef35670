/* tools/callers.c - who is connected to the server. */
#include "tools/callers.h"

#include <stdio.h>
#include <string.h>

struct caller *callers_add(struct callers *callers, const char *ip)
{
    struct caller *free_one = NULL;
    size_t silent = 0;

    for (size_t i = 0; i < CALLERS_MAX; i++) {
        struct caller *caller = &callers->list[i];
        if (!caller->ip[0])
            free_one = caller;
        else if (!caller->asked && strcmp(caller->ip, ip) == 0)
            silent++;
    }
    if (!free_one || !ip[0] || silent >= CALLERS_SILENT_MAX)
        return NULL;
    snprintf(free_one->ip, sizeof(free_one->ip), "%s", ip);
    free_one->asked = false;
    return free_one;
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
