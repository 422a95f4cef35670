/* The loop: two peers in it, the loop inside another, and what wakes it. */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "ice/state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

static struct auger_loop *new_loop(void)
{
    struct auger_loop *loop;

    assert_int_equal(auger_loop_new(&loop, NULL), 0);
    return loop;
}

/* --- two peers -------------------------------------------------------------------------- */

static void until_heard(struct ends *ends, int side, size_t messages)
{
    while (ends->messages[side] < messages)
        step(ends);
}

static void talk_and_close(struct ends *ends)
{
    send_text(ends, ALICE, "from alice");
    send_text(ends, BOB, "from bob");
    until_heard(ends, ALICE, 1);
    until_heard(ends, BOB, 1);
    assert_string_equal(ends->latest[BOB], "from alice");
    assert_string_equal(ends->latest[ALICE], "from bob");
    auger_peer_close(ends->peers[ALICE], now_of(ends));
    until_closed(ends);
}

static void two_peers_meet_over_loopback_and_exchange_messages(void **state)
{
    struct ends ends;

    (void)state;
    begin(&ends);
    until_open(&ends);
    assert_int_equal(ends.states[ALICE], AUGER_PEER_CONNECTED);
    talk_and_close(&ends);
    end(&ends);
}

static void a_loop_holds_as_many_peers_as_it_was_told(void **state)
{
    const struct auger_net_config net = net_of_loopback();
    struct auger_loop_config config;
    struct auger_peer *peers[3], *none = NULL;
    struct auger_loop *loop;

    (void)state;
    auger_loop_config_init(&config);
    assert_int_equal(config.peers_max, 256);
    config.peers_max = ARRAY_LEN(peers);
    assert_int_equal(auger_loop_new(&loop, &config), 0);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peers[i]), 0);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &none), AUGER_ERR_LIMIT);
    assert_null(none);
    auger_loop_peer_free(loop, peers[1]);
    assert_int_equal(auger_loop_peer_new(loop, NULL, &net, &peers[1]), 0);
    auger_loop_free(loop);
}

/* --- one pace for all ------------------------------------------------------------------- */

#define COUPLES 16

/* Of checks that do not nominate: one that does is not paced (decision 011). */
struct beginnings {
    auger_time latest;
    unsigned len;
};

static int64_t number_of(const struct auger_trace_record *record, const char *key)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        if (strcmp(record->fields[i].key, key) == 0)
            return record->fields[i].i;
    }
    return 0;
}

static void note_beginning(void *user, const struct auger_trace_record *record)
{
    struct beginnings *seen = user;

    if (strcmp(record->name, "ice:check_sent") != 0 || number_of(record, "attempt") != 1 ||
        number_of(record, "use_candidate"))
        return;
    seen->latest = record->at;
    seen->len++;
}

static void until_each_has_checked(struct ends *couples, const struct beginnings *seen)
{
    struct auger_loop_event event;

    while (seen->len < 2 * COUPLES) {
        assert_true(auger_loop_next(couples[0].loop, &event));
        for (int i = 0; i < COUPLES; i++) {
            if (event.peer == couples[i].peers[ALICE] || event.peer == couples[i].peers[BOB])
                take(&couples[i], &event);
        }
    }
}

/* A turn is a time before which a check does not leave (RFC 8445 section 14.2); on a busy machine
 * one leaves later, and the next does not wait for that. */
static void checks_of_all_peers_of_a_loop_take_turns_of_5_ms(void **state)
{
    struct auger_env env = *auger_env_system();
    struct auger_loop_config config;
    struct ends couples[COUPLES];
    struct beginnings seen = {0};
    struct auger_loop *loop;

    (void)state;
    env.user = &seen;
    env.trace = note_beginning;
    auger_loop_config_init(&config);
    config.env = &env;
    assert_int_equal(auger_loop_new(&loop, &config), 0);
    for (int i = 0; i < COUPLES; i++)
        begin_in(&couples[i], loop);
    auger_time begun = auger_loop_now(loop);
    until_each_has_checked(couples, &seen);
    assert_true(seen.latest - begun >= (seen.len - 1) * 5 * AUGER_MS);
    auger_loop_free(loop);
}

static void who_asks_for_it_has_no_pacer_in_common(void **state)
{
    struct auger_loop_config config;
    struct auger_loop *loop;

    (void)state;
    auger_loop_config_init(&config);
    config.unpaced = true;
    assert_int_equal(auger_loop_new(&loop, &config), 0);
    assert_null(auger_peer_ice(new_peer(loop))->config.pacer);
    auger_loop_free(loop);
}

/* --- descriptors above what select() can hold ------------------------------------------------- */

static void take_descriptors(int *fds, size_t len)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < len; i++) {
        fds[i] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
    }
}

