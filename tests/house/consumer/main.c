#include <auger/auger.h>
#include <stdio.h>

int main(void)
{
    struct auger_peer *peer;
    char offer[8192];

    if (auger_peer_new(&peer, auger_env_system(), NULL) < 0 ||
        auger_peer_create_offer(peer, 0, offer, sizeof(offer)) < 0)
        return 1;
    fputs(offer, stdout);
    auger_peer_free(peer);
    return 0;
}
