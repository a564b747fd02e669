use saml_sp::{Login, Signed};

fn login(signed: Signed<'_>) -> Login {
    signed
}

fn main() {
    let _ = login;
}
