/* Our client against our server, over a wire that is this test. */
#include "tests/turn/station.h"

struct line {
    struct station *s;
    struct auger_turn *client;
    struct auger_addr local; /* the client's, as the server sees it */
    struct auger_turn_event event;
    bool loses_answers; /* of the server, for now */
};

static void hear(struct line *line, const struct auger_turn_server_out *out)
{
    struct auger_turn_data data;

    if (out->what == AUGER_TURN_SERVER_TO_CLIENT && !line->loses_answers)
        auger_turn_handle_datagram(line->client, line->s->now, &out->path.local, out->bytes.data,
                                   out->bytes.len, &data);
}

/* All that the client has to say, and what comes of it. */
static void exchange(struct line *line)
{
    struct station *s = line->s;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    while ((len = auger_turn_poll_transmit(line->client, s->now, buf, sizeof(buf))) > 0) {
        struct auger_path path = {*auger_turn_server(line->client), line->local};
        path.remote.transport = path.local.transport;
        give(s, &path, buf, len);
        hear(line, &s->out);
    }
}

static void pass(struct line *line, auger_time until)
{
    struct station *s = line->s;

    for (;;) {
        auger_time next = auger_turn_next_timeout(line->client);
        auger_time served = auger_turn_server_next_timeout(s->server);
        if (served < next)
            next = served;
        if (next > until)
            break;
        s->now = next > s->now ? next : s->now;
        auger_turn_server_handle_timeout(s->server, s->now);
        auger_turn_handle_timeout(line->client, s->now);
        exchange(line);
    }
    s->now = until;
}

static void expect_of_client(struct line *line, enum auger_turn_event_type type)
{
    assert_true(auger_turn_poll_event(line->client, &line->event));
    assert_int_equal(line->event.type, type);
}

static void line_start(struct line *line, struct station *s, struct auger_turn_config *config)
{
    struct auger_turn_config defaults;

    *line = (struct line){.s = s, .local = addr_of(CLIENT)};
    auger_turn_config_init(&defaults);
    if (!config)
        config = &defaults;
    config->server = s->listeners[config->server.transport == AUGER_TCP];
    config->username = "alice";
    if (!config->password)
        config->password = "wonderland";
    assert_int_equal(auger_turn_new(&line->client, &s->env, s->now, config), 0);
    exchange(line);
}

static void line_end(struct line *line)
{
    auger_turn_free(line->client);
    station_free(line->s);
}

static void write_to(struct line *line, const char *peer, const char *text)
{
    struct auger_path path = {*auger_turn_server(line->client), line->local};
    struct auger_addr addr = addr_of(peer);
    uint8_t buf[256];

    path.remote.transport = path.local.transport;
    int len = auger_turn_write(line->client, line->s->now, &addr, (const uint8_t *)text,
                               strlen(text), buf, sizeof(buf));
    assert_true(len > 0);
    give(line->s, &path, buf, (size_t)len);
}

static void expect_from_peer(struct line *line, const char *peer, const char *text)
{
    struct station *s = line->s;
    struct auger_turn_data data;
    struct auger_addr addr = addr_of(peer);

    from_peer(s, s->relay, peer, text, strlen(text));
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_TO_CLIENT);
    if (s->out.path.local.transport == AUGER_TCP)
        assert_int_equal(auger_turn_frame_len(s->out.bytes.data, s->out.bytes.len),
                         s->out.bytes.len);
    assert_int_equal(auger_turn_handle_datagram(line->client, s->now, &s->out.path.local,
                                                s->out.bytes.data, s->out.bytes.len, &data),
                     AUGER_TURN_DATA);
    assert_true(auger_addr_equal(&data.peer, &addr));
    assert_int_equal(data.bytes.len, strlen(text));
    assert_memory_equal(data.bytes.data, text, data.bytes.len);
}

static void permit_peer(struct line *line, const char *peer)
{
    struct auger_addr addr = addr_of(peer);

    assert_int_equal(auger_turn_permit(line->client, line->s->now, &addr), 0);
    exchange(line);
    expect_of_client(line, AUGER_TURN_EVENT_PERMITTED);
}

