/* TLS over a stream: whom a client believes, what it says when it does not, and what both
 * carry. */
#include "tests/tls/pair.h"

static struct authority authority, stranger;
static struct leaf good;

static int set_up(void **state)
{
    (void)state;
    make_authority(&authority, "Test Authority");
    make_authority(&stranger, "Another Authority");
    make_leaf(&good, &authority, "DNS:turn.example,DNS:*.wild.example,IP:192.0.2.1,IP:2001:db8::1",
              -1, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free_authority(&authority);
    free_authority(&stranger);
    return 0;
}

static void begin_ours(struct pair *pair, const char *name, const struct leaf *leaf)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(leaf);

    begin(pair, &client, &server, name);
    carry_all(pair);
}

/* --- who is believed ----------------------------------------------------------------------- */

static void a_server_that_was_asked_for_is_believed(void **state)
{
    static const char *const names[] = {"turn.example", "TURN.Example", "a.wild.example",
                                        "192.0.2.1", "2001:db8::1"};
    (void)state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct pair pair;
        begin_ours(&pair, names[i], &good);
        assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
        assert_string_equal(auger_tls_version(pair.ends[CLIENT]), "TLSv1.3");
        assert_string_equal(auger_tls_alpn(pair.ends[CLIENT]), "stun.turn");
        assert_string_equal(auger_tls_alpn(pair.ends[SERVER]), "stun.turn");
        assert_int_equal(auger_tls_next_timeout(pair.ends[CLIENT]), AUGER_NEVER);
        assert_talk(&pair);
        end_pair(&pair);
    }
}

enum signer { OURS, STRANGER, ITSELF };

static const struct {
    const char *name, *sans;
    int from, until;
    enum signer by;
    enum auger_tls_failure failure;
    const char *why;
} refusals[] = {
    {"turn.example", "DNS:other.example", -1, 1, OURS, AUGER_TLS_WRONG_NAME,
     "the certificate is for other.example, not turn.example"},
    {"192.0.2.9", "DNS:other.example,IP:192.0.2.1", -1, 1, OURS, AUGER_TLS_WRONG_NAME,
     "the certificate is for other.example, 192.0.2.1, not 192.0.2.9"},
    {"turn.example", "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example", -1, 1, OURS,
     AUGER_TLS_WRONG_NAME,
     "the certificate is for a.example, b.example and 2 others, not turn.example"},
    {"a.b.wild.example", "DNS:*.wild.example", -1, 1, OURS, AUGER_TLS_WRONG_NAME,
     "the certificate is for *.wild.example, not a.b.wild.example"},
    /* The name in the subject counts no more: RFC 9525 section 2. */
    {"ignored.example", "email:a@b.example", -1, 1, OURS, AUGER_TLS_WRONG_NAME,
     "the certificate is for no host, not ignored.example"},
    {"turn.example", "DNS:turn.example", -9, -1, OURS, AUGER_TLS_EXPIRED,
     "the certificate has expired"},
    {"turn.example", "DNS:turn.example", 2, 9, OURS, AUGER_TLS_NOT_YET_VALID,
     "the certificate is not valid yet"},
    {"turn.example", "DNS:turn.example", -1, 1, STRANGER, AUGER_TLS_UNTRUSTED,
     "the certificate was issued by Another?Authority, who is not trusted"},
    {"turn.example", "DNS:turn.example", -1, 1, ITSELF, AUGER_TLS_UNTRUSTED,
     "the certificate is signed by itself, and not trusted"},
};

static void any_other_is_not_and_the_cause_is_named(void **state)
{
    const struct authority *const signers[] = {&authority, &stranger, NULL};
    (void)state;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct leaf leaf;
        struct pair pair;
        make_leaf(&leaf, signers[refusals[i].by], refusals[i].sans, refusals[i].from,
                  refusals[i].until);
        begin_ours(&pair, refusals[i].name, &leaf);
        assert_int_equal(auger_tls_get_state(pair.ends[CLIENT]), AUGER_TLS_FAILED);
        assert_string_equal(auger_tls_why(pair.ends[CLIENT]), refusals[i].why);
        assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), refusals[i].failure);
        assert_int_equal(auger_tls_write(pair.ends[CLIENT], pair.now, (const uint8_t *)"x", 1),
                         AUGER_ERR_STATE);
        assert_int_equal(auger_tls_get_failure(pair.ends[SERVER]), AUGER_TLS_REFUSED);
        end_pair(&pair);
    }
}

