/* turn/server_binding.c - Binding requests to a TURN server. */
#include "turn/server_binding.h"

#include "base/addr.h"
#include "base/bytes.h"

#define CHANGE_IP 4 /* 5780, 7.2 */
#define CHANGE_PORT 2
#define PADDING_MAX 1500 /* 7.6: of an Ethernet, the MTU that nearly all have */
#define RESPONSE_PORT_MIN 1024
#define CLASSIC_REQUEST 0x0001 /* 3489, 11.1 */
#define CLASSIC_SUCCESS 0x0101
#define CLASSIC_ERROR 0x0111
#define CLASSIC_SOURCE_ADDRESS 0x0004
#define CLASSIC_CHANGED_ADDRESS 0x0005
#define CLASSIC_MESSAGE_INTEGRITY 0x0008

struct binding {
    struct auger_turn_server *server;
    const struct auger_path *path;
    struct auger_path answer; /* the way that the answer takes */
    struct auger_addr other;  /* Ca:Cp; no family: there is none */
    size_t room;              /* bytes that the answer may have */
};

/* --- from where and how much -------------------------------------------------------- */

static bool listens(const struct auger_turn_server *server, const struct auger_addr *addr)
{
    for (size_t i = 0; i < server->config.listeners_len; i++)
        if (auger_addr_equal(&server->listeners[i], addr))
            return true;
    return false;
}

/* `ip` with the port of `port`. */
static struct auger_addr joined(const struct auger_addr *ip, const struct auger_addr *port)
{
    struct auger_addr addr = *ip;

    addr.port = port->port;
    return addr;
}

/* Another IP address and port, each of which is also listened to with ours. */
static bool is_other(const struct auger_turn_server *server, const struct auger_addr *local,
                     const struct auger_addr *other)
{
    const struct auger_addr near = joined(local, other), far = joined(other, local);

    return other->family == local->family && other->transport == AUGER_UDP &&
           other->port != local->port && !auger_addr_ip_equal(other, local) &&
           listens(server, &near) && listens(server, &far);
}

/* DTLS is said to be no listener of UDP: what is sealed for one 5-tuple neither goes to another nor
 * leaves in the clear (5780, 7.3). */
static bool is_plain(const struct auger_turn_server *server, const struct auger_addr *local)
{
    return local->transport == AUGER_UDP && listens(server, local);
}

static struct auger_addr find_other(const struct auger_turn_server *server,
                                    const struct auger_addr *local)
{
    for (size_t i = 0; i < server->config.listeners_len && is_plain(server, local); i++)
        if (is_other(server, local, &server->listeners[i]))
            return server->listeners[i];
    return (struct auger_addr){0};
}

static struct binding begin(struct auger_turn_server *server, const struct auger_path *path,
                            size_t len, size_t cap)
{
    size_t room = auger_reply_limit_room(&path->remote, len);

    return (struct binding){.server = server,
                            .path = path,
                            .answer = *path,
                            .other = find_other(server, &path->local),
                            .room = room < cap ? room : cap};
}

/* Table 1. */
static void change(struct binding *binding, uint32_t flags)
{
    if (flags & CHANGE_IP)
        binding->answer.local = joined(&binding->other, &binding->answer.local);
    if (flags & CHANGE_PORT)
        binding->answer.local.port = binding->other.port;
}

static void tell(const struct binding *binding, const uint8_t *reply, int len,
                 struct auger_turn_server_out *out)
{
    if (len <= 0)
        return;
    binding->server->stats.bindings++;
    out->what = AUGER_TURN_SERVER_TO_CLIENT;
    out->path = binding->answer;
    out->bytes = (struct auger_bytes){reply, (size_t)len};
}

/* --- RFC 8489 and 5780 ---------------------------------------------------------------- */

static void add_if_it_fits(struct auger_stun_builder *b, const struct binding *binding,
                           uint16_t type, const struct auger_addr *addr, size_t behind)
{
    size_t len = 4u + (addr->family == AUGER_IPV4 ? 8 : 20);

    if (b->len + len + behind <= binding->room)
        auger_stun_build_addr(b, type, addr);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* 7.6, as long as that of the question and no longer, so that fragments are answered by fragments
 * and nobody is sent more than he sends: docs/decisions/177. */
static void add_padding(struct auger_stun_builder *b, const struct binding *binding,
                        const struct auger_stun_msg *request, size_t behind)
{
    static const uint8_t padding[PADDING_MAX];
    struct auger_bytes asked;

    if (!auger_stun_msg_bytes(request, AUGER_STUN_ATTR_PADDING, &asked) ||
        binding->room < b->len + 4 + behind)
        return;
    size_t room = (binding->room - b->len - 4 - behind) / 4 * 4;
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_PADDING, padding,
                           smaller(smaller(asked.len, PADDING_MAX), room));
}

