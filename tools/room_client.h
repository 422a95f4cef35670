/* tools/room_client.h - a member of a room of `auger serve`, over WebSocket (docs/signalling.md).
 * Only this file's .c knows libwebsockets. */
#ifndef AUGER_TOOLS_ROOM_CLIENT_H
#define AUGER_TOOLS_ROOM_CLIENT_H

#include <auger/io.h>

#define SERVER_HOST_MAX 256

/* Where a server is. */
struct server_url {
    bool tls;
    char host[SERVER_HOST_MAX]; /* without brackets */
    uint16_t port;
};
/* Reads "http://host:port/", or https, ws, wss; the path is ignored. */
bool server_url_parse(struct server_url *url, const char *text);

struct room_client;

struct room_client_config {
    struct server_url url;
    const char *room;
    const char *ca; /* PEM file of whom to trust besides the system's; NULL */
    /* One whole message; `text` is of the moment and NUL-terminated. */
    void (*message)(void *user, const char *text, size_t len);
    /* The connection is gone or never came: nothing more will be said or heard. */
    void (*closed)(void *user, const char *why);
    void *user;
};

/* Connects; NULL: it said on standard error what failed.  The loop must outlive it. */
struct room_client *room_client_new(const struct room_client_config *config,
                                    struct auger_loop *loop);
void room_client_free(struct room_client *client); /* NULL is fine */

/* Sends one message, later; lost if the connection is. */
void room_client_say(struct room_client *client, const char *text, size_t len);
/* Waits until something happened, on the network or in the loop, and deals with its own part. */
void room_client_wait(struct room_client *client);

#endif /* AUGER_TOOLS_ROOM_CLIENT_H */
