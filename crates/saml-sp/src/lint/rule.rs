//! Codes of the linter.

saml_xml::reason_codes! {
    /// What is worth changing before the first login. Nothing here refuses a login.
    pub enum LintRule {
        /// Responses are posted to a plain http URL of another machine.
        PlainHttpAcs => { code: "lint.plain_http_acs", side: Us, cite: "SAML Bindings §3.5.5.2; SAML2Int SDP-SP01",
            hint: "Serve the assertion consumer service over https: whoever reads a Response on the way can use it." },
        /// The browser is sent to the identity provider over plain http.
        PlainHttpIdp => { code: "lint.plain_http_idp", side: Idp, cite: "SAML Bindings §3.4.5.1",
            hint: "Ask the identity provider for https endpoints." },
        /// Requests and used assertions are kept in this process alone.
        StoreNotShared => { code: "lint.store_not_shared", side: Us, cite: "SAML Profiles §4.1.4.5",
            hint: "With more than one process, keep requests and used assertions in a store that all of them share." },
        /// SHA-1 was let in.
        Sha1 => { code: "lint.sha1_accepted", side: Idp, cite: "SAML2Int SDP-ALG01",
            hint: "Have the identity provider sign with SHA-256, then take danger::accept_sha1 away." },
        /// RSA keys below 2,048 bits were let in.
        Rsa1024 => { code: "lint.rsa1024_accepted", side: Idp, cite: "SAML2Int SDP-MD07",
            hint: "Have the identity provider make a key of 2,048 bits, then take danger::accept_rsa1024 away." },
        /// A departure from the standard is forgiven.
        QuirkForgiven => { code: "lint.quirk_forgiven", side: Idp, cite: "design rule 10",
            hint: "Have the identity provider send what the standard asks for, then take the forgiveness away." },
        /// Logins that nobody asked for are accepted.
        Unsolicited => { code: "lint.unsolicited_allowed", side: Us, cite: "SAML Profiles §4.1.5; SAML2Int SDP-SP11",
            hint: "Let logins start here if you can: an unsolicited Response can be forced on somebody's browser." },
        /// Every certificate of the identity provider has expired.
        CertificateExpired => { code: "lint.certificate_expired", side: Idp, cite: "SAML2Int SDP-MD05",
            hint: "Logins go on, because the key is what is trusted; ask the identity provider whether it still is." },
        /// The last certificate of the identity provider expires within thirty days.
        CertificateExpires => { code: "lint.certificate_expires", side: Idp, cite: "SAML2Int SDP-MD05",
            hint: "Ask for the next certificate now, or use a metadata URL, which brings it by itself." },
        /// The metadata expire within seven days.
        MetadataExpires => { code: "lint.metadata_expires", side: Idp, cite: "SAML Metadata §2.3.2",
            hint: "Fetch the metadata again: logins are refused from validUntil on." },
        /// The identity provider takes requests by POST alone.
        PostOnly => { code: "lint.post_only", side: Idp, cite: "SAML2Int SDP-SP02",
            hint: "Starting a login shows a page that posts itself; turn HTTP-Redirect on at the identity provider if it can." },
        /// A fingerprint cannot verify logout messages over Redirect, and no certificate was learnt yet.
        FingerprintLogout => { code: "lint.fingerprint_logout", side: Us, cite: "SAML Bindings §3.4.4.1",
            hint: "Keep Login::pinned_certificate of the first login, or use metadata." },
        /// Another connection has the same issuer, and both share one ACS URL.
        SharedIssuer => { code: "lint.shared_issuer", side: Us, cite: "design rule 8",
            hint: "Give each of these connections an ACS URL of its own: an unsolicited Response cannot be told apart otherwise." },
        /// Something has to be signed, and there is no key.
        SigningKeyMissing => { code: "lint.signing_key_missing", side: Us, cite: "SAML Metadata §2.4.3; SAML Profiles §4.4.3.1",
            hint: "Give the service provider a signing key: requests or logout messages of this connection need it." },
        /// The identity provider has a logout service, and ours is not configured.
        LogoutUrlMissing => { code: "lint.logout_url_missing", side: Us, cite: "SAML Profiles §4.4",
            hint: "Set the service provider's logout URL, so that a logout there ends the session here." },
        /// Users are named by a NameID that changes with every session.
        TransientNameId => { code: "lint.transient_name_id", side: Idp, cite: "SAML Core §8.3.8; SAML2Int SDP-SP14",
            hint: "Have the identity provider send an identifier that stays, or identify users by an attribute." },
    }
}
