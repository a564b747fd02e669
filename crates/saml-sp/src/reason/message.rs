//! Codes of the form, the Response and the Assertion.

saml_xml::reason_codes! {
    /// Why the form that was posted to the assertion consumer service cannot be read.
    pub enum DecodeRule {
        /// The body or a value in it is larger than the limit.
        TooLarge => { code: "decode.too_large", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "Send fewer attribute values; a genuine Response is far below the limit." },
        /// The body is not `application/x-www-form-urlencoded` text in UTF-8.
        Form => { code: "decode.form", side: Network, cite: "SAML Bindings §3.5.4; WHATWG URL §5.1",
            hint: "Post an HTML form with the default encoding, and hand its body over unchanged." },
        /// More parameters than any SAML form has.
        TooManyParameters => { code: "decode.too_many_parameters", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "A SAML form has two parameters; treat the request as hostile." },
        /// There is no `SAMLResponse`.
        ResponseMissing => { code: "decode.response_missing", side: Network, cite: "SAML Bindings §3.5.4",
            hint: "Post the message in the parameter SAMLResponse; look for a proxy that drops the body." },
        /// There is a `SAMLRequest`, alone or beside the `SAMLResponse`.
        RequestPresent => { code: "decode.request_present", side: Attacker, cite: "SAML Bindings §3.5.4",
            hint: "Only Responses are posted to the assertion consumer service." },
        /// A SAML parameter stands more than once.
        DuplicateParameter => { code: "decode.duplicate_parameter", side: Attacker, cite: "SAML Bindings §3.5.4",
            hint: "Each parameter stands once; treat the request as hostile." },
        /// A parameter's name is like a SAML parameter's but not the same.
        ParameterName => { code: "decode.parameter_name", side: Idp, cite: "SAML Bindings §3.5.4",
            hint: "Names are case-sensitive and have no brackets: SAMLResponse and RelayState." },
    }
}

