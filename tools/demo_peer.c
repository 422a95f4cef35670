/* tools/demo_peer.c - the native peer of a room: its sessions, from offer to end. */
#include "tools/demo_peer.h"
#include "tools/demo_channel.h"
#include "tools/picture.h"
#include "tools/reoffer.h"
#include "tools/signalling.h"

#include <stdlib.h>
#include <string.h>

#define FILES_BUDGET (512u * 1024 * 1024)
#define PICTURE_EVERY (100 * AUGER_MS) /* at the most */
#define PICTURE_AT_LEAST (1 * AUGER_SEC)
#define GATHER_AT_MOST (2 * AUGER_SEC) /* for the answer to a posted offer */
#define CONNECT_WITHIN (60 * AUGER_SEC)

struct session {
    struct demo *demo;
    struct auger_peer *peer; /* NULL: free */
    char id[SIGNAL_NAME_MAX];
    char other[SIGNAL_NAME_MAX];  /* member of the room; empty for a posted session */
    bool offered;                 /* the first offer was ours */
    enum signal_type description; /* what ours is: an offer or an answer */
    bool signalled;               /* it has left */
    bool connected;
    auger_time connect_by;
    auger_time picture_at; /* the next one */
    auger_time pictured_at;
    auger_time answer_by; /* of a posted session whose answer is due, else AUGER_NEVER */
    demo_answered *answered;
    void *answered_user;
    struct demo_channels channels;
};

struct demo {
    struct auger_loop *loop;
    const struct auger_peer_config *config;
    const struct auger_net_config *net;
    demo_say *say;
    void *user;
    struct parcel_budget budget;
    struct session sessions[DEMO_SESSIONS_MAX];
    char sdp[AUGER_SDP_MAX + 1];
};

struct demo *demo_new(struct auger_loop *loop, const struct auger_peer_config *config,
                      const struct auger_net_config *net, demo_say *say, void *user)
{
    struct demo *demo = calloc(1, sizeof(*demo));

    if (!demo)
        return NULL;
    demo->loop = loop;
    demo->config = config;
    demo->net = net;
    demo->say = say;
    demo->user = user;
    demo->budget.left = FILES_BUDGET;
    return demo;
}

/* `text` is used up. */
static void say(struct demo *demo, char *text)
{
    if (text)
        demo->say(demo->user, text, strlen(text));
    free(text);
}

static void say_to(struct session *session, char *text)
{
    if (session->other[0])
        say(session->demo, text);
    else
        free(text);
}

/* --- sessions ----------------------------------------------------------------------------- */

static struct session *find_session(struct demo *demo, const char *other, const char *id)
{
    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++) {
        struct session *session = &demo->sessions[i];
        if (session->peer && strcmp(session->id, id) == 0 && strcmp(session->other, other) == 0)
            return session;
    }
    return NULL;
}

static struct session *free_session(struct demo *demo)
{
    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++)
        if (!demo->sessions[i].peer)
            return &demo->sessions[i];
    return NULL;
}

static void answer_poster(struct session *session, const char *sdp, size_t len)
{
    demo_answered *answered = session->answered;

    session->answer_by = AUGER_NEVER;
    session->answered = NULL;
    if (answered)
        answered(session->answered_user, sdp, len);
}

static void end_session(struct session *session)
{
    answer_poster(session, NULL, 0);
    demo_channels_fini(&session->channels);
    auger_loop_peer_free(session->demo->loop, session->peer);
    *session = (struct session){0};
}

static int begin_session(struct demo *demo, const char *other, const char *id, struct session **out)
{
    struct session *session = free_session(demo);
    struct auger_peer *peer;

    if (!session)
        return AUGER_ERR_LIMIT;
    int err = auger_loop_peer_new(demo->loop, demo->config, demo->net, &peer);
    if (err < 0)
        return err;
    *session = (struct session){
        .demo = demo, .peer = peer, .picture_at = AUGER_NEVER, .answer_by = AUGER_NEVER};
    session->connect_by = auger_loop_now(demo->loop) + CONNECT_WITHIN;
    session->channels.peer = peer;
    session->channels.budget = &demo->budget;
    strcpy(session->id, id);
    strcpy(session->other, other);
    auger_loop_peer_set_user(demo->loop, peer, session);
    *out = session;
    return 0;
}

