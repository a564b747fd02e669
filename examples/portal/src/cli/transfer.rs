//! `portal scim export` and `portal scim import`: a connection's users and groups as JSON Lines.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use scim_core::resource::TenantId;
use scim_core::transfer::{self, Place};
use sso_store::{ScimStore, Store, scim_registry};

use super::Stop;
use super::args::ScimCommand;
use crate::accounts::Desk;
use crate::connections;
use crate::random::now;
use crate::scim::ready;

/// Resources in one piece, after which the progress is told.
const PIECE: u64 = 1000;

pub(super) fn run(store: &Store, command: ScimCommand) -> Result<(), Stop> {
    match command {
        ScimCommand::Export { connection, resume } => export(store, &connection, resume.as_deref()),
        ScimCommand::Import { connection, file } => import(store, &connection, &file),
    }
}

fn open(store: &Store, name: &str) -> Result<(ScimStore, TenantId), Stop> {
    let record = connections::find(store, name).map_err(Stop::failed)?;
    let registry = store
        .scim_schemas()
        .and_then(|schemas| scim_registry(&schemas))
        .map_err(Stop::failed)?;
    let resources = ScimStore::new(store.clone(), registry);
    Ok((resources, crate::scim::tenant(&record.name)))
}

fn export(store: &Store, name: &str, resume: Option<&str>) -> Result<(), Stop> {
    let (resources, tenant) = open(store, name)?;
    let registry = resources.registry();
    let mut place: Option<Place> = resume
        .map(|text| {
            serde_json::from_str(text)
                .map_err(|_| Stop::usage("--resume wants what an earlier export printed."))
        })
        .transpose()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut count = 0;
    loop {
        let piece = transfer::export(&resources, registry, &tenant, place.as_ref(), PIECE);
        let piece = ready(piece).map_err(Stop::failed)?;
        for line in &piece.lines {
            writeln!(out, "{line}").map_err(Stop::failed)?;
        }
        out.flush().map_err(Stop::failed)?;
        count += piece.lines.len();
        place = piece.next;
        let Some(next) = &place else {
            eprintln!("{count} resources.");
            return Ok(());
        };
        let next = serde_json::to_string(next).unwrap_or_default();
        eprintln!("{count} resources; to go on from here: --resume '{next}'");
    }
}

fn import(store: &Store, name: &str, file: &Path) -> Result<(), Stop> {
    let (resources, tenant) = open(store, name)?;
    let failed = |error| Stop::failed(format_args!("{}: {error}", file.display()));
    let mut lines = BufReader::new(std::fs::File::open(file).map_err(failed)?).lines();
    let (mut first, mut written, mut present, mut refused) = (1, 0, 0, 0);
    loop {
        let piece: Vec<String> = lines
            .by_ref()
            .take(usize::try_from(PIECE).unwrap_or(1000))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        if piece.is_empty() {
            break;
        }
        let registry = resources.registry();
        let done = transfer::import(&resources, registry, &tenant, &piece, first, now());
        let done = ready(done).map_err(Stop::failed)?;
        first += piece.len() as u64;
        written += done.written;
        present += done.present;
        refused += done.refused.len();
        for (line, code) in &done.refused {
            eprintln!("line {line}: {code}: {}", why(code));
        }
        eprintln!("{written} written, {present} there before, {refused} refused");
    }
    let desk = Desk::open(store).map_err(Stop::failed)?;
    desk.catch_up(now()).map_err(Stop::failed)?;
    if refused > 0 {
        return Err(Stop::failed(format_args!("{refused} lines were refused")));
    }
    println!("{written} written, {present} there before.");
    Ok(())
}

/// What a code of [`transfer::Imported::refused`] means for whoever imports.
fn why(code: &str) -> &'static str {
    match code {
        "transfer.malformed" => "this is not a line that an export printed",
        "transfer.resource_type" => "there is no such resource type here",
        "transfer.document" => "it does not fit the schemas of here; add those it was made with",
        "transfer.unique" => "another user has that name, or another value that has to be unique",
        "transfer.id_in_use" => "a resource of that id was there and was deleted",
        _ => "the database refused it; nothing of this line was written",
    }
}
