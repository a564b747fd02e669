use saml_sp::Secret;

fn same(one: Secret, other: Secret) -> bool {
    one == other
}

fn main() {
    let _ = same;
}
