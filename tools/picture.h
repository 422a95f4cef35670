/* tools/picture.h - how one peer stands, as the page draws it (docs/signalling.md). */
#ifndef AUGER_TOOLS_PICTURE_H
#define AUGER_TOOLS_PICTURE_H

#include <auger/peer.h>

#include <jansson.h>

/* A new reference, or NULL when out of memory. */
json_t *picture_of(const struct auger_peer *peer);

#endif /* AUGER_TOOLS_PICTURE_H */
