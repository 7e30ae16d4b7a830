"""The page that others are measured against: Flask, one route, one template without a variable, the same server."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from flask import Flask, render_template  # noqa: E402
from jinja2 import DictLoader  # noqa: E402

from web.serve import _Handler, _Server  # noqa: E402

app = Flask(__name__)
_PAGE = "<!doctype html><html lang='zh-CN'><head><title>x</title></head><body><p>固定的页面</p></body></html>"
app.jinja_loader = DictLoader({"page.html": _PAGE})  # type: ignore[assignment]


@app.get("/")
def page() -> str:
    """The same for everybody, always."""
    return render_template("page.html")


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[1])), app, handler_class=_Handler, log=None).serve_forever()
