//! IDPSSODescriptor: endpoints, NameID formats, wishes.

use saml_xml::Element;
use saml_xml::types::trim_xml;

use super::{Context, MD};
use crate::error::excerpt;
use crate::types::{PlainHttp, check_location, parse_location, redacted};
use crate::{Binding, ConfigError, ConfigErrorKind, Endpoint, NameIdFormat, Warning, WarningKind};

pub(super) struct Endpoints {
    pub(super) sso: Vec<Endpoint>,
    pub(super) slo: Vec<Endpoint>,
}

pub(super) fn endpoints(
    context: &Context<'_>,
    role: Element<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Endpoints, ConfigError> {
    let mut read_all = |service: &str| -> Result<Vec<Endpoint>, ConfigError> {
        let mut endpoints = Vec::new();
        for element in role.children().filter(|child| child.is(MD, service)) {
            endpoints.extend(endpoint(context, element, warnings)?);
        }
        Ok(endpoints)
    };
    let (sso, slo) = (
        read_all("SingleSignOnService")?,
        read_all("SingleLogoutService")?,
    );
    // SAML Metadata §2.4.3: one SingleSignOnService or more
    if sso.is_empty() {
        let offered: Vec<&str> = role
            .children()
            .filter(|child| child.is(MD, "SingleSignOnService"))
            .filter_map(|child| child.attribute("Binding"))
            .collect();
        return Err(context
            .refuse(ConfigErrorKind::NoSsoEndpoint, role)
            .expected("a SingleSignOnService over HTTP-Redirect or HTTP-POST")
            .actual(match offered.as_slice() {
                [] => "none".to_owned(),
                _ => excerpt(&offered.join(" ")),
            }));
    }
    Ok(Endpoints { sso, slo })
}

/// `None` for a binding that is not spoken here: SOAP, Artifact, SimpleSign, Shibboleth's own.
fn endpoint(
    context: &Context<'_>,
    element: Element<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Endpoint>, ConfigError> {
    // SAML Metadata §2.2.2: Binding and Location are required
    let (Some(binding), Some(location)) =
        (element.attribute("Binding"), element.attribute("Location"))
    else {
        return Err(context.refuse(ConfigErrorKind::EndpointIncomplete, element));
    };
    let Some(binding) = Binding::from_uri(trim_xml(binding)) else {
        return Ok(None);
    };
    let mut read_url = |text: &str| {
        let url = parse_location(text)?;
        if check_location(&url, context.policy)? == PlainHttp::Accepted {
            warnings.push(Warning::about(
                WarningKind::PlainHttpAccepted,
                redacted(&url),
            ));
        }
        Ok(url)
    };
    let at = |error| context.locate(error, element);
    let location = read_url(location).map_err(at)?;
    let response = element.attribute("ResponseLocation");
    let response = response.map(read_url).transpose().map_err(at)?;
    Ok(Some(Endpoint::new(binding, location, response)))
}

/// Identity providers leave an empty NameIDFormat where an administrator chose none.
pub(super) fn name_id_formats(role: Element<'_>) -> Vec<NameIdFormat> {
    role.children()
        .filter(|child| child.is(MD, "NameIDFormat"))
        .filter_map(Element::text)
        .map(trim_xml)
        .filter(|uri| !uri.is_empty())
        .map(NameIdFormat::new)
        .collect()
}

/// SAML Metadata §2.4.3: absent means false.
pub(super) fn want_authn_requests_signed(
    context: &Context<'_>,
    role: Element<'_>,
) -> Result<bool, ConfigError> {
    match role.attribute("WantAuthnRequestsSigned").map(trim_xml) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(context
            .refuse(ConfigErrorKind::WantAuthnRequestsSignedMalformed, role)
            .expected("true or false")
            .actual(excerpt(other))),
    }
}
