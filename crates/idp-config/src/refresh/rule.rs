//! Reason codes of fetching metadata.

saml_xml::reason_codes! {
    /// Why fresh metadata did not come. What was trusted before stays in use.
    pub enum FetchRule {
        /// The server's name has no address.
        NameNotFound => { code: "fetch.name_not_found", side: Network, cite: "RFC 9110 §4.3.3",
            hint: "Check the host name of the metadata URL, and the name servers of this machine." },
        /// No connection could be made.
        Connect => { code: "fetch.connect", side: Network, cite: "RFC 9110 §4.3.3",
            hint: "The server does not answer: check the URL, a firewall, and whether the identity provider is up." },
        /// TLS failed: a certificate that is not trusted, another host's, or expired.
        Tls => { code: "fetch.tls", side: Network, cite: "RFC 9110 §4.3.4",
            hint: "The server's TLS certificate is not trusted: it has to be issued for this host by a public authority." },
        /// The answer took too long.
        Timeout => { code: "fetch.timeout", side: Network, cite: "SAML2Int SDP-MD01",
            hint: "The server is too slow; it is asked again later by itself." },
        /// The URL is not https, or leads to another scheme.
        Scheme => { code: "fetch.scheme", side: Us, cite: "SAML Metadata §4.1.1",
            hint: "Give an https URL; nothing else keeps an attacker on the way from replacing the keys." },
        /// The name leads to an address inside a network: loopback, private, link-local, of a cloud's metadata service.
        AddressRefused => { code: "fetch.address_refused", side: Attacker, cite: "RFC 6890; OWASP SSRF Prevention",
            hint: "The metadata URL leads to an address that is not public, and is not fetched." },
        /// A redirect without a usable Location, or the fourth in a row.
        Redirect => { code: "fetch.redirect", side: Idp, cite: "RFC 9110 §15.4",
            hint: "Configure the URL that the redirects end at." },
        /// 401, 403, 404, 410 or another 4xx.
        ClientStatus => { code: "fetch.client_status", side: Idp, cite: "RFC 9110 §15.5",
            hint: "The server does not give this URL to us: copy it again from the identity provider's console; it has to work without signing in." },
        /// A 5xx.
        ServerStatus => { code: "fetch.server_status", side: Idp, cite: "RFC 9110 §15.6",
            hint: "The identity provider's server has a problem; it is asked again later by itself." },
        /// Any other status that is no document.
        Status => { code: "fetch.status", side: Idp, cite: "RFC 9110 §15",
            hint: "The metadata URL has to answer 200 with the document." },
        /// 304 though nothing was fetched before.
        NotModified => { code: "fetch.not_modified", side: Idp, cite: "RFC 9110 §15.4.5",
            hint: "The server says that nothing changed although it was not asked; it is asked again later by itself." },
        /// More bytes than metadata of one identity provider have.
        TooLarge => { code: "fetch.too_large", side: Attacker, cite: "SAML2Int SDP-MD01",
            hint: "This is not the metadata of one identity provider: ask for the URL of the single entity." },
        /// The body is compressed though that was not asked for.
        Encoding => { code: "fetch.encoding", side: Idp, cite: "RFC 9110 §12.5.3",
            hint: "The server compresses although it was not asked to; have it send the document as it is." },
        /// The connection broke in the middle of the document, or it is no HTTP.
        Protocol => { code: "fetch.protocol", side: Network, cite: "RFC 9112 §8",
            hint: "The answer broke off or is not HTTP; it is asked again later by itself." },
    }
}
