/* tests/hands/main.c - sockets on a host of the laboratory, moved by lines of standard input.
 * interop/natlab/hands.mjs is who moves them, and reads what comes of it: one JSON object a line.
 *
 *   ID open ADDRESS           {"id":ID,"ok":{"port":N}}
 *   ID send ADDRESS TO TEXT   from the socket that has that address: {"id":ID,"ok":"sent"}
 *   ID close ADDRESS          {"id":ID,"ok":true}
 *   ID reach TO               by TCP: {"id":ID,"ok":"connected"}
 *
 * An address has a port; that of 0 takes any. What went wrong of `send` and `reach` is told by the
 * name of the error in the place of "sent", that of `open` as "err". A datagram that comes is
 * {"ev":"datagram","socket":ADDRESS,"from":ADDRESS,"text":TEXT}. */
#include "base/time.h"
#include "io/sockaddr.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 1024
#define READS_MAX 64 /* of one socket, before the others have their turn */
#define TEXT_MAX 2048
#define LINE_MAX_LEN (TEXT_MAX + 256)
#define REACHES_WITHIN (3 * AUGER_SEC)

/* A socket of UDP, or one of TCP that is connecting. */
struct hand {
    struct auger_addr at;
    unsigned long reach_id;
    auger_time until; /* of TCP: when it gives up; AUGER_NEVER: of UDP */
};

struct hands {
    struct hand hand[SOCKETS_MAX];
    struct pollfd ready[SOCKETS_MAX + 1]; /* of each hand, and last standard input */
    size_t len;
    char line[LINE_MAX_LEN]; /* of standard input, not whole yet */
    size_t line_len;
};

static auger_time now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (auger_time)t.tv_sec * AUGER_SEC + t.tv_nsec;
}

/* -1 where there are too many, too. */
static int socket_for(const struct hands *hands, const struct auger_addr *addr, int type)
{
    struct sockaddr_storage sa;

    if (hands->len == SOCKETS_MAX) {
        errno = EMFILE;
        return -1;
    }
    auger_sockaddr_from(&sa, addr);
    return socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static struct hand *add(struct hands *hands, int fd, short events)
{
    struct hand *hand = &hands->hand[hands->len];

    *hand = (struct hand){.until = AUGER_NEVER};
    hands->ready[hands->len++] = (struct pollfd){.fd = fd, .events = events};
    return hand;
}

/* The last takes its place. */
static void take_away(struct hands *hands, size_t i)
{
    close(hands->ready[i].fd);
    hands->len--;
    hands->hand[i] = hands->hand[hands->len];
    hands->ready[i] = hands->ready[hands->len];
}

/* --- what is told ---------------------------------------------------------------- */

static void tell_word(unsigned long id, const char *key, const char *word)
{
    printf("{\"id\":%lu,\"%s\":\"%s\"}\n", id, key, word);
}

static void tell_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
}

static void tell_datagram(const struct hand *hand, const struct auger_addr *from, const char *text,
                          size_t len)
{
    char at[AUGER_ADDR_TEXT_MAX], source[AUGER_ADDR_TEXT_MAX];

    printf("{\"ev\":\"datagram\",\"socket\":\"%s\",\"from\":\"%s\",\"text\":\"",
           auger_addr_format(&hand->at, at, sizeof(at)),
           auger_addr_format(from, source, sizeof(source)));
    tell_text(text, len);
    printf("\"}\n");
}

/* --- what is asked for ------------------------------------------------------------ */

static size_t find(const struct hands *hands, const struct auger_addr *at)
{
    size_t i = 0;

    while (i < hands->len &&
           !(hands->hand[i].until == AUGER_NEVER && auger_addr_equal(&hands->hand[i].at, at)))
        i++;
    return i;
}

static bool bind_to(int fd, const struct auger_addr *want, struct auger_addr *got)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, want);

    if (bind(fd, (struct sockaddr *)&sa, len) < 0)
        return false;
    len = sizeof(sa);
    return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
           auger_sockaddr_to((struct sockaddr *)&sa, got);
}

static void open_one(struct hands *hands, unsigned long id, const struct auger_addr *want)
{
    struct auger_addr got;
    int fd = socket_for(hands, want, SOCK_DGRAM);

    if (fd < 0 || !bind_to(fd, want, &got)) {
        tell_word(id, "err", strerrorname_np(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    add(hands, fd, POLLIN)->at = got;
    printf("{\"id\":%lu,\"ok\":{\"port\":%u}}\n", id, got.port);
}

static void send_text(int fd, unsigned long id, const struct auger_addr *to, const char *text)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, to);
    ssize_t sent;

    /* A full buffer is a matter of moments. */
    while ((sent = sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, len)) < 0 &&
           errno == EAGAIN)
        poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
    tell_word(id, "ok", sent < 0 ? strerrorname_np(errno) : "sent");
}

