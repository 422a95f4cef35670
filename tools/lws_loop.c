/* tools/lws_loop.c - our loop inside that of libwebsockets. */
#define _POSIX_C_SOURCE 200809L
#include "tools/lws_loop.h"

#include <fcntl.h>

int lws_loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t len)
{
    (void)wsi, (void)reason, (void)user, (void)in, (void)len;
    return 0;
}

bool lws_loop_adopt(struct lws_vhost *vhost, const struct auger_loop *loop)
{
    /* A descriptor of its own: libwebsockets closes what it was given. */
    lws_sock_file_fd_type fd = {.filefd = fcntl(auger_loop_fd(loop), F_DUPFD_CLOEXEC, 0)};

    return fd.filefd >= 0 &&
           lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "loop", NULL);
}