saml_xml::reason_codes! {
    /// Rules of the samlp:Response element and of the whole message.
    pub enum ResponseRule {
        /// The root element is not samlp:Response.
        Root => { code: "response.root", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Post a SAML 2.0 Response to the assertion consumer service, no other message." },
        /// A child, or text, that the schema does not allow here.
        UnexpectedChild => { code: "response.unexpected_child", side: Attacker, cite: "saml-schema-protocol-2.0 (ResponseType)",
            hint: "The schema has no place for this element; treat the message as hostile." },
        /// A child stands before or twice where the schema wants it after or once.
        ChildOrder => { code: "response.child_order", side: Attacker, cite: "saml-schema-protocol-2.0 (ResponseType)",
            hint: "Write Issuer, Signature, Extensions, Status, Assertion in this order, each once." },
        /// A SAML attribute's name stands in a foreign namespace.
        ForeignAttribute => { code: "response.foreign_attribute", side: Attacker, cite: "SAML Core §1.3.4; SAML schemas (attributeFormDefault unqualified)",
            hint: "SAML attributes have no prefix; treat the message as hostile." },
        /// The assertion is encrypted, and no key to decrypt it with is configured.
        EncryptedAssertion => { code: "response.encrypted_assertion", side: Idp, cite: "SAML Core §2.3.4",
            hint: "Configure the decryption key (feature `decrypt`), or turn assertion encryption off at the identity provider." },
        /// More than one assertion.
        AssertionMultiple => { code: "response.assertion_multiple", side: Attacker, cite: "SAML Profiles §4.1.4.2; design rule 3",
            hint: "One login has one assertion; treat the message as hostile." },
        /// An assertion stands where none may stand.
        AssertionMisplaced => { code: "response.assertion_misplaced", side: Attacker, cite: "SAML Core §3.3.3; design rule 3",
            hint: "An assertion is a child of the Response; treat the message as hostile." },
        /// An XML signature stands where none may stand, or a part of one stands alone.
        SignatureMisplaced => { code: "response.signature_misplaced", side: Attacker, cite: "SAML Core §5.4.1; saml-schema-protocol-2.0",
            hint: "A signature is a child of the Response or of its Assertion; treat the message as hostile." },
        /// A successful Response without an assertion.
        AssertionMissing => { code: "response.assertion_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "The identity provider said Success but sent no assertion; look at its log." },
        /// The Response is not signed and the connection requires it.
        Unsigned => { code: "response.unsigned", side: Idp, cite: "SAML Profiles §4.1.4.5; FedInterop IIP-SP13",
            hint: "Turn on signing of the Response at the identity provider, or relax the connection's signed part." },
        /// `Version` is not `2.0`.
        Version => { code: "response.version", side: Idp, cite: "SAML Core §3.2.2",
            hint: "Send SAML 2.0." },
        /// `ID` is missing.
        IdMissing => { code: "response.id_missing", side: Idp, cite: "SAML Core §3.2.2",
            hint: "Send an ID." },
        /// `IssueInstant` is missing.
        IssueInstantMissing => { code: "response.issue_instant_missing", side: Idp, cite: "SAML Core §3.2.2",
            hint: "Send IssueInstant." },
        /// `IssueInstant` is in the future.
        IssueInstantFuture => { code: "response.issue_instant_future", side: Clock, cite: "SAML Core §3.2.2; SAML2Int SDP-G01",
            hint: "Set both clocks by NTP." },
        /// Issuer is not plain text, or has a Format other than entity.
        IssuerMalformed => { code: "response.issuer_malformed", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Issuer holds the entity ID as text; its Format is absent or entity." },
        /// Issuer is missing though the Response is signed.
        IssuerMissing => { code: "response.issuer_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "A signed Response names its Issuer." },
        /// Issuer is not the connection's identity provider.
        IssuerMismatch => { code: "response.issuer_mismatch", side: Idp, cite: "SAML Profiles §4.1.4.2; §4.1.4.3",
            hint: "Make the IdP entity ID of the connection and the issuer at the identity provider the same text." },
        /// `Destination` is missing though the Response is signed.
        DestinationMissing => { code: "response.destination_missing", side: Idp, cite: "SAML Bindings §3.5.5.2",
            hint: "A signed Response names the ACS URL as its Destination." },
        /// `Destination` is not our assertion consumer service.
        DestinationMismatch => { code: "response.destination_mismatch", side: Idp, cite: "SAML Core §3.2.2; SAML Bindings §3.5.5.2",
            hint: "Set the ACS URL at the identity provider to exactly the expected one, and check the configured base URL behind a proxy." },
        /// `InResponseTo` of the Response is not the request's ID.
        InResponseToMismatch => { code: "response.in_response_to_mismatch", side: Attacker, cite: "SAML Core §3.2.2; SAML Profiles §4.1.4.3",
            hint: "The Response answers another login; start the login again." },
    }
}

saml_xml::reason_codes! {
    /// Rules of samlp:Status.
    pub enum StatusRule {
        /// There is no Status.
        Missing => { code: "status.missing", side: Idp, cite: "SAML Core §3.2.2",
            hint: "Send a Status." },
        /// Status does not have the shape of the schema, or StatusCode has no Value.
        Malformed => { code: "status.malformed", side: Idp, cite: "SAML Core §3.2.2.1; §3.2.2.2",
            hint: "Status holds one StatusCode with a Value, then StatusMessage and StatusDetail." },
        /// The top-level code is not Success: the identity provider refused.
        NotSuccess => { code: "status.not_success", side: Idp, cite: "SAML Core §3.2.2.2; SAML2Int SDP-SP11",
            hint: "The identity provider refused the login; its codes and message say why." },
    }
}

saml_xml::reason_codes! {
    /// Rules of saml:Assertion itself.
    pub enum AssertionRule {
        /// A child, or text, that the schema does not allow here.
        UnexpectedChild => { code: "assertion.unexpected_child", side: Attacker, cite: "saml-schema-assertion-2.0 (AssertionType)",
            hint: "The schema has no place for this element; treat the message as hostile." },
        /// A child stands before or twice where the schema wants it after or once.
        ChildOrder => { code: "assertion.child_order", side: Attacker, cite: "saml-schema-assertion-2.0 (AssertionType)",
            hint: "Write Issuer, Signature, Subject, Conditions, Advice, statements in this order." },
        /// The Assertion is not signed and the connection requires it.
        Unsigned => { code: "assertion.unsigned", side: Idp, cite: "SAML Profiles §4.1.4.5",
            hint: "Turn on signing of the assertion at the identity provider, or relax the connection's signed part." },
        /// `Version` is not `2.0`.
        Version => { code: "assertion.version", side: Idp, cite: "SAML Core §2.3.3",
            hint: "Send a SAML 2.0 assertion." },
        /// `ID` is missing.
        IdMissing => { code: "assertion.id_missing", side: Idp, cite: "SAML Core §2.3.3",
            hint: "Send an ID." },
        /// `IssueInstant` is missing.
        IssueInstantMissing => { code: "assertion.issue_instant_missing", side: Idp, cite: "SAML Core §2.3.3",
            hint: "Send IssueInstant." },
        /// `IssueInstant` is in the future.
        IssueInstantFuture => { code: "assertion.issue_instant_future", side: Clock, cite: "SAML Core §2.3.3; SAML2Int SDP-G01",
            hint: "Set both clocks by NTP." },
        /// Issued longer ago than any login takes, whatever its own conditions allow.
        TooOld => { code: "assertion.too_old", side: Attacker, cite: "SAML Profiles §4.1.4.5 (one-time use); design rule 9 (budgets)",
            hint: "An assertion is used within a day of its IssueInstant; start the login again." },
        /// There is no Issuer.
        IssuerMissing => { code: "assertion.issuer_missing", side: Idp, cite: "SAML Core §2.3.3",
            hint: "An assertion names its Issuer." },
        /// Issuer is not plain text, or has a Format other than entity.
        IssuerMalformed => { code: "assertion.issuer_malformed", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Issuer holds the entity ID as text; its Format is absent or entity." },
        /// Issuer is not the connection's identity provider.
        IssuerMismatch => { code: "assertion.issuer_mismatch", side: Idp, cite: "SAML Profiles §4.1.4.2; §4.1.4.3",
            hint: "Make the IdP entity ID of the connection and the issuer at the identity provider the same text." },
        /// This assertion was used before.
        Replayed => { code: "assertion.replayed", side: Attacker, cite: "SAML Profiles §4.1.4.5",
            hint: "The same message came twice: a reload of the page, or an attack. Start the login again." },
    }
}
