/*
 * auger/peer_names.h - names in place of addresses in candidates
 * (draft-ietf-mmusic-mdns-ice-candidates): those of the peer's, which are to be
 * resolved, and ours.
 *
 * Nothing is looked up and nothing answered for by the peer itself.  The loop of
 * <auger/io.h> does it; another driver has an <auger/mdns.h>, and beside the five verbs
 *
 *     while (auger_peer_poll_name(peer, &name))
 *         auger_mdns_resolve(mdns, now, name.name, strlen(name.name), name.token);
 *     while (auger_mdns_poll_event(mdns, &event))
 *         auger_peer_name_resolved(peer, now, event.token, &event.addr);
 *
 * Limits   8 names at a time, each for 10 s at most; of one generation as many as
 *          candidates (remote_cands_max).  While a name is open the peer's end of
 *          candidates waits.
 */
#ifndef AUGER_PEER_NAMES_H
#define AUGER_PEER_NAMES_H

#include <auger/mdns.h>
#include <auger/peer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_peer_name {
    uint64_t token; /* never used again by this peer */
    char name[AUGER_MDNS_NAME_MAX];
};
/* Takes the next name that is to be resolved, where the config has resolve_names; false
 * when there is none. */
AUGER_API bool auger_peer_poll_name(struct auger_peer *peer, auger_time now,
                                    struct auger_peer_name *name);
/* The name has the IP of `addr`, and the candidate is as good as one that says so.  NULL
 * or an address of no family: nobody answered, or with more than one.  An unknown token
 * is one that was given up. */
AUGER_API void auger_peer_name_resolved(struct auger_peer *peer, auger_time now, uint64_t token,
                                        const struct auger_addr *addr);

/* Where the config has hide_addresses: our host candidates with the IP of `addr` are told
 * under `name`, as auger_mdns_publish() made it, from now on.  Before the next event is
 * polled: a host candidate without a name is not told at all.  With the first candidate of
 * that IP that goes (auger_peer_remove_local_addr()) the name is forgotten.
 * AUGER_ERR_INVALID: no such name; AUGER_ERR_LIMIT: more than local_cands_max. */
AUGER_API int auger_peer_name_local_addr(struct auger_peer *peer, auger_time now,
                                         const struct auger_addr *addr,
                                         const char *name) AUGER_CHECK_RESULT;

struct auger_peer_name_counters {
    uint64_t asked, resolved;
    uint64_t failed;  /* no answer, in time, or of no use */
    uint64_t ignored; /* no UUID under ".local", too many, or resolve_names is off */
};
AUGER_API void auger_peer_name_counters_sized(const struct auger_peer *peer,
                                              struct auger_peer_name_counters *counters,
                                              size_t size);
#define auger_peer_get_name_counters(peer, counters)                                               \
    auger_peer_name_counters_sized((peer), (counters), sizeof(*(counters)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_PEER_NAMES_H */
