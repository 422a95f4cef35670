// Every test against real browsers, one after the other.
import "./peers_test.mjs";
import "./page_test.mjs";
import "./stats_test.mjs";
