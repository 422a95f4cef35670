/* tools/parcel.h - one file that comes over a channel and goes back over it, protocol "auger-file"
 * of docs/signalling.md.  Knows no peer: its owner hands it messages and asks for what to send. */
#ifndef AUGER_TOOLS_PARCEL_H
#define AUGER_TOOLS_PARCEL_H

#include <auger/sctp.h>

#include <jansson.h>

#define PARCEL_MAX (64u * 1024 * 1024)
#define PARCEL_CHUNK 65536u

/* What all parcels of a process may take together; its owner counts it. */
struct parcel_budget {
    size_t left;
};

enum parcel_phase { PARCEL_HEADER, PARCEL_RECEIVING, PARCEL_SENDING, PARCEL_DONE };

struct parcel {
    enum parcel_phase phase;
    struct parcel_budget *budget;
    json_t *header;    /* as it came, hash added */
    const char *error; /* static; to be sent instead */
    uint8_t *bytes;
    size_t size, received, sent;
    bool header_sent;
};

void parcel_init(struct parcel *parcel, struct parcel_budget *budget);
void parcel_fini(struct parcel *parcel);

/* A message of the sender's.  What is wrong with it becomes the answer. */
void parcel_take(struct parcel *parcel, enum auger_message_kind kind, const uint8_t *data,
                 size_t len);

/* The next message to send back, NULL when there is none now; `*to_free` is the caller's to free
 * and may be NULL.  parcel_sent() says that it was taken: the same comes again until then. */
const uint8_t *parcel_next(const struct parcel *parcel, enum auger_message_kind *kind, size_t *len,
                           char **to_free);
void parcel_sent(struct parcel *parcel);

#endif /* AUGER_TOOLS_PARCEL_H */