static void reach(struct hands *hands, unsigned long id, const struct auger_addr *to)
{
    struct sockaddr_storage sa;
    socklen_t len = auger_sockaddr_from(&sa, to);
    int fd = socket_for(hands, to, SOCK_STREAM);

    if (fd < 0 || (connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)) {
        tell_word(id, "ok", strerrorname_np(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    struct hand *hand = add(hands, fd, POLLOUT);
    hand->reach_id = id;
    hand->until = auger_time_add(now(), REACHES_WITHIN);
}

static void obey(struct hands *hands, const char *line)
{
    unsigned long id = 0;
    char op[8] = "", first[64] = "", second[64] = "";
    int text = 0;
    int words = sscanf(line, "%lu %7s %63s %63s %n", &id, op, first, second, &text);
    struct auger_addr at, to;

    if (words < 3 || auger_addr_parse(&at, first) < 0) {
        tell_word(id, "err", "not understood");
        return;
    }
    size_t i = find(hands, &at);
    if (strcmp(op, "open") == 0) {
        open_one(hands, id, &at);
    } else if (strcmp(op, "reach") == 0) {
        reach(hands, id, &at);
    } else if (i == hands->len) {
        tell_word(id, "err", "no such socket");
    } else if (strcmp(op, "close") == 0) {
        take_away(hands, i);
        printf("{\"id\":%lu,\"ok\":true}\n", id);
    } else if (strcmp(op, "send") == 0 && text > 0 && auger_addr_parse(&to, second) == 0) {
        send_text(hands->ready[i].fd, id, &to, line + text);
    } else {
        tell_word(id, "err", "not understood");
    }
}

/* False at the end of input. */
static bool read_lines(struct hands *hands)
{
    ssize_t len =
        read(STDIN_FILENO, hands->line + hands->line_len, sizeof(hands->line) - hands->line_len);

    if (len <= 0)
        return false;
    hands->line_len += (size_t)len;
    for (char *end; (end = memchr(hands->line, '\n', hands->line_len));) {
        *end++ = '\0';
        obey(hands, hands->line);
        hands->line_len -= (size_t)(end - hands->line);
        memmove(hands->line, end, hands->line_len);
    }
    return hands->line_len < sizeof(hands->line);
}

/* --- what comes ------------------------------------------------------------------- */

static void receive(const struct hand *hand, int fd)
{
    struct sockaddr_storage sa;
    struct auger_addr from;
    char text[TEXT_MAX];
    ssize_t len;

    for (int i = 0; i < READS_MAX; i++) {
        socklen_t sa_len = sizeof(sa);
        len = recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&sa, &sa_len);
        if (len < 0)
            return;
        if (auger_sockaddr_to((struct sockaddr *)&sa, &from))
            tell_datagram(hand, &from, text, (size_t)len);
    }
}

static void end_reach(struct hands *hands, size_t i)
{
    int error = ETIMEDOUT;

    if (hands->ready[i].revents)
        getsockopt(hands->ready[i].fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof(error)});
    tell_word(hands->hand[i].reach_id, "ok", error ? strerrorname_np(error) : "connected");
    take_away(hands, i);
}

/* From the last on, since one that is taken away makes room for the last. */
static void handle(struct hands *hands)
{
    auger_time at = now();

    for (size_t i = hands->len; i-- > 0;) {
        if (hands->hand[i].until == AUGER_NEVER) {
            if (hands->ready[i].revents)
                receive(&hands->hand[i], hands->ready[i].fd);
        } else if (hands->ready[i].revents || hands->hand[i].until <= at) {
            end_reach(hands, i);
        }
    }
}

static int timeout_ms(const struct hands *hands)
{
    auger_time next = AUGER_NEVER, at = now();

    for (size_t i = 0; i < hands->len; i++)
        next = hands->hand[i].until < next ? hands->hand[i].until : next;
    if (next == AUGER_NEVER)
        return -1;
    return next <= at ? 0 : (int)((next - at + AUGER_MS - 1) / AUGER_MS);
}

int main(void)
{
    static struct hands hands;
    bool goes_on = true;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"ev\":\"ready\"}\n");
    while (goes_on) {
        hands.ready[hands.len] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(hands.ready, hands.len + 1, timeout_ms(&hands)) < 0 && errno != EINTR)
            return 1;
        bool has_lines = hands.ready[hands.len].revents != 0;
        handle(&hands);
        if (has_lines)
            goes_on = read_lines(&hands);
    }
    return 0;
}
