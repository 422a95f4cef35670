/* tools/replay_command.c - auger replay: runs an agent again, from the file of --record. */
#include "tools/command.h"
#include "tools/options.h"

#include <auger/crypto.h>
#include <auger/record.h>
#include <auger/trace.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256L * 1024 * 1024)

static const char help[] =
    "usage: auger replay FILE [--quiet]\n"
    "\n"
    "Runs the ICE agent of a session again: makes it, calls it as it was called, with the same\n"
    "datagrams, times and random bytes, and sees that it decides and sends the same.  Prints its\n"
    "trace, for `auger trace`.  FILE is what --record wrote.\n"
    "\n"
    "  --quiet  print nothing but what differs\n"
    "\n"
    "Exit status: 0 it did the same, 1 it did not or the file cannot be used, 2 wrong usage.\n"
    "\n"
    "Try: auger connect ROOM --record r && auger replay r | auger trace\n";

struct printing {
    struct auger_env env;
    bool has_begun, quiet;
    auger_time origin;
};

static void print_record(void *user, const struct auger_trace_record *record)
{
    struct printing *printing = user;
    char line[AUGER_TRACE_LINE_MAX];

    if (printing->quiet)
        return;
    if (!printing->has_begun) {
        printing->has_begun = true;
        printing->origin = record->at;
        if (auger_trace_format_header(line, sizeof(line), "auger replay", 0) > 0)
            fputs(line, stdout);
    }
    if (auger_trace_format(line, sizeof(line), record, printing->origin) > 0)
        fputs(line, stdout);
}

/* The whole of it, to be freed; NULL: it said why not. */
static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t cap = 0;

    *len = 0;
    while (file && !feof(file) && !ferror(file) && *len <= FILE_MAX) {
        if (*len == cap) {
            cap = cap ? 2 * cap : 65536;
            uint8_t *larger = realloc(bytes, cap);
            if (!larger)
                break;
            bytes = larger;
        }
        *len += fread(bytes + *len, 1, cap - *len, file);
    }
    if (file && feof(file) && !ferror(file) && *len <= FILE_MAX) {
        fclose(file);
        return bytes;
    }
    fprintf(stderr, "auger replay: cannot read %s: %s\n", path,
            *len > FILE_MAX ? "it is too large" : strerror(errno));
    if (file)
        fclose(file);
    free(bytes);
    return NULL;
}

static int report(int err, const struct auger_replay_result *result)
{
    const char *meaning =
        err == AUGER_ERR_STATE ? "the agent does not do what it did" : auger_strerror(err);

    if (err < 0)
        fprintf(stderr, "auger replay: %s: %s (byte %zu)\n", meaning, result->what, result->offset);
    else
        fprintf(stderr, "auger replay: the same: %llu calls, %llu records, %llu datagrams%s\n",
                (unsigned long long)result->calls, (unsigned long long)result->records,
                (unsigned long long)result->datagrams,
                result->is_cut ? "; the recording ends at its limit" : "");
    return err < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct printing printing = {.env = *auger_env_system()};
    struct auger_replay_result result;
    const char *path = NULL;
    size_t len;
    int status;

    const struct option items[] = {{"--quiet", OPTION_FLAG, .flag = &printing.quiet}};
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = &path,
                                    .words_max = 1,
                                    .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!path) {
        fputs("auger replay: which file? see auger help replay\n", stderr);
        return EXIT_USAGE;
    }
    uint8_t *recording = read_file(path, &len);
    if (!recording)
        return EXIT_FAILED;
    printing.env.user = &printing; /* the system's own functions do not look at it */
    printing.env.trace = print_record;
    status = report(auger_replay(recording, len, &printing.env, &result), &result);
    free(recording);
    return status;
}

const struct command replay_command = {
    .name = "replay",
    .summary = "the ICE agent of a session once more, from the file of --record",
    .help = help,
    .run = run,
};
