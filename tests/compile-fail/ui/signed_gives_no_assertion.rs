use saml_sp::Signed;

fn read(signed: Signed<'_>) {
    signed.assertion();
}

fn main() {
    let _ = read;
}