/* Everything that one session has, by datagram and by stream. */
static void a_session_from_allocate_to_release(void **state)
{
    (void)state;
    for (int is_stream = 0; is_stream < 2; is_stream++) {
        struct auger_turn_config config;
        struct auger_addr peer = addr_of(PEER), client = addr_of(CLIENT);
        struct line line;
        auger_turn_config_init(&config);
        config.server.transport = is_stream ? AUGER_TCP : AUGER_UDP;
        config.families = AUGER_TURN_BOTH;
        config.dont_fragment = true;
        line_start(&line, station_new(), &config);
        expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
        assert_int_equal(line.event.allocated.relayed[0].family, AUGER_IPV4);
        assert_int_equal(line.event.allocated.relayed[1].family, AUGER_IPV6);
        assert_true(auger_addr_ip_equal(&line.event.allocated.mapped, &client));
        assert_true(line.event.allocated.dont_fragment);
        permit_peer(&line, PEER6);
        expect_from_peer(&line, PEER6, "hello");
        write_to(&line, PEER6, "hello back");
        expect_to_peer(line.s, PEER6, "hello back");
        assert_true(line.s->out.dont_fragment);
        assert_int_equal(auger_turn_bind_channel(line.client, line.s->now, &peer), 0);
        exchange(&line);
        expect_of_client(&line, AUGER_TURN_EVENT_PERMITTED);
        expect_of_client(&line, AUGER_TURN_EVENT_CHANNEL_BOUND);
        write_to(&line, PEER, "by channel");
        expect_to_peer(line.s, PEER, "by channel");
        line.s->relay &= ~1u;
        auger_turn_release(line.client, line.s->now);
        exchange(&line);
        expect_of_client(&line, AUGER_TURN_EVENT_RELEASED);
        assert_int_equal(stats_of(line.s).allocations, 0);
        line_end(&line);
    }
}

static void a_session_stays_for_hours_through_nonces_and_refreshes(void **state)
{
    struct auger_addr peer = addr_of(PEER);
    struct line line;

    (void)state;
    line_start(&line, station_new(), NULL);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(auger_turn_bind_channel(line.client, line.s->now, &peer), 0);
    exchange(&line);
    for (int hour = 0; hour < 5; hour++) {
        pass(&line, line.s->now + 3600 * AUGER_SEC);
        write_to(&line, PEER, "still here");
        expect_to_peer(line.s, PEER, "still here");
        expect_from_peer(&line, PEER, "so am I");
    }
    assert_int_equal(stats_of(line.s).allocations_made, 1);
    assert_true(stats_of(line.s).challenges > 5); /* stale nonces */
    line_end(&line);
}

static void an_answer_that_is_lost_is_given_again(void **state)
{
    struct line line;
    struct station *s = station_new();

    (void)state;
    line_start(&line, s, NULL);
    auger_turn_free(line.client);
    s->now += 700 * AUGER_SEC;
    at(s, s->now);
    forget_events(s);
    struct auger_turn_config config;
    auger_turn_config_init(&config);
    config.server = s->listeners[0];
    config.username = "alice";
    config.password = "wonderland";
    assert_int_equal(auger_turn_new(&line.client, &s->env, s->now, &config), 0);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path = {s->listeners[0], line.local};
    size_t len = auger_turn_poll_transmit(line.client, s->now, buf, sizeof(buf));
    give(s, &path, buf, len);
    hear(&line, &s->out); /* the challenge */
    line.loses_answers = true;
    exchange(&line);
    line.loses_answers = false;
    pass(&line, s->now + 2 * AUGER_SEC);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(stats_of(s).allocations, 1);
    assert_int_equal(stats_of(s).allocations_made, 2);
    line_end(&line);
}

static void a_wrong_password_fails_the_client_and_leaves_nothing(void **state)
{
    struct auger_turn_config config;
    struct line line;

    (void)state;
    auger_turn_config_init(&config);
    config.password = "looking-glass";
    line_start(&line, station_new(), &config);
    pass(&line, line.s->now + 60 * AUGER_SEC);
    expect_of_client(&line, AUGER_TURN_EVENT_FAILED);
    assert_int_equal(line.event.failed.error, AUGER_TURN_ERROR_UNAUTHENTICATED);
    assert_int_equal(stats_of(line.s).allocations_made, 0);
    line_end(&line);
}

static void an_allocation_that_the_server_has_lost_is_noticed(void **state)
{
    struct line line;

    (void)state;
    line_start(&line, station_new(), NULL);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    auger_turn_server_close(line.s->server, line.s->now);
    at(line.s, line.s->now);
    pass(&line, line.s->now + 700 * AUGER_SEC);
    expect_of_client(&line, AUGER_TURN_EVENT_FAILED);
    assert_int_equal(line.event.failed.error, AUGER_TURN_ERROR_ALLOCATION_MISMATCH);
    line_end(&line);
}

static void a_peer_that_is_denied_is_refused_to_the_client(void **state)
{
    struct auger_addr peer = addr_of("169.254.169.254:80");
    struct line line;

    (void)state;
    line_start(&line, station_new(), NULL);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(auger_turn_permit(line.client, line.s->now, &peer), 0);
    exchange(&line);
    expect_of_client(&line, AUGER_TURN_EVENT_REFUSED);
    assert_int_equal(line.event.peer.error, AUGER_TURN_ERROR_FORBIDDEN);
    line_end(&line);
}

