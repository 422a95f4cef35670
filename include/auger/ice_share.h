/*
 * auger/ice_share.h - an agent whose sockets are shared with other agents: what a mux
 * (<auger/mux.h>) has to know of it, and may tell it.
 *
 * What is neither STUN nor has a name in it belongs to whom its 5-tuple belongs to, and
 * so two agents cannot carry data along the same one.  An agent that shares therefore
 * says which paths it wants before it uses them, and one that is refused takes another.
 */
#ifndef AUGER_ICE_SHARE_H
#define AUGER_ICE_SHARE_H

#include <auger/ice.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From now on each transaction id of this agent begins with the four bytes of `tag`,
 * highest first, by which an answer is brought to it (docs/decisions/050), and data
 * goes along a selected pair alone, since before the nomination the two ends may think
 * of different pairs.  AUGER_ERR_STATE once the peer's credentials are known, or with a TURN
 * server that is asked over UDP: one socket has one allocation there (docs/decisions/112). */
AUGER_API int auger_ice_share_sockets(struct auger_ice *ice, uint32_t tag) AUGER_CHECK_RESULT;

/* Sets what is otherwise drawn: our own ufrag and password, for a peer that knows them
 * already.  To be called before they are told to anybody.  AUGER_ERR_STATE once the
 * peer's are known or a restart waits; AUGER_ERR_INVALID, AUGER_ERR_NO_MEMORY. */
AUGER_API int auger_ice_set_local_credentials(struct auger_ice *ice, const char *ufrag,
                                              const char *password) AUGER_CHECK_RESULT;

/* Our ufrags that checks may name, of every generation that is alive: how many. */
#define AUGER_ICE_UFRAGS_MAX 3
AUGER_API size_t auger_ice_local_ufrags(const struct auger_ice *ice,
                                        const char *ufrags[AUGER_ICE_UFRAGS_MAX]);

/* Where the latest message came along that proved to be of the peer; false: none yet. */
AUGER_API bool auger_ice_heard_on(const struct auger_ice *ice, struct auger_path *path);

/* A path that is in use, is about to be nominated or was nominated by the peer. */
struct auger_ice_want {
    struct auger_path path;
    bool is_proved; /* a check of ours was answered along it */
};
#define AUGER_ICE_WANTS_MAX 3
AUGER_API size_t auger_ice_wants(const struct auger_ice *ice,
                                 struct auger_ice_want wants[AUGER_ICE_WANTS_MAX]);

/* Another agent has that path: for 5 s no data goes along it, it is not nominated, and
 * the peer's checks along it are answered by 500 (Server Error), so that the peer looks
 * for another.  Then it may be wanted again.  AUGER_ERR_NOT_FOUND: no such pair. */
AUGER_API int auger_ice_refuse_path(struct auger_ice *ice, auger_time now,
                                    const struct auger_path *path) AUGER_CHECK_RESULT;

#ifdef __cplusplus
}
#endif

#endif /* AUGER_ICE_SHARE_H */
