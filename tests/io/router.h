/* tests/io/router.h - a home router of the test's own: miniupnpd over the kernel's NAT, between us
 * and somebody outside, in three network namespaces.
 *
 *     ours     eth0  192.168.1.10/24, default route by 192.168.1.1
 *     router   lan   192.168.1.1/24     wan  5.5.5.5/24, an ordinary address: miniupnpd serves
 *                                            no other
 *     outside  eth0  5.5.5.9/24
 *
 * and of IPv6, which the router does not translate, 2a05:1::10, 2a05:1::1, 2a05:2::5 and 2a05:2::9.
 */
#ifndef TESTS_IO_ROUTER_H
#define TESTS_IO_ROUTER_H

#include "tests/io/ends.h"

#include "tests/io/namespace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static struct {
    int ours, router, outside; /* the namespaces */
    pid_t server;              /* miniupnpd; 0: none */
    char folder[64];
} house;

static inline void enter(int namespace)
{
    assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
}

static inline void add_wire(const char *name, int other)
{
    char arguments[200];

    snprintf(arguments, sizeof(arguments),
             "link add %s type veth peer name eth0 netns /proc/%ld/fd/%d", name, (long)getpid(),
             other);
    ip(arguments);
}

static inline void write_file(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", house.folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void run(const char *command, const char *name)
{
    char line[256];

    snprintf(line, sizeof(line), "%s %s/%s", command, house.folder, name);
    if (system(line) != 0)
        fail_msg("%s", line);
}

/* What goes out is masqueraded; of what comes in the server's rules alone let anything pass. */
static inline void set_rules(void)
{
    write_file("rules", "flush ruleset\n"
                        "table inet filter {\n"
                        "  chain miniupnpd { }\n"
                        "  chain prerouting_miniupnpd { }\n"
                        "  chain postrouting_miniupnpd { }\n"
                        "  chain forward { type filter hook forward priority 0; policy drop;\n"
                        "    ct state established,related accept; iifname \"lan\" accept;\n"
                        "    jump miniupnpd; }\n"
                        "  chain prerouting { type nat hook prerouting priority -100;\n"
                        "    jump prerouting_miniupnpd; }\n"
                        "  chain postrouting { type nat hook postrouting priority 100;\n"
                        "    jump postrouting_miniupnpd; oifname \"wan\" masquerade; }\n"
                        "}\n");
    enter(house.router);
    run("nft -f", "rules");
    enter(house.ours);
}

static inline int build_house(void **state)
{
    (void)state;
    snprintf(house.folder, sizeof(house.folder), "/tmp/auger-router-XXXXXX");
    assert_non_null(mkdtemp(house.folder));
    become_root();
    house.outside = new_namespace();
    house.ours = new_namespace();
    house.router = new_namespace();
    add_wire("lan", house.ours);
    add_wire("wan", house.outside);
    ip("addr add 192.168.1.1/24 dev lan");
    ip("addr add 5.5.5.5/24 dev wan");
    ip("addr add 2a05:1::1/64 dev lan nodad");
    ip("addr add 2a05:2::5/64 dev wan nodad");
    ip("link set lan up");
    ip("link set wan up");
    assert_int_equal(system("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"), 0);
    enter(house.outside);
    ip("addr add 5.5.5.9/24 dev eth0");
    ip("addr add 2a05:2::9/64 dev eth0 nodad");
    ip("link set eth0 up");
    ip("-6 route add default via 2a05:2::5");
    enter(house.ours);
    ip("addr add 192.168.1.10/24 dev eth0");
    ip("addr add 2a05:1::10/64 dev eth0 nodad");
    ip("link set eth0 up");
    ip("-6 route add default via 2a05:1::1");
    ip("route add default via 192.168.1.1");
    set_rules();
    return 0;
}

/* As a router loses its power. */
static inline void stop_server(void)
{
    int status;

    if (house.server == 0)
        return;
    kill(house.server, SIGKILL);
    assert_int_equal(waitpid(house.server, &status, 0), house.server);
    if (WIFEXITED(status))
        fail_msg("miniupnpd ended by itself: %d", WEXITSTATUS(status));
    house.server = 0;
    set_rules();
}

/* `speaks`: lines of its configuration. */
static inline void start_server(const char *speaks)
{
    char config[1024], path[128], pid_file[128];

    stop_server(); /* of a test that failed */
    snprintf(config, sizeof(config),
             "ext_ifname=wan\nlistening_ip=lan\n%s\nsecure_mode=yes\nsystem_uptime=no\n"
             "uuid=6c4ba1bf-3d35-4a45-a1e5-3a8a6b9a3ed1\n"
             "upnp_table_name=filter\nupnp_nat_table_name=filter\nupnp_forward_chain=miniupnpd\n"
             "upnp_nat_chain=prerouting_miniupnpd\n"
             "upnp_nat_postrouting_chain=postrouting_miniupnpd\n"
             "allow 1024-65535 0.0.0.0/0 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n",
             speaks);
    write_file("config", config);
    snprintf(path, sizeof(path), "%s/config", house.folder);
    snprintf(pid_file, sizeof(pid_file), "%s/pid", house.folder);
    enter(house.router);
    house.server = fork();
    assert_true(house.server >= 0);
    if (house.server == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        execlp("miniupnpd", "miniupnpd", "-d", "-f", path, "-P", pid_file, (char *)NULL);
        execl("/usr/sbin/miniupnpd", "miniupnpd", "-d", "-f", path, "-P", pid_file, (char *)NULL);
        _exit(127);
    }
    enter(house.ours);
}

/* By how many rules the kernel lets something in to that port of ours. */
static inline int count_let_in(uint16_t port)
{
    char line[512], wanted[64];
    int found = 0;

    snprintf(wanted, sizeof(wanted), "to 192.168.1.10:%u", port);
    enter(house.router);
    FILE *rules = popen("nft list chain inet filter prerouting_miniupnpd", "r");
    assert_non_null(rules);
    while (fgets(line, sizeof(line), rules))
        found += strstr(line, wanted) != NULL;
    assert_int_equal(pclose(rules), 0);
    enter(house.ours);
    return found;
}

static inline bool lets_in(uint16_t port)
{
    return count_let_in(port) > 0;
}

static inline int leave_house(void **state)
{
    char line[128];

    (void)state;
    stop_server();
    snprintf(line, sizeof(line), "rm -rf %s", house.folder);
    return system(line);
}

#endif /* TESTS_IO_ROUTER_H */
