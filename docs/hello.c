/* Answers a browser: its offer comes on standard input, our answer goes to
 * standard output, and then every message goes back to where it came from. */
#include <auger/auger.h>
#include <stdio.h>

int main(void)
{
    static char sdp[65536];
    struct auger_loop *loop;
    struct auger_peer *peer;
    struct auger_loop_event e;
    size_t len = fread(sdp, 1, sizeof(sdp), stdin);

    if (auger_loop_new(&loop, NULL) < 0 || auger_loop_peer_new(loop, NULL, NULL, &peer) < 0 ||
        auger_peer_set_remote_description(peer, auger_loop_now(loop), AUGER_SDP_OFFER, sdp, len,
                                          NULL) < 0)
        return 1;
    while (auger_loop_next(loop, &e)) {
        auger_time now = auger_loop_now(loop);
        if (e.type != AUGER_LOOP_EVENT_PEER)
            continue;
        if (e.event.type == AUGER_PEER_EVENT_GATHERED &&
            auger_peer_create_answer(peer, now, sdp, sizeof(sdp)) > 0 && puts(sdp) >= 0)
            fflush(stdout);
        if (e.event.type == AUGER_PEER_EVENT_MESSAGE &&
            auger_peer_send(peer, now, e.event.channel, e.event.kind, e.event.data.data,
                            e.event.data.len) < 0)
            fputs("the echo did not fit\n", stderr);
        if (e.event.type == AUGER_PEER_EVENT_STATE && e.event.state >= AUGER_PEER_FAILED)
            auger_loop_stop(loop);
    }
    auger_loop_free(loop);
    return 0;
}
