//! Writing XML: every value is escaped, so that no value can become markup.

use core::fmt::Write as _;

/// Builds a document as text.
///
/// Element and attribute names are written as given and must be literals of the program; values
/// are escaped. What is written is in canonical attribute and text form.
///
/// ```
/// use saml_xml::XmlWriter;
///
/// let mut xml = XmlWriter::new();
/// xml.start("a").attribute("to", "\"you\" & <me>").text("1 < 2");
/// xml.end();
/// assert_eq!(xml.finish(), "<a to=\"&quot;you&quot; &amp; &lt;me>\">1 &lt; 2</a>");
/// ```
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
    open: Vec<&'static str>,
    in_tag: bool,
}

impl XmlWriter {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an element.
    pub fn start(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Adds an attribute to the element just opened; without one, nothing happens.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        if self.in_tag {
            let _infallible = write!(self.out, " {name}=\"");
            escape(&mut self.out, value, true);
            self.out.push('"');
        }
        self
    }

    /// Adds an attribute when there is a value.
    pub fn attribute_if(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.close_tag();
        escape(&mut self.out, text, false);
        self
    }

    /// Closes the innermost element.
    pub fn end(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            if core::mem::take(&mut self.in_tag) {
                self.out.push_str("/>");
            } else {
                let _infallible = write!(self.out, "</{name}>");
            }
        }
        self
    }

    /// Closes what is open and gives the text.
    #[must_use]
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }

    fn close_tag(&mut self) {
        if core::mem::take(&mut self.in_tag) {
            self.out.push('>');
        }
    }
}

fn escape(out: &mut String, value: &str, attribute: bool) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' if !attribute => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\t' if attribute => out.push_str("&#x9;"),
            '\n' if attribute => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            // Not in XML 1.0 even as a reference; a document with it could not be read back
            c if !crate::chars::is_char(c) => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}
