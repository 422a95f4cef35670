/* ice/share.h - an agent whose sockets are shared: <auger/ice_share.h>. */
#ifndef AUGER_ICE_SHARE_INTERNAL_H
#define AUGER_ICE_SHARE_INTERNAL_H

#include "ice/state.h"

/* Refused paths may be wanted again when their time has come. */
void auger_share_handle_timeout(struct auger_ice *ice, auger_time now);

#endif /* AUGER_ICE_SHARE_INTERNAL_H */