static void without_an_authority_of_ours_the_systems_count(void **state)
{
    struct auger_tls_config client = client_config(NULL), server = server_config(&good);
    struct pair pair;
    (void)state;

    begin(&pair, &client, &server, "turn.example");
    carry_all(&pair);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_UNTRUSTED);
    end_pair(&pair);
}

static void who_trusts_anybody_has_said_so(void **state)
{
    struct auger_tls_config client = client_config(NULL), server = server_config(&good);
    struct pair pair;
    (void)state;

    client.trust_anybody = true;
    begin(&pair, &client, &server, "somebody.example");
    carry_all(&pair);
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    end_pair(&pair);
}

static void a_certificate_signed_by_itself_can_be_trusted_as_it_is(void **state)
{
    struct leaf leaf;
    struct pair pair;
    (void)state;

    make_leaf(&leaf, NULL, "DNS:turn.example", -1, 1);
    struct auger_tls_config client = client_config(NULL), server = server_config(&leaf);
    client.ca_pem = pem_bytes(&leaf.certificate);
    begin(&pair, &client, &server, "turn.example");
    carry_all(&pair);
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    end_pair(&pair);
}

/* --- what is agreed on --------------------------------------------------------------------- */

static void a_server_takes_the_first_of_its_names_that_is_offered(void **state)
{
    static const char *const both[] = {"stun.nat-discovery", "stun.turn"};
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    client.alpn = server.alpn = both;
    client.alpn_len = server.alpn_len = 2;
    begin(&pair, &client, &server, "turn.example");
    carry_all(&pair);
    assert_string_equal(auger_tls_alpn(pair.ends[SERVER]), "stun.nat-discovery");
    end_pair(&pair);
}

static void a_server_without_alpn_is_good_enough(void **state)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    server.alpn_len = 0;
    begin(&pair, &client, &server, "turn.example");
    carry_all(&pair);
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    assert_string_equal(auger_tls_alpn(pair.ends[CLIENT]), "");
    end_pair(&pair);
}

static void a_client_of_another_protocol_is_refused(void **state)
{
    static const char *const web[] = {"h2"};
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    client.alpn = web;
    begin(&pair, &client, &server, "turn.example");
    carry_all(&pair);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_REFUSED);
    assert_string_equal(auger_tls_why(pair.ends[CLIENT]),
                        "the other side gave up: no application protocol");
    end_pair(&pair);
}

static void what_is_not_tls_is_called_so(void **state)
{
    static const uint8_t http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    begin(&pair, &client, &server, "turn.example");
    (void)auger_tls_feed(pair.ends[CLIENT], START, http, sizeof(http) - 1);
    assert_string_equal(auger_tls_why(pair.ends[CLIENT]), "what the other side speaks is not TLS");
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_PROTOCOL);
    end_pair(&pair);
}

static void who_never_answers_has_fifteen_seconds(void **state)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    begin(&pair, &client, &server, "turn.example");
    assert_int_equal(auger_tls_next_timeout(pair.ends[CLIENT]), START + 15 * AUGER_SEC);
    auger_tls_handle_timeout(pair.ends[CLIENT], START + 15 * AUGER_SEC - 1);
    assert_int_equal(auger_tls_get_state(pair.ends[CLIENT]), AUGER_TLS_CONNECTING);
    auger_tls_handle_timeout(pair.ends[CLIENT], START + 15 * AUGER_SEC);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_TIMEOUT);
    assert_string_equal(auger_tls_why(pair.ends[CLIENT]), "the handshake was not done within 15 s");
    assert_int_equal(auger_tls_next_timeout(pair.ends[CLIENT]), AUGER_NEVER);
    end_pair(&pair);
}

/* --- what is carried ----------------------------------------------------------------------- */

static void bytes_may_come_one_by_one(void **state)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    begin(&pair, &client, &server, "turn.example");
    pair.piece = 1;
    carry_all(&pair);
    assert_true(both_are(&pair, AUGER_TLS_CONNECTED));
    assert_talk(&pair);
    end_pair(&pair);
}

