/* tools/story.c - the lines of a trace as sentences.  What the records mean is docs/trace.md. */
#include "tools/story.h"

#include <jansson.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 120 /* characters of one value */
#define NAMES_MAX 96  /* kinds of records that are counted apart */
#define NAME_MAX 40

/* Moments that a summary names. */
enum moment { GATHERED, CHECKED, CONNECTED, SELECTED, SECURED, OPENED, ENDED, MOMENTS };

struct count {
    char name[NAME_MAX];
    size_t records;
};

struct story {
    size_t records, malformed;
    struct count counts[NAMES_MAX];
    size_t counts_len;
    double last_t;
    char last_name[NAME_MAX];
    bool has[MOMENTS];
    char moments[MOMENTS][STORY_SENTENCE_MAX]; /* the first of each; of the last three, the last */
    char title[VALUE_MAX];
};

/* --- what records mean --------------------------------------------------------------------------
 */

/* A sentence has {fields}; a part in [brackets] is left out when its field is missing or empty. */
struct meaning {
    const char *name;
    const char *key, *value; /* only of records in which this field is that; NULL: of all */
    enum story_weight weight;
    int moment; /* -1: none */
    const char *sentence;
};

static const struct meaning meanings[] = {
    {"ice:local_candidate", NULL, NULL, STORY_EVENT, -1,
     "we have a candidate: {type} {addr}[, mapped from {base}]"},
    {"ice:local_address_gone", NULL, NULL, STORY_EVENT, -1, "our address {base} is gone"},
    {"ice:mapping_gone", NULL, NULL, STORY_EVENT, -1, "the gateway maps {addr} to {base} no more"},
    {"ice:translation", NULL, NULL, STORY_EVENT, -1,
     "the network has a NAT64, with the prefix {prefix} of {prefix_len} bits"},
    {"io:prefix_found", NULL, NULL, STORY_DETAIL, -1,
     "a NAT64 is known by {source}, with the prefix {prefix} of {prefix_len} bits"},
    {"ice:relay_asked", NULL, NULL, STORY_EVENT, -1,
     "ask TURN server {server} for a relayed address, from {base}"},
    {"ice:relay_lost", "had_stood", "1", STORY_EVENT, -1,
     "what TURN server {server} gave us is gone: {reason}[, error {code}]"},
    {"ice:relay_lost", NULL, NULL, STORY_EVENT, -1,
     "TURN server {server} gives us nothing: {reason}[, error {code}]"},
    {"ice:relayed_address_gone", NULL, NULL, STORY_EVENT, -1, "our relayed address {addr} is gone"},
    {"ice:stream_lost", NULL, NULL, STORY_EVENT, -1, "the stream {local} > {remote} is lost"},
    {"ice:path_moved", NULL, NULL, STORY_EVENT, -1,
     "DTLS with TURN server {server} is begun anew, from another port than that of {base}"},
    {"ice:permission_asked", NULL, NULL, STORY_DETAIL, -1,
     "{local} > {remote} waits until the relay lets the peer through"},
    {"ice:prediction", NULL, NULL, STORY_EVENT, -1,
     "our NAT maps by destination: sockets are opened to predict a port ({plan})"},
    {"ice:ports_bracketed", NULL, NULL, STORY_EVENT, -1,
     "the port of a check lies between {first} and {last}: {verdict}, {ports} told"},
    {"ice:ports_next", NULL, NULL, STORY_EVENT, -1,
     "the ports after {last} are told before the peer is known: {verdict}, {ports}"},
    {"ice:ports_ahead", NULL, NULL, STORY_EVENT, -1,
     "the peer's NAT maps by destination: {checks} ports ahead are checked"},
    {"ice:prediction_ended", NULL, NULL, STORY_EVENT, -1, "no port is predicted: {reason}"},
    {"ice:restart_wanted", "reason", "no pair left to try", STORY_EVENT, -1,
     "no pair is left to try: a new address or a restart may find one"},
    {"ice:restart_wanted", NULL, NULL, STORY_EVENT, -1, "a restart is wanted: {reason}"},
    {"ice:standby", NULL, NULL, STORY_EVENT, -1, "{local} > {remote} is kept in reserve"},
    {"ice:standby_asked", NULL, NULL, STORY_DETAIL, -1, "ask on {local} > {remote}, in reserve"},
    {"ice:standby_better", NULL, NULL, STORY_EVENT, -1,
     "{local} > {remote} takes {rtt} ms there and back, instead of {instead_of}: change to it"},
    {"ice:standby_takes_over", NULL, NULL, STORY_EVENT, -1,
     "{local} > {remote} is lost: another pair takes over"},
    {"ice:failover", NULL, NULL, STORY_EVENT, -1,
     "{local} > {remote} is silent while another pair answers: it is given up"},
    {"ice:candidate_kept", "barred", "1", STORY_EVENT, -1,
     "the policy {policy} keeps {addr} from the peer, and lets nothing leave from it"},
    {"ice:candidate_kept", NULL, NULL, STORY_EVENT, -1,
     "the policy {policy} keeps {addr} from the peer"},
    {"ice:candidate_refused", NULL, NULL, STORY_EVENT, -1,
     "we do not believe server {server}, which names {addr} as ours"},
    {"ice:server_asked", "attempt", "1", STORY_EVENT, -1, "ask STUN server {server} from {base}"},
    {"ice:server_asked", NULL, NULL, STORY_DETAIL, -1,
     "ask STUN server {server} from {base} again, attempt {attempt}"},
    {"ice:server_refused", NULL, NULL, STORY_EVENT, -1,
     "STUN server {server} refuses with error {code}"},
    {"ice:gathered", NULL, NULL, STORY_EVENT, GATHERED, "gathering is done: {reason}"},
    {"ice:remote_candidate", "type", "prflx", STORY_EVENT, -1,
     "the peer shows an address that it did not name: {addr}"},
    {"ice:remote_candidate", NULL, NULL, STORY_EVENT, -1,
     "the peer has a candidate: {type} {addr}"},
    {"ice:pair_added", NULL, NULL, STORY_DETAIL, -1, "pair {local} > {remote}"},
    {"ice:pair_refused", NULL, NULL, STORY_EVENT, -1,
     "no room for the pair {local} > {remote}: {reason}"},
    {"ice:pair_state", "to", "failed", STORY_EVENT, -1,
     "the pair {local} > {remote} failed: {reason}"},
    {"ice:pair_state", NULL, NULL, STORY_DETAIL, -1,
     "the pair {local} > {remote} is {to}, was {from}"},
    {"ice:check_sent", "attempt", "1", STORY_EVENT, CHECKED,
     "check {local} > {remote}[ as {role}][, {use_candidate}][, value {nomination}]"},
    {"ice:check_sent", NULL, NULL, STORY_DETAIL, -1,
     "check {local} > {remote} again, attempt {attempt}"},
    {"ice:check_received", NULL, NULL, STORY_EVENT, -1,
     "the peer checks {local} from {remote} as {role}[, {use_candidate}][, value {nomination}]"},
    {"ice:check_dropped", NULL, NULL, STORY_EVENT, -1,
     "no answer to {remote}: there is no room for a pair with {local}"},
    {"ice:response_sent", "code", "0", STORY_DETAIL, -1, "answer {remote}"},
    {"ice:response_sent", NULL, NULL, STORY_EVENT, -1, "answer {remote} with error {code}"},
    {"ice:check_succeeded", NULL, NULL, STORY_EVENT, -1,
     "{local} > {remote} works, {rtt} ms there and back; the peer sees {mapped}"},
    {"ice:pacing", NULL, NULL, STORY_EVENT, -1, "the peer wants {ta} ms between new checks"},
    {"ice:renomination", "agreed", "1", STORY_EVENT, -1,
     "the peer too can change the pair without signalling"},
    {"ice:renomination", NULL, NULL, STORY_EVENT, -1,
     "the pair cannot be changed without signalling"},
    {"ice:nomination_outdated", NULL, NULL, STORY_EVENT, -1,
     "nomination {nomination} of {local} > {remote} comes after {followed}: it is not followed"},
    {"ice:role", NULL, NULL, STORY_EVENT, -1, "we are now {role}: {reason}"},
    {"ice:nominate", NULL, NULL, STORY_EVENT, -1, "we nominate {local} > {remote}"},
    {"ice:selected", NULL, NULL, STORY_EVENT, SELECTED, "selected: {local} > {remote}"},
    {"ice:path", NULL, NULL, STORY_EVENT, -1, "data goes {local} > {remote}"},
    {"ice:path_taken", NULL, NULL, STORY_EVENT, -1,
     "another session on our socket has {local} > {remote}"},
    {"ice:restart", "by", "us", STORY_EVENT, -1, "we restart ICE"},
    {"ice:restart", NULL, NULL, STORY_EVENT, -1, "the peer restarts ICE, and so do we"},
    {"ice:restart_withdrawn", NULL, NULL, STORY_EVENT, -1, "our restart is taken back"},
    {"ice:restart_failed", NULL, NULL, STORY_EVENT, -1,
     "the restart found no path, data stays on the old one: {reason}"},
    {"ice:retired", NULL, NULL, STORY_EVENT, -1, "the session of before the restart is over"},
    {"ice:consent_asked", NULL, NULL, STORY_DETAIL, -1, "ask {remote} for consent"},
    {"ice:mapping_forgotten", "reason", "another port", STORY_EVENT, -1,
     "our NAT has forgotten the way to {remote} in {silence} ms of silence: none lasts longer than "
     "{keepalive} ms from now on"},
    {"ice:mapping_forgotten", NULL, NULL, STORY_EVENT, -1,
     "our NAT may have forgotten the way to {remote} in {silence} ms of silence: none lasts longer "
     "than {keepalive} ms from now on"},
    {"ice:keepalive", NULL, NULL, STORY_DETAIL, -1, "keep the way to {remote} open"},
    {"ice:state", "to", "connected", STORY_EVENT, CONNECTED,
     "ICE is connected, was {from}: {reason}"},
    {"ice:state", "to", "failed", STORY_EVENT, ENDED, "ICE has failed, was {from}: {reason}"},
    {"ice:state", NULL, NULL, STORY_EVENT, -1, "ICE is {to}, was {from}: {reason}"},
    {"ice:restart", "by", "us", STORY_EVENT, -1, "we restart ICE"},
    {"ice:restart", NULL, NULL, STORY_EVENT, -1, "the peer restarts ICE"},
    {"ice:restart_withdrawn", NULL, NULL, STORY_EVENT, -1, "our restart is taken back"},
    {"ice:restart_failed", NULL, NULL, STORY_EVENT, -1,
     "the restart found no path: {reason}; data goes on along the old one"},
    {"ice:retired", NULL, NULL, STORY_EVENT, -1, "what was before the restart is given up"},
    {"turn:state", NULL, NULL, STORY_EVENT, -1, "TURN server {server}: {from} > {to}, {reason}"},
    {"turn:allocated", NULL, NULL, STORY_EVENT, -1,
     "we have a relayed address {relayed}[ and {second}], for {lifetime_s} s; the server sees us as "
     "{mapped}"},
    {"turn:alternate_server", NULL, NULL, STORY_EVENT, -1,
     "TURN server {from} sends us on to {to}"},
    {"turn:request_sent", NULL, NULL, STORY_DETAIL, -1,
     "request of method {method} to the TURN server, attempt {attempt}"},
    {"turn:challenged", NULL, NULL, STORY_DETAIL, -1,
     "the TURN server challenges us, code {code}[: {reason}]"},
    {"turn:response_doubted", NULL, NULL, STORY_EVENT, -1,
     "an answer of the TURN server is not believed: {reason}"},
    {"turn:ticket", NULL, NULL, STORY_DETAIL, -1,
     "a ticket of {bytes} bytes to move the allocation with; kept: {kept}"},
    {"turn:moving", NULL, NULL, STORY_EVENT, -1,
     "the allocation on {server} is to follow us to another address"},
    {"turn:moved", NULL, NULL, STORY_EVENT, -1, "the allocation on {server} has followed us"},
    {"turn:move_failed", NULL, NULL, STORY_EVENT, -1,
     "the allocation stays where it was: {reason} ({code})"},
    {"turn:permitted", NULL, NULL, STORY_EVENT, -1, "{peer} may reach us through the relay"},
    {"turn:permission_refused", NULL, NULL, STORY_EVENT, -1,
     "{peer} may not reach us through the relay: {reason}"},
    {"turn:channel_bound", NULL, NULL, STORY_EVENT, -1, "channel {number} leads to {peer}"},
    {"turn:channel_refused", NULL, NULL, STORY_EVENT, -1,
     "channel {number} does not lead to {peer}: {reason}"},
    {"turn:data_dropped", NULL, NULL, STORY_DETAIL, -1, "data from the relay is dropped: {reason}"},
    {"turn:icmp", NULL, NULL, STORY_EVENT, -1,
     "the relay could not reach {peer}: ICMP type {type}, code {code}"},
    {"turn:connection", "state", "failed", STORY_EVENT, -1,
     "there is no connection to {peer} by TCP: {reason}"},
    {"turn:connection", NULL, NULL, STORY_DETAIL, -1, "the connection to {peer} by TCP is {state}"},
    {"turn:server_challenged", NULL, NULL, STORY_DETAIL, -1, "{client} is challenged: {reason}"},
    {"turn:server_allocated", NULL, NULL, STORY_EVENT, -1,
     "{client} has a relayed address on port {port} for {lifetime_s} s"},
    {"turn:server_refreshed", NULL, NULL, STORY_DETAIL, -1,
     "the relayed address of {client} stays for {lifetime_s} s"},
    {"turn:server_refused", NULL, NULL, STORY_EVENT, -1,
     "{client} is refused request {method}: {code}"},
    {"turn:server_peer_denied", NULL, NULL, STORY_EVENT, -1, "{peer} may be no peer: {reason}"},
    {"turn:server_left", NULL, NULL, STORY_EVENT, -1,
     "the stream of the client at {client} has ended, its allocation waits for it"},
    {"turn:server_moved", NULL, NULL, STORY_EVENT, -1, "the client at {from} is at {to} now"},
    {"turn:server_connection", "state", "closed", STORY_EVENT, -1,
     "the connection of {client} to {peer} is closed: {reason}"},
    {"turn:server_connection", NULL, NULL, STORY_DETAIL, -1,
     "the connection of {client} to {peer} is {state}"},
    {"turn:server_ended", NULL, NULL, STORY_EVENT, -1,
     "the relayed address of {client} has ended: {reason}"},
    {"dtls:state", "state", "connected", STORY_EVENT, SECURED, "DTLS is connected"},
    {"dtls:state", NULL, NULL, STORY_EVENT, -1, "DTLS is {state}"},
    {"dtls:retransmit", NULL, NULL, STORY_EVENT, -1,
     "DTLS sends its flight again, after {interval} ms"},
    {"dtls:clock", "does", "stands", STORY_EVENT, -1,
     "there is no path, and the time of DTLS's handshake stands still"},
    {"dtls:clock", NULL, NULL, STORY_EVENT, -1, "the time of DTLS's handshake goes on"},
    {"tls:state", "state", "failed", STORY_EVENT, -1, "TLS with a server failed: {why}"},
    {"tls:state", NULL, NULL, STORY_EVENT, -1, "TLS with a server is {state}"},
    {"tls:again", NULL, NULL, STORY_EVENT, -1, "the handshake with a server is begun anew: {why}"},
    {"tls:retransmit", NULL, NULL, STORY_EVENT, -1,
     "DTLS with a server sends its flight again, after {interval} ms"},
    {"portmap:mapped", NULL, NULL, STORY_EVENT, -1,
     "the gateway maps {internal} to {external} by {protocol}, for {lifetime_s} s"},
    {"portmap:refused", NULL, NULL, STORY_EVENT, -1, "no mapping of {internal}: {reason}"},
    {"portmap:lost", NULL, NULL, STORY_EVENT, -1, "the mapping of {internal} is gone: {reason}"},
    {"portmap:gateway_restarted", NULL, NULL, STORY_EVENT, -1,
     "the gateway {gateway} has restarted: mappings are asked for again"},
    {"sctp:up", NULL, NULL, STORY_EVENT, -1, "SCTP is up, with {streams} streams"},
    {"sctp:down", NULL, NULL, STORY_EVENT, -1, "SCTP is down, error {error}"},
    {"sctp:channel_opened", NULL, NULL, STORY_EVENT, OPENED,
     "a channel is open on stream {stream}, by {by}"},
    {"sctp:channel_closed", NULL, NULL, STORY_EVENT, -1,
     "the channel on stream {stream} is closed"},
    {"sctp:stream_refused", NULL, NULL, STORY_EVENT, -1, "stream {stream} is refused: {why}"},
    {"peer:offer_created", NULL, NULL, STORY_EVENT, -1, "our offer is written, {len} bytes"},
    {"peer:answer_created", NULL, NULL, STORY_EVENT, -1, "our answer is written, {len} bytes"},
    {"peer:rolled_back", NULL, NULL, STORY_EVENT, -1, "our offer is taken back"},
    {"peer:candidate_skipped", NULL, NULL, STORY_EVENT, -1,
     "the peer's candidate number {index} is of no use: {why}"},
    {"peer:mismatch", NULL, NULL, STORY_EVENT, -1,
     "the peer's description has an address that is none of its candidates: changed on the way?"},
    {"peer:name_asked", NULL, NULL, STORY_EVENT, -1,
     "the peer has a candidate at {name}, port {port}: ask for it by multicast"},
    {"peer:name_resolved", NULL, NULL, STORY_EVENT, -1, "{name} is {addr}"},
    {"peer:name_failed", NULL, NULL, STORY_EVENT, -1, "{name} is given up: {why}"},
    {"peer:name_ignored", NULL, NULL, STORY_EVENT, -1,
     "the peer's candidate at {name} is ignored: {why}"},
    {"peer:address_hidden", NULL, NULL, STORY_EVENT, -1, "our address {addr} is told as {name}"},
    {"peer:state", "to", "failed", STORY_EVENT, ENDED, "the peer has failed, was {from}"},
    {"peer:state", "to", "closed", STORY_EVENT, ENDED, "the peer is closed, was {from}"},
    {"peer:state", NULL, NULL, STORY_EVENT, -1, "the peer is {to}, was {from}"},
    {"trace:limit", NULL, NULL, STORY_EVENT, ENDED, "the trace ends here: its file is full"},
};

