/* portmap/epoch.c - the gateway's clock, by which one sees that it has lost what it knew. */
#include "portmap/epoch.h"

static int64_t elapsed_s(const struct auger_epoch *epoch, auger_time now)
{
    return (now - epoch->heard_at) / AUGER_SEC;
}

static void note(struct auger_epoch *epoch, auger_time now, uint32_t seconds)
{
    *epoch = (struct auger_epoch){.is_known = true, .heard_at = now, .seconds = seconds};
}

/* RFC 6887, 8.5: up to a second back is disorder on the way, and a sixteenth a bad clock. */
static bool is_plausible(int64_t client, int64_t server)
{
    if (server < -1)
        return false;
    if (server < 0)
        server = 0;
    return client + 2 >= server - server / 16 && server + 2 >= client - client / 16;
}

bool auger_epoch_accepts_pcp(struct auger_epoch *epoch, auger_time now, uint32_t seconds)
{
    bool accepted =
        !epoch->is_known || is_plausible(elapsed_s(epoch, now), (int64_t)seconds - epoch->seconds);

    note(epoch, now, seconds);
    return accepted;
}

/* RFC 6886, 3.6: seven eighths of what has passed by our own clock, less two seconds. */
bool auger_epoch_accepts_natpmp(struct auger_epoch *epoch, auger_time now, uint32_t seconds)
{
    int64_t least = (int64_t)epoch->seconds + elapsed_s(epoch, now) * 7 / 8 - 2;
    bool accepted = !epoch->is_known || seconds >= least;

    note(epoch, now, seconds);
    return accepted;
}
