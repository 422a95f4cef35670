/* ice/candidate_line.c - candidates as text: RFC 8839 section 5.1.  What may be
 * done with one is candidate.c's. */
#include "ice/tcp.h"

#include <stdio.h>
#include <string.h>

/* A word of the line; not NUL-terminated. */
struct word {
    const char *at;
    size_t len;
};

/* The next word; empty at the end of the line. */
static struct word take_word(struct word *rest)
{
    while (rest->len && *rest->at == ' ') {
        rest->at++;
        rest->len--;
    }
    const char *space = rest->len ? memchr(rest->at, ' ', rest->len) : NULL;
    struct word word = {rest->at, space ? (size_t)(space - rest->at) : rest->len};
    rest->at += word.len;
    rest->len -= word.len;
    return word;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Without regard to case, as SDP's grammar compares what stands in quotes. */
static bool is_word(struct word word, const char *literal)
{
    if (word.len != strlen(literal))
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (lower(word.at[i]) != lower(literal[i]))
            return false;
    return true;
}

static bool is_ice_chars(struct word word, size_t min, size_t max)
{
    if (word.len < min || word.len > max)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.at[i];
        bool alnum = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
        if (!alnum && c != '+' && c != '/')
            return false;
    }
    return true;
}

static bool is_token(struct word word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] <= ' ' || word.at[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", word.at[i]))
            return false;
    return word.len > 0;
}

static bool is_visible(struct word word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] <= ' ' || word.at[i] > '~')
            return false;
    return word.len > 0;
}

/* Digits alone, `digits` of them at most, and not above `max`. */
static bool read_uint(struct word word, size_t digits, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (word.len == 0 || word.len > digits)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(word.at[i] - '0');
    }
    *value = sum;
    return sum <= max;
}

/* --- reading ------------------------------------------------------------------- */

/* Whether a host name could look like this; 1.2.3.400 is a broken address. */
static bool is_host_name(struct word word)
{
    bool letter = false;

    for (size_t i = 0; i < word.len; i++) {
        char c = lower(word.at[i]);
        letter |= c >= 'a' && c <= 'z';
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
    }
    return letter && word.at[0] != '.' && word.at[0] != '-';
}

/* Numeric addresses alone are sent to; names are for a resolver above us, and a
 * zone means nothing on another host.  AUGER_ERR_UNSUPPORTED: it is a name. */
static int read_address(struct auger_addr *addr, struct word ip, uint64_t port)
{
    if (auger_addr_parse_ip(addr, ip.at, ip.len, (uint16_t)port) == 0)
        return 0;
    *addr = (struct auger_addr){.port = (uint16_t)port};
    return is_host_name(ip) ? AUGER_ERR_UNSUPPORTED : AUGER_ERR_MALFORMED;
}

/* A name that has no room is of no use. */
static int take_name(char *name, size_t cap, struct word ip)
{
    if (!name || ip.len >= cap)
        return AUGER_ERR_UNSUPPORTED;
    memcpy(name, ip.at, ip.len);
    name[ip.len] = '\0';
    return 0;
}

static int read_transport(struct auger_addr *addr, struct word word)
{
    addr->transport = is_word(word, "TCP") ? AUGER_TCP : AUGER_UDP;
    if (is_word(word, "UDP") || is_word(word, "TCP"))
        return 0;
    return is_token(word) ? AUGER_ERR_UNSUPPORTED : AUGER_ERR_MALFORMED;
}

static int read_type(struct auger_cand *cand, struct word word)
{
    static const enum auger_cand_type types[] = {AUGER_CAND_HOST, AUGER_CAND_SRFLX,
                                                 AUGER_CAND_PRFLX, AUGER_CAND_RELAY};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (is_word(word, auger_cand_type_name(types[i]))) {
            cand->type = types[i];
            return 0;
        }
    }
    return is_token(word) ? AUGER_ERR_UNSUPPORTED : AUGER_ERR_MALFORMED;
}

