//! The one way up.
use saml_sp::{
    AcsForm, Connection, Expected, Login, MemoryStore, Received, Rejection, ServiceProvider, Validated,
};
use time::OffsetDateTime;

async fn login(
    sp: ServiceProvider,
    connection: Connection,
    body: Vec<u8>,
    store: MemoryStore,
    now: OffsetDateTime,
) -> Result<Login, Rejection> {
    let received: Received = sp.receive(AcsForm::urlencoded(&body))?;
    let validated: Validated = sp.validate(&received, &connection, Expected::Unsolicited, now)?;
    validated.accept(&store, &store, now).await
}

fn main() {
    let _ = login;
}
