/* tools/server.c - HTTP and WebSocket: what comes in is given to the rooms, the demo and the page.
 */
#include "tools/server.h"
#include "tools/callers.h"
#include "tools/lws_loop.h"
#include "tools/outbox.h"
#include "tools/page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PATH_MAX_LEN 256
#define BODY_MAX AUGER_SDP_MAX
#define PIECES_MAX 1024 /* in which a message may come, also empty ones */

/* What one connection is about; libwebsockets keeps one for each. */
struct session {
    struct lws *wsi;
    struct server *server;
    /* A WebSocket's */
    struct member *member;
    struct outbox outbox;
    char *message; /* as it comes in pieces */
    size_t message_len, pieces_len;
    /* A request's */
    char *body;
    size_t body_len;
    char posted[SIGNAL_NAME_MAX]; /* the session that an offer became */
    char *answer;
    const uint8_t *reply; /* what is still to be written */
    size_t reply_len;
};

struct server {
    struct server_config config;
    struct auger_loop *loop;
    struct rooms *rooms;
    struct demo *demo;
    struct lws_context *context;
    struct lws_vhost *vhost, *metrics_vhost; /* NULL: not served */
    struct callers callers;
    char config_json[128];
};

static struct server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* --- replies ------------------------------------------------------------------------------ */

static const char security_policy[] =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

struct header {
    const char *name, *value;
};

static bool add_headers(struct lws *wsi, const struct header *headers, size_t len,
                        unsigned char **at, unsigned char *end)
{
    for (size_t i = 0; i < len; i++)
        if (lws_add_http_header_by_name(wsi, (const unsigned char *)headers[i].name,
                                        (const unsigned char *)headers[i].value,
                                        (int)strlen(headers[i].value), at, end))
            return false;
    return true;
}

/* Writes the head of a reply and leaves the body to http_writable(). */
static int reply(struct session *session, unsigned status, const char *mime, const char *location,
                 const uint8_t *body, size_t len)
{
    unsigned char buf[LWS_PRE + 2048], *start = buf + LWS_PRE, *at = start;
    unsigned char *end = buf + sizeof(buf);
    const struct header headers[] = {
        {"content-security-policy:", security_policy},
        {"x-content-type-options:", "nosniff"},
        {"referrer-policy:", "no-referrer"},
        {"cache-control:", "no-cache"},
    };

    if (lws_add_http_common_headers(session->wsi, status, mime, len, &at, end) ||
        !add_headers(session->wsi, headers, sizeof(headers) / sizeof(headers[0]), &at, end))
        return 1;
    if (location &&
        !add_headers(session->wsi, &(struct header){"location:", location}, 1, &at, end))
        return 1;
    if (lws_finalize_write_http_header(session->wsi, start, &at, end))
        return 1;
    session->reply = body;
    session->reply_len = len;
    if (len > 0) {
        lws_callback_on_writable(session->wsi);
        return 0;
    }
    return lws_http_transaction_completed(session->wsi);
}

static int reply_text(struct session *session, unsigned status, const char *text)
{
    return reply(session, status, "text/plain; charset=utf-8", NULL, (const uint8_t *)text,
                 strlen(text));
}

static int http_writable(struct session *session)
{
    unsigned char buf[LWS_PRE + 4096];
    size_t len = session->reply_len;

    if (len == 0)
        return 0;
    if (len > sizeof(buf) - LWS_PRE)
        len = sizeof(buf) - LWS_PRE;
    memcpy(buf + LWS_PRE, session->reply, len);
    bool last = len == session->reply_len;
    if (lws_write(session->wsi, buf + LWS_PRE, len, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) <
        0)
        return -1;
    session->reply += len;
    session->reply_len -= len;
    if (last)
        return lws_http_transaction_completed(session->wsi) ? -1 : 0;
    lws_callback_on_writable(session->wsi);
    return 0;
}

/* --- the page ------------------------------------------------------------------------------ */

static const struct auger_page_file *find_file(const char *path)
{
    const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;

    for (size_t i = 0; i < auger_page_files_len; i++)
        if (strcmp(auger_page_files[i].path, name) == 0)
            return &auger_page_files[i];
    return NULL;
}

static int get(struct session *session, const char *path)
{
    const char *config = session->server->config_json;
    const struct auger_page_file *file = find_file(path);

    if (strcmp(path, "/config.json") == 0)
        return reply(session, 200, "application/json", NULL, (const uint8_t *)config,
                     strlen(config));
    if (!file)
        return reply_text(session, 404, "There is nothing here. The page is at /.\n");
    return reply(session, 200, file->mime, NULL, file->data, file->len);
}

