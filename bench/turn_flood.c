/* bench/turn_flood.c - requests to a TURN server from addresses that are not the sender's: what
 * strangers cost it.
 *
 *     turn_flood SERVER SOURCES RATE SECONDS
 *
 * SERVER is IP:PORT, SOURCES an address whose last two bytes are drawn anew for each request.  Both
 * must be in 10.0.0.0/8, and there must be no other network here but loopback and one interface: it
 * runs in a network namespace that was made for it, and refuses anywhere else. */
#define _GNU_SOURCE
#include <auger/base.h>
#include <auger/crypto.h>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 32
#define RATE_MAX 200000
#define SECONDS_MAX 30

/* An Allocate request without credentials, with REQUESTED-TRANSPORT. */
struct request {
    struct iphdr ip;
    struct udphdr udp;
    uint8_t stun[28];
};

static struct request requests[BATCH];
static struct mmsghdr heads[BATCH];
static struct iovec parts[BATCH];

static void must(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "turn_flood: %s\n", what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct sockaddr_in read_addr(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct auger_addr addr;

    must(auger_addr_parse(&addr, text) == 0 && addr.family == AUGER_IPV4 && addr.ip[0] == 10,
         "takes addresses of 10.0.0.0/8 alone");
    in.sin_port = htons(addr.port);
    memcpy(&in.sin_addr, addr.ip, 4);
    return in;
}

static void refuse_other_networks(void)
{
    struct if_nameindex *all = if_nameindex();
    size_t len = 0;

    for (struct if_nameindex *at = all; at && at->if_index; at++)
        len += strncmp(at->if_name, "turnbench", 9) != 0 && strcmp(at->if_name, "lo") != 0;
    must(all && len == 0, "runs in the network namespace of the measurement alone");
    if_freenameindex(all);
}

static void draw(struct request *request, const struct sockaddr_in *server,
                 const struct sockaddr_in *sources, const uint8_t random[16])
{
    static const uint8_t head[8] = {0x00, 0x03, 0x00, 0x08, 0x21, 0x12, 0xA4, 0x42};
    static const uint8_t transport[8] = {0x00, 0x19, 0x00, 0x04, 17};
    uint16_t port;

    memset(request, 0, sizeof(*request));
    request->ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
    request->ip.tot_len = htons(sizeof(*request));
    request->ip.daddr = server->sin_addr.s_addr;
    request->ip.saddr = sources->sin_addr.s_addr;
    memcpy((uint8_t *)&request->ip.saddr + 2, random + 12, 2);
    memcpy(&port, random + 14, 2);
    request->udp.source = port | htons(1024);
    request->udp.dest = server->sin_port;
    request->udp.len = htons(sizeof(request->udp) + sizeof(request->stun));
    memcpy(request->stun, head, 8);
    memcpy(request->stun + 8, random, 12);
    memcpy(request->stun + 20, transport, 8);
}

static unsigned send_batch(int fd, struct sockaddr_in *server, const struct sockaddr_in *sources)
{
    const struct auger_env *env = auger_env_system();
    uint8_t random[BATCH][16];

    must(env->random(env->user, random[0], sizeof(random)) == 0, "no random bytes");
    for (size_t i = 0; i < BATCH; i++) {
        draw(&requests[i], server, sources, random[i]);
        parts[i] = (struct iovec){&requests[i], sizeof(requests[i])};
        heads[i].msg_hdr = (struct msghdr){.msg_name = server,
                                           .msg_namelen = sizeof(*server),
                                           .msg_iov = &parts[i],
                                           .msg_iovlen = 1};
    }
    int sent = sendmmsg(fd, heads, BATCH, 0);
    return sent > 0 ? (unsigned)sent : 0;
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage: turn_flood SERVER SOURCES RATE SECONDS");
    struct sockaddr_in server = read_addr(argv[1]), sources = read_addr(argv[2]);
    long rate = strtol(argv[3], NULL, 10), seconds = strtol(argv[4], NULL, 10);
    must(rate > 0 && rate <= RATE_MAX && seconds > 0 && seconds <= SECONDS_MAX, "out of bounds");
    refuse_other_networks();
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    must(fd >= 0, "no raw socket: only for root");

    int64_t began = now(), passed;
    uint64_t sent = 0;
    while ((passed = now() - began) < seconds * 1000000000) {
        if (sent < (uint64_t)((double)passed / 1e9 * (double)rate)) {
            sent += send_batch(fd, &server, &sources);
        } else {
            const struct timespec pause = {.tv_nsec = 100000};
            nanosleep(&pause, NULL);
        }
    }
    printf("%llu\n", (unsigned long long)sent);
    return 0;
}
