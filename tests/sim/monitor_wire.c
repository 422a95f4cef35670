/* tests/sim/monitor_wire.c - invariants about datagrams: what an agent sends, judged by
 * what it has received. */
#include "sim/memory.h"
#include "tests/sim/monitor_state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CONSENT (30 * AUGER_SEC) /* RFC 7675 section 5.1 */

/* --- what is remembered ----------------------------------------------------- */

struct monitor_route *monitor_find_route(struct monitor *monitor, const struct auger_path *path,
                                         size_t generation)
{
    for (size_t i = 0; i < monitor->routes_len; i++) {
        if (monitor->routes[i].generation == generation &&
            auger_path_equal(&monitor->routes[i].path, path))
            return &monitor->routes[i];
    }
    return NULL;
}

static bool is_livelier(const struct monitor_route *route, const struct monitor_route *other)
{
    if (!other || route->is_over != other->is_over)
        return !other || other->is_over;
    return route->succeeded_at >= other->succeeded_at;
}

struct monitor_route *monitor_find_live_route(struct monitor *monitor,
                                              const struct auger_path *path)
{
    struct monitor_route *latest = NULL;

    for (size_t i = 0; i < monitor->routes_len; i++) {
        struct monitor_route *route = &monitor->routes[i];
        if (auger_path_equal(&route->path, path) && is_livelier(route, latest))
            latest = route;
    }
    return latest;
}

/* One that has been replaced has no life left but the consent that it had then. */
static bool is_alive(const struct monitor *monitor, auger_time now, size_t generation)
{
    if (generation == monitor->in_force)
        return true;
    for (size_t i = 0; i < monitor->routes_len; i++) {
        const struct monitor_route *route = &monitor->routes[i];
        if (route->generation == generation && now - route->agreed_at <= CONSENT)
            return true;
    }
    return false;
}

/* With consent that ended goes what was asked before, though another check renews it. And an answer
 * from elsewhere, which somebody on the path may have replayed, fails its check (8445 section
 * 7.2.5.2.1): the right one behind it says nothing. */
static bool may_be_forgotten(const struct monitor *monitor, const struct monitor_request *request,
                             const struct monitor_route *route)
{
    bool has_ended = route->ended_at != AUGER_NEVER && request->sent_at < route->ended_at;

    return has_ended || request->failed_at != AUGER_NEVER ||
           (request->is_replaced && monitor->has_forgotten);
}

static void route_succeeded(struct monitor *monitor, auger_time now,
                            const struct monitor_request *request)
{
    struct monitor_route *route = monitor_find_route(monitor, &request->path, request->generation);

    if (!route) {
        monitor->routes =
            sim_resize(monitor->routes, monitor->routes_len + 1, sizeof(*monitor->routes));
        route = &monitor->routes[monitor->routes_len++];
        *route = (struct monitor_route){.path = request->path,
                                        .generation = request->generation,
                                        .succeeded_at = now,
                                        .agreed_at = now,
                                        .owed_at = now - CONSENT,
                                        .ended_at = AUGER_NEVER,
                                        .answered_at = AUGER_NEVER};
    }
    /* A check that is repeated brings it back, if the agent has not seen yet that it ended. */
    route->has_lapsed |=
        auger_path_equal(&route->path, &monitor->path) && now - route->succeeded_at >= CONSENT;
    route->succeeded_at = now;
    route->is_doubtful = false;
    if (now - request->sent_at > CONSENT || now - route->agreed_at == CONSENT) /* over by then */
        return;
    bool is_forgotten = may_be_forgotten(monitor, request, route);
    if (now - route->agreed_at > CONSENT)
        route->ended_at = route->agreed_at + CONSENT;
    route->agreed_at = now;
    if (!is_forgotten)
        route->owed_at = now;
}

/* What was proved along a stream ends with it (RFC 6544 section 11.1). */
static void forget_stream(struct monitor *monitor, const struct auger_path *path)
{
    for (size_t i = monitor->routes_len; i-- > 0;)
        if (auger_path_equal(&monitor->routes[i].path, path))
            monitor->routes[i] = monitor->routes[--monitor->routes_len];
}

/* And nothing was answered along it afterwards. */
static bool ended_in_vain(const struct monitor *monitor, auger_time now,
                          const struct monitor_route *route)
{
    const struct monitor_request *failed = monitor_find_in_vain(monitor, now, &route->path);

    return failed && !monitor_has_failed(failed, route->succeeded_at);
}

