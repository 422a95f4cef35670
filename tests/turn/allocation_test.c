/* An allocation of a client from its first request to its release: RFC 8656 sections 7 and 8. */
#include "tests/turn/puppet.h"

static uint32_t u32_of(const struct puppet *p, uint16_t type)
{
    uint32_t value = UINT32_MAX;

    assert_true(auger_stun_msg_u32(&p->request, type, &value));
    return value;
}

static void the_first_request_asks_for_udp_and_proves_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_int_equal(u32_of(p, AUGER_STUN_ATTR_REQUESTED_TRANSPORT), 17u << 24);
    assert_int_equal(p->request.attrs_len, 1);
    puppet_free(p);
}

static void a_grant_is_told_with_its_addresses(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    struct auger_addr relayed = addr_of(RELAYED), mapped = addr_of(MAPPED);

    puppet_authenticate(p);
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATING);
    grant_with(p, RELAYED, NULL, 777);
    assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_ALLOCATED);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    assert_true(auger_addr_equal(&p->event.allocated.relayed[0], &relayed));
    assert_int_equal(p->event.allocated.relayed[1].family, AUGER_FAMILY_NONE);
    assert_true(auger_addr_equal(&p->event.allocated.mapped, &mapped));
    assert_int_equal(p->event.allocated.lifetime, 777 * AUGER_SEC);
    assert_false(p->event.allocated.dont_fragment);
    expect_no_event(p);
    expect_silence(p);
    puppet_free(p);
}

static void a_server_that_asks_for_no_credentials_gets_none(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();

    p->config.username = p->config.password = NULL;
    puppet_start(p);
    expect_request(p, AUGER_STUN_ALLOCATE);
    grant_with(p, RELAYED, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    puppet_permit(p, PEER);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_USERNAME));
    puppet_free(p);
}

static void silence_is_asked_seven_times_and_then_a_timeout(void **state)
{
    (void)state;
    static const int64_t wanted_ms[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
    struct puppet *p = puppet_new();
    auger_time start = p->now;

    for (size_t i = 0; i < COUNT(wanted_ms); i++) {
        assert_int_equal(auger_turn_next_timeout(p->turn), start + wanted_ms[i] * AUGER_MS);
        p->now = auger_turn_next_timeout(p->turn);
        expect_request(p, AUGER_STUN_ALLOCATE);
        expect_silence(p);
    }
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 39500 * AUGER_MS);
    p->now = start + 39500 * AUGER_MS;
    expect_silence(p);
    expect_failure(p, AUGER_TURN_ERROR_TIMEOUT, 0);
    assert_int_equal(auger_turn_next_timeout(p->turn), AUGER_NEVER);
    puppet_free(p);
}

static void a_stream_is_asked_once(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();

    p->config.server = tcp_of(SERVER);
    puppet_start(p);
    auger_time start = p->now;
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_int_equal(auger_turn_next_timeout(p->turn), start + 39500 * AUGER_MS);
    p->now = start + 39500 * AUGER_MS - 1;
    expect_silence(p);
    p->now++;
    expect_silence(p);
    expect_failure(p, AUGER_TURN_ERROR_TIMEOUT, 0);
    puppet_free(p);
}

static void a_buffer_that_is_too_small_costs_no_attempt(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    assert_int_equal(auger_turn_poll_transmit(p->turn, p->now, p->buf, 27), 0);
    assert_int_equal(auger_turn_poll_transmit(p->turn, p->now, p->buf, 28), 28);
    puppet_free(p);
}

/* --- families ----------------------------------------------------------------------- */

