/* Rooms: who hears what, with a true `from`, within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/rooms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One member and the latest thing it heard. */
struct ear {
    struct member *member;
    size_t heard;
    char type[16], from[SIGNAL_NAME_MAX], id[SIGNAL_NAME_MAX], reason[100];
    size_t peers;
    bool native;
};

static void copy(char *out, size_t cap, const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    snprintf(out, cap, "%s", text ? text : "");
}

static void hear(void *user, const char *text, size_t len)
{
    struct ear *ear = user;
    json_t *json = json_loadb(text, len, 0, NULL);
    json_t *peers = json_object_get(json, "peers");

    assert_non_null(json);
    ear->heard++;
    copy(ear->type, sizeof(ear->type), json, "type");
    copy(ear->from, sizeof(ear->from), json, "from");
    copy(ear->id, sizeof(ear->id), json, "id");
    copy(ear->reason, sizeof(ear->reason), json, "reason");
    if (peers) {
        ear->peers = json_array_size(peers);
        ear->native = json_is_true(json_object_get(json_array_get(peers, 0), "native"));
    }
    json_decref(json);
}

static void join(struct ear *ear, struct rooms *rooms, const char *room, bool native)
{
    const char *why = NULL;

    *ear = (struct ear){0};
    ear->member = rooms_join(rooms, room, native, hear, ear, &why);
    if (!ear->member)
        fail_msg("%s", why);
}

static void say(struct ear *ear, auger_time now, const char *format, const char *to)
{
    char text[300];

    snprintf(text, sizeof(text), format, to);
    rooms_say(ear->member, now, text, strlen(text));
}

#define BYE "{\"type\":\"bye\",\"session\":\"s\",\"to\":\"%s\"}"

static void who_comes_is_welcomed_and_the_others_hear_of_it(void **state)
{
    struct rooms *rooms = rooms_new();
    struct ear native, browser;

    (void)state;
    join(&native, rooms, "demo", true);
    assert_string_equal(native.type, "welcome");
    assert_int_equal(native.peers, 0);
    join(&browser, rooms, "demo", false);
    assert_string_equal(browser.type, "welcome");
    assert_string_equal(browser.id, member_id(browser.member));
    assert_int_equal(browser.peers, 1);
    assert_true(browser.native);
    assert_string_equal(native.type, "joined");
    assert_string_equal(native.id, member_id(browser.member));
    rooms_leave(browser.member);
    assert_string_equal(native.type, "left");
    rooms_leave(native.member);
    assert_int_equal(rooms_len(rooms), 0);
    rooms_free(rooms);
}

static void a_message_goes_to_whom_it_names_with_its_true_sender(void **state)
{
    struct rooms *rooms = rooms_new();
    struct ear alice, bob, carol;
    char text[300];

    (void)state;
    join(&alice, rooms, "r", false);
    join(&bob, rooms, "r", false);
    join(&carol, rooms, "r", false);
    size_t carol_heard = carol.heard;
    snprintf(text, sizeof(text),
             "{\"type\":\"bye\",\"session\":\"s\",\"to\":\"%s\",\"from\":\"%s\"}",
             member_id(bob.member), member_id(carol.member));
    rooms_say(alice.member, 0, text, strlen(text));
    assert_string_equal(bob.type, "bye");
    assert_string_equal(bob.from, member_id(alice.member));
    assert_int_equal(carol.heard, carol_heard);
    rooms_free(rooms);
}

static void a_message_stays_in_its_room(void **state)
{
    struct rooms *rooms = rooms_new();
    struct ear alice, bob;

    (void)state;
    join(&alice, rooms, "one", false);
    join(&bob, rooms, "other", false);
    size_t heard = bob.heard;
    say(&alice, 0, BYE, member_id(bob.member));
    assert_int_equal(bob.heard, heard);
    assert_string_equal(alice.type, "error");
    say(&alice, 0, BYE, member_id(alice.member));
    assert_string_equal(alice.type, "error");
    rooms_free(rooms);
}

static void only_the_server_welcomes(void **state)
{
    static const char *const formats[] = {
        "{\"type\":\"welcome\",\"id\":\"x\",\"peers\":[],\"to\":\"%s\"}",
        "{\"type\":\"joined\",\"id\":\"x\",\"to\":\"%s\"}",
        "{\"type\":\"left\",\"id\":\"x\",\"to\":\"%s\"}",
        "{\"type\":\"error\",\"reason\":\"x\",\"to\":\"%s\"}",
    };
    struct rooms *rooms = rooms_new();
    struct ear alice, bob;

    (void)state;
    join(&alice, rooms, "r", false);
    join(&bob, rooms, "r", false);
    size_t heard = bob.heard;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        say(&alice, 0, formats[i], member_id(bob.member));
        assert_string_equal(alice.reason, "only the server says that");
    }
    assert_int_equal(bob.heard, heard);
    rooms_free(rooms);
}

static void a_flood_is_cut_and_forgiven(void **state)
{
    struct rooms *rooms = rooms_new();
    struct ear alice, bob;

    (void)state;
    join(&alice, rooms, "r", false);
    join(&bob, rooms, "r", false);
    size_t before = bob.heard;
    for (int i = 0; i < 3 * MEMBER_BURST; i++)
        say(&alice, 1 * AUGER_SEC, BYE, member_id(bob.member));
    assert_int_equal(bob.heard - before, MEMBER_BURST);
    assert_string_equal(alice.reason, "too many messages");
    before = bob.heard;
    for (int i = 0; i < 3 * MEMBER_RATE; i++)
        say(&alice, 2 * AUGER_SEC, BYE, member_id(bob.member));
    assert_int_equal(bob.heard - before, MEMBER_RATE);
    rooms_free(rooms);
}

static void rooms_and_members_are_bounded(void **state)
{
    static struct ear ears[ROOMS_MAX + ROOM_MEMBERS_MAX];
    struct rooms *rooms = rooms_new();
    char name[16];
    const char *why;
    size_t len = 0;

    (void)state;
    for (int i = 0; i < ROOMS_MAX; i++) {
        snprintf(name, sizeof(name), "r%d", i);
        join(&ears[len++], rooms, name, false);
    }
    assert_null(rooms_join(rooms, "one-more", false, hear, &ears[0], &why));
    assert_string_equal(why, "too many rooms");
    while (len < ROOMS_MAX + ROOM_MEMBERS_MAX - 1)
        join(&ears[len++], rooms, "r0", false);
    assert_null(rooms_join(rooms, "r0", false, hear, &ears[0], &why));
    assert_string_equal(why, "the room is full");
    assert_null(rooms_join(rooms, "../etc", false, hear, &ears[0], &why));
    for (size_t i = 0; i < len; i++)
        rooms_leave(ears[i].member);
    assert_int_equal(rooms_len(rooms), 0);
    rooms_free(rooms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_is_welcomed_and_the_others_hear_of_it),
        cmocka_unit_test(a_message_goes_to_whom_it_names_with_its_true_sender),
        cmocka_unit_test(a_message_stays_in_its_room),
        cmocka_unit_test(only_the_server_welcomes),
        cmocka_unit_test(a_flood_is_cut_and_forgiven),
        cmocka_unit_test(rooms_and_members_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
