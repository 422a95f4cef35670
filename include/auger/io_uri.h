/*
 * auger/io_uri.h - where a STUN or TURN server is, and how it is reached: RFC 7064, 7065.
 *
 * Errors   0, or AUGER_ERR_MALFORMED, where nothing was written.
 * Memory   none is taken.
 * Threads  any; nothing is shared.
 */
#ifndef AUGER_IO_URI_H
#define AUGER_IO_URI_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUGER_HOST_MAX 256 /* a name or a numeric address, with its NUL */

struct auger_stun_uri {
    char host[AUGER_HOST_MAX]; /* what was percent-encoded is decoded; IPv6 without brackets */
    uint16_t port;             /* where the text has none 3478, 5349 if it is secure */
    bool has_port;             /* in the text */
    bool is_secure;            /* stuns: */
};

/* Reads "stun:host", "stuns:host:port", "stun:[2001:db8::1]:port". */
AUGER_API int auger_stun_uri_parse(struct auger_stun_uri *out, const char *text) AUGER_CHECK_RESULT;

struct auger_turn_uri {
    struct auger_stun_uri at;       /* is_secure: TLS, or over UDP DTLS (RFC 7350) */
    enum auger_transport transport; /* where the text has none UDP, TCP if it is secure */
    bool has_transport;             /* in the text */
};

/* Reads "turn:host", "turns:host:port?transport=udp".  On failure `*wrong` is the first character
 * that cannot be there, counted from 0. */
AUGER_API int auger_turn_uri_parse(struct auger_turn_uri *out, const char *text,
                                   size_t *wrong) AUGER_CHECK_RESULT;

#ifdef __cplusplus
}
#endif

#endif /* AUGER_IO_URI_H */
