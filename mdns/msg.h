/* mdns/msg.h - DNS messages, RFC 1035 section 4 with the bits of RFC 6762 section 18:
 * read one question or record after the other, written into a buffer. */
#ifndef AUGER_MDNS_MSG_H
#define AUGER_MDNS_MSG_H

#include "base/bytes.h"

#define AUGER_DNS_NAME_MAX 256 /* with dots and a NUL */
#define AUGER_DNS_QUESTIONS_MAX 32
#define AUGER_DNS_RECORDS_MAX 64

enum auger_dns_type {
    AUGER_DNS_A = 1,
    AUGER_DNS_AAAA = 28,
    AUGER_DNS_NSEC = 47,
    AUGER_DNS_ANY = 255,
};
#define AUGER_DNS_IN 1
#define AUGER_DNS_TOP_BIT 0x8000  /* unicast answer wanted; flush what was known before */
#define AUGER_DNS_RESPONSE 0x8400 /* with authority, as every multicast answer (18.4) */

/* Names are in lower case; "" where one has a label that no text can show. */
struct auger_dns_question {
    char name[AUGER_DNS_NAME_MAX];
    uint16_t type, class_; /* without the top bit */
    bool unicast;
};

struct auger_dns_record {
    char name[AUGER_DNS_NAME_MAX];
    uint16_t type, class_; /* without the top bit */
    uint32_t ttl_s;
    struct auger_bytes data;
};

/* A message while it is read: its questions first, then its records of all sections. */
struct auger_dns_msg {
    struct auger_bytes whole;
    struct auger_reader r;
    uint16_t id;
    bool is_response;
    uint16_t questions, answers, others; /* still to be read */
};

/* AUGER_ERR_MALFORMED: no header, or neither a standard query nor its answer. */
int auger_dns_read(struct auger_dns_msg *msg, const uint8_t *buf, size_t len) AUGER_CHECK_RESULT;
/* False at the end and where the message breaks off: then `msg->r.failed`. */
bool auger_dns_next_question(struct auger_dns_msg *msg, struct auger_dns_question *question);
bool auger_dns_next_record(struct auger_dns_msg *msg, struct auger_dns_record *record);

void auger_dns_write_header(struct auger_writer *w, uint16_t id, uint16_t flags, uint16_t questions,
                            uint16_t answers, uint16_t additional);
/* A name of labels with dots between them. */
void auger_dns_write_name(struct auger_writer *w, const char *name);
void auger_dns_write_question(struct auger_writer *w, const char *name, uint16_t type);
/* The head of a record whose data of `len` bytes follows; without a name it is that
 * which the message began with (1035 section 4.1.4). */
void auger_dns_write_record(struct auger_writer *w, const char *name, uint16_t type,
                            uint16_t class_, uint32_t ttl_s, uint16_t len);

#endif /* AUGER_MDNS_MSG_H */