/* Once consent has ended its path is not in use any more, and nothing is lost with it, unless a
 * check along it has failed: then it counts until another is in use (docs/decisions/231). */
void monitor_stream_lost(struct monitor *monitor, auger_time now, const struct auger_path *path)
{
    const struct monitor_route *route = monitor_find_live_route(monitor, path);

    bool is_in_use = auger_path_equal(&monitor->path, path) && route;

    if (is_in_use && now - route->agreed_at < CONSENT) {
        monitor->is_adrift = true;
        monitor->streams_lost++;
    } else if (is_in_use && !monitor->is_adrift && ended_in_vain(monitor, now, route)) {
        monitor->may_be_adrift = true;
        monitor->streams_lost++;
    }
    forget_stream(monitor, path);
}

static bool leaves_from(const struct auger_path *path, const struct auger_addr *base)
{
    return path->remote.transport == AUGER_TCP && auger_addr_ip_equal(&path->local, base);
}

/* They left from any port of that IP address, or from this one. */
void monitor_streams_gone(struct monitor *monitor, const struct auger_addr *base)
{
    monitor->is_adrift |= leaves_from(&monitor->path, base);
    for (size_t i = monitor->routes_len; i-- > 0;)
        if (leaves_from(&monitor->routes[i].path, base))
            monitor->routes[i] = monitor->routes[--monitor->routes_len];
}

static struct monitor_remote *remote_of(struct monitor *monitor, const struct auger_addr *addr,
                                        size_t generation)
{
    for (size_t i = 0; i < monitor->remotes_len; i++) {
        if (monitor->remotes[i].generation == generation &&
            auger_addr_equal(&monitor->remotes[i].addr, addr))
            return &monitor->remotes[i];
    }
    monitor->remotes =
        sim_resize(monitor->remotes, monitor->remotes_len + 1, sizeof(*monitor->remotes));
    struct monitor_remote *remote = &monitor->remotes[monitor->remotes_len++];
    *remote = (struct monitor_remote){.addr = *addr, .generation = generation};
    return remote;
}

/* On any path, if that is NULL. */
struct monitor_request *monitor_find_request(struct monitor_requests *requests,
                                             const struct auger_stun_tid *tid,
                                             const struct auger_path *path)
{
    size_t kept = requests->total < MONITOR_REQUESTS ? requests->total : MONITOR_REQUESTS;

    for (size_t i = 1; i <= kept; i++) {
        struct monitor_request *request = &requests->ring[(requests->total - i) % MONITOR_REQUESTS];
        if (memcmp(&request->tid, tid, sizeof(*tid)) == 0 &&
            (!path || auger_path_equal(&request->path, path)))
            return request;
    }
    return NULL;
}

static void grow(struct monitor_requests *requests)
{
    if (requests->total < requests->cap || requests->cap == MONITOR_REQUESTS)
        return;
    requests->cap = requests->cap ? 2 * requests->cap : 64;
    requests->ring = sim_resize(requests->ring, requests->cap, sizeof(*requests->ring));
}

/* The one there is, or a new one. */
struct monitor_request *monitor_note_request(struct monitor_requests *requests,
                                             const struct auger_stun_tid *tid,
                                             const struct auger_path *path)
{
    struct monitor_request *request = monitor_find_request(requests, tid, path);

    if (!request) {
        grow(requests);
        request = &requests->ring[requests->total++ % MONITOR_REQUESTS];
        *request = (struct monitor_request){.tid = *tid,
                                            .path = *path,
                                            .generation = MONITOR_NO_GENERATION,
                                            .over_at = AUGER_NEVER,
                                            .failed_at = AUGER_NEVER};
    }
    request->sent++;
    return request;
}

static enum monitor_role role_in(const struct auger_stun_msg *msg)
{
    bool controlling = auger_stun_msg_has(msg, AUGER_STUN_ATTR_ICE_CONTROLLING);
    bool controlled = auger_stun_msg_has(msg, AUGER_STUN_ATTR_ICE_CONTROLLED);

    if (controlling == controlled)
        return MONITOR_NO_ROLE;
    return controlling ? MONITOR_CONTROLLING : MONITOR_CONTROLLED;
}