static void a_writer_that_is_too_fast_is_told_to_wait(void **state)
{
    static uint8_t much[100000];
    struct pair pair;
    size_t at = 0;
    int n;
    (void)state;

    begin_ours(&pair, "turn.example", &good);
    while ((n = auger_tls_write(pair.ends[CLIENT], pair.now, much + at, sizeof(much) - at)) > 0)
        at += (size_t)n;
    assert_int_equal(n, AUGER_ERR_AGAIN);
    assert_in_range(at, 8000, 20000);
    uint8_t buf[4096];
    assert_int_equal(auger_tls_take(pair.ends[CLIENT], pair.now, buf, sizeof(buf)), sizeof(buf));
    assert_true(auger_tls_write(pair.ends[CLIENT], pair.now, much + at, sizeof(much) - at) > 0);
    end_pair(&pair);
}

static void nothing_is_written_before_it_is_connected(void **state)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    struct pair pair;
    (void)state;

    begin(&pair, &client, &server, "turn.example");
    assert_int_equal(auger_tls_write(pair.ends[CLIENT], pair.now, (const uint8_t *)"x", 1),
                     AUGER_ERR_AGAIN);
    end_pair(&pair);
}

static void an_end_is_heard_by_the_other_side(void **state)
{
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", &good);
    auger_tls_close(pair.ends[CLIENT], pair.now);
    carry_all(&pair);
    assert_true(both_are(&pair, AUGER_TLS_CLOSED));
    assert_int_equal(auger_tls_get_failure(pair.ends[SERVER]), AUGER_TLS_OK);
    end_pair(&pair);
}

static void a_byte_that_was_changed_ends_it(void **state)
{
    uint8_t buf[4096];
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", &good);
    assert_int_equal(auger_tls_write(pair.ends[CLIENT], pair.now, (const uint8_t *)"hello", 5), 5);
    size_t len = auger_tls_take(pair.ends[CLIENT], pair.now, buf, sizeof(buf));
    buf[len - 1] ^= 1;
    arrive(&pair, SERVER, buf, len);
    assert_int_equal(pair.got_len[SERVER], 0);
    assert_int_equal(auger_tls_get_failure(pair.ends[SERVER]), AUGER_TLS_PROTOCOL);
    end_pair(&pair);
}

/* 16 KiB are read of one. */
static void a_chain_without_end_is_refused(void **state)
{
    char names[6000] = "DNS:turn.example";
    struct leaf leaf;
    struct pair pair;
    (void)state;

    for (int i = 0; i < 300; i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), ",DNS:n%d.example", i);
    make_leaf(&leaf, &authority, "DNS:turn.example", -1, 1);
    X509 *x509 = make_x509(&authority, authority.key, "Fat", names, -1, 1);
    for (int i = 0; i < 6; i++)
        add_pem(&leaf.certificate, x509, NULL);
    X509_free(x509);
    begin_ours(&pair, "turn.example", &leaf);
    assert_int_equal(auger_tls_get_failure(pair.ends[CLIENT]), AUGER_TLS_PROTOCOL);
    end_pair(&pair);
}

/* --- contexts ------------------------------------------------------------------------------ */

static void assert_refused(const struct auger_tls_config *config, int err, const char *start)
{
    struct auger_tls_context *context = NULL;
    char why[AUGER_TLS_WHY_MAX];

    assert_int_equal(auger_tls_context_new(&context, auger_env_system(), config, why), err);
    assert_null(context);
    if (strncmp(why, start, strlen(start)) != 0)
        assert_string_equal(why, start);
    assert_int_equal(auger_tls_context_new(&context, auger_env_system(), config, NULL), err);
}

static void what_a_server_cannot_use_is_named(void **state)
{
    struct auger_tls_config config = server_config(&good);
    struct leaf other;
    (void)state;

    make_leaf(&other, &authority, "DNS:turn.example", -1, 1);
    config.key_pem = pem_bytes(&other.key);
    assert_refused(&config, AUGER_ERR_INVALID, "the key does not fit the certificate");
    config.key_pem = pem_bytes(&other.certificate);
    assert_refused(&config, AUGER_ERR_MALFORMED, "the key cannot be read");
    config.certificate_pem = pem_bytes(&other.key);
    assert_refused(&config, AUGER_ERR_MALFORMED, "the certificate cannot be used");
    config.certificate_pem.len = 0;
    assert_refused(&config, AUGER_ERR_INVALID, "a server needs a certificate and its key");
}

