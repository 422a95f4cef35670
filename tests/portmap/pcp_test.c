/* A gateway of PCP: what is asked, what of its answers is believed, and what becomes of a
 * mapping. */
#include "tests/portmap/gateway.h"

/* --- the messages ------------------------------------------------------------------------ */

static void test_a_request_is_that_of_the_rfc(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    assert_int_equal(asked.len, 60);
    assert_int_equal(asked.to.port, 5351);
    assert_memory_equal(asked.to.ip, ((uint8_t[]){192, 168, 1, 1}), 4);
    assert_memory_equal(asked.buf, ((uint8_t[]){2, 1, 0, 0, 0, 0, 0x02, 0x58}), 8);
    assert_memory_equal(asked.buf + 8,
                        ((uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 168, 1, 10}),
                        16);
    assert_memory_equal(asked.buf + 36, ((uint8_t[]){17, 0, 0, 0, 0x9C, 0x40, 0, 0}), 8);
    assert_memory_equal(asked.buf + 44,
                        ((uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0}), 16);
    auger_portmap_free(portmap);
}

static void test_a_mapping_of_tcp_says_so(void **state)
{
    struct auger_portmap *portmap = engine_at("192.168.1.10", "192.168.1.1");
    struct auger_addr internal = addr_of("192.168.1.10", 40000);
    struct asked asked;

    (void)state;
    internal.transport = AUGER_TCP;
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 1), 0);
    assert_true(next_asked(portmap, 0, &asked));
    assert_int_equal(asked.buf[36], 6);
    auger_portmap_free(portmap);
}

static void test_an_answer_is_told(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    assert_string_equal(auger_portmap_protocol(portmap), "");
    answer_pcp(portmap, 1, &asked,
               &(struct pcp_answer){.lifetime_s = 300, .ip = "198.51.100.7", .port = 41000});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    assert_int_equal(event.token, 7);
    assert_int_equal(event.internal.port, 40000);
    assert_int_equal(event.external.family, AUGER_IPV4);
    assert_int_equal(event.external.port, 41000);
    assert_memory_equal(event.external.ip, ((uint8_t[]){198, 51, 100, 7}), 4);
    assert_int_equal(event.lifetime_s, 300);
    assert_false(auger_portmap_poll_event(portmap, &event));
    assert_string_equal(auger_portmap_protocol(portmap), "pcp");
    auger_portmap_free(portmap);
}

static void test_a_pinhole_of_ipv6_keeps_its_address(void **state)
{
    struct auger_portmap *portmap = engine_at("2001:db8::10", "fe80::1");
    const struct auger_addr internal = addr_of("2001:db8::10", 40000);
    struct auger_portmap_event event;
    struct asked asked;

    (void)state;
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 1), 0);
    assert_true(next_asked(portmap, 0, &asked));
    uint8_t answer[60];
    pcp_answer(&asked, &(struct pcp_answer){.lifetime_s = 300}, answer);
    memcpy(answer + 44, asked.buf + 8, 16); /* a firewall changes neither (11.3) */
    memcpy(answer + 42, asked.buf + 40, 2);
    hear_from(portmap, 1, "fe80::1", 5351, answer, sizeof(answer));
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_true(auger_addr_equal(&event.external, &internal));
    auger_portmap_free(portmap);
}

/* --- who is believed ----------------------------------------------------------------------- */

