/* tools/turn_options.c - what `auger serve` is told of its TURN server. */
#include "tools/turn_options.h"

#include <stdlib.h>
#include <string.h>

static bool add(struct turn_texts *texts, const char *text)
{
    if (texts->len == sizeof(texts->items) / sizeof(texts->items[0]))
        return false;
    texts->items[texts->len++] = text;
    return true;
}

/* IP:PORT for UDP and TCP, IP:PORT/udp or IP:PORT/tcp for one of them.  false: it is neither. */
static bool take_listen(struct auger_addr *listen, size_t *len, const char *value)
{
    const char *slash = strchr(value, '/');
    size_t text_len = slash ? (size_t)(slash - value) : strlen(value);
    char text[AUGER_ADDR_TEXT_MAX];
    struct auger_addr addr;

    bool is_udp = !slash || strcmp(slash, "/udp") == 0,
         is_tcp = !slash || strcmp(slash, "/tcp") == 0;
    if (text_len >= sizeof(text) || (!is_udp && !is_tcp))
        return false;
    memcpy(text, value, text_len);
    text[text_len] = '\0';
    if (auger_addr_parse(&addr, text) < 0)
        return false;
    if (is_udp)
        listen[(*len)++] = addr;
    addr.transport = AUGER_TCP;
    if (is_tcp)
        listen[(*len)++] = addr;
    return true;
}

const char *turn_take_listen(void *to, const char *value)
{
    struct turn_options *options = to;

    return take_listen(options->listen, &options->listen_len, value)
               ? NULL
               : "takes IP:PORT, as 192.0.2.1:3478, 0.0.0.0:3478 or [::]:3478 (port 0: any), with "
                 "/udp or /tcp for one of them";
}

const char *turn_take_tls(void *to, const char *value)
{
    struct turn_options *options = to;

    return take_listen(options->tls_listen, &options->tls_listen_len, value)
               ? NULL
               : "takes IP:PORT, as 192.0.2.1:5349, 0.0.0.0:443 or [::]:443 (port 0: any), with "
                 "/tcp for TLS or /udp for DTLS alone";
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7E)
            return false;
    return true;
}

const char *turn_take_realm(void *to, const char *value)
{
    struct turn_options *options = to;

    if (strlen(value) > 127 || !is_printable(value) || strpbrk(value, "\"\\"))
        return "takes up to 127 characters of printable ASCII without quotes";
    options->realm = value;
    return NULL;
}

const char *turn_take_user(void *to, const char *value)
{
    struct turn_options *options = to;
    const char *colon = strchr(value, ':');

    if (!colon || colon == value || !colon[1] || !is_printable(value) ||
        colon - value > AUGER_TURN_USERNAME_MAX || strlen(colon + 1) > AUGER_TURN_PASSWORD_MAX)
        return "takes NAME:PASSWORD, in printable ASCII, up to 508 characters each";
    return add(&options->users, value) ? NULL : "is given too often";
}

const char *turn_take_secret(void *to, const char *value)
{
    struct turn_options *options = to;

    return add(&options->secrets, value) ? NULL : "is given too often";
}

/* Whether no bit stands behind the first `bits`. */
static bool is_prefix(const struct auger_addr *addr, long bits)
{
    for (long bit = bits; bit < (addr->family == AUGER_IPV4 ? 32 : 128); bit++)
        if (addr->ip[bit / 8] & 0x80 >> bit % 8)
            return false;
    return true;
}

/* What the engine would refuse is refused here, before any rule is forgotten for those that
 * come. */
static bool is_cidr(const char *text)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    struct auger_addr addr;
    char *end;

    if (auger_addr_parse_ip(&addr, text, len, 0) < 0)
        return false;
    if (!slash)
        return true;
    long bits = strtol(slash + 1, &end, 10);
    return slash[1] >= '0' && slash[1] <= '9' && *end == '\0' && (slash[1] != '0' || !slash[2]) &&
           bits <= (addr.family == AUGER_IPV4 ? 32 : 128) && is_prefix(&addr, bits);
}

static const char rule[] = "takes addresses, as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7";

const char *turn_take_allow(void *to, const char *value)
{
    struct turn_options *options = to;

    return is_cidr(value) && add(&options->allow, value) ? NULL : rule;
}

const char *turn_take_deny(void *to, const char *value)
{
    struct turn_options *options = to;

    return is_cidr(value) && add(&options->deny, value) ? NULL : rule;
}

/* The entry of a family, made if there is none yet. */
static struct auger_turn_server_relay_ip *relay_ip(struct turn_options *options, uint8_t family)
{
    for (size_t i = 0; i < options->relay_ips_len; i++)
        if (options->relay_ips[i].ip.family == family ||
            options->relay_ips[i].external.family == family)
            return &options->relay_ips[i];
    return &options->relay_ips[options->relay_ips_len++];
}

const char *turn_take_relay_ip(void *to, const char *value)
{
    struct auger_addr addr;

    if (auger_addr_parse_ip(&addr, value, strlen(value), 0) < 0)
        return "takes an IP address of this machine";
    struct auger_turn_server_relay_ip *entry = relay_ip(to, addr.family);
    if (entry->ip.family != AUGER_FAMILY_NONE)
        return "is given twice for a family";
    entry->ip = addr;
    return NULL;
}

const char *turn_take_external(void *to, const char *value)
{
    struct auger_addr addr;

    if (auger_addr_parse_ip(&addr, value, strlen(value), 0) < 0)
        return "takes an IP address";
    struct auger_turn_server_relay_ip *entry = relay_ip(to, addr.family);
    if (entry->external.family != AUGER_FAMILY_NONE)
        return "is given twice for a family";
    entry->external = addr;
    return NULL;
}

static bool read_port(const char *text, long *port, char **end)
{
    if (*text < '0' || *text > '9')
        return false;
    *port = strtol(text, end, 10);
    return *port >= 1 && *port <= 65535;
}

const char *turn_take_ports(void *to, const char *value)
{
    struct turn_options *options = to;
    long min, max;
    char *end;

    if (!read_port(value, &min, &end) || *end != '-' || !read_port(end + 1, &max, &end) || *end ||
        min > max)
        return "takes A-B, as 49152-65535";
    options->port_min = (uint16_t)min;
    options->port_max = (uint16_t)max;
    return NULL;
}
