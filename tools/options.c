/* tools/options.c - reading the options of a command. */
#include "tools/options.h"
#include "tools/command.h"
#include "tools/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256 * 1024)
#define SHOWN 60    /* characters of a wrong value */
#define TEXTS_MAX 4 /* where an option says nothing else */

struct reading {
    const struct options *options;
    const char *command;
    char **next, **end;
    unsigned given[OPTIONS_MAX]; /* how often, on the command line or in the file */
    unsigned line;               /* of the file; 0: it is the command line that is read */
    size_t words_len;
};

bool options_wrong(const char *command, const char *option, const char *why)
{
    fprintf(stderr, "auger %s: ", command);
    print_words(stderr, option, SHOWN);
    fprintf(stderr, " %s; see auger help %s\n", why, command);
    return false;
}

/* In a file names have no dashes. */
static bool wrong_in_file(const char *command, const char *path, unsigned line, const char *what,
                          const char *why)
{
    fprintf(stderr, "auger %s: ", command);
    print_words(stderr, path, 4 * SHOWN);
    fprintf(stderr, ":%u: ", line);
    print_words(stderr, what + (strncmp(what, "--", 2) == 0 ? 2 : 0), SHOWN);
    fprintf(stderr, " %s; see auger help %s\n", why, command);
    return false;
}

static bool wrong(const struct reading *reading, const char *what, const char *why)
{
    if (reading->line > 0)
        return wrong_in_file(reading->command, reading->options->file->path, reading->line, what,
                             why);
    return options_wrong(reading->command, what, why);
}

bool options_wrong_in(const struct options *options, const char *command, const char *option,
                      const char *why)
{
    const struct option_file *file = options->file;

    for (size_t i = 0; file && i < options->len; i++)
        if (file->lines[i] > 0 && strcmp(options->items[i].name, option) == 0)
            return wrong_in_file(command, file->path, file->lines[i], option, why);
    return options_wrong(command, option, why);
}

static bool is_named(const struct option *option, const char *word)
{
    size_t len = strlen(option->name);

    return strncmp(word, option->name, len) == 0 && (word[len] == '\0' || word[len] == '=');
}

static const struct option *find_option(const struct options *options, const char *word)
{
    for (size_t i = 0; i < options->len; i++)
        if (is_named(&options->items[i], word))
            return &options->items[i];
    return NULL;
}

size_t options_place(const struct option *items, const char *name)
{
    size_t i = 0;

    while (strcmp(items[i].name, name) != 0)
        i++;
    return i;
}

/* --- values --------------------------------------------------------------------------------- */

static bool take_number(const struct reading *reading, const struct option *option,
                        const char *value)
{
    char why[100], *end;
    long number = strtol(value, &end, 10);

    if (*value < '0' || *value > '9' || *end != '\0' || number < option->min ||
        number > option->max) {
        snprintf(why, sizeof(why), "takes a number from %ld to %ld", option->min, option->max);
        return wrong(reading, option->name, why);
    }
    *option->number = number;
    return true;
}

static bool take_text(const struct reading *reading, const struct option *option, const char *value)
{
    size_t max = option->max ? (size_t)option->max : TEXTS_MAX;
    char why[60];

    if (option->texts->len == max) {
        snprintf(why, sizeof(why), "is given too often: %zu times at the most", max);
        return wrong(reading, option->name, why);
    }
    option->texts->items[option->texts->len++] = value;
    return true;
}

static bool take_parsed(const struct reading *reading, const struct option *option,
                        const char *value)
{
    const char *why = option->take(option->to, value);

    return !why || wrong(reading, option->name, why);
}

static bool take_value(struct reading *reading, const struct option *option, const char *value)
{
    switch (option->kind) {
    case OPTION_FLAG:
        return wrong(reading, option->name, "takes no value");
    case OPTION_TEXT:
        *option->text = value;
        return true;
    case OPTION_TEXTS:
        return take_text(reading, option, value);
    case OPTION_NUMBER:
        return take_number(reading, option, value);
    case OPTION_ADDRESS:
        if (auger_addr_parse(option->address, value) < 0)
            return wrong(reading, option->name,
                         "takes IP:PORT, as 127.0.0.1:8080 or [::1]:8080 (port 0: any)");
        return true;
    case OPTION_PARSED:
        return take_parsed(reading, option, value);
    }
    return false;
}

/* How often a text may be given take_text() says. */
static bool may_be_given(struct reading *reading, const struct option *option)
{
    unsigned *given = &reading->given[option - reading->options->items];
    unsigned most = option->kind == OPTION_PARSED && option->max > 1 ? (unsigned)option->max : 1;
    char why[60];

    if (++*given <= most || option->kind == OPTION_TEXTS)
        return true;
    if (most == 1)
        return wrong(reading, option->name, "is given twice");
    snprintf(why, sizeof(why), "is given too often: %u times at the most", most);
    return wrong(reading, option->name, why);
}