static const char *const moment_names[MOMENTS] = {
    "gathered", "first check", "connected", "selected", "secured", "first channel", "end"};

/* --- text ---------------------------------------------------------------------------------------
 */

struct text {
    char *buf;
    size_t cap, len;
};

static void add_char(struct text *text, char c)
{
    if (text->len + 1 < text->cap)
        text->buf[text->len++] = c;
    text->buf[text->len] = '\0';
}

static void add_plain(struct text *text, const char *plain)
{
    while (*plain)
        add_char(text, *plain++);
}

/* Nothing of a file's may move a terminal's cursor: what is no printable ASCII becomes '?'. */
static void add_foreign(struct text *text, const char *foreign, size_t len)
{
    for (size_t i = 0; i < len && i < VALUE_MAX; i++)
        add_char(text, foreign[i] >= ' ' && foreign[i] <= '~' ? foreign[i] : '?');
}

static void write_value(const json_t *value, char out[VALUE_MAX])
{
    struct text text = {.buf = out, .cap = VALUE_MAX};

    out[0] = '\0';
    if (json_is_string(value))
        add_foreign(&text, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        snprintf(out, VALUE_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, VALUE_MAX, "%.3f", json_real_value(value));
}

/* Flags speak as words; what is 0 of them says nothing. */
static void value_of(const json_t *data, const char *key, char out[VALUE_MAX])
{
    write_value(json_object_get(data, key), out);
    if (strcmp(key, "use_candidate") == 0)
        snprintf(out, VALUE_MAX, "%s", strcmp(out, "1") == 0 ? "nominating" : "");
    if (strcmp(key, "nomination") == 0 && strcmp(out, "0") == 0)
        out[0] = '\0';
}

/* Copies the name between braces; returns what follows them. */
static const char *read_key(const char *at, char key[NAME_MAX])
{
    size_t len = strcspn(at, "}");

    snprintf(key, NAME_MAX, "%.*s", (int)len, at);
    return at + len + 1;
}

static bool part_is_empty(const char *part, const json_t *data)
{
    char key[NAME_MAX], value[VALUE_MAX];

    read_key(strchr(part, '{') + 1, key);
    value_of(data, key, value);
    return value[0] == '\0';
}

static void fill(struct text *text, const char *sentence, const json_t *data)
{
    char key[NAME_MAX], value[VALUE_MAX];

    for (const char *at = sentence; *at;) {
        if (*at == '[' && part_is_empty(at, data)) {
            at = strchr(at, ']') + 1;
        } else if (*at == '{') {
            at = read_key(at + 1, key);
            value_of(data, key, value);
            add_plain(text, value[0] ? value : "?");
        } else {
            if (*at != '[' && *at != ']')
                add_char(text, *at);
            at++;
        }
    }
}

/* --- records ------------------------------------------------------------------------------------
 */

static bool applies(const struct meaning *meaning, const char *name, const json_t *data)
{
    char value[VALUE_MAX];

    if (strcmp(meaning->name, name) != 0)
        return false;
    if (!meaning->key)
        return true;
    write_value(json_object_get(data, meaning->key), value);
    return strcmp(value, meaning->value) == 0;
}

static const struct meaning *find_meaning(const char *name, const json_t *data)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (applies(&meanings[i], name, data))
            return &meanings[i];
    return NULL;
}

