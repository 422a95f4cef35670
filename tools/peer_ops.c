/* tools/peer_ops.c - the requests of `auger peer`.  Its events are peer_events.c. */
#include "tools/peer_ops.h"
#include "tools/output.h"
#include "tools/peer_stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINARY_MAX (64 * 1024 * 1024)
#define STUN_SERVERS_MAX 4

struct peer_ops *peer_ops_new(struct auger_loop *loop, const struct peer_ops_config *config)
{
    struct peer_ops *ops = calloc(1, sizeof(*ops));

    if (!ops)
        return NULL;
    ops->loop = loop;
    ops->config = *config;
    ops->started_at = auger_loop_now(loop);
    return ops;
}

static void drop_held(struct peer_ops *ops)
{
    while (ops->held_len > 0)
        free(ops->held[--ops->held_len]);
}

void peer_ops_free(struct peer_ops *ops)
{
    if (!ops)
        return;
    peer_channels_clear(&ops->channels);
    auger_loop_peer_free(ops->loop, ops->peer);
    drop_held(ops);
    json_decref(ops->describing);
    free(ops);
}

static json_t *fail(struct peer_ops *ops, const char *why)
{
    ops->err = why;
    return NULL;
}

/* null, or the error's text. */
static json_t *result(struct peer_ops *ops, int err)
{
    return err < 0 ? fail(ops, auger_strerror(err)) : json_null();
}

/* --- new -------------------------------------------------------------------------------------- */

/* Those of the request, beside what the command line has. */
struct servers {
    const char *stun[STUN_SERVERS_MAX];
    struct auger_net_turn_server turn[NET_TURN_SERVERS_MAX];
};

static void add_server(struct auger_net_config *net, struct servers *servers, const json_t *server,
                       const json_t *url, const struct peer_ops *ops)
{
    const char *text = json_string_value(url);

    if (!text)
        return;
    if (strncmp(text, "stun", 4) == 0 && net->stun_servers_len < STUN_SERVERS_MAX)
        servers->stun[net->stun_servers_len++] = text;
    else if (strncmp(text, "turn", 4) == 0 && net->turn_servers_len < NET_TURN_SERVERS_MAX)
        servers->turn[net->turn_servers_len++] = (struct auger_net_turn_server){
            .uri = text,
            .username = json_string_value(json_object_get(server, "username")),
            .password = json_string_value(json_object_get(server, "credential")),
            .ca_file = ops->config.turn_ca,
            .trust_anybody = ops->config.turn_any};
    else
        peer_tell(ops, "canderr", json_pack("{sO ss}", "url", url, "text", "not used"));
}

static void add_servers(struct auger_net_config *net, struct servers *servers, json_t *config,
                        const struct peer_ops *ops)
{
    json_t *server, *url;
    size_t i, j;

    json_array_foreach(json_object_get(config, "iceServers"), i, server)
    {
        json_t *urls = json_object_get(server, "urls");
        if (json_is_string(urls))
            add_server(net, servers, server, urls, ops);
        json_array_foreach(urls, j, url) add_server(net, servers, server, url, ops);
    }
    net->stun_servers = servers->stun;
    net->stun_ca_file = ops->config.turn_ca;
    net->stun_trust_anybody = ops->config.turn_any;
    net->turn_servers = servers->turn;
}

static json_t *op_new(struct peer_ops *ops, json_t *request)
{
    json_t *config = json_object_get(request, "config");
    const char *policy = json_string_value(json_object_get(config, "iceTransportPolicy"));
    struct servers servers;
    struct auger_peer_config peer_config;
    struct auger_net_config net;

    if (ops->peer)
        return fail(ops, "there is a peer already");
    if (policy && strcmp(policy, "all") != 0 && strcmp(policy, "relay") != 0)
        return fail(ops, "iceTransportPolicy: \"all\" or \"relay\"");
    net = ops->config.net;
    memcpy(servers.turn, net.turn_servers, net.turn_servers_len * sizeof(servers.turn[0]));
    add_servers(&net, &servers, config, ops);
    peer_config = ops->config.peer;
    peer_config.answer_passive = ops->config.passive;
    if (policy && strcmp(policy, "relay") == 0)
        peer_config.ice.policy = AUGER_ICE_POLICY_RELAY;
    int err = auger_loop_peer_new(ops->loop, &peer_config, &net, &ops->peer);
    return err < 0 ? fail(ops, net_options_why(ops->loop, err)) : json_null();
}

/* --- descriptions and candidates ----------------------------------------------------------------
 */

/* The m= line of our own description that carries the channels. */
static void note_mid(struct peer_ops *ops)
{
    const char *at = strstr(ops->sdp, "\na=mid:");
    size_t len = at ? strcspn(at + 7, "\r\n") : 0;

    if (len < sizeof(ops->mid)) {
        memcpy(ops->mid, at ? at + 7 : "", len);
        ops->mid[len] = '\0';
    }
}

static json_t *description_json(const struct peer_ops *ops, const char *type)
{
    return json_pack("{ss ss}", "type", type, "sdp", ops->sdp);
}

