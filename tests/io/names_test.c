/* Names of STUN servers, resolved off the loop.  The resolver is the test's: getaddrinfo() is
 * replaced, and answers when the test lets it. */
#define _GNU_SOURCE
#include "tests/io/stun_server.h"

#include "io/resolve.h"
#include "io/sockaddr.h"

#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- the names of the test's world ---------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t looked_up_by;
static size_t look_ups;
static sem_t stuck_began, stuck_may_end;

static struct addrinfo *row(struct addrinfo *next, const char *ip)
{
    struct auger_addr addr;
    struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_storage));

    assert_int_equal(auger_addr_parse_ip(&addr, ip, strlen(ip), 0), 0);
    info->ai_addr = (struct sockaddr *)(info + 1);
    info->ai_addrlen = auger_sockaddr_from((struct sockaddr_storage *)(info + 1), &addr);
    info->ai_next = next;
    return info;
}

static struct addrinfo *many(void)
{
    struct addrinfo *list = NULL;
    char ip[64];

    for (int i = 64; i > 0; i--) {
        snprintf(ip, sizeof(ip), "192.0.2.%d", i);
        list = row(list, ip);
        snprintf(ip, sizeof(ip), "2001:db8::%d", i);
        list = row(list, ip);
    }
    return list;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict req, struct addrinfo **restrict pai)
{
    (void)service, (void)req;
    pthread_mutex_lock(&lock);
    look_ups++;
    looked_up_by = pthread_self();
    pthread_mutex_unlock(&lock);
    if (strcmp(name, "stuck.test") == 0) {
        sem_post(&stuck_began);
        while (sem_wait(&stuck_may_end) != 0)
            ;
        return EAI_AGAIN;
    }
    if (strcmp(name, "missing.test") == 0)
        return EAI_NONAME;
    *pai = strcmp(name, "many.test") == 0 ? many() : row(NULL, "127.0.0.1");
    return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
    while (ai) {
        struct addrinfo *next = ai->ai_next;
        free(ai);
        ai = next;
    }
}

/* No record is asked for: of those discover_test.c has a DNS. */
int __res_ninit(res_state dns)
{
    (void)dns;
    return -1;
}

static size_t count_look_ups(void)
{
    pthread_mutex_lock(&lock);
    size_t count = look_ups;
    pthread_mutex_unlock(&lock);
    return count;
}

static size_t count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;

    assert_non_null(tasks);
    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count;
}

static void until_threads_are(size_t count)
{
    while (count_threads() > count)
        sched_yield();
}

/* --- a peer that asks for names ------------------------------------------------------------------
 */

struct asking {
    struct auger_loop *loop;
    struct auger_peer *peer;
    struct auger_peer_config config;
    size_t troubles, reflexive;
    char trouble[320];
    struct auger_peer *trouble_peer;
    int trouble_error;
    bool gathered;
};

static void ask(struct asking *asking, const char *const *uris, size_t len)
{
    struct auger_net_config net = net_of_loopback();

    net.stun_servers = uris;
    net.stun_servers_len = len;
    assert_int_equal(auger_loop_peer_new(asking->loop, &asking->config, &net, &asking->peer), 0);
}

static void begin_asking(struct asking *asking)
{
    *asking = (struct asking){0};
    assert_int_equal(auger_loop_new(&asking->loop, NULL), 0);
    auger_peer_config_init(&asking->config);
}

static void note(struct asking *asking, const struct auger_loop_event *event)
{
    struct auger_cand cand;

    if (event->type == AUGER_LOOP_EVENT_TROUBLE) {
        asking->troubles++;
        asking->trouble_peer = event->peer;
        asking->trouble_error = event->error;
        snprintf(asking->trouble, sizeof(asking->trouble), "%s", event->what);
    } else if (event->type == AUGER_LOOP_EVENT_PEER &&
               event->event.type == AUGER_PEER_EVENT_CANDIDATE) {
        const char *line = event->event.candidate;
        assert_int_equal(auger_cand_parse(&cand, line, strlen(line)), 0);
        asking->reflexive += cand.type == AUGER_CAND_SRFLX;
    } else if (event->type == AUGER_LOOP_EVENT_PEER &&
               event->event.type == AUGER_PEER_EVENT_GATHERED) {
        asking->gathered = true;
    }
}

static void until_gathered(struct asking *asking, struct stun_server *server)
{
    struct auger_loop_event event;

    while (!asking->gathered) {
        assert_true(auger_loop_next(asking->loop, &event));
        if (!server || !server_take(server, &event))
            note(asking, &event);
    }
}