static void what_a_client_cannot_use_is_named(void **state)
{
    static const char *const empty[] = {""};
    struct auger_tls_config config = client_config(&authority);
    (void)state;

    config.ca_pem = pem_bytes(&good.key);
    assert_refused(&config, AUGER_ERR_MALFORMED, "no certificate to trust in the PEM");
    config = client_config(NULL);
    config.ca_file = "/nowhere/ca.pem";
    assert_refused(&config, AUGER_ERR_NOT_FOUND, "no certificates to trust in /nowhere/ca.pem");
    config = client_config(&authority);
    config.alpn = empty;
    assert_refused(&config, AUGER_ERR_INVALID, "no name for ALPN");
    config = client_config(&authority);
    config.alpn_len = AUGER_TLS_ALPN_MAX + 1;
    assert_refused(&config, AUGER_ERR_INVALID, "too many names for ALPN");
    config = client_config(&authority);
    config.deadline = 0;
    assert_refused(&config, AUGER_ERR_INVALID, "an MTU or a time that cannot be");
}

static void a_connection_outlives_the_last_word_about_its_context(void **state)
{
    struct pair pair;
    (void)state;

    begin_ours(&pair, "turn.example", &good);
    for (int who = CLIENT; who <= SERVER; who++) {
        auger_tls_context_free(pair.contexts[who]);
        pair.contexts[who] = NULL;
    }
    assert_talk(&pair);
    end_pair(&pair);
}

static void a_name_is_asked_for_by_clients_and_by_them_alone(void **state)
{
    struct auger_tls_config client = client_config(&authority), server = server_config(&good);
    char long_name[AUGER_TLS_NAME_MAX + 1];
    struct auger_tls *tls = NULL;
    struct pair pair;
    (void)state;

    begin(&pair, &client, &server, "turn.example");
    memset(long_name, 'a', sizeof(long_name));
    long_name[AUGER_TLS_NAME_MAX] = '\0';
    assert_int_equal(auger_tls_new(&tls, pair.contexts[CLIENT], START, NULL), AUGER_ERR_INVALID);
    assert_int_equal(auger_tls_new(&tls, pair.contexts[CLIENT], START, ""), AUGER_ERR_INVALID);
    assert_int_equal(auger_tls_new(&tls, pair.contexts[CLIENT], START, long_name),
                     AUGER_ERR_INVALID);
    assert_int_equal(auger_tls_new(&tls, pair.contexts[SERVER], START, "x"), AUGER_ERR_INVALID);
    assert_null(tls);
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_was_asked_for_is_believed),
        cmocka_unit_test(any_other_is_not_and_the_cause_is_named),
        cmocka_unit_test(without_an_authority_of_ours_the_systems_count),
        cmocka_unit_test(who_trusts_anybody_has_said_so),
        cmocka_unit_test(a_certificate_signed_by_itself_can_be_trusted_as_it_is),
        cmocka_unit_test(a_server_takes_the_first_of_its_names_that_is_offered),
        cmocka_unit_test(a_server_without_alpn_is_good_enough),
        cmocka_unit_test(a_client_of_another_protocol_is_refused),
        cmocka_unit_test(what_is_not_tls_is_called_so),
        cmocka_unit_test(who_never_answers_has_fifteen_seconds),
        cmocka_unit_test(bytes_may_come_one_by_one),
        cmocka_unit_test(a_writer_that_is_too_fast_is_told_to_wait),
        cmocka_unit_test(nothing_is_written_before_it_is_connected),
        cmocka_unit_test(an_end_is_heard_by_the_other_side),
        cmocka_unit_test(a_byte_that_was_changed_ends_it),
        cmocka_unit_test(a_chain_without_end_is_refused),
        cmocka_unit_test(what_a_server_cannot_use_is_named),
        cmocka_unit_test(what_a_client_cannot_use_is_named),
        cmocka_unit_test(a_connection_outlives_the_last_word_about_its_context),
        cmocka_unit_test(a_name_is_asked_for_by_clients_and_by_them_alone),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
