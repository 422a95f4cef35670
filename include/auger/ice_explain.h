/*
 * auger/ice_explain.h - why an agent has no path: a code, a sentence, and the numbers
 * that speak for it, from the agent's tables and counters.
 *
 * A guess is called one: two NATs that fit no better than a broken wire are not blamed.
 * Asked while the agent still looks for a path it says what stands in the way so far.
 * Tables are those of the moment, counts are since the agent was made, over restarts.
 */
#ifndef AUGER_ICE_EXPLAIN_H
#define AUGER_ICE_EXPLAIN_H

#include <auger/ice.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers keep their meaning; new ones are added at the end. */
enum auger_ice_why {
    AUGER_ICE_WHY_NOTHING = 0,             /* there is a path */
    AUGER_ICE_WHY_NO_DESCRIPTION = 1,      /* the peer's credentials are not known yet */
    AUGER_ICE_WHY_NO_LOCAL_ADDRESS = 2,    /* nothing to send from */
    AUGER_ICE_WHY_NO_REMOTE_CANDIDATE = 3, /* none told, none learned from a check */
    AUGER_ICE_WHY_REMOTE_UNUSABLE = 4,     /* names, TCP, another family alone */
    AUGER_ICE_WHY_NO_STUN_ANSWER = 5,      /* nor did anything of the peer arrive */
    AUGER_ICE_WHY_BOTH_NATS = 6,           /* both map by destination, and no relay */
    AUGER_ICE_WHY_OUR_NAT = 7,             /* ours does */
    AUGER_ICE_WHY_PEER_NAT = 8,            /* the peer's does */
    AUGER_ICE_WHY_NOTHING_ARRIVED = 9,     /* neither checks nor answers of the peer */
    AUGER_ICE_WHY_UNANSWERED = 10,         /* its checks arrive, answers to ours do not */
    AUGER_ICE_WHY_WRONG_PASSWORD = 11,     /* checks or answers that prove another password */
    AUGER_ICE_WHY_REFUSED = 12,            /* the peer answers our checks with errors */
    AUGER_ICE_WHY_ASYMMETRIC = 13,         /* answers take another path than questions */
    AUGER_ICE_WHY_ROLE_CONFLICT = 14,      /* the roles were never settled */
    AUGER_ICE_WHY_SILENCE = 15,            /* connected; nothing heard of late, may recover */
    AUGER_ICE_WHY_CONSENT_EXPIRED = 16,
    AUGER_ICE_WHY_CONSENT_REVOKED = 17,
    AUGER_ICE_WHY_RELAY_ONLY = 18,    /* the policy, and there is no TURN server */
    AUGER_ICE_WHY_PATH_TAKEN = 19,    /* by another agent on the same socket, and no other */
    AUGER_ICE_WHY_NOT_NOMINATED = 20, /* we are lite: its checks arrive, none nominates */
    /* No relay, and nothing else works: */
    AUGER_ICE_WHY_TURN_PASSWORD = 21,  /* the TURN server refuses our name or password */
    AUGER_ICE_WHY_TURN_NO_ANSWER = 22, /* of no TURN server */
    AUGER_ICE_WHY_TURN_REFUSED = 23,   /* it answers, and gives none: .turn_error, .turn_code */
};
/* "both-nats-map-by-destination": for programs; static, never NULL, never changed. */
AUGER_API const char *auger_ice_why_name(enum auger_ice_why why);
/* "both NATs map by destination, and there is no relay": for people; static. */
AUGER_API const char *auger_ice_why_text(enum auger_ice_why why);

#define AUGER_EVIDENCE_MAX 256

struct auger_ice_explanation {
    enum auger_ice_why why;
    /* The numbers below in words, NUL-terminated. */
    char evidence[AUGER_EVIDENCE_MAX];
    uint32_t local_cands, remote_cands; /* known */
    uint32_t unusable_cands;            /* of the peer's, told and of no use to us */
    uint32_t pairs;
    uint64_t checks_sent, checks_received;      /* repeated ones too; proved ones alone */
    uint64_t answers_received;                  /* proved ones */
    uint64_t unproved_checks, unproved_answers; /* with another name or password */
    uint32_t stun_servers, stun_requests, stun_answers;
    bool has_relay; /* on either side */
    /* A NAT showed one base of ours, or of the peer's, under several ports. */
    bool we_map_by_destination, peer_maps_by_destination;
    uint32_t turn_servers, relays;    /* relays: allocations that stand */
    enum auger_turn_error turn_error; /* why one does not */
    uint16_t turn_code;               /* of the server's error; 0: none */
    uint32_t icmp_errors;             /* that relays told of, about peers: not proved */
    uint32_t predicted_ports;         /* told to the peer or checked ahead, in this session */
};
/* Changes nothing, at any time. */
AUGER_API void auger_ice_explain_sized(const struct auger_ice *ice,
                                       struct auger_ice_explanation *explanation, size_t size);
#define auger_ice_explain(ice, explanation)                                                        \
    auger_ice_explain_sized((ice), (explanation), sizeof(*(explanation)))

/* A candidate of the peer's that never came to auger_ice_add_remote_cand(), since
 * auger_cand_parse() found it of no use (a name, another transport): it is counted as evidence. */
AUGER_API void auger_ice_note_unusable_cand(struct auger_ice *ice);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_ICE_EXPLAIN_H */
