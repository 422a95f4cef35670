/* stun/server.c - the Binding server: RFC 8489 sections 6.3 and 12.  It keeps no
 * state, so that there is nothing for a stranger to fill. */
#include <auger/stun.h>

static size_t end(struct auger_stun_builder *b)
{
    int len = auger_stun_build_end(b);

    return len < 0 ? 0 : (size_t)len;
}

/* 6.3.1.1: as many as there is room for without answering more than was asked. */
static size_t refuse_unknown(struct auger_stun_msg *request, uint8_t *reply, size_t cap)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_ERROR, request->method, &request->tid);
    auger_stun_build_error(&b, AUGER_STUN_UNKNOWN_ATTRIBUTE);
    auger_stun_build_unknown(&b, request);
    return end(&b);
}

size_t auger_stun_server_answer(const struct auger_addr *from, const uint8_t *buf, size_t len,
                                uint8_t *reply, size_t cap)
{
    struct auger_stun_msg request;
    struct auger_stun_builder b;

    if (auger_stun_msg_parse(&request, buf, len) < 0 || request.class_ != AUGER_STUN_REQUEST ||
        request.method != AUGER_STUN_BINDING)
        return 0;
    if (request.unknown_len > 0)
        return refuse_unknown(&request, reply, cap);
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &request.tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, from);
    if (request.fingerprint_offset)
        auger_stun_build_fingerprint(&b);
    return end(&b);
}
