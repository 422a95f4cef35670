/* io/sockaddr.h - between our addresses and the kernel's. */
#ifndef AUGER_IO_SOCKADDR_H
#define AUGER_IO_SOCKADDR_H

#include <auger/base.h>

#include <sys/socket.h>

/* The length of what was written into `out`. */
socklen_t auger_sockaddr_from(struct sockaddr_storage *out, const struct auger_addr *addr);
/* false: neither IPv4 nor IPv6. */
bool auger_sockaddr_to(const struct sockaddr *sa, struct auger_addr *out);

#endif /* AUGER_IO_SOCKADDR_H */
