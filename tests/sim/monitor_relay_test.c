/* What goes through a relay is judged by what is inside: on the path between relayed address and
 * peer the rules are those of any other path. */
#include "tests/sim/monitor_stage.h"

#include "crypto/crypto.h"

static const struct auger_addr server = {.family = AUGER_IPV4, .port = 3478, .ip = {23, 4, 5, 1}};
static const struct auger_addr relayed = {.family = AUGER_IPV4, .port = 49152, .ip = {23, 4, 5, 2}};

#define CHANNEL 0x4001

static bool is_by_stream;

static struct auger_path to_server(void)
{
    struct auger_path out = {path.local, server};

    if (is_by_stream) {
        out.local.port = 0;
        out.local.transport = out.remote.transport = AUGER_TCP;
    }
    return out;
}

static struct auger_stun_key *server_key(void)
{
    static const char text[] = "user:realm:secret";
    const struct auger_bytes piece = {(const uint8_t *)text, sizeof(text) - 1};
    uint8_t secret[AUGER_MD5_LEN];
    struct auger_stun_key *key;

    assert_int_equal(auger_digest_compute(AUGER_DIGEST_MD5, &piece, 1, secret), 0);
    assert_int_equal(auger_stun_key_new(&key, secret, sizeof(secret)), 0);
    return key;
}

static int set_up_relay(void **state)
{
    set_up(state);
    monitor_add_turn_server(((struct stage *)*state)->monitor,
                            &(struct monitor_turn){to_server().remote, "user", "realm", "secret"});
    return 0;
}

/* --- forging ------------------------------------------------------------------------------ */

struct turn_msg {
    enum auger_stun_class class_;
    uint16_t method;
    uint8_t tid;
    const struct auger_addr *peer, *relayed;
    bool has_channel, is_unsigned;
    uint16_t error_code;
    uint32_t lifetime_s; /* 0: none is said */
    const uint8_t *data;
    size_t data_len;
};

static size_t write_turn(uint8_t buf[512], const struct turn_msg *m)
{
    struct auger_stun_key *key = server_key();
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, 512, m->class_, m->method,
                           &(struct auger_stun_tid){.bytes = {m->tid}});
    if (m->peer)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, m->peer);
    if (m->relayed)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, m->relayed);
    if (m->has_channel)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CHANNEL_NUMBER, CHANNEL << 16);
    if (m->lifetime_s)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, m->lifetime_s);
    if (m->error_code)
        auger_stun_build_error(&b, m->error_code);
    if (m->data)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_DATA, m->data, m->data_len);
    if (m->class_ != AUGER_STUN_INDICATION && !m->is_unsigned)
        auger_stun_build_integrity(&b, key);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_stun_key_free(key);
    return (size_t)len;
}

static void says(struct stage *stage, auger_time now, const struct turn_msg *m)
{
    const struct auger_path out = to_server();
    uint8_t buf[512];
    size_t len = write_turn(buf, m);

    monitor_sent(stage->monitor, now, &out, buf, len);
}

static void is_told(struct stage *stage, auger_time now, const struct turn_msg *m)
{
    const struct auger_path in = to_server();
    uint8_t buf[512];
    size_t len = write_turn(buf, m);

    monitor_received(stage->monitor, now, &in, buf, len);
}

static void allocate_with(struct stage *stage, auger_time now, bool is_forged)
{
    says(stage, now,
         &(struct turn_msg){
             .class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_ALLOCATE, .tid = 100});
    is_told(stage, now,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_ALLOCATE,
                               .tid = 100,
                               .relayed = &relayed,
                               .is_unsigned = is_forged});
}

static void asks_for_permission(struct stage *stage, auger_time now)
{
    says(stage, now,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                            .method = AUGER_STUN_CREATE_PERMISSION,
                            .tid = 103,
                            .peer = &path.remote});
}

static void is_permitted(struct stage *stage, auger_time now)
{
    is_told(stage, now,
            &(struct turn_msg){
                .class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_CREATE_PERMISSION, .tid = 103});
}