static void tell_unknown(struct text *text, const char *name, json_t *data)
{
    const char *key;
    json_t *value;

    add_foreign(text, name, strlen(name));
    json_object_foreach(data, key, value)
    {
        char shown[VALUE_MAX];
        write_value(value, shown);
        add_char(text, ' ');
        add_foreign(text, key, strlen(key));
        add_char(text, '=');
        add_plain(text, shown);
    }
}

static void keep_name(struct story *story, const char *name)
{
    struct text text = {.buf = story->last_name, .cap = sizeof(story->last_name)};

    story->last_name[0] = '\0';
    add_foreign(&text, name, strlen(name));
}

static void count(struct story *story)
{
    size_t i = 0;

    while (i < story->counts_len && strcmp(story->counts[i].name, story->last_name) != 0)
        i++;
    if (i == NAMES_MAX)
        return;
    if (i == story->counts_len)
        memcpy(story->counts[story->counts_len++].name, story->last_name, NAME_MAX);
    story->counts[i].records++;
}

static void remember(struct story *story, const struct meaning *meaning, const char *sentence)
{
    if (meaning->moment < 0 ||
        (story->has[meaning->moment] && meaning->moment != ENDED && meaning->moment != SELECTED))
        return;
    story->has[meaning->moment] = true;
    memcpy(story->moments[meaning->moment], sentence, STORY_SENTENCE_MAX);
}

