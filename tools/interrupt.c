/* tools/interrupt.c - Ctrl-C and its kin, as something that a loop can watch. */
#define _GNU_SOURCE
#include "tools/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t interrupts(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

static void exit_at_once(int number)
{
    _exit(128 + number);
}

void interrupt_exits(bool exits)
{
    const sigset_t set = interrupts();

    signal(SIGINT, exit_at_once);
    signal(SIGTERM, exit_at_once);
    sigprocmask(exits ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

int interrupt_open(void)
{
    const sigset_t set = interrupts();

    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int interrupt_open_hangup(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool interrupt_wait_writable(int interrupt_fd, int fd)
{
    struct pollfd fds[] = {{.fd = interrupt_fd, .events = POLLIN}, {.fd = fd, .events = POLLOUT}};

    do {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return true; /* the write tells what is wrong */
    } while (!fds[0].revents && !fds[1].revents);
    return !fds[0].revents;
}

int interrupt_take(int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) != sizeof(info))
        return 0;
    return 128 + (int)info.ssi_signo;
}
