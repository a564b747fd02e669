use saml_xml::{Element, Verified};

fn verified(element: Element<'_>) -> Verified<'_> {
    Verified { element }
}

fn main() {
    let _ = verified;
}