static void families_are_asked_for_as_7_1_wants(void **state)
{
    (void)state;
    static const struct {
        enum auger_turn_families families;
        uint16_t wanted, unwanted;
    } rows[] = {
        {AUGER_TURN_IPV6, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY,
         AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY},
        {AUGER_TURN_BOTH, AUGER_STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY,
         AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_prepare();
        p->config.families = rows[i].families;
        puppet_start(p);
        expect_request(p, AUGER_STUN_ALLOCATE);
        assert_int_equal(u32_of(p, rows[i].wanted), 2u << 24);
        assert_false(puppet_asks(p, rows[i].unwanted));
        puppet_free(p);
    }
}

/* Decision 199: what coturn 4.6 knows it by. */
static void both_are_asked_for_by_the_number_of_before_too(void **state)
{
    (void)state;
    const uint16_t draft = AUGER_STUN_ATTR_DRAFT_ADDITIONAL_ADDRESS_FAMILY;

    for (int families = AUGER_TURN_IPV4; families <= AUGER_TURN_BOTH; families++) {
        struct puppet *p = puppet_prepare();
        p->config.families = (enum auger_turn_families)families;
        puppet_start(p);
        expect_request(p, AUGER_STUN_ALLOCATE);
        if (families == AUGER_TURN_BOTH)
            assert_int_equal(u32_of(p, draft), 2u << 24);
        else
            assert_false(puppet_asks(p, draft));
        puppet_free(p);
    }
}

static void a_server_of_ipv4_relays_for_ipv6_and_for_both(void **state)
{
    (void)state;
    struct puppet *p = puppet_prepare();
    struct auger_addr four = addr_of(PEER), six = addr_of(PEER6);

    p->config.families = AUGER_TURN_IPV6;
    puppet_start(p);
    puppet_authenticate(p);
    grant_with(p, RELAYED6, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &four), AUGER_ERR_UNSUPPORTED);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &six), 0);
    puppet_free(p);

    p = puppet_prepare();
    p->config.families = AUGER_TURN_BOTH;
    puppet_start(p);
    puppet_allocate(p);
    assert_int_equal(p->event.type, AUGER_TURN_EVENT_ALLOCATED);
    puppet_permit(p, PEER);
    puppet_permit(p, PEER6);
    puppet_free(p);
}

static void the_family_that_is_missing_has_its_reason(void **state)
{
    (void)state;
    static const uint8_t value[4] = {2, 0, 4, 40};
    struct puppet *p = puppet_prepare();
    struct answer a;

    p->config.families = AUGER_TURN_BOTH;
    puppet_start(p);
    puppet_authenticate(p);
    begin(&a, p, AUGER_STUN_SUCCESS);
    add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, RELAYED);
    add_addr(&a, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, MAPPED);
    auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, 600);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_ADDRESS_ERROR_CODE, value, 4);
    sign_and_send(&a);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    assert_int_equal(p->event.allocated.missing_code, 440);
    puppet_free(p);
}

/* Decision 199: an address of nobody stands for it, before the other or behind. */
static void what_stands_for_the_missing_address_is_none(void **state)
{
    (void)state;
    static const uint8_t value[4] = {2, 0, 4, 40};
    struct auger_addr relayed = addr_of(RELAYED6);

    for (int is_first = 0; is_first < 2; is_first++) {
        struct puppet *p = puppet_prepare();
        struct answer a;
        p->config.families = AUGER_TURN_BOTH;
        puppet_start(p);
        puppet_authenticate(p);
        begin(&a, p, AUGER_STUN_SUCCESS);
        if (is_first)
            add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, "0.0.0.0:0");
        add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, RELAYED6);
        if (!is_first)
            add_addr(&a, AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, "0.0.0.0:0");
        add_addr(&a, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, MAPPED);
        auger_stun_build_u32(&a.b, AUGER_STUN_ATTR_LIFETIME, 600);
        auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_DRAFT_ADDRESS_ERROR_CODE, value, 4);
        sign_and_send(&a);
        expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
        assert_true(auger_addr_equal(&p->event.allocated.relayed[0], &relayed));
        assert_int_equal(p->event.allocated.relayed[1].family, AUGER_FAMILY_NONE);
        assert_int_equal(p->event.allocated.missing_code, 440);
        puppet_free(p);
    }
}

/* --- grants that are none ------------------------------------------------------------ */

