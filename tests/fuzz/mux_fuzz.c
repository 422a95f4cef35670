/* fuzz: reaches auger_mux_find find_request find_response find_by_name auger_mux_note_unknown */
/* fuzz: reaches split copy_ufrag was_told has_room auger_mux_find_by_path auger_mux_poll_event */
/* Datagrams of strangers come to a mux with a few sessions: none takes memory, none changes who
 * is found, and who is found has the whole name, the tag or the path of it. */
#include "tests/fuzz/life.h"

#include <auger/crypto.h>
#include <auger/mux.h>
#include <auger/stun.h>

#include <string.h>

static const char *const names[] = {"abcd", "abcdefgh", "invited+1"};
static struct auger_mux_session *sessions[3];

static struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    require(auger_addr_parse(&addr, text) == 0);
    return addr;
}

static struct auger_mux *mux(void)
{
    static struct auger_mux *made;

    if (made)
        return made;
    require(auger_mux_new(&made, &env, NULL) == 0);
    for (size_t i = 0; i < 3; i++)
        require(auger_mux_add(made, NULL, &sessions[i]) == 0 &&
                auger_mux_set_names(made, sessions[i], &names[i], 1) == 0);
    const struct auger_path claimed = {addr_of("192.0.2.1:3000"), addr_of("192.0.2.9:1")};
    require(auger_mux_claim(made, sessions[2], &claimed) == 0);
    return made;
}

static bool has_name(const struct auger_stun_msg *msg, const struct auger_mux_session *found)
{
    struct auger_bytes username;

    require(auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_USERNAME, &username));
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(names[i]);
        if (found == sessions[i])
            return username.len > len && memcmp(username.data, names[i], len) == 0 &&
                   username.data[len] == ':';
    }
    return false;
}

static bool has_tag(const struct auger_stun_msg *msg, const struct auger_mux_session *found)
{
    uint32_t tag = auger_mux_tag(found);
    const uint8_t bytes[] = {(uint8_t)(tag >> 24), (uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
                             (uint8_t)tag};

    return memcmp(msg->tid.bytes, bytes, sizeof(bytes)) == 0;
}

/* From the one who has a path, or from a stranger. */
static void arrive(const uint8_t *data, size_t size, bool is_stranger, auger_time now)
{
    const struct auger_path path = {addr_of("192.0.2.1:3000"),
                                    addr_of(is_stranger ? "192.0.2.10:2" : "192.0.2.9:1")};
    struct auger_stun_msg msg;
    struct auger_mux_session *found = auger_mux_find(mux(), now, &path, data, size);

    if (!found)
        return;
    if (!auger_stun_is_message(data, size))
        require(!is_stranger && found == sessions[2]);
    else if (auger_stun_msg_parse(&msg, data, size) == 0 && msg.class_ == AUGER_STUN_REQUEST)
        require(has_name(&msg, found));
    else if (msg.class_ == AUGER_STUN_SUCCESS || msg.class_ == AUGER_STUN_ERROR)
        require(has_tag(&msg, found));
}

/* What is told can be printed. */
static void take_events(void)
{
    struct auger_mux_event event;
    size_t taken = 0;

    while (auger_mux_poll_event(mux(), &event)) {
        require(++taken <= 16);
        require(strlen(event.ours) >= 4 && strlen(event.theirs) >= 4);
        require(!strpbrk(event.ours, ": \n") && !strpbrk(event.theirs, ": \n"));
        for (size_t i = 0; i < 3; i++)
            require(strcmp(event.ours, names[i]) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static auger_time now;

    (void)mux();
    size_t before = blocks_taken;
    now += 300 * AUGER_MS;
    arrive(data, size, true, now);
    arrive(data, size, false, now);
    if (size > 0 && data[size - 1] % 2)
        take_events();
    require(blocks_taken == before);
    return 0;
}
