/* fuzz: reaches auger_stream_next auger_framing_len auger_turn_frame_len stun_frame_len */
/* fuzz: reaches auger_turn_server_frame_len auger_chandata_is_old auger_chandata_frame_len skip
 * lose */
/* The bytes of a stream, in frames of RFC 4571 or of TURN, come in whatever pieces they like: the
 * frames are always those that a reader written here from the RFCs finds in the whole, and so is
 * the place where the stream is given up. */
#include "io/clock.h"
#include "io/stream.h"
#include "tests/fuzz/life.h"

#include <auger/turn_server.h>

#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES_MAX 100000
#define BYTE_BY_BYTE_MAX 400 /* more would only be slow */
#define FRAMES_MAX 1000

/* What was taken for frames. */
struct frames {
    size_t len, lens[FRAMES_MAX];
    uint8_t bytes[BYTES_MAX];
    size_t bytes_len;
    bool is_lost;
};

static void clear(struct frames *frames)
{
    frames->len = frames->bytes_len = 0;
    frames->is_lost = false;
}

static void add(struct frames *frames, const uint8_t *bytes, size_t len)
{
    require(frames->bytes_len + len <= sizeof(frames->bytes));
    if (frames->len < FRAMES_MAX)
        frames->lens[frames->len] = len;
    frames->len++;
    memcpy(frames->bytes + frames->bytes_len, bytes, len);
    frames->bytes_len += len;
}

static bool are_equal(const struct frames *a, const struct frames *b)
{
    size_t kept = a->len < FRAMES_MAX ? a->len : FRAMES_MAX;

    return a->len == b->len && a->bytes_len == b->bytes_len && a->is_lost == b->is_lost &&
           memcmp(a->lens, b->lens, kept * sizeof(a->lens[0])) == 0 &&
           memcmp(a->bytes, b->bytes, a->bytes_len) == 0;
}

/* --- the reader of the RFCs ---------------------------------------------------------------- */

