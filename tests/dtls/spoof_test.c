/* One datagram from somebody who cannot see the handshake, at each of its steps, in each
 * role.  What is malformed or out of place never ends it; a well-formed message in clear,
 * of a type that the peer might send, can, and only for as long as it might. */
#include "tests/dtls/pair.h"
#include "tests/dtls/records.h"

/* --- what an honest handshake of somebody else's looks like --------------------------------- */

static struct {
    uint8_t bytes[2048];
    size_t len;
} honest[32]; /* by type */

static void carry_and_learn(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);
    struct record record;

    while (next_record(&r, &record))
        if (record.type == HANDSHAKE && record.epoch == 0 && record.body[0] < ARRAY_LEN(honest)) {
            size_t type =
                record.body[0] + (record.body[0] == CERTIFICATE && from == SERVER ? 1u : 0);
            honest[type].len = record.len;
            memcpy(honest[type].bytes, record.body, record.len);
        }
    put_on_wire(pair, !from, DELAY, buf, len);
}

/* --- what is spoofed ----------------------------------------------------------------------------
 */

static uint8_t datagram[RAW_DATAGRAM_MAX];

static size_t plain(uint8_t type, const void *body, size_t len)
{
    return make_record(datagram, sizeof(datagram),
                       (struct record){.type = type, .seq = 40, .body = body, .len = len});
}

static size_t alert(uint8_t level, uint8_t description)
{
    return plain(ALERT, (const uint8_t[]){level, description}, 2);
}

static size_t message(uint8_t type, uint16_t seq, uint32_t len, uint32_t offset, uint32_t fragment)
{
    return make_message(
        datagram, sizeof(datagram),
        (struct message){
            .type = type, .len = len, .seq = seq, .offset = offset, .fragment = fragment});
}

/* As somebody else's peer would say it. */
static size_t copied(uint8_t type, uint16_t seq)
{
    uint8_t body[2048];

    memcpy(body, honest[type].bytes, honest[type].len);
    body[5] = (uint8_t)seq;
    return plain(HANDSHAKE, body, honest[type].len);
}

static size_t with_number(size_t len, uint64_t seq)
{
    struct auger_writer w = auger_writer(datagram + 5, 6);

    auger_write_uint(&w, seq, 6);
    return len;
}

static size_t with_version(size_t len, uint16_t version)
{
    datagram[1] = (uint8_t)(version >> 8);
    datagram[2] = (uint8_t)version;
    return len;
}

static size_t sealed(uint8_t type, uint16_t epoch, size_t len)
{
    static const uint8_t junk[1000] = {1, 2, 3};

    return make_record(
        datagram, sizeof(datagram),
        (struct record){.type = type, .epoch = epoch, .seq = 1, .body = junk, .len = len});
}

static size_t many_empty(void)
{
    size_t len = 0;

    for (int i = 0; i < 40; i++, len += RECORD_HEADER)
        make_record(datagram + len, sizeof(datagram) - len,
                    (struct record){.type = HANDSHAKE, .seq = (uint64_t)i});
    return len;
}

static size_t verify_request(void)
{
    static const uint8_t body[23] = {0xFE, 0xFD, 20};

    return make_message(datagram, sizeof(datagram),
                        (struct message){.type = HELLO_VERIFY_REQUEST,
                                         .len = sizeof(body),
                                         .fragment = sizeof(body),
                                         .body = body});
}

static size_t cut(size_t len, size_t by)
{
    return len - by;
}

