/* fuzz: reaches signal_parse signal_is_name signal_release rooms_say rooms_join rooms_leave */
/* fuzz: reaches relay refuse read_fields has_its_fields parcel_take parcel_next parcel_sent */
/* Any text is said in a room: what is relayed reads back and names its true sender.  The same text
 * is a parcel's header, and what comes back is JSON. */
#include "tools/parcel.h"
#include "tools/rooms.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct listener {
    struct member *self, *other;
};

/* A native member of a fixed name cannot be had, so the text says @ where the other's id goes. */
static void hear(void *user, const char *text, size_t len)
{
    struct listener *listener = user;
    struct signal signal;
    const char *why;

    require(signal_parse(&signal, text, len, &why) || len > SIGNAL_MAX);
    if (len > SIGNAL_MAX)
        return;
    if (listener->other && signal.from[0])
        require(strcmp(signal.from, member_id(listener->other)) == 0);
    signal_release(&signal);
}

static size_t with_id(char *out, size_t cap, const uint8_t *data, size_t size, const char *id)
{
    size_t len = 0;

    for (size_t i = 0; i < size && len + SIGNAL_NAME_MAX < cap; i++) {
        if (data[i] != '@') {
            out[len++] = (char)data[i];
            continue;
        }
        memcpy(out + len, id, strlen(id));
        len += strlen(id);
    }
    return len;
}

static void say_it(const uint8_t *data, size_t size)
{
    static char text[2 * SIGNAL_MAX];
    struct rooms *rooms = rooms_new();
    struct listener alice = {0}, bob = {0};
    const char *why;

    alice.self = rooms_join(rooms, "r", false, hear, &alice, &why);
    bob.self = rooms_join(rooms, "r", false, hear, &bob, &why);
    require(alice.self && bob.self);
    bob.other = alice.self;
    size_t len = with_id(text, sizeof(text), data, size, member_id(bob.self));
    rooms_say(alice.self, 0, text, len);
    rooms_leave(alice.self);
    rooms_leave(bob.self);
    require(rooms_len(rooms) == 0);
    rooms_free(rooms);
}

/* The text, two bytes and the end, as an uploader would send them. */
static void send_it(const uint8_t *data, size_t size)
{
    static const uint8_t end[] = "{\"end\":true}";
    struct parcel_budget budget = {.left = 1 << 20};
    struct parcel parcel;
    enum auger_message_kind kind;
    char *to_free;
    size_t len, told = 0;

    parcel_init(&parcel, &budget);
    parcel_take(&parcel, AUGER_MESSAGE_TEXT, data, size);
    parcel_take(&parcel, AUGER_MESSAGE_BINARY, end, 2);
    parcel_take(&parcel, AUGER_MESSAGE_TEXT, end, sizeof(end) - 1);
    for (const uint8_t *next; (next = parcel_next(&parcel, &kind, &len, &to_free)); told++) {
        json_t *json =
            kind == AUGER_MESSAGE_TEXT ? json_loadb((const char *)next, len, 0, NULL) : json_null();
        require(json);
        json_decref(json);
        free(to_free);
        parcel_sent(&parcel);
    }
    require(told > 0);
    parcel_fini(&parcel);
    require(budget.left == 1 << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    say_it(data, size);
    send_it(data, size);
    return 0;
}
