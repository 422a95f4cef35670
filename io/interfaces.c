/* io/interfaces.c - which addresses of this machine a peer is reached at. */
#include "io/interfaces.h"

#include "io/filter.h"

#include <stdlib.h>
#include <string.h>

/* --- names and kinds ------------------------------------------------------------------------ */

static bool has_prefix(const char *name, const char *const *prefixes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* Bridges and the host's ends of containers and virtual machines: from there nobody outside is
 * reached.  <auger/io.h> tells this list. */
static bool is_container_bridge(const char *name)
{
    static const char *const prefixes[] = {
        "docker", "br-",    "veth", "virbr",   "vnet",  "lxc",   "lxdbr",   "incusbr",
        "cni",    "podman", "cali", "flannel", "kube-", "weave", "vboxnet", "vmnet"};

    return has_prefix(name, prefixes, sizeof(prefixes) / sizeof(prefixes[0]));
}

static bool is_link_local(const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4)
        return addr->ip[0] == 169 && addr->ip[1] == 254;
    return addr->ip[0] == 0xFE && (addr->ip[1] & 0xC0) == 0x80;
}

static bool begins_with(const struct auger_addr *addr, const uint8_t *bytes, size_t len)
{
    return memcmp(addr->ip, bytes, len) == 0;
}

/* Unspecified, multicast, site-local (RFC 3879), IPv4-mapped or -compatible: no candidate
 * (RFC 8445 section 5.1.1.1). */
static bool is_unusable(const struct auger_addr *addr)
{
    static const uint8_t zeros[12];
    static const uint8_t mapped[12] = {[10] = 0xFF, 0xFF};
    static const uint8_t one[4] = {0, 0, 0, 1};

    if (addr->family == AUGER_IPV4)
        return addr->ip[0] == 0 || addr->ip[0] >= 224;
    if (addr->ip[0] == 0xFF || (addr->ip[0] == 0xFE && (addr->ip[1] & 0xC0) == 0xC0))
        return true;
    return begins_with(addr, mapped, 12) ||
           (begins_with(addr, zeros, 12) && memcmp(addr->ip + 12, one, 4) != 0);
}

/* RFC 6724 section 2.1; the higher is tried first. */
static int precedence(const struct auger_addr *addr)
{
    static const uint8_t six_to_four[] = {0x20, 0x02}, teredo[] = {0x20, 0x01, 0, 0};
    static const uint8_t six_bone[] = {0x3F, 0xFE};

    if (addr->family == AUGER_IPV4)
        return 35;
    if (begins_with(addr, six_to_four, 2))
        return 30;
    if (begins_with(addr, teredo, 4))
        return 5;
    if ((addr->ip[0] & 0xFE) == 0xFC)
        return 3;
    return begins_with(addr, six_bone, 2) ? 1 : 40;
}

/* --- one address by itself ------------------------------------------------------------------ */

/* The interface of the default route, with all its addresses (RFC 8828 section 6.2). */
static bool is_on_default_route(const struct auger_machine *machine,
                                const struct auger_machine_row *row)
{
    const struct auger_addr *source = &machine->routes[row->net.addr.family == AUGER_IPV6];

    for (size_t i = 0; i < machine->len; i++)
        if (machine->rows[i].index == row->index &&
            auger_addr_ip_equal(&machine->rows[i].net.addr, source))
            return true;
    return false;
}

static const char *why_not(const struct auger_net_config *net, const struct auger_machine *machine,
                           const struct auger_machine_row *row)
{
    const struct auger_addr *addr = &row->net.addr;

    if (!row->is_up)
        return "down";
    if (!(addr->family == AUGER_IPV4 ? net->ipv4 : net->ipv6))
        return "family";
    if (row->is_loopback && !net->loopback)
        return "loopback";
    if (is_link_local(addr) && !net->link_local)
        return "link-local";
    if (is_unusable(addr))
        return "unusable";
    if (row->is_tentative)
        return "tentative";
    if (row->net.deprecated)
        return "deprecated";
    if (!auger_filter_admits(net, row->net.interface, addr))
        return "filter";
    if (net->ip_handling != AUGER_IP_ALL && !row->is_loopback && !is_on_default_route(machine, row))
        return "route";
    return NULL;
}

/* --- one address among the others ----------------------------------------------------------- */

static bool is_plain_bridge(const struct auger_net_config *net, const struct auger_machine_row *row)
{
    return is_container_bridge(row->net.interface) && !auger_filter_names(net, row->net.interface);
}

static void leave_bridges_out(const struct auger_net_config *net, struct auger_machine *machine)
{
    bool has_others = false;

    for (size_t i = 0; i < machine->len; i++)
        has_others |= !machine->rows[i].net.left_out && !is_plain_bridge(net, &machine->rows[i]);
    for (size_t i = 0; i < machine->len && has_others; i++)
        if (!machine->rows[i].net.left_out && is_plain_bridge(net, &machine->rows[i]))
            machine->rows[i].net.left_out = "bridge";
}

/* Whether a temporary address of the same interface and prefix is used; for a link-local one
 * of the same interface (RFC 8445 section 5.1.1.1). */
static bool has_temporary(const struct auger_machine *machine, const struct auger_machine_row *row)
{
    for (size_t i = 0; i < machine->len; i++) {
        const struct auger_machine_row *other = &machine->rows[i];
        if (other->net.temporary && !other->net.left_out && other->index == row->index &&
            (is_link_local(&row->net.addr) || memcmp(other->net.addr.ip, row->net.addr.ip, 8) == 0))
            return true;
    }
    return false;
}

