/* mdns/msg.c - DNS messages, RFC 1035 section 4 with the bits of RFC 6762 section 18. */
#include "mdns/msg.h"

#define HEADER_LEN 12
#define OPCODE_MASK 0x7800
#define RCODE_MASK 0x000f
#define RESPONSE_BIT 0x8000
#define POINTER 0xc0 /* the two top bits of a length */

int auger_dns_read(struct auger_dns_msg *msg, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);

    if (len < HEADER_LEN)
        return AUGER_ERR_MALFORMED;
    *msg = (struct auger_dns_msg){.whole = {buf, len}};
    msg->id = auger_read_u16(&r);
    uint16_t flags = auger_read_u16(&r);
    msg->questions = auger_read_u16(&r);
    msg->answers = auger_read_u16(&r);
    msg->others = (uint16_t)(auger_read_u16(&r) + auger_read_u16(&r));
    msg->is_response = flags & RESPONSE_BIT;
    msg->r = r;
    /* 18.3, 18.11: anything else is ignored in silence. */
    return flags & (OPCODE_MASK | RCODE_MASK) ? AUGER_ERR_MALFORMED : 0;
}

/* --- names --------------------------------------------------------------------------- */

struct name {
    char *text;
    size_t len;
    bool is_text; /* every label could be written down */
};

static void add_label(struct name *name, const uint8_t *label, size_t len)
{
    if (name->len + len + 1 >= AUGER_DNS_NAME_MAX) {
        name->is_text = false;
        return;
    }
    if (name->len > 0)
        name->text[name->len++] = '.';
    for (size_t i = 0; i < len; i++) {
        uint8_t c = label[i];
        if (c <= ' ' || c >= 0x7f || c == '.')
            name->is_text = false;
        name->text[name->len++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
}

/* The labels at `r`, up to the end or to a pointer; -1 at an end, else where the
 * pointer leads (1035 section 4.1.4). */
static long read_labels(struct auger_reader *r, struct name *name)
{
    for (;;) {
        uint8_t len = auger_read_u8(r);
        if (r->failed || len == 0)
            return -1;
        if ((len & POINTER) == POINTER)
            return (len & ~POINTER) << 8 | auger_read_u8(r);
        const uint8_t *label = len & POINTER ? NULL : auger_read_bytes(r, len);
        if (!label) {
            r->failed = true;
            return -1;
        }
        add_label(name, label, len);
    }
}

/* Each pointer leads to before the one that it came from, so that a name ends. */
static void read_name(struct auger_dns_msg *msg, char text[AUGER_DNS_NAME_MAX])
{
    struct name name = {.text = text, .is_text = true};
    size_t before = (size_t)(msg->r.at - msg->whole.data);
    long to = read_labels(&msg->r, &name);

    while (to >= 0 && !msg->r.failed) {
        if ((size_t)to >= before) {
            msg->r.failed = true;
            break;
        }
        before = (size_t)to;
        struct auger_reader there = auger_reader(msg->whole.data + before, msg->whole.len - before);
        to = read_labels(&there, &name);
        msg->r.failed = there.failed;
    }
    if (!name.is_text)
        name.len = 0;
    text[name.len] = '\0';
}

/* --- reading --------------------------------------------------------------------------- */

bool auger_dns_next_question(struct auger_dns_msg *msg, struct auger_dns_question *question)
{
    if (msg->questions == 0 || msg->r.failed)
        return false;
    msg->questions--;
    read_name(msg, question->name);
    question->type = auger_read_u16(&msg->r);
    uint16_t class_ = auger_read_u16(&msg->r);
    question->unicast = class_ & AUGER_DNS_TOP_BIT;
    question->class_ = class_ & (uint16_t)~AUGER_DNS_TOP_BIT;
    return !msg->r.failed;
}

bool auger_dns_next_record(struct auger_dns_msg *msg, struct auger_dns_record *record)
{
    if (msg->answers + msg->others == 0 || msg->r.failed)
        return false;
    if (msg->answers > 0)
        msg->answers--;
    else
        msg->others--;
    read_name(msg, record->name);
    record->type = auger_read_u16(&msg->r);
    record->class_ = auger_read_u16(&msg->r) & (uint16_t)~AUGER_DNS_TOP_BIT;
    record->ttl_s = auger_read_u32(&msg->r);
    record->data.len = auger_read_u16(&msg->r);
    record->data.data = auger_read_bytes(&msg->r, record->data.len);
    return !msg->r.failed;
}

/* --- writing --------------------------------------------------------------------------- */

void auger_dns_write_header(struct auger_writer *w, uint16_t id, uint16_t flags, uint16_t questions,
                            uint16_t answers, uint16_t additional)
{
    auger_write_u16(w, id);
    auger_write_u16(w, flags);
    auger_write_u16(w, questions);
    auger_write_u16(w, answers);
    auger_write_u16(w, 0);
    auger_write_u16(w, additional);
}

void auger_dns_write_name(struct auger_writer *w, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        auger_write_u8(w, (uint8_t)len);
        auger_write_bytes(w, name, len);
        name += len;
        name += *name == '.';
    }
    auger_write_u8(w, 0);
}

void auger_dns_write_question(struct auger_writer *w, const char *name, uint16_t type)
{
    auger_dns_write_name(w, name);
    auger_write_u16(w, type);
    auger_write_u16(w, AUGER_DNS_IN);
}

void auger_dns_write_record(struct auger_writer *w, const char *name, uint16_t type,
                            uint16_t class_, uint32_t ttl_s, uint16_t len)
{
    if (name)
        auger_dns_write_name(w, name);
    else
        auger_write_u16(w, POINTER << 8 | HEADER_LEN);
    auger_write_u16(w, type);
    auger_write_u16(w, class_);
    auger_write_u32(w, ttl_s);
    auger_write_u16(w, len);
}
