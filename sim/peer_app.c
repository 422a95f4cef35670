/* sim/peer_app.c - the application above a simulated agent: "name number tag" is what
 * it says, with dots behind if it is to be long, and like DTLS it knows what is forged and what is
 * repeated.  It keeps a journal of all that it sees. */
#include "sim/digest.h"
#include "sim/peer.h"

#include <auger/ice_stats.h>

#include <assert.h>
#include <string.h>

#define TEXT_MAX 1300

/* Every other one is long, where that is asked for. */
static int pad(const struct sim_peer *author, uint64_t number, char text[TEXT_MAX], int len)
{
    unsigned wanted = author->options.chatter_bytes;

    assert(wanted < TEXT_MAX);
    for (; number % 2 == 1 && len < (int)wanted; len++)
        text[len] = '.';
    text[len] = 0;
    return len;
}

static int compose(const struct sim_peer *author, uint64_t number, char text[TEXT_MAX])
{
    uint64_t tag = digest_u64(author->sim->options.seed, number);

    tag = digest_bytes(tag, author->name, strlen(author->name));
    return pad(author, number, text,
               snprintf(text, TEXT_MAX, "%s %llu %08x", author->name, (unsigned long long)number,
                        (unsigned)tag));
}

/* Of what finds a full socket nothing is kept. */
bool sim_peer_send(struct sim *sim, struct sim_peer *peer)
{
    char text[TEXT_MAX];
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    auger_time now = sim_peer_now(peer);

    if (sim_peer_is_full(peer))
        return true;
    int text_len = compose(peer, peer->story.data_sent, text);
    int len = auger_ice_write_data(peer->ice, now, (const uint8_t *)text, (size_t)text_len, &path,
                                   buf, sizeof(buf));

    if (len < 0)
        return false;
    peer->story.data_sent++;
    peer->is_touched = true;
    SIM_TELL(sim, sent, peer, &path, buf, (size_t)len);
    if (!sim_peer_put(peer, &path, buf, (size_t)len))
        auger_ice_note_discarded(peer->ice, &path, (size_t)len);
    return true;
}

/* --- what arrives ------------------------------------------------------------- */

static bool is_genuine(const struct sim_peer *author, const struct auger_bytes *data,
                       uint64_t *number)
{
    char text[TEXT_MAX];
    size_t name_len = strlen(author->name);

    if (data->len < name_len + 2 || data->len >= sizeof(text))
        return false;
    memcpy(text, data->data, data->len);
    text[data->len] = 0;
    *number = strtoull(text + name_len + 1, NULL, 10);
    int len = compose(author, *number, text);
    return (size_t)len == data->len && memcmp(text, data->data, data->len) == 0;
}

/* The window of RFC 6347 section 4.1.2.6. */
static bool is_fresh(struct sim_peer *peer, uint64_t number)
{
    if (peer->fresh_window == 0 || number > peer->fresh_max) {
        uint64_t ahead = peer->fresh_window ? number - peer->fresh_max : 64;
        peer->fresh_window = (ahead < 64 ? peer->fresh_window << ahead : 0) | 1;
        peer->fresh_max = number;
        return true;
    }
    uint64_t behind = peer->fresh_max - number;
    if (behind >= 64 || (peer->fresh_window >> behind & 1))
        return false;
    peer->fresh_window |= UINT64_C(1) << behind;
    return true;
}

/* Of another session on the partner's sockets: a NAT has forgotten whose a port was, and given it
 * to this peer, while consent to it lasts there.  Between the sessions on one's own sockets nothing
 * is mistaken. */
static bool is_of_neighbour(const struct sim_peer *peer, const struct auger_bytes *data)
{
    uint64_t number;

    for (const struct sim_peer *each = peer->sim->peers; each; each = each->next_peer)
        if (!peer->mux && peer->partner && each != peer->partner && each->mux &&
            each->mux == peer->partner->mux && is_genuine(each, data, &number))
            return true;
    return false;
}

void sim_peer_take_data(struct sim_peer *peer, const struct auger_path *path,
                        const struct auger_bytes *data)
{
    uint64_t number;

    if (!peer->partner || !is_genuine(peer->partner, data, &number)) {
        if (!peer->sim->is_hostile && !is_of_neighbour(peer, data))
            sim_break(peer->sim, "8: %s received data that nobody sent it", peer->name);
        peer->story.data_forged++;
    } else if (!is_fresh(peer, number)) {
        peer->story.data_repeated++;
    } else {
        peer->story.data_received++;
        peer->story.data_path = *path;
        sim_peer_note(peer, SIM_NOTE_DATA, number);
    }
}

/* --- the journal -------------------------------------------------------------- */

void sim_peer_note(struct sim_peer *peer, enum sim_note_kind kind, uint64_t value)
{
    struct sim_journal *journal = &peer->journal;

    if (journal->len == journal->cap) {
        journal->cap = journal->cap ? 2 * journal->cap : 64;
        journal->notes = sim_resize(journal->notes, journal->cap, sizeof(*journal->notes));
    }
    journal->notes[journal->len++] = (struct sim_note){peer->sim->now, kind, value};
}

const struct sim_journal *sim_peer_journal(const struct sim_peer *peer)
{
    return &peer->journal;
}

struct sim_journal sim_journal_copy(const struct sim_journal *journal)
{
    struct sim_journal copy = {.len = journal->len, .cap = journal->len};

    if (copy.len > 0) {
        copy.notes = sim_resize(NULL, copy.len, sizeof(*copy.notes));
        memcpy(copy.notes, journal->notes, copy.len * sizeof(*copy.notes));
    }
    return copy;
}

void sim_journal_fini(struct sim_journal *journal)
{
    free(journal->notes);
    *journal = (struct sim_journal){0};
}

static const char *kind_name(enum sim_note_kind kind)
{
    static const char *const names[] = {"candidate", "gathered", "state", "path", "data"};
    return names[kind];
}

bool sim_journals_agree(const struct sim_journal *a, const struct sim_journal *b, auger_time apart,
                        char *why, size_t why_cap)
{
    size_t len = a->len < b->len ? a->len : b->len;

    for (size_t i = 0; i < len; i++) {
        const struct sim_note *x = &a->notes[i], *y = &b->notes[i];
        auger_time between = x->at > y->at ? x->at - y->at : y->at - x->at;
        if (x->kind == y->kind && x->value == y->value && between <= apart)
            continue;
        snprintf(why, why_cap, "note %zu: %s %llx at %.3f, and %s %llx at %.3f", i,
                 kind_name(x->kind), (unsigned long long)x->value, (double)x->at / 1e9,
                 kind_name(y->kind), (unsigned long long)y->value, (double)y->at / 1e9);
        return false;
    }
    if (a->len != b->len)
        snprintf(why, why_cap, "%zu notes, and %zu", a->len, b->len);
    return a->len == b->len;
}