/* The first is what was asked for; of the rest of 6.1 what the size of the question allows. */
static int write_success(const struct binding *binding, const struct auger_stun_msg *request,
                         uint8_t *reply, size_t cap)
{
    size_t behind = request->fingerprint_offset ? 8 : 0;
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &request->tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &binding->path->remote);
    if (binding->other.family != AUGER_FAMILY_NONE)
        add_if_it_fits(&b, binding, AUGER_STUN_ATTR_OTHER_ADDRESS, &binding->other, behind);
    add_if_it_fits(&b, binding, AUGER_STUN_ATTR_RESPONSE_ORIGIN, &binding->answer.local, behind);
    add_if_it_fits(&b, binding, AUGER_STUN_ATTR_MAPPED_ADDRESS, &binding->path->remote, behind);
    add_padding(&b, binding, request, behind);
    if (request->fingerprint_offset)
        auger_stun_build_fingerprint(&b);
    return auger_stun_build_end(&b);
}

static int write_bad_request(const struct auger_stun_msg *request, uint8_t *reply, size_t cap)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_ERROR, AUGER_STUN_BINDING, &request->tid);
    auger_stun_build_error(&b, AUGER_STUN_BAD_REQUEST);
    if (request->fingerprint_offset)
        auger_stun_build_fingerprint(&b);
    return auger_stun_build_end(&b);
}

/* Whether it asks for something of 5780 that there is, and for nothing that there is not. */
static bool is_discovery(const struct binding *binding, const struct auger_stun_msg *request)
{
    bool has_other = binding->other.family != AUGER_FAMILY_NONE;

    return request->unknown_len == 0 && is_plain(binding->server, &binding->path->local) &&
           (has_other || ((auger_stun_msg_has(request, AUGER_STUN_ATTR_PADDING) ||
                           auger_stun_msg_has(request, AUGER_STUN_ATTR_RESPONSE_PORT)) &&
                          !auger_stun_msg_has(request, AUGER_STUN_ATTR_CHANGE_REQUEST)));
}

/* 7.5.  Not both, nor a port of those that services have: whoever is asked from the client's
 * address may be somebody else.  false: 400. */
static bool redirect(struct binding *binding, const struct auger_stun_msg *request)
{
    uint32_t value;

    if (!auger_stun_msg_has(request, AUGER_STUN_ATTR_RESPONSE_PORT))
        return true;
    if (auger_stun_msg_has(request, AUGER_STUN_ATTR_PADDING) ||
        !auger_stun_msg_u32(request, AUGER_STUN_ATTR_RESPONSE_PORT, &value) ||
        value >> 16 < RESPONSE_PORT_MIN)
        return false;
    binding->answer.remote.port = (uint16_t)(value >> 16);
    return true;
}

/* Whoever is at the port that was asked for gets no more of them than if he had asked himself. */
static bool is_within_rate(const struct binding *binding, auger_time now)
{
    return binding->answer.remote.port == binding->path->remote.port ||
           auger_reply_limit_take(binding->server->limit, now, &binding->answer.remote);
}

static void discover(struct binding *binding, auger_time now, const struct auger_stun_msg *request,
                     uint8_t *reply, size_t cap, struct auger_turn_server_out *out)
{
    uint32_t flags = 0;

    if (!redirect(binding, request)) {
        tell(binding, reply, write_bad_request(request, reply, cap), out);
        return;
    }
    if (!is_within_rate(binding, now)) {
        auger_server_drop(binding->server, AUGER_TURN_SERVER_DROP_LIMITED);
        return;
    }
    auger_stun_msg_u32(request, AUGER_STUN_ATTR_CHANGE_REQUEST, &flags);
    change(binding, flags);
    tell(binding, reply, write_success(binding, request, reply, cap), out);
}

static void answer(struct binding *binding, auger_time now, const uint8_t *buf, size_t len,
                   uint8_t *reply, size_t cap, struct auger_turn_server_out *out)
{
    struct auger_stun_msg request;

    if (auger_stun_msg_parse(&request, buf, len) == 0 && is_discovery(binding, &request))
        discover(binding, now, &request, reply, cap, out);
    else
        tell(binding, reply,
             (int)auger_stun_server_answer(&binding->path->remote, buf, len, reply, cap), out);
}

/* --- RFC 3489 ------------------------------------------------------------------------ */