static void allocate_at(struct stage *stage, auger_time now)
{
    allocate_with(stage, now, false);
    asks_for_permission(stage, now);
    is_permitted(stage, now);
}

static void allocate(struct stage *stage)
{
    allocate_at(stage, 0);
}

/* What is in stage->buf, in a Send indication. */
static void sends(struct stage *stage, auger_time now)
{
    says(stage, now,
         &(struct turn_msg){.class_ = AUGER_STUN_INDICATION,
                            .method = AUGER_STUN_SEND,
                            .tid = 1,
                            .peer = &path.remote,
                            .data = stage->buf,
                            .data_len = stage->len});
}

static void sends_check(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_request(stage, (struct forged){.tid = tid});
    sends(stage, now);
}

static void sends_data_inside(struct stage *stage, auger_time now)
{
    memcpy(stage->buf, data, sizeof(data));
    stage->len = sizeof(data);
    sends(stage, now);
}

/* What is in stage->buf, in a Data indication. */
static void hears(struct stage *stage, auger_time now)
{
    is_told(stage, now,
            &(struct turn_msg){.class_ = AUGER_STUN_INDICATION,
                               .method = AUGER_STUN_DATA,
                               .tid = 1,
                               .peer = &path.remote,
                               .data = stage->buf,
                               .data_len = stage->len});
}

static void is_answered_inside(struct stage *stage, auger_time now, uint8_t tid)
{
    forge_success(stage, tid, stage->their_key, &relayed);
    hears(stage, now);
}

static void is_asked_inside(struct stage *stage, auger_time now, uint64_t tie_breaker)
{
    forge_request(stage, (struct forged){.tid = 50, .from_peer = true, .tie_breaker = tie_breaker});
    hears(stage, now);
}

static void sends_on_channel(struct stage *stage)
{
    const struct auger_path out = to_server();
    uint8_t buf[4 + sizeof(data)] = {CHANNEL >> 8, CHANNEL & 0xFF, 0, sizeof(data)};

    memcpy(buf + 4, data, sizeof(data));
    monitor_sent(stage->monitor, 0, &out, buf, sizeof(buf));
}

static void bind_channel(struct stage *stage)
{
    says(stage, 0,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                            .method = AUGER_STUN_CHANNEL_BIND,
                            .tid = 101,
                            .peer = &path.remote,
                            .has_channel = true});
    is_told(stage, 0,
            &(struct turn_msg){
                .class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_CHANNEL_BIND, .tid = 101});
}

/* --- claims ------------------------------------------------------------------------------- */

static void data_through_a_relay_needs_a_success_too(void **state)
{
    allocate(*state);
    sends_data_inside(*state, 0);
    breaks(*state, '1');
}

static void after_a_success_it_is_fine_for_30_s(void **state)
{
    allocate(*state);
    sends_check(*state, 0, 1);
    is_answered_inside(*state, 0, 1);
    sends_data_inside(*state, 30 * AUGER_SEC);
    holds(*state);
    sends_data_inside(*state, 30 * AUGER_SEC + 1);
    breaks(*state, '2');
}

static void a_success_on_another_path_is_none_for_the_relay(void **state)
{
    allocate(*state);
    asks(*state, 0, (struct forged){.tid = 1});
    is_answered(*state, 0, 1);
    sends_data_inside(*state, 0);
    breaks(*state, '1');
}

static void checks_through_a_relay_are_counted(void **state)
{
    allocate(*state);
    for (uint8_t i = 0; i < 14; i++) /* two bases */
        sends_check(*state, i * AUGER_SEC, i);
    holds(*state);
    sends_check(*state, 14 * AUGER_SEC, 14);
    breaks(*state, '3');
}

static void nothing_leaves_by_a_relay_that_is_not_there(void **state)
{
    sends_check(*state, 0, 1);
    breaks(*state, '5');
}

