/* turn/peer_policy.h - which peers may be relayed to: RFC 8656 sections 9, 21.1.7 and 21.4,
 * docs/decisions/125.  What an address reaches decides, and not how it is spelled; what is
 * no public address is denied unless it is allowed.  Permissions are the allocation's. */
#ifndef AUGER_TURN_PEER_POLICY_H
#define AUGER_TURN_PEER_POLICY_H

#include "turn/embedded.h"
#include "turn/held_ports.h"

#define AUGER_PEER_RULES_MAX 1024 /* entries of both lists together */
#define AUGER_PEER_OWN_MAX 72     /* addresses of the server */
#define AUGER_PEER_RELAYS_MAX 4   /* of them that relays lie at: bound, and as told */

struct auger_peer_policy;

/* With the defaults.  AUGER_ERR_NO_MEMORY. */
int auger_peer_policy_new(struct auger_peer_policy **out,
                          const struct auger_env *env) AUGER_CHECK_RESULT;
void auger_peer_policy_free(struct auger_peer_policy *policy); /* NULL is fine */

/* An entry of a list: "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "192.0.2.7-192.0.2.9".  The
 * smallest range that has an address decides; of equal ones a denial, then what is allowed,
 * then the defaults.  So a special range is opened by its name or that of a part of it, and
 * not by "0.0.0.0/0".  An IPv4-mapped range is read as the IPv4 that it is.
 * AUGER_ERR_MALFORMED: anything else, as bits behind the prefix, the last before the first;
 * AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_peer_policy_allow(struct auger_peer_policy *policy, const char *range) AUGER_CHECK_RESULT;
int auger_peer_policy_deny(struct auger_peer_policy *policy, const char *range) AUGER_CHECK_RESULT;
/* Back to the defaults; what is the server's own stays. */
void auger_peer_policy_forget_rules(struct auger_peer_policy *policy);

/* An address of the server: where it listens, or with port 0 an IP address of it.  Where it
 * listens is no peer, whatever is allowed; such an IP address is denied by default.
 * AUGER_ERR_INVALID: none; AUGER_ERR_LIMIT, AUGER_ERR_NO_MEMORY. */
int auger_peer_policy_add_own(struct auger_peer_policy *policy,
                              const struct auger_addr *own) AUGER_CHECK_RESULT;
/* Relays lie at that IP address of the server; a wildcard: at each that it has of the family.
 * AUGER_ERR_LIMIT. */
int auger_peer_policy_add_relay(struct auger_peer_policy *policy,
                                const struct auger_addr *ip) AUGER_CHECK_RESULT;
/* Relayed addresses may be peers of each other: of where relays lie the ports that are held, which
 * the caller keeps alive. */
void auger_peer_policy_let_relays_meet(struct auger_peer_policy *policy,
                                       struct auger_turn_held_ports *held);

enum auger_peer_verdict {
    AUGER_PEER_PERMITTED,
    AUGER_PEER_NO_PEER,  /* nothing that one can send to: family, port 0, multicast, :: */
    AUGER_PEER_SPECIAL,  /* not public: private, loopback, a tunnel, for documentation... */
    AUGER_PEER_EMBEDDED, /* what it reaches in IPv4 is denied */
    AUGER_PEER_LISTED,   /* the deny list has it */
    AUGER_PEER_OWN,      /* the server itself */
};
/* One English phrase; static, never NULL. */
const char *auger_peer_verdict_text(enum auger_peer_verdict verdict);

/* May data go there?  A few comparisons, for each datagram, so that a rule that comes later is
 * in force at once, and a relay that is gone is no peer.  The transport tells relays apart. */
enum auger_peer_verdict auger_peer_policy_judge(struct auger_peer_policy *policy,
                                                const struct auger_addr *peer);
/* May the IP address have a permission, whatever the port (9)? */
enum auger_peer_verdict auger_peer_policy_judge_ip(struct auger_peer_policy *policy,
                                                   const struct auger_addr *peer);
/* May what it says be heard: a datagram, or a connection that stands?  The rules are asked, but not
 * whether its relay is there: what its client said before it left is still on its way. */
enum auger_peer_verdict auger_peer_policy_judge_heard(struct auger_peer_policy *policy,
                                                      const struct auger_addr *peer);

/* A client there must be refused (21.4): 6to4 or Teredo. */
static inline bool auger_peer_is_tunnel(const struct auger_addr *client)
{
    return auger_embedded_is_tunnel(client);
}

#endif /* AUGER_TURN_PEER_POLICY_H */
