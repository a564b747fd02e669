use saml_xml::Verified;

fn around(verified: Verified<'_>) {
    verified.element().parent();
}

fn main() {
    let _ = around;
}
