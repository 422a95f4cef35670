/* trace/json.c - trace records as lines of JSON, and in words.  Files and clocks are the
 * caller's. */
#include <auger/trace.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VERSION "0.1.0"

/* Text that grows until it does not fit. */
struct text {
    char *buf;
    size_t cap, len;
    bool failed;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
    va_list args;

    if (text->failed)
        return;
    va_start(args, format);
    int n = vsnprintf(text->buf + text->len, text->cap - text->len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= text->cap - text->len)
        text->failed = true;
    else
        text->len += (size_t)n;
}

static int end(const struct text *text)
{
    return text->failed ? AUGER_ERR_BUFFER : (int)text->len;
}

/* RFC 8259 section 7. */
static void add_string(struct text *text, const char *string)
{
    if (!string) {
        add(text, "null");
        return;
    }
    add(text, "\"");
    for (; *string && !text->failed; string++) {
        unsigned char c = (unsigned char)*string;
        if (c == '"' || c == '\\')
            add(text, "\\%c", c);
        else if (c < 0x20)
            add(text, "\\u%04x", c);
        else
            add(text, "%c", c);
    }
    add(text, "\"");
}

static void add_addr(struct text *text, const struct auger_addr *addr)
{
    char shown[AUGER_ADDR_TEXT_MAX];

    if (addr)
        add(text, "\"%s\"", auger_addr_format(addr, shown, sizeof(shown)));
    else
        add(text, "null");
}

/* Milliseconds, to the nanosecond, whatever the locale. */
static void add_ms(struct text *text, auger_time time)
{
    uint64_t ns = time < 0 ? 0 - (uint64_t)time : (uint64_t)time;

    add(text, "%s%" PRIu64 ".%06" PRIu64, time < 0 ? "-" : "", ns / 1000000, ns % 1000000);
}

static void add_value(struct text *text, const struct auger_trace_field *field)
{
    switch (field->type) {
    case AUGER_TRACE_INT:
        add(text, "%" PRId64, field->i);
        break;
    case AUGER_TRACE_TIME:
        if (field->i == AUGER_NEVER)
            add(text, "null");
        else
            add_ms(text, field->i);
        break;
    case AUGER_TRACE_TEXT:
        add_string(text, field->text);
        break;
    case AUGER_TRACE_ADDR:
        add_addr(text, field->addr);
        break;
    }
}

int auger_trace_format_header(char *buf, size_t cap, const char *title, int64_t wall_ns)
{
    struct text text = {.buf = buf, .cap = cap};

    add(&text, "{\"schema\":\"" AUGER_TRACE_SCHEMA "\",\"version\":\"" VERSION "\",\"title\":");
    add_string(&text, title);
    add(&text, ",\"time_unit\":\"ms\",\"wall_clock\":");
    add_ms(&text, wall_ns);
    add(&text, "}\n");
    return end(&text);
}

int auger_trace_format(char *buf, size_t cap, const struct auger_trace_record *record,
                       auger_time origin)
{
    struct text text = {.buf = buf, .cap = cap};

    add(&text, "{\"t\":");
    add_ms(&text, record->at - origin);
    add(&text, ",\"name\":");
    add_string(&text, record->name);
    add(&text, ",\"data\":{");
    for (size_t i = 0; i < record->fields_len; i++) {
        add(&text, i ? "," : "");
        add_string(&text, record->fields[i].key);
        add(&text, ":");
        add_value(&text, &record->fields[i]);
    }
    add(&text, "}}\n");
    return end(&text);
}

int auger_trace_format_words(char *buf, size_t cap, const struct auger_trace_record *record)
{
    struct text text = {.buf = buf, .cap = cap};

    add(&text, "%s", record->name);
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct auger_trace_field *field = &record->fields[i];
        char shown[AUGER_ADDR_TEXT_MAX];
        add(&text, " %s=", field->key);
        if (field->type == AUGER_TRACE_TEXT)
            add(&text, "%s", field->text ? field->text : "");
        else if (field->type == AUGER_TRACE_ADDR && field->addr)
            add(&text, "%s", auger_addr_format(field->addr, shown, sizeof(shown)));
        else
            add_value(&text, field);
    }
    return end(&text);
}