static void test_only_the_gateway_is_believed(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    uint8_t buf[60];

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    size_t len = pcp_answer(
        &asked, &(struct pcp_answer){.lifetime_s = 300, .ip = "198.51.100.7", .port = 41000}, buf);
    hear_from(portmap, 1, "192.168.1.2", 5351, buf, len);
    hear_from(portmap, 1, "192.168.1.1", 5352, buf, len);
    assert_false(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(counters_of(portmap).foreign, 2);
    auger_portmap_free(portmap);
}

static void test_another_nonce_port_or_opcode_is_no_answer(void **state)
{
    static const size_t changed[] = {24 + 11, 41, 36};
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    uint8_t buf[60];

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    for (size_t i = 0; i < 3; i++) {
        size_t len = pcp_answer(
            &asked, &(struct pcp_answer){.lifetime_s = 300, .ip = "198.51.100.7", .port = 41000},
            buf);
        buf[changed[i]] = (uint8_t)(changed[i] == 36 ? 6 : buf[changed[i]] ^ 1);
        hear(portmap, 1, buf, len);
    }
    assert_false(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(counters_of(portmap).unmatched, 3);
    buf[1] = 0x82; /* PEER */
    hear(portmap, 1, buf, 60);
    buf[1] = 0x01; /* a request */
    hear(portmap, 1, buf, 60);
    hear(portmap, 1, buf, 3);
    hear(portmap, 1, buf, 0);
    assert_int_equal(counters_of(portmap).malformed, 4);
    assert_false(auger_portmap_poll_event(portmap, &event));
    auger_portmap_free(portmap);
}

static void test_an_answer_without_an_address_is_none(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    answer_pcp(portmap, 1, &asked,
               &(struct pcp_answer){.lifetime_s = 300, .ip = "0.0.0.0", .port = 41000});
    answer_pcp(portmap, 1, &asked,
               &(struct pcp_answer){.lifetime_s = 300, .ip = "198.51.100.7", .port = 0});
    assert_false(auger_portmap_poll_event(portmap, &event));
    auger_portmap_free(portmap);
}

/* --- asking again (8.1.1) ----------------------------------------------------------------------
 */

static void test_an_unanswered_request_leaves_again_ever_more_seldom(void **state)
{
    struct auger_portmap_config config;
    struct auger_portmap *portmap;
    const struct auger_addr internal = addr_of("192.168.1.10", 40000);
    struct asked first, asked;
    auger_time now = 0, before = 0, gap = 3 * S;

    (void)state;
    auger_portmap_config_init(&config);
    config.local = addr_of("192.168.1.10", 0);
    config.gateway = addr_of("192.168.1.1", 0);
    config.pcp_only = true;
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), 0);
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 7), 0);
    assert_true(next_asked(portmap, 0, &first));
    for (int i = 0; i < 14; i++) {
        now = await(portmap, now, AUGER_NEVER, &asked);
        assert_memory_equal(asked.buf, first.buf, first.len); /* with the same nonce */
        assert_true(now - before >= gap - gap / 10 && now - before <= gap + gap / 10);
        gap = 2 * (now - before) < 1024 * S ? 2 * (now - before) : 1024 * S;
        before = now;
    }
    auger_portmap_free(portmap);
}

static void test_silence_is_told_once(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = 0;
    int told = 0;

    (void)state;
    while (now < 7200 * S) {
        now = await(portmap, now, AUGER_NEVER, &asked);
        while (auger_portmap_poll_event(portmap, &event)) {
            assert_int_equal(event.type, AUGER_PORTMAP_EVENT_FAILED);
            assert_int_equal(event.error, AUGER_PORTMAP_ERROR_NO_ANSWER);
            assert_true(now > 10 * S && now < 60 * S);
            told++;
        }
    }
    assert_int_equal(told, 1);
    auger_portmap_free(portmap);
}

/* --- renewing (11.2.1)
 * ---------------------------------------------------------------------------- */

static void test_a_mapping_is_renewed_at_half_of_its_time(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = map_by_pcp(portmap, 0, 41000), earliest = AUGER_NEVER, latest = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        auger_time granted = now;
        now = await(portmap, now, now + 600 * S, &asked);
        auger_time after = now - granted;
        assert_true(after >= 300 * S && after <= 375 * S);
        earliest = after < earliest ? after : earliest;
        latest = after > latest ? after : latest;
        assert_memory_equal(asked.buf + 42, ((uint8_t[]){0xA0, 0x28}), 2); /* what it has */
        assert_memory_equal(asked.buf + 56, ((uint8_t[]){198, 51, 100, 7}), 4);
        answer_pcp(portmap, now, &asked,
                   &(struct pcp_answer){.lifetime_s = 600, .epoch_s = (uint32_t)(1000 + now / S)});
        assert_false(auger_portmap_poll_event(portmap, &event)); /* it is no news */
    }
    assert_true(latest - earliest > 20 * S); /* by chance */
    auger_portmap_free(portmap);
}

static void test_what_is_not_renewed_is_asked_ever_closer_and_then_lost(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = map_by_pcp(portmap, 0, 41000), before = 0;
    int times = 0;

    (void)state;
    while (!auger_portmap_poll_event(portmap, &event)) {
        auger_time at = auger_portmap_next_timeout(portmap);
        assert_true(at <= 600 * S);
        now = at > now ? at : now;
        if (next_asked(portmap, now, &asked) && now < 600 * S) {
            assert_true(now - before >= 4 * S);
            before = now;
            times++;
        }
    }
    assert_int_equal(now, 600 * S);
    assert_in_range(times, 5, 8);
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_LOST);
    assert_int_equal(event.error, AUGER_PORTMAP_ERROR_EXPIRED);
    assert_int_equal(event.external.port, 41000);
    map_by_pcp(portmap, now, 41001); /* asked on */
    auger_portmap_free(portmap);
}

