//! Codes of the request, the stores and the configuration.

saml_xml::reason_codes! {
    /// Rules that bind a Response to the request it answers.
    pub enum RequestRule {
        /// The request was made for another connection.
        OtherConnection => { code: "request.other_connection", side: Attacker, cite: "SAML Profiles §4.1.4.3; design rule 8",
            hint: "The login was started for another connection; start it again." },
        /// The request has expired.
        Expired => { code: "request.expired", side: User, cite: "SAML Profiles §4.1.4.3; design rule 5",
            hint: "The login took too long; start it again." },
        /// The request is not known: never made, or long forgotten.
        Unknown => { code: "request.unknown", side: User, cite: "SAML Profiles §4.1.4.3",
            hint: "Start the login again; if it repeats, check that all nodes share one request store." },
        /// The request was answered before.
        AlreadyUsed => { code: "request.already_used", side: User, cite: "SAML Profiles §4.1.4.5",
            hint: "The page was sent twice; start the login again." },
        /// The request was made in another browser.
        OtherBrowser => { code: "request.other_browser", side: Attacker, cite: "SAML Profiles §4.1.4.3; design rule 5",
            hint: "Start the login again in this browser; if it repeats, check the SameSite and Secure marks of the cookie." },
        /// What the browser kept was not sealed here, or was changed.
        Sealed => { code: "request.sealed", side: Attacker, cite: "SAML Profiles §4.1.4.3; design rule 5",
            hint: "Start the login again; if it repeats, check that all nodes share the sealing keys." },
        /// A Response without a request, on a connection that does not allow it.
        UnsolicitedNotAllowed => { code: "request.unsolicited_not_allowed", side: Us, cite: "SAML Profiles §4.1.5",
            hint: "Start the login at this service provider, or allow IdP-initiated logins on the connection." },
        /// A Response without a request that says it answers one.
        UnsolicitedInResponseTo => { code: "request.unsolicited_in_response_to", side: Attacker, cite: "SAML Profiles §4.1.5",
            hint: "The Response answers a request that this browser did not make; start the login again." },
    }
}

saml_xml::reason_codes! {
    /// Failures of the stores.
    pub enum StoreRule {
        /// The store could not answer, so the login is refused.
        Failed => { code: "store.failed", side: Us, cite: "SAML Profiles §4.1.4.5; design rule 5",
            hint: "The database did not answer; look at its log." },
    }
}

saml_xml::reason_codes! {
    /// Rules of [`Policy::Federation`](crate::Policy::Federation).
    pub enum PolicyRule {
        /// The connection has been loosened by a function of `danger`.
        Loosened => { code: "policy.loosened", side: Us, cite: "SAML2Int SDP-ALG01, SDP-MD06",
            hint: "Take the loosening back, or use the policy enterprise for this connection." },
        /// A setting of the connection is not what the policy asks for.
        Setting => { code: "policy.setting", side: Us, cite: "SAML2Int SDP-SP02, SDP-SP13, SDP-SP14",
            hint: "Require a signed Response, send requests by Redirect, and name users by an attribute." },
        /// An entity ID is no absolute URI, or longer than 256 characters.
        EntityId => { code: "policy.entity_id", side: Us, cite: "SAML2Int SDP-G04",
            hint: "Use absolute URIs of at most 256 characters as entity IDs, ours and theirs." },
        /// A format of NameIDs is asked for.
        NameIdFormat => { code: "policy.name_id_format", side: Us, cite: "SAML2Int SDP-SP04",
            hint: "Leave the NameIDPolicy out; name users by subject-id or pairwise-id." },
        /// The identity provider's metadata does not say until when it is valid.
        ValidUntilMissing => { code: "policy.valid_until_missing", side: Idp, cite: "SAML2Int SDP-MD03",
            hint: "Use the federation's signed metadata, which has a validUntil." },
        /// The identity provider's metadata is valid for longer than 28 days.
        ValidUntilFar => { code: "policy.valid_until_far", side: Idp, cite: "SAML2Int SDP-MD03; FedInterop IIP-MD",
            hint: "Ask for metadata with a validUntil at most 28 days ahead." },
    }
}

