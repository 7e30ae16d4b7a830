"""A browser without scripts: follows links, fills in forms as they stand on the page, sends them as a browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Form:
    """A form as it stands: its fields in order with the values a browser would send, and its buttons."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        return {name for name, _ in self.fields} | self.offered

    offered: set[str] = field(default_factory=set)


@dataclass
class Page:
    """What a reader sees: status, text of the main part, forms, links, headings; `html` for the rest."""

    address: str
    status: int
    html: str
    text: str
    forms: list[Form]
    links: list[tuple[str, str]]
    lang: str = ""

    def form(self, ending: str) -> Form:
        """The form whose action ends so."""
        found = [form for form in self.forms if form.action.split("?")[0].endswith(ending)]
        assert found, f"no form to {ending} on {self.address}: {[form.action for form in self.forms]}"
        return found[0]

    def link(self, text: str) -> str:
        """The address of the first link with that text in it."""
        found = [href for label, href in self.links if text in label]
        assert found, f"no link {text!r} on {self.address}: {self.links}"
        return found[0]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.lang = ""
        self._form: Form | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: str | None = None
        self._link: list[str] | None = None
        self._silent = 0
        self._main = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag == "main":
            self._main = True
        if tag in ("script", "style", "template", "svg"):
            self._silent += 1
        if tag == "a" and "href" in given:
            self._link = [given["href"]]
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is not None:
            self._control(self._form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if name:
            form.offered.add(name)
        if tag == "input" and name and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                form.fields.append((name, given.get("value", "on")))
        elif tag == "input" and name and given.get("type") != "file":
            form.fields.append((name, given.get("value", "")))
        elif tag == "button" and name:
            form.buttons.append((name, given.get("value", "")))
        elif tag == "textarea":
            self._area = name
            form.fields.append((name, ""))
        elif tag == "select":
            self._select = (name, [])
        elif tag == "option" and self._select is not None:
            self._select[1].append((given.get("value", ""), "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._area is not None and self._form is not None:
            self._form.fields[-1] = (self._area, data)
        if self._link is not None:
            self._link.append(data)
        if self._main:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template", "svg"):
            self._silent -= 1
        elif tag == "a" and self._link is not None:
            self.links.append(("".join(self._link[1:]).strip(), self._link[0]))
            self._link = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select" and self._select is not None and self._form is not None:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            self._form.fields += [(name, value) for value in chosen]
            self._select = None
        elif tag == "form":
            self._form = None
        elif tag == "main":
            self._main = False


class Reader:
    """Somebody with such a browser."""

    def __init__(self, client: FlaskClient, language: str = "zh-CN") -> None:
        self.client, self.language = client, language
        self.page = Page("/", 0, "", "", [], [])

    def get(self, address: str, status: int = 200) -> Page:
        """Open an address, following redirects; the status of the page reached must be `status`."""
        answer = self.client.get(address, follow_redirects=True, headers={"Accept-Language": self.language})
        return self._read(answer, status)

    def follow(self, text: str) -> Page:
        """Follow the first link with that text."""
        return self.get(urljoin(self.page.address, self.page.link(text)))

    def send(
        self,
        ending: str,
        typed: dict[str, Any] | None = None,
        *,
        button: tuple[str, str] | None = None,
        status: int = 200,
        **more: Any,
    ) -> Page:
        """Fill in the form whose action ends so and send it. A list ticks several; None leaves a field out."""
        form = self.page.form(ending)
        fields = [(name, value) for name, value in form.fields if name not in (typed or {})]
        for name, value in (typed or {}).items():
            assert name in form.names(), f"the form to {form.action} has no field {name}: {sorted(form.names())}"
            fields += [(name, str(one)) for one in (value if isinstance(value, list) else [value]) if one is not None]
        if button is not None:
            assert button in form.buttons, f"no button {button} in {form.buttons}"
            fields.append(button)
        address = urljoin(self.page.address, form.action)
        headers = {"Accept-Language": self.language}
        if form.method == "get":
            return self.get(f"{address.split('?')[0]}?{urlencode(fields)}", status)
        data: dict[str, Any] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        answer = self.client.post(address, data=data | more, follow_redirects=True, headers=headers)
        return self._read(answer, status)

    def _read(self, answer: TestResponse, status: int) -> Page:
        html = answer.get_data(as_text=True)
        parser = _Parser()
        if answer.mimetype == "text/html":
            parser.feed(html)
        text = " ".join("".join(parser.text).split())
        self.page = Page(
            answer.request.full_path, answer.status_code, html, text, parser.forms, parser.links, parser.lang
        )
        assert answer.status_code == status, f"{answer.status_code} at {self.page.address}: {text[:600]}"
        return self.page