static void test_another_address_is_news(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = map_by_pcp(portmap, 0, 41000);

    (void)state;
    now = await(portmap, now, now + 600 * S, &asked);
    answer_pcp(portmap, now, &asked,
               &(struct pcp_answer){.lifetime_s = 600,
                                    .epoch_s = (uint32_t)(1000 + now / S),
                                    .ip = "198.51.100.8",
                                    .port = 41000});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_MAPPED);
    assert_int_equal(event.external.ip[3], 8);
    auger_portmap_free(portmap);
}

/* --- the gateway's clock (8.5) -------------------------------------------------------------------
 */

static struct auger_portmap *with_two_mappings(auger_time *now)
{
    struct auger_portmap *portmap = engine();
    const struct auger_addr second = addr_of("192.168.1.10", 40002);

    *now = map_by_pcp(portmap, 0, 41000);
    assert_int_equal(auger_portmap_add(portmap, *now, &second, 8), 0);
    *now = map_by_pcp(portmap, *now, 41002);
    return portmap;
}

/* The first renewal shows a clock of `epoch_s`; whether the other mapping is then asked for at
 * once. */
static bool other_is_remade(uint32_t epoch_s)
{
    auger_time now;
    struct auger_portmap *portmap = with_two_mappings(&now);
    struct asked asked, other;

    now = await(portmap, now, now + 600 * S, &asked);
    answer_pcp(portmap, now, &asked,
               &(struct pcp_answer){.lifetime_s = 600, .epoch_s = epoch_s + (uint32_t)(now / S)});
    bool remade = next_asked(portmap, now, &other);
    if (remade) {
        assert_true(memcmp(other.buf + 24, asked.buf + 24, 12) != 0);
        assert_true(other.buf[42] != 0); /* it asks for what it had */
        assert_int_equal(counters_of(portmap).restarts, 1);
    }
    auger_portmap_free(portmap);
    return remade;
}

static void test_a_clock_that_went_back_remakes_what_stands(void **state)
{
    (void)state;
    assert_false(other_is_remade(1000));
    assert_true(other_is_remade(0)); /* by a thousand seconds less */
    assert_true(other_is_remade(950));
    assert_false(other_is_remade(990)); /* a slow clock: within a sixteenth of 300 s */
    assert_false(other_is_remade(1010));
    assert_true(other_is_remade(1100));
}

static void test_an_announcement_remakes_within_five_seconds(void **state)
{
    auger_time now;
    struct auger_portmap *portmap = with_two_mappings(&now);
    struct auger_portmap_event event;
    struct asked asked;
    uint8_t buf[24];
    auger_time heard = now + 20 * S;

    (void)state;
    size_t len = announcement((uint32_t)(1000 + heard / S), buf);
    hear(portmap, heard, buf, len); /* nothing was lost */
    assert_true(auger_portmap_next_timeout(portmap) > heard + 200 * S);
    heard += 20 * S;
    hear(portmap, heard, buf, announcement(3, buf));
    now = await(portmap, heard, heard + 5 * S, &asked);
    answer_pcp(portmap, now, &asked, &(struct pcp_answer){.lifetime_s = 600, .epoch_s = 5});
    now = await(portmap, now, heard + 5 * S, &asked);
    answer_pcp(portmap, now, &asked, &(struct pcp_answer){.lifetime_s = 600, .epoch_s = 5});
    assert_false(auger_portmap_poll_event(portmap, &event)); /* as they were */
    assert_true(auger_portmap_next_timeout(portmap) > now + 200 * S);
    auger_portmap_free(portmap);
}

static void test_a_remake_is_repeated(void **state)
{
    auger_time now;
    struct auger_portmap *portmap = with_two_mappings(&now);
    struct asked asked;
    uint8_t buf[24];

    (void)state;
    hear(portmap, now + 20 * S, buf, announcement(3, buf));
    for (int i = 0; i < 4; i++) /* two, and both again after 3 s */
        now = await(portmap, now, now + 20 * S + 10 * S, &asked);
    assert_true(now < 35 * S);
    auger_portmap_free(portmap);
}

/* --- errors (7.4)
 * ----------------------------------------------------------------------------------- */

