/* fuzz: reaches auger_nat64_read_option auger_nat64_find auger_nat64_parse has_well_known */
/* The option of a router, an address of the DNS, and what a user types: whichever gives a prefix,
 * it is one by which every address of IPv4 comes to stand where it is found again. */
#include "base/nat64.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_prefix(const struct auger_nat64 *nat64)
{
    const struct auger_addr well_known = {
        .family = AUGER_IPV4, .ip = {192, 0, 0, 170}, .port = 1, .transport = AUGER_UDP};
    struct auger_nat64 again;

    require(auger_nat64_is_valid(nat64));
    struct auger_addr seen = auger_nat64_synthesise(nat64, &well_known);
    require(seen.family == AUGER_IPV6);
    /* Of a prefix that has the four bytes itself nothing is known. */
    if (auger_nat64_find(&again, &seen) == 0)
        require(again.prefix_len != 0 && auger_nat64_is_valid(&again));
}

static void read_option(const uint8_t *data, size_t size)
{
    struct auger_nat64 nat64;
    uint32_t lifetime_s;

    if (!auger_nat64_read_option(&nat64, &lifetime_s, data, size))
        return;
    require(lifetime_s % 8 == 0 && lifetime_s <= 65528);
    try_prefix(&nat64);
}

static void read_address(const uint8_t *data, size_t size)
{
    struct auger_addr addr = {.family = AUGER_IPV6};
    struct auger_nat64 nat64;

    memcpy(addr.ip, data, size < sizeof(addr.ip) ? size : sizeof(addr.ip));
    if (auger_nat64_find(&nat64, &addr) == 0)
        try_prefix(&nat64);
}

static void read_text(const uint8_t *data, size_t size)
{
    struct auger_nat64 nat64;
    char text[128];

    if (size >= sizeof(text))
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    if (auger_nat64_parse(&nat64, text) == 0)
        try_prefix(&nat64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size); /* so that a read behind it shows */

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    read_option(copy, size);
    read_address(copy, size);
    read_text(copy, size);
    free(copy);
    return 0;
}
