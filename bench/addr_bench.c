/* bench/addr_bench.c - the text of addresses, which candidate lines are full of. */
#include "bench/bench.h"

#include <auger/base.h>

#include <stdbool.h>

static void parse_ipv4(void *arg)
{
    struct auger_addr addr;
    bool ok = auger_addr_parse(&addr, "192.0.2.1:3478") == 0;

    bench_keep(ok ? &addr : arg);
}

static void parse_ipv6(void *arg)
{
    struct auger_addr addr;
    bool ok = auger_addr_parse(&addr, "[2001:db8::1:2]:3478") == 0;

    bench_keep(ok ? &addr : arg);
}

static void format_ipv6(void *arg)
{
    char text[AUGER_ADDR_TEXT_MAX];

    bench_keep(auger_addr_format(arg, text, sizeof(text)));
}

void bench_cases(void)
{
    struct auger_addr addr = {.family = AUGER_IPV6, .port = 3478, .ip = {0x20, 1, 0xd, 0xb8}};

    bench_case("addr/parse_ipv4", parse_ipv4, NULL);
    bench_case("addr/parse_ipv6", parse_ipv6, NULL);
    bench_case("addr/format_ipv6", format_ipv6, &addr);
}