static void test_an_error_is_told_and_its_time_kept(void **state)
{
    static const struct {
        uint8_t result;
        enum auger_portmap_error error;
    } rows[] = {{2, AUGER_PORTMAP_ERROR_REFUSED},     {3, AUGER_PORTMAP_ERROR_UNSUPPORTED},
                {4, AUGER_PORTMAP_ERROR_UNSUPPORTED}, {7, AUGER_PORTMAP_ERROR_NETWORK},
                {8, AUGER_PORTMAP_ERROR_FULL},        {10, AUGER_PORTMAP_ERROR_FULL},
                {11, AUGER_PORTMAP_ERROR_FULL},       {12, AUGER_PORTMAP_ERROR_OTHER_NAT},
                {99, AUGER_PORTMAP_ERROR_UNSUPPORTED}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct auger_portmap *portmap = engine();
        struct auger_portmap_event event;
        struct asked asked;
        assert_true(next_asked(portmap, 0, &asked));
        answer_pcp(portmap, 0, &asked,
                   &(struct pcp_answer){.result = rows[i].result, .lifetime_s = 120});
        assert_true(auger_portmap_poll_event(portmap, &event));
        assert_int_equal(event.type, AUGER_PORTMAP_EVENT_FAILED);
        assert_int_equal(event.error, rows[i].error);
        assert_int_equal(await(portmap, 0, AUGER_NEVER, &asked), 120 * S);
        auger_portmap_free(portmap);
    }
}

static void test_an_errors_time_has_a_bound(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;

    (void)state;
    assert_true(next_asked(portmap, 0, &asked));
    answer_pcp(portmap, 0, &asked, &(struct pcp_answer){.result = 2, .lifetime_s = UINT32_MAX});
    assert_int_equal(await(portmap, 0, AUGER_NEVER, &asked), 1800 * S);
    auger_portmap_free(portmap);
}

static void test_a_mapping_that_is_refused_later_is_lost(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked asked;
    auger_time now = map_by_pcp(portmap, 0, 41000);

    (void)state;
    now = await(portmap, now, now + 600 * S, &asked);
    answer_pcp(
        portmap, now, &asked,
        &(struct pcp_answer){.result = 8, .lifetime_s = 30, .epoch_s = (uint32_t)(1000 + now / S)});
    assert_false(auger_portmap_poll_event(portmap, &event)); /* it passes, and the mapping stands */
    now = await(portmap, now, now + 31 * S, &asked);
    answer_pcp(portmap, now, &asked,
               &(struct pcp_answer){
                   .result = 2, .lifetime_s = 300, .epoch_s = (uint32_t)(1000 + now / S)});
    assert_true(auger_portmap_poll_event(portmap, &event));
    assert_int_equal(event.type, AUGER_PORTMAP_EVENT_LOST);
    assert_int_equal(event.error, AUGER_PORTMAP_ERROR_REFUSED);
    auger_portmap_free(portmap);
}

/* --- giving back (15) ----------------------------------------------------------------------------
 */

static void test_what_is_given_back_is_deleted(void **state)
{
    struct auger_portmap *portmap = engine();
    struct auger_portmap_event event;
    struct asked made, asked;
    auger_time now;

    (void)state;
    assert_true(next_asked(portmap, 0, &made));
    now = map_by_pcp(portmap, 3 * S, 41000);
    auger_portmap_release(portmap, now);
    assert_true(next_asked(portmap, now, &asked));
    assert_memory_equal(asked.buf + 4, ((uint8_t[]){0, 0, 0, 0}), 4); /* for no time */
    assert_memory_equal(asked.buf + 24, made.buf + 24, 18);           /* the same one */
    assert_memory_equal(asked.buf + 42, ((uint8_t[]){0, 0}), 2);      /* 15: suggests nothing */
    answer_pcp(portmap, now, &asked, &(struct pcp_answer){.epoch_s = (uint32_t)(1000 + now / S)});
    assert_int_equal(auger_portmap_next_timeout(portmap), AUGER_NEVER);
    assert_false(auger_portmap_poll_event(portmap, &event));
    const struct auger_addr internal = addr_of("192.168.1.10", 40000);
    assert_int_equal(auger_portmap_add(portmap, now, &internal, 9), AUGER_ERR_STATE);
    auger_portmap_free(portmap);
}

static void test_a_farewell_is_said_three_times_at_most(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;
    int times = 0;
    auger_time now = map_by_pcp(portmap, 0, 41000);

    (void)state;
    assert_int_equal(auger_portmap_remove(portmap, now, 7), 0);
    assert_int_equal(auger_portmap_remove(portmap, now, 7), AUGER_ERR_NOT_FOUND);
    for (;;) {
        times += next_asked(portmap, now, &asked);
        auger_time at = auger_portmap_next_timeout(portmap);
        if (at == AUGER_NEVER)
            break;
        now = at;
    }
    assert_int_equal(times, 3);
    auger_portmap_free(portmap);
}