static unsigned u16_at(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* How long the frame is with its header; 0: that cannot be said yet; -1: it is none. */
static long framed_len(const uint8_t *at, size_t left)
{
    if (left < 2)
        return 0;
    return u16_at(at) > 2048 ? -1 : 2 + (long)u16_at(at); /* RFC 4571 section 2, and our bound */
}

/* RFC 8656 sections 12.4 and 12.5, RFC 8489 section 5; the old channels are RFC 5766's. */
static long turn_len(const uint8_t *at, size_t left, bool old_channels)
{
    static const uint8_t cookie[] = {0x21, 0x12, 0xA4, 0x42};

    if (left == 0)
        return 0;
    if (at[0] >= 0x40 && at[0] <= (old_channels ? 0x7F : 0x4F))
        return left < 4 ? 0 : 4 + ((long)u16_at(at + 2) + 3) / 4 * 4;
    if (at[0] > 3)
        return -1;
    if (left < 4)
        return 0;
    if (u16_at(at + 2) % 4 != 0)
        return -1;
    if (left < 8)
        return 0;
    return memcmp(at + 4, cookie, sizeof(cookie)) == 0 ? 20 + (long)u16_at(at + 2) : -1;
}

static void expect(struct frames *frames, bool is_framed, const uint8_t *bytes, size_t len)
{
    size_t at = 0, header = is_framed ? 2 : 0;

    for (;;) {
        long whole =
            is_framed ? framed_len(bytes + at, len - at) : turn_len(bytes + at, len - at, false);
        frames->is_lost = whole < 0;
        if (whole <= 0 || (size_t)whole > len - at)
            return;
        /* An empty datagram is none, and a long frame has no room. */
        if ((size_t)whole > header && whole <= AUGER_STREAM_IN_MAX)
            add(frames, bytes + at + header, (size_t)whole - header);
        at += (size_t)whole;
    }
}

/* --- the stream ---------------------------------------------------------------------------- */

struct stage {
    struct auger_stream stream;
    int epoll, other;
};

static void begin(struct stage *stage, bool is_framed)
{
    const struct auger_path path = {.local = {.family = AUGER_IPV4, .transport = AUGER_TCP},
                                    .remote = {.family = AUGER_IPV4, .transport = AUGER_TCP}};
    int ends[2];

    memset(stage, 0, sizeof(*stage));
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    stage->epoll = epoll_create1(EPOLL_CLOEXEC);
    stage->other = ends[1];
    auger_stream_take(&stage->stream, NULL, stage->epoll, &path, ends[0], auger_clock_now());
    stage->stream.is_framed = is_framed;
}

static void end(struct stage *stage)
{
    auger_stream_fini(&stage->stream, auger_clock_now());
    close(stage->epoll);
    close(stage->other);
}

static bool has_more(const struct stage *stage)
{
    int unread = 0;

    return stage->stream.state == AUGER_STREAM_OPEN &&
           ioctl(stage->stream.watch->udp.fd, FIONREAD, &unread) == 0 && unread > 0;
}

static void give(struct stage *stage, const uint8_t *bytes, size_t len, struct frames *frames)
{
    auger_time now = auger_clock_now();
    struct auger_bytes frame;

    if (send(stage->other, bytes, len, MSG_NOSIGNAL) < 0)
        return; /* it is lost */
    do {
        auger_stream_ready(&stage->stream, stage->stream.watch, EPOLLIN, now);
        while (auger_stream_next(&stage->stream, now, &frame))
            add(frames, frame.data, frame.len);
        require(stage->stream.input.at + stage->stream.input.len <= AUGER_STREAM_IN_MAX);
    } while (has_more(stage));
}

/* In pieces of what `cuts` say, one after the other and from the first again. */
static void cut(struct frames *frames, bool is_framed, const uint8_t *bytes, size_t len,
                const uint8_t *cuts, size_t cuts_len)
{
    static struct stage stage;
    char why[AUGER_TLS_WHY_MAX];

    clear(frames);
    begin(&stage, is_framed);
    for (size_t at = 0, i = 0; at < len; i++) {
        size_t piece = cuts_len ? (size_t)cuts[i % cuts_len] * cuts[i % cuts_len] + 1 : len;
        piece = piece < len - at ? piece : len - at;
        give(&stage, bytes + at, piece, frames);
        at += piece;
    }
    frames->is_lost = auger_stream_take_loss(&stage.stream, why);
    end(&stage);
}

/* --- the server ---------------------------------------------------------------------------- */

static struct auger_turn_server *server_with(bool old_channels)
{
    static struct auger_turn_server *servers[2];
    struct auger_turn_server_config config;

    if (servers[old_channels])
        return servers[old_channels];
    auger_turn_server_config_init(&config);
    config.realm = "example.org";
    config.old_channels = old_channels;
    require(auger_turn_server_new(&servers[old_channels], &env, 0, &config) == 0);
    return servers[old_channels];
}

/* Of each beginning it says the same, or nothing yet. */
static void ask_server(bool old_channels, const uint8_t *bytes, size_t len)
{
    const struct auger_turn_server *server = server_with(old_channels);

    for (size_t n = 0; n <= len && n < 12; n++) {
        long whole = turn_len(bytes, n, old_channels);
        int told = auger_turn_server_frame_len(server, bytes, n);
        require(whole == 0  ? told == AUGER_ERR_AGAIN
                : whole < 0 ? told == AUGER_ERR_MALFORMED
                            : told == whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct frames expected, got;
    static const uint8_t ones[1] = {0};

    if (size < 2 || size > BYTES_MAX || 2 + (size_t)data[1] > size)
        return 0;
    bool is_framed = data[0] & 1;
    const uint8_t *cuts = data + 2, *bytes = cuts + data[1];
    size_t cuts_len = data[1], len = size - 2 - cuts_len;
    clear(&expected);
    expect(&expected, is_framed, bytes, len);
    cut(&got, is_framed, bytes, len, NULL, 0);
    require(are_equal(&expected, &got));
    cut(&got, is_framed, bytes, len, cuts, cuts_len);
    require(are_equal(&expected, &got));
    if (len <= BYTE_BY_BYTE_MAX) {
        cut(&got, is_framed, bytes, len, ones, 1);
        require(are_equal(&expected, &got));
    }
    ask_server(data[0] & 2, bytes, len);
    return 0;
}
