/* tests/house/hello_caller.c - the other end of docs/hello.c: an offer on standard
 * output, the answer on standard input, and "hello" must come back. */
#include <auger/auger.h>
#include <stdio.h>
#include <string.h>

static struct auger_loop *loop;
static struct auger_peer *peer;
static auger_channel channel;
static bool heard;

static int offer(void)
{
    static char sdp[65536];
    struct auger_channel_options options = {.label = "hello"};

    if (auger_peer_channel_open(peer, auger_loop_now(loop), &options, &channel) < 0 ||
        auger_peer_create_offer(peer, auger_loop_now(loop), sdp, sizeof(sdp)) < 0)
        return -1;
    fputs(sdp, stdout);
    fclose(stdout);
    size_t len = fread(sdp, 1, sizeof(sdp), stdin);
    return auger_peer_set_remote_description(peer, auger_loop_now(loop), AUGER_SDP_ANSWER, sdp, len,
                                             NULL);
}

static int react_to(const struct auger_peer_event *event)
{
    auger_time now = auger_loop_now(loop);

    if (event->type == AUGER_PEER_EVENT_GATHERED)
        return offer();
    if (event->type == AUGER_PEER_EVENT_CHANNEL_OPEN)
        return auger_peer_send(peer, now, channel, AUGER_MESSAGE_TEXT, "hello", 5);
    if (event->type == AUGER_PEER_EVENT_MESSAGE) {
        heard = event->data.len == 5 && memcmp(event->data.data, "hello", 5) == 0;
        auger_peer_close(peer, now);
    }
    if (event->type == AUGER_PEER_EVENT_STATE && event->state >= AUGER_PEER_FAILED)
        auger_loop_stop(loop);
    return 0;
}

int main(void)
{
    struct auger_loop_event event;

    if (auger_loop_new(&loop, NULL) < 0 || auger_loop_peer_new(loop, NULL, NULL, &peer) < 0)
        return 2;
    while (auger_loop_next(loop, &event))
        if (event.type == AUGER_LOOP_EVENT_PEER && react_to(&event.event) < 0)
            return 3;
    auger_loop_free(loop);
    return heard ? 0 : 1;
}