/* The pairs that may follow the type.  What they hold for us is collected, what
 * we do not know is skipped (5.1). */
struct extensions {
    struct word raddr, rport, ufrag, tcptype;
};

static int read_extensions(struct extensions *ext, struct word *rest)
{
    for (;;) {
        struct word name = take_word(rest), value = take_word(rest);
        if (name.len == 0)
            return 0;
        if (!is_token(name) || !is_visible(value))
            return AUGER_ERR_MALFORMED;
        if (is_word(name, "raddr"))
            ext->raddr = value;
        else if (is_word(name, "rport"))
            ext->rport = value;
        else if (is_word(name, "ufrag"))
            ext->ufrag = value;
        else if (is_word(name, "tcptype"))
            ext->tcptype = value;
    }
}

/* For diagnosis alone: a related address that is a name, or hidden, is no reason
 * to give up a candidate. */
static int read_related(struct auger_cand *cand, const struct extensions *ext)
{
    uint64_t port = 0;

    if (ext->rport.len && !read_uint(ext->rport, 5, UINT16_MAX, &port))
        return AUGER_ERR_MALFORMED;
    if (ext->raddr.len == 0)
        return 0;
    int err = read_address(&cand->related, ext->raddr, port);
    cand->related.transport = cand->addr.transport;
    return err == AUGER_ERR_UNSUPPORTED ? 0 : err;
}

/* RFC 6544 section 4.5: TCP candidates say which end opens the connection. */
static int read_tcptype(struct auger_cand *cand, const struct extensions *ext)
{
    static const enum auger_tcp_type types[] = {AUGER_TCP_TYPE_ACTIVE, AUGER_TCP_TYPE_PASSIVE,
                                                AUGER_TCP_TYPE_SO};

    if (cand->addr.transport != AUGER_TCP)
        return 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (is_word(ext->tcptype, auger_tcp_type_name(types[i]))) {
            cand->tcptype = types[i];
            return 0;
        }
    }
    return AUGER_ERR_MALFORMED;
}

static bool take_prefix(struct word *line, const char *prefix)
{
    size_t len = strlen(prefix);

    if (line->len < len || !is_word((struct word){line->at, len}, prefix))
        return false;
    line->at += len;
    line->len -= len;
    return true;
}

/* Of several things wrong with a line, one against the grammar counts most. */
static int worse(int a, int b)
{
    if (a == AUGER_ERR_MALFORMED || b == AUGER_ERR_MALFORMED)
        return AUGER_ERR_MALFORMED;
    return a ? a : b;
}

int auger_cand_parse_named(struct auger_cand *out, char *name, size_t cap, const char *line,
                           size_t len)
{
    struct auger_cand cand = {0};
    struct extensions ext = {0};
    struct word rest = {line, len};
    uint64_t component, priority, port;

    take_prefix(&rest, "a=");
    if (!take_prefix(&rest, "candidate:"))
        return AUGER_ERR_MALFORMED;

    struct word foundation = take_word(&rest);
    if (!is_ice_chars(foundation, 1, AUGER_FOUNDATION_MAX - 1))
        return AUGER_ERR_MALFORMED;
    memcpy(cand.foundation, foundation.at, foundation.len);
    if (!read_uint(take_word(&rest), 3, 256, &component) || component == 0)
        return AUGER_ERR_MALFORMED;
    struct word transport = take_word(&rest);
    if (!read_uint(take_word(&rest), 10, INT32_MAX, &priority) || priority == 0)
        return AUGER_ERR_MALFORMED;
    struct word ip = take_word(&rest);
    if (!read_uint(take_word(&rest), 5, UINT16_MAX, &port))
        return AUGER_ERR_MALFORMED;
    cand.priority = (uint32_t)priority;

    int err = read_address(&cand.addr, ip, port);
    if (name && cap > 0)
        name[0] = '\0';
    cand.hidden = err == AUGER_ERR_UNSUPPORTED;
    if (cand.hidden)
        err = take_name(name, cap, ip);
    err = worse(err, read_transport(&cand.addr, transport));
    if (!is_word(take_word(&rest), "typ"))
        return AUGER_ERR_MALFORMED;
    err = worse(err, read_type(&cand, take_word(&rest)));
    err = worse(err, read_extensions(&ext, &rest));
    err = worse(err, read_related(&cand, &ext));
    err = worse(err, read_tcptype(&cand, &ext));
    if (ext.ufrag.len && !is_ice_chars(ext.ufrag, 1, AUGER_UFRAG_MAX - 1))
        return AUGER_ERR_MALFORMED;
    if (ext.ufrag.len)
        memcpy(cand.ufrag, ext.ufrag.at, ext.ufrag.len);
    if (component != 1)
        err = worse(err, AUGER_ERR_UNSUPPORTED);
    if (err == 0)
        *out = cand;
    return err;
}

