/* io/uri.c - reading stun: and turn: URIs (RFC 7064 section 3.1, 7065 section 3.1).  A name that no
 * DNS could have is refused though the grammar (RFC 3986 reg-name) lets it through, and so is an
 * IPvFuture. */
#include <auger/io_uri.h>

#include <string.h>
#include <strings.h>

#define PORT 3478
#define PORT_SECURE 5349

static bool is_host_char(char c, bool bracketed)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           (bracketed ? c == ':' : c == '-' || c == '_');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character of a host, decoded (RFC 3986 section 2.1), and how long it is in the text; 0:
 * it is none. */
static size_t read_host_char(const char *text, bool bracketed, char *out)
{
    size_t len = 1;

    *out = *text;
    if (*text == '%' && !bracketed) {
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0)
            return 0;
        *out = (char)(high << 4 | low);
        len = 3;
    }
    return is_host_char(*out, bracketed) ? len : 0;
}

/* The host, without its brackets, inside which only IPv6 may be; NULL when it is none.  Returns
 * what follows. */
static const char *read_host(const char *text, char host[AUGER_HOST_MAX])
{
    bool bracketed = *text == '[';
    struct auger_addr addr;
    size_t len = 0, step;
    char c;

    text += bracketed;
    for (; (step = read_host_char(text, bracketed, &c)) > 0; text += step) {
        if (len == AUGER_HOST_MAX - 1)
            return NULL;
        host[len++] = c;
    }
    host[len] = '\0';
    if (len == 0 || (bracketed && *text != ']'))
        return NULL;
    if (bracketed && (auger_addr_parse_ip(&addr, host, len, 0) < 0 || addr.family != AUGER_IPV6))
        return NULL;
    return text + bracketed;
}

/* What follows the digits; NULL when they are no port.  None at all, behind the colon, are as if
 * the colon were not there. */
static const char *read_port(const char *text, struct auger_stun_uri *at)
{
    unsigned value = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 6; digits++)
        value = value * 10 + (unsigned)(text[digits] - '0');
    if (digits == 0)
        return text;
    at->port = (uint16_t)value;
    at->has_port = true;
    return value > 0 && value <= 65535 ? text + digits : NULL;
}

/* What follows "name:" or "names:"; NULL: it is another scheme. */
static const char *read_scheme(struct auger_stun_uri *at, const char *text, const char *name)
{
    size_t len = strlen(name);

    if (strncasecmp(text, name, len) != 0)
        return NULL;
    at->is_secure = text[len] == 's' || text[len] == 'S';
    at->port = at->is_secure ? PORT_SECURE : PORT;
    text += len + at->is_secure;
    return *text == ':' ? text + 1 : NULL;
}

int auger_stun_uri_parse(struct auger_stun_uri *out, const char *text)
{
    struct auger_stun_uri uri = {0};
    const char *rest = read_scheme(&uri, text, "stun");

    if (rest)
        rest = read_host(rest, uri.host);
    if (rest && *rest == ':')
        rest = read_port(rest + 1, &uri);
    if (!rest || *rest != '\0')
        return AUGER_ERR_MALFORMED;
    *out = uri;
    return 0;
}

/* --- turn: --------------------------------------------------------------------------------- */

/* What follows it, if it is there; NULL: one that we do not know begins at *at. */
static const char *read_transport(struct auger_turn_uri *uri, const char *text, const char **at)
{
    static const char key[] = "?transport=";
    const size_t len = sizeof(key) - 1;

    *at = text;
    if (strncasecmp(text, key, len) != 0)
        return text;
    *at = text += len;
    uri->has_transport = true;
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
    const char *at = read_scheme(&uri.at, text, "turn"), *rest;

    *wrong = 0;
    if (!at)
        return AUGER_ERR_MALFORMED;
    uri.transport = uri.at.is_secure ? AUGER_TCP : AUGER_UDP;
    rest = read_host(at, uri.at.host);
    if (rest && *rest == ':') {
        at = rest + 1;
        rest = read_port(at, &uri.at);
    }
    if (rest)
        rest = read_transport(&uri, rest, &at);
    *wrong = (size_t)(at - text);
    if (!rest || *rest != '\0')
        return AUGER_ERR_MALFORMED;
    *out = uri;
    return 0;
}