static void prefer_temporary(struct auger_machine *machine)
{
    for (size_t i = 0; i < machine->len; i++) {
        struct auger_machine_row *row = &machine->rows[i];
        if (row->net.addr.family == AUGER_IPV6 && !row->net.temporary && !row->net.left_out &&
            has_temporary(machine, row))
            row->net.left_out = "permanent";
    }
}

static bool comes_before(const struct auger_machine_row *a, const struct auger_machine_row *b)
{
    if (!a->net.left_out != !b->net.left_out)
        return !a->net.left_out;
    if (a->net.addr.family != b->net.addr.family)
        return a->net.addr.family == AUGER_IPV4;
    return precedence(&a->net.addr) > precedence(&b->net.addr);
}

/* Those that are equal stay in the kernel's order. */
static void sort(struct auger_machine *machine)
{
    for (size_t i = 1; i < machine->len; i++) {
        struct auger_machine_row row = machine->rows[i];
        size_t at = i;
        for (; at > 0 && comes_before(&row, &machine->rows[at - 1]); at--)
            machine->rows[at] = machine->rows[at - 1];
        machine->rows[at] = row;
    }
}

/* --- limits ---------------------------------------------------------------------------------- */

static size_t count_before(const struct auger_machine *machine, size_t before)
{
    const struct auger_machine_row *row = &machine->rows[before];
    size_t count = 0;

    for (size_t i = 0; i < before; i++)
        count += !machine->rows[i].net.left_out && machine->rows[i].index == row->index &&
                 machine->rows[i].net.addr.family == row->net.addr.family;
    return count;
}

static size_t count_family(const struct auger_machine *machine, uint8_t family)
{
    size_t count = 0;

    for (size_t i = 0; i < machine->len; i++)
        count += !machine->rows[i].net.left_out && machine->rows[i].net.addr.family == family;
    return count;
}

/* Half of the places, and what the other family leaves of its half. */
static size_t share(size_t own, size_t other)
{
    size_t half = AUGER_INTERFACES_MAX / 2;
    size_t most = other < half ? AUGER_INTERFACES_MAX - other : half;

    return own < most ? own : most;
}

static void limit(struct auger_machine *machine)
{
    for (size_t i = 0; i < machine->len; i++)
        if (!machine->rows[i].net.left_out && count_before(machine, i) >= AUGER_PER_INTERFACE_MAX)
            machine->rows[i].net.left_out = "limit";

    size_t ipv4 = count_family(machine, AUGER_IPV4), ipv6 = count_family(machine, AUGER_IPV6);
    size_t left[2] = {share(ipv4, ipv6), share(ipv6, ipv4)};
    for (size_t i = 0; i < machine->len; i++) {
        struct auger_machine_row *row = &machine->rows[i];
        size_t *places = &left[row->net.addr.family == AUGER_IPV6];
        if (row->net.left_out)
            continue;
        if (*places == 0)
            row->net.left_out = "limit";
        else
            --*places;
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

bool auger_interfaces_is_valid(const struct auger_net_config *net)
{
    return auger_filter_is_valid(net) && net->ip_handling <= AUGER_IP_PROXY;
}

void auger_interfaces_judge(const struct auger_net_config *net, struct auger_machine *machine)
{
    for (size_t i = 0; i < machine->len; i++)
        machine->rows[i].net.left_out = why_not(net, machine, &machine->rows[i]);
    leave_bridges_out(net, machine);
    prefer_temporary(machine);
    sort(machine);
    limit(machine);
    sort(machine);
}

static int judge(const struct auger_net_config *net, struct auger_machine **out)
{
    struct auger_machine *machine = calloc(1, sizeof(*machine));

    if (!machine)
        return AUGER_ERR_NO_MEMORY;
    int err = auger_machine_read(machine);
    if (err < 0) {
        free(machine);
        return err;
    }
    auger_interfaces_judge(net, machine);
    *out = machine;
    return 0;
}

int auger_interfaces_list(const struct auger_net_config *net,
                          struct auger_addr addrs[AUGER_INTERFACES_MAX])
{
    struct auger_machine *machine;
    int len = 0;

    if (net->bind) {
        addrs[0] = *net->bind;
        return 1;
    }
    int err = judge(net, &machine);
    if (err < 0)
        return err;
    for (size_t i = 0; i < machine->len; i++)
        if (!machine->rows[i].net.left_out)
            addrs[len++] = machine->rows[i].net.addr;
    free(machine);
    return len;
}

int auger_net_addrs_sized(const struct auger_net_config *net, size_t net_size,
                          struct auger_net_addr *addrs, size_t max)
{
    struct auger_net_config whole;
    struct auger_machine *machine;
    size_t len = 0;

    auger_net_config_init(&whole);
    if (net)
        memcpy(&whole, net, net_size < sizeof(whole) ? net_size : sizeof(whole));
    if (!auger_interfaces_is_valid(&whole))
        return AUGER_ERR_INVALID;
    int err = judge(&whole, &machine);
    if (err < 0)
        return err;
    for (; len < machine->len && len < max; len++)
        addrs[len] = machine->rows[len].net;
    free(machine);
    return (int)len;
}
