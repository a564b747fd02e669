use saml_sp::{Signed, Validated};

fn validated(signed: Signed<'_>) -> Validated {
    signed
}

fn main() {
    let _ = validated;
}