/* --- posted offers -------------------------------------------------------------------------- */

/* "/whip/ROOM" or "/whip/ROOM/SESSION": the room must be the demo's. */
static bool is_whip(const struct server *server, const char *path, const char **id)
{
    size_t room_len = strlen(server->config.demo_room);

    if (strncmp(path, "/whip/", 6) != 0 ||
        strncmp(path + 6, server->config.demo_room, room_len) != 0)
        return false;
    path += 6 + room_len;
    *id = *path == '/' ? path + 1 : NULL;
    return *path == '/' || *path == '\0';
}

static void answered(void *user, const char *sdp, size_t len)
{
    struct session *session = user;
    char location[PATH_MAX_LEN];

    session->answer = sdp ? malloc(len) : NULL;
    if (!session->answer) {
        if (reply_text(session, 503, "The session ended before it had an answer.\n"))
            lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        return;
    }
    memcpy(session->answer, sdp, len);
    snprintf(location, sizeof(location), "/whip/%s/%s", session->server->config.demo_room,
             session->posted);
    session->posted[0] = '\0';
    if (reply(session, 201, "application/sdp", location, (const uint8_t *)session->answer, len))
        lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static int post_whole(struct session *session)
{
    int err = demo_post(session->server->demo, session->body, session->body_len, session->posted,
                        answered, session);

    if (err == 0)
        return 0;
    session->posted[0] = '\0';
    if (err == AUGER_ERR_LIMIT)
        return reply_text(session, 503, "All sessions are taken, try again later.\n");
    if (err == AUGER_ERR_MALFORMED || err == AUGER_ERR_UNSUPPORTED)
        return reply_text(session, 400, "That is no offer with a data channel.\n");
    return reply_text(session, 500, auger_strerror(err));
}

static bool is_sdp(struct lws *wsi)
{
    char type[64];

    return lws_hdr_copy(wsi, type, sizeof(type), WSI_TOKEN_HTTP_CONTENT_TYPE) > 0 &&
           strncmp(type, "application/sdp", 15) == 0;
}

static int post(struct session *session, const char *path)
{
    const char *id;

    if (!is_whip(session->server, path, &id) || id)
        return reply_text(session, 404,
                          "Offers are taken at /whip/ROOM, where a native peer is.\n");
    if (!is_sdp(session->wsi))
        return reply_text(session, 415, "An offer is application/sdp.\n");
    session->body = malloc(BODY_MAX);
    return session->body ? 0 : -1;
}

static int take_body(struct session *session, const char *data, size_t len)
{
    if (!session->body)
        return 0;
    if (len > BODY_MAX - session->body_len)
        return -1;
    memcpy(session->body + session->body_len, data, len);
    session->body_len += len;
    return 0;
}

static int delete (struct session *session, const char *path)
{
    const char *id;

    if (!is_whip(session->server, path, &id) || !id || !demo_delete(session->server->demo, id))
        return reply_text(session, 404, "There is no such session.\n");
    return reply_text(session, 200, "The session ends.\n");
}

/* Whether the request is of that method; a path that is longer than any of ours becomes "". */
static bool asked(struct lws *wsi, enum lws_token_indexes method, char path[PATH_MAX_LEN])
{
    if (lws_hdr_total_length(wsi, method) <= 0)
        return false;
    if (lws_hdr_copy(wsi, path, PATH_MAX_LEN, method) <= 0)
        path[0] = '\0';
    return true;
}

static int get_metrics(struct session *session)
{
    const struct server_config *config = &session->server->config;
    char path[PATH_MAX_LEN];

    if (!asked(session->wsi, WSI_TOKEN_GET_URI, path))
        return reply_text(session, 405, "GET is known here.\n");
    if (strcmp(path, "/metrics") != 0)
        return reply_text(session, 404, "There is /metrics here, and no more.\n");
    session->answer = config->metrics(config->metrics_user);
    if (!session->answer)
        return reply_text(session, 503, "There is no memory.\n");
    return reply(session, 200, "text/plain; version=0.0.4; charset=utf-8", NULL,
                 (const uint8_t *)session->answer, strlen(session->answer));
}

static int request(struct lws *wsi, struct session *session)
{
    char path[PATH_MAX_LEN];

    *session = (struct session){.wsi = wsi, .server = server_of(wsi)};
    if (lws_get_vhost(wsi) == session->server->metrics_vhost)
        return get_metrics(session);
    if (asked(wsi, WSI_TOKEN_POST_URI, path))
        return post(session, path);
    if (asked(wsi, WSI_TOKEN_DELETE_URI, path))
        return delete (session, path);
    if (asked(wsi, WSI_TOKEN_GET_URI, path))
        return get(session, path);
    return reply_text(session, 405, "GET, POST and DELETE are known here.\n");
}

static void request_ended(struct session *session)
{
    if (session->posted[0])
        demo_forget_poster(session->server->demo, session->posted);
    session->posted[0] = '\0';
    free(session->body);
    free(session->answer);
    session->body = session->answer = NULL;
    session->body_len = session->reply_len = 0;
}

/* --- WebSockets ------------------------------------------------------------------------------ */

/* A page of another origin must not speak for the person in front of this one. */
static bool is_own_origin(struct lws *wsi)
{
    char origin[PATH_MAX_LEN], host[PATH_MAX_LEN];

    if (lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) <= 0)
        return true; /* no browser */
    const char *name = strstr(origin, "://");
    return name && lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) > 0 &&
           strcmp(name + 3, host) == 0;
}