static bool username_is(const struct auger_stun_msg *msg, const char *to, const char *from)
{
    char expected[2 * AUGER_UFRAG_MAX];
    struct auger_bytes username;
    int len = snprintf(expected, sizeof(expected), "%s:%s", to, from);

    return auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_USERNAME, &username) &&
           username.len == (size_t)len && memcmp(username.data, expected, username.len) == 0;
}

/* "to:from", with both halves of one generation. */
static size_t generation_asked(const struct monitor *monitor, const struct auger_stun_msg *msg)
{
    for (size_t i = monitor->generations_len; i-- > 0;) {
        const struct monitor_generation *generation = &monitor->generations[i];
        if (generation->remote_key && username_is(msg, generation->remote_ufrag, generation->ufrag))
            return i;
    }
    return MONITOR_NO_GENERATION;
}

/* Whose our half is.  The other half may be anybody's as long as the peer's credentials
 * are not known, but nobody's of another generation. */
static size_t generation_that_is_asked(const struct monitor *monitor,
                                       const struct auger_stun_msg *msg)
{
    struct auger_bytes username;
    size_t found = MONITOR_NO_GENERATION;

    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_USERNAME, &username))
        return found;
    for (size_t i = 0; i < monitor->generations_len; i++) {
        size_t len = strlen(monitor->generations[i].ufrag);
        if (username.len > len && username.data[len] == ':' &&
            memcmp(username.data, monitor->generations[i].ufrag, len) == 0)
            found = i;
    }
    for (size_t i = 0; found != MONITOR_NO_GENERATION && i < monitor->generations_len; i++) {
        if (i != found && monitor->generations[i].remote_key &&
            username_is(msg, monitor->generations[found].ufrag,
                        monitor->generations[i].remote_ufrag))
            return MONITOR_NO_GENERATION;
    }
    return found;
}

/* --- what it sends ---------------------------------------------------------- */

void monitor_told(struct monitor *monitor, const struct auger_addr *candidate)
{
    remote_of(monitor, candidate, monitor->generations_len - 1)->is_told = true;
}

bool monitor_is_told(const struct monitor *monitor, const struct auger_addr *addr)
{
    for (size_t i = 0; i < monitor->remotes_len; i++) {
        if (monitor->remotes[i].is_told && auger_addr_equal(&monitor->remotes[i].addr, addr))
            return true;
    }
    return false;
}

static void sent_data(struct monitor *monitor, auger_time now, const struct auger_path *path)
{
    const struct monitor_route *route = monitor_find_live_route(monitor, path);

    if (monitor->both_lite && !monitor_is_told(monitor, &path->remote))
        monitor_break(monitor, "1: data to an address that the peer has not told");
    if (monitor->both_lite)
        return;
    if (!route)
        monitor_break(monitor, "1: data on a path on which no check has succeeded");
    else if (now - route->succeeded_at > CONSENT)
        monitor_break(monitor, "2: data %lld ms after the last success",
                      (long long)((now - route->succeeded_at) / AUGER_MS));
    else if (route->is_over)
        monitor_break(monitor, "2: data on a path whose consent had ended");
}

static void show_role(struct monitor *monitor, enum monitor_role role)
{
    monitor->role_changes += monitor->shown_role != MONITOR_NO_ROLE && monitor->shown_role != role;
    monitor->shown_role = role;
}

static void leave_role(struct monitor *monitor, enum monitor_role role)
{
    if (role != MONITOR_NO_ROLE)
        show_role(monitor, role == MONITOR_CONTROLLING ? MONITOR_CONTROLLED : MONITOR_CONTROLLING);
}

static void began_check(struct monitor *monitor, const struct auger_stun_msg *msg)
{
    enum monitor_role role = role_in(msg);

    if (!auger_stun_msg_u64(msg, AUGER_STUN_ATTR_ICE_CONTROLLING, &monitor->tie_breaker) &&
        !auger_stun_msg_u64(msg, AUGER_STUN_ATTR_ICE_CONTROLLED, &monitor->tie_breaker))
        monitor->tie_breaker = 0;
    show_role(monitor, role);
    if (role != monitor->role) {
        monitor->role = role;
        monitor->has_seen_conflict = monitor->has_insisted = false;
    }
    monitor->has_insisted |= monitor->has_seen_conflict;
}

