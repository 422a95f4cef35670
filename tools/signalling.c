/* tools/signalling.c - the messages of docs/signalling.md, read and written. */
#include "tools/signalling.h"

#include <auger/crypto.h>

#include <string.h>

static const char *const type_names[] = {
    [SIGNAL_WELCOME] = "welcome",     [SIGNAL_JOINED] = "joined", [SIGNAL_LEFT] = "left",
    [SIGNAL_ERROR] = "error",         [SIGNAL_OFFER] = "offer",   [SIGNAL_ANSWER] = "answer",
    [SIGNAL_CANDIDATE] = "candidate", [SIGNAL_CALL] = "call",     [SIGNAL_BYE] = "bye",
    [SIGNAL_PICTURE] = "picture",
};

bool signal_is_name(const char *text, size_t len)
{
    if (len < 1 || len > SIGNAL_NAME_MAX - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

/* --- reading -------------------------------------------------------------------------- */

static bool find_type(const char *name, enum signal_type *type)
{
    for (size_t i = 0; name && i < sizeof(type_names) / sizeof(type_names[0]); i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum signal_type)i;
            return true;
        }
    }
    return false;
}

/* An absent name is left empty; a present one must be a name. */
static bool read_name(const json_t *json, const char *key, char out[SIGNAL_NAME_MAX])
{
    const json_t *value = json_object_get(json, key);

    out[0] = '\0';
    if (!value)
        return true;
    if (!json_is_string(value) ||
        !signal_is_name(json_string_value(value), json_string_length(value)))
        return false;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return true;
}

/* A text without a NUL in it, so that it is whole as a C string. */
static const char *read_text(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);

    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return NULL;
    return json_string_value(value);
}

static bool has_its_fields(const struct signal *signal, const char **why)
{
    *why = "a field that this type needs is missing";
    switch (signal->type) {
    case SIGNAL_WELCOME:
        return signal->id[0] && signal->peers;
    case SIGNAL_JOINED:
    case SIGNAL_LEFT:
        return signal->id[0];
    case SIGNAL_ERROR:
        return signal->reason;
    case SIGNAL_OFFER:
    case SIGNAL_ANSWER:
        return signal->session[0] && signal->sdp;
    case SIGNAL_CANDIDATE:
        return signal->session[0] && signal->candidate;
    case SIGNAL_BYE:
        return signal->session[0];
    case SIGNAL_PICTURE:
        return signal->session[0] && json_is_object(json_object_get(signal->json, "picture"));
    case SIGNAL_CALL:
        return true;
    }
    return false;
}

static bool read_fields(struct signal *signal, const char **why)
{
    const json_t *json = signal->json;

    *why = "not an object with a known type";
    if (!json_is_object(json) || !find_type(read_text(json, "type"), &signal->type))
        return false;
    *why = "a name is 1 to 64 of A-Z a-z 0-9 _ -";
    if (!read_name(json, "id", signal->id) || !read_name(json, "from", signal->from) ||
        !read_name(json, "to", signal->to) || !read_name(json, "session", signal->session))
        return false;
    signal->native = json_is_true(json_object_get(json, "native"));
    signal->sdp = read_text(json, "sdp");
    signal->candidate = read_text(json, "candidate");
    signal->reason = read_text(json, "reason");
    signal->peers = json_object_get(json, "peers");
    if (!json_is_array(signal->peers))
        signal->peers = NULL;
    return has_its_fields(signal, why);
}

bool signal_parse(struct signal *out, const char *text, size_t len, const char **why)
{
    struct signal signal = {0};

    *why = "larger than 64 KiB";
    if (len > SIGNAL_MAX)
        return false;
    *why = "not JSON";
    signal.json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (!signal.json)
        return false;
    if (!read_fields(&signal, why)) {
        json_decref(signal.json);
        return false;
    }
    *out = signal;
    return true;
}

void signal_release(struct signal *signal)
{
    json_decref(signal->json);
    *signal = (struct signal){0};
}

/* --- writing -------------------------------------------------------------------------- */

/* `json` is used up; NULL gives NULL. */
static char *to_text(json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return text;
}

char *signal_description(enum signal_type type, const char *to, const char *session,
                         const char *sdp)
{
    return to_text(json_pack("{ss ss ss ss}", "type", type_names[type], "to", to, "session",
                             session, "sdp", sdp));
}

char *signal_candidate(const char *to, const char *session, const char *candidate)
{
    return to_text(json_pack("{ss ss ss ss}", "type", "candidate", "to", to, "session", session,
                             "candidate", candidate));
}

char *signal_plain(enum signal_type type, const char *to, const char *session)
{
    if (!session)
        return to_text(json_pack("{ss ss}", "type", type_names[type], "to", to));
    return to_text(json_pack("{ss ss ss}", "type", type_names[type], "to", to, "session", session));
}

char *signal_picture(const char *to, const char *session, json_t *picture)
{
    return to_text(json_pack("{ss ss ss so}", "type", "picture", "to", to, "session", session,
                             "picture", picture));
}

char *signal_error(const char *reason)
{
    return to_text(json_pack("{ss ss}", "type", "error", "reason", reason));
}

int signal_random_name(char name[SIGNAL_NAME_MAX])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const struct auger_env *env = auger_env_system();
    uint8_t bytes[16];

    int err = env->random(env->user, bytes, sizeof(bytes));
    if (err < 0)
        return err;
    for (size_t i = 0; i < sizeof(bytes); i++)
        name[i] = letters[bytes[i] & 63];
    name[sizeof(bytes)] = '\0';
    return 0;
}
