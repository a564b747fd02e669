use saml_sp::Received;

fn who(received: Received) {
    received.name_id();
}

fn main() {
    let _ = who;
}