static void descriptors_above_1024_are_as_good_as_others(void **state)
{
    static int taken[FD_SETSIZE];
    struct auger_loop_event event;
    struct ends ends;
    int pipe_fds[2];

    (void)state;
    take_descriptors(taken, ARRAY_LEN(taken));
    begin(&ends);
    assert_true(auger_loop_fd(ends.loop) >= FD_SETSIZE);
    until_open(&ends);
    talk_and_close(&ends);

    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(auger_loop_watch_fd(ends.loop, pipe_fds[0], NULL), 0);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    assert_true(auger_loop_next(ends.loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_FD);
    assert_int_equal(event.fd, pipe_fds[0]);
    end(&ends);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        close(taken[i]);
}

/* --- inside another loop ------------------------------------------------------------------ */

static void take_all(struct ends *ends)
{
    struct auger_loop_event event;

    while (auger_loop_poll(ends->loop, &event))
        take(ends, &event);
}

static int watching(const struct auger_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = epoll_create1(EPOLL_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(epoll_ctl(fd, EPOLL_CTL_ADD, auger_loop_fd(loop), &event), 0);
    return fd;
}

/* Whole milliseconds, never too early. */
static int timeout_until(auger_time at, auger_time now)
{
    if (at == AUGER_NEVER)
        return -1;
    return at <= now ? 0 : (int)((at - now + AUGER_MS - 1) / AUGER_MS);
}

/* A foreign loop that knows the descriptor, and the deadline or not. */
static void turn_outside(struct ends *ends, int epoll_fd, bool knows_deadline)
{
    struct epoll_event event;
    int timeout = -1;

    take_all(ends);
    if (knows_deadline)
        timeout = timeout_until(auger_loop_deadline(ends->loop), now_of(ends));
    assert_true(epoll_wait(epoll_fd, &event, 1, timeout) >= 0);
    take_all(ends);
}

static void meet_inside_another_loop(bool knows_deadline)
{
    struct ends ends;

    begin(&ends);
    int epoll_fd = watching(ends.loop);
    while (!ends.open[ALICE] || !ends.open[BOB])
        turn_outside(&ends, epoll_fd, knows_deadline);
    send_text(&ends, ALICE, "inside");
    while (ends.messages[BOB] == 0)
        turn_outside(&ends, epoll_fd, knows_deadline);
    assert_string_equal(ends.latest[BOB], "inside");
    auger_peer_close(ends.peers[BOB], now_of(&ends));
    while (ends.states[ALICE] != AUGER_PEER_CLOSED || ends.states[BOB] != AUGER_PEER_CLOSED)
        turn_outside(&ends, epoll_fd, knows_deadline);
    close(epoll_fd);
    end(&ends);
}

static void inside_another_loop_the_descriptor_is_enough(void **state)
{
    (void)state;
    meet_inside_another_loop(false);
}

static void inside_another_loop_the_deadline_serves_too(void **state)
{
    (void)state;
    meet_inside_another_loop(true);
}

static void the_deadline_is_that_of_the_timer_where_there_is_no_peer(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;

    (void)state;
    assert_int_equal(auger_loop_deadline(loop), AUGER_NEVER);
    auger_time at = auger_loop_now(loop) + 3600 * AUGER_SEC;
    auger_loop_set_timer(loop, at, NULL);
    assert_int_equal(auger_loop_deadline(loop), at);
    assert_false(auger_loop_poll(loop, &event));
    auger_loop_set_timer(loop, AUGER_NEVER, NULL);
    assert_int_equal(auger_loop_deadline(loop), AUGER_NEVER);
    auger_loop_free(loop);
}

/* --- waking and stopping -------------------------------------------------------------------- */

static struct auger_loop *signalled;
static void (*signalled_call)(struct auger_loop *);

static void on_signal(int number)
{
    (void)number;
    signalled_call(signalled);
}

struct caller {
    struct auger_loop *loop;
    void (*call)(struct auger_loop *);
    pthread_t target; /* of a signal */
};

static void *call(void *arg)
{
    const struct caller *caller = arg;

    caller->call(caller->loop);
    return NULL;
}

static void *interrupt(void *arg)
{
    const struct caller *caller = arg;

    return pthread_kill(caller->target, SIGUSR1) == 0 ? NULL : arg;
}

/* Calls from another thread: by itself, or from the handler of a signal that it sends to us. */
static pthread_t call_elsewhere(struct caller *caller, bool by_signal)
{
    pthread_t thread;

    caller->target = pthread_self();
    signalled = caller->loop;
    signalled_call = caller->call;
    struct sigaction action = {.sa_handler = on_signal};
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, by_signal ? interrupt : call, caller), 0);
    return thread;
}

