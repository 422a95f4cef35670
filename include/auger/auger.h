/* auger/auger.h - everything. */
#ifndef AUGER_H
#define AUGER_H

#include <auger/base.h>
#include <auger/crypto.h>
#include <auger/dtls.h>
#include <auger/ice.h>
#include <auger/ice_explain.h>
#include <auger/ice_predict.h>
#include <auger/ice_share.h>
#include <auger/ice_stats.h>
#include <auger/io.h>
#include <auger/io_turn.h>
#include <auger/io_upnp.h>
#include <auger/io_uri.h>
#include <auger/mdns.h>
#include <auger/mux.h>
#include <auger/peer.h>
#include <auger/peer_explain.h>
#include <auger/peer_names.h>
#include <auger/peer_stats.h>
#include <auger/portmap.h>
#include <auger/record.h>
#include <auger/sctp.h>
#include <auger/sdp.h>
#include <auger/stun.h>
#include <auger/stun_discovery.h>
#include <auger/tls.h>
#include <auger/trace.h>
#include <auger/turn.h>
#include <auger/turn_server.h>

#endif /* AUGER_H */
