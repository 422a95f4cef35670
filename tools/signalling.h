/* tools/signalling.h - the messages of docs/signalling.md, read and written.  Knows no socket and
 * no room: rooms.h has the latter. */
#ifndef AUGER_TOOLS_SIGNALLING_H
#define AUGER_TOOLS_SIGNALLING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SIGNAL_MAX 65536   /* bytes of one message */
#define SIGNAL_NAME_MAX 65 /* of a room, a session or a member, with its NUL */

enum signal_type {
    SIGNAL_WELCOME,
    SIGNAL_JOINED,
    SIGNAL_LEFT,
    SIGNAL_ERROR,
    SIGNAL_OFFER,
    SIGNAL_ANSWER,
    SIGNAL_CANDIDATE,
    SIGNAL_CALL,
    SIGNAL_BYE,
    SIGNAL_PICTURE,
};

/* One message.  The texts live in `json` until signal_release(). */
struct signal {
    enum signal_type type;
    char id[SIGNAL_NAME_MAX];   /* of welcome, joined, left */
    char from[SIGNAL_NAME_MAX]; /* set by the server in what is relayed */
    char to[SIGNAL_NAME_MAX];
    char session[SIGNAL_NAME_MAX];
    bool native;           /* of joined */
    const char *sdp;       /* of offer and answer */
    const char *candidate; /* "candidate:..." or "" */
    const char *reason;    /* of error */
    json_t *peers;         /* of welcome: borrowed */
    json_t *json;
};

/* Reads one message.  false: `*why` says in a static phrase what is wrong with it. */
bool signal_parse(struct signal *out, const char *text, size_t len, const char **why);
void signal_release(struct signal *signal);

/* 1 to 64 of A-Z a-z 0-9 _ - */
bool signal_is_name(const char *text, size_t len);

/* Messages to send; malloc'd, to be freed by the caller; NULL when out of memory. */
char *signal_description(enum signal_type type, const char *to, const char *session,
                         const char *sdp);
char *signal_candidate(const char *to, const char *session, const char *candidate);
char *signal_plain(enum signal_type type, const char *to, const char *session); /* call, bye */
char *signal_picture(const char *to, const char *session,
                     json_t *picture); /* takes the reference */
char *signal_error(const char *reason);

/* A random name of 16 characters, 96 bits; AUGER_ERR_ENTROPY. */
int signal_random_name(char name[SIGNAL_NAME_MAX]);

#endif /* AUGER_TOOLS_SIGNALLING_H */