static void who_is_not_the_server_allocates_nothing(void **state)
{
    allocate_with(*state, 0, true);
    sends_check(*state, 0, 1);
    breaks(*state, '5');
}

static void data_on_a_channel_needs_a_success_of_both(void **state)
{
    allocate(*state);
    sends_on_channel(*state);
    breaks(*state, '5');
}

static void a_channel_leads_to_its_peer(void **state)
{
    allocate(*state);
    bind_channel(*state);
    sends_on_channel(*state);
    breaks(*state, '1'); /* no check has succeeded */
}

static void data_on_a_bound_channel_is_fine(void **state)
{
    allocate(*state);
    bind_channel(*state);
    sends_check(*state, 0, 1);
    is_answered_inside(*state, 0, 1);
    sends_on_channel(*state);
    holds(*state);
}

static void a_request_to_the_server_is_sent_7_times_at_most(void **state)
{
    for (int i = 0; i < 7; i++)
        says(*state, i,
             &(struct turn_msg){
                 .class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_REFRESH, .tid = 1});
    holds(*state);
    says(*state, 7,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_REFRESH, .tid = 1});
    breaks(*state, '3');
}

static void begin_on_the_relay(struct stage *stage)
{
    struct auger_path inner = {relayed, path.remote};

    allocate(stage);
    sends_check(stage, 0, 1);
    is_answered_inside(stage, 0, 1);
    enters(stage, 0, AUGER_ICE_CHECKING);
    monitor_event(stage->monitor, 0,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_PATH, .path = inner});
    enters(stage, 0, AUGER_ICE_CONNECTED);
    holds(stage);
}

static void wants_a_restart_at(struct stage *stage, auger_time now)
{
    monitor_event(stage->monitor, now,
                  &(struct auger_ice_event){.type = AUGER_ICE_EVENT_RESTART_WANTED});
}

static void wants_a_restart(struct stage *stage)
{
    wants_a_restart_at(stage, 0);
}

/* What asks for credentials has not got any. */
static void asks_server_at(struct stage *stage, auger_time now, uint16_t method, bool is_unsigned)
{
    says(stage, now,
         &(struct turn_msg){.class_ = AUGER_STUN_REQUEST,
                            .method = method,
                            .tid = 102,
                            .is_unsigned = is_unsigned});
}

static void asks_server(struct stage *stage, uint16_t method, bool is_unsigned)
{
    asks_server_at(stage, 0, method, is_unsigned);
}

static void is_refused_at(struct stage *stage, auger_time now, uint16_t method, uint16_t code)
{
    is_told(stage, now,
            &(struct turn_msg){.class_ = AUGER_STUN_ERROR,
                               .method = method,
                               .tid = 102,
                               .error_code = code,
                               .is_unsigned = code == AUGER_STUN_UNAUTHENTICATED});
}

static void is_refused(struct stage *stage, uint16_t method, uint16_t code)
{
    is_refused_at(stage, 0, method, code);
}

static void one_is_adrift_if_the_server_says_so(void **state)
{
    static const struct {
        uint16_t method, code;
        bool fine;
    } cases[] = {{AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH, true},
                 {AUGER_STUN_CREATE_PERMISSION, AUGER_STUN_ALLOCATION_MISMATCH, true},
                 {AUGER_STUN_REFRESH, AUGER_STUN_FORBIDDEN, true},
                 {AUGER_STUN_REFRESH, AUGER_STUN_SERVER_ERROR, false},
                 {AUGER_STUN_CREATE_PERMISSION, AUGER_STUN_FORBIDDEN, false},
                 {AUGER_STUN_REFRESH, AUGER_STUN_STALE_NONCE, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin_on_the_relay(*state);
        asks_server(*state, cases[i].method, false);
        is_refused(*state, cases[i].method, cases[i].code);
        wants_a_restart(*state);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '1');
        tear_down(state);
        set_up_relay(state);
    }
}

