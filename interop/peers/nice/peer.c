/* interop/peers/nice/peer.c - libnice behind the peer protocol (interop/lib/lines.mjs): as much of
 * it as interop/lib/pair.mjs needs to bring two peers together.  libnice has no channels: there is
 * one, which is called "d", and what it carries is one datagram of the component each time. */
#include <agent.h>
#include <jansson.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMPONENT 1
#define CHANNEL "d"
#define TEXT_MAX 1500

struct peer {
    NiceAgent *agent;
    GMainLoop *loop;
    guint stream;
    bool is_gathered, is_offerer, is_told; /* that it is open */
    json_t *asked;                         /* the id of an offer or answer that waits */
};

static void tell(json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);

    puts(text);
    fflush(stdout);
    free(text);
    json_decref(line);
}

/* `ok` is taken over. */
static void answer(json_t *id, json_t *ok)
{
    tell(json_pack("{sO so}", "id", id, "ok", ok));
}

static void refuse(json_t *id, const char *why)
{
    tell(json_pack("{sO ss}", "id", id, "err", why));
}

/* --- what libnice tells --------------------------------------------------------------------- */

static void tell_description(struct peer *peer)
{
    gchar *sdp = nice_agent_generate_local_sdp(peer->agent);

    answer(peer->asked,
           json_pack("{ss ss}", "type", peer->is_offerer ? "offer" : "answer", "sdp", sdp));
    g_free(sdp);
    json_decref(peer->asked);
    peer->asked = NULL;
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer user)
{
    struct peer *peer = user;

    (void)agent;
    (void)stream;
    peer->is_gathered = true;
    if (peer->asked)
        tell_description(peer);
}

static void on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer user)
{
    struct peer *peer = user;

    (void)agent;
    (void)stream;
    (void)component;
    tell(json_pack("{ss ss ss}", "ev", "state", "which", "ice", "value",
                   nice_component_state_to_string(state)));
    if (state == NICE_COMPONENT_STATE_READY && !peer->is_told) {
        peer->is_told = true;
        tell(json_pack("{ss ss}", "ev", "open", "label", CHANNEL));
    }
}

static void on_data(NiceAgent *agent, guint stream, guint component, guint len, gchar *data,
                    gpointer user)
{
    char text[TEXT_MAX];
    int text_len = (int)(len < TEXT_MAX ? len : TEXT_MAX - 1);

    (void)user;
    if (len > 4 && memcmp(data, "ping", 4) == 0) {
        snprintf(text, sizeof(text), "pong%.*s", text_len - 4, data + 4);
        nice_agent_send(agent, stream, component, (guint)strlen(text), text);
    }
    tell(json_pack("{ss ss sb si ss%}", "ev", "msg", "label", CHANNEL, "bin", 0, "n", (int)len,
                   "data", data, (size_t)text_len));
}

/* --- what is asked of it -------------------------------------------------------------------- */

/* "turn:5.5.5.1:443?transport=tcp" to its parts; the scheme is "stun" or "turn". */
static bool read_uri(const char *uri, char scheme[8], char host[64], unsigned *port, bool *by_tcp)
{
    *port = 3478;
    *by_tcp = strstr(uri, "transport=tcp") != NULL;
    return sscanf(uri, "%7[a-z]:%63[0-9.]:%u", scheme, host, port) >= 2;
}

static void use_server(struct peer *peer, json_t *server)
{
    const char *uri = json_string_value(json_object_get(server, "urls"));
    char scheme[8], host[64];
    unsigned port;
    bool by_tcp;

    if (!uri || !read_uri(uri, scheme, host, &port, &by_tcp))
        return;
    if (strcmp(scheme, "stun") == 0)
        g_object_set(peer->agent, "stun-server", host, "stun-server-port", port, NULL);
    else
        nice_agent_set_relay_info(peer->agent, peer->stream, COMPONENT, host, port,
                                  json_string_value(json_object_get(server, "username")),
                                  json_string_value(json_object_get(server, "credential")),
                                  by_tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP);
}

/* Nominates once, as WebRTC has it; UDP alone, as ours without --tcp; no router here speaks UPnP.
 */
