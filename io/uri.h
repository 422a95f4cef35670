/* io/uri.h - where a STUN server is: RFC 7064. */
#ifndef AUGER_IO_URI_H
#define AUGER_IO_URI_H

#include <auger/base.h>

#define AUGER_HOST_MAX 256 /* a name or a numeric address, with its NUL */

struct auger_stun_uri {
    char host[AUGER_HOST_MAX];
    uint16_t port; /* 3478 where the text has none */
};

/* Reads "stun:host", "stun:host:port", "stun:[2001:db8::1]:port".  AUGER_ERR_MALFORMED. */
int auger_stun_uri_parse(struct auger_stun_uri *out, const char *text) AUGER_CHECK_RESULT;

#endif /* AUGER_IO_URI_H */
