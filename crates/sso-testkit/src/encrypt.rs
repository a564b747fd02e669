//! XML Encryption, right and wrong.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};
use saml_xml::types::encode_base64;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// How to encrypt. The default is AES-256-GCM with RSA-OAEP (SHA-1), the key in the KeyInfo.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "switches of a test")]
pub struct Encryption {
    /// AES-128-CBC instead of GCM.
    pub cbc: bool,
    /// AES-128-GCM instead of 256.
    pub short_key: bool,
    /// Names this algorithm for the data, whatever is done.
    pub data_algorithm: Option<&'static str>,
    /// Names this algorithm for the key, whatever is done.
    pub key_algorithm: Option<&'static str>,
    /// RSA-OAEP of XML Encryption 1.1 with SHA-256 throughout.
    pub sha256: bool,
    /// The EncryptedKey beside the EncryptedData.
    pub beside: bool,
    /// Changes the last octet of the ciphertext.
    pub damaged: bool,
    /// Leaves the last four octets of the tag out.
    pub short_tag: bool,
    /// Triple DES instead of AES.
    pub triple_des: bool,
    /// A CipherReference instead of the CipherValue.
    pub reference: bool,
}

/// EncryptedAssertion around this content, for the holder of the key with this
/// SubjectPublicKeyInfo.
///
/// # Panics
/// When the key is no RSA key.
#[must_use]
pub fn encrypted_assertion(content: &str, spki: &[u8], how: &Encryption) -> String {
    encrypted_element("EncryptedAssertion", content, spki, how)
}

/// The element of this name around this content: `EncryptedAssertion`, `EncryptedID` or
/// `EncryptedAttribute`.
///
/// # Panics
/// When the key is no RSA key.
#[must_use]
pub fn encrypted_element(holder: &str, content: &str, spki: &[u8], how: &Encryption) -> String {
    let secret = if how.triple_des {
        (7..31).collect()
    } else if how.cbc || how.short_key {
        vec![7; 16]
    } else {
        vec![7; 32]
    };
    let mut ciphertext = if how.triple_des {
        triple_des(&secret, content.as_bytes())
    } else if how.cbc {
        cbc(&secret, content.as_bytes())
    } else {
        gcm(&secret, content.as_bytes())
    };
    if let (true, Some(last)) = (how.damaged, ciphertext.last_mut()) {
        *last ^= 1;
    }
    if how.short_tag {
        ciphertext.truncate(ciphertext.len() - 4);
    }
    let key = PublicEncryptingKey::from_der(spki).expect("an RSA key");
    let key = OaepPublicEncryptingKey::new(key).expect("an RSA key");
    let (algorithm, name, inner) = if how.sha256 {
        let inner = format!(
            "<ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"{XENC}sha256\"/>\
             <xenc11:MGF xmlns:xenc11=\"{XENC11}\" Algorithm=\"{XENC11}mgf1sha256\"/>"
        );
        (&OAEP_SHA256_MGF1SHA256, format!("{XENC11}rsa-oaep"), inner)
    } else {
        (
            &OAEP_SHA1_MGF1SHA1,
            format!("{XENC}rsa-oaep-mgf1p"),
            String::new(),
        )
    };
    let mut wrapped = vec![0; key.ciphertext_size()];
    let wrapped = key
        .encrypt(algorithm, &secret, &mut wrapped, None)
        .expect("a key that fits");
    let data_name = match (how.cbc, how.short_key) {
        _ if how.triple_des => format!("{XENC}tripledes-cbc"),
        (true, _) => format!("{XENC}aes128-cbc"),
        (false, true) => format!("{XENC11}aes128-gcm"),
        (false, false) => format!("{XENC11}aes256-gcm"),
    };
    let encrypted_key = format!(
        "<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{}\">{inner}</xenc:EncryptionMethod>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
        how.key_algorithm.unwrap_or(&name),
        encode_base64(wrapped)
    );
    let value = if how.reference {
        "<xenc:CipherReference URI=\"https://evil.example/\"/>".to_owned()
    } else {
        format!(
            "<xenc:CipherValue>{}</xenc:CipherValue>",
            encode_base64(&ciphertext)
        )
    };
    let (inside, beside) = if how.beside {
        // SAML errata E43: the data points to the key, and the key says for whom it is
        let info = format!(
            "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
             <ds:RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"#_key\"/></ds:KeyInfo>"
        );
        let start = "<xenc:EncryptedKey Id=\"_key\" Recipient=\"https://sp.example.test/\">";
        let encrypted_key = encrypted_key.replacen("<xenc:EncryptedKey>", start, 1);
        (info, encrypted_key)
    } else {
        let info = format!(
            "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{encrypted_key}</ds:KeyInfo>"
        );
        (info, String::new())
    };
    format!(
        "<saml:{holder} xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:xenc=\"{XENC}\">\
         <xenc:EncryptedData Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{}\"/>{inside}\
         <xenc:CipherData>{value}</xenc:CipherData></xenc:EncryptedData>{beside}</saml:{holder}>",
        how.data_algorithm.unwrap_or(&data_name)
    )
}

fn gcm(secret: &[u8], content: &[u8]) -> Vec<u8> {
    let algorithm = if secret.len() == 16 {
        &AES_128_GCM
    } else {
        &AES_256_GCM
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, secret).expect("a key"));
    let iv = [9; 12];
    let mut sealed = content.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(iv), Aad::empty(), &mut sealed)
        .expect("sealed");
    [&iv, sealed.as_slice()].concat()
}

fn padded(content: &[u8], block: usize) -> Vec<u8> {
    let mut padded = content.to_vec();
    let padding = block - padded.len() % block;
    padded.resize(padded.len() + padding - 1, 0x5a);
    padded.push(u8::try_from(padding).expect("at most 16"));
    padded
}

fn triple_des(secret: &[u8], content: &[u8]) -> Vec<u8> {
    let mut padded = padded(content, 8);
    let iv = [9; 8];
    let length = padded.len();
    cbc::Encryptor::<des::TdesEde3>::new_from_slices(secret, &iv)
        .expect("a key")
        .encrypt_padded::<NoPadding>(&mut padded, length)
        .expect("encrypted");
    [&iv, padded.as_slice()].concat()
}

fn cbc(secret: &[u8], content: &[u8]) -> Vec<u8> {
    let mut padded = padded(content, 16);
    let key = UnboundCipherKey::new(&AES_128, secret).expect("a key");
    let key = EncryptingKey::cbc(key).expect("a key");
    let iv = [9; 16];
    key.less_safe_encrypt(&mut padded, EncryptionContext::Iv128(FixedLength::from(iv)))
        .expect("encrypted");
    [&iv, padded.as_slice()].concat()
}
