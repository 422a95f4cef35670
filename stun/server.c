/* stun/server.c - the Binding server: RFC 8489 sections 6.3 and 12.  It keeps no
 * state, so that there is nothing for a stranger to fill. */
#include <auger/stun.h>

/* 12: FINGERPRINT is not required of anybody, and of use to who sent it.  SOFTWARE
 * is left out: docs/decisions/006. */
static size_t end(struct auger_stun_builder *b, const struct auger_stun_msg *request)
{
    if (request->fingerprint_offset)
        auger_stun_build_fingerprint(b);
    int len = auger_stun_build_end(b);
    return len < 0 ? 0 : (size_t)len;
}

/* RFC 5780 section 6: who has one address and port cannot answer from another, and to
 * answer as if nothing had been asked would tell a falsehood about the client's NAT. */
static void refuse_behaviour_discovery(struct auger_stun_msg *request)
{
    static const uint16_t types[] = {AUGER_STUN_ATTR_CHANGE_REQUEST, AUGER_STUN_ATTR_PADDING,
                                     AUGER_STUN_ATTR_RESPONSE_PORT};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (auger_stun_msg_has(request, types[i]) && request->unknown_len < AUGER_STUN_UNKNOWN_MAX)
            request->unknown[request->unknown_len++] = types[i];
}

/* 6.3.1 */
static size_t refuse_unknown(const struct auger_stun_msg *request, uint8_t *reply, size_t cap)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_ERROR, AUGER_STUN_BINDING, &request->tid);
    auger_stun_build_error(&b, AUGER_STUN_UNKNOWN_ATTRIBUTE);
    auger_stun_build_unknown(&b, request);
    return end(&b, request);
}

size_t auger_stun_server_answer(const struct auger_addr *from, const uint8_t *buf, size_t len,
                                uint8_t *reply, size_t cap)
{
    struct auger_stun_msg request;
    struct auger_stun_builder b;

    if (len > AUGER_STUN_MAX || auger_stun_msg_parse(&request, buf, len) < 0 ||
        request.class_ != AUGER_STUN_REQUEST || request.method != AUGER_STUN_BINDING)
        return 0;
    refuse_behaviour_discovery(&request);
    if (request.unknown_len > 0)
        return refuse_unknown(&request, reply, cap);
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &request.tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, from);
    return end(&b, &request);
}