static void show_soon(struct session *session)
{
    auger_time now = auger_loop_now(session->demo->loop);
    auger_time at = session->pictured_at + PICTURE_EVERY;

    if (session->other[0] && session->picture_at > at)
        session->picture_at = at > now ? at : now;
}

static void show(struct session *session, auger_time now)
{
    json_t *picture = picture_of(session->peer);

    session->pictured_at = now;
    session->picture_at = now + PICTURE_AT_LEAST;
    if (picture)
        say_to(session, signal_picture(session->other, session->id, picture));
}

/* Our description, if it may leave and has not. */
static void describe(struct session *session)
{
    struct demo *demo = session->demo;

    if (session->signalled || !auger_peer_may_signal(session->peer) ||
        auger_peer_local_description(session->peer, demo->sdp, sizeof(demo->sdp)) < 0)
        return;
    session->signalled = true;
    say_to(session,
           signal_description(session->description, session->other, session->id, demo->sdp));
}

/* --- what the room says --------------------------------------------------------------------- */

static int answer(struct session *session, const char *offer, size_t len)
{
    struct demo *demo = session->demo;
    auger_time now = auger_loop_now(demo->loop);

    int err =
        auger_peer_set_remote_description(session->peer, now, AUGER_SDP_OFFER, offer, len, NULL);
    if (err < 0)
        return err;
    return auger_peer_create_answer(session->peer, now, demo->sdp, sizeof(demo->sdp));
}

static void leave(struct session *session)
{
    say_to(session, signal_plain(SIGNAL_BYE, session->other, session->id));
    end_session(session);
}

/* Of a session that stands: the other side restarts ICE. */
static void take_reoffer(struct session *session, const char *offer)
{
    struct demo *demo = session->demo;

    int len = reoffer_take(session->peer, auger_loop_now(demo->loop), session->offered, offer,
                           demo->sdp, sizeof(demo->sdp));
    if (len < 0)
        leave(session);
    else if (len > 0)
        say_to(session, signal_description(SIGNAL_ANSWER, session->other, session->id, demo->sdp));
}

static void take_offer(struct demo *demo, const struct signal *signal)
{
    struct session *session = find_session(demo, signal->from, signal->session);

    if (session) {
        take_reoffer(session, signal->sdp);
        return;
    }
    int err = begin_session(demo, signal->from, signal->session, &session);
    if (err == 0) {
        err = answer(session, signal->sdp, strlen(signal->sdp));
        if (err < 0)
            end_session(session);
    }
    if (err < 0) {
        say(demo, signal_plain(SIGNAL_BYE, signal->from, signal->session));
        return;
    }
    session->description = SIGNAL_ANSWER;
    describe(session);
    show_soon(session);
}

static int offer(struct session *session)
{
    struct demo *demo = session->demo;
    auger_time now = auger_loop_now(demo->loop);
    auger_channel channel;

    int err = auger_peer_channel_open(session->peer, now,
                                      &(struct auger_channel_options){.label = "chat"}, &channel);
    if (err < 0)
        return err;
    return auger_peer_create_offer(session->peer, now, demo->sdp, sizeof(demo->sdp));
}

static void take_call(struct demo *demo, const struct signal *signal)
{
    char id[SIGNAL_NAME_MAX];
    struct session *session;

    if (signal_random_name(id) < 0 || begin_session(demo, signal->from, id, &session) < 0)
        return;
    session->offered = true;
    if (offer(session) < 0) {
        end_session(session);
        return;
    }
    session->description = SIGNAL_OFFER;
    describe(session);
    show_soon(session);
}

