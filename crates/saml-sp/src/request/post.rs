//! The HTTP POST binding (SAML Bindings §3.5).

use ring::digest::{SHA256, digest};
use saml_xml::types::encode_base64;
use saml_xml::{SignOptions, SigningKey, sign_enveloped};
use url::Url;

use crate::error::Error;
use crate::ids::RequestId;
use crate::reason::ConnectionRule;

/// The one script of the page. Without it the button does the same.
const SCRIPT: &str = "document.forms[0].submit()";

/// A page with a form that carries the AuthnRequest to the identity provider.
///
/// It posts itself where scripts run, and has a button where they do not.
#[derive(Clone, Debug)]
pub struct PostForm {
    action: Url,
    fields: Vec<(&'static str, String)>,
}

impl PostForm {
    /// Where the form is posted to.
    #[must_use]
    pub const fn action(&self) -> &Url {
        &self.action
    }

    pub(super) const fn action_mut(&mut self) -> &mut Url {
        &mut self.action
    }

    /// The hidden fields, in order, for an application that renders its own page.
    #[must_use]
    pub fn fields(&self) -> &[(&'static str, String)] {
        &self.fields
    }

    /// The page. Send it as `text/html; charset=utf-8`, with
    /// [`content_security_policy`](Self::content_security_policy) and `Cache-Control: no-store`.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = String::with_capacity(4096);
        html.push_str(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>Continue</title></head><body>\n<form method=\"post\" action=\"",
        );
        escape(&mut html, self.action.as_str());
        html.push_str("\">\n");
        for (name, value) in &self.fields {
            html.push_str("<input type=\"hidden\" name=\"");
            escape(&mut html, name);
            html.push_str("\" value=\"");
            escape(&mut html, value);
            html.push_str("\">\n");
        }
        html.push_str("<p>You are being sent to the identity provider.</p>\n<button type=\"submit\">Continue</button>\n</form>\n<script>");
        html.push_str(SCRIPT);
        html.push_str("</script>\n</body></html>\n");
        html
    }

    /// The value of the `Content-Security-Policy` header: nothing runs on the page but its script.
    // No form-action: browsers apply it to the redirects that follow a post too, and identity
    // providers redirect to hosts that nobody here can list.
    #[must_use]
    pub fn content_security_policy(&self) -> String {
        let hash = encode_base64(digest(&SHA256, SCRIPT.as_bytes()).as_ref());
        format!(
            "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

pub(crate) fn encode(
    destination: &Url,
    parameter: &'static str,
    xml: String,
    id: &RequestId,
    relay_state: Option<&str>,
    key: Option<&SigningKey>,
) -> Result<PostForm, Error> {
    let xml = match key {
        Some(key) => sign_enveloped(&xml, id.as_str(), key, &SignOptions::default())
            .map_err(|_| Error::from(ConnectionRule::SigningFailed))?,
        None => xml,
    };
    Ok(PostForm {
        action: destination.clone(),
        fields: [(parameter, encode_base64(xml.as_bytes()))]
            .into_iter()
            .chain(relay_state.map(|value| ("RelayState", value.to_owned())))
            .collect(),
    })
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}