static void a_grant_that_is_of_no_use_is_given_back(void **state)
{
    (void)state;
    static const struct {
        const char *relayed, *second;
    } rows[] = {
        {NULL, NULL},          {"0.0.0.0:50000", NULL},   {"127.0.0.1:50000", NULL},
        {"224.0.0.1:5", NULL}, {RELAYED6, NULL},          {RELAYED, RELAYED6},
        {RELAYED, RELAYED},    {"198.51.100.99:0", NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_new();
        puppet_authenticate(p);
        grant_with(p, rows[i].relayed, rows[i].second, 600);
        expect_failure(p, AUGER_TURN_ERROR_MALFORMED, 0);
        expect_request(p, AUGER_STUN_REFRESH);
        assert_true(is_signed(p));
        assert_int_equal(u32_of(p, AUGER_STUN_ATTR_LIFETIME), 0);
        confirm(p);
        expect_no_event(p);
        assert_int_equal(auger_turn_next_timeout(p->turn), AUGER_NEVER);
        puppet_free(p);
    }
}

static void a_lifetime_is_believed_between_a_minute_and_an_hour(void **state)
{
    (void)state;
    static const uint32_t rows[][2] = {{0, 60},      {1, 60},      {600, 600},
                                       {3600, 3600}, {3601, 3600}, {UINT32_MAX, 3600}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_new();
        puppet_authenticate(p);
        grant_with(p, RELAYED, NULL, rows[i][0]);
        expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
        assert_int_equal(p->event.allocated.lifetime, rows[i][1] * AUGER_SEC);
        puppet_free(p);
    }
}

/* --- errors --------------------------------------------------------------------------- */

static void each_error_has_a_name_and_a_time_to_wait(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        enum auger_turn_error error;
        auger_time retry_after;
    } rows[] = {
        {400, AUGER_TURN_ERROR_BAD_REQUEST, AUGER_NEVER},
        {401, AUGER_TURN_ERROR_UNAUTHENTICATED, AUGER_NEVER},
        {403, AUGER_TURN_ERROR_FORBIDDEN, AUGER_NEVER},
        {420, AUGER_TURN_ERROR_UNKNOWN_ATTRIBUTE, AUGER_NEVER},
        {440, AUGER_TURN_ERROR_ADDRESS_FAMILY, AUGER_NEVER},
        {441, AUGER_TURN_ERROR_WRONG_CREDENTIALS, AUGER_NEVER},
        {442, AUGER_TURN_ERROR_UNSUPPORTED_TRANSPORT, AUGER_NEVER},
        {443, AUGER_TURN_ERROR_PEER_FAMILY, AUGER_NEVER},
        {486, AUGER_TURN_ERROR_QUOTA, 60 * AUGER_SEC},
        {500, AUGER_TURN_ERROR_SERVER, 60 * AUGER_SEC},
        {508, AUGER_TURN_ERROR_CAPACITY, 60 * AUGER_SEC},
        {599, AUGER_TURN_ERROR_SERVER, 60 * AUGER_SEC},
        {300, AUGER_TURN_ERROR_TRY_ALTERNATE, AUGER_NEVER},
        {699, AUGER_TURN_ERROR_REFUSED, AUGER_NEVER},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct puppet *p = puppet_new();
        puppet_authenticate(p);
        refuse(p, rows[i].code);
        expect_failure(p, rows[i].error, rows[i].code);
        assert_int_equal(auger_turn_retry_after(rows[i].error), rows[i].retry_after);
        assert_true(strlen(auger_turn_error_text(rows[i].error)) > 0);
        expect_silence(p);
        puppet_free(p);
    }
}

static void expect_end_of_another(struct puppet *p)
{
    refuse(p, 437);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_true(is_signed(p));
    assert_int_equal(u32_of(p, AUGER_STUN_ATTR_LIFETIME), 0);
    expect_no_event(p);
}