/* --- claims ------------------------------------------------------------------------------------
 */

static void a_name_is_resolved_on_another_thread_and_its_address_asked(void **state)
{
    struct stun_server server;
    struct asking asking;
    char uri[64];
    const char *const uris[] = {uri};

    (void)state;
    begin_asking(&asking);
    server_open(&server, asking.loop, "198.51.100.7:4567");
    snprintf(uri, sizeof(uri), "stun:good.test:%u", server.udp.addr.port);
    ask(&asking, uris, 1);
    until_gathered(&asking, &server);
    assert_int_equal(asking.reflexive, 1);
    assert_int_equal(asking.troubles, 0);
    assert_false(pthread_equal(looked_up_by, pthread_self()));
    server_close(&server);
    auger_loop_free(asking.loop);
}

static void a_numeric_address_is_asked_without_a_look_up(void **state)
{
    size_t before = count_look_ups(), threads = count_threads();
    struct stun_server server;
    struct asking asking;

    (void)state;
    begin_asking(&asking);
    server_open(&server, asking.loop, "198.51.100.7:4567");
    const char *const uris[] = {server.uri};
    ask(&asking, uris, 1);
    until_gathered(&asking, &server);
    assert_int_equal(asking.reflexive, 1);
    assert_int_equal(count_look_ups(), before);
    assert_true(count_threads() <= threads); /* one that is ending may still be counted before */
    server_close(&server);
    auger_loop_free(asking.loop);
}

static void a_name_that_there_is_not_is_told_and_gathering_ends(void **state)
{
    const char *const uris[] = {"stun:missing.test"};
    struct asking asking;

    (void)state;
    begin_asking(&asking);
    ask(&asking, uris, 1);
    until_gathered(&asking, NULL);
    assert_int_equal(asking.troubles, 1);
    assert_string_equal(asking.trouble, "cannot resolve missing.test");
    assert_ptr_equal(asking.trouble_peer, asking.peer);
    assert_int_equal(asking.trouble_error, AUGER_ERR_NOT_FOUND);
    auger_loop_free(asking.loop);
}

static void a_name_that_nobody_answers_for_is_given_up(void **state)
{
    const char *const uris[] = {"stun:stuck.test"};
    struct auger_loop_event event;
    struct asking asking;

    (void)state;
    begin_asking(&asking);
    asking.config.ice.gather_timeout = AUGER_MS;
    ask(&asking, uris, 1);
    until_gathered(&asking, NULL); /* while the look-up goes on */
    assert_int_equal(asking.troubles, 1);
    assert_ptr_equal(asking.trouble_peer, asking.peer);

    assert_int_equal(sem_wait(&stuck_began), 0);
    sem_post(&stuck_may_end);
    const char *const next[] = {
        "stun:missing.test"}; /* behind it, so that it is known to be over */
    asking.config.ice.gather_timeout = 3600 * AUGER_SEC;
    ask(&asking, next, 1);
    asking.gathered = false;
    until_gathered(&asking, NULL);
    assert_int_equal(asking.troubles, 2); /* the late answer was none */
    assert_false(auger_loop_poll(asking.loop, &event));
    auger_loop_free(asking.loop);
}

static void a_loop_with_a_look_up_under_way_is_freed_at_once(void **state)
{
    const char *const uris[] = {"stun:stuck.test", "stun:good.test"};
    size_t threads = count_threads();
    struct asking asking;

    (void)state;
    begin_asking(&asking);
    ask(&asking, uris, 2);
    assert_int_equal(sem_wait(&stuck_began), 0);
    auger_loop_free(asking.loop); /* the look-up ends after it, and not before */
    sem_post(&stuck_may_end);
    until_threads_are(threads);
}

static void a_peer_with_a_look_up_under_way_is_freed_and_its_answer_dropped(void **state)
{
    const char *const uris[] = {"stun:stuck.test"}, *const next[] = {"stun:missing.test"};
    struct asking asking;

    (void)state;
    begin_asking(&asking);
    ask(&asking, uris, 1);
    assert_int_equal(sem_wait(&stuck_began), 0);
    auger_loop_peer_free(asking.loop, asking.peer);
    ask(&asking, next, 1);
    sem_post(&stuck_may_end);
    until_gathered(&asking, NULL);
    assert_int_equal(asking.troubles, 1);
    assert_string_equal(asking.trouble, "cannot resolve missing.test");
    auger_loop_free(asking.loop);
}

/* --- the resolver by itself --------------------------------------------------------------------
 */

