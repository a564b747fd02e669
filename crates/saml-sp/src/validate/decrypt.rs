//! An encrypted assertion. The outer signature is verified first, then the ciphertext is opened, then
//! the assertion's own signature is verified like any other.

use saml_xml::xmlenc::{self, Covered, Decrypted};
use saml_xml::{Element, EncryptionErrorKind, Limits, verify_enveloped};

use crate::connection::Connection;
use crate::provider::ServiceProvider;
use crate::report::{Checks, Failure};
use crate::response::ASSERTION;
use crate::response::outline::Outline;

/// Opens the one encrypted assertion of a message that has no other. Without a key of ours it stays
/// closed, and is refused as such.
pub(super) fn read(
    checks: &mut Checks,
    outline: &Outline<'_>,
    sp: &ServiceProvider,
    connection: &Connection,
) -> Option<Decrypted> {
    let holder = outline.encrypted_assertion?;
    if outline.assertion.is_some() || sp.decryption_keys().is_empty() {
        return None;
    }
    let at = holder.start_tag_span();
    let encrypted = outline
        .response
        .children()
        .filter(|child| child.is(ASSERTION, "EncryptedAssertion"));
    if encrypted.count() != 1 {
        checks.fail(Failure::new(EncryptionErrorKind::Malformed).at(at));
        return None;
    }
    // SAML Core §6.2: the Response's signature is over the ciphertext as it was sent
    let covered = outline.signature.is_some_and(|_| {
        let trust = connection.identity_provider().trust();
        verify_enveloped(outline.response, trust, &connection.algorithms).is_ok()
    });
    let covered = if covered {
        Covered::BySignature
    } else {
        Covered::No
    };
    let opened = xmlenc::decrypt_element(
        holder,
        sp.decryption_keys(),
        covered,
        connection.ciphers,
        &Limits::default(),
    );
    match opened {
        Ok(decrypted) if assertion(&decrypted).is_some() => {
            checks.pass(EncryptionErrorKind::Failed);
            checks.in_plaintext = true;
            Some(decrypted)
        }
        Ok(_) => {
            checks.fail(Failure::new(EncryptionErrorKind::Content).at(at));
            None
        }
        Err(error) => {
            checks.fail(Failure::new(error.kind()).at(at));
            None
        }
    }
}

/// SAML Core §2.3.4: the encrypted content MUST be an Assertion.
pub(super) fn assertion(decrypted: &Decrypted) -> Option<Element<'_>> {
    decrypted
        .element()
        .filter(|element| element.is(ASSERTION, "Assertion"))
}
