//! Serving: the portal, the development identity provider, and what is printed.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sso_store::Store;
use tokio::net::TcpListener;
use url::Url;

use super::Stop;
use super::args::{DevIdp, Serve};
use crate::app::{App, StartError};
use crate::random::now;
use crate::refresh::is_loopback;
use crate::webhooks::Webhooks;
use crate::{admin, alerts, dev, logs, refresh, web};

/// How often the plans of metadata fetches are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// How often events are sent.
const SEND_EVERY: Duration = Duration::from_secs(2);

/// How often what has expired is deleted.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);

pub(super) fn run(store: Store, options: &Serve) -> Result<(), Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Stop::failed)?
        .block_on(serve(store, options))
        .map_err(|error| match error {
            StartError::BaseUrl => Stop::usage(error),
            other => Stop::failed(other),
        })
}

async fn serve(store: Store, options: &Serve) -> Result<(), StartError> {
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(StartError::Listen)?;
    let address = listener.local_addr().map_err(StartError::Listen)?;
    let base = match &options.base_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{address}")).map_err(|_| StartError::BaseUrl)?,
    };
    logs::forget(&store, now())?;
    let password =
        admin::ensure(&store, now()).map_err(|error| StartError::DevIdp(error.to_string()))?;
    let app = App::new(store.clone(), base)?.with_scim_rate(options.scim_rate);
    catch_up(&app)?;
    let dev_idp = match options
        .dev_idp
        .unwrap_or_else(|| default_dev_idp(app.base()))
    {
        DevIdp::At(address) => Some(dev::start(&store, app.sp(), address).await?),
        DevIdp::Off => {
            dev::switch_off(&store)?;
            None
        }
    };
    let app = app.with_dev_idp(dev_idp.as_ref().map(|dev| dev.connection.clone()));
    print_welcome(&app, dev_idp.as_ref(), password.as_deref());
    let app = Arc::new(app);
    tokio::spawn(every_hour(Arc::clone(&app)));
    tokio::spawn(keep_fresh(Arc::clone(&app)));
    tokio::spawn(tell_in_time(app.store().clone()));
    tokio::spawn(send_events(Arc::clone(&app)));
    axum::serve(listener, web::router(app))
        .with_graceful_shutdown(async {
            // Without a signal handler the process just ends, which is as safe.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
        .map_err(StartError::Listen)
}

fn default_dev_idp(base: &Url) -> DevIdp {
    if is_loopback(base) {
        DevIdp::At(SocketAddr::from(([127, 0, 0, 1], 8081)))
    } else {
        DevIdp::Off
    }
}

/// Makes good what a crash or an import left undone. What cannot be done keeps nobody from serving.
fn catch_up(app: &App) -> Result<(), StartError> {
    if let Err(error) = app.scim.desk(app)?.catch_up(now()) {
        eprintln!("accounts are not up to date: {error}");
    }
    Ok(())
}

/// Fetches metadata when their plan says so.
async fn keep_fresh(app: Arc<App>) {
    loop {
        let app = Arc::clone(&app);
        let done = tokio::task::spawn_blocking(move || refresh::due(&app, now())).await;
        if let Ok(Err(error)) = done {
            eprintln!("metadata could not be kept fresh: {}", error.code());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Sends what SCIM changed to whoever is to be told.
async fn send_events(app: Arc<App>) {
    let webhooks = Arc::new(std::sync::Mutex::new(Webhooks::default()));
    loop {
        let (app, webhooks) = (Arc::clone(&app), Arc::clone(&webhooks));
        let done = tokio::task::spawn_blocking(move || {
            let mut webhooks = webhooks.lock().unwrap_or_else(PoisonError::into_inner);
            webhooks.deliver(app.store(), app.base(), now())
        })
        .await;
        match done {
            Ok(Ok(round)) if round.refused > 0 => {
                eprintln!("webhooks: {} events were refused for good", round.refused);
            }
            Ok(Err(error)) => eprintln!("events could not be sent: {}", error.code()),
            _ => {}
        }
        tokio::time::sleep(SEND_EVERY).await;
    }
}

/// Looks for what ends soon.
async fn tell_in_time(store: Store) {
    loop {
        let store = store.clone();
        match tokio::task::spawn_blocking(move || alerts::due(&store, now())).await {
            Ok(Ok(told)) => told.iter().for_each(|line| eprintln!("{line}")),
            Ok(Err(error)) => eprintln!("what ends soon could not be told: {}", error.code()),
            Err(_) => {}
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

/// Deletes what has expired, and looks once more for accounts that could not be settled.
async fn every_hour(app: Arc<App>) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        let app = Arc::clone(&app);
        let done = tokio::task::spawn_blocking(move || {
            logs::forget(app.store(), now())?;
            catch_up(&app)
        });
        if let Ok(Err(error)) = done.await {
            eprintln!("what has expired could not be deleted: {error}");
        }
    }
}

fn print_welcome(app: &App, dev_idp: Option<&dev::Running>, password: Option<&str>) {
    let base = app.base();
    println!();
    println!("  Portal is running.");
    println!();
    println!("    Sign in        {}", app.url("/login"));
    println!("    Settings       {}", app.url("/admin/sso"));
    println!("    SP metadata    {}", app.url("/saml/metadata"));
    if let Some(dev_idp) = dev_idp {
        println!("    Development identity provider  {}", dev_idp.url);
    }
    println!();
    if let Some(password) = password {
        println!(
            "  Administrator: name \"{}\", password \"{password}\"",
            admin::ADMINISTRATOR
        );
        println!("  It is not shown again. A new one: portal admin reset-password");
        println!();
    }
    if base.scheme() == "http" && !is_loopback(base) {
        println!("  Warning: {base} is plain http. Cookies and logins can be read on the way.");
        println!();
    }
    if dev_idp.is_some() && !is_loopback(base) {
        println!(
            "  Warning: the development identity provider signs anybody in. Use --dev-idp off."
        );
        println!();
    }
    println!("  Stop with Ctrl-C.");
}