static const struct auger_lookup many_lookup = {.host = "many.test", .port = 77};
static const struct auger_lookup stuck_lookup = {.host = "stuck.test", .port = 77};

static void wait_for(int wake_fd)
{
    uint64_t value;

    assert_int_equal(read(wake_fd, &value, sizeof(value)), sizeof(value)); /* blocks until told */
}

static void of_many_addresses_two_of_each_family_are_kept(void **state)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC);
    struct auger_resolver *resolver;
    struct auger_resolved answer;

    (void)state;
    assert_int_equal(auger_resolver_new(&resolver, wake_fd), 0);
    assert_false(auger_resolver_take(resolver, &answer));
    assert_int_equal(auger_resolver_ask(resolver, 5, 0, &many_lookup), 0);
    wait_for(wake_fd);
    assert_true(auger_resolver_take(resolver, &answer));
    assert_int_equal(answer.id, 5);
    assert_string_equal(answer.host, "many.test");
    assert_int_equal(answer.addrs_len, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(answer.addrs[i].port, 77);
    assert_int_not_equal(answer.addrs[0].family, answer.addrs[1].family);
    assert_int_equal(answer.addrs[0].family, answer.addrs[2].family);
    auger_resolver_free(resolver);
    close(wake_fd);
}

/* Also what is looked up just now has a place for its answer. */
static void of_names_at_once_there_are_64_and_each_is_answered(void **state)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC);
    struct auger_resolver *resolver;
    struct auger_resolved answer;
    bool was_answered[AUGER_RESOLVE_QUEUE_MAX] = {false};
    size_t answers = 0;

    (void)state;
    assert_int_equal(auger_resolver_new(&resolver, wake_fd), 0);
    assert_int_equal(auger_resolver_ask(resolver, 0, 0, &stuck_lookup), 0);
    assert_int_equal(sem_wait(&stuck_began), 0);
    for (size_t i = 1; i < AUGER_RESOLVE_QUEUE_MAX; i++)
        assert_int_equal(auger_resolver_ask(resolver, i, 0, &many_lookup), 0);
    assert_int_equal(auger_resolver_ask(resolver, 64, 0, &many_lookup), AUGER_ERR_LIMIT);
    sem_post(&stuck_may_end);
    while (answers < AUGER_RESOLVE_QUEUE_MAX) {
        wait_for(wake_fd);
        for (; auger_resolver_take(resolver, &answer); answers++) {
            assert_false(was_answered[answer.id]);
            was_answered[answer.id] = true;
        }
    }
    assert_int_equal(auger_resolver_ask(resolver, 65, 0, &many_lookup), 0);
    auger_resolver_free(resolver);
    close(wake_fd);
}

/* As long as fewer are stuck than there are threads. */
static void a_name_that_is_stuck_holds_up_no_other(void **state)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC);
    struct auger_resolver *resolver;
    struct auger_resolved answer;

    (void)state;
    assert_int_equal(auger_resolver_new(&resolver, wake_fd), 0);
    for (uint64_t i = 1; i < AUGER_RESOLVE_THREADS_MAX; i++) {
        assert_int_equal(auger_resolver_ask(resolver, i, 0, &stuck_lookup), 0);
        assert_int_equal(sem_wait(&stuck_began), 0);
    }
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(auger_resolver_ask(resolver, 100 + i, 0, &many_lookup), 0);
        wait_for(wake_fd);
        assert_true(auger_resolver_take(resolver, &answer));
        assert_int_equal(answer.id, 100 + i);
    }
    auger_resolver_free(resolver);
    for (int i = 1; i < AUGER_RESOLVE_THREADS_MAX; i++)
        sem_post(&stuck_may_end);
    close(wake_fd);
}

static int prepare(void **state)
{
    (void)state;
    return sem_init(&stuck_began, 0, 0) || sem_init(&stuck_may_end, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_resolved_on_another_thread_and_its_address_asked),
        cmocka_unit_test(a_numeric_address_is_asked_without_a_look_up),
        cmocka_unit_test(a_name_that_there_is_not_is_told_and_gathering_ends),
        cmocka_unit_test(a_name_that_nobody_answers_for_is_given_up),
        cmocka_unit_test(a_loop_with_a_look_up_under_way_is_freed_at_once),
        cmocka_unit_test(a_peer_with_a_look_up_under_way_is_freed_and_its_answer_dropped),
        cmocka_unit_test(of_many_addresses_two_of_each_family_are_kept),
        cmocka_unit_test(of_names_at_once_there_are_64_and_each_is_answered),
        cmocka_unit_test(a_name_that_is_stuck_holds_up_no_other),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
