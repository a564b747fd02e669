"""Signs in at the portal through the development identity provider, as a browser without JavaScript does."""

import html.parser
import http.cookiejar
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class Page(html.parser.HTMLParser):
    """The links, and the first form with the values its controls have."""

    def __init__(self, url, text):
        super().__init__()
        self.url, self.text, self.links, self.forms, self.select = url, text, [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        elif tag == "form":
            self.forms.append((urllib.parse.urljoin(self.url, attributes.get("action", "")), {}))
        elif tag in ("input", "button") and self.forms and attributes.get("name"):
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")
        elif tag == "select":
            self.select = attributes.get("name")
        elif tag == "option" and self.forms and self.select and "selected" in attributes:
            self.forms[-1][1][self.select] = attributes.get("value", "")


browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))


def fetch(url, fields=None):
    data = None if fields is None else urllib.parse.urlencode(fields).encode()
    try:
        answer = browser.open(urllib.request.Request(url, data), timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    return Page(answer.geturl(), answer.read().decode())


def sign_in(base, **changes):
    page = fetch(base + "/login/dev-idp")
    for _ in range(6):
        posts = [form for form in page.forms if "SAMLRequest" in form[1] or "SAMLResponse" in form[1] or "email" in form[1]]
        if not posts:
            return page
        action, fields = posts[0]
        if "email" in fields:
            fields.update(changes)
        page = fetch(action, fields)
    raise SystemExit("the login goes round in circles")


base = sys.argv[1]
for _ in range(100):
    try:
        start = fetch(base + "/")
        break
    except OSError:
        time.sleep(0.1)
else:
    raise SystemExit("the portal does not answer")

assert "Sign in with" in fetch(base + "/login").text, "no button to sign in with"
broken = sign_in(base, broken="other_audience")
assert "audience" not in broken.text.lower(), "the page gives the reason away"
assert "alice@example.test" not in broken.text, "a refused login signed somebody in"
signed_in = sign_in(base)
assert "alice@example.test" in signed_in.text, signed_in.text
assert "displayName" in signed_in.text, "the attributes are not shown"
assert "EntityDescriptor" in fetch(base + "/saml/metadata").text
print("signed in by SAML, and refused without a reason given away")
