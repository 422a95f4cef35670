/* io/uri.c - reading stun: and turn: URIs (RFC 7064 section 3.1, 7065 section 3.1). */
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

/* What follows the digits; NULL when they are no port. */
static const char *read_port(const char *text, uint16_t *port)
{
    unsigned value = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 6; digits++)
        value = value * 10 + (unsigned)(text[digits] - '0');
    *port = (uint16_t)value;
    return digits > 0 && value > 0 && value <= 65535 ? text + digits : NULL;
}

int auger_stun_uri_parse(struct auger_stun_uri *out, const char *text)
{
    struct auger_stun_uri uri = {.port = 3478};

    if (strncasecmp(text, "stun:", 5) != 0)
        return AUGER_ERR_MALFORMED;
    const char *rest = read_host(text + 5, uri.host);
    if (rest && *rest == ':')
        rest = read_port(rest + 1, &uri.port);
    if (!rest || *rest != '\0')
        return AUGER_ERR_MALFORMED;
    *out = uri;
    return 0;
}

/* --- turn: --------------------------------------------------------------------------------- */

/* What follows the scheme; NULL: it is another. */
static const char *read_scheme(struct auger_turn_uri *uri, const char *text)
{
    uri->is_secure = strncasecmp(text, "turns:", 6) == 0;
    if (!uri->is_secure && strncasecmp(text, "turn:", 5) != 0)
        return NULL;
    uri->at.port = uri->is_secure ? 5349 : 3478;
    uri->transport = uri->is_secure ? AUGER_TCP : AUGER_UDP;
    return text + (uri->is_secure ? 6 : 5);
}

/* What follows it, if it is there; NULL: one that we do not know begins at *at. */
static const char *read_transport(struct auger_turn_uri *uri, const char *text, const char **at)
{
    static const char key[] = "?transport=";
    const size_t len = sizeof(key) - 1;

    *at = text;
    if (strncasecmp(text, key, len) != 0)
        return text;
    *at = text += len;
    if (strcasecmp(text, "udp") == 0)
        uri->transport = AUGER_UDP;
    else if (strcasecmp(text, "tcp") == 0)
        uri->transport = AUGER_TCP;
    else
        return NULL; /* others may be registered: RFC 7065 section 3.1 */
    return text + 3;
}

int auger_turn_uri_parse(struct auger_turn_uri *out, const char *text, size_t *wrong)
{
    struct auger_turn_uri uri = {0};
    const char *at = read_scheme(&uri, text), *rest;

    *wrong = 0;
    if (!at)
        return AUGER_ERR_MALFORMED;
    rest = read_host(at, uri.at.host);
    if (rest && *rest == ':') {
        at = rest + 1;
        rest = read_port(at, &uri.at.port);
    }
    if (rest)
        rest = read_transport(&uri, rest, &at);
    *wrong = (size_t)(at - text);
    if (!rest || *rest != '\0')
        return AUGER_ERR_MALFORMED;
    *out = uri;
    return 0;
}
