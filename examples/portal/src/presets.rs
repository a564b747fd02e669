//! What the administrator of each identity provider sees in its console: the presets of `saml-sp`.

pub use saml_sp::Preset;
use saml_sp::Setting;

/// The preset of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Preset> {
    Preset::find(id)
}

/// Every preset, by product.
#[must_use]
pub fn all() -> Vec<&'static Preset> {
    let mut presets = Preset::ALL.to_vec();
    presets.sort_by_key(|preset| preset.product.to_lowercase());
    presets
}

/// What a product calls one of its fields, if that is known.
#[must_use]
pub fn label(preset: Option<&Preset>, setting: Setting) -> Option<&'static str> {
    let mut fields = preset?.fields.iter();
    fields
        .find(|field| field.setting == setting)
        .map(|field| field.label)
}
