/* tools/tale_words.c - what a datagram of two agents and their servers says, as one would put it
 * in words. */
#include "tools/tale.h"

#include <string.h>

#define CHANNEL_HEADER 4

static const char *addr_text(const struct auger_addr *addr, char text[AUGER_ADDR_TEXT_MAX])
{
    return auger_addr_format(addr, text, AUGER_ADDR_TEXT_MAX);
}

static void say(struct tale_journey *journey, enum tale_topic topic, const char *words)
{
    journey->topic = topic;
    snprintf(journey->words, sizeof(journey->words), "%s", words);
}

static void say_addr(struct tale_journey *journey, enum tale_topic topic, const char *before,
                     const struct auger_addr *addr, const char *after)
{
    char text[AUGER_ADDR_TEXT_MAX];

    journey->topic = topic;
    snprintf(journey->words, sizeof(journey->words), "%s%s%s", before, addr_text(addr, text),
             after);
}

/* A request has left whose answer this is. */
static const struct tale_journey *question_of(const struct tale *tale,
                                              const struct auger_stun_tid *tid)
{
    for (size_t i = tale->journeys_len; i-- > 0;)
        if (memcmp(&tale->journeys[i].tid, tid, sizeof(*tid)) == 0)
            return &tale->journeys[i];
    return NULL;
}

static void read_binding(const struct tale *tale, struct tale_journey *journey,
                         const struct auger_stun_msg *msg)
{
    const struct tale_journey *question = question_of(tale, &msg->tid);
    struct auger_addr mapped;
    bool is_servers = question && question->topic == TALE_ASKS_SERVER;

    if (msg->class_ == AUGER_STUN_REQUEST) {
        bool is_check = auger_stun_msg_has(msg, AUGER_STUN_ATTR_USERNAME);
        bool nominates = auger_stun_msg_has(msg, AUGER_STUN_ATTR_USE_CANDIDATE);
        journey->nominates = nominates;
        say(journey, is_check ? TALE_CHECK : TALE_ASKS_SERVER,
            nominates  ? "let us use this path"
            : is_check ? "do you hear me?"
                       : "how do you see me?");
    } else if (msg->class_ == AUGER_STUN_INDICATION) {
        say(journey, TALE_CHECK, "I am still here");
    } else if (auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped)) {
        journey->nominates = question && question->nominates;
        say_addr(journey, is_servers ? TALE_SERVER_ANSWERS : TALE_ANSWER,
                 is_servers ? "I see you as " : "I hear you, from ", &mapped, "");
    } else {
        say(journey, TALE_ANSWER, "no");
    }
}

static void read_allocate(struct tale_journey *journey, const struct auger_stun_msg *msg)
{
    struct auger_addr relayed = {0};

    if (msg->class_ == AUGER_STUN_REQUEST)
        say(journey, TALE_ASKS_RELAY,
            auger_stun_msg_has(msg, AUGER_STUN_ATTR_USERNAME)
                ? "lend me an address, here is my password"
                : "lend me an address");
    else if (auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed))
        say_addr(journey, TALE_RELAY_ANSWERS, "", &relayed, " is yours");
    else
        say(journey, TALE_RELAY_ANSWERS,
            msg->error_code == AUGER_STUN_UNAUTHENTICATED ? "prove who you are" : "no");
    journey->lent = relayed;
}

static void read_errand(struct tale_journey *journey, const struct auger_stun_msg *msg,
                        const char *before, const char *after)
{
    struct auger_addr peer = {0};

    journey->is_errand = true;
    auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, &peer);
    if (msg->class_ == AUGER_STUN_REQUEST)
        say_addr(journey, TALE_ASKS_RELAY, before, &peer, after);
    else
        say(journey, TALE_RELAY_ANSWERS, msg->class_ == AUGER_STUN_SUCCESS ? "done" : "no");
}

static void read_message(const struct tale *tale, struct tale_journey *journey,
                         const struct auger_stun_msg *msg);

static void read_bytes(const struct tale *tale, struct tale_journey *journey, const uint8_t *buf,
                       size_t len)
{
    struct auger_stun_msg msg;

    if (auger_stun_is_message(buf, len) && auger_stun_msg_parse(&msg, buf, len) == 0)
        read_message(tale, journey, &msg);
    else
        say(journey, TALE_DATA, "data");
}

/* Send and Data: RFC 8656 section 11. */
static void read_wrapped(const struct tale *tale, struct tale_journey *journey,
                         const struct auger_stun_msg *msg)
{
    struct auger_bytes inside = {0};

    journey->relayed = true;
    if (auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_DATA, &inside))
        read_bytes(tale, journey, inside.data, inside.len);
}

static void read_message(const struct tale *tale, struct tale_journey *journey,
                         const struct auger_stun_msg *msg)
{
    journey->tid = msg->tid;
    switch (msg->method) {
    case AUGER_STUN_BINDING:
        read_binding(tale, journey, msg);
        return;
    case AUGER_STUN_ALLOCATE:
        read_allocate(journey, msg);
        return;
    case AUGER_STUN_CREATE_PERMISSION:
        read_errand(journey, msg, "let in what comes from ", "");
        return;
    case AUGER_STUN_CHANNEL_BIND:
        read_errand(journey, msg, "let me write a number for ", "");
        return;
    case AUGER_STUN_SEND:
    case AUGER_STUN_DATA:
        read_wrapped(tale, journey, msg);
        return;
    default:
        say(journey, msg->class_ == AUGER_STUN_REQUEST ? TALE_ASKS_RELAY : TALE_RELAY_ANSWERS,
            "and so on");
    }
}

/* ChannelData: RFC 8656 section 12. */
void tale_read(const struct tale *tale, struct tale_journey *journey, const uint8_t *buf,
               size_t len)
{
    if (len > CHANNEL_HEADER && buf[0] >= 0x40 && buf[0] <= 0x4F) {
        size_t inside = (size_t)buf[2] << 8 | buf[3];
        journey->relayed = true;
        if (inside <= len - CHANNEL_HEADER) {
            read_bytes(tale, journey, buf + CHANNEL_HEADER, inside);
            return;
        }
    }
    read_bytes(tale, journey, buf, len);
}
