use saml_sp::{Login, Received};

fn login(received: Received) -> Login {
    received
}

fn main() {
    let _ = login;
}
