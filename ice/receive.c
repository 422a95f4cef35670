/* ice/receive.c */
#include "ice/receive.h"

#include "ice/check.h"
#include "ice/consent.h"
#include "ice/gather.h"
#include "ice/inbound.h"
#include "ice/predict.h"
#include "ice/route.h"
#include "ice/standby.h"
#include "ice/stream.h"

/* Answers to checks are believed only with FINGERPRINT and the peer's password, and
 * with the integrity that our requests have, MESSAGE-INTEGRITY alone (8489 section
 * 9.1.4); those of STUN servers have neither. */
static bool is_from_peer(struct auger_ice *ice, const struct auger_generation *generation,
                         const struct auger_stun_msg *msg)
{
    if (!auger_stun_msg_fingerprint_ok(msg)) {
        ice->counters.no_fingerprint++;
        return false;
    }
    if (msg->integrity256_offset != 0 || auger_stun_msg_verify(msg, generation->remote.key) != 0) {
        ice->counters.unauthenticated++;
        ice->tally.unproved_answers++;
        return false;
    }
    return true;
}

static void handle_response(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                            const struct auger_stun_msg *msg)
{
    struct auger_check *check = auger_inflight_find(&ice->current->checklist.inflight, &msg->tid);
    if (check) {
        if (is_from_peer(ice, check->pair->generation, msg))
            auger_check_handle_response(ice, now, check, path, msg);
        return;
    }
    struct auger_pair *asked;
    struct auger_consent_check *consent = auger_consent_find(ice, &msg->tid, &asked);
    if (consent) {
        if (is_from_peer(ice, asked->generation, msg))
            auger_consent_handle_response(ice, now, consent, asked, path, msg);
        return;
    }
    struct auger_pair *kept = auger_standby_find(ice, &msg->tid);
    if (kept) {
        if (is_from_peer(ice, kept->generation, msg))
            auger_standby_handle_response(ice, now, kept, path, msg);
        return;
    }
    struct auger_query *query = auger_gather_find(ice, &msg->tid);
    if (query)
        auger_gather_handle_response(ice, now, query, path, msg);
    else if (!auger_predict_handle_response(ice, now, path, msg))
        ice->counters.unmatched++;
}

static void handle_stun(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                        const uint8_t *buf, size_t len)
{
    struct auger_stun_msg msg;

    if (auger_stun_msg_parse(&msg, buf, len) != 0 || msg.method != AUGER_STUN_BINDING) {
        ice->counters.malformed++;
        return;
    }
    switch (msg.class_) {
    case AUGER_STUN_REQUEST:
        auger_inbound_handle_request(ice, now, path, &msg);
        break;
    case AUGER_STUN_INDICATION: /* a keepalive (11), which anybody could have sent */
        break;
    case AUGER_STUN_SUCCESS:
    case AUGER_STUN_ERROR:
        handle_response(ice, now, path, &msg);
        break;
    }
}

bool auger_receive(struct auger_ice *ice, auger_time now, const struct auger_path *path,
                   struct auger_bytes bytes, struct auger_bytes *data)
{
    if (auger_stun_is_message(bytes.data, bytes.len)) {
        handle_stun(ice, now, path, bytes.data, bytes.len);
        return true;
    }
    if (auger_route_accepts(ice, now, path, bytes.len)) {
        *data = bytes;
        return false;
    }
    ice->counters.unvalidated_data++;
    return auger_stream_heard_strange(ice, now, path);
}
