/* Several servers at one address: who comes back with what another one gave is told whose it is. */
#include "tests/turn/station.h"

#define MEMBERS 3

static const uint8_t secret[AUGER_TURN_SERVER_NONCE_SECRET_LEN] = {1};

static struct station *member_of(uint16_t members, uint16_t member)
{
    struct station *s = station_prepare();

    s->random += member;
    s->config.mobility = s->config.tcp_relay = true;
    s->config.user_allocations_max = 100;
    s->config.members = members;
    s->config.member = member;
    s->config.nonce_secret = secret;
    station_start(s);
    return s;
}

static uint8_t ticket[64];
static size_t ticket_len;

static void get_ticket(struct station *s, struct asker *who)
{
    struct auger_bytes value;
    struct request q;

    challenge(s, who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, NULL, 0);
    send_signed(s, &q, who);
    assert_true(auger_stun_msg_bytes(&s->answer, AUGER_STUN_ATTR_MOBILITY_TICKET, &value));
    ticket_len = value.len;
    memcpy(ticket, value.data, value.len);
}

static uint64_t get_token(struct station *s, struct asker *who)
{
    struct request q;
    uint64_t token;

    challenge(s, who);
    begin_allocate(&q);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_EVEN_PORT, "\x80", 1);
    send_signed(s, &q, who);
    assert_true(auger_stun_msg_u64(&s->answer, AUGER_STUN_ATTR_RESERVATION_TOKEN, &token));
    return token;
}

static uint32_t get_connection(struct station *s, struct asker *who)
{
    struct request q;
    uint32_t id;

    who->is_stream = true;
    challenge(s, who);
    begin(&q, AUGER_STUN_ALLOCATE);
    add_byte(&q, AUGER_STUN_ATTR_REQUESTED_TRANSPORT, 6);
    send_signed(s, &q, who);
    begin(&q, AUGER_STUN_CONNECT);
    add_addr(&q, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, PEER);
    send_signed(s, &q, who);
    assert_int_equal(s->out.what, AUGER_TURN_SERVER_CONNECT);
    auger_turn_server_peer_connected(s->server, s->now, s->out.connection, 0, s->reply,
                                     sizeof(s->reply), &s->out);
    read_answer(s);
    assert_true(auger_stun_msg_u32(&s->answer, AUGER_STUN_ATTR_CONNECTION_ID, &id));
    return id;
}

/* Without credentials: whose it is is known before who asks. */
static void ask_with(struct station *s, const char *from, int what, uint64_t value)
{
    struct asker who = {.name = "alice", .password = "wonderland", .from = from};
    struct request q;

    if (what == 0) {
        begin(&q, AUGER_STUN_REFRESH);
        auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, ticket, ticket_len);
    } else if (what == 1) {
        begin_allocate(&q);
        auger_stun_build_u64(&q.b, AUGER_STUN_ATTR_RESERVATION_TOKEN, value);
    } else {
        who.is_stream = true;
        begin(&q, AUGER_STUN_CONNECTION_BIND);
        auger_stun_build_u32(&q.b, AUGER_STUN_ATTR_CONNECTION_ID, (uint32_t)value);
    }
    send_bare(s, &q, &who);
}

static uint64_t get(struct station *s, const char *from, int what)
{
    struct asker who = {.name = "alice", .password = "wonderland", .from = from};

    if (what == 0)
        get_ticket(s, &who);
    return what == 1 ? get_token(s, &who) : what == 2 ? get_connection(s, &who) : 0;
}

static void what_one_gave_is_its_own_at_each(void **state)
{
    struct station *all[MEMBERS];

    (void)state;
    for (uint16_t i = 0; i < MEMBERS; i++)
        all[i] = member_of(MEMBERS, i);
    for (int round = 0; round < 30; round++) {
        struct station *giver = all[round % MEMBERS];
        int what = round / MEMBERS % 3;
        char from[32];
        snprintf(from, sizeof(from), "9.9.9.%d:5000", round + 1);
        uint64_t value = get(giver, from, what);
        for (int i = 0; i < MEMBERS; i++) {
            snprintf(from, sizeof(from), "9.9.9.%d:6000", round + 1);
            ask_with(all[i], from, what, value);
            if (all[i] == giver) {
                assert_int_equal(all[i]->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
            } else {
                assert_int_equal(all[i]->out.what, AUGER_TURN_SERVER_ELSEWHERE);
                assert_int_equal(all[i]->out.member, round % MEMBERS);
            }
        }
    }
    for (int i = 0; i < MEMBERS; i++)
        station_free(all[i]);
}

/* 8016, 3.2.2: it is his own allocation that he has here, whatever he shows. */
static void who_has_an_allocation_here_stays(void **state)
{
    struct station *one = member_of(2, 0), *other = member_of(2, 1);
    struct asker alice = ALICE, again = ALICE;
    struct request q;

    (void)state;
    get_ticket(one, &alice);
    challenge(other, &again);
    begin_allocate(&q);
    send_signed(other, &q, &again);
    assert_int_equal(other->answer.error_code, 0);
    begin(&q, AUGER_STUN_REFRESH);
    auger_stun_build_bytes(&q.b, AUGER_STUN_ATTR_MOBILITY_TICKET, ticket, ticket_len);
    send_signed(other, &q, &again);
    assert_int_equal(other->answer.error_code, AUGER_STUN_ALLOCATION_MISMATCH);
    station_free(one);
    station_free(other);
}

static void what_nobody_gave_is_answered_where_it_comes(void **state)
{
    struct station *s = member_of(MEMBERS, 1);

    (void)state;
    memset(ticket, 0xFF, sizeof(ticket));
    ticket_len = 24;
    ask_with(s, CLIENT, 0, 0);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    ticket_len = 23;
    ask_with(s, CLIENT, 0, 0);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    ask_with(s, CLIENT, 1, UINT64_MAX);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    ask_with(s, CLIENT, 2, UINT32_MAX);
    assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
    station_free(s);
}

static void one_alone_sends_nobody_elsewhere(void **state)
{
    struct station *s = member_of(1, 0);

    (void)state;
    for (unsigned last = 0; last < 256; last++) {
        char from[32];
        snprintf(from, sizeof(from), "9.9.%u.1:6000", last);
        memset(ticket, (int)last, sizeof(ticket));
        ticket_len = 24;
        for (int what = 0; what < 3; what++) {
            ask_with(s, from, what, last * 0x0101010101010101u);
            assert_int_equal(s->answer.error_code, AUGER_STUN_UNAUTHENTICATED);
        }
    }
    station_free(s);
}

static void a_member_of_nothing_is_refused(void **state)
{
    static const uint16_t rows[][2] = {{0, 0}, {2, 2}, {256, 0}};
    struct station *s = station_prepare();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        s->config.members = rows[i][0];
        s->config.member = rows[i][1];
        assert_int_equal(auger_turn_server_new(&s->server, &s->env, s->now, &s->config),
                         AUGER_ERR_INVALID);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_gave_is_its_own_at_each),
        cmocka_unit_test(who_has_an_allocation_here_stays),
        cmocka_unit_test(what_nobody_gave_is_answered_where_it_comes),
        cmocka_unit_test(one_alone_sends_nobody_elsewhere),
        cmocka_unit_test(a_member_of_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
