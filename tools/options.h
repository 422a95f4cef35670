/* tools/options.h - the options of a command, on its command line and in a file.  Each mistake is
 * one line on standard error that names the option, and where it stands in a file. */
#ifndef AUGER_TOOLS_OPTIONS_H
#define AUGER_TOOLS_OPTIONS_H

#include <auger/base.h>

#define OPTIONS_MAX 64 /* of one command */
#define OPTION_TEXTS_MAX 16

/* Of an option that may be given several times. */
struct option_texts {
    const char *items[OPTION_TEXTS_MAX];
    size_t len;
};

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_TEXTS,
    OPTION_NUMBER,
    OPTION_ADDRESS,
    OPTION_PARSED
};

/* Takes a value, which stays where it is as long as the options; NULL, or what it should have
 * been: "takes A-B, as 49152-65535". */
typedef const char *option_take(void *to, const char *value);

struct option {
    const char *name; /* "--listen" */
    enum option_kind kind;
    union {
        bool *flag;
        const char **text;
        struct option_texts *texts;
        long *number;
        struct auger_addr *address; /* numeric IP:PORT */
        void *to;
    };
    long min, max;     /* of a number; `max` of texts and of parsed: how many, 0 is 4, or 1 */
    option_take *take; /* of OPTION_PARSED */
};

/* A file of options: one a line, the name without its dashes, blanks, the value.  A line that
 * begins with # is a comment.  What stands on the command line is not looked for in the file, but
 * an option that may be given several times has the values of both. */
struct option_file {
    const char *path;            /* NULL: there is none */
    char *text;                  /* which values point into */
    unsigned lines[OPTIONS_MAX]; /* where each option stood last; 0: not in the file */
};
void option_file_fini(struct option_file *file);

struct options {
    const struct option *items;
    size_t len;
    const char **words; /* takes what is no option */
    size_t words_max;
    const char *help; /* for --help */
    /* May be NULL: there is no file.  Its path comes from an option; the first `file_len` options
     * may stand in it. */
    struct option_file *file;
    size_t file_len;
};

/* true: go on.  false: end with *status; help was printed or a mistake was named. */
bool options_read(const struct options *options, int argc, char **argv, int *status);

/* The place of the option with that name, which is there. */
size_t options_place(const struct option *items, const char *name);

/* Names a mistake that only the command could see; false. */
bool options_wrong(const char *command, const char *option, const char *why);
/* The same, and where in its file the option stands. */
bool options_wrong_in(const struct options *options, const char *command, const char *option,
                      const char *why);

#endif /* AUGER_TOOLS_OPTIONS_H */
