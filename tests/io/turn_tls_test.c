/* What a client of TLS can make a TURN server keep for it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/io_turn.h>

#include "tests/tls/ca.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define UPDATES_MAX 30000 /* their answers are 0.8 MB: more than sockets and the queue hold */
#define UPDATES_AT_ONCE 32

struct meeting {
    struct authority authority;
    struct leaf leaf;
    struct auger_loop *loop;
    struct auger_turn_service *service;
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

static void serve(struct meeting *meeting)
{
    struct auger_addr at = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}, .transport = AUGER_TCP};
    struct auger_turn_server_config server;
    struct auger_turn_service_config service;

    make_authority(&meeting->authority, "an authority");
    make_leaf(&meeting->leaf, &meeting->authority, "IP:127.0.0.1", -1, 1);
    auger_turn_server_config_init(&server);
    auger_turn_service_config_init(&service);
    server.realm = "example.org";
    service.tls_listen = &at;
    service.tls_listen_len = 1;
    service.certificate_pem = pem_bytes(&meeting->leaf.certificate);
    service.key_pem = pem_bytes(&meeting->leaf.key);
    service.first_message_timeout = service.idle_timeout = 3600 * AUGER_SEC;
    assert_int_equal(auger_loop_new(&meeting->loop, NULL), 0);
    assert_int_equal(auger_loop_turn_new(meeting->loop, &server, &service, &meeting->service, NULL),
                     0);
}

static void turn(struct meeting *meeting)
{
    struct auger_loop_event event;

    while (auger_loop_poll(meeting->loop, &event))
        continue;
}

static uint64_t streams(const struct meeting *meeting)
{
    struct auger_turn_service_stats stats;

    auger_turn_service_get_stats(meeting->service, &stats);
    return stats.streams;
}

/* Of little room for what comes, and of small segments, after which the kernel measures the room
 * of the sender: the server soon has to keep what it says. */
static void begin(struct meeting *meeting)
{
    struct auger_addr at;
    const int little = 4096, segment = 536;

    memset(meeting, 0, sizeof(*meeting));
    serve(meeting);
    assert_int_equal(auger_turn_service_addrs(meeting->service, &at, 1), 1);
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(at.port),
                                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    meeting->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(meeting->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)), 0);
    assert_int_equal(setsockopt(meeting->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)),
                     0);
    assert_int_equal(connect(meeting->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(ioctl(meeting->fd, FIONBIO, &(int){1}), 0);
    meeting->context = SSL_CTX_new(TLS_client_method());
    meeting->ssl = SSL_new(meeting->context);
    assert_int_equal(SSL_set_fd(meeting->ssl, meeting->fd), 1);
    SSL_set_connect_state(meeting->ssl);
    while (SSL_do_handshake(meeting->ssl) != 1) {
        turn(meeting);
        (void)poll(&(struct pollfd){.fd = meeting->fd, .events = POLLIN}, 1, 50);
    }
    turn(meeting);
    assert_int_equal(streams(meeting), 1);
}

static void end(struct meeting *meeting)
{
    SSL_free(meeting->ssl);
    SSL_CTX_free(meeting->context);
    close(meeting->fd);
    auger_loop_free(meeting->loop);
    free_authority(&meeting->authority);
}

/* RFC 8446 section 4.6.3: each is to be answered.  False: the stream has ended. */
static bool ask_for_keys(struct meeting *meeting)
{
    assert_int_equal(SSL_key_update(meeting->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    while (SSL_do_handshake(meeting->ssl) != 1) {
        turn(meeting);
        if (streams(meeting) == 0)
            return false;
    }
    return true;
}

static void who_asks_for_keys_and_reads_nothing_is_shut_out(void **state)
{
    struct meeting meeting;
    unsigned asked = 0;

    (void)state;
    begin(&meeting);
    while (asked < UPDATES_MAX && streams(&meeting) == 1 && ask_for_keys(&meeting))
        if (++asked % UPDATES_AT_ONCE == 0)
            turn(&meeting);
    assert_int_equal(streams(&meeting), 0);
    end(&meeting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_for_keys_and_reads_nothing_is_shut_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