static bool begin(struct peer *peer, json_t *config)
{
    json_t *server;
    size_t i;

    peer->agent =
        nice_agent_new_full(g_main_loop_get_context(peer->loop), NICE_COMPATIBILITY_RFC5245,
                            NICE_AGENT_OPTION_REGULAR_NOMINATION);
    g_object_set(peer->agent, "upnp", FALSE, "ice-tcp", FALSE, "controlling-mode", FALSE, NULL);
    peer->stream = nice_agent_add_stream(peer->agent, 1);
    nice_agent_set_stream_name(peer->agent, peer->stream, "application");
    json_array_foreach(json_object_get(config, "iceServers"), i, server) use_server(peer, server);
    g_signal_connect(peer->agent, "candidate-gathering-done", G_CALLBACK(on_gathered), peer);
    g_signal_connect(peer->agent, "component-state-changed", G_CALLBACK(on_state), peer);
    nice_agent_attach_recv(peer->agent, peer->stream, COMPONENT,
                           g_main_loop_get_context(peer->loop), on_data, peer);
    return nice_agent_gather_candidates(peer->agent, peer->stream);
}

static const char *type_name(const NiceCandidate *candidate)
{
    switch (candidate->type) {
    case NICE_CANDIDATE_TYPE_HOST:
        return "host";
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
        return "srflx";
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
        return "prflx";
    default:
        return "relay";
    }
}

static void tell_pair(struct peer *peer, json_t *id)
{
    NiceCandidate *local, *remote;

    if (nice_agent_get_selected_pair(peer->agent, peer->stream, COMPONENT, &local, &remote))
        answer(id, json_pack("{s{ss} s{ss}}", "local", "type", type_name(local), "remote", "type",
                             type_name(remote)));
    else
        refuse(id, "there is no selected pair");
}

static void describe(struct peer *peer, json_t *id)
{
    peer->asked = json_incref(id);
    if (peer->is_gathered)
        tell_description(peer);
}

static void send_text(struct peer *peer, json_t *id, const char *text)
{
    if (nice_agent_send(peer->agent, peer->stream, COMPONENT, (guint)strlen(text), text) > 0)
        answer(id, json_null());
    else
        refuse(id, "it was not sent");
}

static void obey(struct peer *peer, const char *op, json_t *id, json_t *fields)
{
    const char *sdp = "", *text = "";

    json_unpack(fields, "{s?{s?s} s?s}", "desc", "sdp", &sdp, "data", &text);
    if (strcmp(op, "new") == 0 && !peer->agent) {
        if (begin(peer, json_object_get(fields, "config")))
            answer(id, json_null());
        else
            refuse(id, "it gathers nothing");
    } else if (!peer->agent) {
        refuse(id, "there is no agent");
    } else if (strcmp(op, "offer") == 0 || strcmp(op, "answer") == 0) {
        describe(peer, id);
    } else if (strcmp(op, "remote") == 0) {
        if (nice_agent_parse_remote_sdp(peer->agent, sdp) >= 0)
            answer(id, json_null());
        else
            refuse(id, "the description is not understood");
    } else if (strcmp(op, "dc") == 0) {
        peer->is_offerer = true;
        g_object_set(peer->agent, "controlling-mode", TRUE, NULL);
        answer(id, json_null());
    } else if (strcmp(op, "send") == 0) {
        send_text(peer, id, text);
    } else if (strcmp(op, "pair") == 0) {
        tell_pair(peer, id);
    } else {
        answer(id, json_null()); /* the end of candidates, which its descriptions have */
    }
}

static gboolean on_line(GIOChannel *input, GIOCondition condition, gpointer user)
{
    struct peer *peer = user;
    gchar *line = NULL;

    (void)condition;
    if (g_io_channel_read_line(input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
        _exit(0);
    json_t *asked = json_loads(line, 0, NULL), *id = json_object_get(asked, "id");
    const char *op = json_string_value(json_object_get(asked, "op"));
    if (op && id)
        obey(peer, op, id, asked);
    json_decref(asked);
    g_free(line);
    return TRUE;
}

int main(void)
{
    struct peer peer = {.loop = g_main_loop_new(NULL, FALSE)};

    g_io_add_watch(g_io_channel_unix_new(STDIN_FILENO), G_IO_IN | G_IO_HUP, on_line, &peer);
    tell(json_pack("{ss}", "ev", "ready"));
    g_main_loop_run(peer.loop);
    return 0;
}