static void nothing_leaves_by_a_relay_that_is_lost(void **state)
{
    begin_on_the_relay(*state);
    asks_server(*state, AUGER_STUN_REFRESH, false);
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
    sends_data_inside(*state, 0);
    breaks(*state, '5');
}

/* What repeats a request may be answered otherwise than the first: nobody waits for it. */
static void a_request_whose_nonce_was_stale_is_over(void **state)
{
    begin_on_the_relay(*state);
    asks_server(*state, AUGER_STUN_REFRESH, false);
    is_told(*state, 0,
            &(struct turn_msg){.class_ = AUGER_STUN_ERROR,
                               .method = AUGER_STUN_REFRESH,
                               .tid = 102,
                               .error_code = AUGER_STUN_STALE_NONCE,
                               .is_unsigned = true});
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
    sends_data_inside(*state, 0);
    holds(*state);
}

/* The answer of the server to what it was asked before may come behind a new allocation. */
static void what_was_asked_of_another_allocation_loses_none(void **state)
{
    static const struct {
        auger_time asked_at;
        bool fine;
    } cases[] = {{AUGER_SEC - 1, true}, {AUGER_SEC, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        asks_server_at(*state, cases[i].asked_at, AUGER_STUN_REFRESH, false);
        allocate_at(*state, AUGER_SEC);
        sends_check(*state, AUGER_SEC, 1);
        is_answered_inside(*state, AUGER_SEC, 1);
        is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_ALLOCATION_MISMATCH);
        sends_data_inside(*state, AUGER_SEC);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '5');
        tear_down(state);
        set_up_relay(state);
    }
}

static void a_server_does_not_refuse_the_right_password(void **state)
{
    asks_server(*state, AUGER_STUN_REFRESH, true);
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_UNAUTHENTICATED);
    holds(*state);
    asks_server(*state, AUGER_STUN_REFRESH, false);
    is_refused(*state, AUGER_STUN_REFRESH, AUGER_STUN_UNAUTHENTICATED);
    breaks(*state, '5');
}

/* 8489 section 9.2.5: if the server does not say otherwise before. */
static void where_somebody_forges_a_401_counts_in_the_end(void **state)
{
    static const struct {
        uint16_t method;
        bool is_unsigned, is_answered;
        auger_time at;
        bool fine;
    } cases[] = {{AUGER_STUN_REFRESH, false, false, 1500 * AUGER_MS, true},
                 {AUGER_STUN_REFRESH, false, false, 1499 * AUGER_MS, false},
                 {AUGER_STUN_REFRESH, false, true, 1500 * AUGER_MS, false},
                 {AUGER_STUN_REFRESH, true, false, 1500 * AUGER_MS, false},
                 {AUGER_STUN_CREATE_PERMISSION, false, false, 1500 * AUGER_MS, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        monitor_expect_forgeries(((struct stage *)*state)->monitor);
        begin_on_the_relay(*state);
        asks_server(*state, cases[i].method, cases[i].is_unsigned);
        is_refused(*state, cases[i].method, AUGER_STUN_UNAUTHENTICATED);
        if (cases[i].is_answered)
            is_told(*state, 0,
                    &(struct turn_msg){
                        .class_ = AUGER_STUN_SUCCESS, .method = AUGER_STUN_REFRESH, .tid = 102});
        wants_a_restart_at(*state, cases[i].at);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '1');
        tear_down(state);
        set_up_relay(state);
    }
}

