/* fuzz: reaches story_take tell take_header find_meaning fill tell_unknown add_foreign */
/* fuzz: reaches part_is_empty value_of remember count story_summarize */
/* A trace is anybody's file: what is told of it is one line of plain text for each record. */
#define _POSIX_C_SOURCE 200809L
#include "tools/story.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_plain(const char *sentence)
{
    if (strlen(sentence) >= STORY_SENTENCE_MAX)
        abort();
    for (; *sentence; sentence++)
        if (*sentence < ' ' || *sentence > '~')
            abort();
}

static void require_plain_summary(const struct story *story)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        abort();
    story_summarize(story, out);
    fclose(out);
    for (size_t i = 0; i < len; i++)
        if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
            abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct story *story = story_new();
    char sentence[STORY_SENTENCE_MAX];

    for (size_t at = 0; story && at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end ? (size_t)(end - data) - at : size - at;
        story_take(story, (const char *)data + at, len, sentence);
        require_plain(sentence);
        at += len + 1;
    }
    if (story)
        require_plain_summary(story);
    story_free(story);
    return 0;
}