static void test_what_never_left_is_not_given_back(void **state)
{
    struct auger_portmap *portmap = engine();
    struct asked asked;

    (void)state;
    auger_portmap_release(portmap, 0);
    assert_false(next_asked(portmap, 0, &asked));
    assert_int_equal(auger_portmap_next_timeout(portmap), AUGER_NEVER);
    auger_portmap_free(portmap);
}

static void test_a_port_that_returns_keeps_its_nonce(void **state)
{
    struct auger_portmap *portmap = engine();
    const struct auger_addr internal = addr_of("192.168.1.10", 40000);
    struct asked made, asked;
    auger_time now;

    (void)state;
    assert_true(next_asked(portmap, 0, &made));
    now = map_by_pcp(portmap, 3 * S, 41000);
    assert_int_equal(auger_portmap_remove(portmap, now, 7), 0);
    assert_int_equal(auger_portmap_add(portmap, now, &internal, 8), 0);
    assert_true(next_asked(portmap, now, &asked));
    assert_memory_equal(asked.buf + 24, made.buf + 24, 12);
    assert_true(asked.buf[7] != 0);
    map_by_pcp(portmap, now + 1 * S, 41000);
    auger_portmap_free(portmap);
}

/* --- limits -------------------------------------------------------------------------------------
 */

static void test_mappings_have_a_bound(void **state)
{
    struct auger_portmap *portmap = engine_at("192.168.1.10", "192.168.1.1");
    struct auger_addr internal = addr_of("192.168.1.10", 0);

    (void)state;
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 1), AUGER_ERR_INVALID);
    for (uint16_t i = 0; i < 16; i++) {
        internal.port = (uint16_t)(40000 + i);
        assert_int_equal(auger_portmap_add(portmap, 0, &internal, i), 0);
        assert_int_equal(auger_portmap_add(portmap, 0, &internal, 100), AUGER_ERR_INVALID);
    }
    internal.port = 50000;
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 3), AUGER_ERR_INVALID);
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 100), AUGER_ERR_LIMIT);
    internal = addr_of("192.168.1.11", 40000);
    assert_int_equal(auger_portmap_add(portmap, 0, &internal, 100), AUGER_ERR_INVALID);
    auger_portmap_free(portmap);
}

static void test_configurations_that_are_none(void **state)
{
    struct auger_portmap_config config;
    struct auger_portmap *portmap;

    (void)state;
    auger_portmap_config_init(&config);
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), AUGER_ERR_INVALID);
    config.local = addr_of("192.168.1.10", 0);
    config.gateway = addr_of("fe80::1", 0);
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), AUGER_ERR_INVALID);
    config.gateway = addr_of("0.0.0.0", 0);
    assert_int_equal(auger_portmap_new(&portmap, &test_env, &config), AUGER_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_that_of_the_rfc),
        cmocka_unit_test(test_a_mapping_of_tcp_says_so),
        cmocka_unit_test(test_an_answer_is_told),
        cmocka_unit_test(test_a_pinhole_of_ipv6_keeps_its_address),
        cmocka_unit_test(test_only_the_gateway_is_believed),
        cmocka_unit_test(test_another_nonce_port_or_opcode_is_no_answer),
        cmocka_unit_test(test_an_answer_without_an_address_is_none),
        cmocka_unit_test(test_an_unanswered_request_leaves_again_ever_more_seldom),
        cmocka_unit_test(test_silence_is_told_once),
        cmocka_unit_test(test_a_mapping_is_renewed_at_half_of_its_time),
        cmocka_unit_test(test_what_is_not_renewed_is_asked_ever_closer_and_then_lost),
        cmocka_unit_test(test_another_address_is_news),
        cmocka_unit_test(test_a_clock_that_went_back_remakes_what_stands),
        cmocka_unit_test(test_an_announcement_remakes_within_five_seconds),
        cmocka_unit_test(test_a_remake_is_repeated),
        cmocka_unit_test(test_an_error_is_told_and_its_time_kept),
        cmocka_unit_test(test_an_errors_time_has_a_bound),
        cmocka_unit_test(test_a_mapping_that_is_refused_later_is_lost),
        cmocka_unit_test(test_what_is_given_back_is_deleted),
        cmocka_unit_test(test_a_farewell_is_said_three_times_at_most),
        cmocka_unit_test(test_what_never_left_is_not_given_back),
        cmocka_unit_test(test_a_port_that_returns_keeps_its_nonce),
        cmocka_unit_test(test_mappings_have_a_bound),
        cmocka_unit_test(test_configurations_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
