//! Codes of what stands inside the Assertion.

saml_xml::reason_codes! {
    /// Rules of saml:Subject: NameID and SubjectConfirmation.
    pub enum SubjectRule {
        /// There is no Subject.
        Missing => { code: "subject.missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Map a user attribute to the SAML subject (NameID) at the identity provider." },
        /// A child, or text, that the schema does not allow here, or out of order.
        UnexpectedChild => { code: "subject.unexpected_child", side: Attacker, cite: "saml-schema-assertion-2.0 (SubjectType)",
            hint: "The schema has no place for this element; treat the message as hostile." },
        /// There is no NameID.
        NameIdMissing => { code: "subject.name_id_missing", side: Idp, cite: "SAML Core §2.4.1",
            hint: "Map a user attribute to the SAML subject (NameID) at the identity provider." },
        /// More than one identifier.
        NameIdMultiple => { code: "subject.name_id_multiple", side: Attacker, cite: "SAML Core §2.4.1",
            hint: "A Subject has one identifier; treat the message as hostile." },
        /// NameID has element children.
        NameIdMalformed => { code: "subject.name_id_malformed", side: Attacker, cite: "SAML Core §2.2.3 (NameIDType is a string)",
            hint: "NameID is plain text; treat the message as hostile." },
        /// NameID is empty or white space.
        NameIdEmpty => { code: "subject.name_id_empty", side: Idp, cite: "SAML Core §1.3.1; §2.2.3",
            hint: "The user has no value in the attribute that is mapped to the NameID." },
        /// NameID is longer than the limit.
        NameIdTooLong => { code: "subject.name_id_too_long", side: Idp, cite: "SAML Core §8.3.7; SAML2Int SDP-G02",
            hint: "Map an attribute of at most 1,024 bytes to the NameID." },
        /// The identifier is a BaseID, an extension point nobody defines.
        BaseId => { code: "subject.base_id", side: Idp, cite: "SAML Core §2.2.1",
            hint: "Send a NameID." },
        /// The identifier is encrypted, which this version cannot read.
        EncryptedId => { code: "subject.encrypted_id", side: Idp, cite: "SAML Core §2.2.4",
            hint: "Turn NameID encryption off at the identity provider." },
        /// `SPNameQualifier` names another service provider.
        SpNameQualifier => { code: "subject.sp_name_qualifier", side: Idp, cite: "SAML Core §2.2.2; §8.3.7",
            hint: "SPNameQualifier is the SP entity ID, or absent." },
        /// The NameID's Format is not the one that the request asked for.
        NameIdFormat => { code: "subject.name_id_format", side: Idp, cite: "SAML Core §3.4.1.1",
            hint: "Set the NameID format at the identity provider, or do not ask for one." },
        /// There is no SubjectConfirmation.
        ConfirmationMissing => { code: "subject.confirmation_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Send a SubjectConfirmation with the method bearer." },
        /// No SubjectConfirmation has the method bearer.
        ConfirmationMethod => { code: "subject.confirmation_method", side: Idp, cite: "SAML Profiles §4.1.4.2; §3.3",
            hint: "Send a SubjectConfirmation with the method bearer." },
        /// A bearer SubjectConfirmation without SubjectConfirmationData.
        ConfirmationDataMissing => { code: "subject.confirmation_data_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Send SubjectConfirmationData with Recipient and NotOnOrAfter." },
        /// `Recipient` is missing.
        RecipientMissing => { code: "subject.recipient_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Send the ACS URL as Recipient." },
        /// `Recipient` is not our assertion consumer service.
        RecipientMismatch => { code: "subject.recipient_mismatch", side: Idp, cite: "SAML Profiles §4.1.4.2; §4.1.4.3",
            hint: "Set the ACS URL (Recipient) at the identity provider to exactly the expected one." },
        /// `NotBefore` is present, which bearer forbids.
        NotBeforePresent => { code: "subject.not_before_present", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "SubjectConfirmationData of a bearer has no NotBefore." },
        /// `NotOnOrAfter` is missing.
        NotOnOrAfterMissing => { code: "subject.not_on_or_after_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Send NotOnOrAfter in SubjectConfirmationData." },
        /// `NotOnOrAfter` has passed.
        Expired => { code: "subject.expired", side: Clock, cite: "SAML Core §2.4.1.2; SAML Profiles §4.1.4.3",
            hint: "The login took too long, or a clock is wrong: set both by NTP and start again." },
        /// The request named a Subject, and the answer is about another one.
        OtherThanRequested => { code: "subject.other_than_requested", side: User, cite: "SAML Core §3.4.1.4; §3.3.4",
            hint: "Another user signed in than the one who was asked to: sign in as that user." },
        /// `InResponseTo` is missing from the signed SubjectConfirmationData though there was a request.
        InResponseToMissing => { code: "subject.in_response_to_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Start the login here: this one seems to have started at the identity provider. If it did not, an answer names its request in SubjectConfirmationData." },
        /// `InResponseTo` of the signed SubjectConfirmationData is not the request's ID.
        InResponseToMismatch => { code: "subject.in_response_to_mismatch", side: Attacker, cite: "SAML Profiles §4.1.4.3",
            hint: "The assertion answers another login; start the login again." },
    }
}

