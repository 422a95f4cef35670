/* tools/load_target.h - which server is meant, and from which addresses of this machine. */
#ifndef AUGER_TOOLS_LOAD_TARGET_H
#define AUGER_TOOLS_LOAD_TARGET_H

#include <auger/io_uri.h>

struct load_target {
    char host[AUGER_HOST_MAX];
    uint16_t port;
};

/* Reads "turn:host", "turn:host:port", "turn:[2001:db8::1]:port", with "?transport=udp" or
 * without, as the library does (RFC 7065).  What is wrong with it, in words, or NULL. */
const char *load_target_parse(struct load_target *out, const char *text);
/* Asks the resolver, for as long as that takes.  In words why not, or NULL. */
const char *load_target_resolve(const struct load_target *target, struct auger_addr *server);
/* Where clients of a server on 127.0.0.1 are: on an address beside it, so that their ports are not
 * those that it wants to relay by.  Of no family: as the kernel likes. */
struct auger_addr load_target_local(const struct auger_addr *server);

#endif /* AUGER_TOOLS_LOAD_TARGET_H */
