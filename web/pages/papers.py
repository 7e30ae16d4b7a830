"""Files that a page's form hands in, cleaned before anything is stored."""

from flask import current_app, request
from werkzeug.datastructures import FileStorage

from auction.kernel.errors import Breach, DomainError
from disclosure.services.attachments import CleanFile, clean_file

#: Files of one form; a technical limit.
MOST = 10


def uploaded_papers() -> list[CleanFile]:
    """The form's files, cleaned; none where nothing was chosen. DomainError invalid where one is not accepted."""
    sent = [one for one in request.files.getlist("file") if one.filename]
    if len(sent) > MOST:
        raise DomainError("invalid", [Breach("too_many", "file", facts={"limit": MOST})])
    return [_clean(one) for one in sent]


def uploaded_paper() -> CleanFile:
    """The form's one file; DomainError invalid where there is none, too."""
    found = uploaded_papers()
    if not found:
        raise DomainError("invalid", [Breach("required", "file")])
    return found[0]


def _clean(sent: FileStorage) -> CleanFile:
    beside = current_app.extensions["beside"]
    clean: CleanFile = beside(clean_file, sent.read(), sent.filename or "", sent.mimetype or "")
    return clean
