/* tools/parcel.c - a file there and back. */
#include "tools/parcel.h"

#include <openssl/sha.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void parcel_init(struct parcel *parcel, struct parcel_budget *budget)
{
    *parcel = (struct parcel){.budget = budget};
}

static void drop_bytes(struct parcel *parcel)
{
    if (parcel->bytes)
        parcel->budget->left += parcel->size;
    free(parcel->bytes);
    parcel->bytes = NULL;
}

void parcel_fini(struct parcel *parcel)
{
    drop_bytes(parcel);
    json_decref(parcel->header);
    *parcel = (struct parcel){0};
}

/* --- coming ----------------------------------------------------------------------------- */

static void refuse(struct parcel *parcel, const char *error)
{
    drop_bytes(parcel);
    parcel->error = error;
    parcel->phase = PARCEL_SENDING;
}

static void take_header(struct parcel *parcel, json_t *header)
{
    const json_t *size = json_object_get(header, "size");

    if (!json_is_string(json_object_get(header, "name")) || !json_is_integer(size) ||
        json_integer_value(size) < 0) {
        refuse(parcel, "the first message is to be {\"name\",\"size\",\"type\"}");
    } else if (json_integer_value(size) > PARCEL_MAX) {
        refuse(parcel, "larger than 64 MiB");
    } else if ((size_t)json_integer_value(size) > parcel->budget->left) {
        refuse(parcel, "too many files at once, try again later");
    } else {
        parcel->size = (size_t)json_integer_value(size);
        parcel->bytes = malloc(parcel->size ? parcel->size : 1);
        if (!parcel->bytes) {
            refuse(parcel, "out of memory");
            return;
        }
        parcel->budget->left -= parcel->size;
        parcel->header = json_incref(header);
        parcel->phase = PARCEL_RECEIVING;
    }
}

static void take_bytes(struct parcel *parcel, const uint8_t *data, size_t len)
{
    if (len > parcel->size - parcel->received) {
        refuse(parcel, "more bytes than announced");
        return;
    }
    if (len)
        memcpy(parcel->bytes + parcel->received, data, len);
    parcel->received += len;
}

static void add_hash(struct parcel *parcel)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];

    SHA256(parcel->bytes, parcel->size, hash);
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    json_object_set_new(parcel->header, "sha256", json_string(hex));
}

static void take_end(struct parcel *parcel)
{
    if (parcel->received != parcel->size) {
        refuse(parcel, "fewer bytes than announced");
        return;
    }
    add_hash(parcel);
    parcel->phase = PARCEL_SENDING;
}

static void take_text(struct parcel *parcel, const char *text, size_t len)
{
    json_t *json = json_loadb(text, len, 0, NULL);

    if (parcel->phase == PARCEL_HEADER)
        take_header(parcel, json);
    else if (json_is_true(json_object_get(json, "end")))
        take_end(parcel);
    else
        refuse(parcel, "bytes, or {\"end\":true}, are to follow the header");
    json_decref(json);
}

void parcel_take(struct parcel *parcel, enum auger_message_kind kind, const uint8_t *data,
                 size_t len)
{
    if (parcel->phase == PARCEL_SENDING || parcel->phase == PARCEL_DONE)
        return;
    if (kind == AUGER_MESSAGE_TEXT)
        take_text(parcel, (const char *)data, len);
    else if (parcel->phase == PARCEL_RECEIVING)
        take_bytes(parcel, data, len);
    else
        refuse(parcel, "the first message is to be {\"name\",\"size\",\"type\"}");
}

/* --- going back --------------------------------------------------------------------------- */

static const uint8_t *as_text(json_t *json, enum auger_message_kind *kind, size_t *len,
                              char **to_free)
{
    *to_free = json ? json_dumps(json, JSON_COMPACT) : NULL;
    *kind = AUGER_MESSAGE_TEXT;
    *len = *to_free ? strlen(*to_free) : 0;
    json_decref(json);
    return (const uint8_t *)*to_free;
}

const uint8_t *parcel_next(const struct parcel *parcel, enum auger_message_kind *kind, size_t *len,
                           char **to_free)
{
    *to_free = NULL;
    if (parcel->phase != PARCEL_SENDING)
        return NULL;
    if (parcel->error)
        return as_text(json_pack("{ss}", "error", parcel->error), kind, len, to_free);
    if (!parcel->header_sent)
        return as_text(json_incref(parcel->header), kind, len, to_free);
    if (parcel->sent == parcel->size)
        return as_text(json_pack("{sb}", "end", 1), kind, len, to_free);
    *kind = AUGER_MESSAGE_BINARY;
    *len = parcel->size - parcel->sent;
    if (*len > PARCEL_CHUNK)
        *len = PARCEL_CHUNK;
    return parcel->bytes + parcel->sent;
}

void parcel_sent(struct parcel *parcel)
{
    if (!parcel->error && !parcel->header_sent) {
        parcel->header_sent = true;
        return;
    }
    if (!parcel->error && parcel->sent < parcel->size) {
        size_t left = parcel->size - parcel->sent;
        parcel->sent += left > PARCEL_CHUNK ? PARCEL_CHUNK : left;
        return;
    }
    drop_bytes(parcel);
    parcel->phase = PARCEL_DONE;
}