/* The local description of a new session: candidates may be told from now on. */
static void begin_telling(struct peer_ops *ops)
{
    note_mid(ops);
    ops->described = true;
    peer_tell_state(ops, "gather", "gathering");
    for (size_t i = 0; i < ops->held_len; i++)
        peer_tell_candidate(ops, ops->held[i]);
    drop_held(ops);
    if (ops->gathered)
        peer_tell_candidate(ops, NULL);
}

static json_t *describe(struct peer_ops *ops, enum auger_sdp_type type)
{
    bool offer = type == AUGER_SDP_OFFER;
    auger_time now = auger_loop_now(ops->loop);

    ops->started_at = now;
    int err = offer ? auger_peer_create_offer(ops->peer, now, ops->sdp, sizeof(ops->sdp))
                    : auger_peer_create_answer(ops->peer, now, ops->sdp, sizeof(ops->sdp));
    if (err < 0)
        return result(ops, err);
    peer_tell_state(ops, "sig", offer ? "have-local-offer" : "stable");
    return description_json(ops, offer ? "offer" : "answer");
}

static json_t *op_offer(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return describe(ops, AUGER_SDP_OFFER);
}

static json_t *op_answer(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return describe(ops, AUGER_SDP_ANSWER);
}

static json_t *op_local(struct peer_ops *ops, json_t *request)
{
    int len = auger_peer_local_description(ops->peer, ops->sdp, sizeof(ops->sdp));

    (void)request;
    if (len < 0)
        return result(ops, len);
    return description_json(ops, strstr(ops->sdp, "a=setup:actpass") ? "offer" : "answer");
}

static json_t *op_remote(struct peer_ops *ops, json_t *request)
{
    json_t *desc = json_object_get(request, "desc"), *sdp = json_object_get(desc, "sdp");
    const char *type = json_string_value(json_object_get(desc, "type"));
    struct auger_sdp_error error = {0};
    static char why[200];

    if (!json_is_string(sdp) || !type)
        return fail(ops, "desc is {type, sdp}");
    bool offer = strcmp(type, "offer") == 0;
    int err = auger_peer_set_remote_description(
        ops->peer, auger_loop_now(ops->loop), offer ? AUGER_SDP_OFFER : AUGER_SDP_ANSWER,
        json_string_value(sdp), json_string_length(sdp), &error);
    if (err < 0 && error.what) {
        snprintf(why, sizeof(why), "%s: line %u: %s", auger_strerror(err), error.line, error.what);
        return fail(ops, why);
    }
    if (err == 0)
        peer_tell_state(ops, "sig", offer ? "have-remote-offer" : "stable");
    return result(ops, err);
}

static json_t *op_cand(struct peer_ops *ops, json_t *request)
{
    json_t *cand = json_object_get(request, "cand");
    const char *line = "";

    if (json_is_object(cand))
        line = json_string_value(json_object_get(cand, "candidate"));
    if (!line)
        return fail(ops, "cand is {candidate, ...} or null");
    int err =
        auger_peer_add_remote_candidate(ops->peer, auger_loop_now(ops->loop), line, strlen(line));
    /* What is well-formed and of no use (a name, TCP) is no error of the caller's. */
    return err == AUGER_ERR_UNSUPPORTED ? json_null() : result(ops, err);
}

/* --- channels ------------------------------------------------------------------------------------
 */

static const char *label_of(json_t *request)
{
    const char *label = json_string_value(json_object_get(request, "label"));

    return label ? label : "d";
}

static json_t *op_dc(struct peer_ops *ops, json_t *request)
{
    json_t *init = json_object_get(request, "init");
    struct auger_channel_options options = {
        .label = label_of(request),
        .protocol = json_string_value(json_object_get(init, "protocol")),
        .unordered = json_is_false(json_object_get(init, "ordered")),
        .partial_by_retransmits = json_is_integer(json_object_get(init, "maxRetransmits")),
        .partial_by_lifetime = json_is_integer(json_object_get(init, "maxPacketLifeTime")),
        .negotiated = json_is_true(json_object_get(init, "negotiated")),
        .id = AUGER_STREAM_NONE,
    };
    auger_channel id;

    if (options.negotiated)
        options.id = (uint16_t)json_integer_value(json_object_get(init, "id"));
    int err = auger_peer_channel_open(ops->peer, auger_loop_now(ops->loop), &options, &id);
    if (err < 0)
        return result(ops, err);
    if (!peer_channels_add(&ops->channels, id, options.label))
        return fail(ops, "too many channels");
    return json_null();
}

static json_t *send_message(struct peer_ops *ops, json_t *request, enum auger_message_kind kind,
                            const uint8_t *data, size_t len)
{
    struct peer_channel *channel = peer_channels_named(&ops->channels, label_of(request));

    if (!channel)
        return fail(ops, "there is no channel of that label");
    return result(
        ops, peer_channel_send(channel, ops->peer, auger_loop_now(ops->loop), kind, data, len));
}

static json_t *op_send(struct peer_ops *ops, json_t *request)
{
    json_t *data = json_object_get(request, "data");

    if (!json_is_string(data))
        return fail(ops, "data is a text");
    return send_message(ops, request, AUGER_MESSAGE_TEXT, (const uint8_t *)json_string_value(data),
                        json_string_length(data));
}

