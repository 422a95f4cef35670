/* tools/options.h - the options of a command.  Each mistake is one line on standard error that
 * names the option. */
#ifndef AUGER_TOOLS_OPTIONS_H
#define AUGER_TOOLS_OPTIONS_H

#include <auger/base.h>

#define OPTION_TEXTS_MAX 16

/* Of an option that may be given several times. */
struct option_texts {
    const char *items[OPTION_TEXTS_MAX];
    size_t len;
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_TEXTS, OPTION_NUMBER, OPTION_ADDRESS };

struct option {
    const char *name; /* "--listen" */
    enum option_kind kind;
    union {
        bool *flag;
        const char **text;
        struct option_texts *texts;
        long *number;
        struct auger_addr *address; /* numeric IP:PORT */
    };
    long min, max; /* of a number; `max` of texts: how many, 0 is 4 */
};

struct options {
    const struct option *items;
    size_t len;
    const char **words; /* takes what is no option */
    size_t words_max;
    const char *help; /* for --help */
};

/* true: go on.  false: end with *status; help was printed or a mistake was named. */
bool options_read(const struct options *options, int argc, char **argv, int *status);

/* Names a mistake that only the command could see; false. */
bool options_wrong(const char *command, const char *option, const char *why);

#endif /* AUGER_TOOLS_OPTIONS_H */
