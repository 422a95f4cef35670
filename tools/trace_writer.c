/* tools/trace_writer.c - a trace as a file of JSON lines:
 *
 *     {"t":12.345,"name":"ice:check_succeeded","data":{"rtt":0.42,"remote":"192.0.2.1:5000"}}
 *
 * Times are milliseconds, `t` since the first record. */
#include "tools/trace_writer.h"
#include "tools/output.h"

#include <auger/crypto.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trace_writer {
    struct auger_env env;
    FILE *file;
    auger_time first_at;
};

static json_t *field_json(const struct auger_trace_field *field)
{
    char addr[AUGER_ADDR_TEXT_MAX];

    switch (field->type) {
    case AUGER_TRACE_INT:
        return json_integer(field->i);
    case AUGER_TRACE_TIME:
        if (field->i == AUGER_NEVER)
            return json_null();
        return json_real((double)field->i / (double)AUGER_MS);
    case AUGER_TRACE_TEXT:
        return field->text ? json_text(field->text, strlen(field->text)) : json_null();
    case AUGER_TRACE_ADDR:
        return field->addr ? json_string(auger_addr_format(field->addr, addr, sizeof(addr)))
                           : json_null();
    }
    return NULL;
}

static void write_record(void *user, const struct auger_trace_record *record)
{
    struct trace_writer *writer = user;
    json_t *data = json_object();

    if (writer->first_at == AUGER_NEVER)
        writer->first_at = record->at;
    for (size_t i = 0; i < record->fields_len; i++)
        json_object_set_new(data, record->fields[i].key, field_json(&record->fields[i]));
    json_t *line =
        json_pack("{sf ss so}", "t", (double)(record->at - writer->first_at) / (double)AUGER_MS,
                  "name", record->name, "data", data);
    if (!line)
        return;
    json_dumpf(line, writer->file, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', writer->file);
    fflush(writer->file); /* a trace is wanted most when the program ends badly */
    json_decref(line);
}

struct trace_writer *trace_writer_new(const char *path)
{
    struct trace_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return NULL;
    writer->env = *auger_env_system();
    writer->first_at = AUGER_NEVER;
    if (!path)
        return writer;
    writer->file = fopen(path, "we");
    if (!writer->file) {
        fprintf(stderr, "auger: cannot write the trace to %s: %s\n", path, strerror(errno));
        free(writer);
        return NULL;
    }
    writer->env.user = writer; /* the system's own functions do not look at it */
    writer->env.trace = write_record;
    return writer;
}

void trace_writer_free(struct trace_writer *writer)
{
    if (writer && writer->file)
        fclose(writer->file);
    free(writer);
}

const struct auger_env *trace_writer_env(const struct trace_writer *writer)
{
    return &writer->env;
}
