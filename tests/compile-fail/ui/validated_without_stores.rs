use saml_sp::Validated;
use time::OffsetDateTime;

async fn login(validated: Validated, now: OffsetDateTime) {
    let _ = validated.accept(now).await;
}

fn main() {
    let _ = login;
}
