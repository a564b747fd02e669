//! Codes of the step from a login to an account.

saml_xml::reason_codes! {
    /// Rules of linking a login to an account.
    pub enum AccountRule {
        /// The NameID is transient, so it can name no account.
        TransientId => { code: "account.transient_id", side: Idp, cite: "SAML Core §8.3.8; SAML2Int SDP-SP14",
            hint: "Set the NameID at the identity provider to an identifier that stays: e-mail address, persistent, or a user attribute." },
        /// The login has no identifier.
        IdentifierMissing => { code: "account.identifier_missing", side: Idp, cite: "SAML2Int SDP-SP13, SDP-SP14",
            hint: "Let the identity provider send a NameID, or the attribute that the connection identifies users by." },
        /// A configured e-mail domain is not a domain name.
        DomainMalformed => { code: "account.domain_malformed", side: Us, cite: "RFC 5321 §4.1.2",
            hint: "Write the domain alone, such as acme.example: no at sign, no wildcard, no address." },
        /// What should be an e-mail address is none.
        EmailMalformed => { code: "account.email_malformed", side: Idp, cite: "RFC 5321 §4.1.2",
            hint: "Map the user's e-mail address at the identity provider." },
        /// The e-mail address belongs to a domain that the connection's customer has not proved to own.
        EmailDomain => { code: "account.email_domain", side: Attacker, cite: "design rule 8",
            hint: "If the domain is this customer's, verify it for the connection; if not, their identity provider names people it has no say over." },
        /// The login belongs to another connection than the verified domains.
        OtherConnection => { code: "account.other_connection", side: Us, cite: "design rule 8",
            hint: "Look the verified domains up by the login's own connection." },
    }
}