/* docs/decisions/317.  0: it is ended. */
static void what_has_our_5_tuple_is_ended_once(void **state)
{
    static const uint16_t answers[] = {0, 437, 441};

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        for (int is_free = 0; is_free < 2; is_free++) {
            struct puppet *p = puppet_new();
            puppet_authenticate(p);
            expect_end_of_another(p);
            if (answers[i])
                refuse(p, answers[i]);
            else
                confirm(p);
            expect_request(p, AUGER_STUN_ALLOCATE);
            if (is_free)
                grant_with(p, RELAYED, NULL, 600);
            else
                refuse(p, 437);
            if (is_free)
                expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
            else
                expect_failure(p, AUGER_TURN_ERROR_ALLOCATION_MISMATCH, 437);
            expect_silence(p);
            puppet_free(p);
        }
    }
    assert_int_equal(auger_turn_retry_after(AUGER_TURN_ERROR_ALLOCATION_MISMATCH), 0);
}

static void who_gives_up_meanwhile_asks_for_nothing_more(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    puppet_authenticate(p);
    expect_end_of_another(p);
    auger_turn_release(p->turn, p->now);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_RELEASED);
    expect_silence(p);
    puppet_free(p);
}

static void without_dont_fragment_rather_than_not_at_all(void **state)
{
    (void)state;
    static const uint8_t list[2] = {0, AUGER_STUN_ATTR_DONT_FRAGMENT};
    struct puppet *p = puppet_prepare();
    struct answer a;

    p->config.dont_fragment = true;
    puppet_start(p);
    puppet_authenticate(p);
    assert_true(puppet_asks(p, AUGER_STUN_ATTR_DONT_FRAGMENT));
    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, 420);
    auger_stun_build_bytes(&a.b, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, list, 2);
    sign_and_send(&a);
    expect_request(p, AUGER_STUN_ALLOCATE);
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_DONT_FRAGMENT));
    assert_true(is_signed(p));
    grant_with(p, RELAYED, NULL, 600);
    expect_event(p, AUGER_TURN_EVENT_ALLOCATED);
    assert_false(p->event.allocated.dont_fragment);
    puppet_free(p);
}

/* --- refresh -------------------------------------------------------------------------- */

static void it_is_refreshed_about_a_minute_before_its_end(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    auger_time start = p->now, due = auger_turn_next_timeout(p->turn);

    assert_in_range(due, start + 506 * AUGER_SEC, start + 540 * AUGER_SEC);
    p->now = due - 1;
    expect_silence(p);
    p->now = due;
    expect_request(p, AUGER_STUN_REFRESH);
    assert_true(is_signed(p));
    assert_false(puppet_asks(p, AUGER_STUN_ATTR_LIFETIME));
    confirm(p);
    assert_in_range(auger_turn_next_timeout(p->turn), due + 506 * AUGER_SEC, due + 540 * AUGER_SEC);
    expect_no_event(p);
    puppet_free(p);
}

static void one_that_is_gone_on_the_server_is_lost_at_once(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();

    puppet_permit(p, PEER);
    p->now = auger_turn_next_timeout(p->turn); /* of the permission */
    expect_request(p, AUGER_STUN_CREATE_PERMISSION);
    refuse(p, 437);
    expect_failure(p, AUGER_TURN_ERROR_ALLOCATION_MISMATCH, 437);
    expect_silence(p);
    assert_int_equal(auger_turn_next_timeout(p->turn), AUGER_NEVER);
    puppet_free(p);
}

static void what_cannot_be_refreshed_is_tried_until_it_expires(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    auger_time start = p->now;
    struct auger_addr peer = addr_of(PEER);
    int requests = 0;

    while (auger_turn_state(p->turn) == AUGER_TURN_ALLOCATED) {
        p->now = auger_turn_next_timeout(p->turn);
        requests += poll_at(p, p->now) > 0;
        assert_in_range(requests, 0, 20);
    }
    assert_int_equal(p->now, start + 600 * AUGER_SEC);
    assert_in_range(requests, 7, 20);
    expect_failure(p, AUGER_TURN_ERROR_EXPIRED, 0);
    assert_int_equal(auger_turn_permit(p->turn, p->now, &peer), AUGER_ERR_STATE);
    puppet_free(p);
}

