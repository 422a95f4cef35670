/* How long a STUN message may be where nobody knows what the path takes: RFC 8489 section 6.1. */
#include "tests/sim/monitor_stage.h"

static const struct auger_path path6 = {
    .local = {.family = AUGER_IPV6, .port = 5000, .ip = {0x2A, 0x0A, [15] = 1}},
    .remote = {.family = AUGER_IPV6, .port = 6000, .ip = {0x2A, 0x0A, [15] = 2}},
};

/* A header, and an optional attribute that fills the rest. */
static void sends_message(struct stage *stage, const struct auger_path *along, size_t len)
{
    static const uint8_t filling[1400];
    uint8_t buf[1500];
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_INDICATION, AUGER_STUN_DATA,
                           &(struct auger_stun_tid){{1}});
    auger_stun_build_bytes(&b, 0xC0FE, filling, len - 24);
    assert_int_equal(auger_stun_build_end(&b), len);
    monitor_sent(stage->monitor, 0, along, buf, len);
}

static void over_ipv4_576_bytes_with_its_headers(void **state)
{
    sends_message(*state, &path, 548);
    holds(*state);
    sends_message(*state, &path, 552);
    breaks(*state, '0');
}

static void over_ipv6_1280_bytes_with_its_headers(void **state)
{
    sends_message(*state, &path6, 1232);
    holds(*state);
    sends_message(*state, &path6, 1236);
    breaks(*state, '0');
}

static void to_a_turn_server_as_well(void **state)
{
    struct stage *stage = *state;

    monitor_add_turn_server(stage->monitor,
                            &(struct monitor_turn){path.remote, "user", "realm", "secret"});
    sends_message(stage, &path, 548);
    holds(stage);
    sends_message(stage, &path, 552);
    breaks(stage, '0');
}

SCENARIOS(staged(over_ipv4_576_bytes_with_its_headers),
          staged(over_ipv6_1280_bytes_with_its_headers), staged(to_a_turn_server_as_well))