#define MAX_SEQ 0xFFFFFFFFFFFF
/* A line makes the datagram and says whom it may harm. */
#define NOBODY 0
#define A_CLIENT 1
#define A_SERVER 2
#define SPOOFS                                                                                     \
    X(alert(2, 40), NOBODY)                                                                        \
    X(alert(2, 0), NOBODY)                                                                         \
    X(alert(1, 0), NOBODY)                                                                         \
    X(alert(1, 90), NOBODY)                                                                        \
    X(alert(1, 100), NOBODY)                                                                       \
    X(alert(7, 40), NOBODY)                                                                        \
    X(plain(ALERT, "\2", 1), NOBODY)                                                               \
    X(with_number(alert(2, 40), MAX_SEQ), NOBODY)                                                  \
    X(plain(APPLICATION_DATA, "hello", 5), NOBODY)                                                 \
    X(plain(24, "hello", 5), NOBODY)                                                               \
    X(plain(25, "hello", 5), NOBODY)                                                               \
    X(plain(CHANGE_CIPHER_SPEC, "\1", 1), NOBODY)                                                  \
    X(plain(CHANGE_CIPHER_SPEC, "\2", 1), NOBODY)                                                  \
    X(plain(CHANGE_CIPHER_SPEC, "\1\1", 2), NOBODY)                                                \
    X(with_number(plain(CHANGE_CIPHER_SPEC, "\1", 1), MAX_SEQ), NOBODY)                            \
    X(many_empty(), NOBODY)                                                                        \
    X(with_version(message(SERVER_HELLO_DONE, 4, 0, 0, 0), 0xFEFC), NOBODY)                        \
    X(with_version(message(SERVER_HELLO_DONE, 4, 0, 0, 0), 0x0301), NOBODY)                        \
    X(message(HELLO_REQUEST, 0, 0, 0, 0), NOBODY)                                                  \
    X(message(HELLO_REQUEST, 1, 0, 0, 0), NOBODY)                                                  \
    X(verify_request(), NOBODY)                                                                    \
    X(message(NEW_SESSION_TICKET, 5, 40, 0, 40), NOBODY)                                           \
    X(message(FINISHED, 4, 12, 0, 12), NOBODY)                                                     \
    X(message(FINISHED, 5, 12, 0, 12), NOBODY)                                                     \
    X(message(99, 1, 12, 0, 12), NOBODY)                                                           \
    X(message(CERTIFICATE, 1, 0xFFFFFF, 0, 20), NOBODY)                                            \
    X(message(CERTIFICATE, 1, 100, 100, 1), NOBODY)                                                \
    X(message(CERTIFICATE, 1, 100, 0, 0), NOBODY)                                                  \
    X(message(CERTIFICATE, 9, 100, 0, 100), NOBODY)                                                \
    X(message(CERTIFICATE, 0xFFFF, 100, 0, 100), NOBODY)                                           \
    X(message(CLIENT_HELLO, 2, 100, 0, 100), NOBODY)                                               \
    X(message(SERVER_HELLO, 1, 80, 0, 80), NOBODY)                                                 \
    X(cut(message(CERTIFICATE, 1, 100, 0, 100), 1), NOBODY)                                        \
    X(cut(message(CERTIFICATE, 1, 100, 0, 100), 101), NOBODY)                                      \
    X(cut(message(CERTIFICATE, 1, 100, 0, 100), 120), NOBODY)                                      \
    X(sealed(HANDSHAKE, 1, 40), NOBODY)                                                            \
    X(sealed(ALERT, 1, 26), NOBODY)                                                                \
    X(sealed(APPLICATION_DATA, 1, 900), NOBODY)                                                    \
    X(sealed(APPLICATION_DATA, 2, 900), NOBODY)                                                    \
    X(sealed(CHANGE_CIPHER_SPEC, 1, 30), NOBODY)                                                   \
    X(with_number(sealed(HANDSHAKE, 1, 40), MAX_SEQ), NOBODY)                                      \
    X((memset(datagram, 20, 40), 40), NOBODY)                                                      \
    X((memset(datagram, 22, 1200), 1200), NOBODY)                                                  \
    X((datagram[0] = 22, 1), NOBODY)                                                               \
    X(copied(CLIENT_HELLO, 0), A_SERVER)                                                           \
    X(copied(CLIENT_HELLO, 1), NOBODY)                                                             \
    X(message(CLIENT_HELLO, 0, 90, 0, 30), A_SERVER)                                               \
    X(with_number(message(CLIENT_HELLO, 0, 90, 30, 30), MAX_SEQ), A_SERVER)                        \
    X(copied(SERVER_HELLO, 0), A_CLIENT)                                                           \
    X(message(SERVER_HELLO, 0, 81, 0, 30), A_CLIENT)                                               \
    X(copied(CERTIFICATE, 1), A_SERVER | A_CLIENT)                                                 \
    X(copied(CERTIFICATE + 1, 1), A_SERVER | A_CLIENT)                                             \
    X(message(CERTIFICATE, 1, 9999, 0, 30), A_SERVER | A_CLIENT)                                   \
    X(copied(SERVER_KEY_EXCHANGE, 2), A_CLIENT)                                                    \
    X(copied(CERTIFICATE_REQUEST, 3), A_CLIENT)                                                    \
    X(message(CERTIFICATE_REQUEST, 3, 40, 0, 40), A_CLIENT)                                        \
    X(message(SERVER_HELLO_DONE, 4, 0, 0, 0), A_CLIENT)                                            \
    X(message(SERVER_HELLO_DONE, 1, 0, 0, 0), A_CLIENT)                                            \
    X(copied(CLIENT_KEY_EXCHANGE, 2), A_SERVER)                                                    \
    X(copied(CERTIFICATE_VERIFY, 3), A_SERVER)                                                     \
    X(message(CERTIFICATE_VERIFY, 8, 200, 100, 50), A_SERVER | A_CLIENT)