static void its_end_counts_even_if_nobody_looked(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);
    uint8_t buf[128];

    puppet_permit(p, PEER);
    p->now += 600 * AUGER_SEC;
    assert_int_equal(auger_turn_write(p->turn, p->now, &peer, buf, 1, buf + 64, 64),
                     AUGER_ERR_STATE);
    assert_false(auger_turn_is_permitted(p->turn, p->now, &peer));
    puppet_free(p);
}

/* --- release -------------------------------------------------------------------------- */

static void a_release_tells_the_server(void **state)
{
    (void)state;
    static const uint16_t answers[] = {0, 437, 500};

    for (size_t i = 0; i < COUNT(answers); i++) {
        struct puppet *p = puppet_allocated();
        auger_turn_release(p->turn, p->now);
        assert_int_equal(auger_turn_state(p->turn), AUGER_TURN_RELEASING);
        expect_request(p, AUGER_STUN_REFRESH);
        assert_int_equal(u32_of(p, AUGER_STUN_ATTR_LIFETIME), 0);
        assert_true(is_signed(p));
        if (answers[i])
            refuse(p, answers[i]);
        else
            confirm(p);
        expect_event(p, AUGER_TURN_EVENT_RELEASED);
        expect_no_event(p);
        assert_int_equal(auger_turn_next_timeout(p->turn), AUGER_NEVER);
        puppet_free(p);
    }
}

static void a_server_that_is_silent_holds_up_a_release_for_a_second(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    auger_time start = p->now;

    auger_turn_release(p->turn, p->now);
    expect_request(p, AUGER_STUN_REFRESH);
    while (auger_turn_state(p->turn) == AUGER_TURN_RELEASING)
        poll_at(p, auger_turn_next_timeout(p->turn));
    assert_int_equal(p->now, start + AUGER_SEC);
    expect_event(p, AUGER_TURN_EVENT_RELEASED);
    auger_turn_release(p->turn, p->now); /* nothing more */
    expect_no_event(p);
    puppet_free(p);
}

static void what_is_granted_after_the_release_is_given_back(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();

    puppet_authenticate(p);
    auger_turn_release(p->turn, p->now);
    grant_with(p, RELAYED, NULL, 600);
    expect_request(p, AUGER_STUN_REFRESH);
    assert_int_equal(u32_of(p, AUGER_STUN_ATTR_LIFETIME), 0);
    confirm(p);
    expect_event(p, AUGER_TURN_EVENT_RELEASED);
    expect_no_event(p);
    puppet_free(p);

    p = puppet_new(); /* nothing has left yet */
    auger_turn_release(p->turn, p->now);
    expect_silence(p);
    expect_event(p, AUGER_TURN_EVENT_RELEASED);
    puppet_free(p);
}

/* --- who is heard --------------------------------------------------------------------- */

static void a_stranger_is_not_ours(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    struct auger_addr server = p->server;

    expect_request(p, AUGER_STUN_ALLOCATE);
    p->server = addr_of("198.51.100.53:3479");
    struct answer a;
    begin(&a, p, AUGER_STUN_ERROR);
    auger_stun_build_error(&a.b, 403);
    int len = auger_stun_build_end(&a.b);
    assert_int_equal(deliver(p, a.buf, (size_t)len), AUGER_TURN_NOT_OURS);
    expect_no_event(p);
    p->server = server;
    a.buf[10] ^= 1; /* another transaction */
    assert_int_equal(deliver(p, a.buf, (size_t)len), AUGER_TURN_CONSUMED);
    a.buf[1] = 0x11, a.buf[0] = 0x01; /* an answer to a Binding request */
    assert_int_equal(deliver(p, a.buf, (size_t)len), AUGER_TURN_NOT_OURS);
    assert_int_equal(deliver(p, (const uint8_t *)"\x16\xfe\xfd", 3), AUGER_TURN_NOT_OURS);
    assert_int_equal(deliver(p, NULL, 0), AUGER_TURN_NOT_OURS);
    expect_no_event(p);
    puppet_free(p);
}

