"""The page on which a browser verifies receipts and evidence by itself, and the copy of it that works without a net."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from ..auth import house, policy
from .language import _

blueprint = Blueprint("verify", __name__)

#: In the order in which each uses those before it.
_MODULES = ("verify_proof.js", "verify_files.js", "verify.js")
_STYLES = ("tokens.css", "fapai.css", "pages.css")
_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./[a-z_]+\.js\";\n", re.M)
_EXPORTED = re.compile(r"^export \{[^}]*\};\n|^export ", re.M)


@blueprint.get("/verify")
@policy("public.read")
def show() -> str:
    """Choose a receipt or a package; the browser verifies it."""
    return render_template("verify/verify.html", **_tool())


@blueprint.get("/verify/offline")
@policy("public.read")
def offline() -> Response:
    """The same in one file, which asks nobody for anything."""
    style, script = _joined("css", _STYLES), saved_script()
    rules = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:"
    made = render_template(
        "verify/offline.html",
        **_tool(),
        now=house().now(),
        rules=rules,
        # Our own files, which hold neither end tag: nothing a reader typed comes here.
        style=Markup("<style>{}</style>").format(Markup(style)),  # noqa: S704
        script=Markup('<script type="module">{}</script>').format(Markup(script)),  # noqa: S704
    )
    headers = {"Content-Disposition": 'attachment; filename="fapai-verify.html"'}
    return Response(made, mimetype="text/html", headers=headers)


def _tool() -> dict[str, Any]:
    return {"public_key": house().vault.public_key_pem, "words": _words()}


def saved_script() -> str:
    """The page's modules as one, without what joins them."""
    return _EXPORTED.sub("", _IMPORT.sub("", _joined("js", _MODULES)))


@cache
def _joined(folder: str, names: tuple[str, ...]) -> str:
    static = files("web").joinpath("static", folder)
    return "\n".join(static.joinpath(name).read_text("utf-8") for name in names)


def _hash(text: str) -> str:
    """How a content security policy names an inline text."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _words() -> dict[str, Any]:
    """What the script says, in the page's language. A step: its title, what was checked, why it was not."""
    return {
        "colon": _("："),
        "verified": _("校验通过"),
        "failed": _("校验失败"),
        "checking": _("正在校验"),
        "bid": _("出价"),
        "ok": _("已核对。"),
        "skipped": _("未核对。"),
        "limitsReceipt": _("证明平台签发了这一条目并收入日志；不证明公钥确属平台，请从别处比对。"),
        "limitsPackage": _("只核对了签名、散列链和日志树；结果是否与条目一致，请用命令行校验程序。"),
        "key": _("公钥无法识别：应为 PEM、base64 或者 C2SP 校验公钥。"),
        "unsupported": {
            "insecure": _("浏览器只在安全连接（https）或者本机文件中提供校验所需的功能。"),
            "ed25519": _("您的浏览器不支持 Ed25519 签名，不能在这里校验。"),
        },
        "instead": _("请换用较新的浏览器，或者用 tools/fapai_verify.py 离线校验。"),
        "steps": {
            "read": [_("读取"), _("是规范的凭证，没有多余的字段"), ""],
            "key_id": [_("公钥编号"), _("凭证所称的公钥就是所用的公钥"), ""],
            "signature": [_("签名"), _("所用公钥对条目的 Ed25519 签名"), ""],
            "checkpoint": [_("检查点"), _("由所用公钥签发，下为条目总数"), _("凭证中还没有检查点")],
            "inclusion": [
                _("包含证明"),
                _("条目通到检查点的根，下为条目序号"),
                _("条目尚未收入日志，请稍后重新下载凭证"),
            ],
            "manifest": [_("清单"), _("格式和签名"), ""],
            "files": [_("文件"), _("每个文件的长度和散列与清单一致"), ""],
            "key": [_("随附的公钥"), _("就是所用的公钥"), ""],
            "chains": [_("散列链"), _("每条流的序号、前一条散列和时间"), ""],
            "tree": [_("日志树"), _("全部条目通到签名的根"), ""],
            "receipts": [_("凭证"), _("每次被接受的出价都有签名正确的凭证"), ""],
            "outcome": [_("结果"), "", _("价格、延时、条款和结果由命令行校验程序核对")],
        },
    }
