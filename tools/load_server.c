/* tools/load_server.c - what the server spends, where it runs on this machine. */
#define _GNU_SOURCE
#include "tools/load_server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In nanoseconds, which /proc/PID/stat has in ticks alone. */
static double thread_seconds(long pid, const char *thread)
{
    char path[320], line[128] = "";

    snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat", pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0; /* it has just ended */
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    fclose(file);
    return strtod(line, NULL) / 1e9;
}

bool load_server_cpu(long pid, double *seconds)
{
    char path[64];
    struct dirent *entry;

    snprintf(path, sizeof(path), "/proc/%ld/task", pid);
    DIR *threads = pid > 0 ? opendir(path) : NULL;
    if (!threads)
        return false;
    *seconds = 0;
    while ((entry = readdir(threads)))
        if (entry->d_name[0] != '.')
            *seconds += thread_seconds(pid, entry->d_name);
    closedir(threads);
    return true;
}

bool load_server_memory(long pid, double *bytes)
{
    char path[64], line[256];
    double kilobytes = -1;

    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (!file)
        return false;
    while (kilobytes < 0 && fgets(line, sizeof(line), file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kilobytes = strtod(line + 6, NULL);
    fclose(file);
    *bytes = kilobytes * 1024;
    return kilobytes >= 0;
}