static json_t *op_sendbin(struct peer_ops *ops, json_t *request)
{
    json_int_t n = json_integer_value(json_object_get(request, "n"));
    const json_t *first = json_object_get(request, "first");

    if (n < 0 || n > BINARY_MAX)
        return fail(ops, "n is 0 to 67108864");
    uint8_t *data = malloc(n > 0 ? (size_t)n : 1);
    if (!data)
        return fail(ops, "out of memory");
    for (size_t i = 0; i < (size_t)n; i++)
        data[i] = (uint8_t)(31 * i);
    data[0] = json_is_integer(first) ? (uint8_t)json_integer_value(first) : 1;
    json_t *ok = send_message(ops, request, AUGER_MESSAGE_BINARY, data, (size_t)n);
    free(data);
    return ok;
}

static json_t *op_rx(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return json_integer((json_int_t)ops->received);
}

static json_t *op_dcclose(struct peer_ops *ops, json_t *request)
{
    struct peer_channel *channel = peer_channels_named(&ops->channels, label_of(request));

    if (!channel)
        return fail(ops, "there is no channel of that label");
    return result(ops, auger_peer_channel_close(ops->peer, auger_loop_now(ops->loop), channel->id));
}

/* --- the rest ----------------------------------------------------------------------------- */

static json_t *op_pair(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return peer_pair(ops->peer);
}

static json_t *op_stats(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return peer_stats(ops->peer, auger_loop_now(ops->loop));
}

static json_t *op_explain(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return peer_why(ops->peer);
}

static json_t *op_restart(struct peer_ops *ops, json_t *request)
{
    (void)request;
    return result(ops, auger_peer_restart(ops->peer, auger_loop_now(ops->loop)));
}

static json_t *op_rollback(struct peer_ops *ops, json_t *request)
{
    (void)request;
    int err = auger_peer_rollback(ops->peer, auger_loop_now(ops->loop));
    if (err == 0)
        peer_tell_state(ops, "sig", "stable");
    return result(ops, err);
}

static json_t *op_close(struct peer_ops *ops, json_t *request)
{
    (void)request;
    peer_ops_close(ops);
    return json_null();
}

static const struct {
    const char *name;
    json_t *(*run)(struct peer_ops *ops, json_t *request);
} table[] = {
    {"new", op_new},         {"dc", op_dc},
    {"offer", op_offer},     {"answer", op_answer},
    {"remote", op_remote},   {"cand", op_cand},
    {"local", op_local},     {"send", op_send},
    {"sendbin", op_sendbin}, {"rx", op_rx},
    {"dcclose", op_dcclose}, {"pair", op_pair},
    {"stats", op_stats},     {"close", op_close},
    {"restart", op_restart}, {"rollback", op_rollback},
    {"explain", op_explain},
};

static json_t *run_op(struct peer_ops *ops, const char *name, json_t *request)
{
    if (!ops->peer && strcmp(name, "new") != 0)
        return fail(ops, "say new first");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].run(ops, request);
    return fail(ops, "there is no such op");
}

static void answer(struct peer_ops *ops, json_t *request, json_t *ok)
{
    json_t *id = json_object_get(request, "id");
    json_t *line = json_object();

    json_object_set(line, "id", id ? id : json_null());
    if (ok)
        json_object_set_new(line, "ok", ok);
    else
        json_object_set_new(line, "err", json_string(ops->err));
    output_line(line);
}

static bool is_description(const char *op)
{
    return strcmp(op, "offer") == 0 || strcmp(op, "answer") == 0;
}

bool peer_ops_take_line(struct peer_ops *ops, const char *line, size_t len)
{
    json_t *request = json_loadb(line, len, 0, NULL);
    const char *op = json_string_value(json_object_get(request, "op"));
    bool was_described = ops->described;

    if (op && strcmp(op, "quit") == 0) {
        answer(ops, request, json_null());
        json_decref(request);
        return false;
    }
    ops->err = "not a request";
    json_t *ok = op ? run_op(ops, op, request) : NULL;
    if (ok && is_description(op) && !auger_peer_may_signal(ops->peer)) {
        json_decref(ok);
        json_decref(ops->describing);
        ops->describing = request;
        return true;
    }
    answer(ops, request, ok);
    if (ok && is_description(op) && !was_described)
        begin_telling(ops);
    json_decref(request);
    return true;
}

void peer_ops_gathered(struct peer_ops *ops)
{
    json_t *request = ops->describing;
    bool was_described = ops->described;

    if (!request)
        return;
    ops->describing = NULL;
    answer(ops, request, op_local(ops, request));
    json_decref(request);
    if (!was_described)
        begin_telling(ops);
}

/* --- the end ---------------------------------------------------------------------------------- */

void peer_ops_close(struct peer_ops *ops)
{
    if (ops->peer)
        auger_peer_close(ops->peer, auger_loop_now(ops->loop));
}

bool peer_ops_is_closed(const struct peer_ops *ops)
{
    return !ops->peer || ops->ended;
}
