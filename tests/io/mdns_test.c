/* Names in place of addresses over real sockets: two loops, as two programs would, on the loopback
 * interface and its multicast. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "io/loop_state.h"
#include "io/names.h"
#include "mdns/msg.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static char told[2][16384]; /* the traces, a line a record */

static void note(void *user, const struct auger_trace_record *record)
{
    char *text = user;
    size_t len = strlen(text);

    if (len > sizeof(told[0]) - 512)
        return;
    len += (size_t)snprintf(text + len, 100, "%s", record->name);
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct auger_trace_field *field = &record->fields[i];
        char addr[AUGER_ADDR_TEXT_MAX];
        if (field->type == AUGER_TRACE_TEXT)
            len += (size_t)snprintf(text + len, 100, " %s", field->text);
        else if (field->type == AUGER_TRACE_ADDR)
            len += (size_t)snprintf(text + len, 100, " %s",
                                    auger_addr_format(field->addr, addr, sizeof(addr)));
    }
    snprintf(text + len, 2, "\n");
}

/* Two loops with a peer each, which both resolve and hide. */
struct towns {
    struct auger_env envs[2];
    struct auger_loop *loops[2];
    struct auger_peer *peers[2];
    char sdp[2][8192];
    bool open[2];
    char lines[2][8][AUGER_CAND_LINE_MAX]; /* candidates that were told */
    size_t lines_len[2];
};

static void found(struct towns *towns, int side, bool resolve, bool hide)
{
    struct auger_loop_config loop_config;
    struct auger_peer_config config;
    const struct auger_net_config net = net_of_loopback();

    told[side][0] = '\0';
    towns->envs[side] = *auger_env_system();
    towns->envs[side].user = told[side];
    towns->envs[side].trace = note;
    auger_loop_config_init(&loop_config);
    loop_config.env = &towns->envs[side];
    auger_peer_config_init(&config);
    config.resolve_names = resolve;
    config.hide_addresses = hide;
    assert_int_equal(auger_loop_new(&towns->loops[side], &loop_config), 0);
    assert_int_equal(auger_loop_peer_new(towns->loops[side], &config, &net, &towns->peers[side]),
                     0);
}

static void take_from(struct towns *towns, int side, const struct auger_loop_event *event)
{
    if (event->type == AUGER_LOOP_EVENT_TROUBLE)
        fail_msg("trouble: %s", event->what);
    if (event->type != AUGER_LOOP_EVENT_PEER)
        return;
    if (event->event.type == AUGER_PEER_EVENT_CANDIDATE && towns->lines_len[side] < 8)
        snprintf(towns->lines[side][towns->lines_len[side]++], AUGER_CAND_LINE_MAX, "%s",
                 event->event.candidate);
    towns->open[side] |= event->event.type == AUGER_PEER_EVENT_CHANNEL ||
                         event->event.type == AUGER_PEER_EVENT_CHANNEL_OPEN;
}

/* Waits until either has something to do, and lets both do it. */
static void turn_both(struct towns *towns)
{
    struct pollfd fds[2];
    struct auger_loop_event event;

    for (int side = 0; side < 2; side++) {
        while (auger_loop_poll(towns->loops[side], &event))
            take_from(towns, side, &event);
        fds[side] = (struct pollfd){.fd = auger_loop_fd(towns->loops[side]), .events = POLLIN};
    }
    assert_true(poll(fds, 2, 20000) > 0);
}

static void describe(struct towns *towns, int from)
{
    int to = !from;
    bool offers = from == ALICE;
    auger_time now = auger_loop_now(towns->loops[from]);
    enum auger_sdp_type type = offers ? AUGER_SDP_OFFER : AUGER_SDP_ANSWER;
    char *sdp = towns->sdp[from];
    size_t cap = sizeof(towns->sdp[from]);
    int len = offers ? auger_peer_create_offer(towns->peers[from], now, sdp, cap)
                     : auger_peer_create_answer(towns->peers[from], now, sdp, cap);

    assert_true(len > 0);
    assert_int_equal(
        auger_peer_set_remote_description(towns->peers[to], now, type, sdp, (size_t)len, NULL), 0);
}

static void open_channel(struct towns *towns)
{
    const struct auger_channel_options options = {.label = "d", .id = AUGER_STREAM_NONE};
    auger_channel channel;

    assert_int_equal(auger_peer_channel_open(towns->peers[ALICE],
                                             auger_loop_now(towns->loops[ALICE]), &options,
                                             &channel),
                     0);
}

static void leave(struct towns *towns)
{
    auger_loop_free(towns->loops[0]);
    auger_loop_free(towns->loops[1]);
}

