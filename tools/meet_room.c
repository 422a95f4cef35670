/* tools/meet_room.c - two find each other in a room. */
#include "tools/meet_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct meet_room *meeting, const char *what, const char *why)
{
    char text[400];

    snprintf(text, sizeof(text), "%s%s%s", what, *why ? ": " : "", why);
    talk_tell_failure(meeting->config, text);
    meeting->failed = true;
}

static void note(const struct meet_room *meeting, const char *text)
{
    talk_tell(meeting->config, "note", text);
}

/* --- what we say --------------------------------------------------------------------------------
 */

/* `text` is used up. */
static void say(struct meet_room *meeting, char *text)
{
    if (text)
        room_client_say(meeting->client, text, strlen(text));
    free(text);
}

void meet_room_described(void *user, enum auger_sdp_type type, const char *sdp)
{
    struct meet_room *meeting = user;

    say(meeting, signal_description(type == AUGER_SDP_OFFER ? SIGNAL_OFFER : SIGNAL_ANSWER,
                                    meeting->other, meeting->session, sdp));
}

void meet_room_candidate(void *user, const char *line)
{
    struct meet_room *meeting = user;

    if (meeting->other[0])
        say(meeting, signal_candidate(meeting->other, meeting->session, line));
}

/* --- what we hear -------------------------------------------------------------------------------
 */

/* Who comes last offers to who is there. */
static void take_welcome(struct meet_room *meeting, const struct signal *signal)
{
    const char *id = json_string_value(json_object_get(json_array_get(signal->peers, 0), "id"));

    if (!id) {
        note(meeting, "nobody is in the room yet: waiting");
        return;
    }
    if (!signal_is_name(id, strlen(id)) || signal_random_name(meeting->session) < 0) {
        fail(meeting, "the server's welcome is not understood", "");
        return;
    }
    strcpy(meeting->other, id);
    talk_offer(meeting->talk);
}

static bool is_of_ours(const struct meet_room *meeting, const struct signal *signal)
{
    return meeting->other[0] && strcmp(signal->from, meeting->other) == 0 &&
           strcmp(signal->session, meeting->session) == 0;
}

static void take_offer(struct meet_room *meeting, const struct signal *signal)
{
    bool is_taken;

    if (meeting->other[0] && !is_of_ours(meeting, signal)) {
        say(meeting, signal_plain(SIGNAL_BYE, signal->from, signal->session));
        return;
    }
    if (meeting->other[0]) {
        is_taken = talk_take_reoffer(meeting->talk, signal->sdp);
    } else {
        strcpy(meeting->other, signal->from);
        strcpy(meeting->session, signal->session);
        is_taken = talk_take_description(meeting->talk, AUGER_SDP_OFFER, signal->sdp);
    }
    if (!is_taken)
        say(meeting, signal_plain(SIGNAL_BYE, meeting->other, meeting->session));
}

static void take_call(struct meet_room *meeting, const struct signal *signal)
{
    if (meeting->other[0] || signal_random_name(meeting->session) < 0)
        return;
    strcpy(meeting->other, signal->from);
    talk_offer(meeting->talk);
}

static void take_signal(struct meet_room *meeting, const struct signal *signal)
{
    bool ours = is_of_ours(meeting, signal);

    switch (signal->type) {
    case SIGNAL_WELCOME:
        take_welcome(meeting, signal);
        break;
    case SIGNAL_OFFER:
        take_offer(meeting, signal);
        break;
    case SIGNAL_CALL:
        take_call(meeting, signal);
        break;
    case SIGNAL_ANSWER:
        if (ours)
            talk_take_description(meeting->talk, AUGER_SDP_ANSWER, signal->sdp);
        break;
    case SIGNAL_CANDIDATE:
        if (ours)
            talk_take_candidate(meeting->talk, signal->candidate);
        break;
    case SIGNAL_BYE:
        if (ours)
            talk_take_bye(meeting->talk);
        break;
    case SIGNAL_ERROR:
        note(meeting, "the server did not take what was sent");
        break;
    case SIGNAL_JOINED:
    case SIGNAL_LEFT: /* the connection itself tells when it is gone */
    case SIGNAL_PICTURE:
        break;
    }
}

static void take_text(void *user, const char *text, size_t len)
{
    struct meet_room *meeting = user;
    struct signal signal;
    const char *why;

    if (!signal_parse(&signal, text, len, &why))
        return; /* the room is open to all */
    take_signal(meeting, &signal);
    signal_release(&signal);
}

/* A path that stands needs no server. */
static void server_gone(void *user, const char *why)
{
    struct meet_room *meeting = user;
    char what[SERVER_HOST_MAX + 60];

    if (meeting->talk && talk_next_timeout(meeting->talk) == AUGER_NEVER && meeting->other[0])
        return;
    snprintf(what, sizeof(what), "no server at %s port %u (see --server)", meeting->url.host,
             meeting->url.port);
    fail(meeting, what, why);
}

/* --- life --------------------------------------------------------------------------------- */

bool meet_room_begin(struct meet_room *meeting, struct auger_loop *loop,
                     const struct server_url *url, const char *room, const char *ca)
{
    const struct room_client_config config = {
        .url = *url,
        .room = room,
        .ca = ca,
        .message = take_text,
        .closed = server_gone,
        .user = meeting,
    };

    meeting->url = *url;
    meeting->client = room_client_new(&config, loop);
    return meeting->client;
}

void meet_room_end(struct meet_room *meeting)
{
    room_client_free(meeting->client);
    meeting->client = NULL;
}