static void take_answer(struct session *session, const char *sdp)
{
    auger_time now = auger_loop_now(session->demo->loop);

    if (auger_peer_set_remote_description(session->peer, now, AUGER_SDP_ANSWER, sdp, strlen(sdp),
                                          NULL) < 0)
        leave(session);
}

/* A candidate that is of no use to us (a name, TCP) is not an error of the session. */
static void take_candidate(struct session *session, const char *line)
{
    auger_time now = auger_loop_now(session->demo->loop);

    if (auger_peer_add_remote_candidate(session->peer, now, line, strlen(line)) == 0)
        show_soon(session);
}

static void member_left(struct demo *demo, const char *id)
{
    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++) {
        struct session *session = &demo->sessions[i];
        if (session->peer && strcmp(session->other, id) == 0)
            auger_peer_close(session->peer, auger_loop_now(demo->loop));
    }
}

static void take_signal(struct demo *demo, const struct signal *signal)
{
    struct session *session = find_session(demo, signal->from, signal->session);

    if (signal->type == SIGNAL_OFFER)
        take_offer(demo, signal);
    else if (signal->type == SIGNAL_CALL)
        take_call(demo, signal);
    else if (signal->type == SIGNAL_LEFT)
        member_left(demo, signal->id);
    else if (session && signal->type == SIGNAL_ANSWER)
        take_answer(session, signal->sdp);
    else if (session && signal->type == SIGNAL_CANDIDATE)
        take_candidate(session, signal->candidate);
    else if (session && signal->type == SIGNAL_BYE)
        auger_peer_close(session->peer, auger_loop_now(demo->loop));
}

void demo_take(struct demo *demo, const char *text, size_t len)
{
    struct signal signal;
    const char *why;

    if (!signal_parse(&signal, text, len, &why))
        return;
    take_signal(demo, &signal);
    signal_release(&signal);
}

/* --- what the peers say ----------------------------------------------------------------------- */

static void answer_with_candidates(struct session *session)
{
    struct demo *demo = session->demo;
    int len = auger_peer_local_description(session->peer, demo->sdp, sizeof(demo->sdp));

    answer_poster(session, len < 0 ? NULL : demo->sdp, len < 0 ? 0 : (size_t)len);
}

static void gathered(struct session *session)
{
    if (session->signalled)
        say_to(session, signal_candidate(session->other, session->id, ""));
    else
        describe(session);
    if (session->answer_by != AUGER_NEVER)
        answer_with_candidates(session);
}

/* true: the session is over and gone. */
static bool state_changed(struct session *session, enum auger_peer_state state)
{
    show(session, auger_loop_now(session->demo->loop));
    if (state == AUGER_PEER_CONNECTED)
        session->connected = true;
    if (state != AUGER_PEER_FAILED && state != AUGER_PEER_CLOSED)
        return false;
    leave(session);
    return true;
}

/* With what addresses there are; those that come later are told as candidates. */
static void restart(struct session *session)
{
    struct demo *demo = session->demo;

    if (session->other[0] &&
        reoffer_make(session->peer, auger_loop_now(demo->loop), demo->sdp, sizeof(demo->sdp)) > 0)
        say_to(session, signal_description(SIGNAL_OFFER, session->other, session->id, demo->sdp));
}