saml_xml::reason_codes! {
    /// Rules of our own configuration.
    pub enum ConnectionRule {
        /// The SP entity ID is empty or longer than 1,024 characters.
        SpEntityId => { code: "connection.sp_entity_id", side: Us, cite: "SAML Core §8.3.6",
            hint: "Choose an SP entity ID of at most 1,024 characters, usually the URL of the metadata." },
        /// The ACS or SLO URL is not absolute, not http(s), or has a fragment.
        SpUrl => { code: "connection.sp_url", side: Us, cite: "SAML Bindings §3.5.5; SAML2Int SDP-SP09",
            hint: "Configure an absolute https URL." },
        /// The connection's ID is empty, too long, or has characters outside `A-Z a-z 0-9 . _ -`.
        Id => { code: "connection.id", side: Us, cite: "design rule 8",
            hint: "Choose an ID of at most 64 letters, digits, dots, dashes and underscores." },
        /// The clock skew is negative or above five minutes.
        ClockSkew => { code: "connection.clock_skew", side: Us, cite: "SAML2Int SDP-G01",
            hint: "Allow at most five minutes; set the clocks by NTP instead." },
        /// The identity provider offers no endpoint for the binding.
        NoEndpoint => { code: "connection.no_endpoint", side: Idp, cite: "SAML Profiles §4.1.6",
            hint: "Let the binding be chosen automatically, or export metadata with a SingleSignOnService." },
        /// Requests are to be signed, and there is no key.
        SigningKeyMissing => { code: "connection.signing_key_missing", side: Us, cite: "SAML Metadata §2.4.4 (WantAuthnRequestsSigned)",
            hint: "Give the service provider a signing key, or turn signed requests off at the identity provider." },
        /// The request could not be signed.
        SigningFailed => { code: "connection.signing_failed", side: Us, cite: "SAML Bindings §3.4.4.1",
            hint: "Check the service provider's signing key." },
        /// The source of randomness failed.
        Random => { code: "connection.random", side: Us, cite: "SAML Core §1.3.4",
            hint: "The operating system gave no random bytes." },
        /// There is no preset of that id.
        PresetUnknown => { code: "connection.preset_unknown", side: Us, cite: "design rule 10",
            hint: "Use the id of a preset: jumpcloud, okta, entra, google, onelogin, adfs, ping, keycloak, auth0, shibboleth." },
        /// A sealing key is not 32 octets.
        SealingKey => { code: "connection.sealing_key", side: Us, cite: "design rule 12",
            hint: "Make the sealing key of 32 octets of a random source." },
        /// A sealed login would not fit into a cookie.
        SealedTooLarge => { code: "connection.sealed_too_large", side: Us, cite: "RFC 6265 §6.1",
            hint: "Keep less in return_to, or use a request store." },
        /// The identity provider's metadata is no longer valid.
        MetadataExpired => { code: "connection.metadata_expired", side: Idp, cite: "SAML Metadata §2.3.2 (validUntil); FedInterop IIP-MD04",
            hint: "Fetch the identity provider's metadata again." },
        /// Nothing says which connection the message belongs to.
        Unresolved => { code: "connection.unresolved", side: Us, cite: "SAML Profiles §4.1.4.3; design rule 8",
            hint: "Start the login here, give the connection its own ACS URL, or check the identity provider's entity ID." },
        /// Several connections have an identity provider of this entity ID, so the issuer names none.
        IssuerAmbiguous => { code: "connection.issuer_ambiguous", side: Us, cite: "SAML Core §8.3.6; design rule 8",
            hint: "Give each connection its own ACS URL or Default RelayState, or start logins here." },
    }
}
