use saml_sp::{Login, Validated};

fn login(validated: Validated) -> Login {
    validated
}

fn main() {
    let _ = login;
}
