/* tools/output.c - JSON lines on standard output. */
#define _POSIX_C_SOURCE 200809L
#include "tools/output.h"
#include "tools/interrupt.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* The length of the UTF-8 sequence at `text`, 0 where there is none (RFC 3629 section 4). */
static size_t sequence_len(const uint8_t *text, size_t left)
{
    uint8_t low = 0x80, high = 0xBF;
    size_t len;

    if (text[0] < 0x80)
        return 1;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    len = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    if (text[0] == 0xE0)
        low = 0xA0;
    else if (text[0] == 0xF0)
        low = 0x90;
    else if (text[0] == 0xED)
        high = 0x9F;
    else if (text[0] == 0xF4)
        high = 0x8F;
    if (len > left || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

json_t *json_text(const char *text, size_t len)
{
    json_t *json = json_stringn(text, len);
    if (json)
        return json;

    char *whole = malloc(3 * len + 1);
    size_t at = 0;
    for (size_t i = 0; whole && i < len;) {
        size_t n = sequence_len((const uint8_t *)text + i, len - i);
        const char *from = n ? text + i : replacement;
        size_t copied = n ? n : sizeof(replacement) - 1;
        memcpy(whole + at, from, copied);
        at += copied;
        i += n ? n : 1;
    }
    json = whole ? json_stringn(whole, at) : NULL;
    free(whole);
    return json;
}

void print_words(FILE *out, const char *text, size_t most)
{
    for (size_t i = 0; i < most && text[i]; i++) {
        unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];
        bool is_c1 = c == 0xC2 && next >= 0x80 && next < 0xA0;
        fputc(c < 0x20 || c == 0x7F || is_c1 ? '?' : c, out);
        i += is_c1 && i + 1 < most;
    }
}

void print_line(const char *before, const char *text)
{
    fputs(before, stderr);
    print_words(stderr, text, SIZE_MAX);
    fputc('\n', stderr);
}

/* POSIX promises no more of a pipe that can be written. */
static bool may_block(size_t len)
{
    struct pollfd writable = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return len > PIPE_BUF || poll(&writable, 1, 0) == 0;
}

static void write_line(const char *text)
{
    fputs(text, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

void output_line(json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    bool blocks = text && may_block(strlen(text) + 1);

    json_decref(json);
    if (blocks)
        interrupt_exits(true);
    if (text)
        write_line(text);
    if (blocks)
        interrupt_exits(false);
    free(text);
}
