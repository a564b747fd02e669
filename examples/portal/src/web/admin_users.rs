//! The pages of users, and of who becomes one.

use axum::http::StatusCode;
use axum::response::Response;
use sso_store::{ADMINISTRATOR_ROLE, DbError};

use super::admin::{as_admin, as_admin_form, shown, status};
use super::http::{self, Form, Request};
use super::site::internal;
use super::visitor::Visitor;
use crate::accounts::{self, Edit, EditRefused};
use crate::app::App;
use crate::connections::{self, Refused};
use crate::policy::PolicyChange;
use crate::random::now;
use crate::{admin, people, view};

/// Users on one page.
const PAGE: u32 = 200;

pub(super) fn list(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        let after = request.query("after").and_then(|text| text.parse().ok());
        let filled = |name| {
            request
                .query(name)
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        let (connection, who) = (filled("connection"), filled("user"));
        let found = match who {
            Some(who) => people::pick(app.store(), who, connection)?,
            None => app.store().accounts(connection, after.unwrap_or(0), PAGE)?,
        };
        let next = found
            .last()
            .filter(|_| who.is_none() && found.len() == PAGE as usize)
            .map(|account| account.id);
        let users = people::shown(app.store(), found)?;
        let connections = app.store().connections()?;
        let csrf = visitor.csrf(app);
        let markup = view::users::list(&csrf, &users, &connections, connection, who, next);
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })
}

pub(super) fn one(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        user(app, request, visitor, None, StatusCode::OK)
    })
}

fn number(request: &Request) -> i64 {
    let name = request.name.as_deref().unwrap_or_default();
    name.parse().unwrap_or_default()
}

fn user(
    app: &App,
    request: &Request,
    visitor: &Visitor,
    refused: Option<&EditRefused>,
    status: StatusCode,
) -> Result<Response, DbError> {
    let Some(person) = people::find(app.store(), number(request))? else {
        return Ok(http::page(
            StatusCode::NOT_FOUND,
            &view::message::not_found(),
        ));
    };
    let is_last = person.account.connection.is_none()
        && person.account.roles.contains(ADMINISTRATOR_ROLE)
        && app.store().local_accounts_with(ADMINISTRATOR_ROLE)? <= 1;
    let markup = view::users::one(&visitor.csrf(app), &person, is_last, refused);
    Ok(visitor.page(app, status, &markup))
}

pub(super) fn edit(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |visitor, form| {
        let edit = match form.get("do") {
            "disable" => Edit::Disable,
            "enable" => Edit::Enable,
            "delete" => Edit::Delete,
            "restore" => Edit::Restore,
            "roles" => Edit::Roles(form.get("roles").split(',').map(str::to_owned).collect()),
            _ => {
                return Ok(http::page(
                    StatusCode::NOT_FOUND,
                    &view::message::not_found(),
                ));
            }
        };
        let id = number(request);
        let refused = match accounts::edit(app.store(), id, &edit, &visitor.actor(), now()) {
            Ok(_) => return Ok(http::redirect(&format!("/admin/users/{id}"))),
            Err(EditRefused::Db(error)) => return Err(error),
            Err(refused) => refused,
        };
        user(app, request, visitor, Some(&refused), StatusCode::CONFLICT)
    })
}

pub(super) fn add_administrator(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |visitor, form| {
        let name = form.get("name").trim();
        let (code, markup) = match admin::add(app.store(), name, now()) {
            Ok(Some(password)) => (
                StatusCode::OK,
                view::users::made(&visitor.csrf(app), name, Some(&password)),
            ),
            Ok(None) | Err(admin::AdminError::Name) => (
                StatusCode::CONFLICT,
                view::users::made(&visitor.csrf(app), name, None),
            ),
            Err(error) => return Ok(internal(&error)),
        };
        Ok(visitor.page(app, code, &markup))
    })
}

fn change(form: &Form) -> PolicyChange {
    let list = |name: &str| Some(form.get(name).lines().map(str::to_owned).collect());
    PolicyChange {
        create_on_first_login: Some(form.ticked("create_on_first_login")),
        create_by_scim: Some(form.ticked("create_by_scim")),
        groups_include: list("groups_include"),
        groups_exclude: list("groups_exclude"),
        groups_require: list("groups_require"),
        roles_by_group: list("roles_by_group"),
        default_roles: list("default_roles"),
        deprovision: Some(form.get("deprovision").to_owned()),
        lock_provisioned: Some(form.ticked("lock_provisioned")),
        adopt_local_users: Some(form.ticked("adopt_local_users")),
    }
}

pub(super) fn policy(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |visitor, form| {
        let name = request.name.as_deref().unwrap_or_default();
        let before = connections::find(app.store(), name);
        let changed = connections::change(app.store(), name, visitor.actor(), now(), |record| {
            record.settings.groups_attribute = form.filled("groups_attribute");
            change(form).apply(&mut record.settings.provisioning)
        });
        match changed {
            Ok(record) => {
                if before.is_ok_and(|before| connections::decides_anew(&before, &record))
                    && let Err(error) = app.scim.desk(app)?.settle_all(&record, now())
                {
                    return Ok(internal(&error));
                }
                Ok(http::redirect(&view::admin::path(&record)))
            }
            Err(Refused::Db(error)) => Err(error),
            Err(refused) => {
                let code = status(&refused);
                Ok(shown(app, request, visitor, Some(&refused), code))
            }
        }
    })
}