/* RFC 8445 sections 7.1 and 7.2.2 */
static void check_form(struct monitor *monitor, auger_time now, const struct auger_stun_msg *msg,
                       size_t generation)
{
    enum monitor_role role = role_in(msg);

    if (monitor->in_force == MONITOR_NO_GENERATION)
        monitor_break(monitor, "0: a check before the peer is known");
    else if (generation == MONITOR_NO_GENERATION)
        monitor_break(monitor, "0: a check with a wrong USERNAME");
    else if (!is_alive(monitor, now, generation))
        monitor_break(monitor, "0: a check of a generation that is over");
    else if (auger_stun_msg_verify(msg, monitor->generations[generation].remote_key) < 0)
        monitor_break(monitor, "0: a check with a wrong integrity");
    else if (!auger_stun_msg_fingerprint_ok(msg))
        monitor_break(monitor, "0: a check without FINGERPRINT");
    else if (role == MONITOR_NO_ROLE || !auger_stun_msg_has(msg, AUGER_STUN_ATTR_PRIORITY))
        monitor_break(monitor, "0: a check without a role or PRIORITY");
    else if (role == MONITOR_CONTROLLED && auger_stun_msg_has(msg, AUGER_STUN_ATTR_USE_CANDIDATE))
        monitor_break(monitor, "7: the controlled side nominates");
}

/* A value stands for one pair, and none goes back: draft-thatcher-ice-renomination. */
static void check_nomination(struct monitor *monitor, const struct auger_path *path,
                             const struct auger_stun_msg *msg,
                             struct monitor_generation *generation)
{
    uint32_t value;

    if (!auger_stun_msg_u32(msg, AUGER_STUN_ATTR_NOMINATION, &value))
        return;
    if (role_in(msg) != MONITOR_CONTROLLING ||
        !auger_stun_msg_has(msg, AUGER_STUN_ATTR_USE_CANDIDATE))
        monitor_break(monitor, "7: NOMINATION without USE-CANDIDATE, or of the controlled side");
    else if (value < generation->nomination || value == 0 || value >> 24)
        monitor_break(monitor, "7: nomination %u after %u", value, generation->nomination);
    else if (value == generation->nomination && !auger_path_equal(path, &generation->nominated))
        monitor_break(monitor, "7: nomination %u of two pairs", value);
    generation->nomination = value;
    generation->nominated = *path;
}

static void replace(struct monitor *monitor, const struct monitor_request *by)
{
    struct monitor_requests *sent = &monitor->sent;

    for (size_t i = 0; i < sent->total && i < sent->cap; i++) {
        struct monitor_request *request = &sent->ring[i];
        request->is_replaced |= request != by && request->generation == by->generation &&
                                auger_path_equal(&request->path, &by->path);
    }
}

static void sent_request(struct monitor *monitor, auger_time now, const struct auger_path *path,
                         const struct auger_stun_msg *msg)
{
    struct monitor_request *request = monitor_note_request(&monitor->sent, &msg->tid, path);

    monitor->requests++;
    if (monitor->lite)
        monitor_break(monitor, "0: a lite agent asks");
    request->generation = generation_asked(monitor, msg);
    if (request->sent == 1) {
        request->sent_at = now;
        request->nominates = auger_stun_msg_has(msg, AUGER_STUN_ATTR_USE_CANDIDATE);
        replace(monitor, request);
        monitor_note_failed_check(monitor, now);
        monitor_check_pace(monitor, now, request);
    }
    if (request->sent > MONITOR_TRANSMISSIONS)
        monitor_break(monitor, "3: request sent for the %uth time", request->sent);
    if (monitor_is_server(monitor, &path->remote)) {
        monitor->bindings_in_vain += request->sent == MONITOR_GATHERING && !request->is_heard;
        return;
    }
    check_form(monitor, now, msg, request->generation);
    if (request->generation == MONITOR_NO_GENERATION)
        return;
    check_nomination(monitor, path, msg, &monitor->generations[request->generation]);
    if (request->sent == 1 && request->generation == monitor->in_force) {
        began_check(monitor, msg);
        request->role = role_in(msg);
        request->role_changes = monitor->role_changes;
    }
    monitor_check_budget(monitor, request, remote_of(monitor, &path->remote, request->generation));
}

static void answered_as_lite(struct monitor *monitor, auger_time now,
                             const struct monitor_request *request)
{
    struct monitor_route *route = monitor_find_route(monitor, &request->path, request->generation);

    if (route)
        route->answered_at = now;
}

