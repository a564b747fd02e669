//! A browser without JavaScript: it keeps cookies and submits forms.

use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use url::Url;

/// A browser.
#[derive(Clone, Debug)]
pub struct Browser {
    agent: ureq::Agent,
    cookies: Vec<(String, String)>,
}

/// What it got.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    headers: HeaderMap,
    url: Url,
}

impl Default for Browser {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            agent: config.into(),
            cookies: Vec::new(),
        }
    }
}

impl Browser {
    /// Goes to a URL, and on where that leads.
    pub fn visit(&mut self, url: &str) -> Page {
        let page = self.get(url);
        self.follow(page)
    }

    /// Goes to a URL.
    pub fn get(&mut self, url: &str) -> Page {
        let request = self.agent.get(url).header("cookie", self.cookie_header());
        let response = request.call().unwrap();
        self.keep(url, response)
    }

    /// Goes on as long as it is sent elsewhere.
    pub fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            if page.status != 303 && page.status != 302 {
                return page;
            }
            page = self.get(page.url.join(page.header("location")).unwrap().as_str());
        }
        panic!("too many redirects");
    }

    /// Submits the one form of a page as it stands. Goes nowhere from there.
    pub fn submit(&mut self, page: &Page) -> Page {
        let form = page.body.split_once("<form").expect("a form").1;
        let (tag, rest) = form.split_once('>').unwrap();
        let target = page.url.join(&attribute(tag, "action").unwrap()).unwrap();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for input in rest
            .split("</form>")
            .next()
            .unwrap()
            .split("<input")
            .skip(1)
        {
            let tag = input.split('>').next().unwrap();
            if let Some(name) = attribute(tag, "name") {
                body.append_pair(&name, &attribute(tag, "value").unwrap_or_default());
            }
        }
        self.post(target.as_str(), &body.finish())
    }

    /// Posts a form.
    pub fn post(&mut self, url: &str, body: &str) -> Page {
        let request = self
            .agent
            .post(url)
            .header("cookie", self.cookie_header())
            .header("content-type", "application/x-www-form-urlencoded");
        let response = request.send(body).unwrap();
        self.keep(url, response)
    }

    /// The names and values of its cookies.
    #[must_use]
    pub fn cookies(&self) -> &[(String, String)] {
        &self.cookies
    }

    fn cookie_header(&self) -> String {
        let pairs = self.cookies.iter().map(|(n, v)| format!("{n}={v}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, url: &str, mut response: Response<ureq::Body>) -> Page {
        for value in response.headers().get_all("set-cookie") {
            let (pair, attributes) = value.to_str().unwrap().split_once(';').unwrap();
            assert!(attributes.contains("HttpOnly"), "{attributes}");
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Page {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
            url: Url::parse(url).unwrap(),
        }
    }
}

impl Page {
    /// A header, or "".
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
    let value = rest.split('"').next()?;
    let value = value.replace("&lt;", "<").replace("&gt;", ">");
    Some(value.replace("&quot;", "\"").replace("&amp;", "&"))
}
