/* bench/loopback.c - a peer on real sockets of the loopback interface. */
#include "bench/loopback.h"

#include <auger/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void loopback_must(int err, const char *what)
{
    if (err >= 0)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, auger_strerror(err));
    exit(1);
}

static uint64_t allocations;

static void *count_alloc(void *user, size_t size)
{
    allocations++;
    return auger_env_system()->alloc(user, size);
}

uint64_t loopback_allocations(void)
{
    return allocations;
}

struct auger_loop *loopback_loop(void)
{
    static struct auger_env env;
    struct auger_loop_config config;
    struct auger_loop *loop = NULL;

    env = *auger_env_system();
    env.alloc = count_alloc;
    auger_loop_config_init(&config);
    config.env = &env;
    loopback_must(auger_loop_new(&loop, &config), "no loop");
    return loop;
}

struct auger_peer *loopback_peer(struct auger_loop *loop, struct auger_certificate *certificate)
{
    const struct auger_addr here = {.family = AUGER_IPV4, .ip = {127, 0, 0, 1}};
    struct auger_net_config net;
    struct auger_peer_config config;
    struct auger_peer *peer = NULL;
    struct auger_loop_event event;

    auger_net_config_init(&net);
    net.loopback = true;
    net.bind = &here;
    auger_peer_config_init(&config);
    config.certificate = certificate;
    loopback_must(auger_loop_peer_new(loop, &config, &net, &peer), "no peer");
    while (auger_loop_next(loop, &event))
        if (event.peer == peer && event.event.type == AUGER_PEER_EVENT_GATHERED)
            break;
    return peer;
}

auger_channel loopback_channel(struct auger_loop *loop, struct auger_peer *peer)
{
    const struct auger_channel_options options = {.label = "bench", .id = AUGER_STREAM_NONE};
    auger_channel channel = 0;

    loopback_must(auger_peer_channel_open(peer, auger_loop_now(loop), &options, &channel),
                  "no channel");
    return channel;
}

static void tell(struct auger_loop *loop, struct auger_peer *peer, enum auger_sdp_type type,
                 const char *sdp)
{
    loopback_must(
        auger_peer_set_remote_description(peer, auger_loop_now(loop), type, sdp, strlen(sdp), NULL),
        "a description is refused");
}

void loopback_offer(struct auger_loop *loop, struct auger_peer *peer, char sdp[LOOPBACK_SDP_MAX])
{
    loopback_must(auger_peer_create_offer(peer, auger_loop_now(loop), sdp, LOOPBACK_SDP_MAX),
                  "no offer");
}

void loopback_answer(struct auger_loop *loop, struct auger_peer *peer, const char *offer,
                     char sdp[LOOPBACK_SDP_MAX])
{
    tell(loop, peer, AUGER_SDP_OFFER, offer);
    loopback_must(auger_peer_create_answer(peer, auger_loop_now(loop), sdp, LOOPBACK_SDP_MAX),
                  "no answer");
}

void loopback_finish(struct auger_loop *loop, struct auger_peer *peer, const char *answer)
{
    tell(loop, peer, AUGER_SDP_ANSWER, answer);
}