int auger_cand_parse(struct auger_cand *out, const char *line, size_t len)
{
    return auger_cand_parse_named(out, NULL, 0, line, len);
}

/* --- writing ------------------------------------------------------------------- */

const char *auger_cand_type_name(enum auger_cand_type type)
{
    switch (type) {
    case AUGER_CAND_HOST:
        return "host";
    case AUGER_CAND_SRFLX:
        return "srflx";
    case AUGER_CAND_PRFLX:
        return "prflx";
    case AUGER_CAND_RELAY:
        return "relay";
    }
    return "unknown";
}

/* 5.1: present for every type but host; hidden as the unspecified address of the
 * candidate's family and port 9. */
static void format_related(const struct auger_cand *cand, char *buf, size_t cap)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    buf[0] = '\0';
    if (cand->type == AUGER_CAND_HOST)
        return;
    if (cand->related.family != AUGER_FAMILY_NONE)
        snprintf(buf, cap, " raddr %s rport %u",
                 auger_addr_format_ip(&cand->related, ip, sizeof(ip)), cand->related.port);
    else
        snprintf(buf, cap, " raddr %s rport 9", cand->addr.family == AUGER_IPV6 ? "::" : "0.0.0.0");
}

static int format(const struct auger_cand *cand, const char *ip, const char *related, char *buf,
                  size_t cap)
{
    bool is_tcp = cand->tcptype != AUGER_TCP_TYPE_NONE;

    if (is_tcp != (cand->addr.transport == AUGER_TCP))
        return AUGER_ERR_UNSUPPORTED;
    int len =
        snprintf(buf, cap, "candidate:%s 1 %s %lu %s %u typ %s%s%s%s%s%s", cand->foundation,
                 is_tcp ? "tcp" : "udp", (unsigned long)cand->priority, ip, cand->addr.port,
                 auger_cand_type_name(cand->type), related, is_tcp ? " tcptype " : "",
                 auger_tcp_type_name(cand->tcptype), cand->ufrag[0] ? " ufrag " : "", cand->ufrag);
    return len >= 0 && (size_t)len < cap ? len : AUGER_ERR_BUFFER;
}

int auger_cand_format(const struct auger_cand *cand, char *buf, size_t cap)
{
    char ip[AUGER_ADDR_TEXT_MAX], related[AUGER_ADDR_TEXT_MAX + 32];

    format_related(cand, related, sizeof(related));
    return format(cand, auger_addr_format_ip(&cand->addr, ip, sizeof(ip)), related, buf, cap);
}

int auger_cand_format_hidden(const struct auger_cand *cand, const char *name, char *buf, size_t cap)
{
    char ip[AUGER_ADDR_TEXT_MAX], related[AUGER_ADDR_TEXT_MAX + 32];
    struct auger_cand hiding = *cand;

    hiding.related = (struct auger_addr){0};
    format_related(&hiding, related, sizeof(related));
    return format(cand, name ? name : auger_addr_format_ip(&cand->addr, ip, sizeof(ip)), related,
                  buf, cap);
}
