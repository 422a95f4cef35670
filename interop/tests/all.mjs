// Every test against real browsers that needs the namespaces, one after the other. Not ipv6_test.mjs:
// it leaves no IPv4 in them, and has them for itself.
import "./peers_test.mjs";
import "./mux_test.mjs";
import "./restart_test.mjs";
import "./trickle_test.mjs";
import "./lite_test.mjs";
import "./relay_test.mjs";
import "./tcp_test.mjs";
import "./stats_test.mjs";
import "./tools_test.mjs";
import "./mdns_test.mjs";
import "./page_test.mjs";
import "./picture_test.mjs";
import "./strangers_test.mjs";
import "./network_change_test.mjs";
import "./standby_test.mjs";
