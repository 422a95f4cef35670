/* fuzz: reaches auger_pcp_read read_map auger_natpmp_read read_address negotiate take_announcement
 */
/* fuzz: reaches auger_portmap_grant auger_portmap_refuse auger_portmap_remake_all take_mapping */
/* A gateway says what it likes to an engine that asks for two ports and gives one back: pieces of
 * the input, each behind a byte that says how long it is and how long it takes.  The engine asks
 * with the right lengths, seldom, and never has anything to do at once for ever. */
#include <auger/portmap.h>

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The nonces are the same in each run, so that a corpus can have them: all bytes are 0x5a. */
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

static const struct auger_addr ours = {.family = AUGER_IPV4, .port = 40000, .ip = {10, 0, 0, 2}},
                               also = {.family = AUGER_IPV4, .port = 40001, .ip = {10, 0, 0, 2}},
                               gateway = {.family = AUGER_IPV4, .port = 5351, .ip = {10, 0, 0, 1}};

static void drain(struct auger_portmap *portmap, auger_time now)
{
    uint8_t buf[AUGER_PORTMAP_MESSAGE_MAX];
    struct auger_portmap_event event;
    struct auger_addr to;
    size_t len;
    int count = 0;

    auger_portmap_handle_timeout(portmap, now);
    while ((len = auger_portmap_poll_transmit(portmap, now, &to, buf, sizeof(buf))) > 0) {
        require(buf[0] == 2 ? len == 60 : len == 2 || len == 12);
        require(auger_addr_equal(&to, &gateway));
        require(++count <= 3); /* two mappings and the address outside */
    }
    for (count = 0; auger_portmap_poll_event(portmap, &event); count++)
        require(event.type != AUGER_PORTMAP_EVENT_MAPPED || event.external.port != 0);
    require(count <= 2);
    require(auger_portmap_next_timeout(portmap) > now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct auger_portmap_config config;
    struct auger_portmap *portmap;
    auger_time now = 0;

    auger_portmap_config_init(&config);
    config.local = ours;
    config.gateway = gateway;
    require(auger_portmap_new(&portmap, &env, &config) == 0);
    require(auger_portmap_add(portmap, now, &ours, 1) == 0);
    require(auger_portmap_add(portmap, now, &also, 2) == 0);
    drain(portmap, now);
    while (size > 1) {
        size_t len = data[0] & 0x7F;
        now += data[0] & 0x80 ? 100 * AUGER_SEC : 300 * AUGER_MS;
        len = len < size ? len : size - 1;
        drain(portmap, now);
        auger_portmap_handle_datagram(portmap, now, &gateway, data + 1, len);
        drain(portmap, now);
        data += len + 1;
        size -= len + 1;
    }
    (void)auger_portmap_remove(portmap, now, 2);
    drain(portmap, now);
    auger_portmap_release(portmap, now);
    for (int i = 0; i < 10 && auger_portmap_next_timeout(portmap) != AUGER_NEVER; i++) {
        now = auger_portmap_next_timeout(portmap);
        drain(portmap, now);
    }
    require(auger_portmap_next_timeout(portmap) == AUGER_NEVER);
    auger_portmap_free(portmap);
    return 0;
}
