use saml_sp::{Login, Validated};

fn login(validated: Validated) -> Login {
    validated.login
}

fn main() {
    let _ = login;
}
