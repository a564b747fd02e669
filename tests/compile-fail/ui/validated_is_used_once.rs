use saml_sp::{MemoryStore, Validated};
use time::OffsetDateTime;

async fn login(validated: Validated, store: MemoryStore, now: OffsetDateTime) {
    let _ = validated.accept(&store, &store, now).await;
    let _ = validated.accept(&store, &store, now).await;
}

fn main() {
    let _ = login;
}
