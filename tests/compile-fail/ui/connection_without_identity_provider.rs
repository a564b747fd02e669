use saml_sp::{Connection, ConnectionId};

fn connection(id: ConnectionId) -> Connection {
    Connection::new(id)
}

fn main() {
    let _ = connection;
}
