/* The system calls of an allocation without TURN: what a server cannot do without in making 64 at a
 * time and releasing them, which is three datagrams each way, a socket, its port and its end.
 *
 *     turn_allocator SERVER_CORE LOAD_CORE SECONDS
 *
 * Prints how many that is for each second of the server's processor. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 64
#define MANY 32
#define ROOM 256
#define PORT_MIN 49152

/* What a datagram asks for is its first byte, who asks its second.  Lengths are about those of a
 * request without credentials and its 401, of an Allocate and a Refresh with them, and their
 * answers. */
enum what { CHALLENGE, ALLOCATE, RELEASE, ALL, STOP = ALL };
static const size_t asks[] = {28, 128, 128, 4}, answers[] = {76, 116, 52};

static void must(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static void stay_on(const char *core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(atoi(core), &set);
    must(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
                                .sin_port = htons(port)};
}

static int open_udp(uint16_t port)
{
    struct sockaddr_in at = loopback(port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    must(errno == EADDRINUSE, "bind");
    close(fd);
    return -1;
}

static int watch(int epoll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* --- the server ------------------------------------------------------------------------------ */

struct server {
    int fd, relays[CLIENTS];
    unsigned seed;
    uint64_t made;
    struct mmsghdr in[MANY], out[MANY];
    struct sockaddr_in names[MANY];
    struct iovec pieces[MANY], replies[MANY];
    uint8_t bytes[MANY][ROOM];
};

static int open_relay(struct server *server)
{
    int fd;

    do
        fd = open_udp((uint16_t)(PORT_MIN + rand_r(&server->seed) % (65536 - PORT_MIN)));
    while (fd < 0);
    return fd;
}

/* false: that is all. */
static int answer(struct server *server, int i)
{
    uint8_t what = server->bytes[i][0], who = server->bytes[i][1] % CLIENTS;

    if (what >= STOP)
        return 0;
    if (what == ALLOCATE)
        server->relays[who] = open_relay(server);
    else if (what == RELEASE && close(server->relays[who]) == 0)
        server->made++;
    server->replies[i] = (struct iovec){server->bytes[i], answers[what]};
    server->out[i].msg_hdr = (struct msghdr){.msg_name = &server->names[i],
                                             .msg_namelen = sizeof(server->names[i]),
                                             .msg_iov = &server->replies[i],
                                             .msg_iovlen = 1};
    return 1;
}

static int turn(struct server *server, int epoll_fd)
{
    struct epoll_event event;
    int goes_on = 1;

    must(epoll_wait(epoll_fd, &event, 1, -1) >= 0, "epoll_wait");
    for (int i = 0; i < MANY; i++) {
        server->pieces[i] = (struct iovec){server->bytes[i], ROOM};
        server->in[i].msg_hdr = (struct msghdr){.msg_name = &server->names[i],
                                                .msg_namelen = sizeof(server->names[i]),
                                                .msg_iov = &server->pieces[i],
                                                .msg_iovlen = 1};
    }
    int len = recvmmsg(server->fd, server->in, MANY, MSG_DONTWAIT, NULL);
    for (int i = 0; i < len && goes_on; i++)
        goes_on = answer(server, i);
    if (len > 0 && goes_on)
        must(sendmmsg(server->fd, server->out, (unsigned)len, MSG_DONTWAIT) == len, "sendmmsg");
    return goes_on;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void serve(int fd)
{
    static struct server server;
    struct rusage usage;
    int epoll_fd = epoll_create1(0);

    server.fd = fd;
    server.seed = (unsigned)getpid();
    must(epoll_fd >= 0 && watch(epoll_fd, fd) == 0, "epoll");
    while (turn(&server, epoll_fd))
        continue;
    must(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    printf("%.1f\n",
           (double)server.made / (seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)));
}

/* --- its clients ----------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;

    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void ask(int fd, enum what what, int who)
{
    uint8_t bytes[ROOM] = {(uint8_t)what, (uint8_t)who};

    must(send(fd, bytes, asks[what], 0) == (ssize_t)asks[what], "send");
}

static void load(const struct sockaddr_in *server, double seconds)
{
    int fds[CLIENTS], epoll_fd = epoll_create1(0), who;
    struct epoll_event events[CLIENTS];
    uint8_t bytes[ROOM];
    double end = seconds_now() + seconds;

    for (who = 0; who < CLIENTS; who++) {
        fds[who] = open_udp(0);
        must(connect(fds[who], (const struct sockaddr *)server, sizeof(*server)) == 0, "connect");
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)who};
        must(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[who], &event) == 0, "epoll_ctl");
        ask(fds[who], CHALLENGE, who);
    }
    while (seconds_now() < end) {
        int len = epoll_wait(epoll_fd, events, CLIENTS, 1000);
        for (int i = 0; i < len; i++) {
            who = (int)events[i].data.u32;
            if (recv(fds[who], bytes, sizeof(bytes), 0) > 0)
                ask(fds[who], (bytes[0] + 1u) % ALL, who);
        }
    }
    ask(fds[0], STOP, 0);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at;
    socklen_t len = sizeof(at);
    int status, fd;

    if (argc != 4) {
        fprintf(stderr, "usage: turn_allocator SERVER_CORE LOAD_CORE SECONDS\n");
        return 2;
    }
    fd = open_udp(0);
    must(getsockname(fd, (struct sockaddr *)&at, &len) == 0, "getsockname");
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        stay_on(argv[2]);
        load(&at, atof(argv[3]));
        return 0;
    }
    stay_on(argv[1]);
    serve(fd);
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}
