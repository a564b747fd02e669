use saml_sp::{MemoryStore, Validated};
use time::OffsetDateTime;

async fn login(validated: Validated, requests: MemoryStore, now: OffsetDateTime) {
    let _ = validated.accept(&requests, now).await;
}

fn main() {
    let _ = login;
}
