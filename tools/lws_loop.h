/* tools/lws_loop.h - our loop inside that of libwebsockets: its descriptor ends lws_service(), and
 * whoever called that turns our loop.  Shared by server.c and room_client.c. */
#ifndef AUGER_TOOLS_LWS_LOOP_H
#define AUGER_TOOLS_LWS_LOOP_H

#include <auger/io.h>

#include <libwebsockets.h>

/* A row of the vhost's protocols. */
#define LWS_LOOP_PROTOCOL                                                                          \
    {                                                                                              \
        .name = "loop", .callback = lws_loop_callback                                              \
    }

int lws_loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t len);
bool lws_loop_adopt(struct lws_vhost *vhost, const struct auger_loop *loop);

#endif /* AUGER_TOOLS_LWS_LOOP_H */