static bool take_option(struct reading *reading, const char *word)
{
    const struct option *option = find_option(reading->options, word);

    if (!option)
        return wrong(reading, word, "is no option of this command");
    if (!may_be_given(reading, option))
        return false;

    const char *value = strchr(word, '=');
    if (!value && option->kind == OPTION_FLAG) {
        *option->flag = true;
        return true;
    }
    if (value)
        value++;
    else if (reading->next < reading->end && (*reading->next)[0] != '-')
        value = *reading->next++;
    if (!value || !*value)
        return wrong(reading, option->name, "needs a value");
    return take_value(reading, option, value);
}

static bool take_word(struct reading *reading, const char *word)
{
    if (reading->words_len == reading->options->words_max)
        return wrong(reading, word, "is more than this command takes");
    reading->options->words[reading->words_len++] = word;
    return true;
}

/* --- the file --------------------------------------------------------------------------------- */

/* The whole of it with a NUL; NULL: it was said on standard error. */
static char *read_whole(const struct reading *reading, const char *path)
{
    FILE *in = fopen(path, "rb");
    char *text = in ? malloc(FILE_MAX + 1) : NULL;
    size_t len = text ? fread(text, 1, FILE_MAX + 1, in) : 0;
    const char *why = !in || !text || ferror(in) ? strerror(errno)
                      : len > FILE_MAX           ? "is longer than 256 KiB"
                      : memchr(text, '\0', len)  ? "has a NUL in it, so that it is no text"
                                                 : NULL;

    if (in)
        fclose(in);
    if (!why) {
        text[len] = '\0';
        return text;
    }
    free(text);
    fprintf(stderr, "auger %s: --config ", reading->command);
    print_words(stderr, path, 4 * SHOWN);
    fprintf(stderr, ": %s\n", why);
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the next line off, without blanks around it. */
static char *cut_line(char **text)
{
    char *line = *text, *end = line + strcspn(line, "\n");

    *text = *end ? end + 1 : end;
    *end = '\0';
    while (end > line && is_blank(end[-1]))
        *--end = '\0';
    while (is_blank(*line))
        line++;
    return line;
}

/* The value of a line; what is left of `line` is the name. */
static char *cut_value(char *line)
{
    char *at = line + strcspn(line, " \t");

    while (is_blank(*at))
        *at++ = '\0';
    return at;
}

static const struct option *find_in_file(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->options->file_len; i++)
        if (strcmp(reading->options->items[i].name + 2, name) == 0)
            return &reading->options->items[i];
    return NULL;
}

static bool may_repeat(const struct option *option)
{
    return option->kind == OPTION_TEXTS || (option->kind == OPTION_PARSED && option->max > 1);
}

static bool take_line(struct reading *reading, char *line, const unsigned *in_argv)
{
    char *value = cut_value(line);
    const struct option *option = find_in_file(reading, line);

    if (!option)
        return wrong(reading, line, "is no option of a file");
    size_t i = (size_t)(option - reading->options->items);
    if (reading->options->file->lines[i] > 0 && !may_repeat(option))
        return wrong(reading, line, "is given twice");
    reading->options->file->lines[i] = reading->line;
    if (in_argv[i] > 0 && !may_repeat(option))
        return true;
    if (option->kind == OPTION_FLAG && !*value) {
        *option->flag = true;
        return true;
    }
    if (!*value)
        return wrong(reading, line, "needs a value");
    return may_be_given(reading, option) && take_value(reading, option, value);
}

static bool read_file(struct reading *reading)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct option_file *file = reading->options->file;
    unsigned in_argv[OPTIONS_MAX];

    if (!file || !file->path)
        return true;
    memcpy(in_argv, reading->given, sizeof(in_argv));
    char *next = file->text = read_whole(reading, file->path);
    if (!next)
        return false;
    if (strncmp(next, byte_order_mark, 3) == 0)
        next += 3;
    while (*next) {
        char *line = cut_line(&next);
        reading->line++;
        if (*line && *line != '#' && !take_line(reading, line, in_argv))
            return false;
    }
    return true;
}

void option_file_fini(struct option_file *file)
{
    free(file->text);
    file->text = NULL;
}

/* --- the command line ------------------------------------------------------------------------- */

bool options_read(const struct options *options, int argc, char **argv, int *status)
{
    struct reading reading = {
        .options = options, .command = argv[0], .next = argv + 1, .end = argv + argc};
    bool words_only = false;

    *status = EXIT_USAGE;
    while (reading.next < reading.end) {
        const char *word = *reading.next++;
        if (!words_only && strcmp(word, "--") == 0) {
            words_only = true;
        } else if (!words_only && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            fputs(options->help, stdout);
            *status = EXIT_DONE;
            return false;
        } else if (!words_only && word[0] == '-' && word[1]) {
            if (!take_option(&reading, word))
                return false;
        } else if (!take_word(&reading, word)) {
            return false;
        }
    }
    if (!read_file(&reading))
        return false;
    *status = EXIT_DONE;
    return true;
}
