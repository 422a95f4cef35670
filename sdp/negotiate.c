/* sdp/negotiate.c - what two descriptions mean together: answers (RFC 3264
 * section 6, 8843), DTLS roles (8842) and restarts (8839 section 4.4.1.1.1). */
#include "sdp/section.h"
#include "sdp/text.h"

const struct auger_sdp_section *auger_sdp_carrier(const struct auger_sdp *sdp,
                                                  enum auger_sdp_type type)
{
    if (sdp->data_section < 0)
        return NULL;

    const struct auger_sdp_section *own = &sdp->sections[sdp->data_section];
    if (auger_sdp_section_is_bundled(sdp, sdp->data_section) &&
        (type == AUGER_SDP_ANSWER || own->transport.ufrag.len == 0))
        return &sdp->sections[sdp->bundle[0]];
    return own;
}

/* --- DTLS roles ------------------------------------------------------------------- */

int auger_sdp_answer_setup(enum auger_sdp_setup offered, enum auger_sdp_setup preferred)
{
    switch (offered) {
    case AUGER_SETUP_ACTIVE:
        return AUGER_SETUP_PASSIVE;
    case AUGER_SETUP_PASSIVE:
        return AUGER_SETUP_ACTIVE;
    case AUGER_SETUP_ACTPASS:
        if (preferred == AUGER_SETUP_ACTIVE || preferred == AUGER_SETUP_PASSIVE)
            return preferred;
        return AUGER_ERR_INVALID;
    case AUGER_SETUP_HOLDCONN:
    case AUGER_SETUP_NONE:
        return AUGER_ERR_INVALID;
    }
    return AUGER_ERR_INVALID;
}

/* RFC 4145 section 4: what an answer may say to an offer. */
static bool setup_answers(enum auger_sdp_setup offered, enum auger_sdp_setup answered)
{
    return (answered == AUGER_SETUP_ACTIVE || answered == AUGER_SETUP_PASSIVE) &&
           auger_sdp_answer_setup(offered, answered) == (int)answered;
}

/* --- answers ------------------------------------------------------------------------ */

static int fail(struct auger_sdp_error *error, enum auger_err err, const char *what)
{
    if (error)
        *error = (struct auger_sdp_error){.what = what};
    return err;
}

/* A rejected section may have lost its mid on the way, an accepted one may not. */
static const char *section_mismatch(const struct auger_sdp_section *offered,
                                    const struct auger_sdp_section *answered)
{
    if (!auger_text_equal(offered->media, answered->media))
        return "m=: another media than offered in its place";
    if (!auger_text_equal(offered->protocol, answered->protocol))
        return "m=: another protocol than offered in its place";
    if (!auger_text_equal(offered->mid, answered->mid) &&
        (answered->mid.len || !auger_sdp_section_is_rejected(answered)))
        return "mid: not the one offered in its place";
    if (auger_sdp_section_is_rejected(offered) && !auger_sdp_section_is_rejected(answered))
        return "m=: accepts what was not offered";
    return NULL;
}

int auger_sdp_check_answer(const struct auger_sdp *offer, const struct auger_sdp *answer,
                           struct auger_sdp_error *error)
{
    if (answer->sections_len != offer->sections_len)
        return fail(error, AUGER_ERR_MALFORMED, "m=: not as many sections as offered");
    for (size_t i = 0; i < offer->sections_len; i++) {
        const char *what = section_mismatch(&offer->sections[i], &answer->sections[i]);
        if (what)
            return fail(error, AUGER_ERR_MALFORMED, what);
    }
    if (offer->data_section < 0)
        return 0;
    if (answer->data_section != offer->data_section)
        return fail(error, AUGER_ERR_UNSUPPORTED, "m=application: rejected");

    const struct auger_sdp_section *theirs = auger_sdp_carrier(answer, AUGER_SDP_ANSWER);
    const struct auger_sdp_section *ours = auger_sdp_carrier(offer, AUGER_SDP_OFFER);
    if (!setup_answers(ours->transport.setup, theirs->transport.setup))
        return fail(error, AUGER_ERR_MALFORMED, "setup: active or passive, to suit the offer");
    return 0;
}

/* --- restarts ------------------------------------------------------------------------ */

enum auger_sdp_restart auger_sdp_is_restart(const struct auger_sdp_transport *before,
                                            const struct auger_sdp_transport *after)
{
    bool new_ufrag = !auger_text_equal(before->ufrag, after->ufrag);
    bool new_password = !auger_text_equal(before->password, after->password);

    if (new_ufrag != new_password)
        return AUGER_RESTART_BROKEN;
    return new_ufrag ? AUGER_RESTART_YES : AUGER_RESTART_NO;
}