static void take_peer_event(struct session *session, const struct auger_peer_event *event)
{
    auger_time now = auger_loop_now(session->demo->loop);

    switch (event->type) {
    case AUGER_PEER_EVENT_CANDIDATE:
        if (session->signalled) /* else it is in the description */
            say_to(session, signal_candidate(session->other, session->id, event->candidate));
        break;
    case AUGER_PEER_EVENT_GATHERED:
        gathered(session);
        break;
    case AUGER_PEER_EVENT_STATE:
        if (state_changed(session, event->state))
            return;
        break;
    case AUGER_PEER_EVENT_CHANNEL:
    case AUGER_PEER_EVENT_CHANNEL_OPEN:
        demo_channels_opened(&session->channels, now, event->channel);
        break;
    case AUGER_PEER_EVENT_MESSAGE:
        demo_channels_take(&session->channels, now, event);
        return; /* no picture a message */
    case AUGER_PEER_EVENT_LOW_WATER:
        demo_channels_flush(&session->channels, now, event->channel);
        return;
    case AUGER_PEER_EVENT_CHANNEL_CLOSED:
        demo_channels_closed(&session->channels, event->channel);
        break;
    case AUGER_PEER_EVENT_RESTART_WANTED:
        restart(session);
        break;
    case AUGER_PEER_EVENT_ICE_STATE:
    case AUGER_PEER_EVENT_PATH:
    case AUGER_PEER_EVENT_RESTART_FAILED:
    case AUGER_PEER_EVENT_HELPERS_WANTED: /* the loop sees to them */
    case AUGER_PEER_EVENT_HELPERS_DONE:
        break;
    }
    show_soon(session);
}

bool demo_take_event(struct demo *demo, const struct auger_loop_event *event)
{
    struct session *session = event->user;

    if (event->type != AUGER_LOOP_EVENT_PEER || session < demo->sessions ||
        session >= demo->sessions + DEMO_SESSIONS_MAX)
        return false;
    if (session->peer == event->peer)
        take_peer_event(session, &event->event);
    return true;
}

/* --- posted offers ------------------------------------------------------------------------------
 */

int demo_post(struct demo *demo, const char *offer_text, size_t len, char *id,
              demo_answered *answered, void *user)
{
    struct session *session;

    int err = signal_random_name(id);
    if (err == 0)
        err = begin_session(demo, "", id, &session);
    if (err < 0)
        return err;
    err = answer(session, offer_text, len);
    if (err < 0) {
        end_session(session);
        return err;
    }
    session->answered = answered;
    session->answered_user = user;
    session->answer_by = auger_loop_now(demo->loop) + GATHER_AT_MOST;
    return 0;
}

void demo_forget_poster(struct demo *demo, const char *id)
{
    struct session *session = find_session(demo, "", id);

    if (session)
        session->answered = NULL;
}

bool demo_delete(struct demo *demo, const char *id)
{
    struct session *session = find_session(demo, "", id);

    if (session)
        auger_peer_close(session->peer, auger_loop_now(demo->loop));
    return session;
}

/* --- time ------------------------------------------------------------------------------------ */

static auger_time earlier(auger_time a, auger_time b)
{
    return a < b ? a : b;
}

static auger_time session_next_timeout(const struct session *session)
{
    auger_time next = earlier(session->picture_at, session->answer_by);

    return session->connected ? next : earlier(next, session->connect_by);
}

auger_time demo_next_timeout(const struct demo *demo)
{
    auger_time next = AUGER_NEVER;

    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++)
        if (demo->sessions[i].peer)
            next = earlier(next, session_next_timeout(&demo->sessions[i]));
    return next;
}

static void session_handle_timeout(struct session *session, auger_time now)
{
    if (now >= session->answer_by)
        answer_with_candidates(session);
    if (now >= session->picture_at)
        show(session, now);
    if (!session->connected && now >= session->connect_by)
        leave(session);
}

void demo_handle_timeout(struct demo *demo, auger_time now)
{
    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++)
        if (demo->sessions[i].peer)
            session_handle_timeout(&demo->sessions[i], now);
}

/* --- the end --------------------------------------------------------------------------------- */

size_t demo_sessions(const struct demo *demo)
{
    size_t len = 0;

    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++)
        len += demo->sessions[i].peer != NULL;
    return len;
}

void demo_close(struct demo *demo)
{
    for (size_t i = 0; i < DEMO_SESSIONS_MAX; i++)
        if (demo->sessions[i].peer)
            auger_peer_close(demo->sessions[i].peer, auger_loop_now(demo->loop));
}

void demo_free(struct demo *demo)
{
    for (size_t i = 0; demo && i < DEMO_SESSIONS_MAX; i++)
        if (demo->sessions[i].peer)
            end_session(&demo->sessions[i]);
    free(demo);
}
