/* tests/natbox/setup.c - options, and kinds of NAT as docs/nat-matrix.md writes them. */
#include "tests/natbox/setup.h"

#include "base/time.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char setup_usage[] =
    "usage: natbox KIND --external IP --inside IP/BITS [OPTION]...\n"
    "\n"
    "A router with the NAT of the simulated internet, for tests. KIND is mapping/filtering/ports\n"
    "as docs/nat-matrix.md writes them, APDM/APDF/sequential, or firewall, which translates nothing.\n"
    "\n"
    "  --external IP     its address outside; several times, up to four\n"
    "  --inside IP/BITS  the network inside\n"
    "  --tun NAME        pass packets of that TUN device, which is made; else none are passed, time\n"
    "                    stands still, and `out`, `in` and `wait` below say what would be\n"
    "  --stride N        of sequential ports: 1, 2, 100, -1\n"
    "  --ports MIN-MAX   the ports outside\n"
    "  --hairpin WORD    external or internal: how a source inside is shown\n"
    "  --timeout SECONDS of a mapping for UDP; default 300\n"
    "  --refresh WORD    which way keeps it: outbound (default), inbound or both\n"
    "  --reuse           one port serves many destinations, as in Linux\n"
    "  --delay MS, --jitter MS, --loss PERCENT\n"
    "                    of each packet\n"
    "  --seed N          of all that is drawn\n"
    "\n"
    "Reads from standard input, a line each, and answers with one JSON object a line; ends with it:\n"
    "  rows              the table for UDP\n"
    "  reboot            forget every mapping\n"
    "  rebind            move every mapping for UDP to another port\n"
    "  out SRC DST       a datagram from inside, as IP:PORT IP:PORT: what becomes of it\n"
    "  in SRC DST        one from outside\n"
    "  wait MS           time passes\n";

static const char *const mappings[] = {"EIM", "ADM", "APDM", NULL};
static const char *const filters[] = {"EIF", "ADF", "APDF", NULL};
static const char *const ports[] = {"preserve", "overload",   "sequential", "random",
                                    "parity",   "contiguous", NULL};
static const char *const hairpins[] = {"none", "external", "internal", NULL};
static const char *const refreshes[] = {"outbound", "inbound", "both", NULL};

/* The place of a word in a list, or -1. */
static int place_of(const char *word, size_t len, const char *const *list)
{
    for (int i = 0; list[i]; i++) {
        if (strlen(list[i]) == len && memcmp(list[i], word, len) == 0)
            return i;
    }
    return -1;
}

static bool read_kind(struct nat_config *nat, const char *kind)
{
    const char *const *lists[] = {mappings, filters, ports};
    int found[3];

    if (strcmp(kind, "firewall") == 0) {
        nat->transparent = true;
        nat->filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
        return true;
    }
    for (int i = 0; i < 3; i++) {
        size_t len = strcspn(kind, "/");
        found[i] = place_of(kind, len, lists[i]);
        if (found[i] < 0 || (kind[len] == '/') != (i < 2))
            return false;
        kind += len + 1;
    }
    nat->mapping = (enum nat_dependence)found[0];
    nat->filtering = (enum nat_dependence)found[1];
    nat->ports = (enum nat_ports)found[2];
    return true;
}

static bool read_number(const char *text, long least, long most, long *number)
{
    char *end;

    *number = strtol(text, &end, 10);
    return end != text && !*end && *number >= least && *number <= most;
}

static bool read_ports(struct nat_config *nat, const char *text)
{
    char *end;
    long min = strtol(text, &end, 10), max;

    if (*end != '-' || min < 1 || !read_number(end + 1, min, 65535, &max))
        return false;
    nat->port_min = (uint16_t)min;
    nat->port_max = (uint16_t)max;
    return true;
}

static bool read_inside(struct box_config *box, const char *text)
{
    size_t len = strcspn(text, "/");
    long bits;

    if (!text[len] || !read_number(text + len + 1, 1, 32, &bits))
        return false;
    box->inside_bits = (unsigned)bits;
    return auger_addr_parse_ip(&box->inside, text, len, 0) == 0;
}

static bool read_external(struct nat_config *nat, const char *text)
{
    return nat->external_len < NAT_EXTERNAL_MAX &&
           auger_addr_parse_ip(&nat->external[nat->external_len++], text, strlen(text), 0) == 0;
}

static bool read_refresh(struct nat_config *nat, const char *word)
{
    int place = place_of(word, strlen(word), refreshes);

    nat->inbound_refreshes = place > 0;
    nat->outbound_does_not = place == 1;
    return place >= 0;
}

static bool read_hairpin(struct nat_config *nat, const char *word)
{
    int place = place_of(word, strlen(word), hairpins);

    nat->hairpin = (enum nat_hairpin)(place < 0 ? 0 : place);
    return place >= 0;
}

/* Options whose value is a number, in units of `unit`. */
static bool read_quantity(struct setup *setup, const char *name, const char *value)
{
    struct {
        const char *name;
        long least, most;
        auger_time unit, *time;
    } quantities[] = {
        {"--timeout", 1, 86400, AUGER_SEC, &setup->box.nat.timeout},
        {"--delay", 0, 60000, AUGER_MS, &setup->delay},
        {"--jitter", 0, 60000, AUGER_MS, &setup->jitter},
    };
    long number;

    for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
        if (strcmp(name, quantities[i].name) != 0)
            continue;
        if (!read_number(value, quantities[i].least, quantities[i].most, &number))
            return false;
        *quantities[i].time = number * quantities[i].unit;
        return true;
    }
    if (strcmp(name, "--loss") == 0 && read_number(value, 0, 100, &number))
        setup->loss_percent = (unsigned)number;
    else if (strcmp(name, "--stride") == 0 && read_number(value, -1000, 1000, &number))
        setup->box.nat.stride = (int)number;
    else if (strcmp(name, "--seed") == 0 && read_number(value, 0, LONG_MAX, &number))
        setup->box.seed = (uint64_t)number;
    else
        return false;
    return true;
}

static bool read_option(struct setup *setup, const char *name, const char *value)
{
    if (strcmp(name, "--external") == 0)
        return read_external(&setup->box.nat, value);
    if (strcmp(name, "--inside") == 0)
        return read_inside(&setup->box, value);
    if (strcmp(name, "--ports") == 0)
        return read_ports(&setup->box.nat, value);
    if (strcmp(name, "--hairpin") == 0)
        return read_hairpin(&setup->box.nat, value);
    if (strcmp(name, "--refresh") == 0)
        return read_refresh(&setup->box.nat, value);
    if (strcmp(name, "--tun") == 0) {
        setup->tun = value;
        return true;
    }
    return read_quantity(setup, name, value);
}

bool setup_read(struct setup *setup, int argc, char **argv, const char **wrong)
{
    *setup = (struct setup){.tun = NULL};
    *wrong = argc > 1 ? argv[1] : "no KIND";
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        *wrong = NULL;
    if (argc < 2 || !read_kind(&setup->box.nat, argv[1]))
        return false;
    for (int i = 2; i < argc; i++) {
        *wrong = argv[i];
        if (strcmp(argv[i], "--reuse") == 0)
            setup->box.nat.reuse_by_destination = true;
        else if (i + 1 == argc || !read_option(setup, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    *wrong = "no --external, or no --inside";
    bool has_external = setup->box.nat.external_len > 0;
    return has_external != setup->box.nat.transparent && setup->box.inside_bits;
}
