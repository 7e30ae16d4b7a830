"""A file that a page's form hands in, cleaned before anything is stored."""

from flask import current_app, request

from auction.kernel.errors import Breach, DomainError
from disclosure.services.attachments import CleanFile, clean_file


def uploaded_paper() -> CleanFile:
    """The form's `file`, cleaned. DomainError invalid where there is none, or it is not accepted."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise DomainError("invalid", [Breach("required", "file")])
    clean: CleanFile = current_app.extensions["beside"](clean_file, sent.read(), sent.filename, sent.mimetype or "")
    return clean
