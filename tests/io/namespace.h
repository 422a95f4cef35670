/* tests/io/namespace.h - network namespaces of a test's own, where it may do as it likes. */
#ifndef TESTS_IO_NAMESPACE_H
#define TESTS_IO_NAMESPACE_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static inline void ip(const char *arguments)
{
    char command[300];

    snprintf(command, sizeof(command), "ip %s", arguments);
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* Root in a user namespace may make network namespaces as well. */
static inline void become_root(void)
{
    uid_t uid = geteuid();
    char map[32];

    if (uid == 0)
        return;
    if (unshare(CLONE_NEWUSER) != 0)
        fail_msg("a network namespace: needs root, or user namespaces");
    int len = snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
    int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && write(fd, map, (size_t)len) == len);
    close(fd);
}

/* Enters it; its descriptor lets setns() come back. */
static inline int new_namespace(void)
{
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ip("link set lo up");
    return fd;
}

#endif /* TESTS_IO_NAMESPACE_H */
