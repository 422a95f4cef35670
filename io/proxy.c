/* io/proxy.c - getting through a proxy to a server. */
#include "io/proxy.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- its URL ------------------------------------------------------------------------------- */

static const char *read_kind(struct auger_proxy *proxy, const char *text)
{
    bool is_http = strncasecmp(text, "http://", 7) == 0;

    if (!is_http && strncasecmp(text, "socks5://", 9) != 0)
        return NULL;
    proxy->kind = is_http ? AUGER_PROXY_HTTP : AUGER_PROXY_SOCKS5;
    return text + (is_http ? 7 : 9);
}

static bool copy_part(char out[AUGER_PROXY_NAME_MAX], const char *text, size_t len)
{
    if (len == 0 || len >= AUGER_PROXY_NAME_MAX)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* What follows the "@"; NULL: no name, or no password. */
static const char *read_user(struct auger_proxy *proxy, const char *text)
{
    const char *at = strrchr(text, '@'), *colon = strchr(text, ':');

    if (!at)
        return text;
    if (!colon || colon > at || !copy_part(proxy->user, text, (size_t)(colon - text)) ||
        !copy_part(proxy->password, colon + 1, (size_t)(at - colon - 1)))
        return NULL;
    return at + 1;
}

/* As the host and port of a stun: URI. */
static bool read_place(struct auger_proxy *proxy, const char *text)
{
    char uri[AUGER_HOST_MAX + 16];
    const char *bracket = strchr(text, ']');
    bool has_port = strchr(bracket ? bracket : text, ':') != NULL;
    size_t len = strlen(text);

    if (len > 0 && text[len - 1] == '/')
        len--;
    int n = snprintf(uri, sizeof(uri), "stun:%.*s", (int)len, text);
    if (n < 0 || (size_t)n >= sizeof(uri) || auger_stun_uri_parse(&proxy->at, uri) < 0)
        return false;
    if (!has_port)
        proxy->at.port = proxy->kind == AUGER_PROXY_HTTP ? 8080 : 1080;
    return true;
}

int auger_proxy_parse(struct auger_proxy *out, const char *text)
{
    struct auger_proxy proxy = {0};
    const char *rest = read_kind(&proxy, text);

    if (rest)
        rest = read_user(&proxy, rest);
    if (!rest || !read_place(&proxy, rest))
        return AUGER_ERR_MALFORMED;
    *out = proxy;
    return 0;
}

/* --- HTTP ---------------------------------------------------------------------------------- */

/* RFC 4648 section 4; `out` has room for 4 bytes for each 3, and a NUL. */
static void encode_base64(char *out, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;
        bits |= i + 1 < len ? (uint32_t)(uint8_t)text[i + 1] << 8 : 0;
        bits |= i + 2 < len ? (uint8_t)text[i + 2] : 0;
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < len ? digits[bits & 63] : '=';
    }
    *out = '\0';
}

static void ask_http(struct auger_proxy_talk *talk)
{
    char user[2 * AUGER_PROXY_NAME_MAX], encoded[4 * AUGER_PROXY_NAME_MAX];
    bool is_ipv6 = strchr(talk->host, ':') != NULL;
    const char *open = is_ipv6 ? "[" : "", *close = is_ipv6 ? "]" : "";
    char *out = (char *)talk->out;

    int len = snprintf(out, sizeof(talk->out), "CONNECT %s%s%s:%u HTTP/1.1\r\nHost: %s%s%s:%u\r\n",
                       open, talk->host, close, talk->port, open, talk->host, close, talk->port);
    if (talk->proxy->user[0]) { /* RFC 7617 */
        snprintf(user, sizeof(user), "%s:%s", talk->proxy->user, talk->proxy->password);
        encode_base64(encoded, user);
        len += snprintf(out + len, sizeof(talk->out) - (size_t)len,
                        "Proxy-Authorization: Basic %s\r\n", encoded);
    }
    len += snprintf(out + len, sizeof(talk->out) - (size_t)len, "\r\n");
    talk->out_len = (size_t)len;
    talk->step = AUGER_PROXY_ASKED;
}

static void refuse(struct auger_proxy_talk *talk, const char *why)
{
    snprintf(talk->why, sizeof(talk->why), "the proxy %s", why);
    talk->step = AUGER_PROXY_REFUSED;
}

static void judge_http(struct auger_proxy_talk *talk)
{
    const uint8_t *in = talk->in;
    char why[64];

    if (talk->in_len < 12 || memcmp(in, "HTTP/1.", 7) != 0 || in[8] != ' ') {
        refuse(talk, "does not speak HTTP");
    } else if (in[9] == '2') {
        talk->step = AUGER_PROXY_DONE;
    } else if (memcmp(in + 9, "407", 3) == 0) {
        refuse(talk, talk->proxy->user[0] ? "refuses the name or the password (407)"
                                          : "wants a name and a password (407)");
    } else {
        snprintf(why, sizeof(why), "refuses the connection (%c%c%c)", in[9], in[10], in[11]);
        refuse(talk, why);
    }
}

