//! What a page needs on which people choose where they come from (SAML MDUI; REFEDS).

use std::collections::BTreeMap;

use saml_xml::Element;
use saml_xml::types::trim_xml;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::EntityId;
use crate::metadata::MD;

const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
const MDATTR: &str = "urn:oasis:names:tc:SAML:metadata:attribute";
const MDRPI: &str = "urn:oasis:names:tc:SAML:metadata:rpi";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const ENTITY_CATEGORY: &str = "http://macedir.org/entity-category";
const HIDE: &str = "http://refeds.org/category/hide-from-discovery";

/// Characters of a name, a list of keywords or an address that are kept; the longest names of
/// universities have 150. A picture inside of its address is left out this way.
const MAX_CHARS: usize = 1024;
/// Languages, pictures: 32; all of the European Union's languages are 24.
const MAX_ITEMS: usize = 32;

/// One identity provider as people choose it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DiscoveryEntry {
    /// What is chosen.
    pub entity_id: EntityId,
    /// Its name by language tag: `mdui:DisplayName`, or `md:OrganizationDisplayName` where there is
    /// none (MDUI §2.4.1).
    pub display_names: BTreeMap<String, String>,
    /// Its pictures, with addresses of https alone: a page must not load others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logos: Vec<Logo>,
    /// Words that it is found by, by language tag (`mdui:Keywords`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keywords: BTreeMap<String, Vec<String>>,
    /// It asks not to be shown (REFEDS Hide From Discovery); it can be used all the same.
    #[serde(default)]
    pub hide_from_discovery: bool,
    /// Who registered it (`mdrpi:RegistrationInfo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_authority: Option<String>,
}

/// A picture of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Logo {
    /// Where it is.
    pub url: Url,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The language of the words in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

impl DiscoveryEntry {
    /// The name in the first of these languages that there is one in, else in English, else in any,
    /// else the entity ID. It is somebody else's text: escape it.
    #[must_use]
    pub fn display_name(&self, languages: &[&str]) -> &str {
        languages
            .iter()
            .chain(&["en"])
            .find_map(|language| self.display_names.get(*language))
            .or_else(|| self.display_names.values().next())
            .map_or(self.entity_id.as_str(), String::as_str)
    }
}

impl DiscoveryEntry {
    /// Bytes of text in it, to bound what a list of them may hold.
    pub(super) fn bytes(&self) -> usize {
        let names = self
            .display_names
            .iter()
            .map(|(l, name)| l.len() + name.len());
        let words = self.keywords.values().flatten().map(String::len);
        let logos = self.logos.iter().map(|logo| logo.url.as_str().len());
        let id = self.entity_id.as_str().len();
        names
            .chain(words)
            .chain(logos)
            .fold(id, usize::saturating_add)
    }
}

/// What an entity with this role says of itself.
pub(super) fn read(entity: Element<'_>, role: Element<'_>, entity_id: EntityId) -> DiscoveryEntry {
    let ui = || extensions(role, MDUI, "UIInfo").flat_map(Element::children);
    let named = |name| ui().filter(move |e| e.is(MDUI, name));
    let mut display_names = by_language(named("DisplayName"));
    if display_names.is_empty() {
        let organization = entity.children().filter(|e| e.is(MD, "Organization"));
        let names = organization.flat_map(Element::children);
        display_names = by_language(names.filter(|e| e.is(MD, "OrganizationDisplayName")));
    }
    let words = |list: String| {
        list.split_ascii_whitespace()
            .map(|w| w.replace('+', " "))
            .collect()
    };
    let keywords = by_language(named("Keywords"));
    DiscoveryEntry {
        entity_id,
        display_names,
        logos: named("Logo").filter_map(logo).take(MAX_ITEMS).collect(),
        // MDUI §2.1.4: words are separated by white space, and a plus stands for a space in one
        keywords: keywords
            .into_iter()
            .map(|(l, list)| (l, words(list)))
            .collect(),
        hide_from_discovery: hidden(entity),
        registration_authority: extensions(entity, MDRPI, "RegistrationInfo")
            .find_map(|info| info.attribute("registrationAuthority"))
            .and_then(kept),
    }
}

fn extensions<'d>(
    of: Element<'d>,
    namespace: &'static str,
    local: &'static str,
) -> impl Iterator<Item = Element<'d>> {
    of.children()
        .filter(|e| e.is(MD, "Extensions"))
        .flat_map(Element::children)
        .filter(move |e| e.is(namespace, local))
}

fn kept(text: &str) -> Option<String> {
    let text = trim_xml(text);
    let short = text.len() <= MAX_CHARS || text.chars().nth(MAX_CHARS).is_none();
    let fits = !text.is_empty() && short;
    fits.then(|| text.to_owned())
}

/// MDUI §2.1: one of each language; the first counts.
fn by_language<'d>(elements: impl Iterator<Item = Element<'d>>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for element in elements {
        let language = element.attribute_ns(XML, "lang").and_then(kept);
        if let (Some(language), Some(text)) = (language, element.text().and_then(kept))
            && texts.len() < MAX_ITEMS
        {
            texts.entry(language).or_insert(text);
        }
    }
    texts
}

fn logo(element: Element<'_>) -> Option<Logo> {
    let url: Url = kept(element.text()?)?.parse().ok()?;
    let pixels = |name| trim_xml(element.attribute(name)?).parse().ok();
    let logo = Logo {
        width: pixels("width")?,
        height: pixels("height")?,
        lang: element.attribute_ns(XML, "lang").and_then(kept),
        url,
    };
    (logo.url.scheme() == "https").then_some(logo)
}

fn hidden(entity: Element<'_>) -> bool {
    extensions(entity, MDATTR, "EntityAttributes")
        .flat_map(Element::children)
        .filter(|e| e.is(SAML, "Attribute") && e.attribute("Name") == Some(ENTITY_CATEGORY))
        .flat_map(Element::children)
        .filter(|e| e.is(SAML, "AttributeValue"))
        .any(|value| value.text().map(trim_xml) == Some(HIDE))
}