bool auger_server_binding_is_classic(const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);

    return path->local.transport == AUGER_UDP && len >= AUGER_STUN_HEADER_LEN &&
           len <= AUGER_STUN_MAX && auger_read_u16(&r) == CLASSIC_REQUEST &&
           auger_read_u16(&r) == len - AUGER_STUN_HEADER_LEN && len % 4 == 0 &&
           auger_read_u32(&r) != 0x2112A442u;
}

/* The flags of CHANGE-REQUEST.  False: it breaks the format, or has what would be refused:
 * RESPONSE-ADDRESS above all, an answer to somebody else. */
static bool read_classic(const uint8_t *buf, size_t len, uint32_t *flags)
{
    struct auger_reader r = auger_reader(buf + AUGER_STUN_HEADER_LEN, len - AUGER_STUN_HEADER_LEN);

    *flags = 0;
    while (r.left > 0) {
        uint16_t type = auger_read_u16(&r), value_len = auger_read_u16(&r);
        struct auger_reader value = auger_reader(r.at, r.left);
        auger_read_bytes(&r, ((size_t)value_len + 3) & ~(size_t)3);
        if (r.failed)
            return false;
        if (type == AUGER_STUN_ATTR_CHANGE_REQUEST && value_len == 4)
            *flags = auger_read_u32(&value) & (CHANGE_IP | CHANGE_PORT);
        else if (type < 0x7FFF && type != AUGER_STUN_ATTR_USERNAME &&
                 type != CLASSIC_MESSAGE_INTEGRITY)
            return false;
    }
    return true;
}

/* 3489, 11.2.1 */
static void write_address(struct auger_writer *w, uint16_t type, const struct auger_addr *addr,
                          size_t room)
{
    if (addr->family != AUGER_IPV4 || w->len + 12 > room)
        return;
    auger_write_u16(w, type);
    auger_write_u16(w, 8);
    auger_write_u16(w, 1);
    auger_write_u16(w, addr->port);
    auger_write_bytes(w, addr->ip, 4);
}

/* 420, of the attribute that there are no addresses for. */
static void write_refusal(struct auger_writer *w)
{
    auger_write_u32(w, AUGER_STUN_ATTR_ERROR_CODE << 16 | 4);
    auger_write_u32(w, 4 << 8 | 20);
    auger_write_u32(w, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES << 16 | 4);
    auger_write_u16(w, AUGER_STUN_ATTR_CHANGE_REQUEST);
    auger_write_u16(w, AUGER_STUN_ATTR_CHANGE_REQUEST); /* 11.2.10: an odd one is repeated */
}

static int finish_classic(struct auger_writer *w)
{
    struct auger_writer length = auger_writer(w->buf + 2, 2);

    auger_write_u16(&length, (uint16_t)(w->len - AUGER_STUN_HEADER_LEN));
    return w->failed ? 0 : (int)w->len;
}

/* 3489, 8.1.  Its addresses are IPv4 alone. */
static void answer_classic(struct binding *binding, const uint8_t *buf, size_t len, uint8_t *reply,
                           size_t cap, struct auger_turn_server_out *out)
{
    struct auger_writer w = auger_writer(reply, cap);
    uint32_t flags;

    if (binding->path->remote.family != AUGER_IPV4 || !read_classic(buf, len, &flags)) {
        auger_server_drop(binding->server, AUGER_TURN_SERVER_DROP_MALFORMED);
        return;
    }
    bool is_refused = flags && binding->other.family == AUGER_FAMILY_NONE;
    auger_write_u32(&w, (uint32_t)(is_refused ? CLASSIC_ERROR : CLASSIC_SUCCESS) << 16);
    auger_write_bytes(&w, buf + 4, 16);
    if (is_refused) {
        write_refusal(&w);
    } else {
        change(binding, flags);
        write_address(&w, AUGER_STUN_ATTR_MAPPED_ADDRESS, &binding->path->remote, binding->room);
        write_address(&w, CLASSIC_SOURCE_ADDRESS, &binding->answer.local, binding->room);
        write_address(&w, CLASSIC_CHANGED_ADDRESS, &binding->other, binding->room);
    }
    tell(binding, reply, finish_classic(&w), out);
}

void auger_server_binding(struct auger_turn_server *server, auger_time now,
                          const struct auger_path *path, const uint8_t *buf, size_t len,
                          uint8_t *reply, size_t cap, struct auger_turn_server_out *out)
{
    struct binding binding = begin(server, path, len, cap);

    if (!auger_reply_limit_take(server->limit, now, &path->remote))
        auger_server_drop(server, AUGER_TURN_SERVER_DROP_LIMITED);
    else if (auger_server_binding_is_classic(path, buf, len))
        answer_classic(&binding, buf, len, reply, cap, out);
    else
        answer(&binding, now, buf, len, reply, cap, out);
}
