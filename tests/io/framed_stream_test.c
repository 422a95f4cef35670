/* A stream in frames of RFC 4571: any cut of the bytes gives the same frames, and whole frames
 * leave. */
#include "io/clock.h"
#include "io/framing.h"
#include "io/stream.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAMES_MAX 64
#define BYTES_MAX 65536

struct stage {
    int epoll, other; /* the other side's end; -1: closed */
    struct auger_stream stream;
    uint8_t heard[BYTES_MAX]; /* datagrams, one behind the other */
    size_t lens[FRAMES_MAX], frames, bytes;
    char why[AUGER_TLS_WHY_MAX];
};

static struct stage *begin(void)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    const struct auger_path path = {.local = {.family = AUGER_IPV4, .transport = AUGER_TCP},
                                    .remote = {.family = AUGER_IPV4, .transport = AUGER_TCP}};
    int ends[2];

    assert_non_null(stage);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    stage->epoll = epoll_create1(EPOLL_CLOEXEC);
    stage->other = ends[1];
    auger_stream_take(&stage->stream, NULL, stage->epoll, &path, ends[0], auger_clock_now());
    assert_int_equal(stage->stream.state, AUGER_STREAM_OPEN);
    return stage;
}

static void end(struct stage *stage)
{
    auger_stream_fini(&stage->stream, auger_clock_now());
    close(stage->epoll);
    if (stage->other >= 0)
        close(stage->other);
    free(stage);
}

static void turn(struct stage *stage)
{
    struct epoll_event events[4];
    struct auger_bytes frame;
    int len = epoll_wait(stage->epoll, events, 4, 0);
    auger_time now = auger_clock_now();

    for (int i = 0; i < len; i++) {
        struct auger_watch *watch = events[i].data.ptr;
        auger_stream_ready(watch->user, watch, events[i].events, now);
        while (auger_stream_next(&stage->stream, now, &frame)) {
            assert_in_range(stage->frames, 0, FRAMES_MAX - 1);
            assert_in_range(stage->bytes + frame.len, 0, BYTES_MAX);
            memcpy(stage->heard + stage->bytes, frame.data, frame.len);
            stage->bytes += frame.len;
            stage->lens[stage->frames++] = frame.len;
        }
    }
    (void)auger_stream_take_loss(&stage->stream, stage->why);
}

static void other_writes(struct stage *stage, const uint8_t *bytes, size_t len)
{
    assert_int_equal(write(stage->other, bytes, len), len);
    turn(stage);
}

static size_t make_frame(uint8_t *buf, uint8_t byte, size_t len)
{
    auger_framing_write(buf, len);
    memset(buf + AUGER_FRAMING_HEADER, byte, len);
    return AUGER_FRAMING_HEADER + len;
}

static const size_t lens[] = {1, 300, 0, 2048, 20, 2};
#define LENS (sizeof(lens) / sizeof(lens[0]))

static size_t make_frames(uint8_t *buf)
{
    size_t len = 0;

    for (size_t i = 0; i < LENS; i++)
        len += make_frame(buf + len, (uint8_t)('a' + i), lens[i]);
    return len;
}

/* An empty datagram is none. */
static void assert_all_came(const struct stage *stage)
{
    size_t frame = 0, at = 0;

    for (size_t i = 0; i < LENS; i++) {
        if (lens[i] == 0)
            continue;
        assert_in_range(frame, 0, stage->frames - 1);
        assert_int_equal(stage->lens[frame++], lens[i]);
        for (size_t j = 0; j < lens[i]; j++)
            assert_int_equal(stage->heard[at + j], 'a' + i);
        at += lens[i];
    }
    assert_int_equal(stage->frames, frame);
    assert_int_equal(stage->bytes, at);
}

/* --- in ------------------------------------------------------------------------------------- */

static void frames_cut_anywhere_are_the_same(void **state)
{
    uint8_t buf[4096];
    size_t len = make_frames(buf);
    (void)state;

    for (size_t cut = 0; cut <= len; cut++) {
        struct stage *stage = begin();
        other_writes(stage, buf, cut);
        other_writes(stage, buf + cut, len - cut);
        assert_all_came(stage);
        end(stage);
    }
}

static void frames_that_come_byte_by_byte_are_the_same(void **state)
{
    struct stage *stage = begin();
    uint8_t buf[4096];
    size_t len = make_frames(buf);
    (void)state;

    for (size_t i = 0; i < len; i++)
        other_writes(stage, buf + i, 1);
    assert_all_came(stage);
    end(stage);
}

static void frames_cut_into_any_pieces_are_the_same(void **state)
{
    uint8_t buf[4096];
    size_t len = make_frames(buf);
    uint32_t seed = 2463534242;
    (void)state;

    for (int round = 0; round < 200; round++) {
        struct stage *stage = begin();
        for (size_t at = 0, piece; at < len; at += piece) {
            seed = seed * 1664525 + 1013904223;
            piece = 1 + (seed >> 16) % 700;
            if (piece > len - at)
                piece = len - at;
            other_writes(stage, buf + at, piece);
        }
        assert_all_came(stage);
        end(stage);
    }
}