static void an_icmp_error_reaches_the_client(void **state)
{
    struct auger_addr peer = addr_of(PEER);
    struct line line;

    (void)state;
    line_start(&line, station_new(), NULL);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    permit_peer(&line, PEER);
    auger_turn_server_handle_icmp(line.s->server, line.s->now, line.s->relay, &peer, 3, 4, 1280,
                                  line.s->reply, sizeof(line.s->reply), &line.s->out);
    hear(&line, &line.s->out);
    expect_of_client(&line, AUGER_TURN_EVENT_ICMP);
    assert_int_equal(line.event.icmp.type, 3);
    assert_int_equal(line.event.icmp.code, 4);
    assert_int_equal(line.event.icmp.data, 1280);
    line_end(&line);
}

static void a_hidden_name_is_found(void **state)
{
    struct station *s = station_prepare();
    struct line line;

    (void)state;
    s->config.userhash = true;
    station_start(s);
    line_start(&line, s, NULL);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    permit_peer(&line, PEER);
    expect_event(s, AUGER_TURN_SERVER_EVENT_ALLOCATED);
    assert_int_equal(s->event.allocation.user.len, 5);
    assert_memory_equal(s->event.allocation.user.data, "alice", 5);
    line_end(&line);
}

/* What the stream of a connection has to say, from another port. */
static void fetch(struct line *line, uint32_t connection)
{
    struct station *s = line->s;
    struct auger_path path = {*auger_turn_server(line->client), line->local};
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    path.remote.transport = AUGER_TCP;
    path.remote.port = (uint16_t)(path.remote.port + 7 + connection % 1000);
    assert_int_equal(auger_turn_bind_connection(line->client, s->now, connection), 0);
    while ((len = auger_turn_connection_transmit(line->client, s->now, connection, buf,
                                                 sizeof(buf))) > 0) {
        give(s, &path, buf, len);
        assert_true(auger_turn_connection_handle(line->client, s->now, connection,
                                                 s->out.bytes.data, s->out.bytes.len));
    }
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_SPLICE);
    assert_int_equal(s->out.connection, connection);
    expect_of_client(line, AUGER_TURN_EVENT_BOUND);
    assert_int_equal(line->event.connection.number, connection);
}

static void peers_are_reached_by_tcp_and_reach(void **state)
{
    struct auger_turn_config config;
    struct auger_addr peer = addr_of(PEER), other = addr_of(PEER2);
    struct line line;
    struct station *s = station_prepare();

    (void)state;
    s->config.tcp_relay = true;
    station_start(s);
    auger_turn_config_init(&config);
    config.server.transport = AUGER_TCP;
    config.tcp_relay = true;
    line_start(&line, s, &config);
    expect_of_client(&line, AUGER_TURN_EVENT_ALLOCATED);
    peer.transport = other.transport = AUGER_TCP;
    assert_int_equal(auger_turn_connect(line.client, s->now, &peer), 0);
    exchange(&line);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_CONNECT);
    auger_turn_server_peer_connected(s->server, s->now, s->out.connection, 0, s->reply,
                                     sizeof(s->reply), &s->out);
    hear(&line, &s->out);
    expect_of_client(&line, AUGER_TURN_EVENT_CONNECTED);
    fetch(&line, line.event.connection.number);
    assert_int_equal(auger_turn_permit(line.client, s->now, &other), 0);
    exchange(&line);
    expect_of_client(&line, AUGER_TURN_EVENT_PERMITTED);
    auger_turn_server_peer_accepted(s->server, s->now, s->relay, &other, s->reply, sizeof(s->reply),
                                    &s->out);
    hear(&line, &s->out);
    expect_of_client(&line, AUGER_TURN_EVENT_ATTEMPT);
    assert_true(auger_addr_equal(&line.event.connection.peer, &other));
    fetch(&line, line.event.connection.number);
    assert_int_equal(stats_of(s).connections, 2);
    line_end(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_from_allocate_to_release),
        cmocka_unit_test(a_session_stays_for_hours_through_nonces_and_refreshes),
        cmocka_unit_test(an_answer_that_is_lost_is_given_again),
        cmocka_unit_test(a_wrong_password_fails_the_client_and_leaves_nothing),
        cmocka_unit_test(an_allocation_that_the_server_has_lost_is_noticed),
        cmocka_unit_test(a_peer_that_is_denied_is_refused_to_the_client),
        cmocka_unit_test(an_icmp_error_reaches_the_client),
        cmocka_unit_test(a_hidden_name_is_found),
        cmocka_unit_test(peers_are_reached_by_tcp_and_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
