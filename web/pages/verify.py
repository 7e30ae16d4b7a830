"""The page on which a browser verifies receipts and evidence by itself, and the copy of it that works without a net."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from auction.queries.log import rotations

from ..auth import house, policy
from . import labels
from .language import _, language
from .sharing import site_address

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
        style=Markup("<style>{}</style>").format(Markup(style)),  # noqa: S704 - our own files
        script=Markup('<script type="module">{}</script>').format(Markup(script)),  # noqa: S704 - our own files
    )
    headers = {"Content-Disposition": 'attachment; filename="fapai-verify.html"'}
    return Response(made, mimetype="text/html", headers=headers)


def _tool() -> dict[str, Any]:
    former = [told["old_key"] for told in reversed(house().read(rotations))]
    return {"public_key": "\n\n".join((house().vault.public_key_pem.strip(), *former)), "words": _words()}


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


#: The reasons of the script in Chinese; English is their own. `*` stands for a name or a number.
_REASONS = (
    ("no receipt", "不是出价凭证"),
    ("no result", "不是拍卖结果"),
    ("* is not what was signed", "字段 * 与签名的内容不一致"),
    ("has unknown fields: *", "有不认识的字段：*"),
    ("is not that of the key given, *", "与所用公钥的编号 * 不符"),
    ("the signature is wrong", "签名不符"),
    ("not UTF-8", "不是 UTF-8 文本"),
    ("not the JSON of an entry, at character *", "不是条目的 JSON，错在第 * 个字符"),
    ("* is not an integer below 2^53", "* 不是小于 2^53 的整数"),
    ("an object has a key twice or not in ASCII", "有重复的或者不是 ASCII 的字段名"),
    ("half a character", "有半个字符"),
    ("nested too deep", "嵌套过深"),
    ("not base64", "不是 base64"),
    ("not the base64 of * bytes", "不是 * 字节的 base64"),
    ("a hash is 64 lower-case hex digits", "散列应为 64 位小写十六进制"),
    ("not a checkpoint of this log", "不是本日志的检查点"),
    ("the key given has not signed it", "不是所用公钥签发的"),
    ("has not the fields of a proof", "字段不是包含证明的字段"),
    ("its size is not that of a signed checkpoint", "条目总数与签名的检查点不符"),
    ("its root is not that of a signed checkpoint", "根与签名的检查点不符"),
    ("its index is not in the tree", "条目序号不在日志树中"),
    ("the proof does not lead from the entry to the root", "证明不能从条目通到根"),
    ("the proof is too short", "证明过短"),
    ("the proof is too long", "证明过长"),
    ("* is missing", "缺少 *"),
    ("* was changed", "* 被改动"),
    ("* does not belong here, or is not listed", "* 不属于证据包，或者清单没有列出"),
    ("is not of the format", "格式不符"),
    ("names a file twice", "同一文件列了两次"),
    ("key_id is not that of the key given, *", "key_id 与所用公钥的编号 * 不符"),
    ("key.pem is not the key given", "key.pem 不是所用的公钥"),
    ("manifest.sig does not end with a newline", "manifest.sig 没有以换行结束"),
    ("the platform marks it as contradicting: *", "平台标明自相矛盾：*"),
    ("* is signed by another key", "* 由另一公钥签名"),
    (
        "an accepted bid without receipt, or a receipt without such a bid",
        "被接受的出价没有凭证，或者凭证没有对应的出价",
    ),
    ("entries and proofs do not lead to the root", "条目和证明不能通到根"),
    ("cannot be read: *", "无法读取：*"),
)


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
        "promised": _("签名校验通过，尚未证明收入日志"),
        "signed": _("已签名的结果"),
        "zone": _("北京时间"),
        "sale": _("所属拍卖（标的页）："),
        "site": site_address(),
        "status": {code: str(name) for code, name in labels.STATUS.items()},
        "reasons": _REASONS if language() == "zh" else (),
        "limitsFailed": _("下面列明哪一项不符。这份文件什么也不能证明。"),
        "limitsPromise": _(
            "证明平台签发了这一条目；还没有证明它已收入日志，请稍后重新下载凭证。不证明公钥确属平台，请从别处比对。"
        ),
        "limitsResult": _("证明平台签署了这一结果；是否与出价记录一致，请连同证据包用命令行校验程序核对。"),
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
            "result": [_("读取"), _("是已签名的结果，签名以外的同名字段与之一致"), ""],
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
