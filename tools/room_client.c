/* tools/room_client.c - a member of a room, over WebSocket. */
#include "tools/room_client.h"
#include "tools/interrupt.h"
#include "tools/lws_loop.h"
#include "tools/outbox.h"
#include "tools/signalling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct room_client {
    struct room_client_config config;
    struct lws_context *context;
    struct lws *wsi; /* NULL: not there yet, or gone */
    bool ready;      /* may be written to */
    struct outbox outbox;
    char message[SIGNAL_MAX + 1]; /* as it comes in pieces */
    size_t message_len;
    char path[SIGNAL_NAME_MAX + 8];
    char host[SERVER_HOST_MAX + 16]; /* as in the header */
};

/* --- where ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    bool tls;
} schemes[] = {{"http://", false}, {"https://", true}, {"ws://", false}, {"wss://", true}};

static const char *read_scheme(struct server_url *url, const char *text)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i].name);
        if (strncmp(text, schemes[i].name, len) == 0) {
            url->tls = schemes[i].tls;
            return text + len;
        }
    }
    return NULL;
}

/* No user name before an @ either: nothing here takes one, and it may have a password. */
static bool is_host(const char *host, bool bracketed)
{
    struct auger_addr addr;
    size_t len = strlen(host);

    if (bracketed)
        return auger_addr_parse_ip(&addr, host, len, 0) == 0 && addr.family == AUGER_IPV6;
    return strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == len;
}

/* "name", "192.0.2.1" or "[2001:db8::1]"; what follows it. */
static const char *read_host(struct server_url *url, const char *text)
{
    bool bracketed = *text == '[';
    size_t len = strcspn(text + bracketed, bracketed ? "]" : ":/");

    if (len == 0 || len >= sizeof(url->host))
        return NULL;
    memcpy(url->host, text + bracketed, len);
    url->host[len] = '\0';
    text += bracketed + len;
    if ((bracketed && *text++ != ']') || !is_host(url->host, bracketed))
        return NULL;
    return text;
}

bool server_url_parse(struct server_url *url, const char *text)
{
    *url = (struct server_url){0};
    text = read_scheme(url, text);
    text = text ? read_host(url, text) : NULL;
    if (!text)
        return false;
    url->port = url->tls ? 443 : 80;
    if (*text == ':') {
        char *end;
        long port = strtol(text + 1, &end, 10);
        if (end == text + 1 || port < 1 || port > UINT16_MAX)
            return false;
        url->port = (uint16_t)port;
        text = end;
    }
    return *text == '\0' || *text == '/';
}

/* --- what comes and goes ------------------------------------------------------------------------
 */

static int received(struct room_client *client, struct lws *wsi, const char *data, size_t len)
{
    if (len > SIGNAL_MAX - client->message_len)
        return -1;
    if (len)
        memcpy(client->message + client->message_len, data, len);
    client->message_len += len;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
        return 0;
    client->message[client->message_len] = '\0';
    client->config.message(client->config.user, client->message, client->message_len);
    client->message_len = 0;
    return 0;
}

static int writable(struct room_client *client, struct lws *wsi)
{
    struct outbox_text *text = client->outbox.first;

    if (!text)
        return 0;
    if (lws_write(wsi, text->buf + LWS_PRE, text->len, LWS_WRITE_TEXT) < 0)
        return -1;
    outbox_drop_first(&client->outbox);
    if (client->outbox.first)
        lws_callback_on_writable(wsi);
    return 0;
}

static void gone(struct room_client *client, const char *why)
{
    client->wsi = NULL;
    client->ready = false;
    if (client->config.closed)
        client->config.closed(client->config.user, why);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct room_client *client = lws_context_user(lws_get_context(wsi));

    (void)user;
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        gone(client, in ? in : "it cannot be reached");
        break;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        client->ready = true;
        if (client->outbox.first)
            lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return received(client, wsi, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return writable(client, wsi);
    case LWS_CALLBACK_CLIENT_CLOSED:
        gone(client, "it closed the connection");
        break;
    }
    return 0;
}

void room_client_say(struct room_client *client, const char *text, size_t len)
{
    if (!outbox_add(&client->outbox, LWS_PRE, text, len))
        return; /* 256 KiB of signalling: the server has long stopped reading */
    if (client->ready)
        lws_callback_on_writable(client->wsi);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static const struct lws_protocols protocols[] = {
    {.name = "room", .callback = callback, .rx_buffer_size = 4096},
    LWS_LOOP_PROTOCOL,
    {0},
};

static bool dial(struct room_client *client)
{
    const struct server_url *url = &client->config.url;
    bool is_ipv6 = strchr(url->host, ':');
    struct lws_client_connect_info info = {0};

    snprintf(client->path, sizeof(client->path), "/ws/%s", client->config.room);
    snprintf(client->host, sizeof(client->host), is_ipv6 ? "[%s]:%u" : "%s:%u", url->host,
             url->port);
    info.context = client->context;
    info.address = url->host;
    info.port = url->port;
    info.path = client->path;
    info.host = client->host;
    info.local_protocol_name = "room";
    info.ssl_connection = url->tls ? LCCSCF_USE_SSL : 0;
    info.pwsi = &client->wsi;
    /* It waits for the resolver, and nothing of ours lives yet that had to be ended. */
    interrupt_exits(true);
    bool began = lws_client_connect_via_info(&info);
    interrupt_exits(false);
    return began;
}

struct room_client *room_client_new(const struct room_client_config *config,
                                    struct auger_loop *loop)
{
    struct lws_context_creation_info info = {0};
    struct room_client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    client->config = *config;
    lws_set_log_level(LLL_ERR, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.user = client;
    info.timeout_secs = 10;
    if (config->url.tls)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.client_ssl_ca_filepath = config->ca;
    client->context = lws_create_context(&info);
    if (client->context &&
        lws_loop_adopt(lws_get_vhost_by_name(client->context, "default"), loop)) {
        /* What fails from here on is told by `closed`. */
        if (!dial(client))
            client->wsi = NULL;
        return client;
    }
    fputs("auger connect: libwebsockets cannot begin\n", stderr);
    room_client_free(client);
    return NULL;
}

void room_client_free(struct room_client *client)
{
    if (!client)
        return;
    client->config.closed = NULL;
    if (client->context)
        lws_context_destroy(client->context);
    outbox_fini(&client->outbox);
    free(client);
}

void room_client_wait(struct room_client *client)
{
    lws_service(client->context, 0);
}