static void sent_answer(struct monitor *monitor, auger_time now, const struct auger_path *path,
                        const struct auger_stun_msg *msg)
{
    struct monitor_request *request = monitor_find_request(&monitor->received, &msg->tid, path);
    struct auger_addr mapped;

    if (!request || request->answered++ >= request->sent) {
        monitor_break(monitor, "0: an answer to nothing");
        return;
    }
    if (msg->class_ == AUGER_STUN_ERROR)
        return;
    if (++request->succeeded > request->genuine)
        monitor_break(monitor, "0: a success to a check of no generation, or of two");
    else if (auger_stun_msg_verify(msg, monitor->generations[request->generation].key) < 0)
        monitor_break(monitor, "0: a success with a wrong integrity");
    else if (!auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped) ||
             !auger_addr_ip_equal(&mapped, &path->remote) || mapped.port != path->remote.port)
        monitor_break(monitor, "0: a success with a wrong XOR-MAPPED-ADDRESS");
    else if (monitor->lite)
        answered_as_lite(monitor, now, request);
    /* The peer's role is its own no more (RFC 8445 section 7.3.1.1). */
    if (request->generation == monitor->in_force)
        leave_role(monitor, request->role);
}

/* RFC 8489 section 6.1: 576 and 1280 bytes with the headers. */
void monitor_check_length(struct monitor *monitor, const struct auger_path *path, size_t len)
{
    if (path->remote.transport == AUGER_UDP &&
        len > (path->remote.family == AUGER_IPV6 ? 1232 : 548))
        monitor_break(monitor, "0: a STUN message of %zu bytes, which not every path takes", len);
}

static void sent(struct monitor *monitor, auger_time now, const struct auger_path *path,
                 const uint8_t *buf, size_t len)
{
    struct auger_stun_msg msg;

    if (!auger_stun_is_message(buf, len)) {
        sent_data(monitor, now, path);
        return;
    }
    monitor_check_length(monitor, path, len);
    if (auger_stun_msg_parse(&msg, buf, len) < 0) {
        monitor_break(monitor, "0: a malformed STUN message");
        return;
    }
    switch (msg.class_) {
    case AUGER_STUN_REQUEST:
        sent_request(monitor, now, path, &msg);
        break;
    case AUGER_STUN_SUCCESS:
    case AUGER_STUN_ERROR:
        sent_answer(monitor, now, path, &msg);
        break;
    case AUGER_STUN_INDICATION: /* keepalives go where data goes (8445, 11), or to servers */
        if (msg.method == AUGER_STUN_BINDING && !monitor_is_server(monitor, &path->remote))
            sent_data(monitor, now, path);
        break;
    }
}

void monitor_sent(struct monitor *monitor, auger_time now, const struct auger_path *path,
                  const uint8_t *buf, size_t len)
{
    struct auger_path inner = *path;
    struct auger_bytes bytes = {buf, len};

    if (monitor_is_gone(monitor, &path->local))
        monitor_break(monitor, "0: from an address that is gone");
    if (monitor_unwrap_sent(monitor, now, &inner, &bytes))
        sent(monitor, now, &inner, bytes.data, bytes.len);
}

/* --- what it receives ------------------------------------------------------- */

/* RFC 8445 section 7.3.2: USE-CANDIDATE makes a pair valid, and what follows keeps it so; on
 * the one in use nothing does once consent has ended. */
static void asked_of_lite(struct monitor *monitor, auger_time now, const struct auger_path *path,
                          const struct auger_stun_msg *msg, size_t generation)
{
    const struct monitor_request request = {
        .path = *path, .generation = generation, .sent_at = now, .failed_at = AUGER_NEVER};
    const struct monitor_route *route = monitor_find_route(monitor, path, generation);

    if (route && auger_path_equal(path, &monitor->path) && now - route->succeeded_at > CONSENT)
        return;
    if (route || auger_stun_msg_has(msg, AUGER_STUN_ATTR_USE_CANDIDATE))
        route_succeeded(monitor, now, &request);
}