static enum story_weight tell(struct story *story, const char *name, double t, json_t *data,
                              char sentence[STORY_SENTENCE_MAX])
{
    const struct meaning *meaning = find_meaning(name, data);
    struct text text = {.buf = sentence, .cap = STORY_SENTENCE_MAX};

    story->records++;
    story->last_t = t;
    keep_name(story, name);
    count(story);
    text.len = (size_t)snprintf(sentence, STORY_SENTENCE_MAX, "%12.3f  ", t);
    if (!meaning) {
        tell_unknown(&text, name, data);
        return STORY_DETAIL;
    }
    fill(&text, meaning->sentence, data);
    remember(story, meaning, sentence);
    return meaning->weight;
}

static bool take_header(struct story *story, const json_t *json)
{
    if (!json_is_string(json_object_get(json, "schema")))
        return false;
    write_value(json_object_get(json, "title"), story->title);
    return true;
}

enum story_weight story_take(struct story *story, const char *line, size_t len,
                             char sentence[STORY_SENTENCE_MAX])
{
    enum story_weight weight = STORY_NOTHING;

    sentence[0] = '\0';
    json_t *json = len < STORY_LINE_MAX ? json_loadb(line, len, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *t = json_object_get(json, "t");
    json_t *data = json_object_get(json, "data");
    double ms = json_number_value(t);

    /* No session takes 300 years. */
    if (name && json_is_number(t) && json_is_object(data) && ms > -1e13 && ms < 1e13)
        weight = tell(story, name, ms, data, sentence);
    else if (!take_header(story, json))
        story->malformed++;
    json_decref(json);
    return weight;
}

void story_skip(struct story *story)
{
    story->malformed++;
}

const char *story_name(const struct story *story)
{
    return story->last_name;
}

size_t story_malformed(const struct story *story)
{
    return story->malformed;
}

size_t story_records(const struct story *story)
{
    return story->records;
}

void story_summarize(const struct story *story, FILE *out)
{
    fprintf(out, "%s%s%zu records in %.3f ms\n", story->title, story->title[0] ? ": " : "",
            story->records, story->last_t);
    for (size_t i = 0; i < MOMENTS; i++)
        if (story->has[i])
            fprintf(out, "  %-13s %s\n", moment_names[i], story->moments[i]);
    for (size_t i = 0; i < story->counts_len; i++)
        fprintf(out, "  %8zu  %s\n", story->counts[i].records, story->counts[i].name);
    if (story->malformed > 0)
        fprintf(out, "  %8zu  lines that are no records\n", story->malformed);
}

struct story *story_new(void)
{
    return calloc(1, sizeof(struct story));
}

void story_free(struct story *story)
{
    free(story);
}