/* The name in a description that has one candidate. */
static void name_in(const char *sdp, char name[AUGER_MDNS_NAME_MAX])
{
    const char *end = strstr(sdp, ".local ");

    assert_non_null(end);
    memcpy(name, end - 36, AUGER_MDNS_NAME_MAX - 1);
    name[AUGER_MDNS_NAME_MAX - 1] = '\0';
    assert_true(auger_mdns_is_name(name, AUGER_MDNS_NAME_MAX - 1));
}

static bool was_told(int side, const char *what, const char *name, const char *value)
{
    char line[300];

    snprintf(line, sizeof(line), "%s %s %s", what, name, value);
    return strstr(told[side], line) != NULL;
}

static void two_that_hide_find_each_other_by_name(void **state)
{
    (void)state;
    static struct towns towns;
    char names[2][AUGER_MDNS_NAME_MAX];

    memset(&towns, 0, sizeof(towns));
    for (int side = 0; side < 2; side++)
        found(&towns, side, true, true);
    open_channel(&towns);
    describe(&towns, ALICE);
    describe(&towns, BOB);
    for (int side = 0; side < 2; side++) {
        assert_null(strstr(towns.sdp[side], "127.0.0.1 ")); /* but for the o= line */
        name_in(towns.sdp[side], names[side]);
    }
    while (!towns.open[ALICE] || !towns.open[BOB] ||
           !was_told(ALICE, "peer:name_resolved", names[BOB], "127.0.0.1:") ||
           !was_told(BOB, "peer:name_resolved", names[ALICE], "127.0.0.1:"))
        turn_both(&towns);
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < towns.lines_len[side]; i++)
            assert_non_null(strstr(towns.lines[side][i], names[side]));
    leave(&towns);
}

/* As avahi or a browser on the same machine has it. */
static int another_responder(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(5353)};
    const struct ip_mreqn loopback = {.imr_ifindex = 1};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback)), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    return fd;
}

/* Two hosts claim the name: which one is meant nobody knows. */
static void answer_with_two_addresses(int fd, const char *name)
{
    struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(5353)};
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_writer w = auger_writer(buf, sizeof(buf));

    auger_dns_write_header(&w, 0, AUGER_DNS_RESPONSE, 0, 2, 0);
    for (uint32_t i = 1; i <= 2; i++) {
        auger_dns_write_record(&w, name, AUGER_DNS_A, AUGER_DNS_IN, 120, 4);
        auger_write_u32(&w, 0x0A000000 + i);
    }
    group.sin_addr.s_addr = htonl(0xE00000FB);
    assert_int_equal(sendto(fd, buf, w.len, 0, (const struct sockaddr *)&group, sizeof(group)),
                     w.len);
}

static void a_name_of_two_hosts_is_given_up_and_the_path_is_found(void **state)
{
    (void)state;
    static const char line[] = "candidate:1 1 udp 2113937151 "
                               "93ca72e4-42ee-4eed-8c73-81bad65e003b.local 9 typ host";
    int fd = another_responder();
    static struct towns towns;

    memset(&towns, 0, sizeof(towns));
    found(&towns, ALICE, true, false);
    found(&towns, BOB, false, false);
    open_channel(&towns);
    describe(&towns, ALICE);
    describe(&towns, BOB);
    assert_int_equal(auger_peer_add_remote_candidate(towns.peers[ALICE],
                                                     auger_loop_now(towns.loops[ALICE]), line,
                                                     strlen(line)),
                     0);
    while (!towns.open[ALICE] || !towns.open[BOB])
        turn_both(&towns);
    assert_non_null(towns.loops[ALICE]->names); /* it has been asked for */
    answer_with_two_addresses(fd, "93ca72e4-42ee-4eed-8c73-81bad65e003b.local");
    while (!was_told(ALICE, "peer:name_failed", "93ca72e4-42ee-4eed-8c73-81bad65e003b.local",
                     "no answer"))
        turn_both(&towns);
    assert_null(towns.loops[BOB]->names);
    close(fd);
    leave(&towns);
}

static void nothing_is_opened_before_the_first_name(void **state)
{
    (void)state;
    static struct towns towns;

    memset(&towns, 0, sizeof(towns));
    found(&towns, ALICE, true, false);
    found(&towns, BOB, true, true);
    assert_null(towns.loops[ALICE]->names);
    assert_non_null(towns.loops[BOB]->names);
    describe(&towns, ALICE);
    describe(&towns, BOB);
    turn_both(&towns);
    assert_non_null(towns.loops[ALICE]->names);
    leave(&towns);
}