struct spoof {
    const char *what;
    int may_harm;
    size_t len;
    uint8_t bytes[RAW_DATAGRAM_MAX];
};

static struct spoof spoofs[100];
static size_t spoofs_len;

static void make_spoofs(void)
{
#define X(MAKE, MAY_HARM)                                                                          \
    {                                                                                              \
        struct spoof *spoof = &spoofs[spoofs_len++];                                               \
        spoof->len = (size_t)(MAKE);                                                               \
        memcpy(spoof->bytes, datagram, spoof->len);                                                \
        spoof->what = #MAKE;                                                                       \
        spoof->may_harm = MAY_HARM;                                                                \
    }
    SPOOFS
#undef X
}

static int learn(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    pair->carry = carry_and_learn;
    start_both(pair);
    run_for(pair, AUGER_SEC);
    assert_true(both_up(pair));
    pair_free(pair);
    make_spoofs();
    return 0;
}

/* --- one run
 * --------------------------------------------------------------------------------------- */

struct attack {
    const struct spoof *spoof; /* NULL: all that may not harm the victim */
    int victim;
    size_t step;    /* before which datagram of its peer it comes */
    size_t arrived; /* of those */
    bool happened, too_late;
};

static bool may_harm(const struct spoof *spoof, int victim)
{
    return spoof->may_harm & (victim == CLIENT ? A_CLIENT : A_SERVER);
}

static void strike(struct pair *pair, const struct attack *attack)
{
    for (size_t i = 0; i < spoofs_len; i++)
        if (attack->spoof ? attack->spoof == &spoofs[i] : !may_harm(&spoofs[i], attack->victim))
            deliver(pair, attack->victim, spoofs[i].bytes, spoofs[i].len);
}

static void before_arrival(struct pair *pair, int to)
{
    struct attack *attack = pair->user;

    if (to != attack->victim || attack->arrived++ != attack->step)
        return;
    attack->happened = true;
    attack->too_late = is_up(pair, to);
    strike(pair, attack);
}

/* Whether both ends are up in the end. */
static bool survives(struct attack *attack)
{
    struct auger_dtls_config config;

    auger_dtls_config_init(&config);
    config.mtu = 300; /* for flights of several datagrams, and many steps */
    struct pair *pair = pair_of_ours(&config);
    pair->before = before_arrival;
    pair->user = attack;
    start_both(pair);
    run_for(pair, 31 * AUGER_SEC);
    bool up = both_up(pair);
    if (up) {
        strike(pair, attack); /* and once more when all is done */
        assert_talk(pair);
    }
    assert_int_equal(pair->ends[CLIENT].events_len, 1);
    assert_int_equal(pair->ends[SERVER].events_len, 1);
    pair_free(pair);
    return up;
}

static const char *name_of(int victim)
{
    return victim == CLIENT ? "client" : "server";
}

