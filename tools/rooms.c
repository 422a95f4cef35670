/* tools/rooms.c - the rendezvous: rooms, members, and what is relayed between them. */
#include "tools/rooms.h"

#include <stdlib.h>
#include <string.h>

struct member {
    char id[SIGNAL_NAME_MAX];
    struct rooms *rooms;
    struct room *room;
    bool native;
    member_deliver *deliver;
    void *user;
    double tokens; /* of the rate limit */
    auger_time refilled_at;
};

struct room {
    char name[SIGNAL_NAME_MAX];
    struct member *members[ROOM_MEMBERS_MAX];
    size_t members_len;
    struct room *next;
};

struct rooms {
    struct room *first;
    size_t len;
};

struct rooms *rooms_new(void)
{
    return calloc(1, sizeof(struct rooms));
}

void rooms_free(struct rooms *rooms)
{
    while (rooms && rooms->first) {
        struct room *room = rooms->first;
        rooms->first = room->next;
        for (size_t i = 0; i < room->members_len; i++)
            free(room->members[i]);
        free(room);
    }
    free(rooms);
}

size_t rooms_len(const struct rooms *rooms)
{
    return rooms->len;
}

const char *member_id(const struct member *member)
{
    return member->id;
}

/* --- telling -------------------------------------------------------------------------- */

static void tell(struct member *member, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text)
        member->deliver(member->user, text, strlen(text));
    free(text);
}

static void tell_others(const struct room *room, const struct member *but, json_t *json)
{
    for (size_t i = 0; i < room->members_len; i++)
        if (room->members[i] != but)
            tell(room->members[i], json);
    json_decref(json);
}

static void refuse(struct member *member, const char *reason)
{
    char *text = signal_error(reason);

    if (text)
        member->deliver(member->user, text, strlen(text));
    free(text);
}

static void welcome(struct member *member)
{
    json_t *peers = json_array();

    for (size_t i = 0; i < member->room->members_len; i++) {
        const struct member *other = member->room->members[i];
        if (other != member)
            json_array_append_new(
                peers, json_pack("{ss sb}", "id", other->id, "native", (int)other->native));
    }
    json_t *json = json_pack("{ss ss so}", "type", "welcome", "id", member->id, "peers", peers);
    tell(member, json);
    json_decref(json);
}

/* --- coming and going ------------------------------------------------------------------- */

static struct room *find_room(const struct rooms *rooms, const char *name)
{
    for (struct room *room = rooms->first; room; room = room->next)
        if (strcmp(room->name, name) == 0)
            return room;
    return NULL;
}

static struct room *make_room(struct rooms *rooms, const char *name, const char **why)
{
    struct room *room = rooms->len < ROOMS_MAX ? calloc(1, sizeof(*room)) : NULL;

    *why = "too many rooms";
    if (!room)
        return NULL;
    memcpy(room->name, name, strlen(name) + 1);
    room->next = rooms->first;
    rooms->first = room;
    rooms->len++;
    return room;
}

static void forget_if_empty(struct rooms *rooms, struct room *room)
{
    struct room **link = &rooms->first;

    if (room->members_len > 0)
        return;
    while (*link != room)
        link = &(*link)->next;
    *link = room->next;
    rooms->len--;
    free(room);
}

struct member *rooms_join(struct rooms *rooms, const char *name, bool native,
                          member_deliver *deliver, void *user, const char **why)
{
    *why = "a room's name is 1 to 64 of A-Z a-z 0-9 _ -";
    if (!signal_is_name(name, strlen(name)))
        return NULL;
    struct room *room = find_room(rooms, name);
    if (!room && !(room = make_room(rooms, name, why)))
        return NULL;

    *why = "the room is full";
    struct member *member = NULL;
    if (room->members_len < ROOM_MEMBERS_MAX)
        member = calloc(1, sizeof(*member));
    if (!member || signal_random_name(member->id) < 0) {
        free(member);
        forget_if_empty(rooms, room);
        return NULL;
    }
    member->rooms = rooms;
    member->room = room;
    member->native = native;
    member->deliver = deliver;
    member->user = user;
    member->tokens = MEMBER_BURST;
    room->members[room->members_len++] = member;
    welcome(member);
    tell_others(room, member,
                json_pack("{ss ss sb}", "type", "joined", "id", member->id, "native", (int)native));
    return member;
}

void rooms_leave(struct member *member)
{
    if (!member)
        return;
    struct room *room = member->room;
    size_t i = 0;
    while (room->members[i] != member)
        i++;
    room->members[i] = room->members[--room->members_len];
    tell_others(room, NULL, json_pack("{ss ss}", "type", "left", "id", member->id));
    forget_if_empty(member->rooms, room);
    free(member);
}

/* --- relaying --------------------------------------------------------------------------- */

/* The native peer is ours and says what its sessions need. */
static bool is_within_rate(struct member *member, auger_time now)
{
    if (member->native)
        return true;

    double since = (double)(now - member->refilled_at) / (double)AUGER_SEC;

    member->refilled_at = now;
    member->tokens += since * MEMBER_RATE;
    if (member->tokens > MEMBER_BURST)
        member->tokens = MEMBER_BURST;
    if (member->tokens < 1)
        return false;
    member->tokens -= 1;
    return true;
}

static struct member *find_member(const struct room *room, const char *id)
{
    for (size_t i = 0; i < room->members_len; i++)
        if (strcmp(room->members[i]->id, id) == 0)
            return room->members[i];
    return NULL;
}

static bool may_be_relayed(enum signal_type type)
{
    switch (type) {
    case SIGNAL_OFFER:
    case SIGNAL_ANSWER:
    case SIGNAL_CANDIDATE:
    case SIGNAL_CALL:
    case SIGNAL_BYE:
    case SIGNAL_PICTURE:
        return true;
    case SIGNAL_WELCOME:
    case SIGNAL_JOINED:
    case SIGNAL_LEFT:
    case SIGNAL_ERROR:
        return false;
    }
    return false;
}

static void relay(struct member *member, struct signal *signal)
{
    struct member *to = find_member(member->room, signal->to);

    if (!may_be_relayed(signal->type)) {
        refuse(member, "only the server says that");
    } else if (!to || to == member) {
        refuse(member, "nobody of that id in this room");
    } else {
        json_object_set_new(signal->json, "from", json_string(member->id));
        tell(to, signal->json);
    }
}

void rooms_say(struct member *member, auger_time now, const char *text, size_t len)
{
    struct signal signal;
    const char *why;

    if (!is_within_rate(member, now)) {
        refuse(member, "too many messages");
    } else if (!signal_parse(&signal, text, len, &why)) {
        refuse(member, why);
    } else {
        relay(member, &signal);
        signal_release(&signal);
    }
}