static void received_request(struct monitor *monitor, auger_time now, const struct auger_path *path,
                             const struct auger_stun_msg *msg)
{
    struct monitor_request *request = monitor_note_request(&monitor->received, &msg->tid, path);
    size_t asked = generation_that_is_asked(monitor, msg);

    if (asked == MONITOR_NO_GENERATION) /* altered, perhaps, of one that waits for its answer */
        return;
    request->generation = asked;
    request->role = role_in(msg);
    request->genuine++;
    const struct monitor_generation *generation = &monitor->generations[asked];
    if ((generation->remote_key &&
         !username_is(msg, generation->ufrag, generation->remote_ufrag)) ||
        auger_stun_msg_verify(msg, generation->key) < 0 || !auger_stun_msg_fingerprint_ok(msg))
        return;
    remote_of(monitor, &path->remote, asked)->checks++;
    monitor->conflicts += role_in(msg) != monitor->remote_role;
    monitor->remote_role = role_in(msg);
    if (asked == monitor->in_force && monitor->role != MONITOR_NO_ROLE &&
        role_in(msg) == monitor->role)
        monitor->has_seen_conflict = true;
    if (monitor->lite)
        asked_of_lite(monitor, now, path, msg, asked);
}

/* RFC 8445 section 7.2.5.1: who is told so changes its role, and may have it back before it asks
 * again; a check in a role that it has left already says nothing. */
static void told_of_conflict(struct monitor *monitor, const struct monitor_request *request)
{
    if (request->generation == monitor->in_force && request->role_changes == monitor->role_changes)
        leave_role(monitor, request->role);
}

/* The first answer from where the request went ends a transaction; a second one says
 * nothing. */
static void received_answer(struct monitor *monitor, auger_time now, const struct auger_path *path,
                            const struct auger_stun_msg *msg)
{
    struct monitor_request *request = monitor_find_request(&monitor->sent, &msg->tid, NULL);

    if (!request || request->answered > 0 || monitor_is_server(monitor, &path->remote))
        return;
    if (request->generation == MONITOR_NO_GENERATION ||
        auger_stun_msg_verify(msg, monitor->generations[request->generation].remote_key) < 0 ||
        !auger_stun_msg_fingerprint_ok(msg))
        return;
    const struct monitor_route *route =
        monitor_find_route(monitor, &request->path, request->generation);
    bool is_symmetric = auger_path_equal(&request->path, path);
    request->answered += is_symmetric;
    monitor->late_answers += route && now - route->succeeded_at > CONSENT;
    monitor->conflicts += msg->error_code == AUGER_STUN_ROLE_CONFLICT;
    if (request->failed_at == AUGER_NEVER && (!is_symmetric || msg->class_ == AUGER_STUN_ERROR))
        request->failed_at = now;
    if (is_symmetric)
        remote_of(monitor, &path->remote, request->generation)->has_answered = true;
    if (is_symmetric && msg->error_code == AUGER_STUN_ROLE_CONFLICT)
        told_of_conflict(monitor, request);
    if (is_symmetric && msg->class_ == AUGER_STUN_SUCCESS)
        route_succeeded(monitor, now, request);
}

/* Of whatever kind. */
static void told_by_server(struct monitor *monitor, const uint8_t *buf, size_t len)
{
    struct auger_stun_msg msg;

    if (!auger_stun_is_message(buf, len) || auger_stun_msg_parse(&msg, buf, len) < 0 ||
        msg.method != AUGER_STUN_BINDING || msg.class_ == AUGER_STUN_REQUEST)
        return;
    struct monitor_request *request = monitor_find_request(&monitor->sent, &msg.tid, NULL);
    if (!request || request->is_heard)
        return;
    request->is_heard = true;
    monitor->bindings_heard++;
    monitor->bindings_in_vain -= request->sent >= MONITOR_GATHERING;
}

void monitor_received(struct monitor *monitor, auger_time now, const struct auger_path *path,
                      const uint8_t *buf, size_t len)
{
    struct auger_path inner = *path;
    struct auger_bytes bytes = {buf, len};
    struct auger_stun_msg msg;

    if (monitor_is_server(monitor, &path->remote))
        told_by_server(monitor, buf, len);
    if (!monitor_unwrap_received(monitor, now, &inner, &bytes) ||
        !auger_stun_is_message(bytes.data, bytes.len) ||
        auger_stun_msg_parse(&msg, bytes.data, bytes.len) < 0)
        return;
    if (msg.class_ == AUGER_STUN_REQUEST)
        received_request(monitor, now, &inner, &msg);
    else if (msg.class_ != AUGER_STUN_INDICATION)
        received_answer(monitor, now, &inner, &msg);
}
