/* tools/meet_manual.h - two find each other by copy and paste: a description is one line of JSON,
 * {"type":"offer","sdp":...}, ours on standard error, theirs first on standard input.  In a room it
 * is meet_room.h. */
#ifndef AUGER_TOOLS_MEET_MANUAL_H
#define AUGER_TOOLS_MEET_MANUAL_H

#include "tools/line_reader.h"
#include "tools/talk.h"

struct meet_manual {
    struct talk *talk;
    const struct talk_config *config;
    struct auger_loop *loop;
    struct line_reader pasted;
    bool is_described; /* theirs was read: the rest of the input is the talk's */
    bool failed;       /* it said why */
};

/* For struct talk_config; `user` is the meeting. */
void meet_manual_described(void *user, enum auger_sdp_type type, const char *sdp);

/* Asks for the first line.  false: out of memory. */
bool meet_manual_begin(struct meet_manual *meeting, struct auger_loop *loop);
void meet_manual_end(struct meet_manual *meeting);
/* Standard input is readable and is_described is false. */
void meet_manual_take_input(struct meet_manual *meeting);

#endif /* AUGER_TOOLS_MEET_MANUAL_H */
