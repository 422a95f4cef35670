/* fuzz: reaches auger_sdp_parse auger_sdp_parse_attribute auger_sdp_carrier */
/* fuzz: reaches auger_sdp_write_answer auger_sdp_check_answer auger_sdp_is_restart */
/* fuzz: reaches auger_sdp_is_mismatch read_remote_candidates */
/* Any text is parsed; what parses as an offer is answered, and the answer must
 * parse and answer it. */
#include <auger/sdp.h>

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void answer(const struct auger_sdp *offer)
{
    static char text[2 * AUGER_SDP_MAX];
    static struct auger_sdp parsed;
    const struct auger_sdp_section *carrier = auger_sdp_carrier(offer, AUGER_SDP_OFFER);
    struct auger_sdp_local local = {
        .session_version = 1,
        .ufrag = "ufra",
        .password = "passwordpasswordpassword",
        .fingerprint = "sha-256 AA:BB",
        .sctp_port = 5000,
        .max_message_size = 262144,
    };

    if (!carrier)
        return;
    int setup = auger_sdp_answer_setup(carrier->transport.setup, AUGER_SETUP_ACTIVE);
    if (setup < 0)
        return;
    local.setup = (enum auger_sdp_setup)setup;
    int len = auger_sdp_write_answer(&local, offer, text, sizeof(text));
    if (len < 0) /* longer than a description may be */
        return;
    require(auger_sdp_parse(&parsed, text, (size_t)len, NULL) == 0);
    require(auger_sdp_check_answer(offer, &parsed, NULL) == 0);
    require(auger_sdp_is_restart(&carrier->transport, &carrier->transport) == AUGER_RESTART_NO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct auger_sdp sdp;
    struct auger_sdp_error error = {UINT32_MAX, NULL};

    if (auger_sdp_parse(&sdp, (const char *)data, size, &error) < 0) {
        require(error.what && error.line <= size);
        return 0;
    }
    require(sdp.sections_len <= AUGER_SDP_SECTIONS_MAX && sdp.bundle_len <= sdp.sections_len);
    (void)!auger_sdp_check_answer(&sdp, &sdp, &error);
    for (size_t i = 0; i < sdp.sections_len; i++)
        (void)!auger_sdp_is_mismatch(&sdp, &sdp.sections[i]);
    answer(&sdp);
    return 0;
}
