/* tests/worlds/sides.c - what the features of one side come to, where others have a say. */
#include "tests/worlds/sides.h"

#include <auger/ice.h>

int64_t side_value(const struct plan *plan, enum feature feature, int side)
{
    return plan->value[feature + (enum feature)side];
}

/* Where the configuration knows what the NAT does. */
enum mapped side_mapped(const struct plan *plan, int side)
{
    bool has_more = side_value(plan, MORE_INTERFACES, side) || plan->value[MOVES] == side + 1 ||
                    plan->value[VPN] == side + 1;
    bool is_shared = plan->value[TOGETHER] == 2;

    if (side_value(plan, GATES, side) != ONE_NAT || has_more || is_shared ||
        side_value(plan, LITE, side))
        return NOT_MAPPED;
    enum mapped kind = (enum mapped)side_value(plan, MAPPED, side);
    return kind == MAPPED_INSTEAD && side_value(plan, IPV6, side) ? MAPPED_BESIDE : kind;
}

bool side_is_forwarded(const struct plan *plan, int side)
{
    return side_mapped(plan, side) == MAPPED_BESIDE || side_mapped(plan, side) == MAPPED_INSTEAD;
}

bool side_has_ipv6(const struct plan *plan, int side)
{
    return side_value(plan, IPV6, side);
}

bool side_has_ipv4(const struct plan *plan, int side)
{
    return !side_has_ipv6(plan, side) || !side_value(plan, NO_IPV4, side);
}

bool side_has_nat64(const struct plan *plan, int side)
{
    int64_t gates = side_value(plan, GATES, plan->value[TOGETHER] == 2 ? 0 : side);

    return side_value(plan, NAT64, side) && !side_has_ipv4(plan, side) &&
           !side_is_forwarded(plan, side) && (gates == ONE_NAT || gates == NESTED_NATS);
}

/* Two of them do not check, so that what is told must be true, and the role of each. */
static bool may_both_be_lite(const struct plan *plan)
{
    return !plan->value[SAME_ROLE] && !plan->value[HOSTILE_SIGNAL_PERMILLE] &&
           !plan->value[SIGNAL_DROP_PERMILLE];
}

/* A lite agent is for a host that everybody reaches. */
bool side_is_lite(const struct plan *plan, int side)
{
    bool is_reached = side_value(plan, GATES, side) == NO_GATE && !plan->value[TOGETHER];

    return side_value(plan, LITE, side) && is_reached && !side_value(plan, GIVES, side) &&
           !plan->value[HOSTILE_PEER] &&
           (!side || !side_is_lite(plan, 0) || may_both_be_lite(plan));
}

bool side_has_more(const struct plan *plan, int side)
{
    return side_value(plan, MORE_INTERFACES, side) &&
           side_value(plan, PRIVACY, side) < DEFAULT_ROUTE;
}

/* Two of its networks give it one address, by which streams of either leave.  The first home of all
 * has that prefix without being asked. */
static bool may_be_twice(const struct plan *plan, int side)
{
    return (plan->value[SAME_PREFIX] || plan->value[SAME_PREFIX_B]) &&
           (side_value(plan, MORE_INTERFACES, side) == 1 || plan->value[MOVES] == side + 1);
}

unsigned side_tcp(const struct plan *plan, int side)
{
    unsigned bits = may_be_twice(plan, side) ? 0 : (unsigned)side_value(plan, TCP, side);

    return side_is_lite(plan, side) ? bits & AUGER_ICE_TCP_PASSIVE : bits;
}

bool side_has_names(const struct plan *plan, int side)
{
    return side_value(plan, NAMES, side) && !side_value(plan, GIVES, side) &&
           !side_is_lite(plan, side) && !plan->value[HOSTILE_PEER];
}

bool side_keeps_to_default_route(const struct plan *plan, int side)
{
    return side_value(plan, MORE_INTERFACES, side) && !side_has_more(plan, side);
}

bool side_hides(const struct plan *plan, int side)
{
    int64_t privacy = side_value(plan, PRIVACY, side);

    return (privacy == NO_HOST_CANDIDATES || privacy == DEFAULT_ROUTE_NO_HOST) &&
           !side_is_lite(plan, side);
}

bool side_shows_no_address(const struct plan *plan, int side)
{
    return side_value(plan, TURN, side) && side_value(plan, RELAY_ONLY, side) &&
           !side_is_lite(plan, side);
}

bool side_has_streams(const struct plan *plan, int side)
{
    return side_value(plan, TURN, side) && side_value(plan, TURN_STREAMS, side) &&
           !plan->value[TURN_FORGETS];
}

enum gates side_gates(const struct plan *plan, int side)
{
    return (enum gates)side_value(plan, GATES, plan->value[TOGETHER] == 2 ? 0 : side);
}
