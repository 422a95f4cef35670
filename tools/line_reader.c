/* tools/line_reader.c - lines from a descriptor. */
#include "tools/line_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool line_reader_init(struct line_reader *reader, int fd, size_t cap)
{
    *reader = (struct line_reader){.fd = fd, .cap = cap};
    reader->buf = malloc(cap + 1);
    return reader->buf;
}

void line_reader_fini(struct line_reader *reader)
{
    free(reader->buf);
    reader->buf = NULL;
}

static void make_room(struct line_reader *reader)
{
    memmove(reader->buf, reader->buf + reader->at, reader->len);
    reader->at = 0;
}

bool line_reader_fill(struct line_reader *reader)
{
    struct pollfd readable = {.fd = reader->fd, .events = POLLIN};

    make_room(reader);
    if (reader->ended || reader->len == reader->cap) {
        reader->ended = true;
        return true;
    }
    /* Asked instead of set non-blocking: the descriptor may be shared with a shell. */
    if (poll(&readable, 1, 0) <= 0)
        return false;
    ssize_t got = read(reader->fd, reader->buf + reader->len, reader->cap - reader->len);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (got <= 0)
        reader->ended = true;
    else
        reader->len += (size_t)got;
    return true;
}

const char *line_reader_rest(struct line_reader *reader, size_t *len)
{
    const char *rest = reader->buf + reader->at;

    *len = reader->len;
    reader->at += reader->len;
    reader->len = 0;
    return rest;
}

char *line_reader_next(struct line_reader *reader, size_t *len)
{
    char *line = reader->buf + reader->at;
    const char *end = memchr(line, '\n', reader->len);

    if (!end && (!reader->ended || reader->len == 0 || reader->len == reader->cap))
        return NULL;
    *len = end ? (size_t)(end - line) : reader->len;
    size_t used = end ? *len + 1 : *len;
    reader->at += used;
    reader->len -= used;
    line[*len] = '\0';
    if (*len > 0 && line[*len - 1] == '\r')
        line[--*len] = '\0';
    return line;
}