/* The room of "/ws/ROOM"; NULL when that is not what is asked for. */
static const char *asked_room(struct lws *wsi, char *path, size_t cap)
{
    if (lws_hdr_copy(wsi, path, (int)cap, WSI_TOKEN_GET_URI) <= 0 ||
        strncmp(path, "/ws/", 4) != 0 || !signal_is_name(path + 4, strlen(path + 4)))
        return NULL;
    return path + 4;
}

static void deliver(void *user, const char *text, size_t len)
{
    struct session *session = user;

    if (outbox_add(&session->outbox, LWS_PRE, text, len))
        lws_callback_on_writable(session->wsi);
    else /* too slow, and perhaps never writable again */
        lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static int joined(struct lws *wsi, struct session *session)
{
    char path[PATH_MAX_LEN];
    const char *room = asked_room(wsi, path, sizeof(path)), *why = "no such room";

    *session = (struct session){.wsi = wsi, .server = server_of(wsi)};
    if (room)
        session->member = rooms_join(session->server->rooms, room, false, deliver, session, &why);
    if (session->member)
        return 0;
    lws_close_reason(wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, (unsigned char *)(uintptr_t)why,
                     strlen(why));
    return -1;
}

static int received(struct session *session, const char *data, size_t len)
{
    if (lws_frame_is_binary(session->wsi))
        return -1;
    if (len > SIGNAL_MAX - session->message_len || ++session->pieces_len > PIECES_MAX) {
        lws_close_reason(session->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
        return -1;
    }
    if (len) {
        char *message = realloc(session->message, session->message_len + len);
        if (!message)
            return -1;
        memcpy(message + session->message_len, data, len);
        session->message = message;
        session->message_len += len;
    }
    if (!lws_is_final_fragment(session->wsi) || lws_remaining_packet_payload(session->wsi) > 0)
        return 0;
    rooms_say(session->member, auger_loop_now(session->server->loop),
              session->message ? session->message : "", session->message_len);
    free(session->message);
    session->message = NULL;
    session->message_len = session->pieces_len = 0;
    return 0;
}

static int ws_writable(struct session *session)
{
    struct outbox_text *text = session->outbox.first;

    if (!text)
        return 0;
    if (lws_write(session->wsi, text->buf + LWS_PRE, text->len, LWS_WRITE_TEXT) < 0)
        return -1;
    outbox_drop_first(&session->outbox);
    if (session->outbox.first)
        lws_callback_on_writable(session->wsi);
    return 0;
}

static void left(struct session *session)
{
    rooms_leave(session->member);
    session->member = NULL;
    outbox_fini(&session->outbox);
    free(session->message);
    session->message = NULL;
}

/* --- libwebsockets ------------------------------------------------------------------------------
 */

/* By the socket: a time-out of libwebsockets is forgotten when the next byte comes. */
static void dismiss(struct lws *wsi)
{
    lws_set_opaque_user_data(wsi, NULL);
    shutdown(lws_get_socket_fd(wsi), SHUT_RDWR);
}

/* Each connection is counted from its first moment to its last, whatever comes of it. */
static bool called(struct lws *wsi)
{
    char ip[CALLER_IP_MAX] = "";
    void *dismissed;

    lws_get_peer_simple(wsi, ip, sizeof(ip));
    struct caller *caller = callers_add(&server_of(wsi)->callers, ip, wsi, &dismissed);
    lws_set_opaque_user_data(wsi, caller);
    if (dismissed)
        dismiss(dismissed);
    return caller;
}

/* false: it was dismissed before. */
static bool has_asked(struct lws *wsi)
{
    struct caller *caller = lws_get_opaque_user_data(wsi);

    if (caller)
        caller_asked(caller);
    return caller;
}

/* clang-format off */
static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct session *session = user;

    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return callers_are_full(&server_of(wsi)->callers);
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        return !called(wsi);
    case LWS_CALLBACK_WSI_DESTROY:
        caller_left(lws_get_opaque_user_data(wsi));
        return 0;

    case LWS_CALLBACK_HTTP:
        return has_asked(wsi) ? request(wsi, session) : -1;
    case LWS_CALLBACK_HTTP_BODY:               return take_body(session, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:    return session->body ? post_whole(session) : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:          return http_writable(session);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (session && session->server)
            request_ended(session);
        return 0;

    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: {
        char path[PATH_MAX_LEN];
        return lws_get_vhost(wsi) == server_of(wsi)->metrics_vhost || !is_own_origin(wsi) || !asked_room(wsi, path, sizeof(path));
    }
    case LWS_CALLBACK_ESTABLISHED:             return has_asked(wsi) ? joined(wsi, session) : -1;
    case LWS_CALLBACK_RECEIVE:                 return received(session, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:        return ws_writable(session);
    case LWS_CALLBACK_CLOSED:
        left(session);
        return 0;
    }
    return 0;
}
/* clang-format on */

static const struct lws_protocols protocols[] = {
    {.name = "auger",
     .callback = callback,
     .per_session_data_size = sizeof(struct session),
     .rx_buffer_size = 4096},
    LWS_LOOP_PROTOCOL,
    {0},
};

static void fill_info(struct lws_context_creation_info *info, struct server *server)
{
    *info = (struct lws_context_creation_info){0};
    info->port = CONTEXT_PORT_NO_LISTEN;
    info->protocols = protocols;
    info->user = server;
    info->timeout_secs = 5;
    info->timeout_secs_ah_idle = 5;
    info->keepalive_timeout = 5;
    info->max_http_header_data = 8192;
    info->options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8;
}

static struct lws_vhost *listen_at(struct server *server, const char *name, const char *address,
                                   uint16_t port, bool with_tls)
{
    const struct server_config *config = &server->config;
    struct lws_context_creation_info info;

    fill_info(&info, server);
    info.vhost_name = name;
    info.port = port;
    info.iface = address;
    if (!strchr(address, ':'))
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (with_tls) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = config->cert;
        info.ssl_private_key_filepath = config->key;
    }
    return lws_create_vhost(server->context, &info);
}

/* false: libwebsockets said why not. */
static bool open_vhosts(struct server *server)
{
    const struct server_config *config = &server->config;

    if (config->address) {
        server->vhost = listen_at(server, "page", config->address, config->port, config->cert);
        if (!server->vhost)
            return false;
    }
    if (config->metrics_address) {
        server->metrics_vhost =
            listen_at(server, "metrics", config->metrics_address, config->metrics_port, false);
        if (!server->metrics_vhost)
            return false;
    }
    return lws_loop_adopt(server->vhost ? server->vhost : server->metrics_vhost, server->loop);
}

struct server *server_new(const struct server_config *config, struct auger_loop *loop,
                          struct rooms *rooms, struct demo *demo)
{
    struct lws_context_creation_info info;
    struct server *server = calloc(1, sizeof(*server));

    if (!server)
        return NULL;
    *server = (struct server){.config = *config, .loop = loop, .rooms = rooms, .demo = demo};
    snprintf(server->config_json, sizeof(server->config_json), "{\"stunPort\":%u,\"room\":\"%s\"}",
             config->stun_port, config->demo_room);
    lws_set_log_level(LLL_ERR, NULL);
    fill_info(&info, server);
    if (config->cert)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    server->context = lws_create_context(&info);
    if (!server->context || !open_vhosts(server)) {
        server_free(server);
        return NULL;
    }
    lws_set_log_level(0, NULL); /* from here on its errors are the callers' */
    return server;
}

void server_free(struct server *server)
{
    if (server && server->context)
        lws_context_destroy(server->context);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return (uint16_t)lws_get_vhost_listen_port(server->vhost);
}

uint16_t server_metrics_port(const struct server *server)
{
    return (uint16_t)lws_get_vhost_listen_port(server->metrics_vhost);
}

void server_wait(struct server *server)
{
    lws_service(server->context, 0);
}

void server_wake(struct server *server)
{
    lws_cancel_service(server->context);
}
