/*
 * tests/sim/attacker.h - those who mean harm: nodes of the simulated internet with links
 * and random streams of their own.
 *
 * The off-path sender and the observer know no password.  What they cause travels on wires
 * of its own, takes no mapping of a NAT and refreshes none, so that the same seed without
 * them is the same world but for what the agents let them do: sim_honest_digest() shows it.
 * They are added after all peers.
 *
 * The hostile peer, server and signalling take the place of honest ones: what is asked of
 * the agents is that they keep the invariants.
 */
#ifndef SIM_ATTACKER_H
#define SIM_ATTACKER_H

#include <auger/base.h>

struct sim;
struct sim_peer;

/* What may be done; each world counts how often it was. */
enum sim_attack {
    /* by a sender off the path, with any source */
    SIM_ATTACK_CHECK_BARE,         /* a check without integrity */
    SIM_ATTACK_CHECK_FORGED,       /* right ufrags, wrong password */
    SIM_ATTACK_CHECK_UNPRINTED,    /* without FINGERPRINT */
    SIM_ATTACK_CHECK_NOMINATING,   /* forged, with USE-CANDIDATE */
    SIM_ATTACK_CHECK_CONFLICTING,  /* forged, in the role of its target */
    SIM_ATTACK_SUCCESS_GUESSED,    /* a random transaction id */
    SIM_ATTACK_CONFLICT_GUESSED,   /* 487 to one */
    SIM_ATTACK_REVOCATION_GUESSED, /* 403 to one */
    SIM_ATTACK_SERVER_GUESSED,     /* an answer of the STUN server to one */
    SIM_ATTACK_INDICATION,
    SIM_ATTACK_OTHER_METHOD,
    SIM_ATTACK_DTLS,
    SIM_ATTACK_MEDIA,
    SIM_ATTACK_ONE_BYTE,
    SIM_ATTACK_NOTHING,   /* an empty datagram */
    SIM_ATTACK_CUT_SHORT, /* a prefix of a STUN message */
    SIM_ATTACK_LONG,      /* as many attributes as fit */
    SIM_ATTACK_NOISE,
    /* by an observer on the path */
    SIM_ATTACK_REPLAY,
    SIM_ATTACK_REPLAY_ELSEWHERE, /* from another address */
    SIM_ATTACK_REPLAY_FLIPPED,
    SIM_ATTACK_REPLAY_CUT,
    SIM_ATTACK_REPLAY_TURNED, /* back to its sender */
    /* by a peer with valid credentials */
    SIM_ATTACK_PEER_SPRAY,     /* a check from yet another port */
    SIM_ATTACK_PEER_NOMINATE,  /* USE-CANDIDATE from where nobody answers */
    SIM_ATTACK_PEER_FLIP,      /* a check in the other role than before */
    SIM_ATTACK_PEER_MALFORMED, /* under valid integrity */
    SIM_ATTACK_PEER_UNASKED,   /* a success to nothing, well signed */
    SIM_ATTACK_PEER_CONFLICT,  /* answers 487 */
    SIM_ATTACK_PEER_REFUSE,    /* answers with another error */
    SIM_ATTACK_PEER_LIE,       /* answers with a wrong mapped address */
    SIM_ATTACK_PEER_ASKEW,     /* answers from another port */
    SIM_ATTACK_PEER_TWICE,
    SIM_ATTACK_PEER_LATE,
    SIM_ATTACK_PEER_SILENT,
    SIM_ATTACK_PEER_DATA, /* from anywhere */
    /* by a STUN server */
    SIM_ATTACK_SERVER_LIE, /* an address that is not the agent's */
    SIM_ATTACK_SERVER_ERROR,
    SIM_ATTACK_SERVER_ALTERNATE, /* 300 */
    SIM_ATTACK_SERVER_TWICE,
    SIM_ATTACK_SERVER_LATE,
    SIM_ATTACK_SERVER_SILENT,
    SIM_ATTACK_SERVER_EMPTY, /* a success without an address */
    /* by those who carry the signalling */
    SIM_ATTACK_SIGNAL_JUNK,
    SIM_ATTACK_SIGNAL_AGAIN,
    SIM_ATTACK_SIGNAL_OLD,    /* a candidate of another generation */
    SIM_ATTACK_SIGNAL_END,    /* candidates end before they do */
    SIM_ATTACK_SIGNAL_INVENT, /* a candidate that is nobody's */
    SIM_ATTACK_SIGNAL_FLOOD,
    SIM_ATTACKS
};
const char *sim_attack_name(enum sim_attack attack);
uint64_t sim_attacks(const struct sim *sim, enum sim_attack attack);

struct sim_attack_options {
    unsigned per_second; /* on average */
    auger_time lasts;    /* from now on */
};

/* Knows every address and port, sees nothing.  On the internet and, if asked, inside the
 * network of each peer, behind its NAT. */
void sim_add_off_path(struct sim *sim, const struct sim_attack_options *options, bool inside);
/* Sees what crosses the internet, and cannot stop it. */
void sim_add_observer(struct sim *sim, const struct sim_attack_options *options);

/* The other end of alice's session: introduced to her as sim_signal() does, `delay` one
 * way.  Alice controls if `alice_controls`. */
void sim_add_hostile_peer(struct sim *sim, struct sim_peer *alice, bool alice_controls,
                          auger_time delay, const struct sim_attack_options *options);
/* Beside the honest servers; peers that are added later are told of it. */
void sim_add_hostile_stun_server(struct sim *sim);
/* Adds to what the peers are told; `flood` candidates when it floods.  Before
 * sim_signal(). */
void sim_add_hostile_signalling(struct sim *sim, unsigned permille, unsigned flood);

#endif /* SIM_ATTACKER_H */
