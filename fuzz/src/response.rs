//! The whole way of a Response, judged for three identity providers.

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use idp_config::IdpSource;
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, MemoryStore, PendingLogin, RequestStore as _,
    ServiceProvider,
};
use time::OffsetDateTime;

struct Scene {
    connection: Connection,
    pending: PendingLogin,
    name_id: &'static str,
    now: OffsetDateTime,
}

static SP: LazyLock<ServiceProvider> = LazyLock::new(|| {
    ServiceProvider::builder(
        "https://sp.example.test/saml/both",
        "http://127.0.0.1:9000/acs/both",
    )
    .build()
    .expect("the service provider of the captures")
});

static SCENES: LazyLock<Vec<Scene>> = LazyLock::new(|| {
    [
        (
            include_str!("../../tests/vectors/captures/simplesamlphp/idp-metadata.xml"),
            include_str!("../../tests/vectors/captures/simplesamlphp/both.response.xml"),
            "alice@example.test",
        ),
        (
            include_str!("../../tests/vectors/captures/pysaml2/idp-metadata.xml"),
            include_str!("../../tests/vectors/captures/pysaml2/both.response.xml"),
            "alice@example.test",
        ),
        (
            include_str!("../../tests/vectors/captures/samlp-npm/idp-metadata.xml"),
            include_str!("../../tests/vectors/captures/samlp-npm/both.response.xml"),
            "alice",
        ),
    ]
    .map(|(metadata, response, name_id)| scene(metadata, response, name_id))
    .into()
});

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).expect("the captures have it");
    rest.split_once(after).expect("the captures have it").0
}

fn scene(metadata: &str, response: &str, name_id: &'static str) -> Scene {
    let now = saml_xml::types::parse_date_time(between(response, "IssueInstant=\"", "\""))
        .expect("a time");
    let source = IdpSource::MetadataXml {
        xml: metadata.to_owned(),
        entity_id: None,
    };
    let idp = source.resolve(now).expect("the captures have metadata");
    let id = ConnectionId::new("captured").expect("a name");
    let at = i64::try_from(now.unix_timestamp_nanos()).expect("before 2262");
    let pending = serde_json::from_value(serde_json::json!({
        "id": between(response, "InResponseTo=\"", "\""), "connection": id, "relay_state": "",
        "created": at - 60_000_000_000, "expires": at + 60_000_000_000, "return_to": null,
        "acs_url": SP.acs_url(), "force_authn": false, "name_id_format": null,
        "authn_context_class_refs": [], "browser_binding": "",
    }));
    Scene {
        connection: Connection::new(id, idp),
        pending: pending.expect("a pending login"),
        name_id,
        now,
    }
}

/// The whole way: a message that is accepted says what the identity provider said, and nothing else.
pub fn response(data: &[u8]) {
    let encoded = saml_xml::types::encode_base64(data);
    let Ok(received) = SP.receive(AcsForm::fields(&encoded, None)) else {
        return;
    };
    for scene in SCENES.iter() {
        match SP.validate(
            &received,
            &scene.connection,
            Expected::Request(&scene.pending),
            scene.now,
        ) {
            Ok(validated) => {
                let stores = MemoryStore::new();
                ready(stores.put(&scene.pending)).expect("there is room");
                let login = ready(validated.accept(&stores, &stores, scene.now))
                    .expect("nothing was used before");
                assert_eq!(login.name_id().map(|n| n.value()), Some(scene.name_id));
            }
            Err(rejection) => {
                assert!(rejection.code().contains('.'));
                assert!(rejection.report().code() == Some(rejection.code()));
            }
        }
    }
}

/// The memory store never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return value;
        }
    }
}
