/* io/uri.c - reading stun: URIs (RFC 7064 section 3.1). */
#include "io/uri.h"

#include <string.h>
#include <strings.h>

static bool is_host_char(char c, bool bracketed)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || (bracketed && c == ':');
}

/* The host, without its brackets, inside which only IPv6 may be; NULL when it is none.  Returns
 * what follows. */
static const char *read_host(const char *text, char host[AUGER_HOST_MAX])
{
    bool bracketed = *text == '[';
    size_t len = 0;

    text += bracketed;
    while (is_host_char(text[len], bracketed))
        len++;
    if (len == 0 || len >= AUGER_HOST_MAX || (bracketed && text[len] != ']'))
        return NULL;
    struct auger_addr addr;
    if (bracketed && (auger_addr_parse_ip(&addr, text, len, 0) < 0 || addr.family != AUGER_IPV6))
        return NULL;
    memcpy(host, text, len);
    host[len] = '\0';
    return text + len + bracketed;
}

static bool read_port(const char *text, uint16_t *port)
{
    unsigned value = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 6; digits++)
        value = value * 10 + (unsigned)(text[digits] - '0');
    *port = (uint16_t)value;
    return digits > 0 && text[digits] == '\0' && value > 0 && value <= 65535;
}

int auger_stun_uri_parse(struct auger_stun_uri *out, const char *text)
{
    struct auger_stun_uri uri = {.port = 3478};

    if (strncasecmp(text, "stun:", 5) != 0)
        return AUGER_ERR_MALFORMED;
    const char *rest = read_host(text + 5, uri.host);
    if (!rest || (*rest == ':' && !read_port(rest + 1, &uri.port)) ||
        (*rest != ':' && *rest != '\0'))
        return AUGER_ERR_MALFORMED;
    *out = uri;
    return 0;
}