static void what_cannot_be_is_refused_at_once(void **state)
{
    (void)state;
    static const char *const servers[] = {"0.0.0.0:3478", "224.0.0.1:3478", "198.51.100.53:0"};
    struct puppet *p = puppet_prepare();

    for (size_t i = 0; i < COUNT(servers); i++) {
        p->config.server = addr_of(servers[i]);
        assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), AUGER_ERR_INVALID);
    }
    p->config.server = addr_of(SERVER);
    p->config.password = NULL;
    assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), AUGER_ERR_INVALID);
    p->config.password = "\xCD\xB8"; /* unassigned */
    assert_true(auger_turn_new(&p->turn, &p->env, p->now, &p->config) < 0);
    p->config.password = "tab\t";
    assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), AUGER_ERR_INVALID);
    p->config.password = "";
    assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), AUGER_ERR_INVALID);
    p->config.password = "secret";
    p->no_random = true;
    assert_int_equal(auger_turn_new(&p->turn, &p->env, p->now, &p->config), AUGER_ERR_ENTROPY);
    assert_int_equal(p->blocks, 0);
    p->turn = NULL;
    puppet_free(p);
}

static void a_client_with_few_peers_takes_little_memory(void **state)
{
    (void)state;
    struct puppet *p = puppet_allocated();
    struct auger_addr peer = addr_of(PEER);

    puppet_permit(p, PEER);
    assert_int_equal(auger_turn_bind_channel(p->turn, p->now, &peer), 0);
    assert_in_range(p->bytes, 1, 1536);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_request_asks_for_udp_and_proves_nothing),
        cmocka_unit_test(a_grant_is_told_with_its_addresses),
        cmocka_unit_test(a_server_that_asks_for_no_credentials_gets_none),
        cmocka_unit_test(silence_is_asked_seven_times_and_then_a_timeout),
        cmocka_unit_test(a_stream_is_asked_once),
        cmocka_unit_test(a_buffer_that_is_too_small_costs_no_attempt),
        cmocka_unit_test(families_are_asked_for_as_7_1_wants),
        cmocka_unit_test(both_are_asked_for_by_the_number_of_before_too),
        cmocka_unit_test(a_server_of_ipv4_relays_for_ipv6_and_for_both),
        cmocka_unit_test(what_stands_for_the_missing_address_is_none),
        cmocka_unit_test(the_family_that_is_missing_has_its_reason),
        cmocka_unit_test(a_grant_that_is_of_no_use_is_given_back),
        cmocka_unit_test(a_lifetime_is_believed_between_a_minute_and_an_hour),
        cmocka_unit_test(each_error_has_a_name_and_a_time_to_wait),
        cmocka_unit_test(what_has_our_5_tuple_is_ended_once),
        cmocka_unit_test(who_gives_up_meanwhile_asks_for_nothing_more),
        cmocka_unit_test(without_dont_fragment_rather_than_not_at_all),
        cmocka_unit_test(it_is_refreshed_about_a_minute_before_its_end),
        cmocka_unit_test(one_that_is_gone_on_the_server_is_lost_at_once),
        cmocka_unit_test(what_cannot_be_refreshed_is_tried_until_it_expires),
        cmocka_unit_test(its_end_counts_even_if_nobody_looked),
        cmocka_unit_test(a_release_tells_the_server),
        cmocka_unit_test(a_server_that_is_silent_holds_up_a_release_for_a_second),
        cmocka_unit_test(what_is_granted_after_the_release_is_given_back),
        cmocka_unit_test(a_stranger_is_not_ours),
        cmocka_unit_test(what_cannot_be_is_refused_at_once),
        cmocka_unit_test(a_client_with_few_peers_takes_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
