mod bulk;
mod lifecycles;
mod pages;
mod pain;
mod verbs;

use super::*;

#[test]
fn handling_can_be_spawned() {
    fn check<T: Send>(_: &T) {}
    let bench = crate::testing::Bench::new(Preset::Lenient);
    let request = Request::new("GET", "/Users");
    check(
        &bench
            .service
            .handle(&request, &bench.connection, OffsetDateTime::UNIX_EPOCH),
    );
}
