/* turn/server_door.c - the table of 5-tuples. */
#include "turn/server_door.h"

#include <string.h>

#define WORDS (sizeof(struct auger_path) / sizeof(uint32_t))

_Static_assert(WORDS + 1 <= 13, "a key for each word of a path, and one");

/* Multilinear hashing: who does not know the keys cannot choose addresses that meet in one
 * bucket.  What an address does not use of its bytes is zero. */
static uint64_t hash_of(const struct auger_turn_server *server, const struct auger_path *path)
{
    uint32_t words[WORDS];
    uint64_t sum = server->door_keys[WORDS];

    memcpy(words, path, sizeof(words));
    for (size_t i = 0; i < WORDS; i++)
        sum += server->door_keys[i] * words[i];
    return sum >> 32;
}

struct auger_server_door *auger_server_door_find(struct auger_turn_server *server,
                                                 const struct auger_path *path)
{
    struct auger_table_node *node = auger_table_first(&server->doors, hash_of(server, path));

    for (; node; node = auger_table_next(&server->doors, node)) {
        struct auger_server_door *door = (struct auger_server_door *)(void *)node;
        if (auger_path_equal(&door->path, path))
            return door;
    }
    return NULL;
}

void auger_server_door_add(struct auger_turn_server *server, struct auger_server_door *door,
                           const struct auger_path *path)
{
    door->path = *path;
    door->is_closed = false;
    door->node.hash = hash_of(server, path);
    auger_table_add(&server->doors, &door->node);
}

void auger_server_door_remove(struct auger_turn_server *server, struct auger_server_door *door)
{
    if (!door->is_closed)
        auger_table_remove(&server->doors, &door->node);
    door->is_closed = true;
}

/* Nothing of TURN is said on such a stream any more (RFC 6062 section 3). */
bool auger_server_door_carries_data(struct auger_turn_server *server, const struct auger_path *path)
{
    if (server->stats.connections == 0 || path->local.transport != AUGER_TCP)
        return false;
    const struct auger_server_door *door = auger_server_door_find(server, path);
    return door && door->connection;
}