/* 8656 section 11.4: without a permission that it knows of the agent drops what comes. */
static void what_comes_without_a_permission_is_not_heard(void **state)
{
    static const struct {
        bool asks, is_permitted;
        auger_time at;
        bool is_heard;
    } cases[] = {{false, false, 0, false},
                 {true, false, 0, false},
                 {true, true, 0, true},
                 {true, true, 300 * AUGER_SEC - 1, true},
                 {true, true, 300 * AUGER_SEC, false}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stage *both[2] = {*state};

        set_up((void **)&both[1]);
        asks(both[1], cases[i].at, (struct forged){.tid = 1, .tie_breaker = 7});
        is_asked(both[1], cases[i].at, (struct forged){.tid = 2, .tie_breaker = 8});
        asks(both[1], cases[i].at + AUGER_SEC, (struct forged){.tid = 3, .tie_breaker = 7});
        allocate_with(both[0], 0, false);
        if (cases[i].asks)
            asks_for_permission(both[0], 0);
        if (cases[i].is_permitted)
            is_permitted(both[0], 0);
        asks(both[0], cases[i].at, (struct forged){.tid = 1, .tie_breaker = 8});
        is_asked_inside(both[0], cases[i].at, 7);
        asks(both[0], cases[i].at + AUGER_SEC, (struct forged){.tid = 2, .tie_breaker = 8});
        monitor_roles(both[0]->monitor, both[1]->monitor);
        if (cases[i].is_heard)
            breaks(both[0], '7');
        else
            holds(both[0]);
        tear_down((void **)&both[1]);
        tear_down(state);
        set_up_relay(state);
    }
}

/* 8489 section 9.2.5: 1.5 s after a 401 that nobody signed it was given up, and the server's own
 * answer is read by nobody. */
static void a_request_that_was_refused_is_over_in_the_end(void **state)
{
    static const struct {
        auger_time at;
        bool fine;
    } cases[] = {{1499 * AUGER_MS, false}, {1500 * AUGER_MS, true}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        monitor_expect_forgeries(((struct stage *)*state)->monitor);
        begin_on_the_relay(*state);
        asks_server(*state, AUGER_STUN_CREATE_PERMISSION, false);
        is_refused(*state, AUGER_STUN_CREATE_PERMISSION, AUGER_STUN_UNAUTHENTICATED);
        is_refused_at(*state, cases[i].at, AUGER_STUN_CREATE_PERMISSION,
                      AUGER_STUN_ALLOCATION_MISMATCH);
        sends_data_inside(*state, cases[i].at);
        if (cases[i].fine)
            holds(*state);
        else
            breaks(*state, '5');
        tear_down(state);
        set_up_relay(state);
    }
}

/* Nor may it answer that. */
static void an_answer_to_what_came_without_a_permission_is_one_to_nothing(void **state)
{
    struct stage *stage = *state;

    allocate_with(stage, 0, false);
    is_asked_inside(stage, 0, 7);
    forge_success(stage, 50, stage->our_key, &path.remote);
    sends(stage, 0);
    breaks(stage, '0');
}

/* 8656 section 12: for who has asked for one. */
static void a_channel_is_a_permission_too(void **state)
{
    struct stage *stage = *state;

    allocate_with(stage, 0, false);
    asks_for_permission(stage, 0);
    bind_channel(stage);
    is_asked_inside(stage, 0, 7);
    forge_success(stage, 50, stage->our_key, &path.remote);
    sends(stage, 0);
    holds(stage);
}

static void begin_for_20_s(struct stage *stage)
{
    begin_on_the_relay(stage);
    asks_server(stage, AUGER_STUN_REFRESH, false);
    is_told(stage, 0,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_REFRESH,
                               .tid = 102,
                               .lifetime_s = 20});
}

/* 8656 section 7: nobody need say so. */
static void one_is_adrift_when_the_lifetime_is_over(void **state)
{
    begin_for_20_s(*state);
    monitor_woken(((struct stage *)*state)->monitor, 20 * AUGER_SEC - 1);
    sends_data_inside(*state, 20 * AUGER_SEC - 1);
    holds(*state);
    enters(*state, 20 * AUGER_SEC, AUGER_ICE_CHECKING);
    holds(*state);
}

static void and_not_before(void **state)
{
    begin_for_20_s(*state);
    enters(*state, 20 * AUGER_SEC - 1, AUGER_ICE_CHECKING);
    breaks(*state, '1');
}

