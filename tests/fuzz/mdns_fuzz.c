/* fuzz: reaches auger_dns_read auger_dns_next_question auger_dns_next_record read_name */
/* fuzz: reaches auger_mdns_questions_hear auger_mdns_records_hear write_to_group write_to_host */
/* A datagram comes to an engine that asks for three names and answers for one: as from
 * the group and as from one host, and again a second later.  What the engine says in
 * return must be DNS, and little. */
#include "mdns/msg.h"

#include <auger/mdns.h>

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The name that the engine answers for is the same in each run, so that a corpus can
 * ask for it: all bytes are 0x5a. */
static int same_bytes(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    memset(buf, 0x5a, len);
    return 0;
}

static void *zeroed(void *user, size_t size)
{
    (void)user;
    return calloc(1, size);
}

static void give_back(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

static const struct auger_env env = {.random = same_bytes, .alloc = zeroed, .release = give_back};

static const char *const asked[] = {"13258207-17e4-47ae-955f-30ec4b37e64f.local",
                                    "93ca72e4-42ee-4eed-8c73-81bad65e003b.local",
                                    "d6afd2fc-b2f0-48c1-b0c2-fb1ba49a40e7.local"};

static void be_dns(const uint8_t *buf, size_t len)
{
    struct auger_dns_question question;
    struct auger_dns_record record;
    struct auger_dns_msg msg;

    require(auger_dns_read(&msg, buf, len) == 0);
    while (auger_dns_next_question(&msg, &question))
        require(question.name[0] != '\0');
    while (auger_dns_next_record(&msg, &record))
        require(record.name[0] != '\0');
    require(!msg.r.failed && msg.r.left == 0);
}

static int drain(struct auger_mdns *mdns, auger_time now)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_addr to;
    size_t len;
    int count = 0;

    while ((len = auger_mdns_poll_transmit(mdns, now, &to, buf, sizeof(buf))) > 0) {
        be_dns(buf, len);
        require(++count < 100);
    }
    return count;
}

static void hear(struct auger_mdns *mdns, auger_time now, uint16_t port, const uint8_t *data,
                 size_t size)
{
    struct auger_addr from = {.family = AUGER_IPV4, .port = port, .ip = {192, 0, 2, 9}};

    auger_mdns_handle_datagram(mdns, now, &from, data, size);
    require(drain(mdns, now) <= 6); /* to two groups, and to four hosts */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct auger_addr ours = {.family = AUGER_IPV4, .ip = {192, 0, 2, 1}};
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_mdns_event event;
    struct auger_mdns *mdns;
    int told = 0;

    require(auger_mdns_new(&mdns, &env, NULL) == 0);
    for (uint64_t i = 0; i < 3; i++)
        require(auger_mdns_resolve(mdns, 0, asked[i], strlen(asked[i]), i) == 0);
    require(auger_mdns_publish(mdns, 0, &ours, name) == 0);
    drain(mdns, 0);
    drain(mdns, AUGER_SEC);
    hear(mdns, 5 * AUGER_SEC, 40000, data, size);
    hear(mdns, 5 * AUGER_SEC, AUGER_MDNS_PORT, data, size);
    hear(mdns, 7 * AUGER_SEC, AUGER_MDNS_PORT, data, size);
    while (auger_mdns_poll_event(mdns, &event))
        require(++told <= 3);
    auger_mdns_free(mdns);
    return 0;
}
