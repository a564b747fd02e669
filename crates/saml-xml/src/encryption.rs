//! Reason codes of XML Encryption. They are there with or without the feature `decrypt`.

crate::reason_codes! {
    /// Why encrypted XML is not read.
    pub enum EncryptionErrorKind {
        /// EncryptedData or EncryptedKey is not what the schema has, or refers elsewhere.
        Malformed => { code: "encryption.malformed", side: Idp, cite: "XML Encryption 1.1 §3",
            hint: "Send EncryptedData with one EncryptedKey, and both with a CipherValue." },
        /// The algorithm of the data or of the key is not accepted.
        Algorithm => { code: "encryption.algorithm", side: Idp, cite: "XML Encryption 1.1 §5.2, §5.5; SAML2Int SDP-ALG",
            hint: "Set AES-256-GCM or AES-128-GCM, and RSA-OAEP, at the identity provider." },
        /// A mode that does not protect against changes, in a message whose ciphertext nothing signed protects.
        Unauthenticated => { code: "encryption.unauthenticated", side: Idp, cite: "XML Encryption 1.1 §6.1 (chosen-ciphertext attacks)",
            hint: "Set AES-GCM at the identity provider, or let it sign the Response as well." },
        /// It cannot be decrypted with any key of ours. One code for every cause, so that nobody learns from trying.
        Failed => { code: "encryption.failed", side: Idp, cite: "XML Encryption 1.1 §6.1",
            hint: "Give the identity provider the encryption certificate of our present metadata." },
        /// What came out is not exactly one element of the kind that is expected there.
        Content => { code: "encryption.content", side: Attacker, cite: "SAML Core §2.3.4",
            hint: "The encrypted content is one saml:Assertion and nothing else." },
        /// An ID in what came out stands in the message around it, too.
        DuplicateId => { code: "encryption.duplicate_id", side: Attacker, cite: "SAML Core §1.3.4",
            hint: "IDs are unique in the whole message; treat this one as hostile." },
    }
}
