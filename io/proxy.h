/* io/proxy.h - getting through a proxy to a server: HTTP CONNECT (RFC 9110 section 9.3.6) and
 * SOCKS5 (RFC 1928, 1929).  Pure: stream.c sends what is to be said, and hands in what is answered,
 * byte by byte, so that nothing of what follows is swallowed. */
#ifndef AUGER_IO_PROXY_H
#define AUGER_IO_PROXY_H

#include <auger/io_uri.h>

#define AUGER_PROXY_NAME_MAX 256 /* with a NUL; RFC 1929 has 255 bytes */
#define AUGER_PROXY_OUT_MAX 1536
#define AUGER_PROXY_ANSWER_MAX 8192 /* bytes of an answer to CONNECT */

enum auger_proxy_kind { AUGER_PROXY_NONE, AUGER_PROXY_HTTP, AUGER_PROXY_SOCKS5 };

struct auger_proxy {
    enum auger_proxy_kind kind;
    struct auger_stun_uri at;
    char user[AUGER_PROXY_NAME_MAX], password[AUGER_PROXY_NAME_MAX]; /* empty: none */
};

/* Reads "http://host:port" and "socks5://user:password@host:port"; without a port 8080 and 1080.
 * AUGER_ERR_MALFORMED. */
int auger_proxy_parse(struct auger_proxy *out, const char *text) AUGER_CHECK_RESULT;

enum auger_proxy_step {
    AUGER_PROXY_GREETED, /* SOCKS5: which methods there are */
    AUGER_PROXY_NAMED,   /* SOCKS5: who we are */
    AUGER_PROXY_ASKED,   /* for the connection */
    AUGER_PROXY_DONE,    /* what follows is the server's */
    AUGER_PROXY_REFUSED, /* why: .why */
};

struct auger_proxy_talk {
    const struct auger_proxy *proxy;
    const char *host;
    uint16_t port;
    enum auger_proxy_step step;
    uint8_t out[AUGER_PROXY_OUT_MAX]; /* to be sent; the owner counts what was */
    size_t out_len;
    uint8_t in[512]; /* the head of the answer */
    size_t in_len, read;
    uint32_t tail; /* its latest four bytes */
    char why[96];
};

/* All that is pointed to outlives it. */
void auger_proxy_begin(struct auger_proxy_talk *talk, const struct auger_proxy *proxy,
                       const char *host, uint16_t port);
/* The next byte of the answer.  After it `out` may have more. */
void auger_proxy_hear(struct auger_proxy_talk *talk, uint8_t byte);

#endif /* AUGER_IO_PROXY_H */
