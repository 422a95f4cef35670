/* tools/story.h - the lines of a trace (docs/trace.md) as sentences that a person can follow.  The
 * lines may be anybody's: what is no record is counted, what is shown is one line of plain text. */
#ifndef AUGER_TOOLS_STORY_H
#define AUGER_TOOLS_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define STORY_LINE_MAX (64 * 1024) /* of a trace; longer ones are no records */
#define STORY_SENTENCE_MAX 1024

struct story;

struct story *story_new(void); /* NULL: out of memory */
void story_free(struct story *story);

enum story_weight {
    STORY_NOTHING, /* no record; or the header, which is kept for the summary */
    STORY_DETAIL,  /* a step on the way */
    STORY_EVENT,   /* what somebody who follows the session wants to know */
};
/* Takes one line, without its end.  The sentence, with its time, comes into `sentence`. */
enum story_weight story_take(struct story *story, const char *line, size_t len,
                             char sentence[STORY_SENTENCE_MAX]);
/* Of the last record, of which nothing but plain text is left. */
const char *story_name(const struct story *story);
/* Counts a line that was too long to be taken. */
void story_skip(struct story *story);
/* How much was no record. */
size_t story_malformed(const struct story *story);
size_t story_records(const struct story *story);
void story_summarize(const struct story *story, FILE *out);

#endif /* AUGER_TOOLS_STORY_H */
