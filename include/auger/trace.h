/*
 * auger/trace.h - trace records as text, and datagrams as a capture: what a program
 * writes to files so that a session can be looked at afterwards (docs/trace.md).
 *
 * Nothing here does I/O or keeps state: each function fills a buffer of the caller's,
 * who writes it wherever he likes.
 *
 * Errors   a length, or AUGER_ERR_BUFFER; then the buffer's content means nothing.
 * Threads  any.
 */
#ifndef AUGER_TRACE_H
#define AUGER_TRACE_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- JSON lines --------------------------------------------------------------------- */

#define AUGER_TRACE_SCHEMA "auger:trace:1"
#define AUGER_TRACE_LINE_MAX 2048 /* enough for every record of ours */

/* The first line of a file: schema, library, `title` (of the program, say) and when it
 * was by the wall's clock, in nanoseconds since 1970, at the trace's time 0. */
AUGER_API int auger_trace_format_header(char *buf, size_t cap, const char *title,
                                        int64_t wall_ns) AUGER_CHECK_RESULT;
/* One line for one record, "\n" and a NUL included; `origin` is the trace's time 0. */
AUGER_API int auger_trace_format(char *buf, size_t cap, const struct auger_trace_record *record,
                                 auger_time origin) AUGER_CHECK_RESULT;
/* The same for people, without time: "ice:check_sent local=192.0.2.1:5000 attempt=1". */
AUGER_API int auger_trace_format_words(char *buf, size_t cap,
                                       const struct auger_trace_record *record) AUGER_CHECK_RESULT;

/* --- pcapng (draft-ietf-opsawg-pcapng) -------------------------------------------- */

#define AUGER_PCAPNG_BEGIN_MAX 256
#define AUGER_PCAPNG_COMMENT_MAX 4096
/* Beside the datagram and its comment. */
#define AUGER_PCAPNG_OVERHEAD 128

/* What a file begins with: a section and its one interface, of raw IP packets with times
 * in nanoseconds. */
AUGER_API int auger_pcapng_begin(uint8_t *buf, size_t cap, const char *program) AUGER_CHECK_RESULT;

struct auger_pcapng_packet {
    int64_t wall_ns; /* since 1970 */
    bool outbound;
    const struct auger_path *path; /* as we see it */
    const uint8_t *data;
    size_t len;
    const char *comment; /* UTF-8; NULL: none; cut behind AUGER_PCAPNG_COMMENT_MAX bytes */
};
/* One datagram with the IP and UDP headers that belong to it. */
AUGER_API int auger_pcapng_packet(uint8_t *buf, size_t cap,
                                  const struct auger_pcapng_packet *packet) AUGER_CHECK_RESULT;
/* The lines of a key log, with which a reader decrypts the packets that come after:
 * auger_dtls_key_log().  Whoever has the file reads everything. */
AUGER_API int auger_pcapng_secrets(uint8_t *buf, size_t cap, const char *key_log,
                                   size_t len) AUGER_CHECK_RESULT;

#ifdef __cplusplus
}
#endif

#endif /* AUGER_TRACE_H */
