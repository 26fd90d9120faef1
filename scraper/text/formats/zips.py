"""ZIP: the names of its members, and the text of those that are plain text; every member is a file of its own besides."""

from __future__ import annotations

import zipfile

from ..gathering import Gathered
from ..kinds import kind_of
from ..packed import DAMAGED, content, is_encrypted, opened
from ..registry import Options
from ..result import Encrypted, Member, Text, Unreadable, page, shown_path
from .plain import decode

METHOD = "zipfile"


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, and Encrypted where every member is."""
    gathered, pages, size = Gathered(options.limits), list[str](), 0
    with opened(data) as archive:
        inside = [info for info in archive.infolist() if not info.is_dir()]
        if inside and all(map(is_encrypted, inside)):
            raise Encrypted("every member needs a password")
        for info in inside:
            if not gathered.wants_more(len(inside)):
                break
            member = _member(archive, info, gathered.room)
            gathered.add(member)
            words = _words(member) if size < options.limits.text else ""
            pages.append(page(f"{shown_path(info.filename) or ''}\n{words}").strip())
            size += len(pages[-1])
    return Text(pages, METHOD, members=gathered.members)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> Member:
    try:
        got = content(archive, info, room)
    except Encrypted:
        return Member(info.filename, None, "encrypted")
    except DAMAGED as error:
        return Member(info.filename, None, f"damaged: {error}")
    return Member(info.filename, got, "too large" if got is None else None)


def _words(member: Member) -> str:
    """What a reader of the ZIP would see of a member without any program: plain text, and nothing else."""
    if member.data is None:
        return ""
    try:
        return decode(member.data)[0] if kind_of(member.data) in ("text/plain", "text/calendar", "text/vcard") else ""
    except (Encrypted, Unreadable):
        return ""
