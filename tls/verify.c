/* tls/verify.c - why the certificate of a server is not believed, in words. */
#include "tls/verify.h"

#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

#define NAME_TEXT_MAX 64
#define NAMES_TOLD_MAX 2

/* --- whom it is for ------------------------------------------------------------------------ */

/* What a stranger's certificate says is printed as far as it looks like a name. */
static void copy_name(char *out, const unsigned char *name, size_t len)
{
    if (len >= NAME_TEXT_MAX)
        len = NAME_TEXT_MAX - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(name[i] > 0x20 && name[i] < 0x7F ? name[i] : '?');
    out[len] = '\0';
}

static bool read_ip(char *out, const unsigned char *ip, size_t len)
{
    struct auger_addr addr = {.family = len == 4 ? AUGER_IPV4 : AUGER_IPV6};

    if (len != 4 && len != 16)
        return false;
    memcpy(addr.ip, ip, len);
    auger_addr_format_ip(&addr, out, NAME_TEXT_MAX);
    return true;
}

static bool read_name(char *out, const GENERAL_NAME *general)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(general, &type);
    const unsigned char *data =
        type == GEN_DNS || type == GEN_IPADD ? ASN1_STRING_get0_data(value) : NULL;

    if (!data)
        return false;
    size_t len = (size_t)ASN1_STRING_length(value);
    if (type == GEN_IPADD)
        return read_ip(out, data, len);
    copy_name(out, data, len);
    return true;
}

/* "a.example, b.example and 3 others". */
static void write_names(const X509 *x509, char *out, size_t cap)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    char name[NAME_TEXT_MAX];
    int told = 0, others = 0;
    size_t at = 0;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        if (!read_name(name, sk_GENERAL_NAME_value(names, i)))
            continue;
        if (told == NAMES_TOLD_MAX)
            others++;
        else
            at += (size_t)snprintf(out + at, cap - at, "%s%s", told++ ? ", " : "", name);
    }
    if (others > 0)
        snprintf(out + at, cap - at, " and %d other%s", others, others > 1 ? "s" : "");
    if (told == 0)
        snprintf(out, cap, "no host");
    GENERAL_NAMES_free(names);
}

static enum auger_tls_failure explain_name(const X509 *x509, const char *name, char *why,
                                           size_t cap)
{
    char names[(NAMES_TOLD_MAX + 1) * NAME_TEXT_MAX] = "somebody else";

    if (x509)
        write_names(x509, names, sizeof(names));
    snprintf(why, cap, "the certificate is for %s, not %s", names, name);
    return AUGER_TLS_WRONG_NAME;
}

/* --- who says so --------------------------------------------------------------------------- */

static enum auger_tls_failure explain_issuer(X509 *x509, char *why, size_t cap)
{
    unsigned char *text = NULL;
    char issuer[NAME_TEXT_MAX] = "somebody without a name";
    X509_NAME *subject = x509 ? X509_get_issuer_name(x509) : NULL;
    int at = subject ? X509_NAME_get_index_by_NID(subject, NID_commonName, -1) : -1;
    int len = at < 0 ? -1
                     : ASN1_STRING_to_UTF8(
                           &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));

    if (len > 0)
        copy_name(issuer, text, (size_t)len);
    OPENSSL_free(text);
    snprintf(why, cap, "the certificate was issued by %s, who is not trusted", issuer);
    return AUGER_TLS_UNTRUSTED;
}

static enum auger_tls_failure say(enum auger_tls_failure failure, int depth, const char *what,
                                  char *why, size_t cap)
{
    snprintf(why, cap, "%s %s", depth == 0 ? "the certificate" : "a certificate of its issuers",
             what);
    return failure;
}

enum auger_tls_failure auger_tls_verify_explain(X509_STORE_CTX *store, const char *name, char *why,
                                                size_t cap)
{
    X509 *x509 = X509_STORE_CTX_get_current_cert(store);
    int error = X509_STORE_CTX_get_error(store), depth = X509_STORE_CTX_get_error_depth(store);

    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return explain_name(x509, name, why, cap);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return say(AUGER_TLS_EXPIRED, depth, "has expired", why, cap);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return say(AUGER_TLS_NOT_YET_VALID, depth, "is not valid yet", why, cap);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return say(AUGER_TLS_UNTRUSTED, depth, "is signed by itself, and not trusted", why, cap);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return explain_issuer(x509, why, cap);
    default:
        snprintf(why, cap, "the certificate is of no use: %s",
                 X509_verify_cert_error_string(error));
        return AUGER_TLS_BAD_CERTIFICATE;
    }
}