static void a_wake_from_a_thread_or_a_signal_handler_is_an_event(void **state)
{
    struct auger_loop *loop = new_loop();
    struct caller caller = {.loop = loop, .call = auger_loop_wake};
    struct auger_loop_event event;

    (void)state;
    for (int i = 0; i < 20; i++) {
        pthread_t thread = call_elsewhere(&caller, i % 2);
        assert_true(auger_loop_next(loop, &event));
        assert_int_equal(event.type, AUGER_LOOP_EVENT_WAKE);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_false(auger_loop_poll(loop, &event));
    }
    auger_loop_free(loop);
}

static void several_wakes_may_be_one_event_and_none_is_lost(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;

    (void)state;
    for (int i = 0; i < 100; i++)
        auger_loop_wake(loop);
    assert_true(auger_loop_next(loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_WAKE);
    assert_false(auger_loop_poll(loop, &event));
    auger_loop_wake(loop);
    assert_true(auger_loop_next(loop, &event));
    auger_loop_free(loop);
}

static void a_stop_from_a_thread_or_a_signal_handler_ends_the_waiting(void **state)
{
    struct auger_loop_event event;

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct auger_loop *loop = new_loop();
        struct caller caller = {.loop = loop, .call = auger_loop_stop};
        pthread_t thread = call_elsewhere(&caller, i % 2);
        assert_false(auger_loop_next(loop, &event));
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_false(auger_loop_next(loop, &event));
        assert_false(auger_loop_poll(loop, &event));
        auger_loop_free(loop);
    }
}

static void do_nothing(struct auger_loop *loop)
{
    (void)loop;
}

static void a_signal_alone_does_not_end_the_waiting(void **state)
{
    struct auger_loop *loop = new_loop();
    struct caller quiet = {.loop = loop, .call = do_nothing};
    struct auger_loop_event event;

    (void)state;
    pthread_t thread = call_elsewhere(&quiet, true);
    auger_loop_set_timer(loop, auger_loop_now(loop) + 20 * AUGER_MS, loop);
    assert_true(auger_loop_next(loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_TIMER);
    assert_int_equal(pthread_join(thread, NULL), 0);
    auger_loop_free(loop);
}

/* --- the timer ---------------------------------------------------------------------------------
 */

static void the_timer_tells_once_and_never_early(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;
    int user;

    (void)state;
    for (int i = 0; i < 10; i++) {
        auger_time at = auger_loop_now(loop) + i * AUGER_MS / 2;
        auger_loop_set_timer(loop, at, &user);
        assert_true(auger_loop_next(loop, &event));
        assert_int_equal(event.type, AUGER_LOOP_EVENT_TIMER);
        assert_ptr_equal(event.user, &user);
        assert_true(auger_loop_now(loop) >= at);
        assert_false(auger_loop_poll(loop, &event));
    }
    auger_loop_free(loop);
}

static void a_timer_that_was_unset_or_moved_does_not_tell(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;
    int first, second;

    (void)state;
    auger_loop_set_timer(loop, 0, &first);
    auger_loop_set_timer(loop, AUGER_NEVER, &first);
    assert_false(auger_loop_poll(loop, &event));
    auger_loop_set_timer(loop, auger_loop_now(loop) + 3600 * AUGER_SEC, &first);
    assert_false(auger_loop_poll(loop, &event));
    auger_loop_set_timer(loop, auger_loop_now(loop) + AUGER_MS, &second);
    assert_true(auger_loop_next(loop, &event));
    assert_ptr_equal(event.user, &second);
    auger_loop_free(loop);
}

/* --- descriptors of the application's -----------------------------------------------------------
 */

struct pipes {
    int fds[32][2];
};

static void open_pipes(struct pipes *pipes)
{
    for (size_t i = 0; i < ARRAY_LEN(pipes->fds); i++)
        assert_int_equal(pipe(pipes->fds[i]), 0);
}

static void close_pipes(struct pipes *pipes)
{
    for (size_t i = 0; i < ARRAY_LEN(pipes->fds); i++) {
        close(pipes->fds[i][0]);
        close(pipes->fds[i][1]);
    }
}

static int watch(struct auger_loop *loop, struct pipes *pipes, size_t i)
{
    return auger_loop_watch_fd(loop, pipes->fds[i][0], &pipes->fds[i]);
}

static void must_tell(struct auger_loop *loop, struct pipes *pipes, size_t i)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(loop, &event));
    assert_int_equal(event.type, AUGER_LOOP_EVENT_FD);
    assert_int_equal(event.fd, pipes->fds[i][0]);
    assert_ptr_equal(event.user, &pipes->fds[i]);
}

static void a_descriptor_tells_once_until_it_is_watched_again(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;
    struct pipes pipes;

    (void)state;
    open_pipes(&pipes);
    assert_int_equal(watch(loop, &pipes, 0), 0);
    assert_false(auger_loop_poll(loop, &event));
    assert_int_equal(write(pipes.fds[0][1], "x", 1), 1);
    must_tell(loop, &pipes, 0);
    assert_false(auger_loop_poll(loop, &event));
    assert_int_equal(watch(loop, &pipes, 0), 0);
    must_tell(loop, &pipes, 0);
    close_pipes(&pipes);
    auger_loop_free(loop);
}

