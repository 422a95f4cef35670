/* tools/options.c - reading the options of a command. */
#include "tools/options.h"
#include "tools/command.h"
#include "tools/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 32
#define SHOWN 60    /* characters of a wrong value */
#define TEXTS_MAX 4 /* where an option says nothing else */

struct reading {
    const struct options *options;
    const char *command;
    char **next, **end;
    bool given[OPTIONS_MAX];
    size_t words_len;
};

bool options_wrong(const char *command, const char *option, const char *why)
{
    fprintf(stderr, "auger %s: ", command);
    print_words(stderr, option, SHOWN);
    fprintf(stderr, " %s; see auger help %s\n", why, command);
    return false;
}

static bool wrong(const struct reading *reading, const char *what, const char *why)
{
    return options_wrong(reading->command, what, why);
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
    }
    return false;
}

static bool take_option(struct reading *reading, const char *word)
{
    const struct option *option = find_option(reading->options, word);

    if (!option)
        return wrong(reading, word, "is no option of this command");
    bool *given = &reading->given[option - reading->options->items];
    if (*given && option->kind != OPTION_TEXTS)
        return wrong(reading, option->name, "is given twice");
    *given = true;

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
    *status = EXIT_DONE;
    return true;
}
