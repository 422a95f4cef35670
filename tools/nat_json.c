/* tools/nat_json.c - what was found of a NAT, as JSON. */
#include "tools/discovery_names.h"
#include "tools/nat_words.h"

static json_t *addr_json(const struct auger_addr *addr)
{
    char text[AUGER_ADDR_TEXT_MAX];

    return addr->family ? json_string(auger_addr_format(addr, text, sizeof(text))) : json_null();
}

static json_t *ip_json(const struct auger_addr *addr)
{
    char text[AUGER_ADDR_TEXT_MAX];

    return addr->family ? json_string(auger_addr_format_ip(addr, text, sizeof(text))) : json_null();
}

static json_t *ms_json(auger_time time)
{
    return time == AUGER_NEVER ? json_null() : json_real((double)time / (double)AUGER_MS);
}

static json_t *servers_json(const struct auger_discovery_report *report)
{
    json_t *servers = json_array();

    for (size_t i = 0; i < report->servers_len; i++) {
        const struct auger_discovery_server *server = &report->servers[i];
        json_array_append_new(
            servers, json_pack("{so so so so si}", "address", addr_json(&server->addr), "mapped",
                               addr_json(&server->mapped), "other", addr_json(&server->other),
                               "rtt", ms_json(server->rtt), "error", (int)server->error_code));
    }
    return servers;
}

static json_t *rows_json(const struct auger_discovery_report *report)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < report->rows_len; i++)
        json_array_append_new(rows, json_pack("{so so so}", "public",
                                              addr_json(&report->rows[i].external), "inside",
                                              addr_json(&report->rows[i].inside), "outside",
                                              addr_json(&report->rows[i].outside)));
    return rows;
}

static json_t *outlook_json(const struct auger_discovery_report *report)
{
    json_t *outlook = json_object();

    for (int i = 0; i < AUGER_DISCOVERY_OTHERS; i++) {
        enum auger_discovery_other other = (enum auger_discovery_other)i;
        json_object_set_new(
            outlook, discovery_other_name(other),
            json_string(discovery_outlook_name(auger_discovery_outlook(report, other))));
    }
    return outlook;
}

static json_t *path_json(const struct nat_finding *finding)
{
    json_t *hops = json_array();

    if (!finding->has_path) {
        json_decref(hops);
        return json_null();
    }
    for (size_t i = 0; i < finding->path.len; i++) {
        const struct nat_hop *hop = &finding->path.hops[i];
        json_array_append_new(hops, json_pack("{so ss}", "address", ip_json(&hop->addr), "scope",
                                              hop->is_carriers   ? "carrier"
                                              : hop->is_private  ? "private"
                                              : hop->addr.family ? "public"
                                                                 : "unknown"));
    }
    return hops;
}

static json_t *portmap_json(const struct nat_finding *finding)
{
    static const char *const names[] = {"pcp", "nat-pmp", "upnp"};
    const struct nat_portmap *portmap = &finding->portmap;

    if (!finding->has_portmap)
        return json_null();
    json_t *json = json_pack("{so}", "gateway", ip_json(&portmap->gateway));
    for (int way = 0; way < NAT_PORTMAP_WAYS; way++) {
        const struct nat_portmap_answer *answer = &portmap->answers[way];
        json_object_set_new(json, names[way],
                            json_pack("{so ss}", "external", addr_json(&answer->external), "why",
                                      answer->why ? answer->why : ""));
    }
    return json;
}

json_t *nat_words_json(const struct nat_finding *finding)
{
    const struct auger_discovery_report *report = &finding->report;
    json_t *json = json_pack(
        "{ss si so so ss ss ss ss ss ss si ss ss si ss ss}", "ev", "report", "family",
        (int)finding->local.family, "local", ip_json(&finding->local), "servers",
        servers_json(report), "verdict", nat_verdict_in_words(report), "udp",
        discovery_answer_name(report->udp), "nat", discovery_answer_name(report->is_translated),
        "mapping", discovery_dependence_name(report->mapping), "filtering",
        discovery_dependence_name(report->filtering), "ports", discovery_ports_name(report->ports),
        "step", (int)report->step, "hairpin", discovery_hairpin_name(report->hairpin),
        "several_addresses", discovery_answer_name(report->several_addrs), "mtu", (int)report->mtu,
        "fragments", discovery_answer_name(report->fragments), "rewrites",
        discovery_answer_name(report->rewrites));

    if (!json)
        return NULL;
    json_object_set_new(json, "rfc5780", json_boolean(report->has_5780));
    json_object_set_new(json, "lifetime_alive", ms_json(report->lifetime_alive));
    json_object_set_new(json, "lifetime_dead", ms_json(report->lifetime_dead));
    json_object_set_new(json, "refreshed_by_outbound",
                        json_string(discovery_answer_name(report->outbound_refresh)));
    json_object_set_new(json, "refreshed_by_inbound",
                        json_string(discovery_answer_name(report->inbound_refresh)));
    json_object_set_new(json, "response_port",
                        json_string(discovery_answer_name(report->response_port)));
    json_object_set_new(json, "padding", json_string(discovery_answer_name(report->padding)));
    json_object_set_new(json, "path", path_json(finding));
    json_object_set_new(json, "portmap", portmap_json(finding));
    json_object_set_new(json, "table", rows_json(report));
    json_object_set_new(json, "outlook", outlook_json(report));
    json_object_set_new(json, "sent", json_integer((json_int_t)report->sent));
    return json;
}

json_t *nat_words_progress_json(int family, const struct auger_discovery_event *event)
{
    static const char *const stages[] = {"reaching", "probing", "ageing", "done"};

    switch (event->type) {
    case AUGER_DISCOVERY_EVENT_STAGE:
        return json_pack("{ss si ss}", "ev", "stage", "family", family, "stage",
                         stages[event->stage]);
    case AUGER_DISCOVERY_EVENT_ROUND:
        return json_pack("{ss si so}", "ev", "round", "family", family, "idle",
                         ms_json(event->idle));
    case AUGER_DISCOVERY_EVENT_TESTED:
        return json_pack("{ss si so sb}", "ev", "tested", "family", family, "idle",
                         ms_json(event->idle), "alive", event->is_alive);
    case AUGER_DISCOVERY_EVENT_KEEPING:
        return json_pack("{ss si so}", "ev", "keeping", "family", family, "idle",
                         ms_json(event->idle));
    }
    return NULL;
}