static void hear_http(struct auger_proxy_talk *talk)
{
    if (talk->tail == 0x0D0A0D0A)
        judge_http(talk);
    else if (talk->read == AUGER_PROXY_ANSWER_MAX)
        refuse(talk, "answers without end");
}

/* --- SOCKS5 -------------------------------------------------------------------------------- */

static void greet(struct auger_proxy_talk *talk)
{
    static const uint8_t alone[] = {5, 1, 0}, named[] = {5, 2, 0, 2};
    bool has_name = talk->proxy->user[0] != '\0';

    talk->out_len = has_name ? sizeof(named) : sizeof(alone);
    memcpy(talk->out, has_name ? named : alone, talk->out_len);
    talk->step = AUGER_PROXY_GREETED;
}

static void write_text(struct auger_writer *w, const char *text)
{
    auger_write_u8(w, (uint8_t)strlen(text));
    auger_write_bytes(w, text, strlen(text));
}

static void say_name(struct auger_proxy_talk *talk)
{
    struct auger_writer w = auger_writer(talk->out, sizeof(talk->out));

    auger_write_u8(&w, 1);
    write_text(&w, talk->proxy->user);
    write_text(&w, talk->proxy->password);
    talk->out_len = w.len;
    talk->step = AUGER_PROXY_NAMED;
}

static void ask_socks(struct auger_proxy_talk *talk)
{
    struct auger_writer w = auger_writer(talk->out, sizeof(talk->out));
    struct auger_addr addr;

    auger_write_bytes(&w, (const uint8_t[]){5, 1, 0}, 3);
    if (auger_addr_parse_ip(&addr, talk->host, strlen(talk->host), 0) == 0) {
        auger_write_u8(&w, addr.family == AUGER_IPV4 ? 1 : 4);
        auger_write_bytes(&w, addr.ip, addr.family == AUGER_IPV4 ? 4 : 16);
    } else {
        auger_write_u8(&w, 3);
        write_text(&w, talk->host);
    }
    auger_write_u16(&w, talk->port);
    talk->out_len = w.len;
    talk->step = AUGER_PROXY_ASKED;
}

static void judge_method(struct auger_proxy_talk *talk)
{
    if (talk->in[0] != 5)
        refuse(talk, "does not speak SOCKS5");
    else if (talk->in[1] == 0)
        ask_socks(talk);
    else if (talk->in[1] == 2 && talk->proxy->user[0])
        say_name(talk);
    else
        refuse(talk, "wants a name and a password");
}

static const char *reason_of(uint8_t code)
{
    static const char *const reasons[] = {"failed",
                                          "does not allow the connection",
                                          "finds the network unreachable",
                                          "finds the host unreachable",
                                          "was refused by the server",
                                          "had no answer in time",
                                          "knows no connections",
                                          "knows no such address"};

    return code > 0 && code <= 8 ? reasons[code - 1] : "failed";
}

/* How long the answer is, as far as its head says (RFC 1928 section 6). */
static size_t answer_len(const struct auger_proxy_talk *talk)
{
    if (talk->in_len < 5)
        return 5;
    return talk->in[3] == 1 ? 10u : talk->in[3] == 4 ? 22u : 7u + talk->in[4];
}

static void judge_answer(struct auger_proxy_talk *talk)
{
    if (talk->in[0] != 5)
        refuse(talk, "does not speak SOCKS5");
    else if (talk->in[1] != 0)
        refuse(talk, reason_of(talk->in[1]));
    else
        talk->step = AUGER_PROXY_DONE;
}

static void hear_socks(struct auger_proxy_talk *talk)
{
    if (talk->step == AUGER_PROXY_ASKED) {
        if (talk->in_len == answer_len(talk))
            judge_answer(talk);
        return;
    }
    if (talk->in_len < 2)
        return;
    if (talk->step == AUGER_PROXY_GREETED)
        judge_method(talk);
    else if (talk->in[1] == 0)
        ask_socks(talk);
    else
        refuse(talk, "refuses the name or the password");
    talk->in_len = 0;
}

/* --- both ---------------------------------------------------------------------------------- */

void auger_proxy_begin(struct auger_proxy_talk *talk, const struct auger_proxy *proxy,
                       const char *host, uint16_t port)
{
    *talk = (struct auger_proxy_talk){.proxy = proxy, .host = host, .port = port};
    if (proxy->kind == AUGER_PROXY_HTTP)
        ask_http(talk);
    else
        greet(talk);
}

void auger_proxy_hear(struct auger_proxy_talk *talk, uint8_t byte)
{
    if (talk->step >= AUGER_PROXY_DONE)
        return;
    if (talk->in_len < sizeof(talk->in))
        talk->in[talk->in_len++] = byte;
    talk->read++;
    talk->tail = talk->tail << 8 | byte;
    if (talk->proxy->kind == AUGER_PROXY_HTTP)
        hear_http(talk);
    else
        hear_socks(talk);
}