static void of_watched_descriptors_there_are_sixteen_at_a_time(void **state)
{
    struct auger_loop *loop = new_loop();
    struct pipes pipes;

    (void)state;
    open_pipes(&pipes);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(watch(loop, &pipes, i), 0);
    assert_int_equal(watch(loop, &pipes, 16), AUGER_ERR_LIMIT);
    assert_int_equal(watch(loop, &pipes, 3), 0); /* again: no new one */
    assert_int_equal(write(pipes.fds[7][1], "x", 1), 1);
    must_tell(loop, &pipes, 7);
    assert_int_equal(watch(loop, &pipes, 16), 0);
    assert_int_equal(watch(loop, &pipes, 17), AUGER_ERR_LIMIT);
    auger_loop_unwatch_fd(loop, pipes.fds[5][0]);
    auger_loop_unwatch_fd(loop, pipes.fds[5][0]);
    assert_int_equal(watch(loop, &pipes, 17), 0);
    close_pipes(&pipes);
    auger_loop_free(loop);
}

static void what_is_not_watched_any_more_does_not_tell(void **state)
{
    struct auger_loop *loop = new_loop();
    struct auger_loop_event event;
    struct pipes pipes;

    (void)state;
    open_pipes(&pipes);
    assert_int_equal(watch(loop, &pipes, 0), 0);
    assert_int_equal(watch(loop, &pipes, 1), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(write(pipes.fds[i][1], "x", 1), 1);
    auger_loop_unwatch_fd(loop, pipes.fds[0][0]);
    must_tell(loop, &pipes, 1);
    assert_false(auger_loop_poll(loop, &event));
    close_pipes(&pipes);
    auger_loop_free(loop);
}

/* The number of a closed descriptor comes back, and stands for something else. */
static void a_number_that_is_used_again_is_watched_anew(void **state)
{
    struct auger_loop *loop = new_loop();
    struct pipes pipes;

    (void)state;
    open_pipes(&pipes);
    assert_int_equal(watch(loop, &pipes, 0), 0);
    assert_int_equal(write(pipes.fds[1][1], "x", 1), 1);
    assert_int_equal(dup2(pipes.fds[1][0], pipes.fds[0][0]), pipes.fds[0][0]);
    assert_int_equal(watch(loop, &pipes, 0), 0);
    must_tell(loop, &pipes, 0);
    close_pipes(&pipes);
    auger_loop_free(loop);
}

static void what_cannot_be_watched_is_an_error(void **state)
{
    struct auger_loop *loop = new_loop();
    FILE *file = tmpfile();

    (void)state;
    assert_non_null(file);
    assert_int_equal(auger_loop_watch_fd(loop, fileno(file), NULL), AUGER_ERR_SYSTEM);
    assert_int_equal(errno, EPERM);
    assert_int_equal(auger_loop_watch_fd(loop, -1, NULL), AUGER_ERR_SYSTEM);
    auger_loop_unwatch_fd(loop, -1);
    fclose(file);
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_peers_meet_over_loopback_and_exchange_messages),
        cmocka_unit_test(a_loop_holds_as_many_peers_as_it_was_told),
        cmocka_unit_test(checks_of_all_peers_of_a_loop_take_turns_of_5_ms),
        cmocka_unit_test(who_asks_for_it_has_no_pacer_in_common),
        cmocka_unit_test(descriptors_above_1024_are_as_good_as_others),
        cmocka_unit_test(inside_another_loop_the_descriptor_is_enough),
        cmocka_unit_test(inside_another_loop_the_deadline_serves_too),
        cmocka_unit_test(the_deadline_is_that_of_the_timer_where_there_is_no_peer),
        cmocka_unit_test(a_wake_from_a_thread_or_a_signal_handler_is_an_event),
        cmocka_unit_test(several_wakes_may_be_one_event_and_none_is_lost),
        cmocka_unit_test(a_stop_from_a_thread_or_a_signal_handler_ends_the_waiting),
        cmocka_unit_test(a_signal_alone_does_not_end_the_waiting),
        cmocka_unit_test(the_timer_tells_once_and_never_early),
        cmocka_unit_test(a_timer_that_was_unset_or_moved_does_not_tell),
        cmocka_unit_test(a_descriptor_tells_once_until_it_is_watched_again),
        cmocka_unit_test(of_watched_descriptors_there_are_sixteen_at_a_time),
        cmocka_unit_test(what_is_not_watched_any_more_does_not_tell),
        cmocka_unit_test(a_number_that_is_used_again_is_watched_anew),
        cmocka_unit_test(what_cannot_be_watched_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
