/* tools/trace_command.c - auger trace: the story of a session, from the file of --trace. */
#include "tools/command.h"
#include "tools/options.h"
#include "tools/story.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: auger trace [FILE] [--all] [--only PREFIX] [--json | --summary]\n"
    "\n"
    "Tells what happened in a session, one line for each decision, with milliseconds since its\n"
    "beginning: who gathered what, which pair was checked when, what failed and why, what was\n"
    "selected, DTLS, channels, the end.  FILE is what --trace wrote; without it, standard input.\n"
    "\n"
    "  --all          repetitions, answers, pairs and consent too\n"
    "  --only PREFIX  records whose name begins so: ice:check, dtls\n"
    "  --json         the records that would be told, as they stand in the file\n"
    "  --summary      the milestones, and how many records there are of each name\n"
    "\n"
    "Exit status: 0 told, 1 the file cannot be read or has no record, 2 wrong usage.\n"
    "\n"
    "Try: auger gather --trace t.jsonl && auger trace t.jsonl\n";

struct telling {
    const char *file, *only;
    bool all, json, summary;
    struct story *story;
};

static bool is_wanted(const struct telling *telling, enum story_weight weight)
{
    if (weight == STORY_NOTHING || (weight == STORY_DETAIL && !telling->all && !telling->only))
        return false;
    return !telling->only ||
           strncmp(story_name(telling->story), telling->only, strlen(telling->only)) == 0;
}

static void take_line(struct telling *telling, const char *line, size_t len)
{
    char sentence[STORY_SENTENCE_MAX];

    enum story_weight weight = story_take(telling->story, line, len, sentence);
    if (!telling->summary && is_wanted(telling, weight))
        puts(telling->json ? line : sentence);
}

/* The next line, NUL-terminated, of which what has no room is left out; its whole length. */
static size_t read_line(FILE *file, char *line, size_t cap)
{
    size_t len = 0;
    int c;

    while ((c = getc(file)) != EOF && c != '\n')
        if (len++ < cap - 1)
            line[len - 1] = (char)c;
    line[len < cap ? len : cap - 1] = '\0';
    return len;
}

static void read_all(struct telling *telling, FILE *file)
{
    static char line[STORY_LINE_MAX];

    while (!ferror(stdout) && !feof(file) && !ferror(file)) {
        size_t len = read_line(file, line, sizeof(line));
        if (len >= sizeof(line))
            story_skip(telling->story);
        else if (len > 0 || !feof(file))
            take_line(telling, line, len);
    }
}

static int finish(const struct telling *telling)
{
    size_t malformed = story_malformed(telling->story);

    if (telling->summary)
        story_summarize(telling->story, stdout);
    else if (malformed > 0)
        fprintf(stderr, "auger trace: %zu line%s no record%s\n", malformed,
                malformed == 1 ? " is" : "s are", malformed == 1 ? "" : "s");
    if (story_records(telling->story) > 0)
        return EXIT_DONE;
    fputs("auger trace: there is no record in it\n", stderr);
    return EXIT_FAILED;
}

static int tell(struct telling *telling)
{
    FILE *file = telling->file ? fopen(telling->file, "re") : stdin;
    int status = EXIT_FAILED;

    telling->story = story_new();
    if (!file)
        fprintf(stderr, "auger trace: cannot read %s: %s\n", telling->file, strerror(errno));
    if (file && telling->story) {
        read_all(telling, file);
        status = finish(telling);
    }
    if (file && file != stdin)
        fclose(file);
    story_free(telling->story);
    return status;
}

static int run(int argc, char **argv)
{
    struct telling telling = {0};
    int status;

    const struct option items[] = {
        {"--all", OPTION_FLAG, .flag = &telling.all},
        {"--only", OPTION_TEXT, .text = &telling.only},
        {"--json", OPTION_FLAG, .flag = &telling.json},
        {"--summary", OPTION_FLAG, .flag = &telling.summary},
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = &telling.file,
                                    .words_max = 1,
                                    .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (telling.json && telling.summary) {
        fputs("auger trace: --json or --summary, not both; see auger help trace\n", stderr);
        return EXIT_USAGE;
    }
    return tell(&telling);
}

const struct command trace_command = {
    .name = "trace",
    .summary = "tell the story of a session from the file of --trace",
    .help = help,
    .run = run,
};