static void nothing_leaves_by_a_relay_whose_lifetime_is_over(void **state)
{
    begin_for_20_s(*state);
    sends_data_inside(*state, 20 * AUGER_SEC);
    breaks(*state, '5');
}

/* Nor does a refresh bring it back, once the agent has let it go. */
static void a_late_refresh_brings_nothing_back(void **state)
{
    begin_for_20_s(*state);
    says(
        *state, AUGER_SEC,
        &(struct turn_msg){.class_ = AUGER_STUN_REQUEST, .method = AUGER_STUN_REFRESH, .tid = 104});
    monitor_woken(((struct stage *)*state)->monitor, 20 * AUGER_SEC);
    is_told(*state, 20 * AUGER_SEC,
            &(struct turn_msg){.class_ = AUGER_STUN_SUCCESS,
                               .method = AUGER_STUN_REFRESH,
                               .tid = 104,
                               .lifetime_s = 60});
    sends_data_inside(*state, 21 * AUGER_SEC);
    breaks(*state, '5');
}

static void the_relay_goes_with_its_base(void **state)
{
    begin_on_the_relay(*state);
    monitor_remove_base(((struct stage *)*state)->monitor, &path.local);
    wants_a_restart(*state);
    holds(*state);
}

/* A stream is named by the IP address alone. */
static void one_that_is_asked_by_a_stream_goes_too(void **state)
{
    tear_down(state);
    is_by_stream = true;
    set_up_relay(state);
    the_relay_goes_with_its_base(state);
    is_by_stream = false;
}

/* And stays with another base of that address. */
static void it_stays_with_the_last_of_its_address(void **state)
{
    struct auger_addr other = path.local;

    tear_down(state);
    is_by_stream = true;
    set_up_relay(state);
    other.port++;
    monitor_add_base(((struct stage *)*state)->monitor, &other);
    begin_on_the_relay(*state);
    monitor_remove_base(((struct stage *)*state)->monitor, &path.local);
    holds(*state);
    wants_a_restart(*state);
    breaks(*state, '1');
    is_by_stream = false;
}

#define relay_staged(name) cmocka_unit_test_setup_teardown(name, set_up_relay, tear_down)

SCENARIOS(relay_staged(data_through_a_relay_needs_a_success_too),
          relay_staged(after_a_success_it_is_fine_for_30_s),
          relay_staged(a_success_on_another_path_is_none_for_the_relay),
          relay_staged(checks_through_a_relay_are_counted),
          relay_staged(nothing_leaves_by_a_relay_that_is_not_there),
          relay_staged(who_is_not_the_server_allocates_nothing),
          relay_staged(data_on_a_channel_needs_a_success_of_both),
          relay_staged(a_channel_leads_to_its_peer), relay_staged(data_on_a_bound_channel_is_fine),
          relay_staged(a_request_to_the_server_is_sent_7_times_at_most),
          relay_staged(one_is_adrift_if_the_server_says_so),
          relay_staged(nothing_leaves_by_a_relay_that_is_lost),
          relay_staged(a_request_whose_nonce_was_stale_is_over),
          relay_staged(what_was_asked_of_another_allocation_loses_none),
          relay_staged(a_server_does_not_refuse_the_right_password),
          relay_staged(where_somebody_forges_a_401_counts_in_the_end),
          relay_staged(what_comes_without_a_permission_is_not_heard),
          relay_staged(an_answer_to_what_came_without_a_permission_is_one_to_nothing),
          relay_staged(a_channel_is_a_permission_too),
          relay_staged(one_is_adrift_when_the_lifetime_is_over), relay_staged(and_not_before),
          relay_staged(nothing_leaves_by_a_relay_whose_lifetime_is_over),
          relay_staged(a_late_refresh_brings_nothing_back),
          relay_staged(a_request_that_was_refused_is_over_in_the_end),
          relay_staged(the_relay_goes_with_its_base),
          relay_staged(one_that_is_asked_by_a_stream_goes_too),
          relay_staged(it_stays_with_the_last_of_its_address))
