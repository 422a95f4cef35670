/* tests/natbox/main.c - the NAT of the simulated internet as a router: packets come and
 * leave by a TUN device, words by standard input. */
#include "tests/natbox/box.h"
#include "tests/natbox/line.h"
#include "tests/natbox/setup.h"

#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 256

struct router {
    struct box *box;
    struct line line;
    int tun; /* -1: none, and `stood` is the time */
    auger_time stood;
    char words[WORDS_MAX]; /* of a line of standard input that is not whole yet */
    size_t words_len;
};

static auger_time now_of(const struct router *router)
{
    struct timespec t;

    if (router->tun < 0)
        return router->stood;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (auger_time)t.tv_sec * AUGER_SEC + t.tv_nsec;
}

static int open_tun(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0)
        return fd;
    fprintf(stderr, "natbox: no TUN device %s: %s\n", name, strerror(errno));
    exit(1);
}

/* --- words -------------------------------------------------------------------- */

static void tell_rows(struct router *router)
{
    size_t len;
    const struct nat_row *rows = nat_rows(box_nat(router->box, PACKET_UDP), now_of(router), &len);
    char external[AUGER_ADDR_TEXT_MAX], inside[AUGER_ADDR_TEXT_MAX], remote[AUGER_ADDR_TEXT_MAX];

    printf("{\"ev\":\"rows\",\"rows\":[");
    for (size_t i = 0; i < len; i++) {
        printf("%s[\"%s\",\"%s\",\"%s\"]", i ? "," : "",
               auger_addr_format(&rows[i].external, external, sizeof(external)),
               auger_addr_format(&rows[i].inside, inside, sizeof(inside)),
               auger_addr_format(&rows[i].remote, remote, sizeof(remote)));
    }
    printf("]}\n");
}

static void tell_verdict(struct router *router, bool is_outbound, const char *from, const char *to)
{
    struct nat *nat = box_nat(router->box, PACKET_UDP);
    struct auger_addr src, dst;
    char src_text[AUGER_ADDR_TEXT_MAX], dst_text[AUGER_ADDR_TEXT_MAX];

    if (auger_addr_parse(&src, from) < 0 || auger_addr_parse(&dst, to) < 0) {
        printf("{\"ev\":\"wrong\",\"what\":\"address\"}\n");
        return;
    }
    enum nat_verdict verdict = is_outbound ? nat_outbound(nat, now_of(router), &src, &dst)
                                           : nat_inbound(nat, now_of(router), &src, &dst);
    printf("{\"ev\":\"verdict\",\"verdict\":\"%s\",\"src\":\"%s\",\"dst\":\"%s\"}\n",
           nat_verdict_name(verdict), auger_addr_format(&src, src_text, sizeof(src_text)),
           auger_addr_format(&dst, dst_text, sizeof(dst_text)));
}

static void obey(struct router *router, const char *line)
{
    char word[16], from[64], to[64];
    int words = sscanf(line, "%15s %63s %63s", word, from, to);

    if (words == 1 && strcmp(word, "rows") == 0) {
        tell_rows(router);
        return;
    }
    if (words == 3 && (strcmp(word, "out") == 0 || strcmp(word, "in") == 0)) {
        tell_verdict(router, word[0] == 'o', from, to);
        return;
    }
    if (words == 1 && strcmp(word, "reboot") == 0)
        box_reboot(router->box);
    else if (words == 1 && strcmp(word, "rebind") == 0)
        nat_rebind(box_nat(router->box, PACKET_UDP), now_of(router));
    else if (words == 2 && strcmp(word, "wait") == 0)
        router->stood = auger_time_add(router->stood, atol(from) * AUGER_MS);
    else {
        printf("{\"ev\":\"wrong\",\"what\":\"word\"}\n");
        return;
    }
    printf("{\"ev\":\"done\"}\n");
}

/* False at the end of input. */
static bool read_words(struct router *router)
{
    ssize_t len = read(STDIN_FILENO, router->words + router->words_len,
                       sizeof(router->words) - router->words_len);

    if (len <= 0 || (router->words_len += (size_t)len) == sizeof(router->words))
        return false;
    for (char *end; (end = memchr(router->words, '\n', router->words_len));) {
        *end++ = '\0';
        obey(router, router->words);
        router->words_len -= (size_t)(end - router->words);
        memmove(router->words, end, router->words_len);
    }
    return true;
}

/* --- packets ------------------------------------------------------------------ */

static void send_due(struct router *router)
{
    uint8_t bytes[LINE_PACKET_LEN];

    for (size_t len; (len = line_take(&router->line, now_of(router), bytes)) > 0;) {
        ssize_t ignored = write(router->tun, bytes, len); /* or the device is full: it is lost */
        (void)ignored;
    }
}

static void read_packets(struct router *router)
{
    uint8_t bytes[LINE_PACKET_LEN];
    struct packet packet;
    ssize_t len;

    for (int i = 0; i < LINE_PACKETS_MAX && (len = read(router->tun, bytes, sizeof(bytes))) > 0;
         i++) {
        auger_time now = now_of(router);
        if (!packet_parse(&packet, bytes, (size_t)len))
            continue;
        enum nat_verdict verdict = box_pass(router->box, now, &packet);
        if (verdict == NAT_FORWARD || verdict == NAT_TURN_BACK)
            line_put(&router->line, now, bytes, (size_t)len);
        send_due(router);
    }
}

static int timeout_ms(const struct router *router)
{
    auger_time next = line_next_timeout(&router->line), now = now_of(router);

    if (next == AUGER_NEVER)
        return -1;
    return next <= now ? 0 : (int)((next - now + AUGER_MS - 1) / AUGER_MS);
}

static void run(struct router *router)
{
    struct pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = router->tun, .events = POLLIN}};

    for (;;) {
        if (poll(ready, 2, timeout_ms(router)) < 0 && errno != EINTR)
            return;
        if (ready[1].revents)
            read_packets(router);
        send_due(router);
        if (ready[0].revents && !read_words(router))
            return;
    }
}

int main(int argc, char **argv)
{
    static struct router router = {.tun = -1};
    struct setup setup;
    const char *wrong;

    if (!setup_read(&setup, argc, argv, &wrong)) {
        if (wrong)
            fprintf(stderr, "natbox: not understood: %s\n", wrong);
        fputs(setup_usage, wrong ? stderr : stdout);
        return wrong ? 2 : 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    router.box = box_new(&setup.box);
    if (!router.box)
        return 1;
    router.line.delay = setup.delay;
    router.line.jitter = setup.jitter;
    router.line.loss_percent = setup.loss_percent;
    prng_init(&router.line.random, setup.box.seed, "line");
    if (setup.tun)
        router.tun = open_tun(setup.tun);
    printf("{\"ev\":\"ready\"}\n");
    run(&router);
    box_free(router.box);
    return 0;
}
