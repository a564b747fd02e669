use saml_sp::{Expected, Received, ServiceProvider};
use time::OffsetDateTime;

fn validate(sp: ServiceProvider, received: Received, now: OffsetDateTime) {
    let _ = sp.validate(&received, Expected::Unsolicited, now);
}

fn main() {
    let _ = validate;
}
