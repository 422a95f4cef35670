/* io/sealed.h - DTLS between one socket of ours and a TURN server (RFC 7350): what the agent sends
 * and hears there is in the clear, what the socket sees is sealed.  The other way to be secure is
 * stream.h. */
#ifndef AUGER_IO_SEALED_H
#define AUGER_IO_SEALED_H

#include "io/watch.h"

#include <auger/tls.h>

#define AUGER_SEALED_WAITING_MAX                                                                   \
    4 /* datagrams that wait for the handshake; later ones are lost                                \
       */

struct auger_sealed {
    struct auger_path path; /* as the agent has it: from a base */
    struct auger_tls *tls;  /* NULL: not open */
    struct auger_watch
        own;              /* the socket that it has to itself; without fd: it goes by the base's */
    bool is_heir;         /* another is in use along that path until this one stands */
    bool is_reached;      /* something came to it, */
    bool is_answered;     /* and something that was sealed for it */
    auger_time again_at;  /* after an end: until then nothing is tried */
    auger_time follow_at; /* an end before that is followed by nothing at once */
    auger_time asked_at;  /* of requests since the server was heard, the first; 0: none */
    uint8_t waiting[AUGER_SEALED_WAITING_MAX][AUGER_DATAGRAM_MAX];
    size_t lens[AUGER_SEALED_WAITING_MAX], waiting_len;
    size_t
        asked_len; /* of the latest request, which is waiting[0] once it stands; 0: it was heard */
};

/* Begins with the first datagram, by the base's socket.  Errors of auger_tls_new(). */
int auger_sealed_open(struct auger_sealed *sealed, struct auger_tls_context *context,
                      const char *name, const struct auger_path *path,
                      auger_time now) AUGER_CHECK_RESULT;
void auger_sealed_close(struct auger_sealed *sealed);

/* Seals it, or keeps it until that can be done.  AUGER_ERR_TOO_LARGE: it does not fit. */
int auger_sealed_send(struct auger_sealed *sealed, auger_time now, const uint8_t *buf,
                      size_t len) AUGER_CHECK_RESULT;
/* What it was asked last once more, unless the server was heard since. */
void auger_sealed_ask_again(struct auger_sealed *sealed, auger_time now);
/* A datagram came. */
void auger_sealed_feed(struct auger_sealed *sealed, auger_time now, const uint8_t *buf, size_t len);
/* The next one in the clear; 0 when there is none. */
size_t auger_sealed_read(struct auger_sealed *sealed, auger_time now, uint8_t *buf, size_t cap);
/* The next one for the socket. */
size_t auger_sealed_take(struct auger_sealed *sealed, auger_time now, uint8_t *buf, size_t cap);

/* Whether it leaves from another port than the base's. */
bool auger_sealed_is_apart(const struct auger_sealed *sealed);
/* Whether nothing came for 5 s behind a request: a server that was started anew knows nothing of
 * us, and over datagrams says nothing. */
bool auger_sealed_is_silent(const struct auger_sealed *sealed, auger_time now);
/* When that or the association has something to do. */
auger_time auger_sealed_next_timeout(const struct auger_sealed *sealed);
/* Whether it is over, and why. */
bool auger_sealed_is_over(const struct auger_sealed *sealed, const char **why);

#endif /* AUGER_IO_SEALED_H */
