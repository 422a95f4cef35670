/* tools/meet_manual.c - two find each other by copy and paste. */
#define _POSIX_C_SOURCE 200809L
#include "tools/meet_manual.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASTED_MAX (2 * AUGER_SDP_MAX)

static void fail(struct meet_manual *meeting, const char *what)
{
    talk_tell_failure(meeting->config, what);
    meeting->failed = true;
}

static void note(const struct meet_manual *meeting, const char *text)
{
    talk_tell(meeting->config, "note", text);
}

void meet_manual_described(void *user, enum auger_sdp_type type, const char *sdp)
{
    struct meet_manual *meeting = user;
    bool is_offer = type == AUGER_SDP_OFFER;
    json_t *json = json_pack("{ss ss}", "type", is_offer ? "offer" : "answer", "sdp", sdp);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text) {
        note(meeting, is_offer ? "give this line to the other side, and paste its answer here:"
                               : "give this line to the other side:");
        fprintf(stderr, "%s\n", text);
    }
    free(text);
    json_decref(json);
}

static void take_pasted(struct meet_manual *meeting, const char *line, size_t len)
{
    json_t *json = json_loadb(line, len, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *sdp = json_string_value(json_object_get(json, "sdp"));
    bool is_offer = type && strcmp(type, "offer") == 0;

    if (sdp && (is_offer || (type && strcmp(type, "answer") == 0)))
        meeting->is_described = talk_take_description(
            meeting->talk, is_offer ? AUGER_SDP_OFFER : AUGER_SDP_ANSWER, sdp);
    else
        fail(meeting, "that line is no description: {\"type\":\"offer\",\"sdp\":\"...\"}");
    json_decref(json);
}

/* The first lines are descriptions; the talk has the rest. */
void meet_manual_take_input(struct meet_manual *meeting)
{
    size_t len;

    while (!meeting->is_described && !meeting->failed && line_reader_fill(&meeting->pasted)) {
        char *line;
        while (!meeting->is_described && !meeting->failed &&
               (line = line_reader_next(&meeting->pasted, &len))) {
            if (len == 0)
                talk_offer(meeting->talk);
            else
                take_pasted(meeting, line, len);
        }
        if (meeting->pasted.ended && !meeting->is_described && !meeting->failed)
            fail(meeting, "the input ended before the other side's description");
    }
    if (meeting->is_described || meeting->failed) {
        const char *rest = line_reader_rest(&meeting->pasted, &len);
        talk_give_input(meeting->talk, rest, len);
    } else if (auger_loop_watch_fd(meeting->loop, STDIN_FILENO, NULL) < 0) {
        fail(meeting, "standard input cannot be read");
    }
}

bool meet_manual_begin(struct meet_manual *meeting, struct auger_loop *loop)
{
    meeting->loop = loop;
    if (!line_reader_init(&meeting->pasted, STDIN_FILENO, PASTED_MAX))
        return false;
    note(meeting, "paste the other side's line, or press Enter to make the first one");
    meet_manual_take_input(meeting);
    return true;
}

void meet_manual_end(struct meet_manual *meeting)
{
    line_reader_fini(&meeting->pasted);
}
