/* mdns/name.c - the names that stand for addresses: a UUID under ".local". */
#include "mdns/name.h"

#include "base/env.h"

#include <string.h>

#define UUID_LEN 36

static const char suffix[] = ".local";

static bool is_dash(size_t place)
{
    return place == 8 || place == 13 || place == 18 || place == 23;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool auger_mdns_is_name(const char *name, size_t len)
{
    if (len != AUGER_MDNS_NAME_MAX - 1)
        return false;
    for (size_t i = 0; i < UUID_LEN; i++)
        if (is_dash(i) ? name[i] != '-' : !is_hex(lower(name[i])))
            return false;
    for (size_t i = UUID_LEN; i < len; i++)
        if (lower(name[i]) != suffix[i - UUID_LEN])
            return false;
    return true;
}

void auger_mdns_name_copy(char out[AUGER_MDNS_NAME_MAX], const char *name)
{
    for (size_t i = 0; i < AUGER_MDNS_NAME_MAX - 1; i++)
        out[i] = lower(name[i]);
    out[AUGER_MDNS_NAME_MAX - 1] = '\0';
}

int auger_mdns_name_make(char name[AUGER_MDNS_NAME_MAX], const struct auger_env *env)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    size_t half = 0;

    int err = auger_env_random(env, bytes, sizeof(bytes));
    if (err)
        return err;
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f)); /* version 4 */
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f)); /* its variant */
    for (size_t i = 0; i < UUID_LEN; i++) {
        if (is_dash(i)) {
            name[i] = '-';
            continue;
        }
        uint8_t byte = bytes[half / 2];
        name[i] = digits[half % 2 ? byte & 15 : byte >> 4];
        half++;
    }
    memcpy(name + UUID_LEN, suffix, sizeof(suffix));
    return 0;
}