/* Peers of one loop have one name for one address, which goes with the last of them. */
static void an_address_has_one_name_as_long_as_a_peer_has_it(void **state)
{
    (void)state;
    struct auger_loop *loop;
    struct auger_peer *peers[3];
    struct auger_peer_config config;
    struct auger_loop_event event;
    const struct auger_net_config net = net_of_loopback();
    char names[3][AUGER_MDNS_NAME_MAX], sdp[8192];

    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    auger_peer_config_init(&config);
    config.hide_addresses = true;
    for (int i = 0; i < 3; i++) {
        if (i == 2) {
            auger_loop_peer_free(loop, peers[0]);
            auger_loop_peer_free(loop, peers[1]);
            while (auger_loop_poll(loop, &event))
                ;
        }
        assert_int_equal(auger_loop_peer_new(loop, &config, &net, &peers[i]), 0);
        assert_true(auger_peer_create_offer(peers[i], auger_loop_now(loop), sdp, sizeof(sdp)) > 0);
        name_in(sdp, names[i]);
    }
    assert_string_equal(names[0], names[1]);
    assert_string_not_equal(names[0], names[2]);
    assert_int_equal(loop->names->published[0].uses, 1);
    auger_loop_free(loop);
}

static size_t asked_by(struct auger_peer *const *peers, size_t len)
{
    struct auger_peer_name_counters counters;
    size_t asked = 0;

    for (size_t i = 0; i < len; i++) {
        auger_peer_get_name_counters(peers[i], &counters);
        asked += counters.asked;
    }
    return asked;
}

/* A peer that was told `count` names that nobody has. */
static struct auger_peer *peer_with_names(struct auger_loop *loop, const char *offer, int count)
{
    struct auger_peer *peer;
    struct auger_peer_config config;
    const struct auger_net_config net = net_of_loopback();
    auger_time now = auger_loop_now(loop);

    auger_peer_config_init(&config);
    config.resolve_names = true;
    assert_int_equal(auger_loop_peer_new(loop, &config, &net, &peer), 0);
    assert_int_equal(
        auger_peer_set_remote_description(peer, now, AUGER_SDP_OFFER, offer, strlen(offer), NULL),
        0);
    for (int i = 0; i < count; i++) {
        char line[AUGER_CAND_LINE_MAX];
        snprintf(line, sizeof(line),
                 "candidate:1 1 udp 1 4eede702-42ee-4eed-8c73-81bad65e0%03x.local 9 typ host",
                 (unsigned)i);
        assert_int_equal(auger_peer_add_remote_candidate(peer, now, line, strlen(line)), 0);
    }
    return peer;
}

static void names_without_a_place_wait_until_there_is_one(void **state)
{
    (void)state;
    enum { PEERS = 6, EACH = 8, PLACES = AUGER_NAMES_ASKED_MAX };
    static char sdp[8192];
    struct auger_loop *loop;
    struct auger_peer *peers[PEERS];
    struct auger_loop_event event;

    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    assert_true(auger_peer_create_offer(new_peer(loop), auger_loop_now(loop), sdp, sizeof(sdp)) >
                0);
    for (int i = 0; i < PEERS; i++)
        peers[i] = peer_with_names(loop, sdp, EACH);
    while (auger_loop_poll(loop, &event))
        ;
    assert_int_equal(asked_by(peers, PEERS), PLACES);
    for (int i = 0; i < PLACES / EACH; i++) /* they take theirs with them */
        auger_loop_peer_free(loop, peers[i]);
    while (auger_loop_poll(loop, &event))
        ;
    assert_int_equal(asked_by(peers + PLACES / EACH, PEERS - PLACES / EACH), PEERS * EACH - PLACES);
    auger_loop_free(loop);
}

static void what_is_sent_to_another_responder_alone_stays_its(void **state)
{
    (void)state;
    static struct towns towns;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5353)};
    struct auger_loop_event event;
    struct pollfd fd;
    char byte;

    memset(&towns, 0, sizeof(towns));
    fd = (struct pollfd){.fd = another_responder(), .events = POLLIN};
    for (int side = 0; side < 2; side++)
        found(&towns, side, true, true);
    while (auger_loop_poll(towns.loops[ALICE], &event))
        ;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 16; i++) { /* which socket of several gets one is the kernel's choice */
        int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(sendto(from, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)), 1);
        close(from);
        assert_int_equal(poll(&fd, 1, 20000), 1);
        assert_int_equal(recv(fd.fd, &byte, 1, 0), 1);
    }
    close(fd.fd);
    leave(&towns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_hide_find_each_other_by_name),
        cmocka_unit_test(a_name_of_two_hosts_is_given_up_and_the_path_is_found),
        cmocka_unit_test(nothing_is_opened_before_the_first_name),
        cmocka_unit_test(an_address_has_one_name_as_long_as_a_peer_has_it),
        cmocka_unit_test(names_without_a_place_wait_until_there_is_one),
        cmocka_unit_test(what_is_sent_to_another_responder_alone_stays_its),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
