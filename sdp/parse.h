/* sdp/parse.h - the state of reading one description, shared by its lines
 * (parse.c) and its attributes (attr.c). */
#ifndef AUGER_SDP_PARSE_H
#define AUGER_SDP_PARSE_H

#include <auger/sdp.h>

struct auger_sdp_parser {
    struct auger_sdp *sdp;
    struct auger_sdp_section *section;                 /* NULL above the first m= line */
    struct auger_sdp_transport session;                /* what the sections inherit */
    struct auger_text session_address;                 /* of c=, and that too */
    struct auger_text bundles[AUGER_SDP_SECTIONS_MAX]; /* tags of each a=group:BUNDLE */
    uint8_t bundles_len;
    bool has_size;         /* the section gave max-message-size */
    struct auger_text map; /* its sctpmap, of the older form */
    uint32_t line;
    struct auger_sdp_error *error;
};

/* Notes where and why; returns `err`. */
int auger_sdp_fail(struct auger_sdp_parser *parser, enum auger_err err, const char *what);

/* One a= line, without the "a=". */
int auger_sdp_parse_attribute(struct auger_sdp_parser *parser,
                              struct auger_text line) AUGER_CHECK_RESULT;

#endif /* AUGER_SDP_PARSE_H */