saml_xml::reason_codes! {
    /// Rules of saml:Conditions.
    pub enum ConditionsRule {
        /// There are no Conditions.
        Missing => { code: "conditions.missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Send Conditions with an AudienceRestriction." },
        /// A child that is not a condition of SAML Core, or text.
        Unknown => { code: "conditions.unknown", side: Idp, cite: "SAML Core §2.5.1; §2.5.1.1 (Indeterminate)",
            hint: "An unknown condition makes the assertion indeterminate; turn the extension off." },
        /// OneTimeUse or ProxyRestriction stands twice.
        Repeated => { code: "conditions.repeated", side: Idp, cite: "SAML Core §2.5.1.5; §2.5.1.6",
            hint: "OneTimeUse and ProxyRestriction stand at most once." },
        /// `NotBefore` is not before `NotOnOrAfter`.
        EmptyInterval => { code: "conditions.empty_interval", side: Idp, cite: "SAML Core §2.5.1.2",
            hint: "NotBefore is earlier than NotOnOrAfter." },
        /// `NotBefore` is in the future.
        NotYetValid => { code: "conditions.not_yet_valid", side: Clock, cite: "SAML Core §2.5.1.2",
            hint: "A clock is wrong: set both by NTP." },
        /// `NotOnOrAfter` has passed.
        Expired => { code: "conditions.expired", side: Clock, cite: "SAML Core §2.5.1.2",
            hint: "The login took too long, or a clock is wrong: set both by NTP and start again." },
        /// There is no AudienceRestriction.
        AudienceMissing => { code: "conditions.audience_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Set the audience (SP entity ID) at the identity provider." },
        /// An AudienceRestriction does not name this service provider.
        AudienceMismatch => { code: "conditions.audience_mismatch", side: Idp, cite: "SAML Core §2.5.1.4; SAML Profiles §4.1.4.3",
            hint: "Set the audience (SP entity ID) at the identity provider to exactly the expected text." },
    }
}

saml_xml::reason_codes! {
    /// Rules of saml:AuthnStatement.
    pub enum AuthnRule {
        /// There is no AuthnStatement.
        StatementMissing => { code: "authn.statement_missing", side: Idp, cite: "SAML Profiles §4.1.4.2",
            hint: "Send an AuthnStatement; attributes alone are not a login." },
        /// An AuthnStatement does not have the shape of the schema.
        Malformed => { code: "authn.malformed", side: Idp, cite: "saml-schema-assertion-2.0 (AuthnStatementType)",
            hint: "AuthnStatement holds SubjectLocality, then one AuthnContext." },
        /// `AuthnInstant` is missing.
        InstantMissing => { code: "authn.instant_missing", side: Idp, cite: "SAML Core §2.7.2",
            hint: "Send AuthnInstant." },
        /// `AuthnInstant` is in the future.
        InstantFuture => { code: "authn.instant_future", side: Clock, cite: "SAML Core §2.7.2",
            hint: "A clock is wrong: set both by NTP." },
        /// The request had ForceAuthn, and the user signed in before it was made.
        Stale => { code: "authn.stale", side: Idp, cite: "SAML Core §3.4.1 (ForceAuthn)",
            hint: "The identity provider answered from an old session although ForceAuthn was set." },
        /// `SessionNotOnOrAfter` has passed.
        SessionExpired => { code: "authn.session_expired", side: Clock, cite: "SAML Core §2.7.2; SAML Profiles §4.1.4.3",
            hint: "The session at the identity provider is over, or a clock is wrong." },
        /// The AuthnContextClassRef is none of those the request asked for.
        ContextMismatch => { code: "authn.context_mismatch", side: Idp, cite: "SAML Core §3.3.2.2.1",
            hint: "The user signed in by another method than the one required." },
    }
}

saml_xml::reason_codes! {
    /// Rules of saml:AttributeStatement.
    pub enum AttributeRule {
        /// An AttributeStatement or Attribute has a child, or text, that the schema does not allow.
        UnexpectedChild => { code: "attribute.unexpected_child", side: Attacker, cite: "saml-schema-assertion-2.0 (AttributeStatementType)",
            hint: "The schema has no place for this element; treat the message as hostile." },
        /// An Attribute without a Name.
        NameMissing => { code: "attribute.name_missing", side: Idp, cite: "SAML Core §2.7.3.1",
            hint: "Name every attribute at the identity provider." },
        /// An attribute is encrypted, which this version cannot read.
        Encrypted => { code: "attribute.encrypted", side: Idp, cite: "SAML Core §2.7.3.2",
            hint: "Turn attribute encryption off at the identity provider." },
    }
}

saml_xml::reason_codes! {
    /// Why an attribute cannot be read the way the application asked.
    ///
    /// Not a refusal of the login: the getters of [`Attributes`](crate::Attributes) return it.
    pub enum AttributeErrorKind {
        /// No attribute has this name.
        NotFound => { code: "attribute.not_found", side: Idp, cite: "SAML2Int SDP-SP12",
            hint: "Map the attribute at the identity provider; names are case-sensitive." },
        /// More than one value, where the application reads one.
        NotSingle => { code: "attribute.not_single", side: Idp, cite: "SAML2Int SDP-SP19",
            hint: "Map one value to the attribute, or read it as a list." },
        /// The value is XML, or nil, where the application reads text.
        NotText => { code: "attribute.not_text", side: Idp, cite: "SAML Core §2.7.3.1.1",
            hint: "Map a plain text value to the attribute." },
    }
}
