/* tools/tale_json.c - a tale as JSON lines. */
#include "tools/output.h"
#include "tools/tale.h"

static const char *const whats[] = {
    [TALE_LEAVES] = "leaves",     [TALE_WRITES] = "writes",     [TALE_PASSES] = "passes",
    [TALE_ARRIVES] = "arrives",   [TALE_FALLS] = "falls",       [TALE_TOLD] = "told",
    [TALE_STATE] = "state",       [TALE_SELECTED] = "selected", [TALE_PREDICTS] = "predicts",
    [TALE_BRACKETS] = "brackets", [TALE_AHEAD] = "ahead",
};

static json_t *addr_json(const struct auger_addr *addr)
{
    char text[AUGER_ADDR_TEXT_MAX];

    return addr->family ? json_string(auger_addr_format(addr, text, sizeof(text))) : json_null();
}

static json_t *row_json(const struct nat_row *row)
{
    return json_pack("{so so so}", "port", addr_json(&row->external), "inside",
                     addr_json(&row->inside), "outside", addr_json(&row->remote));
}

static const char *place_name(const struct tale *tale, size_t place)
{
    return place < tale->places_len ? tale->places[place].name : "";
}

static void add_journey(const struct tale *tale, const struct tale_beat *beat, json_t *line)
{
    const struct tale_journey *journey = &tale->journeys[beat->journey];

    json_object_set_new(line, "datagram", json_integer((json_int_t)beat->journey));
    json_object_set_new(line, "from", json_string(place_name(tale, journey->from)));
    json_object_set_new(line, "to", json_string(tale_owner(tale, &journey->dst)));
    json_object_set_new(line, "says", json_string(journey->words));
    json_object_set_new(line, "relayed", json_boolean(journey->relayed));
    json_object_set_new(line, "again", json_boolean(journey->is_repeated));
}

static void tell_beat(const struct tale *tale, const struct tale_beat *beat)
{
    json_t *line =
        json_pack("{ss sf ss}", "what", whats[beat->what], "ms",
                  (double)beat->at / (double)AUGER_MS, "where", place_name(tale, beat->place));

    if (beat->what <= TALE_FALLS)
        add_journey(tale, beat, line);
    if (beat->row.external.family)
        json_object_set_new(line, "row", row_json(&beat->row));
    if (beat->what != TALE_WRITES && beat->src.family) {
        json_object_set_new(line, "src", addr_json(&beat->src));
        json_object_set_new(line, "dst", addr_json(&beat->dst));
    }
    if (beat->why[0])
        json_object_set_new(line, "why", json_string(beat->why));
    if (beat->what == TALE_TOLD && beat->src.family)
        json_object_set_new(line, "guess", json_boolean(beat->is_guess));
    if (beat->what == TALE_BRACKETS || beat->what == TALE_AHEAD) {
        json_object_set_new(line, "ports", json_integer(beat->ports));
        json_object_set_new(line, "step", json_integer(beat->step));
    }
    if (beat->words[0])
        json_object_set_new(line, "words", json_string(beat->words));
    output_line(line);
}

static void tell_place(const struct tale_place *place)
{
    static const char *const kinds[] = {"host", "gateway", "server"};

    output_line(json_pack("{ss ss ss so ss}", "what", "place", "name", place->name, "kind",
                          kinds[place->kind], "address", addr_json(&place->addr), "nat",
                          place->gate ? place->gate->title : ""));
}

void tale_tell_json(const struct tale *tale)
{
    for (size_t i = 0; i < tale->places_len; i++)
        tell_place(&tale->places[i]);
    for (size_t i = 0; i < tale->beats_len; i++)
        tell_beat(tale, &tale->beats[i]);

    bool is_apart = tale->end == TALE_APART;
    json_t *line = json_pack("{ss ss sf sI sI}", "what", "end", "end", tale_end_name(tale->end),
                             "ms", (double)tale->ended_at / (double)AUGER_MS, "datagrams",
                             (json_int_t)tale->journeys_len, "fallen", (json_int_t)tale->fallen);
    for (int side = 0; side < 2; side++) {
        const char *name = side == TALE_ALICE ? "alice" : "bob";
        if (is_apart)
            json_object_set_new(line, name, json_string(tale->why[side]));
        else
            json_object_set_new(line, name,
                                json_pack("{so ss}", "address", addr_json(&tale->path[side]),
                                          "type", tale->path_types[side]));
    }
    output_line(line);
}