/* More than what is read at once. */
static void many_at_once_all_come(void **state)
{
    struct stage *stage = begin();
    uint8_t buf[AUGER_FRAMING_MAX];
    size_t len = make_frame(buf, 'x', 2048);
    (void)state;

    for (int i = 0; i < 20; i++)
        assert_int_equal(write(stage->other, buf, len), len);
    turn(stage);
    assert_int_equal(stage->frames, 20);
    assert_int_equal(stage->bytes, 20 * 2048);
    end(stage);
}

static void a_frame_that_is_longer_ends_the_stream(void **state)
{
    static const uint8_t headers[][2] = {{0x08, 0x01}, {0xFF, 0xFF}, {'G', 'E'}};
    (void)state;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct stage *stage = begin();
        other_writes(stage, headers[i], 1);
        assert_int_equal(stage->stream.state, AUGER_STREAM_OPEN);
        other_writes(stage, headers[i] + 1, 1);
        assert_string_equal(stage->why, "what the other side sent is no frame of ours");
        assert_int_equal(stage->stream.state, AUGER_STREAM_CLOSED);
        end(stage);
    }
}

static void what_came_before_the_end_is_heard(void **state)
{
    struct stage *stage = begin();
    uint8_t buf[4096];
    size_t len = make_frames(buf);
    (void)state;

    assert_int_equal(write(stage->other, buf, len), len);
    close(stage->other);
    stage->other = -1;
    turn(stage);
    turn(stage);
    assert_all_came(stage);
    assert_string_equal(stage->why, "the other side closed the connection");
    end(stage);
}

/* --- out ------------------------------------------------------------------------------------ */

/* The other side reads all that there is, and each frame is whole: how many, and their bytes. */
static size_t other_reads(struct stage *stage, size_t *frames, size_t *checks)
{
    static uint8_t got[4 * 1024 * 1024];
    struct pollfd readable = {.fd = stage->other, .events = POLLIN};
    size_t len = 0, at = 0;

    *frames = *checks = 0;
    for (int idle = 0; idle < 3;) {
        turn(stage);
        if (poll(&readable, 1, 0) > 0) {
            ssize_t n = read(stage->other, got + len, sizeof(got) - len);
            assert_true(n > 0);
            len += (size_t)n;
            idle = 0;
        } else {
            idle++;
        }
    }
    while (at < len) {
        int whole = auger_framing_len(got + at, len - at);
        assert_true(whole > 0 && at + (size_t)whole <= len);
        *checks += got[at + 2] < 0x40;
        (*frames)++;
        at += (size_t)whole;
    }
    return len;
}

static void each_datagram_has_its_length_before_it(void **state)
{
    static const uint8_t datagram[] = {0x16, 1, 2};
    struct stage *stage = begin();
    uint8_t got[8];
    (void)state;

    auger_stream_send(&stage->stream, auger_clock_now(), datagram, sizeof(datagram));
    turn(stage);
    assert_int_equal(read(stage->other, got, sizeof(got)), 5);
    assert_memory_equal(got, "\0\3\x16\1\2", 5);
    end(stage);
}

/* Data is dropped whole, before checks are, and what waits is bounded. */
static void who_does_not_read_gets_whole_frames_and_every_check(void **state)
{
    struct stage *stage = begin();
    uint8_t data[1200], check[100];
    size_t sent = 0, frames, checks;
    (void)state;

    memset(data, 0x80, sizeof(data));
    memset(check, 0, sizeof(check));
    turn(stage);
    while (stage->stream.dropped == 0 && sent < 100000) {
        auger_stream_send(&stage->stream, auger_clock_now(), data, sizeof(data));
        sent++;
    }
    assert_int_equal(stage->stream.dropped, 1);
    for (int i = 0; i < 20; i++)
        auger_stream_send(&stage->stream, auger_clock_now(), check, sizeof(check));
    assert_int_equal(stage->stream.dropped, 1);
    assert_in_range(stage->stream.queue.len, 1, AUGER_STREAM_FRAMED_QUEUE_MAX);
    other_reads(stage, &frames, &checks);
    assert_int_equal(checks, 20);
    assert_int_equal(frames, sent - 1 + 20);
    for (int i = 0; i < 2000; i++)
        auger_stream_send(&stage->stream, auger_clock_now(), check, sizeof(check));
    assert_in_range(stage->stream.queue.cap, 1, 2 * AUGER_STREAM_FRAMED_QUEUE_MAX);
    end(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_cut_anywhere_are_the_same),
        cmocka_unit_test(frames_that_come_byte_by_byte_are_the_same),
        cmocka_unit_test(frames_cut_into_any_pieces_are_the_same),
        cmocka_unit_test(many_at_once_all_come),
        cmocka_unit_test(a_frame_that_is_longer_ends_the_stream),
        cmocka_unit_test(what_came_before_the_end_is_heard),
        cmocka_unit_test(each_datagram_has_its_length_before_it),
        cmocka_unit_test(who_does_not_read_gets_whole_frames_and_every_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
