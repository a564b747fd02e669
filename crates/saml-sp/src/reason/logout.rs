//! Codes of single logout.

saml_xml::reason_codes! {
    /// Rules of LogoutRequest and LogoutResponse.
    pub enum LogoutRule {
        /// A parameter is missing, stands twice, or contradicts another one.
        Parameter => { code: "logout.parameter", side: Attacker, cite: "SAML Bindings §3.4.4; §3.5.4",
            hint: "A logout message is one SAMLRequest or one SAMLResponse, with one RelayState, SigAlg and Signature at most." },
        /// The message is not DEFLATE of the given size, or not in the encoding that the binding knows.
        Encoding => { code: "logout.encoding", side: Idp, cite: "SAML Bindings §3.4.4.1",
            hint: "Over Redirect a message is compressed with DEFLATE, without header, and encoded in base64." },
        /// The root is neither a LogoutRequest nor a LogoutResponse, or lacks what the schema asks for.
        Malformed => { code: "logout.malformed", side: Idp, cite: "saml-schema-protocol-2.0 (LogoutRequestType, StatusResponseType)",
            hint: "Send a LogoutRequest or LogoutResponse as the schema has it." },
        /// A request came where a response is expected, or the other way round.
        Kind => { code: "logout.kind", side: Us, cite: "SAML Profiles §4.4.3",
            hint: "Ask ReceivedLogout::kind which of the two it is, and validate it as that." },
        /// `Version` is not 2.0.
        Version => { code: "logout.version", side: Idp, cite: "SAML Core §3.2.1; §3.2.2",
            hint: "Only SAML 2.0 is spoken here." },
        /// The Issuer is missing or not this connection's identity provider.
        IssuerMismatch => { code: "logout.issuer_mismatch", side: Idp, cite: "SAML Profiles §4.4.4.1; §4.4.4.2",
            hint: "The message comes from another identity provider than the connection's." },
        /// `Destination` is missing or not our logout service.
        DestinationMismatch => { code: "logout.destination_mismatch", side: Idp, cite: "SAML Bindings §3.4.5.2; §3.5.5.2",
            hint: "Set the logout URL at the identity provider to exactly the one in our metadata." },
        /// `IssueInstant` is in the future, or more than five minutes ago beside the clock skew.
        IssueInstant => { code: "logout.issue_instant", side: Clock, cite: "SAML Core §3.2.1; SAML2Int SDP-G01",
            hint: "A clock is wrong, or an old message was sent again: set both clocks by NTP." },
        /// `NotOnOrAfter` has passed.
        Expired => { code: "logout.expired", side: Clock, cite: "SAML Core §3.7.1",
            hint: "The message took too long, or a clock is wrong." },
        /// The message is not signed.
        SignatureMissing => { code: "logout.signature_missing", side: Idp, cite: "SAML Profiles §4.4.3.1; §4.4.3.2",
            hint: "Let the identity provider sign logout messages: an unsigned one could be anybody's." },
        /// A message over Redirect holds an XML signature.
        EmbeddedSignature => { code: "logout.embedded_signature", side: Attacker, cite: "SAML Bindings §3.4.4.1",
            hint: "Over Redirect the signature is in the query; one in the message is to be removed." },
        /// The connection knows a fingerprint only, and no certificate was learnt yet to verify a query's signature with.
        NoCertificate => { code: "logout.no_certificate", side: Us, cite: "SAML Bindings §3.4.4.1",
            hint: "Keep Login::pinned_certificate of a login and give it to the connection, or use metadata, or have logout sent over POST." },
        /// The certificate that was kept is not the one of the connection's fingerprint.
        OtherCertificate => { code: "logout.other_certificate", side: Us, cite: "SAML Bindings §3.4.4.1",
            hint: "The fingerprint was changed since the certificate was learnt: log in once more." },
        /// The NameID is missing or cannot be read.
        NameId => { code: "logout.name_id", side: Idp, cite: "SAML Core §3.7.1",
            hint: "A LogoutRequest names the user by exactly the NameID of the login." },
        /// The NameID is encrypted.
        EncryptedId => { code: "logout.encrypted_id", side: Idp, cite: "SAML Core §3.7.1",
            hint: "Turn encryption of the NameID in logout requests off at the identity provider." },
        /// The same LogoutRequest came before.
        Replayed => { code: "logout.replayed", side: Attacker, cite: "SAML Core §3.7.3; SAML Profiles §4.4.4.1",
            hint: "The message was used before; it is refused the second time." },
        /// The response answers another request, or none.
        InResponseToMismatch => { code: "logout.in_response_to_mismatch", side: Attacker, cite: "SAML Core §3.2.2",
            hint: "The response does not belong to the logout that was started here." },
        /// The logout was started at another connection.
        OtherConnection => { code: "logout.other_connection", side: Us, cite: "design rule 8",
            hint: "Validate the response against the connection of the pending logout." },
        /// The answer came after the pending logout had expired.
        TooLate => { code: "logout.too_late", side: User, cite: "design rule 6",
            hint: "The session here is over anyway; nothing else is to be done." },
    }
}