/* Which of those together it was. */
static void blame(struct attack all)
{
    for (size_t i = 0; i < spoofs_len; i++) {
        struct attack one = {.spoof = &spoofs[i], .victim = all.victim, .step = all.step};
        if (!may_harm(&spoofs[i], all.victim) && !survives(&one))
            fail_msg("%s before datagram %zu ended a %s", spoofs[i].what, all.step,
                     name_of(all.victim));
    }
    fail_msg("all together before datagram %zu ended a %s", all.step, name_of(all.victim));
}

static void test_what_no_peer_would_send_never_ends_a_handshake(void **state)
{
    (void)state;
    size_t steps = 0;

    for (int victim = CLIENT; victim <= SERVER; victim++)
        for (size_t step = 0;; step++, steps++) {
            struct attack attack = {.victim = victim, .step = step};
            if (!survives(&attack))
                blame(attack);
            if (!attack.happened)
                break;
        }
    assert_in_range(steps, 8, 30);
}

/* The rest can: DTLS 1.2 authenticates nothing before Finished. */
static void test_what_a_peer_might_send_ends_it_only_while_it_might(void **state)
{
    (void)state;
    unsigned runs = 0, deaths = 0;

    for (size_t i = 0; i < spoofs_len; i++)
        for (int victim = CLIENT; victim <= SERVER; victim++)
            for (size_t step = 0; may_harm(&spoofs[i], victim); step++) {
                struct attack attack = {.spoof = &spoofs[i], .victim = victim, .step = step};
                bool up = survives(&attack);
                if (!attack.happened)
                    break;
                if (!up && attack.too_late)
                    fail_msg("%s ended a %s that was up", spoofs[i].what, name_of(victim));
                runs++;
                deaths += !up;
            }
    assert_in_range(runs, 90, 300);
    assert_in_range(deaths, 1, 30); /* a figure that grows is a rule that was lost */
}

/* An honest peer says nothing of the kind, so that it is obeyed only when nothing else
 * has come. */
static void test_a_spoofed_verify_request_gives_way_to_a_server_hello(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    start_both(pair);
    settle(pair);
    deliver(pair, CLIENT, datagram, verify_request());
    run_for(pair, 4 * DELAY);
    assert_true(both_up(pair));
    assert_int_equal(pair->ends[CLIENT].sent, 2);
    pair_free(pair);
}

static int64_t told_dropped = -1;

static void note(void *user, const struct auger_trace_record *record)
{
    (void)user;
    for (size_t i = 0; i < record->fields_len; i++)
        if (strcmp(record->fields[i].key, "dropped") == 0)
            told_dropped = record->fields[i].i;
}

static void test_what_fell_is_counted_in_the_trace(void **state)
{
    (void)state;
    const struct auger_env env = {
        .random = env_random, .alloc = env_alloc, .release = env_release, .trace = note};
    struct auger_fingerprint fingerprint = fingerprint_of(SERVER);
    struct auger_dtls_config config;
    struct auger_dtls *dtls;

    auger_dtls_config_init(&config);
    config.certificate = certificate_of(CLIENT);
    assert_int_equal(auger_dtls_new(&dtls, &env, &config), 0);
    assert_int_equal(auger_dtls_set_remote_fingerprints(dtls, START, &fingerprint, 1), 0);
    assert_int_equal(auger_dtls_start(dtls, START, AUGER_DTLS_CLIENT), 0);
    assert_int_equal(told_dropped, 0);
    for (int i = 0; i < 3; i++)
        auger_dtls_handle_datagram(dtls, START, datagram, alert(2, 40));
    auger_dtls_close(dtls, START);
    assert_int_equal(told_dropped, 3);
    auger_dtls_free(dtls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_no_peer_would_send_never_ends_a_handshake),
        cmocka_unit_test(test_what_a_peer_might_send_ends_it_only_while_it_might),
        cmocka_unit_test(test_a_spoofed_verify_request_gives_way_to_a_server_hello),
        cmocka_unit_test(test_what_fell_is_counted_in_the_trace),
    };
    return cmocka_run_group_tests(tests, learn, NULL);
}
